#!/usr/bin/env python3
"""Looks in headless Chromium whether events appear on a source's page while one looks.

    check_live.py [--program .build/debug/klantreis]

Starts `serve` on a data folder of its own and sends a few events of Segment's protocol. Exit codes:
0 all well, 1 something is wrong. Needs `pip install playwright` and a Chromium, see --chromium.
"""
import argparse
import base64
import json
import pathlib
import sys
import tempfile
import urllib.request
import uuid

from playwright.sync_api import sync_playwright

from shop_visit import ROOT, Klantreis


def send(base, key, customer):
    body = json.dumps({"userId": customer, "messageId": str(uuid.uuid4()), "event": "Page Viewed"})
    request = urllib.request.Request(base + "/v1/track", body.encode(), {
        "Content-Type": "application/json",
        "Authorization": "Basic " + base64.b64encode((key + ":").encode()).decode()})
    urllib.request.urlopen(request, timeout=10).read()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=str(ROOT / "klantreis"), help="what to start")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        klantreis = Klantreis(str(pathlib.Path(options.program).absolute()), folder)
        try:
            klantreis.add_sources(["shop"])
            wrong = look(klantreis.address, klantreis.link(), options.chromium)
        finally:
            klantreis.kill()
    for problem in wrong:
        print(problem)
    print("live:", "all well" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


def look(base, welcome, chromium):
    """What is wrong on the page of the source `shop`, whose key is `shop`."""
    # Markup in a name stays a name.
    names = [f"<b>{uuid.uuid4()}</b>" for _ in range(3)]
    wrong = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.goto(welcome)
        page.fill("input[name=password]", "de kat zat op het dak")
        page.click("main form button[type=submit]")
        page.wait_for_selector(".account")
        page.goto(f"{base}/sources/shop?lang=en")
        page.get_by_text("Live: new events appear by themselves.").wait_for(timeout=5000)

        def rows(name):
            return page.locator("[data-live] tbody tr").filter(has_text=name)

        send(base, "shop", names[0])
        rows(names[0]).wait_for(timeout=5000)
        page.get_by_role("button", name="Pause").click()
        send(base, "shop", names[1])
        page.wait_for_timeout(1000)
        if rows(names[1]).count():
            wrong.append("an event appears while the list is paused")
        page.get_by_role("button", name="Go on").click()
        rows(names[1]).wait_for(timeout=5000)
        send(base, "shop", names[2])
        rows(names[2]).wait_for(timeout=5000)
        for name in names:
            if rows(name).count() != 1:
                wrong.append(f"an event is there {rows(name).count()} times")
        page.reload()
        for name in names:
            if rows(name).count() != 1:
                wrong.append("after a reload an event is not there once")
        browser.close()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
