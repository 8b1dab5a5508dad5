"""Who gets in, to what, how often: every route for every role, sessions, CSRF, scopes, limits, guessing.

LIAISON_GUESSES  how many credentials test_guesses tries (default 3000; the campaign: 1000000)"""
import base64
import datetime
import json
import os
import random
import re
import socket
import threading
import time
import zlib

import pytest

from harness import Client, key, wait_until, wetland

GUESSES = int(os.environ.get("LIAISON_GUESSES", 3000))
ALL = {"country", "secretariat", "coordinator", "operator"}
READERS = ALL - {"operator"}
OPEN = None  # no credential is asked for

# Every route, who may use it, and how it is called so that nothing happens. A route that is not here
# fails the test; {id} is a request of Kenya's that ramsar has.
ROUTES = {
    "POST /v1/requests": {"country"},
    "POST /v1/requests:assess": {"country", "coordinator"},
    "POST /v1/requests:bulk": {"country", "coordinator"},
    "POST /v1/attachments": {"country"},
    "GET /v1/requests/{id}/attachments/{file}": READERS,
    "GET /v1/requests": READERS,
    "GET /v1/requests/{id}": READERS,
    "GET /v1/requests/{id}/history": READERS,
    "POST /v1/requests/{id}/{action}": READERS,
    "GET /v1/inbox": {"secretariat", "coordinator"},
    "GET /v1/absences": {"secretariat"},
    "POST /v1/absences": {"secretariat"},
    "DELETE /v1/absences/{id}": {"secretariat"},
    "GET /v1/events": ALL,
    "GET /v1/statistics": OPEN,
    "POST /v1/webhooks": {"country", "secretariat"},
    "GET /v1/webhooks": {"country", "secretariat"},
    "GET /v1/webhooks/{id}": {"country", "secretariat"},
    "DELETE /v1/webhooks/{id}": {"country", "secretariat"},
    "GET /v1/webhooks/{id}/deliveries": {"country", "secretariat"},
    "POST /v1/webhooks/{id}/{action}": {"country", "secretariat"},
    "GET /v1/queue": {"operator", "coordinator"},
    "GET /v1/queue/history": {"operator", "coordinator"},
    "GET /v1/dead-letters": {"operator"},
    "POST /v1/queue/pause": {"operator"},
    "POST /v1/queue/drain": {"operator"},
    "POST /v1/queue/resume": {"operator"},
    "POST /v1/queue/reconcile": {"operator"},
    "POST /v1/queue/rebuild": {"operator"},
    "POST /v1/workers/{id}/quiet": {"operator"},
    "POST /v1/workers/{id}/resume": {"operator"},
    "GET /v1/dead-letters/{id}": {"operator"},
    "DELETE /v1/dead-letters/{id}": {"operator"},
    "POST /v1/dead-letters/{id}/requeue": {"operator"},
    "GET /v1/secretariats": ALL,
    "GET /v1/themes": ALL,
    "GET /v1/countries": ALL,
    "POST /v1/session": OPEN,
    "GET /v1/session": ALL,
    "DELETE /v1/session": ALL,
    "POST /v1/keys": {"country", "secretariat"},
    "GET /v1/keys": {"country", "secretariat"},
    "DELETE /v1/keys/{id}": {"country", "secretariat"},
    "POST /v1/keys:require": {"country", "secretariat"},
    "GET /v1/audit/checkpoint": OPEN,
    "GET /livez": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": OPEN,
    "GET /openapi.json": OPEN,
    "GET /": OPEN,
    "GET /{page}": OPEN,
}
QUERIES = {"GET /v1/events": "?after=nowhere"}
MEDIA = {"POST /v1/requests:bulk": "application/x-ndjson"}
CALLERS = [  # role, name of the token, may it see the request
    (None, None, False),
    ("country", "country:KEN", True),
    ("country", "country:UGA", False),
    ("secretariat", "secretariat:ramsar", True),
    ("secretariat", "secretariat:iwc", False),
    ("coordinator", "coordinator", True),
    ("operator", "operator", False),
]


def described(site):
    """(method, path) of all that the service says it has; the actions are one route."""
    paths = site.api(None, "GET", "/openapi.json").doc["paths"]
    actions = {p.rsplit("/", 1)[1] for p in paths if re.fullmatch(r"/v1/requests/\{id\}/[a-z]+", p)} - {"history"}
    assert {"claim", "answer", "withdraw"} <= actions
    for path, item in paths.items():
        for method, op in item.items():
            last = path.rsplit("/", 1)[1]
            if path.startswith("/v1/webhooks/{id}/") and method == "post":
                yield "POST /v1/webhooks/{id}/{action}", path, op
            elif path.startswith("/v1/requests/{id}/") and method == "post" and last in actions:
                yield f"POST /v1/requests/{{id}}/{{action}}", path, op
            else:
                yield f"{method.upper()} {path}", path, op


@pytest.fixture(scope="module")
def theirs(site):
    doc = site.routed("KEN", **wetland("Lake Olbolosat"))
    assert doc["offers"][0]["secretariat"] == "ramsar" and len(doc["offers"]) == 1
    return doc


def test_each_route_is_in_the_table(site):
    assert {route for route, _, _ in described(site)} == set(ROUTES)
    for route, _, op in described(site):
        assert set(op["x-roles"]) == (ROUTES[route] or set()), route


@pytest.mark.parametrize("role, who, sees", CALLERS, ids=[str(c[1]) for c in CALLERS])
def test_each_route_for(site, theirs, role, who, sees):
    with site.client(who) as client:
        for route, path, _ in described(site):
            if route == "GET /" or ROUTES[route] is OPEN:
                continue
            method = route.split()[0]
            at = path.replace("{id}", theirs["id"]).replace("{file}", "none") + QUERIES.get(route, "")
            answer = client(method, at, {"no_such_member": 1} if method == "POST" else None,
                            {"Content-Type": MEDIA[route]} if route in MEDIA else None)
            if role is None:
                assert (answer.status, answer.type) == (401, "unauthenticated"), (path, answer)
                assert answer.headers["www-authenticate"].startswith("Bearer ")
            elif role not in ROUTES[route]:
                assert (answer.status, answer.type) == (403, "forbidden"), (path, answer)
            elif "/v1/requests/{id}" in path and not sees:
                nobody = client(method, at.replace(theirs["id"], "req_" + "0" * 12 + "7" + "0" * 3 + "8" + "0" * 15),
                                {"no_such_member": 1} if method == "POST" else None)
                assert answer.status in (404, 422), (path, answer)
                assert (answer.status, answer.doc["detail"]) == (nobody.status, nobody.doc["detail"]), "as if not there"
                assert theirs["reference"] not in answer.body.decode()
                if method == "GET" and "{file}" not in path:
                    assert answer.type == "not-found"
            elif "{file}" in path:
                assert (answer.status, answer.type) == (404, "not-found"), "there is no such file"
            elif path.startswith("/v1/requests/{id}"):
                assert answer.status in (200, 409, 422), (path, answer)
            else:
                assert answer.status not in (401, 403), (path, answer)
    assert site.get("country:KEN", theirs["id"])["version"] == theirs["version"], "nothing happened"


# --- sessions ----------------------------------------------------------------------------------------


class Browser:
    """A cookie, and what a page of ours would send."""

    def __init__(self, site, who, **headers):
        self.site = site
        self.origin = f"http://127.0.0.1:{site.ports[0]}"
        self.answer = site.api(None, "POST", "/v1/session", {"token": site.tokens[who]}, headers)
        if self.answer.status == 201:
            self.cookie = self.answer.headers["set-cookie"].split(";")[0]
            self.csrf = self.answer.doc["csrf_token"]

    def __call__(self, method, path, body=None, **headers):
        send = {"Cookie": self.cookie, "Origin": self.origin, "X-CSRF-Token": self.csrf}
        send.update({k.replace("_", "-"): v for k, v in headers.items()})
        return self.site.api(None, method, path, body, send)


def test_a_browser_signs_in_acts_and_signs_out(site, theirs):
    browser = Browser(site, "country:KEN")
    assert browser.answer.status == 201
    cookie = browser.answer.headers["set-cookie"]
    assert re.fullmatch(r"__Host-liaison=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict", cookie)
    shown = browser("GET", "/v1/session").doc
    assert (shown["who"], shown["role"], shown["of"]) == ("country:KEN", "country", "KEN")
    assert shown["csrf_token"] == browser.csrf != browser.cookie.split("=")[1]
    assert 12 * 3600 - 60 < (datetime.datetime.fromisoformat(shown["until"][:-1] + "+00:00").timestamp() - time.time()) < 12 * 3600 + 1 and 1500 < shown["idle_seconds"] <= 1800
    assert browser("GET", f"/v1/requests/{theirs['id']}").status == 200
    sent = browser("POST", "/v1/requests", {"country": "KEN", "language": "en", **wetland("Lake Elementaita")})
    assert sent.status == 201, sent
    assert Browser(site, "country:KEN").cookie != browser.cookie, "each sign-in is a session of its own"
    out = browser("DELETE", "/v1/session")
    assert out.status == 204 and "Max-Age=0" in out.headers["set-cookie"]
    assert browser("GET", "/v1/session").status == 401
    assert browser("POST", "/v1/requests", {}).status == 401


@pytest.mark.parametrize("change", [
    {"X_CSRF_Token": None}, {"X_CSRF_Token": "0" * 64}, {"X_CSRF_Token": ""}, {"Origin": None},
    {"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1"},
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "none"},
], ids=str)
def test_what_does_not_come_from_our_pages_changes_nothing(site, theirs, change):
    browser = Browser(site, "country:KEN")
    for method, path in (("POST", f"/v1/requests/{theirs['id']}/withdraw"), ("DELETE", "/v1/session")):
        answer = browser(method, path, {"text": "x"} if method == "POST" else None, **change)
        assert (answer.status, answer.type) == (403, "forbidden"), answer
        assert "page" in answer.doc["detail"]
    assert browser("GET", "/v1/session", **change).status == 200, "reading changes nothing"
    assert site.get("country:KEN", theirs["id"])["state"] == theirs["state"]


def test_another_session_s_csrf_token_does_not_fit(site, theirs):
    one, two = Browser(site, "country:KEN"), Browser(site, "country:KEN")
    assert one("POST", f"/v1/requests/{theirs['id']}/withdraw", {}, X_CSRF_Token=two.csrf).status == 403


def test_a_page_of_another_site_signs_nobody_in(site):
    assert Browser(site, "country:KEN", Origin="https://elsewhere.example").answer.status == 403
    assert Browser(site, "country:KEN", Origin=f"http://127.0.0.1:{site.ports[0]}").answer.status == 201


@pytest.mark.parametrize("body, status", [
    ({}, 422), ({"token": 1}, 422), ({"token": ""}, 422), ({"token": "lsn_x"}, 401), ({"token": "x" * 201}, 422),
    ({"token": "lsn_" + "a" * 16 + "_" + "b" * 43 + "_00000000"}, 401), ({"token": "x", "user": "y"}, 422),
    (b"token=x", 400)])
def test_a_wrong_sign_in(site, body, status):
    answer = site.api(None, "POST", "/v1/session", body)
    assert answer.status == status and "set-cookie" not in answer.headers, answer


def test_a_browser_gets_packed_answers_only_for_pages_of_ours(site):
    browser = Browser(site, "country:KEN")
    for told, coding in (({}, None), ({"Sec_Fetch_Site": "cross-site"}, None), ({"Sec_Fetch_Site": "same-site"}, None),
                         ({"Sec_Fetch_Site": "same-origin"}, "gzip")):
        answer = browser("GET", "/v1/countries", Accept_Encoding="gzip", **told)
        assert answer.status == 200 and answer.headers.get("content-encoding") == coding, told


def test_with_a_token_no_cookie_is_read(site):
    browser = Browser(site, "country:KEN")
    mixed = browser("GET", "/v1/session", Authorization=f"Bearer {site.tokens['country:UGA']}")
    assert mixed.doc["who"] == "country:UGA" and "csrf_token" not in mixed.doc
    assert browser("GET", "/v1/session", Authorization="Bearer nonsense").status == 401


@pytest.mark.parametrize("cookie", [
    "__Host-liaison=", "__Host-liaison=short", "__Host-liaison=" + "a" * 43, "__Host-liaison=" + "a" * 44,
    "__Host-liaison=" + "é" * 43, "__host-liaison=" + "a" * 43, "liaison=" + "a" * 43, ";;;=;", "=" * 4000])
def test_a_wrong_cookie_is_nobody(site, cookie):
    assert site.api(None, "GET", "/v1/session", headers={"Cookie": cookie.encode("latin-1")}).status == 401


def test_two_cookies_are_none(site):
    browser = Browser(site, "country:KEN")
    assert browser("GET", "/v1/session", Cookie=f"{browser.cookie}; {browser.cookie}").status == 401
    assert browser("GET", "/v1/session", Cookie=f"theme=dark; {browser.cookie} ; x=y").status == 200


def sessions(site):
    return {k.decode() for k in site.redis("KEYS", "lia:{sys}:session:*")}


def test_a_session_ends_by_itself_and_with_its_token(site):
    before = sessions(site)
    issued = site.cli("token", "issue", "--role", "country", "--of", "KEN", "--label", "browser", "--json").stdout
    token = json.loads(issued)
    site.tokens["a browser's"] = token["token"]
    browser = Browser(site, "a browser's")
    stored, = sessions(site) - before
    assert 0 < site.redis("PTTL", stored) <= 30 * 60 * 1000
    assert browser.cookie.split("=")[1] not in stored
    since, until = (int(x) for x in site.redis("HMGET", stored, "since", "until"))
    assert until - since == 12 * 3600 * 1000
    site.redis("PEXPIRE", stored, 20 * 60 * 1000)
    wait_until(lambda: browser("GET", "/v1/session").status == 200 and site.redis("PTTL", stored) > 25 * 60 * 1000,
               10, "being used keeps it alive")

    other = Browser(site, "a browser's")
    stored, = sessions(site) - before - {stored}
    site.redis("HSET", stored, "until", int(time.time() * 1000) - 1)
    assert wait_until(lambda: other("GET", "/v1/session").status == 401, 10, "twelve hours are over")
    assert browser("GET", "/v1/session").status == 200
    site.cli("token", "revoke", token["id"])
    wait_until(lambda: browser("GET", "/v1/session").status == 401, 10, "a revoked token's session ends")


# --- tokens ------------------------------------------------------------------------------------------


def access_events(site):
    return [{f[i].decode(): f[i + 1].decode() for i in range(0, len(f), 2)}
            for _, f in site.redis("XRANGE", "lia:{sys}:events", "-", "+")]


def issue(site, *more):
    done = site.cli("token", "issue", "--role", "country", "--of", "NPL", "--label", "a test", "--json", *more)
    return json.loads(done.stdout)


def test_rotation_leaves_two_live_tokens_for_a_while(site):
    def works(token):
        with Client(site.ports[0], token) as client:
            return client("GET", "/v1/session").status == 200
    first = issue(site)
    second = json.loads(site.cli("token", "rotate", first["id"], "--json").stdout)
    assert works(first["token"]) and works(second["token"]), "both, for 24 hours"
    for more in (("rotate", second["id"]), ("issue", "--role", "country", "--of", "NPL", "--label", "a test")):
        full = site.cli("token", *more, check=False)
        assert full.returncode == 5 and "2 tokens" in full.stderr, "never three of one holder"
    site.cli("token", "revoke", first["id"])
    wait_until(lambda: not works(first["token"]), 10, "the revoked one ends")
    third = json.loads(site.cli("token", "rotate", second["id"], "--keep-hours", "0", "--json").stdout)
    assert works(third["token"])
    wait_until(lambda: not works(second["token"]), 10, "the old one ends")
    assert site.cli("token", "revoke", first["id"], check=False).returncode == 3
    seen = [(e["action"], e["object"]) for e in access_events(site)]
    for line in (("token.issue", first["id"]), ("token.issue", second["id"]), ("token.rotate", first["id"]),
                 ("token.rotate", second["id"]), ("token.revoke", first["id"])):
        assert seen.count(line) == 1, line
    assert all(e["of"] == "country:NPL" for e in access_events(site) if e["object"] == first["id"])


def test_a_token_that_only_reads(site):
    token = issue(site, "--scope", "read")
    with Client(site.ports[0], token["token"]) as client:
        assert client("GET", "/v1/session").doc["scopes"] == ["read"]
        assert client("GET", "/v1/requests").status == 200
        for path in ("/v1/requests", "/v1/requests:assess"):
            answer = client("POST", path, {"country": "NPL", "language": "en", **wetland()})
            assert (answer.status, answer.type) == (403, "forbidden") and "reading" in answer.doc["detail"]
    assert site.cli("token", "issue", "--role", "operator", "--label", "x", "--scope", "all",
                    check=False).returncode == 2


# --- limits ------------------------------------------------------------------------------------------


def fields(answer):
    def read(name):
        return {m[0]: {k: int(v) for k, v in re.findall(r";([a-z]+)=(\d+)", m[1])}
                for m in re.findall(r'"([a-z]+)"((?:;[a-z]+=\d+)+)', answer.headers[name])}
    return read("ratelimit-policy"), read("ratelimit")


def test_rate_limits_by_principal(make_site):
    site = make_site(workers=0, env={"LIAISON_RATE_PER_MINUTE": "6", "LIAISON_SUBMITS_PER_MINUTE": "2",
                                     "LIAISON_ASSESSES_PER_MINUTE": "1"})
    left = []
    for _ in range(6):
        answer = site.api("country:KEN", "GET", "/v1/themes")
        assert answer.status == 200
        policy, state = fields(answer)
        assert policy == {"default": {"q": 6, "w": 60}} and 0 < state["default"]["t"] <= 10
        left.append(state["default"]["r"])
    assert left == [5, 4, 3, 2, 1, 0]
    over = site.api("country:KEN", "GET", "/v1/themes")
    assert over.status == 429
    assert over.doc["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert over.doc["violated-policies"] == ["default"] and fields(over)[1]["default"]["r"] == 0
    assert 1 <= int(over.headers["retry-after"]) <= 10 and over.headers["retry-after"] in over.doc["detail"]
    for who in ("country:UGA", "secretariat:cbd", "operator"):
        assert site.api(who, "GET", "/v1/themes").status == 200, "each has its own"

    first = site.submit("PER")
    assert first.status == 201
    assert set(fields(first)[0]) == {"default", "submit"} and fields(first)[1]["submit"]["r"] == 1
    assert site.submit("PER").status == 201
    third = site.submit("PER")
    assert third.status == 429 and third.doc["violated-policies"] == ["submit"]
    assert site.api("country:PER", "GET", f"/v1/requests/{first.doc['id']}").status == 200
    draft = {"country": "PER", "language": "es", **wetland()}
    assert site.api("country:PER", "POST", "/v1/requests:assess", draft).status == 200
    answer = site.api("country:PER", "POST", "/v1/requests:assess", draft)
    assert answer.status == 429

    tag = site.api("country:BEN", "GET", "/v1/requests")
    statuses = [site.api("country:BEN", "GET", "/v1/requests", headers={"If-None-Match": tag.headers["etag"]}).status
                for _ in range(12)] if "etag" in tag.headers else [304]
    assert set(statuses) == {304}, "what is unchanged does not count"
    assert [site.api(None, "GET", "/openapi.json").status for _ in range(8)].count(429) == 2, "by address"


def test_a_reload_takes_new_limits(make_site, tmp_path):
    conf = tmp_path / "liaison.conf"
    conf.write_text("rate_per_minute = 2\n")
    site = make_site(workers=0, daemons=0)
    site.env.pop("LIAISON_RATE_PER_MINUTE")
    daemon = site.start_daemon(argv=("-c", str(conf)))
    wait_until(lambda: site.api("country:KEN", "GET", "/v1/themes").status == 429, 10, "over")
    conf.write_text("rate_per_minute = 0\n")
    daemon.signal(1)
    wait_until(lambda: "event=reloaded" in daemon.text(), 20, "reloaded")
    answers = [site.api("country:KEN", "GET", "/v1/themes") for _ in range(5)]
    assert {a.status for a in answers} == {200} and "ratelimit" not in answers[0].headers


# --- guessing ----------------------------------------------------------------------------------------


def token_like(rng, known):
    id = rng.choice(known) if rng.random() < 0.5 else "".join(rng.choices("abcdefghijklmnopqrstuvwxyz234567", k=16))
    text = f"lsn_{id}_{base64.urlsafe_b64encode(rng.randbytes(32)).decode().rstrip('=')}"
    return f"{text}_{zlib.crc32(text.encode()):08x}"


def guess_head(rng, known):
    kind = rng.random()
    if kind < 0.6:
        return f"Authorization: Bearer {token_like(rng, known)}"
    if kind < 0.7:
        return f"Authorization: Bearer {token_like(rng, known)[:-1]}0"
    return f"Cookie: __Host-liaison={base64.urlsafe_b64encode(rng.randbytes(32)).decode().rstrip('=')}"


def guess(site, n, seed, known, out):
    """Pipelined, 100 at a time, a connection for each 900."""
    rng = random.Random(seed)
    done = 0
    while done < n:
        with socket.create_connection(("127.0.0.1", site.ports[0]), timeout=60) as s, s.makefile("rb") as stream:
            for _ in range(9):
                batch = min(100, n - done)
                s.sendall("".join(f"GET /v1/requests HTTP/1.1\r\nHost: x\r\n{guess_head(rng, known)}\r\n\r\n"
                                  for _ in range(batch)).encode())
                for _ in range(batch):
                    status = int(stream.readline().split()[1])
                    length = 0
                    while (line := stream.readline().strip()):
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    stream.read(length)
                    out[status] = out.get(status, 0) + 1
                done += batch


def test_guesses(make_site):
    site = make_site(workers=0, env={"LIAISON_FAILURES_PER_MINUTE": "10"})
    known = [t.split("_")[1] for t in site.tokens.values()]
    seen, honest, stop = {}, [], threading.Event()

    def work():
        with site.client("country:KEN") as client:
            while not stop.is_set():
                begin = time.monotonic()
                honest.append((client("GET", "/v1/themes").status, time.monotonic() - begin))
                time.sleep(0.02)

    worker = threading.Thread(target=work)
    worker.start()
    begin = time.monotonic()
    guess(site, GUESSES, 6, known, seen)
    took = time.monotonic() - begin
    fresh = wait_until(lambda: site.api("secretariat:ramsar", "GET", "/v1/inbox").status == 200, 5, "a newcomer")
    stop.set()
    worker.join()
    assert set(seen) == {401, 429} and sum(seen.values()) == GUESSES, seen
    assert seen[401] <= 10 + took / 6 + 1, "ten a minute"
    assert {status for status, _ in honest} == {200}, "others at the same address go on"
    assert fresh, "a right token is served though others were wrong"
    writes = int(site.redis("GET", "lia:{sys}:failed:127.0.0.1") or 0)
    assert writes <= 10 + took / 6 + 1
    metrics = site.api(None, "GET", "/metrics").body.decode()
    counted = re.search(r'liaison_auth_failures_total\{answer="429"\} (\d+)', metrics)
    assert int(counted[1]) >= seen[429]
    slow = sorted(s for _, s in honest)[-1]
    print(f"{GUESSES} guesses in {took:.1f} s, {seen}; honest: {len(honest)} served, slowest {slow * 1000:.0f} ms")
    import harness
    harness.FIGURES.append(f"guesses: {GUESSES} in {took:.1f} s, {seen}; honest {len(honest)} of {len(honest)} "
                           f"served, slowest {slow * 1000:.0f} ms")


def test_a_second_daemon_knows_of_failures(make_site):
    site = make_site(workers=0, daemons=2, env={"LIAISON_FAILURES_PER_MINUTE": "10"})
    bad = {"Authorization": "Bearer nonsense"}
    first = [site.api(None, "GET", "/v1/themes", headers=bad).status for _ in range(12)]
    assert first == [401] * 10 + [429] * 2
    there = lambda: site.api(None, "GET", "/v1/themes", headers=bad, port=site.ports[1]).status
    assert there() == 401
    wait_until(lambda: int(site.redis("GET", "lia:{sys}:failed:127.0.0.1")) == 11, 5, "the second one has told")
    assert there() == 429, "after one failure there, not ten"
    over = site.api(None, "GET", "/v1/themes", headers=bad, port=site.ports[1])
    assert over.doc["violated-policies"] == ["sign-in"] and 1 <= int(over.headers["retry-after"]) <= 60
    assert site.api(None, "GET", "/v1/themes").status == 401, "no credential is no guess"
    assert site.api("operator", "GET", "/v1/themes", port=site.ports[1]).status == 200
