import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.spatial.distance import cdist

from pcfilter_lib.data import Mesh, farthest_order, farthest_point_sampling, sample_surface
from pcfilter_lib.errors import InputError

coordinates = st.floats(-10, 10, width=32)
clouds = arrays(np.float64, st.tuples(st.integers(1, 40), st.just(3)), elements=coordinates)


@settings(max_examples=60)
@given(
    arrays(np.float64, (6, 3), elements=coordinates),
    arrays(np.int64, (5, 3), elements=st.integers(0, 5)),
    st.integers(0, 2**32),
)
def test_points_lie_on_the_triangle_that_they_name(vertices, faces, seed):
    mesh = Mesh(vertices, faces)
    if mesh.cumulative_areas()[-1] == 0:
        with pytest.raises(InputError, match="has the area 0"):
            sample_surface(mesh, 1)
        return
    points, chosen = sample_surface(mesh, 50, seed=seed, return_faces=True)
    assert points.shape == (50, 3)
    assert (mesh.areas()[chosen] > 0).all()
    a, b, c = np.moveaxis(vertices[faces[chosen]], 1, 0)
    # a point of a triangle parts it into three, whose areas add up to its own
    parts = sum(np.linalg.norm(np.cross(p - points, q - points), axis=1) / 2 for p, q in ((a, b), (b, c), (c, a)))
    np.testing.assert_allclose(parts, mesh.areas()[chosen], atol=1e-4)


def test_each_triangle_is_drawn_by_its_area():
    mesh = Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 5, 0], [9, 0, 0]], [[0, 1, 2], [0, 3, 1], [0, 4, 3], [0, 0, 1]])
    _, chosen = sample_surface(mesh, 20_000, seed=3, return_faces=True)
    counts = np.bincount(chosen, minlength=4)
    assert counts[3] == 0
    expected = mesh.areas()[:3] / mesh.areas().sum() * 20_000
    assert stats.chisquare(counts[:3], expected).pvalue > 0.001


def test_points_are_even_within_a_triangle():
    # The corner triangle cut off at u has the share u**2 of the area: so the root of that is uniform.
    points = sample_surface(Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]), 20_000, seed=0)
    total = points[:, 0] + points[:, 1]
    assert stats.kstest(total.astype(float) ** 2, "uniform").pvalue > 0.001
    assert stats.kstest(1 - (1 - points[:, 0].astype(float)) ** 2, "uniform").pvalue > 0.001


def test_the_seed_decides():
    mesh = Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    one, two = sample_surface(mesh, 9, seed=1), sample_surface(mesh, 9, seed=1)
    assert one.dtype == np.float32
    np.testing.assert_array_equal(one, two)
    assert (one != sample_surface(mesh, 9, seed=2)).any()
    stream = np.random.default_rng(1)
    np.testing.assert_array_equal(sample_surface(mesh, 9, seed=stream), one)
    assert (sample_surface(mesh, 9, seed=stream) != one).any()
    # the numbers themselves, so that no change of the code moves the book's figures unnoticed
    np.testing.assert_allclose(sample_surface(mesh, 1, seed=0), [[0.498128, 0.021282, 0]], atol=1e-6)


def test_vertices_changed_in_place_are_noticed():
    mesh = Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]], [[0, 1, 2], [0, 1, 3]])
    assert set(sample_surface(mesh, 50, return_faces=True)[1]) == {0}
    mesh.vertices[3] = 0, 0, 1
    assert set(sample_surface(mesh, 50, return_faces=True)[1]) == {0, 1}


def test_no_points_and_bad_counts():
    mesh = Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    assert sample_surface(mesh, 0).shape == (0, 3)
    for count in (-1, 1.5):
        with pytest.raises(InputError, match="a whole number from 0 is expected"):
            sample_surface(mesh, count)


@pytest.mark.parametrize("scale", [0, 1e-200, 1e200])
def test_a_surface_that_cannot_be_drawn_from(scale, recwarn):
    mesh = Mesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]) * scale, [[0, 1, 2]], "flat.off")
    with pytest.raises(InputError, match=r"flat.off: its surface has the area (0|inf|nan)"):
        sample_surface(mesh, 5)
    assert not list(recwarn)


@given(clouds, st.data())
def test_farthest_points_are_what_the_definition_says(points, data):
    count = data.draw(st.integers(1, len(points)))
    chosen = farthest_point_sampling(points, count, seed=data.draw(st.integers(0, 99)))
    assert len(set(chosen.tolist())) == count
    assert chosen.min() >= 0
    assert chosen.max() < len(points)
    distance = cdist(points, points)
    for step in range(1, count):
        nearest = distance[:, chosen[:step]].min(axis=1)
        assert nearest[chosen[step]] >= nearest.max() - 1e-4 * (1 + nearest.max())


@given(clouds, st.integers(0, 99))
def test_all_points_are_a_permutation_and_fewer_its_beginning(points, seed):
    whole = farthest_point_sampling(points, len(points), seed=seed)
    assert sorted(whole.tolist()) == list(range(len(points)))
    part = farthest_point_sampling(points, len(points) // 2, seed=seed)
    np.testing.assert_array_equal(part, whole[: len(part)])


@given(clouds, st.integers(1, 10))
def test_the_cover_is_within_twice_the_best(points, count):
    count = min(count, len(points))
    chosen = farthest_point_sampling(points, count, start=0)
    distance = cdist(points, points)
    cover = distance[:, chosen].min(axis=1).max()
    # count + 1 points pairwise at least `cover` apart: two of them share a centre, whichever centres are chosen
    if cover > 1e-3:
        farthest = distance[:, chosen].min(axis=1).argmax()
        apart = [*chosen, farthest]
        assert min(distance[i, j] for i in apart for j in apart if i != j) >= cover * (1 - 1e-4)


def test_place_and_size_do_not_matter():
    points = np.random.default_rng(0).normal(size=(500, 3))
    expected = farthest_point_sampling(points, 50, start=7)
    for scale, offset in ((1e-25, 0), (1e25, 0), (1.0, 2.0**20)):
        moved = points * scale + offset
        np.testing.assert_array_equal(farthest_point_sampling(moved, 50, start=7), expected)


@pytest.mark.parametrize(
    ("points", "options"),
    [
        (np.zeros((3, 3)), {"count": 4}),
        (np.zeros((3, 3)), {"count": -1}),
        (np.zeros((3, 3)), {"count": 1, "start": 3}),
        (np.zeros((3, 3)), {"count": 1, "start": -1}),
        (np.zeros(3), {"count": 1}),
        (np.full((3, 3), np.nan), {"count": 1}),
    ],
)
def test_what_cannot_be_chosen(points, options):
    with pytest.raises(InputError):
        farthest_point_sampling(points, **options)


def test_none_of_none():
    assert farthest_point_sampling(np.zeros((0, 3)), 0).tolist() == []


@pytest.mark.parametrize("count", [None, 0, 1, 20])
def test_the_beginning_of_the_farthest_order_is_the_sample(count):
    points = np.random.default_rng(0).normal(size=(50, 3))
    order = farthest_order(points, count, start=4)
    assert sorted(order) == list(range(50))
    ordered = points[order]
    for size in (1, 7, 20):
        if count is None or size <= count:
            np.testing.assert_array_equal(order[:size], farthest_point_sampling(points, size, start=4))
            # Nested: within a sample, and within the ordered cloud, it chooses the same again.
            np.testing.assert_array_equal(farthest_point_sampling(ordered[:20], size, start=0), np.arange(size))
    rest = order[50 if count is None else count :]
    assert (np.diff(rest) > 0).all()
