"""Scans that are not what the filters take them for, each named; and none that is."""

import dataclasses

import numpy as np
import pytest
from filter_scans import bumpy, scan_of
from scipy.spatial.transform import Rotation

from pcfilter_lib import data, filters, synthesis
from pcfilter_lib.data import OrganizedScan, load_scan, save_scan
from pcfilter_lib.errors import InputError

PRESETS = tuple(synthesis.PRESETS)
SPIKES = filters.MedianResidual()


@pytest.fixture(scope="module")
def simulated():
    """One small scan of each preset."""
    return {
        name: synthesis.simulate_scan(recipe.replace(width=120, height=90, footprint=1), seed)
        for seed, (name, recipe) in enumerate(synthesis.PRESETS.items())
    }


def changed(scan, xyz=None, **fields):
    fields = {"intrinsics": scan.intrinsics, "distortion": scan.distortion} | fields
    return OrganizedScan(xyz=scan.xyz if xyz is None else xyz, **fields)


def rotated(scan, axes, degrees, offset=(0, 0, 0)):
    return changed(scan, scan.xyz @ Rotation.from_euler(axes, degrees, degrees=True).as_matrix().T + offset)


def shuffled(scan):
    points = scan.xyz.reshape(-1, 3)
    return changed(scan, np.random.default_rng(0).permutation(points).reshape(scan.xyz.shape))


def foreign(scan, focal=1.0, size=1.0):
    matrix = scan.intrinsics.copy()
    matrix[:2] *= size
    matrix[0, 0] *= focal
    matrix[1, 1] *= focal
    return changed(scan, intrinsics=matrix)


WRONG = {
    "90 degrees about x": (lambda s: rotated(s, "x", 90), "error", r"rotated by 90 degrees about x .*looks along -y"),
    "z up": (lambda s: rotated(s, "x", -90), "error", r"rotated by 90 degrees about x .*\+z points up"),
    "180 about x": (lambda s: rotated(s, "x", 180), "error", r"rotated by 180 degrees about x .*looks along -z"),
    "180 about y": (lambda s: rotated(s, "y", 180), "error", r"rotated by 180 degrees about y .*looks along -z"),
    "45 about y": (lambda s: rotated(s, "y", 45), "error", "rotated by 45 degrees about y"),
    "90 in the image": (lambda s: rotated(s, "z", 90), "error", "rotated by 90 degrees about z, in the image plane"),
    "grid rotated": (lambda s: changed(s, np.rot90(s.xyz)), "error", "rotated by 90 degrees about z"),
    "180 in the image": (lambda s: rotated(s, "z", 180), "warning", "rotated by 180 degrees about z"),
    "world": (lambda s: rotated(s, "xyz", (130, 20, 70), (1, 2, 0.5)), "error", "not in its camera's frame"),
    "transposed": (lambda s: changed(s, s.xyz.swapaxes(0, 1)), "error", "rows and columns are swapped"),
    "no camera": (lambda s: OrganizedScan(s.xyz.swapaxes(0, 1)), "error", "rows and columns are swapped"),
    "mirrored": (lambda s: changed(s, s.xyz[:, ::-1]), "warning", "mirrored left to right"),
    "y up": (lambda s: changed(s, s.xyz * np.float32([1, -1, 1])), "warning", "mirrored top to bottom: y points up"),
    "all negative": (lambda s: changed(s, -s.xyz), "error", "mirrored .*looks along -z"),
    "shuffled": (shuffled, "error", "shuffled, or were never a grid"),
    "row length": (lambda s: changed(s, s.xyz.reshape(*s.shape[::-1], 3)), "error", "along its rows are near"),
    "focal length": (lambda s: foreign(s, 1.3), "error", "belong to another camera: .* fits"),
    "near focal length": (lambda s: foreign(s, 1.1), "warning", "belong to another camera"),
    "other size": (lambda s: foreign(s, size=2.0), "error", "belong to a camera of another size"),
}


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("wrong", WRONG)
def test_each_kind_of_wrongness_is_named(simulated, name, wrong):
    spoil, severity, text = WRONG[wrong]
    found = filters.check_scan(spoil(simulated[name]))
    assert [finding.severity for finding in found.findings] == [severity]
    with pytest.raises(AssertionError, match=text):
        raise AssertionError(found.findings[0].text)
    assert found.findings[0].remedy and (len(found.errors), len(found.warnings)).index(1) == (severity == "warning")


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_is_said_about_what_is_right(simulated, name):
    scan = simulated[name]
    for each in (scan, OrganizedScan(scan.xyz), scan.keep(SPIKES.keep(scan))):
        assert filters.check_scan(each) == filters.ScanReport()
    crop = changed(
        scan, scan.xyz[10:80, 30:110], offset=(30, 10), intrinsics=scan.intrinsics - [[0, 0, 30], [0, 0, 10], [0] * 3]
    )
    assert not filters.check_scan(crop).findings


@pytest.mark.parametrize("lens", [(-0.25, 0.1, 0, 0, 0), (0.15, 0, 0.001, -0.001, 0)])
@pytest.mark.parametrize("described", ["distortion", "intrinsics", "neither"])
def test_a_lens_is_no_fault(lens, described):
    camera = np.array([[110.0, 0, 59.5], [0, 110, 44.5], [0, 0, 1]])
    depth = 1 + 0.2 * np.sin(np.arange(120) / 9) + np.zeros((90, 1))
    points = data.backproject(depth, camera, np.array(lens))
    fields = {
        "distortion": {"intrinsics": camera, "distortion": lens},
        "intrinsics": {"intrinsics": camera},
        "neither": {},
    }
    assert not filters.check_scan(OrganizedScan(points, **fields[described])).findings


def test_a_strong_lens_is_no_fault_where_it_is_described():
    camera, lens = np.array([[60.0, 0, 59.5], [0, 60, 44.5], [0, 0, 1]]), np.array([-0.2, 0.03, 0, 0, 0])
    points = data.backproject(np.ones((90, 120)), camera, lens)
    assert not filters.check_scan(OrganizedScan(points, intrinsics=camera, distortion=lens)).findings
    assert filters.check_scan(OrganizedScan(points, intrinsics=camera)).findings


def test_clouds_that_only_look_like_grids(tmp_path):
    generator = np.random.default_rng(0)
    for cloud in (generator.random((30, 40, 3)), generator.normal(size=(24, 32, 3)) + [0, 0, 5]):
        (finding,) = filters.check_scan(OrganizedScan(cloud)).errors
        assert finding.kind == "shuffled"
    (finding,) = filters.check_scan(OrganizedScan(generator.random((1000, 1, 3)))).errors
    assert "1,000 points lie in a single column" in finding.text and "shape=" in finding.remedy
    data.save_cloud(generator.random((1000, 3)) + 1, tmp_path / "cloud.pcd")
    header = (tmp_path / "cloud.pcd").read_bytes().replace(b"WIDTH 1000\nHEIGHT 1\n", b"WIDTH 1\nHEIGHT 1000\n")
    (tmp_path / "cloud.pcd").write_bytes(header)
    with pytest.raises(InputError, match=r"cloud\.pcd, header: WIDTH is 1: its 1000 points are in no grid"):
        load_scan(tmp_path / "cloud.pcd")
    assert load_scan(tmp_path / "cloud.pcd", shape=(25, 40)).shape == (25, 40)


def test_grids_of_other_instruments_are_named():
    across, up = np.meshgrid(np.radians(np.linspace(-60, 60, 120)), np.radians(np.linspace(-40, 40, 80)))
    distance = 3 + 0.3 * np.sin(3 * across) + 0.2 * np.cos(5 * up)
    sight = np.stack([np.cos(up) * np.sin(across), np.sin(up), np.cos(up) * np.cos(across)], axis=-1)
    (finding,) = filters.check_scan(OrganizedScan(distance[..., None] * sight)).warnings
    assert finding.kind == "not a pinhole" and "laser scanner's grid of angles" in finding.text
    x, y = np.meshgrid(np.arange(100) * 1e-3, np.arange(80) * 1e-3)
    (finding,) = filters.check_scan(
        OrganizedScan(np.stack([x, y, 0.5 + 0.1 * np.sin(40 * x) * np.cos(50 * y)], -1))
    ).warnings
    assert finding.kind == "height map"


def test_a_depth_image_with_the_camera_of_another_size_is_named():
    """The points follow from the intrinsics, so they fit: only the principal point tells."""
    camera = np.array([[1400.0, 0, 959.5], [0, 1400, 539.5], [0, 0, 1]])
    scan = OrganizedScan(data.backproject(np.ones((48, 64)), camera), intrinsics=camera)
    (finding,) = filters.check_scan(scan).warnings
    assert "of about 1920 x 1080 pixels; the grid has 64 x 48" in finding.text
    assert not filters.check_scan(dataclasses.replace(scan, offset=(900, 500))).findings


def test_points_behind_the_camera_are_counted():
    depth, _ = bumpy()
    scan = scan_of(depth)
    xyz = scan.xyz.copy()
    xyz[:6] *= -1
    (finding,) = filters.check_scan(changed(scan, xyz)).warnings
    assert f"{scan.valid[:6].sum() / scan.valid.sum():.0%}".replace("%", " %") in finding.text
    assert finding.text.endswith("of its points lie behind the camera (their z is 0 or less)")
    xyz = scan.xyz.copy()
    xyz[0, :3] *= -1  # a handful
    assert not filters.check_scan(changed(scan, xyz)).findings


@pytest.mark.parametrize("shape", [(3, 4), (7, 9), (2, 500)])
def test_little_or_nothing_is_no_reason_to_refuse(shape):
    assert not filters.check_scan(OrganizedScan(np.full((*shape, 3), np.nan))).findings
    assert not filters.check_scan(scan_of(np.ones(shape))).errors


def test_a_filter_is_only_asked_for_what_it_requires(simulated):
    scan = simulated["workbench"]
    lost, mixed = rotated(scan, "x", 90), shuffled(scan)
    refuses = {name: (bool(f.check(lost).errors), bool(f.check(mixed).errors)) for name, f in FILTERS.items()}
    free = {"keep-all", "statistical-outliers", "modulation"}
    assert {name for name, seen in refuses.items() if seen == (False, False)} == free
    assert {name for name, seen in refuses.items() if seen == (False, True)} == {"erosion-and-dilation"}
    assert all(seen == (True, True) for name, seen in refuses.items() if name not in free | {"erosion-and-dilation"})
    with pytest.raises(InputError, match="check_scan, requirement"):
        filters.check_scan(scan, "frame")


FILTERS = {name: filters.load_filter(name) for name in filters.FILTERS}


def test_files_are_refused_or_warned_about_by_their_names(simulated, tmp_path):
    scan = simulated["workbench"]
    save_scan(changed(scan, scan.xyz.swapaxes(0, 1)), tmp_path / "swapped.npz")
    save_scan(changed(scan, scan.xyz[:, ::-1]), tmp_path / "mirrored.npz")
    pairs = [(tmp_path / name, tmp_path / "out" / name) for name in ("swapped.npz", "mirrored.npz")]
    with pytest.warns(filters.CameraWarning, match=r"mirrored\.npz: it is mirrored left to right.*Remedy: flip"):
        swapped, mirrored = filters.filter_files(pairs, SPIKES, tmp_path / "out")
    assert mirrored.error is None and not (tmp_path / "out" / "swapped.npz").exists()
    with pytest.raises(InputError, match=r"swapped\.npz: rows and columns are swapped\. Remedy: .*force=True"):
        raise swapped.error
    with pytest.warns(filters.CameraWarning, match=r"swapped\.npz: rows and columns are swapped"):
        (forced,) = filters.filter_files(pairs[:1], SPIKES, tmp_path / "out", force=True)
    assert forced.error is None and forced.target.exists()
