"""Folders of shapes: what is in them, in which order, and what is kept."""

import os

import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

CUBE = """OFF
8 12 0
0 0 0
2 0 0
2 1 0
0 1 0
0 0 1
2 0 1
2 1 1
0 1 1
3 0 2 1
3 0 3 2
3 4 5 6
3 4 6 7
3 0 1 5
3 0 5 4
3 2 3 7
3 2 7 6
3 1 2 6
3 1 6 5
3 0 4 7
3 0 7 3
"""
CLASSES = ("chair", "table")


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for split, count in (("train", 3), ("test", 1)):
        for name in CLASSES:
            place = tmp_path / "shapes" / name / split
            place.mkdir(parents=True)
            for number in range(count):
                (place / f"{name}_{number:04}.off").write_text(CUBE)
    place = tmp_path / "shapes" / "table" / "train"
    data.save_cloud(rng.normal(size=(50, 3)).astype("float32"), place / "table_0003.pcd")
    data.save_cloud(rng.normal(size=(50, 3)).astype("float32"), place / "table_0004.ply")
    (place / "notes.txt").write_text("not a shape")
    return tmp_path / "shapes"


def test_files_and_labels_in_order(folder):
    files, labels = data.shape_files(folder, "train", CLASSES)
    assert [path.name for path in files] == [
        "chair_0000.off", "chair_0001.off", "chair_0002.off",
        "table_0000.off", "table_0001.off", "table_0002.off", "table_0003.pcd", "table_0004.ply",
    ]  # fmt: skip
    assert labels.tolist() == [0] * 3 + [1] * 5
    assert data.shape_files(folder, "train", CLASSES[::-1])[1].tolist() == [0] * 5 + [1] * 3
    assert len(data.MODELNET10) == 10 == len(set(data.MODELNET10)) and list(data.MODELNET10) == sorted(data.MODELNET10)


def test_a_mesh_is_sampled_and_a_cloud_is_drawn_from(folder):
    mesh = data.load_shape(folder / "chair" / "train" / "chair_0000.off", 400, seed=3)
    assert mesh.shape == (400, 3) and mesh.dtype == np.float32
    assert np.linalg.norm(mesh, axis=1).max() == pytest.approx(1)
    np.testing.assert_array_equal(mesh, data.load_shape(folder / "chair" / "train" / "chair_0000.off", 400, seed=3))
    assert not np.array_equal(mesh, data.load_shape(folder / "chair" / "train" / "chair_0000.off", 400, seed=4))
    for name in ("table_0003.pcd", "table_0004.ply"):
        path = folder / "table" / "train" / name
        whole = data.unit_sphere(data.load_cloud(path))
        np.testing.assert_allclose(data.load_shape(path, 50), whole, atol=1e-6)
        some = data.load_shape(path, 20)
        assert len(np.unique(some, axis=0)) == 20
        more = data.load_shape(path, 120)
        assert more.shape == (120, 3) and len(np.unique(more, axis=0)) == 50


def test_clouds_are_kept_until_something_changes(folder, tmp_path):
    def load(**options):
        return data.load_shapes(folder, "train", 30, classes=CLASSES, cache=tmp_path / "kept", **options)

    clouds, labels = load()
    assert clouds.shape == (8, 30, 3) and labels.shape == (8,)
    assert not np.array_equal(clouds[0], clouds[1])  # the same mesh, other points
    (kept,) = (tmp_path / "kept").iterdir()
    written = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(load()[0], clouds)
    assert kept.stat().st_mtime_ns == written
    assert not np.array_equal(load(seed=1)[0], clouds) and len(list((tmp_path / "kept").iterdir())) == 2
    first = folder / "chair" / "train" / "chair_0000.off"
    first.write_text(CUBE.replace("2 ", "3 ", 0).replace("\n2 0 0", "\n4 0 0"))
    os.utime(first, (1, 1))
    assert not np.array_equal(load()[0][0], clouds[0])


def test_what_is_missing_or_broken_is_named(folder):
    with pytest.raises(InputError, match=r"nowhere.*no such folder.*fetch_modelnet10"):
        data.shape_files(folder / "nowhere", "train")
    with pytest.raises(InputError, match=r"bathtub.*no such folder.*chair, table"):
        data.shape_files(folder, "train")
    for path in (folder / "chair" / "test").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"chair.test.*no shape"):
        data.shape_files(folder, "test", CLASSES)
    (folder / "table" / "train" / "table_0001.off").write_text("OFF\n3 1 0\n0 0 0\n")
    with pytest.raises(InputError, match=r"table_0001\.off"):
        data.load_shapes(folder, "train", 10, classes=CLASSES)
    (folder / "table" / "train" / "table_0001.off").write_bytes(b"")
    with pytest.raises(InputError, match=r"table_0001\.off"):
        data.load_shapes(folder, "train", 10, classes=CLASSES)
