#!/usr/bin/env python3
"""Sends messages through a real SMTP server on loopback that also refuses, fails and drops, verifies the
signatures with dkimpy, reads a bounce, and calls a webhook.

    mail.py [--program PATH]

Exit codes: 0 all well, 1 something is wrong.
"""
import argparse
import asyncio
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import dkim
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from collector import ROOT, Server, expect, free_port, wrong

parser = argparse.ArgumentParser()
parser.add_argument("--program", default=Server.program)
Server.program = parser.parse_args().program


class Mailbox:
    """Takes mails, and does by the recipient's name what servers do."""

    def __init__(self):
        self.mails = []
        self.tries = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        self.tries[name] = self.tries.get(name, 0) + 1
        if name == "gone":
            return f"550 5.1.1 <{address}> no such user"
        if name == "later":
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "spam":
            return "554 5.7.1 looks like spam"
        if name == "busy":
            return "452 4.3.1 no room now"
        if name in ("drop", "forget"):
            # Takes it all, and is gone before it says so.
            server.transport.abort()
            await asyncio.sleep(0.1)
            return "250 never heard"
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 queued"


class Hook(http.server.BaseHTTPRequestHandler):
    calls = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Hook.calls.append((dict(self.headers), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


folder = tempfile.TemporaryDirectory()
data = pathlib.Path(folder.name) / "data"


def klantreis(*arguments, text=None, fails=False):
    done = subprocess.run(
        [Server.program, *arguments, "--data", str(data)], capture_output=True, text=True, input=text)
    if (done.returncode != 0) != fails:
        expect(False, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}")
    return done.stdout + done.stderr


def states():
    lines = klantreis("messages", "list", "--limit", "100").splitlines()
    return {m["key"]: m for m in (json.loads(line) for line in lines if line.startswith("{"))}


# What a message waits for that is over a second later: something of its customer came just then.
PASSING = (None, "", "journey-changed")


def settled(keys, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = states()
        if all(found[k]["state"] not in ("claimed",) and
               (found[k]["state"] != "waiting" or found[k].get("reason") not in PASSING) for k in keys):
            return found
        time.sleep(0.3)
    return states()


def plan(key, customer, *more):
    klantreis("messages", "plan", "basket", customer, "--key", key, "--data-json", VALUES, *more)


VALUES = json.dumps({
    "basketUrl": "https://shop.example/cart?c=7", "products": [
        {"name": "Mug <b>ö</b>", "price": "€ 9,95", "link": "https://shop.example/mug"}]})
PEOPLE = ["ann", "bea", "gone", "later", "spam", "busy", "drop", "forget"]

mailbox = Mailbox()
controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
controller.start()
hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
threading.Thread(target=hook.serve_forever, daemon=True).start()

print("setting up")
key = re.search(r"key is\s+(\S+)", klantreis("sources", "add", "shop"))[1]
for name, value in {
    "server": f"127.0.0.1:{controller.port}", "security": "none", "from": "info@shop.example",
    "name": "Shöp\u00a0& Co", "bounces": "bounces@shop.example", "company": "Shop",
}.items():
    klantreis("mail", "set", name, value)
# Whatever time of the day this runs.
policy = json.loads(klantreis("play", "policy"))
del policy["quietHours"]
(pathlib.Path(folder.name) / "policy.json").write_text(json.dumps(policy))
klantreis("play", "policy", "--set", str(pathlib.Path(folder.name) / "policy.json"))
klantreis("mail", "key", "--selector", "t1")
shown = klantreis("mail", "show") + klantreis("settings")
expect("PRIVATE KEY" not in shown and "link key" not in shown, "no secret is shown")
said = klantreis("mail", "set", "password", "on-the-command-line", fails=True)
expect("standard input" in said, "a password is not taken from the command line")
records = {}
for kind, name, value in re.findall(
        r"^(\w+)  (\S+)  TXT\n  (.*)$", klantreis("mail", "check"), re.M):
    records[name.rstrip(".")] = value
expect({"shop.example", "_dmarc.shop.example", "t1._domainkey.shop.example",
        "t1-ed._domainkey.shop.example"} <= set(records), f"records to set: {sorted(records)}")

server = Server(data).start()
for person in PEOPLE:
    body = json.dumps({"userId": person, "traits": {
        "email": f"{person}@example.org", "firstName": person.title(), "language": "nl"}}).encode()
    for path in ("identify", "track"):
        if path == "track":
            body = json.dumps({"userId": person, "event": "Product Viewed"}).encode()
        urllib.request.urlopen(urllib.request.Request(
            f"{server.address}/v1/{path}", body,
            {"content-type": "application/json", "authorization": "Basic "
             + __import__("base64").b64encode(f"{key}:".encode()).decode()})).read()

print("sending")
KEPT = [person for person in PEOPLE if person != "bea"]
for person in KEPT:
    plan(person, person, "--service")
plan("ann", "ann", "--service")
plan("sale", "ann")
found = settled(KEPT + ["sale"])
for name, state, reason in [
        ("ann", "sent", None), ("gone", "refused", "smtp-5.1.1"), ("later", "waiting", "smtp-4.7.1"),
        ("spam", "refused", "smtp-5.7.1"), ("busy", "waiting", "smtp-4.3.1"),
        ("drop", "unknown", "no-answer"), ("forget", "unknown", "no-answer"),
        ("sale", "skipped", "no-consent")]:
    m = found[name]
    expect((m["state"], m.get("reason")) == (state, reason),
           f"{name} is {state} {reason}: {m['state']} {m.get('reason')} {m.get('detail')}")
expect("@" not in json.dumps([m.get("detail") for m in found.values()]), "no reason names anybody")
closed = klantreis("mail", "suppressed")
expect("gone@example.org" in closed and "spam@" not in closed, "only who is gone is closed")

print("what arrived")
expect(len(mailbox.mails) == 1, f"one mail arrived: {len(mailbox.mails)}")
sender, recipients, content = mailbox.mails[0]
expect(sender == "bounces@shop.example" and recipients == ["ann@example.org"], "the envelope is right")
mail = email.message_from_bytes(content, policy=email.policy.default)
expect(mail["subject"] == "Ann, je mandje staat er nog", f"the subject: {mail['subject']}")
expect("Shöp" in str(mail["from"]), f"the sender: {mail['from']}")
html = mail.get_body(("html",)).get_content()
text = mail.get_body(("plain",)).get_content()
expect("Mug &lt;b&gt;ö&lt;/b&gt;" in html and "Mug <b>ö</b>" in text, "values are escaped")
expect("https://shop.example/cart?c=7" in text, "the text has the link")


def dns(name, **_):
    return records.get((name.decode() if isinstance(name, bytes) else name).rstrip("."), "").encode()


verifier = dkim.DKIM(content)
signatures = [h for h in verifier.headers if h[0].lower() == b"dkim-signature"]
expect(len(signatures) == 2, "two signatures")
for index in range(2):
    try:
        good = dkim.DKIM(content).verify(idx=index, dnsfunc=dns)
    except dkim.DKIMException as error:
        good = error
    expect(good is True, f"signature {index} is good: {good}")
spoiled = content.replace(b"mandje", b"mandja", 1)
try:
    good = dkim.DKIM(spoiled).verify(dnsfunc=dns)
except dkim.DKIMException:
    good = False
expect(not good, "a changed mail is not good")

print("what comes back")
bounce = f"""From MAILER-DAEMON Wed Nov 25 08:00:00 2026
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; ann@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 <ann@example.org> is gone

--b
Content-Type: text/rfc822-headers

Message-ID: {mail['message-id']}
--b--
"""
box = pathlib.Path(folder.name) / "bounces"
box.write_text(bounce)
for _ in range(2):
    expect("1 were reports" in klantreis("mail", "reports", str(box)), "the bounce is read")
expect(states()["ann"]["state"] == "bounced", "the message bounced")
plan("second", "ann", "--service")
m = settled(["second"])["second"]
expect((m["state"], m.get("reason")) == ("skipped", "suppressed"), "nothing goes to a closed address")

print("webhooks")
secret = klantreis("webhooks", "set", "default", f"http://127.0.0.1:{hook.server_port}/x").split()[-1]
(data / "content").mkdir()
(data / "content/call.yaml").write_text(
    "id: call\nname: Call\nwebhook: '{\"who\": \"{{firstName}}\"}'\n")
klantreis("messages", "plan", "call", "ann", "--key", "call", "--channel", "webhook", "--service")
m = settled(["call"])["call"]
expect(m.get("reason") == "private-address", f"a private address is refused: {m}")
klantreis("mail", "set", "private-webhooks", "yes")
klantreis("messages", "again", str(m["id"]))
end = time.monotonic() + 10
while time.monotonic() < end and states()["call"]["state"] != "delivered":
    time.sleep(0.2)
expect(states()["call"]["state"] == "delivered", "and called when that is allowed")
expect(len(Hook.calls) == 1, f"once: {len(Hook.calls)}")
headers, body = Hook.calls[0]
code = hmac.new(
    secret.encode(), headers["X-Klantreis-Timestamp"].encode() + b"." + body, hashlib.sha256)
expect(headers["X-Klantreis-Signature"] == "sha256=" + code.hexdigest(), "the call is signed")
expect(json.loads(body) == {"who": "Ann"}, f"and says what it should: {body}")

print("asked, confirmed, and left again")
klantreis("mail", "set", "url", server.address)
klantreis("consent", "ask", "bea", "marketing", "Email")
asked = mailbox.mails[-1]
expect(asked[1] == ["bea@example.org"], "the question goes to the customer")
question = email.message_from_bytes(asked[2], policy=email.policy.default)
expect(question["subject"] == "Bevestig dit alstublieft", f"in the customer's language: {question['subject']}")
question = question.get_content()
link = re.search(rf"{re.escape(server.address)}/confirm/\S+", question)[0]


def browse(address, form=None):
    body = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(address, body)) as reply:
        return reply.status, reply.read().decode()


def planned(key):
    plan(key, "bea")
    return settled([key])[key]


browse(link)
m = planned("opened")
expect(m.get("reason") == "no-consent", f"opening the link is no yes: {m}")
browse(link, {"do": "confirm"})
m = planned("confirmed")
expect(m["state"] == "sent", f"pressing its button is: {m}")
offer = email.message_from_bytes(mailbox.mails[-1][2], policy=email.policy.default)
expect(offer["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", "one click leaves")
leave = str(offer["List-Unsubscribe"]).strip("<> ")
expect(leave.startswith(f"{server.address}/unsubscribe/"), f"by our own address: {leave}")
signed = [h[1] for h in dkim.DKIM(mailbox.mails[-1][2]).headers if h[0].lower() == b"dkim-signature"]
expect(all(b"list-unsubscribe-post" in h.lower() for h in signed), "and that is signed")
expect(leave in offer.get_body(("html",)).get_content().replace("&amp;", "&"), "and in the mail")
browse(leave)
expect(json.loads(klantreis("consent", "show", "bea", "--format", "json"))["consents"][0]["isAllowed"],
       "looking at it leaves nothing")
status, _ = browse(leave, {"List-Unsubscribe": "One-Click"})
expect(status == 200, f"one POST does: {status}")
m = planned("left")
expect(m.get("reason") == "no-consent", f"and nothing more is sent: {m}")

print("a server with TLS and a login")
certificate = pathlib.Path(folder.name) / "certificate.pem"
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
     "-days", "2", "-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
     f"{certificate}.key", "-out", certificate], check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, f"{certificate}.key")


def login(_server, _session, _envelope, _mechanism, given):
    return AuthResult(success=given == LoginPassword(b"shop", b"right"), handled=False)


kept_safe = Controller(
    mailbox, hostname="127.0.0.1", port=free_port(), require_starttls=True, tls_context=context,
    auth_required=True, authenticator=login)
# Encrypted from the first byte on; the library does not count that as encrypted when it asks for a login.
all_safe = Controller(
    mailbox, hostname="127.0.0.1", port=free_port(), ssl_context=context, auth_required=True,
    auth_require_tls=False, authenticator=login)
kept_safe.start()
all_safe.start()
before = len(mailbox.mails)


def tried(key):
    plan(key, "bea", "--service")
    m = settled([key])[key]
    return m["state"], m.get("reason"), m.get("detail") or ""


klantreis("mail", "set", "security", "starttls")
said = tried("plain")
expect(said[:2] == ("waiting", "no-connection"), f"nothing goes to a server that offers no encryption: {said}")
klantreis("mail", "set", "server", f"127.0.0.1:{kept_safe.port}")
said = tried("stranger")
expect(said[:2] == ("waiting", "no-connection") and "certificate" in said[2],
       f"nor to one for which nobody vouches: {said}")
said = klantreis("mail", "set", "authority", f"{certificate}.key", fails=True)
expect("certificates" in said, f"a key is no certificate: {said}")
klantreis("mail", "set", "authority", str(certificate))
said = tried("nameless")
expect(said[:2] == ("waiting", "smtp-5.7.0"), f"who must log in and does not: {said}")
klantreis("mail", "set", "user", "shop")
klantreis("mail", "set", "password", text="wrong\n")
said = tried("guess")
expect(said[:2] == ("waiting", "smtp-5.7.8") and "wrong" not in said[2], f"a wrong password closes nobody: {said}")
klantreis("mail", "set", "password", text="right\n")
said = tried("safe")
expect(said[0] == "sent", f"encrypted after the greeting, and logged in: {said}")
klantreis("mail", "set", "server", f"127.0.0.1:{all_safe.port}")
klantreis("mail", "set", "security", "tls")
said = tried("safer")
expect(said[0] == "sent", f"encrypted from the beginning: {said}")
expect(len(mailbox.mails) == before + 2, f"two mails came of six: {len(mailbox.mails) - before}")
expect("bea@" not in klantreis("mail", "suppressed"), "and she is still written to")
kept_safe.stop()
all_safe.stop()

mails = len(mailbox.mails)

print("a server that is killed")
server.kill()
server.start()
time.sleep(1)
expect(len(mailbox.mails) == mails and len(Hook.calls) == 1, "nothing is sent twice")
expect(mailbox.tries["drop"] == 1 and mailbox.tries["forget"] == 1, "what is unknown is not repeated")
journey = klantreis("journey", "ann", "--format", "json")
# The mail and the call were sent, the mail came back, the call arrived.
for event, count in (("Message Sent", 2), ("Message Bounced", 1), ("Message Delivered", 1)):
    expect(journey.count(f'"{event}"') == count, f"{event} is in the journey {count} times")
expect(server.stop() == 0, "the server stops in good order")
controller.stop()
folder.cleanup()
print("WRONG" if wrong else "all well", *wrong, sep="\n  ")
sys.exit(1 if wrong else 0)
