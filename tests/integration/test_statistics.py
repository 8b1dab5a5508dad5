"""Counts for everybody that tell nothing of a single request, and for operators what queues were like."""
import time

from harness import name, nonsense, wait_until, wetland


def counts(doc, table):
    return {cell["code"]: cell["count"] for cell in doc[table] if cell["count"] is not None}


def test_counts_by_stage_theme_and_region(make_site):
    site = make_site(workers=1)
    few = site.api("country:KEN", "GET", "/v1/statistics")
    assert few.status == 200 and few.doc["total"] is None
    assert all(counts(few.doc, t) == {} for t in ("stages", "themes", "regions"))
    made = [("KEN", wetland(name())) for _ in range(6)] + [("TCD", nonsense()) for _ in range(4)]
    made += [("FRA", wetland(name())), ("PER", wetland(name())), ("PER", wetland(name()))]
    docs = [site.routed(country, **words) for country, words in made]
    states = [site.get("coordinator", d["id"])["state"] for d in docs]
    themes = [site.get("coordinator", d["id"])["routing"]["topics"] for d in docs]
    site.daemons[0].signal(15)
    wait_until(lambda: not site.daemons[0].is_running(), 10)
    site.revive()  # counts are kept for a minute
    answer = site.api("country:KEN", "GET", "/v1/statistics", headers={"Accept-Language": "fr"}).doc
    assert answer["total"] == len(docs) and answer["withheld_below"] == 3
    regions = counts(answer, "regions")
    assert regions == {"africa": 10}  # 1 of Europe and 2 of the Americas: withheld, being three together
    shown = counts(answer, "stages")
    assert shown and all(n == states.count(code) >= 3 for code, n in shown.items())
    lead = [t[0] for t in themes if t]
    for code, n in counts(answer, "themes").items():
        assert n >= 3 and n == (sum(1 for t in themes if not t) if code == "none" else lead.count(code))
    assert {c["code"]: c["name"] for c in answer["regions"]}["oceania"] == "Océanie"
    for who in (None, "secretariat:cms", "coordinator", "operator"):
        same = site.api(who, "GET", "/v1/statistics").doc
        assert [counts(same, t) for t in ("stages", "themes", "regions")] == \
            [counts(answer, t) for t in ("stages", "themes", "regions")]
    public = site.api(None, "GET", "/v1/statistics")
    assert public.headers["cache-control"] == "public, max-age=60"


def test_what_queues_were_like_is_told_for_an_hour_to_ninety_days(make_site):
    site = make_site(workers=0)
    now = int(time.time()) // 7200 * 7200

    def put(queue, step, ago, values):
        site.redis("XADD", f"lia:{{sys}}:series:{queue}:{step * 1000}", f"{(now - ago) * 1000}-1", "v", values)

    def samples(range, queue="route"):
        answer = site.api("operator", "GET", f"/v1/queue/history?range={range}")
        assert answer.status == 200, answer
        return {q["name"]: q["samples"] for q in answer.doc["queues"]}[queue], answer.doc["step_seconds"]
    for ago in (100 * 86400, 89 * 86400, 86400 * 2):
        put("route", 7200, ago, f"{ago} 2 -1 -1 0.5 0.25 1")
    put("route", 600, 6 * 86400, "7 8 9 10 0 0 0")
    put("deliver", 60, 60, "3 0 0.01 0.1 0 0 0")
    assert samples("90d") == ([[now - 89 * 86400, 89.0 * 86400, 2.0, None, None, 0.5, 0.25, 1.0],
                               [now - 2 * 86400, 2.0 * 86400, 2.0, None, None, 0.5, 0.25, 1.0]], 7200)
    assert samples("7d")[0] == [[now - 6 * 86400, 7.0, 8.0, 9.0, 10.0, 0.0, 0.0, 0.0]] and samples("24h") == ([], 600)
    assert samples("1h") == ([], 60)
    wrong = site.api("coordinator", "GET", "/v1/queue/history?range=2h")
    assert wrong.status == 422 and wrong.faults() == {("#/range", "unknown_word")}
    assert site.api("operator", "GET", "/v1/queue/history").doc["range"] == "1h"
