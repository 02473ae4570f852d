#!/usr/bin/env python3
"""Tries the server with clients that are slow, broken off or in the way of its end.

    slow_clients.py [--program PATH]

Starts the program on data folders of its own, which are gone afterwards. Takes about 40 seconds, for
it waits until the server's patience is over. Exit codes: 0 all well, 1 something is wrong.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# As Limits.requestSeconds and Limits.idleSeconds.
PATIENCE = 30
wrong = []


def expect(truth, what):
    if not truth:
        wrong.append(what)
        print("WRONG:", what, flush=True)


class Server:
    def __init__(self, folder):
        run = subprocess.run(
            [options.program, "sources", "add", "shop", "--key", "k1", "--data", folder],
            capture_output=True, text=True)
        expect(run.returncode == 0, "a source is made")
        self.process = subprocess.Popen(
            [options.program, "serve", "--port", "0", "--data", folder],
            stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)/", self.process.stdout.readline())[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE + 15)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()


def request(number):
    body = json.dumps({"userId": f"c{number}", "messageId": f"m{number}", "event": "Page Viewed",
                       "timestamp": "2024-05-01T10:00:00Z"})
    return (f"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer k1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


def closes_in_time(server, name, first, drip):
    """Sends a beginning, and then a byte a second until the server closes."""
    began = time.monotonic()
    with server.connect() as connection:
        connection.sendall(first)
        connection.settimeout(1)
        while time.monotonic() - began < PATIENCE + 12:
            try:
                if connection.recv(4096) == b"":
                    break
            except TimeoutError:
                pass
            except OSError:
                break
            try:
                if drip:
                    connection.sendall(drip)
            except OSError:
                break
    seconds = time.monotonic() - began
    expect(PATIENCE - 3 <= seconds <= PATIENCE + 5, f"{name} is closed after {seconds:.0f} s")


def slow(server):
    cases = [
        ("a connection without a request", b"", b""),
        ("a head that drips in", b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"a"),
        ("a body that drips in",
         b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n{", b" "),
        ("a body that stops", request(0)[:-5], b""),
    ]
    threads = [threading.Thread(target=closes_in_time, args=(server, *case)) for case in cases]
    for thread in threads:
        thread.start()
    # Others are served meanwhile.
    while any(thread.is_alive() for thread in threads):
        status, _ = server.get("/health")
        expect(status == 200, "the server serves others meanwhile")
        time.sleep(1)
    for thread in threads:
        thread.join()


def half_closed(server):
    with server.connect() as connection:
        connection.sendall(request(1))
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
        expect(answer.startswith(b"HTTP/1.1 200"), f"a half-closed client is answered: {answer!r}")
    with server.connect() as connection:
        connection.sendall(request(2)[:-5])
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
        expect(b" 200 " not in answer, "half a request is not taken for a whole one")
    with server.connect() as connection:
        connection.shutdown(socket.SHUT_WR)
        expect(connection.recv(4096) == b"", "a client that says nothing is let go")


def live(server):
    with server.connect() as connection:
        connection.sendall(b"GET /sources/shop/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        expect(b"text/event-stream" in connection.recv(4096), "the stream of events begins")
        with server.connect() as client:
            client.sendall(request(3))
            client.recv(4096)
        connection.settimeout(5)
        text = b""
        while b'"customer":"c3"' not in text:
            text += connection.recv(65536)
        expect(b"event: touchpoint" in text, "an event appears while one looks")


def stop(server, folder):
    """Told to stop twice under load: what was answered is stored, and the end is a good one."""
    answered = []

    def send(first):
        number = first
        try:
            while True:
                with server.connect() as connection:
                    connection.sendall(request(number))
                    if connection.recv(4096).startswith(b"HTTP/1.1 200"):
                        answered.append(f"m{number}")
                number += 1
        except OSError:
            pass

    threads = [threading.Thread(target=send, args=(n * 1_000_000,)) for n in range(1, 5)]
    watcher = server.connect()
    watcher.sendall(b"GET /sources/shop/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for thread in threads:
        thread.start()
    while len(answered) < 200:
        time.sleep(0.01)
    server.process.send_signal(signal.SIGTERM)
    server.process.send_signal(signal.SIGINT)
    code = server.process.wait(timeout=PATIENCE + 15)
    for thread in threads:
        thread.join()
    watcher.close()
    expect(code == 0, f"the server ends with 0, not {code}")
    import sqlite3
    with sqlite3.connect(os.path.join(folder, "klantreis.sqlite")) as database:
        stored = {row[0] for row in database.execute("SELECT message_id FROM touchpoint")}
    missing = set(answered) - stored
    expect(not missing, f"{len(missing)} of {len(answered)} answered events are missing")
    verify = subprocess.run(
        [options.program, "verify", "--data", folder], capture_output=True, text=True)
    expect(verify.returncode == 0, f"the database is sound: {verify.stdout}{verify.stderr}")


parser = argparse.ArgumentParser()
parser.add_argument("--program", default=str(ROOT / "klantreis"), help="the program to try")
options = parser.parse_args()
with tempfile.TemporaryDirectory() as scratch:
    server = Server(scratch)
    try:
        live(server)
        half_closed(server)
        slow(server)
        stop(server, scratch)
    finally:
        server.process.kill()
        server.process.wait()
print("slow clients:", "all well" if not wrong else f"{len(wrong)} wrong")
sys.exit(1 if wrong else 0)
