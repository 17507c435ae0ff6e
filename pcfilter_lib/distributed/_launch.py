"""Starting several processes on one host."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.distributed._processes import ADDRESS, COUNT, RANK
from pcfilter_lib.errors import InputError


def free_port() -> int:
    """Return a port of this host that nobody listens at (yet)."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def launch(
    command: Sequence[str],
    count: int,
    *,
    seconds: float = 3600,
    patience: float = 10,
    capture: bool = False,
    environment: Mapping[str, str] | None = None,
) -> list[str]:
    """Run a command as several processes on this host, which find each other by :func:`start`.

    When one fails, the others have `patience` to end by themselves; then they are killed.

    Parameters
    ----------
    command : sequence of str
        ``[sys.executable, "train.py", ...]``.
    count : int
        Of processes.
    seconds : float, default 3600
        After which all are killed.
    patience : float, default 10
        Seconds between the first failure and the end of all.
    capture : bool, default False
        Return what the processes print, instead of passing it on.
    environment : mapping of str to str, optional
        Variables to add.

    Returns
    -------
    list of str
        What each process printed, or nothing of any.

    Raises
    ------
    InputError
        If a process fails (named is the first that did, with its last line if captured), or the time is over.
    """
    whole_number("launch", "count", count)
    shared = {**os.environ, ADDRESS: f"127.0.0.1:{free_port()}", COUNT: str(count), **(environment or {})}
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) if capture else None for _ in range(count)]
        running = []
        try:
            for rank, file in enumerate(files):
                own = {**shared, RANK: str(rank)}
                running.append(subprocess.Popen(command, env=own, stdout=file, stderr=file and subprocess.STDOUT))
            failed = _wait(running, time.monotonic() + seconds, patience)
        finally:
            for process in running:
                if process.poll() is None:
                    process.kill()  # JAX catches the gentler SIGTERM, and goes on waiting
                process.wait()
        printed = [file.seek(0) or file.read() for file in files if file]
    if failed is not None:
        code = running[failed].returncode
        over = code == -signal.SIGKILL and all(each.returncode == code for each in running)
        problem = f"not done within {seconds:g} s" if over else f"ended with code {code}"
        last = [line for line in printed[failed].splitlines() if line.strip()][-1:] if printed else []
        remedy = f"its last line was: {last[0]}" if last else "read what it printed above"
        source = next((part for part in command if part.endswith(".py")), command[0])
        raise InputError(os.path.basename(source), f"process {failed} of {count}", problem, remedy)
    return printed


def _wait(running: list[subprocess.Popen], end: float, patience: float) -> int | None:
    """Return the first process that failed, or was too slow, or None; others may still run."""
    ended: queue.SimpleQueue[int] = queue.SimpleQueue()  # in the order in which they end: each has a thread that waits

    def watch(rank: int) -> None:
        running[rank].wait()
        ended.put(rank)

    for rank in range(len(running)):
        threading.Thread(target=watch, args=(rank,), daemon=True).start()
    failed = None
    for _ in running:
        try:
            rank = ended.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            break
        if running[rank].returncode and failed is None:
            failed, end = rank, min(end, time.monotonic() + patience)
    if failed is None:
        failed = next((rank for rank, process in enumerate(running) if process.returncode != 0), None)
    return failed
