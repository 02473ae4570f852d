#!/usr/bin/env python3
"""Leaves a basket in the shop, gets the message's link, and takes the basket up on another device; then
looks at what the shop's front page shows to whom.

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


GREETING = """
id: greeting
name: Greeting
onsite:
  nl:
    subject: Verder kijken
    html: >-
      <p id="greeting">Nog trek in kaas? <a id="on" href="PLACE/category.html">Kijk verder</a></p>
  en:
    subject: Go on
    html: >-
      <p id="greeting">Still hungry? <a id="on" href="PLACE/category.html">Go on</a></p>
"""
GREET = """
id: greet
name: Greet
about: Greets who looked at a product.
purpose: marketing
enter: {event: event is "Product Viewed"}
exit:
  - {event: event is "Order Completed", because: bought}
steps:
  - slot: home
    template: greeting
    for: 3d
"""


def look_at_slots(test, folder, run):
    """What the front page shows: its own content, or what a play holds for this visitor."""
    klantreis, shop = test.klantreis, test.shop
    contents = pathlib.Path(folder) / "content"
    contents.mkdir(exist_ok=True)
    (contents / "greeting.yaml").write_text(
        GREETING.replace("PLACE", shop.address + "/shop,given"))
    file = pathlib.Path(folder) / "greet.yaml"
    file.write_text(GREET)
    run("play", "add", str(file))
    run("play", "on", "greet", "--yes")

    def asked(page):
        found = []
        page.on("request", lambda request: "/v1/slots" in request.url and found.append(request))
        return found

    ann = Visitor(test, "shop", "given")
    questions = asked(ann.page)
    ann.go()
    wait_for(lambda: ann.page.wait_for_timeout(50) or questions, "the page asks")
    expect(ann.page.is_visible("#own"), "nothing is held: the page's own content")
    ann.call("track", "Product Viewed", {"product_id": "G18"})
    held = "SELECT id, state FROM message WHERE channel = 'onsite'"
    wait_for(lambda: klantreis.ask(held), "a play holds something")
    ann.go()
    ann.page.wait_for_selector("#greeting")
    expect(not ann.page.query_selector("#own"), "in the place of the page's own")
    expect("Still hungry" in ann.page.inner_text("#greeting"), "in the page's language")
    ann.go()
    ann.page.wait_for_selector("#greeting")
    told = ("SELECT event, count(*) AS count FROM v_touchpoint WHERE campaign = 'greet' "
            "GROUP BY event ORDER BY event")
    once = [{"event": "Message Delivered", "count": 1}, {"event": "Message Sent", "count": 1}]
    wait_for(lambda: klantreis.ask(told) == once, "shown twice, it counts once")
    expect(klantreis.ask(held)[0]["state"] == "delivered", "and is delivered")
    ann.page.click("#on")
    ann.page.wait_for_url("**/category.html")
    clicked = [{"event": "Message Clicked", "count": 1}, *once]
    wait_for(lambda: klantreis.ask(told) == clicked, "a click on a link in it counts")

    # Answers that are none, and one that is too late: nothing is broken, and nothing changes.
    for answer, seconds in [("nonsense", 0), ("[]", 0), ("null", 0), ('{"home":"<b>late</b>"}', 2.3)]:
        def reply(route):
            time.sleep(seconds)
            route.fulfill(body=answer, headers={"access-control-allow-origin": "*"})
        ann.page.route("**/v1/slots", reply)
        with ann.page.expect_response("**/v1/slots"):
            ann.go()
        ann.page.wait_for_timeout(200)
        expect(ann.page.is_visible("#own"), f"the page's own after {answer}")
        ann.page.unroute("**/v1/slots")

    # Another page that an app puts the place into later, and who bought.
    ann.call("track", "Order Completed", {"order_id": "O-2", "revenue": 3})
    ended = "SELECT 1 FROM v_touchpoint WHERE event = 'Order Completed' AND identity NOT LIKE 'ann'"
    wait_for(lambda: klantreis.ask(ended), "bought")
    ann.page.wait_for_timeout(600)
    with ann.page.expect_response("**/v1/slots"):
        ann.go()
    ann.page.wait_for_timeout(200)
    expect(ann.page.is_visible("#own"), "over when it was bought")

    bob = Visitor(test, "shop", "required")
    questions = asked(bob.page)
    bob.go()
    bob.page.wait_for_timeout(400)
    expect(not questions and bob.page.is_visible("#own"), "without consent nobody is asked")
    with bob.page.expect_request("**/v1/slots"):
        bob.call("consent", True)
    bob.call("identify", "bob")
    bob.call("track", "Product Viewed", {"product_id": "G18"})
    wait_for(lambda: len(klantreis.ask(held)) == 2, "a play holds something for who says to be bob")
    with bob.page.expect_response("**/v1/slots"):
        bob.go()
    bob.page.wait_for_timeout(200)
    expect(bob.page.is_visible("#own"), "who only says to be somebody is shown nothing of them")


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
            look_at_slots(test, folder, run)
            browser.close()
        finally:
            klantreis.kill()
    print(f"{len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
