"""One benchmark in a process of its own: backends, precisions and peaks of memory do not mix in one.

Started by :mod:`pcfilter_lib.bench.run` with a setting as JSON; prints its result as JSON on the last line.
"""

from __future__ import annotations

import dataclasses
import json
import sys

from pcfilter_lib import frameworks
from pcfilter_lib.bench.devices import device_name, most_memory
from pcfilter_lib.bench.tf32 import device_has_tf32, tf32_in_use
from pcfilter_lib.bench.timing import measure

#: Repeats and seconds: at full size, and for a quick look.
_EFFORT = {False: (15, 8.0), True: (3, 2.0)}


def run(workload: str, backend: str, precision: str, jit: bool, quick: bool) -> dict[str, object]:
    """Measure one setting in this process.

    Parameters
    ----------
    workload : str
        One of :data:`pcfilter_lib.bench.WORKLOADS`, or "peaks".
    backend : str
        Of Keras, or "numpy" where no framework computes.
    precision : str
        A policy of Keras.
    jit : bool
        Whether the backend compiles the whole network.
    quick : bool

    Returns
    -------
    dict
        What the setting's entry in a record holds beside the setting.
    """
    from pcfilter_lib.bench.workloads import WORKLOADS

    if backend != "numpy":
        frameworks.start(backend)
        import keras

        keras.config.set_dtype_policy(precision)
        keras.utils.set_random_seed(0)
    where = {"device": frameworks.device() if backend != "numpy" else "cpu", "device_name": device_name(backend)}
    if workload == "peaks":
        return {**where, **_peaks(backend, precision, repeats=3 if quick else 15)}
    repeats, seconds = _EFFORT[quick]
    before = most_memory(backend)
    work = WORKLOADS[workload].make(jit, quick)
    timing = measure(work.call, repeats=repeats, most_seconds=seconds)
    after = most_memory(backend)
    return {
        **where,
        "median_s": timing.median / work.steps,
        "spread": round(timing.relative_iqr, 4),
        "compile_s": timing.compile,
        "calls": len(timing.seconds),
        "steps_per_call": work.steps,
        "items_per_s": work.items / timing.median,
        "flops": None if work.flops is None else work.flops // work.steps,
        "traffic": None if work.traffic is None else work.traffic // work.steps,
        "memory": None if after is None or before is None else after - before,
        "tf32": precision == "float32" and tf32_in_use(backend),
    }


def _peaks(backend: str, precision: str, repeats: int) -> dict[str, float]:
    """Return the peaks of a precision: those of float32 without TF32, and in TF32 as well where the device has it."""
    from pcfilter_lib.bench.peaks import measured_peaks

    if precision != "float32" or not device_has_tf32(backend):
        return dataclasses.asdict(measured_peaks(precision, repeats))
    full, rounded = (measured_peaks(precision, repeats, tf32) for tf32 in (False, True))
    return {**dataclasses.asdict(full), "tf32_flops": rounded.flops}


if __name__ == "__main__":
    print("\n" + json.dumps(run(**json.loads(sys.argv[1]))))
