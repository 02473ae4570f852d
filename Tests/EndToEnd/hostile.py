"""Connections that no client makes by mistake: the server answers as documented, or hangs up, and
meanwhile serves others."""
import concurrent.futures
import gzip
import json
import socket
import threading
import time
import zlib

from collector import Connection, Server, database, expect, keyed, track

KEY = "hostile-key"


class Onlooker:
    """A normal client all the while: one event after the other, and how long the slowest took."""

    def __init__(self, server):
        self.server, self.running = server, True
        self.slowest, self.sent, self.failed = 0, 0, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.running:
            begun = time.monotonic()
            try:
                status, _, _ = self.server.exchange(
                    "POST", "/v1/track", json.dumps(track(f"onlooker-{self.sent}")).encode(),
                    keyed(KEY), timeout=5)
            except OSError:
                status = 0
            self.failed += status != 200
            self.sent += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)
            time.sleep(0.02)

    def finish(self):
        self.running = False
        self.thread.join(timeout=10)


def hostile(folder, patience):
    """`patience` is how long the server gives a request to come in, in seconds."""
    server = Server(folder)
    with server:
        server.add_source("hostile", KEY)
        before, _ = server.memory
        onlooker = Onlooker(server)
        slow = Slow(server, patience)
        check_requests(server)
        check_pipelining(server)
        check_packed(server)
        check_lies(server)
        check_idle(server)
        slow.finish()
        onlooker.finish()
        expect(
            onlooker.failed == 0 and onlooker.slowest < 1,
            f"meanwhile a normal client got all of {onlooker.sent} events in, the slowest in "
            f"{onlooker.slowest * 1000:.0f} ms ({onlooker.failed} failed)")
        now, most = server.memory
        expect(
            most - before < 256,
            f"memory grew from {before} MB to {now} MB, and was {most} MB at the most")
    with database(folder) as db:
        count, = db.execute(
            "SELECT count(*) FROM touchpoint WHERE message_id LIKE 'm-onlooker-%'").fetchone()
    expect(count == onlooker.sent - onlooker.failed, f"its {count} events are stored")


def event(number, **more):
    return json.dumps(track(number, **more)).encode()


def check_requests(server):
    """One request each: what is sent, and which statuses are right."""
    body = event("plain")
    for what, method, path, body, headers, statuses in [
        ("a good event", "POST", "/v1/track", body, keyed(KEY), {200}),
        ("a slash at the end", "POST", "/v1/track/", event("slash"), keyed(KEY), {200}),
        ("text/plain", "POST", "/v1/track", event("text"),
         [f"Authorization: Bearer {KEY}", "Content-Type: text/plain"], {200}),
        ("no key", "POST", "/v1/track", body, [], {401}),
        ("a wrong key", "POST", "/v1/track", body, keyed("wrong"), {401}),
        ("a key of 8,000 bytes", "POST", "/v1/track", body, keyed("k" * 8000), {401}),
        ("a method that is not taken", "DELETE", "/v1/track", body, keyed(KEY), {405}),
        ("a path that is nobody's", "POST", "/v1/nothing", body, keyed(KEY), {404, 421}),
        ("no body", "POST", "/v1/track", b"", keyed(KEY), {400}),
        ("half a JSON", "POST", "/v1/track", body[:-9], keyed(KEY), {400}),
        ("JSON of depth 10,000", "POST", "/v1/track",
         b'{"properties":' * 10_000 + b"1" + b"}" * 10_000, keyed(KEY), {200, 400, 413}),
        ("bytes that are no text", "POST", "/v1/track", b"\xff\xfe\x00" * 999, keyed(KEY), {400}),
        ("5 MB at once", "POST", "/v1/batch", b" " * 5_000_000 + body, keyed(KEY), {413}),
        ("a header of 10,000 bytes", "POST", "/v1/track", event("header"),
         [*keyed(KEY), "X-Long: " + "h" * 10_000], {200, 400, 413, 431, 0}),
        ("a header of 200,000 bytes", "POST", "/v1/track", body,
         [*keyed(KEY), "X-Long: " + "h" * 200_000], {400, 413, 431, 0}),
        ("1,000 headers", "POST", "/v1/track", event("headers"),
         [*keyed(KEY), *[f"X-{i}: {i}" for i in range(1000)]], {200, 400, 431, 0}),
        ("a path of 60,000 bytes", "GET", "/" + "p" * 60_000, b"", [],
         {400, 404, 414, 421, 431, 0}),
        ("a newline in the path", "GET", "/v1\n/track", b"", [], {400, 404, 0}),
        ("no HTTP at all", "\x16\x03\x01\x02\x00\x01", "\x00", b"", [], {400, 0}),
    ]:
        try:
            status, _, answer = server.exchange(method, path, body, headers)
        except ConnectionError:
            status, answer = 0, b""
        right = status in statuses
        # Where hanging up is right the request may not get past the reader of HTTP.
        if right and status in (400, 401, 405, 413) and 0 not in statuses:
            right = {"code", "message", "detail"} <= json.loads(answer).keys()
        expect(right, f"{what}: {status or 'hung up'} {'' if right else answer[:200]}")


def check_pipelining(server):
    """Forty requests in one go are answered in turn."""
    one = [event(f"pipe-{i}") for i in range(40)]
    with server.connect() as connection:
        connection.socket.sendall(b"".join(
            b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY.encode()
            + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body for body in one))
        statuses = [connection.reply()[0] for _ in one]
    expect(statuses == [200] * 40, "40 pipelined requests get 40 answers")
    with server.connect() as connection:
        connection.socket.sendall(
            b"POST /v1/track HTTP/1.0\r\nConnection: close\r\nAuthorization: Bearer "
            + KEY.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(one[0]) + one[0])
        status, _, _ = connection.reply()
        expect(status == 200 and connection.reader.read() == b"",
            "HTTP/1.0 is answered, then closed")
    with server.connect() as connection:
        body = event("chunked")
        connection.socket.sendall(
            b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY.encode()
            + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
                b"%x\r\n%s\r\n" % (len(part), part)
                for part in [body[i:i + 7] for i in range(0, len(body), 7)]) + b"0\r\n\r\n")
        status, _, _ = connection.reply()
    expect(status == 200, "a body in chunks of 7 bytes is read")
    with server.connect() as connection:
        connection.socket.sendall(
            b"POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        try:
            status = connection.reply()[0]
        except ConnectionError:
            status = 0
    expect(status in (0, 400), f"a chunk without a length: {status or 'hung up'}")


def check_packed(server):
    """Packed bodies that are cut off, or far larger than they look."""
    packed = [*keyed(KEY), "Content-Encoding: gzip"]
    good = gzip.compress(event("packed"))
    bomb = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    bomb = b"".join(bomb.compress(zeros) for _ in range(1024)) + bomb.flush()
    for what, body, statuses in [
        ("a packed event", good, {200}),
        ("a packed event that is cut off", good[:-12], {400}),
        ("packed nonsense", b"\x1f\x8b" + b"x" * 999, {400}),
        (f"a bomb of 1 GB in {len(bomb) >> 10} KB", bomb, {413}),
        ("the first 400 KB of a bomb", bomb[:400_000], {413}),
    ]:
        begun = time.monotonic()
        status, _, answer = server.exchange("POST", "/v1/track", body, packed)
        taken = time.monotonic() - begun
        expect(
            status in statuses and taken < 1, f"{what}: {status} in {taken * 1000:.0f} ms")


def check_lies(server):
    """Bodies that are shorter than they say, and senders that leave half-way."""
    before = len(open_files(server))
    for _ in range(50):
        with server.connect() as connection:
            connection.socket.sendall(
                b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{")
        connection = server.connect()
        connection.socket.sendall(b"POST /v1/tr")
        connection.socket.shutdown(socket.SHUT_WR)
        connection.close()
    with server.connect() as connection:
        body = event("half-closed")
        connection.socket.sendall(
            b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY.encode()
            + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        connection.socket.shutdown(socket.SHUT_WR)
        try:
            status = connection.reply()[0]
        except ConnectionError:
            status = 0
    expect(status == 200, f"who closes its own half gets the answer: {status or 'hung up'}")
    for what, part in [("half a request", b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: "
                        b"Bearer " + KEY.encode() + b"\r\nContent-Length: 9000\r\n\r\n" + body),
                       ("nothing", b"")]:
        with server.connect() as connection:
            connection.socket.sendall(part)
            connection.socket.shutdown(socket.SHUT_WR)
            answer = connection.reader.read()
        expect(b" 200 " not in answer, f"who sends {what} and closes its half is let go")
    for length in ["-1", "1e3", "99999999999999999999", "12, 13", "x"]:
        with server.connect(timeout=5) as connection:
            connection.socket.sendall(
                b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: " + length.encode()
                + b"\r\n\r\n{}")
            try:
                status = connection.reply()[0]
            except ConnectionError:
                status = 0
            except TimeoutError:
                status = -1
        expect(status in (0, 400, 401, 413), f"a length of {length!r}: {status or 'hung up'}")
    expect(
        server.wait_for(lambda: len(open_files(server)) <= before + 5),
        "connections that broke are forgotten")


def open_files(server):
    import os

    return os.listdir(f"/proc/{server.process.pid}/fd")


def check_idle(server):
    """500 connections that say nothing."""
    idle = [server.connect() for _ in range(500)]
    begun = time.monotonic()
    status, _, _ = server.exchange("POST", "/v1/track", event("beside-500"), keyed(KEY))
    taken = time.monotonic() - begun
    expect(
        status == 200 and taken < 1,
        f"beside 500 idle connections an event is in after {taken * 1000:.0f} ms")
    for one in idle:
        one.close()


class Slow:
    """Senders that drip all the while: each is hung up on when its time is over."""

    def __init__(self, server, patience):
        self.server, self.patience = server, patience
        head = b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY.encode()
        heads = {
            "nothing but a header": b"POST /v1/track HTTP/1.1\r\nX-Slow: ",
            "a body": head + b"\r\nContent-Length: 9000\r\n\r\n{",
            "a body in chunks": head + b"\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n",
            "nothing at all": b"",
            "nothing after half a body": head + b"\r\nContent-Length: 9001\r\n\r\n{",
        }
        self.pool = concurrent.futures.ThreadPoolExecutor(20 * len(heads))
        self.jobs = {
            what: [self.pool.submit(self.drip, head, what) for _ in range(20)]
            for what, head in heads.items()}

    def drip(self, head, what):
        connection = Connection(self.server.port, timeout=0.5)
        connection.socket.sendall(head)
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < self.patience + 15:
                if not what.startswith("nothing a"):
                    connection.socket.sendall(b"x")
                try:
                    if connection.socket.recv(1000) == b"":
                        break
                except TimeoutError:
                    pass
        except OSError:
            pass
        connection.close()
        return time.monotonic() - begun

    def finish(self):
        for what, jobs in self.jobs.items():
            lasted = [job.result() for job in jobs]
            expect(
                max(lasted) < self.patience + 10 and min(lasted) > self.patience - 5,
                f"20 senders that drip {what} are hung up on after {min(lasted):.0f} to "
                f"{max(lasted):.0f} s")
