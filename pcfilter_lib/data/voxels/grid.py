"""The grid of voxels: values on a regular grid in space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.errors import InputError

#: The kinds of values that a grid can hold.
KINDS = ("occupancy", "probability", "ternary", "distance", "signed", "features")
#: The values of a ternary grid: nobody has looked there; somebody looked through; somebody saw a surface.
UNKNOWN, FREE, SURFACE = -1, 0, 1

_LARGEST = np.finfo(np.float64).max
_DTYPES = {"occupancy": np.dtype(bool), "ternary": np.dtype(np.int8)}


@dataclass(frozen=True, eq=False)
class VoxelGrid:
    """Values on a regular grid of cubes in space.

    Voxel (i, j, k) is the cube from ``origin + voxel_size (i, j, k)`` to ``origin + voxel_size (i + 1, j + 1, k + 1)``,
    and its value belongs to its centre.

    Parameters
    ----------
    values : array-like, shape (X, Y, Z) or (X, Y, Z, C)
        Along x, y and z. They are copied and kept as bool for occupancy, int8 for ternary, float32 otherwise.
    origin : array-like, shape (3,), optional
        The outer corner of voxel (0, 0, 0), in metres.
    voxel_size : float, optional
        The edge of a voxel, in metres.
    kind : {"occupancy", "probability", "ternary", "distance", "signed", "features"}, optional
        The meaning of the values:

        - *occupancy*: whether the voxel is occupied;
        - *probability*: that it is, from 0 to 1;
        - *ternary*: ``UNKNOWN`` (-1), ``FREE`` (0) or ``SURFACE`` (1);
        - *distance*: metres to the nearest surface, NaN where nothing is known;
        - *signed*: the same, negative behind the surface;
        - *features*: anything else, with C numbers a voxel or one.
    truncation : float, optional
        For distances, how many metres count at most: what is farther away has this value.

    Raises
    ------
    InputError
        If the shape or a value does not fit `kind`, or the origin is not finite.

    Examples
    --------
    >>> grid = VoxelGrid(np.zeros((4, 4, 4), bool), origin=(-1, -1, -1), voxel_size=0.5)
    >>> grid.to_points([[0, 0, 0]])
    array([[-0.75, -0.75, -0.75]])
    """

    values: np.ndarray
    origin: np.ndarray = (0.0, 0.0, 0.0)
    voxel_size: float = 1.0
    kind: str = "occupancy"
    truncation: float | None = None

    def __post_init__(self):
        kind = one_of("VoxelGrid", "kind", self.kind, KINDS)
        object.__setattr__(self, "values", _checked(self.values, kind, self.truncation))
        origin = np.array(self.origin, np.float64)
        if origin.shape != (3,) or not np.isfinite(origin).all():
            raise _wrong("origin", f"{self.origin!r} is no place", "give three finite numbers, in metres")
        object.__setattr__(self, "origin", origin)
        size = number_within("VoxelGrid", "voxel_size", self.voxel_size, 0, _LARGEST, low_included=False)
        object.__setattr__(self, "voxel_size", size)
        for array in (self.values, self.origin):
            array.flags.writeable = False

    @classmethod
    def around(cls, surface: Mesh | np.ndarray, resolution: int, *, fit: str = "box", margin: float = 0) -> VoxelGrid:
        """Return an empty cube of voxels around a mesh or a cloud.

        Parameters
        ----------
        surface : Mesh or array-like, shape (N, 3)
            What the grid is to hold.
        resolution : int
            Voxels a side.
        fit : {"box", "sphere"}, optional
            *box*: the longest side of the bounding box fills the grid. *sphere*: the sphere about the centroid that
            holds everything fills it, as :func:`pcfilter_lib.data.unit_sphere` normalises clouds; a shape then has the
            same size in the grid however it is rotated.
        margin : float, optional
            Voxels to be left free at each side.

        Returns
        -------
        VoxelGrid
            Of kind occupancy, all False.

        Raises
        ------
        InputError
            If an argument is not allowed, or `surface` has no size.
        """
        count = whole_number("VoxelGrid.around", "resolution", resolution)
        one_of("VoxelGrid.around", "fit", fit, ("box", "sphere"))
        number_within("VoxelGrid.around", "margin", margin, 0, count / 2, high_included=False)
        points = _points(surface)
        low, high = points.min(axis=0), points.max(axis=0)
        if fit == "box":
            middle, half = (low + high) / 2, (high - low).max() / 2
        else:
            middle = _centroid(surface) if isinstance(surface, Mesh) else points.mean(axis=0)
            half = np.linalg.norm(points - middle, axis=1).max()
        if not half > 0:
            raise InputError("VoxelGrid.around", "surface", "all of its points are in one place", "give a shape")
        voxel_size = 2 * half / (count - 2 * margin)
        return cls(np.zeros((count,) * 3, bool), middle - voxel_size * count / 2, voxel_size)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along x, y and z."""
        return self.values.shape[:3]

    @property
    def bounds(self) -> np.ndarray:
        """The two outer corners of the grid in metres, shape (2, 3)."""
        return np.stack([self.origin, self.origin + self.voxel_size * np.array(self.shape)])

    @property
    def occupied(self) -> np.ndarray:
        """Where something is, shape (X, Y, Z).

        Where the voxel is occupied or a surface, has at least even odds, or is at most half a voxel from the surface.

        Raises
        ------
        InputError
            For features, which do not define it.
        """
        if self.kind == "features":
            raise _wrong("kind", "features do not define occupancy", "make an occupancy grid of them")
        if self.kind == "probability":
            return self.values >= 0.5
        if self.kind == "ternary":
            return self.values == SURFACE
        if self.kind == "occupancy":
            return self.values
        return np.abs(self.values) <= self.voxel_size / 2  # NaN is not

    def to_index(self, points: np.ndarray) -> np.ndarray:
        """Return where points lie on the grid, in voxels, shape (..., 3): whole numbers at the centres of voxels.

        Parameters
        ----------
        points : array-like, shape (..., 3)
            In metres.
        """
        return (np.asarray(points, np.float64) - self.origin) / self.voxel_size - 0.5

    def to_points(self, index: np.ndarray) -> np.ndarray:
        """Return the places in metres, shape (..., 3), of indices, whole or not.

        Parameters
        ----------
        index : array-like, shape (..., 3)
            As from :meth:`to_index`.
        """
        return self.origin + (np.asarray(index, np.float64) + 0.5) * self.voxel_size

    def centres(self) -> np.ndarray:
        """Return the centre of each voxel in metres, shape (X, Y, Z, 3), float32."""
        centres = np.empty((*self.shape, 3), np.float32)
        for axis, count in enumerate(self.shape):
            line = self.origin[axis] + (np.arange(count) + 0.5) * self.voxel_size
            centres[..., axis] = line.reshape([-1 if each == axis else 1 for each in range(3)])
        return centres

    def with_values(self, values: np.ndarray, kind: str, truncation: float | None = None) -> VoxelGrid:
        """Return a grid with other values at the same place.

        Parameters
        ----------
        values : array-like, shape (X, Y, Z) or (X, Y, Z, C)
            Of the same number of voxels.
        kind, truncation
            As of the class.
        """
        if np.shape(values)[:3] != self.shape:
            raise _wrong("values", f"their shape is {np.shape(values)}", f"give one for each of {self.shape} voxels")
        return VoxelGrid(values, self.origin, self.voxel_size, kind, truncation)

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.shape))
        return f"VoxelGrid({size}, {self.kind}, voxels of {self.voxel_size:.3g} m)"


def _checked(values: np.ndarray, kind: str, truncation: float | None) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim not in (3, 4) or 0 in values.shape or (values.ndim == 4 and kind != "features"):
        raise _wrong("values", f"their shape is {values.shape}", "give (X, Y, Z), or (X, Y, Z, C) for features")
    if values.dtype.kind not in "biuf":
        raise _wrong("values", f"their type is {values.dtype}", "give real numbers")
    if kind == "occupancy" and values.dtype != bool:
        raise _wrong("values", f"their type is {values.dtype}, not bool", "compare them first: values > 0")
    if kind == "ternary" and not np.isin(values, (UNKNOWN, FREE, SURFACE)).all():
        raise _wrong("values", "they hold others than -1, 0 and 1", "use UNKNOWN, FREE and SURFACE")
    if kind == "probability" and not ((values >= 0) & (values <= 1)).all():
        raise _wrong("values", "a probability lies outside of 0 to 1", "apply a sigmoid to logits first")
    if kind == "distance" and (values < 0).any():
        raise _wrong("values", "a distance is negative", "use kind='signed'")
    if truncation is not None:
        if kind not in ("distance", "signed"):
            raise _wrong("truncation", f"a grid of {kind} has none", "leave it out")
        number_within("VoxelGrid", "truncation", truncation, 0, np.inf, low_included=False, high_included=False)
        if max(np.fmax.reduce(values, axis=None), -np.fmin.reduce(values, axis=None)) > truncation * (1 + 1e-6):
            raise _wrong("values", f"one is beyond the truncation of {truncation:g} m", "clip them first")
    convert = np.array if values.flags.writeable else np.asarray  # what nobody can write to needs no copy
    return convert(values, _DTYPES.get(kind, np.dtype(np.float32)))


def _wrong(name: str, problem: str, remedy: str) -> InputError:
    return InputError("VoxelGrid", name, problem, remedy)


def _points(surface: Mesh | np.ndarray) -> np.ndarray:
    points = surface.vertices if isinstance(surface, Mesh) else np.asarray(surface, np.float64)
    if points.ndim != 2 or points.shape[1:] != (3,) or len(points) == 0 or not np.isfinite(points).all():
        problem = f"finite points of shape (N, 3) are expected, not {points.shape}"
        raise InputError("VoxelGrid.around", "surface", problem, "drop what was not measured before")
    return points


def _centroid(mesh: Mesh) -> np.ndarray:
    """Return the centroid of the surface, the mean of points that are drawn from it evenly."""
    areas = mesh.areas()
    corners = mesh.vertices[mesh.faces].mean(axis=1)
    return (areas[:, None] * corners).sum(axis=0) / areas.sum() if areas.sum() > 0 else mesh.vertices.mean(axis=0)
