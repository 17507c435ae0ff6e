"""The benchmark is fixed: whoever changes it has to change this file too."""

import hashlib
from itertools import combinations

import numpy as np
import pytest

from pcfilter_lib import synthesis
from pcfilter_lib.data import load_scan
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import BENCHMARK, UNSEEN_KINDS, benchmark
from pcfilter_lib.synthesis.sets import scan_seed

SMALL = synthesis.Recipe(
    width=48, height=36, parts=1, kinds=("box",), footprint=1, gather_rays=8, projector_columns=128
)
#: How many scans, the set's seed, and a fingerprint of the recipe. Figures before and after a change of one of these
#: cannot be compared: change them together with everything that was measured on the benchmark.
FIXED = {
    "train": (2_000, 2101, "1eab93cbeb2177f6"),
    "validation": (60, 2102, "1eab93cbeb2177f6"),
    "test": (80, 2103, "1eab93cbeb2177f6"),
    "unseen": (60, 2104, "ebb75f083e98a4bd"),
    "boards": (160, 2105, "bbaa4ae1eb204951"),
    "boards validation": (24, 2106, "bbaa4ae1eb204951"),
}


def test_it_is_unchanged():
    assert {
        name: (split.count, split.seed, hashlib.sha256(split.recipe.to_json().encode()).hexdigest()[:16])
        for name, split in BENCHMARK.items()
    } == FIXED


def test_no_scan_is_in_two_splits():
    seeds = {name: {scan_seed(split.seed, i) for i in range(split.count)} for name, split in BENCHMARK.items()}
    for one, other in combinations(seeds, 2):
        assert not seeds[one] & seeds[other]
    assert len({split.seed for split in BENCHMARK.values()}) == len(BENCHMARK)


def test_the_unseen_is_unseen():
    unseen = BENCHMARK["unseen"].recipe
    assert set(unseen.kinds) == set(UNSEEN_KINDS) <= set(synthesis.KINDS)
    for name, split in BENCHMARK.items():
        if name != "unseen":
            assert not set(split.recipe.kinds) & set(UNSEEN_KINDS)
            assert unseen.baseline[0] > max(np.atleast_1d(split.recipe.baseline)) or name.startswith("boards")
            assert (split.recipe.width, split.recipe.height) != (unseen.width, unseen.height) or split.recipe.parts == 1
    seen = set(BENCHMARK["train"].recipe.kinds)
    assert seen | set(UNSEEN_KINDS) == set(synthesis.KINDS)


def test_validation_and_test_are_drawn_as_the_training_scans_are():
    assert BENCHMARK["train"].recipe == BENCHMARK["validation"].recipe == BENCHMARK["test"].recipe
    assert BENCHMARK["boards"].recipe == BENCHMARK["boards validation"].recipe


@pytest.fixture
def tiny(monkeypatch):
    pytest.importorskip("open3d")
    splits = {"train": benchmark.Split(SMALL, 2, 7), "boards validation": benchmark.Split(SMALL, 1, 8)}
    monkeypatch.setattr(benchmark, "BENCHMARK", splits)


def test_a_split_is_written_and_found(tmp_path, tiny):
    place = synthesis.write_split(tmp_path, "train", count=1, processes=1, progress=False)
    assert place == tmp_path / "train"
    scan = load_scan(place / "scan_00000.npz")
    assert {*synthesis.BENCHMARK_EXTRAS, "cause"} <= set(scan.extras) and "depth_true" not in scan.extras
    again = synthesis.simulate_scan(SMALL, scan_seed(7, 0))
    np.testing.assert_array_equal(scan.xyz, again.xyz)
    with pytest.raises(InputError, match=r"train.*1 of its 2 scans.*python data_scripts/make_benchmark.py --out"):
        synthesis.split_files(tmp_path, "train")
    synthesis.write_split(tmp_path, "train", processes=1, progress=False)
    (place / "scan_00002.npz").write_bytes(b"of somebody else")
    assert synthesis.split_files(str(tmp_path), "train") == [place / "scan_00000.npz", place / "scan_00001.npz"]


def test_a_name_of_two_words_is_a_folder_of_one(tmp_path, tiny):
    place = synthesis.write_split(tmp_path, "boards validation", processes=1, progress=False)
    assert place.name == "boards-validation"
    assert synthesis.split_files(tmp_path, "boards validation") == [place / "scan_00000.npz"]


def test_a_missing_folder_and_an_unknown_split_are_told(tmp_path):
    with pytest.raises(InputError, match=rf"60 of its 60 scans.*make_benchmark.py --out {tmp_path}"):
        synthesis.split_files(tmp_path, "validation")
    for call in (synthesis.write_split, synthesis.split_files):
        with pytest.raises(InputError, match="'tests' is not allowed.*'boards validation'"):
            call(tmp_path, "tests")
    assert not list(tmp_path.iterdir())
