"""Train a small PointNet on the gradients of eight senders, two of whom shout, on any backend.

    python experiments/federated_pointnet.py [--backend tensorflow] [--write]

Each sender holds forty clouds of parametric furniture of four classes, and sends the gradient of its own loss. The
loop, the rules and the attack are those of `pcfilter_lib.federated`; only the gradients come from Keras. Run it once
for each backend, in an environment that has it; `--write` puts the rows of this backend into
`pcfilter_lib/results/federated_pointnet.json`, which the chapter *Whom to believe* reads. Two minutes of one core.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from tqdm import tqdm

from pcfilter_lib import federated, frameworks, results, synthesis
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

FILE = results.path("federated_pointnet")
KINDS = ("bed", "chair", "monitor", "sofa")
SENDERS, MALICIOUS, POINTS = 8, 2, 256
PER_SENDER, TEST, WIDTH = 40, 50, 0.25  # clouds of a sender, test clouds of a class, width of the network
ROUNDS, RATE, SEED = 60, 0.2, 0

#: name of the case -> rule, and what the malicious senders send
CASES = {
    "mean, all honest": ("mean", None),
    "l nearest, all honest": ("l_nearest", None),
    "mean, shout": ("mean", "shout"),
    "l nearest, shout": ("l_nearest", "shout"),
    "l nearest, cancel": ("l_nearest", "cancel"),
}


def clouds(per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shuffled clouds of all classes with one-hot labels."""
    x, labels = synthesis.furniture_clouds(KINDS, per_class, POINTS, seed=seed)
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order], np.eye(len(KINDS), dtype="float32")[labels[order]]


def train(case: str, rounds: int = ROUNDS, per_sender: int = PER_SENDER, test: int = TEST) -> float:
    """Train from the same start in one case, and return the accuracy on test clouds."""
    import keras

    from pcfilter_lib.models import PointNet

    rule, attack = CASES[case]
    x, y = clouds(SENDERS * per_sender // len(KINDS), seed=1)
    parts = [(x[k::SENDERS], y[k::SENDERS]) for k in range(SENDERS)]
    keras.utils.set_random_seed(SEED)
    model = PointNet(len(KINDS), width=WIDTH, transforms=False, dropout=0)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    gradients = federated.KerasGradients(model, loss, parts)
    options = {"rounds": rounds, "learning_rate": RATE, "rule": rule, "num_malicious": MALICIOUS, "attack": attack}
    states = federated.run_rounds(gradients.weights, gradients, SENDERS, **options)
    try:
        for state in tqdm(states, total=rounds, desc=case, leave=False):
            gradients.assign(state.weights)
    except InputError:  # no gradient is finite any more: the model stays where it went
        tqdm.write(f"{case}: the weights have left the range of float32")
    x_test, y_test = clouds(test, seed=2)
    predicted = keras.ops.convert_to_numpy(model(x_test, training=False))
    return float((predicted.argmax(axis=1) == y_test.argmax(axis=1)).mean())


def merged(record: dict, backend: str, rows: list[dict]) -> dict:
    """Return the record with the rows of this backend renewed, backends in the order of their names."""
    others = [row for row in record.get("runs", []) if row["backend"] != backend]
    how = {"senders": SENDERS, "malicious": MALICIOUS, "clouds_of_a_sender": PER_SENDER, "points": POINTS}
    how |= {"rounds": ROUNDS, "learning_rate": RATE, "width": WIDTH, "test_clouds": TEST * len(KINDS)}
    order = list(CASES)
    runs = sorted(others + rows, key=lambda row: (row["backend"], order.index(row["case"])))
    made = {**record.get("provenance", {}), backend: provenance("numpy", "keras", backend)}
    return {**how, "runs": runs, "provenance": made}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=("tensorflow", "jax", "torch"), default="tensorflow")
    parser.add_argument("--write", action="store_true", help="renew the rows of this backend in the results")
    options = parser.parse_args()
    frameworks.start(options.backend)
    rows = []
    for case in CASES:
        rows.append({"case": case, "backend": options.backend, "accuracy": round(train(case), 4)})
        print(f"{case:24} {rows[-1]['accuracy']:.1%}")
    if options.write:
        record = json.loads(FILE.read_text()) if FILE.exists() else {}
        with replacing(FILE) as temporary:
            temporary.write_text(json.dumps(merged(record, options.backend, rows), indent=1) + "\n")


if __name__ == "__main__":
    main()
