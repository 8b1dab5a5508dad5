"""Many requests in one body: each line by itself, answered in order, stored once."""
import json
import socket

import pytest

from harness import key, name, wait_until, wetland


def draft(country="KEN", **members):
    return {"country": country, "language": "en", **wetland(name()), **members}


def lines_of(*docs):
    return b"\n".join(doc if isinstance(doc, bytes) else json.dumps(doc).encode() for doc in docs)


def bulk(site, who, body, headers=None, query=""):
    answer = site.api(who, "POST", "/v1/requests:bulk" + query, body,
                      {"Content-Type": "application/x-ndjson", **(headers or {})}, timeout=60)
    if "ndjson" not in answer.headers.get("content-type", ""):
        return answer, None, None
    told = [json.loads(line) for line in answer.body.decode().splitlines()]
    return answer, told[:-1], told[-1]["summary"]


def test_each_line_is_answered_in_order(site):
    docs = [draft(), draft(title="short"), draft("UGA"), b"{not json", draft(colour="red"), draft()]
    answer, told, summary = bulk(site, "country:KEN", lines_of(*docs))
    assert answer.status == 200
    assert [t["line"] for t in told] == [1, 2, 3, 4, 5, 6]
    assert [t["status"] for t in told] == [201, 422, 422, 400, 422, 201]
    assert summary == {"ok": 2, "failed": 4}
    assert told[1]["problem"]["errors"][0]["pointer"] == "#/title"
    assert told[2]["problem"]["errors"][0]["code"] == "foreign_country"
    first = site.get("country:KEN", told[0]["id"])
    assert (first["reference"], first["title"]) == (told[0]["reference"], docs[0]["title"])


def test_ends_of_lines_are_as_people_write_them(site):
    body = b"\r\n" + lines_of(draft()) + b"\r\n  \n" + lines_of(draft())
    _, told, summary = bulk(site, "country:KEN", body)
    assert [t["status"] for t in told] == [204, 201, 204, 201] and summary == {"ok": 2, "failed": 0}
    _, told, summary = bulk(site, "country:KEN", b"")
    assert told == [] and summary == {"ok": 0, "failed": 0}


def test_a_body_sent_again_stores_nothing_twice(site):
    docs = [draft() for _ in range(40)]
    mine = {"Idempotency-Key": key()}
    _, first, _ = bulk(site, "country:KEN", lines_of(*docs), mine)
    _, again, summary = bulk(site, "country:KEN", lines_of(*docs), mine)
    assert [t["id"] for t in again] == [t["id"] for t in first] and summary["ok"] == 40
    assert all(t["replayed"] for t in again)
    docs[3]["title"] += " changed"
    _, told, _ = bulk(site, "country:KEN", lines_of(*docs), mine)
    assert told[3]["status"] == 422 and told[3]["problem"]["type"].endswith("idempotency-key-reused")
    own = key()
    one = [draft(idempotency_key=own), draft()]
    _, a, _ = bulk(site, "country:KEN", lines_of(*one))
    _, b, _ = bulk(site, "country:KEN", lines_of(*one[::-1]))
    assert a[0]["id"] == b[1]["id"] and a[1]["id"] != b[0]["id"]
    _, told, _ = bulk(site, "country:KEN", lines_of(draft(idempotency_key="two words"), draft(idempotency_key=7)))
    assert [t["status"] for t in told] == [400, 400]


def test_the_desk_sends_for_any_country(site):
    _, told, _ = bulk(site, "coordinator", lines_of(*(draft(c) for c in ("KEN", "UGA", "XXX")), {"title": "x"}))
    assert [t["status"] for t in told] == [201, 201, 422, 422]
    assert site.get("country:UGA", told[1]["id"])["country"] == "UGA"
    assert site.history("country:UGA", told[1]["id"])[0]["actor"] == "coordinator"
    assert bulk(site, "secretariat:ramsar", lines_of(draft()))[0].status == 403


def test_what_is_too_large_is_said_where_it_is(site):
    _, told, summary = bulk(site, "country:KEN", lines_of(draft(), draft(description="x" * 300000), draft()))
    assert [t["status"] for t in told] == [201, 413, 201]
    _, told, summary = bulk(site, "country:KEN", b"{}\n" * 1500)
    assert len(told) == 1001 and told[-1]["status"] == 413 and summary == {"ok": 0, "failed": 1001}
    answer, _, _ = bulk(site, "country:KEN", b" " * (8 << 20) + b"x")
    assert answer.status == 413 and "8388608" in answer.doc["detail"]
    answer, _, _ = bulk(site, "country:KEN", b"{}", {"Content-Type": "application/json"})
    assert answer.status == 415 and "x-ndjson" in answer.doc["detail"]


def test_all_or_nothing(site):
    good = [draft(title=f"All or nothing {name()} {n}") for n in range(50)]
    answer, told, summary = bulk(site, "country:KEN", lines_of(*good, {}), query="?atomic=true")
    assert answer.status == 422 and summary == {"ok": 0, "failed": 1}
    assert [t["status"] for t in told] == [200] * 50 + [422]
    listed = site.api("country:KEN", "GET", "/v1/requests?q=All%20or%20nothing").doc["items"]
    assert listed == []
    answer, told, summary = bulk(site, "country:KEN", lines_of(*good), query="?atomic=true")
    assert answer.status == 200 and summary == {"ok": 50, "failed": 0}
    assert [site.get("country:KEN", t["id"])["title"] for t in told] == [d["title"] for d in good]
    assert bulk(site, "country:KEN", b"", query="?atomic=yes")[0].status == 400


def test_a_request_to_join_is_looked_up(site):
    first = site.routed("KEN", **wetland(name()))
    _, told, _ = bulk(site, "country:KEN", lines_of(draft(join=first["reference"]), draft(join="LN-2026-KEN-9999"),
                                                    draft(join="nonsense"), draft()))
    assert [t["status"] for t in told] == [201, 422, 422, 201]
    assert told[1]["problem"]["errors"][0]["code"] == "unknown_request"


@pytest.mark.parametrize("end", ["close", "half"])
def test_a_client_that_leaves_takes_nothing_with_it(site, end):
    """What came is stored; the next ones are served."""
    mark = f"Leaving {name()}"
    body = lines_of(*(draft(title=f"{mark} {n}") for n in range(10))) + b"\n"
    head = (f"POST /v1/requests:bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.tokens['country:KEN']}\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body) + 1000}\r\n\r\n")
    for _ in range(6):  # more than are served at a time
        with socket.create_connection(("127.0.0.1", site.ports[0])) as s:
            s.sendall(head.encode() + body)
            wait_until(lambda: site.api("country:KEN", "GET", f"/v1/requests?q={mark.replace(' ', '%20')}").doc["items"])
            if end == "half":
                s.shutdown(socket.SHUT_WR)
                assert s.recv(1) == b""
    answer, told, summary = bulk(site, "country:KEN", lines_of(draft()))
    assert summary == {"ok": 1, "failed": 0}, answer
