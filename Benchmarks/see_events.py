#!/usr/bin/env python3
"""How long after its acknowledgement a touchpoint is in an answer, under load, beside the limit of a second.

usage: see_events.py [TOUCHPOINTS] [EVENTS_A_SECOND] [PROGRAM]
                          5,000,000, 5,000 and .build/release/klantreis when left out

Fills a data folder, and while so many events a second come in sends somebody's first touchpoint again and
again, asks each insight in turn until it counts them, and prints the median and the longest time. What sends
and asks shares the machine.
"""
import json
import sys
import threading
import time
import urllib.parse

from plays import events
from project import Project
from rebuild_base import fill

LIMIT_SECONDS = 1.0
ROUNDS = 60
PART = 500
WHERE = urllib.parse.urlencode({"where": 'event is "Zebra Seen"'})
WHO = urllib.parse.urlencode({"who": 'ever(event is "Zebra Seen")'})
# An address, and the member of its answer that counts the new customers.
QUESTIONS = {
    "map": (f"map?{WHERE}", "customers"), "transitions": (f"transitions?by=event&{WHERE}", "customers"),
    "paths": (f"paths?{WHERE}", "customers"), "segment": (f"segment?{WHO}", "members"),
    "funnel": (f"funnel?step=Zebra%20Seen&step=Order%20Completed&{WHERE}", "customers"),
    "customers": (f"customers?limit=1&{WHO}", "total"),
}


class Client:
    def __init__(self, server, token):
        self.server, self.connection, self.token = server, server.connect(), token

    def send(self, batch):
        return self.server.post(self.connection, "/v1/batch", json.dumps({"batch": batch}))

    def ask(self, question):
        path, member = QUESTIONS[question]
        self.connection.request("GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {self.token}"})
        reply = self.connection.getresponse()
        answer = json.loads(reply.read())
        assert reply.status == 200, answer
        return answer[member]


def pour(client, rate, sent, stop):
    began, number = time.perf_counter(), 0
    while not stop.is_set():
        ids = [f"load-{number + k}" for k in range(PART)]
        if client.send(events("Page Viewed", ids, lambda one: f"v{hash(one) % 100_000}")) == 200:
            sent[0] += PART
        number += PART
        stop.wait(max(0, began + number / rate - time.perf_counter()))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000
    stop, sent = threading.Event(), [0]
    with Project(*sys.argv[3:4]) as server:
        token = server.token()
        fill(server.file, count)
        server.run("transitions")
        server.start()
        client = Client(server, token)
        threading.Thread(target=pour, args=(Client(server, token), rate, sent, stop), daemon=True).start()
        time.sleep(3)
        began, before = time.perf_counter(), sent[0]
        waits, asked = {question: [] for question in QUESTIONS}, 0
        for number in range(1, ROUNDS + 1):
            question = list(QUESTIONS)[number % len(QUESTIONS)]
            assert client.send(events("Zebra Seen", [f"zebra-{number}"], lambda one: one)) == 200
            start = time.perf_counter()
            while client.ask(question) < number:
                asked += 1
            waits[question].append(time.perf_counter() - start)
            time.sleep(0.2)
        stop.set()
        came = (sent[0] - before) / (time.perf_counter() - began)
        print(f"{count:,} touchpoints, {came:,.0f} events a second come in; "
              f"{asked} answers came without the new touchpoint")
        print(f"{'':14} {'p50 s':>8} {'most':>8} {'of limit':>9}")
        for question, times in waits.items():
            times.sort()
            print(f"{question:14} {times[len(times) // 2]:8.3f} {times[-1]:8.3f} {times[-1] / LIMIT_SECONDS:9.2f}")


if __name__ == "__main__":
    main()
