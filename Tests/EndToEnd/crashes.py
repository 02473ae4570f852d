"""Acknowledged means on the disk: through kill -9, overload and a stop by SIGTERM."""
import contextlib
import random
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
    starts, busy = [], 0
    begun = time.monotonic()
    with under_load(load, 4):
        for _ in range(count):
            before = len(load.acknowledged)
            if chance.random() < 0.1:
                server.spawn()
                time.sleep(chance.uniform(0, 0.08))
            else:
                started = time.monotonic()
                server.start()
                starts.append(time.monotonic() - started)
                time.sleep(chance.uniform(0, 0.4))
            server.kill()
            busy += len(load.acknowledged) > before
        server.start()
        before = len(load.acknowledged)
        expect(
            server.wait_for(lambda: len(load.acknowledged) > before + 100),
            "it takes events after the last kill")
    expect(server.stop() == 0, "and stops well")
    expect(
        busy > count * 0.7,
        f"{count} kills in {time.monotonic() - begun:.0f} s (seed {seed}), {busy} of them after "
        f"it acknowledged events; it starts in {statistics.median(starts) * 1000:.0f} ms")
    check_nothing_lost(folder, load, "kill -9")
    check_sound(server)


def stop_under_load(folder, seed):
    """SIGTERM: what was under way is answered, the rest refused at the door."""
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
            asked = time.monotonic()
            code = server.stop()
            slowest = max(slowest, time.monotonic() - asked)
            if code != 0:
                expect(False, f"SIGTERM under load ends with 0, not {code}")
    expect(slowest < 10, f"five stops under load, the slowest took {slowest:.2f} s")
    stored = check_nothing_lost(folder, load, "SIGTERM")
    unanswered = stored.keys() - set(load.acknowledged)
    expect(not unanswered, f"SIGTERM: {len(unanswered)} events were stored and not answered for")


def overload(folder, seed):
    """Far more than the disk takes: told to come again, and what was taken is there."""
    server = Server(folder)
    with server:
        server.add_source("flood", "flood-key")
        load = Load(server, "flood-key", seed, largest=2000)
        with under_load(load, 150):
            time.sleep(6)
            slow = time.monotonic()
            status, _, _ = server.exchange("GET", "/health")
            slow = time.monotonic() - slow
        expect(status == 200 and slow < 2, f"/health answers under the flood in {slow:.2f} s")
        expect(
            set(load.statuses) <= {200, 429, 503},
            f"the flood is answered by {load.statuses} and Retry-After")
        now, most = server.memory
        expect(most < 1500, f"the flood takes {most} MB of memory at most, {now} MB after it")
    check_nothing_lost(folder, load, "overload")
