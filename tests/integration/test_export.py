"""All that a reader may see, as lines or as a table, however much it is."""
import csv
import io
import json
import socket
import subprocess

from harness import BIN, name, nonsense, wait_until, wetland
from test_bulk import bulk, draft, lines_of

NDJSON = {"Accept": "application/x-ndjson"}
CSV = {"Accept": "text/csv"}


def lines(site, who, query="", headers=NDJSON):
    answer = site.api(who, "GET", "/v1/requests" + query, headers=headers, timeout=60)
    assert answer.status == 200, answer
    told = [json.loads(line) for line in answer.body.decode().splitlines()]
    assert told[-1] == {"summary": {"lines": len(told) - 1}}
    return told[:-1]


def table(site, who, query=""):
    answer = site.api(who, "GET", "/v1/requests" + query, headers=CSV, timeout=60)
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/csv"), answer
    assert answer.headers["content-disposition"].startswith("attachment;")
    return list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))


def listed(site, who, query=""):
    path, items = "/v1/requests?limit=200" + query.replace("?", "&"), []
    while path:
        doc = site.api(who, "GET", path).doc
        items += doc["items"]
        path = doc["next"]
    return items


def test_the_whole_list_is_told(site):
    for n in range(3):
        _, told, summary = bulk(site, "country:BDI", lines_of(*(draft("BDI") for _ in range(25))))
        assert summary["failed"] == 0
    narrow = site.routed("BDI", disclosure="restricted", **wetland(name()))
    site.act("secretariat:ramsar", narrow["id"], "claim")
    wait_until(lambda: not listed(site, "country:BDI", "?state=submitted"), 30)
    for who in ("country:BDI", "secretariat:ramsar", "secretariat:iwc", "coordinator"):
        pages = [r["id"] for r in listed(site, who, "?country=BDI")]
        assert len(pages) >= 76 or who.startswith("secretariat")
        assert [r["id"] for r in lines(site, who, "?country=BDI")] == pages[::-1]
        rows = table(site, who, "?country=BDI&sort=-updated_at")
        assert [r["id"] for r in rows] == pages
    own = {r["id"]: r for r in lines(site, "country:BDI", "?state=claimed")}
    assert set(own) == {narrow["id"]} and own[narrow["id"]]["description"] == narrow["description"]
    assert own[narrow["id"]]["routing"]["candidates"][0]["reasons"]
    desk = {r["id"]: r for r in lines(site, "coordinator", "?country=BDI")}[narrow["id"]]
    assert desk["withheld"] is True and "title" not in desk and "description" not in desk
    assert site.api("operator", "GET", "/v1/requests", headers=NDJSON).status == 403
    assert site.api("country:BDI", "GET", "/v1/requests?state=eaten", headers=CSV).status == 400
    assert "items" in site.api("country:BDI", "GET", "/v1/requests", headers={"Accept": "*/*"}).doc


def test_histories_are_told(site):
    doc = site.routed("RWA", **wetland(name()))
    assert site.act("secretariat:ramsar", doc["id"], "claim").status == 201
    question = 'Which one, "north" or\nsouth?'
    assert site.act("secretariat:ramsar", doc["id"], "ask", {"text": question}).status == 200
    want = site.history("country:RWA", doc["id"])
    told = [x for x in lines(site, "country:RWA", "?of=history") if x["id"] == doc["id"]]
    assert [{k: v for k, v in x.items() if k not in ("id", "reference")} for x in told] == want
    rows = [r for r in table(site, "country:RWA", "?of=history") if r["id"] == doc["id"]]
    assert [(r["action"], r["to"]) for r in rows] == [(x["action"], x["to"]) for x in want]
    assert rows[-1]["text"] == question
    assert site.api("country:RWA", "GET", "/v1/requests?of=money", headers=CSV).status == 400


def test_no_cell_is_a_formula(site):
    bad = ["=HYPERLINK(\"http://x\")&A1 long enough", "+1+1 is long enough", "-2+3 is long enough", "@SUM(A1) is long enough",
           "  =1+1 behind blanks"]
    for title in bad:
        assert site.submit("TGO", title=title).status == 201
    titles = [r["title"] for r in table(site, "country:TGO", "?sort=updated_at")]
    assert [t for t in titles if t[0] != "'"] == [] and {t[1:] for t in titles} >= set(bad)


def test_a_reader_that_leaves_ends_its_export(site):
    for _ in range(9):  # more than are served at a time
        with socket.create_connection(("127.0.0.1", site.ports[0])) as s:
            s.sendall(f"GET /v1/requests HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n"
                      f"Authorization: Bearer {site.tokens['country:BDI']}\r\n\r\n".encode())
            assert s.recv(9) == b"HTTP/1.1 "
    wait_until(lambda: site.api("country:BDI", "GET", "/v1/requests", headers=CSV).status == 200, 5)
