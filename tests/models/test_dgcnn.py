import keras
import numpy as np
import pytest
from one_step import one_step

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import DGCNN

pytestmark = pytest.mark.backend


def clouds(points=40, channels=3, count=4):
    return np.random.default_rng(0).uniform(-0.5, 0.5, (count, points, channels)).astype("float32")


@pytest.mark.parametrize("variant", [{}, {"dropout": 0.0, "channels": 6, "k": 5}])
def test_any_number_of_points_saved_and_trained(tmp_path, variant):
    model = DGCNN(5, **{"width": 0.1, "k": 8} | variant)
    channels = variant.get("channels", 3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for points in (1, 30):
        assert model.predict(clouds(points, channels), verbose=0).shape == (4, 5)
    before = [np.array(weight) for weight in model.get_weights()]
    assert np.isfinite(one_step(model, clouds(channels=channels), np.arange(4), traced=False))
    assert not np.allclose(before[0], model.get_weights()[0], atol=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is DGCNN and loaded.get_config() == model.get_config()
    x = clouds(30, channels)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_it_has_the_published_number_of_weights():
    # Wang et al. 2019, table 3: 1.8 million, for 40 classes.
    assert round(DGCNN(40).count_params() / 1e6, 1) == 1.8


def test_the_order_of_the_points_does_not_matter():
    model, x = DGCNN(3, k=6, width=0.1), clouds()
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_allclose(model.predict(x[:, order], verbose=0), model.predict(x, verbose=0), atol=1e-5)


@pytest.mark.parametrize(
    "arguments", [{"classes": 0}, {"classes": 3, "k": 0}, {"classes": 3, "channels": 2}, {"classes": 3, "dropout": 1}]
)
def test_impossible_arguments(arguments):
    with pytest.raises(InputError, match=list(arguments)[-1]):
        DGCNN(**arguments)
