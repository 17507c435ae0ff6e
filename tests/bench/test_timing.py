import threading
import time

import numpy as np
import pytest

from pcfilter_lib.bench import Timing, measure, wait
from pcfilter_lib.errors import InputError


class Device:
    """Works in a thread of its own; a call only puts work into its queue, as on a GPU."""

    def __init__(self):
        self.work = []

    def launch(self, seconds):
        thread = threading.Thread(target=time.sleep, args=(seconds,))
        thread.start()
        self.work.append(thread)

    def barrier(self):
        while self.work:
            self.work.pop().join()


def test_a_benchmark_that_does_not_wait_is_refused():
    device = Device()
    with pytest.raises(InputError, match=r"the device works on for .* ms\. Remedy: wait for the result"):
        measure(lambda: device.launch(0.02), repeats=5, barrier=device.barrier)


def test_one_that_waits_is_timed():
    device = Device()

    def call():
        device.launch(0.02)
        device.barrier()

    timing = measure(call, repeats=5, barrier=device.barrier)
    assert 0.02 <= timing.median < 0.2 and len(timing.seconds) == 5


def test_warm_up_is_apart_and_the_first_call_is_known():
    calls = []

    def call():
        calls.append(1)
        time.sleep(0.1 if len(calls) == 1 else 0.05 if len(calls) == 2 else 0.01)

    timing = measure(call, repeats=4, warmup=2)
    assert len(calls) == 6 and timing.median < 0.04
    assert 0.06 < timing.compile < timing.first and timing.first >= 0.1


def test_it_stops_when_time_is_up_but_not_before_three():
    timing = measure(lambda: time.sleep(0.02), repeats=100, most_seconds=0.0)
    assert len(timing.seconds) == 3
    assert 3 <= len(measure(lambda: time.sleep(0.01), repeats=100, most_seconds=0.1).seconds) <= 10


def test_median_and_spread():
    timing = Timing(9.0, (1.0, 2.0, 3.0, 4.0, 5.0))
    assert timing.median == 3 and timing.relative_iqr == pytest.approx(2 / 3) and timing.compile == 6
    assert Timing(1.0, (2.0,)).relative_iqr == 0 and Timing(1.0, (2.0,)).compile == 0


@pytest.mark.parametrize("arguments", [{"repeats": 0}, {"warmup": 0}])
def test_impossible_numbers(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        measure(lambda: None, **arguments)


def test_one_busy_moment_is_not_taken_for_late_work():
    waits = []

    def barrier():
        waits.append(0.02 if len(waits) == 2 else 0)  # before and after the first call; then after the one that counts
        time.sleep(waits[-1])

    assert len(measure(lambda: time.sleep(0.01), repeats=1, warmup=1, barrier=barrier).seconds) == 1


@pytest.mark.backend
def test_it_agrees_with_a_clock_of_its_own_within_a_tenth():
    import keras

    model = keras.Sequential([keras.Input((64, 64, 8)), *(keras.layers.Conv2D(32, 3) for _ in range(4))])
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() == "jax")
    x = np.random.default_rng(0).normal(size=(16, 64, 64, 8)).astype("float32")
    model.predict_on_batch(x)

    def call():
        return model.predict_on_batch(x)

    inside = []

    def watched():
        begin = time.perf_counter()
        np.asarray(call())
        inside.append(time.perf_counter() - begin)

    told = measure(watched, repeats=20)
    assert told.median == pytest.approx(np.median(inside[-20:]), rel=0.02)  # the same calls: nothing may differ

    def own_clock():
        seconds = []
        for _ in range(6):
            time.sleep(0.01)  # as the harness does: on busy cores, who has slept is served first
            begin = time.perf_counter()
            np.asarray(call())
            seconds.append(time.perf_counter() - begin)
        return np.median(seconds)

    def harness():
        return measure(call, repeats=6, warmup=1).median

    ratios = []
    for _ in range(5):  # a machine with other work on all its cores may spoil a comparison; a wrong harness spoils all
        pairs = []
        for turn in range(10):  # side by side, each first in every other turn
            first, second = (harness, own_clock)[:: 1 if turn % 2 else -1]
            found = {clock: clock() for clock in (first, second)}
            pairs.append(found[harness] / found[own_clock])
        ratios.append(round(float(np.median(pairs)), 3))
        print(f"the harness says {ratios[-1]} of what a clock of its own says")
        if 0.9 < ratios[-1] < 1.1:
            return
    pytest.fail(f"the harness says {ratios} of what a clock of its own says")


@pytest.mark.backend
def test_what_the_frameworks_compute_is_waited_for():
    from keras import ops

    assert wait([ops.ones(3), {"a": (ops.zeros(2), 5)}])[1]["a"][1] == 5


def test_jax_computes_on_after_a_call_and_a_benchmark_that_forgets_it_is_refused():
    jax = pytest.importorskip("jax")
    heavy = jax.jit(lambda x: jax.lax.fori_loop(0, 30, lambda _, y: y @ x, x).sum())
    x = jax.numpy.ones((500, 500))
    honest = measure(lambda: wait(heavy(x)), repeats=3)
    for forgetful in (lambda: heavy(x), lambda: [heavy(x)] and None):  # with its result kept, and without
        with pytest.raises(InputError, match="works on"):
            measure(forgetful, repeats=3)
    assert honest.median > 0.002
