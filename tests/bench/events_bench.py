#!/usr/bin/env python3
"""Why: what 10,000 idle event streams cost the daemon, and how soon an event is with its readers.

usage: events_bench.py STREAMS     prints figures as JSON lines, like the other benchmarks

Daemon, worker and store are real and of the release build; the clients share the machine with them, so
that times are upper bounds."""
import asyncio
import json
import os
import pathlib
import resource
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from harness import Site, name, wetland  # noqa: E402
from sse import Reader, until  # noqa: E402

EVENTS = 40


def figure(what, value, unit, goal=""):
    print(json.dumps({"what": what, "value": value, "unit": unit, "goal": goal}), flush=True)


def resident_bytes(process):
    pages = pathlib.Path(f"/proc/{process.popen.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


async def measure(site, n):
    loop = asyncio.get_running_loop()
    secretariats = [who for who in site.tokens if who.startswith("secretariat:")]
    countries = [who for who in site.tokens if who.startswith("country:") and who != "country:KEN"]
    desk = n // 10
    whos = ["country:KEN"] * 10 + ["coordinator"] * desk
    whos += [(countries if i % 2 else secretariats)[i % 97 % (8 if i % 2 == 0 else 190)] for i in range(n - len(whos))]
    before = resident_bytes(site.daemons[0])
    readers = [Reader(site.ports[0], site.tokens[who]) for who in whos]
    tasks = []
    for i in range(0, n, 500):
        tasks += [asyncio.ensure_future(r.forever()) for r in readers[i:i + 500]]
        await until(lambda: all(r.is_placed for r in readers[i:i + 500]), 120, "streams are open")
    await asyncio.sleep(1)
    figure(f"memory of each of {n} streams", (resident_bytes(site.daemons[0]) - before) / n / 1024, "KB", "<= 20")
    cpu = pathlib.Path(f"/proc/{site.daemons[0].popen.pid}/stat")
    ticks = [sum(map(int, cpu.read_text().split()[13:15]))]
    await asyncio.sleep(15)
    ticks.append(sum(map(int, cpu.read_text().split()[13:15])))
    figure("processor while nothing happens", (ticks[1] - ticks[0]) / os.sysconf("SC_CLK_TCK") / 15 * 100, "%")
    own, all_desk = [], []
    for _ in range(EVENTS):
        had = len(readers[0].events), len(readers[-1].events)
        begin = loop.time()
        answer = await loop.run_in_executor(None, lambda: site.submit("KEN", **wetland(name())))
        assert answer.status == 201, answer
        await until(lambda: len(readers[0].events) >= had[0] + 2 and
                    all(len(r.events) == len(readers[10].events) >= 2 for r in readers[10:10 + desk]), 30)
        own.append(readers[0].arrived[had[0]] - begin)
        all_desk.append(max(r.arrived[-2] for r in readers[10:10 + desk]) - begin)
    own.sort()
    all_desk.sort()
    figure("submit sent to event read, its country p50", statistics.median(own) * 1000, "ms")
    figure("submit sent to event read, its country, slowest of 40", own[-1] * 1000, "ms")
    figure(f"until the last of {desk} readers has it p50", statistics.median(all_desk) * 1000, "ms")
    for t in tasks:
        t.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main():
    n = int(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < n + 200:
        sys.exit(f"only {hard} files may be open")
    env = {"LIAISON_CONNECTIONS": str(n + 100), "LIAISON_CONNECTIONS_PER_ADDRESS": str(n + 100),
           "LIAISON_EVENT_STREAMS": str(n + 100)}
    with Site(workers=1, env=env) as site:
        asyncio.run(measure(site, n))


main()
