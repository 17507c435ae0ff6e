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


def test_what_no_machine_can_do_is_refused(good):
    good["results"][2]["median_s"] = 1e9 / 3e11 / 1.2
    with pytest.raises(InputError, match=r"results/2: unet-inference on jax would be 1\.2 times as fast as the device"):
        record.check_record(good)


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
