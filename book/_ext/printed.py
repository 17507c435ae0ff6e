"""Compare printed lines of a notebook with the stored ones, number by number.

Processors differ in the last bits of a sine or a sum, and so a number that was rounded to be printed may come out one unit
of its last digit higher on another machine. Everything else has to be the same: words, whole numbers, how many there are.
"""

import re

from nbval.plugin import IPyNbCell

APPROXIMATE = (
    "approximate"  # the tag of cells whose numbers depend on thousands of such bits
)
_RELATIVE = 0.05  # what their numbers may differ by, whole numbers too

_NUMBER = re.compile(
    r"(?<![\w.])(?P<digits>-?\d+(?:,\d{3})*(?:\.(?P<decimals>\d+))?)(?P<exponent>e[-+]?\d+)?(?P<percent> ?%)?"
)


def close(text: str, stored: str, approximate: bool = False) -> bool:
    """Return whether two texts are the same but for the last digit of numbers that were rounded.

    Numbers with a decimal point, an exponent or a percent sign may differ by one unit of the last digit. With
    `approximate` every number may differ by two such units, or by five percent.
    """
    ours, theirs = list(_NUMBER.finditer(text)), list(_NUMBER.finditer(stored))
    if len(ours) != len(theirs) or _words(text) != _words(stored):
        return False
    pairs = zip(ours, theirs, strict=True)
    return all(_near(a, b, approximate) for a, b in pairs)


def _words(text: str) -> list[str]:
    """Return what is left without numbers; how far they are padded does not count."""
    return _NUMBER.sub(" # ", text).split()


def _near(number: re.Match, stored: re.Match, approximate: bool) -> bool:
    if number.group() == stored.group():
        return True
    decimals = stored["decimals"] or ""
    if (
        len(number["decimals"] or "") != len(decimals)
        or number["percent"] != stored["percent"]
    ):
        return False
    rounded = decimals or stored["exponent"] or stored["percent"]
    if not (rounded or approximate):
        return False
    ours, theirs = (
        float((each["digits"] + (each["exponent"] or "")).replace(",", ""))
        for each in (number, stored)
    )
    unit = (
        10.0 ** (int((stored["exponent"] or "e0")[1:]) - len(decimals))
        if rounded
        else 0
    )
    allowed = max(2 * unit, _RELATIVE * abs(theirs)) if approximate else unit
    return abs(ours - theirs) <= allowed * (1 + 1e-9)


def compare_number_by_number() -> None:
    """Make nbval take close numbers for equal."""
    compare = IPyNbCell.compare_outputs
    if getattr(compare, "number_by_number", False):
        return

    def compare_outputs(self, test, ref, skip_compare=None):
        approximate = APPROXIMATE in self.cell.metadata.get("tags", ())
        if len(test) == len(ref):
            for one, stored in zip(test, ref, strict=True):
                if one.output_type == stored.output_type == "stream" and close(
                    one.text, stored.text, approximate
                ):
                    one.text = stored.text
        return compare(self, test, ref, skip_compare)

    compare_outputs.number_by_number = True
    IPyNbCell.compare_outputs = compare_outputs
