"""Energy: what a surface sends on is what it received, times its reflectance."""

import numpy as np
import pytest

from pcfilter_lib import data, synthesis
from pcfilter_lib.synthesis.scanner.bounces import diffuse_light, gather, ghost_light, photons, reflected_light
from pcfilter_lib.synthesis.scanner.geometry import ASPECT
from pcfilter_lib.synthesis.scanner.transport import BLURS, Light, direct_light

MIRROR = dict(albedo=0.0, specular=0.8, shininess=1e6)


def evenly_bright(hits):
    """Irradiance 2 on everything."""
    return Light(hits.found * np.float32(2), np.zeros(len(hits.face), np.float32), np.zeros(len(hits.face), np.uint8))


def samples(rig, count=20_000):
    """Points spread evenly over all surfaces, as hits of rays that arrive from just above them."""
    tracer = rig.stage.tracer
    mesh = data.Mesh(tracer.vertices, tracer.faces)
    points, face = data.sample_surface(mesh, count, seed=0, return_faces=True)
    normal = mesh.normals()[face].astype(np.float32)
    return tracer.cast(points.astype(np.float32) + 1e-3 * normal, -normal), mesh.areas().sum()


def solid_angle(projector):
    """Of the projector's image, by the formula for a rectangle seen from above its centre."""
    a, b = projector.columns / 2 / projector.focal, ASPECT * projector.columns / 2 / projector.focal
    return 4 * np.arcsin(a * b / np.sqrt((1 + a * a) * (1 + b * b)))


def test_light_of_the_projector_arrives(lab):
    rig = lab.rig(lab.IDEAL, lab.room(synthesis.Material(0.5)))
    hits, area = samples(rig, 100_000)
    arrived = rig.stage.light(hits).irradiance.mean() * area
    assert arrived == pytest.approx(solid_angle(rig.stage.projector) * rig.stage.reference**2, rel=0.02)


@pytest.mark.parametrize("albedo", [0.2, 0.9])
def test_diffuse_bounce_conserves_energy(lab, albedo):
    # In a closed room nothing is lost: the second surfaces receive what the first received, times the albedo.
    rig = lab.rig(lab.IDEAL, lab.room(synthesis.Material(albedo)))
    hits, area = samples(rig)
    first = solid_angle(rig.stage.projector) * rig.stage.reference**2
    second = gather(rig.stage, hits, 64).sum() / len(hits.face) * area
    assert second == pytest.approx(albedo * first, rel=0.02)


@pytest.mark.parametrize("shininess", [20.0, 1e6])
def test_photons_conserve_energy(lab, shininess):
    rig = lab.rig(lab.IDEAL, lab.room(synthesis.Material(**{**MIRROR, "shininess": shininess})))
    total = sum(flux[landed.found].sum() for landed, flux, _ in photons(rig.stage, 1.0))
    sent = solid_angle(rig.stage.projector) * rig.stage.reference**2
    # A wide lobe loses what would go below the surface: never a gain.
    assert total == pytest.approx(0.8 * sent, rel=1e-4 if shininess == 1e6 else 0.05)
    assert total <= 0.8 * sent * 1.0001


def test_photons_are_counted_where_they_land(lab):
    mirror = synthesis.Body(lab.box((0.01, 0.3, 0.2), (0.155, 0, 0.1)), (synthesis.Material(**MIRROR),))
    recipe = lab.IDEAL.replace(field_of_view=60.0, glossy_bounce=True, baseline=-0.25)
    rig = lab.rig(recipe, lab.table(synthesis.Material(0.5)), mirror)
    stage, camera = rig.stage, rig.stage.camera
    landed_flux = 0.0
    for landed, flux, _ in photons(stage, 16.0):
        on_table = landed.found & (np.abs(landed.point[:, 2] - 0.6) < 1e-3)
        pixel = landed.point[on_table, :2] / landed.point[on_table, 2:] * camera.focal
        inside = (np.abs(pixel) < np.array([46, 34])).all(axis=1)
        seen = stage.tracer.sees(landed, np.zeros(3))[on_table] & inside
        landed_flux += flux[on_table][seen].sum()
    ghosts = np.asarray(ghost_light(stage, rig.centres, 16.0).sum(axis=1)).reshape(camera.shape)
    area = (0.6 / camera.focal) ** 2  # of a pixel on the table
    received = ghosts[1:-1, 1:-1].sum() * area / 0.5
    assert landed_flux > 0 and received == pytest.approx(landed_flux, rel=0.03)


def test_glossy_lobe_reflects_its_share_at_every_angle(lab):
    # A glossy table shows an evenly bright room the share of that brightness, whatever the angle.
    room = lab.room(synthesis.Material(0.5))
    for elevation in (85.0, 40.0):
        plate = synthesis.Body(lab.box((0.6, 0.6, 0.01)), (synthesis.Material(0.0, 0.7, 200.0),))
        rig = lab.rig(lab.IDEAL.replace(elevation=elevation, footprint=5), room, plate)
        _, _, hits, directions, _ = direct_light(rig.stage, np.arange(96 * 72), 5)
        object.__setattr__(rig.stage, "light", evenly_bright)
        seen = np.asarray(reflected_light(rig.stage, hits, directions, 25).sum(axis=1)).ravel()
        middle = seen[(72 // 2) * 96 + 48]
        assert middle == pytest.approx(0.7, rel=0.02)  # the room: albedo 0.5 times irradiance 2


def test_interpolated_diffuse_light_is_what_each_pixel_would_gather(lab):
    block = synthesis.Body(lab.box((0.1, 0.1, 0.08), (0.02, 0, 0.04)), (synthesis.Material(0.8),))
    rig = lab.rig(lab.IDEAL, lab.table(synthesis.Material(0.6)), block)
    weights, gathered = diffuse_light(rig.stage, rig.centres, 4, 64)
    coarse = np.asarray((weights @ gathered).sum(axis=1)).ravel()
    exact = np.asarray(gather(rig.stage, rig.centres, 64).sum(axis=1)).ravel()
    exact *= rig.stage.tracer.reflectance(rig.centres)
    assert coarse.max() > 0.02
    assert np.abs(coarse - exact).mean() < 0.15 * exact.mean()  # 4 pixels are 17 mm here
    assert gathered.shape[0] < 0.3 * len(exact)  # which was the point of interpolating


def test_a_corner_receives_the_light_that_theory_says(lab):
    # Two white half-planes at a right angle, one of them evenly bright: a point close to the edge of the other sees it
    # in half of its cosine-weighted hemisphere (Howell's catalogue of form factors, perpendicular plane to infinity).
    wall = synthesis.Body(lab.box((0.02, 4, 4), (0.11, 0, 2.0)), (synthesis.Material(0.5),))
    rig = lab.rig(lab.IDEAL, lab.table(synthesis.Material(0.5)), wall)
    stage = rig.stage
    light = stage.light

    def even(hits):
        on_wall = np.abs(hits.flat @ (stage.camera.pose[:3, :3] @ [1, 0, 0])) > 0.99
        real = light(hits)
        return type(real)(np.where(hits.found & on_wall, np.float32(2), np.float32(0)), real.column, real.blur)

    object.__setattr__(stage, "light", even)
    column = int(48 + stage.camera.focal * 0.098 / 0.6)
    hits = rig.centres[np.arange(20, 50) * 96 + column]
    received = np.asarray(gather(stage, hits, 1024).sum(axis=1)).ravel()
    np.testing.assert_allclose(received, 0.5, rtol=0.05)


def test_nothing_glossy_no_ghosts(lab):
    rig = lab.rig(lab.IDEAL.replace(glossy_bounce=True), lab.table())
    assert rig.ghosts is None
    assert ghost_light(rig.stage, rig.centres, 1.0).nnz == 0
    assert ghost_light(rig.stage, rig.centres, 1.0).shape == (96 * 72, 1024 * len(BLURS))
