"""Measure what `data.VoxelGrid` and its surroundings promise: how exact, and how quick compared with Open3D.

    python benchmarks/bench_voxels.py [--json FILE]

Skins are compared with the triangle-box test, written out here for each pair of a triangle and a voxel, on 100 random
shapes; the volume of solids with 1,000,000 random points, each asked of every shell; fused scans with Open3D's. The
times: the skin of a toilet of some 1,200 faces at 128^3, its distances at 64^3, and the fusion of a scan of 320 x 240
pixels into 128^3, in turns with Open3D's. Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import open3d as o3d
from bench_data import interleaved
from scipy.spatial.transform import Rotation
from tqdm import tqdm

from pcfilter_lib import data, synthesis
from pcfilter_lib.provenance import provenance

BARS = {"skin, s": 0.15, "distances, s": 0.6, "fusion, s": 0.25, "fusion, times Open3D": 2.0}
BARS |= {"skins that differ": 0, "solid volume, relative error": 0.01, "fusion, voxels from Open3D": 0.5}
CAMERA = np.array([[300.0, 0, 159.3], [0, 300, 119.6], [0, 0, 1]])


def touched(mesh: data.Mesh, grid: data.VoxelGrid) -> np.ndarray:
    """Return which voxels a mesh touches: no axis of thirteen parts a triangle from a cube (Akenine-Möller 2001)."""
    centres, half = grid.centres().reshape(-1, 3).astype(np.float64), grid.voxel_size / 2
    found = np.zeros(len(centres), bool)
    for triangle in mesh.vertices[mesh.faces]:
        corners = triangle - centres[:, None]
        edges = np.roll(triangle, -1, axis=0) - triangle
        axes = [*np.eye(3), np.cross(edges[0], edges[1])]
        axes += [np.cross(edge, axis) for edge in edges for axis in np.eye(3)]
        apart = np.zeros(len(centres), bool)
        for axis in axes:
            shadow, reach = corners @ axis, half * np.abs(axis).sum()
            apart |= (shadow.min(axis=1) > reach) | (shadow.max(axis=1) < -reach)
        found |= ~apart
    return found.reshape(grid.shape)


def skins_that_differ(shapes: int = 100) -> int:
    """Return how many voxels of random shapes are occupied here and not there."""
    differ = 0
    for seed in tqdm(range(shapes), desc="skins", leave=False, disable=None):
        draw = np.random.default_rng(seed)
        mesh = data.Mesh(draw.normal(size=(36, 3)), np.arange(36).reshape(12, 3))
        skin = data.voxelize(mesh, 24, margin=0.3)
        differ += int((skin.values != touched(mesh, skin)).sum())
    return differ


def furniture(kind: str, seed: int) -> data.Mesh:
    """Return a piece of furniture as a mesh."""
    solid = synthesis.make_furniture(kind, np.random.default_rng(seed))
    return data.Mesh(solid.vertices, solid.faces)


def volume_error(points: int = 1_000_000) -> float:
    """Return the largest relative error of the volume of solids, counted by the centres of voxels, of four shapes."""
    worst = 0.0
    for number, kind in enumerate(("bed", "sofa", "toilet", "dresser")):
        straight = furniture(kind, number)
        # Rotated: a board along the axes that is 2.8 voxels thick would count as 3 everywhere.
        turn = Rotation.random(rng=number).as_matrix()
        mesh = data.Mesh(straight.vertices @ turn.T, straight.faces)
        grid = data.VoxelGrid.around(mesh, 160, margin=1)
        inside = data.distance_field(mesh, grid, signed=True).values < 0
        low, high = mesh.bounds
        drawn = np.random.default_rng(number).uniform(low, high, (points, 3)).astype(np.float32)
        hit = np.zeros(points, bool)
        for shell in data.shells(mesh):
            scene = o3d.t.geometry.RaycastingScene()
            scene.add_triangles(shell.vertices.astype(np.float32), shell.faces.astype(np.uint32))
            hit |= scene.compute_occupancy(drawn, nsamples=3).numpy() > 0
        expected = hit.mean() * np.prod(high - low)
        worst = max(worst, abs(inside.sum() * grid.voxel_size**3 / expected - 1))
    return worst


def scanned() -> tuple[data.OrganizedScan, data.VoxelGrid]:
    """Return a scan of a wavy wall, and a grid of which it sees a part."""
    row, column = np.indices((240, 320))
    depth = (1 + 0.1 * np.sin(column / 20) + 0.1 * np.cos(row / 30)).astype(np.float32)
    scan = data.OrganizedScan(xyz=data.backproject(depth, CAMERA), intrinsics=CAMERA, pose=np.eye(4))
    return scan, data.VoxelGrid(np.zeros((128,) * 3, bool), (-0.5, -0.5, 0.6), 1 / 128)


def open3d_volume(grid: data.VoxelGrid, truncation: float):
    """Return Open3D's empty volume at the same place."""
    kind = o3d.pipelines.integration.TSDFVolumeColorType.NoColor
    side = grid.voxel_size * grid.shape[0]
    return o3d.pipelines.integration.UniformTSDFVolume(side, grid.shape[0], truncation, kind, grid.origin)


def main() -> None:
    """Measure, print, and compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args()

    toilet = furniture("toilet", 3)
    grid, (scan, space) = data.VoxelGrid.around(toilet, 64, margin=4), scanned()
    truncation = 4 * space.voxel_size
    image = o3d.geometry.RGBDImage.create_from_color_and_depth(
        o3d.geometry.Image(np.zeros((240, 320, 3), np.uint8)),
        o3d.geometry.Image(scan.depth.copy()),
        depth_scale=1,
        depth_trunc=9,
        convert_rgb_to_intensity=False,
    )
    camera = o3d.camera.PinholeCameraIntrinsic(320, 240, 300, 300, CAMERA[0, 2], CAMERA[1, 2])
    volume = open3d_volume(space, truncation)
    times = interleaved(
        {
            "skin": lambda: data.voxelize(toilet, 128),
            "distances": lambda: data.distance_field(toilet, grid),
            "fusion": lambda: data.fuse_scans([scan], space, truncation),
            "Open3D": lambda: volume.integrate(image, camera, np.eye(4)),
        },
        9,
    )
    fresh = open3d_volume(space, truncation)
    fresh.integrate(image, camera, np.eye(4))
    theirs = np.asarray(fresh.extract_volume_tsdf()).reshape(*space.shape, 2)
    ours = data.fuse_scans([scan], space, truncation)
    both = (theirs[..., 1] > 0) & (ours.weight > 0)
    apart = np.abs(truncation * theirs[..., 0] - ours.field.values)[both].max() / space.voxel_size
    found = {
        "faces of the toilet": len(toilet.faces),
        "skin, s": times["skin"] / 1e3,
        "distances, s": times["distances"] / 1e3,
        "fusion, s": times["fusion"] / 1e3,
        "fusion, times Open3D": times["fusion"] / times["Open3D"],
        "skins that differ": skins_that_differ(),
        "solid volume, relative error": volume_error(),
        "fusion, voxels from Open3D": float(apart),
    }
    missed = [name for name, bar in BARS.items() if found[name] > bar]
    for name, value in found.items():
        bar = f"   bar {BARS[name]:g}" if name in BARS else ""
        print(f"{name:30} {value:10.4g}{bar}{'   MISSED' if name in missed else ''}")
    if options.json:
        content = {"results": found, "provenance": provenance("numpy", "scipy", "open3d", "open3d-cpu")}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
