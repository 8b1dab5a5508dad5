"""What dies under load, is damaged or stands still: nothing accepted is lost, nothing happens twice."""
import collections
import http.client
import json
import random
import shutil
import signal
import threading
import time

import pytest

from harness import (FIGURES, PARTITIONS, ROOT, Client, RedisError, key, name, partition_key, wait_until, wetland)

SHORT = {"LIAISON_WORKER_TAKEOVER_MS": "1000", "LIAISON_RECONCILE_MS": "1600", "LIAISON_WORKER_RETRY_MS": "20"}


# --- kill -9 under load --------------------------------------------------------------------------------

KILLS = 20
THREADS = 8
COUNTRIES = ("ARG AUS AUT BEL BEN BFA BRA BWA CHE CHL CHN CIV COL CRI CUB CZE DEU DNK DZA ECU EGY ESP EST FIN "
             "FRA GAB GBR GHA GRC HRV HUN IDN").split()


class Caller(threading.Thread):
    """Submits one request after the other. What has no answer is repeated with the same key; a 201
    is written down before the next request is begun."""

    def __init__(self, site, seed, stop):
        super().__init__(daemon=True)
        self.site, self.stop, self.rng = site, stop, random.Random(seed)
        self.accepted = []  # (key, country, body, id, reference)
        self.answers = collections.Counter()
        self.fault = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.one()
        except BaseException as e:  # noqa: B902 shown by the test
            self.fault = e

    def one(self):
        country = self.rng.choice(COUNTRIES)
        k = key()
        body = {"country": country, "language": "en", **wetland(f"{name(self.rng)} {name(self.rng)}")}
        body["title"] = f"{body['title'][:80]} {k[:18]}"
        answer = self.until_answered(f"country:{country}", "/v1/requests", body, k)
        self.accepted.append((k, country, body, answer.doc["id"], answer.doc["reference"]))
        time.sleep(self.rng.uniform(0, 0.03))  # the checker reads each of them again

    def until_answered(self, who, path, body, k):
        end = time.monotonic() + 60
        client = None
        while time.monotonic() < end:
            try:
                client = client or Client(self.site.ports[0], self.site.tokens[who], timeout=6)
                answer = client("POST", path, body, {"Idempotency-Key": k})
            except (OSError, http.client.HTTPException) as e:
                self.answers[type(e).__name__] += 1
                client = None
                time.sleep(0.02)
                continue
            self.answers[answer.status] += 1
            if answer.status == 201:
                client.close()
                return answer
            assert answer.status == 503 and answer.headers["retry-after"], answer
            time.sleep(0.02)
        raise AssertionError(f"no answer within 60 s: {dict(self.answers)}")


class Claimer(Caller):
    """Brings the others' requests on: out of triage where needed, then claims them. Each action has one
    key until it is answered, so what counts is in the history once."""

    def __init__(self, site, callers, stop):
        super().__init__(site, 0, stop)
        self.callers = callers
        self.did = {}  # id -> actions answered with success
        self.turn = 0

    def one(self):
        caller = self.callers[self.turn % len(self.callers)]
        self.turn += 1
        todo = [a[3] for a in caller.accepted[-40:-5] if a[3] not in self.did]
        if not todo:
            time.sleep(0.02)
            return
        did = self.did.setdefault(todo[0], [])
        for who, action, body in (("coordinator", "route", {"lead": "ramsar"}), ("secretariat:ramsar", "claim", {})):
            if self.act(who, todo[0], action, body):
                did.append(action)

    def act(self, who, id, action, body):
        end = time.monotonic() + 60
        k = key()
        while time.monotonic() < end:
            try:
                answer = self.site.api(who, "POST", f"/v1/requests/{id}/{action}", body, {"Idempotency-Key": k},
                                       timeout=6)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
                continue
            if answer.status != 503:
                assert answer.status in (200, 201) or answer.type in ("wrong-state", "not-found"), answer
                return answer.status < 300
            time.sleep(0.02)
        raise AssertionError("no answer within 60 s")


class Killer(threading.Thread):
    """Kills one thing KILLS times, each 0.1-0.6 s after it was there again."""

    def __init__(self, kill, ready, seed):
        super().__init__(daemon=True)
        self.kill, self.ready, self.rng, self.kills, self.fault = kill, ready, random.Random(seed), 0, None

    def run(self):
        try:
            for n in range(KILLS):
                self.ready(n)
                time.sleep(self.rng.uniform(0.1, 0.6))
                self.kill(n)
                self.kills += 1
            self.ready(KILLS)
        except BaseException as e:  # noqa: B902 shown by the test
            self.fault = e


def killers(site, seed):
    fixed = {"LIAISON_LISTEN": f"127.0.0.1:{site.ports[0]}"}

    def kill_worker(n):
        slot = 1 + n % 2
        site.workers[slot].kill()
        site.start_worker(slot)

    def worker_ready(n):
        slot = 1 + n % 2
        wait_until(lambda: "event=ready" in site.workers[slot].text(), 60, f"worker {slot} ready")

    def kill_daemon(_):
        site.daemons[-1].kill()
        site.start_daemon(wait=False, env=fixed)

    def kill_redis(_):
        site.server.kill()
        site.start_redis(wait=False)

    return [Killer(kill_worker, worker_ready, seed), Killer(kill_daemon, lambda _: site.daemons[-1].port(60), seed + 1),
            Killer(kill_redis, lambda _: site.wait_redis(), seed + 2)]


def all_records(site):
    records, cursor = {}, b"0"
    while True:
        cursor, found = site.redis("SCAN", cursor, "MATCH", "lia:{p*}:req:*", "COUNT", 2000)
        for at in found:
            records[at.decode().rsplit(":", 1)[1]] = site.redis.hash(at)
        if cursor == b"0":
            return records


def check_everything(site, accepted, did):
    """Shares no code with the daemon: what is in Redis and what the API says, against our own list."""
    records = all_records(site)
    ids = [a[3] for a in accepted]
    assert len(set(ids)) == len(ids) == len({a[0] for a in accepted}), "two answers with one id"
    assert set(ids) - set(records) == set(), "lost"
    assert set(records) - set(ids) == set(), "there are requests that nobody was promised: doubled"
    assert len({a[4] for a in accepted}) == len(ids), "two requests with one reference"
    by_country = collections.Counter(a[1] for a in accepted)
    for country, n in by_country.items():
        numbers = sorted(int(a[4].rsplit("-", 1)[1]) for a in accepted if a[1] == country)
        assert numbers == list(range(1, n + 1)), f"{country}: {numbers}"
        p = int(next(a[3] for a in accepted if a[1] == country)[-1], 16)
        decided = [i[:36].decode() for i in site.redis("LRANGE", partition_key(p, f"decided:{country}"), 0, -1)]
        assert sorted(decided) == sorted(a[3] for a in accepted if a[1] == country), "decided once each"

    events = collections.defaultdict(list)
    for p in range(PARTITIONS):
        for _, fields in site.redis("XRANGE", partition_key(p, "events"), "-", "+"):
            line = {fields[i].decode(): fields[i + 1].decode() for i in range(0, len(fields), 2)}
            events[line["id"]].append(line)
        assert site.redis("XLEN", partition_key(p, "work")) == 0, "work is left"
        assert site.redis("HLEN", partition_key(p, "queued")) == 0
        assert site.redis("ZCARD", partition_key(p, "delayed")) == 0
        assert site.redis("ZCARD", partition_key(p, "dead")) == 0, "dead letters"
        assert site.redis("ZCARD", partition_key(p, "by:state:submitted")) == 0
        try:
            assert site.redis("XPENDING", partition_key(p, "work"), "route")[0] == 0
        except RedisError:
            pass  # no request of this partition yet
    clients = {}
    for k, country, body, id, reference in accepted:
        who = f"country:{country}"
        client = clients.setdefault(who, site.client(who))
        doc = client("GET", f"/v1/requests/{id}").doc
        assert (doc["title"], doc["description"]) == (body["title"], body["description"])
        assert doc["reference"] == reference and doc["state"] in ("offered", "triage", "claimed")
        lines = client("GET", f"/v1/requests/{id}/history").doc["items"]
        expected = ["submit", "hold" if doc["routing"]["outcome"] == "triage" else "offer"]
        expected += did.get(id, [])
        assert [line["action"] for line in lines] == expected, (id, lines)
        assert [line["action"] for line in events[id]] == expected, (id, events[id])
        assert [line["version"] for line in lines] == [int(e["version"]) for e in events[id]]
        assert doc["version"] == len(lines) == int(records[id]["version"])
        offered = [o["secretariat"] for o in doc["offers"]]
        assert len(set(offered)) == len(offered)
        if "claim" in did.get(id, []):
            assert doc["claim"]["holder"] == "ramsar" and doc["claim"]["epoch"] == 1
    for c in clients.values():
        c.close()
    queue = site.api("operator", "GET", "/v1/queue").doc["queues"][0]
    assert queue["enqueued_total"] == queue["processed_total"] == len(ids)
    return len(ids)


def test_kill_9_of_everything_under_load(make_site):
    seed = int(time.time())
    site = make_site(workers=2, env=SHORT)
    stop = threading.Event()
    callers = [Caller(site, f"{seed}-{n}", stop) for n in range(THREADS)]
    claimer = Claimer(site, callers, stop)
    crew = killers(site, seed)
    for t in [*callers, claimer, *crew]:
        t.start()
    for t in crew:
        t.join(240)
        assert not t.fault and t.kills == KILLS, (seed, t.fault, t.kills)
    stop.set()
    for t in [*callers, claimer]:
        t.join(90)
        assert not t.is_alive() and not t.fault, (seed, t.fault)
    accepted = [a for c in callers for a in c.accepted]
    wait_until(lambda: sum(site.redis("ZCARD", partition_key(p, "by:state:submitted")) for p in range(PARTITIONS))
               == 0, 60, "everything accepted is decided")
    n = check_everything(site, accepted, claimer.did)
    answers = sum((c.answers for c in callers), collections.Counter())
    # The checker can fail: a lost one and a doubled one are seen.
    lost, twin = accepted[n // 2][3], accepted[n // 3][3]
    kept = site.redis("DUMP", partition_key(lost, f"req:{lost}"))
    site.redis("DEL", partition_key(lost, f"req:{lost}"))
    with pytest.raises(AssertionError, match="lost"):
        check_everything(site, accepted, claimer.did)
    site.redis("RESTORE", partition_key(lost, f"req:{lost}"), 0, kept)
    site.redis("COPY", partition_key(twin, f"req:{twin}"), partition_key(twin, f"req:{twin[:-5]}0000{twin[-1]}"))
    with pytest.raises(AssertionError, match="doubled"):
        check_everything(site, accepted, claimer.did)

    claimed = sum("claim" in d for d in claimer.did.values())
    unanswered = sum(v for k, v in answers.items() if k != 201)
    assert n > 500 and claimed > 20 and unanswered > 20, f"no load worth the name: {n} {claimed} {answers}"
    FIGURES.append(f"kill -9: {n} accepted, {claimed} claimed, {3 * KILLS} kills, 0 lost, 0 doubled, "
                   f"answers {dict(answers)}, seed {seed}")


# --- a damaged queue --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def brittle(request):
    import harness
    with harness.Site(workers=0, env=SHORT) as s:
        yield s


@pytest.fixture
def unworked(brittle):
    """No worker: what is submitted stays in the stream until work() starts one."""
    assert not brittle.workers
    yield brittle
    for worker in brittle.workers.values():
        worker.kill()
        brittle.processes.remove(worker)
    brittle.workers.clear()


def work(site):
    site.start_worker(1)


def lost_group_unread(site, stream, entry):
    site.redis("XGROUP", "DESTROY", stream, "route")


def ghost_takes(site, stream, entry):
    """A worker that died with the entry in hand."""
    site.redis("XGROUP", "CREATE", stream, "route", "0") if not groups(site, stream) else None
    site.redis("XREADGROUP", "GROUP", "route", "ghost:1", "COUNT", 99, "STREAMS", stream, ">")
    assert site.redis("XPENDING", stream, "route")[0] >= 1


def groups(site, stream):
    return site.redis("XINFO", "GROUPS", stream)


def lost_group_pending(site, stream, entry):
    ghost_takes(site, stream, entry)
    site.redis("XGROUP", "DESTROY", stream, "route")


def deleted_pending(site, stream, entry):
    ghost_takes(site, stream, entry)
    assert site.redis("XDEL", stream, entry) == 1


def deleted_unread(site, stream, entry):
    assert site.redis("XDEL", stream, entry) == 1


def deleted_consumer(site, stream, entry):
    ghost_takes(site, stream, entry)
    assert site.redis("XGROUP", "DELCONSUMER", stream, "route", "ghost:1") >= 1


def deleted_stream(site, stream, entry):
    site.redis("DEL", stream)


def deleted_entry_table(site, stream, entry):
    site.redis("DEL", stream.replace(":work", ":queued"))


def second_entry(site, stream, entry):
    """Harmless: the state is looked at."""
    id = site.redis("XRANGE", stream, entry, entry)[0][1][1]
    site.redis("XADD", stream, "*", "id", id)


def strange_entry(site, stream, entry):
    site.redis("XADD", stream, "*", "what", "ever")
    site.redis("XADD", stream, "*", "id", "req_nonsense")


DAMAGES = [lost_group_unread, lost_group_pending, ghost_takes, deleted_pending, deleted_unread, deleted_consumer,
           deleted_stream, deleted_entry_table, second_entry, strange_entry]
DAMAGE_COUNTRIES = "KEN UGA TZA MWI ZMB MOZ BWA NAM ZWE MDG".split()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__)
def test_a_damaged_queue_is_mended_and_the_request_routed_once(unworked, damage):
    site = unworked
    country = DAMAGE_COUNTRIES[DAMAGES.index(damage)]
    id = site.submit(country, **wetland(f"Lake {name()}")).doc["id"]
    stream = partition_key(id, "work")
    entry = site.redis("HGET", partition_key(id, "queued"), id)
    damage(site, stream, entry)
    work(site)
    site.wait_state(f"country:{country}", id, "offered", seconds=20)
    assert [e["action"] for e in site.events(id)] == ["submit", "offer"]
    again = site.submit(country, **wetland(f"Lagoon {name()}")).doc["id"]
    site.wait_state(f"country:{country}", again, "offered", "triage", seconds=20)

    def tidy():
        return (site.redis("XLEN", stream) == 0 and site.redis("HLEN", partition_key(id, "queued")) == 0
                and site.redis("XPENDING", stream, "route")[0] == 0)
    wait_until(tidy, 10, "nothing is left of it")
    assert [e["action"] for e in site.events(id)] == ["submit", "offer"]


def test_a_poisoned_request_becomes_a_dead_letter_alone(unworked):
    site = unworked
    ids = [site.submit("NGA", **wetland(f"Lake {name()}")).doc["id"] for _ in range(3)]
    poison = ids[1]
    record = partition_key(poison, f"req:{poison}")
    body = site.redis("HGET", record, "body")
    site.redis("HSET", record, "body", body[:-1] + bytes([body[-1] ^ 1]))
    work(site)
    for id in (ids[0], ids[2]):
        site.wait_state("country:NGA", id, "offered", "triage", seconds=20)
    dead = wait_until(lambda: site.api("operator", "GET", "/v1/dead-letters").doc["items"], 40, "a dead letter")
    assert [d["id"] for d in dead] == [poison] and dead[0]["since"]
    assert site.redis("HGET", record, "attempts") == b"8"
    queue = site.api("operator", "GET", "/v1/queue").doc
    assert queue["queues"][0]["dead_letters"] == 1 and queue["requests"]["by_state"]["submitted"] == 1
    # One record that cannot be read does not hide the others, nor stop the router.
    for who in ("country:NGA", "coordinator"):
        answer = site.api(who, "GET", "/v1/requests?country=NGA")
        assert answer.status == 200 and {i["id"] for i in answer.doc["items"]} == {ids[0], ids[2]}, answer
    next_one = site.submit("NGA", **wetland(f"Lake {name()}")).doc["id"]
    site.wait_state("country:NGA", next_one, "offered", "triage", seconds=20)
    again = site.api("operator", "POST", f"/v1/dead-letters/{ids[0]}/requeue")
    assert again.status == 404
    site.redis("HSET", record, "body", body)
    assert site.api("operator", "POST", f"/v1/dead-letters/{poison}/requeue").status == 200
    site.wait_state("country:NGA", poison, "offered", "triage", seconds=20)
    assert len(site.events(poison)) == 2
    assert site.api("operator", "GET", "/v1/dead-letters").doc["items"] == []
    assert site.api("operator", "POST", f"/v1/dead-letters/{poison}/requeue").status == 404


def test_a_withdrawn_dead_letter_is_no_dead_letter(unworked):
    site = unworked
    id = site.submit("GAB", **wetland("Wonga Wongué")).doc["id"]
    site.redis("ZADD", partition_key(id, "dead"), 1, id)
    site.redis("DEL", partition_key(id, "work"), partition_key(id, "queued"))
    assert [d["id"] for d in site.api("operator", "GET", "/v1/dead-letters").doc["items"]] == [id]
    assert site.act("country:GAB", id, "withdraw").status == 200
    assert site.api("operator", "GET", "/v1/dead-letters").doc["items"] == []
    later = site.submit("GAB", **wetland("Petit Loango")).doc["id"]
    site.redis("ZADD", partition_key(later, "delayed"), 1, later)
    site.redis("DEL", partition_key(later, "work"), partition_key(later, "queued"))
    assert site.act("country:GAB", later, "withdraw").status == 200
    work(site)
    wait_until(lambda: site.redis("ZCARD", partition_key(later, "delayed")) == 0, 10, "not delayed")
    wait_until(lambda: site.redis("HLEN", partition_key(later, "queued")) == 0, 10, "not queued")


def test_one_unreadable_decided_record_does_not_stop_its_country(unworked):
    """A worker that starts reads what was decided before: one bad record there must not end it."""
    site = unworked
    work(site)
    first = site.submit("CMR", **wetland("Waza Logone")).doc["id"]
    site.wait_state("country:CMR", first, "offered")
    site.workers.pop(1).kill()
    record = partition_key(first, f"req:{first}")
    site.redis("HSET", record, "body", "garbage")
    site.redis("LSET", partition_key(first, "decided:CMR"), 0, first)  # its vector is lost too
    work(site)
    second = site.submit("CMR", **wetland("Barombi Mbo")).doc["id"]
    site.wait_state("country:CMR", second, "offered", "triage", seconds=20)
    answer = site.api("country:CMR", "GET", f"/v1/requests/{first}")
    assert answer.status == 500 and b"garbage" not in answer.body


# --- the store stands still, is lost, is wrong ---------------------------------------------------------


def test_a_frozen_store_is_answered_in_time(unworked):
    site = unworked
    k = key()
    site.server.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answers = [site.submit("SEN", {"Idempotency-Key": k}, **wetland("Djoudj")),
                   site.api("country:SEN", "GET", "/v1/requests")]
        took = time.monotonic() - began
        assert site.api(None, "GET", "/livez").status == 200
        for answer in answers:
            assert (answer.status, answer.type) == (503, "unavailable") and int(answer.headers["retry-after"]) > 0
        assert took < 6, took
        wait_until(lambda: time.monotonic() - began > 3, 5)
    finally:
        site.server.signal(signal.SIGCONT)
    answer = wait_until(lambda: (a := site.submit("SEN", {"Idempotency-Key": k}, **wetland("Djoudj"))).status == 201
                        and a, 20, "accepted again")
    work(site)
    site.wait_state("country:SEN", answer.doc["id"], "offered")
    assert site.api("country:SEN", "GET", "/v1/requests").doc["total"]["value"] == 1
    assert site.api(None, "GET", "/readyz").status == 200


def test_lost_functions_come_back(unworked):
    site = unworked
    site.redis("FUNCTION", "FLUSH")
    k = key()
    assert site.submit("TUN", {"Idempotency-Key": k}, **wetland("Ichkeul")).status == 503
    site.cli("store", "prepare")
    wait_until(lambda: site.submit("TUN", {"Idempotency-Key": k}, **wetland("Ichkeul")).status == 201, 10,
               "accepted again")
    work(site)
    doc = site.api("country:TUN", "GET", "/v1/requests").doc
    assert doc["total"]["value"] == 1
    site.wait_state("country:TUN", doc["items"][0]["id"], "offered")
    site.redis("FUNCTION", "FLUSH")
    site.cli("store", "prepare")
    second = wait_until(lambda: (a := site.submit("TUN", **wetland(name()))).status == 201 and a, 10)
    site.wait_state("country:TUN", second.doc["id"], "offered", "triage")


def test_a_store_that_stops_keeping_promises_is_noticed(unworked):
    site = unworked
    site.redis("CONFIG", "SET", "appendfsync", "everysec")
    try:
        site.redis("CLIENT", "KILL", "TYPE", "normal")
        wait_until(lambda: site.api(None, "GET", "/readyz").status == 503, 10, "not ready")
        wait_until(lambda: "store_unfit" in site.daemons[-1].text(), 10, "the reason is logged")
        refused = site.submit("MLI", **wetland("Delta"))
        assert refused.status == 503 and site.daemons[-1].is_running()
    finally:
        site.redis("CONFIG", "SET", "appendfsync", "always")
    wait_until(lambda: site.api(None, "GET", "/readyz").status == 200, 15, "ready again")
    assert site.submit("MLI", **wetland("Delta")).status == 201


def test_a_full_store_takes_nothing_new_and_lets_the_rest_drain(unworked):
    """R-14. A worker that starts now must drain, too."""
    site = unworked
    first = site.submit("NER", **wetland("Lac Tchad")).doc["id"]
    waiting = site.submit("NER", **wetland("Gaya")).doc["id"]
    work(site)
    site.wait_state("country:NER", first, "offered")
    site.workers.pop(1).kill()
    late = site.submit("NER", **wetland("Kokorou")).doc["id"]
    full = site.redis("CONFIG", "GET", "maxmemory")[1]
    site.redis("CONFIG", "SET", "maxmemory", "1")
    try:
        before = site.stored_n()
        answer = site.submit("NER", **wetland("Dallol Bosso"))
        assert (answer.status, answer.type) == (503, "unavailable") and answer.headers["retry-after"]
        assert site.stored_n() == before
        assert site.act("secretariat:ramsar", first, "claim").status == 201
        work(site)
        for id in (waiting, late):
            site.wait_state("country:NER", id, "offered", "triage", seconds=20)
    finally:
        site.redis("CONFIG", "SET", "maxmemory", full)
    assert site.submit("NER", **wetland("Dallol Bosso")).status == 201


def test_a_store_that_cannot_keep_promises_is_refused(make_site):
    import harness
    site = harness.Site(redis_conf="appendonly yes\nappendfsync everysec\nsave \"\"\naof-load-truncated no\n")
    try:
        site.start_redis()
        (site.folder / "keys").write_text("1 active " + "ab" * 32 + "\n")
        (site.folder / "keys").chmod(0o600)
        daemon = site.start_daemon(wait=False)
        worker = site.start_worker(1)
        for process in (daemon, worker):
            assert process.wait(20) == 78
            assert 'redis setting appendfsync is \\"everysec\\"' in process.text() or \
                'redis setting appendfsync is "everysec"' in process.text(), process.text()
            assert "ERROR" not in process.text()
        assert not any(line.startswith("listening") for line in daemon.lines)
    finally:
        site.stop()


def test_a_daemon_waits_for_its_store(make_site):
    import harness
    site = harness.Site()
    try:
        (site.folder / "keys").write_text("1 active " + "ab" * 32 + "\n")
        (site.folder / "keys").chmod(0o600)
        site.sign_in()
        daemon = site.start_daemon(wait=False)
        worker = site.start_worker(1)
        site.start_redis()
        wait_until(lambda: "store_unprepared" in daemon.text(), 10, "it says what it waits for")
        site.cli("store", "prepare")
        site.ports = [daemon.port()]
        site.wait_workers(1)
        assert site.api(None, "GET", "/readyz").status == 200
        for process in (worker, daemon):
            process.signal(signal.SIGTERM)
            assert process.wait(20) == 0, process.text()
    finally:
        site.stop()
        site.check_clean()


# --- reload, drain -------------------------------------------------------------------------------------


def metric(site, wanted):
    for line in site.api(None, "GET", "/metrics").body.decode().splitlines():
        if line.startswith(wanted):
            return line
    return None


def test_reload(make_site):
    import tempfile
    with tempfile.TemporaryDirectory(prefix="lic") as folder:
        data = f"{folder}/config"
        shutil.copytree(ROOT / "config", data)
        site = make_site(workers=1, env={"LIAISON_DATA": data})
        before = site.routed("KEN", **wetland())["routing"]["ruleset"]
        assert f'ruleset="{before}"' in metric(site, "liaison_build_info")
        path = f"{data}/topics.csv"
        good = open(path).read()
        lines = good.splitlines()
        broken = lines[:5] + [lines[5].replace(",", ";")] + lines[6:]
        open(path, "w").write("\n".join(broken) + "\n")
        site.daemons[0].signal(signal.SIGHUP)
        wait_until(lambda: "reload_refused" in site.daemons[0].text(), 5, "the fault is logged")
        said = [line for line in site.daemons[0].text().splitlines() if "reload_refused" in line]
        assert len(said) == 1 and "topics.csv:6" in said[0], said
        assert metric(site, "liaison_config_last_reload_successful ").endswith(" 0")
        assert site.routed("GHA", **wetland("Keta"))["routing"]["ruleset"] == before
        assert len(site.api("operator", "GET", "/v1/themes").doc["items"]) == len(lines) - 1

        changed = good.replace("\n", "\n", 1)
        row = lines[1].split(",")
        at = next(n for n, cell in enumerate(row) if cell == "15")
        row[at] = "16"
        open(path, "w").write("\n".join([lines[0], ",".join(row), *lines[2:]]) + "\n")
        assert changed
        for process in (site.daemons[0], site.workers[1]):
            process.signal(signal.SIGHUP)
        wait_until(lambda: metric(site, "liaison_config_last_reload_successful ").endswith(" 1"), 5)
        after = metric(site, "liaison_build_info").split('ruleset="')[1].split('"')[0]
        assert after != before and f"ruleset={after}" in site.daemons[0].text()
        wait_until(lambda: f"ruleset={after}" in site.workers[1].text(), 10, "the worker reloads")
        doc = site.routed("SEN", **wetland("Djoudj"))
        assert doc["routing"]["ruleset"] == after and doc["state"] == "offered"
        assert site.get("country:KEN", site.api("country:KEN", "GET", "/v1/requests").doc["items"][0]["id"])[
            "routing"]["ruleset"] == before, "what was decided stays as it was"


class Later(threading.Thread):
    """A call in its own thread."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self.call, self.result = call, None
        self.start()

    def run(self):
        try:
            self.result = self.call()
        except BaseException as e:  # noqa: B902 the test looks
            self.result = e

    def get(self, seconds=20):
        self.join(seconds)
        assert not self.is_alive()
        return self.result


def test_sigterm_finishes_what_is_in_flight_and_a_second_daemon_takes_over(unworked):
    site = unworked
    daemon = site.daemons[-1]
    port = site.ports[0]
    idle = site.client("country:KEN")
    assert idle("GET", "/v1/themes").status == 200
    before = site.stored_n()[2]
    slow = Later(lambda: site.submit("BEN", {"Prefer": "wait=3"}, **wetland("Ouidah")))
    wait_until(lambda: site.stored_n()[2] == before + 1, 5, "stored")
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)

    def refused():
        try:
            Client(port, timeout=2)("GET", "/livez")
        except OSError:
            return True
        return False
    wait_until(refused, 2, "no new connections")
    second = site.start_daemon(env={"LIAISON_LISTEN": f"127.0.0.1:{port}"})
    assert second.port() == port and daemon.is_running() and slow.is_alive()
    assert site.api("country:BEN", "GET", "/v1/requests").doc["total"]["value"] == 1
    answer = slow.get()
    assert answer.status == 201 and answer.doc["state"] == "submitted", answer
    assert answer.headers["connection"] == "close"
    assert daemon.wait(10) == 0 and time.monotonic() - began < 8
    site.processes.remove(daemon)
    site.daemons.remove(daemon)
    with pytest.raises((OSError, http.client.HTTPException)):
        idle("GET", "/v1/themes")
        raise OSError("reconnected")
    work(site)
    site.wait_state("country:BEN", answer.doc["id"], "offered")


def test_sigterm_while_the_store_stands_still(make_site):
    """What is open towards the store ends with 503, also the daemon's own look at the queue."""
    site = make_site(workers=0)
    daemon = site.daemons[0]
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 4, 6)
    site.server.signal(signal.SIGSTOP)
    calls = [Later(lambda: site.api("operator", "GET", "/v1/queue")),
             Later(lambda: site.submit("KEN", {"Prefer": "wait=9"}, **wetland())),
             Later(lambda: site.api("country:KEN", "GET", "/v1/requests"))]
    wait_until(lambda: time.monotonic() - began > 5.2, 6)
    daemon.signal(signal.SIGTERM)
    for call in calls:
        assert call.get().status == 503
    assert daemon.wait(10) == 0, daemon.text()
    site.server.signal(signal.SIGCONT)


def test_a_second_sigterm_ends_at_once(make_site):
    site = make_site(workers=0)
    daemon = site.daemons[0]
    slow = Later(lambda: site.submit("KEN", {"Prefer": "wait=9"}, **wetland()))
    wait_until(lambda: site.stored_n()[2] == 1, 5, "stored")
    daemon.signal(signal.SIGTERM)
    wait_until(lambda: "event=draining" in daemon.text(), 5)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait(3) == 0, daemon.text()
    assert isinstance(slow.get(), (OSError, http.client.HTTPException))


def test_a_stopped_worker_says_goodbye_and_leaves_nothing_in_hand(unworked):
    site = unworked
    work(site)
    site.wait_workers(1)
    ids = [site.submit("ZAF", **wetland(name())).doc["id"] for _ in range(20)]
    worker = site.workers[1]
    worker.signal(signal.SIGTERM)
    assert worker.wait(20) == 0, worker.text()
    assert site.redis("HLEN", "lia:{sys}:workers") == 0
    site.processes.remove(worker)
    site.workers.clear()
    decided = sum(site.get("country:ZAF", id)["state"] != "submitted" for id in ids)
    assert len(site.redis("LRANGE", partition_key(ids[0], "decided:ZAF"), 0, -1)) == decided
    work(site)
    for id in ids:
        site.wait_state("country:ZAF", id, "offered", "triage")
        assert len(site.events(id)) == 2
