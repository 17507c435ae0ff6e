import numpy as np
import pytest
from scipy.spatial.distance import cdist

from pcfilter_lib import synthesis
from pcfilter_lib.data import FREE, SURFACE, UNKNOWN
from pcfilter_lib.errors import InputError


def test_targets_are_distances_to_the_nearest_voxel_cut_off():
    occupied = np.random.default_rng(0).random((2, 6, 7, 8)) < 0.02
    occupied[1] = False
    found = synthesis.completion_target(occupied)
    places = np.argwhere(np.ones((6, 7, 8)))
    expected = cdist(places, np.argwhere(occupied[0])).min(axis=1).reshape(6, 7, 8)
    np.testing.assert_allclose(found[0], np.minimum(expected, 3), atol=1e-6)
    assert (found[1] == 3).all() and found.dtype == np.float32


def test_channels_say_how_near_and_what_is_known():
    known = np.full((1, 5, 1, 1), UNKNOWN, np.int8)
    known[0, 0], known[0, 1] = SURFACE, FREE
    channels = synthesis.completion_channels(known)[0, :, 0, 0]
    np.testing.assert_allclose(channels[:, 0], [1, 2 / 3, 1 / 3, 0, 0], atol=1e-6)
    assert channels[:, 1].tolist() == [0, 1, 0, 0, 0] and channels[:, 2].tolist() == [0, 0, 1, 1, 1]
    for wrong in (known[0], known + 3):
        with pytest.raises(InputError, match="of shape"):
            synthesis.completion_channels(wrong)


def test_left_is_mirrored_to_right_where_nobody_has_looked():
    known = np.full((2, 4, 4, 4), UNKNOWN, np.int8)
    known[:, 0, 1, 2] = known[:, 1, 3, 3] = SURFACE
    known[:, 3, 1, 2] = FREE  # a mirror image that was seen not to be there
    kinds = [synthesis.FURNITURE.index(kind) for kind in ("chair", "desk")]
    chair, desk = synthesis.completion_mirror(known, kinds)
    assert np.argwhere(chair).tolist() == [[0, 1, 2], [1, 3, 3], [2, 3, 3]]
    assert np.argwhere(desk).tolist() == [[0, 1, 2], [0, 2, 2], [1, 0, 3], [1, 3, 3]]


@pytest.mark.parametrize("kind", ["chair", "bathtub"])
def test_furniture_is_much_like_its_mirror_image(kind):
    from pcfilter_lib import data

    grid = data.VoxelGrid(np.zeros((32,) * 3, bool), (-1, -1, -1), 2 / 32)
    overlaps = {0: [], 1: []}
    for seed in range(8):
        solid = synthesis.make_furniture(kind, np.random.default_rng(seed))
        points = data.unit_sphere(data.sample_surface(data.Mesh(solid.vertices, solid.faces), 20_000, seed=1))
        skin = data.voxelize(points, grid=grid).values
        for axis, found in overlaps.items():
            other = np.flip(skin, axis)
            found.append((skin & other).sum() / (skin | other).sum())
    along_x, along_y = np.mean(overlaps[0]), np.mean(overlaps[1])
    assert (along_x > along_y + 0.2) == (kind == "chair") and max(along_x, along_y) > 0.5
