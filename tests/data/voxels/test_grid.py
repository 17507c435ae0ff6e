import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

BOX = data.Mesh([[0, 0, 0], [4, 0, 0], [0, 2, 0], [0, 0, 1]], [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def test_places_and_indices():
    grid = data.VoxelGrid(np.zeros((2, 3, 4), bool), origin=(1, 2, 3), voxel_size=0.5)
    assert grid.shape == (2, 3, 4)
    np.testing.assert_array_equal(grid.bounds, [[1, 2, 3], [2, 3.5, 5]])
    np.testing.assert_array_equal(grid.to_points([0, 0, 0]), [1.25, 2.25, 3.25])
    np.testing.assert_array_equal(grid.to_index([[1, 2, 3], [1.25, 2.75, 3.25]]), [[-0.5] * 3, [0, 1, 0]])
    centres = grid.centres()
    assert centres.dtype == np.float32
    np.testing.assert_array_equal(centres, grid.to_points(np.moveaxis(np.indices(grid.shape), 0, -1)))
    assert repr(grid) == "VoxelGrid(2 x 3 x 4, occupancy, voxels of 0.5 m)"


@pytest.mark.parametrize("margin", [0, 2])
def test_a_box_fills_the_grid_with_its_longest_side(margin):
    grid = data.VoxelGrid.around(BOX, 16, margin=margin)
    low, high = grid.to_index(BOX.bounds)
    np.testing.assert_allclose([low[0], high[0]], [margin - 0.5, 15.5 - margin])
    np.testing.assert_allclose(low + high, 15)  # in the middle
    np.testing.assert_allclose(np.ptp(grid.bounds, axis=0), 4 * 16 / (16 - 2 * margin))


def test_a_sphere_fills_the_grid_as_unit_sphere_does():
    points = np.random.default_rng(0).normal(size=(50, 3)) + [5, 0, 0]
    grid = data.VoxelGrid.around(points, 8, fit="sphere")
    np.testing.assert_allclose((grid.to_index(points) + 0.5) / 4 - 1, data.unit_sphere(points), atol=1e-6)
    turned = data.rotated(points[None].astype(np.float32), np.array([0.7]))[0]
    assert data.VoxelGrid.around(turned, 8, fit="sphere").voxel_size == pytest.approx(grid.voxel_size, rel=1e-6)


def test_the_sphere_of_a_mesh_is_that_of_points_on_it():
    points = data.sample_surface(BOX, 200_000, seed=1)
    middle = data.VoxelGrid.around(BOX, 8, fit="sphere").bounds.mean(axis=0)
    np.testing.assert_allclose(middle, points.mean(axis=0), atol=0.01)


def test_kinds_and_their_types():
    zeros = np.zeros((2, 2, 2))
    for kind, values, dtype in (
        ("occupancy", zeros > 0, bool),
        ("ternary", zeros, np.int8),
        ("probability", zeros, np.float32),
        ("distance", zeros, np.float32),
        ("signed", zeros, np.float32),
        ("features", np.zeros((2, 2, 2, 5)), np.float32),
    ):
        grid = data.VoxelGrid(values, kind=kind)
        assert grid.values.dtype == dtype
        with pytest.raises(ValueError, match="read-only"):
            grid.values[0] = 1


def test_where_something_is():
    line = np.array([[[-1, 0, 1, np.nan]]])
    assert data.VoxelGrid(line, kind="signed", voxel_size=2).occupied.tolist() == [[[True, True, True, False]]]
    assert data.VoxelGrid(line, kind="signed", voxel_size=1).occupied.tolist() == [[[False, True, False, False]]]
    ternary = data.VoxelGrid([[[data.UNKNOWN, data.FREE, data.SURFACE]]], kind="ternary")
    assert ternary.occupied.tolist() == [[[False, False, True]]]
    assert data.VoxelGrid([[[0.4, 0.5]]], kind="probability").occupied.tolist() == [[[False, True]]]
    with pytest.raises(InputError, match="features do not define"):
        data.VoxelGrid(np.zeros((1, 1, 1, 2)), kind="features").occupied  # noqa: B018


def test_the_arrays_are_copies():
    values = np.zeros((2, 2, 2), bool)
    grid = data.VoxelGrid(values)
    values[0] = True
    assert not grid.values.any()


def test_what_nobody_can_write_to_is_not_copied():
    values = np.ones((2, 2, 2), np.float32)
    values.flags.writeable = False
    assert data.VoxelGrid(values, kind="signed").values is values


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"values": np.zeros((2, 2), bool)}, "shape is"),
        ({"values": np.zeros((2, 0, 2), bool)}, "shape is"),
        ({"values": np.zeros((2, 2, 2, 1), bool)}, "shape is"),
        ({"values": np.zeros((2, 2, 2))}, "not bool"),
        ({"values": np.zeros((2, 2, 2), complex)}, "complex128"),
        ({"values": np.full((2, 2, 2), 2), "kind": "ternary"}, "-1, 0 and 1"),
        ({"values": np.full((2, 2, 2), 1.1), "kind": "probability"}, "0 to 1"),
        ({"values": np.full((2, 2, 2), np.nan), "kind": "probability"}, "0 to 1"),
        ({"values": np.full((2, 2, 2), -1.0), "kind": "distance"}, "negative"),
        ({"values": np.full((2, 2, 2), 2.0), "kind": "signed", "truncation": 1}, "beyond the truncation of 1 m"),
        ({"truncation": 1}, "occupancy has none"),
        ({"kind": "cubes"}, "'occupancy', 'probability'"),
        ({"voxel_size": 0}, "voxel_size"),
        ({"voxel_size": np.inf}, "voxel_size"),
        ({"origin": (0, 0)}, "three finite numbers"),
        ({"origin": (0, 0, np.nan)}, "three finite numbers"),
    ],
)
def test_what_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        data.VoxelGrid(**{"values": np.zeros((2, 2, 2), bool)} | arguments)


def test_a_grid_needs_a_shape_to_lie_around():
    for surface, words in (
        (np.zeros((3, 3)), "in one place"),
        (np.zeros((0, 3)), "are expected"),
        (np.full((2, 3), np.nan), "are expected"),
    ):
        with pytest.raises(InputError, match=words):
            data.VoxelGrid.around(surface, 8)
    for arguments in ({"resolution": 0}, {"resolution": 8, "margin": 4}, {"resolution": 8, "fit": "cube"}):
        with pytest.raises(InputError):
            data.VoxelGrid.around(BOX, **arguments)
    with pytest.raises(InputError, match="one for each of"):
        data.VoxelGrid.around(BOX, 8).with_values(np.zeros((8, 8, 7), bool), "occupancy")
