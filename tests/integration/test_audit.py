"""The audit log: every event once, signed; any edit of what is stored is reported.

LIAISON_EDITS  how many edits are made (default 60; the campaign: 1000), a sixth of them in the store"""
import json
import os
import random
import shutil
import subprocess

import pytest

from harness import BIN, PARTITIONS, ROOT, partition_key, wait_until, wetland

EDITS = int(os.environ.get("LIAISON_EDITS", 60))
NAME = "liaison.example/audit"


def with_audit(make_site, **options):
    site = make_site(workers=1, env={"LIAISON_CHECKPOINT_S": "1"} | options.pop("env", {}), **options)
    site.env["LIAISON_AUDIT_KEY"] = str(site.folder / "audit-key")
    site.key = site.cli("keys", "audit", NAME, site.folder / "audit-key").stdout.strip()
    site.log = site.folder / "audit"
    site.auditor = site.start_role("1", "audit")
    return site


def streams():
    return [(f"p{p:02d}", partition_key(p, "events")) for p in range(PARTITIONS)] + [("sys", "lia:{sys}:events")]


def stored(site):
    return sum(site.redis("XLEN", key) for _, key in streams())


def signed(site):
    """Size of the last checkpoint."""
    path = site.log / "checkpoint"
    return int(path.read_text().split("\n")[1]) if path.exists() else 0


def settled(site):
    return wait_until(lambda: signed(site) == stored(site) > 0, 30, "all is signed")


def verify(log, key, *more):
    return subprocess.run([BIN / "liaison-verify", key, log, *map(str, more)], capture_output=True, text=True, timeout=60)


def busy(site):
    for country in ("KEN", "UGA", "PER"):
        doc = site.routed(country, **wetland(f"Lake {country}"))
        site.act("coordinator", doc["id"], "note", {"text": "secret words of a note"})
        site.act(f"country:{country}", doc["id"], "withdraw", {"text": "no longer needed"})


@pytest.fixture
def audited(make_site):
    site = with_audit(make_site)
    busy(site)
    settled(site)
    return site


def test_each_event_is_one_leaf_and_survives_kills(audited):
    site = audited
    for _ in range(5):
        site.auditor.kill()
        busy(site)
        with open(site.log / "leaves", "ab") as f:
            f.write(b'{"entry":"17')  # half a line, as a crash leaves it
        site.auditor = site.start_role("1", "audit")
    settled(site)
    leaves = [json.loads(line) for line in (site.log / "leaves").read_text().splitlines()]
    for name, key in streams():
        have = [leaf["entry"] for leaf in leaves if leaf["stream"] == name]
        assert have == [entry.decode() for entry, _ in site.redis("XRANGE", key, "-", "+")]
    text = (site.log / "leaves").read_text()
    assert "secret words" not in text and "no longer" not in text
    assert {"submit", "withdraw", "token.issue"} <= {leaf["fields"]["action"] for leaf in leaves}
    assert verify(site.log, site.key).returncode == 0
    told = site.cli("audit", "verify", "--key", site.key).stdout
    assert told.startswith(f"good: {len(leaves)} events") and "0 not entered yet" in told
    published = site.api(None, "GET", "/v1/audit/checkpoint")
    assert published.status == 200 and published.headers["content-type"].startswith("text/plain")
    assert published.body == (site.log / "checkpoint").read_bytes()


def test_nothing_is_signed_on_top_of_an_altered_log(audited):
    site = audited
    site.auditor.kill()
    leaves = site.log / "leaves"
    leaves.write_bytes(leaves.read_bytes().replace(b'"action":"withdraw"', b'"action":"withdrow"', 1))
    before = (site.log / "checkpoints").read_bytes()
    auditor = site.start_role("1", "audit")
    assert auditor.wait() == 78 and "not as it was signed" in auditor.text()
    assert (site.log / "checkpoints").read_bytes() == before


def test_without_its_key_the_role_does_not_start(make_site):
    site = make_site(workers=0)
    for mode in (None, 0o644):
        if mode:
            site.cli("keys", "audit", NAME, site.folder / "k")
            (site.folder / "k").chmod(mode)
        auditor = site._spawn(type(site.server), "audit", [BIN / "liaison-worker", "--role", "audit"],
                              env={"LIAISON_AUDIT_KEY": str(site.folder / "k")})
        assert auditor.wait() == 78 and "audit key" in auditor.text()


def test_only_one_process_has_the_log(audited):
    second = audited.start_role("2", "audit")
    assert second.wait() == 78 and "another process" in second.text()


def test_a_rolled_back_log_does_not_pass_for_who_kept_a_checkpoint(audited, tmp_path):
    site = audited
    old = tmp_path / "old"
    shutil.copytree(site.log, old)
    busy(site)
    settled(site)
    kept = tmp_path / "kept"
    shutil.copy(site.log / "checkpoint", kept)
    assert verify(old, site.key).returncode == 0, "in itself it is good"
    cut = verify(old, site.key, kept)
    assert cut.returncode == 1 and "cut off" in cut.stderr
    assert verify(site.log, site.key, kept).returncode == 0
    other = site.cli("keys", "audit", NAME, site.folder / "other").stdout.strip()
    assert verify(site.log, other).returncode == 1, "signed by another key"


# --- edits -------------------------------------------------------------------------------------------


def edit_file(rng, log):
    """One change of what is under the last checkpoint; what it was."""
    name = rng.choice(["leaves", "leaves", "leaves", "checkpoints"])
    data = (log / name).read_bytes()
    lines = data.splitlines(keepends=True)
    kind = rng.choice(["bit", "byte out", "byte in", "line out", "line twice", "swap", "cut", "forged"])
    at, i = rng.randrange(len(data)), rng.randrange(len(lines))
    if kind == "bit":
        new = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
    elif kind == "byte out":
        new = data[:at] + data[at + 1:]
    elif kind == "byte in":
        new = data[:at] + bytes([rng.randrange(256)]) + data[at:]
    elif kind == "line out":
        new = b"".join(lines[:i] + lines[i + 1:])
    elif kind == "line twice":
        new = b"".join(lines[:i] + [lines[i]] + lines[i:])
    elif kind == "swap":
        k = rng.randrange(len(lines))
        lines[i], lines[k] = lines[k], lines[i]
        new = b"".join(lines)
    elif kind == "cut":
        new = data[:at] if name == "leaves" else data[:max(1, at)]
        whole = name == "checkpoints" and any(data[:at] == b"".join(lines[:5 * k]) for k in range(len(lines)))
        new = data if whole else new  # fewer checkpoints: only who kept one can tell, see above
    else:
        leaf = json.dumps({"entry": "1-1", "fields": {"action": "close"}, "stream": "p00"}).encode() + b"\n"
        new = b"".join(lines[:i] + [leaf] + lines[i + 1:])
    if new.startswith(data):
        new = data  # behind the last checkpoint nothing is signed yet: the store's comparison finds that
    (log / name).write_bytes(new)
    return f"{name}: {kind} at {at} / line {i}", new != data


def edit_stream(rng, redis):
    """The stream of somebody, written anew with one change. Undo by the answer."""
    name, key = rng.choice([s for s in streams() if redis("XLEN", s[1]) > 1])
    dump = redis("DUMP", key)
    entries = redis("XRANGE", key, "-", "+")
    kind = rng.choice(["delete", "change", "swap", "insert", "last"])
    i = rng.randrange(len(entries) - 1)
    if kind == "delete":
        del entries[i]
    elif kind == "last":
        del entries[-1]
    elif kind == "change":
        fields = entries[i][1]
        k = rng.randrange(1, len(fields), 2)
        fields[k] = fields[k] + b"x"
    elif kind == "swap":
        entries[i][1], entries[i + 1][1] = entries[i + 1][1], entries[i][1]
    else:
        ms, n = entries[i][0].split(b"-")
        between = ms + b"-" + str(int(n) + 1).encode()
        if between == entries[i + 1][0]:
            del entries[i + 1]
        else:
            entries.insert(i + 1, [between, entries[i][1]])
    same = entries == redis("XRANGE", key, "-", "+")
    redis("DEL", key)
    for entry, fields in entries:
        redis("XADD", key, entry, *fields)
    return f"{name}: {kind} at {i}", not same, lambda: redis("RESTORE", key, 0, dump, "REPLACE")


def test_every_edit_is_reported(audited, tmp_path):
    site, rng = audited, random.Random(9)
    site.auditor.kill()
    made = 0
    for n in range(EDITS):
        if n % 6:
            log = tmp_path / "log"
            shutil.copytree(site.log, log, dirs_exist_ok=True)
            what, differs = edit_file(rng, log)
            done = [verify(log, site.key)]
            if n % 30 == 1:
                done.append(site.cli("audit", "verify", "--offline", "--dir", log, "--key", site.key, check=False))
        else:
            what, differs, undo = edit_stream(rng, site.redis)
            done = [site.cli("audit", "verify", "--key", site.key, check=False)]
            undo()
        made += differs
        for d in done:
            assert d.returncode == (1 if differs else 0), (what, d)
    assert made > EDITS * 0.9
    assert site.cli("audit", "verify", "--key", site.key).returncode == 0, "all is undone"
    import harness
    harness.FIGURES.append(f"audit: {made} edits of what is stored, {made} reported")


def test_the_verifier_shares_no_code():
    source = (ROOT / "verify/main.c").read_text()
    assert '#include "' not in source
