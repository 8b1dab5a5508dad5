"""Files of a request: in and out unchanged, for those who may read the request, and nobody else."""
import os
import signal
import socket
import subprocess
import threading
import time

from harness import FIGURES, name, wait_until, wetland
from timed import preloads

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + os.urandom(300000)


def upload(site, who, body, headers=None):
    return site.api(who, "POST", "/v1/attachments", body, {"Content-Type": "application/octet-stream", **(headers or {})},
                    timeout=60)


def fetch(site, who, id, file, method="GET"):
    return site.api(who, method, f"/v1/requests/{id}/attachments/{file}", timeout=60)


def folder(site, *parts):
    return sorted(p.name for p in site.folder.joinpath("attachments", *parts).iterdir())


def test_a_file_goes_in_and_out_with_its_request(site):
    sent = upload(site, "country:KEN", PDF)
    assert sent.status == 201 and sent.doc == {"id": sent.doc["id"], "type": "application/pdf", "bytes": len(PDF)}
    file = sent.doc["id"]
    assert upload(site, "country:KEN", PDF).doc["id"] == file
    assert upload(site, "country:UGA", PDF).doc["id"] != file
    stored = (site.folder / "attachments/KEN/new" / file).read_bytes()
    assert PDF[20:60] not in stored and len(stored) > len(PDF)
    mine = [{"id": file, "name": 'Map "é"\u202e.pdf'}]
    doc = site.routed("KEN", attachments=mine, disclosure="restricted", **wetland(name()))
    site.act("secretariat:ramsar", doc["id"], "claim")
    assert site.get("country:KEN", doc["id"])["attachments"] == mine
    assert folder(site, "KEN", "kept") == [file] and file not in folder(site, "KEN", "new")
    for who in ("country:KEN", "secretariat:ramsar"):
        got = fetch(site, who, doc["id"], file)
        assert got.status == 200 and got.body == PDF, who
        assert got.headers["content-type"] == "application/pdf" and got.headers["content-length"] == str(len(PDF))
        assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''Map%20%22%C3%A9%22%E2%80%AE.pdf"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-security-policy"].startswith("sandbox")
        assert fetch(site, who, doc["id"], file, "HEAD").body == b""
    for who in ("country:UGA", "secretariat:iwc", "coordinator"):  # the desk sees the header alone
        assert fetch(site, who, doc["id"], file).status == 404, who
    assert fetch(site, "country:KEN", doc["id"], "att_" + "0" * 32).status == 404
    other = site.routed("KEN", **wetland(name()))
    assert fetch(site, "country:KEN", other["id"], file).status == 404  # it does not refer to it


def test_what_is_not_a_file_of_ours_is_refused(site):
    bad = upload(site, "country:KEN", b"<html><script>alert(1)</script></html>", {"Accept-Language": "es"})
    assert (bad.status, bad.type) == (415, "unsupported-media-type") and "PDF" in bad.doc["detail"]
    assert upload(site, "country:KEN", b"").status == 415
    big = upload(site, "country:KEN", b"%PDF-1.7\n" + bytes(10 << 20))
    assert big.status == 413
    assert upload(site, "secretariat:ramsar", PDF).status == 403 and upload(site, None, PDF).status == 401
    foreign = upload(site, "country:UGA", b"plain words of Uganda\n" * 20).doc["id"]
    refused = site.submit("KEN", attachments=[{"id": foreign, "name": "a"}, {"id": "att_x" + "0" * 31, "name": "b"}])
    assert refused.status == 422
    assert refused.faults() == {("#/attachments/0/id", "unknown_attachment"), ("#/attachments/1/id", "unknown_attachment")}
    lie = [{"id": upload(site, "country:KEN", PDF).doc["id"], "name": "a.pdf", "bytes": len(PDF) + 1}]
    assert site.submit("KEN", attachments=lie).faults() == {("#/attachments/0/bytes", "out_of_range")}
    lie[0]["bytes"] -= 1
    told = site.submit("KEN", attachments=lie)
    assert told.status == 201 and site.get("country:KEN", told.doc["id"])["attachments"][0]["bytes"] == len(PDF)
    three = [upload(site, "country:GHA", b"%PDF-1.7\n" + bytes([n]) * (9 << 20)).doc["id"] for n in range(3)]
    many = site.submit("GHA", attachments=[{"id": id, "name": "x"} for id in three])
    assert many.status == 422 and many.faults() == {("#/attachments", "too_large")}
    assert site.submit("GHA", attachments=[{"id": id, "name": "x"} for id in three[:2]]).status == 201
    eleven = [{"id": three[0], "name": "x"}] * 11
    assert site.submit("GHA", attachments=eleven).status == 422


def half(site, n):
    return half_of(site.ports[0], site.tokens["country:MLI"], n)


def half_of(port, token, n):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall((f"POST /v1/attachments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
               f"Content-Length: {n}\r\n\r\n").encode() + b"%PDF-1.7\n" + os.urandom(n // 2))
    return s


def test_an_upload_that_breaks_off_leaves_nothing(make_site):
    site = make_site(workers=0, env={"LIAISON_ATTACHMENT_HOURS": "0"})
    s = half(site, 500000)
    wait_until(lambda: folder(site, "tmp"), 5)
    s.close()
    wait_until(lambda: not folder(site, "tmp"), 5)
    s = half(site, 500000)
    wait_until(lambda: [p for p in site.folder.joinpath("attachments/tmp").iterdir() if p.stat().st_size > 60000], 5)
    site.daemons[0].kill()
    s.close()
    assert folder(site, "MLI", "new") == folder(site, "MLI", "kept") == [] and len(folder(site, "tmp")) == 1
    whole = b"whole words of somebody\n" * 10
    long_ago = time.time() - 7200
    for path in site.folder.joinpath("attachments/tmp").iterdir():
        os.utime(path, (long_ago, long_ago))
    site.revive()
    wait_until(lambda: not folder(site, "tmp"), 5, "the broken one is swept at the start")
    assert upload(site, "country:MLI", whole).status == 201 and len(folder(site, "MLI", "new")) == 1
    site.daemons[0].kill()
    site.revive()
    wait_until(lambda: not folder(site, "MLI", "new"), 5, "without a request it is swept")


def resident_kb(process):
    return int(subprocess.run(["ps", "-o", "rss=", str(process.popen.pid)], capture_output=True, text=True).stdout)


def test_a_slow_reader_of_a_long_file_costs_little(make_site):
    site = make_site(workers=1, env={"ASAN_OPTIONS": "abort_on_error=0:exitcode=66:quarantine_size_mb=1"})
    file = upload(site, "country:KEN", b"%PDF-1.7\n" + os.urandom((10 << 20) - 9)).doc["id"]
    doc = site.routed("KEN", attachments=[{"id": file, "name": "long.pdf"}], **wetland(name()))
    before = resident_kb(site.daemons[0])
    readers = []
    for _ in range(20):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        s.connect(("127.0.0.1", site.ports[0]))
        s.sendall((f"GET /v1/requests/{doc['id']}/attachments/{file} HTTP/1.1\r\nHost: x\r\n"
                   f"Authorization: Bearer {site.tokens['country:KEN']}\r\n\r\n").encode())
        assert s.recv(12) == b"HTTP/1.1 200"
        readers.append(s)
    assert fetch(site, "country:KEN", doc["id"], file).status == 200
    assert resident_kb(site.daemons[0]) - before < 40000  # not twenty times ten mebibytes
    for s in readers:
        s.close()


def test_a_slow_disk_holds_up_only_who_waits_for_it(make_site):
    """A daemon whose every fsync takes a second: an upload waits, others do not; who leaves meanwhile leaves nothing."""
    site = make_site(workers=0)
    upload(site, "country:KEN", PDF)  # the folders of that country
    slow = site.start_daemon(env={"LD_PRELOAD": " ".join(preloads("libslow_sync.so")), "SLOW_SYNC_MS": "1000"})
    port, stalls, done = site.ports[-1], [], []
    sender = threading.Thread(target=lambda: done.append(site.api(
        "country:KEN", "POST", "/v1/attachments", b"%PDF-1.7\n" + os.urandom((10 << 20) - 9),
        {"Content-Type": "application/octet-stream"}, port=port, timeout=60)))
    began = time.monotonic()
    sender.start()
    with site.client(None, port) as client:
        while not done:
            at = time.monotonic()
            assert client("GET", "/livez").status == 200
            stalls.append(time.monotonic() - at)
    sender.join()
    took = time.monotonic() - began
    assert done[0].status == 201 and took > 2, "the file, then its folder"
    assert max(stalls) < 0.9, "shorter than one fsync"
    FIGURES.append(f"attachments: {took:.1f} s for 10 MiB on a disk with fsync of 1 s; others waited {max(stalls) * 1000:.0f} ms at most")

    before = set(folder(site, "KEN", "new"))
    s = half_of(port, site.tokens["country:KEN"], 100000)
    s.sendall(os.urandom(50000))
    wait_until(lambda: len(folder(site, "tmp")) == 1, 5)
    time.sleep(0.2)
    s.close()
    wait_until(lambda: folder(site, "tmp") == [], 10, "its file is settled or gone")
    assert len(set(folder(site, "KEN", "new")) - before) <= 1
    slow.signal(signal.SIGTERM)
    assert slow.wait() == 0
    site.processes.remove(slow)
    site.daemons.remove(slow)
    site.ports.pop()
