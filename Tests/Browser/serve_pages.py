#!/usr/bin/env python3
"""Serves pages that a test wrote, with the headers of the real server, to look at them.

    KLANTREIS_PAGES=/tmp/pages swift test --filter PageTests
    serve_pages.py /tmp/pages 8090
    check_pages.py http://127.0.0.1:8090 --path / --path /map-ten
"""
import http.server
import pathlib
import sys
from urllib.parse import parse_qs, unquote, urlsplit

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
    "form-action 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        language = parse_qs(parts.query).get("lang", ["en"])[0]
        path = unquote(parts.path)
        if path.startswith("/assets/") or path.endswith(".svg"):
            file = (FOLDER / path.lstrip("/")).resolve()
        else:
            name = "index" if path == "/" else path.strip("/")
            file = (FOLDER / language / f"{name}.html").resolve()
        found = file.is_file() and file.is_relative_to(FOLDER)
        body = file.read_bytes() if found else b"not found"
        self.send_response(200 if found else 404)
        self.send_header("content-type", TYPES.get(file.suffix, "text/plain"))
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    FOLDER = pathlib.Path(sys.argv[1]).resolve()
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Pages).serve_forever()
