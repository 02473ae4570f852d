#!/usr/bin/env python3
"""How long a search takes among many customers, beside the limit of 100 ms.

usage: search_customers.py [CUSTOMERS] [PROGRAM]      10,000,000 and .build/release/klantreis when left out

Fills a data folder with customers who have a name, a city, a company, a mail address, a phone and every
second an order, as skewed as names are. Their words are written by this script as the program would, which
is faster than to send ten million. Then asks a server, over HTTP, prints p50 and p99 of each kind of
search, and how long it takes until somebody who is new is found.
"""
import json
import random
import sqlite3
import sys
import time
import urllib.parse

from project import Project

LIMIT_MS = 100
ROUNDS = 200


def names(count, dice):
    starts = "b br d dr f g h j k kl l m n p pr r s st t v w z".split()
    middles = "a aa e ee i ie o oo u oe ui ei au".split()
    ends = "n r s t k l m ns rd ning sen veld stra man ert ina ke".split()
    found = set()
    while len(found) < count:
        syllables = dice.choice((1, 2, 2, 3))
        found.add("".join(dice.choice(starts) + dice.choice(middles) for _ in range(syllables)) + dice.choice(ends))
    return sorted(found, key=lambda _: dice.random())


def fill(path, count):
    dice = random.Random(1)
    base = sqlite3.connect(path)
    base.execute("PRAGMA synchronous = OFF")
    base.execute("PRAGMA cache_size = -400000")
    lists = {"first": 3_000, "last": 60_000, "city": 2_500, "company": 40_000}
    for table, size in lists.items():
        base.execute(f"CREATE TEMP TABLE {table} (i INTEGER PRIMARY KEY, text TEXT)")
        base.executemany(f"INSERT INTO {table} VALUES (?, ?)", enumerate(names(size, dice)))
    # Two draws multiplied: few names are had by many.
    def skewed(salt, size):
        return (f"((((i * 2654435761 + {salt}) >> 7) % {size}) * (((i * 40503 + {salt} * 77) >> 3) % {size}) / {size})")
    base.execute(f"""
        CREATE TEMP TABLE person AS WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {count})
        SELECT i, {skewed(11, lists['first'])} AS first, {skewed(23, lists['last'])} AS last,
          {skewed(37, lists['city'])} AS city, {skewed(41, lists['company'])} AS company,
          600000000 + (i * 2654435761 >> 5) % 99999999 AS phone FROM n""")
    base.execute("""
        CREATE TEMP VIEW full AS SELECT p.i AS i, f.text AS first, l.text AS last, c.text AS city,
          k.text AS company, p.phone AS phone FROM person p JOIN first f ON f.i = p.first
        JOIN last l ON l.i = p.last JOIN city c ON c.i = p.city JOIN company k ON k.i = p.company""")
    base.execute("INSERT INTO identity (id, key) SELECT i, 'c' || i FROM person")
    for name, value in [("firstName", "first"), ("lastName", "last"), ("city", "city"), ("company", "company"),
                        ("email", "first || '.' || last || i || '@' || company || '.nl'"), ("phone", "'+31' || phone")]:
        base.execute(f"""INSERT INTO trait (customer, name, value, source, set_at, claimant)
            SELECT i, '{name}', json_quote({value}), 'crm', 1700000000000, 1 FROM full""")
    words = ["first", "last", "last || i", "city", "company", "'31' || phone", "phone"]
    order = "CASE WHEN i % 2 THEN 'ord' || i ELSE '' END"
    spaced = " || ".join(f"' ' || {word}" for word in words)
    base.execute(f"INSERT INTO search_entry SELECT i, {spaced} || ' nl', CASE WHEN i % 2 THEN ' ord' || i ELSE '' END FROM full")
    union = " UNION ALL ".join([f"SELECT {word} AS word, i FROM full" for word in words + ["'nl'"]]
                               + [f"SELECT {order}, i FROM full WHERE i % 2"])
    base.execute(f"INSERT OR IGNORE INTO search_word SELECT word, i FROM ({union}) ORDER BY word, i")
    base.execute("DELETE FROM search_changed")
    base.execute("UPDATE search_mark SET identity = ?", (count,))
    base.commit()
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()


def ask(connection, token, text):
    start = time.perf_counter()
    connection.request("GET", f"/api/v1/customers?limit=20&q={urllib.parse.quote(text)}",
                       headers={"Authorization": f"Bearer {token}"})
    reply = connection.getresponse()
    body = reply.read()
    assert reply.status == 200, body
    return (time.perf_counter() - start) * 1000, json.loads(body)


def kinds(path, count):
    """Texts of each kind that fit to somebody, drawn evenly over customers, and some that fit to nobody."""
    dice = random.Random(2)
    base = sqlite3.connect(path)
    people = []
    for _ in range(ROUNDS):
        number = dice.randint(1, count)
        traits = dict(base.execute("SELECT name, json_extract(value, '$') FROM trait WHERE customer = ?", (number,)))
        people.append((number, traits))
    base.close()
    return {
        "key": [f"c{n}" for n, _ in people],
        "mail address": [t["email"] for _, t in people],
        "phone, as dialled": ["0" + t["phone"][3:] for _, t in people],
        "order": [f"ORD{n | 1}" for n, _ in people],
        "last name": [t["lastName"] for _, t in people],
        "beginning of a last name": [t["lastName"][:3] for _, t in people],
        "first and last name": [f"{t['firstName']} {t['lastName']}" for _, t in people],
        "first name and city": [f"{t['firstName']} {t['city']}" for _, t in people],
        "three words, the last begun": [f"{t['firstName']} {t['city']} {t['company'][:3]}" for _, t in people],
        "one letter": [t["lastName"][:1] for _, t in people],
        "nobody": [f"{t['firstName']} qqqq{n}" for n, t in people],
    }


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with Project(*sys.argv[2:3]) as server:
        token = server.token()
        start = time.time()
        fill(server.file, count)
        print(f"{count:,} customers written in {time.time() - start:.0f} s, "
              f"{server.file.stat().st_size / 2**30:.2f} GiB", flush=True)
        server.start()
        page = server.connect()
        ask(page, token, "c1")
        print(f"{'search':30} {'p50 ms':>8} {'p99 ms':>8} {'of limit':>9}  found", flush=True)
        worst = 0
        for kind, texts in kinds(server.file, count).items():
            asked = [ask(page, token, text) for text in texts]
            times = sorted(took for took, _ in asked)
            found = sum(1 for _, answer in asked if answer["customers"])
            p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99) - 1]
            worst = max(worst, p99)
            print(f"{kind:30} {p50:8.1f} {p99:8.1f} {p99 / LIMIT_MS:9.2f}  {found} of {len(texts)}", flush=True)
        body = json.dumps({"userId": "new", "traits": {"name": "Zebedeus Xylofoon"}}).encode()
        server.post(server.connect(), "/v1/identify", body)
        start = time.perf_counter()
        while not ask(page, token, "zebedeus")[1]["customers"]:
            assert time.perf_counter() - start < 60, "who is new is not found"
            time.sleep(0.02)
        print(f"somebody new is found after {time.perf_counter() - start:.2f} s")
        print(f"the slowest p99 is {worst:.1f} ms, {worst / LIMIT_MS:.2f} of the limit of {LIMIT_MS} ms")


if __name__ == "__main__":
    main()
