"""What was measured on one machine: a JSON file, and what it must hold before anybody believes it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from pcfilter_lib import results
from pcfilter_lib.bench.roofline import Roofline
from pcfilter_lib.errors import InputError, require
from pcfilter_lib.provenance import provenance

SCHEMA = Path(__file__).with_name("schema.json")
#: The records of machines that people sent.
COLLECTED = results.FOLDER / "machines"
#: More of a peak than this nobody reaches with the operations that were counted: a product of matrices is never quite
#: at its peak, and never quite measured. Convolutions may need fewer operations than counted, see `Workload.saving`.
POSSIBLE = 1.1


def new_record(quick: bool = False) -> dict[str, object]:
    """Return a record of this machine, without results."""
    from pcfilter_lib.bench.workloads import VERSION

    found = provenance()
    return {
        "machine": found["machine"],
        "python": found["python"],
        "pcfilter_lib": found["pcfilter_lib"],
        "workloads": VERSION,
        "quick": quick,
        "results": [],
    }


def load_record(file: str | os.PathLike) -> dict[str, object]:
    """Read a record and check it.

    Parameters
    ----------
    file : str or os.PathLike

    Returns
    -------
    dict
        ``machine``, versions, and ``results``, one for each setting; see ``schema.json`` beside this module.

    Raises
    ------
    InputError
        If it is no record, or says what cannot be.
    """
    try:
        record = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        remedy = "measure again: pcfilter bench --out FILE"
        raise InputError(file, "", f"it cannot be read ({error})", remedy) from error
    return check_record(record, file)


def check_record(record: dict[str, object], source: str | os.PathLike = "the record") -> dict[str, object]:
    """Check a record against its schema, and against what its own machine can do.

    A result that is faster than the largest product of matrices on the same device, at the same precision, was not
    measured: its benchmark did not wait, or counted work that was not done. Two things are allowed for. Work in TF32 is
    held against the peak of TF32. And convolutions may be computed by Winograd's algorithm, which takes up to four
    times fewer multiplications than are counted for a window of 3 x 3.

    Parameters
    ----------
    record : dict
    source : str or os.PathLike, optional
        For the message.

    Returns
    -------
    dict
        The same.

    Raises
    ------
    InputError
        If something is missing, of the wrong kind, or impossible.
    """
    jsonschema = require("jsonschema", "train")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(record))
    if error is not None:
        place = "/".join(map(str, error.absolute_path))
        raise InputError(source, place, error.message[:200], "let pcfilter bench write it, and change nothing by hand")
    for number, entry in enumerate(record["results"]):
        if not record["quick"] and is_impossible(record, entry):
            share, saving = share_of_peak(record, entry), _saving(entry)
            said = f"{entry['workload']} on {entry['backend']} would be {share:.1f} times as fast as the device can be"
            raise InputError(
                source,
                f"results/{number}",
                said + (f", of which a better algorithm explains {saving:.0f} at most" if saving > 1 else ""),
                "measure again; if it stays so, the benchmark does not wait for its work",
            )
    return record


def peak(record: dict[str, object], entry: dict[str, object]) -> Roofline | None:
    """Return the roof of an entry's device at its precision, as the best of all backends reaches it.

    An entry in float32 that may have been computed in TF32 stands under the roof of TF32.
    """
    same = [
        each
        for each in record["results"]
        if each["workload"] == "peaks" and "error" not in each
        and each["device"] == entry.get("device") and each["precision"] == entry["precision"]
    ]  # fmt: skip
    if not same:
        return None
    tf32 = entry.get("tf32", False)
    flops = (each.get("tf32_flops", each["flops"]) if tf32 else each["flops"] for each in same)
    return Roofline(max(flops), max(each["bandwidth"] for each in same))


def share_of_peak(record: dict[str, object], entry: dict[str, object]) -> float | None:
    """Return what share of the most operations a second an entry reaches; None where that is not known.

    The operations are those that the layers' formulas count. A convolution that needs fewer can have a share above 1.
    """
    limits = peak(record, entry)
    if entry["workload"] == "peaks" or limits is None or not entry.get("flops"):
        return None
    return entry["flops"] / entry["median_s"] / limits.flops


def share_of_roof(record: dict[str, object], entry: dict[str, object]) -> float | None:
    """Return what share of the roofline an entry reaches: 1 if it were as fast as its operations and bytes allow."""
    limits = peak(record, entry)
    if entry["workload"] == "peaks" or limits is None or not entry.get("flops"):
        return None
    return limits.least_seconds(entry["flops"], entry["traffic"]) / entry["median_s"]


def is_impossible(record: dict[str, object], entry: dict[str, object]) -> bool:
    """Return whether an entry is faster than its device can be, also with the fewest operations."""
    return (share_of_peak(record, entry) or 0) > POSSIBLE * _saving(entry)


def _saving(entry: dict[str, object]) -> float:
    from pcfilter_lib.bench.workloads import WORKLOADS

    return WORKLOADS[entry["workload"]].saving if entry["workload"] in WORKLOADS else 1.0


def differ(one: dict[str, object], other: dict[str, object]) -> bool:
    """Return whether two measured times differ by more than the spread of either.

    A smaller difference is no result: a few more calls may reverse it.

    Parameters
    ----------
    one, other : dict
        Entries of a record with a ``median_s``.

    Returns
    -------
    bool
    """
    doubt = max(entry["spread"] * entry["median_s"] for entry in (one, other))
    return abs(one["median_s"] - other["median_s"]) > doubt


def fastest(entries: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Return the entry with the smallest median and all that do not differ from it by more than the spread.

    If there are several, none of them has won.

    Parameters
    ----------
    entries : iterable of dict
        Results of one workload on one device; those that failed are left out.

    Returns
    -------
    list of dict
        From the smallest median to the largest.
    """
    timed = sorted((entry for entry in entries if "median_s" in entry), key=lambda entry: entry["median_s"])
    return [entry for entry in timed if not differ(timed[0], entry)]


def machine_name(record: dict[str, object]) -> str:
    """Return a name for a record's file, made of its devices: no name of a host or a person is in it."""
    names = sorted({entry["device_name"] for entry in record["results"] if "device_name" in entry})
    cores = re.search(r"(\d+) cores", record["machine"])
    text = "-".join([*names, *([f"{cores[1]}-cores"] if cores else [])])
    text = re.sub(r"\((R|TM)\)", "", text, flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "machine"


def collected(folder: str | os.PathLike | None = None) -> list[dict[str, object]]:
    """Return all records that are kept beside the library.

    Parameters
    ----------
    folder : str or os.PathLike, optional
        By default ``pcfilter_lib/results/machines`` of the repository that this library is used from.

    Returns
    -------
    list of dict
        Sorted by the names of their files.

    Raises
    ------
    InputError
        If there are none, or one of them is broken.
    """
    folder = COLLECTED if folder is None else Path(folder)
    files = sorted(folder.glob("*.json"))
    if not files:
        raise InputError(folder, "", "there are no records", "work in a clone of the repository, or pass their folder")
    return [load_record(file) for file in files]
