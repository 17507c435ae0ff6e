"""Simulated computers with clocks of their own: a benchmark on them takes no time, and its true answer is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class _Log(list):
    """What happened, in order. A copy of a machine writes into the same log, so that a check can read it."""

    def __deepcopy__(self, memo):
        return self


class Machine:
    """A computer whose clock moves only when it has something to do.

    Parameters
    ----------
    now : float, optional
        What its clock shows at the beginning, in milliseconds.
    """

    def __init__(self, now: float = 0.0):
        self._now = now
        self.log = _Log()

    def clock(self) -> float:
        """Return the time in milliseconds. To look at the clock takes no time."""
        return self._now

    def __repr__(self) -> str:
        return "machine"

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.zeros((), dtype)  # a check that its inputs are unchanged finds nothing: machines are there to be used


class Queue(Machine):
    """A device that takes orders into a queue and works on them while the caller goes on.

    Parameters
    ----------
    launch, work : float
        Milliseconds that it takes to give an order, and to carry it out.
    left : float, optional
        Milliseconds of work that others have left in the queue.
    """

    def __init__(self, launch: float, work: float, left: float = 0.0):
        super().__init__(now=1000.0)
        self._launch, self._work = launch, work
        self._idle_from = self._now + left

    def launch(self) -> None:
        """Order one piece of work, and return at once."""
        self._now += self._launch
        self._idle_from = max(self._now, self._idle_from) + self._work
        self.log.append("launch")

    def wait(self) -> None:
        """Return when the queue is empty."""
        self._now = max(self._now, self._idle_from)
        self.log.append("wait")


class Compiler(Machine):
    """A device that compiles for each new size, and finds memory for it at the second call. It waits by itself."""

    COMPILE, ALLOCATE = 2000.0, 300.0

    def __init__(self):
        super().__init__()
        self._calls: dict[int, int] = {}

    def run(self, size: int) -> None:
        """Do the work for an input of one size, and return when it is done."""
        before = self._calls.get(size, 0)
        self._calls[size] = before + 1
        self._now += {0: self.COMPILE, 1: self.ALLOCATE}.get(before, 0.0) + size / 10
        self.log.append(size)


class Matrix:
    """A matrix on an :class:`Optimiser`: what it is made of, not its numbers."""

    def __init__(self, machine: Optimiser, made_of: tuple = ()):
        self._machine, self._made_of = machine, made_of

    def __matmul__(self, other: Matrix) -> Matrix:
        return self._machine._made("@", self, other)

    def __add__(self, other: Any) -> Matrix:
        return self._machine._made("+", self, other)

    def __mul__(self, other: Any) -> Matrix:
        return self._machine._made("*", self, other)

    __radd__, __rmul__ = __add__, __mul__

    def sum(self) -> Matrix:
        """Return the sum of the numbers."""
        return self._machine._made("sum", self)


class Optimiser(Machine):
    """A device with a compiler that leaves out what nobody needs, and makes once what is asked for twice.

    Products of matrices take time; everything else takes none. It waits by itself and compiles in no time.

    Parameters
    ----------
    product : float
        Milliseconds of one product.
    """

    def __init__(self, product: float):
        super().__init__()
        self._product = product
        self._trace: dict[tuple, Matrix] | None = None

    def matrix(self) -> Matrix:
        """Return a matrix."""
        return Matrix(self)

    def jit(self, function: Callable) -> Callable:
        """Return the function, compiled: it runs what its results need, and nothing else."""

        def compiled(*inputs):
            outside, self._trace = self._trace, {}
            try:
                results = function(*inputs)
            finally:
                self._trace = outside
            self._run(results)
            return results

        return compiled

    def _made(self, *parts: Any) -> Matrix:
        if self._trace is None:  # not compiled: each product is made when its line is reached
            self._multiply(parts)
            return Matrix(self)
        key = tuple(id(part) if isinstance(part, Matrix) else part for part in parts)
        return self._trace.setdefault(key, Matrix(self, parts))

    def _run(self, results: Any) -> None:
        todo, seen = [results], set()
        while todo:
            item = todo.pop()
            if isinstance(item, dict):
                todo += item.values()
            elif isinstance(item, list | tuple):
                todo += item
            elif isinstance(item, Matrix) and id(item) not in seen:
                seen.add(id(item))
                self._multiply(item._made_of)
                todo += item._made_of
                item._made_of = ()  # from now on it is there

    def _multiply(self, parts: tuple) -> None:
        if parts[:1] == ("@",):
            self._now += self._product
            self.log.append("product")


class Drifting(Machine):
    """A device that runs two programs, whose clock speed changes with each call, and that is disturbed now and then.

    Parameters
    ----------
    seconds : dict of str to float
        Milliseconds of each program at the first clock speed.
    drift : float
        By which share of the first call each call takes longer than the one before.
    strange : dict of str to (dict of int to float), optional
        How many times as long some calls take: under the program's name, by the number of its call.
    """

    def __init__(self, seconds: dict[str, float], drift: float, strange: dict[str, dict[int, float]] | None = None):
        super().__init__()
        self._seconds, self._drift, self._strange = seconds, drift, strange or {}
        self._calls = dict.fromkeys(seconds, 0)

    def run(self, name: str) -> None:
        """Run a program, and return when it is done."""
        slower = max(0.2, 1 + self._drift * sum(self._calls.values()))
        taken = self._seconds[name] * slower * self._strange.get(name, {}).get(self._calls[name], 1.0)
        self._calls[name] += 1
        self._now += taken
        self.log.append((name, taken))
