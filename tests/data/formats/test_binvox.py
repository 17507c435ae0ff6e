import io

import numpy as np
import pytest
from fuzz import assert_survives
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pcfilter_lib.data.formats.binvox import read_binvox, write_binvox
from pcfilter_lib.errors import InputError

HEADER = b"#binvox 1\ndim 4 4 4\ntranslate -0.5 0 2.25\nscale 2\ndata\n"
# Voxel (1, 0, 2) alone. Each x has 16 voxels, and each z in it has 4: 1 * 16 + 2 * 4 + 0 = 24 come before it.
BODY = bytes([0, 24, 1, 1, 0, 39])


def read(tmp_path, content: bytes):
    (tmp_path / "grid.binvox").write_bytes(content)
    return read_binvox(tmp_path / "grid.binvox")


def written(tmp_path, occupancy, origin=(0, 0, 0), voxel_size=1.0) -> bytes:
    write_binvox(tmp_path / "grid.binvox", occupancy, origin, voxel_size)
    return (tmp_path / "grid.binvox").read_bytes()


def decoded_slowly(content: bytes) -> np.ndarray:
    """Decode voxel by voxel, as the reference reader counts them: index = x * width * height + z * width + y."""
    header, _, body = content.partition(b"data\n")
    depth, height, width = map(int, header.split(b"dim ")[1].split(b"\n")[0].split())
    voxels = []
    for place in range(0, len(body), 2):
        voxels += [body[place]] * body[place + 1]
    grid = np.zeros((depth, width, height), bool)
    for x in range(depth):
        for y in range(width):
            for z in range(height):
                grid[x, y, z] = voxels[x * width * height + z * width + y]
    return grid


def check_grid(loaded) -> None:
    occupancy, origin, voxel_size = loaded
    assert occupancy.dtype == bool and occupancy.ndim == 3 and occupancy.flags.c_contiguous and occupancy.size
    assert set(np.unique(occupancy.view(np.uint8)).tolist()) <= {0, 1}
    assert origin.dtype == np.float64 and origin.shape == (3,) and np.isfinite(origin).all()
    assert type(voxel_size) is float and 0 < voxel_size < np.inf


def test_a_file_made_by_hand(tmp_path):
    occupancy, origin, voxel_size = read(tmp_path, HEADER + BODY)
    assert np.argwhere(occupancy).tolist() == [[1, 0, 2]]
    assert (occupancy.shape, origin.tolist(), voxel_size) == ((4, 4, 4), [-0.5, 0, 2.25], 0.5)
    check_grid((occupancy, origin, voxel_size))


def test_what_is_written_byte_for_byte(tmp_path):
    occupancy = np.zeros((4, 4, 4), bool)
    occupancy[1, 0, 2] = True
    content = written(tmp_path, occupancy, [-0.5, 0, 2.25], 0.5)
    assert content == b"#binvox 1\ndim 4 4 4\ntranslate -0.5 0.0 2.25\nscale 2.0\ndata\n" + BODY


def test_sizes_stand_in_the_order_of_the_voxels_x_z_y(tmp_path):
    occupancy = np.zeros((2, 3, 5), bool)
    occupancy[1, 2, 0] = True
    content = written(tmp_path, occupancy, voxel_size=0.1)
    assert b"dim 2 5 3\n" in content and b"scale 0.5\n" in content
    assert content.endswith(b"data\n" + bytes([0, 17, 1, 1, 0, 12]))
    assert np.argwhere(read(tmp_path, content)[0]).tolist() == [[1, 2, 0]]


@settings(max_examples=60)
@given(
    arrays(bool, array_shapes(min_dims=3, max_dims=3, max_side=9)),
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    st.floats(1e-6, 1e6),
)
def test_what_is_written_comes_back(tmp_path_factory, occupancy, origin, voxel_size):
    folder = tmp_path_factory.mktemp("binvox")
    content = written(folder, occupancy, origin, voxel_size)
    again, corner, size = read_binvox(folder / "grid.binvox")
    np.testing.assert_array_equal(again, occupancy)
    np.testing.assert_array_equal(decoded_slowly(content), occupancy)
    assert corner.tolist() == origin and size == pytest.approx(voxel_size, rel=1e-15)


@pytest.mark.parametrize("density", [0, 0.001, 0.5, 0.999, 1])
@pytest.mark.parametrize("shape", [(40, 7, 23), (1, 1, 700), (64, 64, 1)])
def test_long_and_short_runs_against_a_slow_decoder(tmp_path, shape, density):
    occupancy = np.random.default_rng(0).random(shape) < density
    content = written(tmp_path, occupancy)
    np.testing.assert_array_equal(read(tmp_path, content)[0], occupancy)
    np.testing.assert_array_equal(decoded_slowly(content), occupancy)


@pytest.mark.parametrize(
    ("count", "runs"), [(254, [254]), (255, [255]), (256, [255, 1]), (510, [255] * 2), (600, [255, 255, 90])]
)
def test_runs_are_split_after_255_voxels(tmp_path, count, runs):
    content = written(tmp_path, np.ones((1, count, 1), bool))
    assert content.partition(b"data\n")[2] == bytes(byte for run in runs for byte in (1, run))


def test_the_longest_side(tmp_path):
    occupancy = np.zeros((1024, 2, 1), bool)
    occupancy[-1] = True
    np.testing.assert_array_equal(read(tmp_path, written(tmp_path, occupancy))[0], occupancy)


def test_any_view_of_an_array_can_be_written(tmp_path):
    occupancy = np.random.default_rng(0).random((6, 8, 10)) < 0.5
    view = occupancy[::2, ::-1].transpose(2, 0, 1)
    np.testing.assert_array_equal(read(tmp_path, written(tmp_path, view))[0], view)
    assert written(tmp_path, view.tolist()) == written(tmp_path, view)


@pytest.mark.parametrize(
    ("header", "origin", "voxel_size"),
    [
        (HEADER.replace(b"\n", b"\r\n"), [-0.5, 0, 2.25], 0.5),
        (HEADER.replace(b"dim", b"# generated by hand\n\n  dim\t"), [-0.5, 0, 2.25], 0.5),
        (b"#binvox 1\nscale 1e-2\ntranslate 1 2 3\ndim 4 4 4\ndata \n", [1, 2, 3], 0.0025),
        (b"#binvox 1\ndim 4 4 4\ndata\n", [0, 0, 0], 0.25),  # what may be left out
    ],
)
def test_forms_of_the_header(tmp_path, header, origin, voxel_size):
    occupancy, corner, size = read(tmp_path, header + BODY)
    assert np.argwhere(occupancy).tolist() == [[1, 0, 2]]
    assert (corner.tolist(), size) == (origin, voxel_size)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: it does not begin with '#binvox'"),
        (b"ply\n" + HEADER + BODY, "line 1: it does not begin with '#binvox'"),
        (HEADER.replace(b"binvox 1", b"binvox 2") + BODY, "line 1: its version is '2', and only version 1 can be read"),
        (HEADER.replace(b"binvox 1", b"binvox") + BODY, "line 1: its version is ''"),
        (HEADER[:-5], "header: no line 'data' ends it within 1000 bytes"),
        (HEADER[:-1], "header: no line 'data' ends it within 1000 bytes"),
        (HEADER.replace(b"dim", b"#" * 950 + b"\ndim") + BODY, "header: no line 'data' ends it within 1000 bytes"),
        (HEADER.replace(b"dim 4 4 4\n", b"") + BODY, "header: there is no line 'dim'"),
        (HEADER.replace(b"dim", b"dim 4 4 4\ndim") + BODY, "line 3: 'dim' is there twice"),
        (HEADER.replace(b"scale", b"scales") + BODY, "line 4: 'scales' is no keyword of a binvox header"),
        (HEADER.replace(b"4 4 4", b"4 4") + BODY, "line 2: 'dim' needs 3 whole numbers, and the line says '4 4'"),
        (HEADER.replace(b"4 4 4", b"4 4 4 4") + BODY, "line 2: 'dim' needs 3 whole numbers"),
        (HEADER.replace(b"4 4 4", b"4 -4 4") + BODY, "line 2: 'dim' needs 3 whole numbers"),
        (HEADER.replace(b"4 4 4", b"4 4.0 4") + BODY, "line 2: 'dim' needs 3 whole numbers"),
        (HEADER.replace(b"4 4 4", b"4 4 \xb2") + BODY, "line 2: 'dim' needs 3 whole numbers"),
        (HEADER.replace(b"4 4 4", b"4 4 " + b"4" * 900) + BODY, "line 2: 'dim' needs 3 whole numbers"),
        (HEADER.replace(b"4 4 4", b"4 0 4") + BODY, "line 2: the grid has 4 x 0 x 4 voxels. Remedy: voxelise it again"),
        (
            HEADER.replace(b"4 4 4", b"4 4 1025") + BODY,
            "line 2: the grid has 4 x 4 x 1025 voxels",
        ),
        (
            HEADER.replace(b"-0.5 0 2.25", b"-0.5 0") + BODY,
            "line 3: 'translate' needs 3 numbers, and the line says '-0.5 0'",
        ),
        (HEADER.replace(b"-0.5 0 2.25", b"") + BODY, "line 3: 'translate' needs 3 numbers, and the line says ''"),
        (HEADER.replace(b"-0.5 0", b"-0.5 O") + BODY, "line 3: 'O' is no number"),
        (HEADER.replace(b"-0.5 0", b"nan 0") + BODY, "line 3: 'translate' is not finite (nan 0 2.25)"),
        (HEADER.replace(b"scale 2", b"scale inf") + BODY, "line 4: 'scale' is not finite (inf)"),
        (HEADER.replace(b"scale 2", b"scale nan") + BODY, "line 4: 'scale' is not finite (nan)"),
        (HEADER.replace(b"scale 2", b"scale 0") + BODY, "line 4: the grid's length is 0"),
        (HEADER.replace(b"scale 2", b"scale -2") + BODY, "line 4: the grid's length is -2"),
        (HEADER.replace(b"scale 2", b"scale 5e-324") + BODY, "line 4: the grid's length is 4.94066e-324"),
        (HEADER.replace(b"scale 2", b"scale 2 2") + BODY, "line 4: 'scale' needs one number, and the line says '2 2'"),
        (HEADER, "body: the runs hold 0 voxels, and a grid of 4 x 4 x 4 has 64"),
        (HEADER + BODY[:-2], "body: the runs hold 25 voxels, and a grid of 4 x 4 x 4 has 64"),
        (HEADER + BODY[:-1], "body: it consists of pairs of bytes, and 5 bytes follow the header"),
        (HEADER + BODY + b"\n", "body: it consists of pairs of bytes, and 7 bytes follow the header"),
        (HEADER + BODY + bytes([0, 1]), "body: the runs hold 65 voxels"),
        (HEADER + BODY + bytes([0, 0]), "run 4: it has no voxels"),
        (HEADER + bytes([0, 0]) + BODY, "run 1: it has no voxels"),
        (HEADER + bytes([0, 24, 2, 1, 0, 39]), "run 2: the value must be 0 or 1, and it is 2"),
        (HEADER + bytes([0, 255] * 2**16), "body: the runs hold 16711680 voxels"),  # 0 modulo 2**16
        (HEADER.replace(b"4 4 4", b"1024 1024 1024") + BODY, "body: the runs hold 64 voxels, and a grid of 1024 x"),
    ],
)
def test_broken_files_name_the_place(tmp_path, content, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert f"grid.binvox, {message}" in str(caught.value) and caught.value.remedy


def test_nothing_is_allocated_for_a_promise(tmp_path, monkeypatch):
    monkeypatch.setattr(np, "repeat", lambda *arguments: pytest.fail("it was decoded before the runs were counted"))
    with pytest.raises(InputError, match="has 1073741824"):
        read(tmp_path, HEADER.replace(b"4 4 4", b"1024 1024 1024") + BODY)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_binvox(tmp_path / "none.binvox")


EMPTY = np.zeros((2, 2, 2), bool)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((EMPTY.astype(float), [0, 0, 0], 1), "occupancy: its type is float64, not bool"),
        ((EMPTY[0], [0, 0, 0], 1), "occupancy: its shape is (2, 2), not (X, Y, Z)"),
        ((EMPTY[:0], [0, 0, 0], 1), "occupancy: its shape is (0, 2, 2)"),
        ((np.zeros((1, 1025, 1), bool), [0, 0, 0], 1), "occupancy: its shape is (1, 1025, 1)"),
        ((EMPTY, [0, 0], 1), "origin: it must be three finite numbers, and it is [0.0, 0.0]"),
        ((EMPTY, [0, np.nan, 0], 1), "origin: it must be three finite numbers, and it is [0.0, nan, 0.0]"),
        *(
            ((EMPTY, [0, 0, 0], size), f"voxel_size: it must be positive and finite, and it is {size}")
            for size in (0, -1)
        ),
        *(((EMPTY, [0, 0, 0], size), "voxel_size: it must be positive") for size in (np.nan, np.inf, 1e308)),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(tmp_path, arguments, message):
    path = tmp_path / "grid.binvox"
    path.write_bytes(b"old")
    with pytest.raises(InputError) as caught:
        write_binvox(path, *arguments)
    assert f"grid.binvox, {message}" in str(caught.value) and caught.value.remedy
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_failure_at_the_end_leaves_nothing(tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no space left"):
        write_binvox(tmp_path / "grid.binvox", EMPTY, [0, 0, 0], 1)
    assert list(tmp_path.iterdir()) == []


def test_trimesh_reads_and_writes_the_same_cubes(tmp_path):
    occupancy = np.random.default_rng(0).random((9, 9, 9)) < 0.3
    trimesh = pytest.importorskip("trimesh")
    theirs = trimesh.exchange.binvox.load_binvox(io.BytesIO(written(tmp_path, occupancy)))
    np.testing.assert_array_equal(theirs.matrix, occupancy)
    np.testing.assert_array_equal(read(tmp_path, theirs.export(file_type="binvox"))[0], occupancy)


def seeds() -> list[bytes]:
    """Return small files: the one made by hand, noise in an oblong grid, and one long run without optional lines."""
    rng = np.random.default_rng(0)
    noise = bytes(byte for run in rng.integers(1, 9, 60).tolist() for byte in (run % 2, run))
    held = sum(noise[1::2])
    oblong = b"#binvox 1\n# noise\ndim 2 1 %d\ntranslate 1e-3 -2 3.5\nscale 0.25\ndata\n" % held
    return [HEADER + BODY, oblong + noise + noise, b"#binvox 1\ndim 10 20 30\ndata\n" + bytes([1, 250] * 24)]


def test_mutated_files():
    assert_survives("pcfilter_lib.data.formats.binvox:read_binvox", seeds(), ".binvox", check="test_binvox:check_grid")
