"""The small files that ship with the library, for the book and for first steps."""

from __future__ import annotations

from pathlib import Path

from pcfilter_lib.errors import InputError

_FOLDER = Path(__file__).parent / "examples"


def example_path(name: str) -> Path:
    """Return the path of an example file.

    Parameters
    ----------
    name : str
        ``"mug.off"`` (mesh, mm), ``"mug.ply"`` (point cloud, mm), ``"mug_scan.npz"`` (labelled organised scan, m),
        ``"mug_scan.pcd"`` (the same points as an organised PCD, m), ``"mug_depth.png"`` (its depth in steps of 0.1 mm),
        ``"mug_camera.json"`` (its intrinsics), ``"bin_scan.npz"`` (a simulated structured-light scan of shiny parts in
        a bin, m; labelled, the extras hold the cause of each artefact and its distance from the surface) or
        ``"board_scan.npz"`` (the same of one part with fine structure before a void).
        ``data_scripts/make_examples.py`` makes them. :func:`load_parts` reads ``"parts.npz"``, :func:`load_turntable`
        reads ``"turntable.npz"``, :func:`load_rooms` reads ``"rooms.npz"``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If there is no example of this name.
    """
    path = _FOLDER / name
    if not path.is_file():
        known = ", ".join(sorted(file.name for file in _FOLDER.iterdir()))
        raise InputError(name, "", "there is no example of this name", f"use one of {known}")
    return path
