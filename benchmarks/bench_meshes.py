"""Measure what `pcfilter_lib.geometry` promises.

    python benchmarks/bench_meshes.py [--json FILE]

64 eigenpairs of a sheet of 2,000 vertices, and of a sphere of 10,242, with their Laplacians; the first 16 eigenvalues
of the sphere and of a rectangle, compared with the exact ones; the graph of the sphere; and forward passes of the
layers on a sheet of 2,000 vertices with 32 channels, Chebyshev polynomials of degree 8 and 64 eigenfunctions, compiled.
Times are medians, by the wall. Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from bench_data import interleaved

from pcfilter_lib import data, frameworks, geometry
from pcfilter_lib.provenance import provenance

AT_MOST = {"64 eigenpairs of 2,000 vertices, s": 0.5}
AT_MOST |= {"sphere, largest relative error of 16": 0.01, "rectangle, largest relative error of 16": 0.005}
CHANNELS = 32


def error(mesh: data.Mesh, exact: np.ndarray) -> float:
    """Return the largest relative error of the first eigenvalues, without the zero."""
    return float(np.abs(geometry.spectrum(mesh, len(exact)).values[1:] / exact[1:] - 1).max())


def spectra() -> dict[str, float]:
    """Time eigenpairs, and compare eigenvalues."""
    small, ball = geometry.sheet(40, 50, 1.0, 1.5), geometry.icosphere(5)
    calls = {
        "64 eigenpairs of 2,000 vertices, s": lambda: geometry.spectrum(small, 64),
        f"64 eigenpairs of {len(ball.vertices):,} vertices, s": lambda: geometry.spectrum(ball, 64),
        f"cotangent Laplacian of {len(ball.vertices):,} vertices, s": lambda: geometry.cotangent_laplacian(ball),
        f"graph of {len(ball.vertices):,} vertices, s": lambda: geometry.mesh_graph(ball),
    }
    degrees = np.repeat(np.arange(4), 2 * np.arange(4) + 1)
    p, q = np.mgrid[:16, :16]
    exact = np.sort((np.pi**2 * (p**2 + (q / 1.5) ** 2)).ravel())[:16]
    return {
        **{name: time / 1e3 for name, time in interleaved(calls, 5).items()},
        "sphere, largest relative error of 16": error(ball, degrees * (degrees + 1)),
        "rectangle, largest relative error of 16": error(geometry.sheet(60, 90, 1.0, 1.5), exact),
    }


def layers() -> dict[str, float]:
    """Time forward passes."""
    frameworks.start("tensorflow")
    import tensorflow as tf

    from pcfilter_lib.layers import ChebyshevConv, Diffusion, GraphConv

    mesh = geometry.sheet(40, 50, 1.0, 1.5)
    x = tf.random.normal((1, len(mesh.vertices), CHANNELS))
    scaled, basis = geometry.scaled_laplacian(mesh), geometry.spectrum(mesh, 64)
    weights = tf.constant(scaled.weights[None], tf.float32)
    functions, values, areas = (
        tf.constant(each[None], tf.float32) for each in (basis.functions, basis.values, basis.areas)
    )
    inputs = {
        "GraphConv, ms": (GraphConv(CHANNELS), [x, tf.constant(geometry.mesh_graph(mesh).neighbours[None])]),
        "ChebyshevConv, degree 8, ms": (ChebyshevConv(CHANNELS, 8), [x, tf.constant(scaled.table[None]), weights]),
        "Diffusion, 64 eigenfunctions, ms": (Diffusion(0.1), [x, functions, values, areas]),
    }
    calls = {}
    for name, (layer, given) in inputs.items():
        layer.build([each.shape for each in given])
        compiled = tf.function(layer.call, autograph=False)
        calls[name] = lambda compiled=compiled, given=given: compiled(given).numpy()
    return interleaved(calls, 11)


def main() -> None:
    """Measure, print, and compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    options = parser.parse_args()
    found = {**spectra(), **layers()}
    missed = {name for name, bar in AT_MOST.items() if found[name] > bar}
    for name, value in found.items():
        bar = f"   bar {AT_MOST[name]:g}" if name in AT_MOST else ""
        print(f"{name:46} {value:10.4g}{bar}{'   MISSED' if name in missed else ''}")
    if options.json:
        content = {"results": found, "provenance": provenance("numpy", "scipy", "tensorflow", "keras")}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
