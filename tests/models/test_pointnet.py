import keras
import numpy as np
import pytest
from isolation import seeded
from one_step import one_step

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import PointNet, PointNetSegmentation

pytestmark = pytest.mark.backend


def clouds(points=40, channels=3, count=4):
    return np.random.default_rng(0).normal(size=(count, points, channels)).astype("float32")


@pytest.mark.parametrize("variant", [{}, {"transforms": False}, {"dropout": 0.0, "channels": 6}])
def test_any_number_of_points_saved_and_trained(tmp_path, variant):
    model = PointNet(5, **{"width": 0.1} | variant)
    channels = variant.get("channels", 3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for points in (1, 17, 64):
        assert model.predict(clouds(points, channels), verbose=0).shape == (4, 5)
    before = [np.array(weight) for weight in model.get_weights()]
    for _ in range(2):  # no gradient passes a transform that is the identity: its last layer moves first
        assert np.isfinite(one_step(model, clouds(channels=channels), np.arange(4), traced=not variant))
    assert not np.allclose(before[0], model.get_weights()[0], atol=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is PointNet and loaded.get_config() == model.get_config()
    x = clouds(23, channels)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_the_order_of_the_points_does_not_matter():
    model, x = PointNet(3, width=0.1), clouds()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(3):  # the transforms are no identity afterwards
        one_step(model, x, np.array([0, 1, 2, 0]), traced=False)
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_allclose(model.predict(x[:, order], verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_it_has_the_published_number_of_weights():
    # Qi et al. 2017, supplement, section E: 3.5 million with transforms, 0.8 million without, for 40 classes.
    sizes = [PointNet(np.int64(40), transforms=transforms).count_params() for transforms in (True, False)]
    assert [round(size / 1e6, 1) for size in sizes] == [3.5, 0.8]


@seeded(0)
def test_it_learns_to_tell_balls_from_boxes():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(64, 60, 3))
    norms = (np.linalg.norm(directions, axis=-1, keepdims=True), np.abs(directions).max(axis=-1, keepdims=True))
    kinds = rng.integers(0, 2, 64)
    x = np.where(kinds[:, None, None] == 0, directions / norms[0], directions / norms[1]).astype("float32")
    model = PointNet(2, width=0.15, transforms=False, dropout=0.0)  # with them, 2 seeds of 6 failed on PyTorch
    model.compile(keras.optimizers.Adam(0.003), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.build(model.trainable_variables)  # TensorFlow then traces once, not twice
    model.fit(x[:48], kinds[:48], batch_size=16, epochs=20, verbose=0)
    assert (model.predict(x[48:], verbose=0).argmax(-1) == kinds[48:]).mean() > 0.8


@pytest.mark.parametrize(
    "arguments",
    [{"classes": 0}, {"classes": 3, "width": 0}, {"classes": 3, "channels": 2}, {"classes": 3, "dropout": 1}],
)
def test_impossible_arguments(arguments):
    with pytest.raises(InputError, match=list(arguments)[-1]):
        PointNet(**arguments)


@pytest.mark.parametrize("kinds", [0, 3])
def test_segmentation_of_any_number_of_points_saved_and_trained(tmp_path, kinds):
    def inputs(points):
        x = clouds(points)
        return [x, np.eye(3, dtype="float32")[[0, 1, 2, 0]]] if kinds else x

    model = PointNetSegmentation(4, num_categories=kinds, width=0.1)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for points in (1, 23):
        assert model.predict(inputs(points), verbose=0).shape == (4, points, 4)
    assert np.isfinite(one_step(model, inputs(20), np.ones((4, 20), int), traced=kinds > 0))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is PointNetSegmentation and loaded.get_config() == model.get_config()
    np.testing.assert_allclose(
        loaded.predict(inputs(17), verbose=0), model.predict(inputs(17), verbose=0), rtol=1e-4, atol=1e-5
    )


def test_segmentation_follows_the_points_and_listens_to_the_kind():
    model, x = PointNetSegmentation(4, num_categories=3, width=0.1), clouds()
    kinds = np.eye(3, dtype="float32")
    expected = model.predict([x, kinds[[0] * 4]], verbose=0)
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_allclose(model.predict([x[:, order], kinds[[0] * 4]], verbose=0), expected[:, order], atol=1e-5)
    assert np.abs(model.predict([x, kinds[[1] * 4]], verbose=0) - expected).max() > 1e-3


@pytest.mark.parametrize("transforms", [False, True])
@seeded(0)
def test_it_trains_in_mixed_precision_with_long_weights(transforms):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = PointNet(3, width=0.1, transforms=transforms)
    finally:
        keras.config.set_dtype_policy(policy)
    x, y = np.random.default_rng(0).uniform(-1, 1, (6, 40, 3)).astype("float32"), np.arange(6) % 3
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = model.get_layer("global").get_weights()[0]
    losses = [one_step(model, x, y, traced=False) for _ in range(8)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
    assert {str(weight.dtype).split(".")[-1] for weight in model.weights} == {"float32"}
    assert np.abs(model.get_layer("global").get_weights()[0] - before).max() > 0
    assert np.isfinite(model.predict(x, verbose=0).astype("float32")).all()
