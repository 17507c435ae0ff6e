"""Views of a box on a floor before a wall, computed by ray casting: small, quick, and known to rounding."""

import numpy as np

from pcfilter_lib.data import OrganizedScan

SHAPE = (48, 64)
INTRINSICS = np.array([[60.0, 0, 31.5], [0, 60, 23.5], [0, 0, 1]])


def look_at(position, target=(0, 0, 0.2)):
    """Return the pose of a camera that stands somewhere and looks at the box, with z up in the world."""
    forward = np.subtract(target, position)
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], axis=1)
    pose[:3, 3] = position
    return pose


def cast(pose, shape=SHAPE, intrinsics=INTRINSICS):
    """Return the depth of the floor z = 0, the walls x = -1.5 and y = 1.5, and a box of 0.6 x 0.6 x 0.4 m."""
    columns, rows = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    rays = np.stack([columns, rows, np.ones(shape)], axis=-1) @ np.linalg.inv(intrinsics).T
    rays, start = rays @ pose[:3, :3].T, pose[:3, 3]
    depth = np.full(shape, np.inf)
    with np.errstate(all="ignore"):
        for axis, place in ((2, 0.0), (0, -1.5), (1, 1.5)):
            away = (place - start[axis]) / rays[..., axis]
            depth = np.where((away > 0) & (away < depth), away, depth)
        low, high = (np.array([-0.3, -0.3, 0]) - start) / rays, (np.array([0.3, 0.3, 0.4]) - start) / rays
        near, far = np.minimum(low, high).max(axis=-1), np.maximum(low, high).min(axis=-1)
    return np.where((near > 0) & (near < far) & (near < depth), near, depth), rays


def room(views=8, noise=lambda z: 0.001 * np.ones_like(z), artefacts=0.0, shift=0.0, seed=0, shape=SHAPE):
    """Return posed scans from a quarter circle, with labels: artefacts hang 5 to 20 cm before the surface."""
    generator = np.random.default_rng(seed)
    scale = shape[1] / SHAPE[1]
    intrinsics = INTRINSICS * np.array([[scale], [scale], [1]])
    scans = []
    for angle in np.linspace(-1.2, 0.1, views):
        pose = look_at([2.2 * np.cos(angle), 2.2 * np.sin(angle), 1.3 + 0.3 * np.sin(3 * angle)])
        depth, _ = cast(pose, shape, intrinsics)
        label = np.ones(shape, np.uint8)
        wrong = generator.random(shape) < artefacts
        label[wrong] = 0
        depth = depth + noise(depth) * generator.normal(size=shape)
        depth[wrong] -= generator.uniform(0.05, 0.2, wrong.sum())
        columns, rows = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
        xyz = np.stack([columns, rows, np.ones(shape)], axis=-1) @ np.linalg.inv(intrinsics).T * depth[..., None]
        told = pose.copy()
        told[:3, 3] += shift * generator.normal(size=3)
        scans.append(OrganizedScan(xyz, label=label, intrinsics=intrinsics, pose=told))
    return scans
