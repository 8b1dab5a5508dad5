import pytest

import harness


@pytest.fixture(scope="session")
def site():
    """One site for all tests that do not hurt each other: two workers, one daemon."""
    with harness.Site(workers=2) as s:
        yield s


@pytest.fixture
def make_site():
    """Sites of a test's own: make_site(workers=1, env={..})."""
    made = []

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
    if not report.failed:
        return
    sites = [v for v in getattr(item, "funcargs", {}).values() if isinstance(v, harness.Site)]
    sites += getattr(item, "sites", [])
    for s in sites:
        for name, text in s.tell():
            report.sections.append((name, text))
