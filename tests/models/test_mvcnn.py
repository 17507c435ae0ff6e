import keras
import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib.errors import InputError
from pcfilter_lib.models import MVCNN

pytestmark = pytest.mark.backend


def pictures(count, views, size=16, channels=1):
    return np.random.default_rng([count, views]).random((count, views, size, size, channels), np.float32)


def test_any_number_of_views_in_any_order_saved_and_loaded(tmp_path):
    model = MVCNN(4, 16, 2, width=0.25, pooling="mean")
    assert model.input_shape == (None, None, 16, 16, 2) and model.output_shape == (None, 4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is MVCNN and loaded.get_config() == model.get_config()
    for views in (1, 5):
        x = pictures(2, views, channels=2)
        found = model.predict_on_batch(x)
        np.testing.assert_allclose(loaded.predict_on_batch(x), found, atol=1e-5)
        np.testing.assert_allclose(model.predict_on_batch(x[:, ::-1]), found, atol=1e-5)


def test_views_twice_change_nothing():
    model, x = MVCNN(3, 16, width=0.25), pictures(2, 3)
    expected = model.predict_on_batch(x)
    np.testing.assert_allclose(model.predict_on_batch(x[:, [0, 1, 2, 2, 0]]), expected, atol=1e-5)
    assert not np.allclose(model.predict_on_batch(x[:, :2]), expected, atol=1e-5)


def test_it_has_a_third_of_a_million_parameters():
    assert 300_000 < MVCNN(10, channels=2).count_params() < 400_000


def test_one_step_lowers_the_loss():
    with seeded(0):
        model = MVCNN(2, 16, width=0.5, dropout=0)
        x, y = pictures(8, 3), np.eye(2, dtype="float32")[np.arange(8) % 2]
        x[::2, :, :8] += 1
        model.compile(keras.optimizers.Adam(1e-2), keras.losses.CategoricalCrossentropy(from_logits=True))
        losses = [float(model.train_on_batch(x, y)) for _ in range(6)]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("wrong", [{"classes": 0}, {"size": 15}, {"channels": 0}, {"dropout": 1}, {"pooling": "sum"}])
def test_bad_arguments_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        MVCNN(**{"classes": 2} | wrong)
