"""Many at once: one wins, nothing happens twice."""
import collections
import json
import os
import re
import threading

import pytest

from harness import FIGURES, key, name, partition_key, wetland


def all_at_once(jobs):
    """Runs each job in its own thread, all let go together; their results in order."""
    results = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def run(n):
        gate.wait()
        try:
            results[n] = jobs[n]()
        except BaseException as e:  # noqa: B902 shown by the caller
            results[n] = e

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(jobs))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def connected(site, who, port=None):
    client = site.client(who, port, timeout=30)
    client.conn.connect()  # before the start, so that only the request races
    return client


def claims(site, id, whos, ports=None):
    """One claim for each of whos, on own connections: [(who, answer)]."""
    clients = [connected(site, who, ports[n % len(ports)] if ports else None) for n, who in enumerate(whos)]
    answers = all_at_once([lambda c=c: c("POST", f"/v1/requests/{id}/claim") for c in clients])
    for c in clients:
        c.close()
    return list(zip(whos, answers))


def check_one_winner(site, country, id, answers):
    won = [(who, a) for who, a in answers if a.status == 201]
    assert len(won) == 1, collections.Counter((a.status, a.type) for _, a in answers)
    who, answer = won[0]
    holder = who.split(":")[1]
    assert answer.doc["claim"]["holder"] == holder and answer.doc["claim"]["epoch"] == 1
    for _, a in answers:
        if a.status != 201:
            assert (a.status, a.type, a.doc["holder"]) == (409, "already-claimed", holder), a
            assert a.doc["since"] == answer.doc["claim"]["since"]
    assert [line["action"] for line in site.history(f"country:{country}", id)] == ["submit", "offer", "claim"]
    assert [e["action"] for e in site.events(id)] == ["submit", "offer", "claim"]
    return holder


def test_of_a_hundred_claims_of_the_lead_one_wins(site):
    id = site.routed("PER", **wetland("Lago Junín"))["id"]
    answers = claims(site, id, ["secretariat:ramsar"] * 100)
    assert check_one_winner(site, "PER", id, answers) == "ramsar"


def open_pool(site, id):
    """As if the lead's first window had passed: any routed secretariat may lead."""
    at = partition_key(id, f"req:{id}")
    meta = json.loads(site.redis("HGET", at, "meta"))
    meta["e"] = 1
    site.redis("HSET", at, "meta", json.dumps(meta))


@pytest.mark.parametrize("trial", range(5))
def test_of_a_hundred_claims_of_three_secretariats_one_wins(site, trial):
    country = ["COL", "ECU", "BOL", "CHL", "ARG"][trial]
    id = site.routed(country, **wetland(f"Laguna {name()}"))["id"]
    record = partition_key(id, f"req:{id}")
    meta = json.loads(site.redis("HGET", record, "meta"))
    lead = meta["o"][0]
    meta["o"] = [[code, int(code != lead[0]), 0, 1, -1] for code in (lead[0], "cms", "cbd")]
    site.redis("HSET", record, "meta", json.dumps(meta))
    open_pool(site, id)
    whos = [f"secretariat:{c}" for c in (lead[0], "cms", "cbd")] * 34
    check_one_winner(site, country, id, claims(site, id, whos[:100]))


def test_supporters_and_the_lead_at_once(site):
    """In the first window the supporters join, each once, and the lead leads; nobody disturbs the other."""
    doc = site.routed("URY", **wetland("Bañados del Este"))
    id = doc["id"]
    record = partition_key(id, f"req:{id}")
    meta = json.loads(site.redis("HGET", record, "meta"))
    meta["o"] = meta["o"][:1] + [[c, 1, 0, meta["e"], -1] for c in ("cms", "cbd", "whc")]
    site.redis("HSET", record, "meta", json.dumps(meta))
    jobs = [("secretariat:ramsar", {})] * 6 + [
        (f"secretariat:{c}", {"role": "support"}) for c in ("cms", "cbd", "whc") for _ in range(6)]
    clients = [connected(site, who) for who, _ in jobs]
    answers = all_at_once([lambda c=c, b=body: c("POST", f"/v1/requests/{id}/claim", b)
                           for c, (_, body) in zip(clients, jobs)])
    won = collections.Counter(who for (who, _), a in zip(jobs, answers) if a.status == 201)
    assert won == {f"secretariat:{c}": 1 for c in ("ramsar", "cms", "cbd", "whc")}
    assert {a.status for a in answers} == {201, 409}
    after = site.get("country:URY", id)
    assert after["claim"]["holder"] == "ramsar" and after["version"] == 6
    assert {o["state"] for o in after["offers"]} == {"accepted"}
    assert len(site.history("country:URY", id)) == 6


def test_one_key_fifty_times_is_one_request(site):
    k = key()
    body = {"country": "CUB", "language": "en", **wetland("Ciénaga de Zapata")}
    clients = [connected(site, "country:CUB") for _ in range(50)]
    answers = all_at_once([lambda c=c: c("POST", "/v1/requests", body, {"Idempotency-Key": k}) for c in clients])
    assert {a.status for a in answers} == {201}
    assert len({a.doc["id"] for a in answers}) == len({a.doc["reference"] for a in answers}) == 1
    assert sum("idempotent-replayed" not in a.headers for a in answers) == 1
    assert site.api("country:CUB", "GET", "/v1/requests").doc["total"]["value"] == 1
    other = site.api("country:CUB", "POST", "/v1/requests", body | {"urgency": "planned"}, {"Idempotency-Key": k})
    assert (other.status, other.type) == (422, "idempotency-key-reused")


def test_one_key_with_two_bodies_at_once_is_one_request(site):
    k = key()
    bodies = [{"country": "DOM", "language": "en", "urgency": u, **wetland("Lago Enriquillo")}
              for u in ("planned", "priority")]
    clients = [connected(site, "country:DOM") for _ in range(40)]
    answers = all_at_once([lambda c=c, b=bodies[n % 2]: c("POST", "/v1/requests", b, {"Idempotency-Key": k})
                           for n, c in enumerate(clients)])
    good = [a for a in answers if a.status == 201]
    assert len(good) == 20 and len({a.doc["id"] for a in good}) == 1
    assert {(a.status, a.type) for a in answers if a.status != 201} == {(422, "idempotency-key-reused")}
    assert site.api("country:DOM", "GET", "/v1/requests").doc["total"]["value"] == 1


def test_one_key_many_times_is_one_action(site):
    id = site.routed("JAM", **wetland("Black River"))["id"]
    k = key()
    clients = [connected(site, "secretariat:ramsar") for _ in range(50)]
    answers = all_at_once([lambda c=c: c("POST", f"/v1/requests/{id}/claim", {}, {"Idempotency-Key": k})
                           for c in clients])
    assert {a.status for a in answers} == {201}
    assert sum("idempotent-replayed" not in a.headers for a in answers) == 1
    assert {a.doc["claim"]["epoch"] for a in answers} == {1}
    assert [line["action"] for line in site.history("country:JAM", id)] == ["submit", "offer", "claim"]
    notes = all_at_once([lambda c=c, n=n: c("POST", f"/v1/requests/{id}/note", {"text": f"Note {n // 2}"},
                                            {"Idempotency-Key": f"{k}-{n // 2}"})
                         for n, c in enumerate(clients[:16])])
    assert {a.status for a in notes} == {200}, notes
    lines = site.history("country:JAM", id)
    assert sorted(line["text"] for line in lines if line["action"] == "note") == [f"Note {n}" for n in range(8)]
    assert [line["version"] for line in lines] == list(range(1, len(lines) + 1))


def test_references_have_no_gap_and_no_twin(site):
    clients = [connected(site, "country:BRB") for _ in range(30)]
    answers = all_at_once([lambda c=c, n=n: c("POST", "/v1/requests", {
        "country": "BRB", "language": "en", **wetland(f"Graeme Hall {n}")}) for n, c in enumerate(clients)])
    numbers = sorted(int(a.doc["reference"][-4:]) for a in answers)
    assert numbers == list(range(1, 31))


TWIN_COUNTRIES = ("AUT BLR CHE CZE ESP EST FRA GBR GRC HRV IRL ISL ITA JPN KGZ LTU LUX LVA MAR MDA MKD MNG "
                  "MMR MYS NPL NZL PAK PHL SVK SVN").split()
TRIALS = int(os.environ.get("LIAISON_TRIALS", 60))


def test_both_halves_of_a_duplicate_at_once_are_always_found(site):
    """Two workers, two halves: whoever is decided second must see the first. LIAISON_TRIALS=1000 for more."""
    def halves(country):
        place = f"Lake {name()}"
        first = {"country": country, "language": "en", **wetland(place)}
        second = first | {"title": f"{place}: restoring the drained papyrus swamp"}
        pair = [connected(site, f"country:{country}") for _ in range(2)]
        return [lambda c=c, b=b: c("POST", "/v1/requests", b) for c, b in zip(pair, (first, second))]

    pairs = []
    for n in range(TRIALS):
        country = TWIN_COUNTRIES[n % len(TWIN_COUNTRIES)]
        answers = all_at_once(halves(country))
        docs = [site.wait_state(f"country:{country}", a.doc["id"], "offered", "triage") for a in answers]
        held = [d for d in docs if d["state"] == "triage" and d["duplicates"]]
        assert len(held) == 1, [(d["state"], d["duplicates"]) for d in docs]
        other, = [d for d in docs if d is not held[0]]
        pair, = held[0]["duplicates"]
        assert pair["id"] == other["id"] and pair["verdict"] in ("certain", "likely") and other["duplicates"] == []
        pairs.append({d["id"] for d in docs})
        for id in pairs[-1]:  # so that the next pair is alone again
            assert site.act(f"country:{country}", id, "withdraw").status == 200
    by_first = set(re.findall(r"event=routed request=(req_\w+)", site.workers[1].text()))
    apart = sum(len(ids & by_first) == 1 for ids in pairs)
    FIGURES.append(f"pairs at the same moment: found in {len(pairs)} of {TRIALS}, {apart} of them decided by two workers")
    assert apart > TRIALS / 4, "two workers were at work"


def test_a_crowd_of_one_country_is_decided_once_each(site):
    """Both workers fight for one country's turn; nobody gives up."""
    clients = [connected(site, "country:ISR") for _ in range(40)]
    answers = all_at_once([lambda c=c, n=n: c("POST", "/v1/requests", {
        "country": "ISR", "language": "en", **wetland(f"Hula {name()} {name()}")}) for n, c in enumerate(clients)])
    for a in answers:
        site.wait_state("country:ISR", a.doc["id"], "offered", "triage", seconds=30)
        assert [e["action"] for e in site.events(a.doc["id"])][0] == "submit"
        assert len(site.events(a.doc["id"])) == 2
    queue = site.api("operator", "GET", "/v1/queue").doc["queues"][0]
    assert (queue["retries"], queue["dead_letters"]) == (0, 0)


def test_two_daemons_behave_as_one(make_site):
    site = make_site(workers=1, daemons=2)
    one, two = site.ports
    assert one != two
    answer = site.submit("KEN", {"Prefer": "wait=10", "Idempotency-Key": "k1"}, port=one, **wetland())
    id = answer.doc["id"]
    assert answer.doc["state"] == "offered"
    again = site.submit("KEN", {"Idempotency-Key": "k1"}, port=two, **wetland())
    assert (again.status, again.doc["id"], again.headers["idempotent-replayed"]) == (201, id, "true")
    assert check_one_winner(site, "KEN", id, claims(site, id, ["secretariat:ramsar"] * 100, site.ports)) == "ramsar"
    k = key()
    body = {"country": "GHA", "language": "en", **wetland("Keta Lagoon")}
    clients = [connected(site, "country:GHA", site.ports[n % 2]) for n in range(40)]
    answers = all_at_once([lambda c=c: c("POST", "/v1/requests", body, {"Idempotency-Key": k}) for c in clients])
    assert {a.status for a in answers} == {201} and len({a.doc["id"] for a in answers}) == 1
    page = site.api("coordinator", "GET", "/v1/requests?limit=1", port=one).doc
    rest = site.api("coordinator", "GET", page["next"], port=two).doc
    assert {i["id"] for i in page["items"] + rest["items"]} == {id, answers[0].doc["id"]}
