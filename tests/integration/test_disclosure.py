"""Why: who may read how much is one rule (protocol/record.c), but a request is told of through many channels.
One table: channel x disclosure x reader. What each may see is worked out here anew, from domain.md 3.2/10,
4 and 5.1. Then the same site is searched for every secret text that was ever sent in: store files, logs, state
folder, and what operators get."""
import asyncio
import json
import os
import pathlib
import subprocess
import tempfile

import pytest

import harness
from harness import Site, wait_until
from sinks import HookSink, MailSink
from sse import Reader

HIDDEN, HEADER, TITLE, FULL = range(4)
DISCLOSURES = ("open", "routed", "restricted")
CODES = ("whc", "cbd", "cites", "cms", "ramsar", "ippc", "itpgrfa", "iwc")
READERS = ["country:KEN", "country:UGA", "coordinator", "operator", *(f"secretariat:{c}" for c in CODES)]


def told(d, what):
    """A word that stands nowhere else."""
    return f"Zq{what}{DISCLOSURES.index(d)}xw"


class Told(Site):
    """Mail and webhooks for everybody."""

    def __init__(self, mails, hooks):
        super().__init__(workers=1, env={
            "LIAISON_SMTP_URL": mails.url, "LIAISON_SMTP_TLS": "no", "LIAISON_MAIL_FROM": "liaison@desk.example",
            "LIAISON_WEBHOOK_CA": str(hooks.ca), "LIAISON_WEBHOOK_LOOPBACK": "yes", "LIAISON_DELIVER_RETRY_MS": "5"})
        rows = [f"{who},{who.replace(':', '.').lower()}@people.example,en,Somebody" for who in READERS if who != "operator"]
        self.env["LIAISON_CONTACTS"] = str(self.folder / "contacts.csv")
        (self.folder / "contacts.csv").write_text("who,email,language,name\n" + "\n".join(rows) + "\n")

    def start(self):
        super().start()
        self.start_role("d", "deliver")


@pytest.fixture(scope="module")
def story():
    """One request of each disclosure, all with an answer, a question and a file; their twins of another country."""
    with tempfile.TemporaryDirectory(prefix="liad", dir="/tmp") as name, MailSink() as mails, \
            HookSink(pathlib.Path(name), lambda *_: 204) as hooks, Told(mails, hooks) as site:
        site.mails, site.hooks, site.docs = mails, hooks, {}
        for who in READERS:
            if not who.startswith(("coord", "oper")):
                made = site.api(who, "POST", "/v1/webhooks", {"url": hooks.url(who.replace(":", "-"))})
                assert made.status == 201, made
        site.by_hand = {}
        site.begin = {who: begin(site, who) for who in READERS}
        for d in DISCLOSURES:
            upload = site.api("country:KEN", "POST", "/v1/attachments", f"{told(d, 'File')} of a plan\n".encode() * 20,
                              {"Content-Type": "text/plain", "Content-Disposition": 'attachment; filename="plan.txt"'})
            assert upload.status in (200, 201), upload
            doc = site.routed("KEN", disclosure=d, contact_name=told(d, "Name"), contact_email=f"{told(d, 'mail').lower()}@ken.example",
                              title=f"Ecological character of our wetland is changing {told(d, 'Title')}",
                              attachments=[{"id": upload.doc["id"], "name": f"{told(d, 'Filename')}.txt"}],
                              description=f"The Ramsar site number {d} loses its water plants; we ask for an advisory mission on "
                              f"wetland management and restoration of the lake shore. {told(d, 'Text')}")
            site.by_hand[d] = doc["state"] == "triage"
            if site.by_hand[d]:
                assert site.act("coordinator", doc["id"], "route", {"lead": "ramsar", "support": ["cms"]}).status == 200
            id = doc["id"]
            lead = site.get("country:KEN", id)["routing"]["lead"]
            assert site.act(f"secretariat:{lead}", id, "claim").status in (200, 201)
            assert site.act(f"secretariat:{lead}", id, "ask", {"text": f"Which plants? {told(d, 'Question')}"}).status == 200
            assert site.act("country:KEN", id, "reply", {"text": f"All of them. {told(d, 'Reply')}"}).status == 200
            assert site.act(f"secretariat:{lead}", id, "answer", {"text": f"Experts come in March. {told(d, 'Answer')}"}).status == 200
            site.docs[d] = site.get("country:KEN", id)
        twin = {"title": "Ecological character of our wetland is changing", "description":
                "The Ramsar site loses its water plants; we ask for an advisory mission on wetland management and "
                "restoration of the lake shore."}
        site.twin = twin
        site.own_twin = site.routed("KEN", **twin)
        site.far_twin = site.routed("UGA", **twin)
        yield site


def view(site, who, d):
    """How much this reader may see of the request with that disclosure."""
    doc = site.docs[d]
    role, _, of = who.partition(":")
    if role == "operator" or role == "country":
        return FULL if of == "KEN" else HIDDEN
    if role == "coordinator":
        return HEADER if d == "restricted" else FULL
    offered = {o["secretariat"] for o in doc["offers"]}
    if of == doc["routing"]["lead"]:
        return FULL
    if of in offered:
        return HEADER if d == "restricted" else FULL
    if d == "open":
        return FULL
    if of in doc["routing"].get("informed", []) and not site.by_hand[d]:  # who routes by hand informs nobody
        return HEADER if d == "restricted" else TITLE
    return HIDDEN


def get(site, who, path, **headers):
    answer = site.api(who, "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return answer.body if answer.status == 200 else b""


def begin(site, who):
    """The position of now in what this reader hears."""
    answer = site.api(who, "GET", "/v1/events?limit=1")
    return answer.doc["next"].split("after=")[1].split("&")[0] if answer.status == 200 else None


def events(site, who):
    if not site.begin[who]:
        return b""
    answer = site.api(who, "GET", f"/v1/events?limit=200&after={site.begin[who]}")
    assert answer.status == 200 and not answer.doc["more"] and not answer.doc["reset"], answer
    return answer.body


def stream(site, who):
    """The same as it is told to who comes back after a while."""
    reader = Reader(site.ports[0], site.tokens[who], last_id=site.begin[who])

    async def read():
        try:
            await asyncio.wait_for(reader.once(), 1.5)
        except (asyncio.TimeoutError, OSError):
            pass
    if site.begin[who]:
        asyncio.run(read())
        assert reader.status == 200
    return json.dumps(reader.events).encode()


def assess(site, who):
    country = who.split(":")[1] if who.startswith("country") else "KEN"
    answer = site.api(who, "POST", "/v1/requests:assess", {"country": country, "language": "en", **site.twin})
    return answer.body


CHANNELS = {
    "resource": lambda s, w: b"".join(get(s, w, f"/v1/requests/{d['id']}") for d in s.docs.values()),
    "reference": lambda s, w: b"".join(get(s, w, f"/v1/requests/{d['reference']}") for d in s.docs.values()),
    "history": lambda s, w: b"".join(get(s, w, f"/v1/requests/{d['id']}/history") for d in s.docs.values()),
    "list": lambda s, w: get(s, w, "/v1/requests?limit=200"),
    "list by title": lambda s, w: b"".join(get(s, w, f"/v1/requests?q={told(d, 'Title')}") for d in DISCLOSURES),
    "list by text": lambda s, w: b"".join(get(s, w, f"/v1/requests?q={told(d, 'Text')}") for d in DISCLOSURES),
    "inbox": lambda s, w: get(s, w, "/v1/inbox"),
    "events": events,
    "event stream": stream,
    "export": lambda s, w: get(s, w, "/v1/requests", Accept="application/x-ndjson"),
    "table": lambda s, w: get(s, w, "/v1/requests", Accept="text/csv"),
    "histories": lambda s, w: get(s, w, "/v1/requests?of=history", Accept="application/x-ndjson"),
    "draft": assess,
    "own twin": lambda s, w: get(s, w, f"/v1/requests/{s.own_twin['id']}"),
    "far twin": lambda s, w: get(s, w, f"/v1/requests/{s.far_twin['id']}"),
    "files": lambda s, w: b"".join(get(s, w, f"/v1/requests/{d['id']}/attachments/{a['id']}") for d in s.docs.values()
                                   for a in d["attachments"]),
    "statistics": lambda s, w: get(s, w, "/v1/statistics"),
    "queue": lambda s, w: get(s, w, "/v1/queue"),
    "metrics": lambda s, w: get(s, w, "/metrics"),
    "dead letters": lambda s, w: get(s, w, "/v1/dead-letters"),
    "mail": lambda s, w: "".join(f"{m['Subject']}\n{m.text}" for m in s.mails.to(f"{w.replace(':', '.').lower()}@people.example")).encode(),
    "webhook": lambda s, w: b"".join(c.body for c in s.hooks.of(w.replace(":", "-"))),
}
NARROW = ("Text", "Question", "Reply", "Answer", "Name", "mail", "File")  # only for who sees all of it
SOMEBODY = {"resource": "country:KEN", "reference": None, "history": "country:KEN", "list": "country:KEN", "list by title": "country:KEN",
            "events": "country:KEN", "event stream": "country:KEN", "export": "country:KEN", "table": "country:KEN", "histories": "country:KEN", "webhook": "country:KEN",
            "own twin": "country:KEN", "files": "country:KEN", "mail": None, "draft": "country:KEN"}


@pytest.fixture(scope="module")
def seen(story):
    wait_until(lambda: all(d["id"].encode() in CHANNELS["webhook"](story, "country:KEN") for d in story.docs.values()), 20, "webhooks")
    return {}


@pytest.mark.parametrize("channel", CHANNELS)
def test_nobody_hears_more_than_he_may(story, seen, channel):
    for who in READERS:
        blob = CHANNELS[channel](story, who)
        for d in DISCLOSURES:
            may = view(story, who, d)
            if who == "operator":  # content in no channel; ids of dead letters and the like are his work
                words = [told(d, w) for w in (*NARROW, "Title", "Filename")]
            else:
                words = [told(d, w) for w in NARROW] if may < FULL else []
                words += [told(d, "Title"), told(d, "Filename")] if may < TITLE else []
                words += [story.docs[d]["id"], story.docs[d]["reference"]] if may < HEADER else []
            for word in words:
                assert word.lower().encode() not in blob.lower(), (channel, who, d, word)
    if SOMEBODY.get(channel):
        blob = CHANNELS[channel](story, SOMEBODY[channel])
        for d in DISCLOSURES:
            word = {"files": told(d, "File"), "history": told(d, "Question")}.get(channel, story.docs[d]["id"])
            assert word.encode() in blob, (channel, d)


def test_what_may_be_seen_is_seen(story):
    """The other side: resource, list and export give each reader exactly its measure."""
    for who in READERS:
        for d in DISCLOSURES:
            may, id = view(story, who, d), story.docs[d]["id"]
            answer = story.api(who, "GET", f"/v1/requests/{id}")
            assert (answer.status == 200) == (may > HIDDEN) or who == "operator", (who, d, answer)
            assert (told(d, "Title").encode() in answer.body) == (may >= TITLE), (who, d)
            assert (told(d, "Text").encode() in answer.body) == (may == FULL), (who, d)
            listed = CHANNELS["list"](story, who)
            assert (id.encode() in listed) == (may > HIDDEN), (who, d)
            assert (told(d, "Title").encode() in listed) == (may >= TITLE), (who, d)
            found = get(story, who, f"/v1/requests?q={told(d, 'Title')}")
            assert (id.encode() in found) == (may >= TITLE), (who, d, "a word that he may not read finds nothing")


def test_no_secret_text_is_left_anywhere(story):
    """Store files as they are and after a rewrite, logs, the state folder, what operators can print."""
    secrets = [told(d, w) for d in DISCLOSURES for w in (*NARROW, "Title", "Filename")]
    secrets += [t[21:64] for t in story.tokens.values()][:50]
    story.redis("BGREWRITEAOF")
    wait_until(lambda: b"aof_rewrite_in_progress:0" in story.redis("INFO", "persistence"), 20)
    story.redis("SAVE")
    places = [p for p in story.folder.rglob("*") if p.is_file() and p.name not in ("credentials.json", "contacts.csv")]
    assert any(p.suffix == ".rdb" for p in places) and any(p.name.endswith("incr.aof") for p in places)
    assert any("log" in p.suffix for p in places) and any(p.stat().st_size > 500 for p in places if "KEN" in str(p))
    blobs = {str(p): p.read_bytes() for p in places}
    for process in story.processes:
        blobs[f"what {process.name} says"] = process.text().encode()
        if process.is_running():
            blobs[f"how {process.name} was called"] = pathlib.Path(f"/proc/{process.popen.pid}/cmdline").read_bytes()
    for words in (("queue",), ("queue", "--json"), ("dead",), ("audit", "verify", "--offline")):
        done = subprocess.run([harness.BIN / "liaison", "--server", f"http://127.0.0.1:{story.ports[0]}", "--token-file",
                               story.folder / "credentials.json", "--as", "operator", *words], capture_output=True,
                              env={**story.env, "HOME": str(story.folder)}, timeout=60)
        blobs[f"liaison {words}"] = done.stdout + done.stderr
    for place, blob in blobs.items():
        for secret in secrets:
            for form in (secret, json.dumps(secret)[1:-1], secret.encode().hex()):
                assert form.encode() not in blob, (place, secret)
    assert sum(map(len, blobs.values())) > 100000
