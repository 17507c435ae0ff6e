"""How much memory a call needs."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pcfilter_lib.errors import InputError

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def risen_memory(prepare: Callable[..., Callable[[], Any]], *arguments: Any) -> int:
    """Return by how much a call makes the memory of a process of its own rise, at its peak.

    Parameters
    ----------
    prepare : callable
        ``prepare(*arguments)`` returns what is measured, a callable without arguments. What it loads, builds and warms
        up before it returns does not count. It travels to the process by its name, so it is a function of a module.
    *arguments
        Anything that can be pickled.

    Returns
    -------
    int
        Bytes: the peak during the call, less what the process held before.

    Raises
    ------
    InputError
        If the system is not Linux, which alone tells the peak of a part of a process's life.
    RuntimeError
        If the process ended without an answer.

    Examples
    --------
    >>> from pcfilter_lib import bench
    >>> risen = bench.risen_memory(bench.memory.zeros, 100_000_000)
    >>> 90e6 < risen < 110e6
    True
    """
    if not _CLEAR.exists():
        raise InputError("risen_memory", "", "this system does not tell the peak of a call", "measure under Linux")
    context = multiprocessing.get_context("spawn")
    answer = context.Queue()
    process = context.Process(target=_measure, args=(answer, prepare, *arguments))
    process.start()
    found = None
    while found is None and (process.is_alive() or not answer.empty()):
        try:
            found = answer.get(timeout=1)
        except queue.Empty:
            continue
    process.join()
    if found is None:
        raise RuntimeError(f"{prepare.__name__} ended with {process.exitcode} before its memory was known")
    return found


def zeros(size: int) -> Callable[[], Any]:
    """Return a call that writes so many bytes, for examples."""
    return lambda: bytearray(b"0") * size


def _measure(answer, prepare: Callable[..., Callable[[], Any]], *arguments: Any) -> None:
    call = prepare(*arguments)
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # not every C library has it
        ctypes.CDLL(None).malloc_trim(0)  # what was set free goes back to the system, and is counted when taken again
    before = _held("VmRSS")
    _CLEAR.write_text("5")  # the peak begins anew
    result = call()  # kept: it counts
    answer.put(max(0, _held("VmHWM") - before))
    del result


def _held(what: str) -> int:
    """Return bytes that this process holds: VmRSS now, VmHWM at its peak."""
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(what))
    return 1024 * int(line.split()[1])
