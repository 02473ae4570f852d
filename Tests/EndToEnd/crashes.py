"""Acknowledged means on the disk: through kill -9, overload and a stop by SIGTERM."""
import contextlib
import random
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import threading
import time

from collector import Load, Server, check_nothing_lost, check_sound, database, expect

# Segments that customers enter by touchpoints and never leave, with their members by SQL; and one that
# they leave and enter as time passes.
SEGMENTS = {"Seen": 'ever(event is "Product Viewed")', "Often": "count(true) >= 3"}
MEMBERS = {
    "Seen": "SELECT customer FROM touchpoint GROUP BY customer",
    "Often": "SELECT customer FROM touchpoint GROUP BY customer HAVING count(*) >= 3"}
QUIET = {"Quiet": "since(last true) > 20s"}


@contextlib.contextmanager
def under_load(load, senders):
    threads = [threading.Thread(target=load.run, args=[i], daemon=True) for i in range(senders)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.running = False
        for thread in threads:
            thread.join(timeout=60)
    expect(not any(thread.is_alive() for thread in threads), "every sender got its last answer")


def kills(folder, count, seed):
    """Start, load, kill, and again. Also while it starts, when it recovers from the kill before."""
    server = Server(folder)
    with server:
        server.add_source("crash", "crash-key")
        for name, rule in (SEGMENTS | QUIET).items():
            subprocess.run(
                [server.program, "segments", "add", name, rule, "--data", str(server.folder)],
                check=True, capture_output=True, env=server.environment)
        expect(
            server.wait_for(lambda: "segment:Quiet" in standings(server.folder)),
            "the segments are watched")
    chance = random.Random(seed)
    load = Load(server, "crash-key", seed)
    starts, done, early = [], 0, 0
    begun = time.monotonic()
    with under_load(load, 4):
        while done < count:
            if chance.random() < 0.1:
                server.spawn()
                time.sleep(chance.uniform(0, 0.1))
                early += 1
            else:
                started = time.monotonic()
                server.start()
                starts.append(time.monotonic() - started)
                before = len(load.acknowledged)
                if not server.wait_for(lambda: len(load.acknowledged) > before, 20):
                    expect(False, f"it takes events after {done + early} kills")
                    break
                time.sleep(chance.uniform(0, 0.25))
                done += 1
            server.kill()
        server.start()
        before = len(load.acknowledged)
        expect(
            server.wait_for(lambda: len(load.acknowledged) > before + 100),
            "it takes events after the last kill")
    expect(
        server.wait_for(lambda: has_looked(server.folder), 30),
        "after the last kill all touchpoints were looked at by those who watch")
    expect(server.stop() == 0, "and stops well")
    print(
        f"       {done} kills while it acknowledged events and {early} while it started, in "
        f"{time.monotonic() - begun:.0f} s (seed {seed}); it starts in "
        f"{statistics.median(starts) * 1000:.0f} ms", flush=True)
    check_nothing_lost(folder, load, "kill -9")
    check_changes(folder)
    check_sound(server)


def standings(folder):
    with database(folder) as db:
        return {subject for subject, in db.execute("SELECT subject FROM standing")}


def has_looked(folder):
    with database(folder) as db:
        return db.execute(
            "SELECT touchpoint = (SELECT max(id) FROM touchpoint) FROM watch").fetchone() == (1,)


def check_changes(folder):
    """Who entered or left a phase or a segment was noted once: each change begins where the one
    before it ended, and the last one is where the customer is."""
    last, entered, broken, first, count = {}, {}, 0, 1, 0
    with database(folder) as db:
        looks = db.execute(
            "SELECT last - count + 1, count, subject, moves FROM standing_moves ORDER BY last")
        for number, moved, subject, moves in looks:
            broken += number != first
            first = number + moved
            count += moved
            for customer, _, before, after in struct.iter_unpack("<IqBB", moves):
                broken += last.get((subject, customer), 0) != before
                last[subject, customer] = after
                entered[subject, customer] = entered.get((subject, customer), 0) + (after != 0)
        everybody = {customer for customer, in db.execute("SELECT customer FROM touchpoint")}
        members = {
            name: {customer for customer, in db.execute(sql)} for name, sql in MEMBERS.items()}
        models = {
            subject for subject, in db.execute(
                "SELECT subject FROM standing WHERE subject LIKE 'model:%'")}
    expect(
        count > 0 and not broken,
        f"kill -9: {count:,} changes of phases and segments, {broken} of them lost or noted twice")
    for name, expected in members.items():
        found = {
            customer for (subject, customer), state in last.items()
            if subject == f"segment:{name}" and state}
        once = all(entered["segment:" + name, customer] == 1 for customer in found)
        expect(
            found == expected and once,
            f"kill -9: {len(found):,} customers entered the segment {name}, each once")
    nowhere = {
        (model, customer) for model in models for customer in everybody
        if not last.get((model, customer))}
    expect(models and not nowhere, f"kill -9: all are in a phase of each of {len(models)} models")
    other = [
        (subject, customer) for subject, states in fresh_look(folder).items()
        for customer in everybody
        if last.get((subject, customer), 0) != (states[customer] if customer < len(states) else 0)]
    expect(
        not other,
        f"kill -9: who looks for the first time finds each where the last change put them, save "
        f"{len(other)}")


def fresh_look(folder):
    """By subject the states of all customers, as a server says them that has never looked before. Not
    of what time alone changes."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(folder, f"{scratch}/copy")
        with contextlib.closing(sqlite3.connect(f"{copy}/klantreis.sqlite")) as db, db:
            for table in ("standing", "standing_moves", "watch"):
                db.execute(f"DELETE FROM {table}")
        with Server(copy) as server:
            expect(
                server.wait_for(lambda: standings(copy) and has_looked(copy), 30),
                "a server looks for the first time at what the others left")
        with database(copy) as db:
            timed = {f"segment:{name}" for name in QUIET}
            found = db.execute("SELECT subject, states FROM standing").fetchall()
            return {subject: states for subject, states in found if subject not in timed}


def stop_under_load(folder, seed):
    """SIGTERM, and again before the end, while somebody watches live: what was under way is
    answered, the rest refused at the door."""
    server = Server(folder)
    with server:
        server.add_source("stop", "stop-key")
    load = Load(server, "stop-key", seed)
    slowest = 0
    with under_load(load, 8):
        for _ in range(5):
            server.start()
            before = len(load.acknowledged)
            server.wait_for(lambda: len(load.acknowledged) > before + 500)
            watcher = server.connect(timeout=30)
            watcher.socket.sendall(
                b"GET /sources/stop/live HTTP/1.1\r\nHost: localhost\r\n"
                + server.token().encode() + b"\r\n\r\n")
            expect(b"200" in watcher.reader.readline(), "the live stream begins")
            asked = time.monotonic()
            server.process.send_signal(signal.SIGINT)
            code = server.stop()
            watcher.close()
            slowest = max(slowest, time.monotonic() - asked)
            if code != 0:
                expect(False, f"SIGTERM under load ends with 0, not {code}")
    expect(slowest < 10, f"five stops under load, the slowest took {slowest:.2f} s")
    stored = check_nothing_lost(folder, load, "SIGTERM")
    unanswered = stored.keys() - set(load.acknowledged)
    expect(not unanswered, f"SIGTERM: {len(unanswered)} events were stored and not answered for")


def overload(folder, seed):
    """More than may wait, while another program holds the disk's attention: who is over the limit
    is told to come again, and what was taken in is there."""
    server = Server(folder)
    with server:
        server.add_source("flood", "flood-key")
        before, _ = server.memory
        # More than the 100,000 events that may wait, however the sizes fall.
        load = Load(server, "flood-key", seed, smallest=1000, largest=2000)
        other = sqlite3.connect(server.folder / "klantreis.sqlite", timeout=30)
        other.execute("BEGIN EXCLUSIVE")
        with under_load(load, 120):
            told = server.wait_for(lambda: load.statuses.get(429), 20)
            asked = time.monotonic()
            status, _, _ = server.exchange("GET", "/health", timeout=30)
            taken = time.monotonic() - asked
            other.rollback()
            other.close()
            server.wait_for(lambda: len(load.acknowledged) > 100_000, 20)
        expect(told, "when too much waits, 429 with Retry-After")
        expect(status == 200, f"/health answers meanwhile, in {taken * 1000:.0f} ms")
        expect(
            set(load.statuses) <= {200, 429, 503} and load.acknowledged,
            f"the flood is answered with {load.statuses}")
        now, most = server.memory
        expect(
            most - before < 1024,
            f"the flood takes {most - before} MB of memory at the most, {now - before} MB after it")
    check_nothing_lost(folder, load, "overload")
