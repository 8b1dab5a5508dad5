"""What the clock does by itself: on time, once, whatever happens to the worker or to the time."""
import signal
import time

import pytest

from harness import name, partition_key, wait_until, wetland
from timed import DAY, TimedSite, shift_file


@pytest.fixture(scope="module")
def timed():
    with TimedSite(workers=2) as site:
        yield site


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.doc


def offered(site, country="KEN", **members):
    doc = site.routed(country, **wetland(name()), **members)
    assert doc["state"] == "offered" and doc["holder"] == "ramsar", doc
    return doc["id"]


def test_the_windows_pass_by_themselves_and_within_five_seconds(timed):
    id = offered(timed)
    due = timed.jump_to(id)
    assert timed.get("country:KEN", id)["due_at"] and timed.wait_acts(id, 1) == [("open", 0)]
    event = timed.events(id)[-1]
    assert (event["actor"], event["from"], event["to"]) == ("system", "offered", "offered")
    assert 0 <= int(event["at"]) - due < 5000
    assert timed.get("country:KEN", id)["state"] == "offered"
    due = timed.jump_to(id)
    assert timed.wait_acts(id, 2)[1] == ("expire", 0)
    assert 0 <= int(timed.events(id)[-1]["at"]) - due < 5000
    doc = timed.get("coordinator", id)
    assert (doc["state"], doc["ball"], {o["state"] for o in doc["offers"]}) == ("unmatched", "coordinator", {"expired"})
    line = timed.history("country:KEN", id)[-1]
    assert (line["action"], line["actor"], line["from"], line["to"]) == ("expire", "system", "offered", "unmatched")


def test_a_lease_is_reminded_of_twice_and_then_ends(timed):
    id = offered(timed)
    ok(timed.act("secretariat:ramsar", id, "claim"), 201)
    for expected in (50, 80):
        timed.jump_to(id)
        n = len(timed.acts(id))
        assert timed.wait_acts(id, n + 1)[-1] == ("remind", expected)
        assert timed.events(id)[-1]["whom"] == "secretariat:ramsar"
        line = timed.history("secretariat:ramsar", id)[-1]
        assert (line["percent"], line["whom"]) == (expected, "secretariat:ramsar")
    timed.jump_to(id)
    timed.wait_acts(id, 3)
    doc = timed.get("coordinator", id)
    assert timed.acts(id) == [("remind", 50), ("remind", 80), ("release", 0)]
    assert doc["state"] in ("offered", "unmatched") and doc["claim"] is None
    assert {o["secretariat"]: o["state"] for o in doc["offers"]}["ramsar"] == "expired"


def test_a_question_without_reply_lapses_and_can_be_revived(timed):
    id = offered(timed)
    ok(timed.act("secretariat:ramsar", id, "claim"), 201)
    ok(timed.act("secretariat:ramsar", id, "ask", {"text": "Which shore of the lake?"}))
    for n, expected in enumerate([("remind", 50), ("remind", 90), ("lapse", 0)], 1):
        timed.jump_to(id)
        assert timed.wait_acts(id, n)[-1] == expected
    doc = timed.get("country:KEN", id)
    assert (doc["state"], doc["outcome"], doc["allowed_actions"]) == ("withdrawn", "no_reply", ["reopen"])
    assert id not in timed.deadlines()
    assert ok(timed.act("country:KEN", id, "reopen", {"text": "We were away."}))["state"] == "triage"
    assert id in timed.deadlines()


def test_an_answer_without_confirmation_is_closed(timed):
    id = offered(timed)
    ok(timed.act("secretariat:ramsar", id, "claim"), 201)
    ok(timed.act("secretariat:ramsar", id, "answer", {"text": "Two experts can come in March."}))
    for n, expected in enumerate([("remind", 50), ("remind", 90), ("close", 0)], 1):
        timed.jump_to(id)
        assert timed.wait_acts(id, n)[-1] == expected
    doc = timed.get("country:KEN", id)
    assert (doc["state"], doc["outcome"], doc["ball"]) == ("closed", "no_reply", None)


def test_a_reply_lets_the_lease_go_on_where_it_stopped(timed):
    id = offered(timed)
    ok(timed.act("secretariat:ramsar", id, "claim"), 201)
    timed.jump_to(id)
    timed.wait_acts(id, 1)
    ok(timed.act("secretariat:ramsar", id, "ask", {"text": "Which shore of the lake?"}))
    timed.jump(3 * DAY)
    doc = ok(timed.act("country:KEN", id, "reply", {"text": "The north shore."}))
    assert doc["state"] == "claimed"
    timed.jump_to(id)
    assert timed.wait_acts(id, 2) == [("remind", 50), ("remind", 80)], "not reminded of the first half again"


def test_a_clock_set_back_repeats_nothing_and_stops_nothing(timed):
    id = offered(timed)
    timed.jump_to(id)
    timed.wait_acts(id, 1)
    timed.jump(-2 * DAY)
    time.sleep(1.5)
    assert timed.acts(id) == [("open", 0)]
    assert ok(timed.act("secretariat:ramsar", id, "claim"), 201)["state"] == "claimed"
    timed.jump(2 * DAY)
    timed.jump_to(id)
    assert timed.wait_acts(id, 2)[-1] == ("remind", 50)


def test_what_was_due_while_no_worker_lived_is_done_once_at_the_start(timed):
    ids = [offered(timed) for _ in range(6)]
    for worker in timed.workers.values():
        worker.signal(signal.SIGKILL)
        worker.wait()
    for id in ids:
        timed.jump(max(0, (timed.deadlines()[id] - timed.now_ms()) / 1000 + 1))
    for slot in list(timed.workers):
        timed.start_worker(slot)
    timed.wait_workers(2)
    for id in ids:
        timed.wait_acts(id, 1)
    time.sleep(1.2)  # two workers, several rounds: nobody does it again
    assert [timed.acts(id) for id in ids] == [[("open", 0)]] * 6


def test_a_store_whose_clock_is_right_is_believed(timed):
    """A worker's machine that is a year ahead ends no lease."""
    id = offered(timed)
    ahead = timed.folder / "ahead"
    shift_file(ahead, timed.shift + 300 * DAY).close()
    wrong = timed.start_worker(9, env={"SHIFT_CLOCK": str(ahead)})
    try:
        wait_until(lambda: "event=clocks_differ" in wrong.text(), 20, "it is noticed")
        time.sleep(1.2)
        assert timed.acts(id) == []
    finally:
        wrong.signal(signal.SIGTERM)
        wrong.wait()
        del timed.workers[9]


@pytest.fixture(scope="module")
def reckoned():
    """Its index of deadlines is gone through several times a second, by two workers."""
    with TimedSite(workers=2, env={"LIAISON_RECONCILE_MS": "300"}) as site:
        yield site


def index_of(id):
    return partition_key(id, "deadlines")


def test_an_index_that_lost_entries_or_has_wrong_ones_is_mended(reckoned):
    ids = [offered(reckoned) for _ in range(5)]
    gone = offered(reckoned)
    right = reckoned.deadlines()
    ok(reckoned.act("country:KEN", gone, "withdraw"))
    lost, late, early, left = ids[:4]
    far = reckoned.now_ms() + 9000 * DAY * 1000
    nobody = lost[:-4] + "0000"[:3] + lost[-1]
    reckoned.redis("ZREM", index_of(lost), lost)
    reckoned.redis("ZADD", index_of(late), far, late)
    reckoned.redis("ZADD", index_of(early), 1, early)
    reckoned.redis("ZADD", index_of(gone), far, gone)
    reckoned.redis("ZADD", index_of(nobody), far, nobody)
    want = {id: at for id, at in right.items() if id != gone}
    wait_until(lambda: {i: at for i, at in reckoned.deadlines().items() if i in {*right, nobody}} == want, 10, "all is mended")
    reckoned.jump_to(late)
    for id in ids:
        reckoned.wait_acts(id, 1)
    time.sleep(1.2)
    assert [reckoned.acts(id) for id in ids] == [[("open", 0)]] * 5, "met once, by whomever"


def test_an_index_that_is_lost_altogether_is_made_anew(reckoned):
    for _ in range(70):  # more than one page of one list
        answer = reckoned.submit("UGA", **wetland(name()))
        assert answer.status == 201, answer
    wait_until(lambda: not reckoned.redis("ZCARD", partition_key(answer.doc["id"], "by:state:submitted")), 30)
    for worker in reckoned.workers.values():
        worker.signal(signal.SIGKILL)
        worker.wait()
    right = reckoned.deadlines()
    for id in right:
        reckoned.redis("DEL", index_of(id))
    for slot in list(reckoned.workers):
        reckoned.start_worker(slot)
    wait_until(lambda: reckoned.deadlines() == right, 20, "the index is there again")
