import numpy as np
import plyfile
import pytest
from fuzz import assert_survives

from pcfilter_lib.data.formats.ply import read_ply, write_ply
from pcfilter_lib.errors import InputError

ENCODINGS = [(True, "="), (False, "<"), (False, ">")]
VERTEX = np.dtype([("x", "f4"), ("y", "f8"), ("z", "f4"), ("red", "u1"), ("k", "i2")])
TEXT = """ply
format ascii 1.0
element vertex 3
property float x
property float y
property float z
element face 1
property list uchar int vertex_indices
end_header
0 0 0
1 0 0
0 1 0
3 0 1 2
"""


def example(text: bool, order: str, ragged: bool) -> plyfile.PlyData:
    rng = np.random.default_rng(0)
    vertices = np.zeros(10, VERTEX)
    for name in "xyz":
        vertices[name] = rng.normal(size=10)
    vertices["x"][:3] = np.nan, np.inf, 1e-45
    vertices["red"], vertices["k"] = range(10), -300
    faces = np.zeros(6, [("vertex_indices", "O"), ("flags", "u4"), ("texcoord", "O")])
    for row in range(6):
        more = row % 3 if ragged else 0
        faces["vertex_indices"][row] = rng.integers(0, 10, 3 + more).astype("i4")
        faces["texcoord"][row] = rng.normal(size=2 * more if ragged else 2).astype("f4")
    faces["flags"] = 2**32 - 1
    elements = [
        plyfile.PlyElement.describe(vertices, "vertex", comments=["of the vertices"]),
        plyfile.PlyElement.describe(faces, "face", val_types={"texcoord": "f4"}, len_types={"texcoord": "i4"}),
        plyfile.PlyElement.describe(np.zeros(0, [("a", "f4")]), "nothing"),
    ]
    return plyfile.PlyData(elements, text, order, ["made by hand"], ["an object"])


def content(tmp_path, *which) -> bytes:
    example(*which).write(str(tmp_path / "seed.ply"))
    return (tmp_path / "seed.ply").read_bytes()


def read(tmp_path, text: str | bytes) -> plyfile.PlyData:
    path = tmp_path / "mesh.ply"
    path.write_bytes(text.encode("latin-1") if isinstance(text, str) else text)
    return read_ply(path)


def assert_same(one: plyfile.PlyData, other: plyfile.PlyData) -> None:
    assert one.header == other.header
    for element, twin in zip(one, other, strict=True):
        for prop in element.properties:
            for values, others in zip(element.data[prop.name], twin.data[prop.name], strict=True):
                np.testing.assert_array_equal(values, others)


@pytest.mark.filterwarnings("ignore:loadtxt")  # plyfile's own, on empty lists
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize(("text", "order"), ENCODINGS)
def test_reading_agrees_with_plyfile(tmp_path, text, order, ragged):
    path = tmp_path / "mesh.ply"
    example(text, order, ragged).write(str(path))
    assert_same(read_ply(path), plyfile.PlyData.read(str(path)))


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize(("text", "order"), ENCODINGS)
def test_writing_and_reading_changes_nothing(tmp_path, text, order, ragged):
    data = example(text, order, ragged)
    write_ply(data, tmp_path / "mesh.ply")
    back = read_ply(tmp_path / "mesh.ply")
    assert_same(back, data)
    write_ply(back, tmp_path / "again.ply")
    assert (tmp_path / "again.ply").read_bytes() == (tmp_path / "mesh.ply").read_bytes()


def test_line_ends_of_three_systems(tmp_path):
    for end in ("\n", "\r\n", "\r"):
        assert read(tmp_path, TEXT.replace("\n", end))["vertex"]["x"].tolist() == [0, 1, 0]


def test_lists_of_one_length_come_as_one_array(tmp_path):
    assert read(tmp_path, TEXT)["face"]["vertex_indices"].tolist() == [[0, 1, 2]]


def test_what_follows_the_last_row_is_ignored(tmp_path):
    assert len(read(tmp_path, TEXT + "3 0 1 2\n")["face"].data) == 1


def test_float32_is_written_as_shortly_as_it_can_be(tmp_path):
    write_ply(read(tmp_path, TEXT.replace("1 0 0", "0.1 0 0")), tmp_path / "back.ply")
    assert "\n0.1 0 0\n" in (tmp_path / "back.ply").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ply", "pla", "line 1: it does not begin with 'ply'"),
        ("format ascii 1.0\n", "", "it names no format"),
        ("ascii 1.0", "ascii 2.0", "line 2: 'format ascii 2.0' is no line"),
        ("vertex 3", "vertex -3", "line 3: the number of rows of 'vertex' must be a whole number that is not negative"),
        ("vertex 3", "vertex 9223372036854775807", "header: the header promises rows of"),
        ("vertex 3", "vertex 9223372036854775808", "impossibly large"),
        ("vertex 3", "vertex 4", "promises 5 rows, and 4 follow"),
        ("vertex 3", "vertex 2", "line 12"),
        ("float x", "floot x", "line 4: 'property floot x' is no line"),
        ("float y", "float x", "line 5: property 'x' is there twice"),
        ("uchar int", "float int", "line 8"),
        ("element face", "element vertex", "line 7: element 'vertex' is there twice"),
        ("end_header", "end", "is no line of a PLY"),
        ("end_header\n", "", "line 9"),
        ("1 0 0", "1 0", "line 11: a row of 'vertex' of 3 numbers is expected, and the line holds 2"),
        ("1 0 0", "1 zero 0", "line 11: 'zero' is no number"),
        ("3 0 1 2", "4 0 1 2", "line 13: the list 'vertex_indices' is cut off"),
        ("3 0 1 2", "-1 0 1 2", "line 13: the list 'vertex_indices' is cut off"),
        ("3 0 1 2", "2 0 1 2", "line 13: the row holds 4 numbers, and 3 are expected"),
        ("3 0 1 2", "3 0 1 2.5", "line 13: 'vertex_indices' of 'face' holds a value that is no int32"),
        ("3 0 1 2", "3 0 1 3000000000", "line 13: 'vertex_indices' of 'face' holds a value that is no int32"),
        ("1 0 0", "1 0 é", "line 11: the body is not ASCII"),
        ("float x", "float é", "line 4: the header is not ASCII"),
    ],
)
def test_broken_files_name_the_place(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        read(tmp_path, TEXT.replace(old, new, 1))
    assert message in str(caught.value)


def test_a_list_longer_than_the_file(tmp_path):
    header = "ply\nformat binary_little_endian 1.0\nelement face 1\nproperty list uint double q\nend_header\n"
    for length in (2**32 - 1, 3):
        with pytest.raises(InputError, match="element 'face', row 1: the list 'q' is cut off"):
            read(tmp_path, header.encode() + length.to_bytes(4, "little") + bytes(16))


def test_a_file_cut_off_in_a_later_row(tmp_path):
    data = content(tmp_path, False, "<", True)
    with pytest.raises(InputError, match="element 'face', row 6"):
        read(tmp_path, data[:-2])


def is_valid(data):
    for element in data:
        assert element.count == len(element.data)


@pytest.mark.parametrize(("text", "order"), ENCODINGS)
def test_mutated_files(tmp_path, text, order):
    seeds = [content(tmp_path, text, order, ragged) for ragged in (False, True)]
    assert_survives("pcfilter_lib.data.formats.ply:read_ply", seeds, ".ply", check="test_ply:is_valid")
