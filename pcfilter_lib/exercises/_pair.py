"""Answers that return two arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pcfilter_lib.exercises._core import NotYet, as_numbers, call
from pcfilter_lib.exercises._wording import name_of


def pair_of(
    answer: Callable, inputs: Mapping[str, Any], shapes: Mapping[str, tuple], mistakes: Mapping | None = None
) -> list:
    """Call the answer and return its two arrays, or say what is wrong with their number and shapes."""
    result = call(answer, **inputs)
    names = list(shapes)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise NotYet(f"{name_of(answer)} should end with: return {', '.join(names)}")
    arrays = [as_numbers(each, f"{name_of(answer)}'s {name}") for each, name in zip(result, names, strict=True)]
    if arrays[0].shape != arrays[1].shape and [each.shape for each in arrays] == list(shapes.values())[::-1]:
        raise NotYet(f"the two are in the other order: return {', '.join(names)}")
    for array, (name, shape) in zip(arrays, shapes.items(), strict=True):
        if array.shape != shape:
            known_shapes = (mistakes or {}).get(name, {})
            known = [known_shapes[array.shape]] if array.shape in known_shapes else []
            raise NotYet("\n".join([*known, f"{name} has the shape {array.shape}; {shape} is expected."]))
    return arrays
