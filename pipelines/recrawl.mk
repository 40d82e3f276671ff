# When web sources are read again, as data: read by `bobbin recrawl`. NAME = value lines only.

# Hours after the last reading at which a source is due that has no interval of its own.
RECRAWL_AFTER_HOURS = 24
# Hours that these become at most: each run that finds nothing new in a source doubles them.
RECRAWL_LONGEST_HOURS = 168
# Known pages after which one start of `bobbin recrawl` takes no further source, the longest unread first.
RECRAWL_PAGES = 1000
