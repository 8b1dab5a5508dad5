"""What keeps a site healthy: the doctor, backups, alerts that really fire."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

import harness
from harness import ROOT, wait_until, wetland
from test_operations import look, operator

RULES = ROOT / "monitoring/liaison.rules.yml"


def doctor(site, code=None, **env):
    kept, site.env = site.env, {**site.env, "LIAISON_LISTEN": f"127.0.0.1:{site.ports[0]}", **env}
    try:
        done = site.cli("doctor", "--json", check=False)
    finally:
        site.env = kept
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return {(f["about"], f["level"]): f for f in json.loads(done.stdout)}


# --- doctor ----------------------------------------------------------------------------------------


def test_the_doctor_finds_each_fault_and_says_what_to_do(make_site):
    site = make_site(workers=1)
    deliver = site.start_role("d", "deliver")
    wait_until(lambda: len(look(site)["workers"]) == 2, 20, "both are seen")
    found = doctor(site, 0)
    for about in ("settings", "data", "keys", "disk", "store", "store memory", "workers", "daemon"):
        assert (about, "ok") in found, found
    assert "not set up" in found["mail", "warn"]["finding"] and "smtp_url" in found["mail", "warn"]["do"]
    assert not [f for f in found if f[1] == "FAIL"]

    assert "nothing is taken in" in doctor(site, 1, LIAISON_DISK_FREE_BYTES="1099511627776")["disk", "FAIL"]["finding"]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens there
        port = closed.getsockname()[1]
        mail = doctor(site, 1, LIAISON_SMTP_URL=f"smtp://127.0.0.1:{port}", LIAISON_MAIL_FROM="a@example.org")
        assert str(port) in mail["mail", "FAIL"]["finding"]
        assert ("daemon", "FAIL") in doctor(site, 1, LIAISON_LISTEN=f"127.0.0.1:{port}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        def greet():
            there, _ = server.accept()
            with there, there.makefile("rwb") as stream:
                stream.write(b"220 mail.example ready\r\n")
                stream.flush()
                for line in stream:
                    stream.write(b"221 bye\r\n" if line.startswith(b"QUIT") else b"250 mail.example\r\n")
                    stream.flush()
        threading.Thread(target=greet, daemon=True).start()
        port = server.getsockname()[1]
        mail = doctor(site, 0, LIAISON_SMTP_URL=f"smtp://127.0.0.1:{port}", LIAISON_MAIL_FROM="a@example.org")
        assert ("mail", "ok") in mail

    (site.folder / "keys").chmod(0o644)
    assert "0600" in doctor(site, 1)["keys", "FAIL"]["do"]
    (site.folder / "keys").chmod(0o600)
    data = site.folder / "data"
    shutil.copytree(ROOT / "config", data)
    lines = (data / "topics.csv").read_text().splitlines()
    lines[3] = '"open'
    (data / "topics.csv").write_text("\n".join(lines) + "\n")
    assert "topics.csv:" in doctor(site, 1, LIAISON_DATA=str(data))["data", "FAIL"]["finding"]

    deliver.signal(15)
    deliver.wait()
    site.processes.remove(deliver)
    gone = doctor(site, 1)["workers", "FAIL"]
    assert "deliver" in gone["finding"] and "systemctl" in gone["do"]
    site.redis("CONFIG", "SET", "appendfsync", "everysec")
    assert "appendfsync" in doctor(site, 1)["store", "FAIL"]["finding"]
    site.redis("CONFIG", "SET", "appendfsync", "always")
    site.server.kill()
    site.processes.remove(site.server)
    down = doctor(site, 1)
    assert "Redis" in down["store", "FAIL"]["do"] and ("workers", "warn") in down


# --- backup ----------------------------------------------------------------------------------------


def records(site):
    """All that a request is, by id, as its country sees it."""
    return {item["id"]: site.get(f"country:{item['country']}", item["id"])
            for item in site.api("coordinator", "GET", "/v1/requests?limit=200").doc["items"]}


def test_a_backup_under_load_restored_elsewhere_has_every_accepted_request(make_site, tmp_path):
    site = make_site(workers=1)
    before = []
    for n in range(20):
        before.append(site.submit("KEN", **wetland(f"Lake {n}")).doc["id"])
    file = site.api("country:KEN", "POST", "/v1/attachments", b"%PDF-1.4\n%%EOF\n", {"Content-Type": "application/pdf"})
    assert file.status == 201, file
    kept = site.submit("KEN", **wetland("Lake Kanyaboli"), attachments=[{"id": file.doc["id"], "name": "map.pdf"}])
    assert kept.status == 201, kept
    before.append(kept.doc["id"])
    stop, during = threading.Event(), []

    def load():
        n = 0
        while not stop.is_set():
            n += 1
            answer = site.submit("UGA", **wetland(f"Bisina {n}"))
            if answer.status == 201:
                during.append(answer.doc["id"])

    thread = threading.Thread(target=load)
    thread.start()
    wait_until(lambda: len(during) > 20, 20, "load")
    accepted = list(during)
    copy = tmp_path / "copy"
    done = site.cli("backup", copy)
    assert "keys are not" in done.stderr
    wait_until(lambda: len(during) > len(accepted) + 5, 20, "load goes on")
    stop.set()
    thread.join()
    note = json.loads((copy / "backup.json").read_text())
    assert note["files"] >= 4 and not (copy / "keys").exists()
    assert site.cli("backup", copy, check=False).returncode == 1, "never into what is there"
    for id in before + accepted:
        site.wait_state("coordinator", id, "offered", "triage")
    want = {id: site.get("coordinator", id) for id in before + accepted}
    keys, tokens = (site.folder / "keys").read_bytes(), site.tokens
    site.stop()

    other = harness.Site(workers=1)
    shutil.copytree(copy, other.folder, dirs_exist_ok=True)
    (other.folder / "keys").write_bytes(keys)
    (other.folder / "keys").chmod(0o600)
    try:
        other.start_redis()
        other.tokens = tokens
        other.start_daemon()
        other.start_worker(1)
        other.wait_workers(1)
        for id, doc in want.items():
            # what a worker had in hand when the copy was made is taken over after worker_takeover_ms
            had = other.wait_state("coordinator", id, "offered", "triage", seconds=90)
            for member in ("reference", "country", "title", "description", "submitted_at"):
                assert had[member] == doc[member], (id, member)
        restored = other.api("country:KEN", "GET", f"/v1/requests/{kept.doc['id']}/attachments/{file.doc['id']}")
        assert restored.status == 200 and restored.body == b"%PDF-1.4\n%%EOF\n"
        assert other.submit("KEN", **wetland("Lake Turkana")).doc["reference"] not in \
            {doc["reference"] for doc in want.values()}
        assert operator(other, "POST", "/v1/queue/reconcile")["mended"] == 0
    finally:
        other.stop()


# --- logs ------------------------------------------------------------------------------------------


def test_one_request_is_followed_through_all_logs_which_have_no_content(make_site):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        site = make_site(workers=1, env={"LIAISON_SMTP_URL": f"smtp://127.0.0.1:{closed.getsockname()[1]}",
                                         "LIAISON_MAIL_FROM": "a@example.org", "LIAISON_SMTP_TLS": "no",
                                         "LIAISON_LOG_LEVEL": "debug"})
        deliver = site.start_role("d", "deliver")
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        told = site.submit("KEN", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
                           contact_name="Xylander Quux", contact_email="quuxmail@example.org",
                           **wetland("Wombatonia zebrafinch"))
        id, via = told.doc["id"], told.headers["x-request-id"]
        site.wait_state("country:KEN", id, "offered", "triage")
        moved = site.act("secretariat:ramsar", id, "claim", headers={"traceparent": "00-nonsense"})
        assert moved.status == 201, moved
        assert site.act("secretariat:ramsar", id, "note", {"text": "Quokkaville remark"}).status in (200, 201)
        wait_until(lambda: f"request={id}" in deliver.text(), 20, "the delivery names the request")
        story = {p.name.split(".")[0]: p.text() for p in site.processes}
        assert f"event=submitted request={id} via={via} trace={trace}" in story["liaisond"]
        assert f"event=moved request={id} action=claim by=secretariat:ramsar" in story["liaisond"]
        assert "nonsense" not in story["liaisond"]
        assert f"event=routed request={id}" in story["worker1"]
        for process, text in story.items():
            for secret in ("Wombatonia", "zebrafinch", "Xylander", "quuxmail", "Quokkaville", site.tokens["country:KEN"],
                           site.tokens["secretariat:ramsar"].split("_")[2]):
                assert secret not in text, f"{process} tells {secret}"
        for line in story["liaisond"].splitlines():
            assert line.startswith("listening ") or " event=" in line, line


# --- alerts ----------------------------------------------------------------------------------------


def test_promtool_accepts_rules_and_settings():
    for words in (["rules", RULES], ["config", ROOT / "monitoring/prometheus.yml"]):
        done = subprocess.run(["promtool", "check", *words], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
    done = subprocess.run(["promtool", "test", "rules", ROOT / "tests/cases/alerts/alerts.yml"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_its_chapter_and_every_metric_of_rules_and_board_exists(make_site):
    import re
    site = make_site(workers=1)
    rules = RULES.read_text()
    board = (ROOT / "monitoring/grafana-liaison.json").read_text()
    chapters = (ROOT / "docs/operations.md").read_text()
    for alert in re.findall(r"- alert: (\w+)", rules):
        assert re.search(rf"^### {alert}$", chapters, re.M), alert
    def told():
        told = site.api(None, "GET", "/metrics").body.decode()
        return told if "liaison_redis_memory_bytes" in told else None
    text = wait_until(told, 20, "Redis has told of itself")
    known = set(re.findall(r"^# TYPE (\w+)", text, re.M))
    for name in set(re.findall(r"\b(?:liaison|process)_\w+", rules + board)):
        assert re.sub(r"_(bucket|sum|count)$", "", name) in known, name
    json.loads(board)


class Prometheus:
    """Debian's prometheus with our rules, on a port of its own; a test's seconds stand for minutes."""

    def __init__(self, site, folder, faster):
        rules = RULES.read_text()
        for is_, becomes in faster:
            assert is_ in rules, is_
            rules = rules.replace(is_, becomes)
        (folder / "liaison.rules.yml").write_text(rules)
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [liaison.rules.yml]\n"
            f"scrape_configs: [{{job_name: liaison, static_configs: [{{targets: ['127.0.0.1:{site.ports[0]}']}}]}}]\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = open(folder / "prometheus.log", "wb")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return json.load(answer)["data"]

    def ready(self):
        try:
            return self.get("/api/v1/rules")["groups"]
        except OSError:
            return None

    def firing(self):
        return {a["labels"]["alertname"] for a in self.get("/api/v1/alerts")["alerts"] if a["state"] == "firing"}

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def test_alerts_fire_when_worker_mail_and_store_really_stop_and_end_when_healed(make_site, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mail = {"LIAISON_SMTP_URL": f"smtp://127.0.0.1:{closed.getsockname()[1]}", "LIAISON_MAIL_FROM": "a@example.org",
                "LIAISON_SMTP_TLS": "no", "LIAISON_DELIVER_RETRY_MS": "200"}
        site = make_site(workers=1, env=mail)
        site.start_role("d", "deliver")
        prometheus = Prometheus(site, tmp_path, [("for: 1m", "for: 1s"), ("for: 30s", "for: 1s"), ("for: 2m", "for: 1s"),
                                                 ("[10m]", "[30s]")])
        try:
            groups = wait_until(prometheus.ready, 30, "prometheus is up", every=0.2)
            assert [len(g["rules"]) for g in groups] == [RULES.read_text().count("- alert:")]
            wait_until(lambda: prometheus.get("/api/v1/query?query=liaison_redis_up")["result"], 20, "a scrape", every=0.3)
            wait_until(lambda: not prometheus.firing(), 30, "all is well", every=0.5)

            # A mail server that is away.
            id = site.submit("KEN", **wetland("Lake Elmenteita"),
                             contact_name="N. N.", contact_email="n@example.org").doc["id"]
            site.wait_state("country:KEN", id, "offered", "triage")
            wait_until(lambda: "LiaisonMailFailing" in prometheus.firing(), 40, "mail fails", every=0.5)

            # All workers that route are gone.
            worker = site.workers.pop(1)
            worker.kill()
            site.processes.remove(worker)
            wait_until(lambda: "LiaisonNoWorkers" in prometheus.firing(), 40, "no workers", every=0.5)
            site.start_worker(1)
            wait_until(lambda: "LiaisonNoWorkers" not in prometheus.firing(), 40, "workers again", every=0.5)

            # Redis is gone.
            site.server.kill()
            site.processes.remove(site.server)
            wait_until(lambda: "LiaisonRedisDown" in prometheus.firing(), 40, "redis is down", every=0.5)
            site.start_redis()
            wait_until(lambda: "LiaisonRedisDown" not in prometheus.firing(), 40, "redis is up", every=0.5)
        finally:
            prometheus.stop()
