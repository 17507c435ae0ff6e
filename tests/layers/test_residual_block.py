"""The residual block: its sum by hand, where it projects, shapes, saving."""

import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import ResidualBlock

pytestmark = pytest.mark.backend


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize(("filters", "strides"), [(3, 1), (5, 1), (3, 2), (5, 2), (4, 3)])
def test_contract(tmp_path, filters, strides, normalise):
    assert_layer_contract(
        lambda: ResidualBlock(filters, strides, normalise=normalise), (7, 9), other_size=(6, 5), tmp_path=tmp_path
    )


@pytest.mark.parametrize("strides", [1, 2])
def test_trains(strides):
    assert_trains(ResidualBlock(4, strides), (7, 5))


def test_the_sum_by_hand():
    """With kernels that are 2 and 3 at the centre the block is relu(3 relu(2 x) + x)."""
    block = ResidualBlock(2, normalise=False)
    x = np.random.default_rng(0).normal(size=(1, 4, 5, 2)).astype("float32")
    block(x)
    weights = [np.zeros_like(weight) for weight in block.get_weights()]
    for kernel, factor in zip([w for w in weights if w.ndim == 4], (2, 3), strict=True):
        kernel[1, 1] = factor * np.eye(2)
    block.set_weights(weights)
    expected = np.maximum(3 * np.maximum(2 * x, 0) + x, 0)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(block(x)), expected, rtol=1e-5)


@pytest.mark.parametrize(("channels", "filters", "strides", "projects"), [(3, 3, 1, 0), (3, 4, 1, 1), (3, 3, 2, 1)])
def test_projection_only_where_the_shape_changes(channels, filters, strides, projects):
    block = ResidualBlock(filters, strides, normalise=False)
    block.build((None, None, None, channels))
    kernels = [w.shape for w in block.weights if len(w.shape) == 4]
    assert kernels.count((1, 1, channels, filters)) == projects
    assert len(kernels) == 2 + projects


def test_parameters():
    """He et al.: two 3x3 convolutions without bias, four numbers a channel for each normalisation."""
    block = ResidualBlock(8, 2)
    block.build((None, 10, 10, 3))
    assert block.count_params() == 9 * 3 * 8 + 9 * 8 * 8 + 3 * 8 + 3 * 4 * 8


def test_training_flag_reaches_the_normalisations():
    block = ResidualBlock(3)
    x = np.random.default_rng(0).normal(3, 2, size=(8, 5, 5, 3)).astype("float32")
    still = keras.ops.convert_to_numpy(block(x, training=False))
    assert not np.allclose(still, keras.ops.convert_to_numpy(block(x, training=True)), atol=1e-2)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [({"filters": 0}, "filters"), ({"filters": 2.5}, "filters"), ({"filters": 4, "strides": -1}, "strides")],
)
def test_wrong_arguments(arguments, named):
    with pytest.raises(InputError, match=f"{named}.*whole number of 1 or more"):
        ResidualBlock(**arguments)
