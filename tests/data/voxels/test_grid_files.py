import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

DRAW = np.random.default_rng(0)
GRIDS = {
    "occupancy": DRAW.random((3, 4, 5)) < 0.5,
    "probability": DRAW.random((3, 4, 5)),
    "ternary": DRAW.integers(-1, 2, (3, 4, 5)),
    "distance": np.where(DRAW.random((3, 4, 5)) < 0.2, np.nan, DRAW.random((3, 4, 5))),
    "signed": DRAW.normal(size=(3, 4, 5)),
    "features": DRAW.normal(size=(3, 4, 5, 2)),
}


def same(one, other):
    assert (one.kind, one.voxel_size, one.truncation) == (other.kind, other.voxel_size, other.truncation)
    assert one.values.dtype == other.values.dtype and np.array_equal(one.origin, other.origin)
    assert np.array_equal(one.values, other.values, equal_nan=one.values.dtype.kind == "f")


@pytest.mark.parametrize("kind", GRIDS)
def test_npz_keeps_everything(tmp_path, kind):
    truncation = 9.0 if kind in ("distance", "signed") else None
    grid = data.VoxelGrid(GRIDS[kind], (1, -2, 0.1), 0.3, kind, truncation)
    data.save_voxels(grid, tmp_path / "grid.npz")
    same(data.load_voxels(tmp_path / "grid.npz"), grid)


def test_binvox_keeps_occupancy(tmp_path):
    grid = data.VoxelGrid(GRIDS["occupancy"], (1, -2, 0.5), 0.25)
    data.save_voxels(grid, tmp_path / "grid.BINVOX")
    same(data.load_voxels(tmp_path / "grid.BINVOX"), grid)
    with pytest.raises(InputError, match="holds occupancy, not signed"):
        data.save_voxels(data.VoxelGrid(GRIDS["signed"], kind="signed"), tmp_path / "other.binvox")
    assert [path.name for path in tmp_path.iterdir()] == ["grid.BINVOX"]


def test_values_alone_will_do(tmp_path):
    np.savez(tmp_path / "a.npz", values=GRIDS["occupancy"])
    same(data.load_voxels(tmp_path / "a.npz"), data.VoxelGrid(GRIDS["occupancy"]))


@pytest.mark.parametrize(
    "arrays, words",
    [
        ({"grid": np.ones(2)}, "there is no array 'values'"),
        ({"values": np.ones((2, 2))}, "values: it is float64 of shape"),
        ({"values": np.ones((2, 2, 2))}, "values: their type is float64, not bool"),
        ({"values": np.ones((2, 2, 2)), "kind": np.array(3)}, "kind: it is int64"),
        ({"values": np.ones((2, 2, 2)), "kind": np.array("dice")}, "kind: 'dice' is not allowed"),
        ({"values": np.ones((2, 2, 2), bool), "origin": np.ones((3, 1))}, "origin: it is float64 of shape"),
        ({"values": np.ones((2, 2, 2), bool), "origin": np.ones(2)}, "origin: "),
        ({"values": np.ones((2, 2, 2), bool), "voxel_size": np.array(-1.0)}, "voxel_size: -1.0 is not allowed"),
        ({"values": np.array([["a"]])}, "values: it is <U1"),
    ],
)
def test_broken_files_are_named(tmp_path, arrays, words):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=r"a\.npz, " + words if ":" in words else words):
        data.load_voxels(tmp_path / "a.npz")


def test_other_formats_are_refused(tmp_path):
    for name in ("grid.vox", "grid"):
        with pytest.raises(InputError, match=r"\.npz, \.binvox"):
            data.load_voxels(tmp_path / name)
        with pytest.raises(InputError, match=r"\.npz, \.binvox"):
            data.save_voxels(data.VoxelGrid(GRIDS["occupancy"]), tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        data.load_voxels(tmp_path / "grid.npz")
