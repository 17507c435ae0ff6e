import json
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image
from real_data import REAL, needs_real_data
from scan_files import INTRINSICS, depth_image, png_bytes

from pcfilter_lib.data.scan import AmbiguousUnitWarning, OrganizedScan
from pcfilter_lib.data.scan_geometry import backproject
from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(depth_image()))
    return path


def test_a_camera_is_needed(png):
    with pytest.raises(InputError, match=r"a\.png: .*what its camera was. Remedy: give .* intrinsics='camera.json'"):
        load_scan(png)


def test_a_camera_from_a_file(png, tmp_path):
    numbers = np.array(INTRINSICS).T.reshape(-1).tolist()  # column by column
    for content in ({"intrinsic_matrix": numbers}, {"intrinsic": {"intrinsic_matrix": numbers}, "extrinsic": []}):
        (tmp_path / "camera.json").write_text(json.dumps(content))
        assert load_scan(png, intrinsics=tmp_path / "camera.json", unit="mm").intrinsics.tolist() == INTRINSICS


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "no nine numbers"),
        ('{"intrinsic_matrix": 3}', "no nine numbers"),
        ('{"intrinsic_matrix": [1, 2]}', "no nine numbers"),
        ('{"intrinsic_matrix": [1, 0, 0, 0, 1, 0, 0, "a", 1]}', "no number"),
        ('{"intrinsic_matrix": [1, 0, 0, 0, 1, 0, 0, NaN, 1]}', "not finite"),
        ('{"intrinsic_matrix": [1, 0, 5, 0, 1, 5, 0, 0, 1]}', "no.* camera matrix"),
        ('{"intrinsic_matrix": [1' + "0" * 400 + ", 0, 0, 0, 1, 0, 0, 0, 1]}", "matrix of numbers|not finite"),
    ],
)
def test_broken_cameras(png, tmp_path, text, words):
    (tmp_path / "camera.json").write_text(text)
    with pytest.raises(InputError, match=f"camera.json.*{words}"):
        load_scan(png, intrinsics=tmp_path / "camera.json", unit="mm")


def test_the_scale_is_never_taken_in_silence(png):
    with pytest.warns(AmbiguousUnitWarning, match=r"a\.png: the unit is ambiguous.*depth_scale=1000 for millimetres"):
        guessed = load_scan(png, intrinsics=INTRINSICS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        millimetres = load_scan(png, intrinsics=INTRINSICS, depth_scale=1000)
        by_name = load_scan(png, intrinsics=INTRINSICS, unit="mm")
        tum = load_scan(png, intrinsics=INTRINSICS, depth_scale=5000)
    assert np.array_equal(guessed.xyz, millimetres.xyz, equal_nan=True)
    assert np.allclose(by_name.xyz, millimetres.xyz, equal_nan=True)
    assert np.allclose(tum.xyz * 5, millimetres.xyz, equal_nan=True)
    for scale in (0, -1, np.nan, np.inf, "1000"):
        with pytest.raises(InputError, match="depth_scale"):
            load_scan(png, intrinsics=INTRINSICS, depth_scale=scale)


def test_floating_point_is_metres_unless_it_looks_otherwise(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", depth_image("float32"))
    tifffile.imwrite(tmp_path / "b.tif", depth_image("float32") * 1000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metres = load_scan(tmp_path / "a.tif", intrinsics=INTRINSICS)
    with pytest.warns(AmbiguousUnitWarning, match="look like millimetres"):
        millimetres = load_scan(tmp_path / "b.tif", intrinsics=INTRINSICS)
    assert np.allclose(metres.xyz, millimetres.xyz, equal_nan=True)


def test_what_depth_cannot_hold(tmp_path):
    xyz = backproject(np.full((3, 4), 0.5), INTRINSICS)
    cases = [
        (OrganizedScan(xyz), "no intrinsics"),
        (OrganizedScan(xyz + 0.1, intrinsics=INTRINSICS), "straight rays"),
        (OrganizedScan(xyz * 200, intrinsics=INTRINSICS), "65.535 m"),
        (OrganizedScan(xyz / 2000, intrinsics=INTRINSICS), "nearer than 0.5 mm"),
    ]
    for scan, words in cases:
        with pytest.raises(InputError, match=words):
            save_scan(scan, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@needs_real_data
def test_real_file(tmp_path):
    folder = REAL / "formats" / "rgbd"
    options = {"intrinsics": folder / "camera_primesense.json", "depth_scale": 1000}
    scan = load_scan(folder / "depth_00000.png", **options)
    with Image.open(folder / "depth_00000.png") as picture:
        image = np.asarray(picture)
    assert scan.shape == (480, 640) and np.array_equal(scan.valid, image > 0)
    assert np.allclose(scan.depth[scan.valid], image[image > 0] / 1000)
    mask = np.random.default_rng(0).random(scan.shape) < 0.3
    save_scan(scan.with_points_removed(mask), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as picture:
        assert np.array_equal(np.asarray(picture), np.where(mask, 0, image))
