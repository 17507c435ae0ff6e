import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.rooms.making import make_room
from pcfilter_lib.synthesis.rooms.room import ROOM_CLASSES
from pcfilter_lib.synthesis.rooms.voxel_labels import label_voxels

pytest.importorskip("open3d")
SHAPE = (100, 100, 56)


@pytest.mark.parametrize("seed", range(4))
def test_labels_agree_with_points_on_the_surface(seed):
    room = make_room(seed)
    labels = label_voxels(room, 0.05, SHAPE)
    assert labels.shape == SHAPE and labels.dtype == np.uint8
    # Some hundred points a voxel of each class: what they meet, and how near to the centre of the voxel.
    nearest = np.full((len(ROOM_CLASSES), *SHAPE), np.inf)
    for label in np.unique(room.face_class):
        own = data.Mesh(room.mesh.vertices, room.mesh.faces[room.face_class == label])
        points = data.sample_surface(own, int(own.areas().sum() * 30_000), seed=seed).astype(np.float64)
        voxel = np.minimum((points / 0.05).astype(int), np.array(SHAPE) - 1)
        offset = np.linalg.norm(points - (voxel + 0.5) * 0.05, axis=1)
        np.minimum.at(nearest[label], tuple(voxel.T), offset)
    met = np.isfinite(nearest)
    assert (labels[met.any(axis=0)] != data.UNLABELLED).all()
    labelled = labels != data.UNLABELLED
    # Voxels of which a surface takes a mere corner hold no point.
    assert met.any(axis=0)[labelled].mean() > 0.97
    sampled = labelled & met.any(axis=0)
    own = np.take_along_axis(nearest, np.where(sampled, labels, 0)[None].astype(int), axis=0)[0][sampled]
    assert np.isfinite(own).mean() > 0.995
    # Where several classes meet, it is the nearest, as far as points can tell.
    several = np.isfinite(own) & (met.sum(axis=0)[sampled] > 1)
    assert several.sum() > 100 and (own - nearest.min(axis=0)[sampled])[several].max() < 0.006


def test_floor_and_walls_are_where_they_are():
    room = make_room(3, size=(3, 4, 2.5))
    labels = label_voxels(room, 0.1)
    assert labels.shape == (30, 40, 25)
    # What is not covered by furniture is floor, but for the edges along walls.
    assert set(np.unique(labels[1:-1, 1:-1, 0])) <= {0, *range(2, 12)}
    faces = {"-x": labels[0], "+x": labels[-1], "-y": labels[:, 0], "+y": labels[:, -1]}
    for side, face in faces.items():
        assert ((face[1:-1, 1:] == 1).mean() > 0.6) == (side in room.walls)
        if side in room.walls:
            assert (face[:, -1] == 1).all() and (face[1:-1, 0] != 0).all()
    assert set(np.unique(labels)) - {0, 1, 255} == set(room.face_class) - {0, 1}


def test_a_wall_at_the_end_of_the_grid_is_in_its_last_voxel():
    room = make_room(1, size=(5, 5, 2.8))
    labels = label_voxels(room, 0.05, SHAPE)
    assert labels.shape == SHAPE == label_voxels(room).shape
    for side, last in (("+x", labels[-1]), ("+y", labels[:, -1])):
        assert (last[1:-1] == 1).any() == (side in room.walls)
    for seed in range(30):
        if {"+x", "+y"} <= set((room := make_room(seed, size=(5, 5, 2.8))).walls):
            labels = label_voxels(room, 0.05, SHAPE)
            for last in (labels[-1], labels[:, -1]):  # furniture may come nearer to the middle of a voxel
                assert (last != 255).all() and (last == 1).mean() > 0.9
            break
    else:
        pytest.fail("no room has both walls")


def test_the_same_labels_each_time_in_a_larger_grid():
    room = make_room(5)
    labels, large = label_voxels(room), label_voxels(room, 0.05, SHAPE)
    np.testing.assert_array_equal(large[tuple(map(slice, labels.shape))], labels)
    assert (large != 255).sum() == (labels != 255).sum()


def test_a_grid_that_is_too_small():
    room = make_room(0, size=(4, 3, 2.5))
    with pytest.raises(InputError, match=r"4 x 3 x 2.5 m needs \(80, 60, 50\) voxels, not \(80, 59, 50\)"):
        label_voxels(room, 0.05, (80, 59, 50))
    with pytest.raises(InputError, match="voxel_size"):
        label_voxels(room, 0.0)
