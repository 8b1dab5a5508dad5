"""Why: where the daemon ends TLS itself, nobody listens in, nobody is sent to an old version, and a
certificate is renewed without anybody noticing. The certificates are made here, by an authority of our own."""
import http.client
import select
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import harness
from harness import Client, wait_until

HANDSHAKE_S = 5  # H-9


class Authority:
    """Makes certificates for localhost. openssl comes with every Debian that has TLS."""

    def __init__(self, folder):
        self.folder = folder
        self.ca = folder / "ca.pem"
        self.count = 0
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "ca.key",
                 "-out", self.ca, "-subj", "/CN=test authority", "-days", "30")

    def run(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=self.folder)

    def issue(self, days=20):
        """(certificate, key), for files of the daemon; the serial number tells them apart."""
        self.count += 1
        base = self.folder / f"leaf{self.count}"
        self.run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{base}.key", "-out",
                 f"{base}.csr", "-subj", "/CN=localhost")
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self.run("x509", "-req", "-in", f"{base}.csr", "-CA", self.ca, "-CAkey", self.folder / "ca.key", "-set_serial", self.count,
                 "-days", days, "-extfile", self.folder / "names", "-out", f"{base}.pem")
        return (self.folder / f"{base}.pem").read_text(), (self.folder / f"{base}.key").read_text()


class Secure:
    def __init__(self, site, authority):
        self.site, self.authority = site, authority
        self.cert, self.key = site.folder / "tls.pem", site.folder / "tls.key"
        self.put(*authority.issue())

    def put(self, certificate, key):
        self.cert.write_text(certificate)
        self.key.write_text(key)
        self.key.chmod(0o600)

    def env(self):
        return {"LIAISON_TLS_CERTIFICATE": str(self.cert), "LIAISON_TLS_KEY": str(self.key)}

    def context(self, **options):
        context = ssl.create_default_context(cafile=self.authority.ca)
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def connect(self, context=None, timeout=10):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        return (context or self.context()).wrap_socket(plain, server_hostname="localhost")

    def reload(self, word):
        daemon = self.site.daemons[0]
        n = daemon.text().count(f"event={word}")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: daemon.text().count(f"event={word}") > n, 20, word)

    def serial(self):
        with self.connect() as s:
            return int(s.getpeercert()["serialNumber"], 16)

    def client(self, who):
        client = Client(self.port, self.site.tokens[who])
        client.conn = http.client.HTTPSConnection("localhost", self.port, timeout=15, context=self.context())
        return client


@pytest.fixture(scope="module")
def secure():
    site = harness.Site(workers=1)
    folder = site.folder / "authority"
    folder.mkdir()
    it = Secure(site, Authority(folder))
    site.env.update(it.env())
    with site:
        it.port = site.ports[0]
        yield it


GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def answer(s):
    got = b""
    while b"\r\n\r\n" not in got or not got.endswith(b"ok\n"):
        piece = s.recv(65536)
        if not piece:
            break
        got += piece
    return got


def test_what_is_agreed(secure):
    with secure.connect() as s:
        assert s.version() == "TLSv1.3"
        s.sendall(GET)
        got = answer(s)
    assert got.startswith(b"HTTP/1.1 200 ") and b"Strict-Transport-Security: max-age=63072000\r\n" in got
    with secure.connect(secure.context(maximum_version=ssl.TLSVersion.TLSv1_2)) as s:
        assert s.version() == "TLSv1.2"
        assert s.cipher()[0].startswith("ECDHE-") and ("GCM" in s.cipher()[0] or "CHACHA20" in s.cipher()[0])
        assert not s.compression()
        assert s.session is None or not s.session.has_ticket


def test_old_versions_and_weak_ciphers_are_refused(secure):
    for options in ([{"maximum_version": v, "minimum_version": v} for v in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)]):
        context = secure.context()
        context.set_ciphers("ALL:@SECLEVEL=0")  # the client would
        context.minimum_version = options["minimum_version"]
        context.maximum_version = options["maximum_version"]
        with pytest.raises((ssl.SSLError, ConnectionError)):
            secure.connect(context)
    for ciphers in ("AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256"):
        context = secure.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        context.set_ciphers(ciphers)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            secure.connect(context)
    context = secure.context()
    context.set_alpn_protocols(["h2"])
    with pytest.raises((ssl.SSLError, ConnectionError)):
        secure.connect(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with secure.connect(context) as s:
        assert s.selected_alpn_protocol() == "http/1.1"


def test_the_whole_work_over_tls(secure):
    site = secure.site
    with secure.client("country:KEN") as ken:
        first = ken("GET", "/v1/requests")
        sock = ken.conn.sock
        done = ken("POST", "/v1/requests", {"country": "KEN", "language": "en", **harness.wetland("Lake Bogoria")},
                   {"Prefer": "wait=10"})
        assert (first.status, done.status) == (200, 201)
        assert ken.conn.sock is sock, "keep-alive"
        big = {"country": "KEN", "language": "en", "title": "A long text of a request that fills many records",
               "description": "word " * 1190}
        assert ken("POST", "/v1/requests", big).status == 201
    done = subprocess.run([harness.BIN / "liaison", "--server", f"https://localhost:{secure.port}", "--ca", secure.authority.ca,
                           "--token-file", site.folder / "credentials.json", "--as", "country:KEN", "list", "--json"],
                          capture_output=True, text=True, timeout=30, env={**site.env, "HOME": str(site.folder)})
    assert done.returncode == 0 and '"items"' in done.stdout, done.stderr
    done = subprocess.run([harness.BIN / "liaison", "--server", f"https://localhost:{secure.port}", "--timeout", "3",
                           "--token-file", site.folder / "credentials.json", "--as", "country:KEN", "list"],
                          capture_output=True, text=True, timeout=30, env={**site.env, "HOME": str(site.folder)})
    assert done.returncode != 0 and "certificate" in done.stderr, done.stderr


def test_pipelined_requests_and_a_body_in_small_records(secure):
    with secure.connect() as s:
        s.sendall(GET * 3)
        got = b""
        while got.count(b"ok\n") < 3:
            got += s.recv(65536)
        assert got.count(b"HTTP/1.1 200 ") == 3
    body = b'{"country":"KEN"}'
    head = (f"POST /v1/requests:assess HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            f"{secure.site.tokens['country:KEN']}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n").encode()
    with secure.connect() as s:
        for byte in head + body:
            s.sendall(bytes([byte]))
        got = b""
        while piece := s.recv(65536):
            got += piece
        assert got.startswith(b"HTTP/1.1 422 "), got[:200]
        assert s.unwrap() is not None  # told that it ends, not cut


def test_a_plain_client_and_noise_are_closed(secure):
    for noise in (GET, b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 100):
        with socket.create_connection(("127.0.0.1", secure.port), timeout=10) as s:
            s.sendall(noise)
            got = b""
            try:
                while piece := s.recv(1000):
                    got += piece
            except ConnectionError:
                pass
            assert b"HTTP" not in got


def test_slow_and_half_handshakes_end(secure):
    """Nothing said; half a hello; a byte each 0.2 s: all are gone after 5 s, and honest clients do not wait."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = secure.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    hello = outgoing.read()
    begun = time.monotonic()
    silent = [socket.create_connection(("127.0.0.1", secure.port)) for _ in range(30)]
    half = [socket.create_connection(("127.0.0.1", secure.port)) for _ in range(30)]
    for s in half:
        s.sendall(hello[:len(hello) // 2])
    dripping = socket.create_connection(("127.0.0.1", secure.port))
    stop = threading.Event()

    def drip():
        for byte in hello[:-1]:
            try:
                dripping.sendall(bytes([byte]))
            except OSError:
                return
            if stop.wait(0.2):
                return
    thread = threading.Thread(target=drip)
    thread.start()
    left = {s.fileno(): s for s in [*silent, *half, dripping]}
    slowest = 0
    while left and time.monotonic() - begun < HANDSHAKE_S + 5:
        t = time.monotonic()
        with secure.connect() as s:
            s.sendall(GET)
            assert answer(s).startswith(b"HTTP/1.1 200 ")
        slowest = max(slowest, time.monotonic() - t)
        for fd in select.select(list(left), [], [], 0.1)[0]:
            try:
                ended = left[fd].recv(1000) == b""
            except ConnectionError:
                ended = True
            if ended:
                assert time.monotonic() - begun > HANDSHAKE_S - 1, "too early"
                del left[fd]
    stop.set()
    thread.join()
    assert not left and slowest < 2, (len(left), slowest)


def test_reload_without_dropping_a_connection(secure):
    before = secure.serial()
    stream = secure.connect(timeout=20)
    stream.sendall(f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                   f"Authorization: Bearer {secure.site.tokens['country:UGA']}\r\n\r\n".encode())
    assert stream.recv(65536).startswith(b"HTTP/1.1 200 ")
    kept = secure.connect()
    kept.sendall(GET)
    assert answer(kept).startswith(b"HTTP/1.1 200 ")
    secure.put(*secure.authority.issue())
    secure.reload("reloaded")
    assert secure.serial() != before
    kept.sendall(GET)
    assert answer(kept).startswith(b"HTTP/1.1 200 "), "the connection from before goes on"
    kept.close()
    with secure.client("country:UGA") as uga:
        made = uga("POST", "/v1/requests", {"country": "UGA", "language": "en", **harness.wetland("Lake Opeta")})
    told = b""
    while made.doc["id"].encode() not in told:
        told += stream.recv(65536)
    stream.close()


@pytest.mark.parametrize("fault", ["no pair", "over", "no file", "open key", "no text"])
def test_a_faulty_certificate_changes_nothing(secure, fault):
    old = secure.cert.read_text(), secure.key.read_text()
    serial = secure.serial()
    if fault == "no pair":
        secure.put(secure.authority.issue()[0], old[1])
    elif fault == "over":
        secure.put(*secure.authority.issue(days=0))
    elif fault == "no file":
        secure.cert.unlink()
    elif fault == "open key":
        secure.key.chmod(0o644)
    else:
        secure.put("no certificate\n", old[1])
    try:
        time.sleep(1.1 if fault == "over" else 0)
        secure.reload("reload_refused")
        assert secure.serial() == serial
        with secure.client("operator") as op:
            assert b"liaison_config_last_reload_successful 0\n" in op("GET", "/metrics").body
        done = subprocess.run([harness.BIN / "liaisond", "-t"], env=secure.site.env, capture_output=True, text=True, timeout=30)
        assert done.returncode == 78 and "tls_" in done.stderr
    finally:
        secure.put(*old)
    secure.reload("reloaded")


def test_the_end_of_the_certificate_is_seen(secure):
    secure.put(*secure.authority.issue(days=5))
    secure.reload("reloaded")
    with secure.client("operator") as op:
        line = [w for w in op("GET", "/metrics").body.decode().splitlines() if w.startswith("liaison_tls_certificate_expiry_timestamp")]
        assert abs(float(line[0].split()[1]) - time.time() - 5 * 86400) < 3600
        assert b"[-]certificate 4 days left\n" in op("GET", "/readyz?verbose").body
    secure.put(*secure.authority.issue(days=60))
    secure.reload("reloaded")
    with secure.client("operator") as op:
        assert b"[+]certificate 59 days left\n" in op("GET", "/readyz?verbose").body


def test_it_ends_in_peace(secure):
    """Drain: what is in flight over TLS gets its answer."""
    daemon = secure.site.daemons[0]
    with secure.connect() as s:
        s.sendall(GET[:-2])
        time.sleep(0.1)
        daemon.signal(signal.SIGTERM)
        s.sendall(GET[-2:])
        assert answer(s).startswith(b"HTTP/1.1 200 ")
    assert daemon.wait(20) == 0
    secure.site.processes.remove(daemon)
    secure.site.daemons.remove(daemon)
