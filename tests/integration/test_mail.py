"""Why: people hear by mail what concerns them, once, in their language and no more than they may know - also when
the worker is killed, the mail server refuses, or two workers do it at once."""
import collections
import re
import time

import pytest

from harness import Site, partition_key, wait_until
from sinks import MailSink

CONTACTS = """who,email,language,name
secretariat:ramsar,desk@ramsar.example,en,Wetlands Desk
secretariat:ramsar,second@ramsar.example,fr,
secretariat:whc,desk@whc.example,fr,Patrimoine
secretariat:cms,desk@cms.example,en,
secretariat:cites,desk@cites.example,en,
secretariat:cbd,desk@cbd.example,en,
secretariat:ippc,desk@ippc.example,en,
coordinator,liaison@desk.example,en,Liaison Group
country:KEN,Second@KEN.example,ru,Второй
"""
PEOPLE = {"contact_name": "Amina Wanjiru", "contact_email": "amina@ken.example", "contact_language": "es"}
WETLAND = {"title": "Ecological character of our lakeside wetland is changing",
           "description": "The Ramsar site loses its water plants; we ask for an advisory mission on wetland "
                          "management and restoration of the lake shore. SECRETWORD"}


def mail_env(sink, folder=None, **more):
    return {"LIAISON_SMTP_URL": sink.url, "LIAISON_SMTP_TLS": "no", "LIAISON_MAIL_FROM": "liaison@desk.example",
            "LIAISON_MAIL_REPLY_TO": "reply@desk.example", "LIAISON_WORKER_TAKEOVER_MS": "1500",
            "LIAISON_DELIVER_LEASE_MS": "2500", "LIAISON_DELIVER_RETRY_MS": "5", **more}


class MailSite(Site):
    """A site with a contacts file, a router and as many workers of the role deliver as asked for."""

    def __init__(self, sink, delivers=1, **more):
        self.delivers = delivers
        super().__init__(workers=1, env=mail_env(sink, **more))
        (self.folder / "contacts.csv").write_text(CONTACTS)
        self.env["LIAISON_CONTACTS"] = str(self.folder / "contacts.csv")

    def start(self):
        super().start()
        self.delivering = [self.start_deliver(n) for n in range(self.delivers)]

    def start_deliver(self, n):
        return self.start_role(f"d{n}", "deliver")


@pytest.fixture(scope="module")
def sink():
    with MailSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def mailed(sink):
    with MailSite(sink) as site:
        yield site


def offered(site, **more):
    """Routed to ramsar as lead, by the coordinator when the router did not."""
    doc = site.routed("KEN", **{**WETLAND, **PEOPLE, **more})
    if doc["state"] == "triage":
        answer = site.act("coordinator", doc["id"], "route", {"lead": "ramsar", "support": ["cms"]})
        assert answer.status == 200, answer
    return site.get("country:KEN", doc["id"])


def mails_of(sink, doc, address=None):
    mails = [m for m in list(sink.mails) if doc["reference"] in m["Subject"]]
    return [m for m in mails if address is None or m.to == [address]]


def wait_mail(sink, doc, address, words, seconds=15):
    def there():
        return [m for m in mails_of(sink, doc, address) if words in m["Subject"]]
    return wait_until(there, seconds, f"{address} hears '{words}': {mails_of(sink, doc)}")[0]


def test_the_contact_hears_in_their_language_with_the_reference_in_the_subject(mailed, sink):
    doc = offered(mailed)
    mail = wait_mail(sink, doc, "amina@ken.example", "recibida")
    assert mail["Subject"] == f"[{doc['reference']}] Su solicitud ha sido recibida y registrada"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["To"].addresses[0].display_name == "Amina Wanjiru"
    assert mail.sender == "liaison@desk.example"
    assert mail["Content-Language"] == "es"
    assert mail["Content-Type"] == 'text/plain; charset="utf-8"'
    assert "Estimado/a Amina Wanjiru:" in mail.text and doc["title"] in mail.text
    assert "SECRETWORD" not in mail.text
    assert all(len(line) <= 78 for line in mail.raw.decode("ascii").split("\r\n"))
    assert not mail["Reply-To"], "nothing is to be answered yet"
    # the country's own second contact, in Russian
    assert "Ваш запрос получен" in wait_mail(sink, doc, "Second@KEN.example", "запрос получен")["Subject"]


def test_mails_of_one_request_hold_together_as_a_thread(mailed, sink):
    doc = offered(mailed)
    first = wait_mail(sink, doc, "amina@ken.example", "recibida")
    lead = wait_mail(sink, doc, "desk@ramsar.example", "offered to you to lead")
    assert first["References"] == lead["References"] == f"<{doc['id']}@desk.example>"
    assert first.id != lead.id
    assert wait_mail(sink, doc, "second@ramsar.example", "proposée")["Content-Language"] == "fr"


def test_each_person_hears_each_event_once_and_only_what_concerns_them(mailed, sink):
    doc = offered(mailed)
    id = doc["id"]
    assert mailed.act("secretariat:ramsar", id, "claim").status == 201
    assert mailed.act("secretariat:ramsar", id, "ask", {"text": "Which plants?"}).status == 200
    assert mailed.act("country:KEN", id, "reply", {"text": "Papyrus"}).status == 200
    assert mailed.act("secretariat:ramsar", id, "answer", {"text": "Here is what to do."}).status == 200
    assert mailed.act("country:KEN", id, "confirm", {"outcome": "resolved"}).status == 200
    wait_mail(sink, doc, "desk@ramsar.example", "confirmed the result")
    wait_mail(sink, doc, "amina@ken.example", "¿está resuelta?")
    time.sleep(1)
    said = collections.Counter(m["Subject"].split("] ")[1] for m in mails_of(sink, doc, "amina@ken.example"))
    assert set(said.values()) == {1}, said
    assert sorted(said) == sorted([
        "Su solicitud ha sido recibida y registrada",
        next(s for s in said if "se ha ofrecido a" in s),
        next(s for s in said if "dirige ahora" in s),
        next(s for s in said if s.startswith("Una pregunta")),
        "Su solicitud tiene respuesta: ¿está resuelta?"]), said
    said = [m["Subject"].split("] ")[1] for m in mails_of(sink, doc, "desk@ramsar.example")]
    assert len(said) == len(set(said)) == 3, said
    question = wait_mail(sink, doc, "amina@ken.example", "Una pregunta")
    assert "| Which plants?" in question.text
    token = re.fullmatch(r"reply\+([a-z2-7]{52})@desk\.example", question["Reply-To"].addresses[0].addr_spec)
    assert token
    answer = wait_mail(sink, doc, "amina@ken.example", "¿está resuelta?")
    assert answer["Reply-To"].addresses[0].addr_spec != question["Reply-To"].addresses[0].addr_spec
    assert "resuelto / en parte / no resuelto" in answer.text


def test_of_a_restricted_request_no_text_goes_by_mail(mailed, sink):
    doc = offered(mailed, disclosure="restricted", title="Restricted TITLEWORD of our lakeside wetland")
    id = doc["id"]
    lead = doc["offers"][0]["secretariat"]
    assert mailed.act(f"secretariat:{lead}", id, "claim").status == 201
    assert mailed.act(f"secretariat:{lead}", id, "ask", {"text": "QUESTIONWORD?"}).status == 200
    mail = wait_mail(sink, doc, "amina@ken.example", "Una pregunta")
    assert "no se envían por correo" in mail.text
    for mail in mails_of(sink, doc):
        for word in ("SECRETWORD", "TITLEWORD", "QUESTIONWORD"):
            assert word not in mail.text and word not in mail["Subject"], mail


def test_who_may_not_see_it_hears_nothing(mailed, sink):
    doc = offered(mailed)
    wait_mail(sink, doc, "amina@ken.example", "recibida")
    wait_mail(sink, doc, "desk@ramsar.example", "offered")
    told = {o["secretariat"] for o in doc["offers"]}
    for mail in mails_of(sink, doc):
        code = mail.to[0].split("@")[1].split(".")[0].lower()
        assert code in told | {"ken", "desk"}, mail


def test_a_name_cannot_forge_a_header(mailed, sink):
    name = 'Eve" <eve@evil.example>, "x'
    doc = offered(mailed, contact_name=name, contact_email="eve@ken.example")
    mail = wait_mail(sink, doc, "eve@ken.example", "recibida")
    assert [a.addr_spec for a in mail["To"].addresses] == ["eve@ken.example"]
    assert mail["To"].addresses[0].display_name == name


def test_an_address_that_is_none_is_left_alone(mailed, sink):
    before = sink.offered
    doc = offered(mailed, contact_email="a b@ken.example>\\", contact_name="X")
    wait_mail(sink, doc, "Second@KEN.example", "запрос получен")
    assert not [m for m in mails_of(sink, doc) if "ken.example>" in m.to[0]]
    assert sink.offered >= before


def dead(site):
    answer = site.api("operator", "GET", "/v1/dead-letters")
    assert answer.status == 200, answer
    return [d for d in answer.doc["items"] if d["queue"] == "deliver"]


def test_a_refused_mail_is_tried_again_and_then_a_dead_letter_that_can_be_requeued(mailed, sink):
    mode = {"busy@ken.example": 2, "gone@ken.example": 10**9}

    def answer(mail):
        to = mail.to[0]
        if mode.get(to, 0) > 0:
            mode[to] -= 1
            return "451 try later" if to.startswith("busy") else "550 no such user"
        return None

    sink.answer = answer
    busy = offered(mailed, contact_email="busy@ken.example")
    assert wait_mail(sink, busy, "busy@ken.example", "recibida", seconds=20)
    gone = offered(mailed, contact_email="gone@ken.example")
    wait_until(lambda: len(dead(mailed)) >= 2, 20, "dead letters")
    assert "gone@ken.example" not in str(dead(mailed)), "no address among what operators see"

    def figures():
        return dict(line.rsplit(" ", 1) for line in mailed.api(None, "GET", "/metrics").body.decode().splitlines()
                    if line.startswith("liaison_mail_"))
    wait_until(lambda: figures()["liaison_mail_backlog"] == "0", 10, "none waits")
    assert int(figures()['liaison_mail_deliveries_total{outcome="dead"}']) == len(dead(mailed))
    assert int(figures()['liaison_mail_deliveries_total{outcome="retry"}']) == 2
    mode["gone@ken.example"] = 0
    for letter in dead(mailed):
        assert mailed.api("operator", "POST", f"/v1/dead-letters/{letter['id']}/requeue").status == 200
    wait_mail(sink, gone, "gone@ken.example", "recibida")
    wait_until(lambda: not dead(mailed), 5, "no dead letters any more")
    wait_until(lambda: figures()["liaison_mail_backlog"] == "0", 10, "none waits")
    assert mailed.api("operator", "POST", "/v1/dead-letters/ntc_" + "0" * 32 + "/requeue").status == 404
    sink.answer = None


def test_after_kills_of_two_workers_nobody_missed_anything_and_ids_tell_repeats():
    """At least once to the wire: a mail that the server took just before its worker was killed comes again, with
    the same Message-ID; nothing else comes twice and nothing is lost."""
    with MailSink() as sink, MailSite(sink, delivers=2) as site:
        docs = []
        for n in range(6):
            docs.append(offered(site, contact_email=f"person{n}@ken.example"))
            worker = site.delivering[n % 2]
            worker.kill()
            site.processes.remove(worker)
            site.delivering[n % 2] = site.start_deliver(n % 2)
        for n, doc in enumerate(docs):
            wait_mail(sink, doc, f"person{n}@ken.example", "recibida", seconds=30)
            wait_mail(sink, doc, f"person{n}@ken.example", "ofrecido", seconds=30)
        wait_until(lambda: not any(site.redis("ZCARD", partition_key(p, "outgoing")) for p in range(16)), 30,
                   "nothing is left to send")
        by_id = collections.Counter(m.id for m in sink.mails)
        by_person = collections.Counter((m.to[0], m["Subject"]) for m in sink.mails)
        for key, times in by_person.items():
            ids = {m.id for m in sink.mails if (m.to[0], m["Subject"]) == key}
            assert len(ids) == 1, f"{key} came under several ids"
            assert times <= 3, key
        assert sum(by_id.values()) - len(by_id) <= 12
        site.expect_dirty = True


def test_without_a_mail_server_nothing_waits_and_readyz_says_so():
    with Site(workers=0) as site:
        site.start_role("d", "deliver")
        doc = site.submit("KEN", **{**WETLAND, **PEOPLE}).doc
        events = partition_key(doc["id"], "events")

        def done():
            groups = site.redis("XINFO", "GROUPS", events)
            group = dict(zip(groups[0][::2], groups[0][1::2])) if groups else {}
            return group.get(b"lag") == 0 and group[b"pending"] == 0
        wait_until(done, 10, "events are done with")
        assert not site.redis("ZCARD", partition_key(doc["id"], "outgoing"))
        answer = site.api(None, "GET", "/readyz?verbose=1")
        assert answer.status == 200 and b"[-]mail not set up" in answer.body, answer
