"""Old events leave the streams, and nobody who still needs one notices."""
import asyncio

import pytest

from harness import PARTITIONS, name, partition_key, wait_until, wetland
from sse import Reader, listen, until
from timed import DAY, TimedSite

STREAMS = [partition_key(p, "events") for p in range(PARTITIONS)] + ["lia:{sys}:events"]


@pytest.fixture(scope="module")
def aged():
    env = {"LIAISON_RECONCILE_MS": "340", "LIAISON_CHECKPOINT_S": "1", "LIAISON_EVENT_DAYS": "2"}
    with TimedSite(workers=1, env=env) as site:
        site.env["LIAISON_AUDIT_KEY"] = str(site.folder / "audit-key")
        site.key = site.cli("keys", "audit", "liaison.example/audit", site.folder / "audit-key").stdout.strip()
        yield site


def entries(site, id):
    return [entry.decode() for entry, _ in site.redis("XRANGE", partition_key(id, "events"), "-", "+")]


def rounds(site):
    """Every stream is looked at once more, and again."""
    before = site.redis.text("INFO", "commandstats").split("cmdstat_fcall:calls=")[1].split(",")[0]

    def more():
        now = site.redis.text("INFO", "commandstats").split("cmdstat_fcall:calls=")[1].split(",")[0]
        return int(now) > int(before) + 3 * len(STREAMS)

    wait_until(more, 20, "some rounds")


def position(site, who):
    """The id of a reader that has heard everything until now."""
    r = Reader(site.ports[0], site.tokens[who])

    async def work():
        await until(lambda: r.is_placed)

    asyncio.run(listen([r], work()))
    return r.last_id


def hear(site, who, last_id, n):
    r = Reader(site.ports[0], site.tokens[who], last_id=last_id)

    async def work():
        await until(lambda: len(r.events) >= n and r.is_placed)

    asyncio.run(listen([r], work()))
    return [(event, data.get("id")) for _, event, data in r.events]


def test_old_events_go_when_nobody_needs_them(aged):
    deliver = aged.start_role("1", "deliver")  # a reader as group
    begin = position(aged, "country:KEN")
    old = aged.routed("KEN", **wetland(name()))
    assert aged.act("country:KEN", old["id"], "withdraw").status == 200  # so no clock adds to its story
    wait_until(lambda: [g for g in aged.redis("XINFO", "GROUPS", partition_key(old["id"], "events"))
                        if b"deliver" in g and g[g.index(b"lag") + 1] == g[g.index(b"pending") + 1] == 0], 20, "deliver has had them")
    deliver.kill()
    middle = position(aged, "country:KEN")
    told = entries(aged, old["id"])
    aged.jump(3 * DAY)
    young = aged.routed("KEN", **wetland(name()))
    assert old["id"][-1] == young["id"][-1], "of one country, so in one stream"
    rounds(aged)
    assert entries(aged, old["id"])[:3] == told, "not in the audit log yet: all stays"

    aged.start_role("2", "audit")
    wait_until(lambda: aged.redis("GET", partition_key(old["id"], "audited")), 20, "signed")
    wait_until(lambda: entries(aged, old["id"])[0] not in told, 10, "the old ones go")
    kept = entries(aged, old["id"])
    assert len(kept) == 2 and not set(kept) & set(told), "the young ones stay"
    wait_until(lambda: aged.redis("XLEN", "lia:{sys}:events") == 0, 10, "those of tokens go, too")

    aged.daemons[0].kill()  # what a daemon remembers does not help
    aged.revive()
    assert hear(aged, "country:KEN", begin, 1) == [("reset", None)]
    assert hear(aged, "country:KEN", middle, 2) == [("request.submitted", young["id"]), ("request.offered", young["id"])]
    after = aged.api("country:KEN", "GET", f"/v1/events?after={begin}").doc
    assert after["reset"] is True and after["items"] == []
    assert [x["action"] for x in aged.history("country:KEN", old["id"])] == ["submit", "offer", "withdraw"], \
        "a history is no stream"


def test_what_a_group_has_not_had_or_not_let_go_stays(aged):
    doc = aged.routed("UGA", **wetland(name()))
    stream = partition_key(doc["id"], "events")
    assert doc["state"] == "offered" and aged.act("country:UGA", doc["id"], "withdraw").status == 200
    aged.redis("XGROUP", "CREATE", stream, "slow", "0")
    first, second, third = (entry for entry, _ in aged.redis("XRANGE", stream, "-", "+"))
    wait_until(lambda: aged.redis("GET", stream[:-6] + "audited") == third, 20, "signed")
    aged.redis("XGROUP", "SETID", stream, "deliver", "$")  # as if it had had them
    aged.jump(3 * DAY)
    rounds(aged)
    assert aged.redis("XLEN", stream) == 3, "not read by the group"
    aged.redis("XREADGROUP", "GROUP", "slow", "one", "STREAMS", stream, ">")
    rounds(aged)
    assert aged.redis("XLEN", stream) == 3, "read, and not done with"
    aged.redis("XACK", stream, "slow", first, third)
    wait_until(lambda: aged.redis("XLEN", stream) == 2, 10, "the first one goes")
    rounds(aged)
    assert [e for e, _ in aged.redis("XRANGE", stream, "-", "+")] == [second, third]
    aged.redis("XACK", stream, "slow", second)
    wait_until(lambda: aged.redis("XLEN", stream) == 0, 10, "and the others")
    groups = aged.redis("XINFO", "GROUPS", stream)
    assert all(g[g.index(b"lag") + 1] == 0 for g in groups), "what waits is still known"
