"""The same aggregation as a strategy for Flower, the framework for federated learning on real machines."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.errors import InputError, require
from pcfilter_lib.federated.rules import RULES, aggregate

_LOG = logging.getLogger(__name__)


def aggregate_arrays(
    current: Sequence[np.ndarray],
    received: Sequence[Sequence[np.ndarray]],
    rule: str = "l_nearest",
    *,
    num_malicious: int = 0,
) -> list[np.ndarray]:
    """Move a model by the aggregated difference between what clients return and what they were sent.

    Parameters
    ----------
    current : sequence of ndarray
        The arrays of the model that every client was sent.
    received : sequence of sequence of ndarray
        What each client returned, in the same order and shapes.
    rule : str, optional
        One of ``RULES``. It sees each client's difference from `current` as one vector.
    num_malicious : int, optional
        How many clients may be malicious.

    Returns
    -------
    list of ndarray
        The new model, in the shapes and types of `current`.

    Raises
    ------
    InputError
        If no client returned arrays of the right shapes, or the rule refuses.
    """
    shapes = [np.shape(each) for each in current]
    base = _flat(current)
    fitting = [arrays for arrays in received if [np.shape(each) for each in arrays] == shapes]
    if not fitting:
        remedy = "start the clients with this model"
        raise InputError("aggregate_arrays", "received", "no client returned arrays of the model's shapes", remedy)
    num_malicious = max(
        num_malicious - (len(received) - len(fitting)), 0
    )  # a wrong shape is no mistake of an honest one
    updates = np.stack([_flat(arrays) - base for arrays in fitting])
    moved = base + aggregate(updates, rule, num_malicious=num_malicious)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    parts = zip(np.split(moved, ends), current, strict=True)
    return [part.reshape(np.shape(like)).astype(np.asarray(like).dtype) for part, like in parts]


def flower_strategy(rule: str = "l_nearest", *, num_malicious: int = 0, **options: Any) -> Any:
    """Return a Flower strategy that aggregates by one of the rules here.

    It samples clients, and evaluates, as Flower's ``FedAvg`` does; only what becomes of the returned weights differs.
    Clients count alike, however many examples they say they have: that number is as unguarded as a length.
    A round in which the rule refuses, because too few clients replied for `num_malicious`, is skipped with a warning.
    Flower counts the clients when a round begins: pass ``min_train_nodes``, so that the first one waits for them.

    Parameters
    ----------
    rule : str, optional
        One of ``RULES``.
    num_malicious : int, optional
        How many clients of a round may be malicious.
    **options
        Passed on to ``flwr.serverapp.strategy.FedAvg``, for example ``fraction_train``.

    Returns
    -------
    flwr.serverapp.strategy.Strategy
        The strategy, for ``strategy.start(grid, initial_arrays, num_rounds)`` in a ``ServerApp``.

    Raises
    ------
    InputError
        If there is no such rule.
    MissingExtraError
        If Flower is not installed.
    """
    one_of("flower_strategy", "rule", rule, tuple(RULES))
    whole_number("flower_strategy", "num_malicious", num_malicious, at_least=0)
    return _strategy_class()(rule, num_malicious, options)


@functools.cache
def _strategy_class() -> type:
    """Make the class when it is first needed: Flower is optional."""
    strategies = require("flwr.serverapp.strategy", "flower")
    from flwr.app import ArrayRecord

    class RobustAggregation(strategies.FedAvg):
        """Flower's averaging, with another rule in the place of the mean."""

        def __init__(self, rule: str, num_malicious: int, options: dict[str, Any]):
            super().__init__(**options)
            self.rule, self.num_malicious = rule, num_malicious
            self._sent: ArrayRecord | None = None

        def configure_train(self, server_round, arrays, config, grid):
            self._sent = arrays  # the differences are taken from it when the replies are there
            return super().configure_train(server_round, arrays, config, grid)

        def aggregate_train(self, server_round, replies):
            valid, _ = self._check_and_log_replies(replies, is_train=True)
            if not valid:
                return None, None
            contents = [each.content for each in valid]
            received = [next(iter(each.array_records.values())).to_numpy_ndarrays() for each in contents]
            current = self._sent.to_numpy_ndarrays()
            try:
                arrays = aggregate_arrays(current, received, self.rule, num_malicious=self.num_malicious)
            except InputError as error:  # one round with too few clients must not end a training of days
                _LOG.warning("round %s is skipped and the model stays as it is: %s", server_round, error)
                return None, None
            metrics = self.train_metrics_aggr_fn(contents, self.weighted_by_key)
            named = zip(self._sent.keys(), arrays, strict=True)
            return ArrayRecord({name: _flower_array(array) for name, array in named}), metrics

    return RobustAggregation


def _flower_array(array: np.ndarray) -> Any:
    from flwr.app import Array

    return Array(array)


def _flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(np.asarray(each, np.float64)) for each in arrays])
