import numpy as np
import pytest
from fuzz import assert_survives

from pcfilter_lib.data.formats.off import read_off
from pcfilter_lib.errors import InputError

HEADER = "OFF\n4 2 0\n"
VERTICES = "0 0 0\n1 0 0\n1 1 0.5\n0 1 -2e-1\n"
FACES = "3 0 1 2\n3 0 2 3\n"
POINTS = [[0, 0, 0], [1, 0, 0], [1, 1, 0.5], [0, 1, -0.2]]
TRIANGLES = [[0, 1, 2], [0, 2, 3]]
MIXED = (
    "# a comment\nOFF # another\n\n5 4 0\n0 0 0\n1 0 0 # here\n\n1 1 0\n0 1 0\n.5 .5 1\n"
    "4 0 1 2 3 255 0 0\n3 0 1 4\n2 0 1\n3 1 2 4 0.5 0.5 0.5 1\n"
)


def read(tmp_path, text: str):
    (tmp_path / "mesh.off").write_bytes(text.encode("latin-1"))
    return read_off(tmp_path / "mesh.off")


@pytest.mark.parametrize(
    "text",
    [
        HEADER + VERTICES + FACES,
        (HEADER + VERTICES + FACES).rstrip(),
        "OFF4 2 0\n" + VERTICES + FACES,  # as in ModelNet40
        "  \t OFF4 2 0 # glued\n" + VERTICES + FACES,
        "OFF 4 2\n" + VERTICES + FACES,
        (HEADER + VERTICES + FACES).replace("\n", "\r\n"),
        (HEADER + VERTICES + FACES).replace("\n", "\r"),
        ("OFF4 2 0\n" + VERTICES + FACES).replace("\n", "\r\n"),
        "# first\n\nOFF\n# second\n\n4 2 0\n\n" + VERTICES + "# between\n" + FACES,
        (HEADER + VERTICES + FACES).replace("\n", " # c\n"),
        (HEADER + VERTICES + FACES).replace("\n", "\n\n"),
        (HEADER + VERTICES + FACES).replace(" ", "\t  ").replace("\n", " \n"),
        "COFF\n4 2 0\n" + VERTICES.replace("\n", " 255 0 0 255\n") + FACES.replace("\n", " 0.5 0.5 0.5\n"),
        "NOFF 4 2 0\n" + VERTICES.replace("\n", " 0 0 1\n") + FACES,
        "STCNOFF\n4 2 0\n" + VERTICES.replace("\n", " 1 2 3 4 5 6 7 8 9\n") + FACES,
        HEADER.replace("2 0", "1 0") + VERTICES + "4 0 1 2 3\n",
        HEADER.replace("2 0", "3 0") + VERTICES + "3 0 1 2\n2 0 1\n3 0 2 3\n",
        HEADER + VERTICES + FACES + "3 0 0 0\n",
    ],
)
def test_forms_of_one_square(tmp_path, text):
    vertices, faces = read(tmp_path, text)
    assert vertices.tolist() == POINTS
    assert faces.tolist() == TRIANGLES
    assert (vertices.dtype, faces.dtype) == (np.float64, np.int64)


def test_polygons_become_fans_in_the_order_of_the_file(tmp_path):
    vertices, faces = read(tmp_path, MIXED)
    assert vertices.shape == (5, 3)
    assert faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 4], [1, 2, 4]]


def test_no_faces_is_for_the_caller_to_judge(tmp_path):
    vertices, faces = read(tmp_path, "OFF\n4 0 0\n" + VERTICES)
    assert (vertices.tolist(), faces.shape) == (POINTS, (0, 3))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header: it has no header"),
        ("OFF\n", "header: it ends before the numbers"),
        ("PLY\n4 2 0\n" + VERTICES + FACES, "line 1: it does not begin with OFF"),
        ("OFF BINARY\n4 2 0\n\0\0", "line 1: it is a binary OFF file"),
        ("4OFF\n4 2 0\n" + VERTICES, "line 1: its vertices have other than three"),
        ("OFF\n4\n" + VERTICES, "line 2: the numbers of vertices, faces and edges"),
        ("OFF\n-4 2 0\n" + VERTICES, "line 2: the number of vertices must be a whole number that is not negative"),
        (
            "OFF\n9223372036854775807 2 0\n" + VERTICES + FACES,
            "line 2: the header promises 9223372036854775807 vertices",
        ),
        ("OFF\n4 9223372036854775808 0\n" + VERTICES, "line 2: the number of faces is impossibly large"),
        ("OFF\n5 2 0\n" + VERTICES + FACES, "2 faces, and 1 lines follow"),
        ("OFF\n4 3 0\n" + VERTICES + FACES, "promises 3 faces, and 2 lines follow"),
        (HEADER + VERTICES.replace("1 0 0", "1 0"), "line 4: a vertex of 3 numbers is expected, and the line holds 2"),
        (HEADER + VERTICES.replace("1 0 0", "1 O 0") + FACES, "line 4: 'O' is no number"),
        (HEADER + VERTICES.replace("1 0 0", "1 1.2.3 0") + FACES, "line 4: '1.2.3' is no number"),
        (HEADER + VERTICES.replace("1 0 0", "1 nan 0") + FACES, "line 4: a vertex is not finite"),
        (HEADER + VERTICES.replace("1 0 0", "1 1e999 0") + FACES, "line 4: a vertex is not finite"),
        (HEADER + VERTICES + FACES.replace("0 2 3", "0 2 4"), "line 8: the face names vertex 4, and the file has 4"),
        (HEADER + VERTICES + FACES.replace("0 2 3", "0 2 -1"), "line 8: the face names vertex -1"),
        (
            HEADER + VERTICES + FACES.replace("0 2 3", "0 2"),
            "line 8: a face of 3 corners is announced, and the line is too short",
        ),
        (HEADER + VERTICES + FACES.replace("0 2 3", "0 2.5 3"), "line 8: '2.5' is no whole number"),
        (HEADER + VERTICES + FACES.replace("3 0 2", "x 0 2"), "line 8: the number of corners must be a whole number"),
        (HEADER + VERTICES + FACES.replace("3 0 2", "1000000000 0 2"), "line 8: a face of 1000000000 corners"),
        ("# c\n\nOFF\n4 2 0\n" + VERTICES + "\n" + FACES.replace("0 2 3", "0 2 9"), "line 11: the face names vertex 9"),
    ],
)
def test_broken_files_name_the_line(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)


def test_the_quick_way_and_the_slow_way_agree(tmp_path):
    rng = np.random.default_rng(0)
    points, faces = rng.normal(size=(200, 3)) * 1e3, rng.integers(0, 200, (300, 3))
    rows = ["OFF", "200 300 0", *(" ".join(map(repr, map(float, point))) for point in points)]
    rows += ["3 " + " ".join(map(str, face)) for face in faces]
    quick = read(tmp_path, "\n".join(rows))
    slow = read(tmp_path, "\n".join(rows) + " # a comment")
    for one, other, truth in zip(quick, slow, (points, faces), strict=True):
        np.testing.assert_array_equal(one, truth)
        np.testing.assert_array_equal(other, truth)


def test_mutated_files():
    seeds = [(HEADER + VERTICES + FACES).encode(), MIXED.encode(), ("COFF4 2 0\n" + VERTICES + FACES * 4).encode()]
    assert_survives("pcfilter_lib.data.mesh:load_mesh", seeds, ".off", check="fuzz:is_mesh", count=3000)
