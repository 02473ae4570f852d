#!/usr/bin/env python3
"""How long a start takes that has no base and reads all touchpoints from the database, and how much memory.

usage: rebuild_base.py [TOUCHPOINTS] [PROGRAM] [--keep FOLDER]
                                              20,000,000 and .build/release/klantreis when left out

Fills a data folder with touchpoints of a tenth as many customers, in the order in which they happened, with
ids and properties as long as clients send them; every second customer has a browser that was joined later.
Then asks a question twice: once without a base, which reads the database and writes one, and once with it.
--keep leaves the folder and uses it again.
"""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
EVENTS = ["Page Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed", "Message Opened",
          "Message Clicked", "Review Read"]
CHANNELS = ["Website", "Email", "App", "Shop", "Paid Search", "Social"]


def fill(path, count):
    base = sqlite3.connect(path)
    base.execute("PRAGMA synchronous = OFF")
    base.execute("PRAGMA cache_size = -400000")
    customers = count // 10

    def names(kind, texts):
        base.executemany("INSERT INTO name (kind, text) VALUES (?, ?)", [(kind, text) for text in texts])
        first = base.execute("SELECT min(id) FROM name WHERE kind = ?", (kind,)).fetchone()[0]
        return first, len(texts)

    kinds = {kind: names(kind, texts) for kind, texts in [
        ("source", ["shop import"]), ("event", EVENTS), ("channel", CHANNELS), ("device", ["Desktop", "Mobile"]),
        ("content", [f"/page/{number}" for number in range(500)])]}
    numbers = f"WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {{}})"
    base.execute(f"{numbers.format(customers)} INSERT INTO identity (key) SELECT 'c' || i FROM n")
    first = base.execute("SELECT min(id) FROM identity").fetchone()[0]

    def drawn(kind, shift):
        start, size = kinds[kind]
        return f"{start} + ((h >> {shift}) & 4095) * {size} / 4096"

    # Two multiplications spread the number of a row over 60 bits; larger products would be no whole numbers.
    base.execute(f"""
        {numbers.format(count)}, h (i, h) AS (
          SELECT i, ((i * 2654435761) & 0xFFFFFFFF) | ((((i * 1597334677) >> 7) & 0xFFFFFFF) << 32) FROM n)
        INSERT INTO touchpoint (customer, occurred, received, message_id, source, event, channel, device, content,
          value, currency, properties)
        SELECT {first} + (h & 0xFFFFFFFF) % {customers}, 1600000000000 + i * 500, 1600000000000 + i * 500 + 40,
          printf('%08x-8f1c-4d5e-9b21-%012x', i, h & 0xFFFFFFFFFFFF), {kinds['source'][0]}, {drawn('event', 30)},
          {drawn('channel', 18)}, {drawn('device', 24)}, {drawn('content', 36)},
          CASE WHEN h & 7 = 0 THEN 4995 END, CASE WHEN h & 7 = 0 THEN 'EUR' END,
          '{{"page.title":"A page of the shop","page.path":"/page/' || (i % 500) || '","session":' || (h >> 40) || '}}'
        FROM h""")
    base.execute(f"""
        INSERT INTO identity_owner (identity, since, customer)
        SELECT id, {-2**63}, id - 1 FROM identity WHERE (id - {first}) % 4 = 1""")
    base.commit()
    base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    base.close()


def ask(program, folder):
    """Seconds, the most megabytes, and the answer of a question."""
    start = time.perf_counter()
    asking = subprocess.Popen(
        [program, "transitions", "--data", folder, "--format", "csv"], stdout=subprocess.PIPE, text=True)
    answer = asking.stdout.read()
    _, status, usage = os.wait4(asking.pid, 0)
    if status:
        raise SystemExit(f"the question failed: {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime, answer


def main():
    words = sys.argv[1:]
    kept = None
    if "--keep" in words:
        at = words.index("--keep")
        kept = pathlib.Path(words[at + 1])
        del words[at:at + 2]
    count = int(words[0]) if words else 20_000_000
    program = pathlib.Path(words[1] if len(words) > 1 else ROOT / ".build/release/klantreis").resolve()
    folder = kept or pathlib.Path(tempfile.mkdtemp(prefix="klantreis-rebuild-"))
    try:
        path = folder / "klantreis.sqlite"
        if not path.exists():
            subprocess.run([program, "sources", "add", "shop", "--data", folder], check=True, capture_output=True)
            start = time.time()
            fill(path, count)
            print(f"{count:,} touchpoints written in {time.time() - start:.0f} s, "
                  f"{path.stat().st_size / 2**30:.2f} GiB", flush=True)
        (folder / "journeys.base").unlink(missing_ok=True)
        answers = []
        for name in ["without a base", "with a base"]:
            took, memory, worked, answer = ask(program, folder)
            answers.append(answer)
            print(f"{name:16} {took:8.2f} s  {worked:8.2f} s of CPU  {memory:8,.0f} MB", flush=True)
        if answers[0] != answers[1]:
            raise SystemExit("the two answers differ")
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
