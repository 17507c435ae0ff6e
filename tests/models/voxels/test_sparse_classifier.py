import keras
import numpy as np
import pytest

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import SparseClassifier

pytestmark = pytest.mark.backend


def voxels(share, seed, side=9):
    return np.argwhere(np.random.default_rng(seed).random((side,) * 3) < share)


def sample(model, coordinates, seed=0):
    features = np.random.default_rng(seed).normal(size=(len(coordinates), 2)).astype("float32")
    return {"features": features, **model.tables(coordinates)}


def small(depth=2):
    model = SparseClassifier(3, channels=2, depth=depth, base_filters=4)
    draw = np.random.default_rng(3)  # a normalisation of fresh averages would hide what padding does to it
    model.set_weights([draw.uniform(0.2, 1, each.shape) for each in model.get_weights()])
    return model


@pytest.mark.parametrize("depth", [0, 2])
def test_it_is_saved_loaded_and_trained(depth, tmp_path):
    model = SparseClassifier(3, channels=2, depth=depth, base_filters=4)
    batch = sparse.stack_padded([sample(model, voxels(0.1, 0)), sample(model, voxels(0.2, 1))])
    outputs = model.predict_on_batch(batch)
    assert outputs.shape == (2, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is SparseClassifier and loaded.get_config() == model.get_config()
    np.testing.assert_allclose(loaded.predict_on_batch(batch), outputs, atol=1e-5)
    before = model.get_weights()
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(batch, np.ones_like(outputs)))
    assert not np.array_equal(before[0], model.get_weights()[0]), "no gradient reached the first kernel"


def test_a_shape_is_classified_beside_a_larger_one_as_it_is_alone():
    model = small()
    few, many = sample(model, voxels(0.05, 0)), sample(model, voxels(0.4, 1), seed=1)
    together = model.predict_on_batch(sparse.stack_padded([few, many]))
    np.testing.assert_allclose(together[0], model.predict_on_batch(sparse.stack_padded([few]))[0], rtol=1e-4)


def test_neither_the_order_of_the_voxels_nor_a_translation_by_whole_blocks_matters():
    model, coordinates = small(), voxels(0.2, 0)
    here = sample(model, coordinates)
    order = np.random.default_rng(1).permutation(len(coordinates))
    there = {"features": here["features"][order], **model.tables(coordinates[order] + [4, -8, 12])}
    expected = model.predict_on_batch(sparse.stack_padded([here]))
    np.testing.assert_allclose(model.predict_on_batch(sparse.stack_padded([there])), expected, rtol=1e-4)


@pytest.mark.parametrize(
    "wrong", [{"classes": 0}, {"channels": 0}, {"depth": -1}, {"base_filters": 1.5}, {"dropout": 1}]
)
def test_arguments_are_checked(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        SparseClassifier(**{"classes": 2, "channels": 1, **wrong})
