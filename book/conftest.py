# ruff: noqa: D102, D103, D400
"""Under ``pytest --nbval-lax book``: each notebook is run once and timed.

nbval runs the cells and compares the outputs of those tagged ``nbval-check-output``,
numbers up to their rounding (``_ext/printed.py``).
To each notebook this adds one more test, ``budget``: the processor time of its kernel,
and of all processes that the kernel started, must stay within the budget in its
metadata. Processor time, because a busy machine makes a notebook slow, not expensive;
and in units of a fixed computation that is timed between cells, because cores that
share caches and arithmetic units charge more seconds for the same work when both are
busy. Budgets are thus seconds of the machine that took REFERENCE for that computation.
At the end a table shows it for all notebooks, beside the time on the clock, and the
whole run fails when one pass over all of them takes more than 13 minutes.
"""

import time

import kernels
import numpy as np
import printed
import psutil
import pytest
from nbval.plugin import IPyNbFile

LONGEST_PASS = 780  # seconds of processor time for all notebooks

REFERENCE = (
    0.1  # seconds of `reference_seconds` where the budgets were set, undisturbed
)

BETWEEN = 5  # at least so many seconds of a notebook lie between two such timings

_started = pytest.StashKey[float]()
_timings = pytest.StashKey[list]()
_seconds = pytest.StashKey[dict]()


class OverBudget(Exception):
    """A notebook took more processor time than its metadata promises."""


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, ended ones included."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    total = times.user + times.system
    total += getattr(times, "children_user", 0) + getattr(times, "children_system", 0)
    return total + sum(processor_seconds(child.pid) for child in process.children())


def reference_seconds():
    """Return the processor time of a fixed computation: a loop, a sort and products."""
    begin = time.process_time()
    total = 0
    for number in range(1_500_000):
        total += number
    numbers = np.random.default_rng(0).random(2_000_000)
    numbers.sort()
    matrix = numbers[:90_000].reshape(300, 300)
    for _ in range(10):
        matrix @ matrix
    return time.process_time() - begin


def mean_over_time(timings: list[tuple[float, float]]) -> float:
    """Return the mean of what was measured at given times, a straight line between them."""
    times, values = np.transpose(timings)
    return float(np.average((values[1:] + values[:-1]) / 2, weights=np.diff(times)))


class Budget(pytest.Item):
    """The last test of a notebook: did it keep its budget?"""

    def runtest(self):
        if _started not in self.parent.stash:
            pytest.skip("none of the notebook's cells was run")
        wall = time.perf_counter() - self.parent.stash[_started]
        taken = processor_seconds(self.parent.kernel.km.provisioner.pid)
        timings = [*self.parent.stash[_timings], (wall, reference_seconds())]
        taken /= max(1, mean_over_time(timings) / REFERENCE)
        budget = self._budget()
        self.user_properties.append(("notebook_seconds", [taken, budget, wall]))
        if taken > budget:
            raise OverBudget(
                f"{self.path.name} took {taken:.1f} s of processor time; "
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
    kernels.use_private_sockets()
    printed.compare_number_by_number()
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
    """Start the clock before nbval starts the kernel, and time the reference now and then."""
    if not isinstance(item.parent, IPyNbFile) or isinstance(item, Budget):
        return
    stash = item.parent.stash
    if _started not in stash:
        stash[_timings] = [(0.0, reference_seconds())]
        stash[_started] = time.perf_counter()
    else:
        wall = time.perf_counter() - stash[_started]
        if wall - stash[_timings][-1][0] > BETWEEN:
            stash[_timings].append((wall, reference_seconds()))


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
    if sum(taken for taken, *_ in seconds.values()) > LONGEST_PASS:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Print the time of each notebook, the slowest first, and of all."""
    seconds = config.stash[_seconds]
    if not seconds:
        return
    terminalreporter.section(
        "notebooks: processor seconds, budget, seconds on the clock"
    )
    for name, row in sorted(seconds.items(), key=lambda pair: -pair[1][0]):
        taken, budget, wall = row
        line = f"{taken:7.1f} {budget:5} {wall:7.1f}  {name}"
        terminalreporter.line(line, red=taken > budget)
    total, _, wall = (sum(column) for column in zip(*seconds.values(), strict=True))
    verdict = "" if total <= LONGEST_PASS else ": too long, the run fails"
    line = f"{total:7.1f} {LONGEST_PASS:5} {wall:7.1f}  one pass over all{verdict}"
    terminalreporter.line(line, red=bool(verdict))
