#!/usr/bin/env python3
"""Delivers at the front door as the world does: with the clients that people have, through crashes,
on bad disks, and with bad manners.

    front_door.py [--program FILE] [--kills N] [--events N] [--seed N] [--only PART ...]

Runs the program of this checkout on data folders of its own, which are gone afterwards. Prints one
line a check. Exit codes: 0 all well, 1 something is wrong.
"""
import argparse
import collections
import errno
import json
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import crashes
import disk
import hostile
from collector import ROOT, Server, check_sound, database, expect, wrong

SENDERS = str(ROOT / "Tests/EndToEnd/clients/senders.py")
# Matomo's sites are numbers, and so are their keys here.
CLIENTS = {
    "segment": "segment-key", "rudderstack": "rudder-key", "customerio": "customerio-key",
    "posthog": "phc_posthog-key", "snowplow": "shop-app", "matomo": "17", "ga4": "ga4-secret",
    "cloudevents": "cloudevents-key"}
# Minutes that the clock of a client is ahead.
CLOCKS = {"segment": 90}


def clients(folder, events, seed):
    """Every client at once, while the server is stopped and killed under them."""
    faulty = disk.FaultyDisk(folder)
    server = Server(folder / "data", faulty.environment)
    with server:
        for client, key in CLIENTS.items():
            server.add_source(client, key)
    calm(server, folder, events)
    restless(server, faulty, folder, events, seed)
    check_sound(server)


def calm(server, folder, events):
    """One client after the other, so that each shows how long it takes."""
    with server:
        for client in CLIENTS:
            begun = time.monotonic()
            sender = send(server, client, events, folder / f"{client}.calm")
            code, said = sender.wait(timeout=120), sender.stderr.read()
            expect(
                code == 0, f"{client} delivered {events:,} events in "
                f"{time.monotonic() - begun:.1f} s {said[-400:]}")
    for client in CLIENTS:
        check_arrived(server, client, folder / f"{client}.calm")


def restless(server, faulty, folder, events, seed):
    """All at once; the server is stopped, killed, and its disk fails, at random moments."""
    chance = random.Random(seed)
    server.start()
    senders = {
        client: send(
            server, client, events, folder / f"{client}.restless", seconds=12, first=events)
        for client in CLIENTS}
    troubles = collections.Counter()
    until = time.monotonic() + 11
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.3, 1.2))
        trouble = ["stops", "kills", "failures of the disk"][troubles.total() % 3]
        troubles[trouble] += 1
        if trouble == "failures of the disk":
            faulty.give(errno.EIO)
            time.sleep(chance.uniform(0.1, 0.5))
            faulty.give(0)
            continue
        if trouble == "stops":
            code = server.stop()
            if code != 0:
                expect(False, f"SIGTERM ends with 0, not {code}")
        else:
            server.kill()
        time.sleep(chance.uniform(0, 0.3))
        server.start()
    told = ", ".join(f"{count} {trouble}" for trouble, count in sorted(troubles.items()))
    for client, sender in senders.items():
        code, said = sender.wait(timeout=180), sender.stderr.read()
        expect(
            code == 0, f"{client} delivered all through {told} {said[-400:]}")
    expect(server.stop() == 0, "the server stops well")
    for client in CLIENTS:
        check_arrived(server, client, folder / f"{client}.restless")


def send(server, client, events, ledger, seconds=0, first=0):
    return subprocess.Popen(
        [sys.executable, SENDERS, client, server.address, CLIENTS[client], str(events), str(ledger),
         "--seconds", str(seconds), "--first", str(first),
         "--clock-ahead", str(CLOCKS.get(client, 0))],
        stderr=subprocess.PIPE, text=True)


def check_arrived(server, client, ledger):
    """Every event of the ledger is stored once, with its customer, name, moment and value."""
    expected = {}
    for line in ledger.read_text().splitlines():
        one = json.loads(line)
        expected[one["mark"]] = one
    with database(server.folder) as db:
        stored = read_stored(db, client)
        rejected = db.execute(
            "SELECT reason, count(*) FROM rejected_event WHERE source = ? GROUP BY reason",
            (client,)).fetchall()
    faults = collections.Counter()
    example = {}
    for mark, one in expected.items():
        rows = stored.get(mark, [])
        for fault in faults_of(one, rows):
            faults[fault] += 1
            example.setdefault(fault, (one, rows[:2]))
    expect(
        not faults and not rejected,
        f"{client}: {len(expected):,} events are there once, with customer, name, time and value"
        + (f": {dict(faults)} {example} rejected: {rejected}" if faults or rejected else ""))


def faults_of(expected, rows):
    if len(rows) != 1:
        yield "missing" if not rows else "twice"
        return
    row = rows[0]
    if row["kind"] != expected["kind"]:
        yield f"a {row['kind']} and no {expected['kind']}"
    if expected["customer"] not in row["customers"]:
        yield "wrong customer"
    if expected["event"] and row["event"] != expected["event"]:
        yield f"the name {row['event']} and not {expected['event']}"
    if abs(row["time"] - expected["at"]) > expected["within"]:
        yield "wrong time"
    if expected["value"] is not None and row["value"] != (expected["value"], "EUR"):
        yield f"the value {row['value']}"


def read_stored(db, client):
    """By the mark that it carries in whatever place, what is stored of a client."""
    mark = re.compile(rf"{client}-\d{{6}}(?:-later)?")
    stored = collections.defaultdict(list)

    def add(text, row):
        for one in set(mark.findall(text)):
            stored[one].append(row)

    for customer, at, event, content, value, currency, properties, message in db.execute(
            "SELECT identity, time_ms, event, content, value_minor_units, currency, properties, "
            "message_id FROM v_touchpoint WHERE source = ?", (client,)):
        add(f"{content} {properties} {message}", {
            "kind": "touchpoint", "customers": [customer], "time": at, "event": event,
            "value": (value, currency)})
    links = collections.defaultdict(list)
    for customer, other, message in db.execute(
            "SELECT customer, other, message_id FROM v_identity_link WHERE source = ?", (client,)):
        links[message] += [customer, other]
    for customer, at, traits, account, account_traits, message in db.execute(
            "SELECT c.key, p.occurred, p.traits, p.account, p.account_traits, p.message_id "
            "FROM profile_change p JOIN identity c ON c.id = p.customer "
            "JOIN name s ON s.id = p.source WHERE s.text = ?", (client,)):
        said = f"{traits} {account} {account_traits}"
        is_alias = not mark.search(said)
        add(" ".join(links[message]) if is_alias else said, {
            "kind": "alias" if is_alias else "profile", "customers": [customer, *links[message]],
            "time": at, "event": None, "value": None})
    return stored


def main():
    parts = {
        "clients": lambda folder: clients(folder, options.events, options.seed),
        "kills": lambda folder: crashes.kills(folder, options.kills, options.seed),
        "stops": lambda folder: crashes.stop_under_load(folder, options.seed),
        "overload": lambda folder: crashes.overload(folder, options.seed),
        "full disk": lambda folder: disk.full(folder, options.seed),
        "failing disk": lambda folder: disk.failing(folder, options.seed),
        "lock": lambda folder: disk.locked(folder, options.seed),
        "hostile": lambda folder: hostile.hostile(folder, 30),
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", help="the program, when it is not the release build")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--events", type=int, default=1000, help="of each client, each time")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    options = parser.parse_args()
    if options.program:
        Server.program = str(pathlib.Path(options.program).resolve())
    else:
        subprocess.run([ROOT / "klantreis", "--version"], check=True, stdout=subprocess.DEVNULL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    begun = time.monotonic()
    for part in options.only:
        print(f"-- {part} (seed {options.seed})", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            parts[part](pathlib.Path(folder))
        print(f"   {part} took {time.monotonic() - started:.0f} s", flush=True)
    print(
        f"front door, {time.monotonic() - begun:.0f} s:",
        "all well" if not wrong else f"{len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
