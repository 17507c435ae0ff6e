import numpy as np
import pytest

from pcfilter_lib import data, inspection
from pcfilter_lib.errors import InputError


def test_the_files_of_a_folder_come_in_order(tmp_path):
    (tmp_path / "m").mkdir()
    expected = [tmp_path / name for name in ("a.xyz", "m/b.xyz", "m/c.off", "z.ply")]
    for path in expected[::-1]:
        path.touch()
    assert inspection.find_files([tmp_path]) == (expected, [])


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    def walk(path, onerror):
        onerror(PermissionError(13, "Permission denied", str(path)))
        return iter(())

    monkeypatch.setattr(inspection.os, "walk", walk)
    files, (error,) = inspection.find_files([tmp_path])
    assert files == [] and f"{tmp_path}: this folder cannot be read (Permission denied). Remedy:" in str(error)


def test_every_format_of_the_loaders_is_known():
    from pcfilter_lib.data import cloud

    assert set(cloud._READERS) <= {*inspection.KNOWN_SUFFIXES, *inspection._TEXT_SUFFIXES}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mug.off", "mesh"),
        ("mug.ply", "point cloud"),
        ("mug_scan.npz", "organised scan"),
        ("mug_scan.pcd", "organised scan"),
    ],
)
def test_the_examples_are_told_for_what_they_are(name, kind):
    report = inspection.describe(data.example_path(name))
    assert report["kind"] == kind
    assert inspection.as_text(report).startswith(f"{report['file']}: {kind}")


def test_shares_and_bounds_are_those_of_the_scan():
    report = inspection.describe(data.example_path("mug_scan.npz"))
    scan = data.load_scan(data.example_path("mug_scan.npz"))
    assert report["points"] == scan.valid.sum() and report["valid_share"] == scan.valid.mean()
    np.testing.assert_array_equal(report["bounds"], [scan.points.min(axis=0), scan.points.max(axis=0)])


def test_what_is_missing_says_so():
    with pytest.raises(InputError, match="no such file"):
        inspection.describe(data.example_path("mug.off").with_name("cup.off"))
