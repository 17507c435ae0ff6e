import importlib.util
from pathlib import Path

import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.data.turntable import DEPTH_STEP
from pcfilter_lib.errors import InputError

SCRIPT = Path(__file__).resolve().parents[2] / "data_scripts" / "make_turntable.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_turntable", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_scenes_differ_and_views_are_complete():
    scenes = [data.load_turntable(scene) for scene in range(data.TURNTABLE_SCENES)]
    assert {len(views) for views in scenes} == {data.TURNTABLE_VIEWS}
    assert len({views[0].xyz.tobytes() for views in scenes}) == data.TURNTABLE_SCENES
    for scan in (scan for views in scenes for scan in views):
        assert scan.shape == (108, 144) and scan.intensity.shape == scan.shape
        wrong = (scan.label == data.ARTEFACT)[scan.valid].mean()
        assert 0.001 < wrong < 0.1
        assert (scan.label[~scan.valid] == data.UNLABELLED).all()
        assert (scan.extras["cause"][scan.label == data.ARTEFACT] > 0).all()


def test_views_agree_on_where_the_table_stands():
    # The poses and the intrinsics fit the points: seen from elsewhere, most points lie on what was measured there.
    one, other = data.load_turntable(0)[:2]
    change = np.linalg.inv(other.pose) @ one.pose
    moved = one.points[one.label[one.valid] == data.TRUE_GEOMETRY] @ change[:3, :3].T + change[:3, 3]
    column, row = np.rint(data.project(moved, other.intrinsics)).astype(int).T
    inside = (column >= 0) & (column < 144) & (row >= 0) & (row < 108)
    gap = other.depth[row[inside], column[inside]] - moved[inside, 2]
    assert inside.mean() > 0.5
    assert np.nanmedian(np.abs(gap)) < 0.002


def test_a_scene_that_is_not_there():
    for scene in (-1, data.TURNTABLE_SCENES, 1.5):
        with pytest.raises(InputError, match="load_turntable"):
            data.load_turntable(scene)


def test_the_script_packs_what_the_file_holds(script):
    # A scan of the file, packed again, is the scan: quantised once, it lies on the steps of the file.
    scan = data.load_turntable(3)[5]
    packed = script.packed(scan)
    steps = np.cumsum(packed["depth"], axis=-1, dtype=np.uint16)
    np.testing.assert_allclose(steps * DEPTH_STEP, np.where(scan.valid, scan.depth, 0), atol=DEPTH_STEP / 4)
    with np.load(data.example_path("turntable.npz")) as file:
        for name, value in packed.items():
            np.testing.assert_array_equal(file[name][3 * data.TURNTABLE_VIEWS + 5], value, err_msg=name)


def test_one_scanner_makes_all_scenes(script):
    drawn = [script.SCANNER.draw(script.SEED + number) for number in range(2)]
    names = ("baseline", "distance", "full_well", "projector_blur", "calibration_error", "exposure")
    assert all(getattr(drawn[0], name) == getattr(drawn[1], name) for name in names)
    assert drawn[0].parts != drawn[1].parts or drawn[0].part_size != drawn[1].part_size
