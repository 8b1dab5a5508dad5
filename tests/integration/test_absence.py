"""Officers of a secretariat, and what happens to their claims while they are away."""
import datetime
import json

import pytest

from harness import Site, name, wetland


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.doc


def day(n):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=n)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def office():
    """A secretariat with three officers beside its own token."""
    with Site(workers=1) as site:
        for officer in ("anna", "bob", "carla"):
            said = site.cli("token", "issue", "--role", "secretariat", "--of", "ramsar", "--officer", officer,
                            "--label", officer, "--json")
            site.tokens[officer] = json.loads(said.stdout)["token"]
        yield site


def absent(site, who, **body):
    return site.api(who, "POST", "/v1/absences", body)


def acting(site, id, who="secretariat:ramsar"):
    claim = site.get(who, id)["claim"]
    return claim["officer"], claim["acting"]


def inbox(site, officer=None, who="secretariat:ramsar"):
    path = "/v1/inbox" + (f"?officer={officer}" if officer else "")
    return {i["id"] for i in ok(site.api(who, "GET", path))["items"]}


def claimed_by(site, who):
    id = site.routed("KEN", **wetland(name()))["id"]
    ok(site.act(who, id, "claim"), 201)
    return id


def test_a_claim_passes_to_the_deputy_and_comes_back(office):
    id = claimed_by(office, "anna")
    assert acting(office, id) == ("anna", "anna")
    shown = ok(absent(office, "anna", until=day(9), deputy="bob"))["items"]
    assert [(a["officer"], a["deputy"], a["acting"]) for a in shown] == [("anna", "bob", "bob")]
    assert acting(office, id) == ("anna", "bob")
    assert id in inbox(office, "bob") and id not in inbox(office, "anna") and id in inbox(office)
    listed, = [i for i in ok(office.api("bob", "GET", "/v1/requests?country=KEN"))["items"] if i["id"] == id]
    assert listed["claim"]["acting"] == "bob", "a list says what the page says"
    ok(absent(office, "bob", until=day(3), deputy="carla"))
    assert acting(office, id) == ("anna", "carla")
    ok(absent(office, "carla", until=day(2)))
    assert acting(office, id) == ("anna", None)
    assert all(id in inbox(office, who) for who in ("anna", "bob", "carla")), "what is nobody's is everybody's"
    for officer in ("anna", "bob", "carla"):
        ok(office.api("secretariat:ramsar", "DELETE", f"/v1/absences/{officer}"))
    assert ok(office.api("anna", "GET", "/v1/absences")) == {"items": []}
    assert acting(office, id) == ("anna", "anna")


def test_circles_and_other_people_s_absences_are_refused(office):
    ok(absent(office, "anna", until=day(9), deputy="bob"))
    assert absent(office, "bob", until=day(3), deputy="anna").faults() == {("#/deputy", "circular")}
    ok(absent(office, "bob", **{"from": day(10)}, until=day(11), deputy="anna"))  # anna is back by then
    assert absent(office, "bob", officer="anna", until=day(3)).faults() == {("#/officer", "not_yours")}
    assert office.api("bob", "DELETE", "/v1/absences/anna").status == 422
    for body, fault in (
            ({"until": day(3)}, ("#/officer", "required")),
            ({"officer": "anna"}, ("#/until", "required")),
            ({"officer": "Anna!", "until": day(3)}, ("#/officer", "not_an_officer")),
            ({"officer": "anna", "until": day(3), "deputy": "B"}, ("#/deputy", "not_an_officer")),
            ({"officer": "anna", "until": day(-1)}, ("#/until", "in_the_past")),
            ({"officer": "anna", "until": day(400)}, ("#/until", "out_of_range")),
            ({"officer": "anna", "from": day(400), "until": day(401)}, ("#/from", "out_of_range")),
            ({"officer": "anna", "until": day(3), "deputy": "anna"}, ("#/deputy", "circular"))):
        assert absent(office, "secretariat:ramsar", **body).faults() == {fault}, body
    for who in ("country:KEN", "coordinator", "operator"):
        assert office.api(who, "GET", "/v1/absences").status == 403
    ok(absent(office, "secretariat:cms", officer="anna", until=day(3)))
    assert [a["deputy"] for a in ok(office.api("secretariat:cms", "GET", "/v1/absences"))["items"]] == [None]
    assert {a["officer"] for a in ok(office.api("anna", "GET", "/v1/absences"))["items"]} == {"anna", "bob"}
    for officer in ("anna", "bob"):
        ok(office.api("secretariat:ramsar", "DELETE", f"/v1/absences/{officer}"))


def test_no_secretariat_has_more_than_some_absences(office):
    for n in range(16):
        ok(absent(office, "secretariat:cbd", officer=f"o{n}", until=day(2)))
    assert absent(office, "secretariat:cbd", officer="o16", until=day(2)).faults() == {("#/officer", "too_many_items")}
    ok(absent(office, "secretariat:cbd", officer="o3", until=day(5)))
    ok(absent(office, "secretariat:whc", officer="o16", until=day(2)))


def test_officers_are_named_to_those_who_work_together(office):
    id = claimed_by(office, "bob")
    assert "officer" not in office.get("country:KEN", id)["claim"]
    assert office.get("coordinator", id)["claim"]["officer"] == "bob"
    line = ok(office.api("secretariat:ramsar", "GET", f"/v1/requests/{id}/history"))["items"][-1]
    assert (line["action"], line["actor"], line["officer"]) == ("claim", "secretariat:ramsar", "bob")
    line = ok(office.api("country:KEN", "GET", f"/v1/requests/{id}/history"))["items"][-1]
    assert "officer" not in line
    ok(office.act("bob", id, "release"))
    id = claimed_by(office, "secretariat:ramsar")
    assert acting(office, id) == (None, None)


def test_the_command_line_says_it_too(office, tmp_path):
    token = tmp_path / "token"
    token.write_text(office.tokens["anna"])
    token.chmod(0o600)

    def cli(*words):
        return office.cli(*words, "--server", f"http://127.0.0.1:{office.ports[0]}", "--token-file", token).stdout

    said = json.loads(cli("absence", "set", "--until", day(4), "--deputy", "bob", "--json"))
    assert [a["officer"] for a in said["items"]] == ["anna"]
    assert "anna" in cli("absence", "list")
    id = claimed_by(office, "anna")
    assert id in cli("inbox", "--officer", "bob", "--json") and id not in cli("inbox", "--officer", "anna", "--json")
    assert json.loads(cli("absence", "end", "anna", "--json")) == {"items": []}
    wrong = office.cli("token", "issue", "--role", "country", "--of", "KEN", "--label", "x", "--officer", "anna", check=False)
    assert wrong.returncode == 2
