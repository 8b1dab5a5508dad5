"""Every wrong body gets its own answer, and leaves nothing behind."""
import json
import socket

import pytest

from harness import key, wait_until, wetland

GOOD = {"country": "MEX", "language": "es", **wetland("Laguna de Términos")}
LATIN, ARABIC, CHINESE, EMOJI = "é", "ب", "湿", "🦆"


def bytes_of(**members):
    doc = {k: v for k, v in (GOOD | members).items() if v is not ...}
    return json.dumps(doc, ensure_ascii=False).encode()


def without(member):
    return bytes_of(**{member: ...})


def raw(text, **members):
    """GOOD with this text put in behind its first brace."""
    return b"{" + (text if isinstance(text, bytes) else text.encode()) + b"," + bytes_of(**members)[1:]


def nested(depth, opening="[", closing="]"):
    return opening * depth + "1" + closing * depth


# name, body, status, type, {pointer code}
BODIES = [
    ("empty", b"", 400, "malformed", {"# empty_body"}),
    ("blank", b"  \n ", 400, "malformed", {"# not_json"}),
    ("word", b"nonsense", 400, "malformed", {"# not_json"}),
    ("number", b"12", 400, "malformed", {"# not_json"}),
    ("text", b'"text"', 400, "malformed", {"# not_json"}),
    ("null", b"null", 400, "malformed", {"# not_json"}),
    ("array", b"[]", 400, "malformed", {"# not_an_object"}),
    ("array of it", b"[" + bytes_of() + b"]", 400, "malformed", {"# not_an_object"}),
    ("cut", bytes_of()[:-1], 400, "malformed", {"# not_json"}),
    ("trailing comma", bytes_of()[:-1] + b",}", 400, "malformed", {"# not_json"}),
    ("trailing junk", bytes_of() + b"x", 400, "malformed", {"# not_json"}),
    ("two documents", bytes_of() + bytes_of(), 400, "malformed", {"# not_json"}),
    ("single quotes", bytes_of().replace(b'"', b"'"), 400, "malformed", {"# not_json"}),
    ("comment", b"/* hello */" + bytes_of(), 400, "malformed", {"# not_json"}),
    ("byte order mark", b"\xef\xbb\xbf" + bytes_of(), 400, "malformed", {"# not_json"}),
    ("NaN", raw('"beyond_jurisdiction": NaN'), 400, "malformed", {"# not_json"}),
    ("number too large", raw('"x": 1e999'), 400, "malformed", {"# not_json"}),
    ("integer too large", raw('"x": 99999999999999999999'), 400, "malformed", {"# not_json"}),
    ("UTF-16", bytes_of().decode().encode("utf-16-le"), 400, "malformed", None),
    ("Latin-1", bytes_of(title="Éléphants égarés").decode().encode("latin-1"), 400, "malformed",
     {"# invalid_utf8"}),
    ("overlong", raw(b'"x": "\xc0\xaf"'), 400, "malformed", {"# invalid_utf8"}),
    ("surrogate in UTF-8", raw(b'"x": "\xed\xa0\x80"'), 400, "malformed", {"# invalid_utf8"}),
    ("beyond Unicode", raw(b'"x": "\xf4\x90\x80\x80"'), 400, "malformed", {"# invalid_utf8"}),
    ("cut character", raw(b'"x": "\xe6\xb9"'), 400, "malformed", {"# invalid_utf8"}),
    ("lone surrogate", raw('"x": "\\ud800"'), 400, "malformed", {"# not_json"}),
    ("NUL escaped", raw('"x": "a\\u0000b"'), 400, "malformed", {"# control_character"}),
    ("NUL escaped in a name", raw('"a\\u0000b": 1'), 400, "malformed", {"# control_character"}),
    ("NUL raw", raw(b'"x": "a\0b"'), 400, "malformed", None),
    ("NUL behind", bytes_of() + b"\0", 400, "malformed", None),
    ("control raw", raw(b'"x": "a\x01b"'), 400, "malformed", {"# not_json"}),
    ("control escaped", bytes_of(title="A title with\u0001a bell"), 422, "validation",
     {"#/title control_character"}),
    ("control of the second row", bytes_of(title="A title with\u0085 more"), 422, "validation",
     {"#/title control_character"}),
    ("same member twice", raw('"country": "MEX"'), 400, "malformed", {"# duplicate_member"}),
    ("same member twice inside", raw('"sites": [{"name": "a", "name": "b"}]'), 400, "malformed",
     {"# duplicate_member"}),
    ("same member twice, escaped", raw('"countr\\u0079": "MEX"'), 400, "malformed", {"# duplicate_member"}),
    ("16 deep", raw(f'"x": {nested(15)}'), 422, "validation", {"#/x unknown_member"}),
    ("17 deep", raw(f'"x": {nested(16)}'), 400, "malformed", {"# too_deep"}),
    ("5,000 deep", raw(f'"x": {nested(5000)}'), 400, "malformed", {"# too_deep"}),
    ("5,000 deep in objects", raw(f'"x": {nested(5000, chr(123) + chr(34) + "a" + chr(34) + ":", "}")}'), 400,
     "malformed", {"# too_deep"}),
    ("2,000 items", raw('"x": [' + ",".join(["1"] * 2000) + "]"), 400, "malformed", {"# too_many_items"}),
    ("nothing in it", b"{}", 422, "validation",
     {"#/country required", "#/language required", "#/title required", "#/description required"}),
    ("no country", without("country"), 422, "validation", {"#/country required"}),
    ("no language", without("language"), 422, "validation", {"#/language required"}),
    ("no title", without("title"), 422, "validation", {"#/title required"}),
    ("no description", without("description"), 422, "validation", {"#/description required"}),
    ("title null", bytes_of(title=None), 422, "validation", {"#/title not_text"}),
    ("title number", bytes_of(title=1234567890), 422, "validation", {"#/title not_text"}),
    ("title list", bytes_of(title=["A title in a list"]), 422, "validation", {"#/title not_text"}),
    ("title object", bytes_of(title={"text": "A title"}), 422, "validation", {"#/title not_text"}),
    ("description boolean", bytes_of(description=True), 422, "validation", {"#/description not_text"}),
    ("language unknown", bytes_of(language="de"), 422, "validation", {"#/language unknown_word"}),
    ("language in capitals", bytes_of(language="EN"), 422, "validation", {"#/language unknown_word"}),
    ("language number", bytes_of(language=1), 422, "validation", {"#/language not_text"}),
    ("urgency unknown", bytes_of(urgency="now"), 422, "validation", {"#/urgency unknown_word"}),
    ("urgency empty", bytes_of(urgency=""), 422, "validation", {"#/urgency unknown_word"}),
    ("disclosure list", bytes_of(disclosure=["open"]), 422, "validation", {"#/disclosure not_text"}),
    ("country unknown", bytes_of(country="XXX"), 422, "validation", {"#/country unknown_country"}),
    ("country foreign", bytes_of(country="BRA"), 422, "validation", {"#/country foreign_country"}),
    ("country lower case", bytes_of(country="mex"), 422, "validation", {"#/country unknown_country"}),
    ("country long", bytes_of(country="MEX" * 99), 422, "validation", {"#/country unknown_country"}),
    ("country empty", bytes_of(country=""), 422, "validation", {"#/country unknown_country"}),
    ("country number", bytes_of(country=484), 422, "validation", {"#/country not_text"}),
    ("boolean as text", bytes_of(publish_ok="yes"), 422, "validation", {"#/publish_ok not_a_boolean"}),
    ("boolean as number", bytes_of(beyond_jurisdiction=1), 422, "validation",
     {"#/beyond_jurisdiction not_a_boolean"}),
    ("count as text", bytes_of(items=[{"quantity": "3"}]), 422, "validation",
     {"#/items/0/quantity not_a_whole_number"}),
    ("count as fraction", bytes_of(items=[{"quantity": 1.5}]), 422, "validation",
     {"#/items/0/quantity not_a_whole_number"}),
    ("count below", bytes_of(items=[{}, {"quantity": 0}]), 422, "validation", {"#/items/1/quantity out_of_range"}),
    ("count above", bytes_of(items=[{"quantity": 1000001}]), 422, "validation",
     {"#/items/0/quantity out_of_range"}),
    ("latitude", bytes_of(sites=[{"latitude": 90.5}]), 422, "validation", {"#/sites/0/latitude out_of_range"}),
    ("longitude text", bytes_of(sites=[{"longitude": "12"}]), 422, "validation",
     {"#/sites/0/longitude out_of_range"}),
    ("date", bytes_of(needed_by="2027-02-30"), 422, "validation", {"#/needed_by not_a_date"}),
    ("date in words", bytes_of(needed_by="next spring"), 422, "validation", {"#/needed_by not_a_date"}),
    ("date as number", bytes_of(needed_by=20270101), 422, "validation", {"#/needed_by not_a_date"}),
    ("secretariat unknown", bytes_of(preferred_secretariat="unep"), 422, "validation",
     {"#/preferred_secretariat unknown_word"}),
    ("secretariat switched off", bytes_of(preferred_secretariat="bbnj"), 422, "validation",
     {"#/preferred_secretariat unknown_word"}),
    ("countries", bytes_of(other_countries=["BRA", "ZZZ", 5]), 422, "validation",
     {"#/other_countries/1 unknown_country", "#/other_countries/2 not_text"}),
    ("list as text", bytes_of(themes="wetlands"), 422, "validation", {"#/themes not_an_array"}),
    ("list as object", bytes_of(themes={"0": "wetlands"}), 422, "validation", {"#/themes not_an_array"}),
    ("list too long", bytes_of(themes=["a"] * 11), 422, "validation", {"#/themes too_many_items"}),
    ("list of numbers", bytes_of(themes=["a", 1, None]), 422, "validation",
     {"#/themes/1 not_text", "#/themes/2 not_text"}),
    ("tag too long", bytes_of(themes=["a" * 81, "a" * 80]), 422, "validation", {"#/themes/0 wrong_length"}),
    ("object as text", bytes_of(deputy_contact="Ana"), 422, "validation", {"#/deputy_contact not_an_object"}),
    ("object as list", bytes_of(deputy_contact=[]), 422, "validation", {"#/deputy_contact not_an_object"}),
    ("objects", bytes_of(sites=["a", {"name": 1, "colour": "red"}]), 422, "validation",
     {"#/sites/0 not_an_object", "#/sites/1/name not_text", "#/sites/1/colour unknown_member"}),
    ("required inside", bytes_of(budget_wanted={}), 422, "validation",
     {"#/budget_wanted/amount required", "#/budget_wanted/currency required"}),
    ("unknown member", bytes_of(urgancy="priority"), 422, "validation", {"#/urgancy unknown_member"}),
    ("unknown members", bytes_of(**{"a/b": 1, "a~b": 2, "é %": 3, "": 4}), 422, "validation",
     {"#/a~1b unknown_member", "#/a~0b unknown_member", "#/%C3%A9%20%25 unknown_member", "#/ unknown_member"}),
    ("members of ours", bytes_of(id="req_1", state="closed", reference="LN-1", version=9), 422, "validation",
     {"#/id unknown_member", "#/state unknown_member", "#/reference unknown_member", "#/version unknown_member"}),
    *[(f"title of 9 {script}", bytes_of(title=c * 9), 422, "validation", {"#/title wrong_length"})
      for script, c in (("Latin", LATIN), ("Arabic", ARABIC), ("Chinese", CHINESE), ("emoji", EMOJI))],
    *[(f"title of 121 {script}", bytes_of(title=c * 121), 422, "validation", {"#/title wrong_length"})
      for script, c in (("Latin", LATIN), ("Arabic", ARABIC), ("Chinese", CHINESE), ("emoji", EMOJI))],
    ("description of 49", bytes_of(description=EMOJI * 49), 422, "validation", {"#/description wrong_length"}),
    ("description of 6001", bytes_of(description=CHINESE * 6001), 422, "validation",
     {"#/description wrong_length"}),
]


@pytest.fixture(scope="module")
def quiet(site):
    """No work under way, so that what is stored stands still."""
    wait_until(lambda: site.api("operator", "GET", "/v1/queue").doc["queues"][0]["depth"] == 0, 30, "no work")
    return site


@pytest.fixture
def unchanged(quiet):
    before = quiet.stored_n()
    yield quiet
    assert quiet.stored_n() == before, "something was stored"


@pytest.mark.parametrize("body, status, kind, faults", [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_body(unchanged, body, status, kind, faults):
    answer = unchanged.api("country:MEX", "POST", "/v1/requests", body, {"Idempotency-Key": key()})
    assert (answer.status, answer.type) == (status, kind), answer
    seen = {" ".join(f) for f in answer.faults()}
    assert seen if faults is None else seen == faults, answer
    assert all(e["detail"] for e in answer.doc["errors"])


def test_many_faults_are_cut_at_fifty(unchanged):
    answer = unchanged.api("country:MEX", "POST", "/v1/requests", bytes_of(**{f"x{n}": n for n in range(200)}))
    assert answer.status == 422 and len(answer.doc["errors"]) == 50


def test_a_token_of_another_country_is_no_way_around(unchanged):
    answer = unchanged.api("country:BRA", "POST", "/v1/requests", bytes_of())
    assert answer.faults() == {("#/country", "foreign_country")}


# --- actions ---------------------------------------------------------------------------------------

ACTIONS = [  # who, action, body, faults
    ("secretariat:ramsar", "claim", b"[]", {"# not_an_object"}),
    ("secretariat:ramsar", "claim", b"{", {"# not_json"}),
    ("secretariat:ramsar", "claim", b'{"role":"lead","role":"lead"}', {"# duplicate_member"}),
    ("secretariat:ramsar", "claim", {"role": "boss"}, {"#/role unknown_word"}),
    ("secretariat:ramsar", "claim", {"role": 0}, {"#/role not_text"}),
    ("secretariat:ramsar", "claim", {"as": "lead"}, {"#/as unknown_member"}),
    ("secretariat:ramsar", "decline", {}, {"#/reason required"}),
    ("secretariat:ramsar", "decline", {"reason": "other", "better": "xyz"}, {"#/better unknown_word"}),
    ("secretariat:ramsar", "answer", {}, {"#/text required"}),
    ("secretariat:ramsar", "answer", {"text": ""}, {"#/text wrong_length"}),
    ("secretariat:ramsar", "answer", {"text": "a" * 6001}, {"#/text wrong_length"}),
    ("secretariat:ramsar", "answer", {"text": "a", "epoch": -1}, {"#/epoch out_of_range"}),
    ("secretariat:ramsar", "answer", {"text": "a", "epoch": "1"}, {"#/epoch not_a_whole_number"}),
    ("secretariat:ramsar", "answer", {"text": "a", "epoch": 1.0}, {"#/epoch not_a_whole_number"}),
    ("country:MEX", "confirm", {}, {"#/outcome required"}),
    ("country:MEX", "confirm", {"outcome": "no_reply"}, {"#/outcome unknown_word"}),
    ("country:MEX", "confirm", {"outcome": ""}, {"#/outcome unknown_word"}),
    ("country:MEX", "confirm", {"outcome": "partly"}, {"#/text required"}),
    ("coordinator", "route", {"support": []}, {"#/lead required"}),
    ("coordinator", "route", {"lead": "cbd", "support": ["cms"] * 5}, {"#/support too_many_items"}),
    ("coordinator", "refer", {"body": "x", "text": "y"}, {"#/body wrong_length"}),
]


@pytest.fixture(scope="module")
def target(site):
    return site.routed("MEX", **wetland("Laguna Madre"))["id"]


@pytest.mark.parametrize("who, action, body, faults", ACTIONS)
def test_action(target, unchanged, who, action, body, faults):
    answer = unchanged.act(who, target, action, body, {"Idempotency-Key": key()})
    malformed = any(f.startswith("# ") for f in faults)
    assert (answer.status, answer.type) == ((400, "malformed") if malformed else (422, "validation"))
    assert {" ".join(f) for f in answer.faults()} == faults
    assert unchanged.get("country:MEX", target)["version"] == 2


# --- below JSON --------------------------------------------------------------------------------------


class Wire:
    """Bytes as they are."""

    def __init__(self, site):
        self.site = site
        self.sock = socket.create_connection(("127.0.0.1", site.ports[0]), timeout=10)

    def send(self, *headers, body=b"", line="POST /v1/requests HTTP/1.1"):
        lines = [line, "Host: localhost", f"Authorization: Bearer {self.site.tokens['country:MEX']}",
                 "Content-Type: application/json", *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode() + body)
        return self

    def answer(self):
        """(status, body) of one answer, or None when the connection was closed without one."""
        stream = self.sock.makefile("rb")
        line = stream.readline()
        if not line:
            return None
        length = 0
        while (header := stream.readline().strip()):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return int(line.split()[1]), json.loads(stream.read(length))


def test_too_large_is_said_before_reading(unchanged):
    wire = Wire(unchanged).send("Content-Length: 65537")  # no byte of it is sent
    status, doc = wire.answer()
    assert status == 413 and doc["type"].endswith("/too-large") and "65536" in doc["detail"]
    status, doc = Wire(unchanged).send("Content-Length: 999999999999").answer()
    assert status == 413
    body = bytes_of(description="a" * 6000, stakeholders="b" * 600)
    exact = body[:-1] + b" " * (65536 - len(body)) + b"x"
    assert len(exact) == 65536
    status, _ = Wire(unchanged).send("Content-Length: 65536", body=exact).answer()
    assert status == 400, "64 KiB are read"


@pytest.mark.parametrize("headers, body, status", [
    (["Transfer-Encoding: chunked"], b"%x\r\n%s\r\n0\r\n\r\n" % (len(bytes_of()), bytes_of()), 411),
    ([], b"", 411),
    (["Transfer-Encoding: gzip"], b"", 501),
    (["Content-Length: 2", "Transfer-Encoding: chunked"], b"{}", 400),
    (["Content-Length: 2", "Content-Length: 2"], b"{}", 400),
    (["Content-Length: -2"], b"", 400),
    (["Content-Length: 2, 2"], b"{}", 400),
    (["Expect: something"], b"", None),
], ids=["chunked", "no length", "gzip", "length and chunked", "two lengths", "negative", "list", "expect"])
def test_length(unchanged, headers, body, status):
    got, doc = Wire(unchanged).send(*headers, body=body).answer()
    assert got == status if status else got in (411, 417)
    assert doc["status"] == got and doc["detail"]


@pytest.mark.parametrize("sent", [0, 1, 200, -1])
def test_a_body_cut_off_by_close_leaves_nothing(unchanged, sent):
    body = bytes_of()
    wire = Wire(unchanged).send(f"Content-Length: {len(body)}", f"Idempotency-Key: {key()}",
                                body=body[:sent] if sent >= 0 else body[:-1])
    wire.sock.shutdown(socket.SHUT_WR)
    assert wire.answer() is None, "no answer: nobody may think that it was stored"


def test_two_good_requests_in_one_segment(quiet):
    before = quiet.stored_n()[2]
    body = bytes_of(title="The first of two in one segment")
    wire = Wire(quiet)
    wire.send(f"Content-Length: {len(body)}", body=body)
    wire.send(f"Content-Length: {len(body)}", body=body)
    stream = [wire.answer() for _ in range(1)]
    assert stream[0][0] == 201
    wait_until(lambda: quiet.stored_n()[2] == before + 2, 10, "both are stored")


# --- and what is just good enough -------------------------------------------------------------------


@pytest.mark.parametrize("c", [LATIN, ARABIC, CHINESE, EMOJI])
@pytest.mark.parametrize("n", [10, 120])
def test_titles_at_the_limits_are_kept_as_they_are(quiet, c, n):
    doc = quiet.api("country:MEX", "POST", "/v1/requests", bytes_of(title=c * n, description=c * (50 * n // 10)))
    assert doc.status == 201, doc
    seen = quiet.get("country:MEX", doc.doc["id"])
    assert (seen["title"], seen["description"]) == (c * n, c * (50 * n // 10))


def test_the_whole_form_is_kept(quiet):
    whole = {
        "urgency": "planned", "disclosure": "open", "themes": ["WETLAND_CHARACTER", "humedales"],
        "preferred_secretariat": "ramsar", "beyond_jurisdiction": False, "convention_of_signatory": "ramsar",
        "signer_name": "Ana", "signer_title": "Directora", "signer_office": "CONANP", "endorsement": "Firmado",
        "other_host_endorsements": ["GTM"], "contact_name": "Luz", "contact_email": "l@example.org",
        "contact_phone": "+52 1", "contact_language": "es",
        "deputy_contact": {"name": "Eva", "email": "e@example.org", "language": "es"},
        "main_topic": "WETLAND_CHARACTER", "secondary_topics": ["WETLAND_RESTORE"], "assistance_kind": ["ADVICE"],
        "items": [{"kind": "MISSION", "text": "una visita", "wanted_date": "2027-05-01", "quantity": 2}],
        "emergency_facts": "ninguno", "needed_by": "2027-06-30", "date_firm": "estimated", "scale": "LOCAL",
        "other_countries": ["GTM", "BLZ"],
        "sites": [{"name": "Términos", "ramsar_number": "1356", "latitude": 18.6, "longitude": -91.5,
                   "tentative": False}],
        "species": ["Laguncularia racemosa"], "named_instrument": "ramsar", "context_links": ["KMGBF 2"],
        "already_done": "Un estudio\ncon dos mapas", "support_existing": ["none"], "also_asked": ["none"],
        "previous_refs": ["LN-2026-MEX-0001"], "expected_result": "Un plan", "in_kind": "Lancha",
        "budget_wanted": {"amount": 1000000, "currency": "EUR"}, "arrears_statement": "paid",
        "stakeholders": "Pescadores", "publish_ok": True}
    answer = quiet.api("country:MEX", "POST", "/v1/requests", bytes_of(**whole))
    assert answer.status == 201, answer
    seen = quiet.get("country:MEX", answer.doc["id"])
    for number, item in enumerate(seen["items"], 1):
        assert (item.pop("number"), item.pop("state") in ("open", "offered"), item.pop("holder")) == (number, True, None)
    assert {k: seen[k] for k in whole} == whole
    assert {k: seen[k] for k in GOOD} == GOOD
