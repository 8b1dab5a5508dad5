#!/usr/bin/python3
"""Why: redis-check-aof names the byte up to which an append-only file is good, but prints the same
messages for a write that a power cut tore and for damage before acknowledged writes. Cutting is
right for the first and loses accepted requests for the second (R-1), so this tells them apart.

usage: aof_tail.py FILE OK_UP_TO    exit 0: only one unfinished command or transaction follows
                                    exit 1: anything else; both with one sentence on stdout
"""
import re
import sys

HEADER = re.compile(rb"([*$])(0|[1-9][0-9]{0,8})\r\n")
HEADER_TORN = re.compile(rb"[*$]?|[*$](0|[1-9][0-9]{0,8})\r?")
COMMAND_INSIDE = re.compile(rb"\r\n\*[1-9][0-9]*\r\n\$[0-9]+\r\n")


class Torn(Exception):
    """The file ends here and nothing up to here was wrong."""


class Damaged(Exception):
    pass


def read_header(tail, at, kind):
    found = HEADER.match(tail, at)
    if found and found[1] == kind:
        return int(found[2]), found.end()
    rest = tail[at:]
    if len(rest) < 16 and HEADER_TORN.fullmatch(rest) and rest[:1] in (b"", kind):
        raise Torn
    raise Damaged(f"no {kind.decode()} where one is due")


def read_command(tail, at):
    """The name of the command at this offset, and where the next one begins."""
    words_n, at = read_header(tail, at, b"*")
    if not words_n:
        raise Damaged("a command without a name")
    name = None
    for _ in range(words_n):
        size, at = read_header(tail, at, b"$")
        word = tail[at:at + size + 2]
        if len(word) < size + 2:
            # A damaged length swallows the good commands behind it.
            if COMMAND_INSIDE.search(word):
                raise Damaged("a length that swallows the commands behind it")
            if len(word) == size + 1 and word[-1:] != b"\r":
                raise Damaged("no end of line behind a value")
            raise Torn
        if word[size:] != b"\r\n":
            raise Damaged("no end of line behind a value")
        name = name or word[:size].upper()
        at += size + 2
    return name, at


def judge(tail):
    """Raises Torn or Damaged. Zeros at the end are pages that never reached the disk."""
    tail = tail.rstrip(b"\0")
    name, at = read_command(tail, 0)
    if name != b"MULTI":
        raise Damaged("a whole command that redis-check-aof refuses")
    while True:
        name, at = read_command(tail, at)
        if name in (b"MULTI", b"EXEC"):
            raise Damaged("a whole transaction that redis-check-aof refuses")


def main():
    path, offset = sys.argv[1], int(sys.argv[2])
    with open(path, "rb") as file:
        file.seek(offset)
        tail = file.read()
    try:
        judge(tail)
    except Torn:
        print(f"{len(tail)} bytes of one unfinished write")
        return 0
    except Damaged as why:
        print(f"damage within the last {len(tail)} bytes: {why}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
