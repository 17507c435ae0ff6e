"""Finding the views of a scene: scans with the pose of their camera, in the layouts of known data sets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from pcfilter_lib.data._scan_fields import check_pose
from pcfilter_lib.data.formats.camera_json import read_camera
from pcfilter_lib.data.formats.matrix_text import read_matrix
from pcfilter_lib.data.scan_units import known_unit
from pcfilter_lib.data.views.depth_sequence import checked_images, settle_scale, warn_unit
from pcfilter_lib.data.views.headers import own_pose
from pcfilter_lib.data.views.layouts import Entry, entries_of, pose_beside
from pcfilter_lib.data.views.posed_file import PosedFile, warn_lost_tracking
from pcfilter_lib.data.views.trajectories import Trajectory, nearest, read_trajectory
from pcfilter_lib.errors import InputError

_NOT_POSED = "find their poses first, with data.register_views"


def find_views(
    paths: str | os.PathLike | Sequence[str | os.PathLike],
    poses: Any = None,
    intrinsics: Any = None,
    unit: str | None = None,
    depth_scale: float | None = None,
    shape: tuple[int, int] | None = None,
) -> list[PosedFile]:
    """Find the views of a scene, each with the pose of its camera, without loading them.

    =====================================  ========================================================================
    ``frame-000000.depth.png``             and beside it ``frame-000000.pose.txt``, 4 x 4, camera to world; and
                                           ``camera-intrinsics.txt``, 3 x 3 (7-Scenes, tsdf-fusion)
    ``depth.txt``, ``groundtruth.txt``     TUM RGB-D: the pose nearest in time, at most 0.02 s away; 5000 units are
                                           a metre, unless you say otherwise
    ``depth/``, or any depth images        with `poses`
    ``.npz``, ``.pcd``, ``.ptx``,          scans that carry their pose, see :func:`load_scan`; E57 files hold
    ``.cogs``, ``.e57``                    several, and need the extra ``e57``
    =====================================  ========================================================================

    Pictures in colour beside the depth images are ignored.

    Parameters
    ----------
    paths : str or os.PathLike, or sequence of these
        A folder, or folders and files. The views of a folder are ordered by name (9 before 10) or time, others stay in
        the order that they are given in.
    poses : str or os.PathLike, or array_like of shape (N, 4, 4), optional
        A trajectory: Open3D's ``.log`` (camera to world) or ``.json`` (world to camera), TUM's ``.txt``, or the poses
        themselves, from the camera to the world in metres. One for each view, in their order; TUM's are matched by
        time. By default those that the layout has.
    intrinsics : array_like, shape (3, 3), or str or os.PathLike, optional
        As for :func:`load_scan`. By default those of the trajectory, or of ``camera-intrinsics.txt`` or
        ``camera_intrinsic.json`` in the folder of the images or above it.
    unit, depth_scale, shape
        As for :func:`load_scan`, for all views. The unit is guessed once, from the first view.

    Returns
    -------
    list of PosedFile
        At least two; ``view.load()`` gives an :class:`OrganizedScan` with its pose.

    Raises
    ------
    InputError
        If a view has no pose, or one that is no rotation and translation; if poses and views differ in number; if depth
        images differ in size or do not fit the intrinsics; if there is only one view, or all have exactly the same
        pose.

    Warns
    -----
    LostTrackingWarning
        Once, if views were left out: their pose holds NaN or infinity, which is how 7-Scenes and others say that
        tracking was lost, or in a TUM sequence there is no pose near their time.
    AmbiguousUnitWarning
        Once, if the unit was guessed.

    Examples
    --------
    >>> import numpy as np
    >>> from pcfilter_lib import data
    >>> for x in (0.0, 0.1):
    ...     pose = np.eye(4)
    ...     pose[0, 3] = x
    ...     data.save_scan(data.OrganizedScan(np.ones((2, 3, 3)), pose=pose), f"view at {x}.npz")
    >>> data.find_views(["view at 0.0.npz", "view at 0.1.npz"])[1]
    PosedFile('view at 0.1.npz', camera at 0.100 0.000 0.000 m)
    """
    if unit is not None and depth_scale is not None:
        raise InputError("depth_scale", "", "it says the same as unit", "give one of the two")
    if unit is not None:
        known_unit(unit)
    entries = entries_of(paths)
    if not entries:
        raise InputError("paths", "", "there are no files", "give a folder of views, or two files or more")
    images = [entry.is_image for entry in entries]
    if any(images) and not all(images):
        other = entries[images.index(not images[0])].path
        raise InputError(other, "", "depth images and other scans are mixed", "find the two kinds by themselves")

    trajectory = None if poses is None else _trajectory(poses)
    size = None
    if intrinsics is not None:
        intrinsics, size = read_camera(intrinsics)
    elif trajectory is not None:
        intrinsics = trajectory.intrinsics
    options: dict[str, Any] = {"unit": unit, "depth_scale": depth_scale, "shape": shape, "intrinsics": intrinsics}
    if images[0]:
        options["intrinsics"] = checked_images(entries, intrinsics, trajectory, size)
        views = _posed_images(entries, trajectory)
    else:
        views = _posed_scans(entries, trajectory, options)
    _check_not_all_the_same(views)
    if images[0]:
        settle_scale(views, options, entries[0].tum is not None)
    options = {name: value for name, value in options.items() if value is not None}
    return [PosedFile(v.path, v.pose, v.time, v.number, {**options, **v.options}) for v in views]


def _trajectory(poses: Any) -> Trajectory:
    if isinstance(poses, str | os.PathLike):
        return read_trajectory(poses)
    try:
        stack = np.asarray(poses, np.float64)
    except (TypeError, ValueError):
        stack = np.empty(0)
    if stack.ndim != 3 or stack.shape[1:] != (4, 4):
        problem = f"their shape is {stack.shape}, not (N, 4, 4)"
        raise InputError("poses", "", problem, "give a 4 x 4 matrix for each view, or a file of them")
    return Trajectory(list(stack), [f"pose {number}" for number in range(len(stack))])


def _posed_images(entries: list[Entry], trajectory: Trajectory | None) -> list[PosedFile]:
    """Return the images with their poses, without those whose pose is not known."""
    folder = entries[0].tum
    if trajectory is None and folder is not None:
        truth = folder / "groundtruth.txt"
        if not truth.is_file():
            problem = "there is a depth.txt, and no groundtruth.txt with the poses"
            raise InputError(folder, "", problem, "give the poses, as in poses='trajectory.txt'")
        trajectory = read_trajectory(truth)
    if trajectory is not None:
        return _with_trajectory([PosedFile(e.path, np.eye(4), e.time) for e in entries], trajectory)
    found = []
    for entry in entries:
        beside = pose_beside(entry.path)
        if not beside.is_file():
            problem = f"it has no pose: there is no {beside.name} beside it"
            raise InputError(entry.path, "", problem, f"add the file, or give poses='trajectory.log', or {_NOT_POSED}")
        found.append((PosedFile(entry.path, np.eye(4)), read_matrix(beside, 4), beside, "pose"))
    return _known(found, str(entries[0].path.parent), 5)


def _with_trajectory(views: list[PosedFile], trajectory: Trajectory) -> list[PosedFile]:
    """Return the views with the poses of a trajectory: one each in their order, or those nearest in time."""
    source = trajectory.source
    if trajectory.times is None:
        if len(trajectory.poses) != len(views):
            problem = f"it holds {len(trajectory.poses)} poses, and there are {len(views)} views"
            raise InputError(source, "", problem, "give one pose for each view, in the order of their names")
        chosen = list(range(len(views)))
    else:
        chosen = nearest(np.array([_time(view, source) for view in views]), trajectory)
        if all(index is None for index in chosen):
            problem = f"no pose is within 0.02 s of any of the {len(views)} views"
            raise InputError(source, "", problem, "check that both are of the same sequence, with times in seconds")
    lost = np.full((4, 4), np.nan)
    found = [
        (view, lost, source, "") if index is None else (view, trajectory.poses[index], source, trajectory.places[index])
        for view, index in zip(views, chosen, strict=True)
    ]
    return _known(found, source, 6)


def _time(view: PosedFile, source: str) -> float:
    if view.time is not None:
        return view.time
    try:
        return float(view.path.stem)
    except ValueError:
        problem = f"its poses are matched by time, and {view.path.name} does not say its own"
        raise InputError(
            source, "", problem, "name the images by their time in seconds, or list them in depth.txt"
        ) from None


def _known(found: list[tuple[PosedFile, np.ndarray, Any, str]], source: str, level: int) -> list[PosedFile]:
    """Return the views whose pose is known, checked; warn the caller `level` calls up of the others."""
    kept = []
    for view, pose, file, place in found:
        if np.isfinite(pose).all():
            pose = check_pose(pose, file, place)
            kept.append(PosedFile(view.path, pose, view.time, view.number, view.options))
    if not kept:
        problem = f"none of the poses of its {len(found)} views is known: all hold NaN or infinity"
        raise InputError(source, "", problem, f"check that these are the poses, or {_NOT_POSED}")
    if lost := len(found) - len(kept):
        warn_lost_tracking(
            source, lost, len(found), "their pose is not known, as trackers say when they are lost", level
        )
    return kept


def _posed_scans(entries: list[Entry], trajectory: Trajectory | None, options: dict) -> list[PosedFile]:
    """Return the scans with the poses that they carry, or those that were given; settle their unit in `options`."""
    if options["depth_scale"] is not None:
        raise InputError("depth_scale", "", "these files hold points, no depth images", "give unit='mm' instead")
    views, shapes, metres, doubts, bare = [], [], [], [], []
    for entry in entries:
        if entry.path.suffix.lower() == ".e57":
            from pcfilter_lib.data.views.e57 import e57_poses

            found = [(None, pose, None, None) for pose in e57_poses(entry.path)]
        else:
            found = [own_pose(entry.path, options["shape"], options["unit"])]
        for number, (shape, pose, scale, doubt) in enumerate(found):
            bare += [entry.path] if pose is None else []
            views.append(PosedFile(entry.path, np.eye(4) if pose is None else pose, None, number))
            shapes.append(shape)
            metres.append(scale)
            doubts += [doubt] if doubt is not None else []
    if trajectory is None and bare:
        remedy = f"give poses='trajectory.log', save the scan with its pose, or {_NOT_POSED}"
        raise InputError(bare[0], "", "the scan carries no pose, or one that is no rotation and translation", remedy)
    if options["intrinsics"] is not None:
        for view, shape in zip(views, shapes, strict=True):
            if shape != shapes[0]:
                problem = f"it has {shape[0]} x {shape[1]} pixels, and {views[0].path.name} has another size"
                raise InputError(view.path, "", problem, "leave the intrinsics out, or find each size by itself")
    guessed = {scale for scale in metres if scale is not None}
    if len(guessed) > 1:
        view = views[[scale not in (None, metres[0]) for scale in metres].index(True)]
        problem = f"its numbers look like another unit than those of {views[0].path.name}"
        raise InputError(view.path, "", problem, "say which unit all of them have, as in unit='mm'")
    if doubts:
        warn_unit(doubts[0], len(views))
    if guessed and options["unit"] is None:
        views = [PosedFile(v.path, v.pose, v.time, v.number, {"unit": "m" if 1.0 in guessed else "mm"}) for v in views]
    return views if trajectory is None else _with_trajectory(views, trajectory)


def _check_not_all_the_same(views: list[PosedFile]) -> None:
    if len(views) < 2:
        raise InputError(views[0].path, "", "it is the only view", "give two views or more of the same scene")
    if all(np.array_equal(view.pose, views[0].pose) for view in views):
        problem = f"all {len(views)} views have exactly the same pose, so these say nothing"
        raise InputError(views[0].path, "", problem, f"give poses='trajectory.log', or {_NOT_POSED}")
