import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import Body, Material, Scene, Solid

TRIANGLE = np.eye(3)


def test_more_light_than_arrives_is_refused():
    Material(0.4, 0.6)
    with pytest.raises(InputError, match=r"albedo \+ specular: 0.7 \+ 0.6 is more than 1"):
        Material(0.7, 0.6)


@pytest.mark.parametrize(
    "wrong",
    [{"albedo": -0.1}, {"shininess": 0.5}, {"texture": "wood"}, {"grain": 0}, {"contrast": 2}, {"specular": 1.1}],
)
def test_a_wrong_value_is_named(wrong):
    with pytest.raises(InputError) as error:
        Material(**wrong)
    assert error.value.place == next(iter(wrong))


def test_a_mesh_with_no_faces_is_named():
    with pytest.raises(InputError, match="gear.*no faces"):
        Solid(TRIANGLE, np.empty((0, 3), int), kind="gear")
    with pytest.raises(InputError, match="pieces"):
        Solid(TRIANGLE, [[0, 1, 2]], [0, 1])


def test_moves_and_sizes():
    solid = Solid(TRIANGLE, [[0, 1, 2]])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]], [1, 2, 3]
    np.testing.assert_allclose(solid.scaled(2).extent, 2)
    np.testing.assert_allclose(Body(solid, pose=pose).in_place().vertices[0], [1, 3, 3])


def test_impossible_bodies_and_scenes():
    solid = Solid(TRIANGLE, [[0, 1, 2]])
    for pose in (np.eye(3), np.diag([1, 1, -1, 1]), 2 * np.eye(4)):
        with pytest.raises(InputError, match="rigid"):
            Body(solid, pose=pose)
    with pytest.raises(InputError, match="materials"):
        Body(solid, ())
    with pytest.raises(InputError, match="no body"):
        Scene(())
