"""Why: a test of the whole needs a private redis-server, liaisond and workers that start fast, never
outlive it, and tell their story only when it fails.

    with Site(workers=2) as site:
        status, headers, doc = site.submit("KEN", title=..., description=...)

Nothing here knows what is right; tests do. No fixed sleeps: readiness is polled with an end."""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LIAISON_BIN", ROOT / "build/debug"))
PAGES = BIN / "web"
PARTITIONS = 16
FIGURES = []  # what a run measured, printed at its end
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", " BUG ")


class Timeout(AssertionError):
    pass


def wait_until(condition, seconds=20, what="condition", every=0.02):
    """The first true value of condition()."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout(f"not within {seconds} s: {what}")
        time.sleep(every)


# --- Redis, enough of RESP for a checker that shares no code with ours ---------------------------


STORE_USERS = ("daemon", "worker", "deliver", "auditor", "admin")
CHECKER = ("checker", "looks-behind")  # sees and changes all, as no program may


class RedisError(Exception):
    pass


class Redis:
    """A new connection a call: a checker must survive kills of the server."""

    def __init__(self, path, user=None, password=None):
        self.path = str(path)
        self.sign_in = ["AUTH", user, password] if user else None

    def __call__(self, *words, timeout=5):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(self.path)
            s.sendall((self._words(self.sign_in) if self.sign_in else b"") + self._words(words))
            with s.makefile("rb") as stream:
                if self.sign_in:
                    self._read(stream)
                return self._read(stream)

    @staticmethod
    def _words(words):
        out = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        return out

    def _read(self, stream):
        line = stream.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self._read(stream) for _ in range(int(rest))]
        raise OSError(f"not RESP: {line!r}")

    def text(self, *words):
        value = self(*words)
        return value.decode() if isinstance(value, bytes) else value

    def hash(self, key):
        flat = self("HGETALL", key)
        return {flat[i].decode(): flat[i + 1] for i in range(0, len(flat), 2)}

    def denied(self):
        """What users were refused: (user, command or key)."""
        try:
            log = [dict(zip(e[::2], e[1::2])) for e in self("ACL", "LOG", timeout=1)]
        except (OSError, RedisError):
            return []
        return [(e[b"username"].decode(), e[b"object"].decode()) for e in log if e[b"reason"] != b"auth"]

    def is_up(self):
        try:
            return self("PING", timeout=1) == "PONG"
        except (OSError, RedisError):
            return False


def partition_key(id_or_number, name):
    p = int(id_or_number[-1], 16) if isinstance(id_or_number, str) else id_or_number
    return f"lia:{{p{p:02d}}}:{name}"


# --- processes -----------------------------------------------------------------------------------


class Process:
    """A child with its log in a file. Its end is noticed, not assumed."""

    def __init__(self, argv, log, env, stdout=False):
        self.name = log.stem
        self.log = log
        self.lines = []
        self._log = open(log, "ab")
        self.popen = subprocess.Popen(
            [str(a) for a in argv], env=env, cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout else self._log, stderr=self._log,
            start_new_session=True)
        if stdout:
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()

    def _read(self):
        for line in self.popen.stdout:
            self.lines.append(line.decode())

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.wait()

    def wait(self, seconds=20):
        try:
            code = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Timeout(f"{self.name} still runs after {seconds} s") from None
        self._log.close()
        if self.popen.stdout:
            self._thread.join(5)
            self.popen.stdout.close()
        return code

    def is_running(self):
        return self.popen.poll() is None

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Daemon(Process):
    def port(self, seconds=30):
        def announced():
            if not self.is_running():
                raise AssertionError(f"{self.name} ended with {self.popen.returncode}")
            return [line for line in self.lines if line.startswith("listening ")]
        return int(wait_until(announced, seconds, f"{self.name} listens")[0].split()[1])


class Answer:
    """status, headers (lower-case names), doc (parsed JSON or None), body (bytes)."""

    def __init__(self, response, body):
        self.status = response.status
        self.pairs = [(k.lower(), v) for k, v in response.getheaders()]
        self.headers = dict(self.pairs)
        self.body = body
        kind = self.headers.get("content-type", "")
        plain = self.headers.get("content-encoding") is None
        self.doc = json.loads(body) if body and plain and "json" in kind and "ndjson" not in kind else None

    def __iter__(self):  # status, headers, doc = ...
        return iter((self.status, self.headers, self.doc))

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"

    @property
    def type(self):
        """The word behind the problem's URI."""
        return self.doc["type"].rsplit("/", 1)[-1].rsplit("#", 1)[-1] if self.doc else None

    def faults(self):
        return {(f["pointer"], f["code"]) for f in self.doc.get("errors", [])}


class Client:
    """One connection of one caller. Not for several threads."""

    def __init__(self, port, token=None, timeout=15, host="127.0.0.1"):
        self.conn = http.client.HTTPConnection(host, port, timeout=timeout)
        self.token = token

    def __call__(self, method, path, body=None, headers=None):
        send = {}
        if self.token:
            send["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            send["Content-Type"] = "application/json"
        elif method == "POST":
            body = b""
        send.update(headers or {})
        send = {k: v for k, v in send.items() if v is not None}
        try:
            self.conn.request(method, path, body, send)
            response = self.conn.getresponse()
            return Answer(response, response.read())
        except BaseException:
            self.conn.close()
            raise

    def close(self):
        self.conn.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# --- a site: everything one test needs -------------------------------------------------------------


class Site:
    def __init__(self, workers=1, daemons=1, env=None, redis_conf=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lia", dir="/tmp"))  # socket paths: 107 bytes
        self.sock = self.folder / "r.sock"
        self.redis = Redis(self.sock)
        self.redis_conf = redis_conf
        self.processes = []
        self.daemons = []
        self.workers = {}
        self.counted = 0
        self.ports = []
        self.expect_dirty = False
        self.denied = []  # what programs tried that their users of the store may not
        self._want = (daemons, workers)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("LIAISON_")}
        self.env.update({
            "LIAISON_LISTEN": "127.0.0.1:0",
            "LIAISON_STORE": f"unix:{self.sock}",
            "LIAISON_DATA": str(ROOT / "config"),
            "LIAISON_STATE": str(self.folder),
            "LIAISON_PAGES": str(PAGES) if (PAGES / "pages.csv").exists() else "",
            "LIAISON_KEYS": str(self.folder / "keys"),
            "LIAISON_CONNECTIONS_PER_ADDRESS": "2000",
            "LIAISON_RATE_PER_MINUTE": "0",  # tests of limits set their own
            "LIAISON_SUBMITS_PER_MINUTE": "0",
            "LIAISON_ASSESSES_PER_MINUTE": "0",
            "LIAISON_FAILURES_PER_MINUTE": "0",
            "LIAISON_BALLAST": "0",
            "ASAN_OPTIONS": "abort_on_error=0:exitcode=66",
            "UBSAN_OPTIONS": "print_stacktrace=1:exitcode=66",
        })
        self.env.update(env or {})

    # start and stop

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None and not self.expect_dirty:
            self.check_clean()

    def start(self):
        daemons, workers = self._want
        self.start_redis()
        self.cli("keys", "create", self.folder / "keys")
        patient = {"LIAISON_STORE_TIMEOUT_MS": "20000"}  # two hundred writes on a busy disk
        self.cli("token", "issue-all", "--output", self.folder / "credentials.json", env=patient)
        self.tokens = json.loads((self.folder / "credentials.json").read_text())
        for _ in range(daemons):
            self.start_daemon(wait=False)
        for slot in range(1, workers + 1):
            self.start_worker(slot)
        self.ports = [d.port() for d in self.daemons]
        self.wait_workers(workers)

    def stop(self):
        self.denied += self.redis.denied()
        for process in reversed(self.processes):
            if process.is_running():
                process.signal(signal.SIGCONT)
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True) if not self._keeps() else None

    def _keeps(self):
        self.story = {p.name: p.text() for p in self.processes}
        return os.environ.get("LIAISON_KEEP")

    def check_clean(self):
        assert not self.denied, self.denied
        for name, text in self.story.items():
            for word in SANITIZER_WORDS:
                assert word not in text, f"{name}: {text[max(0, text.find(word) - 500):][:4000]}"

    def tell(self):
        """What the processes said, for a failed test's report."""
        for process in self.processes:
            yield process.name, process.text()[-6000:]

    def _spawn(self, cls, name, argv, stdout=False, env=None):
        self.counted += 1
        log = self.folder / f"{name}.{self.counted}.log"
        process = cls(argv, log, {**self.env, **(env or {})}, stdout=stdout)
        self.processes.append(process)
        return process

    def start_redis(self, wait=True):
        if self.redis_conf:
            conf = self.folder / "own.conf"
            conf.write_text(self.redis_conf + f"\nport 0\nunixsocket {self.sock}\ndir {self.folder}\n")
            argv = ["redis-server", conf]
        else:
            self.sign_in()
            argv = [ROOT / "script/redis", self.folder, self.sock]
        self.server = self._spawn(Process, "redis", argv)
        if wait:
            self.wait_redis()

    def sign_in(self):
        """From now on all have users of the store, this checker too."""
        users = self.folder / "store-users"
        users.mkdir(mode=0o700, exist_ok=True)
        (users / "more.acl").write_text(f"user {CHECKER[0]} on >{CHECKER[1]} ~* &* +@all\n")
        for user in STORE_USERS:  # script/redis makes them; a program may start before it
            if not (users / user).exists():
                (users / user).write_text(uuid.uuid4().hex)
                (users / user).chmod(0o600)
        self.redis.sign_in = ["AUTH", *CHECKER]
        self.env.setdefault("LIAISON_STORE_PASSWORDS", str(users))

    def wait_redis(self):
        def up():
            assert self.server.is_running(), f"redis ended: {self.server.text()[-2000:]}"
            return self.redis.is_up()
        wait_until(up, 30, "redis answers")

    def start_daemon(self, wait=True, env=None, argv=()):
        daemon = self._spawn(Daemon, "liaisond", [BIN / "liaisond", *argv], stdout=True, env=env)
        self.daemons.append(daemon)
        if wait:
            self.ports.append(daemon.port())
        return daemon

    def start_worker(self, slot, env=None):
        worker = self._spawn(Process, f"worker{slot}", [BIN / "liaison-worker", "--role", "route", "--role", "clock", "--slot", str(slot)],
                             env=env)
        self.workers[slot] = worker
        return worker

    def start_role(self, slot, *roles, env=None):
        """A worker that does something else than routing."""
        argv = [BIN / "liaison-worker", "--slot", slot]
        for role in roles:
            argv += ["--role", role]
        return self._spawn(Process, f"{'-'.join(roles)}-{slot}", argv, env=env)

    def revive(self):
        """So that one broken process fails one test, not all that follow."""
        for slot, worker in list(self.workers.items()):
            if not worker.is_running():
                self.processes.remove(worker)
                self.start_worker(slot)
        for n, daemon in enumerate(self.daemons):
            if not daemon.is_running():
                self.processes.remove(daemon)
                self.daemons[n] = self._spawn(Daemon, "liaisond", [BIN / "liaisond"], stdout=True)
                self.ports[n] = self.daemons[n].port()

    def wait_workers(self, n):
        wait_until(lambda: all("event=ready" in w.text() for w in self.workers.values()), 60, "workers are ready")
        wait_until(lambda: self.redis("HLEN", "lia:{sys}:workers") >= n, 10, f"{n} workers are seen")

    def cli(self, *argv, check=True, env=None):
        done = subprocess.run([BIN / "liaison", *map(str, argv)], env={**self.env, **(env or {})}, cwd=ROOT,
                              capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise AssertionError(f"liaison {argv}: {done.returncode} {done.stdout} {done.stderr}")
        return done

    # calling

    def client(self, who=None, port=None, timeout=15):
        token = self.tokens[who] if who else None
        return Client(port or self.ports[0], token, timeout)

    def api(self, who, method, path, body=None, headers=None, port=None, timeout=15):
        with self.client(who, port, timeout) as client:
            return client(method, path, body, headers)

    def submit(self, country, headers=None, port=None, timeout=15, **members):
        doc = {"country": country, "language": "en", "title": f"Help wanted in {country}, please",
               "description": "A plain description of a need that is long enough to be accepted."}
        doc.update(members)
        doc = {k: v for k, v in doc.items() if v is not None}
        return self.api(f"country:{country}", "POST", "/v1/requests", doc, headers, port, timeout)

    def get(self, who, id):
        answer = self.api(who, "GET", f"/v1/requests/{id}")
        assert answer.status == 200, answer
        return answer.doc

    def act(self, who, id, action, body=None, headers=None):
        return self.api(who, "POST", f"/v1/requests/{id}/{action}", body, headers)

    def wait_state(self, who, id, *states, seconds=20):
        def there():
            doc = self.get(who, id)
            return doc if doc["state"] in states else None
        return wait_until(there, seconds, f"{id} in {states}")

    def routed(self, country, **members):
        """Submits and waits until the router has decided."""
        answer = self.submit(country, {"Prefer": "wait=10"}, **members)
        assert answer.status == 201, answer
        if answer.doc["state"] != "submitted":
            return answer.doc
        return self.wait_state(f"country:{country}", answer.doc["id"], "offered", "triage")

    def history(self, who, id):
        answer = self.api(who, "GET", f"/v1/requests/{id}/history")
        assert answer.status == 200, answer
        assert answer.doc["next"] is None
        return answer.doc["items"]

    # looking behind

    def events(self, id):
        """The event stream's lines of one request, oldest first."""
        out = []
        for entry, fields in self.redis("XRANGE", partition_key(id, "events"), "-", "+"):
            line = {fields[i].decode(): fields[i + 1].decode() for i in range(0, len(fields), 2)}
            if line["id"] == id:
                out.append(line)
        return out

    def stored_n(self):
        """Keys in the partitions, events ever written, work enqueued: all that a submit touches."""
        keys, cursor = 0, b"0"
        while True:
            cursor, found = self.redis("SCAN", cursor, "MATCH", "lia:{p*", "COUNT", 1000)
            keys += len(found)
            if cursor == b"0":
                break
        events = sum(self.redis("XLEN", partition_key(p, "events")) for p in range(PARTITIONS))
        enqueued = sum(int(self.redis("HGET", partition_key(p, "stats"), "enqueued") or 0)
                       for p in range(PARTITIONS))
        return keys, events, enqueued


# --- words -------------------------------------------------------------------------------------


def wetland(place="Lake Naivasha"):
    """A request that goes to ramsar as lead, in its Parties."""
    return {"title": f"Papyrus swamp of {place} drying out, restoration wanted",
            "description": f"Since 2023 the papyrus belt along the shore of {place}, a Ramsar Site, has "
                           "lost a third of its area to drainage ditches and grazing. We ask for two "
                           "experts to visit, assess the change in ecological character of the wetland "
                           "and help us write a restoration plan with the water users."}


def nonsense():
    """A request outside every mandate: it waits in triage."""
    return {"title": "Vaccination of sheep and goats in the eastern districts",
            "description": "Foot-and-mouth disease has reached our herds of sheep and goats. We ask for "
                           "vaccines for cattle, cold boxes and the training of forty veterinary "
                           "assistants in the eastern districts before the summer."}


SYLLABLES = "ba ce di fo gu ka le mi no pu ra se ti vo zu".split()


def name(rng=random):
    return "".join(rng.choice(SYLLABLES) for _ in range(4)).capitalize()


def key():
    return str(uuid.uuid4())
