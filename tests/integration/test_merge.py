"""One need, sent twice: merge, undo, join, link, and what is kept of people's verdicts."""
import json
import signal
import time

import pytest

from harness import Site, key, name, nonsense, partition_key, wait_until, wetland


@pytest.fixture(scope="module")
def site():
    """Of this file's own: its many twins would be near duplicates of others' requests."""
    with Site(workers=2) as s:
        yield s


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.doc


def problem(answer, status, kind):
    assert (answer.status, answer.type) == (status, kind), answer
    return answer.doc


def twin(place, **more):
    return wetland(place) | {"title": f"{place}: restoring the drained papyrus swamp"} | more


def pair(site, country, first=None, second=None):
    """A request that was offered, and its twin, which waits in triage."""
    place = f"Lake {name()}"
    one = site.routed(country, **wetland(place), **(first or {}))
    two = site.routed(country, **twin(place, **(second or {})))
    assert (one["state"], two["state"]) == ("offered", "triage"), (one, two)
    assert two["duplicates"][0]["id"] == one["id"]
    return one, two


def actions(lines):
    return [line["action"] for line in lines]


def inbox(site, who):
    return [i["id"] for i in ok(site.api(who, "GET", "/v1/inbox"))["items"]]


def stored(site, id):
    return site.redis.hash(partition_key(id, f"req:{id}"))


def same_but(a, b, *but):
    """Two resources, without what a step changes by its nature."""
    def bare(doc):
        return {k: v for k, v in doc.items() if k not in ("version", "updated_at", *but)}
    assert bare(a) == bare(b)


# --- merge -----------------------------------------------------------------------------------------


def test_the_first_survives_with_what_both_asked(site):
    one, two = pair(site, "UGA", {
        "themes": ["wetlands", "water"], "items": [{"kind": "ADVICE", "text": "Two experts"}],
        "contact_name": "Amina", "contact_email": "amina@example.org"}, {
        "urgency": "emergency", "themes": ["water", "papyrus"],
        "items": [{"kind": "ADVICE", "text": "Two experts"}, {"kind": "TRAINING", "text": "A course"}],
        "contact_name": "Brian", "deputy_contact": {"name": "Caroline", "language": "fr"}})
    assert "merge" in two["allowed_actions"] or "merge" in site.get("coordinator", two["id"])["allowed_actions"]
    merged = ok(site.act("coordinator", two["id"], "merge", {"other": one["reference"], "text": "The same lake."}))
    assert (merged["state"], merged["ball"], merged["due_at"]) == ("merged", None, None)
    assert merged["merged_into"]["id"] == one["id"] and merged["merged_into"]["reference"] == one["reference"]
    assert merged["title"] == two["title"] and merged["description"] == two["description"]
    assert merged["urgency"] == "emergency" and merged["undo_until"] > merged["updated_at"]

    survivor = site.get("country:UGA", one["id"])
    assert (survivor["state"], survivor["holder"]) == ("offered", "ramsar"), "its route stays"
    assert survivor["urgency"] == "emergency" and survivor["due_at"] < one["due_at"]
    assert survivor["offers"][0]["expires_at"] == survivor["due_at"]
    assert survivor["themes"] == ["wetlands", "water", "papyrus"]
    assert [i["text"] for i in survivor["items"]] == ["Two experts", "A course"]
    assert [c["name"] for c in survivor["contacts"]] == ["Amina", "Brian", "Caroline"]
    assert survivor["contact_name"] == "Amina" and survivor["submitted_at"] == one["submitted_at"]
    listed, = survivor["merged"]
    assert (listed["id"], listed["reference"], listed["title"]) == (two["id"], two["reference"], two["title"])
    assert listed["description"] == two["description"] and listed["by"] == "coordinator"
    assert survivor["version"] == one["version"] + 1 and merged["version"] == two["version"] + 1

    assert actions(site.history("country:UGA", one["id"])) == ["submit", "offer", "merge"]
    lines = site.history("country:UGA", two["id"])
    assert actions(lines) == ["submit", "hold", "merge"] and lines[-1]["other"]["id"] == one["id"]
    assert (lines[-1]["from"], lines[-1]["to"], lines[-1]["text"]) == ("triage", "merged", "The same lake.")
    assert actions(site.events(one["id"])) == ["submit", "offer", "merge"]
    assert actions(site.events(two["id"])) == ["submit", "hold", "merge"]
    assert two["id"] not in inbox(site, "coordinator") and one["id"] in inbox(site, "secretariat:ramsar")
    listing = ok(site.api("country:UGA", "GET", "/v1/requests?state=merged"))["items"]
    assert two["id"] in [i["id"] for i in listing]
    found = ok(site.api("country:UGA", "GET", "/v1/requests?theme=papyrus"))["items"]
    assert {one["id"], two["id"]} <= {i["id"] for i in found}, "a theme that came by the merge is found"
    # The lead of the survivor, who could not see the other one, reads both texts in one place.
    seen = site.get("secretariat:ramsar", one["id"])
    assert seen["merged"][0]["description"] == two["description"] and seen["items"] == survivor["items"]


def test_either_of_the_two_may_be_named(site):
    one, two = pair(site, "RWA")
    answer = ok(site.act("coordinator", one["id"], "merge", {"other": two["id"]}))
    assert answer["id"] == one["id"] and answer["state"] == "offered"
    assert [m["id"] for m in answer["merged"]] == [two["id"]]
    assert site.get("country:RWA", two["id"])["state"] == "merged"


@pytest.mark.parametrize("state", ["awaiting_country", "offered", "claimed", "unmatched"])
def test_offers_and_claims_of_the_merged_one_end(site, state):
    one = site.routed("TZA", **wetland(f"Lake {name()}"))["id"]
    two = site.routed("TZA", **wetland(f"Lake {name()} {name()}"))["id"]
    if state in ("claimed", "awaiting_country"):
        ok(site.act("secretariat:ramsar", two, "claim"), 201)
    if state == "awaiting_country":
        ok(site.act("secretariat:ramsar", two, "ask", {"text": "Which shore?"}))
    if state == "unmatched":
        for offer in site.get("country:TZA", two)["offers"]:
            ok(site.act(f"secretariat:{offer['secretariat']}", two, "decline", {"reason": "no_capacity"}))
    before = site.get("country:TZA", two)
    assert before["state"] == state
    merged = ok(site.act("coordinator", two, "merge", {"other": one}))
    assert merged["state"] == "merged" and merged["claim"] is None and merged["holder"] is None
    assert {o["state"] for o in merged["offers"]} <= {"withdrawn", "declined"}
    for who in ("secretariat:ramsar", "secretariat:cbd", "coordinator"):
        assert two not in inbox(site, who)
    problem(site.act("secretariat:ramsar", two, "claim"), 409, "wrong-state")
    back = ok(site.act("coordinator", two, "unmerge"))
    assert back["state"] == state
    same_but(site.get("country:TZA", two), before, "due_at", "offers", "claim", "allowed_actions")
    assert [(o["secretariat"], o["role"], o["state"]) for o in back["offers"]] == [
        (o["secretariat"], o["role"], o["state"]) for o in before["offers"]]
    if state == "claimed":
        assert (back["claim"]["holder"], back["claim"]["epoch"]) == ("ramsar", 1)
        assert two in inbox(site, "secretariat:ramsar")
        ok(site.act("secretariat:ramsar", two, "answer", {"text": "We come in March.", "epoch": 1}))
    if state == "awaiting_country":
        assert ok(site.act("country:TZA", two, "reply", {"text": "The north shore."}))["state"] == "claimed"


def test_nothing_is_done_on_a_merged_one_but_reading_and_undoing(site):
    one, two = pair(site, "BDI")
    ok(site.act("coordinator", two["id"], "merge", {"other": one["id"]}))
    for who, action, body in [("coordinator", "route", {"lead": "ramsar"}), ("coordinator", "merge", {"other": one["id"]}),
                              ("coordinator", "link", {"other": one["id"], "relation": "related"}),
                              ("country:BDI", "reply", {"text": "x"}), ("country:BDI", "withdraw", {}),
                              ("country:BDI", "join", {"other": one["id"]}), ("country:BDI", "reopen", {"text": "x"}),
                              ("country:BDI", "unmerge", {})]:
        doc = problem(site.act(who, two["id"], action, body), 409, "wrong-state")
        assert doc["merged_into"] == {"id": one["id"], "reference": one["reference"]}, action
        assert doc["state"] == "merged" and one["reference"] in doc["detail"]
        assert doc["allowed_actions"] == (["unmerge"] if who == "coordinator" else [])
    french = site.act("country:BDI", two["id"], "withdraw", {}, {"Accept-Language": "fr"})
    assert "fusionnée" in french.doc["detail"] and one["reference"] in french.doc["detail"]
    third = site.routed("BDI", **wetland(f"Lake {name()} {name()}"))
    doc = problem(site.act("coordinator", third["id"], "merge", {"other": two["reference"]}), 409, "wrong-state")
    assert doc["other"] == {"id": two["id"], "reference": two["reference"], "state": "merged"}
    assert doc["merged_into"]["id"] == one["id"] and one["reference"] in doc["detail"]
    doc = problem(site.act("coordinator", third["id"], "link", {"other": two["id"], "relation": "related"}), 409,
                  "wrong-state")
    assert doc["merged_into"]["id"] == one["id"]


def test_a_merged_request_never_points_to_a_merged_one(site):
    a, b, c, d = (site.routed("MLI", **wetland(f"{name()} {name()}"), urgency=u)["id"]
                  for u in ("planned", "routine", "priority", "emergency"))
    ok(site.act("coordinator", d, "merge", {"other": c}))
    ok(site.act("coordinator", c, "merge", {"other": b}))
    ok(site.act("coordinator", a, "merge", {"other": b}))
    def into(id):
        doc = site.get("country:MLI", id)
        return doc["merged_into"] and doc["merged_into"]["id"]
    assert [into(id) for id in (a, b, c, d)] == [None, a, a, a]
    survivor = site.get("country:MLI", a)
    assert survivor["urgency"] == "emergency" and {m["id"] for m in survivor["merged"]} == {b, c, d}
    assert actions(site.history("country:MLI", d)) == ["submit", "offer", "merge", "merge", "merge"]
    # c comes back with d; b with nothing, since c went away before.
    back = ok(site.act("coordinator", c, "unmerge"))
    assert back["urgency"] == "emergency" and [m["id"] for m in back["merged"]] == [d]
    assert [into(id) for id in (a, b, c, d)] == [None, a, None, c]
    assert site.get("country:MLI", a)["urgency"] == "routine"
    assert ok(site.act("coordinator", b, "unmerge"))["merged"] == []
    assert ok(site.act("coordinator", d, "unmerge"))["urgency"] == "emergency"
    states = [site.get("country:MLI", id) for id in (a, b, c, d)]
    assert [s["urgency"] for s in states] == ["planned", "routine", "priority", "emergency"]
    assert [s["state"] for s in states] == ["offered"] * 4 and not any(s["merged"] for s in states)


def test_merging_needs_two_of_one_country(site):
    one, two = pair(site, "NER")
    foreign = site.routed("TCD", **wetland(f"Lake {name()}"))
    def faults(body, who="coordinator", id=two["id"], action="merge"):
        return site.act(who, id, action, body).faults()
    assert faults({"other": foreign["id"]}) == {("#/other", "other_country")}
    assert faults({"other": two["reference"]}) == {("#/other", "same_request")}
    assert faults({"other": "LN-2026-NER-9999"}) == {("#/other", "unknown_request")}
    assert faults({"other": "req_" + "0" * 32}) == {("#/other", "invalid_reference")}
    assert faults({"other": "the other one"}) == {("#/other", "invalid_reference")}
    assert faults({}) == {("#/other", "required")}
    assert faults({"other": foreign["reference"]}, "country:NER", two["id"], "join") == {("#/other", "unknown_request")}
    assert faults({"other": foreign["id"]}, "country:NER", two["id"], "join") == {("#/other", "unknown_request")}
    problem(site.act("country:NER", two["id"], "merge", {"other": one["id"]}), 409, "wrong-state")
    problem(site.act("secretariat:ramsar", one["id"], "merge", {"other": two["id"]}), 409, "wrong-state")
    problem(site.act("secretariat:iwc", two["id"], "merge", {"other": one["id"]}), 404, "not-found")
    closed = site.routed("NER", **wetland(f"{name()} {name()}"))["id"]
    ok(site.act("country:NER", closed, "withdraw"))
    doc = problem(site.act("coordinator", two["id"], "merge", {"other": closed}), 409, "wrong-state")
    assert doc["other"]["state"] == "withdrawn" and doc["state"] == "triage"
    stale = site.act("coordinator", two["id"], "merge", {"other": one["id"]}, {"If-Match": '"r1"'})
    problem(stale, 412, "stale-version")
    assert site.get("country:NER", two["id"]) == two | {"allowed_actions": ["withdraw", "join", "escalate"]}


def test_one_key_is_one_merge(site):
    one, two = pair(site, "TGO")
    k = key()
    for n in range(3):
        answer = site.act("coordinator", two["id"], "merge", {"other": one["id"]}, {"Idempotency-Key": k})
        assert ok(answer)["state"] == "merged" and ("idempotent-replayed" in answer.headers) == (n > 0)
    assert actions(site.history("country:TGO", two["id"])) == ["submit", "hold", "merge"]
    problem(site.act("coordinator", two["id"], "merge", {"other": one["reference"]}, {"Idempotency-Key": k}), 422,
            "idempotency-key-reused")
    k = key()
    for n in range(3):
        answer = site.act("coordinator", two["id"], "unmerge", {}, {"Idempotency-Key": k})
        assert ok(answer)["state"] == "triage" and ("idempotent-replayed" in answer.headers) == (n > 0)


# --- undo ------------------------------------------------------------------------------------------


def test_undoing_takes_back_exactly_what_the_merge_brought(site):
    one, two = pair(site, "GIN", {"themes": ["water"], "disclosure": "open"}, {
        "urgency": "priority", "themes": ["papyrus"], "items": [{"kind": "LEGAL", "text": "A decree"}],
        "disclosure": "restricted", "contact_name": "Binta"})
    before = [site.get("country:GIN", d["id"]) for d in (one, two)]
    readers = [site.api(f"secretariat:{s}", "GET", f"/v1/requests/{one['id']}").status for s in ("iwc", "ramsar")]
    assert readers == [200, 200], "it is open to all"
    metas = [json.loads(stored(site, d["id"])["meta"]) for d in (one, two)]
    for _ in range(3):  # an undone undo is a merge like the first
        ok(site.act("coordinator", two["id"], "merge", {"other": one["id"]}))
        assert site.get("country:GIN", one["id"])["disclosure"] == "restricted"
        assert site.api("secretariat:iwc", "GET", f"/v1/requests/{one['id']}").status == 404
        ok(site.act("coordinator", two["id"], "unmerge", {"text": "Another bay."}))
        after = [site.get("country:GIN", d["id"]) for d in (one, two)]
        same_but(after[0], before[0])
        same_but(after[1], before[1], "due_at")
        assert site.api("secretariat:iwc", "GET", f"/v1/requests/{one['id']}").status == 200
    for meta, d in zip(metas, (one, two)):
        now = json.loads(stored(site, d["id"])["meta"])
        clocks = ("m", "b", "e", "k", "o")  # time has passed; what is used up stays used up
        assert abs(now["e"] - meta["e"]) < 10000 and now["k"][1] <= now["m"] - meta["b"]
        assert {k: v for k, v in now.items() if k not in clocks} == {k: v for k, v in meta.items() if k not in clocks}
    assert actions(site.history("country:GIN", two["id"])) == ["submit", "hold"] + ["merge", "unmerge"] * 3
    assert two["id"] in inbox(site, "coordinator")


def test_undoing_keeps_what_happened_to_the_survivor_since(site):
    one, two = pair(site, "SLE", None, {"urgency": "priority"})
    ok(site.act("coordinator", two["id"], "merge", {"other": one["id"]}))
    ok(site.act("secretariat:ramsar", one["id"], "claim"), 201)
    ok(site.act("secretariat:ramsar", one["id"], "plan", {"text": "One mission."}))
    third = site.routed("SLE", **wetland(f"{name()} {name()}"), urgency="emergency", themes=["third"])["id"]
    ok(site.act("coordinator", third, "merge", {"other": one["id"]}))
    ok(site.act("coordinator", two["id"], "unmerge"))
    survivor = site.get("country:SLE", one["id"])
    assert (survivor["state"], survivor["plan"]["text"]) == ("planned", "One mission.")
    assert survivor["urgency"] == "emergency" and survivor["themes"] == ["third"]
    assert [m["id"] for m in survivor["merged"]] == [third]


def test_a_merge_can_be_undone_for_fourteen_days(site):
    one, two = pair(site, "LBR")
    merged = ok(site.act("coordinator", two["id"], "merge", {"other": one["id"]}))
    assert site.get("coordinator", two["id"])["allowed_actions"] == ["unmerge"]
    meta = json.loads(stored(site, two["id"])["meta"])
    assert abs(meta["g"][2] - meta["b"] - 14 * 86400000) < 1000
    meta["g"][2] -= 15 * 86400000
    site.redis("HSET", partition_key(two["id"], f"req:{two['id']}"), "meta", json.dumps(meta))
    assert site.get("coordinator", two["id"])["allowed_actions"] == []
    late = site.act("coordinator", two["id"], "unmerge", {}, {"Accept-Language": "es"})
    doc = problem(late, 409, "wrong-state")
    assert "se podía deshacer hasta" in doc["detail"] and doc["merged_into"]["id"] == one["id"]
    assert site.get("country:LBR", two["id"])["state"] == merged["state"] == "merged"
    problem(site.act("coordinator", one["id"], "unmerge"), 409, "wrong-state")


def test_the_time_for_undoing_is_a_setting(make_site):
    site = make_site(env={"LIAISON_UNMERGE_DAYS": "0"})
    one, two = pair(site, "KEN")
    ok(site.act("coordinator", two["id"], "merge", {"other": one["id"]}))
    time.sleep(0.01)
    problem(site.act("coordinator", two["id"], "unmerge"), 409, "wrong-state")


# --- join ------------------------------------------------------------------------------------------


def test_a_country_joins_its_own_without_the_coordinator(site):
    one, two = pair(site, "BEN")
    assert "join" in two["allowed_actions"] and "join" not in one["allowed_actions"]
    joined = ok(site.act("country:BEN", two["id"], "join", {"other": one["reference"], "text": "Sent twice."}))
    assert (joined["state"], joined["merged_into"]["id"]) == ("merged", one["id"])
    assert actions(site.history("country:BEN", one["id"])) == ["submit", "offer", "join"]
    assert site.history("country:BEN", two["id"])[-1]["actor"] == "country:BEN"
    assert ok(site.act("coordinator", two["id"], "unmerge"))["state"] == "triage"
    offered = site.routed("BEN", **wetland(f"{name()} {name()}"))["id"]
    problem(site.act("country:BEN", offered, "join", {"other": one["id"]}), 409, "wrong-state")
    doc = problem(site.act("country:BEN", two["id"], "join", {"other": offered}), 409, "wrong-state")
    assert doc["other"]["state"] == "offered", "a secretariat has it: that is the coordinator's to merge"
    later = site.routed("BEN", **nonsense())["id"]
    kept = ok(site.act("country:BEN", two["id"], "join", {"other": later}))
    assert kept["state"] == "triage" and [m["id"] for m in kept["merged"]] == [later], "the older one survives"
    doc = problem(site.act("country:BEN", two["id"], "join", {"other": later}), 409, "wrong-state")
    assert doc["other"]["state"] == "merged"


def test_what_the_router_has_not_seen_yet_joins_but_takes_nothing_in(make_site):
    site = make_site(env={"LIAISON_RECONCILE_MS": "800"})
    one = site.routed("KEN", **wetland("Lake Baringo"))["id"]
    site.workers[1].signal(signal.SIGTERM)
    assert site.workers[1].wait() == 0
    two, three = (ok(site.submit("KEN", **wetland(p)), 201)["id"] for p in ("Lake Bogoria", "Lake Elmenteita"))
    assert site.get("country:KEN", two)["allowed_actions"] == ["withdraw", "join", "escalate"]
    doc = problem(site.act("country:KEN", three, "join", {"other": two}), 409, "wrong-state")
    assert doc["other"]["state"] == "submitted"
    problem(site.act("coordinator", two, "merge", {"other": one}), 409, "wrong-state")
    assert ok(site.act("country:KEN", two, "join", {"other": one}))["state"] == "merged"
    site.processes.remove(site.workers[1])
    site.start_worker(1)
    site.wait_state("country:KEN", three, "offered", "triage")
    wait_until(lambda: site.redis("HLEN", partition_key(two, "queued")) == 0, 10, "its entry is settled")
    assert site.get("country:KEN", two)["state"] == "merged"
    assert actions(site.history("country:KEN", two)) == ["submit", "join"]
    back = ok(site.act("coordinator", two, "unmerge"))
    assert back["state"] == "triage" and back["routing"] is None
    assert ok(site.act("coordinator", two, "route", {"lead": "ramsar"}))["holder"] == "ramsar"


def test_a_wish_that_cannot_be_read_is_a_person_s_to_judge(make_site):
    site = make_site()
    one = site.routed("KEN", **wetland("Lake Baringo"))["id"]
    site.workers[1].signal(signal.SIGTERM)
    assert site.workers[1].wait() == 0
    two = ok(site.submit("KEN", **twin("Lake Baringo"), join=one), 201)["id"]
    site.redis("HSET", partition_key(one, f"req:{one}"), "inner", b"\x01\x00\x00broken")
    site.processes.remove(site.workers[1])
    site.start_worker(1)
    assert site.wait_state("country:KEN", two, "triage", "merged", "offered")["state"] == "triage"


def test_a_wish_to_join_that_the_router_confirms_is_carried_out_at_once(site):
    place = f"Lake {name()}"
    one = site.routed("GHA", **wetland(place), themes=["a"])
    two = site.routed("GHA", **twin(place), join=one["reference"], themes=["b"], urgency="priority")
    two = site.wait_state("country:GHA", two["id"], "merged", "triage")
    assert two["state"] == "merged" and two["merged_into"]["reference"] == one["reference"]
    assert two["join"]["id"] == one["id"] and two["duplicates"][0]["id"] == one["id"]
    survivor = site.get("country:GHA", one["id"])
    assert survivor["themes"] == ["a", "b"] and survivor["urgency"] == "priority"
    assert [m["id"] for m in survivor["merged"]] == [two["id"]]
    assert actions(site.history("country:GHA", two["id"])) == ["submit", "join"]
    assert site.history("country:GHA", one["id"])[-1]["actor"] == "system"
    assert actions(site.events(two["id"])) == ["submit", "join"]
    # An alias is as good: its survivor is meant. Word for word the same is certain.
    three = site.routed("GHA", **wetland(place), join=two["id"])
    three = site.wait_state("country:GHA", three["id"], "merged", "triage")
    assert three["state"] == "merged" and three["join"]["id"] == three["merged_into"]["id"] == one["id"]
    back = ok(site.act("coordinator", three["id"], "unmerge"))
    assert back["state"] == "triage" and back["routing"]["lead"] == "ramsar" and back["duplicates"]
    assert ok(site.act("coordinator", three["id"], "route", {"lead": "ramsar"}))["state"] == "offered"
    queue = ok(site.api("operator", "GET", "/v1/queue"))["queues"][0]
    assert queue["dead_letters"] == 0


def test_a_wish_that_is_not_confirmed_waits_with_the_wish_shown(site):
    one = site.routed("CIV", **wetland(f"Lake {name()}"))
    two = site.routed("CIV", **nonsense(), join=one["id"])
    assert (two["state"], two["join"]["id"], two["join"]["reference"]) == ("triage", one["id"], one["reference"])
    other = site.routed("CIV", **wetland(f"Lake {name()} {name()}"), join=one["id"])
    assert other["state"] == "triage" and other["routing"]["lead"] == "ramsar", "a wish is a person's to judge"
    assert ok(site.act("coordinator", other["id"], "merge", {"other": one["id"]}))["state"] == "merged"
    assert ok(site.act("country:CIV", two["id"], "join", {"other": one["id"]}))["state"] == "merged"


def test_what_is_wished_must_be_an_own_open_request(site):
    foreign = site.routed("SEN", **wetland(f"Lake {name()}"))
    own = site.routed("GMB", **wetland(f"Lake {name()}"))
    stored_n = site.stored_n()
    for wrong, code in [(foreign["id"], "unknown_request"), (foreign["reference"], "unknown_request"),
                        ("LN-2026-GMB-9999", "unknown_request"), ("GMB-1", "invalid_reference"),
                        ("x" * 41, "wrong_length"), (7, "not_text")]:
        answer = site.submit("GMB", **twin("Tanbi"), join=wrong)
        assert (answer.status, answer.faults()) == (422, {("#/join", code)}), wrong
    assert site.stored_n() == stored_n
    k = key()
    accepted = ok(site.submit("GMB", {"Idempotency-Key": k}, **nonsense(), join=own["id"]), 201)
    ok(site.act("country:GMB", own["id"], "withdraw"))
    answer = site.submit("GMB", **twin("Tanbi"), join=own["id"])
    assert answer.faults() == {("#/join", "not_open")}
    again = site.submit("GMB", {"Idempotency-Key": k}, **nonsense(), join=own["id"])
    assert ok(again, 201)["id"] == accepted["id"], "what was accepted once is accepted for ever"
    assert site.get("coordinator", accepted["id"])["join"]["state"] == "withdrawn"


def test_the_description_has_the_actions_and_the_members(site):
    doc = ok(site.api(None, "GET", "/openapi.json"))
    draft, request = (doc["components"]["schemas"][n]["properties"] for n in ("Draft", "Request"))
    assert draft["join"]["maxLength"] == 40 and request["join"]["type"] == ["object", "null"]
    assert draft["items"]["maxItems"] == 8 and "maxItems" not in request["items"]
    assert {"merged", "merged_into", "undo_until", "links", "contacts"} <= set(request)
    for action, members in [("merge", {"other", "text"}), ("join", {"other", "text"}), ("unmerge", {"text"}),
                            ("link", {"other", "relation", "text"})]:
        body = doc["paths"][f"/v1/requests/{{id}}/{action}"]["post"]["requestBody"]["content"]["application/json"]
        assert set(body["schema"]["properties"]) == members
    route = doc["paths"]["/v1/requests/{id}/route"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert route["properties"]["not_duplicate_of"]["maxItems"] == 10


# --- link ------------------------------------------------------------------------------------------


def test_links_join_two_countries_without_telling_either(site):
    one = site.routed("MRT", **wetland(f"Lake {name()} {name()}"))["id"]
    two = site.routed("SEN", **wetland(f"Lake {name()} {name()}"))["id"]
    linked = ok(site.act("coordinator", one, "link", {"other": two, "relation": "same_site", "text": "One river."}))
    link, = linked["links"]
    assert (link["id"], link["country"], link["relation"], link["by"]) == (two, "SEN", "same_site", "coordinator")
    mirrored, = site.get("coordinator", two)["links"]
    assert (mirrored["id"], mirrored["relation"], mirrored["by"]) == (one, "same_site", "coordinator")
    assert [link["id"] for link in site.get("secretariat:ramsar", one)["links"]] == [two], "ramsar leads both"
    for country, id, other in (("MRT", one, two), ("SEN", two, one)):
        seen = site.api(f"country:{country}", "GET", f"/v1/requests/{id}")
        assert seen.doc["links"] == [] and other.encode() not in seen.body
        lines = site.api(f"country:{country}", "GET", f"/v1/requests/{id}/history")
        assert actions(lines.doc["items"]) == ["submit", "offer"] and other.encode() not in lines.body
    assert actions(site.history("coordinator", one)) == ["submit", "offer", "link"]
    assert site.history("coordinator", two)[-1]["relation"] == "same_site"
    again = ok(site.act("coordinator", one, "link", {"other": two, "relation": "same_site"}))
    assert again["version"] == linked["version"], "said twice is said once"
    assert ok(site.act("coordinator", two, "link", {"other": one, "relation": "joint_training"}))["links"][0][
        "relation"] == "joint_training"
    assert site.get("coordinator", one)["links"][0]["relation"] == "joint_training"
    assert ok(site.act("coordinator", one, "link", {"other": two, "relation": "none"}))["links"] == []
    assert site.get("coordinator", two)["links"] == []
    for who in ("country:MRT", "secretariat:ramsar"):
        problem(site.act(who, one, "link", {"other": two, "relation": "related"}), 409, "wrong-state")
    assert site.act("coordinator", one, "link", {"other": two}).faults() == {("#/relation", "required")}


def test_a_link_left_half_is_finished_by_a_worker(make_site):
    site = make_site(env={"LIAISON_RECONCILE_MS": "800"})
    one = site.routed("MRT", **wetland("Diawling"))["id"]
    two = site.routed("MLI", **wetland("Lake Debo"))["id"]
    assert one[-1] != two[-1], "two partitions"
    parts = [partition_key(two, f"req:{two}"), partition_key(two, f"hist:{two}")]
    kept = [site.redis("DUMP", part) for part in parts]
    ok(site.act("coordinator", one, "link", {"other": two, "relation": "same_event"}))
    assert site.redis("SCARD", partition_key(one, "halves")) == 0, "finished, and no note is left"
    for part, dump in zip(parts, kept):  # as if the daemon had died before the second step
        site.redis("RESTORE", part, 0, dump, "REPLACE")
    assert site.get("coordinator", two)["links"] == []
    site.redis("SADD", partition_key(one, "halves"), f"{one} {two} 0123456789abcdef")
    wait_until(lambda: site.get("coordinator", two)["links"], 10, "the other half")
    assert site.get("coordinator", two)["links"][0]["relation"] == "same_event"
    wait_until(lambda: site.redis("SCARD", partition_key(one, "halves")) == 0, 10, "no note is left")
    assert actions(site.history("coordinator", two)) == ["submit", "offer", "link"]
    # Repeating mends as well.
    for part, dump in zip(parts, kept):
        site.redis("RESTORE", part, 0, dump, "REPLACE")
    ok(site.act("coordinator", one, "link", {"other": two, "relation": "same_event"}))
    assert site.get("coordinator", two)["links"][0]["id"] == one


# --- disclosure ------------------------------------------------------------------------------------


def test_everyone_sees_of_a_merge_what_they_may(site):
    place = f"Lake {name()}"
    one = site.routed("TUN", **wetland(place))["id"]
    two = site.routed("TUN", **nonsense())["id"]
    ok(site.act("coordinator", two, "route", {"lead": "cites"}))
    ok(site.act("coordinator", two, "merge", {"other": one, "text": "The same."}))
    seen = site.get("secretariat:cites", two)
    assert seen["state"] == "merged" and seen["merged_into"] is None, "its survivor is hidden from cites"
    lines = site.api("secretariat:cites", "GET", f"/v1/requests/{two}/history")
    assert "other" not in lines.doc["items"][-1] and one.encode() not in lines.body
    doc = problem(site.act("secretariat:cites", two, "claim"), 409, "wrong-state")
    assert "merged_into" not in doc and doc["state"] == "merged"
    assert site.api("secretariat:cites", "GET", f"/v1/requests/{one}").status == 404
    lead = site.get("secretariat:ramsar", one)
    assert lead["merged"][0]["title"] == nonsense()["title"]
    assert site.history("secretariat:ramsar", one)[-1]["other"]["id"] == two
    assert site.api("operator", "GET", f"/v1/requests/{one}").status == 403
    assert site.api("country:DZA", "GET", f"/v1/requests/{one}").status == 404


def test_a_wish_to_join_is_no_window_to_what_is_hidden(site):
    one = site.routed("DZA", **nonsense())["id"]
    two = site.routed("DZA", **wetland(f"Lake {name()}"), join=one)["id"]
    ok(site.act("coordinator", two, "route", {"lead": "ramsar"}))
    answer = site.api("secretariat:ramsar", "GET", f"/v1/requests/{two}")
    assert answer.doc["join"] is None and one.encode() not in answer.body


# --- what is kept of verdicts ----------------------------------------------------------------------


def judged(site, *ids):
    at = partition_key(ids[0], "verdicts")
    value = site.redis("HGET", at, " ".join(sorted(ids)))
    return value and value.decode().split()


def counts(site):
    doc = ok(site.api("operator", "GET", "/v1/queue"))["duplicate_judgements"]
    return {engine: [n["duplicate"], n["related"], n["not"]] for engine, n in doc.items()}


def test_every_verdict_on_a_pair_is_kept_with_what_the_engine_said(make_site):
    site = make_site()
    assert set(map(tuple, counts(site).values())) == {(0, 0, 0)}
    one, two = pair(site, "KEN")
    engine = two["duplicates"][0]["verdict"]
    ok(site.act("coordinator", two["id"], "merge", {"other": one["id"]}))
    verdict, said, probability, by, at = judged(site, one["id"], two["id"])
    assert (verdict, said, by) == ("duplicate", engine, "coordinator") and abs(int(at) / 1000 - time.time()) < 60
    assert float(probability) == pytest.approx(two["duplicates"][0]["probability"], abs=0.001)
    assert counts(site)[engine] == [1, 0, 0]
    ok(site.act("coordinator", two["id"], "unmerge"))
    assert judged(site, one["id"], two["id"])[0] == "not" and counts(site)[engine] == [0, 0, 1]
    ok(site.act("country:KEN", two["id"], "join", {"other": one["id"]}))
    assert judged(site, one["id"], two["id"])[3] == "country:KEN" and counts(site)[engine] == [1, 0, 0]

    one, two = pair(site, "UGA")
    said = two["duplicates"][0]["verdict"]
    before = counts(site)[said]
    ok(site.act("coordinator", two["id"], "route", {"lead": "ramsar"}))
    assert judged(site, one["id"], two["id"])[0] == "not"
    assert counts(site)[said] == [before[0], before[1], before[2] + 1]

    one, two = pair(site, "RWA")
    ok(site.act("coordinator", two["id"], "link", {"other": one["id"], "relation": "same_site"}))
    assert judged(site, one["id"], two["id"])[0] == "related"
    ok(site.act("coordinator", two["id"], "route", {"lead": "ramsar"}))
    assert judged(site, one["id"], two["id"])[0] == "related", "routing does not take back what a link says"
    ok(site.act("coordinator", one["id"], "link", {"other": two["id"], "relation": "none"}))
    assert judged(site, one["id"], two["id"]) is None

    # Links of two countries: said at either end, counted once.
    one, two = (site.routed(c, **wetland(f"{name()} {name()}"))["id"] for c in ("TZA", "NER"))
    base = sum(n[1] for n in counts(site).values())
    ok(site.act("coordinator", one, "link", {"other": two, "relation": "related"}))
    ok(site.act("coordinator", two, "link", {"other": one, "relation": "same_site"}))
    assert sum(n[1] for n in counts(site).values()) == base + 1
    ok(site.act("coordinator", two, "link", {"other": one, "relation": "none"}))
    assert sum(n[1] for n in counts(site).values()) == base

    one, two = pair(site, "BDI")
    assert site.act("coordinator", two["id"], "route", {"lead": "ramsar", "not_duplicate_of": ["LN-1"]}).faults() == {
        ("#/not_duplicate_of/0", "not_listed")}
    ok(site.act("coordinator", two["id"], "route", {"lead": "ramsar", "not_duplicate_of": []}))
    assert judged(site, one["id"], two["id"]) is None

    doc = ok(site.api("operator", "GET", "/v1/queue"))["duplicate_judgements"]
    for engine, n in doc.items():
        total = n["duplicate"] + n["related"] + n["not"]
        right = n["related"] if engine == "related" else n["duplicate"]
        assert n["precision"] == (pytest.approx(right / total) if total and engine != "none" else None)
    metrics = site.api(None, "GET", "/metrics").body.decode()
    assert 'liaison_duplicate_verdicts_total{engine="certain",verdict="duplicate"}' in metrics
    shown = site.cli("--server", f"http://127.0.0.1:{site.ports[0]}", "--token-file", site.folder / "credentials.json",
                     "--as", "operator", "queue")
    assert "duplicate_judgements" in shown.stdout
