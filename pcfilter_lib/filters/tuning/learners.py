"""What can be fitted to the surroundings of labelled points: boosted trees, and a small network that imitates them."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY
from pcfilter_lib.errors import require
from pcfilter_lib.filters._trees_onnx import trees_to_onnx
from pcfilter_lib.filters.tuning._dense_onnx import dense_to_onnx

_ROUNDS, _LEAVES = 100, 15
_HIDDEN = (32, 16)
_STEPS, _BATCH, _EPOCHS = 10_000, 512, 30
# Log odds by which a point has to be an artefact more likely than not to be drawn as one half of the time: as artefacts
# are rare, a few wrong ones among those that are drawn weigh more than a few that are missed.
_CAUTION = 2.0
_FARTHEST = 8.0  # log odds beyond which the network need not imitate


@dataclass(frozen=True)
class Points:
    """Some points of some scans.

    Parameters
    ----------
    features : ndarray of float32, shape (n, F)
    probability : ndarray of float, shape (n,)
        That the point is an artefact; NaN where nothing is known.
    weight : ndarray of float, shape (n,)
        How many points of the scan each of them stands for.
    scan : ndarray of int, shape (n,)
        The number of its scan.
    """

    features: np.ndarray
    probability: np.ndarray
    weight: np.ndarray
    scan: np.ndarray

    def __getitem__(self, some: np.ndarray) -> Points:
        return Points(*(getattr(self, field.name)[some] for field in dataclasses.fields(self)))

    @property
    def known(self) -> np.ndarray:
        """Which points something is known about."""
        return np.isfinite(self.probability)

    @classmethod
    def joined(cls, parts: list[Points]) -> Points:
        """Return all points of several, one after the other."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class Trees:
    """Gradient-boosted trees. Artefacts and true geometry weigh the same altogether.

    A point that is an artefact with some probability is drawn as one that often, and otherwise as true geometry. Most
    of what views know about artefacts they know about points that they cannot label.

    Parameters
    ----------
    points : Points
    seed : int
    """

    def __init__(self, points: Points, seed: int = 0):
        ensemble = require("sklearn.ensemble", "tune")
        points = points[points.known]
        # Drawn by their weights rather than weighted: scikit-learn's bins take minutes with weights, a second without.
        generator = np.random.default_rng(seed)
        half = len(points.scan) // 2
        cautious = special.expit(special.logit(points.probability) - _CAUTION)
        drawn = [
            np.sort(generator.choice(len(chance), half, p=chance / chance.sum()))
            for chance in (points.weight * cautious, points.weight * (1 - points.probability))
        ]
        label = np.repeat([ARTEFACT, TRUE_GEOMETRY], half)
        self.trees = ensemble.HistGradientBoostingClassifier(
            max_iter=_ROUNDS,
            max_leaf_nodes=_LEAVES,
            min_samples_leaf=int(np.clip(half // 250, 20, 200)),
            l2_regularization=10,
            early_stopping=False,
            random_state=seed,
        )
        self.trees.fit(points.features[np.concatenate(drawn)], label)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return the log odds of true geometry, (n, F) to (n,)."""
        return self.trees.decision_function(features).astype(np.float32)

    def to_onnx(self) -> bytes:
        """Return the trees as an ONNX model, which takes a feature a row."""
        return trees_to_onnx(self.trees, self.trees.n_features_in_, rows=True)


class Imitation:
    """A small network that says what trees say, several times as fast.

    It learns from all points, unlabelled ones included: the trees have an opinion on them too (Bucila, Caruana and
    Niculescu-Mizil, *Model compression*, KDD 2006).

    Parameters
    ----------
    trees : Trees
    points : Points
    seed : int
    """

    def __init__(self, trees: Trees, points: Points, seed: int = 0):
        neural = require("sklearn.neural_network", "tune")
        features = points.features
        self.mean, deviation = features.mean(axis=0), features.std(axis=0)
        self.deviation = np.where(deviation > 1e-6, deviation, 1).astype(np.float32)
        epochs = int(np.clip(_STEPS * _BATCH / len(features), 3, _EPOCHS))
        self.network: Any = neural.MLPRegressor(
            hidden_layer_sizes=_HIDDEN,
            alpha=1e-4,
            batch_size=min(_BATCH, len(features)),
            learning_rate_init=2e-3,
            max_iter=epochs,
            n_iter_no_change=epochs,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", require("sklearn.exceptions", "tune").ConvergenceWarning)
            self.network.fit(self._standard(features), np.clip(trees(features), -_FARTHEST, _FARTHEST))

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return an estimate of the log odds of true geometry, (n, F) to (n,)."""
        return self.network.predict(self._standard(features)).astype(np.float32)

    def _standard(self, features: np.ndarray) -> np.ndarray:
        return (features - self.mean) / self.deviation

    def to_onnx(self) -> bytes:
        """Return the network as an ONNX model, which takes a feature a row."""
        (first, *weights), (bias, *biases) = self.network.coefs_, self.network.intercepts_
        # To standardise is part of the first layer: that spares two passes over all features.
        first = first / self.deviation[:, None]
        return dense_to_onnx([first, *weights], [bias - self.mean @ first, *biases])
