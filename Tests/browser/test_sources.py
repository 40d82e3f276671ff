"""What owners give beyond files: a video whose site refuses its captions, with the captions added; a transcript as text; a feed. Each is
read, and the chat's citation of a video leads to the second."""
from playwright.sync_api import expect

from test_journey import ask

CAPTIONS = """WEBVTT

00:03.000 --> 00:08.000
Welcome to the harbour of Skerry.

01:15.000 --> 01:20.000
The ferry to Orrin takes forty minutes.
"""
# What a player is told where captions exist and are refused to servers: an address that answers with nothing.
WATCH = """<!doctype html><html lang=en><title>Harbour - Videos</title><script>var ytInitialPlayerResponse = {"playabilityStatus":
{"status":"OK"},"captions":{"playerCaptionsTracklistRenderer":{"captionTracks":[{"baseUrl":"/timedtext","languageCode":"en"}]}},
"videoDetails":{"title":"Harbour"}};</script>"""
FEED = """<rss version="2.0"><channel><link>/</link><item><link>/news/1</link></item></channel></rss>"""
NEWS = """<!doctype html><html lang=en><title>Crane</title><main><h1>Crane</h1><p>The new crane of the harbour lifts twelve tonnes, and
it is painted green like the lighthouse.</p></main></html>"""


def test_videos_and_feeds(bobbin, owner, site, visit):
    site.pages["/watch"] = (WATCH, {})
    site.pages["/timedtext"] = ("", {})
    site.pages["/feed.xml"] = (FEED, {"Content-Type": "application/rss+xml"})
    site.pages["/news/1"] = (NEWS, {})
    bobbin.forget_limits()
    chatbot = bobbin.chatbot(owner.token, "Harbour", {"about.txt": "Skerry is a harbour with a lighthouse."})
    window = visit()
    page = window.page
    window.sign_in(owner.email)
    window.open(f"/chatbots/{chatbot}/sources/")
    sources = page.locator("#sources > li")
    expect(sources).to_have_count(1)
    page.get_by_role("button", name="Add a source").click()

    # A video: its captions are refused, and the page says at which step and what helps.
    page.locator("#kinds").get_by_text("Video").click()
    page.fill("#video-url", f"{site.base}/watch")
    page.get_by_role("button", name="Add the video").click()
    expect(sources).to_have_count(2)
    # The transcript of another, as text.
    page.fill("#video-url", "https://youtu.be/dQw4w9WgXcQ")
    page.get_by_text("I have the captions").click()
    page.fill("#video-name", "Lighthouse talk")
    page.fill("#transcript", "0:05\nThe lighthouse was lit in 1871.\n2:10\nIts keeper was called Marta.")
    page.get_by_role("button", name="Add the video").click()
    expect(sources).to_have_count(3)
    # A feed.
    page.locator("#kinds").get_by_text("Web page").click()
    page.fill("#page-url", f"{site.base}/feed.xml")
    page.get_by_text("All pages that the site's sitemap, or a feed, names").click()
    page.get_by_role("button", name="Add the page").click()
    expect(sources).to_have_count(4)

    page.click("#train")
    refused = sources.filter(has_text=f"{site.base}/watch")
    expect(refused).to_contain_text("refuses its captions", timeout=120_000)
    expect(refused).to_contain_text("Timed text")
    expect(sources.filter(has_text="feed.xml")).to_contain_text("Live", timeout=120_000)
    with page.expect_file_chooser() as chooser:
        refused.get_by_role("button", name="Add captions").click()
    chooser.value.set_files([{"name": "harbour.vtt", "mimeType": "text/vtt", "buffer": CAPTIONS.encode()}])
    expect(page.locator("#toasts")).to_contain_text("The captions are read")
    expect(refused.get_by_text("Live")).to_be_visible(timeout=120_000)

    window.open(f"/chatbots/{chatbot}/talk/")
    answer = ask(page, "How long does the ferry to Orrin take?")
    expect(answer).to_contain_text("forty minutes")
    answer.locator("button.chat-chip").first.click()
    passage = page.get_by_role("dialog")
    expect(passage.get_by_role("link")).to_have_attribute("href", f"{site.base}/watch#t=75")
    page.keyboard.press("Escape")
    answer = ask(page, "What was the keeper of the lighthouse called?")
    expect(answer).to_contain_text("Marta")
    answer.locator("button.chat-chip").first.click()
    expect(page.get_by_role("dialog").get_by_role("link")).to_have_attribute(
        "href", "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=130")
    page.keyboard.press("Escape")
    expect(ask(page, "How many tonnes does the new crane lift?")).to_contain_text("twelve tonnes")
