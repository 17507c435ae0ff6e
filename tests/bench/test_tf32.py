import os

import pytest

from pcfilter_lib import frameworks
from pcfilter_lib.bench import tf32, worker


@pytest.fixture
def backend():
    frameworks.import_keras()
    return os.environ.get("KERAS_BACKEND", "tensorflow")


@pytest.mark.backend
def test_the_setting_is_changed_and_put_back(backend):
    before = tf32._setting(backend)
    for allowed in (True, False):
        with tf32.tf32_allowed(backend, allowed):
            assert tf32._setting(backend) == allowed
            with tf32.tf32_allowed(backend, not allowed):
                assert tf32._setting(backend) != allowed
            assert tf32._setting(backend) == allowed
        assert tf32._setting(backend) == before
    with pytest.raises(ZeroDivisionError), tf32.tf32_allowed(backend, not before):
        1 / 0  # noqa: B018
    assert tf32._setting(backend) == before


@pytest.mark.backend
def test_it_is_in_use_where_the_device_has_it_and_the_setting_allows_it(backend, monkeypatch):
    monkeypatch.setattr(tf32, "device_has_tf32", lambda _: True)
    for allowed in (True, False):
        with tf32.tf32_allowed(backend, allowed):
            assert tf32.tf32_in_use(backend) == allowed
    monkeypatch.setattr(tf32, "device_has_tf32", lambda _: False)
    with tf32.tf32_allowed(backend, True):
        assert not tf32.tf32_in_use(backend)


@pytest.mark.backend
def test_a_processor_has_none(backend):
    if frameworks.device() == "cpu":
        assert not tf32.device_has_tf32(backend)
    assert not tf32.device_has_tf32("numpy") and not tf32.tf32_in_use("numpy")


@pytest.mark.parametrize(
    ("text", "capability"), [("9.0", (9, 0)), ("12.1", (12, 1)), ("7.5", (7, 5)), ("gfx942", (0, 0)), ("", (0, 0))]
)
def test_compute_capabilities_are_read(text, capability):
    assert tf32._capability(text) == capability
    assert (tf32._capability(text) >= tf32._AMPERE) == (capability > (8,))


def test_both_peaks_of_float32_are_measured_where_there_are_two(monkeypatch):
    from pcfilter_lib.bench import peaks
    from pcfilter_lib.bench.roofline import Roofline

    rates = {None: 1e12, False: 2e12, True: 3e12}
    monkeypatch.setattr(peaks, "measured_peaks", lambda precision, repeats, tf32=None: Roofline(rates[tf32], 5e9))
    monkeypatch.setattr(worker, "device_has_tf32", lambda backend: backend == "jax")
    assert worker._peaks("jax", "float32", 3) == {"flops": 2e12, "bandwidth": 5e9, "tf32_flops": 3e12}
    assert worker._peaks("jax", "mixed_bfloat16", 3) == {"flops": 1e12, "bandwidth": 5e9}
    assert worker._peaks("torch", "float32", 3) == {"flops": 1e12, "bandwidth": 5e9}
