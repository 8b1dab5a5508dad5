"""What happens to requests reaches those who may see it, once, in order, whoever restarts."""
import asyncio
import collections
import contextlib
import json
import os
import re
import signal
import socket as pysocket
import subprocess
import threading
import time

import pytest

from harness import BIN, FIGURES, PARTITIONS, key, name, nonsense, partition_key, wait_until, wetland
from sse import Reader, listen, until


def reader(site, who, query="", **more):
    return Reader(lambda: site.ports[0], site.tokens[who], query, **more)


def seen(r, id):
    return [data["type"] for data in r.named() if data.get("id") == id]


async def call(function, *args, **more):
    return await asyncio.get_running_loop().run_in_executor(None, lambda: function(*args, **more))


@pytest.fixture(scope="module", autouse=True)
def silent(site):
    """Two streams on which nothing happens while the others are tested: of a country without
    requests, and of a token that is revoked at once."""
    made = site.cli("token", "issue", "--role", "country", "--of", "NOR", "--label", "stream").stdout.split()
    token = next(word for word in made if word.startswith("lsn_"))
    readers = reader(site, "country:SWE"), Reader(site.ports[0], token)
    loop = asyncio.new_event_loop()

    async def work():
        await call(site.cli, "token", "revoke", token.split("_")[1])
        await asyncio.sleep(3600)

    task = loop.create_task(listen(readers, work()))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield readers
    loop.call_soon_threadsafe(task.cancel)
    wait_until(task.done, 10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_each_reader_hears_of_what_it_may_see(site):
    whos = ["country:KEN", "country:UGA", "secretariat:ramsar", "secretariat:iwc", "coordinator", "operator"]
    readers = {who: reader(site, who) for who in whos}

    async def work():
        open_one = await call(site.routed, "KEN", disclosure="open", **wetland(name()))
        narrow = await call(site.routed, "KEN", disclosure="restricted", **wetland(name()))
        claim = await call(site.act, "secretariat:ramsar", narrow["id"], "claim")
        assert claim.status == 201, claim
        await until(lambda: seen(readers["country:KEN"], narrow["id"])[-1:] == ["request.claimed"])
        await until(lambda: seen(readers["coordinator"], narrow["id"])[-1:] == ["request.claimed"])
        return open_one, narrow

    open_one, narrow = asyncio.run(listen(readers.values(), work()))
    whole = ["request.submitted", "request.offered", "request.claimed"]
    assert seen(readers["country:KEN"], narrow["id"]) == whole
    assert seen(readers["coordinator"], narrow["id"]) == whole
    assert seen(readers["secretariat:ramsar"], narrow["id"]) == whole[1:]
    assert seen(readers["secretariat:iwc"], narrow["id"]) == []
    assert seen(readers["secretariat:iwc"], open_one["id"]) == ["request.offered"]
    for foreign in ("country:UGA", "operator"):
        assert readers[foreign].events == [] and readers[foreign].is_placed
    data = readers["country:KEN"].named("request.claimed")[-1]
    assert data == {"type": "request.claimed", "id": narrow["id"], "reference": narrow["reference"], "country": "KEN",
                    "from": "offered", "to": "claimed", "version": 3, "at": data["at"],
                    "actor": "secretariat:ramsar"}


def test_the_stream_is_one_for_browsers_and_fronts(site):
    r = reader(site, "country:KEN")

    async def work():
        pass

    asyncio.run(listen([r], work()))
    assert r.status == 200 and r.head["content-type"] == "text/event-stream"
    assert r.head["cache-control"] == "no-store" and r.head["x-accel-buffering"] == "no"
    assert "content-length" not in r.head and r.retry == 5000
    head = site.api("country:KEN", "HEAD", "/v1/events")
    assert head.status == 200 and head.headers["content-type"] == "text/event-stream"
    assert site.api(None, "GET", "/v1/events").status == 401


def test_topics_narrow_the_stream(site):
    r = reader(site, "country:KEN", "?topics=request.withdrawn,request.offered")

    async def work():
        doc = await call(site.routed, "KEN", **wetland(name()))
        await call(site.act, "country:KEN", doc["id"], "withdraw")
        await until(lambda: len(seen(r, doc["id"])) == 2)
        return doc

    doc = asyncio.run(listen([r], work()))
    assert seen(r, doc["id"]) == ["request.offered", "request.withdrawn"]
    answer = site.api("country:KEN", "GET", "/v1/events?topics=request.eaten")
    assert answer.status == 400 and answer.faults() == {("?topics", "unknown_word")}


def read_from(site, who, id, until_events, query="", seconds=10):
    r = reader(site, who, query, last_id=id)

    async def work():
        await until(lambda: until_events(r), seconds, "the missed events")

    asyncio.run(listen([r], work()))
    return r


def test_reading_goes_on_behind_the_last_id(site):
    r = reader(site, "secretariat:ramsar")

    async def work():
        docs = [await call(site.routed, "KEN", **wetland(name())) for _ in range(3)]
        await until(lambda: all(seen(r, d["id"]) for d in docs))
        return docs

    docs = asyncio.run(listen([r], work()))
    mine = [(id, data["id"]) for id, _, data in r.events if data["id"] in {d["id"] for d in docs}]
    order = [id for _, id in mine]
    for n, (position, _) in enumerate(mine):
        again = read_from(site, "secretariat:ramsar", position,
                          lambda r: r.is_placed and all(seen(r, id) for id in order[n + 1:]))
        assert [d["id"] for d in again.named() if d["id"] in order] == order[n + 1:], n
    named = read_from(site, "secretariat:ramsar", None, lambda r: seen(r, order[2]),
                      f"?last_event_id={mine[1][0]}")
    assert [d["id"] for d in named.named() if d["id"] in order] == order[2:]


@pytest.mark.parametrize("bad", ["nonsense", "1795456800123-0", "A" * 275, "x" * 4000])
def test_a_position_that_is_none_of_ours_gives_one_reset(site, bad):
    r = read_from(site, "country:KEN", bad, lambda r: r.events)
    assert [event for _, event, _ in r.events] == ["reset"]
    assert r.is_placed and r.last_id != bad


def test_a_position_that_is_no_longer_kept_gives_a_reset(make_site):
    site = make_site(workers=1)
    polled = site.api("country:KEN", "GET", "/v1/events?limit=1").doc["next"].split("after=")[1].split("&")[0]
    first = site.routed("KEN", **wetland(name()))
    second = site.routed("KEN", **wetland(name()))
    stream = partition_key(first["id"], "events")
    site.daemons[0].signal(signal.SIGTERM)
    wait_until(lambda: not site.daemons[0].is_running(), 10)
    site.revive()
    r = read_from(site, "country:KEN", polled, lambda r: seen(r, second["id"])[1:])
    assert seen(r, first["id"]) == seen(r, second["id"]) == ["request.submitted", "request.offered"]
    at_end = r.last_id
    site.redis("XTRIM", stream, "MAXLEN", 2)
    r = read_from(site, "country:KEN", polled, lambda r: r.events)
    assert [event for _, event, _ in r.events] == ["reset"]
    polled_doc = site.api("country:KEN", "GET", f"/v1/events?after={polled}").doc
    assert polled_doc["reset"] is True and polled_doc["items"] == []
    r = read_from(site, "country:KEN", at_end, lambda r: r.is_placed)
    assert r.events == []


def poll(site, who, after=None, limit=200, query=""):
    """All that is there: (items, next path)."""
    path = f"/v1/events?limit={limit}{query}" + (f"&after={after}" if after else "")
    items = []
    while True:
        answer = site.api(who, "GET", path)
        assert answer.status == 200, answer
        items += answer.doc["items"]
        path = answer.doc["next"]
        if not answer.doc["more"]:
            return items, path.split("after=")[1].split("&")[0]


def test_polling_tells_the_same(site):
    _, begin = poll(site, "secretariat:ramsar")
    r = reader(site, "secretariat:ramsar", last_id=begin)

    async def work():
        docs = [await call(site.routed, c, **wetland(name())) for c in ("KEN", "UGA", "TCD")]
        for d in docs:
            assert (await call(site.act, "secretariat:ramsar", d["id"], "claim")).status == 201
        await until(lambda: all("request.claimed" in seen(r, d["id"]) for d in docs))

    asyncio.run(listen([r], work()))
    told = r.named()
    for limit in (200, 2, 1):
        items, _ = poll(site, "secretariat:ramsar", begin, limit)
        without = [{k: v for k, v in i.items() if k != "position"} for i in items]
        assert sorted(without, key=str) == sorted(told, key=str), limit
        by_request = collections.defaultdict(list)
        for i in without:
            by_request[i["id"]].append(i["version"])
        assert all(v == sorted(v) for v in by_request.values())
    items, _ = poll(site, "secretariat:ramsar", begin, 2)
    rest, _ = poll(site, "secretariat:ramsar", items[2]["position"])
    assert [i["id"] for i in rest] == [i["id"] for i in items[3:]]
    assert site.api("secretariat:ramsar", "GET", "/v1/events?limit=201").status == 400
    assert site.api("secretariat:ramsar", "GET", "/v1/events?after=zzz").doc["reset"] is True


def test_too_many_streams_are_told_to_come_later(make_site):
    site = make_site(workers=0, env={"LIAISON_EVENT_STREAMS": "2"})
    readers = [reader(site, "country:KEN") for _ in range(2)]

    async def work():
        return await call(site.api, "country:KEN", "GET", "/v1/events")

    answer = asyncio.run(listen(readers, work()))
    assert (answer.status, answer.type) == (503, "unavailable") and "retry-after" in answer.headers
    wait_until(lambda: "liaison_sse_clients 0" in site.api(None, "GET", "/metrics").body.decode(), 5)


def stream_lines(site):
    """Every entry of the event streams, by partition, as Redis has them."""
    for p in range(PARTITIONS):
        for _, fields in site.redis("XRANGE", partition_key(p, "events"), "-", "+"):
            yield {fields[i].decode(): fields[i + 1].decode() for i in range(0, len(fields), 2)}


COUNTRIES = "KEN UGA TCD TZA ETH GHA SEN MLI NER BEN TGO CMR GAB AGO ZMB MWI MOZ NAM BWA RWA".split()
SECRETARIATS = "whc cbd cites cms ramsar ippc itpgrfa iwc".split()


@pytest.mark.parametrize("end, part", [(signal.SIGKILL, 1), (signal.SIGTERM, 5)])
def test_a_thousand_readers_miss_nothing_over_a_restart(make_site, end, part):
    """Each event reaches each reader that may see it, once, in order. part: one in so many of the thousand."""
    requests_n = int(os.environ.get("LIAISON_SSE_REQUESTS", "40"))
    site = make_site(workers=1)
    whos = [f"country:{c}" for c in COUNTRIES] * 29 + [f"secretariat:{s}" for s in SECRETARIATS] * 45
    whos += ["coordinator"] * 60
    readers = [(who, reader(site, who)) for who in whos[::part]]
    assert len(readers) == 1000 // part
    ids = []

    def submit(n):
        words = nonsense() if n % 7 == 3 else wetland(f"{name()} {n}")
        disclosure = ("open", "routed", "restricted")[n % 3]
        answer = site.submit(COUNTRIES[n % len(COUNTRIES)], {"Idempotency-Key": key()}, disclosure=disclosure, **words)
        assert answer.status == 201, answer
        ids.append(answer.doc["id"])
        return answer.doc

    def act(id):
        """The lead claims, if there is one; the country has second thoughts now and then."""
        for _ in range(200):
            doc = site.get("coordinator", id)
            if doc["state"] != "submitted":
                break
            time.sleep(0.05)
        lead = [o["secretariat"] for o in doc["offers"] if o["role"] == "lead"]
        if lead:
            assert site.act(f"secretariat:{lead[0]}", id, "claim").status == 201
        if int(id[-2], 16) % 3 == 0:
            assert site.act(f"country:{doc['country']}", id, "withdraw").status == 200

    async def work():
        docs = [await call(submit, n) for n in range(requests_n // 2)]
        for d in docs[::2]:
            await call(act, d["id"])
        site.daemons[0].signal(end)  # while events are on their way
        await call(wait_until, lambda: not site.daemons[0].is_running(), 20)
        await call(site.revive)
        docs += [await call(submit, n) for n in range(requests_n // 2, requests_n)]
        for d in docs[1::2]:
            await call(act, d["id"])
        await call(wait_until, lambda: all(site.get("coordinator", id)["state"] != "submitted" for id in ids), 30)
        want = await call(expected)
        await until(lambda: all(len(r.events) >= len(want[who]) for who, r in readers), 60, "all events")
        return want

    def expected():
        """Who may see what, asked over the API; what happened, from the store."""
        lines = list(stream_lines(site))
        want = {}
        for who in set(whos):
            shown = {id for id in ids if site.api(who, "GET", f"/v1/requests/{id}").status == 200}
            want[who] = [(x["id"], int(x["version"])) for x in lines if x["id"] in shown
                         and not (x["to"] == "submitted" and who.startswith("secretariat"))]
        return want

    want = asyncio.run(listen([r for _, r in readers], work(), 60))
    for who, r in readers:
        assert not r.named("reset"), who
        got = [(d["id"], d["version"]) for d in r.named()]
        by_partition = collections.defaultdict(list)
        for id, version in got:
            by_partition[id[-1]].append((id, version))
        flat = [x for p in sorted(by_partition) for x in by_partition[p]]
        assert flat == sorted(want[who], key=lambda x: x[0][-1]), who
        assert r.connects >= 2
    told = sum(len(r.events) for _, r in readers)
    assert told > 5 * len(readers)
    FIGURES.append(f"events: {len(readers)} readers, {told} events, each once, over a {end.name}")


def test_a_silent_stream_beats_and_ends_with_its_token(silent):
    quiet, revoked = silent
    wait_until(lambda: quiet.beats and revoked.status == 401, 30, "a heartbeat, and no stream for a revoked token")
    assert quiet.connects == 1 and revoked.connects == 2 and not quiet.events


def test_watch_goes_on_over_a_restart(site):
    """liaison watch, on a daemon of its own that is killed meanwhile."""
    socket = site.folder / "watch.sock"
    listen_there = {"LIAISON_LISTEN": f"unix:{socket}"}
    token = site.folder / "watch.token"
    token.touch(0o600)
    token.write_text(site.tokens["country:LSO"])
    daemon = site.start_daemon(wait=False, env=listen_there)
    daemon.port()
    argv = [BIN / "liaison", "watch", "--json", "--server", f"unix:{socket}", "--token-file", token]
    out = open(site.folder / "watch.out", "w+")
    watch = subprocess.Popen(argv, env=site.env, stdout=out, stderr=subprocess.PIPE, text=True)
    try:
        def lines():
            return [json.loads(line) for line in (site.folder / "watch.out").read_text().splitlines()]

        wait_until(lambda: streams_of(site, socket), 10, "the stream is open")
        first = site.routed("LSO", **nonsense())
        wait_until(lambda: len(lines()) == 2, 10, "two events")
        daemon.kill()
        second = site.routed("LSO", **nonsense())
        site.processes.remove(daemon)
        site.daemons.remove(daemon)
        daemon = site.start_daemon(wait=False, env=listen_there)
        daemon.port()
        wait_until(lambda: len(lines()) == 4, 20, "the missed events")
        assert [x["id"] for x in lines()] == [first["id"]] * 2 + [second["id"]] * 2
        assert [x["type"] for x in lines()][2:] == ["request.submitted", "request.held"]
        assert watch.poll() is None
    finally:
        watch.kill()
        watch.stderr.close()
        daemon.kill()
        site.processes.remove(daemon)
        site.daemons.remove(daemon)


def streams_of(site, socket):
    """How many event streams the daemon at that socket has."""
    with contextlib.suppress(OSError):
        with pysocket.socket(pysocket.AF_UNIX) as s:
            s.connect(str(socket))
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        return int(re.search(r"^liaison_sse_clients (\d+)", text, re.M)[1])
    return 0
