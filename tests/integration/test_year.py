"""A year of the whole service: daemon, two clock workers, a worker that sends mail, Redis; people who act now and
then, workers that are killed, time that goes on in jumps. Nobody's turn is nobody's, each demand of a clock is met
once, nobody is told anything twice.

LIAISON_YEAR_REQUESTS  how many (default 50; the full run: 500)
LIAISON_YEAR_JUMPS     in how many jumps the year passes (default 20; the full run: 120)"""
import collections
import os
import random
import time

import life
from harness import FIGURES, PARTITIONS, name, partition_key, wait_until, wetland
from sinks import MailSink
from test_mail import CONTACTS, mail_env
from timed import DAY, TimedSite

REQUESTS = int(os.environ.get("LIAISON_YEAR_REQUESTS", 50))
JUMPS = int(os.environ.get("LIAISON_YEAR_JUMPS", 20))
COUNTRIES = "KEN UGA TCD TZA GHA SEN MLI NER BEN TGO CMR GAB ZMB MWI BWA RWA BDI LSO NAM MOZ FJI PER FRA NPL".split()
RESTARTS = {"open", "note", "decline"}  # beside a change of state: a clock begins anew


class Year:
    def __init__(self, site, sink):
        self.site, self.sink = site, sink
        self.rng = random.Random(2026)
        self.forms = life.forms()
        self.call = life.Callers(site)
        self.ids, self.acts_n, self.kills_n = [], 0, 0

    def submit(self):
        country = self.rng.choice(COUNTRIES)
        words = wetland(name(self.rng)) if self.rng.random() < 0.7 else {
            "title": f"School books for {name(self.rng)} and {name(self.rng)}",
            "description": f"The children of {name(self.rng)} have no books on arithmetic. We ask for paper and pens."}
        answer = self.call(f"country:{country}")("POST", "/v1/requests", {
            "country": country, "language": "en", "urgency": self.rng.choice(["emergency", "priority", "routine", "routine"]),
            "disclosure": "open", "contact_name": "A B", "contact_email": f"contact@{country.lower()}.example", **words})
        assert answer.status == 201, answer
        self.ids.append(answer.doc["id"])

    def act(self, listed):
        """Somebody who may do something does it, or tries to and is late."""
        doc = self.rng.choice(listed)
        whos = [f"country:{doc['country']}", "coordinator"] + [f"secretariat:{o['secretariat']}" for o in doc.get("offers", [])]
        holder = {"country": whos[0], "coordinator": "coordinator"}.get(doc["ball"], f"secretariat:{doc['holder']}")
        who = holder if self.rng.random() < 0.8 and holder in self.site.tokens else self.rng.choice(whos)
        answer = self.call(who)("GET", f"/v1/requests/{doc['id']}")
        if answer.status != 200 or not answer.doc["allowed_actions"]:
            return
        quick = [a for a in answer.doc["allowed_actions"] if a not in ("withdraw", "refer", "merge", "join", "link")]
        action = self.rng.choice(quick if quick and self.rng.random() < 0.95 else answer.doc["allowed_actions"])
        others = [i for i in self.ids if i != doc["id"]]
        said = life.body(self.forms[action], lead=self.rng.choice(["ramsar", "cms", "cbd"]), support=[self.rng.choice(["whc", "ippc"])],
                         other=self.rng.choice(others) if others else "none", outcome=self.rng.choice(["resolved", "partly"]),
                         text="Words of a year.", role=self.rng.choice(["lead", "support"]), relation="same_site")
        if action == "plan":
            said.pop("due_at", None)
        told = self.call(who)("POST", f"/v1/requests/{doc['id']}/{action}", said)
        assert told.status in (200, 201, 409, 422), (who, action, said, told)
        self.acts_n += told.status < 300

    def listed(self):
        out, path = [], "/v1/requests?limit=200"
        while path:
            answer = self.call("coordinator")("GET", path)
            assert answer.status == 200, answer
            out += answer.doc["items"]
            path = answer.doc["next"]
        return out

    def check_balls(self):
        """Every request is there, and either over or somebody's turn."""
        listed = self.listed()
        assert {d["id"] for d in listed} == set(self.ids)
        for d in listed:
            assert (d["ball"] is None) == (d["state"] in life.ENDS), d
            assert d["ball"] != "secretariat" or d["holder"] in life.SECRETARIATS, d
            assert d["state"] in life.ENDS or d["state"] == "submitted" or d["due_at"], d
        return [d for d in listed if d["state"] not in life.ENDS]

    def settle(self):
        """Nothing is due, nobody is still to be told."""
        now = self.site.now_ms()
        site = self.site

        def quiet():
            return not any(at <= now for at in site.deadlines().values()) and \
                not any(site.redis("ZCOUNT", partition_key(p, "outgoing"), "-inf", now) for p in range(PARTITIONS)) and \
                all(g[g.index(b"lag") + 1] == g[g.index(b"pending") + 1] == 0
                    for p in range(PARTITIONS) if site.redis("EXISTS", partition_key(p, "events"))
                    for g in site.redis("XINFO", "GROUPS", partition_key(p, "events")))
        wait_until(quiet, 60, "all that is due is done and told")

    def disturb(self, n):
        """Now and then a program is killed while time goes on."""
        if n % 6 == 3:
            slot = 1 + n // 6 % 2
            self.site.workers[slot].kill()
            self.site.processes.remove(self.site.workers[slot])
            self.site.start_worker(slot)
        if n % 10 == 7:
            self.deliver.kill()
            self.site.processes.remove(self.deliver)
            self.kills_n += 1
            self.begin_deliver()
        if n % 14 == 9:
            self.site.daemons[0].kill()
            self.site.revive()
            self.call.forget()

    def begin_deliver(self):
        self.deliver = self.site.start_role("d", "deliver")

    # what happened

    def check_events(self):
        """Each version once; what a clock demands once for each time that it began to run."""
        past = collections.defaultdict(list)
        for p in range(PARTITIONS):
            for _, fields in self.site.redis("XRANGE", partition_key(p, "events"), "-", "+", timeout=60):
                line = {fields[i].decode(): fields[i + 1].decode() for i in range(0, len(fields), 2)}
                past[line["id"]].append(line)
        assert set(past) == set(self.ids)
        clocks_n = 0
        for id, events in past.items():
            assert [int(e["version"]) for e in events] == list(range(1, len(events) + 1)), id
            met = set()
            for e in events:
                if e["from"] != e["to"] or e["action"] in RESTARTS:
                    met = set()
                if e["actor"] != "system" or e["action"] in ("offer", "hold", "join", "link"):
                    continue
                demand = (e["action"], e.get("degree"), e.get("whom"))
                assert demand not in met, (id, e)
                met.add(demand)
                clocks_n += 1
        return clocks_n, sum(map(len, past.values()))

    def check_mails(self):
        """A mail's Message-ID names its notice, that the event: of one event each person hears once. Only a worker that
        is killed between the mail server's word and the store's sends again, under the same Message-ID."""
        events, sent = collections.Counter(), collections.Counter()
        for mail in self.sink.mails:
            notice = mail.id.split("@")[0]
            sent[notice] += 1
            if sent[notice] > 1:
                continue
            of = self.site.redis.hash(partition_key(notice, f"notice:{notice}"))
            assert of, f"no notice {notice}"
            events[mail.to[0], of["request"], of["version"]] += 1
        twice = [(k, [(m.id, m["Subject"]) for m in self.sink.mails if m.to[0] == k[0]]) for k, n in events.items() if n > 1]
        assert not twice, twice[:3]
        again_n = sum(sent.values()) - len(sent)
        assert again_n <= 16 * self.kills_n, "as many as a worker has on their way"
        return len(sent), again_n


def test_a_year(tmp_path):
    began = time.monotonic()
    with MailSink() as sink:
        env = mail_env(sink, LIAISON_REPLY_DAYS="365", LIAISON_RECONCILE_MS="2000")
        with TimedSite(workers=2, env=env) as site:
            (site.folder / "contacts.csv").write_text(CONTACTS)
            site.env["LIAISON_CONTACTS"] = str(site.folder / "contacts.csv")
            year = Year(site, sink)
            year.begin_deliver()
            for n in range(JUMPS):
                while len(year.ids) < REQUESTS * (n + 1) // (JUMPS * 3 // 4 or 1) and len(year.ids) < REQUESTS:
                    year.submit()
                year.settle()
                open_now = year.check_balls()
                for _ in range(len(open_now) // 2):
                    year.act(open_now)
                year.disturb(n)
                site.jump(360 * DAY / JUMPS)
            year.settle()
            year.check_balls()
            clocks_n, events_n = year.check_events()
            mails_n, again_n = year.check_mails()
            assert clocks_n > REQUESTS and mails_n > REQUESTS
            FIGURES.append(f"a year: {len(year.ids)} requests, {events_n} events, {clocks_n} demands of clocks, {mails_n} mails "
                           f"({again_n} again under their id after {year.kills_n} kills), {year.acts_n} acts of people, "
                           f"{time.monotonic() - began:.1f} s")
