#!/usr/bin/env python3
"""Tries Klantreis as a new user does: the demo, an own export, the pages, and a pull of the plug.

    first_light.py [--shots DIR]

Runs `./klantreis` of this checkout on data folders of its own, which are gone afterwards. Exit codes:
0 all well, 1 something is wrong.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = str(ROOT / "klantreis")
CHECK_PAGES = str(ROOT / "Tests/Browser/check_pages.py")
wrong = []


def expect(truth, what):
    if not truth:
        wrong.append(what)
        print("WRONG:", what, flush=True)


def klantreis(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr


class Server:
    """`klantreis demo` or `serve` on a free port, stopped at the end."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PROGRAM, *arguments, "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        line = self.process.stdout.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+)(/welcome\?token=[\w-]+)?", line)
        if not found:
            raise SystemExit(f"the server did not say where it is: {line!r}")
        self.address, self.welcome = found[1], found[0] if found[2] else None
        data = arguments[arguments.index("--data") + 1]
        name = f"first light {time.monotonic_ns()}"
        _, token, said = klantreis("tokens", "add", name, "--scope", "write", "--data", data)
        expect(token.startswith("klantreis_"), f"a token is made: {said}")
        self.token = token.strip()

    def get(self, path):
        request = urllib.request.Request(
            self.address + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request) as reply:
            return reply.read().decode()

    def json(self, path):
        return json.loads(self.get(path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)


def demo(folder):
    """A real shop's journey, with one command."""
    with Server("demo", "--data", folder) as server:
        login(server)
        journey = server.json("/api/v1/map")
        expect(journey["customers"] == 2469, "the demo has the grocer's 2,469 households")
        expect(journey["touchpoints"] == 155_848 + 6_589 + 2_102, "and all their touchpoints")
        check_pages(server, [
            "/", "/?model=stdc", "/?model=ten-phases&channels=all", "/?who=count(",
            "/?from=2017-03-01&to=2017-05-31&who=trait(age)%20is%20%2265%2B%22",
            "/phase/loyal", "/phase/think?model=stdc", "/customers", "/customers/1228?model=stdc",
            "/questions/funnel?step=Message%20Sent&step=Coupon%20Redeemed&within=60d",
            "/questions/paths?by=event&until=Coupon%20Redeemed", "/questions/transitions?by=phase",
            "/import", "/segments", "/messages/mail", "/no-such-page", "/account", "/users", "/tokens", "/activity",
        ])
        imports_meanwhile(server, folder)
    # The second start has nothing to load.
    code, _, said = klantreis("demo", "--data", folder, "--load-only")
    expect(code == 0 and "Loading" not in said, "the second start loads nothing")


def login(server):
    """Nothing but the front door answers a stranger."""
    for path, expected in [("/", 200), ("/api/v1/map", 401), ("/metrics", 401), ("/health", 200)]:
        try:
            with urllib.request.urlopen(server.address + path) as reply:
                status, text = reply.status, reply.read().decode()
        except urllib.error.HTTPError as refusal:
            status, text = refusal.code, ""
        expect(status == expected, f"{path} answers a stranger with {expected}, not {status}")
        expect("household" not in text and "Loyal" not in text, f"{path} tells a stranger nothing")


def imports_meanwhile(server, folder):
    """What a command stores is in the running server's next answer."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("klantnummer;datum;gebeurtenis;kanaal;bedrag\n")
        file.write("nieuw;2017-06-01 10:00;Order Completed;winkel;12,50\n")
        file.write("nieuw;2017-06-31 10:00;Order Completed;winkel;12,50\n")
        file.flush()
        code, text, _ = klantreis("import", file.name, "--data", folder, "--format", "json")
        outcome = json.loads(text)
        expect(code == 3, "an import with a rejected row ends with 3")
        expect(
            (outcome["read"], outcome["stored"], outcome["rejected"]) == (2, 1, 1),
            f"a date that does not exist is rejected, the rest is stored: {outcome}")
        rejected = pathlib.Path(outcome["rejectedFile"])
        expect("2017-06-31" in rejected.read_text(), "the rejected row is in its file")
        # Within a second, as is promised of what another process stores.
        began = time.monotonic()
        while True:
            try:
                journey = server.json("/api/v1/journey?customer=nieuw")
                break
            except urllib.error.HTTPError:
                if time.monotonic() - began > 1:
                    raise
        expect(journey["total"] == 1, "a running server shows what a command stored")
        expect(journey["touchpoints"][0]["channel"] == "Shop", "winkel is the shop")
        code, text, _ = klantreis(
            "import", file.name, "--data", folder, "--format", "csv", "--output", "json")
        expect(json.loads(text)["stored"] == 0, "the same file again stores nothing")


def upload(server, shots):
    """An own export by the browser, without a mapping file."""
    from playwright.sync_api import sync_playwright

    csv = "wie;wanneer;wat;euro\n" + "".join(
        f"k{i % 40}@voorbeeld.nl;{1 + i % 28}-{1 + i % 12}-2024 10:{i % 60:02};"
        f"{'Product Viewed' if i % 3 else 'Order Completed'};{i},95\n" for i in range(400))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(locale="nl-NL")
        # As a new owner does: by the link that was printed, with a password.
        page.goto(server.welcome)
        page.fill("input[name=name]", "Ann")
        page.fill("input[name=password]", "de kat zat op het dak")
        page.click("main form button[type=submit]")
        page.wait_for_selector(".account")
        page.goto(server.address + "/import")
        page.set_input_files("input[type=file]", {
            "name": "export.csv", "mimeType": "text/csv", "buffer": csv.encode()})
        page.click("main form.upload button[type=submit]")
        page.wait_for_selector("form.mapping")
        for column, role in enumerate(["customer", "time", "event", "value"]):
            page.select_option(f"#column-{column}", role)
        page.fill("#constant-channel", "Website")
        page.click("form.mapping button.second")
        page.wait_for_selector("form.mapping button[formaction='/import/confirm']")
        if shots:
            page.screenshot(path=f"{shots}/import-preview.png", full_page=True)
        page.click("form.mapping button[formaction='/import/confirm']")
        page.wait_for_selector("a[href='/']")
        if shots:
            page.screenshot(path=f"{shots}/imported.png", full_page=True)
        # As a marketer does: type a rule, choose a customer.
        page.goto(server.address + "/customers")
        page.click("details.rules > summary")
        page.fill("input[name=who]", 'count(event is "Order Completed") >= 4')
        page.click("form.filter button[type=submit]")
        page.wait_for_load_state()
        expect(
            "k0@voorbeeld.nl" in page.content() and "k1@voorbeeld.nl" not in page.content(),
            "a typed rule finds its customers")
        page.click("a:has-text('k0@voorbeeld.nl')")
        page.wait_for_load_state()
        expect("k0@voorbeeld.nl" in page.inner_text("h1"), "a customer opens by a click")
        browser.close()
    journey = server.json("/api/v1/map?model=stdc")
    expect(journey["touchpoints"] == 400, "the upload is on the map")
    expect(journey["customers"] == 40, "with its customers")


def stored(folder):
    """Touchpoints of a data folder; 0 while there is none yet."""
    try:
        with contextlib.closing(sqlite3.connect(
                f"file:{folder}/klantreis.sqlite?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM touchpoint").fetchone()[0]
    except sqlite3.Error:
        return 0


def pull_the_plug(folder):
    """An import that is killed at any moment loses nothing that it stored, and goes on after."""
    baskets = str(ROOT / "Examples/grocer/baskets.csv.gz")
    command = ["import", baskets, "--mapping", str(ROOT / "Examples/grocer/baskets.yaml"),
               "--data", folder, "--format", "json"]
    for attempt in range(3):
        process = subprocess.Popen([PROGRAM, *command], stdout=subprocess.DEVNULL, cwd=ROOT)
        # Something more is stored, of which the log's size says nothing: it grows before a commit is one.
        while process.poll() is None and stored(folder) <= 15_000 * attempt:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    code, text, _ = klantreis(*command)
    outcome = json.loads(text)
    expect(code == 0, "after kill -9 the import runs again")
    expect(
        outcome["stored"] + outcome["duplicates"] == 155_848 and outcome["duplicates"] > 0,
        f"what was stored before the kill is recognised: {outcome}")
    code, text, _ = klantreis("map", "--model", "stdc", "--data", folder, "--format", "json")
    expect(json.loads(text)["touchpoints"] == 155_848, "nothing is missing and nothing is twice")


def killed_when(command, sign):
    """Runs a command and kills it as soon as a file or folder is there; whether it was in time."""
    process = subprocess.Popen(
        [PROGRAM, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    while process.poll() is None and not sign.exists():
        time.sleep(0.001)
    in_time = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return in_time


def backups(folder, scratch):
    """What is restored answers as before, and a kill leaves nothing half."""
    place = pathlib.Path(scratch)
    file, restored = place / "grocer.backup", place / "restored"
    secret = place / "secret.txt"
    secret.write_text("een zin die niemand raadt\n")
    sealed = ["--passphrase-file", str(secret)]
    make = ["backup", str(file), "--data", folder, *sealed]
    for sign in [".copying", ".partial"]:
        in_time = killed_when(make, pathlib.Path(str(file) + sign))
        expect(not (in_time and file.exists()), f"a backup killed at {sign} has no file")
        file.unlink(missing_ok=True)
    code, _, said = klantreis(*make)
    expect(code == 0, f"the next backup is made: {said}")
    expect(sorted(p.name for p in place.glob("grocer.backup*")) == ["grocer.backup"],
           "and what the killed ones left is gone")
    again = ["restore", str(file), "--data", str(restored), *sealed]
    in_time = killed_when(again, place / "restored.restoring")
    expect(not (in_time and restored.exists()), "a killed restore makes no folder")
    code, _, said = klantreis(*again, *(["--replace"] if restored.exists() else []))
    expect(code == 0, f"the next restore does: {said}")
    for question in [["map"], ["transitions", "--by", "event"], ["paths", "--by", "channel"],
                     ["journey", "1228"]]:
        before, after = [
            klantreis(*question, "--data", where, "--format", "json")
            for where in (folder, str(restored))]
        expect(before == after and before[0] == 0, f"{question} answers as before")
    code, said, _ = klantreis("verify", "--data", str(restored))
    expect(code == 0, f"what was restored is sound: {said}")
    code, _, said = klantreis(*again)
    expect(code == 1 and "--replace" in said, "a folder with data is not overwritten")


def exit_codes(folder):
    """0 done, 1 failed, 2 wrong use, 3 some input rejected; and an error says what to do."""
    empty = pathlib.Path(folder) / "empty.csv"
    empty.write_text("")
    good = pathlib.Path(folder) / "good.csv"
    good.write_text("customer,time,event\nx,2024-01-01,Page Viewed\n")
    for arguments, expected, hint in [
        (["--help"], 0, "klantreis demo"),
        (["map", "--data", folder + "/none"], 1, "--data"),
        (["import", "/no/such.csv", "--data", folder], 1, "cannot be read"),
        (["import", str(empty), "--data", folder], 1, "empty"),
        (["funnel", "--data", folder], 2, "step"),
        (["map", "--data", folder, "--model", "sttc"], 2, "stdc"),
        (["map", "--data", folder, "--who", "evnt is x"], 2, "^"),
        (["map", "--data", folder, "--colour"], 2, "colour"),
        (["demo", "--set", "nothing"], 2, "grocer"),
        (["demo", "--data", folder, "--load-only"], 1, "other data"),
        (["paths", "--data", folder, "--top", "20000"], 2, "10000"),
        (["import", str(empty), str(good), "--data", folder, "--format", "json"], 1, '"stored":1'),
    ]:
        code, out, err = klantreis(*arguments)
        expect(code == expected, f"{arguments} ends with {expected}, not {code}")
        expect(hint in out + err, f"{arguments} says {hint!r}: {out + err}")
    for command in ["demo", "import", "serve", "map", "phase", "transitions", "paths", "funnel",
                    "journey", "models", "settings", "users", "tokens", "backup", "restore",
                    "verify", "rebuild"]:
        code, out, _ = klantreis(command, "--help")
        expect(code == 0 and "Example" in out, f"{command} --help has an example")


def check_pages(server, paths):
    arguments = [sys.executable, CHECK_PAGES, server.address]
    if server.welcome:
        arguments += ["--welcome", server.welcome]
    for path in paths:
        arguments += ["--path", path]
    if options.shots:
        arguments += ["--shots", options.shots]
    expect(subprocess.run(arguments).returncode == 0, "the pages pass their checks")


parser = argparse.ArgumentParser()
parser.add_argument("--shots", help="keep pictures of the pages in this folder")
options = parser.parse_args()
with tempfile.TemporaryDirectory() as scratch:
    demo(os.path.join(scratch, "grocer"))
    backups(os.path.join(scratch, "grocer"), scratch)
    with Server("serve", "--data", os.path.join(scratch, "own")) as own:
        upload(own, options.shots)
    pull_the_plug(os.path.join(scratch, "plug"))
    exit_codes(os.path.join(scratch, "own"))
print("first light:", "all well" if not wrong else f"{len(wrong)} wrong")
sys.exit(1 if wrong else 0)
