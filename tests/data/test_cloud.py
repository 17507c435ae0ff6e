import io
import struct

import numpy as np
import pytest
from fuzz import assert_survives, in_npz, is_cloud

from pcfilter_lib.data import load_cloud, save_cloud
from pcfilter_lib.data.formats.pcd import ENCODINGS, PcdFile, write_pcd
from pcfilter_lib.errors import InputError

EMPTY_PLY = "ply,format ascii 1.0,element vertex 0,property float x,property float y,property float z,end_header,"
EMPTY_PLY = EMPTY_PLY.replace(",", "\n").encode()
POINTS = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)


def npy(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize("suffix", [".pcd", ".ply", ".xyz", ".npz", ".PCD"])
def test_saving_and_loading_changes_nothing(tmp_path, suffix):
    save_cloud(POINTS.astype(np.float64), tmp_path / f"cloud{suffix}")
    loaded = load_cloud(str(tmp_path / f"cloud{suffix}"))
    is_cloud(loaded)
    np.testing.assert_array_equal(loaded, POINTS)


@pytest.mark.parametrize("data", ENCODINGS)
def test_points_not_measured_are_dropped(tmp_path, data):
    records = np.zeros(5, [("intensity", "u1"), ("z", "f4"), ("y", "f8"), ("x", "f4")])
    records["x"] = 1, np.nan, 3, np.inf, 0
    write_pcd(PcdFile(records, records.dtype.names, 5, data=data), tmp_path / "cloud.pcd")
    assert load_cloud(tmp_path / "cloud.pcd").tolist() == [[1, 0, 0], [3, 0, 0], [0, 0, 0]]


def test_a_signalling_nan_is_a_nan(tmp_path, recwarn):
    bits = np.array([[0x7F800001, 0, 0], [0x3F800000, 0, 0]], np.uint32)
    (tmp_path / "cloud.npz").write_bytes(in_npz(npy(bits.view(np.float32))))
    assert load_cloud(tmp_path / "cloud.npz").tolist() == [[1, 0, 0]]
    assert not list(recwarn)


def test_off_vertices(tmp_path):
    (tmp_path / "mesh.off").write_text("OFF\n2 0 0\n1 2 3\n4 5 6\n")
    assert load_cloud(tmp_path / "mesh.off").tolist() == [[1, 2, 3], [4, 5, 6]]


def test_npz_keys_and_shapes(tmp_path):
    path = tmp_path / "scan.npz"
    np.savez(path, label=np.zeros(6), xyz=np.arange(18.0).reshape(2, 3, 3))
    assert load_cloud(path).shape == (6, 3)
    np.savez(path, xyz=np.zeros((2, 3)), points=np.ones((4, 3), int))
    assert load_cloud(path).tolist() == [[1, 1, 1]] * 4


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.ply",
            EMPTY_PLY,
            "no points",
        ),
        (
            "a.ply",
            b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n",
            "no element 'vertex' with x, y and z",
        ),
        ("a.xyz", b"", "it has no points"),
        ("a.xyz", b"nan nan nan\n", "none of its points is finite"),
        ("a.xyz", b"1e39 0 0\n", "beyond 3.4e38"),
        ("a.pcd", b"FIELDS x y\nSIZE 4 4\nTYPE F F\nPOINTS 1\nDATA ascii\n1 2\n", "no fields x, y and z"),
        ("a.npz", b"", "no zip archive"),
        ("a.npz", in_npz(npy(np.ones((4, 2)))), "'points': it is float64 of shape (4, 2)"),
        ("a.npz", in_npz(npy(np.ones((4, 3), complex))), "'points': it is complex128"),
        ("a.npz", in_npz(npy(np.array([[1, 2, {}]], object))), "Python objects, which are never unpickled"),
        (
            "a.npz",
            in_npz(npy(np.ones((4, 3))).replace(b"(4, 3)", b"(9223372036854775807, 3)")),
            "its data has another size",
        ),
        ("a.las", b"LASF", "'.las' is no point cloud format known here"),
        ("noext", b"1 2 3", "a name without extension"),
    ],
)
def test_broken_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_cloud(tmp_path / name)
    assert message in str(caught.value)


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    content = in_npz(npy(np.zeros((1000, 3))))
    size = struct.pack("<I", 24_128)
    assert content.count(size) == 2  # before the array, and in the directory at the end
    (tmp_path / "bomb.npz").write_bytes(content.replace(size, struct.pack("<I", 2**31)))
    with pytest.raises(InputError, match="claims 2147483648 bytes"):
        load_cloud(tmp_path / "bomb.npz")


def test_what_cannot_be_saved(tmp_path):
    for points, name in ((POINTS, "cloud.las"), (POINTS[:, :2], "cloud.pcd"), (POINTS[:0], "cloud.ply")):
        with pytest.raises(InputError):
            save_cloud(points, tmp_path / name)
    with pytest.raises(InputError, match="cannot be written"):
        save_cloud(POINTS, tmp_path / "nowhere" / "cloud.npz")
    assert not list(tmp_path.iterdir())


def test_mutated_arrays_in_a_valid_archive():
    loader = "pcfilter_lib.data.cloud:load_cloud"
    assert_survives(
        loader, [npy(POINTS), npy(np.asfortranarray(POINTS))], ".npz", wrap="fuzz:in_npz", check="fuzz:is_cloud"
    )


def test_mutated_archives():
    assert_survives("pcfilter_lib.data.cloud:load_cloud", [in_npz(npy(POINTS))], ".npz", check="fuzz:is_cloud")


@pytest.mark.parametrize("suffix", [".pcd", ".ply"])
def test_mutated_clouds(tmp_path, suffix):
    save_cloud(POINTS, tmp_path / f"seed{suffix}")
    seeds = [(tmp_path / f"seed{suffix}").read_bytes()]
    assert_survives("pcfilter_lib.data.cloud:load_cloud", seeds, suffix, check="fuzz:is_cloud")
