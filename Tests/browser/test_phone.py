"""Every page on a phone, and on the narrowest screen there is: nothing sticks out, and a thumb hits what it wants. Leaves pictures."""
import pathlib

import pytest

import pages
from conftest import SHOTS, Visit

LOOK = "() =>" + (pathlib.Path(__file__).parent / "room.js").read_text().partition("\n() =>")[2]


@pytest.fixture(scope="module", params=[(390, 844), (320, 640)], ids=["390", "320"])
def windows(request, chromium, bobbin, owner):
    width, height = request.param
    kept = {"width": width}
    for who in ("stranger", "owner"):
        kept[who] = Visit(chromium, bobbin, viewport={"width": width, "height": height}, is_mobile=True, has_touch=True)
    kept["owner"].sign_in(owner.email)
    yield kept
    for who in ("stranger", "owner"):
        kept[who].context.close()


@pytest.mark.parametrize("name", pages.ALL)
def test_a_page_fits_a_phone(name, windows, owner):
    visit = windows["owner" if name in pages.INSIDE else "stranger"]
    visit.take_problems()
    page = visit.open(pages.path(name, owner))
    folder = SHOTS / f"phone-{windows['width']}"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True, animations="disabled")
    found = page.evaluate(LOOK) + visit.take_problems()
    assert not found, "\n".join(found)
