import shutil
from pathlib import Path

import numpy as np
import pytest
from filter_scans import bumpy, scan_of

from pcfilter_lib import filters
from pcfilter_lib.data import load_scan, save_scan
from pcfilter_lib.errors import InputError

SPIKES = filters.MedianResidual()


@pytest.fixture
def folder(tmp_path):
    """Two scans, one of them a folder deeper, notes, and a file that is no scan."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    save_scan(scan_of(bumpy(0)[0]), tmp_path / "in" / "one.npz")
    save_scan(scan_of(bumpy(1)[0], extras={}, intrinsics=None), tmp_path / "in" / "deep" / "two.pcd")
    (tmp_path / "in" / "notes.md").write_text("mine")
    (tmp_path / "in" / ".hidden.npz").write_text("mine")
    (tmp_path / "in" / "broken.ptx").write_text("3\n")
    return tmp_path / "in"


def test_a_folder_is_filtered_in_its_own_order_and_formats(folder, tmp_path):
    out = tmp_path / "out"
    pairs, errors = filters.plan_files([folder], out)
    assert not errors and [target for _, target in pairs] == [out / "broken.ptx", out / "deep/two.pcd", out / "one.npz"]
    results = {result.source.name: result for result in filters.filter_files(pairs, SPIKES, out)}
    assert isinstance(results["broken.ptx"].error, InputError) and not (out / "broken.ptx").exists()
    for name in ("one.npz", "deep/two.pcd"):
        before, after = load_scan(folder / name), load_scan(out / name)
        np.testing.assert_array_equal(after.valid, SPIKES.keep(before))
        result = results[Path(name).name]
        assert result.points == before.valid.sum() and 0 < result.removed == before.valid.sum() - after.valid.sum()
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == ["one.npz", "pcfilter.jsonl", "two.pcd"]


def test_what_is_there_is_left_alone_and_what_is_missing_is_made(folder, tmp_path):
    out = tmp_path / "out"
    pairs, _ = filters.plan_files([folder / "one.npz", folder / "deep" / "two.pcd"], out)
    first = list(filters.filter_files(pairs, SPIKES, out))
    (out / "one.npz").unlink()
    again = list(filters.filter_files(pairs, SPIKES, out))
    assert [result.skipped for result in again] == [False, True] and again[0].removed == first[0].removed
    assert all(result.skipped for result in filters.filter_files(pairs, SPIKES, out))
    assert not any(result.skipped for result in filters.filter_files(pairs, SPIKES, out, overwrite=True))


def test_a_damaged_output_and_one_whose_source_changed_are_made_again(folder, tmp_path):
    out = tmp_path / "out"
    pairs, _ = filters.plan_files([folder / "one.npz", folder / "deep" / "two.pcd"], out)
    list(filters.filter_files(pairs, SPIKES, out))
    (out / "one.npz").write_bytes(b"truncated")
    save_scan(scan_of(bumpy(2)[0], extras={}, intrinsics=None), folder / "deep" / "two.pcd")
    again = list(filters.filter_files(pairs, SPIKES, out))
    assert not any(result.skipped or result.error for result in again)
    for source, target in pairs:
        np.testing.assert_array_equal(load_scan(target).valid, SPIKES.keep(load_scan(source)))


@pytest.mark.parametrize(
    ("other", "options", "problem"),
    [
        (filters.KeepAll(), {}, "the filter 'median residual', not 'keep all'"),
        (SPIKES.with_threshold(-1.0), {}, "threshold .* instead of -1.0"),
        (SPIKES, {"unit": "mm"}, "options {} instead of {'unit': 'mm'}"),
    ],
)
def test_what_something_else_made_is_never_taken_for_done(folder, tmp_path, other, options, problem):
    out = tmp_path / "out"
    pairs, _ = filters.plan_files([folder / "deep" / "two.pcd"], out)
    list(filters.filter_files(pairs, SPIKES, out))
    before = (out / "two.pcd").read_bytes()
    (result,) = filters.filter_files(pairs, other, out, **options)
    with pytest.raises(InputError, match=f"two.pcd.*{problem}.*--overwrite"):
        raise result.error
    assert (out / "two.pcd").read_bytes() == before


def test_a_file_of_unknown_origin_is_not_taken_for_done(folder, tmp_path):
    out = tmp_path / "out"
    pairs, _ = filters.plan_files([folder / "one.npz"], out)
    out.mkdir()
    (out / "one.npz").write_bytes(b"somebody's")
    (result,) = filters.filter_files(pairs, SPIKES, out)
    assert "does not say what made it" in str(result.error) and (out / "one.npz").read_bytes() == b"somebody's"


def test_a_run_that_was_killed_goes_on(folder, tmp_path):
    out = tmp_path / "out"
    pairs, _ = filters.plan_files([folder / "one.npz"], out)
    list(filters.filter_files(pairs, SPIKES, out))
    manifest, whole = out / "pcfilter.jsonl", (out / "one.npz").read_bytes()
    begun, finished = manifest.read_bytes().splitlines(keepends=True)
    for left in (begun, begun + finished[:50]):  # killed before the last line, and while it was written
        manifest.write_bytes(left)
        (result,) = filters.filter_files(pairs, SPIKES, out)
        assert not result.error and not result.skipped and (out / "one.npz").read_bytes() == whole
        (result,) = filters.filter_files(pairs, SPIKES, out)
        assert result.skipped
    manifest.write_bytes(b"no JSON\n" + begun)
    with pytest.raises(InputError, match="pcfilter.jsonl, line 1"):
        list(filters.filter_files(pairs, SPIKES, out))


def test_with_nothing_to_remove_the_file_is_the_same_byte_for_byte(folder, tmp_path):
    pairs, _ = filters.plan_files([folder / "deep"], tmp_path / "out")
    list(filters.filter_files(pairs, filters.KeepAll(), tmp_path / "out"))
    assert (tmp_path / "out" / "two.pcd").read_bytes() == (folder / "deep" / "two.pcd").read_bytes()


def test_results_inside_the_folder_are_not_filtered_again(folder):
    pairs, _ = filters.plan_files([folder], folder / "clean")
    list(filters.filter_files(pairs, SPIKES, folder / "clean"))
    assert filters.plan_files([folder], folder / "clean")[0] == pairs


def test_no_source_is_overwritten_and_no_two_files_become_one(folder, tmp_path):
    with pytest.raises(InputError, match="would be overwritten"):
        filters.plan_files([folder], folder)
    shutil.copy(folder / "one.npz", folder / "deep" / "one.npz")
    with pytest.raises(InputError, match="same file as"):
        filters.plan_files([folder / "one.npz", folder / "deep" / "one.npz"], tmp_path / "out")


def test_an_empty_folder_and_an_impossible_target_are_told(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    pairs, (error,) = filters.plan_files([tmp_path / "empty"], tmp_path / "out")
    assert not pairs and "no file in this folder" in str(error)
    (tmp_path / "file").write_text("in the way")
    pairs, _ = filters.plan_files([folder / "one.npz"], tmp_path / "file")
    (result,) = filters.filter_files(pairs, SPIKES, tmp_path / "file")
    assert "cannot be made" in str(result.error)


def test_a_filter_that_lacks_something_stops_that_file_only(folder, tmp_path):
    pairs, _ = filters.plan_files([folder / "deep" / "two.pcd", folder / "one.npz"], tmp_path / "out")
    without, with_modulation = filters.filter_files(pairs, filters.ModulationThreshold(), tmp_path / "out")
    assert "modulation" in str(without.error) and with_modulation.error is None
