"""What holds for every format: the round trip, removing points, errors, and writing whole files."""

import dataclasses
import io
import os
import warnings

import numpy as np
import pytest
import tifffile
from scan_files import (
    INTRINSICS,
    cogs_bytes,
    depth_image,
    npz_bytes,
    pcd_bytes,
    ply_bytes,
    png_bytes,
    ptx_bytes,
    range_grid_bytes,
    surface,
)

from pcfilter_lib import data, files
from pcfilter_lib.data.scan import ConversionWarning, OrganizedScan
from pcfilter_lib.data.scan_io import SCAN_SUFFIXES, load_scan, save_scan
from pcfilter_lib.errors import InputError


def tiff_bytes(kind, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, depth_image(kind), **options)
    return stream.getvalue()


CAMERA = {"intrinsics": INTRINSICS, "unit": "mm"}
FILES = {
    "npz": (".npz", npz_bytes(xyz=surface(), heat=np.arange(3)), {}),
    "pcd-ascii": (".pcd", pcd_bytes(surface(), "ascii"), {}),
    "pcd-binary": (".pcd", pcd_bytes(surface(), "binary"), {}),
    "pcd-compressed": (".pcd", pcd_bytes(surface(), "binary_compressed"), {}),
    "pcd-millimetres": (".pcd", pcd_bytes(surface() * 1000, "binary"), {"unit": "mm"}),
    "ply-ascii": (".ply", ply_bytes(surface(), "ascii"), {}),
    "ply-little": (".ply", ply_bytes(surface(), "binary_little_endian", told=False), {"shape": (6, 8)}),
    "ply-big": (".ply", ply_bytes(surface(), "binary_big_endian"), {}),
    "range-grid": (".ply", range_grid_bytes(surface()), {}),
    "range-grid-binary": (".ply", range_grid_bytes(surface(), binary=True), {}),
    "ptx": (".ptx", ptx_bytes(surface()), {}),
    "ptx-crlf": (".ptx", ptx_bytes(surface(), colours=False, newline="\r\n"), {}),
    "png": (".png", png_bytes(depth_image()), CAMERA),
    "tiff-16": (".tif", tiff_bytes("uint16", compression="zlib"), CAMERA),
    "tiff-float": (".tiff", tiff_bytes("float32"), CAMERA | {"unit": "m"}),
    "cogs": (".cogs", cogs_bytes(surface()), {}),
}
every_format = pytest.mark.parametrize("name", FILES)


def loaded(tmp_path, name):
    suffix, content, options = FILES[name]
    path = tmp_path / f"scan{suffix}"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return path, load_scan(path, **options), options


def mask_of(scan):
    return np.random.default_rng(1).random(scan.shape) < 0.3


@every_format
def test_every_format_gives_the_same_points(tmp_path, name):
    _, scan, _ = loaded(tmp_path, name)
    measured = np.argwhere(np.isfinite(surface()).all(axis=2))
    if name == "cogs":  # cropped to what was measured
        (top, left), (bottom, right) = measured.min(axis=0), measured.max(axis=0) + 1
        expected = surface()[top:bottom, left:right]
    else:
        expected = surface()
    on_rays = name[:3] in ("png", "tif")  # a depth image keeps z to a millimetre, and x and y follow from the pixel
    if on_rays:
        assert np.allclose(scan.depth[scan.valid], surface()[scan.valid][:, 2], atol=0.0006)
        assert np.array_equal(scan.valid, np.isfinite(surface()).all(axis=2))
    else:
        assert np.allclose(scan.xyz, expected, atol=1e-6, equal_nan=True)


@every_format
def test_unchanged_is_the_same_file(tmp_path, name):
    path, scan, _ = loaded(tmp_path, name)
    target = tmp_path / f"again{path.suffix}"
    save_scan(scan.keep(np.ones(scan.shape, bool)), target)
    assert target.read_bytes() == path.read_bytes()


@every_format
def test_only_removed_points_change(tmp_path, name):
    path, scan, options = loaded(tmp_path, name)
    kept = scan.with_points_removed(mask_of(scan))
    assert 0 < kept.valid.sum() < scan.valid.sum()
    target = tmp_path / f"clean{path.suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_scan(kept, target)
        again = load_scan(target, **options)
    if name == "cogs":  # the crop follows the points
        left, top = np.subtract(again.offset, scan.offset)
        inside = (slice(top, top + again.shape[0]), slice(left, left + again.shape[1]))
        assert kept.valid.sum() == again.valid.sum()
    else:
        inside = (slice(None), slice(None))
    assert np.array_equal(again.valid, kept.valid[inside])
    assert np.array_equal(again.xyz, kept.xyz[inside], equal_nan=True), "the same bits, not nearly the same"
    there = again.valid
    for field in ("intensity", "normals", "label"):
        before, after = getattr(kept, field), getattr(again, field)
        assert (before is None) == (after is None)
        if before is not None:
            assert np.array_equal(after[there], before[inside][there], equal_nan=True), field
    assert set(again.extras) == set(kept.extras)
    for key, before in kept.extras.items():
        after = again.extras[key]
        per_pixel = before.shape[:2] == scan.shape
        assert after.dtype == before.dtype, key
        assert np.array_equal(after[there] if per_pixel else after, before[inside][there] if per_pixel else before), key
    # and once more from the cleaned file, with nothing removed
    save_scan(again, tmp_path / f"third{path.suffix}")
    assert (tmp_path / f"third{path.suffix}").read_bytes() == target.read_bytes()


@every_format
def test_removing_every_point_leaves_a_file(tmp_path, name):
    path, scan, options = loaded(tmp_path, name)
    save_scan(scan.keep(np.zeros(scan.shape, bool)), path)
    content = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = load_scan(path, **options)
    assert again.valid.sum() == 0 and again.depth.shape == again.shape
    assert again.shape == ((32, 64) if name == "cogs" else scan.shape), "without points, .cogs knows the sensor only"
    save_scan(again.keep(np.zeros(again.shape, bool)), path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("suffix", [".npz", ".pcd", ".ply", ".ptx", ".png", ".tif"])
def test_a_scan_without_points_converts(tmp_path, suffix):
    scan = OrganizedScan(np.full((3, 4, 3), np.nan), intrinsics=INTRINSICS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConversionWarning)
        save_scan(scan, tmp_path / f"a{suffix}")
    options = CAMERA if suffix in (".png", ".tif") else {}
    again = load_scan(tmp_path / f"a{suffix}", **options)
    assert again.shape == (3, 4) and again.valid.sum() == 0


def test_a_plain_cloud_is_pointed_to_its_own_loader(tmp_path):
    from pcfilter_lib.data import save_cloud

    for suffix in (".ply", ".pcd"):
        save_cloud(np.ones((5, 3)), tmp_path / f"a{suffix}")
        with pytest.raises(InputError) as caught:
            load_scan(tmp_path / f"a{suffix}")
        assert "shape=(rows, columns)" in caught.value.remedy and "load_cloud if this is a plain" in caught.value.remedy


@every_format
def test_a_new_field_is_saved_or_named(tmp_path, name):
    path, scan, options = loaded(tmp_path, name)
    labelled = dataclasses.replace(scan, label=np.full(scan.shape, 1))
    if path.suffix == ".npz":
        save_scan(labelled, path)
        assert load_scan(path).label is not None and load_scan(path).extras["heat"].tolist() == [0, 1, 2]
    else:
        before = path.read_bytes()
        with pytest.warns(ConversionWarning, match="no place for label"):
            save_scan(labelled, path)
        assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["npz", "pcd-binary", "ply-ascii", "range-grid", "ptx"])
def test_changed_coordinates_are_never_dropped(tmp_path, name):
    path, scan, options = loaded(tmp_path, name)
    moved = dataclasses.replace(scan, xyz=scan.xyz + np.float32(0.25))
    save_scan(moved, path)
    assert np.array_equal(load_scan(path).xyz, moved.xyz, equal_nan=True)


@pytest.mark.parametrize("name, key", [("npz", "heat"), ("ptx", "rgb"), ("pcd-binary", "rgb"), ("ply-big", "red")])
def test_changed_extras_are_never_dropped(tmp_path, name, key):
    path, scan, _ = loaded(tmp_path, name)
    changed = dataclasses.replace(scan, extras=scan.extras | {key: scan.extras[key] + 1})
    save_scan(changed, path)
    again, there = load_scan(path), scan.valid
    assert np.array_equal(again.xyz, scan.xyz, equal_nan=True)
    after, before = again.extras[key], changed.extras[key]
    assert np.array_equal(after, before) if name == "npz" else np.array_equal(after[there], before[there])


def test_changed_coordinates_in_a_container_that_only_the_device_writes(tmp_path):
    path, scan, _ = loaded(tmp_path, "cogs")
    with pytest.raises(InputError, match="save as .npz"):
        save_scan(dataclasses.replace(scan, xyz=scan.xyz + np.float32(0.25)), path)


@pytest.mark.parametrize("suffix", [".npz", ".pcd", ".ply", ".ptx"])
def test_conversion_keeps_points_and_intensity(tmp_path, suffix):
    _, scan, _ = loaded(tmp_path, "cogs")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        save_scan(scan, tmp_path / f"a{suffix}")
    assert [w.category for w in caught] == ([] if suffix == ".npz" else [ConversionWarning])
    if suffix != ".npz":
        assert "intrinsics" in str(caught[0].message) and "offset" in str(caught[0].message)
    again = load_scan(tmp_path / f"a{suffix}")
    assert np.array_equal(again.xyz, scan.xyz, equal_nan=True)
    assert np.array_equal(again.intensity[again.valid], scan.intensity[scan.valid])
    if suffix in (".npz", ".pcd", ".ply"):
        assert np.array_equal(again.normals, scan.normals, equal_nan=True)
    if suffix == ".npz":
        assert np.array_equal(again.intrinsics, scan.intrinsics) and again.offset == scan.offset
        assert np.array_equal(again.distortion, scan.distortion)
        assert again.extras["sensor_shape"].tolist() == [32, 64]


def test_conversion_to_depth_images(tmp_path):
    _, scan, options = loaded(tmp_path, "png")
    with pytest.warns(ConversionWarning, match="intrinsics"):
        save_scan(scan, tmp_path / "a.tif")
    again = load_scan(tmp_path / "a.tif", intrinsics=INTRINSICS)
    assert np.array_equal(again.xyz, scan.xyz, equal_nan=True)
    with pytest.warns(ConversionWarning, match="fractions of a millimetre"):
        save_scan(again, tmp_path / "b.png")
    assert np.allclose(load_scan(tmp_path / "b.png", **options).xyz, scan.xyz, equal_nan=True)


@every_format
def test_a_failed_write_leaves_the_old_file(tmp_path, name, monkeypatch):
    path, scan, _ = loaded(tmp_path, name)
    before = path.read_bytes()

    def fail(source, target):
        raise OSError("the disk is full")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        save_scan(scan.with_points_removed(mask_of(scan)), path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]


def test_what_load_scan_refuses(tmp_path):
    pcd = tmp_path / "a.pcd"
    pcd.write_bytes(FILES["pcd-binary"][1])
    cases = [
        (tmp_path / "none.npz", {}, "there is no such file"),
        (tmp_path / "a.xls", {}, ".xls is no format of an organised scan"),
        (tmp_path / "a", {}, "no suffix is no format"),
        (pcd, {"unit": "mm", "depth_scale": 1000}, "it says the same as unit"),
        (pcd, {"depth_scale": 1000}, "holds points, no depth image"),
        (pcd, {"shape": (0, 4)}, "is not (rows, columns)"),
        (pcd, {"shape": "big"}, "is not (rows, columns)"),
        (pcd, {"shape": (8, 6)}, "has 6 x 8 pixels"),
        (pcd, {"unit": "feet"}, "'feet' is no unit"),
        (pcd, {"intrinsics": np.eye(2)}, "not (3, 3)"),
    ]
    for path, options, words in cases:
        with pytest.raises(InputError) as caught:
            load_scan(path, **options)
        assert words in str(caught.value) and "Remedy: " in str(caught.value)


@every_format
def test_a_wrong_shape_is_told(tmp_path, name):
    suffix, content, options = FILES[name]
    (tmp_path / f"a{suffix}").write_bytes(content)
    with pytest.raises(InputError, match="7 x 7|has . x . (measured )?pixels"):
        load_scan(tmp_path / f"a{suffix}", **{**options, "shape": (7, 7)})


@every_format
def test_an_empty_file_is_told(tmp_path, name):
    suffix, _, options = FILES[name]
    (tmp_path / f"a{suffix}").write_bytes(b"")
    with pytest.raises(InputError, match=f"a{suffix}"):
        load_scan(tmp_path / f"a{suffix}", **options)


def test_save_refuses_what_it_does_not_know(tmp_path):
    with pytest.raises(InputError, match="use .npz, .pcd"):
        save_scan(OrganizedScan(surface()), tmp_path / "a.xyz")
    with pytest.raises(InputError, match="written only for scans that were loaded from .cogs"):
        save_scan(OrganizedScan(surface()), tmp_path / "a.cogs")
    with pytest.raises(InputError, match="cannot be written"):
        save_scan(OrganizedScan(surface()), tmp_path / "no" / "a.npz")
    assert os.listdir(tmp_path) == []


def test_the_front_has_both():
    assert data.load_scan is load_scan and data.save_scan is save_scan and data.OrganizedScan is OrganizedScan
    assert set(SCAN_SUFFIXES) == {".npz", ".pcd", ".ply", ".ptx", ".png", ".tif", ".tiff", ".cogs"}


def test_capital_suffixes(tmp_path):
    (tmp_path / "SCAN.PCD").write_bytes(FILES["pcd-binary"][1])
    scan = load_scan(tmp_path / "SCAN.PCD")
    save_scan(scan, tmp_path / "B.Pcd")
    assert (tmp_path / "B.Pcd").read_bytes() == FILES["pcd-binary"][1]
