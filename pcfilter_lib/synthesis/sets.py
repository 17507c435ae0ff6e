"""Sets of simulated scans, made in parallel, which an interruption does not harm."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import pcfilter_lib
from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data import OrganizedScan, load_scan, save_scan
from pcfilter_lib.data.labels import ARTEFACT, CAUSES
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing
from pcfilter_lib.synthesis.recipe import FIELDS, Recipe
from pcfilter_lib.synthesis.scenes.parts import folder_fingerprint
from pcfilter_lib.synthesis.simulation import simulate_scan

_INDEX = "set.json"
#: Extras that every scan of a set keeps: what it was made from, and why its artefacts are there.
KEPT = ("recipe", "seed", "scene", "cause")
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def write_set(
    folder: str | os.PathLike,
    recipe: Recipe,
    count: int,
    seed: int = 0,
    processes: int | None = None,
    progress: bool = True,
    keep: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Write a set of simulated scans: ``scan_00000.npz``, ``scan_00001.npz`` and so on, and ``set.json``.

    Called again with the same arguments, it goes on where it was interrupted; with a larger `count` the set grows. Each
    file is written beside and renamed, so only whole scans lie in the folder. A scan that is there is read: if it is
    broken it is made anew. In the end the files are the same, byte for byte, as those of a run without interruption,
    whatever the number of processes.

    Parameters
    ----------
    folder : str or os.PathLike
        Where to; made if need be. One run at a time.
    recipe : Recipe
        What to simulate.
    count : int
        How many scans.
    seed : int, default 0
        The scan with number i is ``simulate_scan(recipe, scan_seed(seed, i))``.
    processes : int, optional
        How many work at once. By default as many as there are processors. More than one are started afresh (spawned): a
        script that calls this needs ``if __name__ == "__main__":``.
    progress : bool, default True
        Whether to show a progress bar.
    keep : sequence of str, optional
        Which extras of a scan to keep besides recipe, seed, scene and cause; see
        :func:`pcfilter_lib.synthesis.simulate_scan`. By default all of them.

    Returns
    -------
    dict
        What ``set.json`` holds: recipe, seed, count, version of the library, keep, a fingerprint of the meshes in
        the recipe's `mesh_folder`; for each scan its file, seed, share
        of measured pixels (``valid``), share of artefacts among these (``artefacts``) and share of each cause among
        the artefacts (``causes``); and the same shares of the set as a whole (``whole``).

    Raises
    ------
    InputError
        If the folder holds another set, or more scans than `count`, or a scan cannot be made; the message then says
        its seed and its recipe.
    """
    folder = Path(folder)
    head = {
        "recipe": json.loads(recipe.to_json()),
        "seed": whole_number("write_set", "seed", seed, at_least=0),
        "count": whole_number("write_set", "count", count),
        "version": pcfilter_lib.__version__,
        "keep": None if keep is None else sorted({*keep, *KEPT}),
        "meshes": folder_fingerprint(recipe.mesh_folder) if recipe.mesh_folder else None,
    }
    processes = _processors() if processes is None else whole_number("write_set", "processes", processes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(folder, "", f"it cannot be made ({error.strerror})", "choose another folder") from None
    _check_folder(folder, head)
    _remove_leftovers(folder)
    if not (folder / _INDEX).exists():
        _write_index(folder, head)

    seeds = [scan_seed(seed, number) for number in range(count)]
    found = {number: _figures_of_file(folder, recipe, number, seeds[number]) for number in range(count)}
    missing = [number for number in range(count) if found[number] is None]
    jobs = [(folder, recipe, number, seeds[number], head["keep"]) for number in missing]
    with tqdm(total=count, initial=count - len(jobs), unit=" scans", disable=None if progress else True) as bar:
        with closing(_made(jobs, min(processes, len(jobs)), folder)) as made:
            for number, figures in made:
                found[number] = figures
                bar.update()
    scans = [{"file": _name(number), "seed": seeds[number], **found[number]} for number in range(count)]
    result = {**head, "whole": _whole(scans), "scans": scans}
    _write_index(folder, result)
    return result


def scan_seed(seed: int, number: int) -> int:
    """Return the seed of a scan in a set.

    Parameters
    ----------
    seed : int
        The set's.
    number : int
        The scan's place in the set, from 0.
    """
    # 48 bits: no two alike in any set that fits on a disk, and exact in any reader of JSON.
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0] >> 16)


def _name(number: int) -> str:
    return f"scan_{number:05}.npz"


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_folder(folder: Path, head: dict[str, Any]) -> None:
    """Raise an error if the folder holds another set."""
    if not (folder / _INDEX).exists():
        return
    remedy = "choose another folder, or pass what it was made with"
    try:
        there = json.loads(read_bytes(folder / _INDEX))
        differs = [name for name in head if there[name] != head[name]]
        options = [name for name in head["recipe"] if there["recipe"].get(name) != head["recipe"][name]]
        more = there["count"] > head["count"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(folder / _INDEX, "", "it is not the index of a set", "choose another folder") from None
    if "recipe" in differs:
        raise InputError(folder, "recipe", f"it holds a set with another {', '.join(options)}", remedy)
    for name in ("seed", "version", "keep"):
        if name in differs:
            raise InputError(folder, name, f"it holds a set with {name} {there[name]!r}, not {head[name]!r}", remedy)
    if "meshes" in differs:
        raise InputError(folder, "mesh_folder", "it holds a set that was made with other meshes", remedy)
    if more:
        problem = f"it holds a set of {there['count']} scans, not {head['count']}"
        raise InputError(folder, "count", problem, f"pass count={there['count']} or more, or choose another folder")


def _remove_leftovers(folder: Path) -> None:
    """Remove the unfinished files of a run that was killed."""
    for path in (*folder.glob(".scan_*.npz"), *folder.glob(".set-*.json")):
        path.unlink(missing_ok=True)


def _write_index(folder: Path, content: dict[str, Any]) -> None:
    with replacing(folder / _INDEX) as path:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _figures_of_file(folder: Path, recipe: Recipe, number: int, seed: int) -> dict[str, Any] | None:
    """Return the figures of a scan that is there, or None if it is missing or broken."""
    path = folder / _name(number)
    if not path.exists():
        return None
    try:
        scan = load_scan(path)
        made_from = str(scan.extras["recipe"]), int(scan.extras["seed"])
        figures = _figures(scan)
    except (InputError, KeyError, TypeError, ValueError):
        return None
    if made_from != (recipe.draw(seed).to_json(), seed):
        problem = "it was made with another recipe or seed than this set"
        raise InputError(path, "", problem, "choose another folder, or take the file away")
    return figures


def _figures(scan: OrganizedScan) -> dict[str, Any]:
    """Return shares, rounded: of measured pixels, of artefacts among these, of each cause among the artefacts."""
    artefact = scan.valid & (scan.label == ARTEFACT)
    wrong = int(artefact.sum())
    counts = np.bincount(scan.extras["cause"][artefact], minlength=len(CAUSES))
    return {
        "valid": round(float(scan.valid.mean()), 6),
        "artefacts": round(wrong / max(int(scan.valid.sum()), 1), 6),
        "causes": {name: round(int(n) / wrong, 6) for name, n in zip(CAUSES, counts, strict=True) if n},
    }


def _whole(scans: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the shares of all scans together; they have as many pixels."""
    valid = np.array([scan["valid"] for scan in scans])
    wrong = valid * [scan["artefacts"] for scan in scans]
    causes = np.array([[scan["causes"].get(name, 0.0) for name in CAUSES] for scan in scans])
    shares = (wrong @ causes / max(wrong.sum(), 1e-12)).tolist()
    return {
        "valid": round(float(valid.mean()), 6),
        "artefacts": round(float(wrong.sum() / max(valid.sum(), 1e-12)), 6),
        "causes": {name: round(share, 6) for name, share in zip(CAUSES, shares, strict=True) if share},
    }


def _make(folder: Path, recipe: Recipe, number: int, seed: int, keep: list[str] | None) -> dict[str, Any]:
    """Make and save one scan, and return its figures."""
    try:
        scan = simulate_scan(recipe, seed)
        if keep is not None:
            extras = {name: value for name, value in scan.extras.items() if name in keep}
            scan = dataclasses.replace(scan, extras=extras)
        save_scan(scan, folder / _name(number))
    except Exception as error:
        problem = f"it could not be made ({type(error).__name__}: {error})"
        standard = Recipe()
        values = ((name, getattr(recipe, name)) for name in FIELDS)
        changes = ", ".join(f"{name}={value!r}" for name, value in values if value != getattr(standard, name))
        remedy = f"try it alone: simulate_scan(Recipe({changes}), seed={seed})"
        raise InputError(folder / _name(number), f"seed {seed}", problem, remedy) from error
    return _figures(scan)


def _made(jobs: list[tuple], processes: int, folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and figures of each scan when it is there."""
    if processes <= 1:
        for job in jobs:
            yield job[2], _make(*job)
        return
    context = multiprocessing.get_context("spawn")
    held_by_worker, held_here = context.Pipe(duplex=False)
    with _one_thread_each():
        pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(held_by_worker,))
        try:
            futures = {pool.submit(_make, *job): job[2] for job in jobs}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            problem = "a process was ended from outside, perhaps for want of memory"
            remedy = "call again to go on, with fewer, such as processes=1"
            raise InputError("write_set", "processes", problem, remedy) from None
        finally:
            # The workers end at once when this end of the pipe is closed: after the last scan, after an interruption or
            # a scan that failed, and if this process is killed.
            held_here.close()
            pool.shutdown(cancel_futures=True)
            held_by_worker.close()
            _remove_leftovers(folder)


def _begin(pipe: multiprocessing.connection.Connection) -> None:
    """Prepare a worker: it leaves Ctrl-C to the process that started it, and ends when that one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        multiprocessing.connection.wait([pipe])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes that start now use one thread each in numerical libraries."""
    before = {name: os.environ.get(name) for name in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
