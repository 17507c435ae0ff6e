"""What ONNX Runtime computes from the file is what Keras predicts."""

import hashlib
import sys
from collections import Counter

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from pcfilter_lib import __version__, models
from pcfilter_lib.errors import InputError, MissingExtraError
from pcfilter_lib.layers import (
    BilinearUpsampling2D,
    CropLike,
    DropBlock2D,
    MaxPoolingWithIndices2D,
    MaxUnpooling2D,
    PadToMultiple,
    RandomBackground,
    RandomChannelPermutation,
)
from pcfilter_lib.models import FCN, PretrainedUNet, SegNet, UNet, export_onnx
from pcfilter_lib.models.fcn import EnlargeBilinearly

pytestmark = pytest.mark.backend
layers = keras.layers
BATCHES = ((1, 37, 53), (3, 64, 48))


def filled(model):
    """Give every weight values that no layer begins with, statistics of normalisations included; always the same."""
    for number, weight in enumerate(model.weights):
        size = int(np.prod(weight.shape))
        values = (np.arange(size) * 37 + number * 11) % 101 / 101 - 0.5
        if "gamma" in weight.path or "variance" in weight.path:
            values = values + 1
        elif "kernel" in weight.path:
            values = values * 4 / np.sqrt(size / weight.shape[-1])  # about as large behind a layer as before it
        weight.assign(values.reshape(weight.shape).astype("float32"))
    return model


def images(*shape, channels=2):
    return np.random.default_rng(0).normal(size=(*shape, channels)).astype("float32")


def run(path, *inputs):
    session = onnxruntime.InferenceSession(path)
    return session.run(None, {each.name: array for each, array in zip(session.get_inputs(), inputs, strict=True)})


def assert_equal(model, path, *inputs):
    expected = model.predict_on_batch(inputs[0] if len(inputs) == 1 else list(inputs))
    expected = expected if isinstance(expected, list | tuple) else [expected]
    for got, wanted in zip(run(path, *inputs), expected, strict=True):
        assert got.shape == wanted.shape
        # Both round to 7 digits at each layer, in an order that depends on the processor.
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=max(1e-4, 1e-6 * np.abs(wanted).max()))


def small(**options):
    return UNet(2, depth=1, base_filters=2, **options)


ARCHITECTURES = {
    "unet": lambda: UNet(2, depth=2, base_filters=2),
    "unet, transposed": lambda: small(classes=3, batch_norm=False, upsampling="transposed"),
    "unet, dropblock": lambda: small(dropout=0.3, drop_block=2),
    "fcn-32s": lambda: FCN(2, stride=32, base_filters=2, dropout=0.5, window=3),
    "fcn-16s": lambda: FCN(2, classes=3, stride=16, base_filters=2, batch_norm=False),
    "fcn-8s": lambda: FCN(2, stride=8, base_filters=2),
    "segnet": lambda: SegNet(2, classes=2, depth=3, base_filters=2),
    "on vgg16": lambda: PretrainedUNet(2, depth=1, base_filters=2),
    "on mobilenet_v2": lambda: PretrainedUNet(2, encoder="mobilenet_v2", depth=2, base_filters=2),
    "segnet, plain": lambda: SegNet(2, depth=1, base_filters=2, batch_norm=False),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_each_architecture_at_any_size(tmp_path, name):
    model = filled(ARCHITECTURES[name]())
    export_onnx(model, tmp_path / "model.onnx")
    for shape in BATCHES:
        assert_equal(model, tmp_path / "model.onnx", images(*shape))
    kinds = Counter(node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node)
    assert kinds["Transpose"] == 2  # at the input and at the output, and nowhere between
    assert not any("Drop" in kind for kind in kinds)


def test_where_all_are_equal_the_same_one_is_remembered(tmp_path):
    model = filled(SegNet(1, depth=2, base_filters=2))
    export_onnx(model, tmp_path / "model.onnx")
    assert_equal(model, tmp_path / "model.onnx", np.zeros((2, 13, 10, 1), "float32"))


def test_what_training_has_left_is_exported(tmp_path):
    model = small(dropout=0.5)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit(3 * images(4, 16, 16) + 1, np.ones((4, 16, 16, 1)), epochs=3, verbose=0)
    export_onnx(model, tmp_path / "model.onnx")
    assert_equal(model, tmp_path / "model.onnx", images(1, 9, 14))


def stack(*some):
    return lambda: keras.Sequential([keras.Input((None, None, 2)), *(make() for make in some)])


def functional(build):
    def make():
        inputs = keras.Input((None, None, 2), name="image")
        return keras.Model(inputs, build(inputs))

    return make


def put_back(**options):
    def build(x):
        best, places = MaxPoolingWithIndices2D(**options)(x)
        return [MaxUnpooling2D()(layers.Conv2D(2, 1)(best), places, x), places]

    return build


def normalised(x):
    return layers.BatchNormalization(center=False, epsilon=0.1)(layers.BatchNormalization(scale=False)(x))


def several(x):
    small = layers.MaxPooling2D(2)(x)
    cropped = CropLike()([x, small])
    first = [kind()([small, cropped]) for kind in (layers.Subtract, layers.Maximum, layers.Minimum)]
    first.append(layers.Average()([*first, small]))
    first.append(layers.Multiply()([*first[:2], cropped]))
    return layers.Concatenate()([layers.Add()(first), small])


def before_anything(x):
    """Joined where no layer has asked for the channels first."""
    return layers.Concatenate(axis=1)([layers.Add()([x, layers.ReLU()(x)]), x])


def joined_along_columns(x):
    x = layers.Conv2D(2, 1)(x)
    return layers.Concatenate(axis=2)([x, layers.Softmax(axis=2)(x)])


def within_models(x):
    inner = keras.Sequential([keras.Input((None, None, 2)), layers.Conv2D(2, 3, padding="same"), layers.ReLU()])
    deeper = keras.Input((None, None, 2))
    outer = keras.Model(deeper, layers.Add()([inner(deeper), deeper]))
    return outer(outer(inner(x)))


def only_in_training(x):
    for layer in (
        *(layers.Dropout(0.5), layers.SpatialDropout2D(0.5), layers.GaussianNoise(1.0), layers.GaussianDropout(0.5)),
        *(layers.RandomFlip(), layers.RandomRotation(0.5), layers.RandomZoom(0.5), layers.Identity()),
        *(DropBlock2D(0.5, 2), RandomBackground(), RandomChannelPermutation()),
    ):
        x = layer(x)
    return layers.Rescaling(2.0)(x)


PARTS = {
    "strided": stack(lambda: layers.Conv2D(3, 4, strides=3, padding="same", use_bias=False)),
    "valid": stack(lambda: layers.Conv2D(3, (4, 3), strides=(1, 2), activation="tanh")),
    "dilated": stack(lambda: layers.Conv2D(3, 4, dilation_rate=(2, 3), padding="same", activation="relu6")),
    "grouped": stack(lambda: layers.Conv2D(4, 3, groups=2, activation="softmax")),
    "depthwise": stack(lambda: layers.DepthwiseConv2D(3, 2, padding="same", depth_multiplier=3, activation="relu")),
    "separable": stack(lambda: layers.SeparableConv2D(3, 3, padding="same", depth_multiplier=2, dilation_rate=2)),
    "transposed": stack(lambda: layers.Conv2DTranspose(3, 5, strides=2, padding="same", activation="elu")),
    "transposed, valid": stack(lambda: layers.Conv2DTranspose(3, (2, 3), strides=(3, 2), use_bias=False)),
    "transposed, gaps": stack(lambda: layers.Conv2DTranspose(3, 2, strides=3, padding="same")),
    "transposed, dilated": stack(lambda: layers.Conv2DTranspose(3, 3, dilation_rate=2, padding="same")),
    "enlarged": stack(lambda: EnlargeBilinearly(2, 4)),
    "normalised": functional(normalised),
    "pooled": stack(lambda: layers.MaxPooling2D(3, 2, padding="same"), lambda: layers.AveragePooling2D(3, 2)),
    "put back": functional(put_back(padding="same")),
    "put back, overlapping": functional(put_back(pool_size=3, strides=2, padding="same")),
    "put back, valid": functional(put_back(pool_size=(3, 2))),
    "doubled": stack(BilinearUpsampling2D, lambda: layers.UpSampling2D((3, 2))),
    "padded": stack(lambda: layers.ZeroPadding2D(((2, 1), (0, 3))), lambda: PadToMultiple(6)),
    "cropped": stack(lambda: layers.Cropping2D(((2, 1), (0, 3)))),
    "activated": stack(
        *(lambda: layers.ReLU(max_value=0.5), lambda: layers.ReLU(negative_slope=0.1), lambda: layers.ELU(0.5)),
        *(lambda: layers.LeakyReLU(0.2), lambda: layers.PReLU(shared_axes=[1, 2]), lambda: layers.Softmax()),
    ),
    "functions": stack(
        *(lambda name=name: layers.Activation(name) for name in ("silu", "softplus", "leaky_relu", "softsign")),
        *(lambda name=name: layers.Activation(name) for name in ("exponential", "sigmoid", "linear", "softmax")),
    ),
    "scaled": stack(lambda: layers.Rescaling([0.5, 2.0], [1.0, -1.0]), lambda: layers.Conv2D(3, 1)),
    "scaled behind": stack(lambda: layers.Conv2D(2, 1), lambda: layers.Rescaling([0.5, 2.0], [1.0, -1.0])),
    "merged": functional(several),
    "joined first": functional(before_anything),
    "joined along columns": functional(joined_along_columns),
    "models in models": functional(within_models),
    "only in training": functional(only_in_training),
}


@pytest.mark.parametrize("name", PARTS)
def test_each_layer(tmp_path, name):
    model = filled(PARTS[name]())
    if name == "transposed, dilated" and keras.backend.backend() == "tensorflow":
        model.compile(jit_compile=True)  # else TensorFlow cannot compute it on every processor
    else:
        model.compile(run_eagerly=True)  # compiling one layer takes longer than a hundred calls of it
    export_onnx(model, tmp_path / "model.onnx")
    for shape in BATCHES:
        assert_equal(model, tmp_path / "model.onnx", images(*shape))


def test_every_converter_is_tested():
    from pcfilter_lib.models._onnx_graph import CONVERTERS

    seen = {layers.RandomTranslation, layers.RandomContrast, layers.RandomBrightness}  # as their siblings above
    seen |= {type(layer) for make in (*PARTS.values(), *ARCHITECTURES.values()) for layer in make()._flatten_layers()}
    assert not {kind.__name__ for kind in CONVERTERS} - {kind.__name__ for kind in seen} - {"DropBlock3D"}


def test_several_inputs_of_several_types_and_known_sizes(tmp_path):
    image, mask = keras.Input((8, None, 2), name="image"), keras.Input((8, None, 1), name="mask", dtype="uint8")
    weighted = layers.Multiply(name="weighted")([layers.Conv2D(2, 1)(image), layers.Rescaling(0.5)(mask)])
    model = filled(keras.Model([image, mask], [weighted, layers.Add(name="sum")([weighted, weighted])]))
    export_onnx(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert [each.name for each in session.get_inputs()] == ["image", "mask"]
    assert [each.name for each in session.get_outputs()] == ["weighted", "sum"]
    assert session.get_inputs()[0].shape == ["batch", 8, "width", 2]
    mask = np.random.default_rng(1).integers(0, 2, (3, 8, 5, 1)).astype("uint8")
    assert_equal(model, tmp_path / "model.onnx", images(3, 8, 5), mask)


def test_the_bytes_do_not_depend_on_the_backend(tmp_path):
    # One digest for TensorFlow, JAX and PyTorch, which each run this test.
    model = filled(UNet(2, depth=2, base_filters=2, dropout=0.1, upsampling="transposed", name="small"))
    export_onnx(model, tmp_path / "model.onnx")
    written = onnx.load(tmp_path / "model.onnx")
    written.ClearField("producer_version")
    digest = hashlib.sha256(written.SerializeToString(deterministic=True)).hexdigest()
    assert digest == "19eeb8a9733e26d65b4aef59ad24ebff7afb0a9a81f2764c54f28ad6c8484aad"


def test_twice_the_same_bytes_after_saving_and_loading(tmp_path):
    model = SegNet(2, depth=1, base_filters=2)
    model.save(tmp_path / "model.keras")
    export_onnx(model, tmp_path / "one.onnx")
    export_onnx(models.load(tmp_path / "model.keras"), tmp_path / "two.onnx")
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()


def test_the_file_says_where_it_is_from(tmp_path):
    export_onnx(small(name="artefacts"), tmp_path / "model.onnx")
    written = onnx.load(tmp_path / "model.onnx")
    assert (written.producer_name, written.producer_version) == ("pcfilter_lib", __version__)
    assert {each.key: each.value for each in written.metadata_props} == {"model": "artefacts", "class": "UNet"}
    assert [entry.version for entry in written.opset_import] == [18]
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert session.get_inputs()[0].shape == ["batch", "height", "width", 2]
    assert session.get_outputs()[0].shape[0] == "batch" and session.get_outputs()[0].shape[3] == 1


@keras.saving.register_keras_serializable(package="test")
class Doubled(layers.ReLU):
    """A layer that inherits from a known one, and computes something else."""

    def call(self, inputs):
        return 2 * super().call(inputs)


class Twice(keras.Model):
    """A functional model, which does more than its graph says."""

    def call(self, inputs, training=None, mask=None):
        return 2 * super().call(inputs, training=training)


def twice():
    inputs = keras.Input((None, None, 2))
    return Twice(inputs, layers.Conv2D(2, 1)(inputs))


def different_ranks():
    one, other = keras.Input((3, 2)), keras.Input((4, 3, 2))
    return keras.Model([one, other], layers.Add()([one, other]))


REFUSED = {
    "Doubled cannot be exported.*BatchNormalization, BilinearUpsampling2D": stack(Doubled),
    "layer add.*an? Add cannot be exported": functional(lambda x: x + 1),
    "called with a mask": functional(lambda x: layers.Softmax()(x, mask=x)),
    "normalises axis 1": lambda: keras.Sequential([keras.Input((4, None, 2)), layers.BatchNormalization(axis=1)]),
    "Twice is no functional model": twice,
    "Sequential is no functional model": lambda: keras.Sequential([layers.Conv2D(2, 1)]),
    "WaveNet is no functional model": lambda: models.WaveNet(4, 2, 2, (1,)),
    "activation hard_tanh.*relu6": stack(lambda: layers.Conv2D(2, 1, activation="hard_tanh")),
    "threshold": stack(lambda: layers.ReLU(threshold=0.5)),
    "softmax over the axes": stack(lambda: layers.Softmax(axis=(1, 2))),
    "strided and dilated": stack(lambda: layers.DepthwiseConv2D(3, 2, dilation_rate=2, padding="same")),
    "do not agree": stack(lambda: layers.AveragePooling2D(2, padding="same")),
    "output_padding": stack(lambda: layers.Conv2DTranspose(2, 3, 2, output_padding=1)),
    "interpolation is bicubic": stack(lambda: layers.UpSampling2D(2, interpolation="bicubic")),
    "different numbers of axes": different_ranks,
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_exported_is_named(tmp_path, message):
    with pytest.raises(InputError, match=message):
        export_onnx(REFUSED[message](), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_will_not_do_is_named(tmp_path):
    model = small()
    with pytest.raises(InputError, match="model.keras: .keras is not ONNX's"):
        export_onnx(model, tmp_path / "model.keras")
    with pytest.raises(InputError, match="cannot be written"):
        export_onnx(model, tmp_path / "nowhere" / "model.onnx")


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    export_onnx(small(), path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise onnx.checker.ValidationError("broken")

    monkeypatch.setattr(onnx.checker, "check_model", fail)
    with pytest.raises(onnx.checker.ValidationError):
        export_onnx(small(classes=2), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pcfilter_lib\[onnx\]"):
        export_onnx(small(), tmp_path / "model.onnx")
