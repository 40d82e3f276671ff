"""What people write is hostile: as names, titles, files, texts, questions, answers of a model. Every page shows it as text.

A window notices a planted script that runs, a dialog, a request to another host, and every breach of a page's policy; a breach
counts too, for the pages must not need their policy."""
import os
import pathlib

import pytest
from playwright.sync_api import expect

import pages
from conftest import Bobbin, Model, Visit, listening, opened_chat, shop

PLANTED = "planted.example"
MARKUP = [
    "<script>window.__xss=1</script>",
    "\"><img src=x onerror=window.__xss=1>",
    "'><svg onload=window.__xss=1>",
    f"<img src=http://{PLANTED}/a.png>",
    f"<link rel=stylesheet href=http://{PLANTED}/a.css>",
    f"</title></textarea></style></script><iframe srcdoc='<script>parent.__xss=1</script>'>",
    "<a href=javascript:window.__xss=1>here</a>",
    "<details open ontoggle=window.__xss=1><summary>x</summary></details>",
    "{{{name}}}{{> owner}}${window.__xss=1}",
    "<base href=//planted.example/><form action=//planted.example><button>go</button></form>",
    "‮</span><style>*{display:none}</style>&lt;script&gt;",
]
MARKDOWN = [
    "[click](javascript:window.__xss=1)", "[click](JaVaScRiPt:window.__xss=1)", "[click](data:text/html,<script>window.__xss=1</script>)",
    "[click](vbscript:x)", f"![picture](http://{PLANTED}/p.png)", f"[![p](http://{PLANTED}/q.png)](javascript:window.__xss=1)",
    "[x]: javascript:window.__xss=1\n[x]", "<javascript:window.__xss=1>", "```html\n<script>window.__xss=1</script>\n```",
    "`<img src=x onerror=window.__xss=1>`", "**<svg onload=window.__xss=1>**", "| <img src=x onerror=window.__xss=1> | b |\n|---|---|\n| 1 | 2 |",
    "[a](http://evil.example\" onmouseover=\"window.__xss=1)", "[user](https://www.bank.example@planted.example/)", "[1](javascript:window.__xss=1)",
]
# Names have room for 80 characters.
NAMES = [text for text in MARKUP if len(text) <= 80]
PAGE = """<html><head><title>"><img src=x onerror=window.__xss=1></title><script>window.__xss=1</script></head>
<body onload=window.__xss=1><h1>&lt;script&gt;window.__xss=1&lt;/script&gt;</h1><p>The harbour of Orrin is closed on Sundays.
&lt;img src=x onerror=window.__xss=1&gt;</p><svg onload=window.__xss=1></svg><img src=http://planted.example/o.png>
<iframe src=http://planted.example/></iframe><form action=http://planted.example/><button>go</button></form></body></html>"""


class Hostile:
    """An account whose chatbot consists of nothing but trouble."""

    def __init__(self, bobbin, window):
        page = window.page
        self.email, self.token = bobbin.account("mallory", is_admin=True)
        bobbin.write("UPDATE users SET name = ? WHERE email = ?", MARKUP[1], self.email)
        made = bobbin.call("POST", "/api/chatbots/", {"name": NAMES[1], "description": "\n".join(MARKUP)[:500]}, self.token)
        self.chatbot = made["id"]
        api = f"/api/chatbots/{self.chatbot}"
        bobbin.call("PATCH", f"{api}/", {
            "public_url_slug": "hostile", "welcome_text": " ".join(MARKUP[:6]), "no_answer_text": MARKUP[1], "busy_text": MARKUP[2],
            "suggested_questions": NAMES[:5], "lead_form": {"enabled": True, "fields": ["name", "phone", "note"], "after_messages": 0}}, self.token)
        for index, text in enumerate(MARKUP):
            bobbin.call("POST", f"{api}/sources/", {
                "source_type": "file", "name": text, "text": f"The harbour of Orrin has {index + 20} cranes. {text}"}, self.token)
        # Files have names, too; those of the browser's choosing.
        window.sign_in(self.email)
        window.open(f"/chatbots/{self.chatbot}/setup/sources/")
        page.set_input_files("#files", [
            {"name": "<img src=x onerror=window.__xss=1>.html", "mimeType": "text/html", "buffer": PAGE.encode()},
            {"name": "'\"><svg onload=window.__xss=1>.txt", "mimeType": "text/plain", "buffer": b"The pier of Orrin is 400 metres long."},
            {"name": "<img src=x onerror=window.__xss=1>.exe", "mimeType": "application/x", "buffer": b"x"}])
        expect(page.locator("#sources > li")).to_have_count(len(MARKUP) + 2)
        bobbin.train(self.token, self.chatbot)
        visitor = bobbin.call("POST", f"/api/chat/{self.chatbot}/session/", {})["token"]
        for text in MARKUP:
            answer = bobbin.call("POST", f"/api/chat/{self.chatbot}/", {"message": f"How many cranes has the harbour? {text}"}, visitor)
        bobbin.call("POST", f"/api/chat/{self.chatbot}/feedback/", {"message_id": answer["message_id"], "value": -1, "comment": MARKUP[1]}, visitor)
        bobbin.call("POST", f"/api/chat/{self.chatbot}/leads/", {
            "email": "x@example.org", "name": MARKUP[1], "phone": NAMES[0][:50], "note": " ".join(MARKUP), "consent": True}, visitor)
        bobbin.call("POST", "/api/auth/keys/", {"name": NAMES[2]}, self.token)
        self.conversation = bobbin.call("GET", f"{api}/conversations/", token=self.token)["items"][0]["id"]
        documents = bobbin.call("GET", f"{api}/documents/", token=self.token)["items"]
        self.document = next(one["id"] for one in documents if one["uri"].endswith(".html"))


@pytest.fixture(scope="module")
def server():
    """A server of its own, with a model that says what it is told to."""
    with listening(Model) as endpoint:
        with Bobbin(pathlib.Path(os.environ["BROWSER_WORK"]) / "hostile", {"OPENAI_BASE_URL": endpoint}) as made:
            yield made


@pytest.fixture(scope="module")
def hostile(server, chromium):
    Model.reply = "The harbour has cranes [1]."
    window = Visit(chromium, server)
    made = Hostile(server, window)
    made.window = window
    problems = window.take_problems()
    assert not problems, "\n".join(problems)
    yield made
    window.context.close()


@pytest.mark.parametrize("name", [name for name in pages.ALL if name != "not-mine"])
def test_a_page_shows_hostile_words_as_words(name, hostile):
    window = hostile.window
    path = pages.path(name, hostile).replace("/c/orrin", "/c/hostile")
    page = window.open(path)
    for details in page.locator("details").all():
        details.evaluate("(one) => { one.open = true; }")
    page.wait_for_load_state("networkidle")
    # Only in the frame that shows an original as it is do policies have something to do.
    refused = [one for one in window.problems if name == "document" and ("frame is sandboxed" in one or "Content Security Policy" in one)]
    window.problems[:] = [one for one in window.problems if one not in refused]
    # Nothing stands in the page that we have not made: of elements that load or run something, and of what they load.
    strange = page.evaluate("""() => [...document.querySelectorAll("script, link, img, iframe, object, embed, base, style, form, a[href]")]
      .filter((one) => /planted|javascript:|vbscript:|data:text/.test(one.src || one.href || one.action || "") || one.srcdoc)
      .map((one) => one.outerHTML.slice(0, 150))
      .concat([...document.querySelectorAll("*")].flatMap((one) => [...one.attributes].filter((a) => a.name.startsWith("on") || a.name === "srcdoc"))
        .map((attribute) => `${attribute.ownerElement.localName} ${attribute.name}`))""")
    problems = strange + window.take_problems()
    assert not problems, "\n".join(problems)


def ask(page, question):
    count = page.locator(".chat-turn.answer").count()
    page.fill("#question", question)
    page.press("#question", "Enter")
    answer = page.locator(".chat-turn.answer").nth(count)
    expect(answer.locator(".chat-wait")).to_have_count(0)
    expect(answer.locator(".chat-body")).not_to_be_empty()
    return answer


@pytest.mark.parametrize("text", MARKDOWN + MARKUP)
def test_an_answer_is_elements_of_ours(text, server, hostile):
    server.forget_limits()
    window = hostile.window
    page = window.open("/c/hostile")
    Model.reply = f"The harbour of Orrin has 20 cranes [1]. {text} There are 20 cranes [1].\n\n{text}\n\n- {text}\n\nSo it has 20 cranes [1]."
    answer = ask(page, "How many cranes has the harbour of Orrin?")
    found = answer.evaluate("""(answer) => [...answer.querySelectorAll("*")].map((one) => one.localName)
      .filter((name) => !["p", "span", "strong", "em", "code", "pre", "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td", "div",
        "button", "details", "summary", "svg", "path", "blockquote", "br", "del", "s", "hr", "form", "textarea"].includes(name))""")
    addresses = answer.evaluate("(answer) => [...answer.querySelectorAll('a')].map((link) => [link.href, link.rel])")
    strange = [f"an element of theirs: {name}" for name in found]
    strange += [f"a link of theirs: {link}" for link in addresses
                if not link[0].startswith(("https://", "http://", "mailto:")) or "noopener" not in link[1] or "@" in link[0]]
    problems = strange + window.take_problems()
    assert not problems, "\n".join(problems)
    # The whole reply was shown, not something in its place.
    expect(answer).to_contain_text("So it has 20 cranes")


def test_passages_show_hostile_titles_as_words(server, hostile):
    server.forget_limits()
    window = hostile.window
    page = window.open("/c/hostile")
    Model.reply = "It has cranes [1], and more of them [2]."
    answer = ask(page, "How many cranes has the harbour of Orrin?")
    answer.locator("button.chat-chip").first.click()
    passage = page.get_by_role("dialog")
    expect(passage.locator("blockquote")).to_contain_text("The harbour of Orrin")
    assert passage.locator("img, script, iframe, style").count() == 0
    assert not window.take_problems()


def test_the_chat_withstands_a_hostile_page(bobbin, owner, site, visit):
    """Styles that hide and move everything, a policy that allows no styles of the page's own, prototypes that were meddled with."""
    site.pages["/hostile.css"] = (
        "* { display: none !important; position: static !important; width: 1px !important; opacity: 0 !important; transform: scale(0) !important; "
        "color: red !important; z-index: -1 !important; pointer-events: none !important; filter: blur(9px) !important } "
        "html, body { display: block !important; opacity: 1 !important; transform: none !important; width: auto !important; filter: none !important; "
        "pointer-events: auto !important }", {"Content-Type": "text/css"})
    shop(bobbin, owner, site, "/hostile", head='<link rel="stylesheet" href="/hostile.css">', headers={
        "Content-Security-Policy": f"default-src 'none'; script-src {bobbin.base}; frame-src {bobbin.base}; style-src 'self'; "
                                   "require-trusted-types-for 'script'; trusted-types 'none'"})
    window = visit()
    page = window.page
    page.goto(f"{site.base}/hostile")
    frame = opened_chat(page)
    frame.fill("#question", "When does the library of Orrin open?")
    frame.press("#question", "Enter")
    chip = frame.locator(".chat-turn.answer button.chat-chip").first
    expect(chip).to_be_visible()
    # As a visitor sees it: where the frame is, there is the chat and not the page.
    box = frame.frame_element().bounding_box()
    assert box["width"] >= 300 and box["height"] >= 400, box
    chip.click()
    expect(frame.get_by_role("dialog")).to_contain_text("ten in the morning")


def test_words_from_a_strange_page_do_nothing_to_the_chat(bobbin, owner, site, visit):
    shop(bobbin, owner, site, "/words")
    window = visit()
    page = window.page
    page.goto(f"{site.base}/words")
    page.evaluate("() => window.addEventListener('message', (event) => { window.chat = event.source; })")
    frame = opened_chat(page)
    page.wait_for_function("() => window.chat")
    for words in ['{bobbin: "open", html: "<img src=x onerror=window.__xss=1>"}', '"<script>window.__xss=1</script>"', "null",
                  '{bobbin: {toString: 1}}', '{bobbin: "ask", text: "hello"}', '{bobbin: "close", __proto__: {x: 1}}']:
        page.evaluate(f"() => {{ window.chat.postMessage({words}, '*'); window.postMessage({words}, '*'); }}")
    frame.fill("#question", "When does the library of Orrin open?")
    frame.press("#question", "Enter")
    expect(frame.locator(".chat-turn.answer button.chat-chip").first).to_be_visible()
    assert frame.locator(".chat-turn.visitor").count() == 1
