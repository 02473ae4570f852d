"""What `check_tracker.py` needs around its scenarios: a server that can be killed, the shop's pages
on another site, and a visitor with a browser who can look at what was stored."""
import contextlib
import http.server
import json
import pathlib
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOP = ROOT / "Tests/Browser/shop"
# A person's browser: the name of the headless one says that it is a program.
PERSON = ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
          "Chrome/140.0.0.0 Safari/537.36")
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".pdf": "application/pdf"}
PATIENCE = 8
wrong = []


def expect(truth, what):
    if not truth:
        wrong.append(what)
        print("WRONG:", what, flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Klantreis:
    """`klantreis serve` on a data folder, that can be killed and started again."""

    def __init__(self, program, folder):
        self.program, self.folder, self.port = program, folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.folder, "--port", str(self.port)],
            stdout=subprocess.PIPE, text=True, cwd=ROOT)
        if self.address not in self.process.stdout.readline():
            raise SystemExit("the server did not say where it is")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def add_sources(self, names):
        """Each source's key is its name."""
        for name in names:
            subprocess.run(
                [self.program, "sources", "add", name, "--key", name, "--data", self.folder],
                check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
        # The server looks for new sources twice a second.
        time.sleep(0.7)

    def link(self):
        """A link by which the owner chooses a password, once."""
        made = subprocess.run(
            [self.program, "users", "invite", "--owner", "--address", self.address, "--data",
             self.folder], check=True, capture_output=True, text=True, cwd=ROOT)
        return made.stdout.split()[-1]

    def database(self):
        return sqlite3.connect(f"file:{self.folder}/klantreis.sqlite?mode=ro", uri=True, timeout=10)

    def ask(self, sql, *values):
        with contextlib.closing(self.database()) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, values)]


class Shop:
    """The shop's pages. The first part of a path says the source's key and the tracker's options,
    `/consent,required/index.html`; the tracker comes from Klantreis, or with `own` from the shop's
    own site, which hands it and what it sends through."""

    def __init__(self, klantreis):
        shop = self

        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/klantreis.js":
                    return self.hand_through(None)
                parts = self.path.split("?")[0].strip("/").split("/")
                name = "app.html" if parts[1:2] == ["app"] else parts[-1]
                file = SHOP / name
                if not file.is_file():
                    return self.answer(404, {}, b"")
                body = file.read_bytes()
                if file.suffix == ".html":
                    body = shop.filled(body.decode(), parts[0]).encode()
                self.answer(200, {
                    "content-type": TYPES[file.suffix], "content-security-policy": shop.policy,
                }, body)

            def do_POST(self):
                self.hand_through(self.rfile.read(int(self.headers["content-length"])))

            def hand_through(self, body):
                request = urllib.request.Request(klantreis.address + self.path, body, {
                    "content-type": self.headers.get("content-type", "text/plain"),
                    "user-agent": self.headers["user-agent"]})
                with urllib.request.urlopen(request) as reply:
                    self.answer(reply.status, {
                        "content-type": reply.headers["content-type"]}, reply.read())

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.tracker = klantreis.address
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.address = f"http://localhost:{self.port}"
        self.elsewhere = f"http://127.0.0.1:{self.port}/elsewhere"
        self.policy = (
            f"default-src 'none'; style-src 'self'; script-src 'self' {self.tracker}; "
            f"connect-src 'self' {self.tracker}; form-action 'self'; base-uri 'none'")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def filled(self, html, place):
        key, *options = place.split(",")
        base = "" if "own" in options else self.tracker
        consent = next((o for o in options if o in ("required", "given", "none")), None)
        attributes = f' data-consent="{consent}"' if consent else ""
        attributes += ' data-spa="off"' if "quiet" in options else ""
        script = f'<script async src="{base}/klantreis.js" data-key="{key}"{attributes}></script>'
        if "twice" in options:
            script += script
        if "given" in options:
            # Takes up a basket that a link of a mail brings back.
            script += f'<script src="{self.tracker}/klantreis-basket.js"></script>'
        return (html.replace("{{tracker}}", script).replace("{{elsewhere}}", self.elsewhere)
                .replace("{{home}}", f"/{place}/"))


class Visitor:
    """One person with a browser of its own, in one scenario."""

    def __init__(self, test, key, options="required", scripts=(), faults=()):
        self.test, self.key, self.place = test, key, f"/{key},{options}/"
        self.context = test.browser.new_context(user_agent=PERSON, locale="nl-NL")
        for script in scripts:
            self.context.add_init_script(script)
        # Faults of the network that the scenario makes itself.
        self.faults = faults
        self.page = self.open_page()

    def open_page(self):
        page = self.context.new_page()
        page.on("pageerror", lambda error: expect(False, f"{self.key}: script error: {error}"))
        page.on("console", self.on_console)
        if self.test.script:
            page.route("**/klantreis.js", lambda route: route.fulfill(
                body=self.test.script, content_type="text/javascript"))
        self.page = page
        return page

    def on_console(self, message):
        if message.type in ("error", "warning") and not any(
                fault in message.text for fault in self.faults):
            expect(False, f"{self.key}: console {message.type}: {message.text}")

    def go(self, path="index.html"):
        self.page.goto(self.test.shop.address + self.place + path)
        self.page.wait_for_function("window.klantreis && klantreis.version")

    def call(self, *arguments):
        self.page.evaluate("all => klantreis(...all)", list(arguments))

    def cookie(self):
        return next((c for c in self.context.cookies() if c["name"] == "klantreis"), None)

    def storage(self):
        return self.page.evaluate("() => Object.assign({}, localStorage, sessionStorage)")

    # MARK: What is stored

    def touchpoints(self, event=None):
        rows = self.test.klantreis.ask(
            "SELECT * FROM v_touchpoint WHERE source = ? ORDER BY time_ms, touchpoint", self.key)
        for row in rows:
            row["properties"] = json.loads(row["properties"] or "{}")
        return [row for row in rows if event in (None, row["event"])]

    def profiles(self):
        return self.test.klantreis.ask(
            "SELECT * FROM v_profile_change WHERE source = ? ORDER BY time", self.key)

    def wait_for(self, counts, what):
        """Waits until each of the events is stored so often, and says when it never is."""
        deadline = time.monotonic() + PATIENCE
        while True:
            stored = {event: len(self.touchpoints(event)) for event in counts}
            if stored == counts:
                return
            if time.monotonic() > deadline:
                return expect(False, f"{self.key}: {what}: {stored}, not {counts}")
            # The browser's own events are heard only while it is waited for.
            time.sleep(0.03) if self.page.is_closed() else self.page.wait_for_timeout(30)

    def expect(self, truth, what):
        expect(truth, f"{self.key}: {what}")

    def close(self):
        self.context.close()
