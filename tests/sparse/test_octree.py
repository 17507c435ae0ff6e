import numpy as np
import pytest

from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError
from pcfilter_lib.sparse import Octree


def sphere(count=3000, seed=0):
    points = np.random.default_rng(seed).normal(size=(count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def volume(depth=4, share=0.02, seed=0):
    return np.random.default_rng(seed).random((1 << depth,) * 3) < share


def test_node_counts_equal_open3ds():
    o3d = pytest.importorskip("open3d")
    points = sphere()
    theirs = o3d.geometry.Octree(max_depth=6)
    theirs.convert_from_point_cloud(o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points)), size_expand=0.01)
    counts = [0] * 7

    def visit(node, info):
        counts[info.depth] += 1

    theirs.traverse(visit)
    ours = Octree.from_points(points, 6, theirs.origin, theirs.size)
    assert [len(level) for level in ours.levels] == counts


def test_voxels_to_octree_to_voxels_is_exact():
    occupied = volume()
    tree = Octree.from_voxels(occupied)
    assert tree.depth == 4 and (tree.to_voxels() == occupied).all()
    larger = occupied.reshape(8, 2, 8, 2, 8, 2).any(axis=(1, 3, 5))
    assert (tree.to_voxels(3) == larger).all() and tree.to_voxels(0).tolist() == [[[True]]]


def test_cells_are_those_that_hold_points():
    points = sphere(500)
    tree = Octree.from_points(points, 5)
    side = np.ptp(points, axis=0).max()
    cells = np.minimum((points - points.min(axis=0)) / side * 32, 31).astype(int)
    assert set(map(tuple, tree.coordinates().tolist())) == set(map(tuple, cells.tolist()))


@pytest.mark.parametrize("siblings", [False, True])
def test_each_cell_is_found_where_it_is_listed(siblings):
    tree = Octree.from_voxels(volume())
    for level in range(tree.depth + 1):
        cells = tree.coordinates(level, siblings=siblings)
        assert tree.find(cells, level, siblings=siblings).tolist() == list(range(len(cells)))
    assert tree.find([[-1, 0, 0], [0, 0, 16], [40, 40, 40]]).tolist() == [-1] * 3
    assert (tree.find(np.argwhere(~volume())) == -1).all()


def test_with_siblings_families_are_complete():
    tree = Octree.from_voxels(volume())
    cells = tree.coordinates(siblings=True)
    assert len(cells) == 8 * len(tree.levels[3]) > len(tree.levels[4])
    np.testing.assert_array_equal(cells // 2, tree.coordinates(3).repeat(8, axis=0))


@pytest.mark.parametrize("siblings", [False, True])
def test_children_lie_in_their_parents(siblings):
    tree = Octree.from_voxels(volume())
    for level in range(tree.depth):
        table = tree.children(level, siblings=siblings)
        parents, children = tree.coordinates(level, siblings=siblings), tree.coordinates(level + 1, siblings=siblings)
        rows, places = np.nonzero(table >= 0)
        assert sorted(table[rows, places].tolist()) == list(range(len(children)))
        inside = children[table[rows, places]] - 2 * parents[rows]
        np.testing.assert_array_equal(inside @ [4, 2, 1], places)


def test_neighbours_are_those_of_the_list_of_cells():
    tree = Octree.from_voxels(volume())
    np.testing.assert_array_equal(tree.kernel_map(3), sparse.kernel_map(tree.coordinates(3)))
    assert len(tree.kernel_map(siblings=True)) == len(tree.coordinates(siblings=True))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Octree.from_points(np.empty((0, 3)), 3), "finite points"),
        (lambda: Octree.from_points([[0, 0, np.nan]], 3), "finite points"),
        (lambda: Octree.from_points([[0, 0, 0.0], [1, 1, 1]], 0), "depth"),
        (lambda: Octree.from_points([[0, 0, 0.0], [1, 1, 1]], 22), "up to 21"),
        (lambda: Octree.from_points([[1.0, 1, 1]], 3), "size"),
        (lambda: Octree.from_points([[0, 0, 0.0], [1, 1, 1]], 3, size=0.5), "outside"),
        (lambda: Octree.from_voxels(np.ones((6, 6, 6))), "side of 2, 4, 8"),
        (lambda: Octree.from_voxels(np.ones((4, 4, 8))), "side of 2, 4, 8"),
        (lambda: Octree.from_voxels(np.zeros((4, 4, 4))), "none is"),
        (lambda: Octree.from_voxels(volume()).coordinates(5), "finest is 4"),
        (lambda: Octree.from_voxels(volume()).children(4), "finest"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()
