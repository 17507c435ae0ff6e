import pytest
from fuzz import assert_survives

from pcfilter_lib.data.formats.obj import read_obj
from pcfilter_lib.errors import InputError

TEXT = """# a square and a triangle
mtllib ../../etc/passwd
o square
v 0 0 0
v 1 0 0 1.0
v 1 1 0 1 0.5 0.5
v 0 1 0
vt 0 0
vn 0 0 1
usemtl nothing
f 1/1/1 2/1/1 3//1 4/1
g triangle
v 0 0 1
f -1 -5 -4 # counted from the end
"""


def read(tmp_path, text: str):
    (tmp_path / "mesh.obj").write_text(text, encoding="latin-1", newline="")
    return read_obj(tmp_path / "mesh.obj")


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace(" 3//1", " \\\n 3//1"),
        TEXT.replace(" ", "\t "),
        TEXT.rstrip(),
    ],
)
def test_forms_of_one_mesh(tmp_path, text):
    vertices, faces = read(tmp_path, text)
    assert vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert faces.tolist() == [[0, 1, 2], [0, 2, 3], [4, 0, 1]]


def test_faces_of_two_sizes_keep_the_order_of_the_file(tmp_path):
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3\nf 1 2 3 4\nf 2 3 4\n"
    assert read(tmp_path, text)[1].tolist() == [[0, 1, 2], [0, 1, 2], [0, 2, 3], [1, 2, 3]]


def test_negative_numbers_count_from_the_face_on(tmp_path):
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nf -3 -2 -1\nv 0 1 0\nf -3 -2 -1\n"
    assert read(tmp_path, text)[1].tolist() == [[0, 1, 2], [1, 2, 3]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v 0 1 0", "v 0 1", "line 7: a vertex of 3 numbers is expected, and the line holds 2"),
        ("v 0 1 0", "v 0 one 0", "line 7: 'one' is no number"),
        ("v 0 1 0", "v", "line 7: a vertex without coordinates"),
        ("f -1 -5 -4", "f -1 -5 -6", "line 14: the face names vertex -1, and the file has 5"),
        ("f -1 -5 -4", "f 1 2 6", "line 14: the face names vertex 5, and the file has 5"),
        ("f -1 -5 -4", "f 0 1 2", "line 14: the face names vertex 0, and OBJ counts from 1"),
        ("f -1 -5 -4", "f 1 2", "line 14: a face of 2 corners"),
        ("f -1 -5 -4", "f", "line 14: a face of 0 corners"),
        ("f -1 -5 -4", "f 1 2 x", "line 14: 'x' is no whole number"),
        ("f -1 -5 -4", "f 1 2 9223372036854775808", "line 14: '9223372036854775808' is no whole number"),
        ("f -1 -5 -4", "f 1 2 -9223372036854775808", "line 14: the face names vertex -9223372036854775803"),
    ],
)
def test_broken_files_name_the_line(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        read(tmp_path, TEXT.replace(old, new, 1))
    assert message in str(caught.value)


def test_no_other_file_is_opened(tmp_path, monkeypatch):
    (tmp_path / "mesh.obj").write_text(TEXT.replace("../../etc/passwd", "material.mtl"))
    (tmp_path / "material.mtl").mkdir()  # cannot be read as a file
    assert len(read_obj(tmp_path / "mesh.obj")[0]) == 5


def test_mutated_files():
    assert_survives("pcfilter_lib.data.mesh:load_mesh", [TEXT.encode()], ".obj", check="fuzz:is_mesh")
