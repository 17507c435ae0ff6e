"""How well points fit the surfaces around them: nothing on planes and their rims, something in the air."""

import itertools

import numpy as np
import pytest
from filter_scans import bumpy

from pcfilter_lib.filters.plane_residual import COMPARISONS, FARTHEST, compare

ANGLE = np.float32(1 / 90)
DIRECTIONS = [way for way in itertools.product((-1, 0, 1), repeat=2) if any(way)]


def named(depth, angle=ANGLE):
    seen = np.isfinite(depth)
    images = compare(np.where(seen, depth, 1).astype(np.float32), seen, angle)
    assert images.dtype == np.float32
    return dict(zip(COMPARISONS, images, strict=True))


def inverse_at(depth, row, column):
    inside = 0 <= row < depth.shape[0] and 0 <= column < depth.shape[1]
    return 1 / depth[row, column] if inside else np.nan


def slow(depth, row, column, reach):
    """The plane residual of a point, by a least squares fit in each direction."""
    errors = []
    for down, right in DIRECTIONS:
        far = np.array([reach // 4, reach // 2, reach])
        line = np.array([inverse_at(depth, row + down * k, column + right * k) for k in far])
        if np.isfinite(line).all():
            errors.append(abs(depth[row, column] * np.polyval(np.polyfit(far, line, 1), 0) - 1) / ANGLE)
    return sorted([*errors, *[FARTHEST] * 8])[2]


def test_they_are_what_their_definitions_say():
    depth, _ = bumpy(0, (70, 40))  # more rows than are compared at a time
    depth = depth.astype(np.float32)
    depth[30:34, 10:30] = np.nan
    found = named(depth)
    for row, column in np.argwhere(np.isfinite(depth))[::17]:
        steps = [abs(depth[row, column] * inverse_at(depth, row + a, column + b) - 1) / ANGLE for a, b in DIRECTIONS]
        nearest = min([step for step in steps if np.isfinite(step)], default=FARTHEST)
        assert found["nearest step"][row, column] == pytest.approx(min(nearest, FARTHEST), abs=2e-4)
        for reach in (4, 8):
            expected = min(slow(depth.astype(float), row, column, reach), FARTHEST)
            assert found[f"plane residual {reach}"][row, column] == pytest.approx(expected, abs=5e-4)
    assert not any(image[~np.isfinite(depth)].any() for image in found.values())


def test_a_point_in_the_air_misfits_and_the_rims_beside_it_do_not():
    rows, columns = np.indices((40, 60))
    depth = 1 / (0.9 + 0.004 * columns - 0.002 * rows)  # slanted
    depth[:, 30:] = 1 / (1.2 - 0.003 * columns[:, 30:])  # another plane, nearer: a step of some 20 footprints
    rims = named(depth)
    assert rims["plane residual 4"].max() < 2e-3 and rims["plane residual 8"].max() < 2e-3  # corners of the image, too
    depth[20, 29] *= 1 + 3 * ANGLE
    found = named(depth)
    assert found["plane residual 4"][20, 29] == pytest.approx(3, rel=0.01) == found["plane residual 8"][20, 29]
    others = np.ones(depth.shape, bool)
    others[20, 29] = False
    assert found["plane residual 4"][others].max() < 2e-3
    assert 0 < rims["nearest step"].max() < 1 < found["nearest step"][20, 29]


def test_what_cannot_be_compared_counts_as_far():
    depth = np.full((9, 9), np.nan)
    depth[4, 4] = 1.1
    assert all(image[4, 4] == FARTHEST and np.count_nonzero(image) == 1 for image in named(depth).values())
    depth[4, :] = 1.1  # a line: two directions, where three are asked for
    found = named(depth)
    assert found["nearest step"].max() == 0 and (found["plane residual 4"][4] == FARTHEST).all()
