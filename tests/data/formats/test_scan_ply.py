import numpy as np
import pytest
from fuzz import assert_survives
from scan_files import ply_bytes, range_grid_bytes, surface

from pcfilter_lib.data.formats.ply import read_ply
from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError

ENCODINGS = ["ascii", "binary_little_endian", "binary_big_endian"]


def write(tmp_path, content):
    path = tmp_path / "a.ply"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_header_and_colours_stay(tmp_path, encoding):
    path = write(tmp_path, ply_bytes(surface(), encoding))
    scan = load_scan(path)
    assert scan.extras["red"].dtype == np.uint8
    save_scan(scan.keep(np.eye(6, 8) == 0), tmp_path / "b.ply")
    before, after = path.read_bytes(), (tmp_path / "b.ply").read_bytes()
    end = before.index(b"end_header\n") + 11
    assert after[:end] == before[:end]
    assert np.array_equal(read_ply(path)["vertex"]["red"], read_ply(tmp_path / "b.ply")["vertex"]["red"])
    if encoding == "ascii":
        changed = [a for a, b in zip(before.split(b"\n"), after.split(b"\n"), strict=True) if a != b]
        assert len(changed) == (scan.valid & (np.eye(6, 8) == 1)).sum()


def test_a_file_without_a_grid_needs_its_shape(tmp_path):
    path = write(tmp_path, ply_bytes(surface(), told=False))
    with pytest.raises(InputError, match=r"in which grid its 48 points are.*give shape"):
        load_scan(path)
    assert load_scan(path, shape=(6, 8)).shape == (6, 8)
    with pytest.raises(InputError, match="48 points, not 7 x 7"):
        load_scan(path, shape=(7, 7))


@pytest.mark.parametrize("binary", [False, True])
def test_a_range_grid_loses_vertices(tmp_path, binary):
    path = write(tmp_path, range_grid_bytes(surface(), binary))
    scan = load_scan(path)
    kept = scan.keep(np.eye(6, 8) == 0)
    save_scan(kept, path)
    content = read_ply(path)
    assert len(content["vertex"].data) == kept.valid.sum() < scan.valid.sum()
    assert [len(entry) for entry in content["range_grid"]["vertex_indices"]] == kept.valid.reshape(-1).astype(
        int
    ).tolist()
    assert content.obj_info == ["is_mesh 0", "num_cols 8", "num_rows 6"] and content.text is not binary
    confidence = dict(zip(map(tuple, scan.points.tolist()), scan.extras["confidence"][scan.valid], strict=True))
    again = load_scan(path)
    for point, value in zip(again.points.tolist(), again.extras["confidence"][again.valid], strict=True):
        assert confidence[tuple(point)] == value, "each point keeps its own confidence"


def test_faces_go_with_their_points(tmp_path):
    faces = "3 0 1 8\n3 1 9 8\n4 10 11 19 18\n"
    path = write(tmp_path, ply_bytes(surface(holes=False), faces=faces))
    scan = load_scan(path)
    mask = np.zeros(scan.shape, bool)
    mask[0, 0] = True
    save_scan(scan.with_points_removed(mask), path)
    content = read_ply(path)
    assert [list(face) for face in content["face"]["vertex_indices"]] == [[1, 9, 8], [10, 11, 19, 18]]
    assert len(content["vertex"].data) == 48 and np.isnan(content["vertex"]["x"][0])
    assert load_scan(path).valid.sum() == 47


def test_elements_that_may_name_points_are_refused(tmp_path):
    content = ply_bytes(surface(), faces="3 0 1 8\n").replace(b"element face", b"element tristrips")
    scan = load_scan(write(tmp_path, content.replace(b"vertex_indices", b"indices")))
    with pytest.raises(InputError, match="tristrips.*save as .npz"):
        save_scan(scan.keep(np.eye(6, 8) == 0), tmp_path / "b.ply")
    assert not (tmp_path / "b.ply").exists()


@pytest.mark.parametrize(
    "old, new, words",
    [
        (b"num_rows 6", b"num_rows 7", "range_grid has 48 entries, not 7 x 8"),
        (b"num_rows 6", b"num_rows -6", "obj_info num_rows is '-6'"),
        (b"num_rows 6", b"num_rows 9223372036854775808", "obj_info num_rows is"),
        (b"\n1 0\n", b"\n1 1\n", "not different numbers"),
        (b"\n1 0\n", b"\n1 99\n", "not different numbers"),
        (b"\n1 0\n", b"\n1 -1\n", "not different numbers"),
        (b"\n1 0\n", b"\n2 0 1\n", "it has 2 vertices"),
        (b"property float y", b"property float why", "no field 'y'"),
        (b"element vertex", b"element corner", "no element 'vertex'"),
    ],
)
def test_what_is_refused(tmp_path, old, new, words):
    content = range_grid_bytes(surface())
    assert old in content
    with pytest.raises(InputError, match=words):
        load_scan(write(tmp_path, content.replace(old, new, 1)))


@pytest.mark.parametrize(
    "content",
    [ply_bytes(surface(), encoding) for encoding in ENCODINGS]
    + [range_grid_bytes(surface(), b) for b in (False, True)],
    ids=[*ENCODINGS, "range-grid", "range-grid-binary"],
)
def test_mutated_files(content):
    assert_survives(
        "pcfilter_lib.data.scan_io:load_scan",
        [content],
        ".ply",
        check="scan_files:check_scan",
        warns=["AmbiguousUnitWarning"],
    )
