import numpy as np
import pytest

from pcfilter_lib.bench import Timing, measure, timing, wait
from pcfilter_lib.bench.devices import barrier as all_devices
from pcfilter_lib.errors import InputError


class Clock:
    """Takes the place of the module `time`: no time passes but what a test lets pass."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Device:
    """Works beside the processor; a call only puts work into its queue, as on a GPU."""

    def __init__(self, clock):
        self.clock, self.ready = clock, 0.0

    def launch(self, seconds):
        self.ready = max(self.ready, self.clock.now) + seconds

    def barrier(self):
        self.clock.now = max(self.clock.now, self.ready)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    return clock


@pytest.fixture
def device(clock):
    return Device(clock)


def launching(clock, device, call, work):
    """A call that returns after some seconds, while the device works for others."""

    def launch():
        device.launch(work)
        clock.sleep(call)

    return launch


def test_a_benchmark_that_does_not_wait_is_refused(clock, device):
    words = r"stops the clock after 1 ms, but the device works on for 20 ms\. Remedy: wait for the result"
    with pytest.raises(InputError, match=words):
        measure(launching(clock, device, 0.001, 0.021), repeats=5, barrier=device.barrier)


def test_a_tenth_of_the_calls_time_is_no_lie(clock, device):
    measure(launching(clock, device, 0.1, 0.109), barrier=device.barrier)
    with pytest.raises(InputError, match="works on for 11 ms"):
        measure(launching(clock, device, 0.1, 0.111), barrier=device.barrier)
    measure(launching(clock, device, 0.0001, 0.0003), barrier=device.barrier)  # as long as a barrier may take


def test_one_that_waits_is_timed(clock, device):
    def call():
        device.launch(0.02)
        device.barrier()

    found = measure(call, repeats=5, barrier=device.barrier)
    assert found.median == pytest.approx(0.02) and len(found.seconds) == 5


def test_each_call_is_told_with_its_own_time(clock):
    times = iter([9.0, 8.0, *range(1, 21)])
    found = measure(lambda: clock.sleep(next(times)), repeats=20, barrier=lambda: None)
    assert found.first == 9 and found.seconds == pytest.approx(range(1, 21)) and found.median == pytest.approx(10.5)


def test_what_the_barrier_takes_itself_does_not_count(clock):
    found = measure(lambda: clock.sleep(1.0), repeats=4, barrier=lambda: clock.sleep(0.5))
    assert found.first == 1 and found.seconds == (1, 1, 1, 1)


def test_nor_does_giving_memory_back(clock):
    class Result:
        def __del__(self):
            clock.sleep(5.0)

    def call():
        clock.sleep(1.0)
        return Result()

    assert measure(call, repeats=3, barrier=lambda: None).seconds == (1, 1, 1)


def test_warm_up_is_apart_and_the_first_call_is_known(clock):
    calls = []

    def call():
        calls.append(1)
        clock.sleep(0.1 if len(calls) == 1 else 0.05 if len(calls) == 2 else 0.01)

    found = measure(call, repeats=4, warmup=2, barrier=lambda: None)
    assert len(calls) == 6 and found.seconds == pytest.approx([0.01] * 4)
    assert found.first == pytest.approx(0.1) and found.compile == pytest.approx(0.09)


def test_it_stops_when_time_is_up_but_not_before_three(clock):
    def calls(most_seconds):  # each takes 1/128 s, and after each the harness sleeps as long
        return len(measure(lambda: clock.sleep(1 / 128), repeats=100, most_seconds=most_seconds).seconds)

    assert [calls(each / 128) for each in (0, 6, 7, 8, 20)] == [3, 3, 4, 4, 10]


def test_median_and_spread():
    found = Timing(9.0, (1.0, 2.0, 3.0, 4.0, 5.0))
    assert found.median == 3 and found.relative_iqr == pytest.approx(2 / 3) and found.compile == 6
    assert Timing(1.0, (2.0,)).relative_iqr == 0 and Timing(1.0, (2.0,)).compile == 0


@pytest.mark.parametrize("arguments", [{"repeats": 0}, {"warmup": 0}])
def test_impossible_numbers(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        measure(lambda: None, **arguments)


def test_one_busy_moment_is_not_taken_for_late_work(clock):
    waits = []

    def barrier():
        waits.append(0.02 if len(waits) == 2 else 0)  # before and after the first call; then after the one that counts
        clock.sleep(waits[-1])

    assert len(measure(lambda: clock.sleep(0.01), repeats=1, warmup=1, barrier=barrier).seconds) == 1


@pytest.mark.backend
def test_what_the_frameworks_compute_is_waited_for():
    from keras import ops

    assert wait([ops.ones(3), {"a": (ops.zeros(2), 5)}])[1]["a"][1] == 5


@pytest.mark.parametrize("waits", [wait, lambda _: all_devices()], ids=["its result", "all devices"])
def test_jax_computes_on_after_a_call_and_is_waited_for(waits):
    """Without waiting, the last of these products is far from ready; how far, benchmarks/bench_harness.py measures."""
    jax = pytest.importorskip("jax")
    heavy = jax.jit(lambda x: jax.lax.fori_loop(0, 20, lambda _, y: y @ x, x).sum())
    x = jax.numpy.asarray(np.full((400, 400), 1e-3))
    for _ in range(2):
        result = heavy(x)
        waits(result)
        assert result.is_ready()
