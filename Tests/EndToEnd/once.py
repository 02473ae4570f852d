#!/usr/bin/env python3
"""Runs plays for many customers against an SMTP server on loopback that fails, stalls, drops and lies,
while the program is killed at random and the clock jumps over the changes of summer time. Then every
mail that arrived is held against what was allowed at its moment, and every message must say why it
stands where it stands.

    once.py [--program PATH] [--customers N] [--kills N] [--seed N] [--keep FOLDER]

The short form, without arguments, takes less than three minutes. The full one is
`--customers 100000 --kills 200 --pause 12`. Exit codes: 0 all well, 1 something is wrong.
"""
import argparse
import collections
import datetime
import json
import mmap
import multiprocessing
import os
import pathlib
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zoneinfo

from collector import ROOT, Server, expect, free_port, iso, keyed, wrong

AMSTERDAM = zoneinfo.ZoneInfo("Europe/Amsterdam")
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
KEY = "once-key"
HOUR, DAY = 3_600, 86_400
# What was asked for while a mail was already on its way cannot stop it: so long a talk may have begun
# after the answer was given.
UNDER_WAY = 2.0

PLAYS = {
    "basket": """
id: basket
name: Basket
about: Tries basket.
cell: engagement/do
purpose: marketing
priority: 70
enter: {event: event is "Product Added", key: cart_id}
again: never
exit:
  - {event: event is "Order Completed", because: bought}
steps:
  - wait: 1h
  - {id: hour, message: note}
  - wait: 23h
  - {id: day, message: note}
""",
    "hello": """
id: hello
name: Hello
about: Tries hello.
cell: foundation/think
purpose: marketing
priority: 40
enter: {event: event is "Signed Up"}
again: never
holdout: 10%
steps:
  - {id: now, message: note}
  - wait: 12h
  - wait until: "10:00"
  - {id: morning, message: note}
""",
    "thanks": """
id: thanks
name: Thanks
about: Tries thanks.
cell: foundation/care
purpose: service
priority: 90
enter: {event: event is "Order Completed", key: order_id}
again: never
steps:
  - {id: thanks, message: note}
""",
}
STEPS = {"basket": ["hour", "day"], "hello": ["now", "morning"], "thanks": ["thanks"]}
NOTE = """
id: note
name: Note
email:
  en:
    subject: "A note for {{firstName}}"
    blocks:
      - text: "Hello {{firstName}}, {{play}} {{#key}}{{key}}{{/key}}"
"""


class Clock:
    """What the program takes for the time of day. A file that all share holds how far it is off."""

    def __init__(self, path):
        path = pathlib.Path(path)
        if not path.exists():
            path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 8)
        self.jumps = []

    @property
    def offset(self):
        return struct.unpack("q", self.page[:8])[0] / 1e9

    def now(self):
        return time.time() + self.offset

    def set(self, moment):
        before = self.now()
        self.page[:8] = struct.pack("q", int((moment - time.time()) * 1e9))
        self.jumps.append((time.time(), before, moment))

    def turn(self, seconds):
        self.set(self.now() + seconds)


# MARK: A mail server that is not to be trusted


def post_office(port, clock_path, records, seed, long_stalls):
    """Takes mails in a process of its own, and writes down each that it keeps or promised to keep."""
    import asyncio

    from aiosmtpd.smtp import SMTP

    clock, chance = Clock(clock_path), random.Random(seed)
    book = open(records, "a", buffering=1)
    number = re.compile(rb"^Message-ID: *<m(\d+)\.", re.I | re.M)
    leave = re.compile(rb"^List-Unsubscribe: *<([^>]+)>", re.I | re.M)
    stalls = [long_stalls]

    def write(**what):
        book.write(json.dumps(what) + "\n")

    class Handler:
        async def handle_MAIL(self, server, session, envelope, address, options):
            session.began = (time.time(), clock.now())
            luck = chance.random()
            if luck < 0.004:
                server.transport.abort()
                return "250 OK"
            if luck < 0.010:
                return "421 4.3.2 going down"
            envelope.mail_from = address
            return "250 OK"

        async def handle_RCPT(self, server, session, envelope, address, options):
            if address.startswith("gone"):
                write(refused=address)
                return "550 5.1.1 no such user"
            luck = chance.random()
            if luck < 0.010:
                return "450 4.2.0 come again"
            if luck < 0.013:
                server.transport.abort()
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            head = envelope.content.replace(b"\r\n\t", b"").replace(b"\r\n ", b"")[:6000]
            found = number.search(head)
            way = leave.search(head)
            luck = chance.random()
            if luck < 0.010:
                return "451 4.3.0 not now"
            if luck < 0.014:
                write(turned=int(found[1]) if found else 0)
                return "554 5.7.1 not that"
            if luck < 0.020:
                # Never kept, and never said so.
                server.transport.abort()
                return "250 never heard"
            kept = {
                "id": int(found[1]) if found else None, "to": envelope.rcpt_tos[0],
                "real": session.began[0], "at": session.began[1],
                "leave": way[1].decode() if way else None}
            if luck < 0.030:
                # A promise that is not kept counts like one that is: nobody may send again.
                write(**kept, said="forgotten")
                return "250 2.0.0 queued"
            if luck < 0.038:
                write(**kept, said="nothing")
                server.transport.abort()
                return "250 never heard"
            if luck < 0.041:
                write(**kept, said="nonsense")
                return "hm"
            if luck < 0.048:
                write(**kept, said="late")
                await asyncio.sleep(chance.uniform(0.3, 2))
                return "250 2.0.0 queued"
            if stalls[0] > 0 and luck < 0.060:
                stalls[0] -= 1
                write(**kept, said="too late")
                await asyncio.sleep(90)
                return "250 2.0.0 queued"
            write(**kept, said="queued")
            return "250 2.0.0 queued"

    async def run():
        await asyncio.get_running_loop().create_server(
            lambda: SMTP(Handler(), hostname="127.0.0.1", enable_SMTPUTF8=True), "127.0.0.1", port)
        write(listening=port)
        await asyncio.Event().wait()

    asyncio.run(run())


class Records:
    """What the mail server wrote, read as it grows."""

    def __init__(self, path):
        self.path, self.file, self.all = path, None, []

    def news(self):
        if self.file is None:
            if not os.path.exists(self.path):
                return []
            self.file = open(self.path)
        new = []
        while True:
            place = self.file.tell()
            line = self.file.readline()
            if not line.endswith("\n"):
                self.file.seek(place)
                break
            new.append(json.loads(line))
        self.all += new
        return new


# MARK: The program


class TurnedServer(Server):
    def spawn(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", str(self.folder), "--port", str(self.port),
             "--allow-host", "collector"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=self.environment)


class World:
    def __init__(self, folder, given):
        self.folder, self.given = pathlib.Path(folder), given
        self.chance = random.Random(given.seed)
        self.data = self.folder / "data"
        library = self.folder / "turned_clock.so"
        subprocess.run(
            [shutil.which("clang") or shutil.which("cc"), "-shared", "-fPIC", "-O2", "-o", library,
             ROOT / "Tests/EndToEnd/turned_clock.c", "-ldl"], check=True)
        self.clock = Clock(self.folder / "clock")
        self.environment = {
            "LD_PRELOAD": str(library), "TURNED_CLOCK": str(self.folder / "clock")}
        self.server = TurnedServer(self.data, self.environment)
        self.server.log = open(self.folder / "log", "a")
        self.records = Records(self.folder / "mails")
        self.kills, self.killing, self.starts = 0, False, []
        # What ended a thread of ours; all others end by it.
        self.failure = None
        # What was acknowledged, by customer: lists of (real, clock) moments.
        self.entries = collections.defaultdict(list)
        self.bought = collections.defaultdict(list)
        self.left = {}
        self.erased = {}
        self.sent = 0

    # Who is who follows from the number.
    @staticmethod
    def agrees(number):
        return number % 20 != 3

    @staticmethod
    def address(number):
        return f"{'gone' if number % 100 == 7 else 'c'}{number}@d{number % 50}.example"

    @staticmethod
    def zone(number):
        return NEW_YORK if number % 10 == 4 else AMSTERDAM

    def klantreis(self, *arguments, text=None):
        done = subprocess.run(
            [self.server.program, *arguments, "--data", str(self.data)], capture_output=True,
            text=True, input=text, env=self.server.environment)
        if done.returncode:
            raise SystemExit(f"{arguments}: {done.stdout} {done.stderr}")
        return done.stdout

    def set_up(self):
        mapping = self.folder / "shop.yaml"
        mapping.write_text("key: secret\n")
        self.klantreis("sources", "add", "shop", "--key", KEY, "--mapping", str(mapping))
        self.office_port = free_port()
        for name, value in {
            "server": f"127.0.0.1:{self.office_port}", "security": "none", "name": "Shop",
            "from": "info@shop.example", "company": "Shop", "url": "https://stats.example",
            "per-domain": "100000", "connections": "4" if self.given.customers < 50_000 else "16",
        }.items():
            self.klantreis("mail", "set", name, value)
        self.klantreis("mail", "key")
        self.klantreis("settings", "proxies", "1")
        (self.data / "content").mkdir()
        (self.data / "content/note.yaml").write_text(NOTE)
        for name, text in PLAYS.items():
            file = self.folder / f"{name}.yaml"
            file.write_text(text)
            self.klantreis("play", "add", str(file))
            self.klantreis("play", "on", name, "--yes")
        self.office = multiprocessing.Process(
            target=post_office, daemon=True,
            args=(self.office_port, self.folder / "clock", self.folder / "mails", self.given.seed,
                  1 if self.given.customers < 50_000 else 6))
        self.office.start()
        if not self.server.wait_for(self.records.news):
            raise SystemExit("the mail server did not start")

    def start(self):
        """Whatever a kill left, it starts, and says when it took long."""
        began = time.monotonic()
        self.server.start()
        self.starts.append(time.monotonic() - began)

    def guarded(self, work):
        try:
            work()
        except BaseException as error:
            self.failure = self.failure or error
            raise

    def check(self):
        if self.failure:
            raise SystemExit(f"a thread ended: {self.failure}")

    def kill_at_random(self):
        chance = random.Random(self.given.seed + 1)
        while True:
            # To the end, but seldom: else what a kill leaves under way is never over.
            pause = self.given.pause * (1 if self.kills < self.given.kills else 10)
            wait = time.monotonic() + chance.uniform(0.05, pause)
            while time.monotonic() < wait and self.killing:
                time.sleep(0.02)
            if not self.killing:
                return
            self.server.kill()
            self.kills += 1
            self.start()

    # Requests, until they are answered.

    def ask(self, method, path, body, headers, good=(200,)):
        """The moments before which it was certainly taken."""
        while True:
            self.check()
            try:
                with self.server.connect(timeout=60) as connection:
                    status, _, _ = connection.exchange(method, path, body, headers)
            except OSError:
                time.sleep(0.02)
                continue
            if status in good:
                return time.time(), self.clock.now()
            if status not in (429, 503):
                raise SystemExit(f"{method} {path[:30]}: {status}")
            time.sleep(0.2)

    def post(self, events):
        return self.ask(
            "POST", "/v1/batch", json.dumps({"batch": events}).encode(), keyed(KEY))

    def event(self, number, event, tag, **properties):
        return {
            "type": "track", "event": event, "messageId": f"{tag}-{number}", "userId": f"u{number}",
            "timestamp": iso(self.clock.now()), "properties": properties}

    def arrive(self, numbers, tag, basket, sign_up):
        """Customers come, say who they are, and do what plays wait for."""
        numbers = list(numbers)

        def some(chunk):
            events = []
            for number in chunk:
                traits = {"email": self.address(number), "firstName": f"Name{number}"}
                # Said once: a yes that came again would be a new one.
                if tag == "a" and self.agrees(number):
                    traits["consent"] = {"email": {"marketing": "yes"}}
                if self.zone(number) is NEW_YORK:
                    traits["timezone"] = "America/New_York"
                events.append({
                    "type": "identify", "messageId": f"i-{tag}-{number}", "userId": f"u{number}",
                    "timestamp": iso(self.clock.now()), "traits": traits})
                if sign_up(number):
                    events.append(self.event(number, "Signed Up", f"s-{tag}"))
                if basket(number):
                    events.append(self.event(
                        number, "Product Added", f"b-{tag}", cart_id=f"{tag}{number}",
                        product_id="p", name="Mug", price=10, quantity=1, currency="EUR"))
            done = self.post(events)
            for number in chunk:
                if sign_up(number):
                    self.entries[number].append(("hello", "", done))
                if basket(number):
                    self.entries[number].append(("basket", f"{tag}{number}", done))

        self.in_threads(some, [numbers[at:at + 100] for at in range(0, len(numbers), 100)])

    def buy(self, numbers, tag):
        numbers = list(numbers)

        def some(chunk):
            done = self.post([
                self.event(number, "Order Completed", f"o-{tag}", order_id=f"{tag}{number}",
                           total=10, currency="EUR") for number in chunk])
            for number in chunk:
                self.bought[number].append(done)
                self.entries[number].append(("thanks", f"{tag}{number}", done))

        self.in_threads(some, [numbers[at:at + 20] for at in range(0, len(numbers), 20)])

    @staticmethod
    def in_threads(work, parts, count=3):
        parts, lock, failed = iter(parts), threading.Lock(), []

        def run():
            while True:
                with lock:
                    part = next(parts, None)
                if part is None or failed:
                    return
                try:
                    work(part)
                except BaseException as error:
                    failed.append(error)
                    raise

        threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise SystemExit(f"a request failed: {failed[0]}")

    def leave(self, number, link):
        path = urllib.parse.urlsplit(link).path
        chance = self.chance
        self.left[number] = self.ask(
            "POST", path, b"List-Unsubscribe=One-Click",
            ["Content-Type: application/x-www-form-urlencoded",
             f"X-Forwarded-For: 10.{chance.randint(0, 255)}.{chance.randint(0, 255)}."
             f"{chance.randint(1, 255)}"])

    def live(self):
        """Customers who got a mail: some leave by its link, some buy, a few are forgotten."""
        chance = random.Random(self.given.seed + 2)
        while self.living:
            new = [r for r in self.records.news() if r.get("leave")]
            for record in new:
                number = int(re.search(r"\d+", record["to"])[0])
                luck = chance.random()
                if luck < 0.06 and number not in self.left:
                    self.leave(number, record["leave"])
                elif luck < 0.12:
                    self.buy([number], f"m{len(self.bought[number])}-")
                elif luck < 0.15 and self.erasing and number not in self.erased:
                    self.erasing -= 1
                    self.klantreis("erase", f"u{number}", "--yes")
                    self.erased[number] = (time.time(), self.clock.now())
            if not new:
                time.sleep(0.05)

    # Waiting.

    def query(self, sql, *arguments):
        with sqlite3.connect(f"file:{self.data / 'klantreis.sqlite'}?mode=ro", uri=True,
                             timeout=30) as db:
            return db.execute(sql, arguments).fetchall()

    def is_quiet(self, row):
        """What was stored was looked at, and nothing is due but for a few: what a kill left with its sender
        comes when that is over."""
        at = int(self.clock.now() * 1000)
        looked, waiting, runs = self.query(
            """SELECT (SELECT touchpoint FROM play_watch),
                 (SELECT count(*) FROM message WHERE state = 'waiting' AND due <= ?1),
                 (SELECT count(*) FROM play_run WHERE due <= ?1)""", at)[0]
        return looked >= row and runs == 0 and waiting < max(10, self.given.customers // 400)

    def settle(self, seconds):
        until, quiet = time.monotonic() + seconds, 0
        row = self.query("SELECT coalesce(max(id), 0) FROM touchpoint")[0][0]
        while time.monotonic() < until and quiet < 3:
            self.check()
            time.sleep(0.3)
            quiet = quiet + 1 if self.is_quiet(row) else 0
        if quiet < 3:
            self.say("went on although it was not quiet yet")

    def say(self, what):
        clock = time.strftime("%a %d %b %H:%M", time.gmtime(self.clock.now()))
        mails = sum("id" in r for r in self.records.all)
        print(f"  --   {clock} UTC: {what}; {mails:,} mails, {self.kills} kills, "
              f"{time.monotonic() - self.began:.0f} s", flush=True)

    def run(self):
        self.began = time.monotonic()
        given = self.given
        n = given.customers
        self.clock.set(moment(2027, 3, 27, 9, 0))
        self.set_up()
        self.start()
        self.killing, self.living = True, True
        self.erasing = 4 if n < 50_000 else 12
        killer = threading.Thread(target=self.guarded, args=(self.kill_at_random,))
        life = threading.Thread(target=self.guarded, args=(self.live,))
        killer.start()
        life.start()
        patience = max(10, n // 200)
        try:
            self.arrive(range(n), "a", lambda i: i % 10 < 6, lambda i: i % 10 > 4)
            self.say(f"{n:,} customers came")
            self.settle(patience)
            for what, turn in [
                ("an hour on", lambda c: c + HOUR + 60),
                ("what failed comes again", lambda c: c + 400),
                ("in the evening", lambda c: moment(2027, 3, 27, 20, 58)),
                ("summer time began", lambda c: moment(2027, 3, 28, 8, 1)),
                ("the second morning", lambda c: moment(2027, 3, 28, 10, 1)),
                ("the clock was set back", lambda c: c - HOUR),
            ]:
                self.clock.set(turn(self.clock.now()))
                self.settle(patience)
                self.say(what)
            self.buy(range(0, n, 16), "x")
            self.arrive(range(0, n, 12), "b", lambda i: True, lambda i: False)
            self.go_on_until_done(patience)
            self.say("the spring is over")
            self.clock.set(moment(2027, 10, 30, 19, 30))
            self.settle(patience)
            self.arrive(range(5, n, 12), "c", lambda i: True, lambda i: False)
            self.clock.set(moment(2027, 10, 30, 20, 31))
            self.settle(patience)
            # The hour that comes twice.
            for hour, tag in ((0, "y"), (1, "z")):
                self.clock.set(moment(2027, 10, 31, 2, 10, fold=hour))
                self.buy(range(9, n, 40), tag)
                self.settle(patience)
            self.say("summer time ended")
            self.clock.set(moment(2027, 10, 31, 8, 1))
            self.settle(patience)
            self.go_on_until_done(patience)
            while self.kills < given.kills:
                self.check()
                time.sleep(0.2)
        finally:
            self.living = False
            life.join()
            self.killing = False
            killer.join()
        self.clock.turn(2 * DAY)
        self.settle(60)
        self.records.news()
        self.say("all is over")
        self.code = self.server.stop()
        self.office.terminate()

    def go_on_until_done(self, patience):
        for _ in range(40):
            self.clock.turn(4 * HOUR)
            self.settle(patience)
            if self.query("SELECT (SELECT count(*) FROM message WHERE state IN "
                          "('waiting', 'claimed')) + (SELECT count(*) FROM play_run "
                          "WHERE due IS NOT NULL)")[0][0] == 0:
                return


def moment(year, month, day, hour, minute, fold=0):
    return datetime.datetime(
        year, month, day, hour, minute, tzinfo=AMSTERDAM, fold=fold).timestamp()


# MARK: What is held against what


def judge(world):
    clock_text = lambda at: time.strftime("%d %b %H:%M:%S", time.gmtime(at))
    rows = world.query(
        """SELECT m.id, i.key, m.play, m.key, m.step, m.purpose, m.state, m.reason, m.due, m.changed
           FROM message m JOIN identity i ON i.id = m.customer""")
    messages = {row[0]: row for row in rows}
    mails = [r for r in world.records.all if "id" in r]
    erased = set(world.erased)

    def number(text):
        return int(re.search(r"\d+", text)[0])

    def show(found, name):
        return f"{len(found)} {name}" + (f", as {found[:3]}" if found else "")

    # At most once.
    times = collections.Counter(m["id"] for m in mails)
    twice = [one for one, count in times.items() if count > 1]
    expect(mails and None not in times and not twice,
           f"of {len(mails):,} mails that arrived or were promised none came twice: "
           + show(twice, "twice"))
    strange = [m["id"] for m in mails
               if m["id"] not in messages and number(m["to"]) not in erased]
    mixed = [m["id"] for m in mails if m["id"] in messages
             and messages[m["id"]][1] != f"user:u{number(m['to'])}"
             and messages[m["id"]][1] != f"u{number(m['to'])}"]
    expect(not strange and not mixed, f"each is one of ours and went to whom it was for: "
           f"{show(strange, 'unknown')}, {show(mixed, 'to another')}")

    # Sent is what the server took, and all that it took is sent or unknown.
    said = {m["id"]: m["said"] for m in mails}
    arrived = collections.Counter()
    lies = []
    for one, row in messages.items():
        if row[6] in ("sent", "delivered") and said.get(one) in (
                None, "nothing", "nonsense", "too late"):
            lies.append((one, row[6], said.get(one)))
        if one in said and row[6] not in ("sent", "delivered", "unknown"):
            lies.append((one, row[6], row[7]))
        arrived[row[6], one in said] += 1
    unknown = sum(count for (state, _), count in arrived.items() if state == "unknown")
    expect(not lies, f"what is sent was taken, what was taken is sent or unknown "
           f"({unknown} unknown, {arrived['unknown', True]} of them arrived): {show(lies, 'wrong')}")

    # None after the customer said so.
    def after(moments, purpose=None):
        found, near = [], 0
        for mail in mails:
            row, who = messages.get(mail["id"]), number(mail["to"])
            if who not in moments or (purpose and row and row[5] != purpose):
                continue
            late = mail["real"] - moments[who][0]
            if late > UNDER_WAY:
                found.append((mail["id"], round(late, 1)))
            near += 0 < late <= UNDER_WAY
        return found, near

    late, near = after(world.left, "marketing")
    expect(world.left and not late, f"{len(world.left)} unsubscribed and got no marketing after it "
           f"({near} under way): {show(late, 'did')}")
    late, near = after(world.erased)
    expect(world.erased and not late,
           f"{len(world.erased)} were forgotten and got nothing after it ({near} under way): "
           + show(late, "did"))
    # A purchase ends the baskets that were begun before it.
    late, near = [], 0
    begun = {(number_, key): done for number_, list_ in world.entries.items()
             for play, key, done in list_ if play == "basket"}
    for mail in mails:
        row = messages.get(mail["id"])
        if not row or row[2] != "basket":
            continue
        who = number(mail["to"])
        entered = begun.get((who, row[3].split("/", 2)[2]))
        if entered is None:
            late.append((mail["id"], "no basket"))
            continue
        for real, _ in world.bought.get(who, ()):
            if entered[0] < real < mail["real"]:
                if mail["real"] - real > UNDER_WAY:
                    late.append((mail["id"], round(mail["real"] - real, 1)))
                else:
                    near += 1
                break
    expect(world.bought and not late, f"{len(world.bought):,} bought and heard no more of the basket "
           f"({near} under way): {show(late, 'did')}")
    uncalled = [m["id"] for m in mails if m["id"] in messages
                and messages[m["id"]][5] == "marketing" and not world.agrees(number(m["to"]))]
    expect(not uncalled, f"nobody got marketing who never said yes: {show(uncalled, 'did')}")

    def moments_of(mail):
        """By the clock; what was on its way when that was turned is allowed by either."""
        found = [mail["at"]]
        for real, old, new in world.clock.jumps:
            if abs(mail["real"] - real) < UNDER_WAY:
                found.append(old if mail["real"] >= real else new)
        return found

    # Caps, and the night.
    of_customer = collections.defaultdict(list)
    for mail in mails:
        row = messages.get(mail["id"])
        if row and row[5] == "marketing":
            at = moments_of(mail)
            of_customer[number(mail["to"])].append((min(at), max(at), mail["id"]))
    over = []
    for who, list_ in of_customer.items():
        list_.sort()
        for (first, *_), (_, second, one) in zip(list_, list_[1:]):
            if second - first < DAY - 5:
                over.append((one, who, round((second - first) / HOUR, 2)))
        for (first, *_), (_, fourth, one) in zip(list_, list_[3:]):
            if fourth - first < 7 * DAY - 5:
                over.append((one, who, "week"))
    several = sum(len(list_) > 1 for list_ in of_customer.values())
    expect(several and not over, f"{several:,} customers got several, none more than a day and a week "
           f"allow: {show(over, 'too many')}")
    night = []
    for mail in mails:
        row = messages.get(mail["id"])
        if not row or row[5] != "marketing":
            continue
        zone = world.zone(number(mail["to"]))
        moments = moments_of(mail)
        if all(not 8 <= datetime.datetime.fromtimestamp(at, zone).hour < 21 for at in moments):
            night.append((mail["id"], clock_text(mail["at"])))
        if row[4] == "morning" and all(
                datetime.datetime.fromtimestamp(at, zone).hour < 10 for at in moments):
            # Put off by a cap it may come at another hour of the day, but never before the first.
            if row[8] / 1000 > mail["at"] + 1:
                night.append((mail["id"], "before its time"))
    expect(not night, f"none came at night, where the customer is: {show(night, 'did')}")

    # None lost: who came in is on the books, once, and each step has its message or a reason.
    runs = world.query(
        """SELECT r.id, i.key, r.play, r.key, r.identity || '/' || r.number || '/' || r.key, r.reason
           FROM play_run r JOIN identity i ON i.id = r.identity""")
    by_entry = collections.Counter((number(key), play, run_key) for _, key, play, run_key, *_ in runs)
    missing, double = [], [entry for entry, count in by_entry.items() if count > 1]
    for who, list_ in world.entries.items():
        if who in erased:
            continue
        for play, key, _ in list_:
            if (who, play, key) not in by_entry:
                missing.append((who, play, key))
    expect(runs and not missing and not double,
           f"all {len(runs):,} came in once: {show(missing, 'did not')}, {show(double, 'twice')}")
    steps = collections.defaultdict(set)
    for row in rows:
        steps[row[2], row[3]].add(row[4])
    holes, open_runs = [], []
    for _, key, play, _, name, reason in runs:
        if reason is None:
            open_runs.append((play, name))
        elif reason == "done" and steps[play, name] != set(STEPS[play]):
            holes.append((play, name))
        elif reason.startswith("exit") and not world.bought.get(number(key)):
            holes.append((play, name, reason))
        elif reason not in ("done", "holdout") and not reason.startswith("exit"):
            holes.append((play, name, reason))
    expect(not open_runs and not holes, f"each run came to its end with all its messages or a reason: "
           f"{show(open_runs, 'open')}, {show(holes, 'with holes')}")

    # Each is explained.
    states = collections.Counter((row[6], row[7]) for row in rows)
    for (state, reason), count in sorted(states.items(), key=lambda item: -item[1]):
        print(f"         {count:8,} {state}{f' ({reason})' if reason else ''}")
    unclear = []
    for one, key, play, run, step, purpose, state, reason, due, changed in rows:
        who = number(key)
        if state in ("waiting", "claimed") or (state not in ("sent", "delivered") and not reason):
            unclear.append((one, state, reason))
        elif reason == "no-consent" and who not in world.left and world.agrees(who):
            unclear.append((one, reason))
        elif (reason == "run-over" or (reason or "").startswith("exit")) and not world.bought[who]:
            unclear.append((one, reason))
        elif (state == "refused" or reason == "suppressed") and reason != "smtp-5.7.1" \
                and who % 100 != 7:
            unclear.append((one, state, reason))
        elif reason == "late" and changed - due < DAY * 1000:
            unclear.append((one, reason))
    expect(not unclear, f"all {len(rows):,} messages are at an end and say why: "
           + show(unclear, "do not"))
    history = world.query(
        """SELECT m.id FROM message m WHERE m.state <> (SELECT c.state FROM message_change c
           WHERE c.message = m.id ORDER BY number DESC LIMIT 1)""")
    expect(not history, f"and their history ends there: {show(history, 'do not')}")
    told = world.query(
        """SELECT (SELECT count(*) FROM message_change WHERE state = 'sent' AND is_told = 1),
             (SELECT count(*) FROM message_change c WHERE state = 'sent' AND 1 =
               (SELECT count(*) FROM touchpoint t
                WHERE coalesce(t.client_time, t.occurred) = 0
                  AND t.message_id = 'message-' || c.message || '-' || c.number)),
             (SELECT count(*) FROM message_change WHERE is_told = 0)""")[0]
    expect(told[0] == told[1] and told[2] == 0,
           f"each that was sent is in the journey, once: {told}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--program", default=Server.program)
    options.add_argument("--customers", type=int, default=2_000)
    options.add_argument("--kills", type=int, default=24, help="at least; it goes on to the end")
    options.add_argument("--pause", type=float, default=6.0, help="seconds between kills, at most")
    options.add_argument("--seed", type=int, default=6)
    options.add_argument("--keep", help="a folder in which all is left to be looked at")
    given = options.parse_args()
    Server.program = given.program
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(given.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        world = World(folder, given)
        print(f"{given.customers:,} customers, a bad mail server, a turning clock (seed {given.seed})")
        world.run()
        expect(world.kills >= given.kills, f"killed {world.kills} times, started in "
               f"{sorted(world.starts)[len(world.starts) // 2]:.2f} s as a rule, "
               f"{max(world.starts):.2f} s at most")
        expect(world.code == 0, "the server stops in good order")
        judge(world)
    print("WRONG" if wrong else "all well", *wrong, sep="\n  ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
