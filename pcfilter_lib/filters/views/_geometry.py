"""One view as the others use it: where its camera sees a point, and what it measured there."""

from __future__ import annotations

import copy
from functools import cached_property

import numpy as np
from scipy import ndimage

from pcfilter_lib.data import OrganizedScan, project
from pcfilter_lib.errors import InputError

#: Where a window of 3 x 3 or 5 x 5 pixels has no measurement, its points count as so far away, in metres.
NOWHERE = np.float32(1e3)


class View:
    """A posed scan with what looking at it from elsewhere needs, computed once.

    Parameters
    ----------
    scan : OrganizedScan
        With a pose and intrinsics.

    Raises
    ------
    InputError
        If one of the two is missing, or there is no point.
    """

    def __init__(self, scan: OrganizedScan):
        for name, remedy in (
            ("pose", "find_views says which poses it understands"),
            ("intrinsics", "pass intrinsics="),
        ):
            if getattr(scan, name) is None:
                raise InputError("scan", name, "it has none, so no other view can look at its points", remedy)
        if not scan.valid.any():
            raise InputError("scan", "valid", "there is no point in it", "leave this view out")
        self.scan, self.shape = scan, scan.shape
        self.pose = scan.pose
        self.pixels = np.flatnonzero(scan.valid).astype(np.int32)
        self.points = scan.points  # in its own camera's frame
        self.depth = np.where(scan.valid, scan.depth, np.float32(0))

    def every(self, stride: int) -> View:
        """Return the same view with the points of every so many rows and columns only."""
        rows, columns = np.divmod(self.pixels, self.shape[1])
        some = (rows % stride == 0) & (columns % stride == 0)
        part = copy.copy(self)
        part.pixels, part.points = self.pixels[some], self.points[some]
        return part

    def in_frame_of(self, other: View, points: np.ndarray | None = None) -> np.ndarray:
        """Return points of this view, all by default, in another camera's frame."""
        change = np.linalg.inv(other.pose) @ self.pose
        points = self.points if points is None else points
        return points @ change[:3, :3].T.astype(np.float32) + change[:3, 3].astype(np.float32)

    def look(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return at which pixels this camera sees points of its own frame, and which it does not see.

        Returns
        -------
        pixels : ndarray of float32, shape (N, 2)
            Column and row; 0 where the point is not seen.
        seen : ndarray of bool, shape (N,)
            Whether the point is in front of the camera and in the image.
        """
        rows, columns = self.shape
        scan = self.scan
        if scan.distortion is None:
            matrix = scan.intrinsics.astype(np.float32)
            with np.errstate(all="ignore"):
                plane = points[:, :2] / points[:, 2:]
                pixels = plane * matrix[[0, 1], [0, 1]] + matrix[:2, 2]
                if matrix[0, 1]:
                    pixels[:, 0] += matrix[0, 1] * plane[:, 1]
        else:
            pixels = project(points, scan.intrinsics, scan.distortion).astype(np.float32)
        with np.errstate(invalid="ignore"):
            seen = (points[:, 2] > 0) & (pixels > -0.5).all(axis=1)
            seen &= (pixels[:, 0] < columns - 0.5) & (pixels[:, 1] < rows - 0.5)
        pixels[~seen] = 0
        return pixels, seen

    @cached_property
    def nearest_around(self) -> np.ndarray:
        """The smallest depth within 3 x 3 pixels, flat; 0 if one of them was not measured."""
        whole = ndimage.minimum_filter(self.scan.valid, 3, mode="constant")
        return np.where(whole, ndimage.minimum_filter(self.depth, 3), np.float32(0)).ravel()

    @cached_property
    def padded(self) -> np.ndarray:
        """The points with two pixels of nothing around them, shape ((H + 4) * (W + 4), 3)."""
        points = np.where(self.scan.valid[..., None], self.scan.xyz, NOWHERE)
        return np.pad(points, ((2, 2), (2, 2), (0, 0)), constant_values=NOWHERE).reshape(-1, 3)

    @cached_property
    def planes(self) -> tuple[np.ndarray, np.ndarray]:
        """Planes through 5 x 5 pixels, in inverse depth, where a plane is a linear function of column and row.

        Returns
        -------
        planes : ndarray of float32, shape (H * W, 3)
            ``1 / z = a + b (column - c) + d (row - r)`` around pixel (r, c).
        residual : ndarray of float32, shape (H * W,)
            How far the depths lie off it (root mean square), m; infinite where fewer than 15 pixels were measured.
        """
        valid = self.scan.valid
        inverse = np.divide(1, self.depth, out=np.zeros(self.shape), where=valid)
        weight = valid.astype(float)
        ramp, one = np.arange(-2.0, 3), np.ones(5)

        def moment(image: np.ndarray, column: np.ndarray, row: np.ndarray) -> np.ndarray:
            image = ndimage.correlate1d(image, column, axis=1, mode="constant")
            return ndimage.correlate1d(image, row, axis=0, mode="constant")

        kinds = ((one, one), (ramp, one), (one, ramp))
        n, u, v = (moment(weight, *kind) for kind in kinds)
        uu, uv, vv = (moment(weight, *kind) for kind in ((ramp**2, one), (ramp, ramp), (one, ramp**2)))
        i, iu, iv = (moment(inverse, *kind) for kind in kinds)
        matrix = np.stack([n, u, v, u, uu, uv, v, uv, vv], axis=-1).reshape(*self.shape, 3, 3)
        right = np.stack([i, iu, iv], axis=-1)
        enough = valid & (n >= 15)
        matrix[~enough] = np.eye(3)
        planes = np.linalg.solve(matrix, right[..., None])[..., 0]
        square = moment(inverse**2, one, one) - (planes * right).sum(axis=-1)
        residual = np.sqrt(np.maximum(square, 0) / np.maximum(n - 3, 1)) * self.depth**2
        residual[~enough] = np.inf
        return planes.reshape(-1, 3).astype(np.float32), residual.ravel().astype(np.float32)

    def off_plane(self, points: np.ndarray, places: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how far points lie off the planes around the pixels that see them.

        Parameters
        ----------
        points : ndarray of float32, shape (N, 3)
            In this camera's frame.
        places, pixels : ndarray, shape (N, 2)
            Column and row, exact and rounded.

        Returns
        -------
        distance : ndarray of float32, shape (N,)
            Perpendicular to the plane, m.
        residual : ndarray of float32, shape (N,)
            How far the measurements lie off that plane, m.
        """
        planes, residual = self.planes
        flat = pixels[:, 1] * self.shape[1] + pixels[:, 0]
        matrix, plane, offset = self.scan.intrinsics, planes[flat], places - pixels
        inverse = plane[:, 0] + plane[:, 1] * offset[:, 0] + plane[:, 2] * offset[:, 1]
        # A plane n.X = 1 has the inverse depth n.(x, y, 1) at (x, y) = ((c - cx) / fx, (r - cy) / fy).
        centre = plane[:, 0] - plane[:, 1] * (pixels[:, 0] - matrix[0, 2]) - plane[:, 2] * (pixels[:, 1] - matrix[1, 2])
        normal = np.sqrt((plane[:, 1] * matrix[0, 0]) ** 2 + (plane[:, 2] * matrix[1, 1]) ** 2 + centre**2)
        with np.errstate(all="ignore"):
            distance = np.abs(1 - points[:, 2] * inverse) / normal
        return np.where(distance < NOWHERE, distance, NOWHERE).astype(np.float32), residual[flat]
