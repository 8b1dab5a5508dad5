"""The command line without a daemon: drafts, usage, help, token files, and its manners towards a
server that is down, busy or wrong (a stand-in that answers from a list).

LIAISON_BIN: folder with `liaison`; LIAISON_DATA: reference data, ../../config by default."""

import json
import os
import pathlib
import pty
import re
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("LIAISON_DATA", HERE.parent.parent / "config"))
LIAISON = str(Path(os.environ.get("LIAISON_BIN", HERE.parent.parent / "build/debug")) / "liaison")
TOKEN = "lsn_" + "a" * 16 + "_" + "b" * 43 + "_00000000"
REQUEST = {"id": "req_" + "0" * 32, "reference": "LN-2026-KEN-0001", "state": "claimed",
           "title": "Lac", "ball": "secretariat", "holder": "ramsar"}


@pytest.fixture
def home(tmp_path):
    """Nothing of the caller's own settings, tokens or state reaches the program."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LIAISON_DATA": str(DATA),
            "XDG_STATE_HOME": str(tmp_path / "state")} | {
                k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}


@pytest.fixture
def liaison(home):
    def run(*words, text="", **more):
        return subprocess.run([LIAISON, *map(str, words)], input=text, env=home | more,
                              capture_output=True, text=True, timeout=60, check=False)
    return run


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


class Server(ThreadingHTTPServer):
    """Gives its answers in turn, the last one again and again; keeps what it was asked."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answerer)
        self.answers = [(200, {}, {})]
        self.asked = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answerer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        server.asked.append((self.command, self.path, dict(self.headers), body))
        status, headers, content = server.answers[min(len(server.asked), len(server.answers)) - 1]
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def ask(liaison, server, token_file):
    """A command sent to the stand-in server."""
    def run(*words, **more):
        return liaison(*words, "--server", server.url, "--token-file", token_file, **more)
    return run


def keys_of(server):
    return [headers["Idempotency-Key"] for method, _, headers, _ in server.asked
            if method == "POST"]


def pending(home):
    folder = Path(home["XDG_STATE_HOME"]) / "liaison/pending"
    return sorted(folder.iterdir()) if folder.exists() else []


# --- assess ---------------------------------------------------------------------------------------

def sample(name):
    return json.loads(next((DATA / "samples").glob(name + "*.json")).read_text())


def drafts(*names):
    return "".join(json.dumps({"id": name, **sample(name)}) + "\n" for name in names)


def test_assess_routes_each_line_in_order(liaison):
    done = liaison("assess", "--jsonl", text=drafts("02", "04", "06"))
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [r["id"] for r in results] == ["02", "04", "06"]
    assert [r["lead"] for r in results] == ["ramsar", "cms", "iwc"]
    for result in results:
        assert set(result) >= {"lead", "support", "duplicate_of", "confidence", "reasons",
                               "duplicates"}
        assert 0 <= result["confidence"] <= 1 and result["reasons"]


def test_assess_finds_an_earlier_line_again(liaison):
    again = json.dumps({**sample("01"), "id": "again"}) + "\n"
    done = liaison("assess", "--jsonl", text=drafts("01", "04") + again)
    assert [json.loads(line)["duplicate_of"] for line in done.stdout.splitlines()] == [
        None, None, "01"]


def test_assess_gives_the_same_answer_twice(liaison):
    text = drafts("01", "02", "03", "05")
    assert liaison("assess", "--jsonl", text=text).stdout == liaison(
        "assess", "--jsonl", text=text).stdout


def test_assess_says_which_line_is_wrong_and_goes_on(liaison):
    done = liaison("assess", "--jsonl", text="no json\n\n" + drafts("01") + '{"id":"x"}\n')
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["01"]
    assert "stdin:1:" in done.stderr and "stdin:4: country" in done.stderr


def test_assess_of_one_draft_needs_no_id(liaison):
    path = next((DATA / "samples").glob("04*.json"))
    assert json.loads(liaison("assess", path).stdout)["lead"] == "cms"
    assert json.loads(liaison("assess", "-", text=path.read_text()).stdout)["lead"] == "cms"
    explained = liaison("assess", "--explain", path)
    assert explained.returncode == 0
    assert explained.stdout.startswith("draft (cms") and "+60 Запрос" in explained.stdout
    assert "секретариат Конвенции по мигрирующим видам (КМВ)" in explained.stdout.splitlines()[0]


def test_assess_explains_in_the_language_asked_for(liaison):
    path = next((DATA / "samples").glob("12*.json"))
    assert "please turn to the World Organisation" in liaison("assess", "--explain", "--language", "en", path).stdout
    texts = [r["text"] for line in liaison("assess", "--jsonl", "--language", "zh", text=drafts("01", "04")).stdout.splitlines()
             for r in json.loads(line)["reasons"]]
    assert texts and all(text.endswith("。") for text in texts)
    assert liaison("assess", "--language", "de", path).returncode == 2


def test_assess_explains_a_duplicate(liaison, tmp_path):
    done = liaison("assess", "--explain", "--jsonl", text=drafts("04", "13"))
    assert re.search(r"^  \s*\d+% This is (certainly|probably) the same need as in request 04\. Both texts have “",
                     done.stdout, re.M), done.stdout


def test_assess_without_reference_data_fails(liaison, tmp_path):
    done = liaison("assess", "--jsonl", "--data", tmp_path)
    assert done.returncode == 1 and "secretariats.csv" in done.stderr


def test_assess_keeps_to_the_environment_for_its_data(liaison, tmp_path):
    assert liaison("assess", "--jsonl", LIAISON_DATA=str(tmp_path)).returncode == 1


# --- similar --------------------------------------------------------------------------------------

DOCUMENTS = [
    {"id": "en", "lang": "en", "title": "Wetland drying out", "text": "The marshes of Zarbanka lose their water."},
    {"id": "fr", "lang": "fr", "title": "Assèchement de la zone humide",
     "text": "Les marais de Zarbanka perdent leur eau."},
    {"id": "ivory", "title": "Ivory at the port", "text": "Tusks were seized in a container."},
    {"id": "long " + "x" * 300, "lang": "de", "title": "", "text": "Elfenbein NullPointerException closeQuietly"},
]


def similar(liaison, tmp_path, documents, queries, *words):
    index = tmp_path / "index.jsonl"
    index.write_text("".join(json.dumps(d) + "\n" for d in documents))
    return liaison("similar", "--jsonl", "--index", index, *words, text="".join(json.dumps(q) + "\n" for q in queries))


def hits(done):
    return {a["id"]: a["hits"] for a in map(json.loads, done.stdout.splitlines())}


def test_similar_finds_across_languages_the_nearest_first(liaison, tmp_path):
    done = similar(liaison, tmp_path, DOCUMENTS, [
        {"id": "q1", "lang": "es", "title": "", "text": "Los humedales de Zarbanka pierden agua"},
        {"id": "q2", "lang": None, "text": "cannot close quietly: null pointer exception"},
        {"id": "q3", "lang": "zh", "title": "", "text": ""}])
    found = hits(done)
    assert done.returncode == 0 and done.stderr == ""
    assert {id_ for id_, _ in found["q1"][:2]} == {"en", "fr"}
    assert found["q2"][0][0] == DOCUMENTS[3]["id"] and found["q3"] == []
    for scores in ([s for _, s in h] for h in found.values()):
        assert scores == sorted(scores, reverse=True) and all(0 < s <= 1 for s in scores)


def test_similar_leaves_out_the_query_itself(liaison, tmp_path):
    found = hits(similar(liaison, tmp_path, DOCUMENTS, DOCUMENTS))
    assert all(id_ not in [hit for hit, _ in found[id_]] for id_ in found)
    assert found["en"][0][0] == "fr"


def test_similar_finds_the_same_id_in_another_language(liaison, tmp_path):
    """Ids of one need in two languages may be the same: only the very text is left out."""
    by_id = {d["id"]: d for d in DOCUMENTS}
    found = hits(similar(liaison, tmp_path, DOCUMENTS, [by_id["fr"] | {"id": "en"}]))
    assert {id_ for id_, _ in found["en"][:2]} == {"en", "fr"}


def test_learned_weights_keep_the_promised_verdicts():
    """Held-out judged pairs: recall, precision of certain, no sibling certain, the committed weights."""
    done = subprocess.run([HERE.parent.parent / "script/learn-pairs", "--check", "--liaison", LIAISON],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_similar_gives_ten_at_most(liaison, tmp_path):
    documents = [{"id": str(i), "text": "the same ivory seizure"} for i in range(40)]
    found = hits(similar(liaison, tmp_path, documents, [{"id": "7", "text": "the same ivory seizure"}]))
    assert len(found["7"]) == 10 and len({id_ for id_, _ in found["7"]} - {"7"}) == 10


def test_similar_says_which_line_is_wrong_and_goes_on(liaison, tmp_path):
    index = tmp_path / "index.jsonl"
    index.write_text('{"id": "a", "text": "ivory"}\nno json\n{"id": 1}\n')
    done = liaison("similar", "--jsonl", "--index", index,
                   text='{"id": "q", "text": "ivory"}\n{"text": "no id"}\n{"id": "r", "title": 5}\n')
    assert done.returncode == 1 and [h for h, _ in hits(done)["q"]] == ["a"]
    for place in (f"{index}:2:", f"{index}:3: id", "stdin:2: id", "stdin:3: title"):
        assert place in done.stderr


def test_similar_needs_its_flags_and_a_file_that_is_there(liaison, tmp_path):
    assert liaison("similar").returncode == 2
    assert liaison("similar", "--jsonl").returncode == 2
    assert liaison("similar", "--jsonl", "--index", "-").returncode == 2
    gone = liaison("similar", "--jsonl", "--index", tmp_path / "none", text="")
    assert gone.returncode == 1 and "none" in gone.stderr


# --- usage and help -------------------------------------------------------------------------------

@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["token"], ["token", "nonsense"], ["list", "--nonsense"], ["list", "-x"],
    ["list", "--state"], ["list", "more"], ["show"], ["show", "a", "b"], ["show", "a", "--json=x"],
    ["list", "--timeout", "0"], ["list", "--timeout=abc"], ["submit"], ["assess"],
    ["submit", "x", "--wait", "11"], ["decline", "req_x"], ["ask", "req_x"],
    ["decline", "req_x", "--reason", "mood"], ["claim", "req_x", "--role", "boss"],
    ["confirm", "req_x", "--outcome", "partly"], ["confirm", "req_x"],
    ["answer", "req_x", "--text", "a", "--file", "b"], ["release", "req_x", "--epoch", "soon"],
    ["token", "issue", "--role", "country", "--label", "x"],
    ["token", "issue", "--role", "king", "--label", "x"], ["token", "issue", "--role", "operator"],
    ["token", "issue", "--role", "operator", "--label", "x", "--days", "366"],
    ["token", "issue-all"], ["token", "revoke", "short"], ["completion", "csh"],
    ["help", "nonsense"]])
def test_wrong_usage_is_exit_2_and_says_so(liaison, words):
    done = liaison(*words, LIAISON_SERVER="http://127.0.0.1:1")
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr


def test_the_overview_names_the_commands(liaison):
    overview = liaison("--help")
    assert overview.returncode == 0 and overview.stderr == ""
    assert overview.stdout == liaison("help").stdout
    for name in ["submit", "list", "show", "history", "inbox", "claim", "decline", "release",
                 "ask", "reply", "plan", "agree", "amend", "note", "contribute", "answer",
                 "confirm", "close", "reopen", "withdraw", "route", "refer", "queue", "dead",
                 "webhook create", "webhook list", "webhook replay", "dead requeue", "token issue", "token issue-all",
                 "keys create", "assess", "similar"]:
        assert re.search(rf"^  {name} ", overview.stdout, re.M), name


def test_every_command_has_help(liaison):
    names = re.findall(r"^  ([a-z-]+(?: [a-z-]+)?)(?= {2,}| [A-Z\[b])", liaison("help").stdout,
                       re.M)
    assert len(names) > 30
    for name in names:
        long = liaison(*name.split(), "--help")
        assert long.returncode == 0, name
        assert long.stdout.startswith(f"Usage: liaison {name} [flags]"), name
        assert long.stdout == liaison("help", *name.split()).stdout
        assert long.stdout == liaison(*name.split(), "-h").stdout


def test_help_of_an_action_is_the_table_of_the_life_cycle(liaison):
    text = liaison("claim", "--help").stdout
    assert "--role lead|support" in text
    assert "secretariat (may take the lead) in offered -> claimed, when: as lead" in text


def test_help_of_a_group_lists_it(liaison):
    assert len(liaison("help", "token").stdout.splitlines()) == 5


def test_version_is_told_before_anything_else(liaison):
    assert re.fullmatch(r"liaison \d+\.\d+\.\d+\n", liaison("--version").stdout)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_script(liaison, shell):
    script = liaison("completion", shell).stdout
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    probe = script + "\nCOMP_WORDS=(liaison token iss); COMP_CWORD=2; _liaison\n" \
        "echo ${COMPREPLY[@]}\nCOMP_WORDS=(liaison decline --re); _liaison; echo ${COMPREPLY[@]}\n"
    if shell == "bash":
        assert subprocess.run(["bash"], input=probe, text=True, capture_output=True,
                              check=False).stdout == "issue issue-all\n--reason\n"


def test_two_dashes_end_the_flags(liaison, server):
    server.answers = [(200, {}, REQUEST)]
    assert liaison("--server", server.url, "show", "--", "-q").returncode == 0
    assert server.asked[-1][1] == "/v1/requests/-q"


def test_values_stand_behind_the_flag_or_an_equals_sign(ask, server):
    server.answers = [(200, {}, {"items": [], "next": None})]
    ask("list", "--state", "offered", "--q=a b&c", "--updated-since=2026-03-03")
    assert server.asked[-1][1] == (
        "/v1/requests?state=offered&q=a%20b%26c&updated_since=2026-03-03")


# --- token files ----------------------------------------------------------------------------------

@pytest.mark.parametrize("mode,code", [(0o600, 0), (0o400, 0), (0o644, 1), (0o640, 1), (0o660, 1),
                                       (0o700, 1)])
def test_a_token_file_that_others_may_read_is_refused(ask, server, token_file, mode, code):
    server.answers = [(200, {}, {"items": [], "next": None})]
    token_file.chmod(mode)
    done = ask("list")
    assert done.returncode == code
    if code:
        assert not server.asked and f"has mode {mode:04o}" in done.stderr
    else:
        assert server.asked[0][2]["Authorization"] == "Bearer " + TOKEN


def test_a_member_of_credentials_is_chosen(liaison, server, token_file):
    token_file.write_text(json.dumps({"country:KEN": "secret", "operator": "op"}))
    words = ["queue", "--server", server.url, "--token-file", token_file]
    assert liaison(*words, "--as", "operator").returncode == 0
    assert server.asked[-1][2]["Authorization"] == "Bearer op"
    for more in [[], ["--as", "country:XXX"]]:
        done = liaison(*words, *more)
        assert done.returncode == 1 and "secret" not in done.stderr
    assert len(server.asked) == 1


def test_a_token_may_come_from_stdin_but_only_once(liaison, server):
    words = ["--server", server.url, "--token-file", "-"]
    assert liaison("queue", *words, text=TOKEN).returncode == 0
    assert server.asked[-1][2]["Authorization"] == "Bearer " + TOKEN
    assert liaison("submit", "-", *words, text=TOKEN).returncode == 1
    assert len(server.asked) == 1


def test_a_token_never_stands_in_the_environment_by_mistake(liaison, server):
    done = liaison("queue", "--server", server.url, LIAISON_TOKEN=TOKEN)
    assert done.returncode == 0 and "Authorization" not in server.asked[0][2]


# --- exit codes and errors ------------------------------------------------------------------------

@pytest.mark.parametrize("status,code", [(400, 1), (401, 4), (403, 4), (404, 3), (409, 5),
                                         (410, 3), (412, 5), (413, 1), (422, 1), (500, 1)])
def test_a_problem_is_told_and_its_status_is_the_exit_code(ask, server, status, code):
    server.answers = [(status, {}, {"title": "T", "detail": "taken by \x1b[31mcms", "errors": [
        {"pointer": "#/text", "code": "required", "detail": "is needed"}]})]
    done = ask("claim", "req_1")
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.splitlines()[0] == "liaison: request req_1: taken by \\x1b[31mcms"
    assert "  #/text: is needed (required)" in done.stderr


def test_with_json_the_problem_is_printed_as_it_came(ask, server):
    problem = {"type": "t", "title": "T", "status": 409, "detail": "d"}
    server.answers = [(409, {}, problem)]
    done = ask("claim", "req_1", "--json")
    assert json.loads(done.stderr) == problem and done.stdout == ""


def test_with_json_the_object_is_printed_unchanged(ask, server):
    server.answers = [(200, {}, b'{"id":  "req_1", "new": [1, 2.50]}')]
    assert ask("show", "req_1", "--json").stdout == '{"id":  "req_1", "new": [1, 2.50]}\n'


def test_a_server_that_is_no_liaison_is_an_error(ask, server):
    server.answers = [(200, {}, b"<html>")]
    assert ask("list").returncode == 1


def test_nobody_there_is_exit_6_within_seconds(liaison):
    done = liaison("list", "--server", "http://127.0.0.1:1")
    assert done.returncode == 6 and "no answer" in done.stderr


def test_an_address_that_is_none_is_refused(liaison):
    assert liaison("list", "--server", "ftp://127.0.0.1/").returncode == 1


def test_ctrl_c_is_exit_130(home, server):
    server.answers = [(200, {}, {"queues": []})]
    with subprocess.Popen([LIAISON, "queue", "--watch", "--server", server.url], env=home,
                          stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout.readline()
        watch.send_signal(2)
        assert watch.wait(10) == 130


# --- writes: one key, until it is decided ---------------------------------------------------------

def test_attempts_carry_one_key_and_obey_retry_after(ask, server, home):
    server.answers = [(503, {"Retry-After": "0"}, {}), (429, {"Retry-After": "0"}, {}),
                      (409, {"Retry-After": "0"}, {"type": "p/idempotency-in-progress"}),
                      (200, {}, REQUEST)]
    done = ask("claim", "req_1")
    assert done.returncode == 0, done.stderr
    assert len(server.asked) == 4 and len(set(keys_of(server))) == 1
    assert re.fullmatch(r'"[0-9a-f]{32}"', keys_of(server)[0])
    assert not pending(home)


def test_a_wait_beyond_the_time_is_not_begun(ask, server):
    server.answers = [(503, {"Retry-After": "3600"}, {"detail": "later"})]
    done = ask("list", "--timeout", "5")
    assert done.returncode == 6 and len(server.asked) == 1 and "later" in done.stderr


def test_the_same_command_after_a_failure_is_the_same_write(ask, server, home):
    server.answers = [(503, {"Retry-After": "60"}, {}), (200, {}, REQUEST)]
    assert ask("note", "req_1", "--text", "a").returncode == 6
    (kept,) = pending(home)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert "a" * 16 not in kept.read_text().split()[0]
    assert ask("note", "req_1", "--text", "b").returncode == 0
    assert ask("note", "req_1", "--text", "a").returncode == 0
    first, other, again = keys_of(server)
    assert first == again != other
    assert not pending(home)
    ask("note", "req_1", "--text", "a")
    assert keys_of(server)[-1] != first


def test_a_refusal_is_final(ask, server, home):
    server.answers = [(409, {}, {"detail": "no"})]
    ask("claim", "req_1")
    assert not pending(home)
    ask("claim", "req_1")
    assert len(set(keys_of(server))) == 2


def test_a_server_error_is_not_final(ask, server, home):
    server.answers = [(500, {}, {})]
    ask("claim", "req_1")
    assert len(pending(home)) == 1


def test_without_a_place_for_keys_it_is_said_and_done(ask, server):
    server.answers = [(200, {}, REQUEST)]
    done = ask("claim", "req_1", XDG_STATE_HOME="/proc/nowhere")
    assert done.returncode == 0 and "cannot write" in done.stderr
    assert ask("claim", "req_1", "-q", XDG_STATE_HOME="/proc/nowhere").stderr == ""


# --- what is sent ---------------------------------------------------------------------------------

@pytest.mark.parametrize("words,body", [
    (["claim"], {}),
    (["claim", "--role", "support"], {"role": "support"}),
    (["decline", "--reason", "no_funds", "--better", "cms", "--text", "é"],
     {"reason": "no_funds", "better": "cms", "text": "é"}),
    (["route", "--lead", "cms", "--support", "cbd,whc"], {"lead": "cms", "support": ["cbd", "whc"]}),
    (["refer", "--body", "FAO", "--text", "t"], {"body": "FAO", "text": "t"}),
    (["release", "--epoch", "3"], {"epoch": 3}),
    (["merge", "LN-2026-KEN-0002", "--text", "twice"], {"other": "LN-2026-KEN-0002", "text": "twice"}),
    (["join", "--other", "LN-2026-KEN-0002"], {"other": "LN-2026-KEN-0002"}),
    (["link", "LN-2026-UGA-0001", "--relation", "same_site"], {"other": "LN-2026-UGA-0001", "relation": "same_site"}),
    (["unmerge"], {}),
    (["route", "--lead", "cms", "--not-duplicate-of", "LN-2026-KEN-0002,LN-2026-KEN-0003"],
     {"lead": "cms", "not_duplicate_of": ["LN-2026-KEN-0002", "LN-2026-KEN-0003"]}),
    (["confirm", "--outcome", "resolved"], {"outcome": "resolved"})])
def test_the_flags_of_an_action_are_its_body(ask, server, words, body):
    server.answers = [(200, {}, REQUEST)]
    assert ask(words[0], "req_1", *words[1:]).returncode == 0
    method, path, headers, sent = server.asked[-1]
    assert (method, path) == ("POST", f"/v1/requests/req_1/{words[0]}")
    assert json.loads(sent) == body and headers["Content-Type"] == "application/json"


def test_the_other_request_is_named_once(ask, server):
    done = ask("merge", "req_1", "req_2", "--other", "req_3")
    assert done.returncode == 2 and "not both" in done.stderr
    assert ask("merge", "req_1").returncode == 2 and ask("unmerge", "req_1", "req_2").returncode == 2
    assert server.asked == []


def test_a_text_may_come_from_a_file_or_stdin(ask, server, tmp_path):
    server.answers = [(200, {}, REQUEST)]
    path = tmp_path / "answer.txt"
    path.write_text("first\nsecond\n")
    ask("answer", "req_1", "--file", path)
    ask("answer", "req_1", "--file", "-", text="from stdin\n")
    assert [json.loads(body)["text"] for *_, body in server.asked] == ["first\nsecond",
                                                                      "from stdin"]


def test_a_document_is_submitted_byte_by_byte(ask, server):
    server.answers = [(201, {}, REQUEST)]
    ask("submit", "-", "--wait", "5", text='{ "country":"KEN" }\n')
    _, path, headers, body = server.asked[-1]
    assert path == "/v1/requests" and body == b'{ "country":"KEN" }\n'
    assert headers["Prefer"] == "wait=5"


ASSESSMENT = {"routing": {"outcome": "triage", "lead": "ramsar", "candidates": []}, "duplicates": [
    {"id": "req_1", "reference": "LN-2026-KEN-0007", "verdict": "likely", "probability": 0.93,
     "shared": ["papyrus", "Naivasha"], "differs": [], "title": "Papyrus", "state": "offered"}]}


def test_a_draft_is_assessed_and_not_submitted(ask, home, server, tmp_path):
    draft = tmp_path / "draft.json"
    draft.write_text('{ "country":"KEN" }')
    server.answers = [(200, {}, ASSESSMENT)]
    lines = ask("submit", "--assess", draft).stdout.splitlines()
    assert [path for _, path, *_ in server.asked] == ["/v1/requests:assess"]
    assert server.asked[0][3] == b'{ "country":"KEN" }' and "Prefer" not in server.asked[0][2]
    assert {"routing.lead\tramsar", "duplicates.0.reference\tLN-2026-KEN-0007"} <= set(lines)
    text = on_terminal(home, "submit", "--assess", draft, "--server", server.url, "--no-color")
    for part in ["triage", "ramsar", "LN-2026-KEN-0007", "likely", "0.93", "papyrus, Naivasha"]:
        assert part in text
    assert json.loads(ask("submit", "--assess", "--json", draft).stdout) == ASSESSMENT


def test_a_condition_and_the_language_travel_along(ask, server):
    server.answers = [(200, {}, REQUEST)]
    ask("claim", "req_1", "--if-match", '"r7"', LANG="fr_CA.UTF-8")
    headers = server.asked[-1][2]
    assert headers["If-Match"] == '"r7"'
    assert headers["Accept-Language"].startswith("fr-CA")
    ask("claim", "req_1", LANG="C.UTF-8", LC_ALL="C")
    assert "Accept-Language" not in server.asked[-1][2], "the server then explains in the request's language"


def test_a_reference_is_looked_up_before_an_action(ask, server):
    server.answers = [(200, {}, REQUEST)]
    ask("agree", "LN-2026-KEN-0001")
    assert [asked[1] for asked in server.asked] == [
        "/v1/requests/LN-2026-KEN-0001", f"/v1/requests/{REQUEST['id']}/agree"]


def test_all_pages_are_followed_on_the_same_server_only(ask, server):
    server.answers = [(200, {}, {"items": [REQUEST], "next": "/v1/requests?cursor=x"}),
                      (200, {}, {"items": [REQUEST], "next": "http://elsewhere/v1/"})]
    done = ask("list", "--all", "--json")
    assert len(json.loads(done.stdout)["items"]) == 2
    assert [asked[1] for asked in server.asked] == ["/v1/requests", "/v1/requests?cursor=x"]


# --- what is shown --------------------------------------------------------------------------------

def on_terminal(home, *words, columns=80, **more):
    """What the program writes to a terminal."""
    main, side = pty.openpty()
    env = home | {"COLUMNS": str(columns), "TERM": "xterm"} | more
    with subprocess.Popen([LIAISON, *map(str, words)], env=env, stdout=side,
                          stderr=subprocess.DEVNULL) as child:
        os.close(side)
        text = b""
        try:
            while piece := os.read(main, 65536):
                text += piece
        except OSError:  # the other end is closed
            pass
        child.wait(20)
    os.close(main)
    return text.decode().replace("\r\n", "\n")


ITEMS = {"next": None, "items": [
    REQUEST | {"title": "حوت أحدب عالق في شباك", "due_at": "2026-03-03T14:05:09.123Z"},
    REQUEST | {"reference": "LN-2026-CHN-0001", "title": "云南重楼" * 12},
    REQUEST | {"title": "evil \x1b[2J \u202e tab\t\n"}]}


def test_piped_rows_have_tabs_no_headings_and_no_control_characters(ask, server):
    server.answers = [(200, {}, ITEMS)]
    rows = ask("list").stdout.split("\n")
    assert len(rows) == 4 and rows[3] == ""
    assert [len(row.split("\t")) for row in rows[:3]] == [9, 9, 9]
    assert rows[0].startswith("LN-2026-KEN-0001\tclaimed\tsecretariat\t2026-03-03T14:05:09.123Z\t")
    assert "\u2068" not in rows[0] and "حوت" in rows[0]
    assert "evil \\x1b[2J \\u202e tab\\t\\n" in rows[2]


def test_a_table_fits_the_terminal(home, server):
    server.answers = [(200, {}, ITEMS)]
    text = on_terminal(home, "list", "--server", server.url, columns=80)
    rows = text.splitlines()
    assert rows[0].startswith("\033[1mREFERENCE") and len(rows) == 4
    assert "\u2068حوت" in rows[1] and "\u2069" in rows[1]
    assert rows[2].endswith("…")
    for row in rows[1:]:
        plain = re.sub("[\u2068\u2069]", "", row)
        assert sum(2 if "\u2e80" < c < "\uffff" else 1 for c in plain) <= 80
    assert "\033" not in "".join(rows[1:])


@pytest.mark.parametrize("flags,more", [(["--no-color"], {}), ([], {"NO_COLOR": "1"}),
                                        ([], {"TERM": "dumb"})])
def test_colour_can_be_turned_off(home, server, flags, more):
    server.answers = [(200, {}, ITEMS)]
    assert "\033" not in on_terminal(home, "list", "--server", server.url, *flags, **more)


def test_a_request_is_shown_with_who_must_act_and_why(home, server):
    server.answers = [(200, {}, REQUEST | {
        "due_at": "2026-03-03T14:05:09.123Z", "description": "word " * 60, "budget": "small",
        "allowed_actions": ["claim", "decline"], "offers": [
            {"secretariat": "cms", "role": "support", "state": "pending"}],
        "routing": {"outcome": "offered", "lead": "ramsar", "candidates": [
            {"secretariat": "ramsar", "score": 65, "eligible": "yes", "reasons": [
                {"factor": "f", "points": 30, "text": "a Ramsar Site"}]}]},
        "question": {"by": "secretariat:ramsar", "at": "2026-03-03T14:05:09.123Z",
                     "text": "Which?\n\x1b[31m"}})]
    text = on_terminal(home, "show", "req_1", "--server", server.url, "--no-color")
    for part in ["LN-2026-KEN-0001  Lac", "secretariat (ramsar), until 2026-03-03 14:05 UTC",
                 "ramsar: 65 points", "+30 a Ramsar Site", "cms          support  pending",
                 "Question, secretariat:ramsar, 2026-03-03 14:05 UTC", "  \\x1b[31m",
                 "claim, decline", "budget  small"]:
        assert part in text
    assert max(map(len, text.splitlines())) <= 80


HELD = REQUEST | {"state": "triage", "reference": "LN-2026-KEN-0002", "title": "The lake dries out",
                  "description": "left " * 40, "duplicates": [
                      {"id": "req_2", "reference": "LN-2026-KEN-0001", "verdict": "likely", "probability": 0.93,
                       "shared": ["lake", "papyrus"], "differs": ["shore"]}]}
TWIN = REQUEST | {"id": "req_2", "title": "Le lac se vide", "description": "droite " * 30, "urgency": "priority"}


def test_what_waits_for_its_twin_is_shown_beside_it(home, server):
    server.answers = [(200, {}, HELD), (200, {}, TWIN)]
    text = on_terminal(home, "show", "req_1", "--server", server.url, "--no-color", columns=100)
    assert [asked[1] for asked in server.asked] == ["/v1/requests/req_1", "/v1/requests/req_2"]
    beside = text[text.index("Side by side"):].splitlines()
    assert max(map(len, text.splitlines())) <= 100
    row, = [line for line in beside if "The lake dries out" in line]
    assert row.index("Le lac se vide") == 2 + (100 - 2 - 3) // 2 + 3
    assert sum("left" in line and "droite" in line for line in beside) >= 3
    assert "lake, papyrus" in text and "0.93" in text and "priority" in text


def test_two_requests_are_compared(ask, server):
    server.answers = [(200, {}, HELD), (200, {}, TWIN)]
    lines = ask("compare", "LN-2026-KEN-0002", "req_2").stdout.splitlines()
    assert "title\tThe lake dries out\tLe lac se vide" in lines and "urgency\t\tpriority" in lines
    assert "differs\tshore" in lines
    server.asked.clear()
    assert json.loads(ask("compare", "req_1", "req_2", "--json").stdout) == [HELD, TWIN]


def test_piped_a_request_is_a_path_and_a_value_a_line(ask, server):
    server.answers = [(200, {}, REQUEST | {"version": 3, "offers": [{"secretariat": "cms"}]})]
    lines = ask("show", "req_1").stdout.splitlines()
    assert {"state\tclaimed", "version\t3", "offers.0.secretariat\tcms"} <= set(lines)


QUEUE = {"as_of": "2026-03-03T14:05:09.123Z", "queues": [
    {"name": "route", "depth": 12, "waiting": 9, "pending": 3, "delayed": 0, "dead_letters": 2,
     "oldest_age_seconds": 3700, "in_rate": 1.5, "out_rate": 0, "time_to_clear_seconds": None,
     "wait_seconds": {"p50": 0.01, "p95": None, "p99": None}}],
    "workers": [{"slot": "vm:1", "state": "missing", "heartbeat_age_seconds": 95}],
    "secretariats": [{"secretariat": "ramsar", "offers_pending": 7, "claims_open": 1}],
    "requests": {"by_state": {"submitted": 12, "closed": 0}, "by_ball": {"system": 12}}}


def test_a_stalled_queue_looks_stalled_on_one_screen(home, server):
    server.answers = [(200, {}, QUEUE)]
    text = on_terminal(home, "queue", "--server", server.url, "--no-color")
    for part in ["! no worker is alive, and requests wait", "! 2 dead letters: liaison dead",
                 "depth 12, waiting 9", "oldest 1 h 1 m", "p50 0.01 s", "submitted 12"]:
        assert part in text
    assert re.search(r"vm:1 +missing +1 m 35 s", text) and re.search(r"ramsar +7", text)
    assert "closed" not in text and max(map(len, text.splitlines())) <= 80


class Terminal:
    """A terminal of so many columns and rows that shows what it is sent: enough of ECMA-48 for our programs."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines, self.x, self.y, self.other, self.cursor = [[" "] * columns for _ in range(rows)], 0, 0, False, True

    def take(self, text):
        for code, final, char in re.findall(r"\x1b\[([?\d;]*)([A-Za-z])|(.)", text, re.S):
            if final == "H":
                self.x = self.y = 0
            elif final == "K":
                self.lines[self.y][self.x:] = [" "] * (self.columns - self.x)
            elif final == "J":
                self.lines[self.y][self.x:] = [" "] * (self.columns - self.x)
                for y in range(self.y + 1, self.rows):
                    self.lines[y] = [" "] * self.columns
            elif final in "hl" and code in ("?1049", "?25"):
                if code == "?1049":
                    self.other = final == "h"
                else:
                    self.cursor = final == "h"
            elif final:
                raise AssertionError(f"unknown control: {code}{final}")
            elif char == "\r":
                self.x = 0
            elif char == "\n":
                self.y += 1
                assert self.y < self.rows, "the screen scrolls"
            else:
                assert self.x < self.columns, "a line is too long: " + "".join(self.lines[self.y])
                self.lines[self.y][self.x] = char
                self.x += 1
        return self

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.lines)


def test_the_live_queue_fits_24_rows_of_80_and_leaves_the_terminal_as_it_was(home, server):
    import fcntl
    import struct
    import termios
    import time
    hour = {"name": "deliver", "depth": 3, "oldest_age_seconds": 1, "in_rate": 0, "out_rate": 0, "paused": True,
            "paused_since": "2026-03-03T13:05:09.123Z", "dead_letters": 0}
    busy = dict(QUEUE["queues"][0], stalled=True)
    many = [{"secretariat": f"s{n}", "offers_pending": n} for n in range(40)]
    server.answers = [(200, {}, QUEUE | {"queues": [dict(busy, depth=n), hour], "secretariats": many}) for n in (1, 4, 8)]
    server.answers += [(503, {"Retry-After": "1"}, {})] * 40
    controller, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = home | {"TERM": "xterm", "LANG": "C.UTF-8"}
    env.pop("COLUMNS", None)
    with subprocess.Popen([LIAISON, "queue", "--watch", "--server", server.url], env=env, stdout=side, stderr=side) as p:
        os.close(side)
        seen, end = b"", time.monotonic() + 30
        while b"NO ANSWER" not in seen and time.monotonic() < end:
            seen += os.read(controller, 65536)
        screen = Terminal(80, 24).take(seen.decode())
        shown = screen.text()
        assert screen.other and not screen.cursor
        p.send_signal(2)
        assert p.wait(10) == 130
        screen.take(os.read(controller, 65536).decode())
        assert not screen.other and screen.cursor, "the terminal is as it was"
    os.close(controller)
    for part in ["NO ANSWER at", "what follows is of 14:05:09", "STALLED", "deliver  paused since 13:05", "depth",
                 "\u2581\u2584\u2588", "vm:1 missing", "s0", "no worker is alive"]:
        assert part in shown, shown
    assert "s39" not in shown


def test_piped_the_queue_shows_every_member(ask, server):
    server.answers = [(200, {}, QUEUE | {"novelty": {"a": 1}})]
    lines = ask("queue").stdout.splitlines()
    assert {"queues.0.oldest_age_seconds\t3700", "novelty.a\t1"} <= set(lines)


# --- on the server --------------------------------------------------------------------------------

def test_a_key_file_is_made_once_and_only_for_its_owner(liaison, tmp_path):
    path = tmp_path / "keys"
    assert liaison("keys", "create", path).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = path.read_text()
    assert liaison("keys", "create", path).returncode == 1 and path.read_text() == kept


def test_tokens_need_keys_and_a_store(liaison, tmp_path):
    words = ["token", "list"]
    where = {"LIAISON_KEYS": str(tmp_path / "keys"), "LIAISON_STORE_TIMEOUT_MS": "200",
             "LIAISON_STORE": f"unix:{tmp_path}/nothing.sock"}
    assert liaison(*words, **where).returncode == 1
    liaison("keys", "create", tmp_path / "keys")
    assert liaison(*words, **where).returncode == 6
    (tmp_path / "keys").chmod(0o644)
    assert liaison(*words, **where).returncode == 1


def test_a_settings_file_with_an_unknown_key_is_refused(liaison, tmp_path):
    path = tmp_path / "liaison.conf"
    path.write_text("prot = 1\n")
    done = liaison("token", "list", "--config", path)
    assert done.returncode == 1 and f'{path}:1: unknown key "prot"' in done.stderr


# --- what follows from the tables ------------------------------------------------------------------

@pytest.mark.parametrize("page", ["liaison", "liaison.conf", "liaisond", "liaison-worker"])
def test_manual_pages_are_clean(liaison, tmp_path, page):
    text = liaison("manual", page).stdout
    (tmp_path / page).write_text(text)
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", tmp_path / page], capture_output=True, text=True, timeout=20)
    assert (lint.returncode, lint.stdout) == (0, ""), lint.stdout
    shown = subprocess.run(["mandoc", "-T", "utf8", tmp_path / page], capture_output=True, text=True, timeout=20).stdout
    plain = re.sub(r".\x08", "", shown)
    for part in {"liaison": ["dead delete ID", "--watch", "130 interrupted"], "liaison.conf": ["disk_free_bytes", "2147483648"],
                 "liaisond": ["-T", "78"], "liaison-worker": ["--role", "mail-in"]}[page]:
        assert part in plain, plain[:3000]


def test_the_manual_has_every_setting_and_every_command(liaison):
    keys = re.findall(r"^#?([a-z_]+) = ", (pathlib.Path(__file__).parents[2] / "config/liaison.conf").read_text(), re.M)
    manual = liaison("manual", "liaison.conf").stdout
    assert len(keys) > 40 and re.findall(r"^\.It Ic (\w+)$", manual, re.M) == keys
    names = re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)(?= |$)", liaison("help").stdout, re.M)
    commands = re.findall(r"^\.It Cm (.*?)(?: Ar .*)?$", liaison("manual", "liaison").stdout.replace("\\-", "-"), re.M)
    assert set(names) <= set(commands) and "worker quiet" in commands


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_read_by_their_shell(liaison, tmp_path, shell):
    script = tmp_path / shell
    script.write_text(liaison("completion", shell).stdout)
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    ask = {"bash": f"source {script}; COMP_WORDS=(liaison dead ''); COMP_CWORD=2; _liaison; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
           "zsh": f"compdef() {{ : }}; compadd() {{ shift; print -l -- $@ }}; source {script}; "
                  "words=(liaison dead ''); CURRENT=3; _liaison",
           "fish": f"source {script}; complete -C 'liaison dead '"}[shell]
    words = subprocess.run([shell, "-c", ask], capture_output=True, text=True, timeout=20)
    assert {"show", "requeue", "delete"} <= {w.split("\t")[0] for w in words.stdout.split("\n")}, words
