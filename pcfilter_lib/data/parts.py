"""The images of the chapters on segmentation: 180 small simulated scans of parts in a bin, and what is where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.data.example import example_path
from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.data.scan_geometry import backproject, scan_normals
from pcfilter_lib.errors import InputError

#: What a pixel of these scans can show; a label is a place in this tuple.
PARTS_CLASSES = ("bin", "box", "sphere", "ring")
#: How many scans each split has. They follow one another in the file, in this order.
PARTS_SPLITS = {"train": 120, "validation": 20, "test": 40}
#: What :meth:`PartsScans.channels` can give to a network, and how many channels that is.
PARTS_CHANNELS = {"intensity": 1, "depth": 1, "normals": 3, "measured": 1}

DEPTH_STEP = 1e-4  # metres: the file counts depth in tenths of a millimetre
#: The file holds these images as differences along their rows, which takes an eighth less space.
DIFFERENCES = ("intensity", "depth")
_DEPTH_UNIT = 0.1  # metres: about the size of a part


@dataclass(frozen=True, eq=False)
class PartsScans:
    """Scans of parts in a bin, and what each pixel shows.

    Attributes
    ----------
    intensity : ndarray of float32, shape (N, 96, 128)
        The image under white light, as a share of full scale.
    depth : ndarray of float32, shape (N, 96, 128)
        Along the optical axis, in metres; NaN where nothing was measured.
    label : ndarray of uint8, shape (N, 96, 128)
        What the centre of the pixel sees, measured or not: a place in :data:`PARTS_CLASSES`.
    object : ndarray of uint8, shape (N, 96, 128)
        Which of the parts it is, from 1; 0 for the bin and the table around it.
    intrinsics : ndarray of float64, shape (N, 3, 3)
        The camera of each scan.
    """

    intensity: np.ndarray
    depth: np.ndarray
    label: np.ndarray
    object: np.ndarray
    intrinsics: np.ndarray

    def __len__(self) -> int:
        """Return how many scans there are."""
        return len(self.label)

    def scan(self, number: int) -> OrganizedScan:
        """Return one of the scans as points.

        Parameters
        ----------
        number : int
            Which, from 0.

        Returns
        -------
        OrganizedScan
            In metres, with intensity and intrinsics.

        Raises
        ------
        InputError
            If there is no scan of this number.
        """
        if whole_number("PartsScans.scan", "number", number, at_least=0) >= len(self):
            raise InputError("PartsScans.scan", "number", f"there is no scan {number}", f"pass at most {len(self) - 1}")
        return OrganizedScan(
            xyz=backproject(self.depth[number], self.intrinsics[number]).astype(np.float32),
            valid=np.isfinite(self.depth[number]),
            intensity=self.intensity[number],
            intrinsics=self.intrinsics[number],
        )

    def channels(self, *names: str) -> np.ndarray:
        """Return the scans as images for a network.

        Parameters
        ----------
        *names : str
            Any of ``"intensity"`` (share of full scale), ``"depth"`` (how much nearer to the camera than the median of
            its scan, in units of 0.1 m), ``"normals"`` (x, y and z in the camera's frame) and ``"measured"`` (1 where a
            point was measured, else 0). By default all, in this order. Depth and normals are 0 where they are unknown.

        Returns
        -------
        ndarray of float32, shape (N, 96, 128, C)
            C is the sum of :data:`PARTS_CHANNELS` over the names.

        Raises
        ------
        InputError
            If there is no channel of that name.
        """
        names = names or tuple(PARTS_CHANNELS)
        for name in names:
            one_of("PartsScans.channels", "name", name, tuple(PARTS_CHANNELS))
        return np.concatenate([self._channel(name) for name in names], axis=-1)

    def _channel(self, name: str) -> np.ndarray:
        if name == "intensity":
            return self.intensity[..., None]
        if name == "measured":
            return np.isfinite(self.depth)[..., None].astype(np.float32)
        if name == "depth":
            nearer = np.nanmedian(self.depth, axis=(1, 2), keepdims=True) - self.depth
            return np.nan_to_num(nearer / np.float32(_DEPTH_UNIT))[..., None]
        normals = np.stack([scan_normals(self.scan(number)) for number in range(len(self))])
        return np.nan_to_num(normals).astype(np.float32)


def differences(images: np.ndarray) -> np.ndarray:
    """Return each pixel less the one to its left, modulo the range of the unsigned type; the first one as it is."""
    return np.diff(images, axis=-1, prepend=images.dtype.type(0))


def sums(images: np.ndarray) -> np.ndarray:
    """Undo :func:`differences`."""
    return np.cumsum(images, axis=-1, dtype=images.dtype)


def load_parts(split: str = "train") -> PartsScans:
    """Return the scans of parts in a bin that ship with the library, for segmentation.

    They were made by the simulated scanner (:func:`pcfilter_lib.synthesis.simulate_scan`); recipe and seeds stand in
    ``data_scripts/make_parts.py``.

    Parameters
    ----------
    split : str, default "train"
        ``"train"`` (120 scans), ``"validation"`` (20) or ``"test"`` (40). Each scan has a scene of its own.

    Returns
    -------
    PartsScans

    Raises
    ------
    InputError
        If there is no such split.
    """
    split = one_of("load_parts", "split", split, tuple(PARTS_SPLITS))
    names = tuple(PARTS_SPLITS)
    begin = sum(PARTS_SPLITS[name] for name in names[: names.index(split)])
    own = slice(begin, begin + PARTS_SPLITS[split])
    with np.load(example_path("parts.npz")) as arrays:
        steps = sums(arrays["depth"][own])
        return PartsScans(
            intensity=sums(arrays["intensity"][own]) / np.float32(255),
            depth=np.where(steps > 0, steps * np.float32(DEPTH_STEP), np.float32(np.nan)),
            label=arrays["label"][own],
            object=arrays["object"][own],
            intrinsics=arrays["intrinsics"][own],
        )
