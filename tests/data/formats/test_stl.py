import struct

import numpy as np
import pytest
from fuzz import assert_survives

from pcfilter_lib.data.formats.stl import read_stl
from pcfilter_lib.errors import InputError

CORNERS = np.arange(18, dtype="<f4").reshape(2, 3, 3) ** 1.5
FACET = "  facet normal 0 0 1\n    outer loop\n{}    endloop\n  endfacet\n"
TEXT = "solid part\n{}endsolid part\n".format(
    "".join(
        FACET.format("".join("      vertex {!r} {!r} {!r}\n".format(*map(float, row)) for row in c)) for c in CORNERS
    )
)


def binary(title: bytes = b"made by hand", corners=CORNERS) -> bytes:
    rows = b"".join(struct.pack("<12fH", 0, 0, 1, *c.ravel(), 0) for c in corners)
    return title.ljust(80) + struct.pack("<I", len(corners)) + rows


def read(tmp_path, content: bytes | str):
    (tmp_path / "part.stl").write_bytes(content.encode() if isinstance(content, str) else content)
    return read_stl(tmp_path / "part.stl")


@pytest.mark.parametrize(
    "content",
    [
        binary(),
        binary(b"solid is what many binary files say too"),
        binary() + b"\0\0",
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.upper(),
        "\n" + TEXT.replace("\n", "\n\n"),
        TEXT.replace("endsolid part", "endsolid"),
        TEXT.replace("  facet normal 0 0 1", "endsolid\nsolid second\n facet normal 0 0 1"),
    ],
)
def test_forms_of_two_triangles(tmp_path, content):
    vertices, faces = read(tmp_path, content)
    np.testing.assert_array_equal(vertices, CORNERS.reshape(6, 3))
    assert faces.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no text STL"),
        (binary()[:-1], "a binary one of 2 triangles has 184 bytes, not 183"),
        (b"x" * 80 + b"\xff\xff\xff\xff" + bytes(100), "a binary one of 4294967295 triangles has 214748364834 bytes"),
        (TEXT.replace("endsolid part\n", ""), "it ends without 'endsolid'"),
        (TEXT.replace("    outer loop", "    outre loop", 1), "line 3: 'outre' is no word"),
        (TEXT.replace("vertex 0.0 1.0", "vertex 0.0 one"), "line 4: 'one' is no number"),
        (TEXT.replace("vertex 0.0 1.0 ", "vertex 0.0 "), "line 4: a vertex of 3 numbers is expected"),
        (
            TEXT.replace("    endloop", "      vertex 1 2 3\n    endloop", 1),
            "line 8: a facet must have three corners, and this has 4",
        ),
    ],
)
def test_broken_files(tmp_path, content, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [binary(), TEXT.encode()], ids=["binary", "text"])
def test_mutated_files(content):
    assert_survives("pcfilter_lib.data.mesh:load_mesh", [content], ".stl", check="fuzz:is_mesh")
