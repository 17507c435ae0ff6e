"""The command ``pcfilter bench``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pcfilter_lib.errors import InputError, MissingExtraError, require
from pcfilter_lib.files import replacing


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and its options to its parser."""
    parser.description = (
        "Train and infer with the networks of the book on every backend that is installed, measure what the machine "
        "can do at most, and write it all to one file. It takes about half an hour on two cores."
    )
    parser.epilog = (
        "Interrupt it at any time: the same command goes on with the settings that are missing. Backends that live in "
        "environments of their own are measured from there, into the same file. "
        "Exit status: 0 all was measured, 1 something could not be, 2 wrong options."
    )
    parser.add_argument("--out", type=Path, default=Path("bench.json"), metavar="FILE", help="record (%(default)s)")
    parser.add_argument(
        "--workloads", type=_list, metavar="A,B", help="only those that begin so: unet, conv2d, loading"
    )
    parser.add_argument("--backends", type=_list, metavar="A,B", help="tensorflow, jax, torch (those that are there)")
    parser.add_argument("--precisions", type=_list, metavar="A,B", default=("float32", "mixed_bfloat16"),
                        help="float32, mixed_bfloat16, mixed_float16 (the first two)")  # fmt: skip
    parser.add_argument(
        "--compiled", choices=("yes", "no", "both"), default="both", help="by the backend (%(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works; times mean nothing")
    parser.add_argument("--list", action="store_true", help="say what would be measured, and measure nothing")
    parser.add_argument("--share", type=Path, metavar="DIR",
                        help="write the record to DIR under its machine's name, fit for a pull request")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run the command, and return its exit status."""
    from pcfilter_lib import bench

    try:
        if options.share and not options.list:
            return _share(options)
        jit = {"yes": (True,), "no": (False,), "both": (False, True)}[options.compiled]
        wanted = bench.settings(options.workloads, options.backends, options.precisions, jit)
        if options.list:
            print("\n".join(map(str, wanted)))
            return 0
        require("jsonschema", "train")  # at once, rather than after the first measurement
        if not any(setting.backend != "numpy" for setting in wanted) and not options.workloads:
            print("no backend is installed: networks are left out. pip install pcfilter_lib[train] brings TensorFlow")
        record = bench.run_settings(wanted, options.out, quick=options.quick)
    except (InputError, MissingExtraError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(as_text(record))
    return int(any("error" in entry for entry in record["results"]))


def _share(options: argparse.Namespace) -> int:
    """Write a record that is complete and possible to a folder."""
    from pcfilter_lib import bench

    record = bench.load_record(options.out)
    if record["quick"]:
        raise InputError(options.out, "quick", "its sizes are small and its times mean nothing", "leave out --quick")
    good = [entry for entry in record["results"] if "error" not in entry]
    if not any(entry["workload"] == "peaks" for entry in good):
        raise InputError(
            options.out, "results", "the machine's peaks are missing", "run pcfilter bench --workloads unet"
        )
    file = options.share / f"{bench.machine_name(record)}.json"
    options.share.mkdir(parents=True, exist_ok=True)
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(record | {"results": good}, indent=1) + "\n")
    print(f"{file}: {len(good)} results. Put it into pcfilter_lib/results/machines and send a pull request.")
    return 0


def as_text(record: dict) -> str:
    """Return a table of a record."""
    from pcfilter_lib.bench.record import share_of_roof

    rows = [("workload", "backend", "precision", "compiled", "ms a step", "spread", "first call", "items/s", "of roof")]
    peaks = []
    for entry in record["results"]:
        head = (entry["workload"], entry["backend"], entry["precision"], "yes" if entry["jit"] else "no")
        if "error" in entry:
            rows.append((*head, "failed", "", "", "", ""))
        elif entry["workload"] == "peaks":
            tf32 = f"{entry['tf32_flops'] / 1e9:,.0f} in TF32, " if "tf32_flops" in entry else ""
            peaks.append(f"peak, {entry['backend']}, {entry['precision']}: {entry['flops'] / 1e9:,.0f} GFLOP/s, {tf32}"
                         f"{entry['bandwidth'] / 1e9:,.0f} GB/s")  # fmt: skip
        else:
            share = share_of_roof(record, entry)
            rows.append((*head, f"{1e3 * entry['median_s']:,.2f}", f"{entry['spread']:.0%}",
                         f"+{entry['compile_s']:.1f} s", f"{entry['items_per_s']:,.1f}",
                         "" if share is None else f"{share:.1%}"))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            text.ljust(n) if i < 4 else text.rjust(n) for i, (text, n) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    errors = [f"failed: {entry['workload']}, {entry['backend']}, {entry['precision']}: {entry['error']}"
              for entry in record["results"] if "error" in entry]  # fmt: skip
    return "\n".join([record["machine"], *peaks, "", *(line.rstrip() for line in lines), *errors])


def _list(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
