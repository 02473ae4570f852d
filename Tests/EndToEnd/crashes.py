"""Acknowledged means on the disk: through kill -9, overload and a stop by SIGTERM."""
import contextlib
import random
import signal
import sqlite3
import statistics
import threading
import time

from collector import Load, Server, check_nothing_lost, check_sound, expect


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
    expect(server.stop() == 0, "and stops well")
    print(
        f"       {done} kills while it acknowledged events and {early} while it started, in "
        f"{time.monotonic() - begun:.0f} s (seed {seed}); it starts in "
        f"{statistics.median(starts) * 1000:.0f} ms", flush=True)
    check_nothing_lost(folder, load, "kill -9")
    check_sound(server)


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
