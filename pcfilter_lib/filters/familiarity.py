"""Whether a scan lies outside of what a filter was fitted to: a measure that needs no labels.

A filter that was fitted to some scans can be wrong on others, and its scores do not say so. The quantiles of the
channels of the scans that it was fitted to (:data:`pcfilter_lib.filters.CHANNELS`) do: how rough surfaces are in
footprints, how large the holes are, how the brightness varies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters._sampled_channels import sampled_channels
from pcfilter_lib.filters.checks import Finding, ScanReport

#: The proportions at which :func:`scan_summary` reads distributions off.
QUANTILES = (0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
#: A measure that was calibrated on fewer scans says how few they are.
FEW = 8
_SAMPLE = 2_048  # pixels of a scan that are looked at
_FEWEST = 256  # pixels from which quantiles are worth anything
_SLACK = 1.25  # beyond the farthest scan that was left out
_NARROWEST = 3  # a range without some scans counts as at least this part of the range with all of them
_MOST = 64  # channels, and numbers in each, that metadata may have

Summary = Mapping[str, Any]


def scan_summary(scan: OrganizedScan) -> dict[str, list[float]]:
    """Return the quantiles of a scan's channels over its measured points.

    Parameters
    ----------
    scan : OrganizedScan

    Returns
    -------
    dict of str to list of float
        For each channel that the scan has, seven quantiles, from 3 to 97 %; empty for a scan of fewer than 256 points.
        Other numbers may be added under other names, for example the rate at which a filter removes points.

    Raises
    ------
    InputError
        If most points lie behind the camera.
    """
    if np.count_nonzero(scan.valid) < _FEWEST:
        return {}
    channels = sampled_channels(scan, _SAMPLE)
    return {name: np.quantile(values, QUANTILES).tolist() for name, values in channels.items()}


@dataclass(frozen=True)
class Familiarity:
    """The ranges of what scans look like that a filter was fitted to.

    Parameters
    ----------
    scans : int
        How many these were.
    margin : float
        How far a scan of the same kind may lie outside of the ranges, in units of their half widths from the middle;
        calibrated by leaving scans out.
    ranges : dict of str to ndarray, shape (3, K)
        For each channel the smallest, the median and the largest value of each quantile.
    """

    scans: int
    margin: float
    ranges: dict[str, np.ndarray]

    @classmethod
    def fit(cls, scans: Iterable[OrganizedScan | Summary]) -> Familiarity:
        """Return what is familiar to a filter that was fitted to some scans.

        Parameters
        ----------
        scans : iterable of OrganizedScan or of dict
            At least two scans, or their summaries from :func:`scan_summary`, in the order in which they were taken: a
            tenth of them at a time is left out to see how far scans of the same kind lie outside of what others span.

        Returns
        -------
        Familiarity

        Raises
        ------
        InputError
            If there are fewer than two scans with enough points.
        """
        summaries = [summary for scan in scans if (summary := _summary(scan))]
        if len(summaries) < 2:
            problem = f"there are {len(summaries)} scans of {_FEWEST} points or more"
            raise InputError("Familiarity", "scans", problem, "pass at least two scans")
        ranges, count = _ranges(summaries), len(summaries)
        block, distances = max(count // 10, 1), []
        for start in range(0, count, block):
            others = _ranges(summaries[:start] + summaries[start + block :])
            for name, (low, middle, high) in others.items():  # two scans that happen to be alike span next to nothing
                least = np.diff(ranges[name], axis=0) / _NARROWEST
                others[name] = np.stack(
                    [np.minimum(low, middle - least[0]), middle, np.maximum(high, middle + least[1])]
                )
            distances += [_worst(others, summary)[0][0] for summary in summaries[start : start + block]]
        # The fewer scans, the farther beyond the farthest of them the next one may lie.
        return cls(count, max(1.0, *distances) * _SLACK * (1 + 2 / count), ranges)

    @property
    def few(self) -> bool:
        """Whether the ranges come from so few scans that they say little about others."""
        return self.scans < FEW

    def distance(self, scan: OrganizedScan | Summary) -> float:
        """Return how far a scan lies from what is familiar: up to 1 it is familiar, beyond it is not.

        Parameters
        ----------
        scan : OrganizedScan or dict
            A scan or its summary. Channels that either side does not know, such as brightness, do not count.

        Returns
        -------
        float
            0 in the middle of what was seen, and for a scan of fewer than 256 points, of which nothing can be said.
        """
        return _worst(self.ranges, _summary(scan))[0][0] / self.margin

    def explain(self, scan: OrganizedScan | Summary) -> str:
        """Return in words what is most unusual about a scan.

        Parameters
        ----------
        scan : OrganizedScan or dict

        Returns
        -------
        str
            Without a full stop; empty if nothing can be said.
        """
        summary = _summary(scan)
        worst = _worst(self.ranges, summary)
        if not worst[0][1]:
            return ""
        said = [worst[0]]
        # The next reason of another kind, if it would do by itself.
        said += [each for each in worst[1:] if _kind(each[1]) != _kind(worst[0][1]) and each[0] > self.margin][:1]
        text = "; ".join(self._sentence(name, place, summary[name]) for _, name, place in said)
        return text + (f". These were only {self.scans} scans, which says little about others" if self.few else "")

    def added_to(self, report: ScanReport, scan: OrganizedScan) -> ScanReport:
        """Return a report with a warning if a scan is not familiar; one that holds errors stays as it is."""
        if report.errors or self.distance(scan) <= 1:
            return report
        text = f"it lies outside of what the filter was fitted to: {self.explain(scan)}"
        remedy = "compare what is removed with the scan before you rely on it, or fit a filter to scans like this one"
        return ScanReport((*report.findings, Finding("unfamiliar", "warning", text, remedy)))

    def _sentence(self, name: str, place: int, values: list[float]) -> str:
        """Say how one number compares with its range."""
        low, _, high = self.ranges[name][:, place]
        value = values[place]
        if low <= value <= high:
            return "it lies within what the filter was fitted to"
        text = _in_words(name, value, low, high)
        if name in _LENGTHS:
            value, low, high = (np.sinh(each) / 4 for each in (value, low, high))
        which = f"{QUANTILES[place]:.0%} quantile of '{name}'" if len(values) == len(QUANTILES) else f"'{name}'"
        return text + f" ({which}: {value:.3g}, there {low:.3g} to {high:.3g})".replace("%", " %")

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads, as JSON can hold it; a few kilobytes."""
        ranges = {name: [[round(float(v), 4) for v in row] for row in rows] for name, rows in self.ranges.items()}
        return {"scans": self.scans, "margin": round(self.margin, 4), "ranges": ranges}

    @classmethod
    def from_dict(cls, content: Any, source: str = "Familiarity") -> Familiarity:
        """Return what :meth:`to_dict` wrote.

        Parameters
        ----------
        content : dict
            As it comes out of a file: anything.
        source : str
            The file, for errors.

        Returns
        -------
        Familiarity

        Raises
        ------
        InputError
            If it is not what :meth:`to_dict` writes.
        """
        remedy = "compute it anew with Familiarity.fit"
        try:
            scans = whole_number(source, "scans", content["scans"], at_least=2)
            margin = number_within(source, "margin", content["margin"], 0, 1e6, low_included=False)
            ranges = {}
            if not 0 < len(content["ranges"]) <= _MOST:
                raise InputError(source, "ranges", "there are none, or too many", remedy)
            for name, rows in content["ranges"].items():
                numbers = [[number_within(source, "ranges", value, -1e6, 1e6) for value in row[:_MOST]] for row in rows]
                if len(numbers) != 3 or len(name) > _MOST:
                    raise InputError(source, "ranges", "they are not three rows for a channel", remedy)
                ranges[name] = np.array(numbers)
                if ranges[name].size == 0 or not (np.diff(ranges[name], axis=0) >= 0).all():
                    raise InputError(source, "ranges", "they are empty, or not in order", remedy)
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(source, "familiarity", "it is not what Familiarity.to_dict writes", remedy) from None
        return cls(scans, margin, ranges)


def _summary(scan: OrganizedScan | Summary) -> Summary:
    return scan_summary(scan) if isinstance(scan, OrganizedScan) else scan


def _ranges(summaries: list[Summary]) -> dict[str, np.ndarray]:
    """Return the smallest, the median and the largest of each number, over the summaries that have it."""
    names = dict.fromkeys(name for summary in summaries for name in summary)
    columns = {name: np.array([summary[name] for summary in summaries if name in summary]) for name in names}
    return {name: np.quantile(column, (0, 0.5, 1), axis=0) for name, column in columns.items()}


def _worst(ranges: Mapping[str, np.ndarray], summary: Summary) -> list[tuple[float, str, int]]:
    """Return for each channel the largest distance from the middle of a range, in its half widths, and its quantile.

    The farthest channel comes first; without any, one of distance 0 and without a name.
    """
    found = [(0.0, "", 0)]
    for name, (low, middle, high) in ranges.items():
        values = np.atleast_1d(summary.get(name, ()))
        if values.shape != low.shape:
            continue
        away = values - middle
        half = np.maximum(np.where(away > 0, high - middle, middle - low), _resolution(name))
        place = int(np.argmax(np.abs(away) / half))
        found.append((float(abs(away[place]) / half[place]), name, place))
    return sorted(found, reverse=True)


#: Channels that are lengths in footprints, after asinh(4 r).
_LENGTHS = ("step right", "step down", "nearest step", "plane residual 4", "plane residual 8")
_LOGARITHMS = ("brightness", "contrast", "modulation")  # to base 2


def _kind(name: str) -> str:
    """Return what a channel is about."""
    return name.rstrip("0123456789 ").replace("step down", "step right").replace("nearest step", "plane residual")


def _resolution(name: str) -> float:
    """Return the difference in a channel below which scans are alike, whatever range others span."""
    return 0.25 if name in _LENGTHS else 0.5 if name in _LOGARITHMS else 0.1 if name.startswith("measured") else 0.02


def _in_words(name: str, value: float, low: float, high: float) -> str:
    """Say what a channel that is too large or too small means."""
    more = value > high
    seen = "any scan that the filter was fitted to"
    if name.startswith("plane residual") or name == "nearest step":
        times = np.sinh(value) / max(np.sinh(high if more else low), 1e-3)
        return f"its surfaces are {times:.2g} times as rough, measured in pixel footprints, as in {seen}"
    if name.startswith("step"):
        return f"its surfaces slope otherwise from pixel to pixel than in {seen}"
    if name.startswith("measured"):
        return f"it has {'fewer or smaller' if more else 'more or larger'} holes than {seen}"
    if name in ("brightness", "contrast"):
        return f"its {name} has values that are {'higher' if more else 'lower'} than in {seen}"
    if name == "modulation":
        return f"the pattern's modulation is {'stronger' if more else 'weaker'} than in {seen}"
    return f"its {name} is {'larger' if more else 'smaller'} than in {seen}"
