"""Fusion of posed scans into one field of truncated signed distances."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import number_within
from pcfilter_lib.data._poses import inverse
from pcfilter_lib.data._scan_fields import check_pose
from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.data.scan_geometry import project
from pcfilter_lib.data.voxels.grid import FREE, SURFACE, UNKNOWN, VoxelGrid
from pcfilter_lib.errors import InputError

_UNMEASURED = np.float32(-1e9)  # metres: behind the camera, so that each voxel lies too far behind it
_NEAREST = np.float32(1e-6)  # metres before a camera in which it sees nothing: nothing is divided by less


@dataclass(frozen=True, eq=False)
class FusedScans:
    """The result of fusing several scans.

    Parameters
    ----------
    field : VoxelGrid
        Of kind signed: positive in front of a surface, negative behind it, NaN where no scan measured anything.
    weight : numpy.ndarray, shape (X, Y, Z), float32
        Number of scans that contribute to each voxel.
    """

    field: VoxelGrid
    weight: np.ndarray

    @property
    def ternary(self) -> VoxelGrid:
        """The field as free, surface or unknown.

        A voxel is surface if its centre is at most half of its diagonal from one, free if it lies in front of it, and
        unknown otherwise: behind what was seen, and where no scan has looked, nothing is known.
        """
        near = self.field.voxel_size * np.sqrt(3) / 2
        values = np.full(self.field.shape, UNKNOWN, np.int8)
        values[self.field.values > near] = FREE  # NaN is neither
        values[np.abs(self.field.values) <= near] = SURFACE
        return self.field.with_values(values, "ternary")


def fuse_scans(
    scans: Iterable[OrganizedScan],
    grid: VoxelGrid,
    truncation: float | None = None,
    *,
    poses: Sequence[np.ndarray] | None = None,
) -> FusedScans:
    """Average the truncated signed distances that posed scans measure.

    B. Curless, M. Levoy, *A volumetric method for building complex models from range images*, SIGGRAPH 1996, with the
    weights and the projection of R. Newcombe and others, *KinectFusion*, ISMAR 2011. A voxel's centre is projected
    into the scan, to the nearest pixel. What was measured there, less the depth of the voxel, both along the ray, is
    the distance. A voxel with a distance below ``-truncation`` lies too far behind the surface: the scan does not
    contribute to it.

    Parameters
    ----------
    scans : iterable of OrganizedScan
        Each with `intrinsics`.
    grid : VoxelGrid
        Where the field lies.
    truncation : float, optional
        In metres, or four voxels.
    poses : sequence of array-like, shape (4, 4), optional
        From each camera to the world. By default those of the scans.

    Returns
    -------
    FusedScans

    Raises
    ------
    InputError
        If there is no scan, or one has no pose or no intrinsics.
    """
    truncation = 4 * grid.voxel_size if truncation is None else truncation
    number_within("fuse_scans", "truncation", truncation, 0, np.inf, low_included=False, high_included=False)
    total, weight = np.empty((2, *grid.shape), np.float32)
    number = 0
    for number, scan in enumerate(scans, start=1):
        _add(scan, inverse(_pose(scan, poses, number)), grid, truncation, total, weight, number == 1)
    if not number:
        raise InputError("fuse_scans", "scans", "there are none", "give at least one scan")
    with np.errstate(invalid="ignore"):
        field = np.divide(total, weight, out=total)  # 0 / 0, where no scan contributes, is NaN
    np.clip(field, -truncation, truncation, out=field)
    field.flags.writeable = False
    return FusedScans(grid.with_values(field, "signed", truncation), weight)


def _pose(scan: OrganizedScan, poses: Sequence[np.ndarray] | None, number: int) -> np.ndarray:
    if poses is not None and number > len(poses):
        raise InputError("fuse_scans", "poses", f"scan {number} has none", "give one pose for each scan")
    pose = scan.pose if poses is None else check_pose(poses[number - 1], "fuse_scans", f"pose {number}")
    for name, value in (("pose", pose), ("intrinsics", scan.intrinsics)):
        if value is None:
            remedy = f"give it one: dataclasses.replace(scan, {name}=...)"
            raise InputError(f"scan {number}", name, "it has none", remedy)
    return pose


def _add(
    scan: OrganizedScan,
    to_camera: np.ndarray,
    grid: VoxelGrid,
    truncation: float,
    total: np.ndarray,
    weight: np.ndarray,
    first: bool,
) -> None:
    """Add one scan to the sums, layer by layer: a layer stays in the processor's cache. The first scan fills them."""
    rows, columns = scan.shape
    # A frame around the image receives all voxels that no pixel sees. What was not measured lies far in front.
    depth = np.pad(np.nan_to_num(scan.depth, nan=_UNMEASURED), 1, constant_values=_UNMEASURED).ravel()
    lines = [grid.origin[axis] + (np.arange(count) + 0.5) * grid.voxel_size for axis, count in enumerate(grid.shape)]
    camera = -to_camera[:3, :3].T @ to_camera[:3, 3]
    squares = [((line - place) ** 2).astype(np.float32) for line, place in zip(lines, camera, strict=True)]
    # Pixels in the frame, before the division by depth; 0.5 more, so that cutting off the decimals rounds them.
    matrix = np.array([[1, 0, 1.5], [0, 1, 1.5], [0, 0, 1]]) @ (np.eye(3) if _bent(scan) else scan.intrinsics)
    rays = np.concatenate([matrix @ to_camera[:3, :3], (matrix @ to_camera[:3, 3])[:, None]], axis=1)
    layer = rays[:, 1, None, None] * lines[1][:, None] + rays[:, 2, None, None] * lines[2] + rays[:, 3, None, None]
    layer, plane = layer.astype(np.float32), squares[1][:, None] + squares[2]
    steps = (rays[:, 0] * lines[0][:, None]).astype(np.float32)
    # A box lies in front of a camera, or in its view, if its eight corners do.
    corners = np.array(list(itertools.product(*(line[[0, -1]] for line in lines))))
    u, v, depths = rays @ np.append(corners, np.ones((8, 1)), axis=1).T
    in_front = depths.min() > _NEAREST
    in_view = in_front and not _bent(scan) and _within(u / depths, columns) and _within(v / depths, rows)
    truncation = np.float32(truncation)

    # Memory is asked for once: anew for each layer, it would take as long as the arithmetic.
    seen, (nearness, counted, distance) = np.empty_like(layer), np.empty((3, *plane.shape), np.float32)
    pixel, within = np.empty((2, *plane.shape), np.intp)  # the type that `take` would convert others to
    for number, step in enumerate(steps):
        column, row, z = np.add(layer, step[:, None, None], out=seen)
        np.divide(1, z if in_front else np.maximum(z, _NEAREST), out=nearness)
        column *= nearness
        row *= nearness
        if _bent(scan):
            column[...], row[...] = _through_lens(column - np.float32(1.5), row - np.float32(1.5), scan)
        if not in_view:
            np.clip(row, 0, rows + 1, out=row)
            np.clip(column, 0, columns + 1, out=column)
        np.copyto(pixel, row, casting="unsafe")
        np.copyto(within, column, casting="unsafe")
        pixel *= columns + 2
        pixel += within
        depth.take(pixel, out=distance, mode="clip")
        distance *= nearness
        distance -= 1
        # Depth is counted along the camera's axis, distance along the ray.
        np.add(plane, squares[0][number], out=column)
        distance *= np.sqrt(column, out=column)
        near = weight[number] if first else counted
        np.greater_equal(distance, -truncation, out=near, casting="unsafe")  # as numbers, 0 and 1
        if not in_front:
            near *= z > _NEAREST
        np.minimum(distance, truncation, out=distance)
        if first:
            np.multiply(distance, near, out=total[number])
        else:
            weight[number] += near
            total[number] += np.multiply(distance, near, out=distance)


def _within(places: np.ndarray, count: int) -> bool:
    return places.min() >= 0 and places.max() < count + 2


def _bent(scan: OrganizedScan) -> bool:
    return scan.distortion is not None and bool(np.any(scan.distortion))


def _through_lens(x: np.ndarray, y: np.ndarray, scan: OrganizedScan) -> tuple[np.ndarray, np.ndarray]:
    """Return where the lens puts points of the plane z = 1, in pixels of the frame, with 0.5 more for rounding."""
    pixels = project(np.stack([x, y, np.ones_like(x)], axis=-1), scan.intrinsics, scan.distortion)
    return pixels[..., 0] + 1.5, pixels[..., 1] + 1.5
