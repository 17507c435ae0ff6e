import numpy as np
import pytest

from pcfilter_lib.data import Mesh, sample_surface
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.recipe import Recipe
from pcfilter_lib.synthesis.scenes import settling
from pcfilter_lib.synthesis.scenes.building import build_scene
from pcfilter_lib.synthesis.scenes.parts import KINDS
from pcfilter_lib.synthesis.scenes.settling import HeightMap, random_rotation
from pcfilter_lib.synthesis.scenes.shapes import boxes, revolve

o3d = pytest.importorskip("open3d")


def caster(solid):
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(solid.vertices.astype(np.float32), solid.faces.astype(np.uint32))
    return scene


def overlaps_and_gaps(placed: list) -> tuple[float, np.ndarray]:
    """Return how deep any of some solids reaches into another, and each one's distance to the nearest other, m."""
    casters = [caster(solid) for solid in placed]
    points = [np.concatenate([sample_surface(Mesh(s.vertices, s.faces), 3000, seed=0), s.vertices]) for s in placed]
    deepest, gaps = 0.0, np.full(len(placed), np.inf)
    for one, solid in enumerate(placed):
        low, high = solid.vertices.min(axis=0) - 0.002, solid.vertices.max(axis=0) + 0.002
        for other in range(len(placed)):
            near = ((points[other] >= low) & (points[other] <= high)).all(axis=1)
            if other != one and near.any():
                asked = points[other][near].astype(np.float32)
                signed = casters[one].compute_signed_distance(asked, nsamples=3).numpy()
                deepest = max(deepest, float(-signed.min()))
                for each in (one, other):
                    gaps[each] = min(gaps[each], float(np.abs(signed).min()))
    return deepest, gaps


@pytest.mark.parametrize("support", ["table", "bin"])
@pytest.mark.parametrize("seed", range(4))
def test_parts_lie_on_something_and_in_nothing(support, seed):
    recipe = Recipe(support=support, parts=12 if seed else 15).draw(seed)
    scene = build_scene(recipe, seed)
    assert len(scene.objects) == recipe.parts and len(scene.bodies) == recipe.parts + (1 if support == "table" else 2)
    placed = [body.in_place() for body in scene.bodies]
    deepest, gaps = overlaps_and_gaps(placed)
    assert deepest < 0.0005
    assert gaps[len(scene.bodies) - len(scene.objects) :].max() < 0.001
    for solid in placed[len(scene.bodies) - len(scene.objects) :]:
        assert np.abs(solid.vertices[:, :2]).max() <= recipe.area / 2 + 1e-9
        assert solid.vertices[:, 2].min() > 0


def test_the_overlap_of_the_test_above_is_seen():
    box = boxes([(0, (0, 0, 0), (0.1, 0.1, 0.1))])
    lower = box.moved(np.block([[np.eye(3), np.array([[0.02], [0.03], [0.098]])], [np.zeros((1, 3)), np.ones((1, 1))]]))
    deepest, gaps = overlaps_and_gaps([box, lower])
    assert deepest == pytest.approx(0.002, abs=1e-4)


def test_the_same_seed_gives_the_same_scene_and_another_seed_another():
    recipe = Recipe(support="bin", parts=6).draw(3)
    one, again, other = (build_scene(recipe, seed) for seed in (3, 3, 4))
    for body, same in zip(one.bodies, again.bodies, strict=True):
        assert body.materials == same.materials
        assert body.pose.tobytes() == same.pose.tobytes()
        assert body.solid.vertices.tobytes() == same.solid.vertices.tobytes()
    assert one.target.tobytes() == again.target.tobytes()
    assert any(np.abs(a.pose - b.pose).max() > 1e-3 for a, b in zip(one.objects, other.objects, strict=True))


def test_a_share_or_a_material_leaves_the_shapes_where_they_are():
    recipe = Recipe(parts=5).draw(0)
    before = build_scene(recipe, 0)
    after = build_scene(recipe.replace(glossy_share=1.0, dark_share=1.0, albedo=0.3), 0)
    for one, other in zip(before.objects, after.objects, strict=True):
        np.testing.assert_array_equal(one.pose, other.pose)


def test_one_part_floats_alone_when_there_is_no_support():
    turns = []
    for seed in range(3):
        scene = build_scene(Recipe(support="none", parts=(4, 9), kinds=("bracket",)).draw(seed), seed)
        assert len(scene.bodies) == 1 and not scene.bodies[0].support
        turns.append(scene.bodies[0].pose[:3, :3])
    assert np.abs(turns[0] - turns[1]).max() > 0.01


def test_table_and_bin_have_their_sizes():
    recipe = Recipe(support="bin", area=0.25, bin_height=0.08, parts=2).draw(0)
    table, bin_body = build_scene(recipe, 0).bodies[:2]
    assert table.in_place().vertices[:, 2].max() == 0 and table.solid.extent[0] >= 3
    down = np.array([[0.12, 0.12, 1, 0, 0, -1], [0.127, 0, 1, 0, 0, -1]], np.float32)
    floor, rim = 1 - caster(bin_body.in_place()).cast_rays(down)["t_hit"].numpy()
    assert rim - floor == pytest.approx(0.08, abs=1e-5)
    out = np.array([[0, 0, 0.04, 1, 0, 0], [0, 0, 0.04, 0, -1, 0]], np.float32)
    np.testing.assert_allclose(caster(bin_body.in_place()).cast_rays(out)["t_hit"].numpy(), 0.125, atol=1e-6)


def test_materials_follow_the_shares_and_conserve_energy():
    base = Recipe(parts=8, albedo=(0.2, 0.95), specular=(0.0, 0.9)).draw(1)
    none = base.replace(dark_share=0.0, glossy_share=0.0, texture_share=0.0)
    every = base.replace(dark_share=1.0, glossy_share=1.0, texture_share=1.0, kinds=("box", "cup"), specular=0.9)
    for recipe in (none, every):
        materials = [m for body in build_scene(recipe, 2).objects for m in body.materials]
        assert all(m.albedo + m.specular <= 1 for m in materials)
        if recipe is none:
            assert all(m.specular == 0 and m.texture == "plain" for m in materials)
            assert len({m.albedo for m in materials}) > 4  # parts differ
        else:
            assert all(m.specular > 0.5 and m.contrast > 0 and m.albedo < 0.15 for m in materials)


def test_a_board_is_made_of_more_than_one_thing():
    scene = build_scene(Recipe(parts=1, kinds=("board",), dark_share=0.2, glossy_share=0.3).draw(0), 0)
    (board,) = scene.objects
    assert len(board.materials) == board.solid.pieces.max() + 1
    assert len({m.albedo for m in board.materials}) > 5


def test_the_scanner_looks_at_the_middle_of_the_parts():
    scene = build_scene(Recipe(parts=5).draw(0), 0)
    corners = np.concatenate([body.in_place().vertices for body in scene.objects])
    np.testing.assert_allclose(scene.target, (corners.min(axis=0) + corners.max(axis=0)) / 2)


def test_meshes_of_a_folder_are_parts_too(tmp_path):
    (tmp_path / "wedge.off").write_text("OFF\n4 4 0\n0 0 0\n2 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n")
    scene = build_scene(Recipe(kinds=(), mesh_folder=str(tmp_path), parts=3).draw(0), 0)
    assert {body.solid.kind for body in scene.objects} == {"wedge.off"}
    mixed = build_scene(Recipe(kinds=("box",), mesh_folder=str(tmp_path), parts=12).draw(0), 0)
    assert {body.solid.kind for body in mixed.objects} == {"wedge.off", "box"}


def test_parts_that_hardly_fit_are_put_down_all_the_same():
    for seed, kind in enumerate(KINDS):
        recipe = Recipe(support="bin", kinds=(kind,), part_size=0.3, area=0.1, parts=2).draw(seed)
        for body in build_scene(recipe, seed).objects:
            assert np.abs(body.in_place().vertices[:, :2]).max() <= 0.05 + 1e-9


def test_a_recipe_with_ranges_is_not_yet_a_scene():
    with pytest.raises(InputError, match="draw"):
        build_scene(Recipe(), 0)


def test_a_cylinder_rests_on_its_side_or_its_end_and_a_second_box_on_the_first():
    heights = HeightMap(0.3, 0.0)
    rod = revolve([(0, 0), (0.01, 0), (0.01, 0.1), (0, 0.1)], 32)
    pose = heights.put(rod, np.random.default_rng(0), 0.01)
    axis = pose[:3, 2]
    assert min(abs(axis[2]), 1 - abs(axis[2])) < 1e-6
    heights, plate = HeightMap(0.3, 0.0), boxes([(0, (-0.13, -0.13, 0), (0.13, 0.13, 0.01))])
    lows = [plate.moved(heights.put(plate, np.random.default_rng(s), 0.01)).vertices[:, 2].min() for s in range(3)]
    np.testing.assert_allclose(lows, [2e-5, 0.01004, 0.02006], atol=1e-9)


def test_rotations_are_rotations_and_point_everywhere():
    generator = np.random.default_rng(0)
    rotations = np.stack([random_rotation(generator) for _ in range(2000)])
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1), np.broadcast_to(np.eye(3), rotations.shape), atol=1e-12
    )
    assert (np.linalg.det(rotations) > 0).all()
    np.testing.assert_allclose(rotations.mean(axis=0), 0, atol=0.05)


def test_settling_fifteen_parts_looks_at_few_points(monkeypatch):
    """Sorting points into cells is what settling takes; benchmarks/bench_scanner.py times it."""
    raster, points = settling._raster, []

    def counted(samples, cell, extreme):
        points.append(len(samples[0]))
        return raster(samples, cell, extreme)

    monkeypatch.setattr(settling, "_raster", counted)
    recipe = Recipe(support="bin", parts=15).draw(0)
    for seed in range(3):
        points.clear()
        build_scene(recipe, seed)
        assert 15 <= len(points) <= 15 * 20  # poses that are tried, and two for each part that is put down
        assert sum(points) < 15 * 120_000
