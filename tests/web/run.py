#!/usr/bin/python3
"""Why: the pages are tested as people use them: a browser (Debian's Chromium), the real daemon, a worker
and Redis. Starts a site as the integration tests do, tells node's test runner where it is, and stops it.

usage: run.py [--junit FILE] [--only WORDS] [TEST..]     default: every test in web/test/flow
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402

FLOWS = harness.ROOT / "web/test/flow"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--junit")
    parser.add_argument("--only", help="tests whose names have these words")
    parser.add_argument("tests", nargs="*", default=sorted(map(str, FLOWS.glob("*.test.mjs"))))
    asked = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium or not (harness.PAGES / "pages.csv").exists():
        sys.exit("no chromium, or the pages are not built: script/install test, script/build debug")
    reporter = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
    if asked.junit:
        reporter += ["--test-reporter=junit", f"--test-reporter-destination={asked.junit}"]
    if asked.only:
        reporter.append(f"--test-name-pattern={asked.only}")
    with harness.Site(workers=2) as site:
        told = site.folder / "site.json"
        told.write_text(json.dumps({"base": f"http://127.0.0.1:{site.ports[0]}", "tokens": site.tokens, "chromium": chromium,
                                    "workers": [w.popen.pid for w in site.workers.values()]}))
        told.chmod(0o600)
        done = subprocess.run(["node", "--test", "--test-concurrency=1", *reporter, *asked.tests], cwd=harness.ROOT,
                              env={**os.environ, "LIAISON_WEB_SITE": str(told)}, check=False)
        if done.returncode:
            for name, text in site.tell():
                print(f"--- {name}\n{text}", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
