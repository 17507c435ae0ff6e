import keras
import numpy as np
import pytest
from gradients import gradient
from scipy.ndimage import map_coordinates

from pcfilter_lib.layers import TrilinearSample

pytestmark = pytest.mark.backend


def reference(volume, places):
    return np.stack(
        [
            np.stack(
                [map_coordinates(channel, place.T, order=1, cval=0) for channel in np.moveaxis(one, -1, 0)], axis=-1
            )
            for one, place in zip(volume, places, strict=True)
        ]
    )


def test_it_is_scipys_map_coordinates():
    draw = np.random.default_rng(0)
    volume = draw.normal(size=(2, 4, 5, 6, 3)).astype("float32")
    places = draw.uniform(-1, 6, (2, 300, 3)).astype("float32")
    places[:, :4] = [[0, 0, 0], [3, 4, 5], [1, 2, 3], [0.5, 4, 2.25]]
    found = keras.ops.convert_to_numpy(TrilinearSample()([volume, places]))
    np.testing.assert_allclose(found, reference(volume.astype(float), places.astype(float)), atol=1e-6)


def test_unknown_sizes_saved_and_loaded(tmp_path):
    inputs = [keras.Input((None, None, None, 2)), keras.Input((None, 3))]
    model = keras.Model(inputs, TrilinearSample()(inputs))
    assert model.output_shape == (None, None, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for sizes in ((3, 4, 5), (2, 2, 7)):
        draw = np.random.default_rng(sizes)
        volume = draw.normal(size=(2, *sizes, 2)).astype("float32")
        places = draw.uniform(0, 3, (2, 9, 3)).astype("float32")
        expected = reference(volume.astype(float), places.astype(float))
        np.testing.assert_allclose(loaded.predict([volume, places], verbose=0), expected, atol=1e-6)


def test_the_gradient_reaches_values_and_places():
    draw = np.random.default_rng(2)
    volume = draw.normal(size=(1, 3, 3, 3, 1)).astype("float32")
    places = draw.uniform(0.2, 0.8, (1, 4, 3)).astype("float32") + draw.integers(2, size=(1, 4, 3), dtype="int32")
    places = places.astype("float32")  # away from the planes in which the slope jumps
    layer = TrilinearSample()
    by_place = gradient(lambda each: keras.ops.sum(layer([keras.ops.convert_to_tensor(volume), each])), places)
    step = 1e-3
    for axis in range(3):
        moved = [places.astype(float) + sign * step * np.eye(3)[axis] for sign in (1, -1)]
        slope = (reference(volume.astype(float), moved[0]) - reference(volume.astype(float), moved[1])) / (2 * step)
        np.testing.assert_allclose(by_place[..., axis], slope[..., 0], atol=2e-3)
    by_value = gradient(lambda each: keras.ops.sum(layer([each, keras.ops.convert_to_tensor(places)])), volume)
    assert by_value.sum() == pytest.approx(4, abs=1e-5), "the weights of each of four places add up to 1"
