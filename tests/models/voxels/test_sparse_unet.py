import keras
import numpy as np
import pytest

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import SparseUNet

pytestmark = pytest.mark.backend


def voxels(share, seed, side=9):
    return np.argwhere(np.random.default_rng(seed).random((side,) * 3) < share)


def sample(coordinates, depth, seed=0):
    features = np.random.default_rng(seed).normal(size=(len(coordinates), 2)).astype("float32")
    return {"features": features, **sparse.unet_tables(coordinates, depth)}


@pytest.mark.parametrize("depth", [0, 2])
def test_it_is_saved_loaded_and_trained(depth, tmp_path):
    model = SparseUNet(3, channels=2, depth=depth, base_filters=2)
    batch = sparse.stack_padded([sample(voxels(0.1, 0), depth), sample(voxels(0.2, 1), depth)])
    outputs = model.predict(batch, verbose=0)
    assert outputs.shape == (*batch["features"].shape[:2], 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is SparseUNet and loaded.get_config() == model.get_config()
    np.testing.assert_allclose(loaded.predict(batch, verbose=0), outputs, atol=1e-5)
    before = model.get_weights()
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(batch, np.ones_like(outputs)))
    assert all(np.isfinite(each).all() for each in model.get_weights())
    assert not np.array_equal(before[0], model.get_weights()[0]), "no gradient reached the first kernel"


def test_rows_that_were_padded_count_in_no_statistics():
    """In training, two samples give what one set of voxels gives that holds both, far from each other."""
    depth, near, far = 2, voxels(0.1, 0), voxels(0.3, 1)
    model = SparseUNet(3, channels=2, depth=depth, base_filters=2)
    several = [sample(near, depth), sample(far, depth, seed=1)]
    together = sample(np.concatenate([near, far + 64]), depth)
    together["features"] = np.concatenate([each["features"] for each in several])
    separate = keras.ops.convert_to_numpy(model(sparse.stack_padded(several), training=True))
    union = keras.ops.convert_to_numpy(model(sparse.stack_padded([together]), training=True))[0]
    np.testing.assert_allclose(separate[0, : len(near)], union[: len(near)], atol=1e-4)
    np.testing.assert_allclose(separate[1, : len(far)], union[len(near) :], atol=1e-4)


def test_a_translation_of_all_voxels_by_whole_blocks_changes_nothing():
    model = SparseUNet(3, channels=2, depth=2, base_filters=2)
    here, there = (sparse.stack_padded([sample(voxels(0.2, 0) + step, 2)]) for step in (0, [4, -8, 12]))
    np.testing.assert_array_equal(model.predict(here, verbose=0), model.predict(there, verbose=0))


@pytest.mark.parametrize("wrong", [{"classes": 0}, {"channels": 0}, {"depth": -1}, {"base_filters": 1.5}])
def test_arguments_are_checked(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        SparseUNet(**{"classes": 2, "channels": 1, **wrong})
