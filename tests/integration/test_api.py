"""The API as a country, a secretariat, the coordinator and an operator use it."""
import base64
import gzip
import json
import re
import signal
import socket
import time
import zlib

import pytest

from harness import ROOT, Client, key, name, nonsense, partition_key, wait_until, wetland

LANGUAGES = ["ar", "en", "es", "fr", "ru", "zh"]
SECRETARIATS = ["whc", "cbd", "cites", "cms", "ramsar", "ippc", "itpgrfa", "iwc"]
ANSWER = {"text": "Two experts can visit in March; the terms of reference follow."}


def sample(prefix):
    path, = (ROOT / "config/samples").glob(prefix + "*.json")
    doc = json.loads(path.read_text())
    return doc.pop("country"), doc


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.doc


def is_problem(answer, status, kind):
    assert (answer.status, answer.type) == (status, kind), answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.doc["status"] == status
    assert answer.doc["title"] and answer.doc["detail"] and answer.doc["request_id"]
    assert answer.headers["x-request-id"] == answer.doc["request_id"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-language"] == "en"
    return answer.doc


# --- the main job ----------------------------------------------------------------------------------


def test_one_request_from_submit_to_confirmation(site):
    answer = site.submit("KEN", {"Prefer": "wait=10"}, urgency="priority", **wetland())
    doc = ok(answer, 201)
    id = doc["id"]
    assert re.fullmatch(r"req_[0-9a-f]{12}7[0-9a-f]{19}", id)
    assert answer.headers["location"] == f"/v1/requests/{id}"
    assert re.fullmatch(r"LN-20\d\d-KEN-\d{4}", doc["reference"])
    assert (doc["state"], doc["ball"], doc["holder"]) == ("offered", "secretariat", "ramsar")
    assert answer.headers["etag"] == f'"r{doc["version"]}"' == '"r2"'
    routing = doc["routing"]
    assert (routing["outcome"], routing["lead"]) == ("offered", "ramsar")
    assert 0 < routing["confidence"] <= 1 and routing["ruleset"] and routing["decided_at"]
    first = routing["candidates"][0]
    assert (first["secretariat"], first["eligible"]) == ("ramsar", "yes")
    assert first["score"] == sum(r["points"] for r in first["reasons"])
    assert all(r["factor"] and r["evidence"] is not None for r in first["reasons"])
    assert doc["offers"][0] | {"expires_at": None} == {
        "secretariat": "ramsar", "role": "lead", "state": "pending", "expires_at": None, "reason": None}

    inbox = ok(site.api("secretariat:ramsar", "GET", "/v1/inbox"))["items"]
    assert id in [item["id"] for item in inbox]
    assert id not in [i["id"] for i in ok(site.api("secretariat:iwc", "GET", "/v1/inbox"))["items"]]

    claim = ok(site.act("secretariat:ramsar", id, "claim"), 201)
    assert (claim["state"], claim["claim"]["holder"], claim["claim"]["epoch"]) == ("claimed", "ramsar", 1)
    assert claim["claim"]["lease_expires_at"] > claim["claim"]["since"]
    asked = ok(site.act("secretariat:ramsar", id, "ask", {"text": "Which shore?"}))
    assert (asked["state"], asked["ball"]) == ("awaiting_country", "country")
    assert ok(site.act("country:KEN", id, "reply", {"text": "The north shore."}))["state"] == "claimed"
    assert ok(site.act("secretariat:ramsar", id, "plan", {"text": "One mission."}))["state"] == "planned"
    amended = ok(site.act("country:KEN", id, "amend", {"text": "Two missions, please."}))
    assert amended["state"] == "claimed"
    ok(site.act("secretariat:ramsar", id, "plan", {"text": "Two missions."}))
    assert ok(site.act("country:KEN", id, "agree"))["state"] == "delivering"
    ok(site.act("secretariat:ramsar", id, "note", {"text": "Flights are booked."}))
    answered = ok(site.act("secretariat:ramsar", id, "answer", {"epoch": 1, **ANSWER}))
    assert (answered["state"], answered["ball"]) == ("answered", "country")
    problem = is_problem(site.act("country:KEN", id, "confirm", {"outcome": "partly"}), 422, "validation")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/text", "required")]
    reopened = ok(site.act("country:KEN", id, "confirm", {"outcome": "partly", "text": "A map lacks."}))
    assert (reopened["state"], reopened["reopened"]) == ("claimed", 1)
    ok(site.act("secretariat:ramsar", id, "answer", ANSWER))
    closed = ok(site.act("country:KEN", id, "confirm", {"outcome": "resolved"}))
    assert (closed["state"], closed["ball"], closed["outcome"]) == ("closed", None, "resolved")
    assert closed["allowed_actions"] == ["reopen"]
    assert closed["offers"][0]["state"] == "completed"
    assert closed["answer"]["text"] == ANSWER["text"] and closed["plan"]["text"] == "Two missions."

    lines = site.history("country:KEN", id)
    assert [line["action"] for line in lines] == [
        "submit", "offer", "claim", "ask", "reply", "plan", "amend", "plan", "agree", "note", "answer",
        "confirm", "answer", "confirm"]
    assert [line["version"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(a["to"] == b["from"] for a, b in zip(lines, lines[1:]))
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert closed["version"] == len(lines)
    assert [e["action"] for e in site.events(id)] == [line["action"] for line in lines]
    assert ok(site.act("country:KEN", id, "reopen", {"text": "It dried out again."}))["state"] == "claimed"


def test_joint_response_carries_the_supporters_words(site):
    country, draft = sample("01-mrt")
    doc = site.routed(country, **draft)
    id = doc["id"]
    roles = {o["secretariat"]: o["role"] for o in doc["offers"]}
    lead, other = (next(s for s in ("ramsar", "whc") if roles[s] == role) for role in ("lead", "support"))
    assert roles["cms"] == "support", "a site of both lists, and its birds"
    assert id in [i["id"] for i in ok(site.api("secretariat:cms", "GET", "/v1/inbox"))["items"]]
    early = site.act("secretariat:cms", id, "claim", {})
    assert (early.status, early.type) == (409, "wrong-state"), "the first window is the lead's"
    accepted = ok(site.act("secretariat:cms", id, "claim", {"role": "support"}), 201)
    assert accepted["state"] == "offered" and accepted["claim"] is None
    states = {o["secretariat"]: o["state"] for o in accepted["offers"]}
    assert (states[lead], states["cms"]) == ("pending", "accepted")
    is_problem(site.act("secretariat:cms", id, "contribute", {"text": "Too early."}), 409, "wrong-state")
    ok(site.act(f"secretariat:{lead}", id, "claim"), 201)
    is_problem(site.act(f"secretariat:{other}", id, "contribute", {"text": "Not accepted."}), 409, "wrong-state")
    ok(site.act(f"secretariat:{other}", id, "decline", {"reason": "no_capacity"}))
    ok(site.act("secretariat:cms", id, "contribute", {"text": "First words."}))
    ok(site.act("secretariat:cms", id, "contribute", {"text": "Care of oiled waders: see the leaflet."}))
    answer = ok(site.act(f"secretariat:{lead}", id, "answer", ANSWER))
    assert [(c["by"], c["text"]) for c in answer["contributions"]] == [
        ("secretariat:cms", "Care of oiled waders: see the leaflet.")]
    seen = site.get(f"country:{country}", id)
    assert seen["contributions"] == answer["contributions"] and seen["answer"]["by"] == f"secretariat:{lead}"


def test_declines_go_down_the_list_and_end_at_the_coordinator(site):
    country, draft = sample("14-chn")
    offers = site.routed(country, **draft)
    id = offers["id"]
    assert [o["role"] for o in offers["offers"]] == ["lead", "support"], "a property that is a wetland, too"
    first, second = (o["secretariat"] for o in offers["offers"])
    bad = is_problem(site.act(f"secretariat:{first}", id, "decline", {}), 422, "validation")
    assert [(e["pointer"], e["code"]) for e in bad["errors"]] == [("#/reason", "required")]
    unknown = site.act(f"secretariat:{first}", id, "decline", {"reason": "tired"})
    assert unknown.faults() == {("#/reason", "unknown_word")}
    moved = ok(site.act(f"secretariat:{first}", id, "decline",
                        {"reason": "better_elsewhere", "better": second, "text": "See there."}))
    assert (moved["state"], moved["holder"], moved["version"]) == ("offered", second, 3)
    assert id in [i["id"] for i in ok(site.api(f"secretariat:{second}", "GET", "/v1/inbox"))["items"]]
    assert id not in [i["id"] for i in ok(site.api(f"secretariat:{first}", "GET", "/v1/inbox"))["items"]]
    is_problem(site.act(f"secretariat:{first}", id, "claim"), 409, "wrong-state")
    left = ok(site.act(f"secretariat:{second}", id, "decline", {"reason": "no_funds"}))
    assert (left["state"], left["ball"]) == ("unmatched", "coordinator")
    assert id in [i["id"] for i in ok(site.api("coordinator", "GET", "/v1/inbox"))["items"]]
    again = ok(site.act("coordinator", id, "route", {"lead": "cbd", "support": [second], "text": "Try."}))
    assert (again["state"], again["holder"]) == ("offered", "cbd")
    ok(site.act("secretariat:cbd", id, "claim"), 201)
    released = ok(site.act("secretariat:cbd", id, "release", {"reason": "no_capacity", "epoch": 1}))
    assert (released["state"], released["holder"]) == ("offered", second)
    again = ok(site.act(f"secretariat:{second}", id, "claim"), 201)
    assert again["claim"]["epoch"] == 2
    stale = is_problem(site.act(f"secretariat:{second}", id, "answer", {"epoch": 1, **ANSWER}), 409,
                       "already-claimed")
    assert stale["holder"] == second


def test_triage_is_routed_referred_or_declined_by_the_coordinator(site):
    first = site.routed("JOR", **nonsense())
    assert (first["state"], first["ball"], first["routing"]["outcome"]) == ("triage", "coordinator", "triage")
    assert first["routing"]["lead"] is None and first["offers"] == []
    id = first["id"]
    ok(site.act("coordinator", id, "ask", {"text": "Wild animals, too?"}))
    assert ok(site.act("country:JOR", id, "reply", {"text": "Gazelles."}))["state"] == "triage"
    is_problem(site.act("secretariat:cms", id, "claim"), 404, "not-found")
    wrong = site.act("coordinator", id, "route", {"lead": "nobody", "support": ["cbd", 7]})
    assert wrong.faults() == {("#/lead", "unknown_word"), ("#/support/1", "not_text")}
    routed = ok(site.act("coordinator", id, "route", {"lead": "cms"}))
    assert (routed["state"], routed["holder"]) == ("offered", "cms")
    assert id in [i["id"] for i in ok(site.api("secretariat:cms", "GET", "/v1/inbox"))["items"]]

    second = site.routed("PSE", **nonsense())["id"]
    proposed = ok(site.act("coordinator", second, "refer", {"body": "WOAH", "text": "They agreed."}))
    assert (proposed["state"], proposed["referred_to"]) == ("triage", None)
    assert proposed["proposal"] == {"what": "referral", "asks": "country:PSE"}
    assert "agree" in site.get("country:PSE", second)["allowed_actions"]
    referred = ok(site.act("country:PSE", second, "agree"))
    assert (referred["state"], referred["referred_to"], referred["ball"]) == ("referred", "WOAH", None)
    third = site.routed("LBN", **nonsense())["id"]
    declined = site.act("coordinator", third, "decline", {"reason": "out_of_mandate"})
    assert declined.faults() == {("#/next_door", "required")}
    declined = ok(site.act("coordinator", third, "decline", {"reason": "out_of_mandate", "next_door": "the port"}))
    assert (declined["state"], declined["redirection"]["next_door"]) == ("declined", "the port")


def test_an_outside_body_may_have_a_name_in_any_script(site):
    for name in ("ОрганизацияООН", "联合国环境规划署臭氧秘书处", "abcdefghijklmnopqrstuvé"):
        id = site.routed("JOR", **nonsense())["id"]
        ok(site.act("coordinator", id, "refer", {"body": name, "text": "agreed"}))
        done = ok(site.act("country:JOR", id, "agree"))
        assert (done["state"], done["referred_to"]) == ("referred", name)


def test_history_pages_are_asked_for_by_a_sane_number(site):
    id = site.routed("GHA", **wetland("Songor"))["id"]
    for wrong in ("9223372036854775807", "-1", "abc", "1e5", "1&from=2"):
        answer = site.api("country:GHA", "GET", f"/v1/requests/{id}/history?from={wrong}")
        assert is_problem(answer, 400, "malformed")["errors"][0]["pointer"] == "?from"
    rest = ok(site.api("country:GHA", "GET", f"/v1/requests/{id}/history?from=1"))
    assert [line["version"] for line in rest["items"]] == [2]


def test_a_filter_that_can_match_nothing_is_refused(site):
    for query in ("state=bogus", "urgency=now", "language=de", "updated_since=foo", "sort=title"):
        answer = site.api("coordinator", "GET", f"/v1/requests?{query}")
        name = query.split("=")[0]
        assert is_problem(answer, 400, "malformed")["errors"][0]["pointer"] == f"?{name}"


def test_withdrawal_ends_every_open_request(site):
    offered = site.routed("GHA", **wetland("Keta Lagoon"))["id"]
    withdrawn = ok(site.act("country:GHA", offered, "withdraw", {"text": "Solved at home."}))
    assert (withdrawn["state"], withdrawn["ball"]) == ("withdrawn", None)
    assert {o["state"] for o in withdrawn["offers"]} == {"withdrawn"}
    for action in ("withdraw", "confirm", "reply"):
        body = {"withdraw": {}, "confirm": {"outcome": "resolved"}, "reply": {"text": "x"}}[action]
        problem = is_problem(site.act("country:GHA", offered, action, body), 409, "wrong-state")
        assert (problem["state"], problem["allowed_actions"]) == ("withdrawn", [])
    is_problem(site.act("secretariat:ramsar", offered, "claim"), 409, "wrong-state")
    for who in ("secretariat:ramsar", "secretariat:cbd"):
        assert offered not in [i["id"] for i in ok(site.api(who, "GET", "/v1/inbox"))["items"]]


def test_a_twin_of_the_same_country_waits_for_a_person(site):
    first = site.routed("UGA", **wetland("Lake Bisina"))
    twin = site.routed("UGA", **(wetland("Lake Bisina") | {"title": "Lake Bisina: restoring the papyrus swamp"}))
    assert (first["state"], twin["state"]) == ("offered", "triage")
    pair, = twin["duplicates"]
    assert (pair["id"], pair["reference"]) == (first["id"], first["reference"])
    assert pair["verdict"] in ("certain", "likely") and 0 < pair["probability"] <= 1 and pair["shared"]
    assert pair["text"].startswith(("This is certainly", "This is probably")) and first["reference"] in pair["text"]
    assert "looks like one that the country has already sent" in twin["routing"]["text"]
    other = site.routed("NGA", **wetland("Lake Bisina"))
    assert other["duplicates"] == [], "another country's request is never listed as a duplicate"


def test_reasons_are_told_in_the_language_of_the_reader(site):
    country, body = sample("02")
    doc = site.routed(country, **body)
    path = f"/v1/requests/{doc['id']}"

    def read(**headers):
        answer = site.api("secretariat:ramsar", "GET", path, headers=headers)
        routing = answer.doc["routing"] if answer.status == 200 else None
        return answer, routing and [r["text"] for r in routing["candidates"][0]["reasons"]] + [routing["text"]]

    own, french = read()
    assert own.headers["etag"] == f'"r{doc["version"]}"' and "Accept-Language" in own.headers["vary"]
    assert all("le secrétariat de la Convention sur les zones humides (Ramsar)" in t for t in french)
    arabic, texts = read(**{"Accept-Language": "ar"})
    assert arabic.headers["etag"] == f'"r{doc["version"]}-ar"'
    assert all("أمانة اتفاقية الأراضي الرطبة (رامسار)" in t and t.endswith(".") for t in texts), texts
    assert [r["evidence"] for c in arabic.doc["routing"]["candidates"] for r in c["reasons"]] == [
        r["evidence"] for c in own.doc["routing"]["candidates"] for r in c["reasons"]]
    assert read(**{"Accept-Language": "de, fr;q=0.1"})[1] == french
    assert read(**{"Accept-Language": "sw"})[1] == french, "none of ours: the request's own"
    # An answer in one language is no answer in another.
    assert read(**{"Accept-Language": "ar", "If-None-Match": arabic.headers["etag"]})[0].status == 304
    assert read(**{"Accept-Language": "ar", "If-None-Match": own.headers["etag"]})[0].status == 200
    assert read(**{"If-None-Match": arabic.headers["etag"]})[0].status == 200
    claim = site.api("secretariat:ramsar", "POST", path + "/claim", {},
                     {"If-Match": arabic.headers["etag"], "Accept-Language": "zh"})
    assert ok(claim, 201)["routing"]["text"].endswith("。")


def test_triage_says_why_and_whom_to_turn_to(site):
    country, body = sample("20")
    vague = site.routed(country, **body)["routing"]
    assert (vague["triage"]["factor"], vague["referral"]) == ("too_little", None)
    assert vague["text"] == vague["triage"]["text"] and "координатор" in vague["text"]
    country, body = sample("12")
    outside = site.routed(country, **body)["routing"]
    assert (outside["triage"]["factor"], outside["referral"]["code"]) == ("outside", "animal_health")
    assert outside["referral"]["text"] in outside["text"] and "المنظمة العالمية لصحة الحيوان" in outside["text"]


def test_an_escalation_is_heard_up_to_level_three_and_ends_with_the_state(site):
    id = site.routed("UGA", **wetland(name()))["id"]
    why = {"text": "The dry season begins in two weeks."}
    assert ok(site.act("country:UGA", id, "escalate", why))["level"] == 1
    is_problem(site.act("country:UGA", id, "escalate", why), 409, "wrong-state")  # once in a state
    assert site.act("secretariat:iwc", id, "escalate", why).status in (404, 409), "not routed there"
    assert ok(site.act("secretariat:ramsar", id, "escalate", why))["level"] == 2
    assert ok(site.act("coordinator", id, "escalate", why))["level"] == 3
    is_problem(site.act("coordinator", id, "escalate", why), 409, "wrong-state")  # there is no fourth
    is_problem(site.act("coordinator", id, "escalate"), 422, "validation")
    assert [e.get("degree") for e in site.events(id) if e["action"] == "escalate"] == ["1", "2", "3"]
    line = site.history("country:UGA", id)[-1]
    assert (line["action"], line["level"], line["text"], line["to"]) == ("escalate", 3, why["text"], "offered")
    assert ok(site.act("secretariat:ramsar", id, "claim"), 201)["level"] == 0
    assert ok(site.act("country:UGA", id, "escalate", why))["level"] == 1


def test_a_joint_answer_names_what_is_to_follow(site):
    country, draft = sample("01-mrt")
    doc = site.routed(country, **draft | {"title": "Oil on the shore of the Banc d'Arguin, " + name()})
    if doc["state"] == "triage":
        doc = ok(site.act("coordinator", doc["id"], "route", {"lead": "ramsar", "support": ["cms"]}))
    id, lead = doc["id"], doc["holder"]
    ok(site.act("secretariat:cms", id, "claim", {"role": "support"}), 201)
    ok(site.act(f"secretariat:{lead}", id, "claim"), 201)
    mine = lambda d: next(o for o in d["offers"] if o["secretariat"] == "cms")
    shown = site.get(f"secretariat:{lead}", id)
    assert mine(shown)["contribution_due_at"] > shown["claim"]["since"] and mine(shown)["contributed_at"] is None
    answered = ok(site.act(f"secretariat:{lead}", id, "answer", ANSWER))
    parts = {c["secretariat"]: (c["role"], c["state"]) for c in answered["answer"]["contributors"]}
    assert parts == {lead: ("lead", "given"), "cms": ("support", "to_follow")}
    late = ok(site.act("secretariat:cms", id, "contribute", {"text": "Counts of the wintering waders."}))
    assert late["state"] == "answered" and late["contributions"][0]["late"] is True
    assert {c["state"] for c in late["answer"]["contributors"]} == {"given"}
    assert ok(site.act(f"country:{country}", id, "confirm", {"outcome": "resolved"}))["state"] == "closed"


def test_a_country_sees_its_place_and_how_long_others_waited(site):
    first, second = (site.routed("ZMB", urgency="planned", **wetland(name()))["id"] for _ in range(2))
    expected = site.get("country:ZMB", first)["expected"]
    assert (expected["step"], expected["enough_data"], expected["from"], expected["to"]) == ("claim", False, None, None)
    assert "not enough data" in expected["text"] and expected["place"] >= 1
    assert site.get("country:ZMB", second)["expected"]["place"] > expected["place"]
    assert "expected" not in site.get("secretariat:ramsar", first)
    french = site.api("country:ZMB", "GET", f"/v1/requests/{first}", headers={"Accept-Language": "fr"})
    assert "pas assez de données" in ok(french)["expected"]["text"]

    month = time.strftime("%Y%m", time.gmtime())
    measured = lambda step: sum(
        int(n) for p in range(16) for field, n in site.redis.hash(f"lia:{{p{p:02d}}}:waits:{month}").items()
        if field.startswith(f"{step}:planned:"))
    claims, answers = measured("claim"), measured("answer")
    ok(site.act("secretariat:ramsar", second, "claim"), 201)
    assert measured("claim") == claims + 1, "a claim ends a wait"
    ok(site.act("secretariat:ramsar", second, "answer", ANSWER))
    assert measured("answer") == answers + 1
    assert "expected" not in site.get("country:ZMB", second), "now it is the country that must act"

    for bucket in range(40, 60):  # sixteen hours to three weeks
        site.redis("HINCRBY", f"lia:{{p00}}:waits:{month}", f"claim:planned:{bucket}", "10")
    daemon = site.start_daemon()  # reads the waits at its start, then once a minute
    try:
        def enough():
            doc = ok(site.api("country:ZMB", "GET", f"/v1/requests/{first}", port=site.ports[-1]))
            return doc if doc["expected"]["enough_data"] else None
        doc = wait_until(enough, 10, "the waits are read")
        assert doc["submitted_at"] < doc["expected"]["from"] < doc["expected"]["to"]
        assert doc["expected"]["measured"] >= 200
        assert doc["expected"]["from"][:10] in doc["expected"]["text"]
    finally:
        daemon.signal(signal.SIGTERM)
        daemon.wait()
        site.daemons.remove(daemon)
        site.processes.remove(daemon)
        site.ports.pop()


def test_refusals_list_what_is_allowed(site):
    id = site.routed("TUN", **wetland("Ichkeul"))["id"]
    problem = is_problem(site.act("secretariat:ramsar", id, "answer", ANSWER), 409, "wrong-state")
    assert (problem["state"], problem["allowed_actions"]) == ("offered", ["claim", "decline", "escalate"])
    assert "claim, decline" in problem["detail"]
    assert site.get("secretariat:ramsar", id)["allowed_actions"] == ["claim", "decline", "escalate"]
    is_problem(site.act("country:TUN", id, "claim"), 409, "wrong-state")
    is_problem(site.act("coordinator", id, "claim"), 409, "wrong-state")
    for action in ("submit", "offer", "hold", "fly"):
        is_problem(site.act("coordinator", id, action), 404, "not-found")


# --- waiting, references, conditions ---------------------------------------------------------------


def test_prefer_wait_answers_when_routed(site):
    began = time.monotonic()
    doc = ok(site.submit("ZMB", {"Prefer": "wait=5"}, **wetland("Kafue Flats")), 201)
    assert doc["state"] == "offered" and time.monotonic() - began < 5
    at_once = ok(site.submit("ZWE", {"Prefer": "respond-async, wait=0"}, **wetland("Mana Pools")), 201)
    assert (at_once["state"], at_once["ball"], at_once["version"]) == ("submitted", "system", 1)


def test_get_by_id_and_by_reference_is_the_same(site):
    doc = site.routed("MWI", **wetland("Lake Chilwa"))
    by_id = site.api("country:MWI", "GET", f"/v1/requests/{doc['id']}")
    by_reference = site.api("country:MWI", "GET", f"/v1/requests/{doc['reference']}")
    assert ok(by_id) == ok(by_reference) and by_id.headers["etag"] == by_reference.headers["etag"]
    for wrong in (doc["reference"] + "9", "LN-2026-MWI-", "LN-", "LN-2026-ZZZ-0001", "req_0", "x",
                  doc["id"][:-1], doc["id"] + "0", "LN-" + "9" * 200):
        is_problem(site.api("country:MWI", "GET", f"/v1/requests/{wrong}"), 404, "not-found")
    is_problem(site.api("country:TZA", "GET", f"/v1/requests/{doc['reference']}"), 404, "not-found")


def test_a_long_answer_goes_packed_under_its_own_tag(site):
    path = f"/v1/requests/{site.routed('SEN', **wetland('Ndiael'))['id']}"

    def get(coding, **more):
        return site.api("country:SEN", "GET", path, headers={"Accept-Encoding": coding, **more})
    plain, packed = get(None), get("br;q=0.1, gzip")
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body and len(packed.body) < len(plain.body) * 0.6
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"' and "Accept-Encoding" in packed.headers["vary"]
    again = get("gzip", **{"If-None-Match": packed.headers["etag"]})
    assert (again.status, again.headers["etag"], again.body) == (304, packed.headers["etag"], b"")
    assert "content-encoding" not in get("gzip;q=0, br").headers
    short = site.api("country:SEN", "GET", "/v1/session", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in short.headers, "the head alone would outweigh it"


def test_conditional_requests(site):
    id = site.routed("SEN", **wetland("Djoudj"))["id"]
    path = f"/v1/requests/{id}"
    tag = site.api("country:SEN", "GET", path).headers["etag"]
    for value in (tag, f'"r9", {tag}', "W/" + tag, "*", tag[:-1] + '-gzip"'):
        same = site.api("country:SEN", "GET", path, headers={"If-None-Match": value})
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag), value
        assert "vary" in same.headers and "cache-control" in same.headers
    for value in ('"r1"', '"r22"', '"2"', "r2"):
        assert site.api("country:SEN", "GET", path, headers={"If-None-Match": value}).status == 200, value
    for value in ('"r1"', "W/" + tag, '"x"', "nonsense", '"r1", "r3"'):
        stale = site.act("secretariat:ramsar", id, "claim", {}, {"If-Match": value})
        assert is_problem(stale, 412, "stale-version")["current_etag"] == tag, value
    assert site.get("country:SEN", id)["version"] == 2, "a refused action leaves nothing"
    claimed = site.act("secretariat:ramsar", id, "claim", {}, {"If-Match": f'"r1", {tag}'})
    assert claimed.status == 201 and claimed.headers["etag"] == '"r3"'
    assert site.api("country:SEN", "GET", path, headers={"If-None-Match": tag}).status == 200
    assert site.api("country:SEN", "GET", path, headers={"If-None-Match": '"r3"'}).status == 304


def test_idempotency_of_submit_and_of_an_action(site):
    k = key()
    draft = wetland("Lake Alaotra")
    first = site.submit("MDG", {"Idempotency-Key": f'"{k}"'}, **draft)
    again = site.submit("MDG", {"Idempotency-Key": k}, **draft)
    assert first.status == again.status == 201 and first.doc["id"] == again.doc["id"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    other = site.submit("MDG", {"Idempotency-Key": k}, urgency="planned", **draft)
    is_problem(other, 422, "idempotency-key-reused")
    same_key_elsewhere = site.submit("SEN", {"Idempotency-Key": k}, **draft)
    assert same_key_elsewhere.status == 201 and same_key_elsewhere.doc["id"] != first.doc["id"]
    for bad in ('""', "a b", "x" * 256, '"é"', '"a"b"'):
        answer = site.submit("MDG", {"Idempotency-Key": bad.encode().decode("latin-1")}, **draft)
        assert answer.status == 400, (bad, answer)

    id = first.doc["id"]
    site.wait_state("country:MDG", id, "offered")
    k2 = key()
    for n in range(3):
        claim = site.act("secretariat:ramsar", id, "claim", {}, {"Idempotency-Key": k2, "If-Match": '"r2"'})
        assert claim.status == 201, claim
        assert ("idempotent-replayed" in claim.headers) == (n > 0)
    assert [line["action"] for line in site.history("country:MDG", id)] == ["submit", "offer", "claim"]
    is_problem(site.act("secretariat:ramsar", id, "claim", {"role": "lead"}, {"Idempotency-Key": k2}), 422,
               "idempotency-key-reused")
    is_problem(site.act("secretariat:ramsar", id, "claim", {}), 409, "already-claimed")


def test_a_failed_validation_does_not_use_up_the_key(site):
    k = key()
    assert site.submit("RWA", {"Idempotency-Key": k}, title="short").status == 422
    assert site.submit("RWA", {"Idempotency-Key": k}, **wetland("Nyabarongo")).status == 201


# --- lists -----------------------------------------------------------------------------------------

LIST_COUNTRIES = ["BEL", "NLD", "DEU", "DNK", "NOR"]


@pytest.fixture(scope="module")
def listed(site):
    """27 requests of five countries, all decided."""
    ids = {}
    for n in range(27):
        country = LIST_COUNTRIES[n % 5]
        members = wetland(f"Lake {name()}") if n % 3 else nonsense()
        doc = ok(site.submit(country, urgency=["routine", "priority", "planned"][n % 3],
                             language="en", themes=["Reed beds", f"tag{n % 4}"], **members), 201)
        ids[doc["id"]] = country
    for id, country in ids.items():
        site.wait_state(f"country:{country}", id, "offered", "triage")
    return ids


def pages(site, who, path, hook=None):
    items, sizes, headers = [], [], []
    while path:
        answer = site.api(who, "GET", path)
        doc = ok(answer)
        items += doc["items"]
        sizes.append(len(doc["items"]))
        headers.append(answer.headers)
        assert (answer.headers.get("link") == f'<{doc["next"]}>; rel="next"') == bool(doc["next"])
        path = doc["next"]
        assert len(sizes) < 200, "the pages have no end"
        if hook:
            hook(len(sizes))
    return items, sizes


def test_following_next_gives_each_once(site, listed):
    query = "country=" + ",".join(LIST_COUNTRIES)
    for sort, reverse in (("", True), ("&sort=-updated_at", True), ("&sort=updated_at", False)):
        items, sizes = pages(site, "coordinator", f"/v1/requests?{query}&limit=4{sort}")
        assert sorted(i["id"] for i in items) == sorted(listed)
        assert sizes[:-1] == [4] * (len(sizes) - 1)
        order = [(i["updated_at"], i["id"]) for i in items]
        assert order == sorted(order, reverse=reverse)
    items, _ = pages(site, "country:BEL", "/v1/requests?limit=1")
    assert sorted(i["id"] for i in items) == sorted(i for i, c in listed.items() if c == "BEL")
    assert all(i["country"] == "BEL" for i in items)


def test_items_added_meanwhile_cause_no_skips_or_repeats(site, listed):
    added = []

    def add(n):
        if n % 2 and n < 12:
            added.append(ok(site.submit("POL", **wetland(f"Lake {name()}")), 201)["id"])

    for sort in ("", "&sort=updated_at"):
        items, _ = pages(site, "coordinator", f"/v1/requests?limit=3{sort}", add)
        ids = [i["id"] for i in items]
        assert set(listed) <= set(ids)
        older = [i for i in ids if i not in added]
        assert len(older) == len(set(older))


def test_list_total_and_end(site, listed):
    own = [i for i, c in listed.items() if c == "DEU"]
    doc = ok(site.api("country:DEU", "GET", "/v1/requests?limit=2"))
    assert doc["total"] == {"value": len(own), "relation": "eq"} and doc["next"]
    doc = ok(site.api("country:DEU", "GET", "/v1/requests?limit=200"))
    assert doc["next"] is None and len(doc["items"]) == len(own)
    assert ok(site.api("country:FIN", "GET", "/v1/requests")) == {
        "items": [], "next": None, "total": {"value": 0, "relation": "eq"}}


def test_secretariat_total_counts_a_request_once(site):
    """An open request offered to a secretariat stands in two of its indexes."""
    site.routed("PRT", disclosure="open", **wetland("Ria Formosa"))
    items, _ = pages(site, "secretariat:ramsar", "/v1/requests?limit=200")
    doc = ok(site.api("secretariat:ramsar", "GET", "/v1/requests?limit=1"))
    assert doc["total"] == {"value": len(items), "relation": "eq"}


def test_list_filters(site, listed):
    everything, _ = pages(site, "coordinator", "/v1/requests?limit=200")

    def ids(query, who="coordinator"):
        return {i["id"] for i in pages(site, who, f"/v1/requests?limit=5&{query}")[0]}

    for field, values in (("state", ("offered", "triage", "claimed")), ("urgency", ("planned", "priority")),
                          ("country", ("NOR", "DNK")), ("language", ("en", "fr"))):
        for value in values:
            assert ids(f"{field}={value}") == {i["id"] for i in everything if i[field] == value}, value
        assert ids(f"{field}={','.join(values)}") == {i["id"] for i in everything if i[field] in values}
    assert ids("secretariat=ramsar") == {
        i["id"] for i in everything if "ramsar" in [o["secretariat"] for o in i["offers"]]}
    mine = "country=" + ",".join(LIST_COUNTRIES)
    assert ids(f"theme=tag2&{mine}") == {i for n, i in enumerate(listed) if n % 4 == 2}
    assert ids(f"theme=reed%20beds&{mine}") == set(listed)
    assert ids(f"q=VETERINARY&{mine}") == {i for n, i in enumerate(listed) if n % 3 == 0}
    newest = max(i["updated_at"] for i in everything)
    assert ids(f"updated_since={newest}") == {i["id"] for i in everything if i["updated_at"] >= newest}
    assert ids("state=offered", "country:NOR") == {
        i["id"] for i in everything if i["country"] == "NOR" and i["state"] == "offered"}
    assert ids("country=BEL", "country:NOR") == set(), "a filter does not widen what one may see"


def test_query_faults(site, listed):
    first = ok(site.api("coordinator", "GET", "/v1/requests?limit=3&state=offered"))
    cursor = re.search("cursor=([^&]*)", first["next"])[1]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    altered = []
    for at in (0, 15, 16, 23, 30, len(raw) - 1):
        changed = bytes(raw[:at]) + bytes([raw[at] ^ 1]) + bytes(raw[at + 1:])
        altered.append(base64.urlsafe_b64encode(changed).rstrip(b"=").decode())
    bad = [f"cursor={c}&state=offered" for c in altered + ["", "x", cursor[:-1], cursor + "AAAA"] if c]
    bad += [f"cursor={cursor}", f"cursor={cursor}&state=triage", f"cursor={cursor}&state=offered&sort=updated_at",
            "limit=0", "limit=201", "limit=-1", "limit=x", "limit=5x", "limit=99999999999999999999",
            "sort=title", "state=" + "x" * 300]
    for query in bad:
        answer = site.api("coordinator", "GET", f"/v1/requests?{query}")
        doc = is_problem(answer, 400, "malformed")
        assert len(doc["errors"]) == 1 and doc["errors"][0]["pointer"].startswith("?"), query
    for foreign in ("country:BEL", "secretariat:ramsar"):
        answer = site.api(foreign, "GET", f"/v1/requests?cursor={cursor}&state=offered")
        is_problem(answer, 400, "malformed")
    assert site.api("coordinator", "GET", f"/v1/requests?cursor={cursor}&state=offered&limit=7").status == 200


def test_more_reads_than_one_link_may_have_in_flight(site):
    """48 lists read 32 index pieces each, more than 1,024: those wait for room, none fails."""
    clients = [site.client("coordinator", timeout=30) for _ in range(48)]
    assert all(c("GET", "/v1/themes").status == 200 for c in clients)  # connected, the token is remembered
    site.server.signal(signal.SIGSTOP)
    try:
        for c in clients:
            c.conn.request("GET", "/v1/requests?limit=5", headers={"Authorization": f"Bearer {c.token}"})
        assert site.api(None, "GET", "/livez").status == 200  # so all of them have been taken
    finally:
        site.server.signal(signal.SIGCONT)
    answers = [c.conn.getresponse() for c in clients]
    assert [a.status for a in answers] == [200] * 48
    for c in clients:
        c.close()


# --- who may what ----------------------------------------------------------------------------------

ALL = ["country", "secretariat", "coordinator", "operator"]
ROUTES = [  # method, path, roles that may
    ("POST", "/v1/requests", ["country"]),
    ("POST", "/v1/requests:assess", ["country", "coordinator"]),
    ("GET", "/v1/requests", ["country", "secretariat", "coordinator"]),
    ("GET", "/v1/requests/{id}", ["country", "secretariat", "coordinator"]),
    ("GET", "/v1/requests/{id}/history", ["country", "secretariat", "coordinator"]),
    ("POST", "/v1/requests/{id}/note", ["country", "secretariat", "coordinator"]),
    ("GET", "/v1/inbox", ["secretariat", "coordinator"]),
    ("GET", "/v1/queue", ["coordinator", "operator"]),
    ("GET", "/v1/dead-letters", ["operator"]),
    ("POST", "/v1/queue/pause", ["operator"]),
    ("POST", "/v1/queue/drain", ["operator"]),
    ("POST", "/v1/queue/resume", ["operator"]),
    ("POST", "/v1/queue/reconcile", ["operator"]),
    ("POST", "/v1/queue/rebuild", ["operator"]),
    ("POST", "/v1/workers/{id}/quiet", ["operator"]),
    ("POST", "/v1/workers/{id}/resume", ["operator"]),
    ("GET", "/v1/dead-letters/{id}", ["operator"]),
    ("DELETE", "/v1/dead-letters/{id}", ["operator"]),
    ("POST", "/v1/dead-letters/{id}/requeue", ["operator"]),
    ("GET", "/v1/webhooks", ["country", "secretariat"]),
    ("GET", "/v1/webhooks/{id}", ["country", "secretariat"]),
    ("DELETE", "/v1/webhooks/{id}", ["country", "secretariat"]),
    ("GET", "/v1/webhooks/{id}/deliveries", ["country", "secretariat"]),
    ("POST", "/v1/webhooks/{id}/pause", ["country", "secretariat"]),
    ("GET", "/v1/secretariats", ALL),
    ("GET", "/v1/themes", ALL),
    ("GET", "/v1/countries", ALL),
]
PRINCIPALS = {"country": ["country:BWA", "country:NAM"], "secretariat": ["secretariat:ramsar", "secretariat:iwc"],
              "coordinator": ["coordinator"], "operator": ["operator"]}


@pytest.fixture(scope="module")
def delta(site):
    return site.routed("BWA", **wetland("Okavango Delta"))


def test_every_route_with_every_role(site, delta):
    id = delta["id"]
    bodies = {"/v1/requests": {"country": "BWA", "language": "en", **wetland("Boteti")},
              "/v1/requests:assess": {"country": "BWA", "language": "en", **wetland("Boteti")},
              "/v1/requests/{id}/note": {"text": "x"}}
    for method, path, allowed in ROUTES:
        for role, people in PRINCIPALS.items():
            for who in people:
                body = bodies.get(path) if method == "POST" else None
                answer = site.api(who, method, path.replace("{id}", id), body)
                where = f"{who} {method} {path}: {answer}"
                if role not in allowed:
                    assert (answer.status, answer.type) == (403, "forbidden"), where
                    continue
                foreign = who in ("country:NAM", "secretariat:iwc")
                if method == "POST" and path == "/v1/requests":
                    expected = 422 if foreign else 201
                elif path.endswith(":assess"):
                    expected = 422 if foreign else 200
                elif "dead-letters/{id}" in path or "workers/{id}" in path:
                    expected = 404  # not a dead letter, no worker
                elif "webhooks/{id}" in path:
                    expected = 404  # not a webhook
                elif "{id}" in path and foreign:
                    expected = 404
                elif path.endswith("note"):
                    expected = 409  # not claimed yet
                else:
                    expected = 200
                assert answer.status == expected, where
                if foreign and path != "/v1/requests/{id}":
                    assert id.encode() not in answer.body, where
    for method, path, _ in ROUTES:
        answer = site.api(None, method, path.replace("{id}", id), bodies.get(path) if method == "POST" else None)
        is_problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="liaison", error="invalid_token"'


def test_every_action_by_strangers_is_404_and_changes_nothing(site, delta):
    from_source = re.findall(r'"(\w+)"', (ROOT / "protocol/lifecycle.c").read_text().split(
        "action_words[] = {")[1].split("};")[0])
    actions = [a for a in from_source if a not in ("submit", "offer", "hold")]
    assert len(actions) >= 17
    body = {"text": "x", "reason": "other", "outcome": "resolved", "lead": "iwc", "body": "FAO",
            "other": "LN-2026-NAM-0001", "relation": "same_site"}
    takes = {"claim": [], "decline": ["reason", "text"], "release": ["reason", "text"],
             "confirm": ["outcome", "text"], "close": ["outcome", "text"], "route": ["lead", "text"],
             "refer": ["body", "text"], "merge": ["other"], "join": ["other"], "link": ["other", "relation"]}
    before = site.get("country:BWA", delta["id"])
    for action in actions:
        for who in ("country:NAM", "secretariat:iwc"):
            sent = {m: body[m] for m in takes.get(action, ["text"])}
            answer = site.act(who, delta["id"], action, sent)
            is_problem(answer, 404, "not-found")
        answer = site.act("operator", delta["id"], action, sent)
        is_problem(answer, 403, "forbidden")
    assert site.get("country:BWA", delta["id"]) == before


def test_the_operator_never_sees_content(site, delta):
    secret = [b"Okavango", delta["description"][:40].encode()]
    paths = ["/v1/queue", "/v1/dead-letters", "/metrics", "/readyz?verbose", "/v1/countries"]
    for path in paths:
        body = site.api("operator", "GET", path).body
        assert not any(s in body for s in secret), path


def test_a_restricted_request_shows_only_its_header(site):
    doc = site.routed("BFA", disclosure="restricted", **wetland("Mare d'Oursi"))
    id = doc["id"]
    assert (doc["withheld"], doc["title"]) == (False, wetland("Mare d'Oursi")["title"])
    desk = site.get("coordinator", id)
    assert desk["withheld"] is True and "title" not in desk and "description" not in desk
    assert not {"candidates", "topics", "confidence", "referral", "triage"} & set(desk["routing"])
    assert "“" not in desk["routing"]["text"], "quotes no word of a text that is withheld"
    lead = site.get("secretariat:ramsar", id)
    assert lead["withheld"] is False and lead["description"]
    item, = [i for i in ok(site.api("coordinator", "GET", "/v1/requests?country=BFA"))["items"] if i["id"] == id]
    assert "title" not in item
    assert ok(site.api("coordinator", "GET", "/v1/requests?country=BFA&q=papyrus"))["items"] == []
    ok(site.act("country:BFA", id, "withdraw", {"text": "a very private reason"}))
    for who in ("coordinator",):
        assert b"very private" not in site.api(who, "GET", f"/v1/requests/{id}/history").body
    assert b"very private" in site.api("country:BFA", "GET", f"/v1/requests/{id}/history").body


def test_informed_secretariats_see_the_title_only(site, delta):
    seen = site.get("secretariat:cbd", delta["id"])
    assert (seen["withheld"], seen["title"], seen["allowed_actions"]) == (True, delta["title"], [])
    assert "description" not in seen and "candidates" not in seen["routing"]


def test_tokens(site):
    def status(token, header="Bearer {}"):
        answer = site.api(None, "GET", "/v1/themes", headers={"Authorization": header.format(token)})
        if answer.status != 200:
            is_problem(answer, 401, "unauthenticated")
        return answer.status

    good = site.tokens["country:CRI"]
    assert status(good) == 200 and status(good, "bearer {}") == 200
    for header in ("{}", "Basic {}", "Bearer  {}", "Bearer {} ", "Bearer {}x", "Bearer", "Bearer x{}", "Token {}"):
        if header != "Bearer {} ":  # trailing space is no part of a field value
            assert status(good, header) == 401, header
    _, id, secret, crc = good.split("_", 2)[:2] + [good[21:64], good[65:]]

    def sealed(id, secret):
        text = f"lsn_{id}_{secret}"
        return f"{text}_{zlib.crc32(text.encode()):08x}"

    assert sealed(id, secret) == good
    assert status(good[:-1] + ("0" if good[-1] != "0" else "1")) == 401, "wrong crc"
    assert status(sealed("a" * 16, secret)) == 401, "unknown id"
    assert status(sealed(id, "A" * 43)) == 401, "wrong secret"
    assert status(sealed(id, secret[1:] + secret[0])) == 401, "wrong secret, same letters"
    assert status("") == 401 and status("x" * 3000) == 401

    issued = json.loads(site.cli("token", "issue", "--role", "country", "--of", "PAN", "--label", "t",
                                 "--json").stdout)
    mine, tid = issued["token"], issued["id"]
    assert status(mine) == 200
    site.cli("token", "revoke", tid)
    wait_until(lambda: status(mine) == 401, 6, "a revoked token is refused")
    issued = json.loads(site.cli("token", "issue", "--role", "country", "--of", "PAN", "--label", "t",
                                 "--json").stdout)
    site.redis("HSET", f"lia:{{sys}}:token:{issued['id']}", "expires", int(time.time() * 1000) - 1)
    assert status(issued["token"]) == 401, "expired"
    with site.client() as c:
        c.conn.putrequest("GET", "/v1/themes")
        for _ in range(2):
            c.conn.putheader("Authorization", f"Bearer {good}")
        c.conn.endheaders()
        assert c.conn.getresponse().status == 401, "two tokens are none"


# --- what everybody may know -----------------------------------------------------------------------


def test_reference_data(site):
    for who in ("country:FJI", "operator"):
        items = ok(site.api(who, "GET", "/v1/secretariats"))["items"]
        assert sorted(i["code"] for i in items) == sorted(SECRETARIATS)
        for item in items:
            assert sorted(item["name"]) == sorted(item["long_name"]) == LANGUAGES and item["time_zone"]
            assert all(item["name"].values()) and all(item["long_name"].values())
    themes = ok(site.api("country:FJI", "GET", "/v1/themes"))["items"]
    assert {"HERITAGE_OUV", "STRANDING"} <= {t["code"] for t in themes}
    assert all(sorted(t["name"]) == LANGUAGES and all(t["name"].values()) for t in themes)
    assert all(not v.startswith("topic.") for t in themes for v in t["name"].values())
    countries = ok(site.api("country:FJI", "GET", "/v1/countries"))["items"]
    assert len(countries) == len(set(c["code"] for c in countries)) > 190
    kenya, = [c for c in countries if c["code"] == "KEN"]
    assert kenya["name"]["zh"] and kenya["party"]["ramsar"] == "yes"
    assert all(set(c["party"].values()) <= {"yes", "no", "unknown"} for c in countries)


def test_reference_data_may_be_kept_a_while(site):
    answer = site.api("country:FJI", "GET", "/v1/countries")
    assert [v for k, v in answer.pairs if k == "cache-control"] == ["private, max-age=60"]


def test_open_pages(site):
    assert site.api(None, "GET", "/livez").body == b"ok\n"
    assert site.api(None, "GET", "/readyz").status == 200
    told = site.api(None, "GET", "/readyz?verbose").body.decode()
    assert "[+]redis ok" in told and "[+]workers ok" in told
    front = site.api(None, "GET", "/")
    assert front.status == 200 and front.headers["content-type"].startswith("text/html")


def parse_metrics(text):
    """Prometheus text format 0.0.4: {(name, labels): value}, {family: type}."""
    series, types, helped, family = {}, {}, set(), None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
            assert family not in helped, f"HELP twice: {family}"
            helped.add(family)
            continue
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split()
            assert family in helped and family not in types
            assert kind in ("counter", "gauge", "histogram")
            types[family] = kind
            continue
        m = re.fullmatch(r'([a-z_]+)(\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.eE+]+)', line)
        assert m, f"not a sample: {line}"
        base = m[1]
        if types.get(family) == "histogram":
            base = re.sub("_(bucket|sum|count)$", "", base)
        assert base == family and family in types, f"{line} is not of {family}"
        assert (m[1], m[3]) not in series, f"twice: {line}"
        series[m[1], m[3]] = float(m[4])
    assert set(types) == helped
    return series, types


def test_metrics_are_prometheus_text_and_agree_with_the_queue(site):
    answer = site.api(None, "GET", "/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    series, types = parse_metrics(answer.body.decode())
    for family, kind in types.items():
        if kind == "counter":
            assert family.endswith("_total"), family
        if kind == "histogram":
            rows = {}
            for (n, labels), value in series.items():
                if n == family + "_bucket":
                    rest = re.sub(r',?le="[^"]*"', "", labels)
                    rows.setdefault(rest, []).append(value)
            for rest, values in rows.items():
                assert values == sorted(values), "buckets are cumulative"
                assert values[-1] == series[family + "_count", rest or None]

    def numbers():
        queue = ok(site.api("operator", "GET", "/v1/queue"))
        series, _ = parse_metrics(site.api(None, "GET", "/metrics").body.decode())
        after = ok(site.api("operator", "GET", "/v1/queue"))
        still = all(queue[k] == after[k] for k in ("requests", "secretariats", "coordinator"))
        return (queue, series) if still and queue["queues"][0]["depth"] == 0 else None

    queue, series = wait_until(numbers, 10, "a quiet moment")
    route = queue["queues"][0]
    for state in ("waiting", "pending", "delayed"):
        assert series["liaison_queue_messages", f'queue="route",state="{state}"'] == route[state]
    assert series["liaison_queue_messages", 'queue="route",state="dead"'] == route["dead_letters"]
    assert series["liaison_queue_enqueued_total", 'queue="route"'] == route["enqueued_total"]
    assert series["liaison_queue_processed_total", 'queue="route",outcome="ok"'] == route["processed_total"]
    assert series["liaison_queue_wait_seconds_count", 'queue="route"'] == route["processed_total"]
    for state, n in queue["requests"]["by_state"].items():
        assert series["liaison_requests", f'state="{state}"'] == n
    for row in queue["secretariats"]:
        of = f'secretariat="{row["secretariat"]}"'
        assert series["liaison_offers_pending", of] == row["offers_pending"]
        assert series["liaison_claims_open", of] == row["claims_open"]
    for verdict, n in queue["duplicate_verdicts"].items():
        assert series["liaison_duplicate_findings_total", f'verdict="{verdict}"'] == n
    for engine, words in queue["duplicate_judgements"].items():
        assert set(words) == {"duplicate", "related", "not", "precision"}
        for verdict in ("duplicate", "related", "not"):
            assert series["liaison_duplicate_verdicts_total", f'engine="{engine}",verdict="{verdict}"'] >= words[verdict]
    assert sum(series["liaison_workers", f'state="{s}"'] for s in ("idle", "busy")) == len(queue["workers"]) == 2
    assert series["liaison_redis_up", None] == 1


def outside_address():
    """An address of this machine that is not loopback; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
            return s.getsockname()[0]
        except OSError:
            return None


@pytest.mark.skipif(not outside_address(), reason="only loopback here")
def test_metrics_from_afar_are_for_operators(make_site):
    site = make_site(workers=0, env={"LIAISON_LISTEN": "0.0.0.0:0"})

    def far(who, path):
        token = site.tokens[who] if who else None
        with Client(site.ports[0], token, host=outside_address()) as client:
            return client("GET", path)

    assert site.api(None, "GET", "/metrics").status == 200
    is_problem(far(None, "/metrics"), 401, "unauthenticated")
    for who in ("country:KEN", "secretariat:cms", "coordinator"):
        is_problem(far(who, "/metrics"), 403, "forbidden")
    assert b"liaison_queue_messages" in far("operator", "/metrics").body
    assert far(None, "/livez").status == 200
    assert b"redis" not in far(None, "/readyz?verbose").body


def test_queue_health_agrees_with_what_was_done(make_site):
    site = make_site(workers=1)

    def look():
        return ok(site.api("operator", "GET", "/v1/queue"))

    zero = look()
    assert zero["queues"][0]["depth"] == 0 and set(zero["requests"]["by_state"].values()) == {0}
    assert zero["queues"][0]["wait_seconds"] == {"p50": None, "p95": None, "p99": None}
    offered = [site.routed(c, **wetland("Lake X"))["id"] for c in ("KEN", "GHA", "SEN")]
    triage = site.routed("JOR", **nonsense())["id"]
    ok(site.act("secretariat:ramsar", offered[0], "claim"), 201)
    ok(site.act("country:GHA", offered[1], "withdraw"))
    doc = look()
    by_state = {k: v for k, v in doc["requests"]["by_state"].items() if v}
    assert by_state == {"claimed": 1, "withdrawn": 1, "offered": 1, "triage": 1}
    assert doc["requests"]["by_ball"] == {"system": 0, "coordinator": 1, "country": 0, "secretariat": 2}
    ramsar, = [s for s in doc["secretariats"] if s["secretariat"] == "ramsar"]
    assert (ramsar["offers_pending"], ramsar["claims_open"], ramsar["offers_overdue"]) == (1, 1, 0)
    assert ramsar["earliest_offer_due_at"] == site.get("country:SEN", offered[2])["due_at"]
    assert doc["coordinator"]["waiting"] == 1
    assert doc["coordinator"]["earliest_due_at"] == site.get("country:JOR", triage)["due_at"]
    route = doc["queues"][0]
    assert (route["enqueued_total"], route["processed_total"], route["retries"], route["mended"],
            route["dead_letters"]) == (4, 4, 0, 0, 0)
    assert sum(doc["duplicate_verdicts"].values()) == 4
    assert route["wait_seconds"]["p50"] <= route["wait_seconds"]["p99"] <= 5
    worker, = doc["workers"]
    assert worker["state"] in ("idle", "busy") and worker["heartbeat_age_seconds"] < 10
    # A stopped worker shows: the entry waits, and its age grows.
    site.workers[1].kill()
    site.submit("TUN", **wetland("Ichkeul"))
    waiting = look()["queues"][0]
    assert (waiting["depth"], waiting["waiting"] + waiting["pending"]) == (1, 1)
    wait_until(lambda: look()["queues"][0]["oldest_age_seconds"] > 0.2, 5, "the age grows")
    site.start_worker(1)
    wait_until(lambda: look()["queues"][0]["depth"] == 0, 20, "the queue is empty again")


# --- the protocol's edges ----------------------------------------------------------------------------


def test_problems_in_six_languages_with_all_faults(site):
    bad = {"country": "XXX", "language": "de", "title": "short", "description": 7, "colour": "red",
           "budget_wanted": {"amount": "many", "of": 1}}
    details = {}
    for language in LANGUAGES:
        answer = site.api("country:KEN", "POST", "/v1/requests", bad, {"Accept-Language": language})
        assert (answer.status, answer.headers["content-language"]) == (422, language)
        assert answer.faults() == {
            ("#/country", "unknown_country"), ("#/language", "unknown_word"), ("#/title", "wrong_length"),
            ("#/description", "not_text"), ("#/colour", "unknown_member"),
            ("#/budget_wanted/amount", "not_a_whole_number"), ("#/budget_wanted/currency", "required"),
            ("#/budget_wanted/of", "unknown_member")}
        details[language] = (answer.doc["title"], answer.doc["detail"],
                             {e["pointer"]: e["detail"] for e in answer.doc["errors"]})
        assert "10" in details[language][2]["#/title"] and "120" in details[language][2]["#/title"]
        assert all("{" not in d and d for d in details[language][2].values())
    assert len({d[0] for d in details.values()}) == len({d[1] for d in details.values()}) == 6
    for pointer in details["en"][2]:
        assert len({d[2][pointer] for d in details.values()}) == 6, pointer
    choice = site.api("country:KEN", "POST", "/v1/requests", bad,
                      {"Accept-Language": "de, fr;q=0.8, ar;q=0.9"})
    assert choice.headers["content-language"] == "ar"
    assert site.api("country:KEN", "POST", "/v1/requests", bad,
                    {"Accept-Language": "sw"}).headers["content-language"] == "en"


def test_head_is_get_without_the_body(site, delta):
    for path in ("/v1/requests", f"/v1/requests/{delta['id']}", "/v1/themes"):
        get = site.api("country:BWA", "GET", path)
        head = site.api("country:BWA", "HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(get.body))
        assert head.headers.get("etag") == get.headers.get("etag")
    missing = site.api("country:BWA", "HEAD", "/v1/requests/req_0")
    assert (missing.status, missing.body) == (404, b"")


def test_methods_types_and_paths(site, delta):
    for method, path, allow in (
            ("DELETE", "/v1/requests", {"GET", "HEAD", "POST"}), ("PUT", "/v1/requests", {"GET", "HEAD", "POST"}),
            ("PATCH", f"/v1/requests/{delta['id']}", {"GET", "HEAD"}),
            ("POST", "/v1/inbox", {"GET", "HEAD"}), ("POST", "/livez", {"GET", "HEAD"}),
            ("GET", f"/v1/requests/{delta['id']}/claim", {"POST"}),
            ("GET", f"/v1/dead-letters/{delta['id']}/requeue", {"POST"})):
        body = b"{}" if method in ("PUT", "PATCH", "POST") else None
        answer = site.api("country:BWA", method, path, body)
        is_problem(answer, 405, "method-not-allowed")
        assert set(answer.headers["allow"].split(", ")) == allow, path
    for path in ("/v1", "/v1/", "/v2/requests", "/v1/requests/", "/v1/requests//", "/v1/request",
                 f"/v1/requests/{delta['id']}/", f"/v1/requests/{delta['id']}/history/x", "/v1/REQUESTS",
                 "/favicon.ico", "/v1/requests/" + "a" * 500):
        is_problem(site.api("country:BWA", "GET", path), 404, "not-found")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json", ""):
        answer = site.api("country:BWA", "POST", "/v1/requests", b"{}", {"Content-Type": kind})
        is_problem(answer, 415, "unsupported-media-type")
    for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
        answer = site.api("country:BWA", "POST", "/v1/requests", b"{}", {"Content-Type": kind})
        is_problem(answer, 422, "validation")


def test_every_answer_is_protected_and_named(site):
    for who, path in ((None, "/livez"), ("country:BWA", "/v1/themes"), (None, "/nowhere"), (None, "/v1/themes")):
        answer = site.api(who, "GET", path, headers={"X-Request-Id": "trace-1.A_b"})
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"] == "trace-1.A_b"
        assert len([k for k, _ in answer.pairs if k == "cache-control"]) == 1, answer.pairs
    made = site.api(None, "GET", "/livez", headers={"X-Request-Id": "a b"}).headers["x-request-id"]
    assert made.startswith("rid_")


def test_the_inbox_is_in_working_order(site):
    """Urgency first, then the older one when no norm is used up yet."""
    ids = {}
    for urgency, country in (("planned", "HUN"), ("emergency", "ROU"), ("routine", "BGR"), ("priority", "SRB")):
        ids[urgency] = site.routed(country, urgency=urgency, **wetland(f"Lake {name()}"))["id"]
    inbox = [i["id"] for i in ok(site.api("secretariat:ramsar", "GET", "/v1/inbox"))["items"]]
    mine = [i for i in inbox if i in ids.values()]
    assert mine == [ids[u] for u in ("emergency", "priority", "routine", "planned")]

    # Of two of one urgency the one whose norm is more used up, though its date is the later one.
    first, second = (site.routed(c, **wetland(f"Lake {name()}"))["id"] for c in ("ALB", "MNE"))
    record = partition_key(second, f"req:{second}")
    meta = json.loads(site.redis("HGET", record, "meta"))
    meta["b"] -= 20 * 24 * 3600 * 1000
    site.redis("HSET", record, "meta", json.dumps(meta))
    inbox = [i["id"] for i in ok(site.api("secretariat:ramsar", "GET", "/v1/inbox"))["items"]]
    assert inbox.index(second) < inbox.index(first)


def test_what_is_stored_is_sealed(site, delta):
    record = site.redis.hash(partition_key(delta["id"], f"req:{delta['id']}"))
    line = site.redis("LRANGE", partition_key(delta["id"], f"hist:{delta['id']}"), 0, -1)
    for blob in [*record.values(), *line]:
        assert b"Okavango" not in blob and b"papyrus" not in blob
    for _, fields in site.redis("XRANGE", partition_key(delta["id"], "events"), "-", "+"):
        assert b"Okavango" not in b" ".join(fields)
