"""Running many settings, each in a process of its own, with a bar, and on again after an interruption."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tqdm import tqdm

from pcfilter_lib._arguments import one_of
from pcfilter_lib.bench.record import check_record, is_impossible, load_record, new_record
from pcfilter_lib.bench.workloads import WORKLOADS
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.frameworks import BACKENDS, EXTRAS

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
#: Seconds for one setting. What takes longer is written down as failed.
LIMIT = 600


@dataclasses.dataclass(frozen=True)
class Setting:
    """What is measured, and how.

    Parameters
    ----------
    workload : str
        One of :data:`WORKLOADS`, or "peaks".
    backend : str
        "tensorflow", "jax" or "torch"; "numpy" where no framework computes.
    precision : str
        "float32", "mixed_bfloat16" or "mixed_float16", as Keras's policies are called.
    jit : bool
        Whether the backend compiles the whole network: XLA for TensorFlow and JAX, TorchInductor for PyTorch.
    """

    workload: str
    backend: str
    precision: str
    jit: bool

    def __str__(self) -> str:
        return f"{self.workload}, {self.backend}, {self.precision}, {'compiled' if self.jit else 'not compiled'}"


def settings(
    workloads: Sequence[str] | None = None,
    backends: Sequence[str] | None = None,
    precisions: Sequence[str] = ("float32", "mixed_bfloat16"),
    jit: Sequence[bool] = (False, True),
) -> list[Setting]:
    """Return all combinations that make sense.

    Whatever does not train or infer in a network has one setting. The sweeps of convolutions stay in single precision,
    compiled where the backend compiles without being asked: they show sizes, not settings. Each backend's peaks come
    first.

    Parameters
    ----------
    workloads : sequence of str, optional
        By default all. A beginning stands for all that begin so: "conv2d", "unet".
    backends : sequence of str, optional
        By default those that are installed here.
    precisions, jit : sequence
        For the networks.

    Raises
    ------
    InputError
        If there is no such workload, backend or precision, or a backend is not installed.
    """
    here = [name for name in BACKENDS if importlib.util.find_spec(name)]
    for name in backends or ():
        one_of("bench", "backends", name, BACKENDS)
        if name not in here:
            raise InputError("backends", "", f"{name} is not installed", f"pip install pcfilter_lib[{EXTRAS[name]}]")
    for name in precisions:
        one_of("bench", "precisions", name, PRECISIONS)
    chosen = list(WORKLOADS)
    if workloads:
        chosen = [name for name in WORKLOADS if any(name.startswith(each) for each in workloads)]
        for each in workloads:
            if not any(name.startswith(each) for name in WORKLOADS):
                one_of("bench", "workloads", each, tuple(WORKLOADS))
    networks = [name for name in chosen if WORKLOADS[name].network]
    found = []
    for backend in backends or here if networks else ():
        found += [Setting("peaks", backend, precision, False) for precision in dict.fromkeys(("float32", *precisions))]
        for name in networks:
            if name.startswith("conv"):
                found.append(Setting(name, backend, "float32", backend == "jax"))
            else:
                found += [Setting(name, backend, *rest) for rest in itertools.product(precisions, jit)]
    return found + [Setting(name, "numpy", "float32", False) for name in chosen if not WORKLOADS[name].network]


def run_settings(wanted: Iterable[Setting], file: str | os.PathLike, *, quick: bool = False) -> dict[str, object]:
    """Measure the settings that a file does not hold yet, and write each result to it as it comes.

    Parameters
    ----------
    wanted : iterable of Setting
    file : str or os.PathLike
        A record of this machine; made if it is not there.
    quick : bool, optional
        Small sizes and few repeats, to see that all works. Its times mean nothing, and are never shared.

    Returns
    -------
    dict
        The record, see :func:`load_record`.

    Raises
    ------
    InputError
        If the file is broken, from another machine, or from another version of the workloads.
    """
    file = Path(file)
    record = load_record(file) if file.exists() else new_record(quick)
    fresh = new_record(quick)
    for name, told in (("machine", "another machine"), ("workloads", "other workloads"), ("quick", "other sizes")):
        if record[name] != fresh[name]:
            raise InputError(
                file, name, f"it is of {told}: {record[name]!r}, here {fresh[name]!r}", "name another file"
            )
    done = {_setting(entry) for entry in record["results"] if "error" not in entry}
    todo = [setting for setting in wanted if setting not in done]
    for setting in (bar := tqdm(todo, unit=" settings", disable=None)):
        bar.set_description(str(setting))
        entry = dataclasses.asdict(setting) | _measured(setting, quick)
        if not quick and is_impossible(record, entry):
            # Perhaps the machine was busy while its peak was measured: it gets one more chance.
            _replace(record, _best_peak(record, Setting("peaks", setting.backend, setting.precision, False)))
            if is_impossible(record, entry):
                entry = {name: entry[name] for name in (*dataclasses.asdict(setting), "date", "load")}
                entry["error"] = "refused: faster than the device can be, so that its work was not waited for"
        _replace(record, entry)
        check_record(record, file)
        with replacing(file) as temporary:
            temporary.write_text(json.dumps(record, indent=1) + "\n")
    return record


def _replace(record: dict, entry: dict) -> None:
    record["results"] = [each for each in record["results"] if _setting(each) != _setting(entry)] + [entry]


def _best_peak(record: dict, setting: Setting) -> dict:
    """Measure a peak again, and return it or the one that was known, whichever is higher."""
    known = [each for each in record["results"] if _setting(each) == setting and "error" not in each]
    again = dataclasses.asdict(setting) | _measured(setting, False)
    return max([*known, again], key=lambda each: each.get("flops", 0))


def _setting(entry: dict) -> Setting:
    return Setting(**{field.name: entry[field.name] for field in dataclasses.fields(Setting)})


def _measured(setting: Setting, quick: bool) -> dict[str, object]:
    """Return what a process of its own says, or its last line of complaint."""
    question = json.dumps(dataclasses.asdict(setting) | {"quick": quick})
    begin = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
    command = [sys.executable, "-m", "pcfilter_lib.bench.worker", question]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return begin | {"error": f"not finished after {LIMIT} s"}
    if done.returncode:
        return begin | {"error": _complaint(done.stderr) or f"ended with {done.returncode}"}
    return begin | versions(setting.backend) | json.loads(done.stdout.splitlines()[-1])


def _complaint(text: str) -> str:
    """Return what a program died of: the name of the error and what it says, on one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    begins = [number for number, line in enumerate(lines) if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", line)]
    return " ".join(lines[begins[-1] if begins else -1 :])[:300]


def versions(backend: str) -> dict[str, object]:
    """Return the versions of what computes."""
    from pcfilter_lib.provenance import provenance

    return {"versions": provenance("numpy", *(("keras", backend) if backend != "numpy" else ()))["versions"]}
