#!/usr/bin/env python3
"""Looks at pages of a running Klantreis server in headless Chromium, and says what is wrong.

    check_pages.py http://127.0.0.1:8080
    check_pages.py http://127.0.0.1:8080 --welcome 'http://127.0.0.1:8080/welcome?token=…'
    check_pages.py http://127.0.0.1:8080 --path / --path /phase/do --shots /tmp/shots

Every page is opened in eight ways: at 1300 and 390 pixels, light and dark, Dutch and English.
It fails when axe-core finds a violation, the console has an error, the Content-Security-Policy is
broken, another host is asked for something, a phone page is wider than the phone, or the keyboard
does not reach every link and stop. Exit codes: 0 all well, 1 something is wrong, 2 wrong use.

Needs `pip install playwright axe-core-python` and a Chromium, see --chromium.
"""
import argparse
import itertools
import pathlib
import re
import sys
from urllib.parse import urlsplit

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

DEFAULT_PATHS = [
    "/",
    "/?model=five-a",
    "/?model=ten-phases&channels=all",
    "/?who=count(",
    "/phase/see",
    "/phase/do",
    "/customers",
    "/customers?q=1&column=orders&column=favouriteHour",
    "/traits",
    "/import",
    "/questions/funnel",
    "/questions/paths",
    "/questions/transitions",
    "/no-such-page",
]
WIDTHS = {1300: 900, 390: 844}

# What the keyboard must reach: everything that does something, unless it is folded away.
COUNT_FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input, select, summary')]
  .filter(e => e.type !== 'hidden' && e.checkVisibility({checkVisibilityCSS: true})).length"""
STOPS = "() => document.querySelectorAll('.map-field a[href]').length"
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  return {
    index: [...document.querySelectorAll('*')].indexOf(e),
    stop: e.matches('.map-field a'),
    counts: e.matches('a[href], button, input, select, summary'),
  };
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def reached_by_keyboard(page):
    """How many stops and other places the tab key visits before it leaves the page."""
    places, stops = set(), set()
    for _ in range(1500):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or (focused["index"] in places and len(places) > 2):
            # Date fields have a stop for each of their parts: only a real round ends it.
            if focused is None or focused["index"] == first:
                break
            continue
        if not places:
            first = focused["index"]
        places.add(focused["index"])
        if focused["stop"]:
            stops.add(focused["index"])
    return len(places), len(stops)


def log_in(browser, welcome):
    """Opens the link that logs in, and returns what the browser keeps of it; None without a link."""
    if not welcome:
        return None
    context = browser.new_context()
    context.new_page().goto(welcome)
    state = context.storage_state()
    context.close()
    return state


def check(browser, base, path, width, scheme, language, shots, with_keyboard, state):
    wrong = []
    context = browser.new_context(
        storage_state=state,
        viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme,
        reduced_motion="reduce", locale="nl-NL" if language == "nl" else "en-GB")
    page = context.new_page()
    host = urlsplit(base).netloc

    def on_console(message):
        # The browser reports the status of an error page itself; that page is what we asked for.
        expected = "the server responded with a status of 4" in message.text
        if message.type in ("error", "warning") and not expected:
            wrong.append(f"console {message.type}: {message.text}")

    def on_request(request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
            wrong.append(f"asks another host: {parts.netloc}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    page.on("request", on_request)
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error("
        "'Content-Security-Policy: ' + e.violatedDirective + ' ' + e.blockedURI));")
    address = base + path + ("&" if "?" in path else "?") + "lang=" + language
    response = page.goto(address, wait_until="load")
    if response is None or response.status >= 500:
        wrong.append(f"status {response and response.status}")
    if not response.headers.get("content-security-policy"):
        wrong.append("no Content-Security-Policy header")
    if page.get_attribute("html", "lang") != language:
        wrong.append(f"the page says it is in {page.get_attribute('html', 'lang')}")
    if shots:
        name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "map"
        page.screenshot(
            path=str(shots / f"{name}.{width}.{scheme}.{language}.png"), full_page=True)
    over = page.evaluate(OVERFLOW)
    if over > 0:
        wrong.append(f"{over} pixels wider than the screen")
    for details in page.query_selector_all("details:not([open])"):
        details.evaluate("e => { e.open = true; }")
    for violation in Axe().run(page)["violations"]:
        node = violation["nodes"][0]
        wrong.append(
            f"axe {violation['id']} ({len(violation['nodes'])}): {violation['help']}: "
            f"{node['html'][:160]} {' '.join((node.get('failureSummary') or '').split())[:200]}")
    over = page.evaluate(OVERFLOW)
    if over > 0:
        wrong.append(f"{over} pixels wider than the screen with all details open")
    if with_keyboard:
        stops = page.evaluate(STOPS)
        expected = page.evaluate(COUNT_FOCUSABLE)
        page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
        places, reached = reached_by_keyboard(page)
        if reached < stops:
            wrong.append(f"the keyboard reaches {reached} of {stops} stops")
        if places < expected:
            wrong.append(f"the keyboard reaches {places} of {expected} places")
    context.close()
    return wrong


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="address of the server: http://127.0.0.1:8080")
    parser.add_argument("--path", action="append", help="page to look at; repeat for more")
    parser.add_argument("--welcome", help="the link that the demo prints, which logs in once")
    parser.add_argument("--shots", type=pathlib.Path, help="folder for screenshots")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser's program")
    arguments = parser.parse_args()
    if arguments.shots:
        arguments.shots.mkdir(parents=True, exist_ok=True)
    base = arguments.base.rstrip("/")
    failures = looks = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=arguments.chromium, args=["--no-sandbox"])
        state = log_in(browser, arguments.welcome)
        for path in arguments.path or DEFAULT_PATHS:
            ways = itertools.product(WIDTHS, ("light", "dark"), ("nl", "en"))
            for width, scheme, language in ways:
                # Colours change nothing for the keyboard.
                with_keyboard = (scheme, language) == ("light", "en")
                wrong = check(
                    browser, base, path, width, scheme, language, arguments.shots, with_keyboard,
                    state)
                looks += 1
                for problem in dict.fromkeys(wrong):
                    failures += 1
                    print(f"{path} at {width} px, {scheme}, {language}: {problem}")
        browser.close()
    print(f"{looks} looks, {failures} problems")
    return 1 if failures or not looks else 0


if __name__ == "__main__":
    sys.exit(main())
