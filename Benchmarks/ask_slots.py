#!/usr/bin/env python3
"""How long a page waits for the content of its places among many customers, beside the limit of 10 ms.

usage: ask_slots.py [CUSTOMERS] [PROGRAM]      1,000,000 and .build/release/klantreis when left out

Fills a data folder with visitors of five touchpoints each. For every second one a play that is on holds
content for a place on the site, with an exit and the contact policy that are asked each time. Then asks a
server over HTTP, as the tracker does, once while nothing else happens and once while 200 events a second
come in, and prints p50 and p99 of those who get content for the first time, again, and of those for whom
there is none.
"""
import json
import random
import sqlite3
import sys
import threading
import time

from project import Project

LIMIT_MS = 10
ROUNDS = 3_000
PLAY = """
id: greet
name: Greet
about: Greets who looked.
purpose: service
enter: {event: event is "Product Viewed"}
exit:
  - {event: event is "Order Completed", because: bought}
steps:
  - slot: home
    template: greeting
    for: 3d
"""
CONTENT = """
id: greeting
name: Greeting
onsite:
  en:
    subject: Hello
    blocks:
      - heading: "Hello{{#firstName}} {{firstName}}{{/firstName}}"
      - button: {text: Go on, link: "https://shop.example/"}
    variants:
      - {name: regular, when: 'count(event is "Product Viewed") >= 3', subject: Hello again}
"""


def fill(path, count, now):
    base = sqlite3.connect(path)
    base.execute("PRAGMA synchronous = OFF")
    base.execute("PRAGMA cache_size = -400000")
    names = {}
    for kind, text in [("event", "Product Viewed"), ("event", "Page Viewed"), ("channel", "Website"), ("source", "shop")]:
        base.execute("INSERT OR IGNORE INTO name (kind, text) VALUES (?, ?)", (kind, text))
        names[text] = base.execute("SELECT id FROM name WHERE kind = ? AND text = ?", (kind, text)).fetchone()[0]
    people = f"WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
    base.execute(people + "INSERT INTO identity (id, key) SELECT i, 'anonymous:visitor' || i FROM n")
    for step in range(5):
        event = names["Product Viewed" if step % 2 else "Page Viewed"]
        base.execute(people + f"""
            INSERT INTO touchpoint (customer, occurred, received, message_id, source, event, channel)
            SELECT i, {now - 86_400_000 + step * 3_600_000} + i % 3600000, {now}, 'm{step}-' || i,
              {names['shop']}, {event}, {names['Website']} FROM n""")
    half = people + "{} FROM n WHERE i % 2 = 0"
    base.execute(half.format(f"""
        INSERT INTO play_run (play, version, identity, key, number, entered, entry_row, lot, place, since, pass,
          due, variant, ended, reason)
        SELECT 'greet', 1, i, '', 1, {now - 60_000}, {count} + i, i, 1, {now - 60_000}, 0, NULL, '', {now - 60_000}, 'done'"""))
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now / 1000 + 3 * 86_400))
    base.execute(half.format(f"""
        INSERT INTO message (play, version, key, step, customer, channel, purpose, template, data, priority, due,
          state, created, changed)
        SELECT 'greet', 1, i || '/1/', '1', i, 'onsite', 'service', 'greeting',
          '{{"play":"greet","slot":"home","until":"{until}"}}', 9, {now - 60_000}, 'waiting', {now - 60_000}, {now - 60_000}"""))
    base.execute("UPDATE play_watch SET touchpoint = (SELECT max(id) FROM touchpoint)")
    base.commit()
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()


class Page:
    """One connection of a page with a place in it."""

    def __init__(self, server):
        self.connection, self.key = server.connect(), server.key

    def ask(self, number):
        body = json.dumps({"writeKey": self.key, "sentAt": "2026-01-01T00:00:00Z", "batch": [
            {"anonymousId": f"visitor{number}", "locale": "en", "slots": ["home"]}]})
        start = time.perf_counter()
        self.connection.request("POST", "/v1/slots", body, {"content-type": "text/plain"})
        reply = self.connection.getresponse().read()
        return (time.perf_counter() - start) * 1000, bool(json.loads(reply))


def stream(server, count, stop):
    """200 events a second, as a shop's pages send them."""
    connection = server.connect()
    dice, sent = random.Random(3), 0
    began = time.perf_counter()
    while not stop.is_set():
        events = [{"type": "track", "event": "Page Viewed", "anonymousId": f"visitor{dice.randint(1, count)}"}
                  for _ in range(10)]
        server.post(connection, "/v1/batch", json.dumps({"batch": events}))
        sent += len(events)
        stop.wait(max(0, began + sent / 200 - time.perf_counter()))


def measure(title, page, numbers, expected):
    asked = [page.ask(number) for number in numbers]
    assert all(found == expected for _, found in asked), f"{title}: not as it should be"
    times = sorted(took for took, _ in asked)
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99) - 1]
    print(f"{title:44} {p50:8.2f} {p99:8.2f} {times[-1]:8.2f} {p99 / LIMIT_MS:9.2f}", flush=True)
    return p99


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    stop = threading.Event()
    with Project(*sys.argv[2:3]) as server:
        (server.folder / "content").mkdir()
        (server.folder / "content/greeting.yaml").write_text(CONTENT)
        (server.folder / "greet.yaml").write_text(PLAY)
        server.run("play", "add", server.folder / "greet.yaml")
        server.run("play", "on", "greet", "--yes")
        server.run("mail", "set", "url", "https://stats.example")
        start = time.time()
        fill(server.file, count, int(time.time() * 1000))
        print(f"{count:,} customers written in {time.time() - start:.0f} s, "
              f"{server.file.stat().st_size / 2**30:.2f} GiB", flush=True)
        server.start()
        # What is read at the start is there then.
        Page(server).ask(2)
        dice = random.Random(2)
        held = [2 * number for number in dice.sample(range(2, count // 2), 2 * ROUNDS)]
        empty = [2 * dice.randint(1, count // 2 - 1) + 1 for _ in range(ROUNDS)]
        page, worst = Page(server), []
        time.sleep(2)
        print(f"{'':44} {'p50 ms':>8} {'p99 ms':>8} {'most':>8} {'of limit':>9}", flush=True)
        for title, first in [("", held[:ROUNDS]), (", events coming in", held[ROUNDS:])]:
            if title:
                threading.Thread(target=stream, args=(server, count, stop), daemon=True).start()
                time.sleep(2)
            worst.append(measure(f"content for the first time{title}", page, first, True))
            worst.append(measure(f"the same again{title}", page, first, True))
            worst.append(measure(f"nothing for this visitor{title}", page, empty, False))
        print(f"the slowest p99 is {max(worst):.1f} ms, {max(worst) / LIMIT_MS:.2f} of the limit of {LIMIT_MS} ms")
        stop.set()


if __name__ == "__main__":
    main()
