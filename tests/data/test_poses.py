"""Poses of scans: the arithmetic, and every format's place for them."""

import dataclasses
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_files import INTRINSICS, cogs_bytes, depth_image, npz_bytes, pcd_bytes, png_bytes, ptx_bytes, surface
from scipy.spatial.transform import Rotation

from pcfilter_lib.data._poses import inverse, pose_from, quaternion_of, rotation_of
from pcfilter_lib.data.formats.pcd import read_pcd
from pcfilter_lib.data.scan import ConversionWarning, OrganizedScan
from pcfilter_lib.data.scan_geometry import backproject
from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError

quaternions = st.tuples(*[st.floats(-1, 1, allow_subnormal=False)] * 4).filter(lambda q: np.linalg.norm(q) > 1e-3)


def a_pose(seed=0):
    generator = np.random.default_rng(seed)
    return pose_from(Rotation.random(random_state=seed).as_matrix(), generator.normal(0, 3, 3))


@given(quaternions)
@settings(max_examples=200, deadline=None)
def test_rotations_and_quaternions(quaternion):
    w, x, y, z = quaternion
    rotation = rotation_of(quaternion)
    np.testing.assert_allclose(rotation, Rotation.from_quat([x, y, z, w]).as_matrix(), atol=1e-14)
    np.testing.assert_allclose(rotation_of(quaternion_of(rotation)), rotation, atol=1e-14)
    assert quaternion_of(rotation)[0] >= 0
    # A matrix with few digits gives the nearest rotation, as the singular value decomposition does.
    rough = np.round(rotation, 3)
    u, _, v = np.linalg.svd(rough)
    np.testing.assert_allclose(rotation_of(quaternion_of(rough)), u @ v, atol=1e-5)


def test_the_inverse():
    pose = a_pose()
    np.testing.assert_allclose(inverse(pose) @ pose, np.eye(4), atol=1e-14)


@pytest.mark.parametrize("suffix", [".npz", ".pcd", ".ptx"])
@given(quaternion=quaternions, place=st.tuples(*[st.floats(-1e3, 1e3)] * 3))
@settings(max_examples=25, deadline=None)
def test_a_pose_comes_back_from_its_file(tmp_path_factory, suffix, quaternion, place):
    pose = pose_from(rotation_of(quaternion), np.array(place))
    path = tmp_path_factory.mktemp("pose") / f"a{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_scan(OrganizedScan(surface(), pose=pose), path)
        again = load_scan(path)
    np.testing.assert_allclose(again.pose, pose, rtol=0, atol=0 if suffix != ".pcd" else 1e-13)
    assert np.array_equal(again.xyz, surface(), equal_nan=True), "the points stay in the camera's frame"


FILES = {
    ".pcd": [pcd_bytes(surface(), kind) for kind in ("ascii", "binary", "binary_compressed")]
    + [pcd_bytes(surface(), "ascii").replace(b"\n", b"\r\n")],
    ".ptx": [ptx_bytes(surface()), ptx_bytes(surface(), newline="\r\n")],
    ".npz": [npz_bytes(xyz=surface(), pose=a_pose(5))],
}
files = pytest.mark.parametrize(
    ("suffix", "content"), [(suffix, content) for suffix, some in FILES.items() for content in some]
)


@files
def test_a_new_pose_changes_the_header_alone(tmp_path, suffix, content):
    path, target = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    path.write_bytes(content)
    scan = load_scan(path)
    moved = dataclasses.replace(scan, pose=a_pose(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_scan(moved, target)
    again = load_scan(target)
    np.testing.assert_allclose(again.pose, moved.pose, rtol=0, atol=1e-14)
    assert np.array_equal(again.xyz, scan.xyz, equal_nan=True)
    if suffix != ".npz":
        differ = [
            number
            for number, (a, b) in enumerate(
                zip(content.split(b"\n"), target.read_bytes().split(b"\n"), strict=True), start=1
            )
            if a != b
        ]
        assert differ == ([9] if suffix == ".pcd" else list(range(3, 11)))
        assert content.count(b"\r") == target.read_bytes().count(b"\r")
    # Points may go at the same time; and without a pose the header is what the format prescribes.
    mask = np.zeros(scan.shape, bool)
    mask[3] = True
    save_scan(moved.with_points_removed(mask), target)
    assert load_scan(target).valid.sum() == (scan.valid & ~mask).sum()
    np.testing.assert_allclose(load_scan(target).pose, moved.pose, rtol=0, atol=1e-14)
    save_scan(dataclasses.replace(scan, pose=None), target)
    assert suffix == ".npz" or np.array_equal(load_scan(target).pose, np.eye(4))
    save_scan(scan, target)
    assert target.read_bytes() == content


def test_the_convention_of_pcd(tmp_path):
    # x y z, then w x y z: here a quarter turn about y, which brings the camera's z to the world's x.
    half = float(np.sqrt(0.5))
    content = pcd_bytes(surface(), "binary").replace(b"1 2 3 1 0 0 0", f"1 2 3 {half!r} 0 {half!r} 0".encode())
    (tmp_path / "a.pcd").write_bytes(content)
    scan = load_scan(tmp_path / "a.pcd")
    np.testing.assert_allclose(scan.pose @ [0, 0, 1, 1], [2, 2, 3, 1], atol=1e-15)
    assert np.array_equal(load_scan(tmp_path / "a.pcd", unit="mm").pose[:3, 3], [0.001, 0.002, 0.003])
    # A quaternion of another length is a rotation all the same.
    (tmp_path / "a.pcd").write_bytes(content.replace(f"{half!r} 0 {half!r} 0".encode(), b"2 0 2 0"))
    np.testing.assert_allclose(load_scan(tmp_path / "a.pcd").pose, scan.pose, atol=1e-15)


def test_millimetres_stay_millimetres(tmp_path):
    (tmp_path / "a.pcd").write_bytes(pcd_bytes(surface() * 1000, "binary"))
    scan = load_scan(tmp_path / "a.pcd", unit="mm")
    save_scan(dataclasses.replace(scan, pose=pose_from(np.eye(3), np.array([0.5, 0, -2]))), tmp_path / "a.pcd")
    assert read_pcd(tmp_path / "a.pcd").viewpoint == (500, 0, -2000, 1, 0, 0, 0)
    (tmp_path / "a.npz").write_bytes(npz_bytes(xyz=surface() * 1000, pose=pose_from(np.eye(3), np.array([1, 2, 3]))))
    assert load_scan(tmp_path / "a.npz", unit="mm").pose[:3, 3].tolist() == [0.001, 0.002, 0.003]


def test_pcd_without_a_viewpoint(tmp_path):
    path = tmp_path / "a.pcd"
    content = pcd_bytes(surface(), "ascii")
    old = content.replace(b"VIEWPOINT 1 2 3 1 0 0 0\n", b"")
    path.write_bytes(old)
    scan = load_scan(path)
    assert scan.pose is None
    save_scan(scan, path)
    assert path.read_bytes() == old
    save_scan(dataclasses.replace(scan, pose=pose_from(np.eye(3), np.array([1, 2, 3]))), path)
    assert path.read_bytes() == content
    path.write_bytes(content.replace(b"1 2 3 1 0 0 0", b"0 0 0 0 0 0 0"))
    assert load_scan(path).pose is None, "seven zeros are how some programs say that it is not known"
    path.write_bytes(content.replace(b"1 2 3 1 0 0 0", b"0 0 0 1 0 0 0"))
    assert np.array_equal(load_scan(path).pose, np.eye(4)), "the identity is a pose"
    path.write_bytes(content.replace(b"1 2 3 1 0 0 0", b"1 2 3 0 0 0 0"))
    with pytest.raises(
        InputError, match=r"a\.pcd, header: VIEWPOINT has a quaternion of length 0.*write x y z 1 0 0 0"
    ):
        load_scan(path)


def test_the_convention_of_ptx(tmp_path):
    # Rows are multiplied from the left: (0, 0, 1, 1) M is the third row plus the last.
    lines = ["1", "1", "5 6 7", "0 0 -1", "0 1 0", "1 0 0", "0 0 -1 0", "0 1 0 0", "1 0 0 0", "5 6 7 1", "0 0 1 0.5"]
    path = tmp_path / "a.ptx"
    path.write_text("\n".join(lines) + "\n")
    scan = load_scan(path)
    assert (scan.pose @ [0, 0, 1, 1]).tolist() == [6, 6, 7, 1]
    assert scan.extras["transform"][3].tolist() == [5, 6, 7, 1] and scan.xyz[0, 0].tolist() == [0, 0, 1]
    # The axes agree with it, as rows: written again from the pose alone they are the same eight lines.
    save_scan(OrganizedScan(scan.xyz, pose=scan.pose), tmp_path / "b.ptx")
    assert (tmp_path / "b.ptx").read_text().splitlines() == lines


def test_ptx_has_one_truth(tmp_path):
    path = tmp_path / "a.ptx"
    # A user's own system of coordinates: position and transformation differ, and both are kept.
    path.write_bytes(ptx_bytes(surface()).replace(b"1.5 2 3 1\n", b"0 0 9 1\n"))
    scan = load_scan(path)
    assert scan.pose[:3, 3].tolist() == [0, 0, 9] and scan.extras["scanner_pose"][0].tolist() == [1.5, 2, 3]
    save_scan(dataclasses.replace(scan, xyz=scan.xyz * 2), tmp_path / "b.ptx")
    assert (tmp_path / "b.ptx").read_bytes().splitlines()[2:10] != path.read_bytes().splitlines()[2:10]  # 1.0, not 1
    again = load_scan(tmp_path / "b.ptx")
    assert np.array_equal(again.extras["scanner_pose"], scan.extras["scanner_pose"])
    assert np.array_equal(again.pose, scan.pose)
    # Where the two contradict each other the pose decides, and the loss is named.
    changed = dataclasses.replace(scan, extras=scan.extras | {"transform": np.eye(4)})
    with pytest.warns(ConversionWarning, match=r"extras\['transform'\]"):
        save_scan(changed, tmp_path / "b.ptx")
    assert np.array_equal(load_scan(tmp_path / "b.ptx").pose, scan.pose)
    # A transformation that scales is no pose, but it is not lost.
    path.write_bytes(ptx_bytes(surface()).replace(b"0 0 1 0\n", b"0 0 2 0\n"))
    scan = load_scan(path)
    assert scan.pose is None and scan.extras["transform"][2, 2] == 2
    save_scan(dataclasses.replace(scan, xyz=scan.xyz * 2), tmp_path / "b.ptx")
    assert np.array_equal(load_scan(tmp_path / "b.ptx").extras["transform"], scan.extras["transform"])


def test_the_pose_of_cogs_leads_back_to_its_points(tmp_path):
    (tmp_path / "a.cogs").write_bytes(cogs_bytes(surface()))
    scan = load_scan(tmp_path / "a.cogs")
    np.testing.assert_allclose(scan.pose[:3, 3], [0.25, -0.5, 1.0])
    basis = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    world = scan.points @ scan.pose[:3, :3].T + scan.pose[:3, 3]
    np.testing.assert_allclose(world, scan.points * [1, -1, -1] @ basis + [0.25, -0.5, 1.0], atol=1e-7)
    at = cogs_bytes(surface()).find(basis.astype("<f4").tobytes())
    content = bytearray(cogs_bytes(surface()))
    content[at : at + 36] = (-basis).astype("<f4").tobytes()
    (tmp_path / "a.cogs").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.cogs, basis: it is left-handed"):
        load_scan(tmp_path / "a.cogs")
    (tmp_path / "a.cogs").write_bytes(cogs_bytes(surface()))
    with pytest.raises(InputError, match="save as .npz"):
        save_scan(dataclasses.replace(scan, pose=np.eye(4)), tmp_path / "b.cogs")


@pytest.mark.parametrize("suffix", [".ply", ".png", ".tif"])
def test_a_format_without_a_place_warns_unless_nothing_is_lost(tmp_path, suffix):
    path, target = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    flat = OrganizedScan(backproject(np.full((6, 8), 0.5), INTRINSICS), intrinsics=INTRINSICS)

    def lost(scan):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            save_scan(scan, path)
        return "pose" in " ".join(str(w.message) for w in caught)

    assert lost(dataclasses.replace(flat, pose=a_pose())) and not lost(dataclasses.replace(flat, pose=np.eye(4)))
    # The same where the file is rewritten in its own format.
    loaded = load_scan(path, **({} if suffix == ".ply" else {"intrinsics": INTRINSICS, "unit": "mm"}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_scan(dataclasses.replace(loaded, pose=np.eye(4)), target)
    with pytest.warns(ConversionWarning, match="no place for pose; not saved"):
        save_scan(dataclasses.replace(loaded, pose=a_pose()), target)
    assert target.read_bytes() == path.read_bytes()


def test_the_end_of_16_bits_is_no_point(tmp_path):
    image = depth_image()
    image[2, 3], image[4, 4] = 65535, 65534
    (tmp_path / "a.png").write_bytes(png_bytes(image))
    scan = load_scan(tmp_path / "a.png", intrinsics=INTRINSICS, unit="mm")
    assert not scan.valid[2, 3] and scan.depth[4, 4] == np.float32(65.534)
    save_scan(scan, tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "a.png").read_bytes()
