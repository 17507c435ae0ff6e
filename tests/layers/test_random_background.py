"""The background changes, and nothing else; in training, and never otherwise."""

import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import RandomBackground

pytestmark = pytest.mark.backend


def pictures(count=50, channels=3):
    """Objects of values from 0.2 on, over a background of 0."""
    random = np.random.default_rng(0)
    x = random.uniform(0.2, 1, size=(count, 5, 7, channels))
    mask = random.random((count, 5, 7)) < 0.5
    return np.where(mask[..., None], x, 0).astype("float32"), mask


def painted(layer, x, training=True):
    return keras.ops.convert_to_numpy(layer(x, training=training))


@pytest.mark.parametrize("training", [False, True])
def test_contract(tmp_path, training):
    assert_layer_contract(
        lambda: RandomBackground(0.1, 0.2, -1, 2, seed=3),
        (5, 7),
        other_size=(4, 9),
        tmp_path=tmp_path,
        training=training,
    )


def test_trains():
    assert_trains(RandomBackground(), (5, 7))


def test_the_object_stays_and_the_background_is_one_colour():
    x, mask = pictures()
    y = painted(RandomBackground(low=-3, high=-2, seed=0), x)
    np.testing.assert_array_equal(y[mask], x[mask])
    for image, inside in zip(y, mask, strict=True):
        colours = np.unique(image[~inside], axis=0)
        assert len(colours) == 1
        assert np.all((colours >= -3) & (colours <= -2))
    assert len(np.unique(y[~mask], axis=0)) == len(x)  # each picture has its own


def test_colours_fill_the_range():
    x = np.zeros((2000, 1, 1, 3), "float32")
    y = painted(RandomBackground(low=2, high=6, seed=0), x)
    assert abs(y.mean() - 4) < 0.1
    assert y.min() < 2.1 and y.max() > 5.9
    assert abs(np.corrcoef(y[:, 0, 0].T)[0, 1]) < 0.1  # channels are drawn by themselves


def test_one_channel_off_is_no_background():
    x = np.full((1, 1, 3, 2), 0.5, "float32")
    x[0, 0, 1, 1] += 0.05
    x[0, 0, 2, 1] += 0.2
    y = painted(RandomBackground(value=0.5, tolerance=0.1, low=5, high=6, seed=0), x)
    np.testing.assert_array_equal((y != x).any(axis=-1)[0, 0], [True, True, False])


def test_nothing_happens_outside_training():
    x, _ = pictures()
    np.testing.assert_array_equal(painted(RandomBackground(), x, training=False), x)


def test_seeds():
    x, _ = pictures()
    one, same, other = (RandomBackground(seed=seed) for seed in (1, 1, 2))
    first = painted(one, x)
    np.testing.assert_array_equal(first, painted(same, x))
    assert np.any(first != painted(other, x))
    assert np.any(first != painted(one, x))  # the next batch has other colours


def test_bytes_and_volumes():
    x = np.zeros((2, 3, 4, 5, 1), "uint8")
    y = painted(RandomBackground(low=0, high=255, seed=0), x)
    assert y.shape == x.shape
    assert y.dtype == np.float32
    assert y.max() > 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"tolerance": -0.1}, "tolerance"),
        ({"value": "black"}, "value"),
        ({"low": 0.7, "high": 0.2}, r"high.*\[0.7, "),
        ({"low": float("nan")}, "low"),
    ],
)
def test_wrong_arguments(arguments, named):
    with pytest.raises(InputError, match=named):
        RandomBackground(**arguments)
