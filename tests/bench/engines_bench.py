#!/usr/bin/env python3
"""Why: what the duplicate check costs says little without what two good engines take on the same texts.

usage: engines_bench.py BENCH_SIMILAR CONFIG_FOLDER REQUESTS CASES.jsonl ..   prints figures as JSON lines

Runs bench_similar, which writes down what it stored and asked, then stores the same texts in SQLite FTS5
(porter, title weighs three times) and in Xapian (English stemming, title three times, BM25) and asks the
same: any word of the text may match, the ten best. Both on disk without waiting for it, so out of the
page cache; what they list is not compared here. Of each size so many queries are asked as fit in a few seconds."""
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

import xapian

QUERY_S, QUERIES_MAX, HITS = 10, 200, 10


def figure(what, value, unit):
    print(json.dumps({"row": "similar", "what": what, "value": value, "unit": unit, "goal": ""}), flush=True)


def words_of(text):
    return sorted(set(re.findall(r"\w+", text.lower())))


class Fts5:
    name = "SQLite FTS5"

    def __init__(self, folder):
        self.base = sqlite3.connect(folder / "sqlite")
        self.base.execute("pragma synchronous = off")
        self.base.execute("create virtual table requests using fts5(title, text, content='', tokenize='porter unicode61')")

    def add(self, number, title, text):
        self.base.execute("insert into requests(rowid, title, text) values (?, ?, ?)", (number, title, text))

    def ask(self, title, text):
        query = " OR ".join(f'"{word}"' for word in words_of(title + " " + text))
        return self.base.execute("select rowid from requests where requests match ? order by bm25(requests, 3, 1) limit ?",
                                 (query, HITS)).fetchall()


class Xapian:
    name = "Xapian"

    def __init__(self, folder):
        self.base = xapian.WritableDatabase(str(folder / "xapian"), xapian.DB_CREATE | xapian.DB_NO_SYNC)
        self.terms = xapian.TermGenerator()
        self.terms.set_stemmer(xapian.Stem("en"))
        self.stem = xapian.Stem("en")

    def add(self, number, title, text):
        document = xapian.Document()
        self.terms.set_document(document)
        self.terms.index_text_without_positions(title, 3)
        self.terms.index_text_without_positions(text)
        self.base.add_document(document)

    def ask(self, title, text):
        terms = ["Z" + self.stem(word).decode() for word in words_of(title + " " + text)]
        enquire = xapian.Enquire(self.base)
        enquire.set_query(xapian.Query(xapian.Query.OP_OR, terms))
        return [match.docid for match in enquire.get_mset(0, HITS)]


def measure(engine, stored, asked, inserted_s):
    times, began = [], time.monotonic()
    for title, text in asked[:QUERIES_MAX]:
        begin = time.process_time()
        assert engine.ask(title, text)
        times.append(time.process_time() - begin)
        if time.monotonic() - began > QUERY_S and len(times) >= 5:
            break
    times.sort()
    figure(f"{stored} stored: {engine.name}, p50", times[len(times) // 2] * 1000, "ms")
    figure(f"{stored} stored: {engine.name}, p99", times[len(times) * 99 // 100] * 1000, "ms")
    figure(f"{stored} stored: {engine.name}, insertion, mean", inserted_s / stored * 1e6, "us")


def run(engine, path):
    """Stores all that stands before the questions, then asks them, size by size."""
    stored, asked, inserted_s = 0, [], 0.0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, title, text = line.rstrip("\n").split("\t", 2)
            if name == "asked":
                asked.append((title, text))
                continue
            if asked:
                measure(engine, stored, asked, inserted_s)
                asked = []
            begin = time.process_time()
            stored += 1
            engine.add(stored, title, text)
            inserted_s += time.process_time() - begin
    measure(engine, stored, asked, inserted_s)


def main():
    program, config, requests, *cases = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="bench", dir="/tmp") as folder:
        folder = pathlib.Path(folder)
        texts = folder / "texts"
        subprocess.run([program, config, requests, texts, *cases], check=True)
        for engine in (Fts5, Xapian):
            run(engine(folder), texts)


if __name__ == "__main__":
    main()
