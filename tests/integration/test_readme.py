"""What README.md tells the reader to type is typed here, word for word."""
import json
import os
import re
import subprocess

from harness import BIN, ROOT, Site


def blocks(heading):
    text = (ROOT / "README.md").read_text()
    section, = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    return re.findall(r"^```(?:sh|console)\n(.*?)^```$", section, re.S | re.M)


def run(script, env):
    env = {**env, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=ROOT, env=env, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def documents(text):
    """The JSON documents that stand in a row in text."""
    found, decoder = [], json.JSONDecoder()
    for at in (m.start() for m in re.finditer(r"\{\"", text)):
        if found and at < found[-1][1]:
            continue
        try:
            doc, end = decoder.raw_decode(text, at)
            found.append((doc, end))
        except ValueError:
            continue
    return [doc for doc, _ in found]


def test_the_main_job_with_curl():
    steps = blocks("The main job with curl")
    assert len(steps) >= 4
    with Site(workers=1) as site:
        env = {k: v for k, v in site.env.items() if not k.startswith("LIAISON_") or k == "LIAISON_STATE"}
        env["LIAISON"] = f"http://127.0.0.1:{site.ports[0]}"
        out = run("\n".join(steps) + '\necho "THE ID: $id"\n', env)
        id = re.search(r"THE ID: (req_[0-9a-f]{32})", out)[1]
        docs = documents(out)
        states = [d["state"] for d in docs if d.get("id") == id]
        assert states == ["offered", "claimed", "answered", "closed"], out
        first = next(d for d in docs if d.get("id") == id)
        assert (first["ball"], first["holder"]) == ("secretariat", "ramsar") and first["routing"]["candidates"]
        draft = next(d for d in docs if "id" not in d and "duplicates" in d)
        assert draft["routing"]["lead"] == "ramsar" and [p["id"] for p in draft["duplicates"]] == [id]
        inbox = next(d for d in docs if "items" in d)
        assert [i["id"] for i in inbox["items"]] == [id]
        history = [d for d in docs if "items" in d and d["items"] and "action" in d["items"][0]]
        assert [line["action"] for line in history[0]["items"]] == ["submit", "offer", "join", "claim", "answer",
                                                                  "confirm"]
        joined = next(d for d in docs if d.get("state") == "merged")
        assert joined["merged_into"]["id"] == id and joined["reference"] != first["reference"]
        assert site.get("country:KEN", id)["outcome"] == "resolved"
        if "liaison --as" in "".join(steps):
            reference = first["reference"]
            assert reference in out[out.rindex('"confirm"'):], "the command line shows the request"


def test_routing_without_any_server():
    step, = blocks("Try the routing without any server")
    out = run(step, {"PATH": ""})
    assert re.search("cms|Migratory", out), out


def test_shell_blocks_parse():
    for path in (ROOT / "README.md",):
        for block in re.findall(r"^```(?:sh|console)\n(.*?)^```$", path.read_text(), re.S | re.M):
            block = block.replace("<this repository>", "repository")
            subprocess.run(["bash", "-n", "-c", block], check=True)
