#!/usr/bin/env python3
"""The benchmark's questions, asked to DuckDB and ClickHouse on the same journeys.

usage: peers.py FOLDER THREADS      needs numpy, pyarrow, duckdb, chdb
FOLDER holds a file of raw numbers a column. Each engine holds the journeys sorted by customer and
time, its best layout, on disk as it would. Prints a JSON line a question, the median of three runs
after one to warm up; the answers show that the question was the same.
"""
import json
import statistics
import sys
import tempfile
import time

import duckdb
import numpy
import pyarrow
import pyarrow.parquet
from chdb import session

folder, threads = sys.argv[1], int(sys.argv[2])
types = {"customer": "<u4", "time": "<i8", "channel": "u1", "event": "u1"}
columns = {name: numpy.fromfile(f"{folder}/{name}", kind) for name, kind in types.items()}
pyarrow.parquet.write_table(pyarrow.table(columns), f"{folder}/log.parquet")
WINDOW = 30 * 86400


def report(engine, question, ask):
    times = []
    for _ in range(4):
        start = time.perf_counter()
        answer = ask()
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"engine": engine, "question": question,
                      "milliseconds": statistics.median(times[1:]), "answer": answer}), flush=True)


with tempfile.TemporaryDirectory() as scratch:
    duck = duckdb.connect(f"{scratch}/log.duckdb")
    duck.execute(f"set threads = {threads}")
    duck.execute(f"create table log as from '{folder}/log.parquet' order by customer, time")

    def ask(sql):
        return [list(row) for row in duck.execute(sql).fetchall()]

    report("duckdb", "transitions", lambda: ask("""
        select n from (
          select p, channel, count(*) as n from (
            select channel, lag(channel) over (partition by customer order by time) as p from log)
          where p is not null group by all)
        order by n desc limit 5"""))
    report("duckdb", "paths", lambda: ask("""
        select len(p), n from (
          select p, count(*) as n from (
            select list(channel order by time) as p from log group by customer) group by p)
        order by n desc, p limit 5"""))
    duck.close()

    click = session.Session(f"{scratch}/click")
    click.query("create database d engine = Atomic")
    click.query("create table d.log (customer UInt32, time DateTime, channel UInt8, event UInt8) "
                "engine = MergeTree order by (customer, time)")
    click.query("insert into d.log select customer, toDateTime(time), channel, event "
                f"from file('{folder}/log.parquet')")
    click.query("optimize table d.log final")

    def ask_click(sql):
        rows = json.loads(str(click.query(f"{sql} settings max_threads = {threads}",
                                          "JSONCompact")))["data"]
        return [[int(cell) for cell in row] for row in rows]

    def funnel():
        levels = ask_click(f"""
            select level, count() from (
              select windowFunnel({WINDOW})(time, event = 0, event = 1, event = 2, event = 3)
                as level from d.log group by customer) group by level""")
        return [[sum(n for level, n in levels if level > k) for k in range(4)]]

    report("clickhouse", "funnel", funnel)
    report("clickhouse", "transitions", lambda: ask_click("""
        select n from (
          select p, channel, count() as n from (
            select channel, lagInFrame(channel, 1, 99) over (partition by customer order by time)
              as p from d.log)
          where p != 99 group by p, channel)
        order by n desc limit 5"""))
    report("clickhouse", "paths", lambda: ask_click("""
        select length(p), n from (
          select p, count() as n from (
            select arrayMap(y -> y.2, arraySort(groupArray((time, channel)))) as p
            from d.log group by customer) group by p)
        order by n desc, p limit 5"""))
