import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scenes.shapes import blocks, boxes, revolve, volume_and_centroid


def is_closed(solid) -> bool:
    """Whether each directed edge is met by as many edges in the opposite direction."""
    edges = np.concatenate([solid.faces[:, [0, 1]], solid.faces[:, [1, 2]], solid.faces[:, [2, 0]]])
    there, count = np.unique(edges, axis=0, return_counts=True)
    back, count_back = np.unique(edges[:, ::-1], axis=0, return_counts=True)
    return np.array_equal(there, back) and np.array_equal(count, count_back)


def areas(solid) -> np.ndarray:
    a, b, c = (solid.vertices[column] for column in solid.faces.T)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2


@st.composite
def grids(draw):
    shape = tuple(draw(st.integers(1, 4)) for _ in range(3))
    steps = [draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)) for n in shape]
    planes = [np.concatenate([[draw(st.floats(-1, 1))], s]).cumsum() for s in steps]
    cells = draw(st.lists(st.booleans(), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    cells[draw(st.integers(0, len(cells) - 1))] = True
    return planes, np.array(cells).reshape(shape)


@settings(max_examples=60, deadline=None)
@given(grids())
def test_blocks_are_closed_and_have_the_volume_and_the_surface_of_their_cells(grid):
    planes, filled = grid
    pieces = np.arange(filled.size).reshape(filled.shape)
    solid = blocks(*planes, filled, pieces)
    size = np.stack(np.meshgrid(*(np.diff(plane) for plane in planes), indexing="ij"))
    volume, centroid = volume_and_centroid(solid)
    assert is_closed(solid)
    assert volume == pytest.approx((size.prod(axis=0) * filled).sum())
    middles = np.stack(np.meshgrid(*(plane[:-1] + np.diff(plane) / 2 for plane in planes), indexing="ij"), axis=-1)
    weights = (size.prod(axis=0) * filled)[..., None]
    np.testing.assert_allclose(centroid, (weights * middles).sum(axis=(0, 1, 2)) / weights.sum(), atol=1e-9)
    surface = 0.0
    for axis in range(3):
        side = size.prod(axis=0) / size[axis]
        for step in (-1, 1):
            neighbour = np.roll(np.pad(filled, 1), step, axis)[1:-1, 1:-1, 1:-1]
            surface += (side * (filled & ~neighbour)).sum()
    assert areas(solid).sum() == pytest.approx(surface)
    assert areas(solid).min() > 0
    assert set(np.unique(solid.pieces)) <= set(pieces[filled])


def test_each_face_belongs_to_the_piece_of_its_cell():
    solid = blocks([0, 1, 3], [0, 1], [0, 1], np.ones((2, 1, 1)), [[[4]], [[7]]])
    middle = solid.vertices[solid.faces].mean(axis=1)
    np.testing.assert_array_equal(solid.pieces, np.where(middle[:, 0] < 1, 4, 7))


def test_blocks_that_touch_along_an_edge_only_are_closed():
    filled = np.zeros((2, 2, 1), bool)
    filled[0, 0], filled[1, 1] = True, True
    solid = blocks([0, 1, 2], [0, 1, 2], [0, 1], filled)
    assert is_closed(solid)
    assert volume_and_centroid(solid)[0] == pytest.approx(2)


def test_boxes_replace_each_other_and_cut():
    solid = boxes([(0, (0, 0, 0), (2, 2, 2)), (1, (0, 0, 1), (2, 2, 2)), (None, (0.5, 0.5, 0), (1, 1, 2))])
    assert is_closed(solid)
    assert volume_and_centroid(solid)[0] == pytest.approx(8 - 0.5)
    above = solid.vertices[solid.faces].mean(axis=1)[:, 2] > 1
    np.testing.assert_array_equal(solid.pieces, above)


@pytest.mark.parametrize(
    ("planes", "filled", "words"),
    [
        (([0, 0], [0, 1], [0, 1]), [[[True]]], "xs"),
        (([0, 1], [1, 0], [0, 1]), [[[True]]], "ys"),
        (([0, 1], [0, 1], [0]), [[[True]]], "zs"),
        (([0, 1], [0, 1], [0, 1]), [[True]], "filled"),
        (([0, 1], [0, 1], [0, 1]), [[[False]]], "no cell is filled"),
    ],
)
def test_impossible_blocks_say_so(planes, filled, words):
    with pytest.raises(InputError, match=words):
        blocks(*planes, filled)


@st.composite
def profiles(draw):
    """A star-shaped polygon, so that it does not cross itself: off the axis, or with one edge on the axis."""
    count = draw(st.integers(3, 8))
    angle = 2 * np.pi * (np.arange(count) + draw(st.floats(0, 1))) / count
    radius = np.array(draw(st.lists(st.floats(0.2, 1), min_size=count, max_size=count)))
    profile = np.stack([1.5 + radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    if draw(st.booleans()):
        profile = np.concatenate([[(0, -2)], profile[np.argsort(profile[:, 1])][:1], [(2, 0), (0, 2)]])
    return profile[::-1] if draw(st.booleans()) else profile


@settings(max_examples=60, deadline=None)
@given(profiles(), st.integers(3, 20))
def test_turned_profiles_are_closed_and_have_the_volume_of_pappus(profile, segments):
    solid = revolve(profile, segments)
    assert is_closed(solid)
    assert areas(solid).min() > 0
    r, z = profile.T
    r_next, z_next = np.roll(profile, -1, axis=0).T
    # Pappus: area times the way of its centroid; area and centroid of a polygon by the shoelace formula.
    cross = r * z_next - r_next * z
    moment = abs(((r + r_next) * cross).sum() / 6)
    polygon = segments / (2 * np.pi) * np.sin(2 * np.pi / segments)
    assert volume_and_centroid(solid)[0] == pytest.approx(2 * np.pi * moment * polygon)


def test_the_poles_of_a_sphere_are_one_vertex_each():
    angle = np.linspace(-np.pi / 2, np.pi / 2, 9)
    profile = np.stack([np.where(np.abs(angle) == np.pi / 2, 0, np.cos(angle)), np.sin(angle)], axis=1)
    solid = revolve(profile, 16)
    assert is_closed(solid)
    assert (np.hypot(solid.vertices[:, 0], solid.vertices[:, 1]) == 0).sum() == 2
    assert len(solid.vertices) - len(solid.faces) / 2 == 2  # Euler's formula for a sphere


def test_the_pieces_of_a_turned_profile_follow_its_edges():
    solid = revolve([(1, 0), (2, 0), (2, 1), (1, 1)], 12, pieces=[0, 1, 2, 3])
    height = solid.vertices[solid.faces].mean(axis=1)[:, 2]
    assert np.isclose(height[solid.pieces == 0], 0).all() and np.isclose(height[solid.pieces == 2], 1).all()


@pytest.mark.parametrize(
    ("profile", "segments", "words"),
    [
        ([(0, 0), (1, 0)], 8, "profile"),
        ([(-0.1, 0), (1, 0), (1, 1)], 8, "negative"),
        ([(0, 0), (0, 0), (1, 1)], 8, "equal"),
        ([(0, 0), (1, 1), (2, 2)], 8, "no area"),
        ([(0, 0), (1, 0), (1, 1)], 2, "segments"),
    ],
)
def test_impossible_profiles_say_so(profile, segments, words):
    with pytest.raises(InputError, match=words):
        revolve(profile, segments)
