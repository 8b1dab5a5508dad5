"""Signed requests (RFC 9421, RFC 9530) with a signer of our own in Python: what is right counts, whatever is altered
does not; keys, their proof, replays; who requires signatures."""
import base64
import hashlib
import json
import os
import re
import stat
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harness import Client, wait_until, wetland

COVERED = ["@method", "@authority", "@path", "@query", "content-digest", "content-type", "idempotency-key"]


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    def __init__(self, private=None):
        self.private = private or Ed25519PrivateKey.generate()
        self.public = self.private.public_key().public_bytes(serialization.Encoding.Raw,
                                                             serialization.PublicFormat.Raw)
        digest = hashlib.blake2b(b"liaison-key-v1\0" + self.public, digest_size=16).digest()
        self.id = "lsk_" + "".join("abcdefghijklmnopqrstuvwxyz234567"[b & 31] for b in digest)

    def proof(self, who):
        return b64(self.private.sign(b"liaison-key-proof-v1\0" + who.encode() + b"\0" + self.public))

    def wish(self, who, **more):
        return {"public_key": b64(self.public), "proof": self.proof(who), **more}

    def pem(self):
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption())


class Signer:
    """Signs, and lets a test say otherwise in each part."""

    def __init__(self, site, key):
        self.site, self.key = site, key
        self.host = f"127.0.0.1:{site.ports[0]}"

    def headers(self, method, path, body=None, *, headers=None, covered=None, signed=None, **params):
        """signed: values that are signed instead of those sent; a parameter of None is left out."""
        send = {"Content-Type": "application/json", "Idempotency-Key": f'"{os.urandom(8).hex()}"',
                "Content-Digest": f"sha-256=:{b64(hashlib.sha256(body).digest())}:"} if body is not None else {}
        send.update(headers or {})
        path, _, query = path.partition("?")
        values = {"@method": method, "@authority": self.host, "@path": path, "@query": f"?{query}",
                  **{k.lower(): v for k, v in send.items()}, **(signed or {})}
        if covered is None:
            covered = [c for c in COVERED if c in values]
        now = int(time.time())
        said = {"created": now, "expires": now + 300, "nonce": b64(os.urandom(18)), "keyid": self.key.id,
                "alg": "ed25519", "tag": "liaison-v1", **params}
        said = "".join(f";{k}={v}" if isinstance(v, int) else f';{k}="{v}"' for k, v in said.items() if v is not None)
        members = "(" + " ".join(f'"{c}"' for c in covered) + ")" + said
        base = "\n".join([f'"{c}": {values[c]}' for c in covered] + [f'"@signature-params": {members}'])
        send["Signature-Input"] = f"liaison={members}"
        send["Signature"] = f"liaison=:{b64(self.key.private.sign(base.encode()))}:"
        return {k: v for k, v in send.items() if v is not None}

    def send(self, method, path, body, headers):
        with Client(self.site.ports[0]) as client:
            return client(method, path, body, headers)

    def __call__(self, method, path, doc=None, **more):
        body = doc if isinstance(doc, bytes) or doc is None else json.dumps(doc).encode()
        return self.send(method, path, body, self.headers(method, path, body, **more))


def register(site, who, key=None, **more):
    key = key or Key()
    answer = site.api(who, "POST", "/v1/keys", key.wish(who, **more))
    assert answer.status == 201, answer
    return key


def drop_keys(site, who):
    for item in site.api(who, "GET", "/v1/keys").doc["items"]:
        assert site.api(who, "DELETE", f"/v1/keys/{item['id']}").status == 200


def events(site, what):
    return [{f[i].decode(): f[i + 1].decode() for i in range(0, len(f), 2)}
            for _, f in site.redis("XRANGE", "lia:{sys}:events", "-", "+")
            if f[f.index(b"object") + 1].decode() == what]


@pytest.fixture
def signer(site):
    yield Signer(site, register(site, "country:KEN", label="ministry"))
    drop_keys(site, "country:KEN")


def refused(answer, why):
    return answer.status == 401 and (answer.type, answer.doc.get("signature")) == ("unauthenticated", why)


# --- what is right ---------------------------------------------------------------------------------


def test_a_key_is_a_credential(site, signer):
    shown = signer("GET", "/v1/session").doc
    assert (shown["who"], shown["token"], shown["scopes"]) == ("country:KEN", signer.key.id, ["read", "write"])
    sent = signer("POST", "/v1/requests", {"country": "KEN", "language": "en", **wetland("Lake Bogoria")})
    assert sent.status == 201, sent
    assert signer("GET", "/v1/requests?state=submitted,offered&limit=2").status == 200
    assert signer("POST", f"/v1/requests/{sent.doc['id']}/note", {"text": "signed"}).status in (200, 409, 422)
    assert signer("GET", "/v1/inbox").status == 403, "a role's rights are the same"
    body = b'{"country":"KEN"}'
    sha512 = signer("POST", "/v1/requests:assess", body, headers={
        "Content-Digest": f"md5=:AAAA:, sha-512=:{b64(hashlib.sha512(body).digest())}:"})
    assert sha512.status == 422 and sha512.type == "validation", "signed well, but no draft"


def test_files_and_lines_are_signed_as_a_whole(site, signer):
    pdf = b"%PDF-1.4\n" + os.urandom(200000)
    head = {"Content-Type": "application/pdf"}
    assert signer("POST", "/v1/attachments", pdf, headers=head).status == 201
    wrong = signer.headers("POST", "/v1/attachments", pdf, headers=head)
    assert refused(signer.send("POST", "/v1/attachments", pdf[:-1] + b"x", wrong), "digest")

    head = {"Content-Type": "application/x-ndjson"}
    line = json.dumps({"country": "KEN", "language": "en", **wetland("Lake Magadi")}).encode() + b"\n"
    index = f"lia:{{p{partition(site):02d}}}:by:country:KEN"
    before = site.redis("ZCARD", index)
    wrong = signer.headers("POST", "/v1/requests:bulk", line * 2, headers=head)
    assert refused(signer.send("POST", "/v1/requests:bulk", line + line.replace(b"Magadi", b"Victor"), wrong), "digest")
    assert site.redis("ZCARD", index) == before, "no line before all is known"
    done = signer("POST", "/v1/requests:bulk", line * 2, headers=head)
    assert done.status == 200 and json.loads(done.body.splitlines()[-1])["summary"] == {"ok": 2, "failed": 0}


def partition(site):
    return int(site.submit("KEN").doc["id"][-1], 16)


# --- what is not -----------------------------------------------------------------------------------


DRAFT = {"country": "KEN", "language": "en", **wetland("Lake Baringo")}


@pytest.mark.parametrize("why, more", [
    ("wrong", {"signed": {"@method": "PUT"}}), ("wrong", {"signed": {"@path": "/v1/requests"}}),
    ("wrong", {"signed": {"@query": "?a=b"}}), ("wrong", {"signed": {"@authority": "elsewhere.example"}}),
    ("wrong", {"signed": {"content-type": "text/plain"}}), ("wrong", {"signed": {"idempotency-key": '"x"'}}),
    ("components", {"covered": COVERED[1:]}), ("components", {"covered": COVERED[:1] + COVERED[2:]}),
    ("components", {"covered": COVERED[:4] + COVERED[5:]}), ("components", {"covered": COVERED[:-1]}),
    ("components", {"covered": COVERED + ["x-a"], "signed": {"x-a": "1"}}),
    ("components", {"headers": {"Content-Digest": None}}), ("components", {"headers": {"Idempotency-Key": None}}),
    ("digest", {"headers": {"Content-Digest": f"sha-256=:{b64(b'x' * 32)}:"}}),
    ("digest", {"headers": {"Content-Digest": "md5=:AAAA:"}}), ("digest", {"headers": {"Content-Digest": "nonsense,"}}),
    ("time", {"created": -400, "expires": -100}), ("time", {"created": 0, "expires": 301}),
    ("time", {"created": 60, "expires": 120}), ("time", {"created": 0, "expires": 0}),
    ("parameters", {"nonce": "AAAA"}), ("parameters", {"nonce": None}), ("parameters", {"keyid": None}),
    ("parameters", {"alg": "hmac-sha256"}), ("parameters", {"tag": "liaison-v2"}), ("parameters", {"created": None}),
    ("parameters", {"expires": None}), ("parameters", {"x": "y"}),
    ("key", {"keyid": "lsk_aaaaaaaaaaaaaaaa"}), ("key", {"keyid": "test-key-ed25519"}),
], ids=str)
def test_what_is_altered_does_not_count(site, signer, why, more):
    more = dict(more)
    for name in ("created", "expires"):
        if isinstance(more.get(name), int):
            more[name] += int(time.time())
    body = json.dumps(DRAFT).encode()
    headers = signer.headers("POST", "/v1/requests:assess", body, **{
        **more, "covered": more.get("covered") or [c for c in COVERED if more.get("headers", {}).get(
            {"content-digest": "Content-Digest", "idempotency-key": "Idempotency-Key"}.get(c, ""), "") is not None]})
    answer = signer.send("POST", "/v1/requests:assess", body, headers)
    assert refused(answer, why), answer
    assert "detail" in answer.doc and "{" not in answer.doc["detail"]
    for language in "ar zh es fr ru".split():
        other = signer.send("POST", "/v1/requests:assess", body, {**headers, "Accept-Language": language})
        assert refused(other, why) and other.doc["detail"] != answer.doc["detail"], language


@pytest.mark.parametrize("change", [
    {"Signature": None}, {"Signature-Input": None}, {"Signature": "liaison=:AAAA:"}, {"Signature": "x"},
    {"Signature-Input": "liaison=()"}, {"Signature-Input": "liaison=("}, {"Signature": "sig1=:AAAA:"},
    {"Signature-Input": "sig1=(\"@method\")"}], ids=str)
def test_headers_that_say_nothing(site, signer, change):
    headers = {**signer.headers("GET", "/v1/session"), **change}
    answer = signer.send("GET", "/v1/session", None, headers)
    assert answer.status == 401 and answer.doc["signature"] in ("malformed", "components"), answer


def test_each_flipped_bit_of_a_signature_is_seen(site, signer):
    headers = signer.headers("GET", "/v1/session")
    raw = bytearray(base64.b64decode(headers["Signature"][9:-1]))
    with Client(site.ports[0]) as client:
        for i in range(0, 512, 7):
            raw[i // 8] ^= 1 << i % 8
            answer = client("GET", "/v1/session", None, {**headers, "Signature": f"liaison=:{b64(raw)}:"})
            assert refused(answer, "wrong"), (i, answer)
            raw[i // 8] ^= 1 << i % 8
        assert client("GET", "/v1/session", None, headers).status == 200


def test_a_body_of_somebody_else(site, signer):
    body = json.dumps(DRAFT).encode()
    headers = signer.headers("POST", "/v1/requests", body)
    assert refused(signer.send("POST", "/v1/requests", body.replace(b"Baringo", b"Bogoria"), headers), "digest")
    assert signer.send("POST", "/v1/requests", body, headers).status == 201, "that did not use the nonce up"


def test_one_credential_at_a_time(site, signer):
    headers = signer.headers("GET", "/v1/session")
    both = {**headers, "Authorization": f"Bearer {site.tokens['country:KEN']}"}
    assert refused(signer.send("GET", "/v1/session", None, both), "two")
    assert signer.send("GET", "/v1/session", None, {**headers, "Cookie": "__Host-liaison=" + "a" * 43}).status == 200


# --- replays ---------------------------------------------------------------------------------------


def test_a_replay_is_harmless_or_refused(site, signer):
    body = json.dumps({**DRAFT, **wetland("Lake Turkana")}).encode()
    headers = signer.headers("POST", "/v1/requests", body)
    first = signer.send("POST", "/v1/requests", body, headers)
    again = signer.send("POST", "/v1/requests", body, headers)
    assert first.status == again.status == 201 and first.doc["id"] == again.doc["id"]
    assert again.headers["idempotent-replayed"] == "true"

    read = signer.headers("GET", "/v1/requests")
    assert signer.send("GET", "/v1/requests", None, read).status == 200
    assert refused(signer.send("GET", "/v1/requests", None, read), "replayed"), "nobody else may read it again"

    nonce = b64(os.urandom(16))
    assert signer("GET", "/v1/session", nonce=nonce).status == 200
    assert refused(signer("GET", "/v1/session", nonce=nonce, expires=int(time.time()) + 299), "replayed"), "signed anew"
    wish = Key().wish("country:KEN")
    headers = signer.headers("POST", "/v1/keys", json.dumps(wish).encode())
    assert signer.send("POST", "/v1/keys", json.dumps(wish).encode(), headers).status == 201
    assert refused(signer.send("POST", "/v1/keys", json.dumps(wish).encode(), headers), "replayed")
    kept = site.redis("KEYS", "lia:{sys}:nonce:*")
    assert kept and all(0 < site.redis("PTTL", k) <= 360000 for k in kept)
    assert not any(nonce.encode() in k for k in kept)


def test_a_nonce_outlives_a_restart_of_the_daemon(make_site):
    site = make_site(workers=0)
    signer = Signer(site, register(site, "country:KEN"))
    signer.host = "liaison.example"
    headers = {**signer.headers("GET", "/v1/session"), "Host": signer.host}
    assert signer.send("GET", "/v1/session", None, headers).status == 200
    site.daemons[0].kill()
    site.ports[0] = site.start_daemon().port()
    assert refused(signer.send("GET", "/v1/session", None, headers), "replayed")


def test_signed_for_another_service(make_site):
    site = make_site(workers=0, env={"LIAISON_AUTHORITIES": "liaison.example, help.example:8443"})
    signer = Signer(site, register(site, "country:KEN"))
    for host, why in (("liaison.example", None), ("LIAISON.example", None), ("help.example:8443", None),
                      ("test.liaison.example", "authority"), ("help.example", "authority"), (None, "authority")):
        signer.host = (host or f"127.0.0.1:{site.ports[0]}").lower()
        answer = signer.send("GET", "/v1/session", None,
                             {**signer.headers("GET", "/v1/session"), **({"Host": host} if host else {})})
        assert answer.status == 200 if not why else refused(answer, why), (host, answer)


# --- keys ------------------------------------------------------------------------------------------


def test_registering_and_revoking(site):
    who = "country:NPL"
    one, two, three = Key(), Key(), Key()
    assert site.api(who, "GET", "/v1/keys").doc == {"items": [], "required": False}
    made = site.api(who, "POST", "/v1/keys", one.wish(who, label="desk"))
    assert made.status == 201 and made.doc["id"] == one.id and made.doc["state"] == "valid"
    assert site.api(who, "POST", "/v1/keys", one.wish(who, label="desk")).status == 201, "again is no harm"
    register(site, who, two)
    full = site.api(who, "POST", "/v1/keys", three.wish(who))
    assert (full.status, full.type) == (409, "wrong-state") and "revoke" in full.doc["detail"], full
    taken = site.api("country:IND", "POST", "/v1/keys", one.wish("country:IND"))
    assert taken.status == 422 and ("#/public_key", "key_taken") in taken.faults()
    stolen = site.api("country:IND", "POST", "/v1/keys", three.wish(who))
    assert ("#/proof", "no_proof") in stolen.faults(), "a proof holds for one principal"
    assert ("#/public_key", "not_a_key") in site.api(who, "POST", "/v1/keys", {
        "public_key": "A" * 43 + "=", "proof": "A" * 86 + "=="}).faults()
    assert {i["id"] for i in site.api(who, "GET", "/v1/keys").doc["items"]} == {one.id, two.id}
    for role in ("coordinator", "operator"):
        assert site.api(role, "GET", "/v1/keys").status == 403

    assert Signer(site, one)("GET", "/v1/session").doc["who"] == who
    assert site.api("country:IND", "DELETE", f"/v1/keys/{one.id}").status == 404, "another's"
    assert site.api(who, "DELETE", f"/v1/keys/{one.id}").status == 200
    assert site.api(who, "DELETE", f"/v1/keys/{one.id}").status == 404
    wait_until(lambda: refused(Signer(site, one)("GET", "/v1/session"), "key"), 8, "it ends within five seconds")
    assert ("#/public_key", "key_taken") in site.api(who, "POST", "/v1/keys", one.wish(who)).faults(), "never again"
    assert Signer(site, two)("GET", "/v1/session").status == 200
    assert [(e["action"], e["actor"], e["of"]) for e in events(site, one.id)] == [
        ("key.register", who, who), ("key.revoke", who, who)]
    drop_keys(site, who)


def test_an_expired_key(make_site):
    site = make_site(workers=0)
    key = register(site, "country:KEN")
    site.redis("HSET", f"lia:{{sys}}:key:{key.id}", "expires", int(time.time() * 1000) - 1)
    assert refused(Signer(site, key)("GET", "/v1/session"), "key")
    assert site.api("country:KEN", "GET", "/v1/keys").doc["items"][0]["state"] == "expired"


def test_who_requires_signatures_gets_nothing_unsigned(site):
    who = "country:BTN"
    key = register(site, who)
    signer = Signer(site, key)
    cookie = site.api(None, "POST", "/v1/session", {"token": site.tokens[who]}).headers["set-cookie"].split(";")[0]
    assert refused(site.api(who, "POST", "/v1/keys:require", {"required": True}), "missing"), "only who can sign"
    assert signer("POST", "/v1/keys:require", {"required": True}).doc == {"required": True}
    wait_until(lambda: refused(site.api(who, "GET", "/v1/session"), "missing"), 8, "a token alone is refused")
    assert refused(site.api(who, "POST", "/v1/requests", {}), "missing")
    assert refused(site.api(None, "POST", "/v1/session", {"token": site.tokens[who]}), "missing")
    wait_until(lambda: refused(site.api(None, "GET", "/v1/session", headers={"Cookie": cookie}), "missing"), 8, "session")
    assert site.api("country:IND", "GET", "/v1/session").status == 200, "others are free"
    assert signer("GET", "/v1/keys").doc["required"] is True
    last = signer("DELETE", f"/v1/keys/{key.id}")
    assert (last.status, last.type) == (409, "wrong-state") and "last" in last.doc["detail"], last
    assert signer("POST", "/v1/keys:require", {"required": True}).status == 200, "again"
    site.cli("signing", "release", "--role", "country", "--of", "BTN")
    wait_until(lambda: site.api(who, "GET", "/v1/session").status == 200, 8, "the operator of the server lets it go")
    assert signer("DELETE", f"/v1/keys/{key.id}").status == 200
    assert [(e["action"], e["actor"]) for e in events(site, who)] == [("key.require", who), ("key.release", "server")]


def test_wrong_signatures_are_counted(make_site):
    site = make_site(workers=0, env={"LIAISON_FAILURES_PER_MINUTE": "5"})
    signer = Signer(site, register(site, "country:KEN"))
    answers = [signer("GET", "/v1/session", signed={"@method": "PUT"}) for _ in range(8)]
    assert [a.status for a in answers] == [401] * 5 + [429] * 3
    assert answers[-1].doc["violated-policies"] == ["sign-in"]
    assert signer("GET", "/v1/session").status == 200, "who is right is served"
    late = [signer("GET", "/v1/session", created=1, expires=2) for _ in range(12)]
    assert {a.doc["signature"] for a in late} == {"time"}, "a wrong clock is no guess"


# --- the command line ------------------------------------------------------------------------------


def test_the_command_line_signs(site, tmp_path):
    who, path = "country:LKA", tmp_path / "key.pem"
    credentials = ("--token-file", site.folder / "credentials.json", "--as", who)
    server = ("--server", f"http://127.0.0.1:{site.ports[0]}")
    made = json.loads(site.cli("keygen", path, "--json").stdout)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = Key(serialization.load_pem_private_key(path.read_bytes(), None))
    assert made == {"id": key.id, "public_key": b64(key.public)}
    assert path.read_bytes() == key.pem(), "as others write it, too"
    assert site.cli("keygen", path, check=False).returncode == 1, "nothing is overwritten"
    assert json.loads(site.cli("signing", "register", path, "--label", "laptop", "--json", *server, *credentials).stdout)[
        "label"] == "laptop"
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps({"country": "LKA", "language": "en", **wetland("Bundala lagoon")}))
    signed = (*server, "--sign", path)
    sent = json.loads(site.cli("submit", draft, "--json", *signed).stdout)
    assert sent["country"] == "LKA"
    assert json.loads(site.cli("submit", draft, "--json", *signed).stdout)["id"] != sent["id"], "a second one is one"
    assert sent["reference"] in site.cli("list", "--q", "Bundala", *signed).stdout
    assert site.cli("note", sent["id"], "--text", "signed", *signed, check=False).returncode in (0, 2, 5)
    assert site.cli("withdraw", sent["id"], *signed, check=False).returncode in (0, 1, 2, 5)
    assert "laptop" in site.cli("signing", "list", *signed).stdout
    assert site.cli("signing", "require", "on", *server, *credentials, check=False).returncode == 2
    site.cli("signing", "require", "on", *signed)
    wait_until(lambda: site.cli("list", *server, *credentials, check=False).returncode == 4, 8, "the token is refused")
    site.cli("signing", "require", "off", *signed)
    site.cli("signing", "revoke", key.id, *signed)
    wait_until(lambda: site.cli("list", *signed, check=False).returncode == 4, 8, "the key is")
    path.chmod(0o644)
    assert "chmod 600" in site.cli("list", *signed, check=False).stderr


def test_what_the_description_says(site):
    doc = site.api(None, "GET", "/openapi.json").doc
    assert doc["components"]["securitySchemes"]["signature"]["name"] == "Signature"
    for covered in COVERED:
        assert covered in doc["components"]["securitySchemes"]["signature"]["description"]
    assert set(doc["paths"]["/v1/keys"]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"]) == {
        "public_key", "proof"}
    assert re.fullmatch(r"lsk_[a-z2-7]{16}", Key().id)
