#!/usr/bin/env python3
"""How long an import takes and what memory it needs, against the limit and against the file's size.

usage: import_rows.py [ROWS]      1,000,000 when left out

Makes a web shop's export of ROWS rows and eight columns, and one of a quarter of that, imports both
with `./klantreis import` into folders of their own, and prints seconds, the share of the limit of
30 s for a million rows, and the peak memory of both, which should be the same.
"""
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIMIT_SECONDS_A_MILLION = 30
MAPPING = """\
source: shop
columns: {customer: user_id, time: event_time, event: event_type, content: product_id, value: price}
constants: {channel: Website, currency: EUR}
events: {view: Product Viewed, cart: Product Added, purchase: Order Completed}
extra: [brand, category_code]
"""


def write(path, rows):
    dice = random.Random(1)
    start = datetime.datetime(2024, 1, 1)
    with open(path, "w") as file:
        file.write("user_id,event_time,event_type,product_id,price,brand,category_code,session\n")
        for i in range(rows):
            moment = start + datetime.timedelta(seconds=15 * i + dice.randint(0, 10))
            event = dice.choice(["view", "view", "cart", "purchase"])
            file.write(
                f"{dice.randint(1, 100_000)},{moment:%Y-%m-%d %H:%M:%S} UTC,{event},"
                f"{dice.randint(1, 20_000)},{dice.random() * 100:.2f},brand{dice.randint(1, 300)},"
                f"cat.{dice.randint(1, 100)},s{dice.randint(1, 400_000)}\n")


def run(folder, rows):
    export, mapping = folder / f"{rows}.csv", folder / "shop.yaml"
    write(export, rows)
    mapping.write_text(MAPPING)
    began = time.monotonic()
    command = [str(ROOT / "klantreis"), "import", str(export), "--mapping", str(mapping),
               "--data", str(folder / f"data-{rows}"), "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    outcome = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0 and outcome["stored"] == rows, outcome
    return time.monotonic() - began, usage.ru_maxrss / 1024


rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
subprocess.run([str(ROOT / "klantreis"), "--version"], check=True, stdout=subprocess.DEVNULL)
with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    _, small = run(folder, rows // 4)
    seconds, large = run(folder, rows)
limit = LIMIT_SECONDS_A_MILLION * rows / 1_000_000
print(f"{rows:,} rows in {seconds:.1f} s: {rows / seconds:,.0f} a second, "
      f"{seconds / limit:.0%} of the limit of {limit:g} s")
print(f"peak memory {large:.0f} MB, {large / small:.2f} of that for a quarter of the rows")
