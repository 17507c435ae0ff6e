"""Options that supply what a scan's file does not store, and messages that speak of options."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING, Any

from pcfilter_lib.data.scan_units import UNITS
from pcfilter_lib.errors import InputError

if TYPE_CHECKING:
    from pcfilter_lib.data.formats.camera_json import CameraFile

_ARGUMENT = re.compile(r"\b(shape|intrinsics|unit|depth_scale)=(?:\(([^)]*)\)|'([^']*)'|([\w.]+))")


def add_scan_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what scan files do not; :func:`scan_options` collects them."""
    group = parser.add_argument_group("what a file does not say")
    group.add_argument(
        "--shape", type=_shape, metavar="ROWSxCOLUMNS", help="grid of a PLY or flat PCD, such as 480x640"
    )
    group.add_argument(
        "--intrinsics", type=_camera, metavar="FILE", help="camera of depth images: a JSON file as Open3D writes it"
    )
    unit = group.add_mutually_exclusive_group()
    unit.add_argument("--unit", choices=tuple(UNITS), help="unit of the numbers in scans")
    unit.add_argument(
        "--depth-scale", type=positive, metavar="N", help="units per metre of depth images; other files ignore it"
    )


def scan_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of :func:`pcfilter_lib.data.load_scan` that the user gave."""
    return {name: getattr(options, name) for name in ("shape", "intrinsics", "unit", "depth_scale")}


def _shape(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})[xX]([1-9][0-9]{0,8})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not ROWSxCOLUMNS, such as 480x640")
    return int(match[1]), int(match[2])


def positive(text: str) -> float:
    """Return a positive number that an option gives."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number, such as 1000 for millimetres")
    return number


def filter_name(text: str) -> str:
    """Return the name or the file of a filter that an option gives."""
    from pcfilter_lib.filters import FILTERS

    if text in FILTERS or text.endswith(".filter"):
        return text
    names = ", ".join(FILTERS)
    raise argparse.ArgumentTypeError(f"{text!r} is neither a file that ends in .filter nor one of {names}")


def _camera(text: str) -> CameraFile:
    from pcfilter_lib.data.formats.camera_json import CameraFile, read_camera

    try:
        return CameraFile(*read_camera(text))
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def as_options(message: str) -> str:
    """Return a message of the library with its arguments as options of the command: ``unit='mm'`` as ``--unit mm``.

    Only what follows ``Remedy:`` changes, and the name of an argument at the beginning, which is where
    :class:`pcfilter_lib.errors.InputError` puts what the message is about.
    """

    def option(match: re.Match) -> str:
        name, several, text, plain = match.groups()
        value = "x".join(part.strip().upper() for part in several.split(",")) if several else text or plain
        return f"--{name.replace('_', '-')} {value}"

    problem, mark, remedy = message.rpartition("Remedy: ")
    problem = re.sub(r"^(shape|intrinsics|unit|depth_scale)(?=: )", lambda m: "--" + m[1].replace("_", "-"), problem)
    return problem + mark + _ARGUMENT.sub(option, remedy.replace("force=True", "--force"))
