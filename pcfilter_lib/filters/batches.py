"""Labelled scans as batches for training, in variations that leave true what is true."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pcfilter_lib._arguments import number_within, one_of, whole_number, whole_numbers
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.data._epochs import EpochBatches
from pcfilter_lib.data.labels import ARTEFACT, UNLABELLED
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.channels import CHANNELS, scan_channels

_INTENSITY, _MODULATION = (
    [CHANNELS.index(name) for name in names]
    for names in (("intensity known", "brightness", "contrast"), ("modulation known", "modulation"))
)


class ScanBatches(EpochBatches):
    """The channels of labelled scans, and their labels, batch by batch.

    In each epoch every scan is seen once, or a few times, in a new order: each time another window of it, mirrored left
    to right and top to bottom with probability 1/2 each, and now and then without its intensity or modulation, so that
    a network learns to do without. All of that depends on the seed and the epoch alone, so that a training that was
    interrupted goes on as it would have.

    Parameters
    ----------
    scans : iterable of OrganizedScan
        With labels, of any sizes; taken one at a time.
    batch_size : int
        Windows in a batch; the last one of an epoch may be smaller.
    seed : int
    window : (int, int), default (128, 128)
        Rows and columns of a window. Smaller scans are filled up with pixels that were not measured.
    around_artefacts : float, default 0.5
        Probability with which the window lies around an artefact, chosen at random, rather than around any point. One
        point in a hundred is an artefact: windows placed evenly would spend most of the time on plain table.
    without_intensity : float, default 0.1
        Probability with which a scan's intensity is hidden.
    without_modulation : float, default 0.3
        Probability with which a scan's modulation is hidden. Few scanners tell it.
    flips : bool, default True
        Whether to mirror.
    windows : int, default 1
        How many windows of each scan an epoch has.
    **kwargs
        As for :class:`keras.utils.PyDataset`.

    Attributes
    ----------
    epoch : int
        The epoch whose batches are in force, from 0.

    Raises
    ------
    InputError
        If there is no scan, or one without a label; if an argument is out of its range.

    Notes
    -----
    The channels are kept in half precision: 28 bytes per pixel, and 5 more for its label and where there is one.
    """

    def __init__(
        self,
        scans: Iterable[OrganizedScan],
        *,
        batch_size: int,
        seed: int,
        window: tuple[int, int] = (128, 128),
        around_artefacts: float = 0.5,
        without_intensity: float = 0.1,
        without_modulation: float = 0.3,
        flips: bool = True,
        windows: int = 1,
        **kwargs,
    ):
        super().__init__(batch_size=batch_size, seed=seed, **kwargs)
        self.window = whole_numbers("ScanBatches", "window", window, 2)
        self.without_intensity = number_within("ScanBatches", "without_intensity", without_intensity, 0, 1)
        self.around_artefacts = number_within("ScanBatches", "around_artefacts", around_artefacts, 0, 1)
        self.without_modulation = number_within("ScanBatches", "without_modulation", without_modulation, 0, 1)
        self.flips = one_of("ScanBatches", "flips", flips, (True, False))
        windows = whole_number("ScanBatches", "windows", windows)
        self.images, self.labels, self._places = [], [], []
        for number, scan in enumerate(scans):
            if scan.label is None:
                raise InputError("ScanBatches", f"scan {number}", "it has no label", "pass labelled scans")
            self.images.append(scan_channels(scan).astype(np.float16))
            label = np.where(scan.valid, scan.label, np.uint8(UNLABELLED))
            self.labels.append(label)
            # Looked for once: in each window of each epoch that would take longer than to cut it out.
            places = (np.flatnonzero(which).astype(np.int32) for which in (label != UNLABELLED, label == ARTEFACT))
            self._places.append(tuple(places))
        if not self.images:
            raise InputError("ScanBatches", "scans", "there is none", "pass at least one labelled scan")
        self.count = len(self.images) * windows

    def batch(self, rows, generator):
        """Return images, float32 of shape (B, H, W, 14), and labels, (B, H, W, 1): 1 true, 0 artefact, 255 neither."""
        images = np.zeros((len(rows), *self.window, len(CHANNELS)), np.float32)
        labels = np.full((len(rows), *self.window, 1), UNLABELLED, np.float32)
        for image, label, row in zip(images, labels, rows, strict=True):
            self._fill(image, label[..., 0], row % len(self.images), generator)
        return images, labels

    def _fill(self, image: np.ndarray, label: np.ndarray, number: int, generator: np.random.Generator) -> None:
        """Write a variation of a scan to `image` and `label`."""
        whole_image, whole_label = self.images[number], self.labels[number]
        places, artefacts = self._places[number]
        if generator.random() < self.around_artefacts and len(artefacts):
            places = artefacts
        place = places[generator.integers(len(places))] if len(places) else 0
        middle = np.unravel_index(place, whole_label.shape)
        here, there = [], []
        for axis, size in enumerate(self.window):
            free = whole_label.shape[axis] - size
            low = middle[axis] - generator.integers(size)
            start = int(np.clip(low, 0, max(free, 0)))
            there.append(slice(start, start + min(size, whole_label.shape[axis])))
            here.append(slice(0, min(size, whole_label.shape[axis])))
        image[tuple(here)] = whole_image[tuple(there)]
        label[tuple(here)] = whole_label[tuple(there)]
        for axis in (0, 1):
            if self.flips and generator.random() < 0.5:
                flip_channels(image, axis)
                label[...] = np.flip(label, axis).copy()
        for share, channels in ((self.without_intensity, _INTENSITY), (self.without_modulation, _MODULATION)):
            if generator.random() < share:
                image[..., channels] = 0


def flip_channels(image: np.ndarray, axis: int) -> None:
    """Mirror the channels of a scan in place: what :func:`scan_channels` makes of the mirrored scan.

    Parameters
    ----------
    image : ndarray, shape (H, W, 14)
    axis : {0, 1}
        0 top to bottom, 1 left to right.
    """
    image[...] = np.flip(image, axis).copy()
    # The step to the next pixel is the step from it seen the other way round, and it is kept one pixel on.
    step = image[..., CHANNELS.index("step down" if axis == 0 else "step right")]
    step = np.moveaxis(step, axis, 0)
    step[:-1] = -step[1:].copy()
    step[-1] = 0
