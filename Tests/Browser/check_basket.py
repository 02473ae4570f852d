#!/usr/bin/env python3
"""Leaves a basket in the shop, gets the message's link, and takes the basket up on another device.

    check_basket.py
    check_basket.py --program .build/debug/klantreis

Starts `serve` and the shop as check_tracker.py does. The play is the built-in one with seconds in
the place of hours. Exit codes: 0 all well, 1 something is wrong.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import types
import urllib.error
import urllib.request

from playwright.sync_api import sync_playwright

from shop_visit import PERSON, ROOT, Klantreis, Shop, Visitor, expect, wrong


def wait_for(ask, what, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = ask()
        if found:
            return found
        time.sleep(0.1)
    expect(False, what)
    return None


def status(address):
    try:
        with urllib.request.urlopen(address) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "klantreis"), help="what to start")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).absolute())
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        def run(*words, given=None):
            return subprocess.run(
                [program, *words, "--data", folder], check=True, capture_output=True, text=True,
                input=given, cwd=ROOT).stdout

        klantreis = Klantreis(program, folder)
        try:
            klantreis.add_sources(["shop"])
            shop = Shop(klantreis)
            run("settings", "shop", shop.address + "/shop,given/index.html")
            # What mail is told of where this server can be reached.
            run("mail", "set", "url", klantreis.address)
            play = run("play", "show", "abandoned-basket")
            for hours, seconds in [("1h", "2s"), ("23h", "2s"), ("48h", "60s"), ("10%", "0%")]:
                play = play.replace(f" {hours}", f" {seconds}")
            file = pathlib.Path(folder) / "basket.yaml"
            file.write_text(play)
            run("play", "add", str(file))
            run("play", "on", "abandoned-basket", "--yes")

            browser = playwright.chromium.launch(
                executable_path=arguments.chromium,
                args=["--no-sandbox", f"--user-agent={PERSON}"])
            test = types.SimpleNamespace(
                browser=browser, klantreis=klantreis, shop=shop, script=None)
            phone = Visitor(test, "shop", "given")
            phone.go("product.html?cart=b1")
            phone.page.click("#add")
            phone.wait_for({"Product Added": 1}, "in the basket")
            phone.go("checkout.html?cart=b1")
            phone.wait_for({"Checkout Started": 1}, "at the checkout")
            messages = "SELECT data, step, state FROM message ORDER BY id"
            first = wait_for(lambda: klantreis.ask(messages), "the first message is written down")
            data = json.loads(first[0]["data"])
            expect(first[0]["step"] == "hour", f"the first step: {first[0]}")
            expect(data["products"][0]["name"] == "Old Gouda", f"what was in it: {data}")
            expect(data["value"] == "€ 12.50", f"what it is worth: {data['value']}")
            link = data["basketUrl"]

            laptop = Visitor(test, "shop", "given")
            laptop.page.goto(link)
            laptop.page.wait_for_selector("#restored")
            expect("checkout.html" in laptop.page.url, f"at the same step: {laptop.page.url}")
            expect("klantreis_basket" not in laptop.page.url, "the token is out of the address")
            expect(laptop.page.inner_text("#restored") == "1 × Old Gouda", "the same basket")

            changed = link[:-1] + ("A" if link[-1] != "A" else "B")
            token = changed.rsplit("/", 1)[1]
            expect(status(f"{klantreis.address}/v1/basket/{token}") == 404, "a changed link")
            expect(status(f"{klantreis.address}/v1/basket/x") == 404, "a link that is none")

            # Bought on the laptop, as somebody who logs in there and had logged in on the phone.
            phone.call("identify", "ann")
            laptop.call("identify", "ann")
            laptop.call("track", "Order Completed", {"order_id": "O-1", "revenue": 12.5})
            ended = wait_for(
                lambda: klantreis.ask("SELECT reason FROM play_run WHERE ended IS NOT NULL"),
                "the purchase ends it")
            expect(ended == [{"reason": "exit 0"}], f"by the purchase: {ended}")
            states = {row["state"] for row in klantreis.ask(messages)}
            expect(states <= {"skipped"}, f"nothing waits to be sent any more: {states}")
            browser.close()
        finally:
            klantreis.kill()
    print(f"{len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
