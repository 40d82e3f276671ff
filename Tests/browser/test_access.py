"""Every page, light and dark: what a machine can tell of how well it can be seen, heard and reached. Leaves its picture."""
import pathlib

import pytest

import pages
from conftest import SHOTS, Visit

LOOK = "() =>" + (pathlib.Path(__file__).parent / "axe_like.js").read_text().partition("\n() =>")[2]


@pytest.fixture(scope="module", params=["light", "dark"])
def windows(request, chromium, bobbin, owner):
    """A stranger's window and the owner's, kept for all pages of one colour scheme."""
    kept = {"scheme": request.param}
    for who in ("stranger", "owner"):
        kept[who] = Visit(chromium, bobbin, color_scheme=request.param, viewport={"width": 1280, "height": 860})
    kept["owner"].sign_in(owner.email)
    yield kept
    for who in ("stranger", "owner"):
        kept[who].context.close()


@pytest.mark.parametrize("name", pages.ALL)
def test_a_page_can_be_seen_heard_and_reached(name, windows, owner):
    visit = windows["owner" if name in pages.INSIDE else "stranger"]
    visit.take_problems()
    page = visit.open(pages.path(name, owner))
    folder = SHOTS / windows["scheme"]
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True, animations="disabled")
    found = page.evaluate(LOOK) + visit.take_problems()
    assert not found, "\n".join(found)
