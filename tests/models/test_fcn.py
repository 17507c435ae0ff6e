import keras
import numpy as np
import pytest
from isolation import seeded
from one_step import one_step

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import FCN

pytestmark = pytest.mark.backend
VARIANTS = [
    {"stride": 8},
    {"stride": 16, "batch_norm": False, "classes": 3},
    {"stride": 32, "dropout": 0.5, "hidden": 5, "window": 3},
]


def images(*size, channels=2):
    return np.random.default_rng(0).normal(size=(2, *size, channels)).astype("float32")


@pytest.mark.parametrize("variant", VARIANTS)
def test_any_size_saved_and_trained(tmp_path, variant):
    model = FCN(2, **{"base_filters": 2} | variant)
    classes = variant.get("classes", 1)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    for size in ((33, 45), (32, 64), (5, 6)):
        assert model.predict(images(*size), verbose=0).shape == (2, *size, classes)
    before = {weight.path: np.array(weight) for weight in model.weights}
    assert np.isfinite(one_step(model, images(33, 45), np.ones((2, 33, 45, classes)), traced=variant is VARIANTS[1]))
    changed = {weight.path: np.any(np.array(weight) != before[weight.path]) for weight in model.weights}
    assert changed["score_32/kernel"]
    assert not changed["enlarge/kernel"]  # the last interpolation stays one
    assert changed.get("enlarge_32/kernel", True)  # the others learn
    assert changed.get("score_16/kernel", True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is FCN and loaded.get_config() == model.get_config()
    assert len(loaded.trainable_weights) == len(model.trainable_weights)
    for size in ((33, 45), (4, 11)):
        found = keras.ops.convert_to_numpy(loaded(images(*size)))
        np.testing.assert_allclose(found, model.predict(images(*size), verbose=0), atol=1e-5)


def test_it_has_the_published_number_of_weights():
    # Long et al. 2015, table 1: FCN-VGG16 has 134 million: VGG16's 138,357,544 less the 4,097,000 of its last layer.
    # Here with a 64th of the channels everywhere, which is multiplied back.
    model = FCN(3, classes=21, stride=8, base_filters=1, hidden=64, window=7, batch_norm=False)
    convolutions = [x for x in model.layers if type(x) is keras.layers.Conv2D and not x.name.startswith("score")]
    assert len(convolutions) == 15
    total = 0
    for layer in convolutions:
        rows, columns, before, after = layer.kernel.shape
        before = 3 if layer is convolutions[0] else 64 * before
        total += (rows * columns * before + 1) * 64 * after
    assert total == 138_357_544 - 4_097_000


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_the_finest_scores_lie_a_stride_apart(stride):
    names = {layer.name for layer in FCN(2, stride=stride, base_filters=1).layers if layer.name.startswith("score")}
    assert names == {f"score_{apart}" for apart in (8, 16, 32) if apart >= stride}


def interpolated(scores, factor):
    """Enlarge (B, H, W, C) by bilinear interpolation between the centres of pixels, border pixels repeated."""
    for axis in (1, 2):
        length = scores.shape[axis]
        places = np.clip((np.arange(length * factor) + 0.5) / factor - 0.5, 0, length - 1)
        low = np.minimum(places.astype(int), max(length - 2, 0))
        share = (places - low).reshape((-1,) + (1,) * (3 - axis))
        after = np.take(scores, np.minimum(low + 1, length - 1), axis)
        scores = np.take(scores, low, axis) * (1 - share) + after * share
    return scores


@pytest.mark.parametrize(("stride", "steps"), [(32, (32,)), (16, (2, 16)), (8, (2, 2, 8))])
def test_it_begins_as_an_interpolation_of_the_coarse_scores(stride, steps):
    model = FCN(2, classes=3, stride=stride, base_filters=2)
    coarse = keras.Model(model.inputs, model.get_layer("score_32").output)
    expected = coarse.predict(images(70, 96), verbose=0)
    assert expected.shape == (2, 3, 3, 3) and np.ptp(expected) > 0.01
    for factor in steps:
        expected = interpolated(expected, factor)
    np.testing.assert_allclose(model.predict(images(70, 96), verbose=0), expected[:, :70], atol=1e-5)


def bends(model):
    """The columns of its output, over 96, in which it is not straight."""
    line = model.predict(images(32, 96), verbose=0)[0, 16, :, 0].astype(float)
    return np.flatnonzero(np.abs(np.diff(line, 2)) > 1e-4 * np.ptp(line)) + 1


@seeded(0)
def test_eights_see_what_thirty_twos_do_not():
    coarse, fine = (FCN(2, stride=stride, base_filters=2) for stride in (32, 8))
    for apart in (8, 16):
        head = fine.get_layer(f"score_{apart}")
        head.kernel.assign(np.random.default_rng(apart).normal(size=head.kernel.shape))
    # Interpolation bends only beside its nodes: the middles of squares of the stride.
    assert bends(coarse).tolist() == [15, 16, 47, 48, 79, 80]
    assert bends(fine).tolist() == [8 * i + j for i in range(12) for j in (3, 4)]


def test_a_finer_one_takes_over_a_coarser_ones_layers():
    coarse, fine = (FCN(2, stride=stride, base_filters=2) for stride in (32, 16))
    for layer in coarse.layers:
        if layer.get_weights() and layer.name != "enlarge":
            fine.get_layer(layer.name).set_weights(layer.get_weights())
    x = images(64, 96)
    scores = keras.Model(coarse.inputs, coarse.get_layer("score_32").output).predict(x, verbose=0)
    np.testing.assert_allclose(
        fine.predict(x, verbose=0), interpolated(interpolated(scores, 2), 16), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    "wrong",
    [{"stride": 4}, {"base_filters": 0}, {"classes": 0}, {"dropout": 1}, {"hidden": 0}, {"window": 0},
     {"batch_norm": 2}, {"channels": 0}],
)  # fmt: skip
def test_impossible_arguments_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        FCN(**{"channels": 2} | wrong)
