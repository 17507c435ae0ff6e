import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

from pcfilter_lib import data
from pcfilter_lib.errors import InputError


def sphere(radius=1.0, steps=40):
    """Return a sphere of triangles about the origin."""
    up, around = np.meshgrid(np.linspace(0, np.pi, steps), np.linspace(0, 2 * np.pi, 2 * steps), indexing="ij")
    points = radius * np.stack([np.sin(up) * np.cos(around), np.sin(up) * np.sin(around), np.cos(up)], axis=-1)
    number = np.arange(points.size // 3).reshape(up.shape)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    faces = np.concatenate([np.stack(each, axis=-1).reshape(-1, 3) for each in ((a, b, c), (a, c, d))])
    return data.Mesh(np.round(points, 12).reshape(-1, 3), faces)


def cube_grid(count=24, half=1.5):
    return data.VoxelGrid(np.zeros((count,) * 3, bool), (-half,) * 3, 2 * half / count)


def volume(mesh):
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return np.einsum("fd,fd->", a, np.cross(b, c)) / 6


def test_distances_to_a_mesh_and_to_a_cloud():
    pytest.importorskip("open3d")
    grid, mesh = cube_grid(), sphere()
    radius = np.linalg.norm(grid.centres(), axis=-1)
    signed = data.distance_field(mesh, grid, signed=True)
    np.testing.assert_allclose(signed.values, radius - 1, atol=5e-3)
    assert signed.kind == "signed" and data.distance_field(mesh, grid).kind == "distance"
    np.testing.assert_allclose(data.distance_field(mesh, grid).values, np.abs(signed.values), atol=1e-6)
    cloud = mesh.vertices[::7]
    expected = cdist(grid.centres().reshape(-1, 3), cloud).min(axis=1).reshape(grid.shape)
    np.testing.assert_allclose(data.distance_field(cloud, grid).values, expected, atol=1e-6)


def test_truncation_cuts_distances_off():
    field = data.distance_field([[0, 0, 0]], cube_grid(), truncation=0.5)
    assert field.truncation == 0.5 and field.values.max() == 0.5
    full = data.distance_field([[0, 0, 0]], cube_grid())
    assert np.array_equal(field.values, np.minimum(full.values, np.float32(0.5)))


def test_inside_overlapping_shells_the_deepest_one_counts():
    pytest.importorskip("open3d")
    one, other = sphere(), sphere()
    both = data.Mesh(
        np.concatenate([one.vertices, other.vertices + [0.6, 0, 0]]),
        np.concatenate([one.faces, other.faces + len(one.vertices)]),
    )
    grid = cube_grid(half=2)
    centres = grid.centres()
    depths = [np.linalg.norm(centres - [shift, 0, 0], axis=-1) - 1 for shift in (0, 0.6)]
    np.testing.assert_allclose(data.distance_field(both, grid, signed=True).values, np.minimum(*depths), atol=6e-3)


def test_distances_from_voxels_are_scipys():
    occupied = np.random.default_rng(2).random((9, 8, 7)) < 0.1
    grid = data.VoxelGrid(occupied, voxel_size=0.25)
    expected = 0.25 * ndimage.distance_transform_edt(~occupied)
    np.testing.assert_allclose(data.distance_field(grid).values, expected, atol=1e-6)
    line = data.VoxelGrid(np.array([0, 0, 1, 1, 1, 0], bool).reshape(-1, 1, 1), voxel_size=2)
    assert data.distance_field(line, signed=True).values.ravel().tolist() == [3, 1, -1, -3, -1, 1]


def test_between_the_centres_as_scipy_does():
    draw = np.random.default_rng(3)
    field = data.VoxelGrid(draw.normal(size=(5, 6, 7)), (1, 2, 3), 0.5, kind="signed")
    points = draw.uniform(field.bounds[0] - 0.3, field.bounds[1] + 0.3, size=(4, 100, 3))
    index = field.to_index(points)
    expected = ndimage.map_coordinates(field.values.astype(float), np.moveaxis(index, -1, 0), order=1, cval=-7)
    np.testing.assert_allclose(data.trilinear_sample(field, points, outside=-7), expected, atol=1e-6)
    inside = ((index >= 0) & (index <= np.array(field.shape) - 1)).all(axis=-1)
    assert np.array_equal(np.isnan(data.trilinear_sample(field, points)), ~inside)


def test_at_the_centres_the_values_come_back():
    values = np.random.default_rng(4).normal(size=(3, 4, 5, 2)).astype(np.float32)
    features = data.VoxelGrid(values, (0.1, 0.2, 0.3), 0.7, kind="features")
    centres = features.to_points(np.moveaxis(np.indices(features.shape), 0, -1))
    np.testing.assert_allclose(data.trilinear_sample(features, centres), values, atol=1e-6)


@pytest.mark.parametrize("kind", ["signed", "probability"])
def test_marching_cubes_looks_outwards(kind):
    pytest.importorskip("skimage")
    grid = cube_grid(32)
    distance = np.linalg.norm(grid.centres(), axis=-1) - 1
    values = distance if kind == "signed" else 1 / (1 + np.exp(20 * distance))
    mesh = data.marching_cubes(grid.with_values(values, kind))
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 1, atol=0.01)
    assert volume(mesh) == pytest.approx(4 / 3 * np.pi, rel=0.01), "negative, if the faces looked inwards"


def test_where_nothing_is_known_there_is_no_surface():
    pytest.importorskip("skimage")
    grid = cube_grid(32)
    distance = np.linalg.norm(grid.centres(), axis=-1) - 1
    distance[:16] = np.nan
    mesh = data.marching_cubes(grid.with_values(distance, "signed"))
    first = grid.to_points([16, 0, 0])[0]
    assert mesh.vertices[:, 0].min() >= first - 1e-6 and mesh.vertices[:, 0].min() < first + 1e-3
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 1, atol=0.01)


def test_what_is_refused():
    pytest.importorskip("skimage")
    grid = cube_grid(4)
    empty = grid.with_values(np.ones(grid.shape), "signed")
    nowhere = grid.with_values(np.full(grid.shape, np.nan), "signed")
    for field in (empty, nowhere, grid):
        with pytest.raises(InputError, match="no cell crosses"):
            data.marching_cubes(field)
    with pytest.raises(InputError, match="2 or more"):
        data.marching_cubes(data.VoxelGrid(np.zeros((1, 4, 4), bool)))
    scattered = np.full(grid.shape, np.nan)
    scattered[::2, ::2, ::2] = np.random.default_rng(0).normal(size=(2, 2, 2))
    with pytest.raises(InputError, match="everything is known"):
        data.marching_cubes(grid.with_values(scattered, "signed"), np.nanmean(scattered))
    for surface, arguments, words in (
        (grid, {}, "no voxel is occupied"),
        (data.VoxelGrid(np.ones((2, 2, 2), bool)), {"signed": True}, "all voxels"),
        (grid, {"grid": grid}, "a grid already"),
        ([[0, 0, 0]], {}, "where the field lies"),
        ([[0, 0, 0]], {"grid": grid, "signed": True}, "no inside"),
        ([[0, 0, np.nan]], {"grid": grid}, "are expected"),
        ([[0, 0, 0]], {"grid": grid, "truncation": 0}, "truncation"),
    ):
        with pytest.raises(InputError, match=words):
            data.distance_field(surface, **arguments)
