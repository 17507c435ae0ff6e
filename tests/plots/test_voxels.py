import numpy as np
import pytest

from pcfilter_lib import data, plots
from pcfilter_lib.errors import InputError


def corners(trace):
    points = np.stack([trace.x, trace.y, trace.z], axis=1)
    return points[np.stack([trace.i, trace.j, trace.k], axis=1)]


def test_only_outer_faces_are_drawn_and_they_look_outwards():
    occupied = np.zeros((3, 4, 5), bool)
    occupied[1, 1:3, 2] = True  # two cubes, ten faces
    figure = plots.voxels(data.VoxelGrid(occupied, origin=(1, 0, 0), voxel_size=0.5), title="Two")
    triangles = corners(figure.data[0])
    assert len(triangles) == 20
    a, b, c = np.moveaxis(triangles, 1, 0)
    assert np.einsum("fd,fd->", a, np.cross(b, c)) / 6 == pytest.approx(2 * 0.5**3)
    assert triangles.min(axis=(0, 1)).tolist() == [1.5, 0.5, 1.0] and triangles.max(axis=(0, 1)).tolist() == [
        2,
        1.5,
        1.5,
    ]
    assert figure.alt == "Two: 2 of 3 x 4 x 5 voxels are occupied (3.3%)."


def test_colours_are_those_of_the_cubes():
    grid = data.VoxelGrid(np.ones((1, 1, 2), bool))
    values = np.array([[[3, 7]]])
    trace = plots.voxels(grid, values).data[0]
    height = corners(trace)[..., 2]
    assert np.array_equal(np.array(trace.intensity) == 7, height.mean(axis=1) > 1)
    figure = plots.voxels(grid, values, names={7: "roof", 5: "unseen", 3: "floor"})
    assert [each.name for each in figure.data[1:]] == ["roof", "floor"]
    colour = {each.name: each.marker.color for each in figure.data[1:]}
    assert (np.array(figure.data[0].facecolor) == colour["roof"]).tolist() == (height.mean(axis=1) > 1).tolist()


def test_a_probability_is_its_own_colour():
    trace = plots.voxels(data.VoxelGrid([[[0.4, 0.6, 0.9]]], kind="probability")).data[0]
    assert np.unique(trace.intensity) == pytest.approx([0.6, 0.9])


def test_too_many_faces_become_larger_cubes():
    occupied = np.indices((61, 61, 61)).sum(axis=0) % 2 == 0  # a chessboard has no inner face
    grid = data.VoxelGrid(occupied)
    figure = plots.voxels(grid, np.broadcast_to(np.arange(61), (61, 61, 61)), title="Board")
    assert len(figure.data[0].i) <= 120_000 and figure.layout.title.text == "Board (8 voxels drawn as one)"
    assert figure.data[0].x.max() == 62


def test_planes_lie_where_their_label_says():
    values = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    figure = plots.slices(data.VoxelGrid(values, (0, 0, 1), 0.5, kind="distance"), "z")
    assert [step.label for step in figure.layout.sliders[0].steps] == ["1.25", "1.75", "2.25", "2.75"]
    assert [trace.visible for trace in figure.data] == [False, False, True, False]
    assert np.array_equal(figure.data[3].z, values[:, :, 3].T)
    assert list(figure.data[0].x) == [0.25, 0.75] and list(figure.data[0].y) == [0.25, 0.75, 1.25]
    across = plots.slices(data.VoxelGrid(values, kind="distance"), "x")
    assert np.array_equal(across.data[1].z, values[1].T)
    assert "2 of 2 planes across x of a grid of 2 x 3 x 4 voxels" in across.alt


def test_a_signed_field_is_white_on_the_surface():
    values = np.full((2, 2, 2), np.nan)
    values[0, 0] = [-1, 3]
    trace = plots.slices(data.VoxelGrid(values, kind="signed")).data[0]
    assert (trace.zmin, trace.zmax) == (-3, 3)
    assert plots.slices(data.VoxelGrid(np.zeros((2, 2, 2)), kind="ternary")).data[0].zmin == -1.5
    assert len(plots.slices(data.VoxelGrid(np.zeros((2, 2, 100), bool))).data) == 32


def test_what_is_refused():
    grid = data.VoxelGrid(np.ones((2, 2, 2), bool))
    with pytest.raises(InputError, match="one for each of"):
        plots.voxels(grid, np.zeros((2, 2)))
    with pytest.raises(InputError, match="class 1: it has no name"):
        plots.voxels(grid, np.ones((2, 2, 2), int), names={0: "a"})
    with pytest.raises(InputError, match="at most 12"):
        plots.voxels(grid, np.ones((2, 2, 2), int), names=dict.fromkeys(range(13), "a"))
    with pytest.raises(InputError, match="'x', 'y', 'z'"):
        plots.slices(grid, "w")
    with pytest.raises(InputError, match="one channel"):
        plots.slices(data.VoxelGrid(np.zeros((2, 2, 2, 3)), kind="features"))
