"""The bilinear weights enlarge as Keras's own resizing does, and no channel leaks into another."""

import numpy as np
import pytest

from pcfilter_lib.errors import InputError

pytestmark = pytest.mark.backend


def enlarged(x, factor, kernel=None, padding="same"):
    import keras

    from pcfilter_lib.initializers import Bilinear

    convolution = {3: keras.layers.Conv1DTranspose, 4: keras.layers.Conv2DTranspose, 5: keras.layers.Conv3DTranspose}
    layer = convolution[x.ndim](
        x.shape[-1],
        kernel or 2 * factor - factor % 2,
        strides=factor,
        padding=padding,
        use_bias=False,
        kernel_initializer=Bilinear(),
    )
    return keras.ops.convert_to_numpy(layer(x))


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_enlarges_as_resizing_does(factor):
    import keras

    x = np.random.default_rng(0).normal(size=(2, 7, 9, 3)).astype("float32")
    ours = enlarged(x, factor)
    theirs = keras.ops.image.resize(x, (7 * factor, 9 * factor), interpolation="bilinear", data_format="channels_last")
    inside = (slice(None), slice(factor, -factor), slice(factor, -factor))
    assert ours.shape == (2, 7 * factor, 9 * factor, 3)
    np.testing.assert_allclose(ours[inside], keras.ops.convert_to_numpy(theirs)[inside], atol=1e-5)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
def test_a_ramp_stays_a_ramp(factor):
    """Exact for every factor: the values between two pixels lie on the straight line between them."""
    ramp = np.arange(8, dtype="float32")[None, :, None]
    steps = np.diff(enlarged(ramp, factor, padding="valid")[0, :, 0])[2 * factor : -3 * factor]
    assert len(steps) > 0
    np.testing.assert_allclose(steps, 1 / factor, atol=1e-6)


@pytest.mark.parametrize(("shape", "factor"), [((1, 9, 1), 3), ((1, 6, 7, 1), 2), ((1, 5, 6, 7, 1), 2)])
def test_an_even_image_stays_even(shape, factor):
    result = enlarged(np.full(shape, 3.0, "float32"), factor)
    inside = result[(0, *[slice(factor, -factor)] * (len(shape) - 2))]
    np.testing.assert_allclose(inside, 3, rtol=1e-6)


def test_known_weights():
    import keras

    from pcfilter_lib.initializers import Bilinear

    def kernel(*shape):
        return keras.ops.convert_to_numpy(Bilinear()(shape))

    np.testing.assert_allclose(kernel(4, 1, 1)[:, 0, 0], [0.25, 0.75, 0.75, 0.25])
    np.testing.assert_allclose(kernel(3, 1, 1)[:, 0, 0], [0.5, 1, 0.5])
    two = kernel(3, 4, 2, 2)
    assert two.shape == (3, 4, 2, 2)
    np.testing.assert_allclose(two[:, :, 0, 0], np.outer([0.5, 1, 0.5], [0.25, 0.75, 0.75, 0.25]))
    np.testing.assert_allclose(two[:, :, 1, 1], two[:, :, 0, 0])
    assert not two[:, :, 0, 1].any() and not two[:, :, 1, 0].any()


def test_the_type_is_the_one_asked_for():
    import keras

    from pcfilter_lib.initializers import Bilinear

    assert keras.backend.standardize_dtype(Bilinear()((4, 4, 1, 1)).dtype) == keras.backend.floatx()
    assert keras.backend.standardize_dtype(Bilinear()((4, 4, 1, 1), dtype="float16").dtype) == "float16"


def test_a_saved_model_loads_and_enlarges(tmp_path):
    import keras

    import pcfilter_lib.register  # noqa: F401
    from pcfilter_lib.initializers import Bilinear

    model = keras.Sequential(
        [
            keras.Input((None, None, 2)),
            keras.layers.Conv2DTranspose(2, 4, strides=2, padding="same", kernel_initializer=Bilinear()),
        ]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.layers[-1].kernel_initializer, Bilinear)
    x = np.random.default_rng(0).normal(size=(1, 5, 6, 2)).astype("float32")
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(each(x)) for each in (model, loaded)), rtol=1e-6)


def test_other_numbers_of_channels_are_refused():
    import keras

    from pcfilter_lib.initializers import Bilinear

    with pytest.raises(InputError, match="4 channels out and 3 in. Remedy: pass as many filters as there are channels"):
        Bilinear()((4, 4, 4, 3))
    with pytest.raises(InputError, match="channels"):
        keras.layers.Conv2DTranspose(4, 4, kernel_initializer=Bilinear()).build((None, 5, 5, 3))
