import keras
import numpy as np
import pytest
from one_step import one_step

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import MaxUnpooling2D
from pcfilter_lib.models import SegNet

pytestmark = pytest.mark.backend


def images(*size, channels=2):
    return np.random.default_rng(0).normal(size=(2, *size, channels)).astype("float32")


@pytest.mark.parametrize("variant", [{}, {"batch_norm": False, "depth": 1}, {"depth": 3, "classes": 4}])
def test_any_size_saved_and_trained(tmp_path, variant):
    model = SegNet(2, **{"base_filters": 3, "depth": 2} | variant)
    classes = variant.get("classes", 1)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    for size in ((9, 13), (16, 8), (1, 6)):
        assert model.predict(images(*size), verbose=0).shape == (2, *size, classes)
    before = [np.array(weight) for weight in model.get_weights()]
    assert np.isfinite(one_step(model, images(9, 13), np.ones((2, 9, 13, classes)), traced=not variant))
    assert not np.allclose(before[0], model.get_weights()[0], atol=0)  # through every unpooling, to the first layer
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is SegNet and loaded.get_config() == model.get_config()
    for size in ((9, 13), (4, 11)):
        found = keras.ops.convert_to_numpy(loaded(images(*size)))
        np.testing.assert_allclose(found, model.predict(images(*size), verbose=0), atol=1e-5)


def test_it_has_the_published_structure():
    # Badrinarayanan et al. 2017: the 13 convolutions of VGG16, and 13 in the decoder, each with its counterpart.
    model = SegNet(3, classes=12, depth=5, base_filters=1)
    shapes = [tuple(x.kernel.shape[2:]) for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    encoder = [3, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 8, 8]  # in 64ths of the published widths, but for the image's 3
    assert shapes[:13] == list(zip(encoder[:-1], encoder[1:], strict=True))
    decoder = [*encoder[:0:-1], 12]
    assert shapes[13:] == list(zip(decoder[:-1], decoder[1:], strict=True))


def identities(model):
    """Make every convolution hand each channel on as it is, so that poolings and unpoolings are left."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel = np.zeros(layer.kernel.shape)
            kernel[1, 1] = np.eye(*kernel.shape[2:])
            layer.kernel.assign(kernel)


@pytest.mark.parametrize("size", [(8, 12), (7, 9)])
def test_maxima_come_back_to_where_they_were(size):
    model = SegNet(1, depth=2, base_filters=1, batch_norm=False)
    identities(model)
    image = np.abs(images(*size, channels=1)) + 1
    expected = np.zeros_like(image)
    for number in range(2):
        for row in range(0, size[0], 4):
            for column in range(0, size[1], 4):
                block = image[number, row : row + 4, column : column + 4, 0]
                at = np.unravel_index(block.argmax(), block.shape)
                expected[number, row + at[0], column + at[1], 0] = block.max()
    np.testing.assert_allclose(model.predict(image, verbose=0), expected, rtol=1e-6)


def test_the_decoder_sees_nothing_else_of_the_encoder():
    model = SegNet(2, depth=3, base_filters=3)
    for layer in model.layers:
        assert not isinstance(layer, keras.layers.Concatenate | keras.layers.Add)
    assert sum(isinstance(layer, MaxUnpooling2D) for layer in model.layers) == 3


@pytest.mark.parametrize(
    "wrong", [{"depth": 0}, {"base_filters": 0}, {"classes": 0}, {"channels": 0}, {"batch_norm": "yes"}, {"depth": 2.5}]
)
def test_impossible_arguments_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        SegNet(**{"channels": 2} | wrong)
