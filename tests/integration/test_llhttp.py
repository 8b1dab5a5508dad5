"""Why: where two programs read the same bytes as different requests, one of them can be smuggled past. What we
accept, llhttp (the parser that Node carries, the strictest of the common ones) accepts as well, and finds the
same end of head and body in it. Mutations of the whole corpus; LIAISON_LLHTTP=N for more of them."""
import base64
import json
import os
import random
import struct
import subprocess

from harness import BIN, FIGURES, ROOT
from test_fronts import cases

NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
PIECES = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b"0", b"Content-Length: 3\r\n", b"Content-Length: 0\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n", b"Connection: close\r\n", b"Connection: keep-alive\r\n",
          b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\n", b"Connection: upgrade\r\n", b"\x00", b"\x0b", b"\x7f", b"\xff", b";", b"+",
          b"-", b"\"", b"POST", b"HEAD", b"DELETE", b"/", b"?", b"%2e", b"*", b"HTTP/1.0", b"X: y\r\n", b"\r\n x"]


def mutated(rng, seeds):
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            data[at:at] = rng.choice(PIECES)
        elif kind == 1:
            del data[at:at + rng.choice((1, 1, 2, 8))]
        elif kind == 2 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 3:
            lines = bytes(data).split(b"\r\n")
            lines.insert(rng.randrange(len(lines)), rng.choice(bytes(rng.choice(seeds)).split(b"\r\n")))
            data = bytearray(b"\r\n".join(lines))
        else:
            data[at:at] = data[at:at + rng.choice((1, 4, 16))]
    return bytes(data[:9000])


def ours(inputs):
    fed = b"".join(struct.pack(">I", len(i)) + i for i in inputs)
    done = subprocess.run([BIN / "tests/head_verdict"], input=fed, capture_output=True, timeout=300, check=True)
    return [line.split() for line in done.stdout.decode().splitlines()]


def theirs(inputs):
    fed = b"\n".join(base64.b64encode(i) for i in inputs) + b"\n"
    done = subprocess.run(["node", "--no-warnings", ROOT / "tests/support/llhttp_verdict.js"], input=fed, capture_output=True,
                          timeout=300, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_we_accept_llhttp_accepts_with_the_same_framing():
    seed = int(os.environ.get("LIAISON_SEED", random.randrange(1 << 30)))
    n = int(os.environ.get("LIAISON_LLHTTP", 40000))
    rng = random.Random(seed)
    seeds = [data for data, _, _ in cases() if len(data) < 2000]
    good = [data for data, status, _ in cases() if status == 200 and len(data) < 2000]
    inputs = seeds + [mutated(rng, good if i % 3 else seeds) for i in range(n)]
    accepted, fed = [], []
    for data, (status, head, length, fields, keeps, method) in zip(inputs, ours(inputs), strict=True):
        if status != "200" or int(length) > 100000:
            continue
        body = max(0, int(length))
        accepted.append((data[:int(head)], body, int(fields), keeps == "1", method))
        fed.append(data[:int(head)] + b"b" * body + (NEXT if keeps == "1" else b""))
    for (head, body, fields, keeps, method), said in zip(accepted, theirs(fed), strict=True):
        why = (seed, head, body, said)
        assert not said["error"], why
        assert said["methods"][0] == method and said["fields"][0] == fields, why
        if said["upgrade"]:
            continue  # llhttp hands the connection over here; we answer as if nobody had asked
        assert said["bodies"][0] == body and said["done"] == (2 if keeps else 1), why
        assert not keeps or said["urls"][-1] == "/next", why
    assert len(accepted) > n // 20
    FIGURES.append(f"llhttp: {len(inputs)} messages, {len(accepted)} accepted by us, all of them by llhttp with the same framing; seed {seed}")
