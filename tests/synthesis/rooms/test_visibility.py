import math
import subprocess
import sys

import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.data import FREE, SURFACE, UNKNOWN
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.furniture.catalogue import make_furniture
from pcfilter_lib.synthesis.rooms.visibility import partial_scan

VIEWS = [(0, 0), (90, 0), (37, 20), (-120, 55), (210, -35), (0, 90)]


def sphere(count=20_000, radius=0.4):
    directions = np.random.default_rng(0).normal(size=(count, 3))
    return 0.5 + radius * directions / np.linalg.norm(directions, axis=1, keepdims=True)


def shape(kind, count, seed=0):
    solid = make_furniture(kind, np.random.default_rng(seed))
    return data.sample_surface(data.Mesh(solid.vertices, solid.faces), count, seed=seed) * 0.9 + (0.5, 0.5, 0.02)


def towards(azimuth, elevation):
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


def marched(points, azimuth, elevation, side, tolerance=1.0):
    """The same by hand: for each pixel, march along its ray from voxel centre to voxel centre."""
    camera = towards(azimuth, elevation)
    a = math.radians(azimuth)
    right = np.array([-math.sin(a), math.cos(a), 0])
    up = np.cross(camera, right)

    def pixel(point):
        return math.floor(point @ right + pixels / 2), math.floor(point @ up + pixels / 2)

    pixels = math.ceil(math.sqrt(3) * side) + 2
    points = points * side - side / 2
    rays = {}
    for number, point in enumerate(points):
        rays.setdefault(pixel(point), []).append((-(point @ camera), "point", number))
    for index in np.ndindex(side, side, side):
        centre = np.array(index) + 0.5 - side / 2
        rays.setdefault(pixel(centre), []).append((-(centre @ camera), "voxel", index))
    visible, knowledge = np.zeros(len(points), bool), np.full((side,) * 3, UNKNOWN)
    for events in rays.values():
        depths = [depth for depth, what, _ in events if what == "point"]
        hit = min(depths, default=math.inf)
        for depth, what, which in sorted(events):
            if what == "point" and depth <= hit + tolerance:
                visible[which] = True
            elif what == "voxel" and depth + 0.5 < hit:
                knowledge[which] = FREE
    for point in points[visible]:
        knowledge[tuple(np.minimum((point + side / 2).astype(int), side - 1))] = SURFACE
    return visible, knowledge


@pytest.mark.parametrize("azimuth, elevation", VIEWS)
def test_it_is_what_marching_each_ray_says(azimuth, elevation):
    points = shape("chair", 700)
    for tolerance in (1.0, 0.3):
        scan = partial_scan(points, azimuth, elevation, resolution=9, tolerance=tolerance)
        visible, knowledge = marched(points, azimuth, elevation, 9, tolerance)
        np.testing.assert_array_equal(scan.visible, visible[None])
        np.testing.assert_array_equal(scan.knowledge, knowledge)
        assert scan.knowledge.dtype == np.int8 and scan.visible.dtype == bool
        assert all((scan.knowledge == each).sum() > 10 for each in (UNKNOWN, FREE, SURFACE))


@pytest.mark.parametrize("azimuth, elevation", VIEWS)
def test_half_a_sphere_is_visible_and_its_inside_and_its_shadow_are_unknown(azimuth, elevation):
    points, camera = sphere(), towards(azimuth, elevation)
    scan = partial_scan(points, azimuth, elevation)
    facing = (points - 0.5) @ camera / 0.4
    # Within a pixel, the depth of a steep surface changes by more than the tolerance: some of its points are lost.
    assert scan.visible[0][facing > 0.85].all() and not scan.visible[0][facing < -0.15].any()
    assert scan.visible[0][facing > 0.35].mean() > 0.8
    centres = (np.indices((32,) * 3).reshape(3, -1).T + 0.5) / 32 - 0.5
    along = centres @ camera
    across = np.linalg.norm(centres - along[:, None] * camera, axis=1)
    front = np.sqrt(np.maximum(0.4**2 - across**2, 0))
    said = scan.knowledge.ravel()
    beside = across > 0.4 + 2 / 32
    assert (said[beside] == FREE).all()
    within = across < 0.33
    assert (said[within & (along > front + 2.5 / 32)] == FREE).all()
    assert (said[within & (along < front - 2.5 / 32)] == UNKNOWN).all()
    assert (np.abs(np.linalg.norm(centres[said == SURFACE], axis=1) - 0.4) < 1 / 32).all()


def test_views_are_joined_surface_over_free_over_unknown():
    points = shape("table", 5000)
    azimuth, elevation = np.array([10, 130, 250]), 25
    scans = [partial_scan(points, each, elevation, resolution=16) for each in azimuth]
    together = partial_scan(points, azimuth, elevation, resolution=16)
    np.testing.assert_array_equal(together.visible, np.concatenate([scan.visible for scan in scans]))
    np.testing.assert_array_equal(together.knowledge, np.max([scan.knowledge for scan in scans], axis=0))
    unknown = [(scan.knowledge == UNKNOWN).sum() for scan in scans]
    assert (together.knowledge == UNKNOWN).sum() < min(unknown)


def test_a_scanner_without_background_knows_less():
    points = sphere()
    scan, blind = (partial_scan(points, 20, 10, background=each) for each in (FREE, UNKNOWN))
    np.testing.assert_array_equal(scan.visible, blind.visible)
    assert ((blind.knowledge == scan.knowledge) | (blind.knowledge == UNKNOWN)).all()
    assert blind.knowledge[0, 0, 0] == UNKNOWN and scan.knowledge[0, 0, 0] == FREE
    assert (blind.knowledge == FREE).any()


def test_the_cube_may_lie_anywhere():
    points = sphere(3000)
    scan = partial_scan(points, 20, 10, resolution=12)
    moved = partial_scan(points * 2 - 1, 20, 10, resolution=12, origin=(-1, -1, -1), side=2)
    np.testing.assert_array_equal(moved.knowledge, scan.knowledge)
    corner = partial_scan(np.array([[0.0, 0, 0], [1, 1, 1]], np.float32), 45, 30, resolution=4)
    assert corner.knowledge[3, 3, 3] == SURFACE


def test_it_needs_no_open3d():
    code = "import sys; sys.modules['open3d'] = None; from pcfilter_lib import synthesis; import numpy as np; "
    code += "print(synthesis.partial_scan(np.full((1, 3), 0.5), 0, 0, resolution=4).knowledge.max())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(SURFACE)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"points": np.zeros((0, 3))}, "points"),
        ({"points": np.zeros((5, 2))}, r"\(5, 2\)"),
        ({"points": np.full((5, 3), 1.1)}, "cube of side 1 .* origin and side"),
        ({"points": np.full((5, 3), np.nan)}, "cube"),
        ({"azimuth": np.nan}, "azimuth"),
        ({"azimuth": np.zeros((2, 2))}, "azimuth"),
        ({"resolution": 0}, "resolution"),
        ({"side": 0}, "side"),
        ({"tolerance": -1}, "tolerance"),
        ({"background": SURFACE}, "background"),
    ],
)
def test_impossible_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        partial_scan(**({"points": np.full((5, 3), 0.5), "azimuth": 0, "elevation": 0} | arguments))
