"""Layers from pictures to volumes, on each backend."""

import keras
import numpy as np
import pytest
from isolation import seeded
from keras import ops

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import ContextFusion, ConvGRU3D, PictureToCube

pytestmark = pytest.mark.backend


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def volumes(views=3, side=4, context=2, batch=2):
    """Return features of context, and probabilities."""
    drawn = random(batch, views, side, side, side, context + 1)
    drawn[..., -1] = 1 / (1 + np.exp(-drawn[..., -1]))
    return drawn


def result(layer, inputs, **options):
    return ops.convert_to_numpy(layer(inputs, **options))


# ---- From maps to a cube


def test_the_order_of_pytorch_gives_the_bits_of_a_column():
    maps = random(2, 8, 8, 6)
    cube = result(PictureToCube(2, "channels_first"), maps)
    assert cube.shape == (2, 2, 2, 2, 48)
    for feature, i, j, k in np.ndindex(48, 2, 2, 2):
        np.testing.assert_array_equal(cube[:, i, j, k, feature], maps[:, feature % 8, 4 * i + 2 * j + k, feature // 8])


def test_the_order_of_keras_gives_a_row_to_each_cell():
    maps = random(2, 8, 8, 6)
    cube = result(PictureToCube(), maps)
    for i, j, k in np.ndindex(2, 2, 2):
        np.testing.assert_array_equal(cube[:, i, j, k], maps[:, 4 * i + 2 * j + k].reshape(2, -1))


@pytest.mark.parametrize("order", ["channels_first", "channels_last"])
def test_no_value_is_lost_or_doubled(order):
    maps = np.arange(4 * 4 * 4, dtype="float32").reshape(1, 4, 4, 4)
    assert sorted(result(PictureToCube(2, order), maps).ravel()) == list(range(64))


def test_maps_that_cannot_be_distributed_are_refused():
    with pytest.raises(InputError, match="not a multiple of 8 values"):
        PictureToCube()(random(1, 3, 3, 3))
    with pytest.raises(InputError, match="order"):
        PictureToCube(order="first")


# ---- Fusion of volumes


def test_a_fused_voxel_lies_between_the_voxels_of_all_volumes():
    inputs = volumes()
    with seeded(0):
        fused = result(ContextFusion((3, 1)), inputs)
    assert fused.shape == (2, 4, 4, 4, 1)
    assert (fused >= inputs[..., -1:].min(axis=1) - 1e-6).all() and (fused <= inputs[..., -1:].max(axis=1) + 1e-6).all()
    assert np.abs(fused - inputs[..., -1:].mean(axis=1)).max() > 1e-3, "it is not just the mean"


def test_the_order_of_the_volumes_does_not_matter_and_equal_scores_give_the_mean():
    inputs, layer = volumes(), ContextFusion((3, 1))
    with seeded(0):
        fused = result(layer, inputs)
    np.testing.assert_allclose(result(layer, inputs[:, [2, 0, 1]]), fused, atol=1e-6)
    same = inputs.copy()
    same[:, 1:] = same[:, :1]
    np.testing.assert_allclose(result(layer, same), same[:, 0, ..., -1:], atol=1e-6)
    layer.set_weights([np.zeros_like(each) for each in layer.get_weights()])
    np.testing.assert_allclose(result(layer, inputs), inputs[..., -1:].mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(layer.weigh(inputs)), 1 / 3, atol=1e-6)


def test_filters_have_to_end_with_one_score():
    with pytest.raises(InputError, match="do not end with 1"):
        ContextFusion((3, 2))


# ---- A cube of recurrent units


def gru_by_hand(layer, inputs):
    """Return the states after the last picture, one cell and one gate after another."""
    weights = {each.path.split("/", 1)[1]: ops.convert_to_numpy(each.value) for each in layer.weights}
    side, filters = layer.side, layer.filters

    def look(gate, hidden):
        kernel = next(value for name, value in weights.items() if f"{gate}_look" in name)
        padded = np.pad(hidden, [(0, 0), (1, 1), (1, 1), (1, 1), (0, 0)])
        found = np.zeros_like(hidden)
        for i, j, k in np.ndindex(3, 3, 3):
            found += padded[:, i : i + side, j : j + side, k : k + side] @ kernel[i, j, k]
        return found

    def read(gate, x):
        kernel, bias = (
            next(v for n, v in weights.items() if f"{gate}_read/{part}" in n) for part in ("kernel", "bias")
        )
        return (x @ kernel + bias).reshape(-1, side, side, side, filters)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    hidden = np.zeros((len(inputs), side, side, side, filters))
    for x in np.moveaxis(inputs, 1, 0):
        update, reset = (sigmoid(read(gate, x) + look(gate, hidden)) for gate in ("update", "reset"))
        candidate = np.tanh(read("candidate", x) + look("candidate", reset * hidden))
        hidden = (1 - update) * hidden + update * candidate
    return hidden


def test_gates_are_those_of_the_formula():
    layer, inputs = ConvGRU3D(3, side=2), random(2, 4, 5)
    with seeded(0):
        states = result(layer, inputs)
    assert states.shape == (2, 2, 2, 2, 3)
    np.testing.assert_allclose(states, gru_by_hand(layer, inputs), atol=1e-5)
    assert np.abs(result(layer, inputs[:, ::-1].copy()) - states).max() > 1e-3, "the order matters"


# ---- All of them


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (lambda: PictureToCube(2, "channels_first"), random(2, 4, 4, 3)),
        (lambda: ContextFusion((2, 1), "mish"), volumes(2, 3)),
        (lambda: ConvGRU3D(2, 2), random(2, 3, 4)),
    ],
    ids=["cube", "fusion", "gru"],
)
def test_saved_loaded_and_trained(make, inputs, tmp_path):
    with seeded(0):
        model = keras.Sequential([keras.Input(inputs.shape[1:]), make()])
    outputs = model.predict_on_batch(inputs)
    assert model.output_shape[1:] == outputs.shape[1:]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict_on_batch(inputs), outputs, atol=1e-6)
    if model.trainable_weights:
        before = [ops.convert_to_numpy(each) for each in model.trainable_weights]
        model.compile("sgd", "mse")
        assert np.isfinite(model.train_on_batch(inputs, np.zeros_like(outputs)))
        assert any(
            not np.array_equal(a, ops.convert_to_numpy(b)) for a, b in zip(before, model.trainable_weights, strict=True)
        )
