import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay, cKDTree

from pcfilter_lib import data, synthesis
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.rooms.layout import GAP, WALL_GAP
from pcfilter_lib.synthesis.rooms.making import make_room
from pcfilter_lib.synthesis.scenes.settling import CLEARANCE

SEEDS = range(20)
DIGEST = """
import hashlib, sys
from pcfilter_lib.synthesis.rooms.making import make_room
room = make_room(int(sys.argv[1]))
parts = (room.mesh.vertices, room.mesh.faces, room.face_class, room.face_piece)
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""


@pytest.fixture(scope="module")
def rooms():
    return [make_room(seed) for seed in SEEDS]


def points_of(piece, count=2000):
    """Points on the surface of a piece and its vertices, in the frame of the room."""
    mesh = data.Mesh(piece.in_place(), piece.solid.faces)
    return np.concatenate([data.sample_surface(mesh, count), mesh.vertices])


def plan_hull(points):
    """What is below or above the convex hull of points, as a triangulation of the floor plan."""
    return Delaunay(points[ConvexHull(points[:, :2]).vertices, :2])


def digest(room):
    parts = (room.mesh.vertices, room.mesh.faces, room.face_class, room.face_piece)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def test_no_two_pieces_overlap(rooms):
    # Not by rectangles, as the library does it, but by points: none lies above or below the hull of another piece.
    stacked = 0
    for room in rooms:
        clouds = [points_of(piece) for piece in room.pieces]
        for first, piece in enumerate(room.pieces):
            hull = plan_hull(clouds[first])
            for second, other in enumerate(room.pieces):
                if first == second or piece.stands_on == second + 1:
                    continue
                over = hull.find_simplex(clouds[second][:, :2]) >= 0
                if other.stands_on == first + 1:
                    stacked += 1
                    assert over.any() and clouds[second][:, 2].min() > clouds[first][:, 2].max()
                else:
                    assert not over.any(), (room.room_type, piece.kind, other.kind)
                    assert cKDTree(clouds[first]).query(clouds[second])[0].min() > GAP - 1e-6
    assert stacked > 5


def test_every_piece_is_within_the_walls(rooms):
    for room in rooms:
        for piece in room.pieces:
            points = piece.in_place()
            assert points[:, :2].min() >= WALL_GAP - 1e-9
            assert (points[:, :2].max(axis=0) <= np.array(room.size[:2]) - WALL_GAP + 1e-9).all()
            assert points[:, 2].max() < room.size[2]


def test_every_piece_stands_on_the_floor_or_a_tabletop(rooms):
    kinds = set()
    for room in rooms:
        for piece in room.pieces:
            low = piece.in_place()[:, 2].min()
            below = 0.0
            if piece.stands_on:
                host = room.pieces[piece.stands_on - 1]
                kinds.add((piece.kind, host.kind))
                below = host.in_place()[:, 2].max()
                foot = piece.solid.faces[piece.solid.pieces == synthesis.FURNITURE_PIECES["monitor"].index("foot")]
                hull = plan_hull(host.in_place())
                assert (hull.find_simplex(piece.in_place()[foot.ravel(), :2]) >= 0).all()
            assert below < low < below + 2 * CLEARANCE
            rotation = piece.pose[:3, :3]
            np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
            assert rotation[2].tolist() == rotation[:, 2].tolist() == [0, 0, 1]
    assert {kind for kind, _ in kinds} == {"monitor"} and len(kinds) > 1


def test_backs_look_at_walls(rooms):
    # The head of a bed and the back of a sofa, as a direction in the frame of make_furniture.
    backs = {"bed": (0, 1), "toilet": (0, 1), "sofa": (1, 0), "dresser": (1, 0), "bathtub": (1, 0)}
    normals = {"-x": (-1, 0), "+x": (1, 0), "-y": (0, -1), "+y": (0, 1)}
    found = []
    for room in rooms:
        for piece in room.pieces:
            if piece.kind not in backs:
                continue
            back = piece.pose[:2, :2] @ backs[piece.kind]
            wall = max(room.walls, key=lambda name: back @ normals[name])
            axis, far = "xy".index(wall[1]), wall[0] == "+"
            places = piece.in_place()[:, axis]
            gap = room.size[axis] - places.max() if far else places.min()
            found.append(back @ normals[wall] > 0.99 and gap < 0.1)
    assert len(found) > 20 and np.mean(found) > 0.8


def test_sizes_and_numbers_are_in_the_default_ranges(rooms):
    for room in rooms:
        assert 3 <= room.size[0] <= 5 and 3 <= room.size[1] <= 5 and 2.4 <= room.size[2] <= 2.8
        assert 3 <= len(room.pieces) <= 8 and 2 <= len(room.walls) == len(set(room.walls)) <= 4
    assert {len(room.walls) for room in rooms} == {2, 3, 4}
    assert {piece.kind for room in rooms for piece in room.pieces} == set(synthesis.FURNITURE)
    assert len({room.room_type for room in rooms}) == 5


def test_classes_of_faces(rooms):
    assert synthesis.ROOM_CLASSES == ("floor", "wall", *synthesis.FURNITURE) == data.ROOM_CLASSES
    for room in rooms:
        corners, size = room.mesh.vertices[room.mesh.faces], np.array(room.size)
        assert room.face_class.dtype == room.face_piece.dtype == np.uint8
        assert len(room.face_class) == len(room.face_piece) == len(corners)
        floor, wall = room.face_class == 0, room.face_class == 1
        areas, normals = room.mesh.areas(), room.mesh.normals()
        assert areas[floor].sum() == pytest.approx(size[0] * size[1])
        assert (normals[floor] == (0, 0, 1)).all() and (corners[floor][..., 2] == 0).all()
        for side in ("-x", "+x", "-y", "+y"):
            axis, place = "xy".index(side[1]), size["xy".index(side[1])] if side[0] == "+" else 0.0
            own = wall & (corners[..., axis] == place).all(axis=1)
            expected = size[1 - axis] * size[2] if side in room.walls else 0
            assert areas[own].sum() == pytest.approx(expected)
            inwards = size / 2 - corners[own].mean(axis=1)
            assert (np.einsum("ij,ij->i", inwards, normals[own]) > 0).all()
        assert ((room.face_piece == 0) == (room.face_class < 2)).all()
        for number, piece in enumerate(room.pieces, start=1):
            own = room.face_piece == number
            assert set(room.face_class[own]) == {2 + synthesis.FURNITURE.index(piece.kind)}
            np.testing.assert_array_equal(corners[own], piece.in_place()[piece.solid.faces])


def test_the_same_seed_gives_the_same_bytes_in_another_process(rooms):
    for seed in (0, 7):
        done = subprocess.run([sys.executable, "-c", DIGEST, str(seed)], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == digest(make_room(seed)) == digest(rooms[seed])
    assert len({digest(room) for room in rooms}) == len(rooms)


def test_a_given_size_changes_no_other_choice():
    for seed in range(5):
        drawn, given = make_room(seed), make_room(seed, size=(20, 20, 3))
        assert given.size == (20, 20, 3)
        assert (drawn.walls, drawn.room_type) == (given.walls, given.room_type)
        kinds = [sorted(piece.kind for piece in room.pieces) for room in (drawn, given)]
        assert len(kinds[1]) >= len(kinds[0])
        if len(kinds[1]) == len(kinds[0]):
            assert kinds[0] == kinds[1]


def test_fewer_pieces_than_drawn_but_never_too_few():
    numbers = [len(make_room(seed, size=(3, 3, 2.5), pieces=(2, 40)).pieces) for seed in range(8)]
    assert 2 <= min(numbers) and max(numbers) < 20
    assert len(make_room(0, size=(8, 8, 2.5), pieces=(20, 20)).pieces) == 20
    with pytest.raises(InputError, match="at most .* of at least 40 pieces .* 3 x 3 x 2.5 m.*fewer pieces"):
        make_room(0, size=(3, 3, 2.5), pieces=(40, 40))


@pytest.mark.parametrize(
    "arguments",
    [
        {"seed": -1},
        {"seed": 0, "size": (3, 3)},
        {"seed": 0, "size": (3, np.nan, 2)},
        {"seed": 0, "size": (3, 3, 0)},
        {"seed": 0, "pieces": (0, 3)},
        {"seed": 0, "pieces": (5, 3)},
        {"seed": 0, "pieces": (1, 1000)},
        {"seed": 0, "pieces": 4},
    ],
)
def test_impossible_arguments(arguments):
    with pytest.raises(InputError, match="make_room, "):
        make_room(**arguments)
