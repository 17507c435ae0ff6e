"""Pictures of shapes, compared with one ray at a time."""

import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import Body, Material, blocks, look_at, render, splat, turntable


def one_ray_at_a_time(points, camera, radius):
    """Return depth and number of the nearest sphere and how many there are, pixel by pixel, sphere by sphere."""
    count = np.zeros(camera.shape, int)
    centres = points @ camera.pose[:3, :3].T + camera.pose[:3, 3]
    depth, source = np.full(camera.shape, np.nan), np.full(camera.shape, -1)
    for row in range(camera.shape[0]):
        for column in range(camera.shape[1]):
            ray = camera.rays[row, column]
            for number, centre in enumerate(centres):
                half = ray @ centre
                inside = half**2 - ray @ ray * (centre @ centre - radius**2)
                if centre[2] <= radius or inside < 0:
                    continue
                count[row, column] += 1
                reach = (half - np.sqrt(inside)) / (ray @ ray)
                if not depth[row, column] <= reach:
                    depth[row, column], source[row, column] = reach, number
    return depth, source, count


def test_a_camera_has_its_target_in_the_middle_and_up_is_up():
    camera = look_at((3, 1, 2), (0.5, 0, 0), size=(5, 7), field_of_view=60)

    def pixel(point):
        local = camera.intrinsics @ (camera.pose[:3, :3] @ point + camera.pose[:3, 3])
        return local[:2] / local[2]

    np.testing.assert_allclose(pixel([0.5, 0, 0]), (3, 2), atol=1e-12)
    assert pixel([0.5, 0, 0.1])[1] < 2, "rows are counted downwards"
    assert pixel(np.array([0.5, 0, 0]) + 0.1 * np.array([-1, 2.5, 0]))[0] > 3, "seen from (3, 1), this is on the right"
    np.testing.assert_allclose(camera.pose[:3, :3] @ camera.pose[:3, :3].T, np.eye(3), atol=1e-12)
    assert np.linalg.det(camera.pose[:3, :3]) == pytest.approx(1)
    np.testing.assert_allclose(camera.to_world[:3, 3], (3, 1, 2), atol=1e-12)
    # Half the field of view reaches to the border of the outermost pixel on the shorter side.
    assert np.tan(np.deg2rad(30)) * camera.focal == pytest.approx(2.5)


def test_a_turntable_holds_its_sphere_in_every_picture():
    cameras = turntable(5, 20, azimuth=10, size=40, radius=0.5, distance=2, target=(1, 2, 3))
    away = np.stack([camera.to_world[:3, 3] for camera in cameras]) - (1, 2, 3)
    np.testing.assert_allclose(np.linalg.norm(away, axis=1), 2)
    np.testing.assert_allclose(np.rad2deg(np.arctan2(away[:, 1], away[:, 0])) % 360, [10, 82, 154, 226, 298])
    np.testing.assert_allclose(np.rad2deg(np.arcsin(away[:, 2] / 2)), 20)
    ball = splat([(1, 2, 3)], cameras, 0.499).silhouette
    assert not ball[:, 0].all(axis=1).any() and ball[:, 0].any(), "it touches the border, and does not fill it"
    assert ball.mean() == pytest.approx(np.pi / 4, abs=0.03)


def test_spheres_are_what_single_rays_meet():
    draw = np.random.default_rng(0)
    points = draw.normal(size=(60, 3)) * 0.4
    points[0], points[1] = (2.9, 0, 0), (5, 0, 0)  # close to the first camera, and behind it
    cameras = turntable(3, 0, size=(13, 17))
    found = splat(points, cameras, 0.15, colours=np.arange(60)[:, None])
    for number, camera in enumerate(cameras):
        depth, source, count = one_ray_at_a_time(points.astype(np.float32).astype(float), camera, 0.15)
        assert (source >= 0).sum() > 20
        np.testing.assert_array_equal(found.source[number], source)
        np.testing.assert_array_equal(found.count[number], count)
        np.testing.assert_allclose(found.depth[number], depth, rtol=2e-6)
        seen = source >= 0
        np.testing.assert_array_equal(found.colour[number][seen, 0], source[seen])
        assert not found.colour[number][~seen].any()
        away = found.points[number][seen] - points[source[seen]]
        np.testing.assert_allclose(np.linalg.norm(away, axis=1), 0.15, atol=1e-5)
        np.testing.assert_allclose(found.normal[number][seen], away / 0.15, atol=1e-4)
        assert not found.normal[number][~seen].any()


def test_the_nearest_sphere_wins_whatever_the_order():
    draw = np.random.default_rng(1)
    points, cameras = draw.normal(size=(200, 3)) * 0.3, turntable(2, size=24)
    order = draw.permutation(200)
    first, second = splat(points, cameras, 0.1), splat(points[order], cameras, 0.1)
    np.testing.assert_array_equal(first.depth, second.depth)
    np.testing.assert_array_equal(first.source[first.silhouette], order[second.source[second.silhouette]])


def test_what_a_network_sees():
    cameras = turntable(2, 0, size=31)
    ball = splat([(0, 0, 0)], cameras, 0.9)
    depth, shade, silhouette = (ball.channels([name])[0, ..., 0] for name in ("depth", "shade", "silhouette"))
    assert depth[15, 15] == pytest.approx(0.2 + 0.8 * 0.95), "0.1 behind the front of the unit sphere"
    assert shade[15, 15] == pytest.approx(1) and silhouette[15, 15] == 1
    outside = ~ball.silhouette[0]
    for values in (depth, shade, silhouette):
        assert (values[outside] == 0).all() and (values[~outside] >= 0.2).all()
    assert ball.channels(("normal", "depth")).shape == (2, 31, 31, 4)
    eight = splat(np.zeros((8, 3)), cameras, 0.9).channels(("count",))[..., 0]
    np.testing.assert_array_equal(eight, np.where(ball.silhouette, 0.5, 0))
    # A lamp to one side leaves the other side with the light from everywhere alone.
    side = ball.shade((0, 5, 0))[0]
    assert side[15, 27] > 0.7 and side[15, 3] == pytest.approx(0.2), "seen from +x, +y is on the right"
    assert side[~outside].min() == pytest.approx(0.2)


def test_surfaces_are_what_single_rays_meet():
    pytest.importorskip("open3d")
    cameras = turntable(4, 30, azimuth=45, size=33)
    box = blocks((-0.5, 0.5), (-0.4, 0.4), (-0.3, 0.3), [[[True]]])
    found = render(box, cameras)
    with pytest.raises(InputError, match="no count"):
        found.channels(["count"])
    for number, camera in enumerate(cameras):
        start = camera.to_world[:3, 3]
        rays = camera.rays @ camera.pose[:3, :3]
        with np.errstate(divide="ignore"):
            planes = (np.array([[-0.5, -0.4, -0.3], [0.5, 0.4, 0.3]]) - start) / rays[..., None, :]
        near, far = planes.min(axis=-2), planes.max(axis=-2)
        depth = np.where(near.max(axis=-1) <= far.min(axis=-1), near.max(axis=-1), np.nan)
        np.testing.assert_allclose(found.depth[number], depth, rtol=1e-5)
        axis = near.argmax(axis=-1)
        expected = -np.sign(rays) * np.eye(3)[axis]
        seen = found.silhouette[number]
        assert seen.sum() > 50
        np.testing.assert_allclose(found.normal[number][seen], expected[seen], atol=1e-5)
        np.testing.assert_allclose(found.points[number][seen], (start + depth[..., None] * rays)[seen], atol=1e-5)


def test_colours_are_those_of_the_material():
    pytest.importorskip("open3d")
    cameras = turntable(1, size=33)
    box = blocks((-0.5, 0.5), (-0.4, 0.4), (-0.3, 0.3), [[[True]]])
    plain = render(Body(box, (Material(albedo=0.3),)), cameras)
    assert plain.colour[0, 16, 16, 0] == pytest.approx(0.3) and plain.colour[~plain.silhouette].max() == 0
    printed = render(Body(box, (Material(albedo=0.8, texture="print", contrast=0.5, grain=0.1),)), cameras)
    np.testing.assert_allclose(np.unique(printed.colour), [0, 0.4, 0.8], rtol=1e-6)
    np.testing.assert_array_equal(printed.depth, plain.depth)


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: look_at((0, 0, 0)), "position"),
        (lambda: look_at((0, 0, 2)), "position"),
        (lambda: look_at((0, np.nan, 2)), "position"),
        (lambda: look_at((1, 0, 0), field_of_view=180), "field_of_view"),
        (lambda: turntable(0), "count"),
        (lambda: turntable(1, 90), "elevation"),
        (lambda: turntable(distance=1), "distance"),
        (lambda: splat(np.zeros((0, 3)), turntable()), "points"),
        (lambda: splat([[0, 0, np.inf]], turntable()), "points"),
        (lambda: splat([[0, 0, 0]], turntable(), 0), "radius"),
        (lambda: splat([[0, 0, 0]], []), "cameras"),
        (lambda: splat([[0, 0, 0]], turntable(1) + turntable(1, size=8)), "cameras"),
        (lambda: splat([[0, 0, 0]], turntable(), colours=[[1], [2]]), "colours"),
        (lambda: splat([[0, 0, 0]], turntable(1)).channels(["warmth"]), "what"),
        (lambda: splat([[0, 0, 0]], turntable(1)).channels(["colour"]), "what"),
        (
            lambda: render(blocks((-1, 1), (-1, 1), (-1, 1), [[[True]]]), turntable(1)).channels(["count"]),
            "what",
        ),
        (lambda: splat([[0, 0, 0]], turntable(1)).shade((0, 0, 0)), "light"),
        (lambda: render("chair", turntable()), "scene"),
    ],
)
def test_bad_input_is_named(call, place):
    with pytest.raises(InputError, match=place):
        call()
