#!/usr/bin/env python3
"""Forgets persons and kills the program meanwhile: after the next start no file has a byte of them.

    forget.py [--program FILE] [--kills N] [--seed N]

Each turn imports a person among others, erases the person, and kills the command with SIGKILL at a
moment by chance; then any other command is a start. Every byte of every file of the data folder is
looked through. Exit codes: 0 all well, 1 something is wrong.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def events(turn, others):
    """What one person did and is, and what others did around that."""
    who = {
        "user": f"zoe-{turn}-kaasland", "mail": f"zoe{turn}@kaasland.nl",
        "name": f"Zoe van Kaasland-{turn:05}", "street": f"Dorpsstraat {turn:05}a",
        "browser": f"browser-{turn:05}-77ff",
    }
    lines = [
        {"type": "identify", "messageId": f"i{turn}", "userId": who["user"],
         "anonymousId": who["browser"], "timestamp": "2024-03-01T10:00:00Z",
         "traits": {"email": who["mail"], "name": who["name"], "address": {"street": who["street"]}}},
        {"type": "track", "event": "Product Viewed", "messageId": f"a{turn}-{who['user']}",
         "anonymousId": who["browser"], "timestamp": "2024-03-01T09:00:00Z",
         "properties": {"content": f"/me/{who['mail']}", "mail": who["mail"]}},
        # Cannot be read: the row stands in the file of rejected rows, or among rejected events.
        {"type": "track", "messageId": f"b{turn}", "userId": who["user"],
         "timestamp": "2024-03-01T11:00:00Z"},
    ]
    for number in range(others):
        lines.append(
            {"type": "track", "event": "Product Viewed", "messageId": f"o{turn}-{number}",
             "userId": f"other-{number}", "timestamp": "2024-03-02T10:00:00Z",
             "properties": {"friend": who["mail"] if number % 50 == 0 else "nobody"}})
    return who, "\n".join(json.dumps(line) for line in lines) + "\n"


def left(folder, who):
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes().lower()
            found += [
                f"{file.relative_to(folder)} has {text}" for text in who.values()
                if text.lower().encode() in data]
    return found


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", default=str(ROOT / "klantreis"))
    options.add_argument("--kills", type=int, default=12)
    options.add_argument("--seed", type=int, default=11)
    given = options.parse_args()
    chance = random.Random(given.seed)
    wrong, killed = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        data = pathlib.Path(scratch) / "data"

        def run(*arguments):
            return subprocess.run(
                [given.program, *arguments, "--data", str(data)], capture_output=True, text=True)

        span = 0.0
        for turn in range(given.kills + 1):
            who, text = events(turn, 2000)
            file = pathlib.Path(scratch) / "events.jsonl"
            file.write_text(text)
            done = run("import", str(file), "--format", "segment", "--source", "shop")
            if done.returncode not in (0, 3):
                wrong.append(f"turn {turn}: the import failed: {done.stderr}")
                break
            if len({line.split(" has ")[1] for line in left(data, who)}) < len(who):
                wrong.append(f"turn {turn}: not all of the person was there to be forgotten")
            begun = time.monotonic()
            erasing = subprocess.Popen(
                [given.program, "erase", who["user"], "--yes", "--data", str(data)],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if turn == 0:
                # How long one takes, for the moments of the kills.
                erasing.wait()
                span = time.monotonic() - begun
                if erasing.returncode != 0:
                    wrong.append(f"it was not erased: {erasing.stderr.read().decode()}")
            else:
                time.sleep(chance.uniform(0, span))
                killed += erasing.poll() is None
                erasing.kill()
                erasing.wait()
            # Any start finishes it; where the kill came before it was written down, it is asked again.
            if run("customers", "show", who["user"]).returncode == 0:
                done = run("erase", who["user"], "--yes")
                if done.returncode != 0:
                    wrong.append(f"turn {turn}: it was not erased after the kill: {done.stderr}")
            wrong += [f"seed {given.seed}, turn {turn}: {place}" for place in left(data, who)]
        checked = run("verify")
        if checked.returncode != 0:
            wrong.append(f"the data folder is not sound: {checked.stdout}")
    for line in wrong:
        print("WRONG:", line)
    print(f"forgot {given.kills + 1} persons, {killed} of them through a kill")
    if killed == 0:
        print("WRONG: no kill came while it worked")
    return 1 if wrong or killed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
