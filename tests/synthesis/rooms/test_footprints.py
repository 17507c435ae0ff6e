import numpy as np
import pytest

from pcfilter_lib.synthesis.rooms.footprints import Footprint


def random_footprint(generator):
    x, y = generator.uniform(-1, 1, 2)
    width, depth = generator.uniform(0.2, 1.5, 2)
    return Footprint(x, y, width, depth, generator.uniform(0, 7))


def contains(footprint, points):
    (cx, cy), (sx, sy) = footprint.axes()
    u, v = points[:, 0] - footprint.x, points[:, 1] - footprint.y
    return (np.abs(u * cx + v * cy) <= footprint.width / 2) & (np.abs(u * sx + v * sy) <= footprint.depth / 2)


def test_rectangles_overlap_where_they_share_points():
    generator = np.random.default_rng(0)
    axis = np.linspace(-2.5, 2.5, 251)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    answers = []
    for _ in range(300):
        one, other = random_footprint(generator), random_footprint(generator)
        shared = (contains(one, grid) & contains(other, grid)).any()
        answers.append(one.overlaps(other))
        assert one.overlaps(other) == other.overlaps(one)
        if shared:
            assert answers[-1]
        elif answers[-1]:  # less than a cell of the grid is shared: it does not survive shrinking
            shrunk = Footprint(one.x, one.y, one.width - 0.05, one.depth - 0.05, one.angle)
            assert not shrunk.overlaps(other)
    assert 0.2 < np.mean(answers) < 0.8


def test_the_gap_widens_a_rectangle():
    one, other = Footprint(0, 0, 1, 1, 0), Footprint(1.2, 0, 1, 1, 0)
    assert not one.overlaps(other, 0.19) and one.overlaps(other, 0.21)


def test_corners_axes_and_strips():
    one = Footprint(1, 2, 4, 2, np.pi / 2)  # its back looks at -x
    assert one.at(0, 1) == pytest.approx((0, 2)) and one.at(1, 0) == pytest.approx((1, 3))
    assert sorted(map(tuple, one.corners().round(9))) == [(0, 0), (0, 4), (2, 0), (2, 4)]
    assert one.reach(0) == pytest.approx(1) and one.reach(np.pi / 2) == pytest.approx(2)
    front = one.front(0.5)
    assert (front.x, front.y) == pytest.approx((2.25, 2)) and not one.overlaps(front, -1e-9)
    assert one.overlaps(front, 0.01)
    assert one.inside(2.1, 4.1, -1e-9) and not one.inside(2.1, 4.1, 0.05) and not one.inside(1.9, 4.1, 0)
