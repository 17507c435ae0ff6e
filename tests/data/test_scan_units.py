import warnings

import numpy as np
import pytest

from pcfilter_lib.data.scan import AmbiguousUnitWarning
from pcfilter_lib.data.scan_units import UNITS, median_distance, metres_per_unit
from pcfilter_lib.errors import InputError


def at(distance: float) -> np.ndarray:
    return np.tile([0.0, 0.0, distance], (4, 5, 1))


@pytest.mark.parametrize(
    "distance, defined, metres", [(0.5, False, 1), (10, False, 1), (60, True, 1), (1e-4, False, 1)]
)
def test_what_can_only_be_metres_is_silent(distance, defined, metres):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert metres_per_unit("a.pcd", at(distance), None, defined) == metres


@pytest.mark.parametrize(
    "distance, defined, metres",
    [(10.1, False, 1), (49, False, 1), (51, False, 1e-3), (700, False, 1e-3), (700, True, 1)],
)
def test_a_guess_warns_with_file_and_remedy(distance, defined, metres):
    with pytest.warns(AmbiguousUnitWarning, match=r"a\.pcd: the unit is ambiguous.*Remedy: .*unit='mm'"):
        assert metres_per_unit("a.pcd", at(distance), None, defined) == metres


def test_the_user_settles_it():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for unit, metres in UNITS.items():
            assert metres_per_unit("a.pcd", at(700), unit, False) == metres
    with pytest.raises(InputError, match="'parsec' is no unit"):
        metres_per_unit("a.pcd", at(1), "parsec", False)


def test_only_points_count():
    numbers = at(2)
    numbers[:3], numbers[3, 0] = 0, np.nan
    assert median_distance(numbers) == 2
    assert median_distance(np.zeros((3, 3))) is None
    assert metres_per_unit("a.pcd", np.full((2, 2, 3), np.nan), None, False) == 1
