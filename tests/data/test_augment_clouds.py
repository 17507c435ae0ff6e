"""What varies a training cloud, and what it leaves alone."""

import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

NOTHING = {"rotate": "", "jitter": 0, "scale": (1, 1)}


def clouds(count=50, points=40):
    return np.random.default_rng(0).normal(size=(count, points, 3)).astype("float32")


def varied(seed=0, **options):
    x = clouds()
    copy = x.copy()
    y, labels = data.CloudAugmentation(**NOTHING | options)(x, np.arange(50), np.random.default_rng(seed))
    np.testing.assert_array_equal(x, copy)
    np.testing.assert_array_equal(labels, np.arange(50))
    assert y.dtype == np.float32 and y.shape == x.shape
    return x, y


def test_nothing_asked_for_nothing_done():
    np.testing.assert_array_equal(*varied())


@pytest.mark.parametrize(("axis", "number"), [("x", 0), ("y", 1), ("z", 2)])
def test_a_rotation_keeps_lengths_and_heights(axis, number):
    x, y = varied(rotate=axis)
    np.testing.assert_allclose(y[..., number], x[..., number], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(y, axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-5)
    first, second = (number + 1) % 3, (number + 2) % 3
    angles = np.arctan2(y[:, 0, second], y[:, 0, first]) - np.arctan2(x[:, 0, second], x[:, 0, first])
    assert len(np.unique(np.round(angles, 3))) > 40  # each cloud by another angle
    quarter = data.rotated(np.eye(3, dtype="float32")[None], np.array([np.pi / 2]), axis)[0]
    np.testing.assert_allclose(quarter[first], np.eye(3)[second], atol=1e-6)
    np.testing.assert_allclose(quarter[second], -np.eye(3)[first], atol=1e-6)


def test_jitter_is_as_large_as_asked_and_clipped():
    x, y = varied(jitter=0.02, clip=0.03)
    assert (y - x).std() == pytest.approx(0.0166, rel=0.1) and np.abs(y - x).max() <= 0.03 + 1e-6


def test_each_axis_of_each_cloud_is_stretched_by_itself():
    x, y = varied(scale=(0.5, 2))
    factors = (y / x)[:, 0]
    np.testing.assert_allclose(y, x * factors[:, None], rtol=1e-4)
    assert 0.5 <= factors.min() < 0.6 and 1.8 < factors.max() <= 2 and len(np.unique(np.round(factors, 3))) > 100


def test_what_is_left_comes_first_then_copies_of_the_first_point():
    x, y = varied(drop=0.6)
    kept = [np.isin(before[:, 0], after[:, 0]) for before, after in zip(x, y, strict=True)]
    lost = 1 - np.mean(kept, axis=1)
    assert 0.2 < lost.mean() < 0.4 and lost.max() > 0.45
    for before, after, stays in zip(x, y, kept, strict=True):
        np.testing.assert_array_equal(after[: stays.sum()], before[stays])
        np.testing.assert_array_equal(after[stays.sum() :], np.broadcast_to(before[0], (40 - stays.sum(), 3)))


@pytest.mark.parametrize("one_hot", [False, True])
def test_labels_of_points_go_where_their_points_go(one_hot):
    x, parts = clouds(), np.random.default_rng(0).integers(0, 3, (50, 40))
    augment = data.CloudAugmentation(**NOTHING | {"drop": 0.6})
    y, labels = augment(x, np.eye(3)[parts] if one_hot else parts, np.random.default_rng(1))
    found = (y[:, :, None] == x[:, None]).all(axis=-1).argmax(axis=-1)  # where each point was before
    assert (found == 0).mean() > 0.2
    np.testing.assert_array_equal(
        labels.argmax(axis=-1) if one_hot else labels, np.take_along_axis(parts, found, axis=1)
    )


def test_labels_of_clouds_are_not_taken_for_labels_of_points():
    labels = np.eye(50, 40)
    labels[:, 0] = 7.5
    augment = data.CloudAugmentation(**NOTHING | {"drop": 0.6})
    np.testing.assert_array_equal(augment(clouds(), labels, np.random.default_rng(1))[1], labels)


def test_the_seed_decides():
    assert np.array_equal(varied(3, rotate="z", jitter=0.1)[1], varied(3, rotate="z", jitter=0.1)[1])
    assert not np.array_equal(varied(3, jitter=0.1)[1], varied(4, jitter=0.1)[1])


@pytest.mark.parametrize(
    "options", [{"rotate": "w"}, {"jitter": -1}, {"drop": 1}, {"scale": (2, 1)}, {"scale": (0, 1)}]
)
def test_impossible_arguments(options):
    with pytest.raises(InputError, match=next(iter(options))):
        data.CloudAugmentation(**options)
