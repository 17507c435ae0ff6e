"""Channels change places, together for all pixels of an image; in training, and never otherwise."""

import itertools

import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.layers import RandomChannelPermutation

pytestmark = pytest.mark.backend


def permuted(layer, x, training=True):
    return keras.ops.convert_to_numpy(layer(x, training=training))


def orders(x, y):
    """For each image, which order its channels are in; fails if they are in none."""
    found = []
    for before, after in zip(x, y, strict=True):
        fits = [p for p in itertools.permutations(range(x.shape[-1])) if np.array_equal(before[..., list(p)], after)]
        assert len(fits) == 1
        found += fits
    return found


@pytest.mark.parametrize("training", [False, True])
def test_contract(tmp_path, training):
    assert_layer_contract(
        lambda: RandomChannelPermutation(seed=3), (5, 7), other_size=(4, 9), tmp_path=tmp_path, training=training
    )


def test_trains():
    assert_trains(RandomChannelPermutation(), (5, 7))


@pytest.mark.parametrize("size", [(), (4,), (3, 5), (2, 3, 4)])
def test_every_image_is_permuted_as_a_whole(size):
    x = np.random.default_rng(0).normal(size=(30, *size, 3)).astype("float32")
    assert len(set(orders(x, permuted(RandomChannelPermutation(seed=0), x)))) > 3


def test_all_orders_are_equally_likely():
    x = np.random.default_rng(0).normal(size=(3000, 1, 1, 3)).astype("float32")
    found = orders(x, permuted(RandomChannelPermutation(seed=0), x))
    counts = [found.count(order) for order in itertools.permutations(range(3))]
    assert min(counts) > 400 and max(counts) < 600  # 500 each, give or take five standard deviations


def test_nothing_happens_outside_training():
    x = np.random.default_rng(0).normal(size=(4, 3, 5, 3)).astype("float32")
    np.testing.assert_array_equal(permuted(RandomChannelPermutation(), x, training=False), x)


def test_seeds():
    x = np.random.default_rng(0).normal(size=(30, 3, 5, 3)).astype("float32")
    one, same, other = (RandomChannelPermutation(seed=seed) for seed in (1, 1, 2))
    first = permuted(one, x)
    np.testing.assert_array_equal(first, permuted(same, x))
    assert np.any(first != permuted(other, x))
    assert np.any(first != permuted(one, x))  # the next batch has other orders


def test_one_channel_stays():
    x = np.random.default_rng(0).normal(size=(4, 3, 5, 1)).astype("float32")
    np.testing.assert_array_equal(permuted(RandomChannelPermutation(), x), x)
