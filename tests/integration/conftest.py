import pytest

import harness


@pytest.fixture(scope="session")
def site():
    """One site for all tests that do not hurt each other: two workers, one daemon."""
    with harness.Site(workers=2) as s:
        yield s


@pytest.fixture(autouse=True)
def nobody_died(request):
    """The test that breaks a shared process is the one that fails."""
    yield
    s = request.node.funcargs.get("site")
    if s:
        dead = [p for p in s.processes if not p.is_running()]
        s.revive()
        assert not dead, [f"{p.name}: {p.text()[-3000:]}" for p in dead]


@pytest.fixture
def make_site(request):
    """Sites of a test's own: make_site(workers=1, env={..})."""
    made = request.node.sites = []

    def make(**options):
        s = harness.Site(**options)
        made.append(s)
        s.start()
        return s

    yield make
    for s in reversed(made):
        s.stop()
    for s in made:
        if not s.expect_dirty:
            s.check_clean()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    # What a test measured was said in the process that ran it; a report reaches the one that prints.
    report.user_properties += [("figure", line) for line in harness.FIGURES]
    harness.FIGURES.clear()
    if not report.failed:
        return
    sites = [v for v in getattr(item, "funcargs", {}).values() if isinstance(v, harness.Site)]
    sites += getattr(item, "sites", [])
    for s in sites:
        for name, text in s.tell():
            if text:
                report.sections.append((name, text))


def pytest_terminal_summary(terminalreporter):
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            for name, line in getattr(report, "user_properties", []):
                if name == "figure":
                    terminalreporter.write_line(line)
