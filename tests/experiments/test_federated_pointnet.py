"""The experiment on a PointNet that learns from many senders."""

import importlib.util
from pathlib import Path

import isolation
import pytest

from pcfilter_lib import results

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("federated_pointnet", ROOT / "experiments" / "federated_pointnet.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_few_rounds_of_each_case(script):
    for case in script.CASES:
        with isolation.seeded(0):  # the experiment seeds Keras
            assert 0 <= script.train(case, rounds=2, per_sender=4, test=2) <= 1


def test_the_rows_of_a_backend_are_renewed_and_the_others_kept(script):
    def rows(backend, accuracy):
        return [{"case": case, "backend": backend, "accuracy": accuracy} for case in reversed(script.CASES)]

    record = script.merged({}, "torch", rows("torch", 0.5))
    record = script.merged(record, "jax", rows("jax", 0.6))
    record = script.merged(record, "torch", rows("torch", 0.7))
    assert [row["backend"] for row in record["runs"]] == ["jax"] * 5 + ["torch"] * 5
    assert [row["case"] for row in record["runs"][5:]] == list(script.CASES)
    assert {row["accuracy"] for row in record["runs"][5:]} == {0.7}
    assert set(record["provenance"]) == {"jax", "torch"}


def test_the_committed_results_are_of_this_experiment_on_three_backends(script):
    record = results.load("federated_pointnet")
    found = {(row["case"], row["backend"]) for row in record["runs"]}
    assert found == {(case, backend) for case in script.CASES for backend in ("jax", "tensorflow", "torch")}
    assert (record["rounds"], record["senders"], record["points"]) == (script.ROUNDS, script.SENDERS, script.POINTS)
