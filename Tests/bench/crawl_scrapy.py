"""Scrapy over a site on the loopback, politeness off, one request at a time: links followed, nothing kept.

    python crawl_scrapy.py START WITHIN      one JSON object: pages, CPU seconds and seconds from the engine's start to its end

CPU seconds are of this process without its start. Each page is parsed for its links and dropped: storing what was read, and telling what
became of each address, which Bobbin does, would come on top.
"""
import json
import sys
import time

import scrapy
from scrapy import signals
from scrapy.crawler import CrawlerProcess
from scrapy.linkextractors import LinkExtractor

START, WITHIN = sys.argv[1:3]
result = {"scrapy": scrapy.__version__, "pages": 0}


class Site(scrapy.Spider):
    name = "site"
    start_urls = [START]
    links = LinkExtractor(tags=("a",), attrs=("href",), allow=[WITHIN])

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.began, signals.engine_started)
        crawler.signals.connect(spider.ended, signals.engine_stopped)
        return spider

    def began(self):
        self.start = time.process_time(), time.perf_counter()

    def ended(self):
        result["cpu_seconds"] = time.process_time() - self.start[0]
        result["seconds"] = time.perf_counter() - self.start[1]

    def parse(self, response):
        result["pages"] += 1
        if isinstance(response, scrapy.http.HtmlResponse):
            for link in self.links.extract_links(response):
                yield scrapy.Request(link.url, self.parse)


process = CrawlerProcess({
    "CONCURRENT_REQUESTS": 1, "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "DOWNLOAD_DELAY": 0, "ROBOTSTXT_OBEY": True, "COOKIES_ENABLED": False,
    "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False})
process.crawl(Site)
process.start()
print(json.dumps(result))
