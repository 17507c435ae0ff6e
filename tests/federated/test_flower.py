"""The aggregation that the strategy for Flower uses; Flower itself is run by `benchmarks/bench_flower.py`."""

import importlib.util
import logging
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from pcfilter_lib import federated, results
from pcfilter_lib.errors import InputError, MissingExtraError

CURRENT = [np.arange(6, dtype="float32").reshape(2, 3), np.zeros(2, "float32")]


def returned(by, count=5):
    random = np.random.default_rng(0)
    steps = [by + 0.01 * random.normal(size=8) for _ in range(count)]
    return [[CURRENT[0] + step[:6].reshape(2, 3), CURRENT[1] + step[6:]] for step in steps]


def test_the_mean_is_what_flower_does():
    received = returned(np.ones(8))
    moved = federated.aggregate_arrays(CURRENT, received, "mean")
    for place, array in enumerate(moved):
        np.testing.assert_allclose(array, np.mean([each[place] for each in received], axis=0), atol=1e-6)
        assert array.dtype == np.float32 and array.shape == CURRENT[place].shape


def test_a_client_that_goes_the_other_way_is_left_out():
    honest = returned(np.ones(8))
    liar = [CURRENT[0] - 100, CURRENT[1] - 100]
    moved = federated.aggregate_arrays(CURRENT, [*honest, liar], "l_nearest", num_malicious=1)
    expected = federated.aggregate_arrays(CURRENT, honest, "mean")
    for found, array in zip(moved, expected, strict=True):
        np.testing.assert_allclose(found, array, atol=1e-6)


def test_arrays_of_another_shape_are_left_out_and_counted():
    honest = returned(np.ones(8))
    spoilt = [[np.zeros((3, 2)), np.zeros(2)], [np.zeros(2)]]
    moved = federated.aggregate_arrays(CURRENT, [*honest, *spoilt], "trimmed_mean", num_malicious=2)
    expected = federated.aggregate_arrays(CURRENT, honest, "mean")
    np.testing.assert_allclose(moved[0], expected[0], atol=1e-6)
    with pytest.raises(InputError, match="no client"):
        federated.aggregate_arrays(CURRENT, spoilt)


def test_rule_and_number_are_checked_before_flower_is_looked_for():
    with pytest.raises(InputError, match="rule"):
        federated.flower_strategy("vote")
    with pytest.raises(InputError, match="num_malicious"):
        federated.flower_strategy(num_malicious=-1)


@pytest.mark.skipif(importlib.util.find_spec("flwr") is not None, reason="Flower is installed")
def test_without_flower_the_error_names_the_extra():
    with pytest.raises(MissingExtraError, match="flower"):
        federated.flower_strategy()


@pytest.fixture
def strategy(monkeypatch):
    """The strategy, on stand-ins for the four things of Flower that it uses."""
    from pcfilter_lib.federated import flower

    class Arrays(dict):
        def to_numpy_ndarrays(self):
            return list(self.values())

    class FedAvg:
        weighted_by_key = "num-examples"

        def configure_train(self, server_round, arrays, config, grid):
            return []

        def _check_and_log_replies(self, replies, is_train):
            return replies, []

        def train_metrics_aggr_fn(self, contents, key):
            return len(contents)

    modules = {name: ModuleType(name) for name in ("flwr", "flwr.app", "flwr.serverapp", "flwr.serverapp.strategy")}
    modules["flwr.app"].ArrayRecord, modules["flwr.app"].Array = Arrays, np.asarray
    modules["flwr.serverapp.strategy"].FedAvg = FedAvg
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    flower._strategy_class.cache_clear()
    made = flower.flower_strategy("l_nearest", num_malicious=2)
    made.configure_train(1, Arrays(weights=CURRENT[0], bias=CURRENT[1]), {}, None)
    yield made, Arrays
    flower._strategy_class.cache_clear()


def replies(received, arrays):
    named = [arrays(weights=each[0], bias=each[1]) for each in received]
    return [SimpleNamespace(content=SimpleNamespace(array_records={"arrays": each})) for each in named]


def test_the_strategy_keeps_the_names_of_the_arrays(strategy):
    made, arrays = strategy
    moved, metrics = made.aggregate_train(1, replies(returned(np.ones(8)), arrays))
    assert list(moved) == ["weights", "bias"] and metrics == 5
    np.testing.assert_allclose(moved["weights"], CURRENT[0] + 1, atol=0.05)


def test_a_round_with_too_few_clients_is_skipped(strategy, caplog):
    made, arrays = strategy
    with caplog.at_level(logging.WARNING):
        assert made.aggregate_train(3, replies(returned(np.ones(8), count=2), arrays)) == (None, None)
    assert "round 3 is skipped" in caplog.text and "2 of 2 senders" in caplog.text


def test_the_committed_results_are_of_the_benchmark():
    record = results.load("flower")
    rows = {row["strategy"]: row for row in record["rows"]}
    assert len(rows) == 7 and record["clients"] == 20 and {row["malicious"] for row in rows.values()} == {0, 4}
    assert {"flwr", "ray", "numpy", "scikit-learn"} <= set(record["provenance"]["versions"])
