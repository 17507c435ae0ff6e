# ruff: noqa: D102, D103, D400
"""Under ``pytest --nbval-lax book``: each notebook is run once and timed.

nbval runs the cells and compares the outputs of those tagged ``nbval-check-output``.
To each notebook this adds one more test, ``budget``: the seconds from before the
kernel's start to after the last cell must stay within the budget in its metadata. At
the end a table shows them all, and the whole run fails when one pass over all notebooks
takes more than ten minutes.
"""

import time

import pytest
from nbval.plugin import IPyNbFile

LONGEST_PASS = 600  # seconds for all notebooks, one after the other

_started = pytest.StashKey[float]()
_seconds = pytest.StashKey[dict]()


class OverBudget(Exception):
    """A notebook took longer than its metadata promises."""


class Budget(pytest.Item):
    """The last test of a notebook: did it keep its budget?"""

    def runtest(self):
        if _started not in self.parent.stash:
            pytest.skip("none of the notebook's cells was run")
        taken, budget = (
            time.perf_counter() - self.parent.stash[_started],
            self._budget(),
        )
        self.user_properties.append(("notebook_seconds", [taken, budget]))
        if taken > budget:
            raise OverBudget(
                f"{self.path.name} took {taken:.1f} s; "
                f"its budget is {budget} s (metadata.pcfilter)"
            )

    def _budget(self):
        budget = self.parent.nb.metadata.get("pcfilter", {}).get("budget_seconds")
        if budget is None:
            raise OverBudget(
                f"{self.path.name} names no budget (metadata.pcfilter.budget_seconds)"
            )
        return budget

    def repr_failure(self, excinfo):
        return (
            str(excinfo.value)
            if isinstance(excinfo.value, OverBudget)
            else super().repr_failure(excinfo)
        )

    def reportinfo(self):
        return self.path, None, f"{self.path.name}::budget"


def pytest_configure(config):
    config.stash[_seconds] = {}


def pytest_collection_modifyitems(items):
    """Put a budget after the last cell of each notebook."""
    last = {
        item.parent: at
        for at, item in enumerate(items)
        if isinstance(item.parent, IPyNbFile)
    }
    for notebook, at in sorted(last.items(), key=lambda pair: -pair[1]):
        items.insert(at + 1, Budget.from_parent(notebook, name="budget"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Start the clock before nbval starts the kernel."""
    if isinstance(item.parent, IPyNbFile) and not isinstance(item, Budget):
        item.parent.stash.setdefault(_started, time.perf_counter())


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """Judge the sum of the seconds, which pytest-xdist's workers send in their reports."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput"):
        return
    seconds = session.config.stash[_seconds]
    for report in (report for reports in reporter.stats.values() for report in reports):
        for name, value in getattr(report, "user_properties", []):
            if name == "notebook_seconds" and report.when == "call":
                seconds[report.nodeid.partition("::")[0]] = value
    if sum(taken for taken, _ in seconds.values()) > LONGEST_PASS:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Print the time of each notebook, the slowest first, and of all."""
    seconds = config.stash[_seconds]
    if not seconds:
        return
    terminalreporter.section("notebooks: seconds taken, of the budget")
    for name, (taken, budget) in sorted(seconds.items(), key=lambda pair: -pair[1][0]):
        terminalreporter.line(f"{taken:7.1f} {budget:5}  {name}", red=taken > budget)
    total = sum(taken for taken, _ in seconds.values())
    verdict = "" if total <= LONGEST_PASS else ": too long, the run fails"
    terminalreporter.line(
        f"{total:7.1f} {LONGEST_PASS:5}  one pass over all{verdict}", red=bool(verdict)
    )
