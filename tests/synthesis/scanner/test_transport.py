import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from pcfilter_lib import synthesis
from pcfilter_lib.synthesis.scanner.transport import BLURS, blurred, direct_light


def test_direct_light_is_the_formula(lab):
    # Albedo times cosine times the square of the reference distance over the distance.
    rig = lab.rig(lab.IDEAL, lab.table(synthesis.Material(0.4)))
    matrix, ambient, _, _, lit = direct_light(rig.stage, np.arange(96 * 72), 1)
    points = rig.stage.camera.rays.reshape(-1, 3) * 0.6
    towards = rig.stage.projector.position - points
    distance = np.linalg.norm(towards, axis=1)
    expected = 0.4 * (-towards[:, 2] / distance) * (0.6 / distance) ** 2
    np.testing.assert_allclose(np.asarray(matrix.sum(axis=1)).ravel(), expected, rtol=1e-4)
    np.testing.assert_allclose(ambient, 0.4, rtol=1e-6)
    assert lit.all()


def test_light_comes_from_the_column_that_geometry_says(lab):
    rig = lab.rig(lab.IDEAL, lab.table())
    matrix = rig.transport(np.arange(96 * 72)).matrix("direct")
    mean = (matrix @ np.arange(1024)) / np.asarray(matrix.sum(axis=1)).ravel()
    np.testing.assert_allclose(mean, rig.stage.projector.column(rig.stage.camera.rays.reshape(-1, 3) * 0.6), atol=1e-3)


def test_a_shadow_is_dark_and_switches_off(lab):
    block = synthesis.Body(lab.box((0.05, 0.2, 0.1), (0, 0, 0.05)))
    for shadows in (True, False):
        rig = lab.rig(lab.IDEAL.replace(shadows=shadows), lab.table(), block)
        _, _, _, _, lit = direct_light(rig.stage, np.arange(96 * 72), 1)
        table = np.abs(rig.centres.point[:, 2] - 0.6) < 1e-4
        x = rig.centres.point[:, 0]
        # The projector stands at x = 0.15, 0.6 m above the table; the block's left upper edge is at x = -0.025.
        end = 0.15 - (0.15 + 0.025) * 0.6 / 0.5
        middle = np.abs(rig.centres.point[:, 1]) < 0.09
        dark = table & middle & (x < -0.026) & (x > end + 0.001)
        assert dark.sum() > 50
        assert not lit[dark].any() if shadows else lit[dark].all()
        assert lit[table & middle & (x < end - 0.005)].all()


def test_blur_is_gaussian():
    rows = np.random.default_rng(0).uniform(size=(3, 200))
    patterns = blurred(rows).reshape(len(BLURS), 200, 3)
    for sigma, level in zip(BLURS, patterns, strict=True):
        expected = rows if sigma == 0 else gaussian_filter1d(rows, sigma, axis=1, mode="constant", truncate=5)
        # SciPy normalises the same kernel; its reach is rounded differently.
        np.testing.assert_allclose(level.T, expected, atol=2e-6)


def test_out_of_focus_light_spreads_over_more_columns(lab):
    widths = []
    for focus_error in (0.0, 0.4):
        rig = lab.rig(lab.IDEAL.replace(projector_aperture=0.01, focus_error=focus_error), lab.table())
        row = rig.transport(np.array([36 * 96 + 48])).matrix("direct").toarray()[0]
        column = np.arange(1024)
        mean = (row @ column) / row.sum()
        widths.append(np.sqrt((row @ (column - mean) ** 2) / row.sum()))
    away = np.hypot(0.15, 0.6)
    disc = 0.01 * rig.stage.projector.focal * abs(1 / away - 1 / (1.4 * away))
    assert widths[0] < 0.6
    assert widths[1] == pytest.approx(disc / 4, rel=0.2)  # the nearest of the blurs


def test_footprints_cover_the_lens_and_see_the_same_blur(lab):
    # The lens in 25 points, each with its rest of the blur, spreads light as the lens as a whole does.
    widths = []
    for footprint in (1, 5):
        recipe = lab.IDEAL.replace(projector_aperture=0.01, focus_error=0.4, footprint=footprint, field_of_view=2.0)
        row = lab.rig(recipe, lab.table()).transport(np.array([36 * 96 + 48])).matrix("direct").toarray()[0]
        mean = (row @ np.arange(1024)) / row.sum()
        widths.append((mean, np.sqrt((row @ (np.arange(1024) - mean) ** 2) / row.sum())))
    assert widths[0][0] == pytest.approx(widths[1][0], abs=0.01)
    assert widths[0][1] == pytest.approx(widths[1][1], rel=0.1)


def test_shadows_are_soft_as_wide_as_the_lens_makes_them(lab):
    block = synthesis.Body(lab.box((0.05, 0.4, 0.1), (0, 0, 0.05)))
    recipe = lab.IDEAL.replace(projector_aperture=0.02, footprint=8, field_of_view=12.0, aim_error=0.0)
    rig = lab.rig(recipe, lab.table(), block)
    row = np.arange(36 * 96, 37 * 96)
    lit = rig.transport(row).lit.mean(axis=1)
    x = rig.stage.camera.rays[36, :, 0] * 0.6
    # From x = 0.15 past the edge at (-0.025, 0.1): each point of the lens has its own end of the shadow.
    half = 0.02 * np.sqrt(3 / 4) * 7 / 16
    ends = [-0.025 - (0.15 + side - -0.025) * 0.1 / 0.5 for side in (half, -half)]
    soft = (lit > 0.02) & (lit < 0.98) & (x < -0.04)  # the block itself ends at -0.03
    assert soft.sum() >= 3
    pitch = x[1] - x[0]
    assert x[soft].min() == pytest.approx(min(ends), abs=1.5 * pitch)
    assert x[soft].max() == pytest.approx(max(ends), abs=1.5 * pitch)


def test_render_takes_ways_apart(lab):
    recipe = synthesis.Recipe(width=48, height=36).draw(1)
    sim = synthesis.simulate(recipe, 1)
    transport = sim.transport(np.arange(48 * 36))
    rows = blurred(sim.patterns.rows())
    whole = transport.render(rows)
    parts = sum(transport.render(rows, (way,)) for way in ("direct", "diffuse", "glossy"))
    np.testing.assert_allclose(whole, parts, atol=1e-5)
    assert transport.render(rows, ("diffuse",)).max() > 0
