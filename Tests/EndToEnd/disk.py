"""A disk that is full, read-only, failing or locked: 503 until it is well, then on without
restart."""
import errno
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

from collector import ROOT, Load, Server, check_nothing_lost, check_sound, expect, keyed, track
from crashes import under_load

KEY = "disk-key"


def say(server):
    """What a probing event, /ready and /health are answered with now."""
    number = f"probe-{time.monotonic_ns()}"
    status, headers, _ = server.exchange(
        "POST", "/v1/track", json.dumps(track(number)).encode(), keyed(KEY), timeout=60)
    ready, _, _ = server.exchange("GET", "/ready")
    health, _, _ = server.exchange("GET", "/health")
    return status, "retry-after" in headers, ready, health


def check_trouble(server, load, what, spoil, mend, seconds=10):
    """One trouble, under load, and the end of it."""
    before = len(load.acknowledged)
    server.wait_for(lambda: len(load.acknowledged) > before + 200)
    spoil()
    seen = server.wait_for(
        lambda: (answer := say(server))[0] != 200 and answer, seconds)
    ready = server.wait_for(lambda: say(server)[2] == 503)
    expect(
        seen and seen[:2] == (503, True) and ready and seen[3] == 200,
        f"{what}: events get 503 with Retry-After, /ready 503, /health 200 ({seen})")
    time.sleep(0.5)
    mend()
    mended = time.monotonic()
    before = len(load.acknowledged)
    well = server.wait_for(
        lambda: say(server)[::2] == (200, 200) and len(load.acknowledged) > before + 200, 30)
    expect(
        well, f"{what}: when it is over events are taken in again, after "
        f"{time.monotonic() - mended:.1f} s and without restart")


def full(folder, seed):
    """A small disk of its own that really fills up."""
    folder = pathlib.Path(folder) / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        print("  --   a disk that is full: left out, for mounting one needs root", flush=True)
        return
    try:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(8 << 20))
        server = Server(folder / "data")
        with server:
            server.add_source("disk", KEY)
            load = Load(server, KEY, seed, size=600)
            with under_load(load, 2):
                check_trouble(
                    server, load, "a disk that is full", lambda: None, ballast.unlink, seconds=60)
        check_nothing_lost(server.folder, load, "a disk that is full")
        check_sound(server)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class FaultyDisk:
    """Errors that the disk gives on command, by a library between the program and the system."""

    def __init__(self, folder):
        self.order = pathlib.Path(folder) / "order"
        self.give(0)
        self.library = pathlib.Path(folder) / "faulty_disk.so"
        compiler = shutil.which("clang") or shutil.which("cc")
        self.works = compiler is not None
        if self.works:
            subprocess.run(
                [compiler, "-shared", "-fPIC", "-O1", "-o", str(self.library),
                 str(ROOT / "Tests/EndToEnd/faulty_disk.c"), "-ldl"], check=True)

    @property
    def environment(self):
        """For a server that is to have this disk."""
        if not self.works:
            return {}
        return {"LD_PRELOAD": str(self.library), "FAULTY_DISK": str(self.order)}

    def give(self, number):
        """From now on the error of this number; 0 is none, and a negative one is for syncs only."""
        # By another name first, so that it is never read half.
        draft = self.order.with_suffix(".draft")
        draft.write_text(str(number))
        os.replace(draft, self.order)


def failing(folder, seed):
    """Every kind of error that a disk may give."""
    faulty = FaultyDisk(folder)
    if not faulty.works:
        print("  --   a disk that fails: left out, for there is no C compiler", flush=True)
        return
    server = Server(pathlib.Path(folder) / "data", faulty.environment)
    with server:
        server.add_source("disk", KEY)
        load = Load(server, KEY, seed)
        load.may_store_refused = True
        with under_load(load, 2):
            for what, number in [
                ("a disk that turned read-only", errno.EROFS),
                ("a disk that gives errors", errno.EIO),
                ("a quota that is used up", errno.EDQUOT),
                ("a disk that does not sync", -errno.EIO),
            ]:
                check_trouble(
                    server, load, what, lambda: faulty.give(number), lambda: faulty.give(0))
    check_nothing_lost(server.folder, load, "a disk that fails")
    check_sound(server)


def locked(folder, seed):
    """Another program holds the database for some seconds."""
    server = Server(folder)
    with server:
        server.add_source("disk", KEY)
        load = Load(server, KEY, seed)
        with under_load(load, 2):
            before = len(load.acknowledged)
            server.wait_for(lambda: len(load.acknowledged) > before + 200)
            other = sqlite3.connect(server.folder / "klantreis.sqlite", timeout=30)
            other.execute("BEGIN EXCLUSIVE")
            held = len(load.acknowledged)
            time.sleep(3)
            health, _, _ = server.exchange("GET", "/health")
            during = len(load.acknowledged) - held
            other.rollback()
            other.close()
            before = len(load.acknowledged)
            well = server.wait_for(lambda: len(load.acknowledged) > before + 200)
        expect(
            health == 200 and during <= 100 and well,
            f"a database locked for 3 s: {during} events acknowledged meanwhile, /health "
            f"{health}, and on when it is free ({load.statuses})")
    check_nothing_lost(folder, load, "a locked database")
