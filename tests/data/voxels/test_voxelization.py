import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
SIDES = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4]]
SIDES += [[1, 5, 7], [1, 7, 3]]


def box(low, high):
    return np.asarray(low) + CORNERS * np.subtract(high, low)


def joined(*boxes):
    faces = np.concatenate([np.array(SIDES) + 8 * number for number in range(len(boxes))])
    return data.Mesh(np.concatenate(boxes), faces)


def touches(triangle, centre, half):
    """Return whether a triangle and a cube overlap: the thirteen axes on which two convex bodies may be apart."""
    corners = triangle - centre
    edges = np.roll(corners, -1, axis=0) - corners
    axes = [*np.eye(3), np.cross(edges[0], edges[1])]
    axes += [np.cross(edge, axis) for edge in edges for axis in np.eye(3)]
    for axis in axes:
        shadow, reach = corners @ axis, half * np.abs(axis).sum()
        if shadow.min() > reach or shadow.max() < -reach:
            return False
    return True


@pytest.mark.parametrize("seed", range(20))
def test_the_skin_is_what_triangles_touch(seed):
    pytest.importorskip("open3d")
    draw = np.random.default_rng(seed)
    mesh = data.Mesh(draw.normal(size=(9, 3)), np.arange(9).reshape(3, 3))
    found = data.voxelize(mesh, 7, margin=0.4)
    expected = [
        any(touches(mesh.vertices[face], centre, found.voxel_size / 2) for face in mesh.faces)
        for centre in found.to_points(np.moveaxis(np.indices(found.shape), 0, -1)).reshape(-1, 3)
    ]
    assert np.array_equal(found.values.ravel(), expected)


def test_a_solid_is_the_union_of_its_shells():
    pytest.importorskip("open3d")
    # Two boxes that overlap from 2 to 3: a ray out of there crosses two faces, and parity says outside.
    mesh = joined(box([0, 0, 0], [3, 1, 1]), box([2, 0, 0], [5, 1, 1]))
    grid = data.VoxelGrid(np.zeros((50, 10, 10), bool), (0.013, 0.011, 0.017), 0.1)
    solid = data.voxelize(mesh, grid=grid, solid=True)
    assert solid.values[:-1, :-1, :-1].all(), "inside from end to end"
    assert len(data.shells(mesh)) == 2


def winding_numbers(mesh, points):
    """Return how often the surface winds around each point (van Oosterom, Strackee, *The solid angle of a plane
    triangle*, IEEE Transactions on Biomedical Engineering 30, 1983): the number of shells that enclose it."""
    total = np.zeros(len(points))
    for corners in mesh.vertices[mesh.faces]:
        a, b, c = corners[:, None] - points
        la, lb, lc = (np.linalg.norm(each, axis=1) for each in (a, b, c))
        volume = np.einsum("nd,nd->n", a, np.cross(b, c))
        dots = [np.einsum("nd,nd->n", *pair) for pair in ((a, b), (b, c), (c, a))]
        total += 2 * np.arctan2(volume, la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb)
    return total / (4 * np.pi)


@pytest.mark.parametrize("kind", ["bed", "sofa"])
def test_the_inside_of_furniture_is_what_its_surface_winds_around(kind):
    pytest.importorskip("open3d")
    from pcfilter_lib.synthesis import make_furniture

    solid = make_furniture(kind, np.random.default_rng(5))
    mesh = data.Mesh(solid.vertices, solid.faces)
    grid = data.VoxelGrid.around(mesh, 20, margin=1.03)
    number = winding_numbers(mesh, grid.centres().reshape(-1, 3)).reshape(grid.shape)
    assert (number > 1.5).any(), "shells overlap"
    skin, solid = (data.voxelize(mesh, grid=grid, solid=each).values for each in (False, True))
    assert np.array_equal(solid, skin | (number > 0.5))
    field = data.distance_field(mesh, grid, signed=True).values
    assert np.array_equal(field < 0, number > 0.5)


def test_shells_share_corners_or_places():
    apart = joined(box([0, 0, 0], [1, 1, 1]), box([3, 0, 0], [4, 1, 1]))
    soup = data.Mesh(apart.vertices[apart.faces].reshape(-1, 3), np.arange(72).reshape(24, 3))
    for mesh in (apart, soup):
        parts = data.shells(mesh)
        assert [part.bounds.tolist() for part in parts] == [[[0, 0, 0], [1, 1, 1]], [[3, 0, 0], [4, 1, 1]]]
        assert all(len(part.faces) == 12 and len(part.vertices) == 8 for part in parts)


def test_a_cloud_occupies_the_voxels_of_its_points():
    grid = data.VoxelGrid(np.zeros((2, 2, 2), bool), voxel_size=1)
    points = [[0.2, 0.1, 1.9], [1.5, 1.5, 0.5], [2.5, 0, 0], [-0.1, 0, 0], [0, 0, 0]]
    assert np.argwhere(data.voxelize(points, grid=grid).values).tolist() == [[0, 0, 0], [0, 0, 1], [1, 1, 0]]


def test_a_surface_outside_of_the_grid_leaves_it_empty():
    pytest.importorskip("open3d")
    grid = data.VoxelGrid(np.zeros((4, 4, 4), bool), origin=(50, 50, 50))
    assert not data.voxelize(joined(box([0, 0, 0], [1, 1, 1])), grid=grid, solid=True).values.any()


def test_what_is_refused():
    mesh = joined(box([0, 0, 0], [1, 1, 1]))
    with pytest.raises(InputError, match="either it or a grid"):
        data.voxelize(mesh)
    with pytest.raises(InputError, match="either it or a grid"):
        data.voxelize(mesh, 4, grid=data.VoxelGrid.around(mesh, 4))
    with pytest.raises(InputError, match="a cloud has no inside"):
        data.voxelize(mesh.vertices, 4, solid=True)


def test_an_open_mesh_is_not_solid():
    pytest.importorskip("open3d")
    mesh = data.Mesh(CORNERS, SIDES[:-1], "box.off")
    with pytest.raises(InputError, match=r"box\.off: it has holes \(3 edges"):
        data.voxelize(mesh, 4, solid=True)
    assert data.voxelize(mesh, 4).values.sum() == 56


def test_far_from_the_origin():
    pytest.importorskip("open3d")
    near = joined(box([0, 0, 0], [1, 1, 1]))
    far = data.Mesh(near.vertices + [1e6, -2e6, 3e6], near.faces)
    for solid in (False, True):
        assert np.array_equal(
            data.voxelize(far, 9, margin=0.7, solid=solid).values,
            data.voxelize(near, 9, margin=0.7, solid=solid).values,
        )
