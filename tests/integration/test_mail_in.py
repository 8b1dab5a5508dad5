"""Why: who has no browser answers by mail: the three words and answers to questions, in six languages. A mail acts
only with the token of a notice that asked for it, once, whatever else it says and however often it comes."""
import email.message
import email.policy
import re
import socket
import time
import uuid

import pytest

from harness import wait_until
from sinks import MailSink
from test_mail import MailSite, mails_of, offered, wait_mail


class AnswerSite(MailSite):
    def __init__(self, sink, **more):
        super().__init__(sink, **more)
        self.maildir = self.folder / "answers"
        self.env["LIAISON_MAIL_IN"] = str(self.maildir)

    def start(self):
        super().start()
        self.reader = self.start_role("m", "mail-in")
        wait_until(lambda: (self.maildir / "refused").is_dir(), 20, "the Maildir is there")

    def names(self, folder):
        return sorted(p.name for p in (self.maildir / folder).iterdir())

    def put(self, message, name=None):
        """As a mail server does: written beside, then moved."""
        name = name or f"{time.time():.6f}.{uuid.uuid4().hex}.host"
        data = message if isinstance(message, bytes) else message.as_bytes(policy=email.policy.SMTP)
        (self.maildir / "tmp" / name).write_bytes(data)
        (self.maildir / "tmp" / name).rename(self.maildir / "new" / name)
        return name

    def settled(self, name, seconds=15):
        """"taken", or the reason why not."""
        def there():
            if f"{name}:2,S" in self.names("cur"):
                return "taken"
            reason = self.maildir / "refused" / f"{name}.reason"
            if name in self.names("refused") and reason.exists():
                return reason.read_text().strip()
            return None
        return wait_until(there, seconds, f"{name} is settled")


@pytest.fixture(scope="module")
def sink():
    with MailSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def site(sink):
    with AnswerSite(sink) as site:
        yield site


def answer_to(mail, text, **headers):
    """What a mail program makes when somebody presses "reply"."""
    message = email.message.EmailMessage()
    message["From"] = mail.to[0]
    message["To"] = str(mail["Reply-To"])
    message["Subject"] = "Re: " + str(mail["Subject"])
    message["Message-ID"] = headers.pop("message_id", f"<{uuid.uuid4().hex}@ken.example>")
    message["In-Reply-To"] = mail["Message-ID"]
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    quoted = "\n".join("> " + line for line in mail.text.split("\n"))
    message.set_content(f"{text}\n\nLe lun. 23 nov. 2026, Liaison <liaison@desk.example> a écrit :\n{quoted}\n")
    return message


def answered(site, **more):
    doc = offered(site, **more)
    id = doc["id"]
    assert site.act("secretariat:ramsar", id, "claim").status == 201
    assert site.act("secretariat:ramsar", id, "answer", {"text": "Here is what to do."}).status == 200
    return doc


def asked(site):
    doc = offered(site)
    assert site.act("secretariat:ramsar", doc["id"], "claim").status == 201
    assert site.act("secretariat:ramsar", doc["id"], "ask", {"text": "Which plants?"}).status == 200
    return doc


def question(sink, doc):
    return wait_mail(sink, doc, "amina@ken.example", "Una pregunta")


def asks_result(sink, doc):
    return wait_mail(sink, doc, "amina@ken.example", "¿está resuelta?")


@pytest.mark.parametrize("text,state,outcome", [
    ("resuelto", "closed", "resolved"), ("Solved.", "closed", "resolved"), ("已解决", "closed", "resolved"),
    ("Частично\nНе хватает карты.", "claimed", None), ("لم يُحلّ\nتنقصنا خريطة", "claimed", None),
    ("NON RÉSOLU\nIl manque la carte.", "claimed", None)])
def test_three_words_in_six_languages_become_the_countrys_confirmation(site, sink, text, state, outcome):
    doc = answered(site)
    name = site.put(answer_to(asks_result(sink, doc), text))
    assert site.settled(name) == "taken"
    now = site.get("country:KEN", doc["id"])
    assert (now["state"], now["outcome"]) == (state, outcome)
    line = site.history("country:KEN", doc["id"])[-1]
    assert (line["action"], line["actor"]) == ("confirm", "country:KEN")
    if "\n" in text:
        assert line["text"] == text.split("\n")[1]


def test_an_answer_to_a_question_becomes_the_reply_without_quotation_and_signature(site, sink):
    doc = asked(site)
    name = site.put(answer_to(question(sink, doc), "Papirus y caña.\n\nDesde mayo.\n-- \nAmina\n+254 700"))
    assert site.settled(name) == "taken"
    now = site.get("secretariat:ramsar", doc["id"])
    assert now["state"] == "claimed" and now["reply"]["text"] == "Papirus y caña.\n\nDesde mayo."
    wait_mail(sink, doc, "desk@ramsar.example", "has replied")


def test_without_its_own_token_a_mail_does_nothing(site, sink):
    doc, other = answered(site), answered(site)
    mail = asks_result(sink, doc)
    token = re.search(r"\+([a-z2-7]{52})@", mail["Reply-To"])[1]
    foreign = re.search(r"\+([a-z2-7]{52})@", asks_result(sink, other)["Reply-To"])[1]
    flipped = token[:-3] + ("a" if token[-3] != "a" else "b") + token[-2:]
    mixed = token[:26] + foreign[26:]
    before = site.get("country:KEN", doc["id"])
    for to, reason in (("reply@desk.example", "no_token"), (f"reply+{flipped}@desk.example", "bad_token"),
                       (f"reply+{mixed}@desk.example", "bad_token"), (f"reply+{token}@other.example", "no_token"),
                       (f"reply+{'a' * 52}@desk.example", "no_token")):
        assert site.settled(site.put(answer_to(mail, "resuelto", To=to))) == reason, to
    assert site.get("country:KEN", doc["id"]) == before
    assert site.settled(site.put(answer_to(mail, "resuelto", To=f"REPLY+{token.upper()}@DESK.example"))) == "taken"
    assert site.get("country:KEN", other["id"])["state"] == "answered"


def test_each_mail_acts_once(site, sink):
    doc = answered(site)
    message = answer_to(asks_result(sink, doc), "en parte\nFalta el mapa.")
    first = site.put(message)
    assert site.settled(first) == "taken"
    assert site.act("secretariat:ramsar", doc["id"], "answer", {"text": "The map."}).status == 200
    again = site.put(message)  # the same one, by another way
    assert site.settled(again) == "taken"
    assert site.get("country:KEN", doc["id"])["state"] == "answered", "it did not act a second time"
    late = answer_to(asks_result(sink, doc), "resuelto")  # to the first answer, though there is a second one now
    assert site.settled(site.put(late)) == "wrong_state"
    assert site.get("country:KEN", doc["id"])["state"] == "answered"
    wait_mail(sink, doc, "amina@ken.example", "ya había avanzado")
    same_id = answer_to(asks_result(sink, doc), "no resuelto\nOtra cosa", message_id=message["Message-ID"])
    assert site.settled(site.put(same_id)) in ("wrong_state", "bad_token")
    assert len([h for h in site.history("country:KEN", doc["id"]) if h["action"] == "confirm"]) == 1


def test_what_is_not_clear_is_asked_again_once(site, sink):
    doc = answered(site)
    mail = asks_result(sink, doc)
    assert site.settled(site.put(answer_to(mail, "Muchas gracias por todo"))) == "no_choice"
    hint = wait_mail(sink, doc, "amina@ken.example", "No entendimos")
    assert site.settled(site.put(answer_to(mail, "resuelto\nPero el mapa no resuelto"))) == "contradiction"
    assert site.settled(site.put(answer_to(mail, "en parte"))) == "needs_text"
    wait_mail(sink, doc, "amina@ken.example", "falta el texto")
    assert site.settled(site.put(answer_to(mail, "en parte\n" + "x" * 7000))) == "unfit"
    assert site.get("country:KEN", doc["id"])["state"] == "answered"
    time.sleep(0.7)
    assert len([m for m in mails_of(sink, doc) if "No entendimos" in m["Subject"]]) == 1
    assert site.settled(site.put(answer_to(hint, "resuelto"))) == "taken", "the hint can be answered too"
    assert site.get("country:KEN", doc["id"])["state"] == "closed"


def test_machines_are_not_taken_for_people(site, sink):
    doc = asked(site)
    mail = question(sink, doc)
    for headers in ({"Auto_Submitted": "auto-replied"}, {"Return_Path": "<>"}, {"Precedence": "bulk"}):
        assert site.settled(site.put(answer_to(mail, "I am away until May", **headers))) == "automatic"
    assert site.get("country:KEN", doc["id"])["state"] == "awaiting_country"


def test_broken_mail_is_set_aside_and_the_next_one_is_taken(site, sink):
    doc = asked(site)
    mail = question(sink, doc)
    token = mail["Reply-To"].addresses[0].addr_spec.encode()
    cases = {
        b"": "broken", b"\0" * 5000: None, b"no mail at all": None, bytes(range(256)) * 64: None,
        b"To: " + token + b"\n\n": "needs_text",
        b"To: " + token + b"\nContent-Type: text/html\n\n<b>papyrus</b>\n": "no_text",
        b"To: " + token + b"\nContent-Type: multipart/mixed; boundary=x\n\n--x\n--x\n--x": "no_text",
        b"To: " + token + b"\nContent-Type: text/plain; charset=nonsense\n\n\xff\xfe\xff\n": None,
        b"To: " + token + b"\n\n" + b"x" * (1 << 20): "too_large",
        b"To: " + token + b"\n" + b"X-Y: z\n" * 20000 + b"\n" + b"y" * 20000: "unfit",
    }
    for data, reason in cases.items():
        got = site.settled(site.put(data))
        assert got == reason if reason else got != "taken", (data[:80], got)
    link = site.maildir / "new" / "link"
    link.symlink_to("/etc/passwd")
    wait_until(lambda: "link.reason" in site.names("refused"), 10, "a link is not followed")
    assert site.settled(site.put(answer_to(mail, "Papirus"))) == "taken"
    assert site.reader.is_running()


def test_killed_in_the_middle_it_acts_once_all_the_same(site, sink):
    docs = [asked(site) for _ in range(4)]
    mails = [question(sink, doc) for doc in docs]
    names = [site.put(answer_to(mail, f"Papirus {n}")) for n, mail in enumerate(mails)]
    for n in range(3):
        time.sleep(0.15 * n)
        site.reader.kill()
        site.processes.remove(site.reader)
        site.reader = site.start_role("m", "mail-in")
    assert [site.settled(name, 30) for name in names] == ["taken"] * 4
    for n, doc in enumerate(docs):
        replies = [h for h in site.history("country:KEN", doc["id"]) if h["action"] == "reply"]
        assert [r["text"] for r in replies] == [f"Papirus {n}"]


def test_a_mail_that_ends_its_reader_is_set_aside(site, sink):
    """As if it had: the note of a reader that died while taking it apart."""
    name = "1.poison.host"
    site.reader.kill()
    site.processes.remove(site.reader)
    site.put(b"To: x\n\nx\n", name)
    note = site.maildir / f"trying-{socket.gethostname()}:m"
    note.write_text(name)
    site.reader = site.start_role("m", "mail-in")
    assert site.settled(name) == "crashed"
    assert not note.exists()
