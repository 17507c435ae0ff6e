import keras
import numpy as np
import pytest

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import PointNet

pytestmark = pytest.mark.backend


def clouds(points=40, channels=3, count=4):
    return np.random.default_rng(0).normal(size=(count, points, channels)).astype("float32")


@pytest.mark.parametrize("variant", [{}, {"transforms": False}, {"dropout": 0.0, "channels": 6}])
def test_any_number_of_points_saved_and_trained(tmp_path, variant):
    model = PointNet(5, **{"width": 0.1} | variant)
    channels = variant.get("channels", 3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for points in (1, 17, 64):
        assert model.predict(clouds(points, channels), verbose=0).shape == (4, 5)
    before = [np.array(weight) for weight in model.get_weights()]
    for _ in range(2):  # no gradient passes a transform that is the identity: its last layer moves first
        assert np.isfinite(model.train_on_batch(clouds(channels=channels), np.arange(4)))
    assert not np.allclose(before[0], model.get_weights()[0], atol=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is PointNet and loaded.get_config() == model.get_config()
    x = clouds(23, channels)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_the_order_of_the_points_does_not_matter():
    model, x = PointNet(3, width=0.1), clouds()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(3):  # the transforms are no identity afterwards
        model.train_on_batch(x, np.array([0, 1, 2, 0]))
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_allclose(model.predict(x[:, order], verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_it_has_the_published_number_of_weights():
    # Qi et al. 2017, supplement, section E: 3.5 million with transforms, 0.8 million without, for 40 classes.
    sizes = [PointNet(40, transforms=transforms).count_params() for transforms in (True, False)]
    assert [round(size / 1e6, 1) for size in sizes] == [3.5, 0.8]


def test_it_learns_to_tell_balls_from_boxes():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(64, 60, 3))
    norms = (np.linalg.norm(directions, axis=-1, keepdims=True), np.abs(directions).max(axis=-1, keepdims=True))
    kinds = rng.integers(0, 2, 64)
    x = np.where(kinds[:, None, None] == 0, directions / norms[0], directions / norms[1]).astype("float32")
    model = PointNet(2, width=0.15, dropout=0.0)
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x[:48], kinds[:48], batch_size=16, epochs=12, verbose=0)
    assert (model.predict(x[48:], verbose=0).argmax(-1) == kinds[48:]).mean() > 0.8


@pytest.mark.parametrize(
    "arguments",
    [{"classes": 0}, {"classes": 3, "width": 0}, {"classes": 3, "channels": 2}, {"classes": 3, "dropout": 1}],
)
def test_impossible_arguments(arguments):
    with pytest.raises(InputError, match=list(arguments)[-1]):
        PointNet(**arguments)
