"""Gradient-boosted trees on local features: what is possible without a network, and what a network has to beat."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from scipy import ndimage

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data import OrganizedScan, scan_normals
from pcfilter_lib.data.labels import ARTEFACT, UNLABELLED
from pcfilter_lib.errors import InputError, require
from pcfilter_lib.filters.base import ArtefactFilter, spread
from pcfilter_lib.filters.channels import CHANNELS, ChannelMaker, scan_channels
from pcfilter_lib.filters.footprint import footprint_angle

_WINDOWS = (5, 17, 65)
_AROUND = ("residual 5", "residual 17", "contrast")
_SHIFTS = (1, 3)
_TRUE_PER_ARTEFACT = 6


def local_features(scan: OrganizedScan) -> tuple[np.ndarray, list[str]]:
    """Return what is known about each measured point and its surroundings.

    The channels that the network sees (:data:`pcfilter_lib.filters.CHANNELS`); how far the depth lies behind the mean
    within 5 x 5, 17 x 17 and 65 x 65 pixels; some of these 1 and 3 pixels to the left, right, above and below; how
    much the first spreads within 5 x 5 pixels; the largest step within 3 x 3 and 7 x 7; the slant of the surface; the
    distance to the next hole.

    Parameters
    ----------
    scan : OrganizedScan

    Returns
    -------
    features : ndarray of float32, shape (n, 46)
        Of the n measured points, row by row.
    names : list of str
        What the columns are.
    """
    channels = dict(zip(CHANNELS, np.moveaxis(scan_channels(scan), -1, 0), strict=True))
    channels |= {f"residual {window}": image for window, image in zip(_WINDOWS, residuals(scan), strict=True)}
    images = dict(channels)
    for name in _AROUND:
        for far in _SHIFTS:
            padded = np.pad(channels[name], far)
            for where, rows, columns in (
                ("left", far, 0),
                ("right", far, 2 * far),
                ("above", 0, far),
                ("below", 2 * far, far),
            ):
                there = padded[rows : rows + scan.shape[0], columns : columns + scan.shape[1]]
                images[f"{name}, {far} {where}"] = there
    residual = channels["residual 5"]
    mean, square = ndimage.uniform_filter(residual, 5), ndimage.uniform_filter(residual**2, 5)
    images["spread 5"] = np.sqrt(np.maximum(square - mean**2, 0))
    largest = np.maximum(np.abs(channels["step right"]), np.abs(channels["step down"]))
    for window in (3, 7):
        images[f"largest step {window}"] = ndimage.maximum_filter(largest, window)
    with np.errstate(invalid="ignore"):
        sight = scan.xyz / np.linalg.norm(scan.xyz, axis=-1, keepdims=True)
        images["slant"] = -np.einsum("hwi,hwi->hw", np.nan_to_num(scan_normals(scan)), np.nan_to_num(sight))
    inside = np.pad(scan.valid, 1)  # what lies beyond the border was not measured either
    images["hole distance"] = np.log1p(ndimage.distance_transform_edt(inside)[1:-1, 1:-1])
    names = list(images)
    return np.stack([images[name][scan.valid] for name in names], axis=1).astype(np.float32), names


def residuals(scan: OrganizedScan) -> list[np.ndarray]:
    """Return how far points lie behind the mean around them, as the network saw it before it was shown plane residuals.

    Parameters
    ----------
    scan : OrganizedScan

    Returns
    -------
    list of ndarray of float32, shape (H, W)
        ``asinh(4 r)`` with ``r = (z <1/z> - 1) / angle`` in footprints, for windows of 5, 17 and 65 pixels; 0 where
        nothing was measured, and everywhere if the angle between rays is not known.
    """
    maker = ChannelMaker(scan)
    seen, angle = maker.seen(), footprint_angle(scan)
    if not np.isfinite(angle):
        return [np.zeros(scan.shape, np.float32)] * len(_WINDOWS)
    inverse = np.divide(1, scan.depth, out=np.zeros(scan.shape), where=seen)
    images = []
    for window in _WINDOWS:
        mean, share = (ndimage.uniform_filter(each, window, mode="constant") for each in (inverse, seen * 1.0))
        behind = (scan.depth * mean / np.maximum(share, 1e-9) - 1) / angle
        images.append(np.where(seen, np.arcsinh(4 * behind), 0).astype(np.float32))
    return images


@dataclass(frozen=True, kw_only=True)
class BoostedTrees(ArtefactFilter):
    """Gradient-boosted decision trees on :func:`local_features`. Make one with :meth:`fit`.

    The score is the logarithm of the odds that a point is true geometry.

    References
    ----------
    Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of Statistics 29.
    """

    name: ClassVar[str] = "boosted trees"
    trees: Any = field(repr=False)
    threshold: float = 0.0

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return the log odds of true geometry."""
        features, _ = local_features(scan)
        if not len(features):
            return spread(features[:, 0], scan)
        return spread(self.trees.decision_function(features), scan)

    @classmethod
    def fit(cls, scans: Iterable[OrganizedScan], seed: int = 0, rounds: int = 300) -> BoostedTrees:
        """Return a filter that was fitted to labelled scans, with the threshold 0.

        Parameters
        ----------
        scans : iterable of OrganizedScan
            With labels; taken one at a time. Of each, all artefacts and six times as many other points are used, with
            weights that restore the proportion.
        seed : int, default 0
            Chooses these points.
        rounds : int, default 300
            How many trees.

        Returns
        -------
        BoostedTrees

        Raises
        ------
        InputError
            If a scan has no label, or all of them together lack a class.
        MissingExtraError
            If scikit-learn is not installed.
        """
        ensemble = require("sklearn.ensemble", "learn")
        rounds = whole_number("BoostedTrees", "rounds", rounds)
        generator = np.random.default_rng(seed)
        features, labels, weights = [], [], []
        for number, scan in enumerate(scans):
            if scan.label is None:
                raise InputError("BoostedTrees", f"scan {number}", "it has no label", "pass labelled scans")
            label = scan.label[scan.valid]
            wrong, true = np.flatnonzero(label == ARTEFACT), np.flatnonzero((label != ARTEFACT) & (label != UNLABELLED))
            some = min(len(true), max(_TRUE_PER_ARTEFACT * len(wrong), 500))
            chosen = np.concatenate([wrong, generator.choice(true, some, replace=False)])
            features.append(local_features(scan)[0][chosen])
            labels.append(label[chosen])
            weights.append(np.concatenate([np.ones(len(wrong)), np.full(some, len(true) / max(some, 1))]))
        labels = np.concatenate(labels) if labels else np.zeros(0)
        if len(np.unique(labels)) < 2:
            problem = "there are not both artefacts and true geometry in them"
            raise InputError("BoostedTrees", "scans", problem, "pass scans with labels of both kinds")
        trees = ensemble.HistGradientBoostingClassifier(
            max_iter=rounds, learning_rate=0.1, max_leaf_nodes=63, min_samples_leaf=40, random_state=seed
        )
        trees.fit(np.concatenate(features), labels, sample_weight=np.concatenate(weights))
        return cls(trees=trees)
