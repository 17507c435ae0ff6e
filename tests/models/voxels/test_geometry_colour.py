import keras
import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib.errors import InputError
from pcfilter_lib.models import GeometryColour

pytestmark = pytest.mark.backend


def inputs(use="both", *, sizes=(3, 4, 5), views=2, picture=(8, 6), channels=1, picture_channels=3, stride=2):
    draw = np.random.default_rng([*sizes, views])
    pixels = picture[0] // stride * (picture[1] // stride)
    found = {
        "volume": draw.random((2, *sizes, channels), np.float32),
        "pictures": draw.random((2, views, *picture, picture_channels), np.float32),
        "pixels": draw.integers(-1, pixels, (2, *sizes, views), dtype="int32"),
    }
    return {name: found[name] for name in found if use == "both" or (use == "geometry") == (name == "volume")}


@pytest.mark.parametrize("use", ["both", "geometry", "pictures"])
def test_any_size_saved_and_loaded(tmp_path, use):
    model = GeometryColour(3, picture_channels=3, filters=4, use=use)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is GeometryColour and loaded.get_config() == model.get_config()
    for more in ({}, {"sizes": (4, 3, 2), "views": 3, "picture": (6, 10)}):
        x = inputs(use, **more)
        found = model.predict_on_batch(x)
        assert found.shape == (2, *more.get("sizes", (3, 4, 5)), 3)
        np.testing.assert_allclose(loaded.predict_on_batch(x), found, atol=1e-5)


@pytest.mark.parametrize("stride", [1, 4])
def test_pictures_matter_only_where_a_view_sees_something(stride):
    model = GeometryColour(2, filters=4, stride=stride, picture_channels=3)
    x = inputs(picture=(8, 8), stride=stride)
    other = {**x, "pictures": x["pictures"] + np.random.default_rng(9).random(x["pictures"].shape, np.float32)}
    assert not np.allclose(model.predict_on_batch(x), model.predict_on_batch(other), atol=1e-5)
    x["pixels"] = other["pixels"] = np.full_like(x["pixels"], -1)
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict_on_batch(other))


def test_both_branches_learn():
    with seeded(0):
        model, x = GeometryColour(2, picture_channels=3, filters=4), inputs()
        model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        before = [np.array(weight) for weight in model.get_weights()]
        y = np.random.default_rng(0).integers(2, size=(2, 3, 4, 5))
        losses = [float(model.train_on_batch(x, y)) for _ in range(8)]
    assert losses[-1] < losses[0]
    kernels = [number for number, variable in enumerate(model.weights) if variable.name == "kernel"]
    assert len(kernels) == 7, "two of the geometry's, two of the pictures', one on voxels, one joined, the last"
    after = model.get_weights()
    assert all(not np.allclose(before[number], after[number], atol=1e-6) for number in kernels)


@pytest.mark.parametrize(
    "wrong", [{"classes": 0}, {"stride": 3}, {"use": "colour"}, {"pooling": "sum"}, {"filters": 0}]
)
def test_bad_arguments_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        GeometryColour(**{"classes": 2} | wrong)
