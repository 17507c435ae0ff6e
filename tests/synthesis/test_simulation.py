"""The scanner as a whole, held against what geometry and the theory of errors say."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest

from pcfilter_lib import data, synthesis
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.decoding import column_sigma
from pcfilter_lib.synthesis.scanner.sensor import variance
from pcfilter_lib.synthesis.simulation import reproduce_scan, simulate, simulate_scan


@pytest.mark.parametrize("distance", [0.4, 0.8, 1.6])
@pytest.mark.parametrize("baseline", [0.08, -0.16, 0.32])
def test_depth_noise_on_a_plane_is_that_of_theory(lab, distance, baseline):
    recipe = lab.IDEAL.replace(distance=distance, baseline=baseline, noise=True, field_of_view=6.0, bits=12)
    sim = simulate(recipe, 1, synthesis.Scene((lab.table(),)))
    error = sim.scan.depth - distance
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(error.size)
    noise = np.sqrt(variance(sim.images[-4:].mean(axis=0), recipe)).mean()
    columns = column_sigma(noise, sim.decoded.modulation.mean(), recipe.period)
    # On the common axis a column is (z^2 + b^2) / (b f) deep: z^2 / (b f) for a projector that looks straight ahead.
    theory = (distance**2 + baseline**2) / (abs(baseline) * sim.projector.focal) * columns
    assert error.std() == pytest.approx(theory, rel=0.05)


def test_a_plane_without_noise_is_where_it_is(lab):
    scan = simulate_scan(lab.IDEAL.replace(elevation=60.0), 0, synthesis.Scene((lab.table(),)))
    assert scan.valid.mean() > 0.99
    np.testing.assert_allclose(scan.depth, scan.extras["depth_true"], atol=3e-5)  # the cosine's steps of one column


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("support", ["table", "bin"])
def test_no_artefacts_with_noise_bounces_defocus_and_edges_off(lab, seed, support):
    recipe = synthesis.Recipe(
        width=200,
        height=150,
        support=support,
        noise=False,
        footprint=1,
        diffuse_bounce=False,
        glossy_bounce=False,
        camera_aperture=0.0,
        projector_aperture=0.0,
        projector_blur=0.0,
        calibration_error=0.0,
    )
    scan = simulate_scan(recipe, seed)
    assert scan.valid.mean() > 0.4
    assert (scan.label == 0).sum() == 0
    assert scan.extras["distance"][scan.valid].max() < 2e-4
    # The same scene with everything on has artefacts: this test can fail.
    on = simulate_scan(synthesis.Recipe(width=200, height=150, support=support), seed)
    assert (on.label == 0).sum() > 50


def test_the_ends_of_the_projectors_image(lab):
    # A projector with a narrow image: what its first and last columns light is right, and nothing beyond is measured.
    sim = simulate(lab.IDEAL.replace(projector_field_of_view=12.0), 0, synthesis.Scene((lab.table(),)))
    column = sim.projector.column(sim.camera.rays * 0.6)
    assert 0.05 < sim.scan.valid.mean() < 0.8 and (sim.scan.label == 0).sum() == 0
    row = 36  # in the middle; above and below ends the projector's image, too
    np.testing.assert_array_equal(sim.scan.valid[row], (column[row] >= 0) & (column[row] <= 1023))
    np.testing.assert_allclose(sim.decoded.column[sim.scan.valid], column[sim.scan.valid], atol=0.01)


def mirror_scene(lab):
    """A table, and a mirror that stands on it at x = 0.05 and looks to the left."""
    mirror = synthesis.Material(albedo=0.0, specular=1.0, shininess=1e6)
    wall = synthesis.Body(lab.box((0.01, 0.5, 0.2), (0.055, 0, 0.1), "mirror"), (mirror,))
    return synthesis.Scene((lab.table(), wall))


def reflect(sim, points):
    """Mirror points of the camera's frame in the mirror's plane."""
    pose = sim.camera.pose
    normal = pose[:3, :3] @ [1, 0, 0]
    on = pose[:3, :3] @ [0.05, 0, 0] + pose[:3, 3]
    return points - 2 * ((points - on) @ normal)[..., None] * normal


def test_a_mirrors_ghost_is_where_geometry_puts_it(lab):
    # Projector, mirror, table, camera: the table is lit as by a projector behind the mirror.
    recipe = lab.IDEAL.replace(
        direct_light=False, glossy_bounce=True, baseline=-0.25, photon_density=64.0, exposure=1.0
    )
    sim = simulate(recipe, 0, mirror_scene(lab))
    scan = sim.scan
    true = sim.camera.rays * scan.extras["depth_true"][..., None].astype(float)
    ghost = scan.valid & (scan.extras["object"] == 0)
    assert ghost.sum() > 300
    column = sim.projector.column(reflect(sim, true))
    # Photons arrive within a pixel of where they are counted.
    assert np.median(np.abs(sim.decoded.column - column)[ghost]) < 1.0
    there = synthesis.triangulate(column, sim.camera.rays, sim.projector)
    assert np.median(np.abs(scan.depth - there)[ghost]) < 0.002
    assert np.median(np.abs(scan.depth - scan.extras["depth_true"])[ghost]) > 0.02  # a ghost, not the table
    assert set(scan.extras["cause"][ghost & (scan.label == 0)]) == {data.CAUSES.index("glossy ghost")}


def test_a_mirror_shows_the_table_behind_itself(lab):
    # Projector, table, mirror, camera: the camera sees the table's mirror image.
    recipe = lab.IDEAL.replace(glossy_bounce=True, elevation=50.0, azimuth=180.0, baseline=0.15, shadows=False)
    sim = simulate(recipe, 0, mirror_scene(lab))
    scan, rays = sim.scan, sim.camera.rays
    seen = scan.extras["object"] == 1
    normal_up = sim.camera.pose[:3, :3] @ [0, 0, 1]
    on_mirror = rays * scan.extras["depth_true"][..., None].astype(float)
    direction = reflect(sim, on_mirror + rays) - reflect(sim, on_mirror)
    origin = sim.camera.pose[:3, 3]  # a point of the table
    reach = ((origin - on_mirror) @ normal_up) / (direction @ normal_up)
    table_point = on_mirror + reach[..., None] * direction
    predicted = synthesis.triangulate(sim.projector.column(table_point), rays, sim.projector)
    # Where the front face of the mirror reflects the table in front of it, within the projector's image.
    front = seen & scan.valid & (np.abs(scan.extras["normal_true"] @ normal_up) < 0.01) & (reach > 0)
    assert front.sum() > 200
    assert np.median(np.abs(scan.depth - predicted)[front]) < 2e-4
    assert np.median(np.abs(scan.depth - scan.extras["depth_true"])[front]) > 0.01
    assert set(scan.extras["cause"][front & (scan.label == 0)]) == {data.CAUSES.index("glossy ghost")}


def test_same_seed_same_bytes(lab):
    recipe = synthesis.Recipe(width=160, height=120)
    first, second = simulate_scan(recipe, 5), simulate_scan(recipe, 5)
    again = reproduce_scan(first)
    for other in (second, again):
        for field in dataclasses.fields(first):
            if field.name not in ("extras", "_origin", "offset"):
                mine, its = getattr(first, field.name), getattr(other, field.name)
                assert (mine is None) == (its is None) and (mine is None or mine.tobytes() == its.tobytes()), field.name
        assert first.extras.keys() == other.extras.keys()
        for name, value in first.extras.items():
            assert value.tobytes() == other.extras[name].tobytes(), name
    assert simulate_scan(recipe, 6).xyz.tobytes() != first.xyz.tobytes()
    assert synthesis.Recipe.from_json(str(first.extras["recipe"])) == recipe.draw(5)


def test_a_scan_survives_its_file_and_is_made_again(tmp_path, lab):
    scan = simulate_scan(synthesis.Recipe(width=96, height=72), 3)
    data.save_scan(scan, tmp_path / "scan.npz")
    loaded = data.load_scan(tmp_path / "scan.npz")
    again = reproduce_scan(loaded)
    assert again.xyz.tobytes() == scan.xyz.tobytes()
    assert again.label.tobytes() == loaded.label.tobytes()
    assert again.pose.tobytes() == loaded.pose.tobytes() == scan.pose.tobytes()
    scene = synthesis.Scene((lab.table(),))
    given = simulate_scan(lab.IDEAL, 0, scene)
    assert reproduce_scan(given, scene).xyz.tobytes() == given.xyz.tobytes()
    with pytest.raises(InputError, match="another scene"):
        reproduce_scan(given)
    with pytest.raises(InputError, match="leave the scene out"):
        reproduce_scan(scan, scene)
    with pytest.raises(InputError, match="'recipe'"):
        reproduce_scan(data.load_scan(data.example_path("mug_scan.npz")))


@pytest.mark.parametrize("azimuth", [0.0, 130.0, 270.0])
def test_the_pose_brings_the_points_into_the_frame_of_the_scene(lab, azimuth):
    post = synthesis.Body(lab.box((0.04, 0.06, 0.1), (0.03, -0.02, 0.05)))
    recipe = lab.IDEAL.replace(elevation=50.0, azimuth=azimuth, aim_error=0.02)
    sim = simulate(recipe, 0, synthesis.Scene((lab.table(), post)))
    scan = sim.scan
    world = scan.xyz @ scan.pose[:3, :3].T + scan.pose[:3, 3]
    table = scan.valid & (scan.extras["object"] == 0)
    box = scan.valid & (scan.extras["object"] == 1)
    assert np.abs(world[table & (scan.label == 1)][:, 2]).max() < 2e-4 and table.sum() > 500
    assert (np.abs(np.median(world[box], axis=0) - [0.03, -0.02, 0.06]) < 0.05).all() and box.sum() > 50
    outside = np.abs(world[box & (scan.label == 1)] - [0.03, -0.02, 0.05]) - [0.02, 0.03, 0.05]
    assert outside.max() < 5e-4
    np.testing.assert_allclose(scan.pose @ sim.camera.pose, np.eye(4), atol=1e-15)


def test_threads_do_not_matter(lab, monkeypatch):
    recipe = synthesis.Recipe(width=192, height=144)  # two tiles
    first = simulate_scan(recipe, 2)
    monkeypatch.setattr("pcfilter_lib.synthesis.scanner.rig.THREADS", 1)
    monkeypatch.setattr("pcfilter_lib.synthesis.simulation.THREADS", 1)
    assert simulate_scan(recipe, 2).xyz.tobytes() == first.xyz.tobytes()


@pytest.mark.parametrize(
    ("changes", "option"),
    [({"distance": 0.05}, "distance"), ({"baseline": 0.3}, "baseline")],
)
def test_scanner_inside_an_object(lab, changes, option):
    around_camera = synthesis.Body(lab.box((0.2, 0.2, 0.2), (0, 0, 0.05)))
    around_projector = synthesis.Body(lab.box((0.1, 0.1, 0.1), (0.3, 0, 0.6)))
    scene = synthesis.Scene((lab.table(), around_camera if option == "distance" else around_projector))
    with pytest.raises(InputError, match=f"Recipe, {option}: the .* stands inside"):
        simulate_scan(lab.IDEAL.replace(**changes), 0, scene)


def test_wrong_arguments(lab):
    with pytest.raises(InputError, match="seed"):
        simulate_scan(lab.IDEAL, -1)
    with pytest.raises(InputError, match="recipe"):
        simulate_scan("workbench")


def test_transport_of_pixels_that_are_not_there(lab):
    sim = simulate(lab.IDEAL, 0, synthesis.Scene((lab.table(),)))
    for pixels in ([], [96 * 72], [-1], [0.5]):
        with pytest.raises(InputError, match="transport, pixels"):
            sim.transport(pixels)
    assert sim.transport(5).matrix("direct").shape == (1, 1024)


def test_nothing_in_view(lab):
    far = synthesis.Body(lab.box((0.1, 0.1, 0.1), (5, 0, 0)))
    scan = simulate_scan(lab.IDEAL, 0, synthesis.Scene((far,)))
    assert not scan.valid.any() and (scan.label == 255).all()


def test_images_are_the_transport_times_the_patterns(lab):
    recipe = synthesis.Recipe(width=64, height=48, noise=False, ambient=0.0).draw(4)
    sim = simulate(recipe, 4)
    transport = sim.transport(np.arange(64 * 48))
    matrix = sum(transport.matrix(way) for way in ("direct", "diffuse", "glossy"))
    assert matrix.shape == (64 * 48, recipe.projector_columns) and matrix.data.min() >= 0
    images = (matrix @ sim.patterns.rows().T) * sim.gain
    np.testing.assert_allclose(images.T.reshape(sim.images.shape), sim.images, rtol=1e-4, atol=2e-5)


def test_another_processor_gives_the_same_labels(tmp_path):
    # NumPy and the linear algebra without their newer instructions: what an older machine would compute.
    code = (
        "import sys, numpy as np; from pcfilter_lib import synthesis;"
        "scans = [synthesis.simulate_scan(synthesis.Recipe(width=160, height=120), seed) for seed in range(3)];"
        "np.savez(sys.argv[1], label=[scan.label for scan in scans], xyz=[scan.xyz for scan in scans])"
    )
    newer = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR AVX2 FMA3"
    old = os.environ | {"NPY_DISABLE_CPU_FEATURES": newer, "OPENBLAS_CORETYPE": "NEHALEM"}
    for name, environment in (("here", os.environ), ("old", old)):
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, tmp_path / f"{name}.npz"], env=environment, check=True
        )
    here, elsewhere = np.load(tmp_path / "here.npz"), np.load(tmp_path / "old.npz")
    assert (here["label"] != elsewhere["label"]).mean() < 1e-4
    np.testing.assert_allclose(here["xyz"], elsewhere["xyz"], atol=1e-3, equal_nan=True)
