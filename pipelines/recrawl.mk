# When web pages are read again, as data: read by `bobbin recrawl`. NAME = value lines only.

# Hours after the last reading at which a page is due.
RECRAWL_AFTER_HOURS = 24
# Most pages that one start of `bobbin recrawl` asks for, the longest unread first.
RECRAWL_PAGES = 1000
