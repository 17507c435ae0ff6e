"""Run the robust aggregation of `pcfilter_lib.federated` inside Flower's simulation, beside Flower's own strategies.

    pip install '.[flower,learn]'
    python benchmarks/bench_flower.py [--rounds 20] [--write]

Twenty clients share scikit-learn's digits; the last four send back a model that has moved the wrong way, a hundred
times as far. Each strategy starts from the same zero weights. `--write` renews `pcfilter_lib/results/flower.json`.
Flower starts the clients as actors of Ray, which takes most of the time.
"""

from __future__ import annotations

import argparse
import json
import os
import time

os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg, FedMedian, MultiKrum
from flwr.simulation import run_simulation
from sklearn.datasets import load_digits

from pcfilter_lib import federated, results
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

FILE = results.path("flower")
CLIENTS, MALICIOUS, TRAIN = 20, 4, 1437
LOCAL_STEPS, RATE, SHOUT = 5, 0.8, 100.0

#: name -> the strategy, and whether there are malicious clients
STRATEGIES = {
    "Flower FedAvg, all honest": (lambda options: FedAvg(**options), False),
    "Flower FedAvg": (lambda options: FedAvg(**options), True),
    "Flower FedMedian": (lambda options: FedMedian(**options), True),
    "Flower MultiKrum": (
        lambda options: MultiKrum(num_malicious_nodes=MALICIOUS, num_nodes_to_select=CLIENTS - MALICIOUS, **options),
        True,
    ),
    "mean, all honest": (lambda options: federated.flower_strategy("mean", **options), False),
    "l nearest": (lambda options: federated.flower_strategy("l_nearest", num_malicious=MALICIOUS, **options), True),
    "geometric median": (
        lambda options: federated.flower_strategy("geometric_median", num_malicious=MALICIOUS, **options),
        True,
    ),
}


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return all digits in an order of their own: pictures in [0, 1] and one-hot labels."""
    x, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    return x[order] / 16, np.eye(10)[labels[order]]


def gradient(weights: np.ndarray, bias: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradient of the softmax regression's mean cross-entropy."""
    scores = x @ weights + bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    error = powers / powers.sum(axis=1, keepdims=True) - y
    return x.T @ error / len(x), error.mean(axis=0)


def client(hostile: bool) -> ClientApp:
    """Return the app that every client runs."""
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        number = int(context.node_config["partition-id"])
        x, y = (each[:TRAIN][number::CLIENTS] for each in digits())
        start = weights, bias = message.content["arrays"].to_numpy_ndarrays()
        for _ in range(LOCAL_STEPS):
            steps = gradient(weights, bias, x, y)
            weights, bias = (array - RATE * step for array, step in zip((weights, bias), steps, strict=True))
        if hostile and number >= CLIENTS - MALICIOUS:
            weights, bias = (a - SHOUT * (b - a) for a, b in zip(start, (weights, bias), strict=True))
        content = {"arrays": ArrayRecord([weights, bias]), "metrics": MetricRecord({"num-examples": len(x)})}
        return Message(content=RecordDict(content), reply_to=message)

    return app


def run(name: str, rounds: int) -> dict[str, object]:
    """Simulate one strategy; return the accuracy on test digits and the time."""
    make, hostile = STRATEGIES[name]
    found: dict[str, object] = {"strategy": name, "malicious": MALICIOUS if hostile else 0, "rounds": rounds}
    server = ServerApp()

    @server.main()
    def main(grid: Grid, context: Context) -> None:
        everyone = {"min_available_nodes": CLIENTS, "min_train_nodes": CLIENTS}  # also those that register late
        options = {"fraction_train": 1.0, "fraction_evaluate": 0.0, **everyone}
        start = time.perf_counter()
        initial = ArrayRecord([np.zeros((64, 10)), np.zeros(10)])
        result = make(options).start(grid=grid, initial_arrays=initial, num_rounds=rounds)
        found["seconds a round"] = round((time.perf_counter() - start) / rounds, 3)
        weights, bias = result.arrays.to_numpy_ndarrays()
        x, y = (each[TRAIN:] for each in digits())
        found["accuracy"] = round(float(((x @ weights + bias).argmax(axis=1) == y.argmax(axis=1)).mean()), 4)

    run_simulation(server, client(hostile), CLIENTS, backend_config={"client_resources": {"num_cpus": 1}})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--write", action="store_true", help=f"renew {FILE.name}")
    options = parser.parse_args()
    rows = [run(name, options.rounds) for name in STRATEGIES]
    for row in rows:
        print(f"{row['strategy']:28} {row['accuracy']:7.1%}   {row['seconds a round']:.2f} s a round")
    if options.write:
        record = {"clients": CLIENTS, "local_steps": LOCAL_STEPS, "rows": rows}
        record["provenance"] = provenance("flwr", "ray", "numpy", "scikit-learn")
        with replacing(FILE) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
