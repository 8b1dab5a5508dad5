"""Merges among others: many at once, and while everything is killed. Whatever happens, what a request says of
its survivor and what the survivor says of it agree."""
import collections
import http.client
import json
import random
import threading
import time

import pytest

import test_faults
from harness import FIGURES, PARTITIONS, Client, Site, key, name, partition_key, wait_until, wetland
from test_concurrency import all_at_once, connected


@pytest.fixture(scope="module")
def site():
    """Of this file's own: its many twins would be near duplicates of others' requests."""
    with Site(workers=2) as s:
        yield s


OPEN = {"triage", "awaiting_country", "offered", "claimed", "planned", "delivering", "answered", "unmatched"}


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.doc


def plain(site, country, n):
    """n requests that are nobody's twins."""
    return [site.routed(country, **wetland(f"{name()} {name()} {name()}"))["id"] for _ in range(n)]


def check_pairs(site, country, ids):
    """Shares no code with the daemon: the API and Redis, each request against all others. Returns states."""
    who = f"country:{country}"
    docs = {id: site.get(who, id) for id in ids}
    p = int(ids[0][-1], 16)
    for id, doc in docs.items():
        record = site.redis.hash(partition_key(id, f"req:{id}"))
        meta = json.loads(record["meta"])
        into = meta.get("g", [None])[0]
        assert (doc["state"] == "merged") == (into is not None), (id, doc["state"], meta)
        assert doc["state"] == record["state"].decode() and doc["version"] == int(record["version"])
        if into:
            assert docs[into]["state"] != "merged", "a merged request points to a merged one"
            assert [m["id"] for m in docs[into]["merged"]].count(id) == 1, "the survivor lists it once"
            assert doc["merged"] == [] and doc["merged_into"]["id"] == into
            assert not {o["state"] for o in doc["offers"]} & {"pending", "accepted"}
        for other in doc["merged"]:
            assert json.loads(site.redis.hash(partition_key(id, f"req:{other['id']}"))["meta"])["g"][0] == id
        lines = site.history(who, id)
        events = site.events(id)
        assert [line["version"] for line in lines] == list(range(1, doc["version"] + 1)), (id, lines)
        assert [e["action"] for e in events] == [line["action"] for line in lines]
        assert all(a["to"] == b["from"] for a, b in zip(lines, lines[1:])) and lines[-1]["to"] == doc["state"]
        for state in OPEN | {"merged"}:
            there = site.redis("ZSCORE", partition_key(p, f"by:state:{state}"), id) is not None
            assert there == (state == doc["state"]), (id, state)
        waits = site.redis("ZSCORE", partition_key(p, "inbox:coordinator"), id) is not None
        assert waits == (doc["ball"] == "coordinator"), (id, doc["state"])
        for offer in doc["offers"]:
            code = offer["secretariat"]
            pending = site.redis("ZSCORE", partition_key(p, f"inbox:offer:{code}"), id) is not None
            assert pending == (offer["state"] == "pending" and doc["state"] in (
                "offered", "claimed", "planned", "delivering")), (id, doc["state"], offer)
    return collections.Counter(doc["state"] for doc in docs.values())


def test_of_a_hundred_merges_of_one_pair_one_wins(site):
    one, two = plain(site, "PAN", 2)
    clients = [connected(site, "coordinator") for _ in range(100)]
    answers = all_at_once([lambda c=c, n=n: c("POST", f"/v1/requests/{(two, one)[n % 2]}/merge",
                                              {"other": (one, two)[n % 2]}) for n, c in enumerate(clients)])
    assert collections.Counter((a.status, a.type if a.status > 299 else None) for a in answers) == {
        (200, None): 1, (409, "wrong-state"): 99}
    assert all(a.doc["merged_into"]["id"] == one for a in answers if a.status == 409)
    assert check_pairs(site, "PAN", [one, two]) == {"offered": 1, "merged": 1}
    assert [line["action"] for line in site.history("country:PAN", two)] == ["submit", "offer", "merge"]


def test_claims_and_merges_at_once_leave_both_consistent(site):
    for _ in range(5):
        one, two = plain(site, "CRI", 2)
        jobs = [("secretariat:ramsar", two, "claim", {})] * 30 + [("secretariat:ramsar", one, "claim", {})] * 20 + [
            ("coordinator", two, "merge", {"other": one})] * 30 + [("country:CRI", two, "withdraw", {})] * 5 + [
            ("coordinator", two, "unmerge", {})] * 15
        random.shuffle(jobs)
        clients = [connected(site, job[0]) for job in jobs]
        answers = all_at_once([lambda c=c, j=j: c("POST", f"/v1/requests/{j[1]}/{j[2]}", j[3])
                               for c, j in zip(clients, jobs)])
        for c in clients:
            c.close()
        assert {a.status for a in answers} <= {200, 201, 409}, collections.Counter(a.status for a in answers)
        won = collections.Counter((j[1], j[2]) for j, a in zip(jobs, answers) if a.status < 300)
        lines = collections.Counter((id, line["action"]) for id in (one, two)
                                    for line in site.history("country:CRI", id))
        for (id, action), n in won.items():
            assert lines[id, action] == n, (won, lines)
        assert lines[one, "merge"] == lines[two, "merge"] and lines[one, "unmerge"] == lines[two, "unmerge"]
        check_pairs(site, "CRI", [one, two])


def test_merges_in_a_ring_end_in_one_survivor(site):
    """Everybody merges everybody: chains have length one throughout."""
    ids = plain(site, "GTM", 8)
    pairs = [(a, b) for a in ids for b in ids if a != b]
    clients = [connected(site, "coordinator") for _ in pairs]
    answers = all_at_once([lambda c=c, p=p: c("POST", f"/v1/requests/{p[0]}/merge", {"other": p[1]})
                           for c, p in zip(clients, pairs)])
    assert {a.status for a in answers} <= {200, 409, 503}
    assert sum(a.status == 200 for a in answers) == 7, "each of seven yields once"
    assert check_pairs(site, "GTM", ids) == {"offered": 1, "merged": 7}
    assert len(site.get("country:GTM", ids[0])["merged"]) == 7, "the first received survives them all"


def test_one_key_fifty_times_is_one_merge(site):
    one, two = plain(site, "HND", 2)
    k = key()
    clients = [connected(site, "coordinator") for _ in range(50)]
    answers = all_at_once([lambda c=c: c("POST", f"/v1/requests/{two}/merge", {"other": one}, {"Idempotency-Key": k})
                           for c in clients])
    assert {a.status for a in answers} == {200} and {a.doc["state"] for a in answers} == {"merged"}
    assert sum("idempotent-replayed" not in a.headers for a in answers) == 1
    check_pairs(site, "HND", [one, two])


def test_both_ends_of_a_link_at_once_agree(site):
    for _ in range(5):
        one, = plain(site, "NIC", 1)
        two, = plain(site, "SLV", 1)
        words = ["related", "same_site", "same_event", "joint_training", "none"] * 8
        clients = [connected(site, "coordinator") for _ in words]
        answers = all_at_once([lambda c=c, n=n, w=w: c("POST", f"/v1/requests/{(one, two)[n % 2]}/link",
                                                       {"other": (two, one)[n % 2], "relation": w})
                               for n, (c, w) in enumerate(zip(clients, words))])
        assert {a.status for a in answers} <= {200, 503}, collections.Counter(a.status for a in answers)

        def agreed():
            a, b = ([(link["id"], link["relation"]) for link in site.get("coordinator", id)["links"]]
                    for id in (one, two))
            return (not a and not b) or (a and b and a[0][1] == b[0][1] and (a[0][0], b[0][0]) == (two, one))
        wait_until(agreed, 10, "both ends say the same")


# --- kill -9 -----------------------------------------------------------------------------------------


class Mergers(threading.Thread):
    """Merges and undoes pairs at random while things die. What has no answer is repeated with its key; a 200 is
    written down."""

    def __init__(self, site, country, ids, seed, stop):
        super().__init__(daemon=True)
        self.site, self.country, self.ids, self.stop = site, country, ids, stop
        self.rng = random.Random(seed)
        self.done = collections.Counter()
        self.answers = collections.Counter()
        self.fault = None

    def run(self):
        try:
            while not self.stop.is_set():
                a, b = self.rng.sample(self.ids, 2)
                if self.rng.random() < 0.5:
                    self.act(a, "merge", {"other": b})
                else:
                    self.act(a, "unmerge", {})
        except BaseException as e:  # noqa: B902 shown by the test
            self.fault = e

    def act(self, id, action, body):
        end = time.monotonic() + 60
        k = key()
        while time.monotonic() < end:
            try:
                with Client(self.site.ports[0], self.site.tokens["coordinator"], timeout=6) as client:
                    answer = client("POST", f"/v1/requests/{id}/{action}", body, {"Idempotency-Key": k})
            except (OSError, http.client.HTTPException):
                self.answers["none"] += 1
                time.sleep(0.01)
                continue
            self.answers[answer.status] += 1
            if answer.status == 200:
                self.done[id, action] += 1
                return
            if answer.status == 409:
                return
            assert answer.status == 503, answer
            time.sleep(0.01)
        raise AssertionError("no answer within 60 s")


class Linkers(threading.Thread):
    """Links requests of two countries while things die, and never repeats what has no answer."""

    def __init__(self, site, ours, theirs, seed, stop):
        super().__init__(daemon=True)
        self.site, self.ours, self.theirs, self.stop = site, ours, theirs, stop
        self.rng = random.Random(seed)
        self.answers = collections.Counter()
        self.fault = None

    def run(self):
        try:
            while not self.stop.is_set():
                pair = [self.rng.choice(self.ours), self.rng.choice(self.theirs)]
                self.rng.shuffle(pair)
                self.act(*pair)
        except BaseException as e:  # noqa: B902 shown by the test
            self.fault = e

    def act(self, one, two):
        body = {"other": two, "relation": self.rng.choice(["related", "same_site", "same_event", "none"])}
        try:
            with Client(self.site.ports[0], self.site.tokens["coordinator"], timeout=6) as client:
                answer = client("POST", f"/v1/requests/{one}/link", body)
        except (OSError, http.client.HTTPException):
            self.answers["none"] += 1
            time.sleep(0.01)
            return
        self.answers[answer.status] += 1
        assert answer.status in (200, 503), answer


def test_kill_9_during_links(make_site, monkeypatch):
    """Both ends of a link agree at last, though nobody repeats it: a worker finds what is due."""
    seed = int(time.time())
    monkeypatch.setattr(test_faults, "KILLS", 8)
    site = make_site(workers=1, env=test_faults.SHORT)
    ours, theirs = plain(site, "PAN", 4), plain(site, "COL", 4)
    assert ours[0][-1] != theirs[0][-1], "two partitions"
    stop = threading.Event()
    linkers = [Linkers(site, ours, theirs, f"{seed}-{n}", stop) for n in range(4)]
    killers = test_faults.killers(site, seed)[1:]  # the daemon and Redis
    for t in [*linkers, *killers]:
        t.start()
    for t in killers:
        t.join(240)
        assert not t.fault and t.kills == 8, (seed, t.fault, t.kills)
    stop.set()
    for t in linkers:
        t.join(30)
        assert not t.is_alive() and not t.fault, (seed, t.fault)
    wait_until(lambda: not any(site.redis("SCARD", partition_key(p, "halves")) for p in range(PARTITIONS)), 20,
               "no half is due")
    ends = {id: {link["id"]: link["relation"] for link in site.get("coordinator", id)["links"]}
            for id in ours + theirs}
    for a in ours:
        for b in theirs:
            assert ends[a].get(b) == ends[b].get(a), (seed, a, b)
    mended = sum(w.text().count("event=half_mended") for w in site.processes if w.name.startswith("worker"))
    answers = sum((m.answers for m in linkers), collections.Counter())
    assert answers[200] > 20 and answers["none"] > 10, f"no load worth the name: {answers}"
    FIGURES.append(f"kill -9 during links: {answers[200]} links, 16 kills, {mended} halves finished by the worker, "
                   f"both ends agree, answers {dict(answers)}, seed {seed}")


def test_kill_9_during_merges(make_site, monkeypatch):
    seed = int(time.time())
    monkeypatch.setattr(test_faults, "KILLS", 8)
    site = make_site(workers=1, env=test_faults.SHORT)
    countries = {"PAN": plain(site, "PAN", 6), "CRI": plain(site, "CRI", 6)}
    stop = threading.Event()
    mergers = [Mergers(site, country, ids, f"{seed}-{country}-{n}", stop)
               for country, ids in countries.items() for n in range(3)]
    killers = test_faults.killers(site, seed)[1:]  # the daemon and Redis
    for t in [*mergers, *killers]:
        t.start()
    for t in killers:
        t.join(240)
        assert not t.fault and t.kills == 8, (seed, t.fault, t.kills)
    stop.set()
    for t in mergers:
        t.join(90)
        assert not t.is_alive() and not t.fault, (seed, t.fault)
    done = sum((m.done for m in mergers), collections.Counter())
    for country, ids in countries.items():
        check_pairs(site, country, ids)
        for id in ids:
            lines = collections.Counter(line["action"] for line in site.history(f"country:{country}", id))
            # what was answered is there, and on the request acted on exactly once for each answer
            assert lines["merge"] >= done[id, "merge"] and lines["unmerge"] >= done[id, "unmerge"], (seed, id)
        merges = sum(line["action"] == "merge" and line["to"] == "merged" and line["from"] != "merged"
                     for id in ids for line in site.history(f"country:{country}", id))
        assert merges == sum(done[id, "merge"] for id in ids), (seed, "each answered merge happened once")
    for p in range(PARTITIONS):
        assert site.redis("SCARD", partition_key(p, "halves")) == 0
    # The checker can fail: one side alone is seen.
    ids = countries["PAN"]
    for id in ids:
        if site.get("country:PAN", id)["state"] == "merged":
            ok(site.act("coordinator", id, "unmerge"))
    before = site.redis("DUMP", partition_key(ids[0], f"req:{ids[0]}"))
    ok(site.act("coordinator", ids[1], "merge", {"other": ids[0]}))
    site.redis("RESTORE", partition_key(ids[0], f"req:{ids[0]}"), 0, before, "REPLACE")
    with pytest.raises(AssertionError):
        check_pairs(site, "PAN", ids)
    answers = sum((m.answers for m in mergers), collections.Counter())
    assert sum(done.values()) > 20 and answers["none"] > 10, f"no load worth the name: {answers}"
    FIGURES.append(f"kill -9 during merges: {sum(done.values())} merges and undos, 16 kills, no half of a pair, "
                   f"answers {dict(answers)}, seed {seed}")
