import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pcfilter_lib.data import unit_sphere
from pcfilter_lib.errors import InputError

clouds = arrays(np.float64, st.tuples(st.integers(2, 20), st.just(3)), elements=st.floats(-10, 10, width=32))


@given(clouds)
def test_centred_and_of_radius_one(points):
    result = unit_sphere(points)
    assert result.dtype == np.float32
    if np.ptp(points, axis=0).max() == 0:
        assert (result == 0).all()
        return
    np.testing.assert_allclose(result.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(result, axis=1).max(), 1, atol=1e-6)


@given(clouds, st.floats(1e-3, 1e3), arrays(np.float64, 3, elements=st.floats(-10, 10)))
def test_unit_and_place_do_not_matter(points, scale, offset):
    if 0 < np.ptp(points, axis=0).max() < 0.1:
        return  # the offset would cost digits
    np.testing.assert_allclose(unit_sphere(points * scale + offset * scale), unit_sphere(points), atol=1e-5)


@given(clouds)
def test_once_is_enough(points):
    once = unit_sphere(points)
    np.testing.assert_allclose(unit_sphere(once), once, atol=1e-5)


def test_distances_keep_their_proportion():
    points = np.array([[0, 0, 0], [4, 0, 0], [0, 2, 0]])
    result = unit_sphere(points)
    assert np.linalg.norm(result[1] - result[0]) / np.linalg.norm(result[2] - result[0]) == pytest.approx(2, abs=1e-6)


def test_a_batch_is_its_clouds_one_by_one():
    batch = np.random.default_rng(0).normal(size=(4, 30, 3)) * np.array([1, 1e-200, 1e200, 0])[:, None, None]
    result = unit_sphere(batch)
    for cloud, expected in zip(batch, result, strict=True):
        np.testing.assert_array_equal(unit_sphere(cloud), expected)
    assert (result[3] == 0).all()


def test_the_input_is_left_alone():
    points = np.arange(9.0).reshape(3, 3)
    unit_sphere(points)
    np.testing.assert_array_equal(points, np.arange(9.0).reshape(3, 3))


@pytest.mark.parametrize("points", [[[1, 2, 3]], [[0.1, 0.1, 0.1]] * 3])
def test_points_in_one_place_become_zeros(points):
    assert (unit_sphere(points) == 0).all()


@pytest.mark.parametrize(
    "points", [np.zeros((0, 3)), np.zeros((2, 0, 3)), np.zeros((3, 2)), np.zeros(3), [[np.nan, 0, 0]]]
)
def test_what_cannot_be_normalised(points):
    with pytest.raises(InputError):
        unit_sphere(points)
