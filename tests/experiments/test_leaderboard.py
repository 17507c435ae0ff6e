"""The leaderboard's page is what its results say."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(ROOT / "experiments"))  # it imports its neighbour
    try:
        spec = importlib.util.spec_from_file_location("leaderboard", ROOT / "experiments" / "leaderboard.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def test_the_page_is_written_from_the_results(script):
    assert script.PAGE.read_text(encoding="utf-8") == script.page(json.loads(script.FILE.read_text()))


def test_every_filter_is_there_and_the_learned_one_with_three_seeds(script):
    found = [(entry["filter"], entry["seed"]) for entry in json.loads(script.FILE.read_text())["entries"]]
    assert len(found) == len(set(found))
    for name in script.CLASSICAL:
        assert (name, 0) in found
    for seed in range(script.SEEDS):
        for words in script.HIDDEN:
            assert (f"artefact-unet{words}", seed) in found
    for seed in range(script.FITS):
        assert ("boosted-trees", seed) in found


def test_means_and_spread_over_seeds(script):
    def entry(name, seed, value):
        figures = {"mean_iou": value, "average_precision": 0.5, "kept": 0.997, "found": 0.25, "balanced_accuracy": 0.6}
        return {"filter": name, "seed": seed, "test": {"clear": figures}}

    lines = script.table([entry("slow-one", 0, 0.5), entry("a-b, c", 0, 0.6), entry("a-b, c", 1, 0.8)], "test", "clear")
    assert lines[2] == "| a b, c | 0.700 ± 0.141 | 0.500 | 99.70% | 25.0% | 0.600 |"
    assert lines[3].startswith("| slow one | 0.500 | 0.500 |")


def test_what_is_hidden_is_hidden(script, tmp_path, monkeypatch):
    from pcfilter_lib import data

    shipped = data.load_scan(data.example_path("bin_scan.npz"))
    path = tmp_path / "scan.npz"
    data.save_scan(shipped, path)
    monkeypatch.setattr(script.synthesis, "split_files", lambda folder, split: [path])
    (scan,) = script.scans(tmp_path, "test", ("modulation", "intensity"))
    assert scan.intensity is None and "modulation" not in scan.extras and shipped.intensity is not None
