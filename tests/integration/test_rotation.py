"""The master key changes while the service runs and its processes are killed: everything stays readable and findable,
the old key is not needed in the end; a wrong or a missing key lets nothing start.

LIAISON_ROTATION_KILLS  how many kill -9 during the change (default 20; the campaign: 50)"""
import http.client
import json
import os
import random
import struct
import threading
import time

import pytest

from harness import Client, wait_until, wetland

KILLS = int(os.environ.get("LIAISON_ROTATION_KILLS", 20))


def values(site):
    """(where, bytes) of everything in the store that has the form of a sealed value."""
    cursor = b"0"
    while True:
        cursor, keys = site.redis("SCAN", cursor, "COUNT", "500")
        for k in keys:
            kind = site.redis("TYPE", k)
            if kind == "hash":
                flat = site.redis("HGETALL", k)
                found = [(f"{k.decode()} {flat[i].decode(errors='replace')}", flat[i + 1]) for i in range(0, len(flat), 2)]
            elif kind == "list":
                found = [(k.decode(), v[36:] if b":decided:" in k else v) for v in site.redis("LRANGE", k, 0, -1)]
            else:
                continue
            yield from ((w, v) for w, v in found if len(v) >= 45 and v[:1] == b"\x01" and "keycheck" not in w)
        if cursor == b"0":
            return


def kids(site):
    counts = {}
    for _, value in values(site):
        kid = struct.unpack(">I", value[1:5])[0]
        counts[kid] = counts.get(kid, 0) + 1
    return counts


def restart(site, extra=()):
    for daemon in site.daemons:
        daemon.kill()
    for worker in site.workers.values():
        worker.kill()
    site.ports[0] = site.start_daemon(wait=False).port()
    for slot in list(site.workers):
        site.start_worker(slot)
    site.wait_workers(len(site.workers))
    wait_until(lambda: site.api(None, "GET", "/readyz").status == 200, 30, "ready")


def status(site):
    return json.loads(site.cli("keys", "status", "--json").stdout)


def clean(site, active):
    s = status(site)
    v = s["values"]
    return v and v["active"] == active and v["done"] and not any(v["left"].values()) and not v["unreadable"] and s


def send(site, token, n, keyed):
    doc = {"country": "KEN", "language": "en", "urgency": "routine", **wetland(f"Lake number {n}")}
    with Client(site.ports[0], token, timeout=10) as client:
        return doc, client("POST", "/v1/requests", doc, {"Idempotency-Key": f'"{keyed}"'})


def test_the_master_key_changes_under_load_and_kills(make_site):
    site = make_site(workers=1)
    token = site.tokens["country:KEN"]
    before = []
    for n in range(25):
        doc, answer = send(site, token, n, f"before-{n:08}")
        assert answer.status == 201, answer
        before.append((f"before-{n:08}", doc, answer.doc["id"]))
    png = b"%PDF-1.4\n" + os.urandom(70000)
    att = site.api("country:KEN", "POST", "/v1/attachments", png, {"Content-Type": "application/pdf"}).doc["id"]
    with_file = site.submit("KEN", attachments=[{"id": att, "name": "map.pdf"}], **wetland("Lake of the map"))
    assert with_file.status == 201, with_file
    hook = site.api("secretariat:ramsar", "POST", "/v1/webhooks", {"url": "https://93.184.216.34/h"}, {"Idempotency-Key": "hook-0000001"})
    assert hook.status in (200, 201), hook
    signed_in = site.api(None, "POST", "/v1/session", {"token": site.tokens["country:UGA"]})
    cookie, csrf = signed_in.headers["set-cookie"].split(";")[0], signed_in.doc["csrf_token"]
    page = site.api("country:KEN", "GET", "/v1/requests?limit=5").doc["next"]
    site.wait_state("country:KEN", with_file.doc["id"], "offered", "triage")
    history = site.history("country:KEN", before[0][2])
    assert set(kids(site)) == {1}

    assert site.cli("keys", "add").stdout.strip() == "2"
    restart(site)
    assert set(kids(site)) == {1} and site.api("country:KEN", "GET", f"/v1/requests/{before[0][2]}").status == 200
    site.cli("keys", "activate", "2")
    restart(site)

    # Under load, with kills of everything that has the keys.
    stop, sent, tried = threading.Event(), [], [0]

    def load():
        n = 1000
        while not stop.is_set():
            n += 1
            time.sleep(0.03)
            while not stop.is_set():
                try:
                    doc, answer = send(site, token, n, f"during-{n:08}")
                    if answer.status == 201:
                        sent.append((f"during-{n:08}", doc, answer.doc["id"]))
                        break
                    assert answer.status in (503, 500), answer
                except (OSError, http.client.HTTPException):
                    pass
                tried[0] += 1
                time.sleep(0.05)

    thread = threading.Thread(target=load)
    thread.start()
    rng = random.Random(24)
    try:
        for kill in range(KILLS):
            time.sleep(rng.uniform(0.05, 0.5))
            if kill % 4 == 3:
                site.daemons[-1].kill()
                site.ports[0] = site.start_daemon(wait=False).port()
            else:
                site.workers[1].kill()
                site.start_worker(1)
        wait_until(lambda: clean(site, 2), 60, "everything has the new key")
    finally:
        stop.set()
        thread.join(30)
    assert len(sent) >= 5
    counts = kids(site)
    assert set(counts) == {2}, counts
    assert wait_until(lambda: (status(site)["files"] or {}).get("active") == 2 and status(site)["files"]["left"] == 0,
                      30, "attachments, too")
    raw = next(site.folder.glob(f"attachments/KEN/kept/{att}")).read_bytes()
    assert raw[:5] == b"\x01\x00\x00\x00\x02"

    def all_is_there():
        for keyed, doc, id in before + sent:
            got = site.get("country:KEN", id)
            assert (got["title"], got["description"]) == (doc["title"], doc["description"]), id
        assert site.history("country:KEN", before[0][2])[:len(history)] == history
        file = site.api("country:KEN", "GET", f"/v1/requests/{with_file.doc['id']}/attachments/{att}")
        assert file.status == 200 and file.body == png
        assert site.api("secretariat:ramsar", "GET", f"/v1/webhooks/{hook.doc['id']}").doc["url"] == "https://93.184.216.34/h"

    all_is_there()
    # What is found by keyed names is found under both.
    for keyed, doc, id in before[:5] + sent[-3:]:
        with Client(site.ports[0], token) as client:
            again = client("POST", "/v1/requests", doc, {"Idempotency-Key": f'"{keyed}"'})
            assert again.status == 201 and again.doc["id"] == id and again.headers["idempotent-replayed"] == "true"
            other = client("POST", "/v1/requests", {**doc, "urgency": "priority"}, {"Idempotency-Key": f'"{keyed}"'})
            assert (other.status, other.type) == (422, "idempotency-key-reused")
    again = site.api("secretariat:ramsar", "POST", "/v1/webhooks", {"url": "https://93.184.216.34/h"}, {"Idempotency-Key": "hook-0000001"})
    assert again.doc["id"] == hook.doc["id"] and again.doc["secret"] == hook.doc["secret"]
    browser = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{site.ports[0]}", "X-CSRF-Token": csrf}
    assert site.api(None, "GET", "/v1/session", headers=browser).doc["who"] == "country:UGA"
    assert site.api(None, "POST", "/v1/requests", {}, browser).status == 422, "a page from before may act"
    assert site.api("country:KEN", "GET", page).status == 200
    twin = site.routed("KEN", **{k: v for k, v in before[0][1].items() if k != "country"})
    assert before[0][2] in {d["id"] for d in twin["duplicates"] if d["verdict"] == "certain"}, "fingerprints, too"
    assert site.redis("HGET", f"lia:{{sys}}:token:{token.split('_')[1]}", "kid") == b"2", "used, so hashed anew"

    metrics = site.api(None, "GET", "/metrics").body.decode()
    assert "liaison_sealed_files_left 0" in metrics
    stays = site.cli("keys", "remove", "1", check=False)
    assert stays.returncode != 0 and "stays" in stays.stderr
    assert site.cli("keys", "remove", "2", "--force", check=False).returncode == 2, "never the active one"
    site.cli("keys", "remove", "1", "--force")
    assert (site.folder / "keys").read_text().startswith("2 active ")
    restart(site)
    all_is_there()
    with Client(site.ports[0], token) as client:
        assert client("GET", "/v1/session").status == 200


@pytest.mark.parametrize("change, says", [
    (lambda text: text.replace("1 active", "7 active"), "missing"),
    (lambda text: "1 active " + "ab" * 32 + "\n", "not the one"),
    (lambda text: "", "no active key"), (None, "cannot open")], ids=["other number", "other key", "empty", "absent"])
def test_a_wrong_or_missing_key_lets_nothing_start(make_site, change, says):
    site = make_site(workers=1)
    id = site.submit("KEN", **wetland()).doc["id"]
    path = site.folder / "keys"
    right = path.read_text()
    site.daemons[0].kill()
    site.workers[1].kill()
    if change:
        path.write_text(change(right))
    else:
        path.unlink()
    before = site.redis("DBSIZE")
    daemon = site.start_daemon(wait=False)
    worker = site.start_worker(1)
    assert daemon.wait(30) == 78 and says in daemon.text(), daemon.text()
    assert worker.wait(30) == 78 and says in worker.text(), worker.text()
    assert site.redis("DBSIZE") == before
    path.write_text(right)
    path.chmod(0o600)
    site.ports[0] = site.start_daemon().port()
    wait_until(lambda: site.api("country:KEN", "GET", f"/v1/requests/{id}").status == 200, 20, "the right one opens")
