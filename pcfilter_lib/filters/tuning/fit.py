"""Tuning a filter on labelled scans of one scanner: which learner, which threshold, and what to expect."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib._arguments import number_within
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY
from pcfilter_lib.errors import InputError, require
from pcfilter_lib.files import replacing
from pcfilter_lib.filters._onnx import described
from pcfilter_lib.filters.familiarity import Familiarity, Summary, scan_summary
from pcfilter_lib.filters.tuning.expectation import Expectation
from pcfilter_lib.filters.tuning.learners import Imitation, Points, Trees
from pcfilter_lib.filters.tuning.surroundings import SURROUNDINGS, scan_surroundings
from pcfilter_lib.filters.tuning.tuned import KIND, TunedFilter
from pcfilter_lib.filters.views.labels import PROBABILITY
from pcfilter_lib.provenance import provenance

_MOST_POINTS = 400_000  # of all scans together
_PER_SCAN = (1_500, 40_000)
_DOUBT = 0.2  # the probability of an artefact from which on a point is looked at more closely
_SHARES = (0.4, 0.5, 0.1)  # of the points that are looked at: such points, the others, and those of unknown kind
_FOLDS = 5
_FEWEST = 200  # labelled points of a kind
_FEW_SCANS = 8
_WORTH = 0.02  # of balanced accuracy by which trees have to be better: the network is ten times as fast


class VarietyWarning(UserWarning):
    """The scans that a filter was tuned on are too few or too alike to promise anything about the next one."""


@dataclass(frozen=True)
class Tuning:
    """A tuned filter and what to expect of it.

    Attributes
    ----------
    filter : TunedFilter
        Without a file yet: it scores with the learner itself.
    expectation : Expectation
        Measured on scans that were kept aside, in turns.
    content : bytes
        The filter's file.
    """

    filter: TunedFilter
    expectation: Expectation
    content: bytes

    def save(self, path: str | os.PathLike) -> None:
        """Write the filter's file: all of it or nothing.

        Parameters
        ----------
        path : str or os.PathLike
            Ends in ``.filter``.

        Raises
        ------
        InputError
            If it ends otherwise, or is a folder.
        """
        with replacing(check_target(path)) as temporary:
            temporary.write_bytes(self.content)


def check_target(path: str | os.PathLike) -> Path:
    """Return the path of a filter's file, or raise what says why it cannot be one."""
    path = Path(path)
    if path.is_dir():
        raise InputError(path, "", "it is a folder", "name a file in it that ends in .filter")
    if path.suffix != ".filter":
        raise InputError(path, "", "the name does not end in .filter", f"call it {path.stem}.filter")
    return path


def tune_filter(
    scans: Iterable[OrganizedScan],
    groups: Sequence[str] | None = None,
    keep: float | None = None,
    seed: int = 0,
    origin: Sequence[str] = (),
    progress: bool = True,
) -> Tuning:
    """Fit a filter to labelled scans of one scanner.

    Boosted trees are fitted to the surroundings of the points (:data:`pcfilter_lib.filters.SURROUNDINGS`), and a small
    network learns to imitate them. Whole scans are kept aside in turns, neighbours together, to see how both do on what
    they have not seen, to choose between them, and to choose the threshold.

    Parameters
    ----------
    scans : iterable of OrganizedScan
        With labels, in the order in which they were taken: scans next to each other are alike, and are kept aside
        together. Taken one at a time.
    groups : sequence of str, optional
        To which scene each scan belongs. With three scenes or more whole scenes are kept aside.
    keep : float, optional
        Which share of the true geometry is to be kept. By default the threshold is that with the largest balanced
        accuracy.
    seed : int, default 0
        Chooses the points that are looked at.
    origin : sequence of str, optional
        What the scans are called, for the filter's file.
    progress : bool, default True
        Whether to show progress bars.

    Returns
    -------
    Tuning

    Raises
    ------
    InputError
        If there are not two scans with labels of both kinds, or too few labelled points of a kind.
    MissingExtraError
        If scikit-learn or onnx is not installed.

    Warns
    -----
    VarietyWarning
        If the scans are so few that they promise little about others.
    """
    for module in ("sklearn", "onnx"):
        require(module, "tune")
    if keep is not None:
        keep = number_within("tune_filter", "keep", keep, 0, 1, low_included=False, high_included=False)
    points, summaries = _collect(scans, seed, progress)
    _check_labels(points)
    count = int(points.scan.max()) + 1
    fold = _folds(count, groups)
    expected = {}
    for name in ("trees", "network"):
        expected[name] = np.full(len(points.scan), np.nan, np.float32)
    turns = range(fold.max() + 1)
    for number in tqdm(turns, "kept aside", unit=" turns", leave=False, disable=None if progress else True):
        aside = fold[points.scan] == number
        trees = Trees(points[~aside], seed)
        expected["trees"][aside] = trees(points.features[aside])
        expected["network"][aside] = Imitation(trees, points[~aside], seed)(points.features[aside])
    results = {name: _expected(points, scores, keep) for name, scores in expected.items()}
    name = "network"
    if results["trees"].balanced_accuracy > results["network"].balanced_accuracy + _WORTH:
        name = "trees"
    trees = Trees(points, seed)
    learner = trees if name == "trees" else Imitation(trees, points, seed)
    expectation = results[name]
    _warn_of_little(count, groups)
    familiarity = Familiarity.fit(summaries) if sum(bool(summary) for summary in summaries) >= 2 else None
    card = {
        "kind": KIND,
        "learner": name,
        "threshold": expectation.threshold,
        "keep": keep,
        "expectation": expectation.to_dict(),
        "scans": count,
        "origin": list(origin)[:1_000],
        "versions": {
            k: v for k, v in provenance("numpy", "scikit-learn", "onnx").items() if k in ("pcfilter_lib", "versions")
        },
    }
    content = described(
        learner.to_onnx(),
        {**card, "features": list(SURROUNDINGS), **({"familiarity": familiarity.to_dict()} if familiarity else {})},
    )
    tuned = TunedFilter(
        network=lambda rows: learner(rows.T)[:, None],
        threshold=expectation.threshold,
        card=card,
        familiarity=familiarity,
    )
    return Tuning(tuned, expectation, content)


def _collect(scans: Iterable[OrganizedScan], seed: int, progress: bool) -> tuple[Points, list[Summary]]:
    """Return some points of each scan, and what the scans look like."""
    scans = scans if hasattr(scans, "__len__") else list(scans)
    budget = int(np.clip(_MOST_POINTS / max(len(scans), 1), *_PER_SCAN))
    parts, summaries = [], []
    bar = tqdm(scans, "read", len(scans), unit=" scans", leave=False, disable=None if progress else True)
    for number, scan in enumerate(bar):
        if scan.label is None:
            raise InputError("tune_filter", f"scan {number}", "it has no label", "pass labelled scans (pcfilter label)")
        generator = np.random.default_rng([seed, number])
        probability = _probability(scan)
        doubtful, unknown = probability >= _DOUBT, np.isnan(probability)
        most = min(budget, 2 * np.count_nonzero(~unknown))
        chosen, weight = [], []
        for share, kind in zip(_SHARES, (doubtful, ~doubtful & ~unknown, unknown), strict=True):
            here = np.flatnonzero(kind)
            some = generator.choice(here, min(len(here), int(share * most)), replace=False)
            chosen.append(np.sort(some))
            weight.append(np.full(len(some), len(here) / max(len(some), 1)))
        chosen = np.concatenate(chosen)
        features = scan_surroundings(scan)[chosen]
        numbers = np.full(len(chosen), number)
        parts.append(Points(features, probability[chosen], np.concatenate(weight), numbers))
        summaries.append(scan_summary(scan))
    if len(parts) < 2:
        problem = "one labelled scan teaches nothing about the next" if parts else "there is no labelled scan"
        raise InputError("tune_filter", "scans", problem, "pass at least two, better twenty or more")
    return Points.joined(parts), summaries


def _probability(scan: OrganizedScan) -> np.ndarray:
    """Return the probability that each point is an artefact: what views say, unless a label says otherwise."""
    label = scan.label[scan.valid]
    known = np.select([label == ARTEFACT, label == TRUE_GEOMETRY], [1.0, 0.0], np.nan)
    if PROBABILITY not in scan.extras:
        return known
    said = scan.extras[PROBABILITY][scan.valid].astype(np.float64)
    corrected = (label == ARTEFACT) & (said < 0.5) | (label == TRUE_GEOMETRY) & (said > 0.5)  # by hand
    return np.where(np.isfinite(said) & ~corrected, said, known)


def _expected(points: Points, scores: np.ndarray, keep: float | None) -> Expectation:
    """Return what to expect: a point of doubtful kind counts as either, in proportion to its probability."""
    known = points.known
    probability, scores, scan = points.probability[known], scores[known], points.scan[known]
    label = np.repeat(np.array([ARTEFACT, TRUE_GEOMETRY], np.uint8), len(scores))
    weight = np.tile(points.weight[known], 2) * np.concatenate([probability, 1 - probability])
    return Expectation.of(np.tile(scores, 2), label, weight, np.tile(scan, 2), keep)


def _check_labels(points: Points) -> None:
    """Raise what says which labels are missing."""
    remedy = "label more scans, with other parts or other poses (pcfilter label)"
    known = points[points.known]
    for probability, name in ((known.probability, "artefacts"), (1 - known.probability, "true geometry")):
        if (number := (known.weight * probability).sum()) < _FEWEST:
            problem = f"only {number:.0f} points are labelled as {name}; {_FEWEST} are the least"
            raise InputError("tune_filter", "labels", problem, remedy)
        if len(np.unique(known.scan[probability > 0.5])) < 2:
            problem = f"{name} are labelled in one scan only, so that none can be kept aside"
            raise InputError("tune_filter", "labels", problem, remedy)


def _folds(count: int, groups: Sequence[str] | None) -> np.ndarray:
    """Return in which turn each scan is kept aside: whole scenes, or stretches of scans that follow each other."""
    if groups is not None:
        if len(groups) != count:
            problem = f"there are {len(groups)} for {count} scans"
            raise InputError("tune_filter", "groups", problem, "name the scene of each scan")
        names, place = np.unique(groups, return_inverse=True)
        if len(names) >= 3:
            return place * min(_FOLDS, len(names)) // len(names)
    return np.arange(count) * min(_FOLDS, count) // count


def _warn_of_little(count: int, groups: Sequence[str] | None) -> None:
    scenes = len(set(groups)) if groups is not None else 1
    if count < _FEW_SCANS:
        text = f"these are only {count} scans: what was measured by keeping them aside says little about the next one"
        warnings.warn(f"{text}. Remedy: label scans of other parts and from other sides.", VarietyWarning, stacklevel=3)
    elif scenes < 2:
        text = "all scans are of one scene: expect less of another one"
        warnings.warn(
            f"{text}. Remedy: pass labelled views of several scenes, a folder each.", VarietyWarning, stacklevel=3
        )
