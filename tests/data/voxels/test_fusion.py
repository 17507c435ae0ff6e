from dataclasses import replace

import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.data.scan_geometry import undistort
from pcfilter_lib.errors import InputError

CAMERA = np.array([[80.0, 0, 39.3], [0, 80, 29.6], [0, 0, 1]])


def wall(distance=1.0, pose=None, **fields):
    """Return a scan of a wall that stands across the camera's axis."""
    xyz = data.backproject(np.full((60, 80), distance), CAMERA)
    return data.OrganizedScan(xyz=xyz, intrinsics=CAMERA, pose=np.eye(4) if pose is None else pose, **fields)


def grid(count=20):
    return data.VoxelGrid(np.zeros((count,) * 3, bool), (-0.25, -0.25, 0.75), 0.5 / count)


def expected(scan, place, truncation):
    """Return what one scan says about one place: Curless and Levoy's steps, one voxel at a time."""
    x, y, z = np.linalg.inv(scan.pose)[:3] @ [*place, 1]
    if z <= 0:
        return np.nan
    column, row = (int(np.floor(each + 0.5)) for each in (80 * x / z + 39.3, 80 * y / z + 29.6))
    if not (0 <= row < 60 and 0 <= column < 80):
        return np.nan
    distance = (scan.depth[row, column] - z) * np.sqrt(x * x + y * y + z * z) / z
    return min(distance, truncation) if distance >= -truncation else np.nan


def pose(angle, x=0.0):
    matrix = np.eye(4)
    matrix[:3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    matrix[0, 3] = x
    return matrix


def bumpy(seed):
    depth = np.random.default_rng(seed).uniform(0.9, 1.1, (60, 80))
    depth[20:25, 30:50] = np.nan
    return data.backproject(depth, CAMERA)


def test_each_voxel_is_the_mean_of_what_the_scans_say():
    scans = [
        data.OrganizedScan(xyz=bumpy(number), intrinsics=CAMERA, pose=pose(angle, shift))
        for number, (angle, shift) in enumerate([(0, 0), (0.5, -0.4), (np.pi, 0.1)])
    ]
    place = grid(9)
    fused = data.fuse_scans(scans, place, 0.1)
    said = np.array(
        [
            [expected(scan, centre, 0.1) for scan in scans]
            for centre in place.to_points(np.moveaxis(np.indices(place.shape), 0, -1)).reshape(-1, 3)
        ]
    )
    weight = np.isfinite(said).sum(axis=1).reshape(place.shape)
    assert set(np.unique(weight)) == {0, 1, 2}, "the third camera looks away"
    assert np.array_equal(fused.weight, weight)
    known = weight > 0
    assert np.array_equal(np.isfinite(fused.field.values), known)
    mean = np.nansum(said, axis=1).reshape(place.shape)[known] / weight[known]
    np.testing.assert_allclose(fused.field.values[known], mean, atol=1e-6)
    assert fused.field.kind == "signed" and fused.field.truncation == 0.1


def test_a_wall_parts_free_from_unknown():
    fused = data.fuse_scans([wall()], grid())
    z = grid().centres()[..., 2]
    ternary = fused.ternary.values
    assert (ternary[z > 1.05] == data.UNKNOWN).all() and (ternary[z < 0.95] == data.FREE).all()
    assert (ternary[np.abs(z - 1) < 0.02] == data.SURFACE).all()
    assert np.isnan(fused.field.values[z > 1.13]).all(), "too far behind for this scan to say anything"


def test_a_second_scan_from_the_other_side_finds_the_other_face():
    other = np.diag([-1.0, 1, -1, 1])
    other[2, 3] = 2.2  # looks back from 2.2 m, at a wall 1.1 m before it
    fused = data.fuse_scans([wall(), wall(1.1, other)], grid(40), truncation=0.06)
    middle = fused.field.values[20, 20]
    z = grid(40).centres()[20, 20, :, 2]
    crossing = z[np.flatnonzero(np.diff(np.sign(middle)))]
    assert len(crossing) == 2 and np.allclose(crossing, [1.0, 1.1], atol=0.02)


def test_a_lens_bends_the_rays():
    lens = np.array([1.0, 0, 0, 0, 0])
    depth = np.ones((60, 80))
    depth[:, 70:] = 1.2  # a step, which straight rays would put elsewhere
    bent = data.OrganizedScan(
        xyz=data.backproject(depth, CAMERA, lens), intrinsics=CAMERA, distortion=lens, pose=np.eye(4)
    )
    place = data.VoxelGrid(np.zeros((60, 1, 4), bool), (0.0, -0.005, 0.96), 0.01)
    found = data.fuse_scans([bent], place, 0.02).field.values[:, 0]
    straight = data.fuse_scans([replace(bent, distortion=None)], place, 0.02).field.values[:, 0]
    edge = undistort(np.array([[69.5, 29.6]]), CAMERA, lens)[0, 0]
    free = np.flatnonzero(found[:, -1] > 0.019)[0] * 0.01
    assert free == pytest.approx(edge * place.to_points([0, 0, 3])[2], abs=0.015)
    assert np.flatnonzero(straight[:, -1] > 0.019)[0] * 0.01 > free + 0.02
    same = data.fuse_scans([replace(bent, distortion=np.zeros(5))], place, 0.02).field.values[:, 0]
    assert np.array_equal(same, straight, equal_nan=True)


def test_poses_may_be_given():
    moved = pose(0.2)
    direct = data.fuse_scans([wall(pose=moved)], grid())
    given = data.fuse_scans([wall()], grid(), poses=[moved])
    assert np.array_equal(direct.field.values, given.field.values, equal_nan=True)


def test_as_open3d_does():
    o3d = pytest.importorskip("open3d")
    depth = data.scan_depth(wall()) + 0.05 * np.sin(np.arange(80) / 9).astype(np.float32)
    scan = data.OrganizedScan(xyz=data.backproject(depth, CAMERA), intrinsics=CAMERA, pose=np.eye(4))
    integration = o3d.pipelines.integration
    volume = integration.UniformTSDFVolume(
        0.5, 32, 0.06, integration.TSDFVolumeColorType.NoColor, np.array([-0.25, -0.25, 0.75])
    )
    image = o3d.geometry.RGBDImage.create_from_color_and_depth(
        o3d.geometry.Image(np.zeros((60, 80, 3), np.uint8)), o3d.geometry.Image(depth), depth_scale=1, depth_trunc=9
    )
    volume.integrate(image, o3d.camera.PinholeCameraIntrinsic(80, 60, 80, 80, 39.3, 29.6), np.eye(4))
    theirs = np.asarray(volume.extract_volume_tsdf()).reshape(32, 32, 32, 2)
    ours = data.fuse_scans([scan], grid(32), 0.06)
    both = (theirs[..., 1] > 0) & (ours.weight > 0)
    assert both.sum() > 0.99 * max((theirs[..., 1] > 0).sum(), (ours.weight > 0).sum()) > 10_000
    # Half a voxel, in steep places: they take the ray through the pixel's centre, we that through the voxel's.
    assert np.abs(0.06 * theirs[..., 0] - ours.field.values)[both].max() < 0.5 * 0.5 / 32


def test_what_is_refused():
    for arguments, words in (
        (([], grid()), "there are none"),
        (([wall(), replace(wall(), pose=None)], grid()), "scan 2, pose: it has none"),
        (([replace(wall(), intrinsics=None)], grid()), "scan 1, intrinsics: it has none"),
        (([wall()], grid(), 0), "truncation"),
    ):
        with pytest.raises(InputError, match=words):
            data.fuse_scans(*arguments)
    with pytest.raises(InputError, match="scan 2 has none"):
        data.fuse_scans([wall(), wall()], grid(), poses=[np.eye(4)])
    with pytest.raises(InputError, match="left-handed"):
        data.fuse_scans([wall()], grid(), poses=[np.diag([1, 1, -1, 1])])
