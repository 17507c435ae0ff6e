"""What every layer of the library is held to, on each backend."""

import keras
import numpy as np

import pcfilter_lib.register  # noqa: F401


def assert_layer_contract(make, size, *, other_size=None, channels=3, tmp_path, dtype="float32", training=False):
    """Hold a layer on one input (batch, *size, channels) to the contract: shapes, unknown sizes, config, saving.

    ``make()`` returns a fresh layer. `size` should be odd; `other_size`, another one, is fed to the same model.
    """
    random = np.random.default_rng(0)
    x = random.normal(size=(2, *size, channels)).astype(dtype)

    def shapes_of(outputs):
        return [tuple(output.shape) for output in keras.tree.flatten(outputs)]

    layer = make()
    real = layer(x, training=training) if training else layer(x)
    promised = make().compute_output_spec(keras.KerasTensor(x.shape, dtype=dtype))
    assert shapes_of(real) == shapes_of(promised), "compute_output_spec promises other shapes than call returns"
    assert [keras.backend.standardize_dtype(a.dtype) for a in keras.tree.flatten(real)] == [
        keras.backend.standardize_dtype(a.dtype) for a in keras.tree.flatten(promised)
    ]

    twin = type(layer).from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()

    # A model with unknown sizes, saved and loaded, gives the same numbers, on a second size too.
    inputs = keras.Input((*[None] * len(size), channels), dtype=dtype)
    model = keras.Model(inputs, make()(inputs))
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    for batch in filter(None, [size, other_size]):
        x = random.normal(size=(2, *batch, channels)).astype(dtype)
        for ours, theirs in zip(keras.tree.flatten(model(x)), keras.tree.flatten(loaded(x)), strict=True):
            np.testing.assert_allclose(
                keras.ops.convert_to_numpy(ours), keras.ops.convert_to_numpy(theirs), rtol=1e-5, atol=1e-6
            )
        model.predict(x, verbose=0)


def assert_trains(layer, size, *, channels=3):
    """One compiled training step changes the weights before the layer, and leaves everything finite."""
    random = np.random.default_rng(0)
    inputs = keras.Input((*size, channels))
    hidden = keras.layers.Dense(channels)(inputs)
    outputs = keras.layers.Dense(1)(keras.tree.flatten(layer(hidden))[0])
    model = keras.Model(inputs, outputs)
    before = [np.array(weight) for weight in model.get_weights()]
    model.compile("sgd", "mse")
    x = random.normal(size=(4, *size, channels)).astype("float32")
    loss = model.train_on_batch(x, random.normal(size=(4, *outputs.shape[1:])).astype("float32"))
    assert np.isfinite(loss)
    after = model.get_weights()
    assert all(np.isfinite(weight).all() for weight in after)
    assert not np.allclose(before[0], after[0], atol=0), "no gradient reached the layer before"
