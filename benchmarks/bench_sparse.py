"""Measure what `pcfilter_lib.sparse` and its layers promise, compared with Open3D and with a dense convolution.

    python benchmarks/bench_sparse.py [--json FILE]

An octree of 1,000,000 points, eight levels deep, in turns with Open3D's, and whether both have the same number of cells
on each level; what a feature on each cell takes, compared with each voxel; 1,000,000 keys into the hash table and out
again; the kernel map of some 75,000 voxels; and a submanifold convolution of 32 to 32 features on the skins of ten
pieces of furniture, in turns with `Conv3D` on the same grid. Memory, for the piece with the median number of voxels, is
what the inputs take (features and table, or the grid), and what the convolution adds to it at its peak, in a process
of its own (Linux). Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open3d as o3d
from bench_data import interleaved

from pcfilter_lib import bench, data, frameworks, sparse, synthesis
from pcfilter_lib.provenance import provenance

AT_LEAST = {"octree, times as fast as Open3D": 5, "convolution at 64^3, times as fast": 5}
AT_LEAST |= {"convolution at 64^3, times less memory": 10, "convolution at 128^3, times as fast": 12}
AT_MOST = {"octree, s": 0.6, "octree, cells that Open3D has not": 0, "octree's features at 128^3, of dense": 0.1}
AT_MOST |= {"hash, s": 1.5, "kernel map, s": 0.3}
CHANNELS = 32


def skin(kind: str, resolution: int) -> np.ndarray:
    """Return the voxels that the surface of a piece of furniture touches."""
    solid = synthesis.make_furniture(kind, np.random.default_rng(0))
    return data.voxelize(data.Mesh(solid.vertices, solid.faces), resolution).values


def octrees() -> dict[str, float]:
    """Build the same octree twice."""
    points = np.random.default_rng(0).normal(size=(1_000_000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    cloud, counts = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points)), [0] * 9
    theirs = o3d.geometry.Octree(max_depth=8)
    theirs.convert_from_point_cloud(cloud, size_expand=0.01)
    theirs.traverse(lambda node, info: counts.__setitem__(info.depth, counts[info.depth] + 1))
    ours = sparse.Octree.from_points(points, 8, theirs.origin, theirs.size)
    calls = {
        "ours": lambda: sparse.Octree.from_points(points, 8),
        "theirs": lambda: o3d.geometry.Octree(max_depth=8).convert_from_point_cloud(cloud, size_expand=0.01),
    }
    times = interleaved(calls, 3)
    return {
        "octree, s": times["ours"] / 1e3,
        "octree, times as fast as Open3D": times["theirs"] / times["ours"],
        "octree, cells that Open3D has not": sum(abs(len(a) - b) for a, b in zip(ours.levels, counts, strict=True)),
    }


def cells_of_octrees() -> float:
    """Return what fraction of a dense grid's features the cells of octrees have, siblings and all levels included."""
    trees = [sparse.Octree.from_voxels(skin(kind, 128)) for kind in synthesis.FURNITURE]
    cells = [sum(len(tree.coordinates(level, siblings=True)) for level in range(8)) for tree in trees]
    return float(np.mean(cells)) / 128**3


def tables() -> dict[str, float]:
    """Time the hash table and a kernel map."""
    keys = np.random.default_rng(0).integers(-(1 << 20), 1 << 20, (1_000_000, 3))
    skins = [np.argwhere(skin(kind, 128)) for kind in synthesis.FURNITURE]
    voxels = min(skins, key=lambda each: abs(len(each) - 75_000))
    calls = {"hash": lambda: sparse.VoxelHash(keys).find(keys), "map": lambda: sparse.kernel_map(voxels)}
    times = interleaved(calls, 3)
    return {
        "hash, s": times["hash"] / 1e3,
        "voxels of the kernel map": len(voxels),
        "kernel map, s": times["map"] / 1e3,
    }


def convolution(name: str, occupied: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a call of ours, or of theirs, compiled, with features that are drawn at random."""
    frameworks.start("tensorflow")
    import keras
    import tensorflow as tf

    from pcfilter_lib.layers import SparseConv3D

    voxels = np.argwhere(occupied)
    features = tf.random.normal((1, len(voxels), CHANNELS))
    if name == "ours":
        layer, inputs = SparseConv3D(CHANNELS), [features, tf.constant(sparse.kernel_map(voxels)[None])]
    else:
        layer = keras.layers.Conv3D(CHANNELS, 3, padding="same")
        inputs = tf.scatter_nd(voxels, features[0], (*occupied.shape, CHANNELS))[None]
    layer.build([each.shape for each in inputs] if name == "ours" else inputs.shape)
    compiled = tf.function(layer.call, autograph=False)

    def call() -> np.ndarray:
        return compiled(inputs).numpy()

    call.input_bytes = sum(each.dtype.size * each.shape.num_elements() for each in tf.nest.flatten(inputs))
    return call


def convolutions(resolution: int) -> dict[str, float]:
    """Time both convolutions on each piece of furniture."""
    sums = {"ours": 0.0, "theirs": 0.0}
    for kind in synthesis.FURNITURE:
        occupied = skin(kind, resolution)
        for name, time in interleaved({name: convolution(name, occupied) for name in sums}, 5).items():
            sums[name] += time
    return {f"convolution at {resolution}^3, times as fast": sums["theirs"] / sums["ours"]}


def warm(name: str, resolution: int) -> Callable[[], np.ndarray]:
    """Return a convolution of the median piece of furniture, after one of a few voxels."""
    small = np.zeros((8, 8, 8), bool)
    small[0] = True
    convolution(name, small)()
    return convolution(name, median_skin(resolution))


def median_skin(resolution: int) -> np.ndarray:
    """Return the skin with the median number of voxels."""
    skins = sorted((skin(kind, resolution) for kind in synthesis.FURNITURE), key=np.sum)
    return skins[len(skins) // 2]


def memory(resolution: int) -> dict[str, float]:
    """Measure both convolutions, each in a process of its own; their inputs count."""
    risen = {}
    for name in ("ours", "theirs"):
        inputs = convolution(name, median_skin(resolution)).input_bytes
        risen[name] = bench.risen_memory(warm, name, resolution) + inputs
    return {f"convolution at {resolution}^3, times less memory": risen["theirs"] / risen["ours"]}


def main() -> None:
    """Measure, print, and compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args()
    found = {**octrees(), "octree's features at 128^3, of dense": cells_of_octrees(), **tables()}
    found |= {**convolutions(64), **convolutions(128), **memory(64)}
    missed = {name for name, bar in AT_MOST.items() if found[name] > bar}
    missed |= {name for name, bar in AT_LEAST.items() if found[name] < bar}
    bars = AT_LEAST | AT_MOST
    for name, value in found.items():
        bar = f"   bar {bars[name]:g}" if name in bars else ""
        print(f"{name:42} {value:10.4g}{bar}{'   MISSED' if name in missed else ''}")
    if options.json:
        content = {"results": found, "provenance": provenance("numpy", "open3d", "tensorflow", "keras")}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
