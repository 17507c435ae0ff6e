import dataclasses
import struct

import numpy as np
import pytest
from fuzz import assert_survives

from pcfilter_lib.data.formats import lzf
from pcfilter_lib.data.formats.pcd import ENCODINGS, PcdFile, read_pcd, write_pcd
from pcfilter_lib.errors import InputError

LAYOUT = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("_", "u1", (4,)), ("rgb", "<f4"), ("id", "<i8"), ("stamp", "<f8")]
HEADER = "VERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 2\nHEIGHT 1\nPOINTS 2\nDATA ascii\n"
ROWS = "1 2 3\n4 5 6\n"


def example(data: str) -> PcdFile:
    rng = np.random.default_rng(0)
    points = np.zeros(12, LAYOUT)
    for name in "xyz":
        points[name] = rng.normal(size=12)
    points["x"][:4] = np.nan, 3.4028235e38, 1e-45, -0.0
    points["_"] = rng.integers(0, 256, (12, 4))
    points["rgb"] = rng.integers(0, 2**24, 12).astype("<u4").view("<f4")  # packed bits in a float, as PCL does
    points["id"] = np.iinfo(np.int64).max - np.arange(12)
    points["stamp"] = rng.normal(size=12) * 1e9
    return PcdFile(points, tuple(points.dtype.names), 4, 3, (0.5, -1, 2, 0, 1, 0, 0), data, ".7", (" made by hand", ""))


def content(tmp_path, data: str) -> bytes:
    write_pcd(example(data), tmp_path / "seed.pcd")
    return (tmp_path / "seed.pcd").read_bytes()


def read(tmp_path, text: str | bytes) -> PcdFile:
    path = tmp_path / "cloud.pcd"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_pcd(path)


def assert_same(one: PcdFile, other: PcdFile) -> None:
    for attribute in (*(field.name for field in dataclasses.fields(PcdFile) if field.name != "points"),):
        assert getattr(one, attribute) == getattr(other, attribute), attribute
    assert (one.types, one.sizes, one.counts) == (other.types, other.sizes, other.counts)
    assert one.points.dtype == other.points.dtype
    assert one.points.tobytes() == other.points.tobytes()


@pytest.mark.parametrize("data", ENCODINGS)
def test_writing_and_reading_changes_nothing(tmp_path, data):
    written = example(data)
    write_pcd(written, tmp_path / "cloud.pcd")
    assert_same(read_pcd(tmp_path / "cloud.pcd"), written)


def test_the_compressed_body_is_field_by_field(tmp_path):
    header = HEADER.replace("ascii", "binary_compressed").encode()
    raw = np.array([1, 4, 2, 5, 3, 6], "<f4").tobytes()
    packed = lzf.compress(raw)
    points = read(tmp_path, header + struct.pack("<II", len(packed), len(raw)) + packed).points
    assert points.tolist() == [(1, 2, 3), (4, 5, 6)]


def test_an_organised_cloud_keeps_its_shape(tmp_path):
    text = (
        HEADER.replace("WIDTH 2", "WIDTH 1")
        .replace("HEIGHT 1", "HEIGHT 2")
        .replace("0.7\n", "0.7\nVIEWPOINT 0 0 0 0 1 0 0\n")
    )
    file = read(tmp_path, text + ROWS)
    assert (file.width, file.height, file.viewpoint) == (1, 2, (0, 0, 0, 0, 1, 0, 0))


def test_old_versions_leave_things_out(tmp_path):
    old = "# .PCD v.5\nVERSION .5\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nPOINTS 2\nDATA ascii\n"
    file = read(tmp_path, old + ROWS)
    assert (file.width, file.height, file.version, file.counts) == (2, 1, ".5", (1, 1, 1))
    assert file.viewpoint == (0, 0, 0, 1, 0, 0, 0)
    assert file.comments == (" .PCD v.5",)


def test_two_padding_fields(tmp_path):
    text = HEADER.replace("x y z", "x _ _").replace("4 4 4", "4 1 1").replace("F F F", "F U U")
    file = read(tmp_path, text + ROWS)
    assert file.fields == ("x", "_", "_")
    write_pcd(file, tmp_path / "back.pcd")
    assert_same(read_pcd(tmp_path / "back.pcd"), file)


def test_windows_line_ends_blank_lines_and_nan(tmp_path):
    points = read(tmp_path, (HEADER + "1 2 3\n\nnan 5 6\n").replace("\n", "\r\n")).points
    assert points["y"].tolist() == [2, 5]
    assert np.isnan(points["x"][1])


def test_no_points_at_all(tmp_path):
    for data in ENCODINGS:
        text = HEADER.replace("WIDTH 2", "WIDTH 0").replace("POINTS 2", "POINTS 0").replace("ascii", data)
        file = read(tmp_path, text)
        assert len(file.points) == 0
        write_pcd(file, tmp_path / "back.pcd")
        assert len(read_pcd(tmp_path / "back.pcd").points) == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("POINTS 2", "POINTS 3", "header: POINTS is 3, and WIDTH x HEIGHT is 2 x 1"),
        ("WIDTH 2", "WIDTH -2", "WIDTH must be a whole number that is not negative"),
        ("WIDTH 2", "WIDTH 9223372036854775808", "WIDTH is impossibly large"),
        ("WIDTH 2\nHEIGHT 1\nPOINTS 2", "POINTS 9223372036854775807", "promises 9223372036854775807 points"),
        ("COUNT 1 1 1", "COUNT 1 1 9223372036854775807", "COUNT of z is impossibly large"),
        ("COUNT 1 1 1", "COUNT 1 1 0", "count 0"),
        ("COUNT 1 1 1", "COUNT 1 1", "differ in length"),
        ("TYPE F F F", "TYPE F F Q", "type 'Q'"),
        ("SIZE 4 4 4", "SIZE 4 4 3", "size 3"),
        ("SIZE 4 4 4\n", "", "it has no SIZE"),
        ("FIELDS x y z", "FIELDS x y x", "'x' is there twice"),
        ("WIDTH 2\nHEIGHT 1\nPOINTS 2\n", "", "neither WIDTH nor POINTS"),
        ("HEIGHT 1", "HEIGHT 1\nHEIGHT 1", "line 8: 'HEIGHT' is no keyword of a PCD header, or stands there twice"),
        ("HEIGHT 1", "LENGTH 1", "line 7: 'LENGTH' is no keyword"),
        ("0.7\n", "0.7\nVIEWPOINT 0 0 nan 1 0 0 0\n", "VIEWPOINT must be seven numbers"),
        ("DATA ascii", "DATA zip", "DATA is 'zip'"),
        ("DATA ascii\n1 2 3\n4 5 6\n", "", "ends without a DATA line"),
        ("DATA ascii", "DATA binary", "promises 2 points of 12 bytes, and the file holds 12 bytes"),
        ("4 5 6\n", "", "promises 2 points, and 1 lines follow"),
        ("4 5 6\n", "4 5 6\n7 8 9\n", "promises 2 points, and 3 lines follow"),
        ("4 5 6", "4 5", "line 11: a point of 3 numbers is expected, and the line holds 2"),
        ("4 5 6", "4 five 6", "line 11: 'five' is no number"),
        ("TYPE F F F", "TYPE F F U", None),
    ],
)
def test_broken_files_name_the_place(tmp_path, old, new, message):
    text = HEADER + ROWS
    assert old in text
    if message is None:  # whole numbers where they are promised are fine
        assert read(tmp_path, text.replace(old, new)).points["z"].tolist() == [3, 6]
        return
    with pytest.raises(InputError) as caught:
        read(tmp_path, text.replace(old, new))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "word"),
    [("U 1", "256"), ("U 1", "-1"), ("I 8", "9223372036854775808"), ("U 4", "1.5"), ("U 2", "nan"), ("I 8", "1e17")],
)
def test_whole_numbers_must_fit_their_type(tmp_path, kind, word):
    letter, size = kind.split()
    text = HEADER.replace("TYPE F F F", f"TYPE F F {letter}").replace("SIZE 4 4 4", f"SIZE 4 4 {size}")
    with pytest.raises(InputError, match=r"line 11.*does not fit a whole number"):
        read(tmp_path, text + ROWS.replace("6", word))


def test_a_compressed_body_must_keep_its_promises(tmp_path):
    header = HEADER.replace("ascii", "binary_compressed").encode()
    packed = lzf.compress(bytes(24))
    for body, message in [
        (b"", "cut off"),
        (struct.pack("<II", len(packed), 25) + packed, "promises 25 bytes"),
        (struct.pack("<II", 2**32 - 1, 24) + packed, "promises 4294967295 points"),
        (struct.pack("<II", len(packed) - 1, 24) + packed, "compressed data"),
    ]:
        with pytest.raises(InputError, match=message):
            read(tmp_path, header + body)


def test_contradictions_are_not_written(tmp_path):
    for change in ({"width": 5}, {"data": "zip"}, {"fields": ("x",)}):
        with pytest.raises(InputError):
            write_pcd(dataclasses.replace(example("ascii"), **change), tmp_path / "cloud.pcd")
    assert not list(tmp_path.iterdir())


def is_valid(file):
    assert len(file.points) == file.width * file.height
    assert len(file.fields) == len(file.types) == len(file.sizes) == len(file.counts)
    assert len(file.viewpoint) == 7


@pytest.mark.parametrize("data", ENCODINGS)
def test_mutated_files(tmp_path, data):
    assert_survives(
        "pcfilter_lib.data.formats.pcd:read_pcd", [content(tmp_path, data)], ".pcd", check="test_pcd:is_valid"
    )
