"""PyPI's httpbin on a port of the loopback, a thread a request: prints the port. Ends with its standard input.

    python httpbin_server.py
"""
import logging
import os
import sys
import threading

# It misses what would draw its own documentation, and says each request.
logging.disable(logging.WARNING)

import httpbin
import werkzeug.serving

server = werkzeug.serving.make_server("127.0.0.1", 0, httpbin.app, threaded=True)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.port, flush=True)
sys.stdin.read()
# Without waiting for what still drips.
os._exit(0)
