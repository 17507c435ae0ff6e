"""Labels without anybody who paints them: views of one scene label each other."""

from __future__ import annotations

import dataclasses
import functools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special
from tqdm import tqdm

from pcfilter_lib import weights
from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters._onnx import OnnxNetwork
from pcfilter_lib.filters.views._geometry import View
from pcfilter_lib.filters.views.choosing import Overlaps
from pcfilter_lib.filters.views.counts import count_votes, labels_of_counts, probability_of_counts
from pcfilter_lib.filters.views.evidence import EVIDENCE, gather_evidence
from pcfilter_lib.filters.views.noise import NoiseModel, estimate_noise

#: What an extra of labelled views is called: how probable it is that a point is an artefact.
PROBABILITY = "artefact_probability"
#: Of larger views every second (third, ...) row and column are labelled, so that about so many pixels are.
MOST_PIXELS = 100_000
_PAIRS = 24
_KEPT = 40  # views that stay in memory
_POOR = 0.4  # times the differences between views is the noise within them
_WEIGHED, _COUNTED = 16, 40  # views that are asked; with fewer than the second, poor poses make counting worthless
_SIGMAS = np.float32(3)


class PoseWarning(UserWarning):
    """The poses of some views are worse than the scanner's noise, so that small artefacts cannot be told."""


class ViewLabeller:
    """Labels the points of views by what the other views of the scene measured.

    A point is an artefact where other cameras look through it, or where it lies behind a surface that they measured; it
    is true geometry where they measured it again. How much each kind of evidence weighs was learned on simulated views,
    whose truth is known: see :data:`pcfilter_lib.filters.views.evidence.EVIDENCE`. Where more than forty views
    differ by far more from each other than the noise within them, more of them are asked instead, and their votes
    counted, see :func:`pcfilter_lib.filters.views.counts.count_votes`. How a point looks in its own view plays no
    part, so that a filter can be fitted to these labels.

    Parameters
    ----------
    views : sequence of OrganizedScan or of objects with ``load()``
        Posed scans of one scene that does not move, with intrinsics. With ``load()``
        (:func:`pcfilter_lib.data.find_views`), only about twenty are in memory at a time.
    others : int, optional
        How many other views are asked about each: by default 16 that see the same place from different sides, or 40
        that see it at all where votes are counted.
    tolerance : float, optional
        How far off the surface a point may be and still be true geometry, m. By default
        :meth:`NoiseModel.tolerance` at its depth, and three standard deviations where votes are counted.
    noise : NoiseModel, optional
        Estimated from the views themselves by default.
    stride : int, optional
        Labels every so many rows and columns; by default so that about 100,000 pixels a view are.

    Attributes
    ----------
    noise : NoiseModel
    counting : bool
        Whether votes are counted, because the poses are poor and there are many views.

    Raises
    ------
    InputError
        If there are fewer than three views, they do not overlap, or one cannot be used.

    Warns
    -----
    PoseWarning
        If the views differ by far more from each other than the noise within them.
    """

    def __init__(
        self,
        views: Sequence[Any],
        others: int | None = None,
        tolerance: float | None = None,
        noise: NoiseModel | None = None,
        stride: int | None = None,
    ):
        if others is not None:
            others = whole_number("label_by_views", "others", others, at_least=2)
        self.stride = None if stride is None else whole_number("label_by_views", "stride", stride)
        if tolerance is not None:
            tolerance = number_within("label_by_views", "tolerance", tolerance, 1e-9, 1e3)
        self.tolerance = tolerance
        self._sources = list(views)
        if len(self._sources) < 3:
            problem = f"there {'is one view' if len(self._sources) == 1 else f'are {len(self._sources)} views'}"
            raise InputError("label_by_views", "views", problem, "pass at least three that see the same place")
        self._load = functools.lru_cache(maxsize=_KEPT)(self._view)
        self._overlaps = Overlaps()
        for number in range(len(self._sources)):
            self._overlaps.add(self._load(number))
        self.noise = noise or estimate_noise(self._pairs())
        self.counting = self.noise.within < _POOR and len(self) > _COUNTED
        if noise is None:
            self._warn()
        self.others = others or (_COUNTED if self.counting else _WEIGHED)
        chosen = self._overlaps.spread if self.counting else self._overlaps.choose
        self._chosen = [chosen(number, self.others) for number in range(len(self._sources))]

    def __len__(self) -> int:
        return len(self._sources)

    def _view(self, number: int) -> View:
        source = self._sources[number]
        try:
            return View(source.load() if hasattr(source, "load") else source)
        except InputError as error:
            name = getattr(source, "path", None) or f"view {number}"
            raise (
                error
                if hasattr(source, "load") and error.source != "scan"
                else InputError(name, error.place, error.problem, error.remedy)
            ) from None

    def _pairs(self) -> list[tuple[View, View]]:
        step = max(1, math.ceil(len(self) / (_PAIRS // 2)))
        pairs = [(i, j) for i in range(0, len(self), step) for j in self._overlaps.choose(i, 2)]
        return [(self._load(i), self._load(j)) for i, j in pairs]

    def _warn(self) -> None:
        if self.noise.within >= _POOR:
            return
        counted = " Votes of many views are counted." if self.counting else ""
        smallest = 1000 * self.tolerance_at(np.ones(1, np.float32))[0]
        warnings.warn(
            f"the views differ by {1 / self.noise.within:.1f} times as much as the noise within them: the poses, or "
            f"the calibration, are worse than the scanner.{counted} Artefacts nearer to a surface than {smallest:.1f} "
            "mm at 1 m are not found. Remedy: better poses (register the views again, or data.register_views).",
            PoseWarning,
            stacklevel=4,
        )

    def tolerance_at(self, depth: np.ndarray) -> np.ndarray:
        """Return the tolerance at some depths, both in metres."""
        if self.tolerance is None:
            return _SIGMAS * self.noise(depth) if self.counting else self.noise.tolerance(depth)
        return np.full(np.shape(depth), self.tolerance, np.float32)

    def label(self, number: int) -> OrganizedScan:
        """Return a view with labels.

        Parameters
        ----------
        number : int
            Its place among the views.

        Returns
        -------
        OrganizedScan
            With label 1, 0, or 255 where the others do not agree or do not see enough, and the extras
            ``confirmations`` and ``contradictions``, how many of the other views speak for and against a point, and
            ``artefact_probability``, NaN where none of them does.
        """
        view = self._load(number)
        stride = self.stride or max(1, math.ceil(math.sqrt(view.scan.valid.size / MOST_PIXELS)))
        some = view.every(stride)
        label, confirmations, contradictions, probability = (self._count if self.counting else self._ask)(number, some)
        images = {}
        for name, values, empty, kind in (
            ("label", label, UNLABELLED, np.uint8),
            ("confirmations", confirmations, 0, np.uint8),
            ("contradictions", contradictions, 0, np.uint8),
            (PROBABILITY, probability, np.nan, np.float16),
        ):
            image = np.full(view.scan.valid.size, empty, kind)
            image[some.pixels] = values.astype(kind)
            images[name] = image.reshape(view.shape)
        return dataclasses.replace(view.scan, label=images.pop("label"), extras=view.scan.extras | images)

    def _ask(self, number: int, some: View) -> tuple[np.ndarray, ...]:
        """Return labels, confirmations, contradictions and probabilities, all evidence weighed."""
        evidence = gather_evidence(some, map(self._load, self._chosen[number]), self.tolerance_at(some.points[:, 2]))
        score, limits = _weigh(evidence)
        label = np.full(len(some.pixels), UNLABELLED, np.uint8)
        label[score >= limits["true"]] = TRUE_GEOMETRY
        label[score <= limits["artefact"]] = ARTEFACT
        unseen = evidence[:, EVIDENCE.index("views")] == 0
        label[unseen] = UNLABELLED
        probability = np.where(unseen, np.nan, special.expit(-score))
        return label, *(evidence[:, EVIDENCE.index(name)] for name in ("near 1", "either")), probability

    def _count(self, number: int, some: View) -> tuple[np.ndarray, ...]:
        """Return labels, confirmations, contradictions and probabilities, all votes counted."""
        counts = count_votes(some, map(self._load, self._chosen[number]), self.tolerance_at(some.points[:, 2]))
        return labels_of_counts(*counts), *counts, probability_of_counts(*counts)


def label_by_views(views: Sequence[Any], progress: bool = True, **options: Any) -> list[OrganizedScan]:
    """Label views of one scene by each other, without anybody who paints a mask.

    Parameters
    ----------
    views : sequence of OrganizedScan or of objects with ``load()``
        See :class:`ViewLabeller`.
    progress : bool, default True
        Whether to show a progress bar.
    **options
        As for :class:`ViewLabeller`.

    Returns
    -------
    list of OrganizedScan
        With labels, in the order of the views; see :meth:`ViewLabeller.label`.

    Raises
    ------
    InputError
        See :class:`ViewLabeller`.

    Notes
    -----
    That a surface seen from elsewhere contradicts what lies in front of it is the visibility constraint of Merrell et
    al., *Real-time visibility-based fusion of depth maps* (ICCV 2007).
    """
    labeller = ViewLabeller(views, **options)
    numbers = tqdm(range(len(labeller)), unit=" views", leave=False, disable=None if progress else True)
    return [labeller.label(number) for number in numbers]


@functools.cache
def _votes() -> OnnxNetwork:
    return OnnxNetwork(weights.path("view-votes", ".onnx"))


def _weigh(evidence: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """Return the logarithm of the odds that points are true geometry, and from where on they count as what."""
    network = _votes()
    return network(evidence)[:, 0], network.description["limits"]
