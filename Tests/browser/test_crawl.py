"""A site that is read: its documents with what failed and what was left out, each with its reason; the filter that finds it; what helps
when the site is put right; and the report as a file, row for row what the page shows."""
import csv
import http.server
import os
import pathlib

import pytest
from conftest import Bobbin, listening
from playwright.sync_api import expect

from rooms import Room


def html(title, body, head=""):
    return (200, f"<!doctype html><html lang=en><head><title>{title}</title>{head}</head>"
            f"<body><main><h1>{title}</h1>{body}</main></body></html>")


class Harbour(http.server.BaseHTTPRequestHandler):
    """A site on the loopback: pages by path, (status, text); what is not there is not found."""

    pages = {}

    def do_GET(self):
        status, text = self.pages.get(self.path, (404, "<!doctype html><title>Not found</title><p>Not found."))
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if self.path.endswith(".txt") else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


FERRY = html("Ferry", "<p>The ferry of Orrin leaves at nine, and a crossing to the island takes forty minutes in fair weather.</p>")
PAGES = {
    "/robots.txt": (200, "User-agent: *\nDisallow: /secret\n"),
    "/": html("Harbour", "<p>The harbour of Orrin lies behind a breakwater of granite, which the town built after the great storm.</p><ul>"
              + "".join(f"<li><a href={path}>{path}</a></li>" for path in ("/cranes", "/ferry", "/secret", "/draft")) + "</ul>"),
    "/cranes": html("Cranes", "<p>Seven cranes stand along the northern quay, and the tallest of them lifts eighty tonnes of freight.</p>"),
    "/draft": html("Draft", "<p>Nothing of this page is decided yet, so nobody should be told of it by anyone.</p>",
                   "<meta name=robots content=noindex>"),
}
# What is shown of each address: its name, its badge, and words of its reason.
FIRST = {
    "/": ("Harbour", "Live", ""), "/cranes": ("Cranes", "Live", ""), "/ferry": ("/ferry", "Not read", "There is no such page"),
    "/secret": ("/secret", "Left out", "robots.txt does not allow it"), "/draft": ("/draft", "Left out", "asks not to be indexed"),
}
OUTCOMES = {"Live": "read", "Not read": "not_read", "Left out": "left_out"}


@pytest.fixture(scope="module")
def harbour():
    with listening(Harbour) as base:
        yield base


@pytest.fixture(scope="module")
def server(harbour):
    settings = {"BOBBIN_ALLOWED_HOSTS": harbour.removeprefix("http://"), "FETCH_HOST_DELAY_MS": "0"}
    with Bobbin(pathlib.Path(os.environ["BROWSER_WORK"]) / "crawl", settings) as made:
        yield made


@pytest.fixture
def read(server, harbour, visit):
    """A room that has read three texts and the site, and the id of the site's source."""
    Harbour.pages = dict(PAGES)
    made = []

    def open_one(name):
        texts = {title: f"{title} is a word of its own." for title in ("Fees", "Hours", "Rooms")}
        own = Room(server, lambda: visit(server), name, texts=texts)
        made.append(own)
        source = server.call("POST", f"{own.api}sources/", {
            "source_type": "url", "source_url": f"{harbour}/", "crawl": {"depth": 1, "max_pages": 20}}, own.token)
        server.call("PATCH", f"{own.api}sources/{source['id']}/", {"name": "The site"}, own.token)
        server.train(own.token, own.chatbot)
        own.open("sources")
        return own, source["id"]

    yield open_one
    for own in made:
        own.window.context.close()


def opened(site):
    """The site's documents, opened."""
    site.locator("summary").click()
    items = site.locator("li.document")
    expect(items).not_to_have_count(0)
    return items


def shown(items):
    return {item.locator(".document-line a").inner_text(): item.locator(".document-line .badge").inner_text() for item in items.all()}


def expected(harbour, outcomes):
    return {name if not name.startswith("/") else harbour + name: badge for name, badge, _ in outcomes.values()}


def opened_log(page):
    """The log of the site, as its button opens it."""
    page.get_by_role("button", name="Crawl log: The site").click()
    return page.get_by_role("dialog", name="Crawl log of “The site”")


def report(log, page, folder):
    """The rows of the log as a file."""
    with page.expect_download() as downloading:
        log.get_by_role("button", name="Download as CSV").click()
    assert downloading.value.suggested_filename == "report.csv"
    path = folder / "report.csv"
    downloading.value.save_as(path)
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_crawl_shows_what_failed_and_what_was_left_out(read, harbour):
    own, source = read("harald")
    page = own.window.page
    site = page.locator(f"#source-{source}")
    expect(site.locator(".source-name .badge")).to_have_text("Live")
    expect(site).to_contain_text("2 live")
    items = opened(site)
    expect(items).to_have_count(len(FIRST))
    assert shown(items) == expected(harbour, FIRST)
    for path, (name, badge, reason) in FIRST.items():
        item = items.filter(has=page.get_by_role("link", name=name if badge == "Live" else harbour + path, exact=True))
        expect(item).to_have_count(1)
        expect(item).to_contain_text(reason)
        # Only what failed can be tried again: what the site wants left out is no failure.
        expect(item.get_by_role("button", name="Retry")).to_have_count(1 if badge == "Not read" else 0)

    # The filter finds the site by its failure, and leaves the focus and the opened list alone.
    sources = page.locator("#sources > li:visible")
    page.get_by_label("Show").select_option("With something not read")
    expect(sources).to_have_count(1)
    expect(sources).to_contain_text("The site")
    expect(page.locator("#matches")).to_have_text("1 source of 4")
    expect(items).to_have_count(len(FIRST))
    page.get_by_label("Show").select_option("Live")
    expect(sources).to_have_count(3)
    expect(sources.filter(has_text="The site")).to_have_count(0)

    # The failed page's own page says why as well, and leads back.
    page.get_by_label("Show").select_option("All")
    site.get_by_role("link", name=f"See details: {harbour}/ferry").click()
    own.window.made()
    expect(page.locator("#document-state")).to_contain_text("Not read")
    expect(page.locator("#document-notice")).to_contain_text("There is no such page")


def test_the_report_of_a_crawl_has_the_rows_of_the_page(read, harbour, tmp_path):
    own, source = read("ingrid")
    page = own.window.page
    log = opened_log(page)
    lines = log.locator("tbody tr")
    expect(lines).to_have_count(len(FIRST))
    expect(log).to_contain_text("As each address was last read")
    ferry = lines.filter(has=page.get_by_role("link", name=f"{harbour}/ferry", exact=True))
    expect(ferry).to_contain_text("There is no such page")
    expect(ferry.locator("td").nth(3)).to_have_text("404")
    # By what became of it.
    log.get_by_label("Show").select_option("not_read")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("/ferry")
    log.get_by_label("Show").select_option("")
    expect(lines).to_have_count(len(FIRST))
    rows = report(log, page, tmp_path)
    log.get_by_role("button", name="Close", exact=True).click()
    assert {row["url"].removeprefix(harbour): row["outcome"] for row in rows} == {
        path: OUTCOMES[badge] for path, (_, badge, _) in FIRST.items()}
    assert len(rows) == len(FIRST)
    by_path = {row["url"].removeprefix(harbour): row for row in rows}
    ferry = by_path["/ferry"]
    assert (ferry["reason"], ferry["status"], ferry["chunks"]) == ("http_404", "404", "0") and ferry["remedy"]
    assert (by_path["/secret"]["reason"], by_path["/draft"]["reason"]) == ("robots", "noindex")
    assert (by_path["/"]["depth"], by_path["/cranes"]["depth"], by_path["/cranes"]["change"]) == ("0", "1", "new")
    assert int(by_path["/cranes"]["chunks"]) > 0
    # The same as the page's list, under the same names.
    items = opened(page.locator(f"#source-{source}"))
    expect(items).to_have_count(len(FIRST))
    assert shown(items) == {
        row["title"] or row["url"]: next(badge for badge, outcome in OUTCOMES.items() if outcome == row["outcome"]) for row in rows}


def test_a_page_of_a_crawl_that_failed_is_read_once_the_site_is_right(read, harbour, server):
    own, source = read("jonna")
    page = own.window.page
    site = page.locator(f"#source-{source}")
    items = opened(site)
    expect(items.filter(has_text=f"{harbour}/ferry")).to_contain_text("There is no such page")
    Harbour.pages["/ferry"] = FERRY
    site.get_by_role("button", name=f"Retry: {harbour}/ferry").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("It is read again.")
    ferry = items.filter(has=page.get_by_role("link", name="Ferry", exact=True))
    expect(ferry.locator(".badge")).to_have_text("Live", timeout=120_000)
    # One page read anew has not taken the others out of the log.
    log = opened_log(page)
    expect(log.locator("tbody tr")).to_have_count(len(FIRST))
    expect(log.locator("tbody tr", has_text="/ferry").locator(".badge")).to_have_text("Read")
    log.get_by_role("button", name="Close", exact=True).click()
    expect(items.get_by_role("button", name="Retry")).to_have_count(0)
    expect(site.get_by_role("button", name="Retry what failed")).to_be_hidden()
    expect(site).to_contain_text("3 live")
    page.get_by_label("Show").select_option("With something not read")
    expect(page.locator("#matches")).to_have_text("No source matches.")
    # What stood before the failure is there still.
    own.reload()
    assert shown(opened(site)) == expected(harbour, FIRST | {"/ferry": ("Ferry", "Live", "")})
