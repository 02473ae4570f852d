#!/usr/bin/env python3
"""What plays cost: of those who wait, and from an event to the message that it brings.

usage: plays.py [WAITING] [PROGRAM]      1,000,000 and .build/release/klantreis when left out

Measures the CPU of a server without anything to do, once without a play and once with WAITING customers
on the way through one, and how long after its acknowledgement an event has brought a message, first
alone and then while 10,000 events a second come in. What sends them shares the machine.
"""
import json
import sqlite3
import sys
import threading
import time

from project import Project

LIMIT_SECONDS = 1.0
RATE, PART, SECONDS = 10_000, 500, 20
PLAY = """
id: bench
name: Bench
about: Waits.
cell: engagement/do
purpose: marketing
enter: {event: event is "Signed Up", key: key}
again: never
steps:
  - {id: now, message: basket-1}
  - wait: 365d
  - {id: then, message: basket-1}
"""


def events(name, ids, customer, now=None, **properties):
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now or time.time())) + "Z"
    return [{"type": "track", "event": name, "messageId": one, "userId": customer(one),
             "timestamp": moment, "properties": {**properties, "key": one}} for one in ids]


def idle(server, what, seconds=15):
    time.sleep(3)
    before = server.cpu
    time.sleep(seconds)
    share = (server.cpu - before) / seconds
    print(f"nothing to do, {what:32} {share * 100:6.2f} % of a core", flush=True)
    return share


def fill(path, waiting):
    """Customers on the way through the play, whose time comes in a year."""
    base = sqlite3.connect(path)
    base.execute("PRAGMA synchronous = OFF")
    first = base.execute("SELECT coalesce(max(id), 0) + 1 FROM identity").fetchone()[0]
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {waiting - 1})"
    now = int(time.time() * 1000)
    base.execute(f"INSERT INTO identity (id, key) {numbers} SELECT i + {first}, 'w' || i FROM n")
    base.execute(f"""
        INSERT INTO play_run (play, version, identity, key, number, entered, entry_row, lot, place, since,
          pass, due, variant)
        {numbers} SELECT 'bench', 1, i + {first}, 'k' || i, 1, {now}, 0, i, 1, {now}, 0,
          {now} + 31536000000 + i, '' FROM n""")
    base.execute("DELETE FROM search_changed")
    base.commit()
    base.close()


def delays(server, seconds, load):
    """From the acknowledgement of an event to the moment at which its message can be read."""
    acknowledged, seen, running = {}, {}, True

    def watch():
        base, last = server.base, server.base.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
        while running:
            for number, key in base.execute("SELECT id, key FROM message WHERE id > ?", (last,)):
                last = number
                seen[key.split("/", 2)[2]] = time.perf_counter()
            time.sleep(0.005)

    sent = [0]

    def pour(place):
        connection = server.connect()
        # Worked out before, so that sending costs little.
        bodies = [json.dumps({"batch": events(
            "Product Viewed", [f"{load}-{place}-{turn}-{i}" for i in range(PART)],
            lambda one: f"p{hash(one) % 50_000}", time.time() + turn * 2 * PART / RATE)}).encode()
            for turn in range(seconds * RATE // PART // 2)]
        barrier.wait()
        began = time.perf_counter()
        for turn, body in enumerate(bodies):
            rest = began + turn * 2 * PART / RATE - time.perf_counter()
            if rest > 0:
                time.sleep(rest)
            if server.post(connection, "/v1/batch", body) == 200:
                sent[0] += PART

    barrier = threading.Barrier(3 if load else 1)
    threads = [threading.Thread(target=pour, args=(place,)) for place in range(2)] if load else []
    watcher = threading.Thread(target=watch)
    for thread in [*threads, watcher]:
        thread.start()
    barrier.wait()
    connection, began = server.connect(), time.perf_counter()
    count = 0
    while time.perf_counter() < began + seconds:
        key = f"t{load}-{count}"
        count += 1
        status = server.post(connection, "/v1/batch", json.dumps(
            {"batch": events("Signed Up", [key], lambda one: f"s{one}")}).encode())
        if status == 200:
            acknowledged[key] = time.perf_counter()
        time.sleep(0.037)
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    until = time.perf_counter() + 30
    while acknowledged.keys() - seen.keys() and time.perf_counter() < until:
        time.sleep(0.05)
    running = False
    watcher.join()
    missing = acknowledged.keys() - seen.keys()
    found = sorted(seen[key] - at for key, at in acknowledged.items() if key in seen)
    p50, p99 = found[len(found) // 2], found[int(len(found) * 0.99) - 1]
    what = f"{sent[0] / took:,.0f} events a second" if load else "alone"
    print(f"from an event to its message, {what:24} p50 {p50:5.2f} s, p99 {p99:5.2f} s, most {found[-1]:5.2f} s: "
          f"{p99 / LIMIT_SECONDS:.2f} of {LIMIT_SECONDS:.0f} s; {len(missing)} of {len(acknowledged)} missing",
          flush=True)


def main():
    waiting = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with Project(*sys.argv[2:3]) as server:
        server.start()
        server.post(server.connect(), "/v1/batch", json.dumps(
            {"batch": events("Page Viewed", ["first"], lambda one: "first")}).encode())
        without = idle(server, "no play")
        server.stop()
        (server.folder / "bench.yaml").write_text(PLAY)
        server.run("play", "add", server.folder / "bench.yaml")
        server.run("play", "on", "bench", "--yes")
        began = time.time()
        fill(server.file, waiting)
        print(f"{waiting:,} customers on the way, written in {time.time() - began:.0f} s", flush=True)
        server.start()
        with_them = idle(server, f"{waiting:,} wait")
        print(f"they cost {(with_them - without) * 100:+.2f} % of a core", flush=True)
        delays(server, 10, load=0)
        delays(server, SECONDS, load=1)


if __name__ == "__main__":
    main()
