"""Why: what stands between a power cut and a lost request is script/redis. Each case prepares the
append-only file as an accident would leave it and starts real redis-server on it, twice, since the
defect behind rule R-1 shows only after the second start."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = """#!lua name=accident
redis.register_function('accept', function(keys, args)
    redis.call('HSET', keys[1], 'text', args[1])
    redis.call('XADD', keys[2], '*', 'id', keys[1])
    return 1
end)
"""
TRANSACTION = re.compile(rb"\*1\r\n\$5\r\nMULTI\r\n.*?\*1\r\n\$4\r\nEXEC\r\n", re.S)


class Store:
    """One state folder and the redis-server on it."""

    def __init__(self, state):
        self.state = state
        self.socket = state / "redis.sock"
        self.process = None

    @property
    def aof(self):
        return self.state / "redis/appendonlydir/appendonly.aof.1.incr.aof"

    @property
    def backups(self):
        return sorted((self.state / "redis/appendonlydir-backup").glob("*"))

    def run(self):
        """Starts script/redis; returns None when it serves, else (exit code, what it said)."""
        more = self.state / "store-users/more.acl"
        more.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        more.write_text("user tester on >word ~* &* +@all\n")
        self.process = subprocess.Popen(
            [ROOT / "script/redis", self.state], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env={**os.environ, "LIAISON_BALLAST": "0"})
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return self.process.returncode, self.process.stdout.read()
            if self.socket.exists() and self.cli("PING").strip() == "PONG":
                return None
            time.sleep(0.02)
        raise TimeoutError("script/redis neither serves nor ends")

    def cli(self, *words, stdin=None):
        return subprocess.run(["redis-cli", "-s", self.socket, "--user", "tester", "--pass", "word", "--no-auth-warning", *words],
                              input=stdin, capture_output=True, text=True, timeout=10).stdout

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
        if self.process:
            self.process.stdout.close()
            self.process = None

    def accept(self, n):
        return self.cli("FCALL", "accept", "2", f"r{n}", "work", f"text {n}").strip()

    def accepted(self):
        """The accepted requests, each with its one work entry, else an assertion fails."""
        held = sorted(k for k in self.cli("KEYS", "r*").split())
        work = re.findall(r"^r\d+$", self.cli("XRANGE", "work", "-", "+"), re.M)
        assert sorted(work) == held
        return held


@pytest.fixture
def store(tmp_path):
    """A store that accepted r1 to r5 and was then killed."""
    it = Store(tmp_path)
    try:
        assert it.run() is None
        assert "accident" in it.cli("-x", "FUNCTION", "LOAD", stdin=LIBRARY)
        for n in range(1, 6):
            assert it.accept(n) == "1"
        it.stop(signal.SIGKILL)
        yield it
    finally:
        it.stop()


def last_transaction(raw):
    return list(TRANSACTION.finditer(raw))[-1].span()


def serves_twice(store, expected):
    """Starts, accepts one more, is killed, starts again: nothing acknowledged is lost."""
    assert store.run() is None
    assert store.accepted() == expected
    assert store.accept(9) == "1"
    store.stop(signal.SIGKILL)
    assert store.run() is None
    assert store.accepted() == [*expected, "r9"]


def refuses(store, code, *words):
    found = store.run()
    assert found and found[0] == code, found
    for word in words:
        assert word in found[1]


def test_kill_without_a_torn_write_changes_nothing(store):
    before = store.aof.read_bytes()
    serves_twice(store, ["r1", "r2", "r3", "r4", "r5"])
    assert store.aof.read_bytes().startswith(before)
    assert store.backups == []


@pytest.mark.parametrize("place", ["after MULTI", "in a word", "in a length", "in a line end",
                                   "before EXEC", "in EXEC"])
def test_write_torn_inside_multi_is_cut_back_to_before_it(store, place):
    raw = store.aof.read_bytes()
    begin, end = last_transaction(raw)
    cut = {"after MULTI": begin + len("*1\r\n$5\r\nMULTI\r\n"),
           "in a word": raw.index(b"text 5") + 3,
           "in a length": raw.index(b"$6\r\ntext 5") + 1,
           "in a line end": raw.index(b"$6\r\ntext 5") + 3,
           "before EXEC": end - len("*1\r\n$4\r\nEXEC\r\n"),
           "in EXEC": end - 4}[place]
    store.aof.write_bytes(raw[:cut])
    serves_twice(store, ["r1", "r2", "r3", "r4"])
    assert [b.read_bytes() for b in store.backups] == [raw[:cut]]


def test_zeros_behind_the_last_write_are_cut(store):
    raw = store.aof.read_bytes()
    store.aof.write_bytes(raw + bytes(5000))
    serves_twice(store, ["r1", "r2", "r3", "r4", "r5"])
    assert [b.read_bytes() for b in store.backups] == [raw + bytes(5000)]


def test_zeros_behind_a_torn_write_are_cut_with_it(store):
    raw = store.aof.read_bytes()
    store.aof.write_bytes(raw[:raw.index(b"text 5") + 3] + bytes(5000))
    serves_twice(store, ["r1", "r2", "r3", "r4"])


@pytest.mark.parametrize("damage", [
    ("$6\r\ntext 3", "$7\r\ntext 3", "no end of line"),
    ("$6\r\ntext 3", "$999999\r\ntext 3", "swallows"),
    ("$6\r\ntext 3", "\0\0\0\0text 3", "where one is due"),
    ("MULTI\r\n*4\r\n$4\r\nHSET\r\n$2\r\nr3", "MULTX\r\n*4\r\n$4\r\nHSET\r\n$2\r\nr3",
     "refuses"),
])
def test_damage_before_accepted_writes_is_refused_and_left_alone(store, damage):
    good, bad, word = damage
    raw = store.aof.read_bytes()
    assert raw.count(good.encode()) == 1
    spoilt = raw.replace(good.encode(), bad.encode())
    store.aof.write_bytes(spoilt)
    refuses(store, 1, "will not start", word)
    assert store.aof.read_bytes() == spoilt
    assert store.backups == []


def test_garbage_behind_the_last_write_is_refused(store):
    store.aof.write_bytes(store.aof.read_bytes() + b"\x17garbage")
    refuses(store, 1, "will not start")


def test_more_than_16_mib_are_never_cut(store):
    raw = store.aof.read_bytes()
    store.aof.write_bytes(raw + bytes((16 << 20) + 1))
    refuses(store, 1, "more than a torn write has")
    store.aof.write_bytes(raw + bytes(16 << 20))
    assert store.run() is None


def test_damaged_base_file_is_refused(store):
    base = next(store.aof.parent.glob("*.base.rdb"))
    base.write_bytes(base.read_bytes()[:-9])
    refuses(store, 1, "will not start", "not in the last file")


def test_lost_store_is_refused(store):
    store.aof.parent.rename(store.state / "elsewhere")
    refuses(store, 78, "will not start", "redis-made")
    assert not store.aof.parent.exists()
    (store.state / "elsewhere").rename(store.aof.parent)
    assert store.run() is None
    assert len(store.accepted()) == 5


def test_crash_while_the_store_is_made_does_not_lock_it_out(tmp_path):
    store = Store(tmp_path)
    (tmp_path / "redis/appendonlydir").mkdir(parents=True)
    try:
        assert store.run() is None
    finally:
        store.stop()
    assert (tmp_path / "redis-made").exists()


def test_second_server_on_one_store_is_refused(store):
    assert store.run() is None
    second = Store(store.state)
    second.process = subprocess.Popen([ROOT / "script/redis", store.state], text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        said, _ = second.process.communicate(timeout=20)
        assert second.process.returncode == 1
        assert "another redis-server" in said
        assert len(store.accepted()) == 5
    finally:
        second.stop()


def test_long_state_path_gets_a_short_socket(tmp_path, monkeypatch, request):
    runtime = tempfile.TemporaryDirectory(dir="/tmp")
    request.addfinalizer(runtime.cleanup)
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime.name)
    state = tmp_path / ("long" * 30)
    store = Store(state)
    said = subprocess.run([ROOT / "script/redis", "--socket", state], capture_output=True,
                          text=True, check=True).stdout.strip()
    assert len(said) <= 107
    store.socket = pathlib.Path(said)
    try:
        assert store.run() is None
    finally:
        store.stop()


def test_stop_signal_ends_it_and_only_the_aof_is_saved(store):
    assert store.run() is None
    store.process.send_signal(signal.SIGTERM)
    assert store.process.wait(timeout=60) == 0
    assert [p.name for p in (store.state / "redis").iterdir()] == ["appendonlydir"]
