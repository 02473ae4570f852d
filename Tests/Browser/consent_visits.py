"""Visits for `check_tracker.py` in which little or nothing may be kept of the person."""
from shop_visit import Visitor


def unanswered(test):
    """Without an answer: counted, and nothing that lasts."""
    visitor = Visitor(test, "unanswered")
    visitor.go("index.html?utm_source=radar&utm_medium=email&utm_campaign=spring&gclid=of-a-person")
    visitor.call("identify", "eva", {"plan": "gold"})
    visitor.call("group", "acme")
    visitor.page.click("#to-category")
    visitor.page.click("#to-product")
    visitor.page.wait_for_url("**/product.html")
    visitor.wait_for({"Page Viewed": 3, "Page Left": 2, "Product Viewed": 1}, "three pages")
    views = visitor.touchpoints("Page Viewed")
    visitor.expect(len({row["customer"] for row in views}) == 3, "an id does not outlive a page")
    visitor.expect(
        all(row["customer"].startswith("anonymous:") for row in views), "nobody is named")
    visitor.expect(
        [row["content"].split("/")[-1] for row in views]
        == ["index.html", "category.html", "product.html"], "in the order of the visit")
    visitor.expect(views[0]["campaign"] == "spring", "the campaign of the first page")
    visitor.expect(visitor.profiles() == [], "who somebody is waits for the consent")
    visitor.expect(visitor.cookie() is None and visitor.storage() == {}, "no cookie, no storage")
    visitor.close()


def withdrawn(test):
    """A consent taken back: the cookie, the storage and what waits are gone, and it is silent."""
    visitor = Visitor(test, "withdrawn", "given")
    visitor.go()
    visitor.wait_for({"Page Viewed": 1}, "with consent")
    visitor.expect(visitor.cookie() is not None, "given by the page")
    visitor.call("identify", "eva")
    visitor.page.evaluate("""() => {
      klantreis('track', 'Signed Up');
      klantreis('consent', {analytics: false, marketing: false});
    }""")
    visitor.expect(visitor.cookie() is None, "the cookie is gone")
    visitor.expect(visitor.storage() == {}, "the storage is empty")
    visitor.call("track", "Quote Requested")
    visitor.wait_for({"Consent Changed": 1}, "the withdrawal itself is told")
    visitor.expect(
        visitor.touchpoints("Consent Changed")[0]["properties"]["analytics"] is False, "as a no")
    visitor.call("consent", True)
    visitor.call("track", "Quote Opened")
    visitor.wait_for(
        {"Quote Opened": 1, "Quote Requested": 0, "Signed Up": 0}, "only what a yes allows")
    ids = {row["customer"] for row in visitor.touchpoints("Quote Opened")}
    visitor.expect(
        not ids & {row["customer"] for row in visitor.touchpoints("Page Viewed")},
        "nobody is recognised after a no")
    visitor.close()


def refused(test):
    """A no that the page knows from the begin: nothing is sent at all."""
    visitor = Visitor(test, "refused")
    asked = []
    visitor.context.on("request", lambda request: asked.append(request.url))
    visitor.go("index.html?answer=no")
    visitor.call("track", "Quote Requested")
    visitor.page.click("#anchor")
    visitor.page.wait_for_timeout(500)
    visitor.page.goto("about:blank")
    visitor.expect(not [url for url in asked if "/v1/" in url], "nothing is sent")
    visitor.expect(visitor.cookie() is None, "no cookie")
    visitor.close()


def private(test):
    """Global Privacy Control: no identifier, whatever the page says."""
    visitor = Visitor(test, "private", "given", scripts=[
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"])
    sent = []
    visitor.context.on("request", lambda request: request.post_data and sent.append(
        request.post_data))
    visitor.go("index.html?fbclid=of-a-person")
    visitor.call("consent", True)
    visitor.call("identify", "eva")
    visitor.page.click("#to-category")
    visitor.page.wait_for_url("**/category.html")
    visitor.wait_for({"Page Viewed": 2, "Consent Changed": 0}, "counted")
    visitor.expect(
        len({row["customer"] for row in visitor.touchpoints()}) == 2, "an id for each page")
    visitor.expect(visitor.profiles() == [], "nobody is named")
    visitor.expect(visitor.cookie() is None and visitor.storage() == {}, "no cookie, no storage")
    visitor.expect(
        sent and '"gpc":true' in sent[0] and "of-a-person" not in "".join(sent), "and it is told")
    visitor.close()


def never(test):
    """A page that never asks: a yes changes nothing."""
    visitor = Visitor(test, "never", "none")
    visitor.go()
    visitor.call("consent", True)
    visitor.call("track", "Quote Requested")
    visitor.wait_for({"Page Viewed": 1, "Quote Requested": 1}, "counted")
    visitor.expect(visitor.cookie() is None and visitor.storage() == {}, "no cookie, no storage")
    visitor.close()
