import brute_force
import keras
import numpy as np
import pytest
from keras import ops

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import BallQuery

pytestmark = pytest.mark.backend


def clouds(count=3, points=60, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, points, 3)).astype("float32")


def query(radius, max_nn, points, centres):
    return ops.convert_to_numpy(BallQuery(radius, max_nn)([points, centres]))


@pytest.mark.parametrize("max_nn", [1, 5, 40])
def test_it_equals_brute_force(max_nn):
    points = clouds()
    table = query(0.6, max_nn, points, points[:, :20])
    assert table.dtype == np.int32
    for cloud, found in zip(points.astype(float), table, strict=True):
        np.testing.assert_array_equal(found, brute_force.ball(cloud, cloud[:20], 0.6, max_nn))


def test_an_empty_ball_takes_the_nearest_point():
    points = clouds()
    centres = np.array([[[5, 0, 0], [0, -7, 1]]] * 3, "float32")
    for cloud, found in zip(points, query(0.1, 4, points, centres), strict=True):
        nearest = ((cloud - centres[0][:, None]) ** 2).sum(-1).argmin(axis=1)
        np.testing.assert_array_equal(found, np.repeat(nearest[:, None], 4, axis=1))


def test_a_small_cloud_fills_up_with_its_first_point():
    points = clouds(1, 3)
    table = query(10.0, 8, points, points)
    np.testing.assert_array_equal(table[0], [[0, 1, 2, 0, 0, 0, 0, 0]] * 3)


def test_a_point_on_the_sphere_lies_outside():
    points = np.array([[[0, 0, 0], [0.5, 0, 0], [0.25, 0, 0]]], "float32")
    np.testing.assert_array_equal(query(0.5, 3, points, points[:, :1]), [[[0, 2, 0]]])


def test_far_from_the_origin_it_sees_what_it_sees_there():
    points = np.round(clouds() * 64) / 64  # exact after the shift
    np.testing.assert_array_equal(query(0.4, 9, points + 1024, points + 1024), query(0.4, 9, points, points))


def test_unknown_numbers_of_points_in_a_model():
    points, centres = keras.Input((None, 3)), keras.Input((None, 3))
    model = keras.Model([points, centres], BallQuery(0.6, 8)([points, centres]))
    for number in (5, 30):
        x = clouds(2, number)
        np.testing.assert_array_equal(model.predict([x, x[:, :4]], verbose=0), query(0.6, 8, x, x[:, :4]))


@pytest.mark.parametrize("arguments", [(0, 3), (-1, 3), (float("nan"), 3), (0.2, 0), (0.2, 1.5)])
def test_wrong_arguments_are_named(arguments):
    with pytest.raises(InputError, match="BallQuery"):
        BallQuery(*arguments)


def test_config():
    layer = BallQuery(0.25, 7, name="near")
    assert BallQuery.from_config(layer.get_config()).get_config() == layer.get_config()
