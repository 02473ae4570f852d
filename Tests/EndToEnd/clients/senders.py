#!/usr/bin/env python3
"""One real client sends customers' doings to a collector, and writes down what it was told to send.

    senders.py CLIENT ADDRESS KEY COUNT LEDGER [--seconds S] [--clock-ahead MINUTES]

The clients are those that people have already, from PyPI, unchanged. Every event carries a mark of
its own, by which it is found again. The ledger has one line of JSON for each event. Ends with 0
when the client says that all was delivered.
"""
import argparse
import datetime
import json
import logging
import time
import urllib.error
import warnings

import requests

HOURS_AGO = 30
UTC = datetime.timezone.utc


class Ledger:
    """What the collector should have when all is done."""

    def __init__(self, client, path, count, seconds, first):
        self.client = client
        self.file = open(path, "w", encoding="utf-8")
        self.count, self.first = count, first
        self.seconds = seconds
        # On whole seconds, for some clients have no finer clock.
        self.begin = (int(time.time()) - HOURS_AGO * 3600) * 1000

    def mark(self, number):
        return f"{self.client}-{self.first + number:06}"

    def turns(self):
        """Number, mark, customer and moment (ms) of each event, paced over the seconds."""
        started = time.monotonic()
        for number in range(self.count):
            behind = started + self.seconds * number / self.count - time.monotonic()
            if behind > 0:
                time.sleep(behind)
            yield (
                number, self.mark(number), f"{self.client}-customer-{number % 50}",
                self.begin + number * 1000)

    def expect(self, mark, kind, customer, event=None, at=None, value=None, within=None):
        """`kind` is touchpoint, profile or alias; `value` is in minor units of the euro; `at` is in
        milliseconds by a true clock, and true `within` so many."""
        self.file.write(json.dumps({
            "mark": mark, "kind": kind, "customer": customer, "event": event, "at": at,
            "value": value, "within": within}) + "\n")

    def close(self):
        self.file.close()


def moment(milliseconds):
    return datetime.datetime.fromtimestamp(milliseconds / 1000, UTC)


def insist(deliver, *failures):
    """Repeats a delivery as an application must whose client has no retries of its own."""
    until = time.monotonic() + 120
    while True:
        try:
            return deliver()
        except failures:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


# MARK: The Segment family


def segment_family(client, ledger, ahead=0, clock=datetime.datetime, within=3000):
    """The calls that Segment's, RudderStack's and Customer.io's clients have in common."""
    for number, mark, customer, at in ledger.turns():
        when = clock.fromtimestamp(at / 1000 + ahead * 60, UTC)
        kind = number % 10
        if kind == 0:
            client.identify(customer, {"mark": mark, "plan": "gold", "age": 41}, timestamp=when)
            ledger.expect(mark, "profile", customer, at=at, within=within)
        elif kind == 1:
            client.page(
                customer, "Shop", "Bread", {"url": f"https://shop.example/bread?mark={mark}"},
                timestamp=when)
            ledger.expect(mark, "touchpoint", customer, "Page Viewed", at, within=within)
        elif kind == 2:
            client.screen(customer, "Shop", "Basket", {"mark": mark}, timestamp=when)
            ledger.expect(mark, "touchpoint", customer, "Screen Viewed", at, within=within)
        elif kind == 3:
            client.group(customer, f"company-{number % 7}", {"mark": mark}, timestamp=when)
            ledger.expect(mark, "profile", customer, at=at, within=within)
        elif kind == 4:
            client.alias(mark, customer, timestamp=when)
            ledger.expect(mark, "alias", customer, at=at, within=within)
        elif kind == 5:
            client.track(
                customer, "Order Completed", {
                    "order_id": mark, "revenue": 12.5 + number % 9, "currency": "EUR",
                    "products": [{"sku": "b1", "name": "Brood", "quantity": 2}]},
                timestamp=when)
            ledger.expect(
                mark, "touchpoint", customer, "Order Completed", at,
                value=1250 + 100 * (number % 9), within=within)
        elif kind == 6:
            client.track(
                anonymous_id=f"visitor-{number % 20}", event="Product Viewed",
                properties={"mark": mark, "name": "Café ☕ “crème”"}, timestamp=when)
            ledger.expect(
                mark, "touchpoint", f"anonymous:visitor-{number % 20}", "Product Viewed", at,
                within=within)
        elif kind == 7:
            # Without a time: now.
            now = int(time.time() * 1000)
            client.track(customer, "Product Added", {"mark": mark, "price": 3})
            ledger.expect(mark, "touchpoint", customer, "Product Added", now, within=within)
        else:
            client.track(
                customer, f"Own Event {kind}",
                {"mark": mark, "nested": {"list": [1, 2.5, None, True]}}, timestamp=when)
            ledger.expect(
                mark, "touchpoint", customer, f"Own Event {kind}", at, within=within)


def segment(address, key, ledger, ahead):
    from segment.analytics import client as module
    from segment.analytics import request

    clock = clock_ahead(ahead)
    module.datetime = request.datetime = clock
    client = module.Client(
        key, host=address, gzip=ledger.count % 2 == 0, upload_size=50, upload_interval=0.1,
        max_retries=40, on_error=give_up)
    segment_family(client, ledger, ahead, clock)
    client.shutdown()


def clock_ahead(minutes):
    """A clock that is wrong, as some are."""
    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + datetime.timedelta(minutes=minutes)

        @classmethod
        def utcnow(cls):
            return super().utcnow() + datetime.timedelta(minutes=minutes)

    return Clock


def rudderstack(address, key, ledger, ahead):
    from rudderstack.analytics.client import Client

    client = Client(
        key, host=address, upload_size=50, upload_interval=0.1, max_retries=40, on_error=give_up)
    segment_family(client, ledger)
    client.shutdown()


def customerio(address, key, ledger, ahead):
    from customerio.analytics.client import Client

    client = Client(
        key, host=address, upload_size=50, upload_interval=0.1, max_retries=40, on_error=give_up)
    segment_family(client, ledger)
    client.shutdown()


def give_up(error, items):
    raise SystemExit(f"the client gave {len(items)} events up: {error}")


# MARK: PostHog


def posthog(address, key, ledger, ahead):
    from posthog import Posthog

    client = Posthog(
        key, host=address, flush_at=50, flush_interval=0.1, max_retries=40, gzip=True,
        on_error=give_up)
    for number, mark, customer, at in ledger.turns():
        when = moment(at)
        kind = number % 8
        if kind == 0:
            client.set(distinct_id=customer, properties={"mark": mark}, timestamp=when)
            ledger.expect(mark, "profile", customer, at=at, within=3000)
        elif kind == 1:
            client.capture(
                "$pageview", distinct_id=customer, timestamp=when,
                properties={"$current_url": f"https://shop.example/bread/{mark}?a=b"})
            ledger.expect(mark, "touchpoint", customer, "Page Viewed", at, within=3000)
        elif kind == 2:
            client.alias(mark, customer, timestamp=when)
            ledger.expect(mark, "alias", customer, at=at, within=3000)
        elif kind == 3:
            client.group_identify(
                "company", f"company-{number % 7}", {"mark": mark}, timestamp=when,
                distinct_id=customer)
            ledger.expect(mark, "profile", customer, at=at, within=3000)
        elif kind == 4:
            client.capture(
                "Order Completed", distinct_id=customer, timestamp=when,
                properties={"order_id": mark, "revenue": 20.25, "currency": "EUR"})
            ledger.expect(
                mark, "touchpoint", customer, "Order Completed", at, value=2025, within=3000)
        elif kind == 5:
            client.capture(
                "purchase", distinct_id=customer, timestamp=when,
                properties={"mark": mark, "$geoip_disable": True})
            ledger.expect(mark, "touchpoint", customer, "Order Completed", at, within=3000)
        else:
            client.capture(
                f"own event {kind}", distinct_id=customer, timestamp=when,
                properties={"mark": mark}, groups={"company": "c1"})
            ledger.expect(mark, "touchpoint", customer, f"own event {kind}", at, within=3000)
    if client.feature_enabled("new-checkout", "posthog-customer-1"):
        raise SystemExit("the collector turned a feature on")
    client.shutdown()


# MARK: Snowplow


def snowplow(address, key, ledger, ahead):
    from snowplow_tracker import (
        Emitter, PagePing, PageView, ScreenView, SelfDescribing, SelfDescribingJson,
        StructuredEvent, Subject, Tracker)

    logging.disable(logging.ERROR)
    host, port = address.removeprefix("http://").split(":")
    emitter = Emitter(host, protocol="http", port=int(port), max_retry_delay_seconds=1)
    # It says in whole seconds when it sends, cut off.
    within = 3000
    for number, mark, customer, at in ledger.turns():
        subject = Subject()
        if number % 4 == 3:
            subject.set_domain_user_id(f"visitor-{number % 20}")
            customer = f"anonymous:visitor-{number % 20}"
        else:
            subject.set_user_id(customer)
        tracker = Tracker("shop", emitter, subject, app_id=key, encode_base64=number % 3 != 0)
        page = f"https://shop.example/bread/{mark}?a=b"
        kind = number % 6
        event = f"iglu:nl.shop/own_event_{number % 3}/jsonschema/1-0-0"
        names = {0: "Page Viewed", 4: "Screen Viewed"}
        if kind == 0:
            tracker.track(PageView(page, page_title="Brood", true_timestamp=at))
        elif kind == 1:
            tracker.track(PagePing(page, page_title="Brood", true_timestamp=at))
        elif kind == 2:
            tracker.track(StructuredEvent("shop", "sort", mark, "price", 2.5, true_timestamp=at))
        elif kind == 3:
            # Without a true time: now.
            at = int(time.time() * 1000)
            tracker.track(SelfDescribing(SelfDescribingJson(event, {"mark": mark})))
        elif kind == 4:
            tracker.track(ScreenView(
                "5a2c6b1c-3f1d-4c5e-9d6a-0a1b2c3d4e5f", "Basket", true_timestamp=at, context=[
                    SelfDescribingJson("iglu:nl.shop/mark/jsonschema/1-0-0", {"mark": mark})]))
        else:
            tracker.track(SelfDescribing(
                SelfDescribingJson(event, {"mark": mark}), true_timestamp=at))
        ledger.expect(mark, "touchpoint", customer, names.get(kind), at, within=within)
    until = time.monotonic() + 120
    while emitter.event_store.size() > 0:
        if time.monotonic() > until:
            raise SystemExit("the client keeps events back")
        emitter.flush()
        time.sleep(0.05)


# MARK: Clients without retries


def matomo(address, key, ledger, ahead):
    from matomopy import MatomoTracker
    from matomopy.exceptions import MatomoHTTPError

    def tracker(number, mark, customer, at):
        one = MatomoTracker(address, key, timeout=10, session=session)
        one.set_url(f"https://shop.example/{mark}?a=b")
        one.set_custom_timestamp(at // 1000)
        if number % 4 == 3:
            one.set_visitor_id(f"{number % 20:016x}")
            return one, f"anonymous:{number % 20:016x}"
        one.set_user_id(customer)
        return one, customer

    session = requests.Session()
    bulk = None
    for number, mark, customer, at in ledger.turns():
        one, customer = tracker(number, mark, customer, at)
        bulked = number % 100 < 50
        if bulked:
            # One tracker's queue takes what others would have sent.
            one.enable_bulk_tracking()
            if bulk is not None:
                one._queue = bulk._queue
            bulk = one
        kind = number % 7
        value = None
        if kind == 0:
            event, send = "Page Viewed", lambda: one.track_page_view("Brood")
        elif kind == 1:
            event, send = None, lambda: one.track_event("shop", "sort", mark, 2.5)
        elif kind == 2:
            event, value = "Order Completed", 4550
            send = lambda: one.track_ecommerce_order(
                mark, 45.5, items=[["b1", "Brood", "Bakkerij", 2.5, 2]])
        elif kind == 3:
            event, send = "Products Searched", lambda: one.track_site_search(mark, "shop", 7)
        elif kind == 4:
            event = "File Downloaded"
            send = lambda: one.track_action(f"https://shop.example/{mark}.pdf", "download")
        elif kind == 5:
            event, send = None, lambda: one.track_goal(3)
        else:
            event = None
            send = lambda: one.track_content_interaction("click", mark)
        insist(send, MatomoHTTPError)
        if bulked and len(one._queue) >= 25:
            answer = insist(bulk.flush, MatomoHTTPError)
            if answer.get("invalid"):
                raise SystemExit(f"the collector found {answer['invalid']} requests invalid")
        ledger.expect(mark, "touchpoint", customer, event, at, value=value, within=1)
    if bulk and bulk._queue:
        insist(bulk.flush, MatomoHTTPError)


def ga4(address, key, ledger, ahead):
    from ga4mp import GtagMP

    def client(customer, number):
        if number % 4 == 3:
            one = GtagMP(key, "G-TEST", f"visitor-{number % 20}")
            customer = f"anonymous:visitor-{number % 20}"
        else:
            one = GtagMP(key, "G-TEST", f"device-of-{customer}")
            one.store.set_user_property("user_id", customer)
        one._base_domain = f"{address}/mp/collect"
        return one, customer

    logging.disable(logging.WARNING)
    batch = []
    for number, mark, customer, at in ledger.turns():
        # A request has one client and one time, so that its events go together.
        group = number // 10
        at = ledger.begin + group * 10_000
        if number % 10 == 0:
            one, customer_of_batch = client(f"{ledger.client}-customer-{group % 50}", group)
            batch = []
        kind = number % 10
        value = None
        params = {"mark": mark}
        name, event = {
            0: ("page_view", "Page Viewed"), 1: ("view_item", "Product Viewed"),
            2: ("add_to_cart", "Product Added"), 3: ("begin_checkout", "Checkout Started"),
            4: ("purchase", "Order Completed"), 5: ("refund", "Order Refunded"),
            6: ("sign_up", "Signed Up"),
        }.get(kind, (f"own_event_{kind}", f"own_event_{kind}"))
        if kind == 4:
            params |= {
                "transaction_id": mark, "value": 33.1, "currency": "EUR",
                "items": [{"item_id": "b1", "item_name": "Brood", "price": 2.5, "quantity": 1}]}
            value = 3310
        batch.append({"name": name, "params": params})
        ledger.expect(
            mark, "touchpoint", customer_of_batch, event, at, value=value, within=1)
        if kind == 9 or number == ledger.count - 1:
            date = datetime.datetime.fromtimestamp(at / 1000)
            insist(
                lambda: one.send(batch, date=date), OSError, urllib.error.URLError,
                http_exception())
            if group % 5 == 4:
                postponed(one, f"{mark}-later", customer_of_batch, ledger)


def postponed(client, mark, customer, ledger):
    """The client's other way: one event a request, with the moment at which it was put aside."""
    now = int(time.time() * 1000)
    client.send([{"name": "share", "params": {"mark": mark}}], postpone=True)
    insist(client.postponed_send, OSError, http_exception())
    ledger.expect(mark, "touchpoint", customer, "Product Shared", now, within=1000)


def http_exception():
    from http.client import HTTPException

    return HTTPException


def cloudevents(address, key, ledger, ahead):
    from cloudevents.core.bindings.http import to_binary_event, to_structured_event
    from cloudevents.core.formats.json import JSONFormat
    from cloudevents.core.v1.event import CloudEvent

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {key}"

    def post(headers, body):
        answer = session.post(
            f"{address}/v1/cloudevents", data=body, headers=headers, timeout=10)
        if answer.status_code in (429, 503):
            time.sleep(float(answer.headers["Retry-After"]))
        if answer.status_code != 200:
            raise requests.RequestException(f"{answer.status_code} {answer.text}")

    batch = []
    for number, mark, customer, at in ledger.turns():
        kind = number % 6
        name, event = [
            ("nl.shop.product.viewed", None), ("nl.shop.own", None),
            ("Order Completed", "Order Completed")][number % 3]
        data = {"mark": mark, "userId": customer}
        value = None
        if event:
            data |= {"revenue": 7.5, "currency": "EUR"}
            value = 750
        one = CloudEvent(
            {"id": mark, "source": "https://shop.example/é", "type": name, "time": moment(at),
             "subject": f"order {number} “x”", "datacontenttype": "application/json"}, data)
        ledger.expect(mark, "touchpoint", customer, event, at, value=value, within=1)
        if kind < 2:
            message = to_binary_event(one)
            insist(
                lambda: post(dict(message.headers), message.body), requests.RequestException)
        elif kind < 4:
            message = to_structured_event(one)
            insist(
                lambda: post(dict(message.headers), message.body), requests.RequestException)
        else:
            # The library has no batches; an application makes them of its parts.
            batch.append(json.loads(JSONFormat().write(one)))
        if len(batch) == 20 or batch and number == ledger.count - 1:
            body = json.dumps(batch)
            insist(
                lambda: post({"Content-Type": "application/cloudevents-batch+json"}, body),
                requests.RequestException)
            batch = []


CLIENTS = {
    "segment": segment, "rudderstack": rudderstack, "customerio": customerio, "posthog": posthog,
    "snowplow": snowplow, "matomo": matomo, "ga4": ga4, "cloudevents": cloudevents,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("address")
    parser.add_argument("key")
    parser.add_argument("count", type=int)
    parser.add_argument("ledger")
    parser.add_argument("--seconds", type=float, default=0, help="spread the events over so many")
    parser.add_argument("--first", type=int, default=0, help="number of the first event's mark")
    parser.add_argument("--clock-ahead", type=int, default=0, help="minutes; Segment's client only")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    ledger = Ledger(options.client, options.ledger, options.count, options.seconds, options.first)
    CLIENTS[options.client](options.address, options.key, ledger, options.clock_ahead)
    ledger.close()


if __name__ == "__main__":
    main()
