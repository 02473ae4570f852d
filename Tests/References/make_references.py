#!/usr/bin/env python3
"""What DuckDB, ClickHouse and retentioneering answer, for the tests to compare with.

usage: make_references.py SHARED_DATA > results.json
needs duckdb, chdb, pyarrow and retentioneering from PyPI

Three logs: journeys drawn by a small generator that the tests have too (with many touchpoints of
the same moment), and two real ones, read from the raw files as the tests read them: a grocer's
households (complete_journey) and a gift shop's invoice lines (online_retail). Every log becomes
the same table: customer, time in milliseconds, row (order of arrival), event, channel, content,
cents. Clocks without a zone are read as UTC.

retentioneering must find the transitions that DuckDB finds. Its funnel has no window and takes the
touchpoints of one moment in their order, so it is asked of the generated log with a moment for each
touchpoint, and compared with a funnel whose window is longer than all; and never for one event twice
in a row, which ClickHouse's funnel finds in one touchpoint.
"""
import csv
import gzip
import json
import os
import sys
import tempfile
from datetime import datetime, timezone

os.environ["RETENTIONEERING_NO_TRACK"] = "1"

import duckdb
import pandas
import pyarrow
import retentioneering
from chdb import session
from retentioneering.tools.transition_matrix import TransitionMatrix

MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def below(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % bound


def generated():
    """600 customers, steps of 0 to 3 s with every other touchpoint at the moment of the last."""
    random = SplitMix64(2026)
    rows = []
    for customer in range(600):
        time = 1_700_000_000_000
        for _ in range(1 + random.below(14)):
            time += random.below(2) * random.below(4) * 1000
            event = random.below(5)
            cents = random.below(5000) if event == 4 else 0
            rows.append((customer, time, f"e{event}", f"c{random.below(4)}", "", cents))
    return rows


def millis(text, form):
    return int(datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()) * 1000


def cents(text):
    return int(round(float(text) * 100))


def grocer(data):
    folder = f"{data}/complete_journey/derived"
    rows = []
    for r in csv.DictReader(gzip.open(f"{folder}/baskets.csv.gz", "rt")):
        time = millis(r["timestamp"], "%Y-%m-%d %H:%M:%S")
        rows.append((int(r["household_id"]), time, "Order Completed", "Shop", "",
                     cents(r["sales_value"])))
    starts = {r["campaign_id"]: millis(r["start_date"], "%Y-%m-%d")
              for r in csv.DictReader(open(f"{folder}/campaign_descriptions.csv"))}
    for r in csv.DictReader(open(f"{folder}/campaigns.csv")):
        rows.append((int(r["household_id"]), starts[r["campaign_id"]], "Message Sent", "Post",
                     r["campaign_id"], 0))
    for r in csv.DictReader(open(f"{folder}/coupon_redemptions.csv")):
        rows.append((int(r["household_id"]), millis(r["redemption_date"], "%Y-%m-%d"),
                     "Coupon Redeemed", "Shop", r["campaign_id"], 0))
    return rows


def gifts(data):
    rows = []
    for r in csv.DictReader(gzip.open(f"{data}/online_retail/online_retail.csv.gz", "rt")):
        if r["CustomerID"]:
            event = "Order Completed" if float(r["Quantity"]) > 0 else "Order Refunded"
            rows.append((int(r["CustomerID"]), millis(r["InvoiceDate"], "%Y-%m-%d %H:%M:%S"),
                         event, "Website", r["StockCode"], 0))
    return rows


duck = duckdb.connect()
click = session.Session()


def load(rows):
    global table
    columns = list(zip(*[(i + 1,) + r for i, r in enumerate(rows)]))
    names = ["row", "customer", "time", "event", "channel", "content", "cents"]
    table = pyarrow.table(dict(zip(names, columns)))
    duck.register("log", table)
    click.query("create database if not exists d engine = Atomic")
    click.query("drop table if exists d.log")
    click.query("create table d.log (customer UInt32, time UInt64, event String) "
                "engine = MergeTree order by (customer, time)")
    with tempfile.NamedTemporaryFile("w", newline="", suffix=".csv") as file:
        csv.writer(file).writerows((r[0], r[1], r[2]) for r in rows)
        file.flush()
        click.query(f"insert into d.log select * from file('{file.name}', 'CSV', "
                    "'customer UInt32, time UInt64, event String')")


def transitions(by, top=None):
    rows = duck.execute(f"""
        with steps as (
          select customer, {by} as name,
            lag({by}) over journey as before, lead({by}) over journey as after
          from log window journey as (partition by customer order by time, row)),
        pairs as (
          select coalesce(before, '(start)') as f, name as t from steps
          union all select name, '(end)' from steps where after is null)
        select f, t, count(*) as n from pairs group by f, t order by n desc, f, t""").fetchall()
    return {"by": by, "distinct": len(rows), "squares": sum(r[2] ** 2 for r in rows),
            "rows": [list(r) for r in (rows[:top] if top else rows)]}


def streamed(by):
    log = table.to_pandas().sort_values(["customer", "time", "row"])
    return retentioneering.Eventstream(pandas.DataFrame({
        "user_id": log["customer"], "event": log[by],
        "timestamp": pandas.to_datetime(log["time"], unit="ms")}))


def agreed(found):
    """Transitions, all of which retentioneering finds as often."""
    matrix = TransitionMatrix(streamed(found["by"])).fit("count")
    edges = {"path_start": "(start)", "path_end": "(end)"}
    theirs = {(edges.get(f, f), edges.get(t, t)): int(n)
              for f, row in matrix.iterrows() for t, n in row.items() if n}
    assert theirs == {(f, t): n for f, t, n in found["rows"]}, found["by"]
    return found


def stepwise(steps):
    customers = [s["unique_paths"] for s in streamed("event").funnel_data(steps)["steps"]]
    return {"steps": steps, "withinSeconds": 10 ** 8, "customers": customers}


def paths(by, until=None, top=20):
    cut = f"count(*) filter (event = '{until}') over (partition by customer order by time, row " \
          "rows between unbounded preceding and 1 preceding)" if until else "0"
    value = f"sum(cents) filter (event = '{until}')" if until else "sum(cents)"
    ended = f"max((event = '{until}')::int)" if until else "0"
    rows = duck.execute(f"""
        with pieces as (select customer, time, row, {by} as name, event, cents, {cut} as piece
                        from log),
        walked as (
          select customer, piece, list(name order by time, row) as path, {ended} as converted,
            coalesce({value}, 0) as cents
          from pieces group by customer, piece)
        select path, count(distinct customer) as customers, sum(converted) as conversions,
          sum(cents) as cents
        from walked group by path order by customers desc, path""").fetchall()
    return {"by": by, "until": until, "distinct": len(rows),
            "squares": sum(r[1] ** 2 for r in rows), "conversions": sum(int(r[2]) for r in rows),
            "rows": [[r[0], r[1], int(r[2]), int(r[3])] for r in rows[:top]]}


def funnel(steps, seconds):
    conditions = ", ".join(f"event = '{s}'" for s in steps)
    levels = json.loads(str(click.query(f"""
        select level, count() from (
          select windowFunnel({seconds * 1000})(time, {conditions}) as level
          from d.log group by customer)
        group by level""", "JSONCompact")))["data"]
    return {"steps": steps, "withinSeconds": seconds,
            "customers": [sum(int(n) for level, n in levels if int(level) > k)
                          for k in range(len(steps))]}


data = sys.argv[1]
results = {"engines": {
    "duckdb": duckdb.__version__, "retentioneering": retentioneering.__version__,
    "clickhouse": json.loads(str(click.query("select version()", "JSONCompact")))["data"][0][0]}}

load(generated())
results["generated"] = {
    "touchpoints": table.num_rows,
    "transitions": [agreed(transitions("event")), agreed(transitions("channel"))],
    "paths": [paths("channel"), paths("channel", "e4"), paths("event", "e4"), paths("event", "e0")],
    "funnels": [funnel(steps, seconds) for steps in (
        ["e0", "e1"], ["e1", "e0", "e1"], ["e0", "e0"], ["e2", "e2", "e2", "e3"],
        ["e0", "e1", "e2", "e3", "e4"], ["e3"], ["nothing", "e1"], ["e4", "e0", "e4", "e1", "e0"])
        for seconds in (0, 1, 3, 10, 3600)]}
load([(r[0], 1_700_000_000_000 + 1000 * k, *r[2:]) for k, r in enumerate(generated())])
results["apart"] = {
    "touchpoints": table.num_rows,
    "transitions": [agreed(transitions("event")), agreed(transitions("channel"))],
    "paths": [paths("event", "e4")],
    "funnels": [stepwise(steps) for steps in (
        ["e0", "e1"], ["e1", "e0", "e1"], ["e2", "e3", "e2", "e3"],
        ["e0", "e1", "e2", "e3", "e4"], ["e3"], ["e4", "e0", "e4", "e1", "e0"])]}
load(grocer(data))
results["grocer"] = {
    "touchpoints": table.num_rows,
    "transitions": [agreed(transitions("event")), agreed(transitions("channel"))],
    "paths": [paths("event", "Coupon Redeemed"), paths("channel"), paths("event", "Message Sent")],
    "funnels": [
        funnel(["Message Sent", "Coupon Redeemed"], 30 * 86400),
        funnel(["Message Sent", "Coupon Redeemed", "Order Completed"], 40 * 86400),
        funnel(["Order Completed", "Order Completed", "Message Sent"], 7 * 86400),
        funnel(["Order Completed", "Message Sent", "Order Completed", "Coupon Redeemed"], 864000)]}
load(gifts(data))
results["gifts"] = {
    "touchpoints": table.num_rows,
    "transitions": [agreed(transitions("event")), transitions("content", 200)],
    "paths": [paths("event", "Order Refunded"), paths("content", "Order Refunded")],
    "funnels": [funnel(["Order Completed", "Order Refunded"], 86400 * d) for d in (0, 1, 30, 400)]}
json.dump(results, sys.stdout, indent=None, separators=(",", ":"))
print()
