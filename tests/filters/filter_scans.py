"""Scans to filter."""

import numpy as np

from pcfilter_lib import data
from pcfilter_lib.data import OrganizedScan

CAMERA = np.array([[40.0, 0, 15.5], [0, 40, 11.5], [0, 0, 1]])


def scan_of(depth, scale=1.0, **fields):
    depth = np.asarray(depth, float)
    fields = {"intrinsics": CAMERA, "extras": {"modulation": np.full(depth.shape, 0.2)}} | fields
    xyz = data.backproject(depth * scale, CAMERA).astype(np.float32)
    return OrganizedScan(xyz=np.nan_to_num(xyz), **fields)


def bumpy(seed=0, shape=(24, 32)):
    """A plane with noise, some holes, and points beside it that are not there."""
    generator = np.random.default_rng(seed)
    depth = 1 + 0.3 * np.arange(shape[1]) / shape[1] + 1e-4 * generator.normal(size=shape)
    depth[generator.random(shape) < 0.1] = np.nan
    wrong = generator.random(shape) < 0.03
    depth[wrong] += generator.uniform(0.1, 0.3, wrong.sum())
    return depth, np.where(np.isnan(depth), 255, np.where(wrong, 0, 1)).astype(np.uint8)
