"""Timing a call: warm, often enough, and only when its work is done."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.bench.devices import barrier as all_devices
from pcfilter_lib.errors import InputError

#: A call whose work goes on for longer than this share of its own time, after it returned, has lied about it.
LATE = 0.1
_NOISE = 300e-6  # seconds; after a call that streams memory, a barrier finds its own code gone from the caches


@dataclass(frozen=True)
class Timing:
    """The seconds of a call that was made again and again.

    Parameters
    ----------
    first : float
        Seconds of the very first call: with tracing, compiling, allocating.
    seconds : tuple of float
        Of each call after the warm-up.
    """

    first: float
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Seconds of a typical call: half of all took longer."""
        return statistics.median(self.seconds)

    @property
    def relative_iqr(self) -> float:
        """How far apart the quartiles lie, as a share of the median: half of all calls lie within it."""
        if len(self.seconds) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.seconds, n=4, method="inclusive")
        return (high - low) / self.median

    @property
    def compile(self) -> float:
        """Seconds that the first call took beyond a typical one: what is paid once."""
        return max(0.0, self.first - self.median)


def measure(
    call: Callable[[], object],
    *,
    repeats: int = 15,
    warmup: int = 2,
    most_seconds: float = float("inf"),
    barrier: Callable[[], None] = all_devices,
) -> Timing:
    """Time a call that waits for its own work, and refuse one that does not.

    A framework may return from a call before the device has computed anything. So after each call the devices are asked
    whether they have finished; if they go on for longer than a tenth of the time that the call took, its times mean
    nothing, and there is an error instead.

    Parameters
    ----------
    call : callable
        Called without arguments; it must return when its work is done. See :func:`wait`.
    repeats : int, default 15
        Calls that count.
    warmup : int, default 2
        Calls before those, the first included.
    most_seconds : float, optional
        Stop repeating after so long, but not before three calls have counted.
    barrier : callable, optional
        Returns when the device has nothing left to do. By default, all devices of the frameworks in use.

    Returns
    -------
    Timing

    Raises
    ------
    InputError
        If the call returns before its work is done, or a number is not possible.
    """
    whole_number("measure", "repeats", repeats)
    whole_number("measure", "warmup", warmup)
    barrier()
    first = _timed(call)
    barrier()
    for _ in range(warmup - 1):
        call()
        barrier()
    seconds, after, idle = [], [], []
    begin = time.perf_counter()
    # At least three calls are looked at, also where fewer count: after a single one, a busy core looks like late work.
    while len(seconds) < max(repeats, 3) and (len(seconds) < 3 or time.perf_counter() - begin < most_seconds):
        seconds.append(_timed(call))
        after.append(_timed(barrier))
        time.sleep(min(seconds[-1], 0.01))
        idle.append(_timed(barrier))  # it finds nothing to wait for: what it takes is its own
    seconds = seconds[:repeats]
    typical, left = statistics.median(seconds), min(after) - min(idle)  # work that goes on does so every time
    if left > max(LATE * typical, _NOISE):
        raise InputError(
            "the benchmark",
            "",
            f"it stops the clock after {_told(typical)}, but the device works on for {_told(left)}",
            "wait for the result inside of what is timed, for example with pcfilter_lib.bench.wait(result)",
        )
    return Timing(first, tuple(seconds))


def _timed(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    kept = call()
    seconds = time.perf_counter() - begin
    del kept  # only now: giving memory back is not part of the call
    return seconds


def _told(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
