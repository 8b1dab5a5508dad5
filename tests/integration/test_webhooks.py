"""Why: a secretariat's own system hears of events at its address: signed, at least once under one id, whatever the
receiver answers and whoever is killed; and nobody reaches through us what only we can reach."""
import base64
import collections
import hashlib
import hmac
import json
import pathlib
import subprocess
import tempfile
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from harness import BIN, Site, partition_key, wait_until
from sinks import HookSink

WETLAND = {"title": "Ecological character of our lakeside wetland is changing",
           "description": "The Ramsar site loses its water plants; we ask for an advisory mission on wetland "
                          "management and restoration of the lake shore. SECRETWORD"}


class HookSite(Site):
    def __init__(self, sink, delivers=1, workers=1, **more):
        self.delivers = delivers
        super().__init__(workers=workers, env={
            "LIAISON_WEBHOOK_CA": str(sink.ca), "LIAISON_WEBHOOK_LOOPBACK": "yes",
            "LIAISON_WEBHOOK_TIMEOUT_MS": "800", "LIAISON_DELIVER_LEASE_MS": "2500",
            "LIAISON_DELIVER_RETRY_MS": "5", "LIAISON_WORKER_TAKEOVER_MS": "1500", "LIAISON_WEBHOOK_FAILURES": "5",
            **more})

    def start(self):
        super().start()
        self.delivering = [self.start_role(f"d{n}", "deliver") for n in range(self.delivers)]


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="liahook", dir="/tmp") as name:
        yield pathlib.Path(name)


class Answers:
    """What to answer at each path."""

    def __init__(self):
        self.by_path = {}

    def __call__(self, call, handler):
        answer = self.by_path.get(call.path.strip("/"), 204)
        return answer(call, handler) if callable(answer) else answer


@pytest.fixture(scope="module")
def answers():
    return Answers()


@pytest.fixture(scope="module")
def sink(folder, answers):
    with HookSink(folder, answers) as sink:
        yield sink


@pytest.fixture(scope="module")
def site(sink):
    with HookSite(sink) as site:
        yield site


@pytest.fixture(autouse=True)
def no_hook_is_left(request):
    """An owner has a bounded number of them."""
    yield
    if "site" in request.fixturenames:
        site = request.getfixturevalue("site")
        for who in ("secretariat:ramsar", "country:KEN", "secretariat:iwc"):
            for hook in site.api(who, "GET", "/v1/webhooks").doc["items"]:
                assert site.api(who, "DELETE", f"/v1/webhooks/{hook['id']}").status == 200


def create(site, who, url, **more):
    answer = site.api(who, "POST", "/v1/webhooks", {"url": url, **more})
    assert answer.status == 201, answer
    return answer.doc


def act(site, who, hook, action, body=None):
    answer = site.api(who, "POST", f"/v1/webhooks/{hook['id']}/{action}", body)
    assert answer.status == 200, answer
    return answer.doc


def deliveries(site, who, hook):
    answer = site.api(who, "GET", f"/v1/webhooks/{hook['id']}/deliveries")
    assert answer.status == 200, answer
    return answer.doc["items"]


def offered(site):
    doc = site.routed("KEN", **WETLAND)
    if doc["state"] == "triage":
        assert site.act("coordinator", doc["id"], "route", {"lead": "ramsar"}).status == 200
    return doc


def wait_call(sink, path, id, type, seconds=15):
    def there():
        return [c for c in sink.of(path) if c.doc["type"] == type and c.doc["data"].get("id") == id]
    return wait_until(there, seconds, f"{type} of {id} at {path}")[0]


def verify(call, secret, public, tolerance=300):
    """As a receiver does, with nothing of ours."""
    text = f"{call.id}.{call.headers['webhook-timestamp']}.".encode() + call.body
    assert abs(time.time() - int(call.headers["webhook-timestamp"])) < tolerance
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), text, hashlib.sha256).digest()
    signatures = call.headers["webhook-signature"].split(" ")
    assert "v1," + base64.b64encode(mac).decode() in signatures
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    for signature in [s for s in signatures if s.startswith("v1a,")]:
        try:
            key.verify(base64.b64decode(signature[4:]), text)
            return
        except Exception:  # noqa: B902 another key's
            pass
    raise AssertionError("no v1a signature fits")


def test_events_come_signed_both_ways_with_ids_and_no_texts(site, sink):
    hook = create(site, "secretariat:ramsar", sink.url("signed"))
    assert hook["secret"].startswith("whsec_") and hook["public_key"].startswith("whpk_")
    assert "secret" not in site.api("secretariat:ramsar", "GET", f"/v1/webhooks/{hook['id']}").doc
    doc = offered(site)
    assert site.act("secretariat:ramsar", doc["id"], "claim").status == 201
    call = wait_call(sink, "signed", doc["id"], "request.claimed")
    verify(call, hook["secret"], hook["public_key"])
    assert call.headers["content-type"] == "application/json" and "." not in call.id
    assert call.doc["data"] == {"id": doc["id"], "reference": doc["reference"], "country": "KEN", "action": "claim",
                                "actor": "secretariat:ramsar", "from": "offered", "state": "claimed",
                                "version": call.doc["data"]["version"]}
    assert b"SECRETWORD" not in b"".join(c.body for c in sink.calls)
    time.sleep(0.3)
    assert len([c for c in sink.of("signed") if c.id == call.id]) == 1


def test_only_what_is_asked_for_and_only_what_the_owner_may_see(site, sink):
    create(site, "secretariat:ramsar", sink.url("chosen"), events=["request.claimed"])
    create(site, "secretariat:iwc", sink.url("stranger"))
    create(site, "country:KEN", sink.url("country"))
    doc = offered(site)
    assert site.act("secretariat:ramsar", doc["id"], "claim").status == 201
    wait_call(sink, "chosen", doc["id"], "request.claimed")
    wait_call(sink, "country", doc["id"], "request.claimed")
    assert {c.doc["type"] for c in sink.of("chosen")} == {"request.claimed"}
    other = site.routed("BWA", **WETLAND)
    time.sleep(0.5)
    assert not sink.of("stranger")
    assert other["id"] not in {c.doc["data"].get("id") for c in sink.of("country")}


def test_foreign_webhooks_are_not_there(site, sink):
    hook = create(site, "secretariat:ramsar", sink.url("x"))
    for who in ("secretariat:iwc", "country:KEN"):
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/pause")):
            assert site.api(who, method, f"/v1/webhooks/{hook['id']}{path}").status == 404
        assert hook["id"] not in str(site.api(who, "GET", "/v1/webhooks").doc)
    for who in ("coordinator", "operator"):
        assert site.api(who, "GET", "/v1/webhooks").status == 403
    raw = site.redis.hash(f"lia:{{sys}}:hook:{hook['id']}")
    assert b"https://" not in raw["doc"] and hook["secret"].encode() not in raw["doc"], "sealed at rest"


def test_500_is_tried_again_under_the_same_id_signed_anew(site, sink, answers):
    left = [3]

    def answer(call, handler):
        left[0] -= 1
        return 500 if left[0] >= 0 else 200
    answers.by_path["flaky"] = answer
    hook = create(site, "secretariat:ramsar", sink.url("flaky"), events=["request.claimed"])
    doc = offered(site)
    site.act("secretariat:ramsar", doc["id"], "claim")
    wait_until(lambda: len(sink.of("flaky")) >= 4, 20, "four calls")
    assert len({c.id for c in sink.of("flaky")}) == 1
    for call in sink.of("flaky"):
        verify(call, hook["secret"], hook["public_key"])
    item = wait_until(lambda: [d for d in deliveries(site, "secretariat:ramsar", hook) if d["state"] == "sent"], 5,
                      "it is sent")[0]
    assert (item["attempts"], item["status"], item["type"], item["request"]) == (4, 200, "request.claimed", doc["id"])


def test_410_disables_at_once(site, sink, answers):
    answers.by_path["gone"] = 410
    hook = create(site, "secretariat:ramsar", sink.url("gone"))
    doc = offered(site)
    wait_until(lambda: site.api("secretariat:ramsar", "GET", f"/v1/webhooks/{hook['id']}").doc["state"] == "disabled",
               10, "disabled")
    time.sleep(0.6)
    n = len(sink.of("gone"))
    site.act("secretariat:ramsar", doc["id"], "claim")
    time.sleep(0.6)
    assert len(sink.of("gone")) == n, "called no more"


def test_429_waits_as_long_as_it_is_asked_to(site, sink, answers):
    first = []

    def answer(call, handler):
        if first:
            return 200
        first.append(time.monotonic())
        handler.send_response(429)
        handler.send_header("Retry-After", "2")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return None
    answers.by_path["slowdown"] = answer
    create(site, "secretariat:ramsar", sink.url("slowdown"), events=["request.claimed", "request.answered"])
    doc = offered(site)
    site.act("secretariat:ramsar", doc["id"], "claim")
    wait_until(lambda: first, 10, "the first call")
    site.act("secretariat:ramsar", doc["id"], "answer", {"text": "Done."})
    wait_until(lambda: len({c.id for c in sink.of("slowdown")}) == 2 and len(sink.of("slowdown")) >= 3, 15, "the others")
    assert min(c.at for c in sink.of("slowdown")[1:]) - sink.of("slowdown")[0].at >= 1.9


def test_hang_huge_body_redirect_and_a_foreign_certificate_are_failures_that_end(site, sink, answers, folder):
    def hang(call, handler):
        time.sleep(3)

    def huge(call, handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(4096):
                handler.wfile.write(b"x" * 65536)
        except OSError:
            cut.append(call)

    def redirect(call, handler):
        handler.send_response(307)
        handler.send_header("Location", sink.url("elsewhere"))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    cut = []
    answers.by_path.update(hang=hang, huge=huge, redirect=redirect)
    hooks = {path: create(site, "secretariat:ramsar", sink.url(path), events=["request.claimed"])
             for path in ("hang", "huge", "redirect")}
    doc = offered(site)
    site.act("secretariat:ramsar", doc["id"], "claim")
    for path in hooks:
        wait_call(sink, path, doc["id"], "request.claimed")

    def of(path):
        return deliveries(site, "secretariat:ramsar", hooks[path])[0]
    item = wait_until(lambda: of("huge") if of("huge")["state"] == "sent" else None, 10, "huge was taken")
    assert len(item["answer"]) == 1024 and cut, "read no further than it matters"
    wait_until(lambda: of("hang")["attempts"] >= 2, 15, "hanging was given up and tried again")
    assert of("hang")["status"] == 0
    wait_until(lambda: of("redirect")["status"] == 307, 10, "a redirect is a failure")
    assert not sink.of("elsewhere")


def test_a_receiver_with_a_foreign_certificate_is_not_told(site):
    with tempfile.TemporaryDirectory(prefix="liahook", dir="/tmp") as name:
        with HookSink(pathlib.Path(name)) as stranger:
            hook = create(site, "secretariat:ramsar", stranger.url("x"))
            act(site, "secretariat:ramsar", hook, "test")
            wait_until(lambda: deliveries(site, "secretariat:ramsar", hook)[0]["attempts"] >= 2, 15, "tried")
            assert not stranger.calls


def test_after_too_many_failures_it_pauses_and_resuming_delivers_what_waited(site, sink, answers):
    answers.by_path["broken"] = 503
    hook = create(site, "secretariat:ramsar", sink.url("broken"), events=["request.claimed", "request.answered"])
    docs = [offered(site), offered(site)]
    for doc in docs:
        site.act("secretariat:ramsar", doc["id"], "claim")

    def now():
        return site.api("secretariat:ramsar", "GET", f"/v1/webhooks/{hook['id']}").doc
    wait_until(lambda: now()["state"] == "paused", 20, "paused")
    assert now()["why"] == "refused" and 5 <= len(sink.of("broken")) <= 6
    time.sleep(0.3)
    n = len(sink.of("broken"))
    site.act("secretariat:ramsar", docs[0]["id"], "answer", {"text": "Done."})
    time.sleep(1)
    assert len(sink.of("broken")) == n, "not called while paused"
    answers.by_path["broken"] = 200
    assert act(site, "secretariat:ramsar", hook, "resume")["state"] == "active"
    wait_call(sink, "broken", docs[0]["id"], "request.answered")
    wait_until(lambda: {d["state"] for d in deliveries(site, "secretariat:ramsar", hook)} == {"sent"}, 15, "all")


def test_replay_sends_again_under_the_same_id(site, sink):
    hook = create(site, "secretariat:ramsar", sink.url("replay"), events=["request.claimed"])
    doc = offered(site)
    site.act("secretariat:ramsar", doc["id"], "claim")
    call = wait_call(sink, "replay", doc["id"], "request.claimed")
    wait_until(lambda: deliveries(site, "secretariat:ramsar", hook)[0]["state"] == "sent", 5, "sent")
    assert act(site, "secretariat:ramsar", hook, "replay", {"delivery": call.id})["replayed"] == 1
    wait_until(lambda: len(sink.of("replay")) == 2, 10, "again")
    wait_until(lambda: deliveries(site, "secretariat:ramsar", hook)[0]["state"] == "sent", 5, "sent")
    assert act(site, "secretariat:ramsar", hook, "replay", {"since": "2026-01-01"})["replayed"] == 1
    wait_until(lambda: len(sink.of("replay")) == 3, 10, "and again")
    assert {c.id for c in sink.of("replay")} == {call.id} and len({c.body for c in sink.of("replay")}) == 1
    assert act(site, "secretariat:ramsar", hook, "replay", {"since": "2026-01-01", "until": "2026-01-02"})["replayed"] == 0
    assert site.api("secretariat:ramsar", "POST", f"/v1/webhooks/{hook['id']}/replay", {}).status == 400


def test_rotation_signs_with_both_for_a_day(site, sink):
    hook = create(site, "secretariat:ramsar", sink.url("rotate"))
    new = act(site, "secretariat:ramsar", hook, "rotate")
    assert new["secret"] != hook["secret"] and new["public_key"] != hook["public_key"]
    act(site, "secretariat:ramsar", hook, "test")
    call = wait_until(lambda: sink.of("rotate"), 10, "the test call")[0]
    assert call.doc["type"] == "webhook.test"
    verify(call, hook["secret"], hook["public_key"])
    verify(call, new["secret"], new["public_key"])


def test_bad_urls_are_refused_when_they_are_given(site):
    for url in ("http://a.example/", "https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/",
                "https://[fd00::1]/", "https://[fe80::1]/", "https://100.64.0.1/", "https://u:p@a.example/",
                "https://0x0a000001/", "https://167772161/", "https://a.example/#f", "ftp://a.example/", "x"):
        answer = site.api("secretariat:ramsar", "POST", "/v1/webhooks", {"url": url})
        assert answer.status == 422, (url, answer)
    answer = site.api("secretariat:ramsar", "POST", "/v1/webhooks", {"url": "https://a.example/", "events": ["nope"]})
    assert ("#/events", "webhook_event") in answer.faults()


def test_ten_webhooks_and_no_more_and_a_repeated_creation_is_one(site, sink):
    key = {"Idempotency-Key": '"once-and-only-once"'}
    body = {"url": sink.url("x")}
    first = site.api("secretariat:iwc", "POST", "/v1/webhooks", body, key)
    again = site.api("secretariat:iwc", "POST", "/v1/webhooks", body, key)
    assert first.doc["id"] == again.doc["id"] and first.doc["secret"] == again.doc["secret"]
    for _ in range(9):
        create(site, "secretariat:iwc", sink.url("x"))
    assert site.api("secretariat:iwc", "POST", "/v1/webhooks", body).status == 429
    assert len(site.api("secretariat:iwc", "GET", "/v1/webhooks").doc["items"]) == 10


def test_a_name_that_leads_to_this_machine_is_never_called(tmp_path, answers):
    """Refused where the connection is made, whatever the name service said a moment ago."""
    with HookSink(tmp_path, answers) as sink, HookSite(sink, workers=0, LIAISON_WEBHOOK_LOOPBACK="no") as site:
        hook = create(site, "secretariat:ramsar", sink.url("inside"))
        act(site, "secretariat:ramsar", hook, "test")
        wait_until(lambda: deliveries(site, "secretariat:ramsar", hook)[0]["attempts"] >= 2, 15, "tried")
        assert not sink.calls
        assert 'why="refused_address"' in site.delivering[0].text()


def test_kills_lose_nothing_and_repeat_only_under_the_same_id(sink, answers):
    """Six kills, one of two workers in work: at least once to the wire, once by webhook-id."""
    answers.by_path["kills"] = lambda call, handler: time.sleep(0.02) or 200
    with HookSite(sink, delivers=2) as site:
        create(site, "secretariat:ramsar", sink.url("kills"))
        ids = []
        for n in range(6):
            doc = offered(site)
            ids.append(doc["id"])
            worker = site.delivering[n % 2]
            worker.kill()
            site.processes.remove(worker)
            site.delivering[n % 2] = site.start_role(f"d{n % 2}", "deliver")
        wait_until(lambda: set(ids) <= {c.doc["data"].get("id") for c in sink.of("kills")}, 40, "all were told")
        wait_until(lambda: not any(site.redis("ZCARD", partition_key(p, "outgoing")) for p in range(16)), 30, "all sent")
        events = collections.defaultdict(set)
        for call in sink.of("kills"):
            data = call.doc["data"]
            events[data["id"], data["version"]].add(call.id)
        assert all(len(ids) == 1 for ids in events.values())
        for id in ids:
            want = {e["version"] for e in site.events(id) if int(e["version"]) > 1}
            assert {str(v) for i, v in events if i == id} >= {str(v) for v in want}, id
        site.expect_dirty = True


def test_the_command_line_does_all_of_it(site, sink):
    def cli(*argv, code=0):
        env = {**site.env, "LIAISON_SERVER": f"http://127.0.0.1:{site.ports[0]}",
               "LIAISON_TOKEN_FILE": str(site.folder / "credentials.json")}
        done = subprocess.run([BIN / "liaison", "--as", "country:KEN", "webhook", *argv], env=env, capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == code, (argv, done)
        return done.stdout
    id = json.loads(cli("create", sink.url("cli"), "--events", "request.claimed", "--json"))["id"]
    assert cli("list").split("\t")[:3] == [id, "active", "0"]
    for action in ("pause", "resume", "rotate", "test"):
        assert id in cli(action, id)
    call = wait_until(lambda: sink.of("cli"), 10, "the test call")[0]
    wait_until(lambda: "\tsent\t1\t204\t" in cli("deliveries", id), 10, "it is listed")
    assert "replayed\t1" in cli("replay", id, "--delivery", call.id)
    assert cli("replay", id, code=2) == ""
    assert "deleted" in cli("delete", id) and cli("list") == ""
    assert cli("deliveries", id, code=3) == ""
