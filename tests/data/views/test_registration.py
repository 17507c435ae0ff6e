"""Poses from the views themselves, held against those of the simulation."""

import dataclasses

import numpy as np
import pytest

from pcfilter_lib import data, synthesis
from pcfilter_lib.data import OrganizedScan, register_views
from pcfilter_lib.data._poses import inverse
from pcfilter_lib.errors import InputError

pytest.importorskip("open3d")


def simulated(seed, azimuths):
    """Scans of one scene from several sides."""
    recipe = synthesis.Recipe(
        width=160,
        height=120,
        elevation=55.0,
        aim_error=0.0,
        calibration_error=0.0,
        diffuse_bounce=False,
        glossy_bounce=False,
        footprint=2,
        support="table",
    )
    scene = synthesis.build_scene(recipe.draw(seed), seed)
    return [synthesis.simulate_scan(recipe.replace(azimuth=azimuth), seed, scene) for azimuth in azimuths]


@pytest.fixture(scope="module")
def views():
    return simulated(4, (20.0, 50.0, 80.0))


def errors(found, truth):
    """Degrees and metres by which one pose differs from another."""
    turn = np.trace(truth[:3, :3].T @ found[:3, :3])
    return np.degrees(np.arccos(np.clip((turn - 1) / 2, -1, 1))), np.linalg.norm(found[:3, 3] - truth[:3, 3])


def test_simulated_views_are_registered(views):
    bare = [dataclasses.replace(view, pose=None) for view in views]
    result = register_views(bare)
    assert np.array_equal(result.views[0].pose, np.eye(4)), "the world is the first camera's frame"
    world = inverse(views[0].pose)
    worst = [errors(after.pose, world @ before.pose) for after, before in zip(result.views, views, strict=True)]
    degrees, metres = np.max(worst, axis=0)
    moved = np.linalg.norm((world @ views[2].pose)[:3, 3])
    print(f"off by at most {degrees:.3f} degrees and {metres * 1000:.2f} mm, of {moved:.2f} m\n{result}")
    assert moved > 0.3 and degrees < 0.5 and metres < 0.004
    for before, after in zip(views, result.views, strict=True):
        assert np.array_equal(before.xyz, after.xyz, equal_nan=True) and after.label is not None
    # The report: every pair that fits, with what is known of it.
    assert {(0, 1), (1, 2)} <= {(edge.source, edge.target) for edge in result.edges if edge.used}
    for edge in result.edges:
        assert 0.3 <= edge.fitness <= 1 and 0 < edge.inlier_rmse < result.voxel and 0 <= edge.contradicted < 0.4
        assert edge.rotation_error < 1 and edge.translation_error < 0.01
    assert "0 - 1: fitness 0." in str(result) and str(result).startswith("3 views on a grid of ")


def test_views_of_another_scene_are_refused(views):
    (stranger,) = simulated(3, (20.0,))
    with pytest.raises(InputError) as caught:
        register_views([*views[:2], stranger], max_gap=1)
    assert caught.value.place == "view 2" and "the best pair, 1 and 2, has fitness" in caught.value.problem
    assert "take views in between" in caught.value.remedy


def flat(offset=0.0):
    depth = np.full((60, 80), 0.5 + offset)
    intrinsics = [[80.0, 0, 39.5], [0, 80.0, 29.5], [0, 0, 1]]
    return OrganizedScan(data.backproject(depth, intrinsics), intrinsics=intrinsics)


@pytest.mark.parametrize(
    ("arguments", "place", "problem"),
    [
        (([],), "", "0 given, and two are needed"),
        (([flat()],), "", "1 given, and two are needed"),
        (([flat(), OrganizedScan(np.full((4, 4, 3), np.nan))],), "view 1", "only 0 points are left"),
        (([flat(), flat()], 1.0), "view 0", "fewer than 100"),
        (([flat(), flat()], -1.0), "voxel", ""),
        (([flat(), flat()], None, 1.5), "min_overlap", ""),
        (([flat(), flat()], None, 0.3, 0), "max_gap", ""),
        (([flat(), flat()], None, 0.3, None, -1), "seed", ""),
    ],
)
def test_what_is_refused(arguments, place, problem):
    with pytest.raises(InputError) as caught:
        register_views(*arguments)
    assert caught.value.place == place and problem in caught.value.problem and caught.value.remedy


def test_views_on_disk_are_loaded(views, tmp_path, monkeypatch):
    for number, view in enumerate(views[:2]):
        data.save_scan(view, tmp_path / f"{number}.npz")
    monkeypatch.setattr("pcfilter_lib.data.views.registration._register", lambda o3d, scans, *rest: scans)
    first, second = register_views(data.find_views(tmp_path))
    assert np.array_equal(first.xyz, views[0].xyz, equal_nan=True) and second.label is not None
