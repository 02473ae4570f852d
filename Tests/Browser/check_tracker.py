#!/usr/bin/env python3
"""Uses the shop in `shop/` as people do, in headless Chromium, and looks at what Klantreis stored.

    check_tracker.py
    check_tracker.py --program .build/debug/klantreis --only offline --only consent

Starts `serve` on a data folder of its own, and the shop on another site (`localhost` beside
`127.0.0.1`), with a Content-Security-Policy that allows no more than the tracker's host. Each
scenario has a source of its own, and is judged by the rows of the data folder. Exit codes: 0 all
well, 1 something is wrong.

Needs `pip install playwright` and a Chromium, see --chromium.
"""
import argparse
import gzip
import json
import pathlib
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.request

from playwright.sync_api import sync_playwright

from consent_visits import never, private, refused, unanswered, withdrawn
from shop_visit import PERSON, ROOT, Klantreis, Shop, Visitor, expect, wrong

MONTHS_13 = 396 * 86_400
SECRETS = ["secret-of-a-link", "secret-of-a-field", "eva@kaas.example", "tr0ub4dor"]


class Test:
    def __init__(self, browser, klantreis, shop, script):
        self.browser, self.klantreis, self.shop, self.script = browser, klantreis, shop, script


# MARK: Scenarios

def served(test):
    """The script itself: small, kept for an hour, free for every site."""
    def ask(**headers):
        request = urllib.request.Request(test.klantreis.address + "/klantreis.js", headers=headers)
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, b""

    _, headers, plain = ask()
    expect(headers["content-type"] == "text/javascript; charset=utf-8", "served as JavaScript")
    expect("max-age=3600" in headers["cache-control"], "kept for an hour")
    expect(headers["access-control-allow-origin"] == "*", "free for every site")
    expect(headers["cross-origin-resource-policy"] == "cross-origin", "loaded by every site")
    expect(headers["vary"] == "Accept-Encoding" and not headers["content-encoding"], "plain")
    _, packed_headers, packed = ask(**{"accept-encoding": "br, gzip"})
    expect(packed_headers["content-encoding"] == "gzip", "packed when that is accepted")
    expect(gzip.decompress(packed) == plain, "packed and plain are the same")
    expect(len(packed) < 4096, f"below 4 KB: {len(packed)} bytes")
    expect(not ask(**{"accept-encoding": "gzip;q=0"})[1]["content-encoding"], "gzip refused")
    status, again, _ = ask(**{"if-none-match": headers["etag"]})
    expect(status == 304 and again["etag"] == headers["etag"], "304 when it is known")
    print(f"klantreis.js: {len(plain)} bytes, {len(packed)} packed")


def consented(test):
    """A whole visit with consent, from the landing page to the order."""
    visitor = Visitor(test, "consented")
    sent = []
    visitor.context.on("request", lambda request: request.post_data and sent.extend(
        json.loads(request.post_data)["batch"]))
    visitor.go("index.html?utm_source=radar&utm_medium=cpc&utm_campaign=spring&gclid=of-a-person")
    visitor.call("identify", "eva", {"plan": "gold"})
    visitor.wait_for({"Page Viewed": 1}, "before the consent")
    visitor.expect(visitor.cookie() is None, "no cookie before the consent")
    visitor.call("consent", True)
    visitor.call("group", "acme", {"branch": "Cheese"})
    visitor.call("track", "Quote Requested", {"size": 3})
    cookie = visitor.cookie()
    visitor.expect(cookie and cookie["sameSite"] == "Lax", "a first-party cookie, Lax")
    visitor.expect(
        cookie and 300 * 86_400 < cookie["expires"] - time.time() < MONTHS_13,
        "for 13 months at most")
    visitor.page.click("#to-category")
    visitor.page.click("#to-product")
    visitor.page.click("#add")
    visitor.page.mouse.wheel(0, 5000)
    visitor.page.wait_for_function("scrollY > 1000")
    visitor.go("basket.html")
    visitor.page.click("#to-checkout")
    visitor.page.fill("input[name=email]", SECRETS[2])
    visitor.page.fill("input[name=password]", SECRETS[3])
    visitor.page.click("button")
    visitor.page.wait_for_url("**/thanks.html*")
    visitor.wait_for({
        "Page Viewed": 6, "Page Left": 5, "Consent Changed": 1, "Quote Requested": 1,
        "Product Viewed": 1, "Product Added": 1, "Checkout Started": 1, "Form Submitted": 1,
        "Order Completed": 1}, "all of the visit, each once")
    rows = visitor.touchpoints()
    # The landing page's view was sent before consent, under an id that nothing ties to the rest. With
    # consent an id begins that is hers once she gives her name.
    early = [row for row in rows if row["identity"] != "eva"]
    visitor.expect(
        [row["event"] for row in early] == ["Page Viewed", "Consent Changed"],
        "only what came before the name is without it")
    visitor.expect(
        len({row["identity"] for row in early}) == 2, "what was sent before has no tie to it")
    visitor.expect(
        [row["customer"] == "eva" for row in early] == [False, True],
        "what came with consent before the name is hers, what came without is nobody's")
    changed = visitor.touchpoints("Consent Changed")[0]["properties"]
    visitor.expect(
        changed == changed | {"analytics": True, "marketing": True}, "the consent itself")
    order = visitor.touchpoints("Order Completed")[0]
    visitor.expect(
        (order["value_minor_units"], order["currency"]) == (1250, "EUR"), "the order's value")
    visitor.expect(order["campaign"] == "spring", "the visit's campaign goes along to the order")
    form = visitor.touchpoints("Form Submitted")[0]["properties"]
    visitor.expect(form.get("form") == "checkout", "the form by its id")
    read = [row["properties"] for row in visitor.touchpoints("Page Left")]
    visitor.expect(
        all(0 <= row["scrollPercent"] <= 100 and 0 <= row["activeSeconds"] < 60 for row in read),
        "how far and how long")
    depths = {row["content"].split("/")[-1]: row["properties"]["scrollPercent"]
              for row in visitor.touchpoints("Page Left")}
    visitor.expect(
        depths["product.html"] == 100 and depths["index.html"] < 50, f"scroll depth: {depths}")
    profiles = visitor.profiles()
    visitor.expect(
        [(row["customer"], row["account"]) for row in profiles] == [("eva", None), ("eva", "acme")],
        "the held identify comes with the consent, then the group")
    visitor.expect(json.loads(profiles[0]["traits"]) == {"plan": "gold"}, "with its traits")
    links = test.klantreis.ask(
        "SELECT other FROM v_identity_link WHERE source = ? AND customer = 'eva'", visitor.key)
    anonymous = "anonymous:" + (cookie["value"].split(".")[0] if cookie else "")
    visitor.expect({row["other"] for row in links} == {anonymous}, "tied to the cookie's id")
    first = next(event for event in sent if event["type"] == "page")
    visitor.expect("of-a-person" not in json.dumps(first), "no click id before the consent")
    visitor.expect("gclid=-" in first["context"]["page"]["url"], "but that there was one")
    last = sent[-1]["context"]
    visitor.expect(
        last["campaign"] == {"source": "radar", "medium": "cpc", "name": "spring"}
        and last["referrer"]["type"] == "gclid", "the visit's tags go along")
    visitor.expect(
        last["consent"]["categoryPreferences"] == {"analytics": True, "marketing": True}
        and last["locale"] == "nl-NL" and last["timezone"] and last["screen"]["width"] == 1280
        and last["userAgent"] == PERSON and last["library"]["name"] == "klantreis.js"
        and set(last["userAgentData"]) == {"brands", "mobile", "platform"}, "the context")
    # A new person on the same computer.
    visitor.call("reset")
    visitor.call("track", "Signed Up")
    visitor.wait_for({"Signed Up": 1}, "after reset")
    visitor.expect(
        visitor.touchpoints("Signed Up")[0]["customer"] not in ("eva", anonymous), "a new id")
    visitor.close()


def app(test):
    """A single-page app: every view once."""
    visitor = Visitor(test, "app", "given")
    visitor.go("app.html")
    page = visitor.page
    visitor.wait_for({"Page Viewed": 1}, "the first view")
    for step, name in enumerate(["list", "product"]):
        page.click(f"#app-{name}")
        visitor.wait_for({"Page Viewed": 2 + step}, f"pushState to {name}")
    page.go_back()
    visitor.wait_for({"Page Viewed": 4}, "popstate")
    page.evaluate("location.hash = 'part'")
    page.evaluate("history.replaceState({scroll: 10}, '', location.href)")
    visitor.call("track", "Quote Requested")
    visitor.wait_for({"Page Viewed": 4, "Quote Requested": 1}, "a place on the page is no page")
    page.evaluate("location.hash = '#/route'")
    visitor.wait_for({"Page Viewed": 5}, "a route in the fragment is")
    # A redirect: only where it ends is seen.
    page.evaluate("history.pushState({}, '', 'old'); history.replaceState({}, '', 'new')")
    visitor.wait_for({"Page Viewed": 6}, "a redirect counts once")
    # A call just after the address changed belongs to the new page.
    page.evaluate("history.pushState({}, '', 'order'); klantreis('track', 'Quote Opened')")
    visitor.wait_for({"Page Viewed": 7, "Quote Opened": 1}, "a call at once")
    visitor.call("page", "Own name")
    visitor.wait_for({"Page Viewed": 8, "Page Left": 7}, "a view that the app tells, and no second")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    visitor.wait_for({"Page Viewed": 9, "Page Left": 8}, "back from the browser's own store")
    seen = [row["content"].split("/")[-1] for row in visitor.touchpoints("Page Viewed")]
    visitor.expect(
        seen == ["app.html", "list", "product", "list", "list", "new", "order", "Own name",
                 "order"],
        f"in this order: {seen}")
    left = [row["content"].split("/")[-1] for row in visitor.touchpoints("Page Left")]
    visitor.expect(
        left == ["app.html", "list", "product", "list", "list", "new", "order", "order"],
        f"each page is left under its own address: {left}")
    visitor.expect(
        visitor.touchpoints("Quote Opened")[0]["content"].endswith("/order"), "at the new page")
    visitor.expect(len({row["customer"] for row in visitor.touchpoints()}) == 1, "one person")
    visitor.close()
    quiet = Visitor(test, "quiet", "given,quiet")
    quiet.go("app.html")
    quiet.page.click("#app-list")
    quiet.page.wait_for_timeout(150)
    quiet.call("page")
    quiet.wait_for({"Page Viewed": 2}, "data-spa=off leaves it to the app")
    quiet.close()


def clicks(test):
    """Links that lead away, and forms; never what is in them."""
    visitor = Visitor(test, "clicks", "given")
    visitor.go()
    # The browser asks nobody: these open programs, tabs and files.
    for name in ["outbound-tab", "brochure", "export", "mail", "phone", "anchor"]:
        visitor.page.evaluate("""name => {
          const link = document.getElementById(name);
          addEventListener('click', event => event.preventDefault(), {once: true});
          link.click();
        }""", name)
    visitor.page.click("#drawn text", button="middle", force=True)
    visitor.wait_for({"Link Clicked": 4, "File Downloaded": 2}, "each link once")
    links = {(row["properties"]["kind"], row["properties"]["href"].split("/")[-1])
             for row in visitor.touchpoints("Link Clicked")}
    visitor.expect(links == {
        ("outbound", "partner.html"), ("outbound", "drawn.html"),
        ("mailto", "mailto:info@kaas.example"), ("tel", "tel:+31201234567")},
        f"of its kind: {links}")
    files = {row["properties"]["file"] for row in visitor.touchpoints("File Downloaded")}
    visitor.expect(files == {"brochure.pdf", "prices.html"}, f"the files: {files}")
    # Leaving mid-click.
    visitor.page.click("#outbound")
    visitor.page.wait_for_url("**/elsewhere/partner.html*")
    visitor.wait_for({"Link Clicked": 5, "Page Left": 1}, "a click that leaves the page arrives")
    visitor.close()


def leaving(test):
    """A page that is left says how long and how far, once, by beacon."""
    visitor = Visitor(test, "leaving")
    page = visitor.page
    page.clock.install()
    visitor.go()
    visitor.wait_for({"Page Viewed": 1}, "the page")
    # Ten seconds between two signs of life, then a minute without any, of which 15 seconds count.
    page.mouse.move(10, 10)
    page.clock.fast_forward(10_000)
    page.mouse.move(20, 20)
    page.clock.fast_forward(60_000)
    page.evaluate("""() => {
      klantreis('track', 'Quote Requested');
      Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'});
      document.dispatchEvent(new Event('visibilitychange', {bubbles: true}));
    }""")
    visitor.wait_for({"Quote Requested": 1, "Page Left": 1}, "when it is hidden")
    active = visitor.touchpoints("Page Left")[0]["properties"]["activeSeconds"]
    visitor.expect(25 <= active <= 29, f"25 seconds of attention, not {active}")
    page.evaluate("klantreis('track', 'Quote Opened')")
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    visitor.wait_for({"Quote Opened": 1, "Page Left": 1}, "when it is closed, and no second leave")
    visitor.close()


def offline(test):
    """Without network: kept in order, sent once, at its own time."""
    visitor = Visitor(test, "offline", "given", faults=["ERR_INTERNET_DISCONNECTED"])
    visitor.go()
    visitor.wait_for({"Page Viewed": 1}, "with network")
    visitor.context.set_offline(True)
    before = time.time()
    for number in range(5):
        visitor.call("track", "Quote Requested", {"number": number})
    visitor.page.wait_for_timeout(600)
    visitor.expect(
        sum("Quote Requested" in text for text in visitor.storage().values()) == 1, "kept")
    visitor.expect(visitor.touchpoints("Quote Requested") == [], "not sent")
    visitor.context.set_offline(False)
    visitor.wait_for({"Quote Requested": 5}, "sent when the network is back")
    rows = visitor.touchpoints("Quote Requested")
    visitor.expect(
        [row["properties"]["number"] for row in rows] == list(range(5)), "in their order")
    visitor.expect(
        all(abs(row["time_ms"] / 1000 - before) < 0.5 for row in rows), "when it happened")
    # A page that is closed without network leaves what waits to the next.
    visitor.context.set_offline(True)
    visitor.call("track", "Quote Opened")
    visitor.page.goto("about:blank")
    visitor.context.set_offline(False)
    visitor.go("category.html")
    visitor.wait_for(
        {"Quote Opened": 1, "Page Left": 1, "Page Viewed": 2}, "sent by the next page, each once")
    visitor.page.wait_for_timeout(400)
    visitor.expect("Quote" not in json.dumps(visitor.storage()), "and not kept any longer")
    # The queue is bounded: the oldest go.
    visitor.context.set_offline(True)
    visitor.page.evaluate("""() => {
      for (let i = 0; i < 250; i++) klantreis('track', 'Signed Up', {i});
    }""")
    visitor.context.set_offline(False)
    visitor.wait_for({"Signed Up": 200}, "the newest 200")
    visitor.close()


def killed(test):
    """The server dies and comes back: all is stored once."""
    visitor = Visitor(
        test, "killed", faults=["ERR_CONNECTION", "status of 503", "CORS", "ERR_FAILED"])
    visitor.go()
    visitor.wait_for({"Page Viewed": 1}, "before")
    # An answer that is lost after the server stored: the same is sent again.
    asked, lost = [], []

    def lose(route):
        if asked:
            return route.continue_()
        asked.append(route)
        answer = route.fetch()
        route.abort()
        lost.append(answer)

    visitor.page.route("**/v1/b", lose)
    visitor.call("track", "Product Compared")
    # It is stored before the answer is lost.
    while not lost:
        visitor.page.wait_for_timeout(20)
    visitor.wait_for({"Product Compared": 1}, "whose answer was lost")
    visitor.page.unroute("**/v1/b")
    # A server that is busy.
    busy = []

    def refuse(route):
        busy.append(1)
        if len(busy) < 2:
            return route.fulfill(status=503, body="{}", headers={
                "access-control-allow-origin": "*", "retry-after": "1"})
        return route.continue_()

    visitor.page.route("**/v1/b", refuse)
    visitor.call("track", "Review Read")
    visitor.wait_for({"Review Read": 1, "Product Compared": 1}, "after a 503")
    visitor.expect(len(busy) >= 2, "it was sent again")
    visitor.page.unroute("**/v1/b")
    test.klantreis.kill()
    for _ in range(3):
        visitor.call("track", "Quote Requested")
    visitor.page.wait_for_timeout(800)
    test.klantreis.start()
    visitor.wait_for({"Quote Requested": 3, "Product Compared": 1}, "once after the restart")
    visitor.close()


def prepared(test):
    """A page that the browser only prepares is seen when it is shown."""
    visitor = Visitor(test, "prepared", scripts=[
        "Object.defineProperty(Document.prototype, 'prerendering',"
        "{configurable: true, get: () => true})"])
    visitor.go()
    visitor.call("track", "Quote Requested")
    visitor.page.wait_for_timeout(600)
    visitor.expect(visitor.touchpoints() == [], "nothing is sent while it is prepared")
    visitor.page.evaluate("""() => {
      Object.defineProperty(Document.prototype, 'prerendering', {get: () => false});
      document.dispatchEvent(new Event('prerenderingchange'));
    }""")
    visitor.wait_for({"Page Viewed": 1, "Quote Requested": 1}, "when it is shown")
    visitor.close()


def hostile(test):
    """Pages on which things fail: nothing breaks, and it is counted."""
    visitor = Visitor(test, "hostile", "given,twice", scripts=[
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }});"
        "Object.defineProperty(document, 'cookie',"
        "{get() { throw new Error('no'); }, set() { throw new Error('no'); }});"])
    visitor.go()
    visitor.page.evaluate("""() => {
      const round = {};
      round.round = round;
      klantreis('track', 'Round', round);
      klantreis('no such call', 1);
      klantreis();
      klantreis('track', 'Large', {text: 'x'.repeat(40000)});
      klantreis('track', 'Quote Requested', {ok: true});
      document.documentElement.click();
      history.pushState({}, '', '?next');
    }""")
    visitor.wait_for(
        {"Page Viewed": 2, "Quote Requested": 1, "Round": 0, "Large": 0}, "still counted, once")
    globals_ = visitor.page.evaluate("""() => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const usual = new Set(Object.getOwnPropertyNames(frame.contentWindow));
      return Object.getOwnPropertyNames(window).filter(name => !usual.has(name));
    }""")
    visitor.expect(set(globals_) <= {"klantreis"} | set("0"), f"no other global: {globals_}")
    visitor.close()


def own_site(test):
    """The tracker on the shop's own site."""
    visitor = Visitor(test, "own-site", "given,own")
    visitor.go()
    visitor.page.click("#to-category")
    visitor.page.wait_for_url("**/category.html")
    visitor.wait_for({"Page Viewed": 2, "Page Left": 1}, "both pages")
    visitor.expect(len({row["customer"] for row in visitor.touchpoints()}) == 1, "one person")
    visitor.close()


SCENARIOS = {
    "served": served, "unanswered": unanswered, "consented": consented, "withdrawn": withdrawn,
    "refused": refused, "private": private, "never": never, "app": app, "quiet": None,
    "clicks": clicks, "leaving": leaving, "offline": offline, "killed": killed,
    "prepared": prepared, "hostile": hostile, "own-site": own_site,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "klantreis"), help="what to start")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="repeat for more")
    parser.add_argument("--script", type=pathlib.Path,
                        help="a tracker to try in place of the one that is served")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    arguments = parser.parse_args()
    script = arguments.script.read_text() if arguments.script else None
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        klantreis = Klantreis(str(pathlib.Path(arguments.program).absolute()), folder)
        try:
            klantreis.add_sources(SCENARIOS)
            shop = Shop(klantreis)
            # What a page sends while it is left goes out under the browser's own name.
            browser = playwright.chromium.launch(
                executable_path=arguments.chromium,
                args=["--no-sandbox", f"--user-agent={PERSON}"])
            test = Test(browser, klantreis, shop, script)
            for name, scenario in SCENARIOS.items():
                if scenario is None or arguments.only and name not in arguments.only:
                    continue
                begun = time.monotonic()
                try:
                    scenario(test)
                except Exception:  # The other scenarios still tell something.
                    expect(False, f"{name}: {traceback.format_exc()}")
                print(f"{name}: {time.monotonic() - begun:.1f} s", flush=True)
            browser.close()
            kept = "\n".join(klantreis.database().iterdump())
            for secret in SECRETS:
                expect(secret not in kept, f"{secret} is in the data folder")
            apart = klantreis.ask("SELECT source, reason FROM rejected_event")
            expect(apart == [], f"no event was rejected: {apart}")
        finally:
            klantreis.kill()
    print(f"{len(wrong)} problems in {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
