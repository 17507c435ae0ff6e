"""Simulate a set of labelled scans of a structured-light scanner, to train or to test an artefact filter.

    python data_scripts/make_scans.py --out scans --count 100
    python data_scripts/make_scans.py --out scans --count 100 --preset "dark parts" --set parts=1,4 --set baseline=0.2

Interrupt it at any time (Ctrl-C): the same command goes on where it stopped, and ends with the same files. With a
larger --count a set grows. `pcfilter info scans` says what is in the scans; scans/set.json holds the recipe and the
shares of holes and artefacts.
"""

from __future__ import annotations

import argparse
import difflib
import inspect
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from pcfilter_lib import synthesis
from pcfilter_lib.errors import InputError, MissingExtraError
from pcfilter_lib.synthesis.recipe import FIELDS


def option(text: str) -> tuple[str, object]:
    """Return name and value of ``name=value`` or ``name=low,high``."""
    name, sign, value = text.partition("=")
    if not sign or name not in FIELDS:
        close = difflib.get_close_matches(name, FIELDS, 1)
        problem = f"names no option; {f'{close[0]} is one' if close else 'see --list-options'}"
        problem = problem if sign else "is not OPTION=VALUE, such as parts=3 or parts=3,9"
        raise argparse.ArgumentTypeError(f"{text!r} {problem}")
    default = getattr(synthesis.Recipe(), name)
    if isinstance(default, str):
        return name, value
    if isinstance(default, bool):
        if value.lower() not in ("true", "false"):
            raise argparse.ArgumentTypeError(f"{text!r}: {name} is true or false")
        return name, value.lower() == "true"
    if name == "kinds":
        return name, tuple(value.split(",")) if value else ()
    try:
        numbers = tuple(
            float(number) if any(c in number for c in ".eE") else int(number) for number in value.split(",")
        )
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: {name} is a number, or a range LOW,HIGH") from None
    return name, numbers[0] if len(numbers) == 1 else numbers


def list_presets() -> None:
    """Print each preset and how it differs from the standard recipe."""
    standard = synthesis.Recipe()
    for name, recipe in synthesis.PRESETS.items():
        differs = {
            field: getattr(recipe, field) for field in FIELDS if getattr(recipe, field) != getattr(standard, field)
        }
        words = "; ".join(f"{field} {_shown(value)}" for field, value in differs.items()) or "the standard recipe"
        print(textwrap.fill(f"{name}: {words}", 100, subsequent_indent="    "))


def list_options() -> None:
    """Print each option of a recipe: what it means, and its value in the standard recipe."""
    meaning = inspect.getdoc(synthesis.Recipe).partition("Parameters\n----------\n")[2].partition("Raises\n------")[0]
    print(meaning.strip() + "\n\nThe standard recipe:")
    for name in FIELDS:
        print(textwrap.fill(f"{name} {_shown(getattr(synthesis.Recipe(), name))}", 100, subsequent_indent="    "))


def _shown(value: object) -> str:
    several = isinstance(value, tuple)
    if several and value and not isinstance(value[0], str):
        return f"{value[0]:g} to {value[1]:g}"
    return (", ".join(value) if several else str(value)) or "none"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="OPTION=LOW,HIGH lets each scan draw its own number from that range. Exit status: 0 the set is whole, "
        "1 it could not be made, 2 wrong options, 130 interrupted.",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the scans are written")
    parser.add_argument("--count", type=int, default=10, help="how many scans (default 10)")
    parser.add_argument(
        "--preset", default="workbench", help="what is scanned, and how; see --list-presets (default workbench)"
    )
    parser.add_argument("--set", type=option, action="append", default=[], metavar="OPTION=VALUE|LOW,HIGH",
                        help="change an option of the preset; may be given several times")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="another seed, other scans (default 0)")
    parser.add_argument("--processes", type=int, help="how many work at once (default: one for each processor)")
    parser.add_argument("--keep", metavar="NAMES",
                        help="of the extra images keep only these, such as object,depth_true, and what is needed to "
                        "make the scan again (default: all)")  # fmt: skip
    parser.add_argument("--list-presets", action="store_true", help="say what the presets are, and stop")
    parser.add_argument("--list-options", action="store_true", help="say what --set can change, and stop")
    options = parser.parse_args(arguments)
    if options.list_presets:
        list_presets()
        return 0
    if options.list_options:
        list_options()
        return 0
    if options.out is None:
        parser.error("say where the scans go: --out FOLDER")
    try:
        recipe = synthesis.Recipe.preset(options.preset).replace(**dict(options.set))
        keep = None if options.keep is None else [name for name in options.keep.split(",") if name]
    except InputError as error:
        parser.error(str(error))
    try:
        made = synthesis.write_set(
            options.out, recipe, options.count, options.seed, processes=options.processes, keep=keep
        )
    except (InputError, MissingExtraError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 130
    whole = made["whole"]
    print(f"{options.out}: {options.count} scans, {whole['valid']:.1%} of the pixels measured, "
          f"{whole['artefacts']:.2%} of these artefacts")  # fmt: skip
    for name, share in sorted(whole["causes"].items(), key=lambda item: -item[1]):
        print(f"    {name:16}{share:6.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
