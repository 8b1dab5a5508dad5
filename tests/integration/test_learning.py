"""Learning from use: what people do with a proposal is kept as numbers and codes, once for each act."""
import csv
import json
import re

from harness import ROOT, key, nonsense, partition_key, wetland

WORDS = {"request", "at", "action", "by", "role", "proposed", "reason", "lead", "support", "grounds", "ruleset", "topics",
         "facts", "named", "outside", "says", "party", "yes", "no", "preferred", "flags", "decline", "out_of_mandate"}
MADE = re.compile(r"req_[0-9a-f]{32}|[0-9a-f]{16}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")  # ids, hashes, times


def codes():
    """Every code that the tables of config/ have."""
    for table in ("topics", "facts", "secretariats", "referrals"):
        with open(ROOT / f"config/{table}.csv", encoding="utf-8", newline="") as f:
            yield from (row[0] for row in csv.reader(f))


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.doc


def cases(site, *ids):
    """The recorded cases of these requests, without time and grounds."""
    items = json.loads(site.cli("routing", "cases", "--json").stdout)["items"]
    return [{k: v for k, v in item.items() if k not in ("request", "at", "grounds")}
            for item in items if item["request"] in ids]


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for k, v in value.items():
            yield k
            yield from strings(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)


def test_acts_on_a_proposal_are_recorded(site):
    first = site.routed("ZMB", **nonsense())["id"]
    ok(site.act("coordinator", first, "route", {"lead": "ramsar", "support": ["cbd"], "text": "Agreed by phone."}))
    ok(site.act("secretariat:cbd", first, "claim", {"role": "support"}), 201)
    ok(site.act("secretariat:ramsar", first, "claim"), 201)
    ok(site.act("secretariat:ramsar", first, "release",
                {"reason": "better_elsewhere", "text": "They know the fishermen."}))
    ok(site.act("secretariat:cbd", first, "decline", {"reason": "no_funds"}))
    second = site.routed("MWI", **wetland("Lake Chilwa"))["id"]
    ok(site.act("secretariat:ramsar", second, "decline",
                {"reason": "better_elsewhere", "better": "cms", "text": "Cranes, not papyrus."}))
    third = site.routed("MOZ", **nonsense())["id"]
    ok(site.act("coordinator", third, "refer", {"body": "WOAH", "text": "They agreed."}))
    assert cases(site, first) == [
        {"action": "route", "lead": "ramsar", "support": ["cbd"]},
        {"action": "claim", "by": "cbd", "role": "support", "proposed": "ramsar"},
        {"action": "claim", "by": "ramsar", "role": "lead", "proposed": "ramsar"},
        {"action": "release", "by": "ramsar", "role": "lead", "proposed": "ramsar", "reason": "better_elsewhere"}]
    assert cases(site, second) == [
        {"action": "decline", "by": "ramsar", "role": "lead", "proposed": "ramsar",
         "reason": "better_elsewhere", "better": "cms"}]
    assert cases(site, third) == [{"action": "refer"}]


def test_what_is_recorded_holds_numbers_and_codes_only(site):
    id = site.routed("LSO", **wetland("Letseng-la-Letsie"))["id"]
    ok(site.act("secretariat:ramsar", id, "decline",
                {"reason": "out_of_mandate", "text": "The herders of Quthing were never asked."}))
    printed = json.loads(site.cli("routing", "cases", "--json").stdout)["items"]
    item, = [item for item in printed if item["request"] == id]
    assert item["grounds"]["topics"]["WETLAND_CHARACTER"] > 1000 and "ramsar" in item["grounds"]["party"]["yes"]
    known = WORDS | set(codes())
    for text in strings(item):
        assert text in known or MADE.fullmatch(text), text
    sealed = site.redis("LRANGE", partition_key(id, "lessons"), 0, -1)
    assert sealed and not any(b"ramsar" in blob or id.encode() in blob for blob in sealed)


def test_nobody_is_shown_the_grounds(site):
    id = site.routed("SWZ", **wetland("Hawane Dam"))["id"]
    for who in ("country:SWZ", "secretariat:ramsar", "secretariat:cbd", "secretariat:cites", "coordinator"):
        assert "grounds" not in site.api(who, "GET", f"/v1/requests/{id}").body.decode()


def test_an_act_that_is_repeated_is_recorded_once(site):
    id = site.routed("NAM", **wetland("Etosha Pan"))["id"]
    headers = {"Idempotency-Key": key()}
    for _ in range(3):
        ok(site.act("secretariat:ramsar", id, "claim", headers=headers), 201)
    assert len(cases(site, id)) == 1

    # The daemon repeats a call whose answer was lost: the same operation, perhaps applied already.
    other = site.routed("AGO", **wetland("Lake Nanga"))["id"]
    keys = [partition_key(other, name) for name in
            (f"req:{other}", f"req:{other}", "events", f"hist:{other}", "delayed", "dead", "lessons")]
    before = site.redis("LLEN", keys[6])
    meta = site.redis("HGET", keys[0], "meta")
    for _ in range(2):
        done = site.redis("FCALL", "transition_v1", len(keys), *keys, other, "an operation id", 2, "claimed",
                          "claim", "secretariat", "ramsar", 1, meta, "", "a line", "", 1, "a lesson", 1000)
        assert done[0] == b"done"
    assert site.redis("LLEN", keys[6]) == before + 1


def test_the_newest_are_kept_of_each_partition(make_site):
    site = make_site(env={"LIAISON_LESSONS": "2"})
    ids = []
    for place in ("Okavango Delta", "Lake Ngami", "Makgadikgadi"):
        ids.append(site.routed("BWA", **wetland(place))["id"])
        if site.get("country:BWA", ids[-1])["state"] == "triage":
            ok(site.act("coordinator", ids[-1], "route", {"lead": "ramsar"}))
        else:
            ok(site.act("secretariat:ramsar", ids[-1], "claim"), 201)
    assert [len(cases(site, id)) for id in ids] == [0, 1, 1]


def test_nothing_is_recorded_when_it_is_turned_off(make_site):
    site = make_site(env={"LIAISON_LESSONS": "0"})
    id = site.routed("BWA", **wetland("Okavango Delta"))["id"]
    ok(site.act("secretariat:ramsar", id, "claim"), 201)
    assert cases(site, id) == [] and site.redis("EXISTS", partition_key(id, "lessons")) == 0
