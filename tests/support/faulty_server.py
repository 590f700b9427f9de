"""A local web server with faults: a file by how it is served, /NAME or /NAME/anything runs the method NAME."""

import hashlib
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
TIMEOUT = 0.4


class Faulty(BaseHTTPRequestHandler):
    """A file by how it is served."""

    content = CONTENT
    seen: list[tuple[str, str | None]]

    def do_GET(self):
        path = self.path.removeprefix("http://far.example").partition("?")[0]
        self.seen.append((self.path, self.headers.get("Range")))
        getattr(self, path.split("/")[1], self.missing)()

    def whole(self, content=None, sent=None):
        content = self.content if content is None else content
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : None if sent is None else start + sent])

    def cut(self):
        """Breaks off after a third, and goes on from there when asked to."""
        self.whole(sent=len(self.content) // 3 + 1)

    def cut_without_resuming(self):
        del self.headers["Range"]
        self.whole(sent=1000)

    def unlike(self):
        self.whole(self.content[:-1] + b"x")

    def page(self):
        self.whole(b"<html><title>Sign in</title></html>")

    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.content * 2)

    def stuck(self):
        self.whole(sent=10)
        time.sleep(3 * TIMEOUT)

    def trickle(self):
        self.whole(sent=0)
        for _ in range(20):
            self.wfile.write(b"a")
            time.sleep(TIMEOUT / 4)

    def busy(self):
        """Serves the file at the third time."""
        self.whole() if len(self.seen) > 2 else self.send_error(503)

    def moved(self):
        self.lead("/moved_again")

    def moved_again(self):
        self.lead("/whole")

    def circle(self):
        self.lead("/circle")

    def lead(self, to):
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def missing(self):
        self.send_error(404)

    def log_message(self, format, *args):
        pass


@contextmanager
def serving(content=CONTENT):
    """A running server of one file; its `url`, and what was asked for, `seen`: paths with the ranges."""
    handler = type("Handler", (Faulty,), {"seen": [], "content": content})
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    running.url = f"http://127.0.0.1:{running.server_port}"
    running.seen = handler.seen
    try:
        yield running
    finally:
        running.shutdown()
        running.server_close()
