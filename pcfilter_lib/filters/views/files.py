"""Labelling files: each view is written to another folder with its labels, and an interrupted run goes on."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data import save_scan
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY
from pcfilter_lib.data.views import PosedFile
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.files import make_folder
from pcfilter_lib.filters.manifest import Manifest, checksum, making
from pcfilter_lib.filters.views.labels import ViewLabeller


@dataclass(frozen=True)
class LabelResult:
    """What became of one view.

    Attributes
    ----------
    source, target : pathlib.Path
        The view's file, and where the labelled scan is.
    points, true, artefacts : int
        How many points it has, and how many were labelled as what; all 0 if the target was there already.
    skipped : bool
        Whether the target was there already.
    """

    source: Path
    target: Path
    points: int = 0
    true: int = 0
    artefacts: int = 0
    skipped: bool = False


def plan_labels(views: Sequence[PosedFile], out: Path) -> list[Path]:
    """Return where each view's labelled scan is written to: a folder, and the name of the file with ``.npz``.

    Raises
    ------
    InputError
        If `out` is no folder, or two views would be written to the same file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(out, "", "it is there, and it is no folder", "choose another name")
    targets: dict[Path, PosedFile] = {}
    for view in views:
        several = sum(other.path == view.path for other in views) > 1
        target = out / f"{view.path.stem}{f'-{view.number}' if several else ''}.npz"
        if target.resolve() == view.path.resolve():
            raise InputError(view.path, "", "it would be overwritten", f"choose another folder than {out}")
        if target in targets:
            problem = f"it would be written to the same file as {targets[target].path}, {target}"
            raise InputError(view.path, "", problem, "label the two folders one by one")
        targets[target] = view
    return list(targets)


def label_files(
    views: Sequence[PosedFile], out: Path, overwrite: bool = False, workers: int = 2, **options: Any
) -> Iterator[LabelResult]:
    """Label views of one scene by each other, and write them to a folder.

    A file is written beside its place and renamed: after an interruption each one is whole or not there, and the same
    call goes on with those that are missing. A manifest says what made each, see
    :mod:`pcfilter_lib.filters.manifest`.

    Parameters
    ----------
    views : sequence of PosedFile
        From :func:`pcfilter_lib.data.find_views`.
    out : pathlib.Path
        The folder to write to.
    overwrite : bool, default False
        Whether views that are there already are labelled again, whatever made them.
    workers : int, default 2
        How many views are labelled at a time.
    **options
        As for :class:`ViewLabeller`.

    Yields
    ------
    LabelResult

    Raises
    ------
    InputError
        If the views cannot label each other, one of them cannot be read, or a target is of another origin.
    """
    targets = plan_labels(views, out)
    labeller = ViewLabeller(views, **options)
    manifest = Manifest(out)
    names = hashlib.sha256()
    for view in views:
        names.update(f"{checksum(view.path)} {view.number} {view.pose.tolist()}".encode())
    noise = labeller.noise
    description = {
        "name": "label_by_views",
        "views": names.hexdigest()[:16],
        "others": labeller.others,
        "tolerance": labeller.tolerance,
        "stride": labeller.stride,
        "noise": [float(f"{value:.6g}") for value in (noise.constant, noise.linear, noise.quadratic)],
    }
    made_by = making(description, {})
    pending: deque = deque()
    with ThreadPoolExecutor(workers) as pool:
        numbers = iter(range(len(views)))
        try:
            while True:
                for number in numbers:
                    source, target = views[number].path, targets[number]
                    if not overwrite and manifest.is_done(source, target, made_by):
                        pending.append((source, target, None))
                    else:
                        pending.append((source, target, pool.submit(labeller.label, number)))
                    if len(pending) > workers:
                        break
                if not pending:
                    return
                source, target, future = pending.popleft()
                if future is None:
                    yield LabelResult(source, target, skipped=True)
                    continue
                scan = future.result()
                make_folder(out)
                manifest.begin(source, target, made_by)
                save_scan(scan, target)
                points, true, wrong = (
                    int(np.count_nonzero(each))
                    for each in (scan.valid, scan.label == TRUE_GEOMETRY, scan.label == ARTEFACT)
                )
                manifest.finish(target, points, wrong)
                yield LabelResult(source, target, points, true, wrong)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
