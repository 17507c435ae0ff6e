import keras
import numpy as np
import pytest
from one_step import one_step

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import UNet, export_onnx

pytestmark = pytest.mark.backend
VARIANTS = [
    {},
    {"batch_norm": False, "upsampling": "transposed"},
    {"dropout": 0.2},
    {"dropout": 0.2, "drop_block": 2, "depth": 1},
    {"depth": 3, "classes": 4},
    {"skip_connections": False},
    {"max_filters": 4},
]


def images(*size, channels=2):
    return np.random.default_rng(0).normal(size=(2, *size, channels)).astype("float32")


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_size_saved_and_trained(tmp_path, variant):
    model = UNet(2, **{"base_filters": 3, "depth": 2} | variant)
    classes = variant.get("classes", 1)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    for size in ((9, 13), (16, 8), (5, 6)):
        assert model.predict(images(*size), verbose=0).shape == (2, *size, classes)
    before = [np.array(weight) for weight in model.get_weights()]
    assert np.isfinite(one_step(model, images(9, 13), np.ones((2, 9, 13, classes)), traced=variant is VARIANTS[0]))
    assert not np.allclose(before[0], model.get_weights()[0], atol=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is UNet and loaded.get_config() == model.get_config()
    for size in ((9, 13), (4, 11)):
        found = keras.ops.convert_to_numpy(loaded(images(*size)))
        np.testing.assert_allclose(found, model.predict(images(*size), verbose=0), atol=1e-5)


def test_it_has_the_published_number_of_convolutions():
    # Ronneberger et al. 2015, section 2: 23, the one after each upsampling included.
    model = UNet(1, classes=2, depth=4, base_filters=64, batch_norm=False, upsampling="bilinear")
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(convolutions) == 23


def test_no_level_is_wider_than_allowed():
    def widths(model):
        return {layer.name: layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)}

    free, narrow = UNet(2, depth=3, base_filters=4), UNet(2, depth=3, base_filters=4, max_filters=9)
    expected = {name: min(width, 9) for name, width in widths(free).items()}
    assert widths(narrow) == expected and set(expected.values()) == {1, 4, 8, 9}
    assert widths(UNet(2, depth=3, base_filters=4, max_filters=32)) == widths(free)


def test_the_parameters_that_a_largest_width_spares():
    # As its docstring says; by hand, a level with w maps between levels of v above and u below has this many.
    def by_hand(widths, channels):
        def twice(before, width):
            return 9 * before * width + width + 9 * width * width + width

        total = sum(twice(before, width) for before, width in zip([channels, *widths], widths, strict=False))
        for width, below in zip(widths, widths[1:], strict=False):
            total += below * width + width + twice(2 * width, width)
        return total + widths[0] + 1

    for limit, widths in ((64, [16, 32, 64, 64, 64]), (None, [16, 32, 64, 128, 256])):
        model = UNet(14, depth=4, base_filters=16, batch_norm=False, max_filters=limit)
        assert model.count_params() == by_hand(widths, 14)
    assert round(by_hand([16, 32, 64, 64, 64], 14), -5) == 500_000
    assert round(by_hand([16, 32, 64, 128, 256], 14), -5) == 1_800_000


def test_a_narrow_one_is_exported(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model = UNet(2, depth=3, base_filters=4, max_filters=6, batch_norm=False)
    export_onnx(model, tmp_path / "narrow.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "narrow.onnx", providers=["CPUExecutionProvider"])
    for size in ((17, 30), (8, 8)):
        (logits,) = session.run(None, {"image": images(*size)})
        np.testing.assert_allclose(logits, model.predict(images(*size), verbose=0), atol=1e-4)


def test_without_skips_only_the_bottom_is_heard():
    model = UNet(2, depth=2, base_filters=3, batch_norm=False, skip_connections=False)
    for weight in model.get_layer("bottom_conv_2").weights:
        weight.assign(np.zeros(weight.shape))
    answers = model.predict(np.concatenate([images(12, 16), 5 * images(12, 16)]), verbose=0)
    np.testing.assert_allclose(answers, np.broadcast_to(answers[:1], answers.shape), atol=1e-6)


def test_the_borders_padding_does_not_reach_far():
    # Away from its lower and right border, a padded image gets what the same image gets as part of a larger one.
    model = UNet(2, depth=2, base_filters=3, batch_norm=False)
    large = images(64, 64)
    whole, part = (model.predict(x, verbose=0) for x in (large, large[:, :45, :47]))
    np.testing.assert_allclose(part[:, :16, :16], whole[:, :16, :16], atol=1e-5)
    assert not np.allclose(part[:, 40:, 40:], whole[:, 40:45, 40:47], atol=1e-5)


def test_transposed_convolutions_begin_as_interpolation():
    one, other = (
        UNet(2, depth=1, base_filters=3, batch_norm=False, upsampling=kind) for kind in ("bilinear", "transposed")
    )
    weights = {weight.path: np.array(weight) for weight in one.weights}
    for weight in other.weights:
        if weight.path in weights:
            weight.assign(weights[weight.path])
    # At the border they differ: there the interpolation repeats the border, and the convolution finds zeros.
    x = images(24, 24)
    ours, theirs = (model.predict(x, verbose=0)[:, 8:16, 8:16] for model in (one, other))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [{"depth": 0}, {"base_filters": 0}, {"classes": 0}, {"dropout": 1}, {"upsampling": "nearest"}, {"drop_block": -1},
     {"batch_norm": "yes"}, {"channels": 0}, {"skip_connections": 2}, {"max_filters": 0}],
)  # fmt: skip
def test_impossible_arguments_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        UNet(**{"channels": 2} | wrong)
