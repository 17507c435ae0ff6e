import importlib.util
from pathlib import Path

import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

SCRIPT = Path(__file__).resolve().parents[2] / "data_scripts" / "make_examples.py"


def test_the_examples_hold_what_their_docstring_says():
    mesh = data.load_mesh(data.example_path("mug.off"))
    assert 90 < np.ptp(mesh.vertices[:, 2]) < 100, "millimetres"
    assert data.load_cloud(data.example_path("mug.ply")).shape == (5000, 3)
    scan = data.load_scan(data.example_path("mug_scan.npz"))
    assert scan.shape == (240, 320) and 0.3 < np.nanmin(scan.depth) < np.nanmax(scan.depth) < 0.7
    assert set(np.unique(scan.label)) == {0, 1, 255} and np.array_equal(scan.label == 255, ~scan.valid)
    organised = data.load_scan(data.example_path("mug_scan.pcd"))
    assert np.array_equal(organised.xyz, scan.xyz, equal_nan=True)
    assert data.example_path("mug_scan.pcd").stat().st_size < 600_000
    depth = data.load_scan(
        data.example_path("mug_depth.png"), intrinsics=data.example_path("mug_camera.json"), depth_scale=10_000
    )
    assert np.array_equal(depth.valid, scan.valid)
    np.testing.assert_allclose(depth.xyz[depth.valid], scan.xyz[scan.valid], atol=1e-6)


def test_an_unknown_example_lists_the_known_ones():
    with pytest.raises(InputError, match="mug.off"):
        data.example_path("teapot.off")


def test_the_script_makes_the_shipped_files_again(tmp_path):
    spec = importlib.util.spec_from_file_location("make_examples", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path)
    for name in ("mug.off", "mug.ply", "mug_camera.json"):
        assert (tmp_path / name).read_bytes() == data.example_path(name).read_bytes(), name
    made, shipped = (data.load_scan(folder / "mug_scan.npz") for folder in (tmp_path, script.FOLDER))
    # Another processor may round a ray differently: at most one pixel in 10,000 may differ.
    assert np.mean(made.label != shipped.label) <= 1e-4
    again = data.load_scan(tmp_path / "mug_scan.pcd")
    assert np.array_equal(again.xyz, made.xyz, equal_nan=True)
    both = made.valid & shipped.valid
    assert np.mean(np.abs(made.depth[both] - shipped.depth[both]) > 1.5e-4) <= 1e-4


@pytest.mark.parametrize("name", ["bin_scan.npz", "board_scan.npz"])
def test_a_simulated_example_is_made_again_from_the_recipe_that_it_carries(name):
    pytest.importorskip("open3d")
    from pcfilter_lib import synthesis

    shipped = data.load_scan(data.example_path(name))
    assert data.example_path(name).stat().st_size < 1_000_000
    assert np.array_equal(shipped.label == 255, ~shipped.valid)
    assert {"cause", "object", "distance"} <= set(shipped.extras)
    again = synthesis.reproduce_scan(shipped)
    assert np.mean(again.label != shipped.label) <= 1e-4
    np.testing.assert_allclose(
        again.extras["distance"][shipped.label == 1], shipped.extras["distance"][shipped.label == 1], atol=1e-4
    )
