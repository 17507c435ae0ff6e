import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers.drop_block import DropBlock2D, DropBlock3D, drop_block_gamma

pytestmark = pytest.mark.backend


def dropped(layer, shape):
    """Return where the layer drops ones, and by what it scales what it keeps."""
    out = keras.ops.convert_to_numpy(layer(np.ones(shape, "float32"), training=True))
    return out == 0, out


@pytest.mark.parametrize(
    "make, size, other",
    [
        (lambda: DropBlock2D(0.2, 3, seed=1), (7, 9), (5, 6)),
        (lambda: DropBlock2D(0.2, 4, per_channel=False, seed=1), (5, 11), (4, 4)),
        (lambda: DropBlock3D(0.2, 2, seed=1), (5, 3, 7), (2, 3, 4)),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_the_contract_of_a_layer(make, size, other, training, tmp_path):
    assert_layer_contract(make, size, other_size=other, tmp_path=tmp_path, training=training)
    assert_trains(make(), size)


def test_outside_training_nothing_happens():
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    for layer, training in [(DropBlock2D(0.9, 3), False), (DropBlock2D(0, 3), True)]:
        assert np.array_equal(keras.ops.convert_to_numpy(layer(x, training=training)), x)


def test_what_is_dropped_is_a_union_of_blocks_that_lie_inside_the_map():
    holes, _ = dropped(DropBlock2D(0.15, 3, seed=3), (8, 11, 9, 4))
    assert 0.05 < holes.mean() < 0.15
    for hole in holes.transpose(0, 3, 1, 2).reshape(-1, 11, 9):
        windows = np.lib.stride_tricks.sliding_window_view(hole, (3, 3))
        covered = np.zeros_like(hole)
        for i, j in np.argwhere(windows.all(axis=(2, 3))):
            covered[i : i + 3, j : j + 3] = True
        assert np.array_equal(covered, hole), "a dropped value lies in no whole block"
    places = holes.any(axis=(0, 3))
    assert places[0].any() and places[-1].any() and places[:, 0].any() and places[:, -1].any()


@pytest.mark.parametrize("sizes, block", [((16, 12), 3), ((9, 9), 7), ((10, 10), 1)])
def test_blocks_begin_as_often_as_gamma_says(sizes, block):
    """A value is dropped unless no block that covers it begins: by gamma the share of each pixel is known."""
    holes, _ = dropped(DropBlock2D(0.3, block, seed=5), (600, *sizes, 4))
    gamma = drop_block_gamma(0.3, block, *sizes)
    covering = [
        np.minimum.reduce([np.arange(n) + 1, n - np.arange(n), np.full(n, min(block, n - block + 1))]) for n in sizes
    ]
    expected = 1 - (1 - gamma) ** np.outer(*covering)
    assert np.abs(holes.mean(axis=(0, 3)) - expected).max() < 0.05
    assert abs(holes.mean() - expected.mean()) < 0.01


def test_a_block_of_one_is_dropout_and_a_block_of_the_map_drops_maps():
    assert drop_block_gamma(0.25, 1, 8, 8) == 0.25
    assert drop_block_gamma(0.25, 8, 8, 8) == 0.25
    assert np.isclose(drop_block_gamma(0.1, 3, 10, 10), 0.1 / 9 * 100 / 64)
    holes, _ = dropped(DropBlock2D(0.25, 6, seed=2), (400, 6, 6, 5))
    whole = holes.reshape(400, 36, 5)
    assert (whole.all(axis=1) | ~whole.any(axis=1)).all()
    assert abs(whole.mean() - 0.25) < 0.03


def test_what_is_kept_is_scaled_to_the_same_sum_in_each_example():
    _, out = dropped(DropBlock2D(0.3, 3, seed=4), (5, 12, 12, 3))
    assert np.allclose(out.mean(axis=(1, 2, 3)), 1, atol=1e-5)
    assert len(np.unique(out[0].round(4))) == 2


def test_everything_dropped_is_zero_and_not_nan():
    holes, out = dropped(DropBlock2D(1.0, 4, seed=1), (3, 4, 4, 2))
    assert holes.all() and np.isfinite(out).all()


def test_channels_share_their_blocks_on_request():
    apart, _ = dropped(DropBlock2D(0.3, 2, seed=6), (4, 8, 8, 6))
    shared, _ = dropped(DropBlock2D(0.3, 2, per_channel=False, seed=6), (4, 8, 8, 6))
    assert not np.array_equal(apart[..., 0], apart[..., 1])
    assert shared.any() and (shared == shared[..., :1]).all()


def test_a_seed_gives_the_same_blocks_and_the_next_call_others():
    first, again = DropBlock2D(0.3, 2, seed=7), DropBlock2D(0.3, 2, seed=7)
    one, two = dropped(first, (2, 8, 8, 2))[0], dropped(first, (2, 8, 8, 2))[0]
    assert np.array_equal(one, dropped(again, (2, 8, 8, 2))[0]) and not np.array_equal(one, two)


def test_cubes_of_voxels():
    holes, _ = dropped(DropBlock3D(0.1, 2, seed=8), (2, 6, 7, 5, 2))
    hole = holes[0, ..., 0]
    windows = np.lib.stride_tricks.sliding_window_view(hole, (2, 2, 2)).all(axis=(3, 4, 5))
    covered = np.zeros_like(hole)
    for i, j, k in np.argwhere(windows):
        covered[i : i + 2, j : j + 2, k : k + 2] = True
    assert hole.any() and np.array_equal(covered, hole)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), "0.5", None, True])
def test_a_rate_that_is_no_probability_is_refused(rate):
    with pytest.raises(InputError, match=r"rate.*\[0, 1\]"):
        DropBlock2D(rate, 3)
    with pytest.raises(InputError, match=r"rate.*\[0, 1\]"):
        drop_block_gamma(rate, 1, 4, 4)


@pytest.mark.parametrize("size", [0, -1, 2.5, "3", None])
def test_a_block_of_no_size_is_refused(size):
    with pytest.raises(InputError, match="block_size.*whole number of 1 or more"):
        DropBlock2D(0.1, size)


def test_a_block_larger_than_the_map_is_refused_wherever_the_size_is_known():
    remedy = "block_size: a block of side 5 is larger than the map, 7 x 4. Remedy: pass a whole number from 1 to 4"
    for fails in [
        lambda: DropBlock2D(0.1, 5).build((None, 7, 4, 1)),
        lambda: DropBlock2D(0.1, 5)(np.ones((1, 7, 4, 1), "float32"), training=True),
        lambda: DropBlock2D(0.1, 5)(keras.Input((7, 4, 1))),
        lambda: drop_block_gamma(0.1, 5, 7, 4),
    ]:
        with pytest.raises(InputError, match=remedy):
            fails()
    layer = DropBlock2D(0.1, 5)
    layer(np.ones((1, 7, 7, 1), "float32"))
    with pytest.raises(InputError, match=remedy):
        layer(np.ones((1, 7, 4, 1), "float32"), training=True)


def test_images_are_asked_for():
    with pytest.raises(ValueError, match="expected ndim=4"):
        DropBlock2D(0.1, 3)(np.ones((4, 4, 1), "float32"))
