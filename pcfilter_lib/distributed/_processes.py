"""What a process does that trains together with others: meet them, take its part of a batch, end when one fails."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError, require

#: Keras's own names; `keras.distribution.initialize` reads them too.
ADDRESS, COUNT, RANK = (f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID"))
#: What JAX asks of Slurm before it believes that `srun` has started it.
_SLURM = ("SLURM_JOB_ID", "SLURM_STEP_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "SLURM_LOCALID")


@dataclass(frozen=True)
class ProcessInfo:
    """Which process this one is, of how many.

    Parameters
    ----------
    rank : int
        From 0. Process 0 is the one that the others look for, and the only one that should print and save.
    count : int
        Of all processes.
    """

    rank: int = 0
    count: int = 1


def start(
    coordinator: str | None = None, count: int | None = None, rank: int | None = None, *, wait: float = 60
) -> ProcessInfo:
    """Meet the other processes. Call it before JAX computes anything.

    What is not passed comes from Keras's environment variables (``KERAS_DISTRIBUTION_JOB_ADDRESSES``,
    ``..._NUM_PROCESSES``, ``..._PROCESS_ID``), which :func:`launch` sets, or else from Slurm's, where JAX reads them.
    Without any of them this is one process alone, and nothing is done.

    Parameters
    ----------
    coordinator : str, optional
        Where process 0 listens: ``"10.0.0.1:29500"``, an address that all others can reach.
    count, rank : int, optional
        How many processes there are, and which one this is.
    wait : float, default 60
        Seconds until a process gives up that has not met all others: it says so, and ends with exit code 1.

    Returns
    -------
    ProcessInfo

    Raises
    ------
    InputError
        If only some of the three are known, a number is out of its range, or the port is taken on process 0's host.
    MissingExtraError
        If JAX is not installed.
    """
    given = {
        "coordinator": coordinator or os.environ.get(ADDRESS),
        "count": os.environ.get(COUNT) if count is None else count,
        "rank": os.environ.get(RANK) if rank is None else rank,
    }
    if all(value is None for value in given.values()):
        if not all(name in os.environ for name in _SLURM) or _number("SLURM_NTASKS", os.environ["SLURM_NTASKS"]) == 1:
            return ProcessInfo()
        place = ProcessInfo(*(_number(name, os.environ[name], 0) for name in ("SLURM_PROCID", "SLURM_NTASKS")))
        _meet(place, f"the first host of {os.environ['SLURM_STEP_NODELIST']}", wait)
        return place
    if missing := [name for name, value in given.items() if value is None]:
        raise InputError("distributed.start", ", ".join(missing), "not given", "pass coordinator, count and rank")
    place = ProcessInfo(_number("rank", given["rank"], 0), _number("count", given["count"]))
    if place.rank >= place.count:
        raise InputError(
            "distributed.start", "rank", f"there is no process {place.rank} of {place.count}", "count from 0"
        )
    host, _, port = given["coordinator"].rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError(
            "distributed.start", "coordinator", f"{given['coordinator']!r} is no address", "pass HOST:PORT"
        )
    if place.rank == 0:
        _check_free(int(port))
    _meet(place, given["coordinator"], wait, coordinator_address=given["coordinator"], num_processes=place.count,
          process_id=place.rank)  # fmt: skip
    return place


def _number(name: str, value: int | str, at_least: int = 1) -> int:
    text = isinstance(value, str) and value.strip().lstrip("-").isdigit()
    return whole_number("distributed.start", name, int(value) if text else value, at_least=at_least)


def _check_free(port: int) -> None:
    """Complain about a taken port: JAX 0.10 would end in a segmentation fault."""
    with socket.socket(socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            problem = f"it cannot be used on this host ({error.strerror})"
            raise InputError(
                "distributed.start", f"port {port}", problem, "choose another, for all processes"
            ) from None


def _meet(place: ProcessInfo, where: str, wait: float, **told) -> None:
    jax = require("jax", "jax")
    wait = number_within("distributed.start", "wait", wait, 0, 86400, low_included=False)

    def give_up():
        print(
            f"process {place.rank} of {place.count}: not all processes met at {where} within {wait:g} s. Remedy: see "
            f"whether all {place.count} were started, each with a rank of its own, and can reach that port.",
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)  # the main thread waits in C++, where no exception reaches it

    timer = threading.Timer(wait, give_up)
    timer.daemon = True
    timer.start()
    try:
        # JAX's own limit would end in a stack trace of C++; ours comes first.
        jax.distributed.initialize(**told, initialization_timeout=int(wait) + 30)
        jax.devices()
    finally:
        timer.cancel()


@contextlib.contextmanager
def abort_on_failure(place: ProcessInfo) -> Iterator[None]:
    """End this process at once if the body fails, so that the others learn of it.

    A process that ends in the usual way waits for all others first (JAX's shutdown barrier, 300 s), while they wait for
    its gradients. Ended at once, its connections close, and the others stop with *Connection closed by peer*.

    Parameters
    ----------
    place : ProcessInfo
    """
    try:
        yield
    except BaseException as error:
        if place.count == 1:
            raise
        code = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
        who = f"process {place.rank} of {place.count}"
        if isinstance(error, InputError):
            print(f"{who}: {error}", file=sys.stderr)
        elif not isinstance(error, SystemExit):
            print(f"{who} failed:", file=sys.stderr)
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        if type(error).__name__ == "JaxRuntimeError":  # an exchange broke: let whoever broke it be seen to end first
            time.sleep(1)
        os._exit(code)


def shard(batch, place: ProcessInfo):
    """Return the rows of a batch that belong to a process: one contiguous part, as large as each other's.

    Parameters
    ----------
    batch : array, or tuple of arrays
        The same in every process.
    place : ProcessInfo

    Returns
    -------
    array, or tuple of arrays
        Views: the parts of all processes, one after the other, are the batch.

    Raises
    ------
    InputError
        If the arrays differ in length, or it does not divide by the number of processes. JAX would not notice, and
        take means over another number of examples in each process.
    """
    arrays = batch if isinstance(batch, tuple) else (batch,)
    sizes = {len(array) for array in arrays}
    if len(sizes) != 1:
        raise InputError("share", "batch", f"its arrays hold {sorted(sizes)} rows", "pass arrays of one length")
    part, left = divmod(sizes.pop(), place.count)
    if left or not part:
        problem = f"{part * place.count + left} rows do not divide among {place.count} processes"
        raise InputError("share", "batch", problem, "leave the odd rows out, or choose another batch size")
    parts = tuple(array[place.rank * part : (place.rank + 1) * part] for array in arrays)
    return parts if isinstance(batch, tuple) else parts[0]
