import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_files import INTRINSICS, surface

from pcfilter_lib.data.formats.camera_json import read_camera
from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.data.scan_geometry import (
    backproject,
    pixel_rays,
    project,
    scan_depth,
    scan_normals,
    undistort,
)
from pcfilter_lib.errors import InputError

DISTORTION = [-0.127, 0.148, 5.8e-5, 2.1e-4, 0.0094]  # of a real scanner
CAMERA = [[500.0, 0.0, 31.5], [0.0, 490.0, 23.5], [0.0, 0.0, 1.0]]
numbers = st.floats(-1, 1)
cameras = st.builds(
    lambda f, a, s, u, v: [[f, s, u], [0, f * a, v], [0, 0, 1]],
    st.floats(30, 3000), st.floats(0.5, 2), st.floats(-3, 3), st.floats(-100, 2000), st.floats(-100, 2000),
)  # fmt: skip


def angle(first, second):
    """Degrees between unit vectors, exact also where they are nearly parallel."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(first - second, axis=-1) / 2, 0, 1)))


def seen(depth_of, shape=(48, 64), camera=CAMERA):
    """The scan of a surface, of which `depth_of` gives the depth along each ray."""
    rays = pixel_rays(shape, camera)
    return OrganizedScan(rays * depth_of(rays)[..., None], intrinsics=camera)


def plane(normal, distance=0.6):
    return seen(lambda rays: distance / (rays @ normal) * normal[2])


@settings(deadline=None, max_examples=50)
@given(cameras, st.integers(0, 2**32 - 1))
def test_projecting_undoes_backprojecting(camera, seed):
    depth = np.random.default_rng(seed).uniform(0.1, 10, (5, 7))
    pixels = project(backproject(depth, camera), camera)
    row, column = np.indices(depth.shape)
    assert np.abs(pixels - np.stack([column, row], axis=-1)).max() < 2e-3  # points are float32


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.floats(-0.15, 0.15), min_size=3, max_size=3), st.lists(st.floats(-1e-3, 1e-3), min_size=2, max_size=2)
)
def test_undistorting_undoes_the_lens(radial, tangential):
    lens = [radial[0], radial[1], *tangential, radial[2]]
    plane = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.4, 0.4, 7)), axis=-1)
    pixels = project(np.concatenate([plane, np.ones((7, 9, 1))], axis=-1) * 3.0, CAMERA, lens)
    assert np.abs(undistort(pixels, CAMERA, lens) - plane).max() < 1e-9


def test_the_lens_against_numbers_worked_by_hand():
    # x = 0.2, y = -0.1: r2 = 0.05. radial = 1 + 0.1 * 0.05 - 0.2 * 0.0025 + 0.3 * 0.000125 = 1.0045375
    lens = [0.1, -0.2, 0.01, 0.02, 0.3]
    x = 0.2 * 1.0045375 + 2 * 0.01 * 0.2 * -0.1 + 0.02 * (0.05 + 2 * 0.04)
    y = -0.1 * 1.0045375 + 0.01 * (0.05 + 2 * 0.01) + 2 * 0.02 * 0.2 * -0.1
    assert np.allclose(project([0.4, -0.2, 2.0], CAMERA, lens), [500 * x + 31.5, 490 * y + 23.5], atol=1e-12)


def test_backprojecting_with_a_lens():
    depth = np.random.default_rng(0).uniform(0.4, 0.6, (48, 64))
    pixels = project(backproject(depth, CAMERA, DISTORTION), CAMERA, DISTORTION)
    row, column = np.indices(depth.shape)
    assert np.abs(pixels - np.stack([column, row], axis=-1)).max() < 1e-3
    assert not np.allclose(backproject(depth, CAMERA), backproject(depth, CAMERA, DISTORTION), atol=1e-5)


def test_where_the_lens_folds_over_is_nan():
    rays = undistort([[31.5, 23.5], [5000.0, 23.5]], CAMERA, [-0.5, 0, 0, 0, 0])
    assert np.allclose(rays[0], 0) and np.isnan(rays[1]).all()


def test_what_has_no_point_is_nan():
    depth = np.array([[0.5, 0, np.nan], [-1, np.inf, 0.7]])
    xyz = backproject(depth, CAMERA)
    assert np.isnan(xyz).all(axis=2).tolist() == [[False, True, True], [True, True, False]]
    assert np.isnan(project([[0, 0, 0], [0.1, 0.1, -1], [np.nan, 0, 1]], CAMERA)).any(axis=1).all()
    scan = OrganizedScan(xyz)
    assert np.array_equal(scan_depth(scan), xyz[..., 2], equal_nan=True)
    scan_depth(scan)[0, 0] = 3  # a copy
    assert scan.depth[0, 0] == 0.5


@settings(deadline=None, max_examples=40)
@given(numbers, numbers)
def test_the_normal_of_a_plane(a, b):
    normal = np.array([a, b, -1.0]) / np.linalg.norm([a, b, -1.0])
    found = scan_normals(plane(normal))
    assert angle(found, normal).max() < 0.1  # float32: 3e-8 m in steps of 1 mm


def test_the_normal_of_a_plane_in_exact_numbers():
    row, column = np.indices((6, 7)).astype(float)
    scan = OrganizedScan(np.stack([column / 64, row / 64, 2 + column / 128 + row / 256], axis=-1))
    expected = np.array([0.5, 0.25, -1]) / np.linalg.norm([0.5, 0.25, -1])
    assert np.array_equal(scan_normals(scan), np.broadcast_to(expected.astype(np.float32), scan.xyz.shape))


def test_the_normals_of_a_sphere():
    centre, radius = np.array([0.0, 0.0, 0.7]), 0.12

    def depth(rays):
        b, c = rays @ centre, centre @ centre - radius**2
        a = (rays**2).sum(axis=-1)
        with np.errstate(invalid="ignore"):
            return (b - np.sqrt(b * b - a * c)) / a

    scan = seen(depth, (240, 320), [[900.0, 0, 160], [0, 900.0, 120], [0, 0, 1]])
    truth = (scan.xyz - centre) / radius
    view = scan.xyz / np.linalg.norm(scan.xyz, axis=2, keepdims=True)
    facing = scan.valid & ((truth * -view).sum(axis=2) > np.cos(np.radians(60)))
    facing[[0, -1]] = facing[:, [0, -1]] = False  # at the border there is one neighbour only
    inner = facing & np.roll(facing, 1, 0) & np.roll(facing, -1, 0) & np.roll(facing, 1, 1) & np.roll(facing, -1, 1)
    assert inner.sum() > 10_000
    # A step is 0.3 to 0.6 degrees of the sphere: differences to one side would be wrong by half of that.
    assert angle(scan_normals(scan)[inner], truth[inner]).max() < 0.02


@settings(deadline=None, max_examples=30)
@given(st.sampled_from([1e-3, 0.0254, 1.0, 1000.0]), st.integers(0, 1000))
def test_the_unit_does_not_matter(scale, seed):
    xyz = surface(12, 15, seed)
    first, second = scan_normals(OrganizedScan(xyz)), scan_normals(OrganizedScan(xyz * np.float32(scale)))
    assert np.array_equal(np.isnan(first), np.isnan(second))
    assert np.nanmax(angle(first, second), initial=0) < 0.01


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000))
def test_normals_are_units_that_face_the_camera(seed):
    scan = OrganizedScan(surface(12, 15, seed))
    normals = scan_normals(scan)
    there = np.isfinite(normals).all(axis=2)
    assert not (there & ~scan.valid).any() and there.sum() > 50
    assert np.allclose(np.linalg.norm(normals[there], axis=1), 1, atol=1e-6)
    assert ((normals[there] * scan.xyz[there]).sum(axis=1) <= 0).all()
    mirrored = scan_normals(OrganizedScan(scan.xyz[:, ::-1]))[:, ::-1]
    assert np.allclose(mirrored, normals, atol=1e-6, equal_nan=True), "the order of the grid does not matter"


def test_a_depth_edge_does_not_bend_normals():
    left, right = plane(np.array([0.0, 0.0, -1.0]), 0.5), plane(np.array([0.0, 0.0, -1.0]), 0.9)
    xyz = np.where(np.arange(64)[None, :, None] < 32, left.xyz, right.xyz)
    normals = scan_normals(OrganizedScan(xyz))
    assert angle(normals, np.array([0, 0, -1.0])).max() < 0.1
    bent = scan_normals(OrganizedScan(xyz), max_jump=10.0)
    assert angle(bent[:, 31:33], np.array([0, 0, -1.0])).min() > 45


def test_a_lonely_point_has_no_normal():
    xyz = np.full((3, 3, 3), np.nan)
    xyz[1, 1], xyz[1, 2] = (0, 0, 1), (0.001, 0, 1)
    assert np.isnan(scan_normals(OrganizedScan(xyz))).all()
    assert np.isnan(scan_normals(OrganizedScan(np.ones((1, 1, 3))))).all()


def test_what_is_refused():
    scan = OrganizedScan(surface())
    for call, words in [
        (lambda: scan_normals(scan, max_jump=0), "max_jump"),
        (lambda: scan_normals(scan, max_jump=np.nan), "max_jump"),
        (lambda: backproject(np.ones(3), CAMERA), r"shape \(3,\)"),
        (lambda: backproject(np.ones((2, 2)), np.eye(4)), "intrinsics"),
        (lambda: project(np.ones(3), CAMERA, [1, 2]), "k1, k2, p1, p2, k3"),
        (lambda: undistort(np.ones(2), np.zeros((3, 3)), np.zeros(5)), "camera matrix"),
    ]:
        with pytest.raises(InputError, match=words):
            call()
    assert read_camera(INTRINSICS)[0].tolist() == INTRINSICS
