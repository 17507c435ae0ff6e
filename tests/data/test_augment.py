import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError


def plane_normals(slope):
    """An image of normals of a surface whose height is slope[0] * column + slope[1] * row, and its heights."""
    rows, columns = np.mgrid[:8, :10].astype(float)
    height = slope[0] * columns**2 + slope[1] * rows**2
    normals = np.stack([-2 * slope[0] * columns, -2 * slope[1] * rows, np.ones_like(rows)], axis=-1)
    return height, normals


def test_normals_still_belong_to_the_surface_after_a_flip():
    height, normals = plane_normals((0.3, 0.7))
    images = np.repeat(np.concatenate([height[..., None], normals], axis=-1)[None], 64, axis=0)
    labels = np.repeat(height[None], 64, axis=0)
    flipped, moved = data.random_flips(images, labels, np.random.default_rng(0), (1,), (2,))
    np.testing.assert_array_equal(flipped[..., 0], moved)
    # The slope of the flipped surface, by differences, against the flipped normals.
    right, below = np.gradient(flipped[..., 0], axis=2), np.gradient(flipped[..., 0], axis=1)
    inside = (slice(None), slice(1, -1), slice(1, -1))
    np.testing.assert_allclose(right[inside], -flipped[..., 1][inside], atol=1e-12)
    np.testing.assert_allclose(below[inside], -flipped[..., 2][inside], atol=1e-12)
    kinds = {image.tobytes() for image in moved}
    assert len(kinds) == 4  # as it was, left to right, top to bottom, both


def test_the_originals_stay_as_they_are_and_the_generator_decides():
    images, labels = np.random.default_rng(1).random((8, 4, 6, 2)), np.arange(8 * 24).reshape(8, 4, 6)
    before = images.copy(), labels.copy()
    first = data.random_flips(images, labels, np.random.default_rng(5), (0,), (1,))
    again = data.random_flips(images, labels, np.random.default_rng(5), (0,), (1,))
    for a, b, original, kept in zip(first, again, (images, labels), before, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(original, kept)
    assert not np.array_equal(first[1], labels)


def test_wrong_shapes_and_channels_are_told():
    with pytest.raises(InputError, match="do not belong together"):
        data.random_flips(np.zeros((2, 4, 6, 1)), np.zeros((2, 4, 5)), np.random.default_rng(0))
    with pytest.raises(InputError, match="y_components"):
        data.random_flips(np.zeros((2, 4, 6, 1)), np.zeros((2, 4, 6)), np.random.default_rng(0), (0,), (1,))
