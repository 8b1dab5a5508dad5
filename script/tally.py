#!/usr/bin/python3
"""Why: one line for all tests, whatever ran them. Reads what script/test left behind: the file
"single" with a line for each check, build and fuzz target; ctest's junit file, in which each program
holds many cmocka cases; junit files of pytest and node. A program that fails although each of its cases passed
(a leak, a crash at the end) counts as one failed test, and so does a suite without its file.

usage: tally.py FOLDER      exit 1 when anything failed
"""
import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as tree

CASE = re.compile(r"^\[ RUN      \] (.+)$", re.M)
RESULT = re.compile(r"^\[( +OK |  FAILED  | +ERROR +|  SKIPPED )\]", re.M)
WORDS = {"OK": "passed", "SKIPPED": "skipped"}


def cmocka_cases(said):
    """The result of each case in what a cmocka program printed; one that never ended has failed."""
    starts = [found.end() for found in CASE.finditer(said)]
    for begin, end in zip(starts, [*starts[1:], len(said)]):
        result = RESULT.search(said, begin, end)
        yield WORDS.get(result[1].strip(), "failed") if result else "failed"


def program(case):
    cases = list(cmocka_cases(case.findtext("system-out") or ""))
    status = case.get("status")
    if status == "disabled":
        return ["skipped"]
    if status == "fail" and "failed" not in cases:
        return [*cases, "failed"]
    return cases or ["passed"]


def pytest_case(case):
    for word, result in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        if case.find(word) is not None:
            return [result]
    return ["passed"]


def suite(path, results_of):
    try:
        cases = list(tree.parse(path).iter("testcase"))
    except (OSError, tree.ParseError) as why:
        print(f"tally: {path}: {why}")
        return ["failed"]
    return [result for case in cases for result in results_of(case)] or ["failed"]


def main():
    folder = pathlib.Path(sys.argv[1])
    single = (folder / "single").read_text(encoding="utf-8").splitlines()
    results = collections.Counter(line.split()[-1] for line in single)
    results.update(suite(folder / "junit/units.xml", program))
    results.update(suite(folder / "junit/integration.xml", pytest_case))
    results.update(suite(folder / "junit/pages.xml", pytest_case))
    line = f"{results['passed']} passed, {results['failed']} failed"
    print(line + (f", {results['skipped']} skipped" if results["skipped"] else ""))
    return 1 if results["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
