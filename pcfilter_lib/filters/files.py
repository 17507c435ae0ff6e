"""Filtering files: each one is read, filtered, and written to another folder in its own format."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pcfilter_lib.data import OrganizedScan, load_scan, save_scan
from pcfilter_lib.data.scan_io import DEPTH_IMAGE_SUFFIXES, SCAN_SUFFIXES
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.checks import CameraWarning, UnfamiliarScanWarning
from pcfilter_lib.filters.manifest import Manifest, making
from pcfilter_lib.inspection import find_files


@dataclass(frozen=True)
class FilterResult:
    """What became of one file.

    Attributes
    ----------
    source, target : pathlib.Path
        The file, and where its filtered scan is.
    points, removed : int
        How many points were measured, and how many of these are artefacts; 0 and 0 if the target was there already.
    skipped : bool
        Whether the target was there already.
    error : InputError or None
        Why there is no target.
    """

    source: Path
    target: Path
    points: int = 0
    removed: int = 0
    skipped: bool = False
    error: InputError | None = None


def plan_files(paths: Iterable[Path], out: Path) -> tuple[list[tuple[Path, Path]], list[InputError]]:
    """Return which files are to be filtered, and where to.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Scans, and folders that stand for all scans below them.
    out : pathlib.Path
        The folder to write to. A file keeps its name; one from a folder also its place below that folder.

    Returns
    -------
    pairs : list of (pathlib.Path, pathlib.Path)
        Source and target.
    errors : list of InputError
        One for each folder that cannot be read or has no scan.

    Raises
    ------
    InputError
        If a target would be a source, or that of another source.
    """
    pairs: list[tuple[Path, Path]] = []
    errors: list[InputError] = []
    for path in paths:
        if not path.is_dir():
            pairs.append((path, out / path.name))
            continue
        # The results of an earlier run may lie in the folder that is filtered.
        found, unusable = find_files([path], SCAN_SUFFIXES, leave_out=out)
        pairs += [(file, out / file.relative_to(path)) for file in found]
        errors += unusable
    taken: dict[Path, Path] = {}
    sources = {source.resolve() for source, _ in pairs}
    for source, target in pairs:
        place = target.resolve()
        if place in sources:
            raise InputError(source, "", "it would be overwritten", f"choose another folder than {out}")
        if place in taken:
            problem = f"it would be written to the same file as {taken[place]}, {target}"
            raise InputError(source, "", problem, "filter them into two folders")
        taken[place] = source
    return pairs, errors


def filter_files(
    pairs: Iterable[tuple[Path, Path]],
    artefact_filter: ArtefactFilter,
    out: Path,
    overwrite: bool = False,
    force: bool = False,
    **options: Any,
) -> Iterator[FilterResult]:
    """Filter files one after the other.

    A target is written beside its place and renamed: after an interruption each one is whole or not there, and the
    same call goes on with those that are missing. A manifest in `out` says what made each target, see
    :mod:`pcfilter_lib.filters.manifest`: one that another filter made is never taken for done.

    Before anything is removed, :meth:`pcfilter_lib.filters.ArtefactFilter.check` looks at each scan.

    Parameters
    ----------
    pairs : iterable of (pathlib.Path, pathlib.Path)
        Source and target, from :func:`plan_files`.
    artefact_filter : ArtefactFilter
        Which points to keep.
    out : pathlib.Path
        The folder of the targets, as for :func:`plan_files`; the manifest lies there.
    overwrite : bool, default False
        Whether a target that is there already is made again, whatever made it.
    force : bool, default False
        Whether a scan that the checks refuse, because filtering it would destroy data, is filtered with a warning.
    **options
        As for :func:`pcfilter_lib.data.load_scan`. `depth_scale` is used for depth images only. So are `intrinsics` if
        there are depth images among the sources; otherwise all sources get them.

    Yields
    ------
    FilterResult
        A file that cannot be used has an error; the others are filtered all the same.

    Warns
    -----
    CameraWarning
        If a scan is not quite what its camera should have measured.
    UnfamiliarScanWarning
        If a scan lies outside of what the filter was fitted to.
    """
    manifest = Manifest(out)
    pairs = list(pairs)
    any_image = any(_is_image(source) for source, _ in pairs)
    for source, target in pairs:
        suited = _suited(options, source, any_image)
        made_by = making(artefact_filter.describe(), suited)
        try:
            if not overwrite and manifest.is_done(source, target, made_by):
                yield FilterResult(source, target, skipped=True)
                continue
            scan = load_scan(source, **suited)
            _look_at(scan, artefact_filter, source, force)
            kept = scan.keep(artefact_filter.keep(scan))
            make_folder(target.parent)
            manifest.begin(source, target, made_by)
            save_scan(kept, target)
            points = int(scan.valid.sum())
            removed = points - int(kept.valid.sum())
            manifest.finish(target, points, removed)
        except InputError as error:
            yield FilterResult(source, target, error=_naming(source, target, error))
            continue
        yield FilterResult(source, target, points, removed)


def _is_image(source: Path) -> bool:
    return source.suffix.lower() in DEPTH_IMAGE_SUFFIXES


def _suited(options: dict[str, Any], source: Path, any_image: bool) -> dict[str, Any]:
    """Return the options of loading that make sense for a file: in a mixed folder some are meant for depth images."""
    if _is_image(source):
        return options
    unsuited = ("depth_scale", "intrinsics") if any_image else ("depth_scale",)
    return {name: value for name, value in options.items() if name not in unsuited}


def _look_at(scan: OrganizedScan, artefact_filter: ArtefactFilter, source: Path, force: bool) -> None:
    """Refuse a scan that the filter would destroy, and warn of one that it may not understand."""
    report = artefact_filter.check(scan)
    for finding in report.errors:
        if not force:
            remedy = f"{finding.remedy}; force=True filters it all the same"
            raise InputError(source, "", finding.text, remedy)
    for finding in report.findings:
        category = UnfamiliarScanWarning if finding.kind == "unfamiliar" else CameraWarning
        warnings.warn(f"{source}: {finding.text}. Remedy: {finding.remedy}.", category, stacklevel=3)


def _naming(source: Path, target: Path, error: InputError) -> InputError:
    """Return an error that names the file: what a filter raises knows a scan, but not where it came from."""
    if str(source) in str(error) or Path(error.source) in (target, *target.parents):
        return error
    place = ", ".join(part for part in (error.source, error.place) if part)
    return InputError(source, place, error.problem, error.remedy)


def make_folder(folder: Path) -> None:
    """Make a folder if it is not there, or raise what says why it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(folder, "", f"it cannot be made ({error.strerror})", "choose another folder") from None
