import numpy as np
import pytest
from scipy.spatial import cKDTree

from pcfilter_lib.synthesis.rooms.layout import GAP, Layout
from pcfilter_lib.synthesis.rooms.sizes import real_furniture

SIZE, WALLS = (4.5, 4.5, 2.5), ("-x", "+x", "-y", "+y")


def furnished(seed, *kinds):
    layout = Layout(SIZE, WALLS)
    for number, kind in enumerate(kinds):
        generator = np.random.default_rng([seed, number])
        assert layout.place(real_furniture(kind, generator, SIZE), generator)
    return layout


def back(piece, axis):
    return piece.pose[:2, axis]


def test_chairs_face_tables_and_desks():
    facing = []
    for seed in range(20):
        for host in ("table", "desk"):
            table, chair = furnished(seed, host, "chair").pieces
            towards = table.pose[:2, 3] - chair.pose[:2, 3]
            near = np.linalg.norm(towards) < 2
            facing.append(near and -back(chair, 1) @ towards > 0.5 * np.linalg.norm(towards))
    assert np.mean(facing) > 0.6


def test_night_stands_flank_the_head_of_a_bed():
    beside = []
    for seed in range(20):
        bed, stand = furnished(seed, "bed", "night_stand").pieces
        offset = np.array([stand.pose[:2, 3] - bed.pose[:2, 3]]) @ bed.pose[:2, :2]  # in the frame of the bed
        half = bed.solid.extent[:2] / 2
        beside.append(half[0] < abs(offset[0, 0]) < half[0] + 0.6 and 0 < offset[0, 1] < half[1])
    assert np.mean(beside) > 0.6


def test_a_monitor_stands_on_a_desk_unless_it_has_a_shelf_above():
    on_top, raised = 0, 0
    for seed in range(25):
        desk, monitor = furnished(seed, "desk", "monitor").pieces
        plain = desk.solid.vertices[:, 2].max() < 0.79
        on_top += monitor.stands_on == 1
        raised += not plain
        if plain and monitor.stands_on:
            np.testing.assert_allclose(back(monitor, 0) @ back(desk, 0), 1, atol=0.1)
            assert monitor.in_place()[:, 2].min() == pytest.approx(desk.in_place()[:, 2].max(), abs=1e-4)
        if not plain:
            assert monitor.stands_on == 0
    assert on_top > 12 and raised > 1


def test_a_floor_that_is_full_takes_no_more():
    layout, count = Layout((3, 3, 2.5), WALLS), 0
    for number in range(40):
        generator = np.random.default_rng(number)
        count += layout.place(real_furniture("bed", generator, SIZE), generator)
    assert 1 <= count == len(layout.pieces) < 4
    assert GAP > 0


def test_the_floor_before_a_desk_stays_free_if_there_is_room():
    for seed in range(10):
        layout = furnished(seed, "desk", "dresser", "sofa")
        fixed = layout._footprints
        for one in fixed:
            assert not any(one.front(0.5).overlaps(other) for other in fixed if other is not one)


def test_monitors_on_one_table_do_not_overlap():
    counts = []
    for seed in range(15):
        layout = furnished(seed, "table")
        for number in range(1, 6):
            generator = np.random.default_rng([seed, number])
            layout.place(real_furniture("monitor", generator, SIZE), generator)
        on_table = [piece.in_place() for piece in layout.pieces if piece.stands_on == 1]
        counts.append(len(on_table))
        for one, points in enumerate(on_table):
            for other in on_table[:one]:
                assert cKDTree(other).query(points)[0].min() > GAP - 1e-9
    assert max(counts) >= 2
