"""Every page: a picture of it, light and dark, wide and as a phone; nothing that keeps people out; nothing wider than the screen."""
import pathlib

import pytest
from conftest import SHOTS

AXE = (pathlib.Path(__file__).parent / "axe_like.js").read_text()

OUTSIDE = ["/", "/login", "/register", "/forgot", "/verify", "/reset#token=x", "/nothing", "/c/orrin", "/embed/{chatbot}/"]
OWNER = [
    "/chatbots/", "/chatbots/new/", "/account/", "/billing/",
    *(f"/chatbots/{{chatbot}}/setup/{step}/" for step in ("sources", "privacy", "review", "train")),
    *(f"/chatbots/{{chatbot}}/{tab}/" for tab in (
        "talk", "sources", "share", "leads", "conversations", "privacy", "quality", "generations", "settings")),
    "/chatbots/{chatbot}/documents/{document}/", "/chatbots/{chatbot}/conversations/{conversation}/",
    *(f"/admin/{tab}/" for tab in ("users", "chatbots", "sources", "runs", "spool", "conversations", "health", "audit")),
]
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 860}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 860}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "narrow": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
}
# The smallest target (WCAG 2.2, 2.5.8), but for links within a sentence.
SMALL = """() => [...document.querySelectorAll('button, select, .button, input:not([type=checkbox], [type=radio], [type=file])')]
  .filter((one) => one.checkVisibility() && !one.closest('.hidden, p, li > span, td, label') && !one.classList.contains('link') && !one.classList.contains('hidden'))
  .filter((one) => { const box = one.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
  .map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("look", LOOKS)
def test_pages_can_be_looked_at_and_used(owner, visit, look):
    window = visit(**LOOKS[look])
    page, problems = window.page, []
    SHOTS.mkdir(parents=True, exist_ok=True)

    def look_at(path):
        full = path.format(chatbot=owner.chatbot, document=owner.document, conversation=owner.conversation)
        window.ready(full)
        page.wait_for_load_state("networkidle")
        name = path.split("#")[0].strip("/").replace("{", "").replace("}", "").replace("/", "-") or "landing"
        page.screenshot(path=SHOTS / f"{name}-{look}.png", full_page=True)
        problems.extend(f"{path}: {one}" for one in page.evaluate(AXE))
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if width > 0:
            problems.append(f"{path}: {width} pixels wider than the screen")
        problems.extend(f"{path}: a small target: {one}" for one in page.evaluate(SMALL))

    for path in OUTSIDE:
        look_at(path)
    window.sign_in(owner.email)
    for path in OWNER:
        look_at(path)
    assert not problems, "\n".join(problems)
