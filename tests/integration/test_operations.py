"""What operators do: pause, resume, drain, quiet a worker, dead letters, reconciling, rebuilding."""
import json
import os
import pty
import subprocess
import time

import pytest

from harness import BIN, PARTITIONS, ROOT, partition_key, wait_until, wetland


@pytest.fixture(scope="module")
def own():
    """A site that may be switched off and on."""
    import harness
    with harness.Site(workers=2) as s:
        yield s


def operator(site, method, path, body=None, expect=200):
    answer = site.api("operator", method, path, body)
    assert answer.status == expect, answer
    return answer.doc


def look(site):
    return operator(site, "GET", "/v1/queue")


def queue(site, name):
    return next(q for q in look(site)["queues"] if q["name"] == name)


def sys_events(site):
    return [{e[1][i].decode(): e[1][i + 1].decode() for i in range(0, len(e[1]), 2)}
            for e in site.redis("XRANGE", "lia:{sys}:events", "-", "+")]


def settled(seconds=2.6):
    """Longer than between two looks at the switches and a blocking read together."""
    time.sleep(seconds)


def test_a_paused_queue_is_left_as_it_is_and_goes_on_when_resumed(own):
    doc = operator(own, "POST", "/v1/queue/pause", {"queue": "route"})
    assert doc["changed"] and doc["paused_since"]["route"] and doc["paused_since"]["intake"] is None
    settled()
    ids = [own.submit("KEN", **wetland(f"Lake {n}")).doc["id"] for n in range(5)]
    settled()
    assert {own.get("country:KEN", id)["state"] for id in ids} == {"submitted"}
    route = queue(own, "route")
    assert route["paused"] and route["paused_since"] == doc["paused_since"]["route"] and route["depth"] == 5
    assert not route["stalled"], "paused is not stalled"
    again = operator(own, "POST", "/v1/queue/pause", {"queue": "route"})
    assert not again["changed"] and again["paused_since"] == doc["paused_since"], "it says since when"
    operator(own, "POST", "/v1/queue/resume", {"queue": "route"})
    for id in ids:
        own.wait_state("country:KEN", id, "offered", "triage")
    assert queue(own, "route")["retries"] == 0, "a pause counts no attempt"
    told = [(e["action"], e["object"], e["actor"]) for e in sys_events(own)]
    assert told.count(("queue.pause", "route", "operator")) == 1
    assert told.count(("queue.resume", "route", "operator")) == 1


def test_a_paused_intake_answers_503_and_stores_nothing(own):
    operator(own, "POST", "/v1/queue/pause", {"queue": "intake"})
    before = own.submit("UGA", headers={"Accept-Language": "fr"})
    assert (before.status, before.type) == (503, "unavailable"), before
    assert before.headers["retry-after"] == "60" and "60 secondes" in before.doc["detail"]
    bulk = own.api("country:UGA", "POST", "/v1/requests:bulk", b'{"country":"UGA"}\n',
                   {"Content-Type": "application/x-ndjson"})
    assert bulk.status == 503 and own.api("country:UGA", "GET", "/v1/requests").doc["items"] == []
    assert own.api("country:UGA", "POST", "/v1/requests:assess",
                   {"country": "UGA", "language": "en", **wetland("Lake Bisina")}).status == 200
    operator(own, "POST", "/v1/queue/resume")
    assert own.submit("UGA", **wetland("Lake Bisina")).status == 201


def test_drain_takes_nothing_in_and_says_when_nothing_is_left(own):
    assert look(own)["drained"] is False
    operator(own, "POST", "/v1/queue/pause")
    settled()
    id = own.submit("TZA", **wetland("Lake Natron")).doc["id"]
    drained = operator(own, "POST", "/v1/queue/drain")
    assert drained["paused_since"]["intake"] and not drained["paused_since"]["route"]
    assert own.submit("TZA").status == 503
    own.wait_state("country:TZA", id, "offered", "triage")
    # Nobody tells of events here, so the queue deliver keeps them.
    assert queue(own, "route")["depth"] == 0 and queue(own, "deliver")["waiting"] > 0
    assert look(own)["drained"] is False
    deliver = own.start_role("d", "deliver")
    wait_until(lambda: look(own)["drained"] is True, 20, "nothing is left")
    assert own.cli("queue", "drain", "--wait", "10", "--token-file", token_file(own), "--server", server(own)).returncode == 0
    deliver.signal(15)
    deliver.wait()
    own.processes.remove(deliver)
    operator(own, "POST", "/v1/queue/resume")


def token_file(site):
    path = site.folder / "operator.token"
    path.write_text(site.tokens["operator"])
    path.chmod(0o600)
    return path


def server(site):
    return f"http://127.0.0.1:{site.ports[0]}"


def cli(site, *words, check=True):
    return site.cli(*words, "--token-file", token_file(site), "--server", server(site), check=check)


def test_a_quiet_worker_begins_nothing_new_until_resumed_or_started_again(own):
    slots = [w["slot"] for w in look(own)["workers"]]
    assert len(slots) == 2 and all(set(w["roles"]) == {"route", "clock"} for w in look(own)["workers"])

    def states():
        return {w["slot"]: w["state"] for w in look(own)["workers"]}

    for slot in slots:
        assert json.loads(cli(own, "worker", "quiet", slot, "--json").stdout)["changed"]
    wait_until(lambda: set(states().values()) == {"quiet"}, 10, "both are quiet")
    settled()
    id = own.submit("MWI", **wetland("Lake Chilwa")).doc["id"]
    settled()
    assert own.get("country:MWI", id)["state"] == "submitted"
    cli(own, "worker", "resume", slots[0])
    own.wait_state("country:MWI", id, "offered", "triage")
    assert states()[slots[1]] == "quiet"
    number = int(slots[1].rsplit(":", 1)[1])
    worker = own.workers[number]
    worker.signal(15)
    worker.wait()
    own.processes.remove(worker)
    own.start_worker(number)
    wait_until(lambda: states().get(slots[1]) == "idle", 20, "a worker that starts again works")
    operator(own, "POST", "/v1/workers/nowhere:9/quiet", expect=404)
    assert {"worker.quiet", "worker.resume"} <= {e["action"] for e in sys_events(own)}


def make_dead(site, id):
    """As eight attempts would: nothing is left of the entry, the id is among the dead."""
    work, queued = partition_key(id, "work"), partition_key(id, "queued")
    entry = site.redis.text("HGET", queued, id)
    site.redis("XACK", work, "route", entry)
    site.redis("XDEL", work, entry)
    site.redis("HDEL", queued, id)
    site.redis("HSET", partition_key(id, f"req:{id}"), "attempts", 8, "why", "stored body is no draft")
    site.redis("ZADD", partition_key(id, "dead"), int(time.time() * 1000), id)


@pytest.fixture
def dead(own):
    operator(own, "POST", "/v1/queue/pause", {"queue": "route"})
    settled()
    id = own.submit("ZMB", **wetland("Bangweulu")).doc["id"]
    make_dead(own, id)
    operator(own, "POST", "/v1/queue/resume")
    return id


def test_a_dead_letter_says_why_and_gets_new_attempts(own, dead):
    assert [d["id"] for d in operator(own, "GET", "/v1/dead-letters")["items"]] == [dead]
    doc = operator(own, "GET", f"/v1/dead-letters/{dead}")
    assert (doc["attempts"], doc["why"], doc["queue"]) == (8, "stored body is no draft", "route")
    shown = cli(own, "dead", "show", dead).stdout
    assert "stored body is no draft" in shown and "Bangweulu" not in shown
    cli(own, "dead", "requeue", dead)
    own.wait_state("country:ZMB", dead, "offered", "triage")
    operator(own, "GET", f"/v1/dead-letters/{dead}", expect=404)
    operator(own, "POST", f"/v1/dead-letters/{dead}/requeue", expect=404)
    assert ("dead.requeue", dead, "operator") in [(e["action"], e["object"], e["actor"]) for e in sys_events(own)]


def typed(site, words, text):
    """At a terminal: what was said, and the exit status."""
    controller, terminal = pty.openpty()
    with subprocess.Popen([BIN / "liaison", *words, "--token-file", token_file(site), "--server", server(site)],
                          env=site.env, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
        os.close(terminal)
        os.write(controller, text.encode())
        said = p.communicate(timeout=30)[0].decode()
    os.close(controller)
    return p.returncode, said


def test_deleting_a_dead_request_takes_its_id_and_hands_it_to_the_coordinator(own, dead):
    assert cli(own, "dead", "delete", dead, check=False).returncode == 2, "not at a terminal"
    code, said = typed(own, ["dead", "delete", dead], "req_something_else\n")
    assert code == 2 and "another id" in said
    assert operator(own, "GET", f"/v1/dead-letters/{dead}")["id"] == dead
    code, said = typed(own, ["dead", "delete", dead], dead + "\n")
    assert code == 0, said
    doc = own.wait_state("country:ZMB", dead, "triage")
    assert doc["routing"] is None
    assert operator(own, "GET", "/v1/dead-letters")["items"] == []
    operator(own, "DELETE", f"/v1/dead-letters/{dead}", expect=404)
    routed = own.act("coordinator", dead, "route", {"lead": "ramsar"})
    assert (routed.status, routed.doc["state"]) == (200, "offered"), routed
    assert operator(own, "POST", "/v1/queue/reconcile")["mended"] == 0
    assert ("dead.delete", dead, "operator") in [(e["action"], e["object"], e["actor"]) for e in sys_events(own)]


def test_reconciling_on_demand_mends_what_was_lost(own):
    operator(own, "POST", "/v1/queue/pause", {"queue": "route"})
    settled()
    ids = [own.submit("GHA", **wetland(f"Keta {n}")).doc["id"] for n in range(3)]
    work = partition_key(ids[0], "work")
    assert own.redis("DEL", work) == 1
    assert operator(own, "POST", "/v1/queue/reconcile") == {"looked_at": 3, "mended": 3, "complete": True}
    assert operator(own, "POST", "/v1/queue/reconcile")["mended"] == 0
    operator(own, "POST", "/v1/queue/resume")
    for id in ids:
        own.wait_state("country:GHA", id, "offered", "triage")


def test_the_index_is_built_anew_on_demand(own):
    def loaded():
        return {w.name: w.text().count("event=corpus_loaded") for w in own.workers.values()}
    before = loaded()
    first = own.routed("SEN", **wetland("Djoudj"))
    operator(own, "POST", "/v1/queue/rebuild")
    wait_until(lambda: all(loaded()[w] == before[w] + 1 for w in before), 20, "all build it anew, once")
    second = own.submit("SEN", **wetland("Djoudj")).doc["id"]
    doc = own.wait_state("country:SEN", second, "triage", "offered")
    assert first["id"] in [d["id"] for d in doc["duplicates"]], "what was known is known again"
    settled()
    assert all(loaded()[w] == before[w] + 1 for w in before), "once"


# --- metrics ---------------------------------------------------------------------------------------

NAMES = """liaison_build_info liaison_http_requests_total liaison_http_request_duration_seconds
    liaison_http_in_flight_requests liaison_queue_messages liaison_queue_oldest_age_seconds
    liaison_queue_enqueued_total liaison_queue_processed_total liaison_queue_wait_seconds liaison_queue_run_seconds
    liaison_workers liaison_worker_last_heartbeat_timestamp_seconds liaison_offers_total
    liaison_offer_response_seconds liaison_first_response_seconds liaison_answer_seconds liaison_claims_open
    liaison_requests_overdue liaison_requests liaison_routing_decisions_total liaison_routing_duration_seconds
    liaison_duplicate_verdicts_total liaison_webhook_deliveries_total liaison_webhook_backlog liaison_sse_clients
    liaison_redis_up liaison_redis_command_duration_seconds liaison_config_last_reload_successful
    liaison_config_last_reload_success_timestamp_seconds process_cpu_seconds_total process_resident_memory_bytes
    process_open_fds process_max_fds process_start_time_seconds""".split()


def metrics(site):
    text = site.api(None, "GET", "/metrics").body.decode()
    values = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    return text, values


def test_metrics_have_the_agreed_names_and_promtool_accepts_them(own):
    text, _ = metrics(own)
    assert set(NAMES) <= {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stderr, done.stderr[:2000]
    assert subprocess.run(["promtool", "check", "metrics"], input=text.replace("_total counter", "_total gauge"),
                          capture_output=True, text=True, timeout=30).returncode != 0


def test_metrics_count_what_secretariats_do_with_offers(own):
    before = metrics(own)[1]
    id = own.routed("NGA", **wetland("Hadejia"))["id"]
    assert own.act("secretariat:ramsar", id, "claim").status == 201
    other = own.routed("ZAF", **wetland("Verlorenvlei"))["id"]
    assert own.act("secretariat:ramsar", other, "decline", {"reason": "no_capacity"}).status == 200

    def grown(name):
        return metrics(own)[1].get(name, 0) - before.get(name, 0)

    of = 'liaison_offers_total{secretariat="ramsar",outcome="%s"}'
    wait_until(lambda: grown(of % "made") >= 2 and grown(of % "accepted") == 1 and grown(of % "declined") == 1, 15,
               "offers are counted", every=0.5)
    assert grown('liaison_first_response_seconds_count{secretariat="ramsar"}') == 1
    assert grown('liaison_offer_response_seconds_count{secretariat="ramsar"}') == 2
    assert grown('liaison_queue_run_seconds_count{queue="route"}') == 2
    assert sum(grown(f'liaison_routing_decisions_total{{result="{r}"}}') for r in ("single", "joint", "unrouted")) == 2


def test_the_store_being_away_is_a_metric_not_a_silence(make_site):
    site = make_site(workers=1)
    site.server.kill()
    site.processes.remove(site.server)
    wait_until(lambda: metrics(site)[1]["liaison_redis_up"] == 0, 10, "redis is down")
    answer = site.submit("KEN", timeout=10)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    site.start_redis()
    wait_until(lambda: metrics(site)[1]["liaison_redis_up"] == 1, 20, "redis is up")
    assert site.submit("KEN").status == 201


def test_nothing_is_taken_in_while_the_disk_is_nearly_full(make_site):
    site = make_site(workers=1)
    kept = site.submit("KEN", **wetland("Lake Bogoria")).doc["id"]
    site.wait_state("country:KEN", kept, "offered", "triage")
    daemon = site.start_daemon(env={"LIAISON_DISK_FREE_BYTES": "1099511627776"})
    port = site.ports[-1]
    full = site.submit("KEN", port=port)
    assert (full.status, full.type, full.headers["retry-after"]) == (503, "unavailable", "60")
    assert "no room" in full.doc["detail"]
    assert site.api("secretariat:ramsar", "POST", f"/v1/requests/{kept}/claim", port=port).status == 201, \
        "what was accepted is worked off"
    with site.client(None, port) as client:
        assert b"[-]disk nearly full" in client("GET", "/readyz?verbose").body
    assert "event=disk_full" in daemon.text()


def test_only_workers_that_route_make_the_route_queue_live(make_site):
    site = make_site(workers=0)
    site.start_role("c", "clock")
    wait_until(lambda: len(look(site)["workers"]) == 1, 20, "the clock is seen")
    assert b"[-]workers none" in site.api(None, "GET", "/readyz?verbose").body
    site.submit("KEN")
    assert queue(site, "route")["stalled"]
    site.start_worker(1)
    wait_until(lambda: b"[+]workers ok" in site.api(None, "GET", "/readyz?verbose").body, 20, "it routes")
    wait_until(lambda: not queue(site, "route")["stalled"], 10, "not stalled")
