"""Tile by tile is what the whole image gives, for each kind of layer that the library follows."""

import io
import subprocess
import sys

import keras
import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import MaxPoolingWithIndices2D, MaxUnpooling2D
from pcfilter_lib.models import FCN, SegNet, UNet, VoxelContextNet, VoxelUNet, predict_tiled
from pcfilter_lib.models._context import context

pytestmark = pytest.mark.backend
layers = keras.layers


def padded():
    """Zeros around it by hand, and a model inside another."""
    inner = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 2, padding="same"), layers.ReLU()])
    x = inputs = keras.Input((None, None, 2))
    x = layers.ZeroPadding2D(((2, 1), (0, 3)))(x)
    x = inner(layers.Conv2D(3, 4)(x))
    x = layers.Cropping2D(((1, 0), (0, 0)))(layers.ZeroPadding2D(((0, 1), (0, 0)))(x))
    x = layers.SeparableConv2D(3, 3, dilation_rate=2, padding="same")(layers.DepthwiseConv2D(4, padding="same")(x))
    return keras.Model(inputs, layers.Dense(2, activation="relu")(x))


def overlapping():
    """Windows that overlap, where maxima are put back and added up."""
    x = inputs = keras.Input((None, None, 2))
    best, places = MaxPoolingWithIndices2D(3, 2, padding="same")(x)
    x = layers.Add()([MaxUnpooling2D()(layers.Conv2D(2, 3, padding="same")(best), places, x), x])
    return keras.Model(inputs, x)


def down_and_up():
    """An odd stride, and what undoes it."""
    x = inputs = keras.Input((None, None, 2))
    x = layers.Conv2D(3, 5, strides=3, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(layers.Conv2DTranspose(3, 4, strides=3, padding="same")(x))
    return keras.Model(inputs, x)


def enlarged():
    x = inputs = keras.Input((None, None, 2))
    x = layers.MaxPooling2D(2)(layers.Conv2D(3, 3, padding="same")(x))
    return keras.Model(inputs, layers.UpSampling2D(2)(x))


def volumes():
    """Every layer on volumes that the two networks do not have."""
    x = inputs = keras.Input((None, None, None, 2))
    x = layers.Cropping3D(((1, 0), (0, 0), (0, 2)))(layers.ZeroPadding3D(((1, 0), (0, 0), (2, 0)))(x))
    x = layers.Conv3DTranspose(2, 4, strides=2, padding="same")(layers.AveragePooling3D(2)(x))
    x = layers.UpSampling3D(2)(layers.Conv3D(2, 3, strides=2, padding="same")(x))
    return keras.Model(inputs, layers.SpatialDropout3D(0.5)(x))


NETWORKS = {  # what it is, an image's size, and a tile's
    "unet": (lambda: UNet(2, depth=2, base_filters=3), (141, 103), 90),
    "unet, transposed": (lambda: UNet(2, depth=1, base_filters=3, upsampling="transposed", classes=2), (91, 40), 37),
    "segnet": (lambda: SegNet(2, depth=2, base_filters=3), (131, 99), 72),
    "fcn-8s": (lambda: FCN(2, stride=8, base_filters=1), (397, 100), 380),
    "fcn-32s": (lambda: FCN(2, stride=32, base_filters=1), (100, 411), 364),
    "padded": (padded, (61, 44), 33),
    "overlapping": (overlapping, (61, 44), 31),
    "stride 3": (down_and_up, (81, 60), 32),
    "enlarged": (enlarged, (60, 52), 20),
    "unet of voxels": (lambda: VoxelUNet(2, depth=1, base_filters=2), (41, 26, 25), 30),
    "context of voxels": (lambda: VoxelContextNet(2, 2, 2, dilations=(1, 2), padding="same"), (21, 13, 15), 12),
    "volumes": (volumes, (20, 32, 20), 20),
}


@seeded(0)
def made(name):
    """A network whose every weight counts, an image, and a tile's size."""
    make, size, tile = NETWORKS[name]
    model = make()
    random = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.startswith("score"):
            layer.set_weights([random.normal(0, 0.3, weight.shape) for weight in layer.get_weights()])
    return model, random.normal(size=(*size, 2)).astype("float32"), tile


def whole(model, image):
    return model.predict_on_batch(image[None])[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_tile_by_tile_is_the_whole(name):
    model, image, tile = made(name)
    expected = whole(model, image)
    assert np.ptp(expected) > 1e-3
    tiled = predict_tiled(model, image, tile, batch=2)
    assert tiled.dtype == expected.dtype
    np.testing.assert_allclose(tiled, expected, atol=1e-5 * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("name", ["unet", "segnet"])
def test_neither_overlap_nor_stride_is_for_nothing(name):
    model, image, tile = made(name)
    expected = whole(model, image)
    down, across = context(model)
    near = max(down.before, down.after)
    exact = predict_tiled(model, image, tile, overlap=near, stride=down.stride)
    np.testing.assert_allclose(exact, expected, atol=1e-5)
    assert np.abs(predict_tiled(model, image, 40, overlap=4) - expected).max() > 1e-3
    assert np.abs(predict_tiled(model, image, tile + 1, overlap=near, stride=1) - expected).max() > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_network_sees(name):
    """With positive weights, a very bright pixel shows wherever it is seen."""
    model, _, _ = made(name)
    for weight in model.trainable_weights:
        if not weight.path.startswith("enlarge"):
            weight.assign(np.full(weight.shape, 0.2))
    fields = context(model)
    for axis, field in enumerate(fields):
        size = 4 * (max(field.before, field.after) + field.stride) + 1
        thin = max(field.stride, 8)
        shape = [thin] * len(fields)
        shape[axis] = size
        shape.append(2)
        dark = np.random.default_rng(1).random((1, *shape)).astype("float32")
        before, after = [], []
        for phase in range(0, field.stride, max(field.stride // 8, 1)):
            bright, place = dark.copy(), size // 2 // field.stride * field.stride + phase
            bright[(0, *(place if each == axis else thin // 2 for each in range(len(fields))))] += 1e3
            others = tuple(each for each in range(len(fields) + 1) if each != axis)
            seen = np.abs(model.predict_on_batch(bright) - model.predict_on_batch(dark))[0].max(axis=others)
            seen = np.flatnonzero(seen > 0)
            before.append(seen[-1] - place)
            after.append(place - seen[0])
        assert max(before) <= field.before and max(after) <= field.after
        if name != "overlapping":  # there the bright pixel wins every window, and darkens what it hides
            assert field.before - field.stride < max(before) and field.after - field.stride < max(after)


def test_a_small_image_is_one_piece():
    model = keras.Sequential([keras.Input((None, None, 1)), layers.Lambda(lambda x: x - keras.ops.mean(x))])
    image = np.random.default_rng(0).random((20, 30, 1)).astype("float32")  # the mean shows what was seen
    np.testing.assert_allclose(predict_tiled(model, image, 30), image - image.mean(), atol=1e-6)


def test_progress_is_shown(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    model = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(1, 3, padding="same")])
    for progress, shown in ((True, True), (False, False)):
        monkeypatch.setattr(sys, "stderr", Terminal())
        predict_tiled(model, np.zeros((50, 20, 1), "float32"), 20, progress=progress)
        assert ("3/3" in sys.stderr.getvalue()) == shown


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"tile": 0}, "tile"),
        ({"overlap": -1}, "overlap"),
        ({"stride": 0}, "stride"),
        ({"batch": 1.5}, "batch"),
        ({"progress": "yes"}, "progress"),
        ({"tile": 20}, "tile: 20 is too small for an overlap of 26 rows.*pass tile=59 or more"),
        ({"image": np.zeros((1, 9, 9, 2))}, r"image: an array of shape \(1, 9, 9, 2\).*\(H, W, 2\)"),
        ({"image": np.zeros((9, 9, 3))}, r"image.*\(9, 9, 3\).*\(H, W, 2\)"),
        ({"image": np.zeros((0, 9, 2))}, "image"),
    ],
)
def test_wrong_arguments_are_named(wrong, named):
    model = UNet(2, depth=2, base_filters=1)
    with pytest.raises(InputError, match=named):
        predict_tiled(**{"model": model, "image": np.zeros((100, 90, 2)), "tile": 64} | wrong)


def test_models_that_cannot_be_tiled_are_named():
    image = np.zeros((50, 40, 2), "float32")
    x = inputs = keras.Input((None, None, 2))
    mean = layers.GlobalAveragePooling2D(keepdims=True, name="all")(x)
    whole_image = keras.Model(inputs, layers.Multiply()([x, mean]))
    with pytest.raises(InputError, match="layer all: what a GlobalAveragePooling2D sees is not known"):
        predict_tiled(whole_image, image, 20)
    assert predict_tiled(whole_image, image, 20, overlap=2, stride=1).shape == (50, 40, 2)  # as the caller wants it
    smaller = keras.Model(inputs, layers.Conv2D(1, 3)(x))
    with pytest.raises(InputError, match="model: for .* as large as its input"):
        predict_tiled(smaller, image, 20, overlap=2, stride=1)
    halved = keras.Model(inputs, layers.MaxPooling2D()(x))
    with pytest.raises(InputError, match="does not give one map that is as large as the image"):
        predict_tiled(halved, image, 20)
    flat = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    with pytest.raises(InputError, match=r"model: its input is \(None, 4\)"):
        predict_tiled(flat, image)


MEMORY = """
import numpy as np
from pcfilter_lib import models
image = np.random.default_rng(0).normal(size=(1544, 2064, 5)).astype("float32")
result = models.predict_tiled(models.UNet(5, depth=2), image)  # most memory goes to the first level
assert result.shape == (1544, 2064, 1)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads a process's largest memory as Linux reports it")
def test_a_large_scan_stays_below_two_gigabytes():
    # getrusage would count the memory of the process that starts this one, too.
    run = subprocess.run([sys.executable, "-c", MEMORY], check=True, capture_output=True, text=True)
    assert int(run.stdout.split()[-1]) * 1024 < 2e9
