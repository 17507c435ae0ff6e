"""Time training with `Model.fit` beside a loop written by hand in the backend's own idiom.

    KERAS_BACKEND=tensorflow python benchmarks/own_idiom.py [--json FILE] [--rounds 9]

The networks and their data are those of `pcfilter bench`: "unet-training" and "pointnet-training". By hand means:
TensorFlow, a tf.function with a gradient tape; JAX, one jitted function of all state, which is donated, and Adam in a
few lines; PyTorch, torch.optim.Adam and backward. Both train in turns, so that whatever else the machine does falls on
both. `fit` has to be within a tenth of the loop. The file keeps one entry for each backend. Ends with 1 when a network
is slower than that.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pcfilter_lib import results
from pcfilter_lib.bench.workloads import training_material
from pcfilter_lib.files import replacing
from pcfilter_lib.frameworks import start
from pcfilter_lib.provenance import provenance

BACKEND = start()
import keras  # noqa: E402  only after the backend was started quietly

FILE = results.path("own_idiom")
RATE, BAR, REPEATED = 1e-4, 1.1, 2  # an epoch has 12 steps


def dataset(x: np.ndarray, y: np.ndarray, batch: int):
    """Return what feeds both ways on TensorFlow; from arrays, `fit` would gather each batch anew: a tenth slower."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((x, y)).batch(batch, drop_remainder=True).prefetch(2)


def by_tensorflow(model, loss, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], float]:
    import tensorflow as tf

    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build(model.trainable_variables)
    batches = dataset(x, y, batch)

    @tf.function(jit_compile=False)
    def step(clouds, labels):
        with tf.GradientTape() as tape:
            value = loss(labels, model(clouds, training=True))
        variables = [variable.value for variable in model.trainable_variables]
        optimizer.apply(tape.gradient(value, variables), model.trainable_variables)
        return value

    return lambda: float([step(*each) for each in batches][-1])


def by_jax(model, loss, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], float]:
    import jax
    import jax.numpy as jnp

    def objective(trainable, other, inputs, labels):
        outputs, other = model.stateless_call(trainable, other, inputs, training=True)
        return loss(labels, outputs), other

    def step(state, inputs, labels):
        trainable, other, first, second, count = state
        (value, other), gradients = jax.value_and_grad(objective, has_aux=True)(trainable, other, inputs, labels)
        count = count + 1
        first = [0.9 * m + 0.1 * g for m, g in zip(first, gradients, strict=True)]
        second = [0.999 * v + 0.001 * g * g for v, g in zip(second, gradients, strict=True)]
        size = RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        moved = [w - size * m / (jnp.sqrt(v) + 1e-7) for w, m, v in zip(trainable, first, second, strict=True)]
        return (moved, other, first, second, count), value

    step = jax.jit(step, donate_argnums=0)
    trainable = [jnp.array(variable.value) for variable in model.trainable_variables]
    zeros = [[jnp.zeros_like(each) for each in trainable] for _ in range(2)]
    other = [jnp.array(variable.value) for variable in model.non_trainable_variables]
    kept = [(trainable, other, *zeros, jnp.float32(0))]

    def call():
        for row in range(0, len(x), batch):
            kept[0], value = step(kept[0], x[row : row + batch], y[row : row + batch])
        return float(value)

    return call


def by_torch(model, loss, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], float]:
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    inputs, labels = torch.from_numpy(x), torch.from_numpy(y)

    def call():
        for row in range(0, len(x), batch):
            optimizer.zero_grad()
            value = loss(
                labels[row : row + batch].to(device), model(inputs[row : row + batch].to(device), training=True)
            )
            value.backward()
            optimizer.step()
        return float(value.detach())

    return call


LOOPS = {"tensorflow": by_tensorflow, "jax": by_jax, "torch": by_torch}


def seconds_of(name: str, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of a step in each round, by `fit` and by hand."""
    fitted, loss, x, y, batch = training_material(name)
    x, y = np.concatenate([x] * REPEATED), np.concatenate([y] * REPEATED)
    fitted.compile(keras.optimizers.Adam(RATE), loss, jit_compile=BACKEND == "jax")
    model = training_material(name)[0]
    fed = {"x": x, "y": y, "batch_size": batch, "shuffle": False}
    if BACKEND == "tensorflow":
        fed = {"x": dataset(x, y, batch), "shuffle": False}
    calls = {
        "fit": lambda: fitted.fit(**fed, verbose=0).history["loss"][-1],
        "by hand": LOOPS[BACKEND](model, loss, x, y, batch),
    }
    losses = {kind: [] for kind in calls}
    found = {kind: [] for kind in calls}
    for number in range(rounds + 1):  # the first compiles
        for kind in list(calls)[:: 1 if number % 2 else -1]:  # each goes first in every other round
            begin = time.perf_counter()
            losses[kind].append(calls[kind]())  # a number: it waited
            if number:
                found[kind].append((time.perf_counter() - begin) / (len(x) // batch))
    if not all(np.isfinite(each).all() and each[-1] < each[0] for each in losses.values()):
        raise RuntimeError(f"{name} did not learn: {losses}")
    return found


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=FILE, help="file for the results")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    result: dict[str, object] = {"provenance": provenance("keras", BACKEND, "numpy")}
    missed = False
    for name in ("unet-training", "pointnet-training"):
        found = seconds_of(name, options.rounds)
        fit, own = (statistics.median(found[kind]) for kind in ("fit", "by hand"))
        ratio = statistics.median(a / b for a, b in zip(found["fit"], found["by hand"], strict=True))
        missed |= ratio > BAR
        result[name] = {"fit_ms": 1e3 * fit, "by_hand_ms": 1e3 * own, "fit / by hand": round(ratio, 3)}
        print(f"{BACKEND}, {name}: fit {1e3 * fit:.0f} ms a step, by hand {1e3 * own:.0f} ms: {ratio:.2f} of it")
    known = json.loads(options.json.read_text()) if options.json.exists() else {}
    with replacing(options.json) as temporary:
        temporary.write_text(json.dumps(known | {BACKEND: result}, indent=1) + "\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
