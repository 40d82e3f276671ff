# Re-crawling as data: which web sources are asked for again, read by `bobbin recrawl`. NAME = value lines only.

# Hours after its last run at which a web source is due again.
RECRAWL_AFTER_HOURS = 24

# Sources that one call asks for at most, those that have waited longest first; the rest wait for the next call.
RECRAWL_MOST_SOURCES = 500
# The same for the sources of one host, so that no site is asked for everything at once.
RECRAWL_MOST_SOURCES_PER_HOST = 20
