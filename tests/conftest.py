"""Rules for every test run: what is skipped or expected to fail was not shown, so it fails the run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something of the machine only.
settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")

# Outcomes that would let a run pass without having tested what it names.
NOT_SHOWN = ("skipped", "xfailed", "xpassed")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run in which a test was skipped or expected to fail."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and session.exitstatus == pytest.ExitCode.OK and any(map(reporter.stats.get, NOT_SHOWN)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
