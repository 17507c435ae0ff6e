import copy
import json

import pytest

from pcfilter_lib.bench import record
from pcfilter_lib.errors import InputError

SETTING = {"backend": "jax", "precision": "float32", "jit": True, "date": "2026-11-22T10:00:00+00:00", "load": 0.1}
DEVICE = {"device": "cpu", "device_name": "Some(R) Processor", "versions": {"numpy": "2.0"}}
TIMES = {
    "median_s": 0.01, "spread": 0.1, "compile_s": 1.0, "calls": 5, "steps_per_call": 1, "items_per_s": 100.0,
    "flops": 10**9, "traffic": 10**6, "memory": 0,
}  # fmt: skip


@pytest.fixture
def good():
    return {
        **record.new_record(),
        "machine": "Linux x86_64, Some(R) Processor, 2 cores",
        "results": [
            {"workload": "peaks", **SETTING, **DEVICE, "flops": 2e11, "bandwidth": 1e10},
            {"workload": "peaks", **SETTING, **DEVICE, "backend": "torch", "flops": 3e11, "bandwidth": 5e9},
            {"workload": "unet-inference", **SETTING, **DEVICE, **TIMES},
            {"workload": "scanner", **SETTING, "backend": "numpy", "error": "it broke"},
        ],
    }


def test_a_good_record_is_read(good, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(good))
    assert record.load_record(tmp_path / "a.json") == good
    assert record.collected(tmp_path) == [good]


def test_the_share_is_that_of_the_best_peak_of_all_backends(good):
    assert record.peak(good, good["results"][2]) == record.Roofline(3e11, 1e10)
    assert record.share_of_peak(good, good["results"][2]) == pytest.approx(1e11 / 3e11)
    assert (
        record.share_of_peak(good, good["results"][0]) is None
        and record.share_of_peak(good, good["results"][3]) is None
    )


def test_the_share_of_the_roof_is_of_the_limit_that_holds(good):
    entry = good["results"][2]
    assert record.share_of_roof(good, entry) == pytest.approx(1e9 / 3e11 / 0.01)  # 10^6 bytes take less
    entry["traffic"] = 5 * 10**7
    assert record.share_of_roof(good, entry) == pytest.approx(5e7 / 1e10 / 0.01)
    assert record.share_of_roof(good, good["results"][0]) is None


def times_the_peak(good, workload, share, **fields):
    """Let the third result be so many times as fast as the peak."""
    good["results"][2] |= {"workload": workload, "median_s": 1e9 / 3e11 / share, **fields}
    return good


@pytest.mark.parametrize(
    ("workload", "possible", "impossible"),
    [("pointnet-inference", 1.0, 1.2), ("unet-training", 4.0, 4.6), ("conv1d-8", 2.0, 2.3), ("conv2d-8", 2.25, 4.6),
     ("conv3d-8", 8.0, 9.0), ("of-another-version", 1.0, 1.2)],
)  # fmt: skip
def test_what_no_machine_can_do_is_refused_and_what_winograd_can_is_not(good, workload, possible, impossible):
    record.check_record(times_the_peak(good, workload, possible))
    with pytest.raises(InputError, match=rf"results/2: {workload} on jax would be {impossible} times as fast as"):
        record.check_record(times_the_peak(good, workload, impossible))


def test_the_refusal_says_what_a_better_algorithm_explains(good):
    with pytest.raises(InputError, match=r"as fast as the device can be\. Remedy: measure again"):
        record.check_record(times_the_peak(good, "pointnet-training", 5))
    with pytest.raises(InputError, match=r"device can be, of which a better algorithm explains 4 at most\. Remedy"):
        record.check_record(times_the_peak(good, "conv2d-64", 5))


def test_work_in_tf32_stands_under_the_roof_of_tf32(good):
    good["results"][0]["tf32_flops"] = 15e11
    full, rounded = (dict(good["results"][2], tf32=tf32) for tf32 in (False, True))
    assert record.peak(good, full) == record.peak(good, good["results"][2]) == record.Roofline(3e11, 1e10)
    assert record.peak(good, rounded) == record.Roofline(15e11, 1e10)
    record.check_record(times_the_peak(good, "pointnet-inference", 4, tf32=True))
    with pytest.raises(InputError, match=r"would be 4\.0 times as fast"):
        record.check_record(times_the_peak(good, "pointnet-inference", 4, tf32=False))
    with pytest.raises(InputError, match=r"would be 1\.2 times as fast"):
        record.check_record(times_the_peak(good, "pointnet-inference", 6, tf32=True))
    del good["results"][0]["tf32_flops"]  # without such a peak, that of float32 is the only one
    assert record.peak(good, rounded) == record.Roofline(3e11, 1e10)


def timed(median, spread):
    return {"median_s": median, "spread": spread}


def test_a_difference_within_either_spread_is_none():
    steady, noisy = timed(0.10, 0.02), timed(0.09, 0.44)
    assert not record.differ(steady, noisy) and not record.differ(noisy, steady)
    assert record.differ(steady, timed(0.09, 0.02)) and record.differ(timed(0.09, 0.02), steady)
    assert not record.differ(steady, steady)


def test_the_fastest_are_all_that_do_not_differ_from_the_first():
    first, second, third, failed = timed(0.09, 0.44), timed(0.10, 0.02), timed(0.15, 0.01), {"error": "it broke"}
    assert record.fastest([third, failed, second, first]) == [first, second]
    assert record.fastest([third, second]) == [second]  # 50 ms are more than 2 ms
    assert record.fastest([failed]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.pop("machine"), "machine"),
        (lambda r: r["results"][2].pop("median_s"), "results/2"),
        (lambda r: r["results"][2].update(median_s=-1.0), "results/2"),
        (lambda r: r["results"][2].update(backend="theano"), "results/2"),
        (lambda r: r["results"][2].update(calls=1), "results/2"),
        (lambda r: r["results"][2].pop("versions"), "results/2"),
        (lambda r: r["results"][0].update(bandwidth="fast"), "results/0"),
        (lambda r: r["results"][3].update(error=""), "results/3"),
        (lambda r: r["results"][1].update(workload="unet-training"), "results/1"),
        (lambda r: r.update(host="mine"), "host"),
    ],
)
def test_what_the_schema_does_not_know_is_refused(good, change, said):
    broken = copy.deepcopy(good)
    change(broken)
    with pytest.raises(InputError, match=said):
        record.check_record(broken)


def test_files_that_are_none(tmp_path):
    with pytest.raises(InputError, match="no records"):
        record.collected(tmp_path)
    (tmp_path / "a.json").write_text("{")
    for file in (tmp_path / "a.json", tmp_path / "b.json"):
        with pytest.raises(InputError, match="cannot be read"):
            record.load_record(file)


def test_the_name_is_of_devices_and_of_no_host(good):
    assert record.machine_name(good) == "some-processor-2-cores"
    good["results"][2]["device_name"] = "NVIDIA H200"
    assert record.machine_name(good) == "nvidia-h200-some-processor-2-cores"


def test_the_records_in_this_repository_are_good():
    for found in record.collected():
        assert not found["quick"] and not any("error" in entry for entry in found["results"])
