import numpy as np
import pytest

from pcfilter_lib.synthesis.furniture.catalogue import FURNITURE, FURNITURE_PIECES
from pcfilter_lib.synthesis.rooms.sizes import REAL_SIZES, SIDEWAYS, real_furniture

ROOM = (4, 4, 2.5)


@pytest.mark.parametrize("kind", FURNITURE)
def test_furniture_has_real_sizes(kind):
    ranges, generator = REAL_SIZES[kind], np.random.default_rng(0)
    for _ in range(20):
        solid = real_furniture(kind, generator, ROOM)
        extent = solid.extent[[1, 0, 2]] if kind in SIDEWAYS else solid.extent
        for each, (low, high) in zip(extent, ranges[:3], strict=True):
            assert low - 1e-9 <= each <= high + 1e-9
        if ranges.level:
            name, low, high = ranges.level
            own = solid.faces[solid.pieces == FURNITURE_PIECES[kind].index(name)]
            assert low - 1e-9 <= solid.vertices[own.ravel(), 2].max() <= high + 1e-9


def test_the_table_is_complete_and_ordered():
    assert tuple(REAL_SIZES) == FURNITURE
    assert all(0 < low < high < 3 for ranges in REAL_SIZES.values() for low, high in ranges[:3])
    # A monitor and a night stand are smaller than a bed, whatever is drawn.
    assert REAL_SIZES["monitor"].height[1] < REAL_SIZES["bed"].width[0]
    assert REAL_SIZES["night_stand"].width[1] < REAL_SIZES["bed"].depth[0]


def test_a_piece_that_cannot_fit_is_none():
    assert real_furniture("bed", np.random.default_rng(0), (1.2, 1.2, 2.5)) is None
    assert real_furniture("dresser", np.random.default_rng(0), (4, 4, 0.6)) is None
    low = real_furniture("bed", np.random.default_rng(0), (4, 4, 0.8))
    assert low.extent[2] < 0.8
