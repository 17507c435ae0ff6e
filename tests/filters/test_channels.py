"""What the network sees: the same whatever the unit, the camera's side and the part of the scan."""

import dataclasses

import numpy as np
import pytest
from filter_scans import CAMERA, bumpy, scan_of

from pcfilter_lib import data, filters
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.batches import flip_channels
from pcfilter_lib.filters.channels import WINDOWS, ChannelMaker, _Integral
from pcfilter_lib.filters.plane_residual import COMPARISONS, compare

SHAPE = (84, 100)
K = np.array([[90.0, 0, 49.5], [0, 90, 41.5], [0, 0, 1]])


def full(seed=0, shape=SHAPE, scale=1.0, camera=K, **fields):
    """A bumpy scan with everything that has a channel."""
    generator = np.random.default_rng(seed)
    depth, label = bumpy(seed, shape)
    fields = {
        "intrinsics": camera,
        "intensity": generator.uniform(0, 900, shape) * (generator.random(shape) < 0.95),
        "extras": {"modulation": generator.uniform(0, 400, shape)},
        "label": label,
    } | fields
    return OrganizedScan(xyz=np.nan_to_num(data.backproject(depth * scale, camera).astype(np.float32)), **fields)


def named(image):
    return dict(zip(filters.CHANNELS, np.moveaxis(image, -1, 0), strict=True))


def slow(scan):
    """The measured shares and contrast, straight from their definitions."""
    shades = scan.intensity[scan.valid]
    median = np.median(shades[shades > 0])
    shade = np.clip(scan.intensity / median, 1 / 256, 256)
    result = {f"measured {window}": np.zeros(scan.shape) for window in WINDOWS}
    result["contrast"] = np.zeros(scan.shape)
    for row, column in zip(*np.nonzero(scan.valid), strict=True):
        for window in WINDOWS:
            reach = window // 2
            part = np.s_[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
            result[f"measured {window}"][row, column] = scan.valid[part].sum() / window**2 - 0.5
            if window == 17:
                mean = shade[part][scan.valid[part]].mean()
                result["contrast"][row, column] = np.log2(shade[row, column] / mean)
    return result


def test_they_are_what_their_definitions_say():
    scan = full(shape=(22, 70))
    image = filters.scan_channels(scan)
    assert image.shape == (22, 70, len(filters.CHANNELS)) == (22, 70, 14) and image.dtype == np.float32
    assert image.flags.c_contiguous
    channels = named(image)
    for name, expected in slow(scan).items():
        np.testing.assert_allclose(channels[name], expected, atol=2e-4, err_msg=name)
    np.testing.assert_array_equal(channels["valid"], scan.valid)
    for name, found in zip(COMPARISONS, compare(np.nan_to_num(scan.depth, nan=1), scan.valid, 1 / 90), strict=True):
        np.testing.assert_allclose(channels[name], np.arcsinh(4 * found), atol=2e-4)
    both = scan.valid[:, :-1] & scan.valid[:, 1:]
    near, far = (scan.depth[:, part].astype(float) for part in (np.s_[:-1], np.s_[1:]))
    step = np.where(both, np.arcsinh(4 * 90 * (far - near) / np.minimum(near, far)), 0)
    np.testing.assert_allclose(channels["step right"][:, :-1], step, atol=2e-4)
    assert not channels["step right"][:, -1].any() and not channels["step down"][-1].any()
    shades = scan.intensity[scan.valid]
    bright = np.log2(np.clip(scan.intensity / np.median(shades[shades > 0]), 1 / 256, 256))
    np.testing.assert_allclose(channels["brightness"], np.where(scan.valid, bright, 0), atol=1e-5)
    with np.errstate(divide="ignore"):
        ratio = np.log2(scan.extras["modulation"] / scan.intensity)
    median = np.median(ratio[scan.valid & np.isfinite(ratio)])
    np.testing.assert_allclose(
        channels["modulation"], np.where(scan.valid, np.clip(ratio - median, -8, 8), 0), atol=1e-4
    )
    assert not image[~scan.valid][:, [i for i, n in enumerate(filters.CHANNELS) if not n.endswith("known")]].any()


@pytest.mark.parametrize(("scale", "exact"), [(1024, True), (1000, False), (1e-6, False), (1e12, False)])
def test_the_unit_does_not_matter(scale, exact):
    metres = full()
    other = full(scale=scale)
    xyz = np.nan_to_num(metres.xyz) * np.float32(scale)  # the same numbers, in another unit
    other = dataclasses.replace(metres, xyz=xyz, valid=None)
    ours, theirs = filters.scan_channels(metres), filters.scan_channels(other)
    np.testing.assert_allclose(theirs, ours, atol=1e-6 if exact else 1e-3)
    assert np.abs(ours[..., 3]).max() > 1  # there is something to compare


def test_without_intrinsics_they_are_almost_the_same():
    scan = full()
    unknown = dataclasses.replace(scan, intrinsics=None)
    ours, theirs = filters.scan_channels(scan), filters.scan_channels(unknown)
    np.testing.assert_allclose(theirs, ours, atol=0.02)
    assert np.abs(filters.scan_channels(dataclasses.replace(scan, intrinsics=K * [[2], [2], [1]])) - ours).max() > 0.5


def test_on_a_slanted_plane_the_misfits_vanish_up_to_its_rims():
    rows, columns = np.indices((120, 140))
    rays = np.dstack([(columns - 70) / 150, (rows - 60) / 150, np.ones((120, 140))])
    depth = 1 / (rays @ [0.5, -0.8, 1.2])  # an inclination of about 40 degrees
    camera = np.array([[150.0, 0, 70], [0, 150, 60], [0, 0, 1]])
    channels = named(
        filters.scan_channels(OrganizedScan(xyz=(rays * depth[..., None]).astype(np.float32), intrinsics=camera))
    )
    for name in ("plane residual 4", "plane residual 8"):
        assert np.abs(channels[name]).max() < 2e-3
    for window in WINDOWS:
        inside = np.s_[window // 2 : -(window // 2), window // 2 : -(window // 2)]
        assert (channels[f"measured {window}"][inside] == 0.5).all()
        assert channels[f"measured {window}"].min() < 0
    assert np.abs(channels["step right"]).max() > 0.5


def test_a_part_gives_what_the_whole_gives():
    maker = ChannelMaker(full(shape=(150, 160)))
    whole, halo = maker.channels(), maker.halo
    for rows, columns in (
        (slice(20, 110), slice(40, 160)),
        (slice(0, 70), slice(75, 160)),
        (slice(70, 150), slice(0, 66)),
    ):
        part = maker.channels(rows, columns)
        top, left = (halo if start else 0 for start in (rows.start, columns.start))
        bottom, right = (halo if stop < size else 0 for stop, size in ((rows.stop, 150), (columns.stop, 160)))
        inside = np.s_[top : part.shape[0] - bottom, left : part.shape[1] - right]
        np.testing.assert_allclose(part[inside], whole[rows, columns][inside], atol=2e-4)
        assert part[inside].size


def test_the_halo_is_not_larger_than_it_has_to_be():
    depth = np.full((90, 90), 1.0)
    plain, other = scan_of(depth), depth.copy()
    other[45, 45] = np.nan
    far = np.abs(ChannelMaker(plain).channels() - ChannelMaker(scan_of(other)).channels()).max(axis=-1) > 1e-4
    rows, columns = np.nonzero(far)
    assert max(np.abs(rows - 45).max(), np.abs(columns - 45).max()) == ChannelMaker.halo


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_scan_has_mirrored_channels(axis):
    scan = full()
    expected = filters.scan_channels(scan)
    plain = expected.copy()
    flip_channels(expected, axis)
    camera = K.copy()
    camera[1 - axis, 2] = SHAPE[axis] - 1 - K[1 - axis, 2]
    mirror = np.where(np.arange(3) == 1 - axis, -1, 1)
    mirrored = OrganizedScan(
        xyz=np.flip(np.nan_to_num(scan.xyz), axis) * mirror,
        intensity=np.flip(scan.intensity, axis),
        intrinsics=camera,
        extras={"modulation": np.flip(scan.extras["modulation"], axis)},
    )
    np.testing.assert_allclose(filters.scan_channels(mirrored), expected, atol=2e-4)
    flip_channels(expected, axis)
    np.testing.assert_allclose(expected, plain, atol=0)


@pytest.mark.parametrize(
    ("fields", "zeros"),
    [
        ({"intensity": None}, ("intensity known", "brightness", "contrast")),
        ({"extras": {}}, ("modulation known", "modulation")),
        ({"extras": {"modulation": np.float32(3)}}, ("modulation known", "modulation")),  # of the scan, not of pixels
        ({"extras": {"modulation": np.full(SHAPE, "good")}}, ("modulation known", "modulation")),
        ({"extras": {"modulation": np.zeros(SHAPE)}}, ("modulation known", "modulation")),
        ({"intensity": np.zeros(SHAPE)}, ("intensity known", "brightness", "contrast")),
        ({"intensity": np.full(SHAPE, -3)}, ("intensity known", "brightness", "contrast")),
        ({"intensity": np.full(SHAPE, np.nan)}, ("intensity known", "brightness", "contrast")),
    ],
)
def test_what_a_scan_lacks_is_masked_and_changes_nothing_else(fields, zeros):
    everything = named(filters.scan_channels(full()))
    masked = named(filters.scan_channels(full(**fields)))
    assert all(everything[name].any() for name in zeros)
    for name in filters.CHANNELS:
        if name in zeros:
            assert not masked[name].any(), name
        elif name != "modulation":  # it is relative to the intensity, where there is one
            np.testing.assert_array_equal(masked[name], everything[name], err_msg=name)
    for name in ("intensity known", "modulation known"):
        assert name in zeros or (masked[name] == 1).all()


def test_odd_intensities_are_dark_or_bright_and_stay_where_they_are():
    usual = np.random.default_rng(0).uniform(50, 200, SHAPE)
    plain = full(intensity=usual)
    places = {(r, c): value for (r, c), value in zip(np.argwhere(plain.valid)[[500, 3000, 5500, 5600]],
              (np.nan, -7.0, 0.0, np.inf), strict=True)}  # fmt: skip
    odd = usual.copy()
    for place, value in places.items():
        odd[place] = value
    with np.errstate(all="raise"):
        ours, channels = named(filters.scan_channels(plain)), named(filters.scan_channels(full(intensity=odd)))
    for place, value in places.items():
        assert channels["brightness"][place] == (8 if value == np.inf else -8)
    assert all(np.isfinite(channel).all() for channel in channels.values())
    far = np.ones(SHAPE, bool)
    for row, column in places:
        far[max(row - 8, 0) : row + 9, max(column - 8, 0) : column + 9] = False
    np.testing.assert_allclose(channels["contrast"][far], ours["contrast"][far], atol=1e-5)
    np.testing.assert_allclose(channels["brightness"][far], ours["brightness"][far], atol=0.05)  # another median
    flat = named(filters.scan_channels(full(intensity=np.full(SHAPE, 40_000))))
    assert (flat["intensity known"] == 1).all()
    np.testing.assert_allclose([flat["brightness"], flat["contrast"]], 0, atol=1e-6)


@pytest.mark.parametrize("camera", [CAMERA, None])
def test_hardly_any_points_are_no_accident(camera):
    nothing = scan_of(np.full((24, 32), np.nan), intrinsics=camera)
    channels = named(filters.scan_channels(nothing))
    assert not any(channel.any() for name, channel in channels.items() if not name.endswith("known"))
    depth = np.full((24, 32), np.nan)
    depth[5, 7] = 1.3
    alone = named(filters.scan_channels(scan_of(depth, intrinsics=camera, intensity=np.full(depth.shape, 3.0))))
    expected = {"valid": 1, "measured 5": 1 / 25 - 0.5, "measured 17": 1 / 289 - 0.5, "measured 65": 1 / 4225 - 0.5}
    expected |= {"intensity known": 1, "modulation known": 1}
    if camera is not None:  # then eight footprints are a number: nothing to compare with counts as far
        expected |= dict.fromkeys(("nearest step", "plane residual 4", "plane residual 8"), np.arcsinh(4 * 8))
    assert {name: channel[5, 7] for name, channel in alone.items() if channel[5, 7]} == pytest.approx(
        expected, abs=1e-6
    )
    counts = [np.count_nonzero(channel) for name, channel in alone.items() if not name.endswith("known")]
    assert sum(counts) == len(expected) - 2


def test_points_that_no_camera_can_have_measured_are_left_out():
    depth, _ = bumpy(shape=SHAPE)
    plain = scan_of(depth)
    xyz = np.nan_to_num(plain.xyz)
    odd = [tuple(place) for place in np.argwhere(plain.valid)[[100, 2000, 4000, 5000, 6000]]]
    for place, z in zip(odd, (-1, 0, 1e-30, 1e30, 1e-5), strict=True):
        xyz[place] = 0.1, 0.1, z
    scan = OrganizedScan(xyz=xyz, intrinsics=CAMERA, extras=plain.extras)
    holes = depth.copy()
    for place in odd:
        holes[place] = np.nan
        assert scan.valid[place]
    with np.errstate(all="raise"):
        image = filters.scan_channels(scan)
    np.testing.assert_array_equal(image, filters.scan_channels(scan_of(holes)))
    with pytest.raises(InputError, match="behind the camera"):
        filters.scan_channels(OrganizedScan(xyz=-xyz))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (3, 5), (70, 66)])
def test_any_size(shape):
    scan = full(shape=shape)
    image = filters.scan_channels(scan)
    assert image.shape == (*shape, 14) and np.isfinite(image).all()


@pytest.mark.parametrize("window", WINDOWS)
def test_an_integral_image_sums_windows(window):
    image = np.random.default_rng(0).normal(size=(37, 50))
    sums, reach = _Integral(image, np.float64).sums(window), window // 2
    padded = np.lib.stride_tricks.sliding_window_view(np.pad(image, reach), (window, window))
    np.testing.assert_allclose(sums, padded.sum(axis=(2, 3)), rtol=1e-4, atol=1e-5)


def test_large_scans_take_their_medians_from_a_part(monkeypatch):
    scan = full(shape=(200, 300))
    whole = filters.scan_channels(scan)
    monkeypatch.setattr("pcfilter_lib.filters.channels._ENOUGH", 5_000)
    monkeypatch.setattr("pcfilter_lib.filters.footprint._ENOUGH", 5_000)
    np.testing.assert_allclose(filters.scan_channels(scan), whole, atol=0.1)
    assert np.any(filters.scan_channels(scan) != whole)  # the medians differ a little
    unknown = dataclasses.replace(scan, intrinsics=None)
    np.testing.assert_allclose(ChannelMaker(unknown)._angle, 1 / 90, rtol=1e-3)
