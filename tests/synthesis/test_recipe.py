import dataclasses
import json

import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import PRESETS, Recipe
from pcfilter_lib.synthesis.recipe import FIELDS


def test_a_drawn_recipe_has_numbers_within_the_ranges():
    recipe = Recipe()
    drawn = [recipe.draw(seed) for seed in range(50)]
    assert not recipe.drawn and all(one.drawn for one in drawn)
    for name in FIELDS:
        value = getattr(recipe, name)
        if isinstance(value, tuple) and name != "kinds":
            got = np.array([getattr(one, name) for one in drawn])
            assert value[0] <= got.min() < got.max() <= value[1], name
        else:
            assert all(getattr(one, name) == value for one in drawn)
    assert {one.parts for one in drawn} == set(range(3, 16)) and isinstance(drawn[0].parts, int)


def test_draws_belong_to_the_seed_and_to_the_option():
    assert Recipe().draw(3) == Recipe().draw(3) != Recipe().draw(4)
    assert Recipe().draw(3).draw(9) == Recipe().draw(3)
    # Fixing one option leaves what the others draw.
    assert Recipe(distance=0.5).draw(3) == dataclasses.replace(Recipe().draw(3), distance=0.5)


@pytest.mark.parametrize("name", PRESETS)
def test_json_gives_the_same_recipe(name):
    recipe = Recipe.preset(name)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert Recipe.from_json(recipe.draw(1).to_json()) == recipe.draw(1)
    assert json.loads(recipe.to_json())["width"] == recipe.width


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("baseline", 0),
        ("baseline", (-0.1, 0.1)),
        ("distance", 0),
        ("distance", -1.0),
        ("distance", "far"),
        ("distance", float("nan")),
        ("distance", (0.8, 0.4)),
        ("distance", (0.4, 0.5, 0.6)),
        ("parts", 2.5),
        ("parts", 0),
        ("width", (320, 640)),
        ("width", True),
        ("kinds", ("teapot",)),
        ("kinds", ()),
        ("support", "shelf"),
        ("noise", 1),
        ("period", 18),
        ("near", 5.0),
        ("albedo", 1.2),
        ("mesh_folder", 3),
        ("tolerance", 0),
        ("field_of_view", 180),
    ],
)
def test_an_impossible_option_is_named(option, value):
    with pytest.raises(InputError) as error:
        Recipe(**{option: value})
    assert error.value.source == "Recipe" and error.value.place == option
    assert error.value.remedy


def test_unknown_options_and_broken_json():
    with pytest.raises(InputError, match="no such option"):
        Recipe().replace(colour="red")
    with pytest.raises(InputError, match="no such option"):
        Recipe.from_json('{"colour": "red"}')
    for text in ("{", "[1]"):
        with pytest.raises(InputError, match="JSON"):
            Recipe.from_json(text)
    with pytest.raises(InputError, match="workbench"):
        Recipe.preset("benches")


def test_numpy_numbers_become_pythons():
    recipe = Recipe(distance=np.float32(0.5), parts=np.int64(4), noise=np.bool_(False))
    assert type(recipe.distance) is float and type(recipe.parts) is int and recipe.noise is False
    json.loads(recipe.to_json())
