import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.synthesis import Recipe, triangulate
from pcfilter_lib.synthesis.scanner.geometry import set_up


@pytest.fixture(params=[0.15, -0.3])
def scanner(request):
    recipe = Recipe(baseline=request.param, calibration_error=0.0, aim_error=0.0, elevation=60.0).draw(0)
    return recipe, *set_up(recipe, 0, np.array([0.1, 0.2, 0.03]))


def test_camera_and_projector_look_at_the_target(scanner):
    recipe, camera, projector, _ = scanner
    target = camera.pose[:3, :3] @ [0.1, 0.2, 0.03] + camera.pose[:3, 3]
    np.testing.assert_allclose(target, [0, 0, recipe.distance], atol=1e-12)
    column, row, depth = projector.project(target)
    assert column == pytest.approx((projector.columns - 1) / 2) and row == pytest.approx(0)
    assert depth == pytest.approx(np.hypot(recipe.distance, recipe.baseline))
    up = camera.pose[:3, :3] @ [0, 0, 1]
    assert up[1] < 0 and up[0] == pytest.approx(0)  # y points down in the image, and the camera is level
    assert np.linalg.det(camera.pose[:3, :3]) == pytest.approx(1)
    where = -camera.pose[:3, :3].T @ camera.pose[:3, 3]
    assert where[2] == pytest.approx(0.03 + recipe.distance * np.sin(np.deg2rad(60)))


def test_rays_are_those_of_the_pinhole(scanner):
    _, camera, _, _ = scanner
    xyz = data.backproject(np.ones(camera.shape), camera.intrinsics)
    np.testing.assert_allclose(camera.rays, xyz, atol=1e-6)


def test_triangulation_inverts_projection(scanner):
    _, camera, projector, _ = scanner
    depth = np.random.default_rng(0).uniform(0.3, 2, camera.shape)
    column = projector.column(camera.rays * depth[..., None])
    np.testing.assert_allclose(triangulate(column, camera.rays, projector), depth, rtol=1e-10)
    # A point lies in the plane of its column.
    normal = projector.plane(column)
    point = camera.rays * depth[..., None]
    assert np.abs(np.einsum("ijc,ijc->ij", normal, point - projector.position)).max() < 1e-9


def test_rays_that_do_not_meet_their_plane(scanner):
    _, camera, projector, _ = scanner
    assert np.isnan(triangulate(np.full(camera.shape, np.nan), camera.rays, projector)).all()
    away = projector.column(camera.rays * -1.0)  # planes that meet these rays behind the camera
    assert np.isnan(triangulate(away, camera.rays, projector)).all()


def test_footprint_is_centred_and_the_lens_too(scanner):
    _, camera, _, _ = scanner
    for count in (1, 2, 3, 4):
        origins, directions = camera.footprint(np.array([0, 5000]), count)
        np.testing.assert_allclose(origins.mean(axis=1), 0, atol=1e-9)
        at_focus = origins + directions
        centre = camera.rays.reshape(-1, 3)[[0, 5000]] * camera.focus
        np.testing.assert_allclose(at_focus.mean(axis=1), centre, atol=1e-6)
        pitch = camera.focus / camera.focal
        assert np.ptp(at_focus[0, :, 0]) == pytest.approx(pitch * (1 - 1 / count), abs=1e-6)
        assert np.abs(origins).max() <= camera.aperture / 2


def test_blur_out_of_focus(scanner):
    _, camera, projector, _ = scanner
    assert projector.spread(np.array(projector.focus)) == pytest.approx(projector.blur)
    near, far = projector.spread(projector.focus * np.array([0.7, 1.3]))
    assert near > far > projector.blur


def test_calibration_error_turns_the_true_projector():
    recipe = Recipe(calibration_error=2.0).draw(0)
    errors = []
    for seed in range(200):
        camera, projector, calibrated = set_up(recipe, seed, np.zeros(3))
        point = np.array([0.0, 0.0, recipe.distance])
        errors.append(projector.column(point) - calibrated.column(point))
    assert np.std(errors) == pytest.approx(2.0, rel=0.15)
    _, projector, calibrated = set_up(recipe.replace(calibration_error=0.0), 0, np.zeros(3))
    np.testing.assert_array_equal(projector.rotation, calibrated.rotation)
