"""Whether a scan is what the filters take it for: points in the frame of a pinhole camera, in the order of its pixels.

Most filters compare a point with those in the pixels around it, and measure lengths in pixel footprints. A scan that is
in another frame, or whose grid is no grid, would be filtered without an error, and wrongly. :func:`check_scan` tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import one_of
from pcfilter_lib.data import OrganizedScan, project
from pcfilter_lib.filters._camera_fit import Frame, lens_camera, moved_camera, turned_camera

#: What a filter may require of a scan, each including what stands before it.
REQUIREMENTS = ("points", "grid", "camera")
_SAMPLE = 2_048  # points that are looked at
_FEWEST = 64  # points from which anything can be concluded
_CLOSE_ENOUGH = 0.005  # of the grid's diagonal: how far a point's projection may lie from its pixel
_STRANGERS = 0.5  # neighbours farther apart than this part of the distance between any two points are none
_EXACT = 0.05  # pixels: no other camera can fit better than this
_CLEARLY_BETTER = 0.25  # of another camera's error
_OTHER_FOCAL_LENGTH = 0.03  # relative difference that is named, and
_RUINOUS_FOCAL_LENGTH = 0.2  # that which makes every footprint wrong by a fifth
_SLIGHT = 15  # degrees: a rotation that changes depths little
_CAMERA_FRAME = "x to the right, y down, z forward"


class ScanWarning(UserWarning):
    """What a filter does to this scan may be wrong."""


class CameraWarning(ScanWarning):
    """A scan is not quite what its camera should have measured."""


class UnfamiliarScanWarning(ScanWarning):
    """A scan lies outside of what a filter was fitted to."""


@dataclass(frozen=True)
class Finding:
    """Something about a scan that a filter does not expect.

    Attributes
    ----------
    kind : str
        ``"no grid"``, ``"shuffled"``, ``"row length"``, ``"rotated"``, ``"transposed"``, ``"mirrored"``, ``"moved"``,
        ``"behind"``, ``"intrinsics"``, ``"camera size"``, ``"height map"``, ``"not a pinhole"`` or ``"unfamiliar"``.
    severity : {"error", "warning"}
        An error would destroy data.
    text, remedy : str
        What it looks like and what to do about it, as sentences without their full stops.
    requirement : {"grid", "camera"}
        What is not met. Filters that do not require it are not concerned.
    """

    kind: str
    severity: str
    text: str
    remedy: str
    requirement: str = "camera"


@dataclass(frozen=True)
class ScanReport:
    """What :func:`check_scan` found.

    Attributes
    ----------
    findings : tuple of Finding
        Empty if the scan is as it should be.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that would destroy data."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The other findings."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")


def check_scan(scan: OrganizedScan, requirement: str = "camera") -> ScanReport:
    """Check that a scan is in its camera's frame and in the order of its pixels.

    A few thousand points are projected and compared with their own pixels. If they do not match, other cameras are
    fitted, to name what is wrong: foreign intrinsics, rows and columns that are swapped, a mirrored or rotated scan,
    a scan in the frame of something else, a height map, shuffled points. Nothing is concluded from fewer than 64
    points.

    Parameters
    ----------
    scan : OrganizedScan
    requirement : {"camera", "grid", "points"}
        What is checked: everything, only that the grid is a grid, or nothing; see
        :attr:`pcfilter_lib.filters.ArtefactFilter.requirement`.

    Returns
    -------
    ScanReport

    Examples
    --------
    >>> from pcfilter_lib import data, filters
    >>> scan = data.load_scan(data.example_path("mug_scan.pcd"))
    >>> filters.check_scan(scan).findings
    ()
    >>> swapped = data.OrganizedScan(xyz=scan.xyz.swapaxes(0, 1))
    >>> filters.check_scan(swapped).errors[0].text
    'rows and columns are swapped'
    """
    asked = REQUIREMENTS.index(one_of("check_scan", "requirement", requirement, REQUIREMENTS))
    found = _findings(scan) if asked else ()
    return ScanReport(tuple(each for each in found if REQUIREMENTS.index(each.requirement) <= asked))


def _findings(scan: OrganizedScan) -> tuple[Finding, ...]:
    if min(scan.shape) == 1:
        text = f"its {scan.valid.size:,} points lie in a single {'row' if scan.shape[0] == 1 else 'column'}: no grid"
        remedy = "give shape=(rows, columns) if they are a grid; a plain cloud has no pixels that could be compared"
        return (Finding("no grid", "error", text, remedy, "grid"),)
    places = np.flatnonzero(scan.valid)
    if len(places) < _FEWEST:
        return ()
    if len(places) > _SAMPLE:  # any fixed choice will do that is not a lattice
        places = places[np.random.default_rng(0).integers(len(places), size=_SAMPLE)]
    rows, columns = np.divmod(places, scan.shape[1])
    points = scan.xyz[rows, columns].astype(np.float64)
    pixels = np.stack([columns, rows], axis=1).astype(np.float64)
    tolerance = max(_CLOSE_ENOUGH * np.hypot(*scan.shape), 1.0)
    size = _camera_size(scan)
    behind = points[:, 2] <= 0
    if scan.intrinsics is not None:
        errors = np.linalg.norm(project(points, scan.intrinsics, scan.distortion) - pixels, axis=1)
        if np.median(np.nan_to_num(errors, nan=np.inf)) <= tolerance:
            return (*_behind(behind), *size)
    straight = lens_camera(points, pixels)
    fits = straight is not None and straight.error <= tolerance
    if fits:
        found = (*_in_plane(straight), *(_intrinsics(scan, straight) or size), *_behind(behind))
        # Narrow fields of view look the same from the side: only the pixels are not square any more.
        square = 0.8 < straight.matrix[0, 0] / straight.matrix[1, 1] < 1.25
        if square and (not found or straight.error < _EXACT):
            return found
    frame = turned_camera(points, pixels)
    moved, error, parallel = moved_camera(points, pixels)
    if moved is not None and moved.error < (np.inf if frame is None else _CLEARLY_BETTER * frame.error):
        frame = moved
    if fits and (frame is None or frame.error > (_CLEARLY_BETTER if square else 1) * straight.error):
        return found
    if frame is not None and frame.error <= tolerance:
        return (_rotated(frame),)
    if strangers := _strangers(scan, rows, columns):
        return strangers
    if parallel and error <= tolerance:
        text = "its pixels are evenly spaced in metres, as those of a height map are; no camera sees so"
        return (Finding("height map", "warning", text, "export the scan with the camera's own pixels"),)
    if error <= tolerance:
        remedy = f"transform the points into the camera's frame ({_CAMERA_FRAME})"
        return (Finding("moved", "error", "it is not in its camera's frame", remedy),)
    text = (
        "its points fit no pinhole camera, though neighbours in the grid are neighbours in space: it looks like a "
        "laser scanner's grid of angles, a fisheye lens, or several views in one"
    )
    remedy = "compare what is removed with the scan before you rely on it"
    return (*_behind(behind), Finding("not a pinhole", "warning", text, remedy))


def _behind(behind: np.ndarray) -> tuple[Finding, ...]:
    """Say that points lie behind the camera."""
    if behind.mean() < 0.01:  # a handful of wild points are artefacts like others
        return ()
    text = f"{behind.mean():.0%} of its points lie behind the camera (their z is 0 or less)".replace("%", " %", 1)
    severity = "error" if behind.mean() > 0.5 else "warning"
    return (Finding("behind", severity, text, f"give points in the camera's frame ({_CAMERA_FRAME})"),)


def _in_plane(frame: Frame) -> tuple[Finding, ...]:
    """Name a rotation in the image plane, a mirroring, or both."""
    (a, b), (c, d) = frame.rotation[:2, :2]
    if np.linalg.det(frame.rotation) > 0:
        angle = abs(np.degrees(np.arctan2(c - b, a + d)))
        if angle < 5:
            return ()
        text = f"it is rotated by {angle:.0f} degrees about z, in the image plane"
        remedy = f"rotate {'the grid with numpy.rot90, or ' if angle > 45 else ''}the points about z"
        return (Finding("rotated", "warning" if angle > 175 else "error", text, remedy),)
    angle = np.degrees(np.arctan2(c + b, a - d)) % 360
    names = (
        ("it is mirrored top to bottom: y points up", "mirrored", "flip the grid with xyz[::-1], or negate y"),
        ("rows and columns are swapped", "transposed", "swap them with xyz.swapaxes(0, 1)"),
        ("it is mirrored left to right: x points left", "mirrored", "flip the grid with xyz[:, ::-1], or negate x"),
        ("rows and columns are swapped and run backwards", "transposed", "use xyz[::-1, ::-1].swapaxes(0, 1)"),
    )
    text, kind, remedy = names[int(np.round(angle / 90)) % 4]
    beyond = abs((angle + 45) % 90 - 45)
    if beyond > 5:
        return (Finding("mirrored", "error", f"it is mirrored and rotated by {beyond:.0f} degrees about z", remedy),)
    return (Finding(kind, "warning" if kind == "mirrored" else "error", text, remedy),)


def _intrinsics(scan: OrganizedScan, frame: Frame) -> tuple[Finding, ...]:
    """Say which camera fits instead of the scan's own."""
    if scan.intrinsics is None or not np.allclose(frame.rotation, np.eye(3), atol=0.1):
        return ()
    own, fitting = scan.intrinsics, frame.matrix
    scales = np.array([own[0, 0] / fitting[0, 0], own[1, 1] / fitting[1, 1]])
    shift = np.abs(own[:2, 2] - fitting[:2, 2])
    if np.abs(scales - 1).max() < _OTHER_FOCAL_LENGTH and shift.max() < 0.02 * max(scan.shape):
        return ()  # the same camera, with a lens that the file does not describe
    severity = "error" if np.abs(np.log(scales)).max() > np.log1p(_RUINOUS_FOCAL_LENGTH) else "warning"
    found = f"fx = {own[0, 0]:.4g}, fy = {own[1, 1]:.4g}, principal point ({own[0, 2]:.4g}, {own[1, 2]:.4g})"
    fits = f"fx = {fitting[0, 0]:.4g}, fy = {fitting[1, 1]:.4g}"
    fits += f", principal point ({fitting[0, 2]:.4g}, {fitting[1, 2]:.4g})"
    centres = (own[:2, 2] + 0.5) / np.where(fitting[:2, 2] > 0, fitting[:2, 2] + 0.5, np.nan)
    scaled = np.abs(np.log(centres / scales)).max() < 0.05 and np.abs(np.log(scales)).max() > 0.1
    outside = not _inside(scan)
    what = "belong to a camera of another size" if scaled or outside else "belong to another camera"
    return (Finding("intrinsics", severity, f"the intrinsics {what}: {found}, but {fits} fits", f"give {fits}"),)


def _inside(scan: OrganizedScan) -> bool:
    return bool((scan.intrinsics[:2, 2] >= -0.5).all() and (scan.intrinsics[:2, 2] <= np.array(scan.shape[::-1])).all())


def _camera_size(scan: OrganizedScan) -> tuple[Finding, ...]:
    """Say that the principal point lies too far from the grid's middle; a crop with an offset may have it anywhere."""
    if scan.intrinsics is None or scan.offset is not None:
        return ()
    ratios = (2 * scan.intrinsics[:2, 2] + 1) / scan.shape[::-1]
    if (ratios > 2 / 3).all() and (ratios < 3 / 2).all():
        return ()
    width, height = np.rint(2 * scan.intrinsics[:2, 2] + 1).astype(int)
    text = (
        f"the intrinsics belong to a camera of another size, of about {width} x {height} pixels; the grid has "
        f"{scan.shape[1]} x {scan.shape[0]}"
    )
    remedy = "scale them to this grid, or give the scan its offset if the grid is a crop of the sensor"
    return (Finding("camera size", "warning", text, remedy),)


def _rotated(frame: Frame) -> Finding:
    """Name the rotation from the camera's frame to the points', and a camera that stands elsewhere."""
    mirrored = np.linalg.det(frame.rotation) < 0
    rotation = frame.rotation * (-1 if mirrored else 1)
    angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1)))
    values, vectors = np.linalg.eigh((rotation + rotation.T) / 2)
    axis = np.abs(vectors[:, np.argmax(values)])  # what the rotation leaves as it is
    ahead, up = frame.rotation[2], -frame.rotation[1]
    about = "xyz"[int(np.argmax(axis))] if axis.max() > 0.98 else "an axis between x, y and z"
    names = [] if not mirrored else ["it is mirrored"]
    if angle > 1:
        names.append(f"it is rotated by {angle:.0f} degrees about {about}")
    if not frame.at_origin:
        names.append("the camera does not stand at its origin")
    text = f"it is not in its camera's frame: {' and '.join(names)}"
    if angle > 1 or mirrored:
        text += f" (the camera looks along {_direction(ahead)}, and {_direction(up)} points up)"
    remedy = f"transform the points back into the camera's frame ({_CAMERA_FRAME}), by the inverse of the scan's pose"
    slight = angle < _SLIGHT and not mirrored
    kind = "rotated" if angle > 1 else "mirrored" if mirrored else "moved"
    return Finding(kind, "warning" if slight else "error", text, remedy)


def _direction(vector: np.ndarray) -> str:
    """Name the axis that lies nearest to a direction."""
    largest = int(np.argmax(np.abs(vector)))
    return f"{'-' if vector[largest] < 0 else '+'}{'xyz'[largest]}"


def _strangers(scan: OrganizedScan, rows: np.ndarray, columns: np.ndarray) -> tuple[Finding, ...]:
    """Say that neighbours in the grid are no neighbours in space."""
    here = scan.xyz[rows, columns]
    usual = np.median(np.linalg.norm(here - np.roll(here, len(here) // 3, axis=0), axis=1))
    far = []
    for down, right in ((0, 1), (1, 0)):
        there = scan.xyz[np.minimum(rows + down, scan.shape[0] - 1), np.minimum(columns + right, scan.shape[1] - 1)]
        steps = np.linalg.norm(there - here, axis=1)
        steps = steps[np.isfinite(steps) & (steps > 0)]
        far.append(len(steps) < 8 or np.median(steps) > _STRANGERS * usual)
    if not any(far):
        return ()
    if all(far):
        text = "the points are shuffled, or were never a grid: neighbours in it are as far apart as any two points"
        remedy = "export the scan in the order of the camera's pixels, with holes as NaN"
        return (Finding("shuffled", "error", text, remedy, "grid"),)
    along = ("columns", "rows") if far[1] else ("rows", "columns")
    text = f"neighbours along its {along[1]} are near each other, but those along its {along[0]} are not"
    remedy = f"check shape=(rows, columns): {scan.shape[0]} x {scan.shape[1]} seems to be wrong"
    return (Finding("row length", "error", text, remedy, "grid"),)
