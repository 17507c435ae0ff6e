"""Every file of a folder of real data loads, or says why not. The other tests make the same cases themselves."""

from pathlib import Path

import numpy as np
from real_data import REAL, needs_real_data

from pcfilter_lib.data import load_cloud, load_mesh
from pcfilter_lib.data.formats.pcd import read_pcd, write_pcd
from pcfilter_lib.data.formats.ply import read_ply, write_ply
from pcfilter_lib.errors import InputError

EMPTY = {"empty.ply"}  # a valid header that promises nothing
NO_FACES = {"empty.ply", "points_ascii.ply", "points_bin.ply", "points_emptyascii.ply"}

pytestmark = needs_real_data


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in REAL.glob(pattern))


def test_every_cloud_loads_or_is_empty():
    paths = files("formats/**/*.pcd", "formats/**/*.ply", "modelnet10_pcd/*/*/*.pcd", "**/*.off", "phoxi/*.npz")
    assert len(paths) > 20
    refused = set()
    for path in paths:
        try:
            points = load_cloud(path)
        except InputError as error:
            assert "it has no points" in str(error)
            refused.add(path.name)
            continue
        assert points.dtype == np.float32
        assert points.shape[1:] == (3,)
        assert np.isfinite(points).all()
    assert refused == EMPTY


def test_every_mesh_loads_or_has_no_faces():
    refused = set()
    for path in files("**/*.off", "formats/ply/*.ply"):
        try:
            mesh = load_mesh(path)
        except InputError as error:
            assert "it has no faces" in str(error)
            refused.add(path.name)
            continue
        assert mesh.areas().sum() > 0
    assert refused == NO_FACES


def test_pcd_files_are_written_back_the_same(tmp_path):
    for path in files("formats/pcd/*.pcd", "modelnet10_pcd/*/*/*.pcd"):
        first = read_pcd(path)
        write_pcd(first, tmp_path / "back.pcd")
        second = read_pcd(tmp_path / "back.pcd")
        for name in (
            "fields",
            "types",
            "sizes",
            "counts",
            "width",
            "height",
            "viewpoint",
            "data",
            "version",
            "comments",
        ):
            assert getattr(first, name) == getattr(second, name), (path, name)
        assert first.points.dtype == second.points.dtype
        assert first.points.tobytes() == second.points.tobytes(), path


def test_ply_files_are_written_back_the_same(tmp_path):
    for path in files("formats/ply/*.ply"):
        first = read_ply(path)
        write_ply(first, tmp_path / "back.ply")
        second = read_ply(tmp_path / "back.ply")
        assert first.header == second.header
        for one, other in zip(first, second, strict=True):
            for prop in one.properties:
                np.testing.assert_array_equal(one.data[prop.name], other.data[prop.name])
