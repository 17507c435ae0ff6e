import json
import os
import subprocess
import sys

import pytest

from pcfilter_lib import bench, cli
from pcfilter_lib.bench import run
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import BACKENDS

PEAKS = {"device": "cpu", "device_name": "A", "flops": 1e11, "bandwidth": 1e10, "versions": {"numpy": "2"}}


@pytest.fixture
def measured(monkeypatch):
    """Count what is measured, without measuring."""
    asked = []

    def fake(setting, quick):
        asked.append(setting)
        return {"date": "2026-11-22T10:00:00+00:00", "load": None, **PEAKS}

    monkeypatch.setattr(run, "_measured", fake)
    return asked


@pytest.fixture
def backend():
    return os.environ.get("KERAS_BACKEND", "tensorflow")


def peaks(backend):
    return bench.Setting("peaks", backend, "float32", False)


def test_what_is_there_is_not_measured_again(measured, tmp_path):
    file = tmp_path / "a.json"
    bench.run_settings([peaks("jax")], file)
    found = bench.run_settings([peaks("jax"), peaks("torch")], file)
    assert measured == [peaks("jax"), peaks("torch")] and len(found["results"]) == 2
    assert bench.load_record(file) == found


def test_what_failed_is_measured_again_and_replaced(measured, tmp_path, monkeypatch):
    file = tmp_path / "a.json"
    monkeypatch.setattr(run, "_measured", lambda *_: {"date": "2026-11-22T10:00", "load": 1.0, "error": "no memory"})
    assert bench.run_settings([peaks("jax")], file)["results"][0]["error"] == "no memory"
    monkeypatch.setattr(run, "_measured", lambda *_: {"date": "2026-11-22T10:00", "load": 1.0, **PEAKS})
    results = bench.run_settings([peaks("jax")], file)["results"]
    assert len(results) == 1 and "error" not in results[0]


def test_an_interruption_leaves_what_was_measured(measured, tmp_path, monkeypatch):
    file, real = tmp_path / "a.json", run._measured

    def interrupted(setting, quick):
        if setting.backend == "torch":
            raise KeyboardInterrupt
        return real(setting, quick)

    monkeypatch.setattr(run, "_measured", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bench.run_settings([peaks("jax"), peaks("torch")], file)
    assert [entry["backend"] for entry in bench.load_record(file)["results"]] == ["jax"]


@pytest.mark.parametrize(("key", "value"), [("machine", "another, 8 cores"), ("workloads", 999), ("quick", True)])
def test_a_record_of_something_else_is_not_added_to(measured, tmp_path, key, value):
    file = tmp_path / "a.json"
    record = bench.run_settings([peaks("jax")], file)
    file.write_text(json.dumps(record | {key: value}))
    before = file.read_text()
    with pytest.raises(InputError, match="Remedy: name another file"):
        bench.run_settings([peaks("torch")], file)
    assert file.read_text() == before


def test_settings_are_combined_where_it_makes_sense():
    here = [name for name in BACKENDS if run.importlib.util.find_spec(name)]
    found = bench.settings()
    assert len(found) == len(set(found)) == len(here) * (2 + 4 * 4 + 15) + 2
    assert [str(each) for each in bench.settings(["loading"])] == ["loading, numpy, float32, not compiled"]
    assert {each.workload for each in bench.settings(["conv3d"])} == {
        "peaks",
        *(w for w in bench.WORKLOADS if "3d" in w),
    }
    for wrong in ({"workloads": ["magic"]}, {"backends": ["theano"]}, {"precisions": ["int3"]}):
        with pytest.raises(InputError, match="magic|theano|int3"):
            bench.settings(**wrong)


@pytest.mark.backend
@pytest.mark.parametrize("workload", ["peaks", "unet-training", "pointnet-inference", "conv1d-8", "loading"])
def test_a_process_of_its_own_measures(workload, backend, tmp_path):
    network = workload == "peaks" or bench.WORKLOADS[workload].network
    setting = bench.Setting(workload, backend if network else "numpy", "float32", backend == "jax" and network)
    (entry,) = bench.run_settings([setting], tmp_path / "a.json", quick=True)["results"]
    assert "error" not in entry, entry
    assert entry["flops"] is None or entry["flops"] > 1e5
    if workload == "unet-training":
        assert entry["steps_per_call"] == 2 and entry["items_per_s"] == pytest.approx(2 / entry["median_s"])
        assert entry["compile_s"] > 0 or backend == "torch"


def test_a_process_that_breaks_says_why(tmp_path):
    setting = bench.Setting("no-such-thing", "numpy", "float32", False)
    (entry,) = bench.run_settings([setting], tmp_path / "a.json", quick=True)["results"]
    assert "no-such-thing" in entry["error"] and "median_s" not in entry


def test_one_that_takes_for_ever_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "LIMIT", 0.01)
    (entry,) = bench.run_settings([peaks("torch")], tmp_path / "a.json")["results"]
    assert entry["error"] == "not finished after 0.01 s"


def test_the_command(tmp_path, capsys):
    file = tmp_path / "a.json"
    assert cli.main(["bench", "--workloads", "loading", "--quick", "--out", str(file)]) == 0
    assert "loading   numpy" in capsys.readouterr().out
    assert cli.main(["bench", "--out", str(file), "--share", str(tmp_path / "all")]) == 1
    assert "leave out --quick" in capsys.readouterr().err
    assert cli.main(["bench", "--workloads", "conv2d-8", "--list"]) == 0
    assert "conv2d-8, " in capsys.readouterr().out
    assert cli.main(["bench", "--workloads", "magic"]) == 1 and "magic" in capsys.readouterr().err


def test_what_is_shared_is_complete_and_carries_no_failures(measured, tmp_path, capsys, monkeypatch):
    file = tmp_path / "a.json"
    failed = {"date": "2026-11-22T10:00", "load": 1.0, "error": "no memory"}
    with monkeypatch.context() as context:
        context.setattr(run, "_measured", lambda *_: failed)
        bench.run_settings([bench.Setting("unet-training", "jax", "float32", True)], file)
    assert cli.main(["bench", "--out", str(file), "--share", str(tmp_path / "all")]) == 1
    assert "peaks are missing" in capsys.readouterr().err and not (tmp_path / "all").exists()
    bench.run_settings([peaks("jax")], file)
    assert cli.main(["bench", "--out", str(file), "--share", str(tmp_path / "all")]) == 0
    (shared,) = (tmp_path / "all").glob("*.json")
    assert len(bench.load_record(shared)["results"]) == 1 and shared.name.startswith("a-")


def test_the_command_line_stays_quick():
    code = "import sys, pcfilter_lib.cli; print({'keras', 'jax', 'jsonschema'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"


@pytest.mark.parametrize("second", [1e11, 1e13])
def test_what_is_faster_than_the_device_is_refused_unless_its_peak_was_measured_too_low(second, tmp_path, monkeypatch):
    flops = iter([1e11, second])
    times = {
        "median_s": 1e-3, "spread": 0.0, "compile_s": 0.0, "calls": 5, "steps_per_call": 1, "items_per_s": 1e3,
        "flops": 10**9, "traffic": 1, "memory": 0,
    }  # fmt: skip
    assert times["flops"] / times["median_s"] == 10 * 1e11

    def fake(setting, quick):
        found = {"date": "2026-11-22T10:00:00+00:00", "load": None, **PEAKS}
        if setting.workload == "peaks":
            return found | {"flops": next(flops)}
        return {name: value for name, value in found.items() if name != "bandwidth"} | times

    monkeypatch.setattr(run, "_measured", fake)
    results = bench.run_settings([peaks("jax"), bench.Setting("unet-training", "jax", "float32", True)], tmp_path / "a")
    results = {entry["workload"]: entry for entry in results["results"]}
    assert results["peaks"]["flops"] == second
    assert ("error" in results["unet-training"]) == (second == 1e11)
    assert bench.load_record(tmp_path / "a")
