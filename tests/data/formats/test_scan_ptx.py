import numpy as np
import pytest
from fuzz import assert_survives
from scan_files import ptx_bytes, surface

from pcfilter_lib.data.scan import AmbiguousUnitWarning
from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError


def write(tmp_path, content):
    path = tmp_path / "a.ptx"
    path.write_bytes(content)
    return path


def test_columns_come_first(tmp_path):
    lines = ["3", "2", "0 0 0", "1 0 0", "0 1 0", "0 0 1", "1 0 0 0", "0 1 0 0", "0 0 1 0", "5 6 7 1"]
    lines += [f"{column} {row} 1 0.5" for column in range(3) for row in range(2)]
    scan = load_scan(write(tmp_path, "\n".join(lines).encode()))
    assert scan.shape == (2, 3)
    assert scan.xyz[1, 2].tolist() == [2, 1, 1] and scan.xyz[1, 0].tolist() == [0, 1, 1]
    assert scan.extras["transform"][3].tolist() == [5, 6, 7, 1], "kept, and not applied"


def test_colours_and_intensity(tmp_path):
    scan = load_scan(write(tmp_path, ptx_bytes(surface())))
    assert scan.extras["rgb"].dtype == np.uint8
    assert scan.extras["rgb"][scan.valid][:, :2].tolist() == np.argwhere(scan.valid).tolist()
    assert np.allclose(scan.intensity[scan.valid], np.argwhere(scan.valid)[:, 0] / 16)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("nothing", ["0 0 0 0.500000", "0.000 0.000 0.000 0"])
def test_its_own_line_for_no_point(tmp_path, newline, nothing):
    path = write(tmp_path, ptx_bytes(surface(), False, newline, nothing))
    scan = load_scan(path)
    mask = np.zeros(scan.shape, bool)
    mask[3, 4] = True
    save_scan(scan.with_points_removed(mask), tmp_path / "b.ptx")
    before, after = path.read_bytes().split(b"\n"), (tmp_path / "b.ptx").read_bytes().split(b"\n")
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed == [10 + 4 * 6 + 3]
    assert after[changed[0]] == (nothing + newline).encode().rstrip(b"\n")


def test_a_full_scan_gets_the_line_of_the_document(tmp_path):
    scan = load_scan(write(tmp_path, ptx_bytes(surface(holes=False))))
    save_scan(scan.keep(np.eye(6, 8) == 0), tmp_path / "b.ptx")
    assert (tmp_path / "b.ptx").read_bytes().count(b"\n0 0 0 0.500000 0 0 0\n") == 6


def test_colours_survive_a_change(tmp_path):
    import dataclasses

    scan = load_scan(write(tmp_path, ptx_bytes(surface())))
    save_scan(dataclasses.replace(scan, xyz=scan.xyz * 2), tmp_path / "b.ptx")
    again = load_scan(tmp_path / "b.ptx")
    assert np.array_equal(again.xyz, scan.xyz * 2, equal_nan=True)
    assert np.array_equal(again.extras["rgb"][again.valid], scan.extras["rgb"][scan.valid])
    assert np.array_equal(again.extras["transform"], scan.extras["transform"])


def test_millimetres_in_a_format_of_metres_warn(tmp_path):
    path = write(tmp_path, ptx_bytes(surface() * 1000))
    with pytest.warns(AmbiguousUnitWarning, match="the format is in metres"):
        load_scan(path)
    assert np.allclose(load_scan(path, unit="mm").xyz, surface(), atol=1e-6, equal_nan=True)


@pytest.mark.parametrize(
    "number, line, place, words",
    [
        (1, b"x", "line 1", "the number of columns"),
        (2, b"9223372036854775808", "line 2", "impossibly large"),
        (2, b"9223372036854775807", "header", "48 lines follow"),
        (2, b"0", "header", "48 lines follow"),
        (2, b"3", "header", "48 lines follow"),
        (4, b"1 0", "line 4", "3 numbers"),
        (9, b"0 0 1 x", "line 9", "no number"),
        (8, b"", "line 8", "blank"),
        (11, b"1 2 3", "line 11", "not x y z intensity"),
        (14, b"1 2 3 4", "line 14", "7 numbers"),
        (14, b"1 2 z 4 5 6 7", "line 14", "'z' is no number"),
        (14, b"", "line 14", "blank"),
        (14, b"1 2 3 4 5 6 256", "colours", "0 to 255"),
        (14, b"1 2 3 4 5 6.5 1", "colours", "0 to 255"),
        (14, "1 2 3 4 5 6 \u00b2".encode(), "byte", "not ASCII"),
    ],
)
def test_what_is_refused(tmp_path, number, line, place, words):
    lines = ptx_bytes(surface()).split(b"\n")
    lines[number - 1] = line
    with pytest.raises(InputError) as caught:
        load_scan(write(tmp_path, b"\n".join(lines)))
    assert caught.value.place.startswith(place) and words in caught.value.problem


def test_several_scans_in_one_file(tmp_path):
    with pytest.raises(InputError, match="export each scan to a file of its own"):
        load_scan(write(tmp_path, ptx_bytes(surface()) * 2))
    with pytest.raises(InputError, match="within its header"):
        load_scan(write(tmp_path, b"1\n1\n"))


def test_mutated_files():
    seeds = [ptx_bytes(surface()), ptx_bytes(surface(), False, "\r\n")]
    assert_survives(
        "pcfilter_lib.data.scan_io:load_scan",
        seeds,
        ".ptx",
        check="scan_files:check_scan",
        warns=["AmbiguousUnitWarning"],
    )
