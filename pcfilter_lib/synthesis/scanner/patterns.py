"""The patterns that the projector shows: Gray code with inverses, and four shifts of a cosine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError

SHIFTS = 4


@dataclass(frozen=True)
class PatternSet:
    """A sequence of patterns of vertical stripes that tells every projector column from every other.

    First white and black, then the bits of a Gray code (F. Gray, *Pulse code communication*, US patent 2,632,058,
    1953; for range images Inokuchi, Sato and Matsuda, *Range imaging system for 3-D object recognition*, ICPR 1984),
    each followed by its inverse, the coarsest first, and at last four cosine patterns that are shifted by a quarter
    of their period each (Srinivasan, Liu and Halioua, *Automated phase-measuring profilometry of 3-D diffuse
    objects*, Applied Optics 23, 1984).

    The code's cells are half a period wide. So a pixel at a cell's border, where one bit is uncertain, is a quarter of
    a period away from the place where the choice of the whole period would tip over, whichever of the two cells is read
    (Zhang, Su, Xiang and Sun, *3-D shape measurement based on complementary Gray-code light*, Optics and Lasers in
    Engineering 50, 2012, add one bit for the same reason).

    Parameters
    ----------
    columns : int, default 1024
        Columns that the projector resolves. The centre of column c lies at coordinate c.
    period : int, default 16
        Columns of one period of the cosine, an even number.

    Raises
    ------
    InputError
        If there are no columns, or the period is not an even number from 4.

    Examples
    --------
    >>> patterns = PatternSet(columns=32, period=16)
    >>> patterns.names[:6]
    ('white', 'black', 'gray 1', 'gray 1 inverse', 'gray 2', 'gray 2 inverse')
    >>> patterns.names[6:]
    ('phase 0', 'phase 90', 'phase 180', 'phase 270')
    >>> patterns.rows().shape
    (10, 32)
    """

    columns: int = 1024
    period: int = 16

    def __post_init__(self):
        whole_number("PatternSet", "columns", self.columns)
        if whole_number("PatternSet", "period", self.period, at_least=4) % 2:
            problem = f"{self.period} is odd, and half of it is the width of the Gray code's cells"
            raise InputError("PatternSet", "period", problem, "pass an even number, 16 for example")

    @property
    def cell(self) -> int:
        """Width of the Gray code's cells in columns: half a period."""
        return self.period // 2

    @property
    def cells(self) -> int:
        """How many cells cover the columns; the last one may be narrower."""
        return -(-self.columns // self.cell)

    @property
    def bits(self) -> int:
        """How many bits number the cells."""
        return (self.cells - 1).bit_length()

    @property
    def names(self) -> tuple[str, ...]:
        """What each pattern is called, in the order in which they are shown."""
        code = (name for bit in range(1, self.bits + 1) for name in (f"gray {bit}", f"gray {bit} inverse"))
        return ("white", "black", *code, *(f"phase {shift * 360 // SHIFTS}" for shift in range(SHIFTS)))

    @property
    def count(self) -> int:
        """How many patterns there are."""
        return 2 + 2 * self.bits + SHIFTS

    def rows(self) -> np.ndarray:
        """Return one row of each pattern; all rows of a pattern are the same.

        Returns
        -------
        numpy.ndarray, shape (count, columns), float32
            The brightness of each column, 0 to 1.
        """
        column = np.arange(self.columns)
        number = column // self.cell
        code = number ^ (number >> 1)
        rows = [np.ones(self.columns), np.zeros(self.columns)]
        for bit in reversed(range(self.bits)):
            row = (code >> bit) & 1
            rows += [row, 1 - row]
        phase = 2 * np.pi * column / self.period
        rows += [0.5 + 0.5 * np.cos(phase + 2 * np.pi * shift / SHIFTS) for shift in range(SHIFTS)]
        return np.stack(rows).astype(np.float32)
