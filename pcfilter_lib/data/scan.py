"""One organised scan: what a scanner measured, pixel by pixel."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pcfilter_lib.data._poses import says_something
from pcfilter_lib.data._scan_fields import check_intrinsics, check_pose, checked_labels, float32, numbers, shaped, wrong
from pcfilter_lib.errors import InputError


class AmbiguousUnitWarning(UserWarning):
    """A file does not say in which unit its numbers are, and the guess may be wrong."""


class ConversionWarning(UserWarning):
    """Something that a scan holds has no place in the format that it is saved in."""


@dataclass(frozen=True, eq=False)
class Origin:
    """Where a scan came from: all that writing it back without loss needs.

    Parameters
    ----------
    format : str
        The format's suffix, for example ``".pcd"``.
    payload : bytes
        The file as it was.
    metres_per_unit : float
        What one unit of the file's numbers is in metres.
    fields : dict
        The fields of the scan as they were loaded, so that a later change is noticed.
    details : dict
        What the format's own writer needs besides.
    """

    format: str
    payload: bytes
    metres_per_unit: float
    fields: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)

    def describes(self, scan: OrganizedScan, any_pose: bool = False) -> bool:
        """Return whether the payload still holds `scan`, apart from points that were removed and fields added.

        With `any_pose`, another pose, or none, makes no difference.
        """
        if scan.shape != self.fields["valid"].shape:
            return False
        for name, loaded in self.fields.items():
            now = getattr(scan, name)
            if name == "pose" and any_pose:
                same = True
            elif name == "xyz":
                same = np.array_equal(now[scan.valid], loaded[scan.valid])  # a point that was not there met NaN
            elif name == "valid":
                same = True
            elif name == "extras":
                same = all(key in now and _equal(now[key], value) for key, value in loaded.items())
            else:
                same = _equal(now, loaded)
            if not same:
                return False
        return True

    def added(self, scan: OrganizedScan) -> list[str]:
        """Return the names of what `scan` holds and the payload does not."""
        names = [name for name in FIELDS if getattr(scan, name) is not None and name not in self.fields]
        if "pose" in names and self.format != ".npz" and not says_something(scan.pose):
            names.remove("pose")
        return names + [f"extras[{key!r}]" for key in scan.extras if key not in self.fields.get("extras", {})]

    def moved(self, scan: OrganizedScan) -> bool:
        """Return whether `scan` has another pose than the payload, or one of the two has none."""
        return not _equal(scan.pose, self.fields.get("pose"))


@dataclass(frozen=True, eq=False, repr=False)
class OrganizedScan:
    """Points in the order of the sensor's pixels.

    A scan does not change: its arrays are read-only, and :meth:`keep` returns a new one.
    ``dataclasses.replace(scan, label=label)`` returns a copy with another field.

    Parameters
    ----------
    xyz : array_like, shape (H, W, 3)
        Points in metres, in the camera's frame (x right, y down, z forward). NaN where there is none.
    valid : array_like of bool, shape (H, W), optional
        Where there is a point. Pixels whose `xyz` is not finite or exactly (0, 0, 0) are never valid, whatever this
        says. By default all others are.
    intensity : array_like, shape (H, W), optional
        Brightness, in the scanner's own scale.
    normals : array_like, shape (H, W, 3), optional
        Surface normals.
    label : array_like of uint8, shape (H, W), optional
        1 true geometry, 0 artefact, 255 neither (not measured, or borderline).
    intrinsics : array_like, shape (3, 3), optional
        Camera matrix ``[[fx, s, cx], [0, fy, cy], [0, 0, 1]]`` in pixels of this grid. The centre of the top left
        pixel is (0, 0).
    distortion : array_like, shape (5,), optional
        ``k1, k2, p1, p2, k3``, in the order that OpenCV uses.
    offset : (int, int), optional
        Column and row of the grid's top left pixel on the sensor, where the grid is a crop of it.
    pose : array_like, shape (4, 4), optional
        From the camera's frame to the world's: ``[[R, t], [0, 0, 0, 1]]`` with a rotation R, t in metres.
    extras : dict of str to array_like, optional
        Anything else that the file holds.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns.
    depth : ndarray, shape (H, W)
        Distance along the camera's axis, in metres; NaN where there is no point.

    Raises
    ------
    InputError
        If a field does not have its shape or its values.

    Examples
    --------
    >>> import numpy as np
    >>> scan = OrganizedScan(xyz=np.dstack(np.broadcast_arrays(*np.ogrid[0:2, 0:3], 1.0)))
    >>> scan.keep(np.eye(2, 3) == 1)
    OrganizedScan(2 x 3, 2 of 6 pixels valid (33.3 %), depth 1 to 1 m)
    """

    xyz: np.ndarray
    valid: np.ndarray | None = None
    intensity: np.ndarray | None = None
    normals: np.ndarray | None = None
    label: np.ndarray | None = None
    intrinsics: np.ndarray | None = None
    distortion: np.ndarray | None = None
    offset: tuple[int, int] | None = None
    pose: np.ndarray | None = None
    extras: dict[str, np.ndarray] = field(default_factory=dict)
    _origin: Origin | None = None

    def __post_init__(self):
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows float32 is infinite, thus not valid
            xyz = np.array(numbers(self.xyz, "xyz"), dtype=np.float32)
        if xyz.ndim != 3 or xyz.shape[2] != 3 or 0 in xyz.shape:
            raise wrong("xyz", f"its shape is {xyz.shape}, not (H, W, 3)", "reshape it to rows, columns, 3")
        shape = xyz.shape[:2]
        valid = np.zeros(shape, dtype=bool)
        for axis in range(3):
            valid |= xyz[..., axis] != 0
        for axis in range(3):
            valid &= np.isfinite(xyz[..., axis])
        if self.valid is not None:
            given = np.asarray(self.valid)
            if given.dtype != bool:
                raise wrong("valid", f"its type is {given.dtype}, not bool", "compare it first, for example valid > 0")
            valid &= shaped(given, shape, "valid")
        np.copyto(xyz, np.nan, where=~valid[..., None])
        self._set("xyz", xyz)
        self._set("valid", valid)
        if self.intensity is not None:
            self._set("intensity", float32(self.intensity, shape, "intensity"))
        if self.normals is not None:
            self._set("normals", float32(self.normals, (*shape, 3), "normals"))
        if self.label is not None:
            self._set("label", checked_labels(self.label, shape))
        if self.intrinsics is not None:
            self._set("intrinsics", check_intrinsics(self.intrinsics))
        if self.distortion is not None:
            distortion = shaped(numbers(self.distortion, "distortion"), (5,), "distortion").astype(np.float64)
            if not np.isfinite(distortion).all():
                raise wrong("distortion", "it holds a number that is not finite", "give k1, k2, p1, p2, k3")
            self._set("distortion", distortion)
        if self.offset is not None:
            offset = shaped(numbers(self.offset, "offset"), (2,), "offset")
            if offset.dtype.kind not in "iu":
                raise wrong("offset", f"its type is {offset.dtype}", "give the column and the row as integers")
            object.__setattr__(self, "offset", (int(offset[0]), int(offset[1])))
        if self.pose is not None:
            self._set("pose", check_pose(self.pose))
        if not isinstance(self.extras, dict) or not all(isinstance(key, str) for key in self.extras):
            raise wrong("extras", "it is not a dict with names as keys", "give {'temperature': ...}")
        if clash := set(self.extras) & {*FIELDS, "extras"}:
            raise wrong("extras", f"{sorted(clash)[0]!r} is the name of a field", "rename it")
        extras = {key: np.asarray(value) for key, value in self.extras.items()}
        if objects := [key for key, value in extras.items() if value.dtype.hasobject]:
            raise wrong("extras", f"{objects[0]!r} holds Python objects", "give numbers or text")
        object.__setattr__(self, "extras", extras)

    def _set(self, name: str, value: np.ndarray) -> None:
        value = value.view()  # so that the caller's own array stays writable
        value.flags.writeable = False
        object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.xyz.shape[:2]

    @property
    def depth(self) -> np.ndarray:
        """Distance along the camera's axis in metres, shape (H, W); NaN where there is no point."""
        return self.xyz[..., 2]

    @property
    def points(self) -> np.ndarray:
        """The valid points row by row, shape (N, 3), in metres."""
        return self.xyz[self.valid]

    def keep(self, mask: np.ndarray) -> OrganizedScan:
        """Return the scan without the points where `mask` is false.

        No point is ever added: where there was none, a true `mask` changes nothing. Intensity, normals, label and
        extras stay as they are; they may say something about a pixel that has no point.

        Parameters
        ----------
        mask : array_like of bool, shape (H, W)
            Where points stay.

        Returns
        -------
        OrganizedScan
            A new scan.

        Raises
        ------
        InputError
            If `mask` has another shape, or is not boolean.
        """
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise InputError("mask", "", f"its type is {mask.dtype}, not bool", "compare it, as in probability > 0.5")
        if mask.shape != self.shape:
            raise InputError("mask", "", f"its shape is {mask.shape}, not {self.shape}", "give one value per pixel")
        return dataclasses.replace(self, valid=self.valid & mask)

    def with_points_removed(self, mask: np.ndarray) -> OrganizedScan:
        """Return the scan without the points where `mask` (of shape (H, W)) is true; the opposite of :meth:`keep`."""
        mask = np.asarray(mask)
        return self.keep(~mask if mask.dtype == bool else mask)

    def __repr__(self) -> str:
        count = int(self.valid.sum())
        text = f"{self.shape[0]} x {self.shape[1]}, {count:,} of {self.valid.size:,} pixels valid"
        text += f" ({count / self.valid.size:.1%})".replace("%", " %")
        if count:
            depth = self.depth[self.valid]
            text += f", depth {depth.min():.4g} to {depth.max():.4g} m"
        names = [name for name in FIELDS[2:] if getattr(self, name) is not None] + list(self.extras)
        return f"OrganizedScan({text}{'; ' if names else ''}{', '.join(names)})"


#: The public fields, in the order of the constructor, without `extras`.
FIELDS = tuple(f.name for f in dataclasses.fields(OrganizedScan) if f.name not in ("extras", "_origin"))


def from_file(path: str | os.PathLike, origin: Origin | None = None, **fields: Any) -> OrganizedScan:
    """Build a scan that a file holds: errors name the file, and the scan remembers its origin."""
    try:
        scan = OrganizedScan(**fields)
    except InputError as error:
        raise InputError(path, error.place, error.problem, error.remedy) from None
    if origin is None:
        return scan
    loaded = {name: getattr(scan, name) for name in (*FIELDS, "extras") if fields.get(name) is not None}
    loaded.update(xyz=scan.xyz, valid=scan.valid)
    object.__setattr__(scan, "_origin", dataclasses.replace(origin, fields=loaded))  # nobody has seen it yet: no copy
    return scan


def _equal(first: Any, second: Any) -> bool:
    if first is second:
        return True
    if first is None or second is None:
        return False
    first, second = np.asarray(first), np.asarray(second)
    return np.array_equal(first, second, equal_nan=first.dtype.kind in "fc" and second.dtype.kind in "fc")
