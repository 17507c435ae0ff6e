import itertools

import keras
import numpy as np
import pytest
from gradients import gradient

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import BackProject

pytestmark = pytest.mark.backend


def triple_loop(features, pixels, mode="max"):
    """Return what each voxel gets: one example, one voxel, one view after the other."""
    width, found = features.shape[3], np.zeros((*pixels.shape[:-1], features.shape[-1]))
    for example in range(len(features)):
        for voxel in itertools.product(*map(range, pixels.shape[1:-1])):
            seen = []
            for view, pixel in enumerate(pixels[example][voxel]):
                if pixel >= 0:
                    seen.append(features[example, view, pixel // width, pixel % width])
            if seen:
                found[example][voxel] = np.max(seen, axis=0) if mode == "max" else np.mean(seen, axis=0)
    return found


def example(*place, views=3, size=(4, 5), channels=2):
    draw = np.random.default_rng([len(place), views])
    features = draw.normal(size=(2, views, *size, channels)).astype("float32") - 3
    pixels = draw.integers(-1, size[0] * size[1], (2, *place, views), dtype="int32")
    pixels[draw.random(pixels.shape) < 0.4] = -1
    pixels.reshape(2, -1, views)[:, 0] = -1  # one voxel that nobody sees
    return features, pixels


@pytest.mark.parametrize("mode", ["max", "mean"])
@pytest.mark.parametrize("place", [(11,), (3, 4, 5)])
def test_it_is_a_triple_loop(mode, place):
    features, pixels = example(*place)
    found = keras.ops.convert_to_numpy(BackProject(mode)([features, pixels]))
    np.testing.assert_allclose(found, triple_loop(features.astype(float), pixels, mode), atol=1e-6)
    assert (found.reshape(2, -1, 2)[:, 0] == 0).all(), "nobody sees it: zero, not minus infinity"


@pytest.mark.parametrize("mode", ["max", "mean"])
def test_the_gradient_is_that_of_finite_differences(mode):
    features, pixels = example(2, 2, 3, size=(3, 3))
    weights = np.random.default_rng(4).normal(size=(*pixels.shape[:-1], 2)).astype("float32")
    layer, table, factors = BackProject(mode), *map(keras.ops.convert_to_tensor, (pixels, weights))
    slope = gradient(lambda each: keras.ops.sum(layer([each, table]) * factors), features)
    step, expected = 1e-4, np.zeros(features.shape)
    for place in np.ndindex(features.shape):
        both = []
        for sign in (1, -1):
            moved = features.astype(float)
            moved[place] += sign * step
            both.append((triple_loop(moved, pixels, mode) * weights).sum())
        expected[place] = (both[0] - both[1]) / (2 * step)
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(slope, expected, atol=1e-4)


def test_unknown_sizes_saved_and_loaded(tmp_path):
    inputs = [keras.Input((None, None, None, 2)), keras.Input((None, None, None, None), dtype="int32")]
    model = keras.Model(inputs, BackProject("mean")(inputs))
    assert model.output_shape == (None, None, None, None, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for place, views in (((2, 3, 1), 1), ((3, 2, 2), 4)):
        features, pixels = example(*place, views=views)
        expected = triple_loop(features.astype(float), pixels, "mean")
        np.testing.assert_allclose(loaded.predict_on_batch([features, pixels]), expected, atol=1e-6)


def test_other_modes_are_refused():
    with pytest.raises(InputError, match="mode"):
        BackProject("last")
