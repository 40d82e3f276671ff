"""Every page, light and dark, on a phone and on the narrowest screen there is: what a machine can tell of how well it can be seen, heard
and reached. Leaves its picture."""
import pathlib

import pytest

import pages
from conftest import SHOTS, Visit


def look(file):
    return "() =>" + (pathlib.Path(__file__).parent / file).read_text().partition("\n() =>")[2]


def wide(scheme):
    return {"color_scheme": scheme, "viewport": {"width": 1280, "height": 860}}


def phone(width, height):
    return {"viewport": {"width": width, "height": height}, "is_mobile": True, "has_touch": True}


# The folder of the pictures, what the window is like, and what is looked for.
LOOKS = {
    "light": (wide("light"), look("axe_like.js")), "dark": (wide("dark"), look("axe_like.js")),
    "phone-390": (phone(390, 844), look("room.js")), "phone-320": (phone(320, 640), look("room.js")),
}


@pytest.fixture(scope="module", params=LOOKS)
def windows(request, chromium, bobbin, owner):
    """A stranger's window and the owner's, kept for all pages of one look."""
    options, script = LOOKS[request.param]
    kept = {who: Visit(chromium, bobbin, **options) for who in ("stranger", "owner")}
    kept["owner"].sign_in(owner.email)
    yield kept, request.param, script
    for visit in kept.values():
        visit.context.close()


@pytest.mark.parametrize("name", pages.ALL)
def test_a_page_can_be_seen_heard_and_reached(name, windows, owner):
    kept, folder, script = windows
    visit = kept["owner" if name in pages.INSIDE else "stranger"]
    visit.take_problems()
    page = visit.open(pages.path(name, owner))
    (SHOTS / folder).mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / folder / f"{name}.png", full_page=True, animations="disabled")
    found = page.evaluate(script) + visit.take_problems()
    assert not found, "\n".join(found)
