import numpy as np
import pytest
from scan_files import surface
from sequences import poses_of

from pcfilter_lib.data import find_views
from pcfilter_lib.data._poses import quaternion_of
from pcfilter_lib.data.views.e57 import read_e57
from pcfilter_lib.errors import InputError, MissingExtraError


def write(path, poses, structured=True, xyz=None):
    pye57 = pytest.importorskip("pye57")
    xyz = surface() if xyz is None else xyz
    row, column = np.nonzero(np.isfinite(xyz).all(axis=2))
    with pye57.E57(str(path), mode="w") as file:
        for pose in poses:
            points = {f"cartesian{axis}": xyz[row, column, i].astype(np.float64) for i, axis in enumerate("XYZ")}
            points["intensity"] = (row / 16).astype(np.float32)
            for i, name in enumerate(("colorRed", "colorGreen", "colorBlue")):
                points[name] = np.full(len(row), 50 * i, np.uint8)
            if structured:
                points |= {"rowIndex": row.astype(np.uint16), "columnIndex": column.astype(np.uint16)}
            file.write_scan_raw(points, rotation=quaternion_of(pose[:3, :3]), translation=pose[:3, 3])
    return path


def test_several_scans_in_one_file(tmp_path):
    poses = poses_of(3)
    path = write(tmp_path / "a.e57", poses)
    for given in (path, tmp_path):
        views = find_views(given, intrinsics=np.diag([40.0, 40, 1]))
        assert [view.number for view in views] == [0, 1, 2] and "number=2" in repr(views[2])
        for view, pose in zip(views, poses, strict=True):
            np.testing.assert_allclose(view.pose, pose, atol=1e-12)
            scan = view.load()
            assert np.array_equal(scan.pose, view.pose) and scan.intrinsics[0, 0] == 40
            np.testing.assert_allclose(scan.xyz, surface(), atol=1e-6)
            assert np.array_equal(scan.valid, np.isfinite(surface()).all(axis=2))
            assert np.allclose(scan.intensity[scan.valid], np.nonzero(scan.valid)[0] / 16)
            assert (scan.extras["rgb"][scan.valid] == [0, 50, 100]).all()


def test_what_is_refused(tmp_path):
    path = write(tmp_path / "a.e57", poses_of(1))
    with pytest.raises(InputError, match=r"a\.e57: it is the only view"):
        find_views(path)
    with pytest.raises(InputError, match=r"a\.e57, scan 1: the file holds 1 scans"):
        read_e57(path, 1)
    plain = write(tmp_path / "plain.e57", poses_of(2), structured=False)
    with pytest.raises(InputError, match=r"plain\.e57, scan 1: its points have no rowIndex, so they are in no grid"):
        find_views(plain)[1].load()
    (tmp_path / "short.e57").write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"short\.e57: it cannot be read"):
        read_e57(tmp_path / "short.e57")
    write(tmp_path / "none.e57", [])
    with pytest.raises(InputError, match=r"none\.e57: there is no scan in it"):
        find_views(tmp_path / "none.e57")
    assert path.exists() and (tmp_path / "short.e57").exists(), "a file that cannot be read is not removed"


def test_without_the_extra(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pye57", None)
    (tmp_path / "a.e57").write_bytes(b"ASTM-E57" + bytes(100))
    with pytest.raises(MissingExtraError, match=r"pip install 'pcfilter_lib\[e57\]'"):
        find_views(tmp_path / "a.e57")
    (tmp_path / "a.e57").write_bytes(b"another format")
    with pytest.raises(InputError, match="does not begin with 'ASTM-E57'"):
        find_views(tmp_path / "a.e57")
    with pytest.raises(InputError, match="cannot be read"):
        read_e57(tmp_path / "no.e57")
