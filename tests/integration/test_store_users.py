"""Why: a program that is tricked, or wrong, must not be able to do more in the store than its work. What
each may is config/store-users.acl; that it is enough is shown by every other test, since all sites run
with these users and fail when one was refused anything (harness.Site.check_clean)."""
import random
import re
import subprocess

import pytest

import harness
from harness import ROOT, STORE_USERS, Redis, RedisError, wait_until, wetland

RULES = {line.split()[1]: line.split()[2:] for line in (ROOT / "config/store-users.acl").read_text().splitlines()
         if line.startswith("user ")}
ROLES = {"worker": ["route", "clock"], "deliver": ["deliver", "mail-in"], "auditor": ["audit"]}


def rights(user, mark):
    return [word[len(mark):] for word in RULES[user] if word.startswith(mark)]


def example(pattern):
    return pattern.replace("[0-9]", "0").replace("*", "x")


@pytest.fixture(scope="module")
def users():
    """A site, and a way to talk to its store as each of the users."""
    with harness.Site(workers=1) as site:
        folder = site.folder / "store-users"
        yield site, {user: Redis(site.sock, user, (folder / user).read_text()) for user in STORE_USERS}
        site.redis("ACL", "LOG", "RESET")  # what was refused here was meant to be


def refused(redis, *words):
    with pytest.raises(RedisError, match="^NOPERM"):
        redis(*words)


def test_the_file_is_what_the_table_says():
    assert set(RULES) == set(STORE_USERS)
    subprocess.run([ROOT / "script/store-users", "--check"], check=True)


def test_nobody_comes_in_without_a_password(users):
    site, _ = users
    for words in (["PING"], ["HGETALL", "lia:{sys}:workers"], ["FCALL", "barrier_v1", "1", "lia:{sys}:barrier", "x"]):
        with pytest.raises(RedisError, match="^NOAUTH"):
            Redis(site.sock)(*words)
    for user in STORE_USERS:
        with pytest.raises(RedisError, match="^WRONGPASS"):
            Redis(site.sock)("AUTH", user, "x" * 64)


def test_each_is_refused_what_is_not_its_own(users):
    _, as_user = users
    commands = {c for user in RULES for c in rights(user, "+")}
    keys = {k for user in RULES for k in rights(user, "~") + rights(user, "%R~")}
    tried = 0
    for user, redis in as_user.items():
        for command in commands - set(rights(user, "+")):
            for n in range(8):  # with as many words as it takes
                with pytest.raises(RedisError) as told:
                    redis(*command.split("|"), *["lia:{sys}:barrier"] * n)
                if not str(told.value).startswith("ERR wrong number"):
                    break
            assert str(told.value).startswith("NOPERM"), (user, command, told.value)
            tried += 1
        for key in keys - set(rights(user, "~")):
            refused(redis, "FCALL", "barrier_v1", "1", example(key), "x")  # a write
            tried += 1
        read = next(c for c in ("hmget", "xrange") if c in rights(user, "+"))
        for key in keys - set(rights(user, "~")) - set(rights(user, "%R~")):
            refused(redis, read, example(key), *(("x",) if read == "hmget" else ("-", "+")))
            tried += 1
    assert tried > 100


FORBIDDEN = [["KEYS", "*"], ["SCAN", "0"], ["FLUSHALL"], ["FLUSHDB"], ["EVAL", "return 1", "0"], ["SCRIPT", "FLUSH"],
             ["CONFIG", "SET", "appendonly", "no"], ["CONFIG", "REWRITE"], ["SHUTDOWN", "NOSAVE"],
             ["FUNCTION", "FLUSH"], ["FUNCTION", "DELETE", "liaison_v1"], ["MONITOR"], ["ACL", "SETUSER", "x"], ["ACL", "LIST"],
             ["CLIENT", "KILL", "TYPE", "normal"], ["CLIENT", "LIST"], ["SLAVEOF", "h", "1"], ["BGREWRITEAOF"], ["SAVE"],
             ["SWAPDB", "0", "1"], ["MIGRATE", "h", "1", "x", "0", "1"], ["DUMP", "x"],
             ["RESTORE", "x", "0", "x"], ["SUBSCRIBE", "x"], ["PUBLISH", "x", "x"], ["XTRIM", "x", "MAXLEN", "0"],
             ["RENAME", "x", "y"], ["SORT", "x"], ["SELECT", "1"]]


@pytest.mark.parametrize("user", STORE_USERS)
def test_nobody_has_a_dangerous_command(users, user):
    _, as_user = users
    for words in FORBIDDEN:
        if (user, words[0]) != ("worker", "SCAN"):  # who seals values anew must find them; it has names alone from it
            refused(as_user[user], *words)
    if user != "admin":
        refused(as_user[user], "FUNCTION", "LOAD", "REPLACE", "#!lua name=liaison_v1\n")
    if user not in ("daemon", "admin"):  # the daemon hashes a token anew under a new key when it is used
        refused(as_user[user], "HSET", "lia:{sys}:token:x", "hash", "x")
    if user not in ("daemon", "admin", "worker"):  # the worker looks under which key it is hashed
        refused(as_user[user], "HMGET", "lia:{sys}:token:x", "hash")


def start(site, user):
    """That user's program; what it says when it ends by itself."""
    if user == "admin":
        done = site.cli("store", "prepare", check=False)
        return done.returncode, done.stderr
    if user == "daemon":
        process = site.start_daemon(wait=False)
    else:
        env = {"LIAISON_AUDIT_KEY": str(site.folder / "audit-key")}
        process = site.start_role("x", *ROLES[user], env=env)
    code = process.wait(20)
    site.processes.remove(process)
    if user == "daemon":
        site.daemons.remove(process)
    return code, process.text()


@pytest.mark.parametrize("user", STORE_USERS)
def test_a_missing_right_is_named_at_the_start(users, user):
    site, _ = users
    rng = random.Random(user)
    if not (site.folder / "audit-key").exists():
        site.cli("keys", "audit", "test.example/audit", site.folder / "audit-key")
    password = (site.folder / "store-users" / user).read_text()
    droppable = [w for w in RULES[user] if w[0] in "+~%" and not re.search(r"barrier|auth$|dryrun|hmget|xrange", w)]
    try:
        for right in rng.sample(droppable, 4 if user == "admin" else 1):
            site.redis("ACL", "SETUSER", user, "reset", f">{password}", *[w for w in RULES[user] if w != right])
            code, said = start(site, user)
            assert code == (78 if user != "admin" else code) and code != 0, (right, code, said)
            name = example(right[1:].split("|")[0] if right[0] == "+" else right[right.index("~") + 1:])
            assert f"user {user} of the store" in said, (right, said)
            assert f"'{name}" in said, (right, said)
    finally:
        site.redis("ACL", "SETUSER", user, "reset", f">{password}", *RULES[user])
    if user == "admin":
        assert start(site, user)[0] == 0


def test_a_wrong_password_is_told(users):
    site, _ = users
    wrong = site.folder / "wrong"
    wrong.mkdir(mode=0o700)
    (wrong / "daemon").write_text("x" * 64)
    (wrong / "daemon").chmod(0o600)
    daemon = site.start_daemon(wait=False, env={"LIAISON_STORE_PASSWORDS": str(wrong)})
    assert daemon.wait(20) == 78
    assert "does not know user daemon" in daemon.text()
    site.processes.remove(daemon)
    site.daemons.remove(daemon)
    (wrong / "daemon").chmod(0o644)
    daemon = site.start_daemon(wait=False, env={"LIAISON_STORE_PASSWORDS": str(wrong)})
    assert daemon.wait(20) == 78
    assert "others can read it" in daemon.text()
    site.processes.remove(daemon)
    site.daemons.remove(daemon)


def test_roles_of_different_users_are_different_processes(users):
    site, _ = users
    both = site.start_role("y", "route", "audit")
    assert both.wait(20) == 78
    assert "different users of the store" in both.text()
    site.processes.remove(both)


def test_what_is_stored_still_flows(users):
    """After all of the above the same processes go on."""
    site, _ = users
    doc = site.routed("KEN", **wetland("Lake Baringo"))
    wait_until(lambda: site.get("country:KEN", doc["id"])["state"] in ("offered", "triage"), 20)
