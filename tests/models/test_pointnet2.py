import keras
import numpy as np
import pytest
from one_step import one_step

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.data import farthest_order
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import PointNet2, PointNet2Segmentation

pytestmark = pytest.mark.backend


def clouds(points=40, channels=3, count=4):
    return np.random.default_rng(0).uniform(-0.5, 0.5, (count, points, channels)).astype("float32")


@pytest.mark.parametrize("variant", [{}, {"multi_scale": True, "centres": (64, 16)}, {"dropout": 0.0, "channels": 6}])
def test_any_number_of_points_saved_and_trained(tmp_path, variant):
    model = PointNet2(5, **{"width": 0.1} | variant)
    channels = variant.get("channels", 3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for points in (1, 600):
        assert model.predict(clouds(points, channels), verbose=0).shape == (4, 5)
    before = [np.array(weight) for weight in model.get_weights()]
    assert np.isfinite(one_step(model, clouds(channels=channels), np.arange(4), traced=False))
    assert not np.allclose(before[0], model.get_weights()[0], atol=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is PointNet2 and loaded.get_config() == model.get_config()
    x = clouds(600, channels)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_it_has_the_published_number_of_weights():
    # Of the authors' code, with 40 classes: 1.48 million with one scale, 1.74 million with three.
    sizes = [PointNet2(40, multi_scale=several).count_params() for several in (False, True)]
    assert [round(size / 1e6, 2) for size in sizes] == [1.48, 1.75]


def test_the_first_points_are_the_centres_as_many_as_are_wanted():
    x = clouds(100, count=1)
    moved = x.copy()
    moved[:, 20:] = x[:, 99:19:-1]  # the order of those that are no centres
    for centres, same in (((20, 5), True), ((50, 5), False)):
        model = PointNet2(3, width=0.1, centres=centres)
        ours, theirs = (model.predict(each, verbose=0) for each in (x, moved))
        assert np.allclose(ours, theirs, atol=1e-5) == same


def test_of_a_small_cloud_the_order_does_not_matter():
    model, x = PointNet2(3, width=0.1), clouds(30)  # every point is a centre, and no ball holds more than it takes
    order = np.random.default_rng(1).permutation(30)
    np.testing.assert_allclose(model.predict(x[:, order], verbose=0), model.predict(x, verbose=0), atol=1e-5)


def test_of_a_large_cloud_in_farthest_order_points_that_are_no_centres_may_come_in_any_order():
    x = clouds(700, count=1)
    x = x[:, farthest_order(x[0], 512)]
    assert len(np.unique(x[0, :512], axis=0)) == 512
    model = PointNet2(3, width=0.1)
    assert [tuple(layer.output[0].shape) for layer in model.layers if "abstract" in layer.name] == [(None, None, 3)] * 2
    assert np.isfinite(model.predict(x, verbose=0)).all()


@pytest.mark.parametrize(
    "arguments",
    [{"classes": 0}, {"classes": 3, "width": 0}, {"classes": 3, "channels": 2}, {"classes": 3, "multi_scale": "yes"}],
)
@pytest.mark.parametrize("model", [PointNet2, PointNet2Segmentation])
def test_impossible_arguments(model, arguments):
    with pytest.raises(InputError, match=list(arguments)[-1]):
        model(**arguments)


def test_centres_of_two_levels():
    with pytest.raises(InputError, match="centres"):
        PointNet2(3, centres=(512,))


@pytest.mark.parametrize("categories", [0, 3])
def test_segmentation_of_any_number_of_points_saved_and_trained(tmp_path, categories):
    def inputs(points):
        x = clouds(points)
        return [x, np.eye(3, dtype="float32")[[0, 1, 2, 0]]] if categories else x

    model = PointNet2Segmentation(
        4,
        num_categories=categories,
        width=0.1,
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for points in (1, 17):
        assert model.predict(inputs(points), verbose=0).shape == (4, points, 4)
    assert np.isfinite(one_step(model, inputs(20), np.ones((4, 20), int), traced=False))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is PointNet2Segmentation and loaded.get_config() == model.get_config()
    np.testing.assert_allclose(
        loaded.predict(inputs(17), verbose=0), model.predict(inputs(17), verbose=0), rtol=1e-4, atol=1e-5
    )


def test_the_category_changes_what_is_said_of_each_point():
    model, x = PointNet2Segmentation(4, num_categories=3, width=0.1), clouds(12)
    one, other = (model.predict([x, np.eye(3, dtype="float32")[[kind] * 4]], verbose=0) for kind in (0, 1))
    assert (np.abs(one - other).max(axis=-1) > 1e-4).mean() > 0.9
