"""Processor time in units of a fixed computation that is timed beside what is measured.

Processor time, because a busy machine makes a notebook slow, not expensive; and in units
of a fixed computation, because cores that share caches and arithmetic units charge more
seconds for the same work when both are busy. Seconds are thus those of the machine that
took `REFERENCE` for that computation.
"""

import threading
import time

import numpy as np

REFERENCE = (
    0.1  # seconds of `reference_seconds` where the budgets were set, undisturbed
)

BETWEEN = 5  # at least so many seconds lie between two such timings


def reference_seconds():
    """Return the processor time of a fixed computation: a loop, a sort and products."""
    begin = time.thread_time()
    total = 0
    for number in range(1_500_000):
        total += number
    numbers = np.random.default_rng(0).random(2_000_000)
    numbers.sort()
    matrix = numbers[:90_000].reshape(300, 300)
    for _ in range(10):
        matrix @ matrix
    return time.thread_time() - begin


def mean_over_time(timings: list[tuple[float, float]]) -> float:
    """Return the mean of what was measured at given times, a straight line between them."""
    times, values = np.transpose(timings)
    return float(np.average((values[1:] + values[:-1]) / 2, weights=np.diff(times)))


class Reference:
    """How long the fixed computation takes, again and again while something is measured."""

    def __init__(self):
        self._began = time.perf_counter()
        self._timings = [(0.0, reference_seconds())]

    def seconds(self) -> float:
        """Return the seconds on the clock since the beginning."""
        return time.perf_counter() - self._began

    def again(self, between: float = BETWEEN) -> None:
        """Time it again if the last time is long enough ago."""
        if self.seconds() - self._timings[-1][0] > between:
            self._timings.append((self.seconds(), reference_seconds()))

    def in_units(self, processor_seconds: float) -> float:
        """Return processor time as the machine that took `REFERENCE` would have charged."""
        self.again(between=0)
        return processor_seconds / max(1, mean_over_time(self._timings) / REFERENCE)

    def beside(self, call, *arguments) -> None:
        """Call something, and time the computation beside it in a thread."""
        finished = threading.Event()

        def keep_timing():
            while not finished.wait(BETWEEN):
                self.again(between=0)

        timing = threading.Thread(target=keep_timing, daemon=True)
        timing.start()
        try:
            call(*arguments)
        finally:
            finished.set()
            timing.join()
