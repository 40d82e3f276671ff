# The ingest pipeline as data: read by make and by bobbin alike. NAME = value lines only.

# Order of the stages; each is an executable bobbin-NAME and a directory spool/NAME.
STAGES = fetch extract chunk embed index

# Items that one process of the stage works on at the same time.
FETCH_WORKERS = 8
EXTRACT_WORKERS = 2
CHUNK_WORKERS = 1
EMBED_WORKERS = 2
INDEX_WORKERS = 1

# Records after which an output item is closed, and bytes (uncompressed) whichever is first.
FETCH_BATCH_RECORDS = 8
EXTRACT_BATCH_RECORDS = 8
CHUNK_BATCH_RECORDS = 64
EMBED_BATCH_RECORDS = 256
FETCH_BATCH_BYTES = 8388608
EXTRACT_BATCH_BYTES = 8388608
CHUNK_BATCH_BYTES = 8388608
EMBED_BATCH_BYTES = 8388608

# Milliseconds between two requests to a site, unless its robots.txt asks for more; one request at a time in any case.
FETCH_HOST_DELAY_MS = 1000
# Pages, and seconds, after which a crawl hands over to its next item; what a crash repeats at most.
FETCH_SLICE_PAGES = 50
FETCH_SLICE_S = 15
# Seconds that one request may take in all.
FETCH_REQUEST_S = 30
# Tries of one page of a crawl before it ends with its reason.
FETCH_PAGE_TRIES = 4
# Days for which a sitemap is believed that says of a known page that it has not changed; 0 asks always.
FETCH_LASTMOD_DAYS = 30

# Share of its documents that a chatbot may lose in one training; more, and the new generation waits for the owner's word.
INDEX_SHRINK_PERCENT = 30

# Tries in all before an item fails; fewer when the reason is crashed, timeout or memory.
RETRY_TRIES = 5
RETRY_HARMFUL_TRIES = 3
# Delay after the first try; each next one is four times as long, times 0.5 to 1.5 by chance.
RETRY_FIRST_DELAY_MS = 30000
RETRY_LONGEST_DELAY_MS = 3600000

# Items waiting in the next stage at which lanes above their share of them pause; receipts waiting at which all do.
QUEUE_BOUND = 10000
LEDGER_BOUND = 100000

# Quick items that are settled together and share their syncs; 1 syncs each by itself.
GROUP_ITEMS = 32
# Seconds on one item after which its process ends itself; the item counts one try more, reason timeout.
ITEM_LIMIT_S = 900
