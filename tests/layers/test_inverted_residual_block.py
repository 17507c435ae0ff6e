"""The inverted residual block: its three steps by hand, where it adds, shapes, saving."""

import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import InvertedResidualBlock

pytestmark = pytest.mark.backend


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize(
    ("filters", "expansion", "strides"), [(3, 6, 1), (5, 6, 1), (3, 2, 2), (5, 1, 2), (3, 1, 1), (4, 2, 3)]
)
def test_contract(tmp_path, filters, expansion, strides, normalise):
    assert_layer_contract(
        lambda: InvertedResidualBlock(filters, expansion, strides, normalise=normalise),
        (7, 9),
        other_size=(6, 5),
        tmp_path=tmp_path,
    )


@pytest.mark.parametrize("strides", [1, 2])
def test_trains(strides):
    assert_trains(InvertedResidualBlock(3, 2, strides), (7, 5))


@pytest.mark.parametrize(("filters", "expansion", "strides"), [(2, 3, 1), (3, 3, 1), (2, 3, 2), (2, 1, 1)])
def test_the_three_steps_by_hand(filters, expansion, strides):
    """Only the centre of the depthwise kernel counts, so that each pixel can be followed through the block."""
    random = np.random.default_rng(0)
    block = InvertedResidualBlock(filters, expansion, strides, normalise=False)
    x = random.normal(0, 3, size=(1, 5, 5, 2)).astype("float32")
    block(x)
    weights = [random.normal(0, 2, size=w.shape).astype("float32") for w in block.get_weights()]
    depthwise = next(w for w in weights if w.shape[:2] == (3, 3))
    centre = depthwise[1, 1, :, 0].copy()
    depthwise[:] = 0
    depthwise[1, 1, :, 0] = centre
    block.set_weights(weights)

    y = x.astype(float)
    if expansion > 1:
        y = np.clip(y @ weights[0][0, 0] + weights[1], 0, 6)
    y = np.clip((y * centre + weights[-3])[:, ::strides, ::strides], 0, 6)
    y = y @ weights[-2][0, 0] + weights[-1]
    if strides == 1 and filters == 2:
        y = y + x
    np.testing.assert_allclose(keras.ops.convert_to_numpy(block(x)), y, rtol=1e-4, atol=1e-4)


def test_parameters():
    """Expand 4 to 24 channels, filter each, project to 5; four numbers a channel for each normalisation."""
    block = InvertedResidualBlock(5)
    block.build((None, None, None, 4))
    assert block.count_params() == 4 * 24 + 9 * 24 + 24 * 5 + 4 * (24 + 24 + 5)


def test_training_flag_reaches_the_normalisations():
    block = InvertedResidualBlock(3)
    x = np.random.default_rng(0).normal(3, 2, size=(8, 5, 5, 3)).astype("float32")
    still = keras.ops.convert_to_numpy(block(x, training=False))
    assert not np.allclose(still, keras.ops.convert_to_numpy(block(x, training=True)), atol=1e-2)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"filters": 0}, "filters"),
        ({"filters": 4, "expansion": 0}, "expansion"),
        ({"filters": 4, "expansion": 1.5}, "expansion"),
        ({"filters": 4, "strides": True}, "strides"),
    ],
)
def test_wrong_arguments(arguments, named):
    with pytest.raises(InputError, match=f"{named}.*whole number of 1 or more"):
        InvertedResidualBlock(**arguments)
