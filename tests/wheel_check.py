"""Run by tests/wheel.sh inside an environment that holds the wheel and the base dependencies, and nothing else."""

import importlib.metadata
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import pcfilter_lib
from pcfilter_lib import data, errors

assert "site-packages" in pcfilter_lib.__file__, pcfilter_lib.__file__
for framework in ("tensorflow", "keras", "open3d", "plotly", "torch", "jax"):
    assert importlib.util.find_spec(framework) is None, f"the base install must not bring {framework}"

# Importing the package imports no framework and none of the heavier base dependencies.
loaded = subprocess.check_output([sys.executable, "-c", "import pcfilter_lib, sys; print(*sys.modules)"], text=True)
assert not {"numpy", "scipy", "trimesh", "onnxruntime"} & set(loaded.split()), "import pcfilter_lib must be instant"

# Reading, sampling and writing back work without any extra.
folder = Path(tempfile.mkdtemp())
(folder / "triangle.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n")
points = data.sample_surface(data.load_mesh(folder / "triangle.off"), 100, seed=0)
assert points.shape == (100, 3) and np.all(points.sum(axis=1) <= 1 + 1e-6)
xyz = np.dstack([*np.meshgrid(np.arange(4.0), np.arange(3.0)), np.ones((3, 4))]).astype(np.float32)
data.save_scan(data.OrganizedScan(xyz=xyz, valid=np.ones((3, 4), bool)), folder / "scan.npz")
assert data.load_scan(folder / "scan.npz").valid.all()

# So do the filters, from the command line.
from pcfilter_lib.cli import main  # noqa: E402

for name in ("artefact-unet", "statistical-outliers", "view-angle", "erosion-and-dilation"):
    arguments = [str(folder / "scan.npz"), "--out", str(folder / "clean"), "--filter", name, "--overwrite"]
    assert main(["filter", *arguments]) == 0
assert data.load_scan(folder / "clean" / "scan.npz").shape == (3, 4)

# A benchmark needs an extra, and says which before it measures anything.
assert main(["bench", "--list"]) == 0
assert main(["bench", "--out", str(folder / "bench.json")]) == 1 and not (folder / "bench.json").exists()

# The metadata say that some weights are for research only.
assert "ModelNet-research-only" in importlib.metadata.metadata("pcfilter_lib")["License-Expression"]

# What an extra brings is asked for by name.
try:
    from pcfilter_lib import plots

    plots.cloud(points)
except errors.MissingExtraError as error:
    assert "pcfilter_lib[plot]" in str(error), error
else:
    raise AssertionError("plots without plotly must name the extra")

# Every tracked file of the package is in the wheel, data files included.
packed = {str(file) for file in importlib.metadata.files("pcfilter_lib")}
missing = set(Path("tracked.txt").read_text().split()) - packed
assert not missing, f"not in the wheel: {sorted(missing)}"
print("the wheel works in an empty environment:", pcfilter_lib.__version__)
