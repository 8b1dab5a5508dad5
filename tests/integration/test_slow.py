"""Slow and endless clients: what they hold is little and ends, and others do not feel them.

LIAISON_SLOW  how many slow connections (default 300; the campaign: 2000)"""
import os
import socket
import time

import pytest

from harness import FIGURES, wait_until

SLOW = int(os.environ.get("LIAISON_SLOW", 300))


@pytest.fixture
def open_site(make_site):
    # The sanitizer keeps what is freed: little of it here, since memory is measured.
    return make_site(workers=0, env={"LIAISON_CONNECTIONS_PER_ADDRESS": "5000",
                                     "ASAN_OPTIONS": "abort_on_error=0:exitcode=66:quarantine_size_mb=1"})


def resident(site):
    with open(f"/proc/{site.daemons[0].popen.pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def connect(site):
    s = socket.create_connection(("127.0.0.1", site.ports[0]), timeout=30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def percentile(site, n=300, share=0.99):
    took = []
    with site.client("country:KEN") as client:
        for _ in range(n):
            begin = time.monotonic()
            assert client("GET", "/v1/secretariats").status == 200
            took.append(time.monotonic() - begin)
    return sorted(took)[int(n * share)]


def test_slow_heads_and_bodies_cost_little_and_nobody_else(open_site):
    site = open_site
    percentile(site)  # warm
    alone = min(percentile(site) for _ in range(2))
    before = resident(site)
    head = (f"POST /v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {site.tokens['country:KEN']}\r\n"
            "Content-Type: application/json\r\nContent-Length: 6000\r\n\r\n{").encode()
    slow = [connect(site) for _ in range(SLOW)]
    for n, s in enumerate(slow):
        s.sendall(head if n % 2 else b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    crowded = percentile(site)
    for s in slow:  # a byte each: no deadline begins anew
        s.send(b" ")
    crowded = min(crowded, percentile(site))
    used = resident(site) - before
    assert used < SLOW * 16384 + (8 << 20), f"{used} bytes"
    assert crowded < 2 * alone + 0.02, (alone, crowded)
    answers = set()

    def answered():
        for s in list(slow):
            s.settimeout(0)
            try:
                data = s.recv(4096)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            answers.add(data.split(b"\r\n")[0])
            slow.remove(s)
            s.close()
        return not slow
    begin = time.monotonic()
    wait_until(answered, 40, "all of them are answered and closed", every=0.2)
    assert answers == {b"HTTP/1.1 408 Request Timeout"}, answers
    wait_until(lambda: "liaison_http_in_flight_requests 1\n" in site.api(None, "GET", "/metrics").body.decode(), 10,
               "nothing is left in flight")
    FIGURES.append(f"slow: {SLOW} connections, {used / SLOW / 1024:.1f} KiB each; p99 alone {alone * 1000:.1f} ms, "
                   f"among them {crowded * 1000:.1f} ms; all closed {time.monotonic() - begin:.0f} s later")


@pytest.mark.parametrize("begin, piece, status", [
    (b"GET / HTTP/1.1\r\n", b"X-Line: of an endless head\r\n", b"431"),
    (b"GET / HTTP/1.1\r\nX: ", b"a" * 1000, b"431"),
    (b"GET /", b"a" * 1000, b"414"),
    (b"", b"\r\n" * 500, b"400"),
    (b"POST /v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"f" * 1000, b"411"),
    (b"POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n",
     b"x" * 1000, b"413"),
], ids=["head", "line", "target", "empty lines", "chunks", "body"])
def test_what_never_ends_is_cut_short(site, begin, piece, status):
    before = resident(site)
    with connect(site) as s:
        s.sendall(begin)
        try:
            for _ in range(2000):
                s.sendall(piece)
        except OSError:
            pass  # closed: as it should be
        else:
            s.settimeout(5)
        try:
            line = s.recv(4096).split(b"\r\n")[0]
        except OSError:
            line = None  # a reset can overtake the answer
    assert line is None or line.split()[1] == status, line
    assert resident(site) - before < 8 << 20
    assert site.api(None, "GET", "/livez").status == 200
