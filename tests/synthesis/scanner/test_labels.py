import numpy as np
import pytest

from pcfilter_lib import data, synthesis
from pcfilter_lib.data.labels import CAUSES
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.decoding import column_sigma
from pcfilter_lib.synthesis.scanner.labels import BAND, borderline, cause_shares, ignore_borderline, tolerances
from pcfilter_lib.synthesis.scanner.sensor import variance


def caused(scan, name):
    return int((scan.extras["cause"] == CAUSES.index(name)).sum())


def scan_of(recipe, *bodies, seed=0):
    return synthesis.simulate_scan(recipe, seed, synthesis.Scene(bodies))


@pytest.fixture(scope="module")
def block(lab):
    return synthesis.Body(lab.box((0.1, 0.1, 0.12), (0.0, 0, 0.06)), (synthesis.Material(0.6),))


def test_tolerance_is_a_millimetre_or_the_noise(lab):
    recipe = lab.IDEAL.replace(noise=True)
    images = np.full((4, 3), 0.1, np.float32)
    modulation = np.array([0.1, 0.02, np.nan], np.float32)
    got = tolerances(images, modulation, np.full(3, 0.003), recipe)
    sigma = 0.003 * column_sigma(np.sqrt(variance(np.float64(0.1), recipe)), 0.02, 16)
    assert got[0] == np.float32(0.001) and got[1] == pytest.approx(3.5 * sigma, rel=1e-4) and got[1] > 0.001
    assert (tolerances(images, modulation, np.full(3, 0.003), lab.IDEAL) == np.float32(0.001)).all()


def test_noise_alone_makes_few_artefacts_where_it_is_told(lab):
    # A dark table: depth noise of several millimetres. 3.5 standard deviations leave 1 in 2,150 outside.
    recipe = lab.IDEAL.replace(noise=True, full_well=2000.0, read_noise=20.0, min_modulation=0.002, exposure=0.12)
    scan = scan_of(recipe, lab.table())
    error = (scan.depth - scan.extras["depth_true"])[scan.valid]
    assert (np.abs(error) > 0.001).mean() > 0.2  # a fixed tolerance would call these artefacts
    assert (scan.label == 0).sum() < 15
    assert set(scan.extras["cause"][scan.label == 0]) <= {CAUSES.index("noise")}


def test_edges_make_mixed_pixels(lab, block):
    plain = scan_of(lab.IDEAL.replace(shadows=False), lab.table(), block)
    wide = scan_of(lab.IDEAL.replace(shadows=False, footprint=3), lab.table(), block)
    assert (plain.label == 0).sum() == 0
    assert caused(wide, "mixed pixel") == (wide.label == 0).sum() > 20


def test_an_edge_in_depth_is_told_from_a_slope(lab):
    low = synthesis.Body(lab.box((0.2, 0.2, 0.014), (0, 0, 0.007)))
    for elevation in (90.0, 35.0):
        recipe = lab.IDEAL.replace(footprint=4, shadows=False, elevation=elevation, tolerance=5e-4)
        scan = scan_of(recipe, lab.table(), low)
        assert caused(scan, "mixed pixel") > 10 and caused(scan, "texture") == 0


def test_borders_of_shadows(lab, block):
    scan = scan_of(lab.IDEAL.replace(footprint=3, min_modulation=0.005), lab.table(), block)
    assert caused(scan, "shadow border") > 0
    assert caused(scan, "shadow border") + caused(scan, "mixed pixel") == (scan.label == 0).sum()


def test_in_full_shadow_light_comes_round_the_corner(lab, block):
    wall = synthesis.Body(lab.box((0.02, 0.4, 0.2), (-0.12, 0, 0.1)), (synthesis.Material(0.95),))
    scan = scan_of(lab.IDEAL.replace(diffuse_bounce=True, min_modulation=0.002), lab.table(), block, wall)
    assert caused(scan, "full shadow") > 20
    assert caused(scan_of(lab.IDEAL.replace(min_modulation=0.002), lab.table(), block, wall), "full shadow") == 0


def test_white_corners_bend(lab):
    white = synthesis.Material(0.98)
    wall = synthesis.Body(lab.box((0.02, 0.6, 0.3), (-0.06, 0, 0.15)), (white,))
    scan = scan_of(lab.IDEAL.replace(diffuse_bounce=True, tolerance=2e-4), lab.table(white), wall)
    assert caused(scan, "interreflection") > 20
    assert caused(scan, "interreflection") == (scan.label == 0).sum()


def test_a_glossy_surface_shows_ghosts(lab):
    wall = synthesis.Body(lab.box((0.02, 0.6, 0.3), (-0.06, 0, 0.15)), (synthesis.Material(0.1, 0.8, 500.0),))
    scan = scan_of(lab.IDEAL.replace(glossy_bounce=True), lab.table(), wall)
    assert caused(scan, "glossy ghost") == (scan.label == 0).sum() > 20


def test_too_much_light_saturates(lab):
    recipe = lab.IDEAL.replace(noise=True, full_well=1e6, read_noise=0.0, bits=16, exposure=4.0, tolerance=2e-4)
    scan = scan_of(recipe, lab.table())
    assert caused(scan, "saturation") == (scan.label == 0).sum() > 20
    careful = scan_of(recipe.replace(reject_saturated=True), lab.table())
    assert caused(careful, "saturation") == 0 and careful.valid.sum() < scan.valid.sum()


def test_two_tones_of_one_surface(lab):
    printed = synthesis.Material(0.9, texture="print", contrast=0.95, grain=0.03)
    recipe = lab.IDEAL.replace(footprint=4, tolerance=3e-4)
    scan = scan_of(recipe, lab.table(printed))
    assert caused(scan, "texture") == (scan.label == 0).sum() > 20
    assert (scan_of(recipe.replace(footprint=1), lab.table(printed)).label == 0).sum() == 0
    assert (scan_of(recipe, lab.table()).label == 0).sum() == 0


def test_a_wrong_calibration(lab):
    scan = scan_of(lab.IDEAL.replace(calibration_error=3.0), lab.table())
    assert caused(scan, "calibration") == (scan.label == 0).sum() > 100


def test_labels_are_by_distance_to_the_surface(lab):
    # A table seen at a grazing angle: an error along the ray is far longer than the distance from the table.
    recipe = lab.IDEAL.replace(elevation=12.0, calibration_error=1.0, field_of_view=4.0, far=5.0)
    recipe = recipe.replace(projector_field_of_view=20.0)
    scan = scan_of(recipe, lab.table(synthesis.Material(0.9), size=10.0))
    along = np.abs(scan.depth - scan.extras["depth_true"])
    off = scan.extras["distance"]
    assert np.nanmedian(off / along) == pytest.approx(np.sin(np.deg2rad(12)), rel=0.05)
    np.testing.assert_array_equal(scan.label[scan.valid] == 0, off[scan.valid] > scan.extras["tolerance"][scan.valid])
    assert (scan.label[~scan.valid] == 255).all()


def test_the_borderline_band(lab):
    assert borderline(np.array([0.6, 0.7, 1.4, 1.6, np.nan]), np.ones(5)).tolist() == [False, True, True, False, False]
    assert BAND == 1.5
    scan = synthesis.simulate_scan(synthesis.Recipe(width=160, height=120), 1)
    band = scan.extras["borderline"]
    ignored = ignore_borderline(scan)
    assert band.sum() > 10 and (ignored.label[band] == 255).all()
    np.testing.assert_array_equal(ignored.label[~band], scan.label[~band])
    with pytest.raises(InputError, match="borderline"):
        ignore_borderline(data.load_scan(data.example_path("mug_scan.npz")))


def test_shares_of_causes(lab):
    scan = synthesis.simulate_scan(synthesis.Recipe(width=160, height=120), 1)
    shares = cause_shares(scan)
    assert list(shares) == list(CAUSES[1:]) and sum(shares.values()) == pytest.approx(1)
    wrong = scan.label == 0
    assert (scan.extras["cause"][wrong] > 0).all() and (scan.extras["cause"][~wrong] == 0).all()
    clean = scan_of(lab.IDEAL, lab.table())
    assert set(cause_shares(clean).values()) == {0.0}
    with pytest.raises(InputError, match="cause"):
        cause_shares(data.load_scan(data.example_path("mug_scan.npz")))
