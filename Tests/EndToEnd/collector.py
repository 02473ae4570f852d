"""What the end-to-end checks of the front door share: a server that can be stopped and killed, one
HTTP exchange at a time on a bare socket, and the data folder's database as any reader sees it."""
import json
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
wrong = []


def expect(truth, what):
    print("  ok  " if truth else "WRONG:", what, flush=True)
    if not truth:
        wrong.append(what)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`klantreis serve` of one data folder on one port, which outlives the process."""

    program = str(ROOT / ".build/release/klantreis")

    def __init__(self, folder, environment=None):
        self.folder = pathlib.Path(folder)
        self.environment = os.environ | {"KLANTREIS_HOME": str(ROOT)} | (environment or {})
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = None

    def spawn(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", str(self.folder), "--port", str(self.port)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment)

    def start(self):
        self.spawn()
        line = self.process.stdout.readline()
        if not re.search(r"http://127\.0\.0\.1:\d+", line):
            raise SystemExit(f"the server did not start: {line!r}")
        return self

    def stop(self):
        """As a service manager does; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()

    @property
    def memory(self):
        """Resident megabytes, now and at the most."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return [int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1024 for name in (
            "VmRSS", "VmHWM")]

    def add_source(self, name, key):
        klantreis = [self.program, "sources", "add", name, "--key", key, "--data", self.folder]
        done = subprocess.run(klantreis, capture_output=True, text=True, env=self.environment)
        if done.returncode:
            raise SystemExit(f"no source {name}: {done.stderr}")

    def token(self):
        """A new token that may do all that a token can, as a header's line."""
        made = subprocess.run(
            [self.program, "tokens", "add", f"test {time.monotonic_ns()}", "--scope", "write",
             "--data", self.folder], capture_output=True, text=True, env=self.environment)
        if made.returncode:
            raise SystemExit(f"no token: {made.stderr}")
        return f"Authorization: Bearer {made.stdout.strip()}"

    def connect(self, timeout=10):
        return Connection(self.port, timeout)

    def exchange(self, method, path, body=b"", headers=(), timeout=10):
        with self.connect(timeout) as connection:
            return connection.exchange(method, path, body, headers)

    def wait_for(self, condition, seconds=10):
        """Whether a condition comes true in time; it is asked again and again."""
        until = time.monotonic() + seconds
        while not (truth := condition()) and time.monotonic() < until:
            time.sleep(0.01)
        return truth


class Connection:
    """A bare socket, so that a check sends just what it means to."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reader.close()
        self.socket.close()

    def exchange(self, method, path, body=b"", headers=()):
        lines = [f"{method} {path} HTTP/1.1", "Host: collector", f"Content-Length: {len(body)}"]
        self.socket.sendall("\r\n".join([*lines, *headers, "", ""]).encode() + body)
        return self.reply()

    def reply(self):
        """Status, headers by lower-case name, and body; ConnectionError when none came."""
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("no reply")
        headers = {}
        while (field := self.reader.readline()) != b"\r\n":
            if not field:
                raise ConnectionError("half a reply")
            name, _, value = field.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self.reader.read(int(headers.get("content-length", 0)))
        if len(body) < int(headers.get("content-length", 0)):
            raise ConnectionError("half a reply")
        return int(line.split()[1]), headers, body


def iso(moment):
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return f"{seconds}.{int(moment * 1e3) % 1000:03}Z"


def track(number, at=None, key=None, size=0):
    """A typical event as the Segment family has it. The number is its message id."""
    at = at or time.time()
    event = {
        "type": "track", "event": "Product Viewed", "messageId": f"m-{number}",
        "userId": f"customer-{zlib.crc32(number.encode()) % 997}", "timestamp": iso(at),
        "properties": {"sku": "b1", "name": "Brood", "price": 2.5, "pad": "x" * size}}
    return event | ({"writeKey": key} if key else {})


def keyed(key):
    return [f"Authorization: Bearer {key}", "Content-Type: application/json"]


class Load:
    """Senders that know of every event whether it was acknowledged.

    Each has one connection at a time. What a broken connection left open is sent again half of the
    time, as clients do, and dropped otherwise.
    """

    def __init__(self, server, key, seed, smallest=1, largest=50, size=0):
        self.server, self.key, self.seed = server, key, seed
        self.smallest, self.largest, self.size = smallest, largest, size
        self.running = True
        self.acknowledged, self.sent = [], 0
        self.unclear, self.refused = set(), set()
        self.statuses, self.retries = {}, 0
        # Where a sync fails nobody can say whether it is on the disk; 503 makes it come again.
        self.may_store_refused = False

    def run(self, number):
        """One sender, until `running` is false. Run it in a thread."""
        chance = random.Random(f"{self.seed}-{number}")
        connection, again, count = None, None, 0
        while self.running:
            if connection is None:
                try:
                    connection = self.server.connect(timeout=30)
                except OSError:
                    time.sleep(0.002)
                    continue
            if again:
                events, again = again, None
                self.retries += 1
            else:
                size = chance.randint(self.smallest, self.largest)
                if chance.random() < 0.3:
                    size = self.smallest
                events = [track(f"{number}-{count + i}", size=self.size) for i in range(size)]
                count += size
                self.sent += size
            ids = [event["messageId"] for event in events]
            alone = len(events) == 1 and chance.random() < 0.5
            body = dict(events[0]) if alone else {"batch": events}
            body["sentAt"] = iso(time.time())
            try:
                status, headers, _ = connection.exchange(
                    "POST", "/v1/track" if alone else "/v1/batch", json.dumps(body).encode(),
                    keyed(self.key))
            except OSError:
                connection.close()
                connection = None
                self.unclear.update(ids)
                again = events if chance.random() < 0.5 else None
                continue
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status == 200:
                self.acknowledged += ids
            elif status in (429, 503) and "retry-after" in headers:
                self.refused.update(ids)
                again = events
                # Who comes again at once only keeps the others from being stored.
                time.sleep(float(headers["retry-after"]) if status == 429 else 0.05)
            else:
                raise SystemExit(f"the collector answered {status} {headers} to a good request")
            if headers.get("connection", "").lower() == "close":
                connection.close()
                connection = None
        if connection:
            connection.close()


def database(folder):
    return sqlite3.connect(f"file:{pathlib.Path(folder) / 'klantreis.sqlite'}?mode=ro", uri=True)


def check_nothing_lost(folder, load, what):
    """All that was acknowledged is there once, and nothing that was refused. How often each
    message id is stored."""
    with database(folder) as db:
        stored = dict(db.execute("SELECT message_id, count(*) FROM touchpoint GROUP BY message_id"))
    acknowledged = set(load.acknowledged)
    missing = acknowledged - stored.keys()
    twice = [one for one, times in stored.items() if times > 1]
    strange = {one for one in stored if not one.startswith("m-probe-")}
    strange -= acknowledged | load.unclear
    if load.may_store_refused:
        strange -= load.refused
    expect(
        acknowledged and not missing,
        f"{what}: {len(acknowledged):,} events acknowledged, {len(missing)} of them missing")
    expect(
        not twice and not strange,
        f"{what}: {len(stored):,} stored of {load.sent:,} sent ({load.retries:,} retries), "
        f"{len(twice)} twice, {len(strange)} that were refused")
    return stored


def check_sound(server):
    """The program's own check, and SQLite's."""
    done = subprocess.run(
        [server.program, "verify", "--data", str(server.folder)], capture_output=True, text=True,
        env=server.environment)
    said = "" if done.returncode == 0 else (done.stdout + done.stderr)[-400:]
    expect(done.returncode == 0, f"verify finds nothing wrong {said}")
    with database(server.folder) as db:
        integrity = db.execute("PRAGMA integrity_check").fetchall()
        foreign = db.execute("PRAGMA foreign_key_check").fetchall()
    expect(integrity == [("ok",)] and not foreign, "SQLite finds the database whole")
