import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pcfilter_lib import synthesis
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.furniture.catalogue import FURNITURE, FURNITURE_PIECES, furniture_clouds, make_furniture
from pcfilter_lib.synthesis.furniture.shapes import bar, both, cuboid, cushion, loft, outline, placed, sweep
from pcfilter_lib.synthesis.scenes.shapes import volume_and_centroid

SEEDS = 60
# What every shape of a class has; all other pieces are in some of them.
ALWAYS = {
    "bathtub": {"tub"},
    "bed": {"mattress", "frame"},
    "chair": {"seat", "back", "leg"},
    "desk": {"top"},
    "dresser": {"body", "top"},
    "monitor": {"screen", "housing", "foot", "neck"},
    "night_stand": {"body", "top"},
    "sofa": {"base", "seat", "back"},
    "table": {"top"},
    "toilet": {"bowl", "foot"},
}


@pytest.fixture(scope="module")
def shapes():
    return {kind: [make_furniture(kind, np.random.default_rng(seed)) for seed in range(SEEDS)] for kind in FURNITURE}


def names(solid):
    return {FURNITURE_PIECES[solid.kind][piece] for piece in np.unique(solid.pieces)}


def corners(solid, name):
    """The corners of a piece's faces, shape (M, 3)."""
    return solid.vertices[solid.faces[solid.pieces == FURNITURE_PIECES[solid.kind].index(name)]].reshape(-1, 3)


def middle(solid, name):
    points = corners(solid, name)
    return (points.min(axis=0) + points.max(axis=0)) / 2


def shell_volumes(vertices, faces):
    """The volume of each shell; the faces of each must be closed."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    there, count = np.unique(edges, axis=0, return_counts=True)
    back, count_back = np.unique(edges[:, ::-1], axis=0, return_counts=True)
    assert np.array_equal(there, back) and np.array_equal(count, count_back)
    a, b, c = (vertices[column] for column in faces.T)
    sixfold = np.einsum("ij,ij->i", a, np.cross(b, c))
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(len(vertices),) * 2)
    shell = connected_components(graph, directed=False)[1][faces[:, 0]]
    return np.bincount(shell, sixfold)[np.unique(shell)] / 6


@pytest.mark.parametrize("kind", FURNITURE)
def test_every_piece_is_closed_and_looks_outwards(kind, shapes):
    for solid in shapes[kind]:
        assert solid.kind == kind and np.isfinite(solid.vertices).all()
        for piece in np.unique(solid.pieces):
            assert shell_volumes(solid.vertices, solid.faces[solid.pieces == piece]).min() > 1e-8
        a, b, c = (solid.vertices[column] for column in solid.faces.T)
        assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-9


@pytest.mark.parametrize("kind", FURNITURE)
def test_it_stands_on_the_floor_with_size_one(kind, shapes):
    for solid in shapes[kind]:
        assert solid.extent.max() == pytest.approx(1)
        assert solid.vertices[:, 2].min() == pytest.approx(0)
        np.testing.assert_allclose((solid.vertices.min(axis=0) + solid.vertices.max(axis=0))[:2], 0, atol=1e-12)


@pytest.mark.parametrize("kind", FURNITURE)
def test_the_same_seed_gives_the_same_shape_only(kind, shapes):
    again = make_furniture(kind, np.random.default_rng(3))
    np.testing.assert_array_equal(again.vertices, shapes[kind][3].vertices)
    np.testing.assert_array_equal(again.pieces, shapes[kind][3].pieces)
    proportions = {tuple(solid.extent.round(4)) for solid in shapes[kind]}
    assert len(proportions) == SEEDS


@pytest.mark.parametrize("kind", FURNITURE)
def test_each_named_piece_is_in_all_or_in_some(kind, shapes):
    found = [names(solid) for solid in shapes[kind]]
    assert set.intersection(*found) >= ALWAYS[kind]
    assert set.union(*found) == set(FURNITURE_PIECES[kind])


@pytest.mark.parametrize("kind", FURNITURE)
def test_a_class_has_variants_that_differ_in_structure(kind, shapes):
    """Shells are counted by their numbers of corners: another count or sort of parts is another structure."""
    assert len({(frozenset(names(solid)), len(solid.faces)) for solid in shapes[kind]}) >= 10


def test_tables_have_round_and_angular_tops_on_legs_and_columns(shapes):
    def area(points):  # of the top's outline over its bounding box: 1 for a rectangle, pi / 4 for an ellipse
        flat = points[:, :2]
        angle = np.linspace(0, 2 * np.pi, 32, endpoint=False) + 0.01
        reach = [(flat / np.ptp(flat, axis=0) * 2 @ (np.cos(each), np.sin(each))).max() for each in angle]
        return np.max(reach)

    tops = np.array([area(corners(solid, "top")) for solid in shapes["table"]])
    assert 0.15 < (tops < 1.05).mean() < 0.6 and (tops > 1.35).mean() > 0.4
    square = [abs(np.divide(*np.ptp(corners(solid, "top")[:, :2], axis=0)) - 1) < 0.01 for solid in shapes["table"]]
    assert 0.05 < np.mean(square) < 0.6


def test_pieces_are_where_their_names_say(shapes):
    for kind, name, axis in (("chair", "back", 1), ("bed", "headboard", 1), ("toilet", "tank", 1), ("sofa", "back", 0)):
        base = {"chair": "seat", "bed": "mattress", "toilet": "bowl", "sofa": "seat"}[kind]
        having = [solid for solid in shapes[kind] if name in names(solid)]
        assert len(having) > SEEDS / 2
        above = [
            corners(s, name)[:, 2].max() >= corners(s, base)[:, 2].max() for s in having if "canopy" not in names(s)
        ]
        assert np.mean(above) > 0.9
        if kind != "sofa":  # a chaise longue has a back at its side too
            assert all(middle(solid, name)[axis] > middle(solid, base)[axis] for solid in having)
        else:
            assert np.mean([corners(s, name)[:, 0].max() > corners(s, base)[:, 0].max() for s in having]) == 1
    for kind in ("chair", "table"):
        for solid in shapes[kind]:
            if "leg" in names(solid):
                seat = middle(solid, "seat" if kind == "chair" else "top")[2]
                assert corners(solid, "leg")[:, 2].min() < 0.02 < seat > middle(solid, "leg")[2]
    for solid in shapes["monitor"]:
        assert middle(solid, "screen")[2] > middle(solid, "foot")[2]
        assert corners(solid, "screen")[:, 0].min() < corners(solid, "housing")[:, 0].max()  # the front is at -x


def test_proportions_are_those_of_furniture(shapes):
    extent = {kind: np.array([solid.extent for solid in made]) for kind, made in shapes.items()}
    middle_of = {kind: np.median(each, axis=0) for kind, each in extent.items()}
    for kind in ("desk", "dresser", "monitor", "night_stand", "sofa", "table", "bathtub"):
        assert middle_of[kind][1] > middle_of[kind][0]  # wide along y
    for kind in ("sofa", "bed", "bathtub"):
        assert middle_of[kind][2] < 0.5
    assert (extent["chair"][:, 2] == 1).mean() > 0.7
    assert np.median(extent["monitor"][:, 0] / extent["monitor"][:, 1]) < 0.5


def test_a_class_that_is_not_there_is_named():
    with pytest.raises(InputError, match="'lamp'.*'bathtub'"):
        make_furniture("lamp", np.random.default_rng(0))


def test_scenes_are_made_of_furniture_on_request_only():
    recipe = synthesis.Recipe(kinds=("chair", "box"), support="table", parts=6).draw(0)
    kinds = [body.solid.kind for body in synthesis.build_scene(recipe, 0).objects]
    assert set(kinds) == {"chair", "box"}
    assert not set(synthesis.Recipe().kinds) & set(FURNITURE)
    assert not set(synthesis.KINDS) & set(FURNITURE)


def test_shells_have_the_volumes_of_what_they_are():
    assert volume_and_centroid(cuboid((1, 2, 3), (2, 4, 6)))[0] == pytest.approx(6)
    prism = 0.5 * 32 * np.sin(2 * np.pi / 32)  # of 32 corners on the unit circle
    disc = outline(2, 2, 2)
    assert volume_and_centroid(loft([np.column_stack([disc, np.full(32, z)]) for z in (0, 2)]))[0] == pytest.approx(
        2 * prism
    )
    assert volume_and_centroid(bar([(0, 0, 0), (0, 0, 3)], 0.5, 4))[0] == pytest.approx(3)
    assert volume_and_centroid(bar([(0, 0, 1), (0, 0, 0)], [1, 0.5], 4))[0] == pytest.approx(4 * (1 + 0.5 + 0.25) / 3)
    for shell in both(cuboid((1, 0, 0), (2, 1, 1))):
        assert volume_and_centroid(shell)[0] == pytest.approx(1)
    angle = 2 * np.pi * np.arange(64) / 64
    path = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.1
    assert volume_and_centroid(sweep(path, square, side=(0, 0, 1), closed=True))[0] == pytest.approx(
        0.08 * np.pi, rel=0.01
    )


def test_outlines_go_from_ellipse_to_rectangle():
    np.testing.assert_allclose(np.linalg.norm(outline(2, 4, 2) / (1, 2), axis=1), 1)
    np.testing.assert_allclose(np.abs(outline(2, 4)).max(axis=1) >= 1 - 1e-12, True)
    assert [0.5, 1.5] in outline(1, 3).round(12).tolist()
    mixed = outline(2, 2, 2, np.inf)
    assert np.linalg.norm(mixed[mixed[:, 1] < 0], axis=1).max() == pytest.approx(1)
    assert mixed[mixed[:, 1] > 0.5].max() == pytest.approx(1)


def test_shells_are_put_in_their_places():
    stick = placed(cuboid((0, 0, 0), (0.1, 0.1, 1)), (5, 0, 0), tilt=np.pi / 2)  # the top backwards
    np.testing.assert_allclose(stick.vertices.max(axis=0), (5.1, 1, 0), atol=1e-12)
    turned = placed(cuboid((0, 0, 0), (1, 0.1, 0.1)), turn=np.pi / 2)
    np.testing.assert_allclose(turned.vertices.max(axis=0), (0, 1, 0.1), atol=1e-12)
    pad = cushion((1, 2, 3), (2, 1, 0.5))
    np.testing.assert_allclose((pad.vertices.min(axis=0), pad.vertices.max(axis=0)), ((0, 1.5, 2.75), (2, 2.5, 3.25)))


@pytest.mark.parametrize("evenly", [False, True])
def test_clouds_of_furniture_lie_in_the_unit_sphere_and_belong_to_their_seed(evenly):
    kinds = ("table", "chair")
    clouds, labels = furniture_clouds(kinds, 3, 200, seed=4, evenly=evenly)
    assert clouds.shape == (6, 200, 3) and clouds.dtype == np.float32 and labels.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(np.linalg.norm(clouds, axis=-1).max(axis=1), 1, atol=1e-6)
    other, _ = furniture_clouds(kinds, 3, 200, seed=5, evenly=evenly)
    assert np.abs(clouds - other).max() > 0.1
    if not evenly:  # Open3D draws in several threads
        np.testing.assert_array_equal(clouds, furniture_clouds(kinds, 3, 200, seed=4)[0])


def test_points_that_keep_their_distance_are_spread_more_evenly():
    nearest = []
    for evenly in (False, True):
        cloud = furniture_clouds(("dresser",), 1, 300, seed=1, evenly=evenly)[0][0]
        nearest.append(np.sort(np.linalg.norm(cloud[:, None] - cloud, axis=-1), axis=1)[:, 1].min())
    assert nearest[1] > 3 * nearest[0]


@pytest.mark.parametrize("arguments", [(("lamp",), 1, 8), (("bed",), 0, 8), (("bed",), 1, 0)])
def test_clouds_that_cannot_be_made(arguments):
    with pytest.raises(InputError, match="lamp|count|points"):
        furniture_clouds(*arguments)
