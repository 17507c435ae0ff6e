"""Networks from pictures to volumes: their sizes, their invariances, saving and training, on each backend."""

import math

import keras
import numpy as np
import pytest
from isolation import seeded
from keras import ops

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib import models
from pcfilter_lib.errors import InputError

pytestmark = pytest.mark.backend

SMALL = {"size": 28, "width": 1 / 64}
NARROW = {
    "Pix2Vox": lambda: models.Pix2Vox(**SMALL, backbone_width=1 / 32),
    "YOVO": lambda: models.YOVO(**SMALL, backbone_width=1 / 4),
    "R2N2": lambda: models.R2N2(**SMALL),
}


def pictures(views=3, batch=2, seed=0):
    return np.random.default_rng(seed).random((batch, views, 28, 28, 3)).astype("float32")


def made(name):
    with seeded(0):
        return NARROW[name]()


@pytest.mark.parametrize(("name", "parameters"), [("Pix2Vox", 114_244_467), ("YOVO", 114_589_683)])
def test_the_published_size_has_the_published_number_of_parameters(name, parameters):
    """Moving statistics are not counted. Nothing is allocated: the shapes are those of a model without values."""
    with keras.StatelessScope():
        model = getattr(models, name)()
    assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == parameters


@pytest.mark.parametrize("name", NARROW)
def test_saved_loaded_and_trained(name, tmp_path):
    model, x = made(name), pictures()
    outputs = model.predict_on_batch(x)
    assert all(each.shape == (2, 32, 32, 32, 1) and (each > 0).all() and (each < 1).all() for each in outputs.values())
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model) and loaded.get_config() == model.get_config()
    np.testing.assert_allclose(loaded.predict_on_batch(x)["refined"], outputs["refined"], atol=1e-5)
    before = ops.convert_to_numpy(model.trainable_weights[0])
    model.compile("sgd", dict.fromkeys(outputs, "binary_crossentropy"))
    model.train_on_batch(x, {each: (value > 0.5).astype("float32") for each, value in outputs.items()})
    assert not np.array_equal(ops.convert_to_numpy(model.trainable_weights[0]), before), "no gradient came so far"


@pytest.mark.parametrize(("name", "matters"), [("Pix2Vox", False), ("YOVO", False), ("R2N2", True)])
def test_whether_the_order_of_the_pictures_matters(name, matters):
    model, x = made(name), pictures(4)
    plain, shuffled = (model.predict_on_batch(each)["refined"] for each in (x, x[:, [2, 0, 3, 1]].copy()))
    assert (np.abs(plain - shuffled).max() > 1e-6) == matters


@pytest.mark.parametrize("name", ["Pix2Vox", "YOVO"])
def test_the_number_of_pictures_is_free_and_repetition_changes_nothing(name):
    model, x = made(name), pictures(1)
    one, five = (model.predict_on_batch(each)["merged"] for each in (x, np.repeat(x, 5, axis=1)))
    np.testing.assert_allclose(one, five, atol=1e-6)


@pytest.mark.parametrize("name", ["Pix2Vox", "YOVO"])
def test_a_refined_voxel_is_at_least_half_of_the_merged_one(name):
    """The output is the mean of what came in and of a sigmoid: a refiner like this cannot refuse."""
    outputs = made(name).predict_on_batch(pictures())
    assert (outputs["refined"] > outputs["merged"] / 2).all()
    assert (outputs["refined"] < outputs["merged"] / 2 + 0.5).all()


def test_yovo_makes_a_volume_of_each_level_of_each_picture():
    model = made("YOVO")
    volumes = keras.Model(model.input, model.get_layer("all_volumes").output)
    assert volumes.predict_on_batch(pictures(2)).shape == (2, 6, 32, 32, 32, 9)
    with seeded(0):
        single = models.YOVO(**SMALL, backbone_width=1 / 4, levels=((128, 128),))
    assert keras.Model(single.input, single.get_layer("all_volumes").output).output_shape[2:] == (32, 32, 32, 9)
    assert single.predict_on_batch(pictures(1))["refined"].shape == (2, 32, 32, 32, 1)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("Pix2Vox", {"size": 100}),
        ("Pix2Vox", {"width": 0}),
        ("YOVO", {"levels": ()}),
        ("YOVO", {"levels": ((8, 8, 8), (8, 8))}),
        ("YOVO", {"levels": ((8,),)}),
        ("YOVO", {"dropout": 1}),
        ("R2N2", {"width": 5}),
    ],
)
def test_arguments_are_checked(name, wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        getattr(models, name)(**{**SMALL, **wrong})
