# ruff: noqa: D102, D103, D400
"""Under ``pytest --nbval-lax book``: the outputs of each notebook are compared, and it is timed.

nbval compares the outputs of the cells tagged ``nbval-check-output``, numbers up to
their rounding (``_ext/printed.py``). A notebook that the book's build has executed, and
that would do the same again, is not executed once more (``_ext/executed.py``).
To each notebook this adds one more test, ``budget``: the processor time of its kernel,
and of all processes that the kernel started, must stay within the budget in its
metadata (in the units of ``_ext/processor_time.py``). At the end a table shows it for
all notebooks, beside the time on the clock, and the whole run fails when one pass over
all of them takes more than 13 minutes.
"""

from pathlib import Path

import executed
import kernels
import printed
import psutil
import pytest
from nbval.plugin import IPyNbFile
from processor_time import Reference

LONGEST_PASS = 780  # seconds of processor time for all notebooks

_reference = pytest.StashKey[Reference]()
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


class Budget(pytest.Item):
    """The last test of a notebook: did it keep its budget?"""

    def runtest(self):
        kernel = self.parent.kernel
        if isinstance(kernel, executed.Replay):
            taken, wall = kernel.seconds, kernel.wall
        elif _reference in self.parent.stash:
            reference = self.parent.stash[_reference]
            wall = reference.seconds()
            taken = reference.in_units(processor_seconds(kernel.km.provisioner.pid))
        else:
            pytest.skip("none of the notebook's cells was run")
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
    _replay(Path(__file__).parent, config.rootpath / "_build" / executed.FOLDER)
    config.stash[_seconds] = {}


def _replay(book, records):
    """Make nbval replay the notebooks that the book's build has executed."""
    setup = getattr(IPyNbFile.setup, "plain", IPyNbFile.setup)

    def replay_or_setup(notebook):
        if notebook.path.is_relative_to(book):
            record = records / notebook.path.relative_to(book)
            notebook.kernel = executed.kept(notebook.path, record)
        if notebook.kernel is None:
            return setup(notebook)
        return notebook.setup_sanitize_files()

    replay_or_setup.plain = setup
    IPyNbFile.setup = replay_or_setup


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
    """Time the reference before nbval starts the kernel, and now and then."""
    if not isinstance(item.parent, IPyNbFile) or isinstance(item, Budget):
        return
    if item.parent.kernel is None:
        item.parent.stash[_reference] = Reference()
    elif not isinstance(item.parent.kernel, executed.Replay):
        item.parent.stash[_reference].again()


def pytest_runtest_call(item):
    """Tell a replay which cell is next."""
    if isinstance(getattr(item.parent, "kernel", None), executed.Replay):
        item.parent.kernel.cell = getattr(item, "cell_num", 0)


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
