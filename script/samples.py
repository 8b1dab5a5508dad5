#!/usr/bin/python3
"""Why: who starts Liaison for the first time should see it at work. This submits the shipped sample
requests as their countries would, over the public API, and prints where each went.

usage: samples.py http://HOST:PORT CREDENTIALS FILE..
Each file is sent under its own idempotency key, so a run that was broken off may be repeated.
"""
import http.client
import json
import pathlib
import sys
import time
import unicodedata
import urllib.parse
import uuid

ROUTED_WITHIN_S = 60
TRIES = 5
WIDTHS = (16, 38, 7, 15, 16)
HEADINGS = ("reference", "title", "lead", "supporters", "duplicate of")


class Refused(Exception):
    pass


def call(connection, method, path, token, body=None, headers=()):
    """One exchange; repeats what the server asks to repeat, and a lost connection."""
    head = {"Authorization": f"Bearer {token}", **dict(headers)}
    if body is not None:
        head["Content-Type"] = "application/json"
    for left in reversed(range(TRIES)):
        try:
            connection.request(method, path, body, head)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as broken:
            connection.close()
            if not left:
                raise Refused(f"no answer: {broken}") from broken
            time.sleep(0.1)
            continue
        if answer.status in (429, 503) and left:
            wait = answer.headers.get("Retry-After", "1")
            time.sleep(min(5, int(wait) if wait.isdigit() else 1))
            continue
        if answer.status not in (200, 201):
            raise Refused(f"{answer.status} {data.decode(errors='replace')}")
        return json.loads(data)
    raise Refused("asked to come back too often")


def submit(connection, tokens, path):
    """The resource once it is routed."""
    body = path.read_bytes()
    token = tokens["country:" + json.loads(body)["country"]]
    key = uuid.uuid5(uuid.NAMESPACE_URL, "liaison-sample/" + path.name)
    resource = call(connection, "POST", "/v1/requests", token, body,
                    {"Prefer": "wait=10", "Idempotency-Key": f'"{key}"'})
    until = time.monotonic() + ROUTED_WITHIN_S
    while not resource.get("routing"):
        if time.monotonic() > until:
            raise Refused(f"{resource['reference']} was accepted, but is not routed after "
                          f"{ROUTED_WITHIN_S} s")
        time.sleep(0.1)
        resource = call(connection, "GET", "/v1/requests/" + resource["id"], token)
    return resource


def columns(char):
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cell(text, width):
    """Cut and filled to the width; a right-to-left text is kept from turning its neighbours."""
    used = sum(map(columns, text))
    if used > width:
        while used > width - 1:
            used -= columns(text[-1])
            text = text[:-1]
        text, used = text + "…", used + 1
    if any(unicodedata.bidirectional(char) in ("R", "AL") for char in text):
        text = f"\u2068{text}\u2069"
    return text + " " * (width - used)


def row(values):
    print("  ".join(map(cell, values, WIDTHS)).rstrip(), flush=True)


def duplicate_of(resource):
    found = (resource.get("duplicates") or [{}])[0]
    return found["reference"] if found.get("verdict") in ("certain", "likely") else ""


def main():
    server, credentials, *files = sys.argv[1:]
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server).netloc, timeout=30)
    tokens = json.loads(pathlib.Path(credentials).read_bytes())
    row(HEADINGS)
    for path in map(pathlib.Path, files):
        try:
            resource = submit(connection, tokens, path)
        except (Refused, KeyError, ValueError) as why:
            print(f"samples: {path.name}: {why}", file=sys.stderr)
            return 1
        routing = resource["routing"]
        row((resource["reference"], resource["title"], routing["lead"] or "-",
             ",".join(routing["support"]), duplicate_of(resource)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
