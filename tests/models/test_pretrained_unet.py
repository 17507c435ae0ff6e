import keras
import numpy as np
import pytest
from isolation import seeded

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import PretrainedUNet, UNet, predict_tiled

pytestmark = pytest.mark.backend
NETWORKS = {"vgg16": "VGG16", "mobilenet_v2": "MobileNetV2"}
OPTIONS = {"include_top": False, "weights": None, "input_shape": (None, None, 3)}

EAGERLY = keras.backend.backend() != "jax"  # there compiling takes longer than a step


def images(*shape, channels=3):
    return np.random.default_rng(0).uniform(size=(*shape, channels)).astype("float32")


def tiny(channels=3, encoder="vgg16", **options):
    return PretrainedUNet(channels, encoder=encoder, **{"depth": 1, "base_filters": 2} | options)


def encoder_of(model):
    return model.get_layer("encoder")


@pytest.fixture(scope="module", params=NETWORKS)
@seeded(1)
def network(request):
    """An encoder's name, its module, and the network of keras.applications with weights that stand for trained ones."""
    return request.param, getattr(keras.applications, request.param), build(request.param)


def build(encoder):
    return getattr(keras.applications, NETWORKS[encoder])(**OPTIONS)


@pytest.mark.parametrize("variant", [{}, {"encoder": "mobilenet_v2", "channels": 1, "upsampling": "transposed"}])
def test_any_size_saved_and_trained(tmp_path, variant):
    model = tiny(**{"classes": 2} | variant)
    channels = variant.get("channels", 3)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), run_eagerly=EAGERLY)
    assert model.predict_on_batch(images(2, 16, 8, channels=channels)).shape == (2, 16, 8, 2)
    before = {weight.path: np.array(weight) for weight in model.trainable_weights}
    x = images(2, 9, 13, channels=channels)
    assert np.isfinite(model.train_on_batch(x, np.ones((2, 9, 13, 2), "float32")))
    first = model.trainable_weights[0]
    assert ("colours" if channels == 1 else "conv1") in first.path
    assert np.any(np.array(first) != before[first.path])  # through the decoder and the encoder, to the first layer
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is PretrainedUNet and loaded.get_config() == model.get_config()
    np.testing.assert_allclose(loaded.predict_on_batch(x), model.predict_on_batch(x), atol=1e-5)


@pytest.mark.parametrize(("ending", "max_value"), [(".h5", 1.0), (".weights.h5", 255.0), (".keras", 1.0)])
def test_the_encoder_sees_what_it_was_trained_on(tmp_path, network, ending, max_value):
    name, module, trained = network
    path = tmp_path / f"network{ending}"
    trained.save_weights(path) if ending == ".weights.h5" else trained.save(path)
    model = tiny(encoder=name, weights=path, max_value=max_value, depth=2)
    taps = keras.Model(model.inputs, encoder_of(model)(model.get_layer("pad").output))
    names = {"vgg16": ["block1_conv2", "block2_conv2", "block3_conv3"]}
    names["mobilenet_v2"] = ["block_1_expand_relu", "block_3_expand_relu"]
    reference = keras.Model(trained.inputs, [trained.get_layer(each).output for each in names[name]])
    x = images(1, 16, 24)
    expected = reference.predict_on_batch(module.preprocess_input(255 * x))
    for got, wanted in zip(taps.predict_on_batch(max_value * x), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize(
    ("encoder", "weights", "told"),
    [  # Keras's own count without the classifier, and the channels of the last layer before each halving
        ("vgg16", 14_714_688, [64, 128, 256, 512, 512]),
        ("mobilenet_v2", 2_257_984, [3, 96, 144, 192, 576]),
    ],
)
def test_it_has_the_whole_encoder_and_its_maps_on_each_level(encoder, weights, told):
    model = PretrainedUNet(encoder=encoder, base_filters=1)
    assert encoder_of(model).count_params() == weights
    own = [1, 2, 4, 8, 8]
    beside = [model.get_layer(f"beside_{level}").output.shape[-1] for level in range(5)]
    assert beside == [some + others for some, others in zip(told, own, strict=True)]


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_other_channels_begin_as_colours_in_turn(channels):
    model = tiny(channels)
    kernel = np.array(model.get_layer("colours").kernel)[0, 0]
    expected = np.zeros((channels, 3))
    for colour in range(3):
        own = [channel for channel in range(channels) if channel % 3 == colour] or [colour % channels]
        expected[own, colour] = 1 / len(own)
    np.testing.assert_allclose(kernel, expected, rtol=1e-6)
    assert model.get_layer("colours").trainable


def test_a_frozen_encoder_stays_as_it_is_and_thaws(tmp_path):
    model = tiny(encoder="mobilenet_v2", freeze_encoder=True)
    x, y = 3 * images(2, 8, 8), np.ones((2, 8, 8, 1), "float32")
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True), run_eagerly=EAGERLY)
    before = encoder_of(model).get_weights()
    model.train_on_batch(x, y)
    for old, new in zip(before, encoder_of(model).get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)  # running averages of its normalisations included
    model.save(tmp_path / "frozen.keras")
    assert not encoder_of(keras.saving.load_model(tmp_path / "frozen.keras")).trainable

    encoder_of(model).trainable = True
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True), run_eagerly=EAGERLY)
    model.train_on_batch(x, y)
    changed = zip(before, encoder_of(model).get_weights(), strict=True)
    assert all(np.any(old != new) for old, new in changed)
    model.save(tmp_path / "thawed.keras")
    assert encoder_of(keras.saving.load_model(tmp_path / "thawed.keras")).trainable


@pytest.fixture
def offline(monkeypatch):
    """Networks whose download fails, and a list of what has been asked for."""
    asked = []

    def without_network(build):
        def built(*args, weights, **options):
            asked.append(weights)
            if weights == "imagenet":
                raise Exception("URL fetch failure on https://somewhere: None -- [Errno -2] Name or service not known")
            return build(*args, weights=weights, **options)

        return built

    for name in NETWORKS.values():
        monkeypatch.setattr(keras.applications, name, without_network(getattr(keras.applications, name)))
    return asked


def test_without_a_network_the_remedy_is_a_local_file(offline):
    with pytest.raises(InputError, match="weights: they cannot be downloaded .*somewhere.*weights='/path/to"):
        tiny(weights="imagenet")


def test_nothing_is_downloaded_unasked_or_when_a_model_is_loaded(tmp_path, network, monkeypatch, request):
    name, _, trained = network
    # A model that was made from ImageNet's weights; the download stands for itself.
    with monkeypatch.context() as patch:
        patch.setattr(keras.applications, NETWORKS[name], lambda **options: trained)
        model = tiny(encoder=name, weights="imagenet")
    model.save(tmp_path / "model.keras")
    asked = request.getfixturevalue("offline")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = images(1, 8, 8)
    np.testing.assert_allclose(loaded.predict_on_batch(x), model.predict_on_batch(x), atol=1e-5)
    tiny(encoder=name)
    assert asked == [None, None]


def test_files_that_do_not_hold_the_encoder_are_named(tmp_path):
    with pytest.raises(InputError, match="weights: there is no file .*nothing.h5"):
        tiny(weights=tmp_path / "nothing.h5")
    (tmp_path / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n and then nothing")
    with pytest.raises(InputError, match="broken.h5: it does not hold those of vgg16"):
        tiny(weights=tmp_path / "broken.h5")
    other = UNet(3, depth=1, base_filters=2)
    other.save(tmp_path / "other.keras")
    other.save_weights(tmp_path / "other.weights.h5")
    for path in (tmp_path / "other.keras", tmp_path / "other.weights.h5"):
        with pytest.raises(InputError, match="does not hold those of vgg16.*without its classifier"):
            tiny(weights=path)


@pytest.mark.parametrize("encoder", NETWORKS)
def test_tile_by_tile_it_gives_the_same(encoder):
    model = tiny(encoder=encoder, batch_norm=False, depth=2)
    image = images(173, 90)
    whole = predict_tiled(model, image, tile=256, progress=False)
    tiled = predict_tiled(model, image, tile=112, progress=False)
    np.testing.assert_allclose(tiled[:, 45:-45], whole[:, 45:-45], atol=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [{"depth": 0}, {"depth": 6}, {"base_filters": 0}, {"classes": 0}, {"encoder": "vgg11"}, {"max_value": 0},
     {"channels": 0}, {"batch_norm": "yes"}, {"upsampling": "nearest"}, {"freeze_encoder": 2}],
)  # fmt: skip
def test_impossible_arguments_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        PretrainedUNet(**wrong)
