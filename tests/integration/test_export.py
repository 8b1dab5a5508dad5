"""All that a reader may see, as lines or as a table, however much it is."""
import csv
import io
import json
import socket
import subprocess

import pytest

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


ROLES = {"country:BDI": True, "country:LSO": False, "secretariat:ramsar": True, "secretariat:iwc": False, "coordinator": True,
         "operator": None}


@pytest.mark.parametrize("who, sees", ROLES.items(), ids=ROLES)
def test_what_each_role_takes_out_and_brings_in(site, who, sees):
    """A request that is for its country, its lead and the desk; None: nothing at all."""
    doc = site.routed("BDI", **wetland(name()))
    for query, mine in (("", lambda x: x["id"] == doc["id"]), ("?of=history", lambda x: x["id"] == doc["id"])):
        for how in (NDJSON, CSV):
            if sees is None:
                assert site.api(who, "GET", "/v1/requests" + query, headers=how).status == 403
                continue
            told = lines(site, who, query) if how is NDJSON else table(site, who, query)
            assert bool([x for x in told if mine(x)]) is sees, (query, how)
            if who.startswith("country"):
                assert {x["country"] for x in told if "country" in x} <= {who[-3:]}
    allowed = who.startswith("country") or who == "coordinator"
    answer = site.api(who, "POST", "/v1/requests:bulk", lines_of(draft("BDI")), {"Content-Type": "application/x-ndjson"})
    assert answer.status == (200 if allowed else 403), answer
    if allowed:
        told = [json.loads(line) for line in answer.body.decode().splitlines()]
        assert told[-1]["summary"]["failed"] == (0 if who in ("country:BDI", "coordinator") else 1), told


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


def cli(site, who, *argv, stdin=None):
    token = site.folder / f"{who.replace(':', '-')}.token"
    if not token.exists():
        token.touch(0o600)
        token.write_text(site.tokens[who])
    env = {**site.env, "XDG_STATE_HOME": str(site.folder / "state")}
    return subprocess.run([BIN / "liaison", *argv, "--server", f"http://127.0.0.1:{site.ports[0]}", "--token-file", token],
                          env=env, input=stdin, capture_output=True, text=True, timeout=60)


def test_the_command_line_brings_many_in_and_out(site, tmp_path):
    docs = [draft("GAB", title=f"By the command line {name()} {n}") for n in range(520)]
    docs[510]["title"] = "short"
    file = tmp_path / "many.ndjson"
    file.write_bytes(lines_of(*docs))
    done = cli(site, "country:GAB", "import", file)
    assert done.returncode == 1 and done.stderr.startswith("liaison: line 511: #/title: ")
    brought = [row.split("\t") for row in done.stdout.splitlines()]
    assert [int(n) for n, _ in brought] == [n for n in range(1, 521) if n != 511]
    out = [json.loads(line) for line in cli(site, "country:GAB", "export").stdout.splitlines()]
    assert {r["title"] for r in out} == {d["title"] for d in docs if d["title"] != "short"}
    rows = list(csv.DictReader(io.StringIO(cli(site, "country:GAB", "export", "--csv", "--history").stdout, newline="")))
    assert {r["action"] for r in rows} >= {"submit"} and len({r["id"] for r in rows}) == 519
    bad = cli(site, "country:GAB", "export", "--state", "eaten")
    assert bad.returncode == 1 and bad.stdout == ""


def test_a_table_is_brought_in(site, tmp_path):
    file = tmp_path / "table.csv"
    with file.open("w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["country", "language", "title", "description", "themes", "beyond_jurisdiction", "urgency"])
        words = wetland(name())
        out.writerow(["COM", "en", "'=1+1 is a title here", words["description"], "water; birds", "no", "priority"])
        out.writerow(["COM", "en", "Ordinary title it is", nonsense()["description"], "", "", ""])
    done = cli(site, "country:COM", "import", file)
    assert done.returncode == 0, done
    first, second = (site.get("country:COM", row.split("\t")[1]) for row in done.stdout.splitlines())
    assert first["title"] == "=1+1 is a title here" and first["themes"] == ["water", "birds"]
    assert first["urgency"] == "priority" and first["beyond_jurisdiction"] is False and second["urgency"] == "routine"
    again = cli(site, "country:COM", "import", tmp_path / "none.csv")
    assert again.returncode != 0
    file.write_text("country,colour\nCOM,red\n")
    done = cli(site, "country:COM", "import", file)
    assert done.returncode != 0 and "colour" in done.stderr
