"""Compare the harness behind `pcfilter bench` with another clock, and let it refuse a benchmark that forgets to wait.

    python benchmarks/bench_harness.py

The tests show with a made-up clock that the harness adds nothing to the time of a call; this shows it on a machine. It
ends with 1 when the harness and the clock are more than a tenth apart, or the benchmark is not refused.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from pcfilter_lib import frameworks
from pcfilter_lib.bench import measure, wait
from pcfilter_lib.errors import InputError

TURNS, CALLS = 10, 6


def ratio() -> float:
    """Return the harness's median seconds for a prediction, divided by those of a clock around the same call."""
    keras = frameworks.import_keras()
    model = keras.Sequential([keras.Input((64, 64, 8)), *(keras.layers.Conv2D(32, 3) for _ in range(4))])
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() == "jax")
    x = np.random.default_rng(0).normal(size=(16, 64, 64, 8)).astype("float32")
    model.predict_on_batch(x)

    def call() -> object:
        return wait(model.predict_on_batch(x))

    def own_clock() -> float:
        seconds = []
        for _ in range(CALLS):
            time.sleep(0.01)  # as the harness does: on busy cores, a process that has slept is served first
            begin = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begin)
        return statistics.median(seconds)

    def harness() -> float:
        return measure(call, repeats=CALLS, warmup=1).median

    found = []
    for turn in range(TURNS):  # side by side, each first in every other turn
        first, second = (harness, own_clock)[:: 1 if turn % 2 else -1]
        seconds = {clock: clock() for clock in (first, second)}
        found.append(seconds[harness] / seconds[own_clock])
    return statistics.median(found)


def refuses() -> bool:
    """Tell whether a JAX computation that nobody waits for is refused; with its result kept, and without."""
    import jax

    heavy = jax.jit(lambda x: jax.lax.fori_loop(0, 30, lambda _, y: y @ x, x).sum())
    x = jax.numpy.ones((500, 500))
    for forgetful in (lambda: heavy(x), lambda: [heavy(x)] and None):
        try:
            measure(forgetful, repeats=3)
        except InputError as error:
            print(error)
        else:
            return False
    return True


def main() -> int:
    found = ratio()
    print(f"the harness measures {found:.3f} times what a clock around the same calls does")
    return int(not 0.9 < found < 1.1 or not refuses())


if __name__ == "__main__":
    sys.exit(main())
