"""Views of scenes on a turntable that ship with the library: what ``pcfilter label`` and ``tune`` can be tried on."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data.example import example_path
from pcfilter_lib.data.parts import sums
from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.data.scan_geometry import backproject
from pcfilter_lib.errors import InputError

#: How many scenes there are, and how many views of each.
TURNTABLE_SCENES, TURNTABLE_VIEWS = 6, 12
DEPTH_STEP = 2e-5  # metres: a fifth of the scanner's noise


def load_turntable(scene: int) -> list[OrganizedScan]:
    """Return the views of a scene on a turntable that ship with the library.

    They were made by one simulated scanner (:func:`pcfilter_lib.synthesis.simulate_scan`), every thirty degrees and
    from changing heights; recipe and seeds stand in ``data_scripts/make_turntable.py``.

    Parameters
    ----------
    scene : int
        From 0 to 5. Each is another set of parts on a table.

    Returns
    -------
    list of OrganizedScan
        Twelve of 108 x 144 pixels, in metres, with pose, intrinsics, intensity, the true labels, and
        the extra ``cause``: of each artefact, as its place in :data:`pcfilter_lib.data.CAUSES`.

    Raises
    ------
    InputError
        If there is no such scene.
    """
    if whole_number("load_turntable", "scene", scene, at_least=0) >= TURNTABLE_SCENES:
        problem, remedy = f"there is no scene {scene}", f"pass at most {TURNTABLE_SCENES - 1}"
        raise InputError("load_turntable", "scene", problem, remedy)
    own = slice(scene * TURNTABLE_VIEWS, (scene + 1) * TURNTABLE_VIEWS)
    with np.load(example_path("turntable.npz")) as file:
        arrays = {name: file[name][own] for name in file.files}
    depth = sums(arrays["depth"]) * np.float32(DEPTH_STEP)
    intensity = sums(arrays["intensity"]) / np.float32(255)
    return [
        OrganizedScan(
            xyz=backproject(depth[view], arrays["intrinsics"][view]).astype(np.float32),
            valid=depth[view] > 0,
            label=arrays["label"][view],
            extras={"cause": arrays["cause"][view]},
            intensity=intensity[view],
            intrinsics=arrays["intrinsics"][view],
            pose=arrays["pose"][view],
        )
        for view in range(TURNTABLE_VIEWS)
    ]
