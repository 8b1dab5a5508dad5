"""A ninth secretariat is switched on by its data, in a running service (contract section 1)."""
import pathlib
import shutil
import signal

from harness import ROOT, Client, wait_until

HIGH_SEAS = {"title": "Environmental impact assessment on the high seas",
             "description": "Our ships work in areas beyond national jurisdiction. We ask for training on environmental "
                            "impact assessments on the high seas and on area-based management tools."}


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.doc


def codes(site):
    return {item["code"] for item in ok(site.api("operator", "GET", "/v1/secretariats"))["items"]}


def test_one_word_of_data_opens_a_ninth_secretariat(make_site, tmp_path):
    data = pathlib.Path(shutil.copytree(ROOT / "config", tmp_path / "config"))
    site = make_site(workers=1, env={"LIAISON_DATA": str(data)})
    issue = ("token", "issue", "--role", "secretariat", "--of", "bbnj", "--label", "the ninth")
    first = site.routed("FJI", **HIGH_SEAS)
    assert (first["state"], first["routing"]["lead"]) == ("triage", None)
    assert len(codes(site)) == 8 and "bbnj" not in codes(site)
    refused = site.cli(*issue, check=False)
    assert refused.returncode == 2 and "there is no secretariat" in refused.stderr
    assert site.act("coordinator", first["id"], "route", {"lead": "bbnj"}).status == 422

    table = data / "secretariats.csv"
    rows = table.read_text().replace("\nbbnj,bbnj,no,", "\nbbnj,bbnj,yes,")
    assert rows != table.read_text()
    table.write_text(rows)
    for process in (site.daemons[0], site.workers[1]):
        process.signal(signal.SIGHUP)
    wait_until(lambda: len(codes(site)) == 9, 20, "the daemon reloads")
    wait_until(lambda: "event=reloaded" in site.workers[1].text(), 20, "the worker reloads")
    assert "bbnj" in codes(site)

    with Client(site.ports[0], site.cli(*issue).stdout.strip()) as bbnj:
        second = site.routed("SYC", **HIGH_SEAS)
        assert (second["state"], second["holder"], second["routing"]["lead"]) == ("offered", "bbnj", "bbnj")
        assert {o["secretariat"]: o["role"] for o in second["offers"]}["bbnj"] == "lead"
        assert [i["id"] for i in ok(bbnj("GET", "/v1/inbox"))["items"]] == [second["id"]]
        claimed = ok(bbnj("POST", f"/v1/requests/{second['id']}/claim"), 201)
        assert (claimed["state"], claimed["claim"]["holder"]) == ("claimed", "bbnj")
        assert ok(site.act("coordinator", first["id"], "route", {"lead": "bbnj"}))["holder"] == "bbnj"
        assert first["id"] in [i["id"] for i in ok(bbnj("GET", "/v1/inbox"))["items"]]
        assert ok(bbnj("GET", f"/v1/requests/{first['id']}"))["allowed_actions"] == ["claim", "decline", "escalate"]
    queue = ok(site.api("operator", "GET", "/v1/queue"))
    ninth, = [s for s in queue["secretariats"] if s["secretariat"] == "bbnj"]
    assert ninth["claims_open"] == 1 and ninth["offers_pending"] == 1, ninth
