import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import DISTRIBUTIONS, LEVELS, scan_statistics

CAMERA = np.array([[100.0, 0, 49.5], [0, 100.0, 39.5], [0, 0, 1]])


def wall(tilt=0.0, **fields):
    """A wall 1 m away, turned about the vertical."""
    x = (np.arange(100) - 49.5) / 100
    depth = np.broadcast_to(1 / (1 - x * np.tan(np.deg2rad(tilt))), (80, 100))
    return data.OrganizedScan(xyz=data.backproject(depth, CAMERA), intrinsics=CAMERA, **fields)


def test_a_plain_wall():
    numbers = scan_statistics(wall())
    assert numbers["valid"] == 1 and np.isnan(numbers["artefacts"])
    assert (numbers["depth jump"] < 1e-4).all() and np.isnan(numbers["hole size"]).all()
    assert (numbers["island size"] == np.sqrt(8000)).all() and np.isnan(numbers["intensity"]).all()
    assert all(len(numbers[name]) == len(LEVELS) for name in DISTRIBUTIONS)


def test_slant_and_jumps_of_a_turned_wall():
    numbers = scan_statistics(wall(45.0))
    # At the middle of the image the ray meets it at 45 degrees: a footprint deep for a footprint across.
    middle = len(LEVELS) // 2
    assert numbers["slant"][middle] == pytest.approx(45, abs=3)
    along = numbers["depth jump"][numbers["depth jump"] > 0.1]
    assert np.median(along) == pytest.approx(1, abs=0.4)


def test_holes_islands_and_the_box():
    valid = np.zeros((80, 100), bool)
    valid[10:50, 10:60] = True
    valid[20:24, 20:29] = False  # an enclosed hole of 36 pixels
    valid[30:40, 55:60] = False  # a bay: not enclosed
    numbers = scan_statistics(wall(valid=valid))
    assert numbers["valid"] == pytest.approx(1 - (36 + 50) / 2000)
    assert (numbers["hole size"] == 6).all()


def test_brightness_in_any_unit_and_artefacts():
    brightness = np.random.default_rng(0).uniform(1, 3, (80, 100))
    label = np.full((80, 100), 1)
    label[:, :20] = 0
    label[:, 90:] = 255
    one, other = (scan_statistics(wall(intensity=brightness * unit, label=label)) for unit in (1, 1e-4))
    np.testing.assert_allclose(one["intensity"], other["intensity"], rtol=1e-5)
    assert one["intensity"][len(LEVELS) // 2] == pytest.approx(1)
    assert one["artefacts"] == pytest.approx(20 / 90)


def test_what_cannot_be_described():
    with pytest.raises(InputError, match="intrinsics"):
        scan_statistics(data.OrganizedScan(xyz=np.ones((4, 4, 3))))
    with pytest.raises(InputError, match="no point"):
        scan_statistics(wall(valid=np.zeros((80, 100), bool)))
