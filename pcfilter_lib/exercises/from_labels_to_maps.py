"""The checks of the chapter *From labels to maps*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="every answer lies at its own pixel.")
def check_stitch(answer: Callable) -> None:
    """Check ``answer(maps)``: maps (s, s, h, w) of an image shifted by less than the stride, as one map."""
    places = "the maps lie side by side like tiles; neighbours in one map are s pixels apart in the result."
    compare_on(
        _MAPS,
        answer,
        reference=_stitch,
        mistakes=[
            (
                "rows and columns of the shift are mixed up: in maps[a, b] it is a rows that were left out.",
                lambda maps: _stitch(maps.transpose(1, 0, 2, 3)),
            ),
            (places, lambda maps: maps.transpose(0, 2, 1, 3).reshape(_size(maps))),
            (places, lambda maps: maps.transpose(1, 2, 0, 3).reshape(_size(maps))),
            (
                "the numbers are only given a new shape; none has moved. Bring the axes into the right order first.",
                lambda maps: maps.reshape(_size(maps)),
            ),
            (
                "these are the means of the maps, repeated; each answer has a pixel of its own.",
                lambda maps: maps.mean(axis=(0, 1)).repeat(len(maps), axis=0).repeat(len(maps), axis=1),
            ),
            (
                "only the unshifted map is used, each answer repeated.",
                lambda maps: maps[0, 0].repeat(len(maps), axis=0).repeat(len(maps), axis=1),
            ),
            (
                "the shifts run backwards: a window that begins a rows further down belongs a rows further down.",
                lambda maps: _stitch(maps[::-1, ::-1]),
            ),
            (
                "the shifts run backwards: a window that begins a rows further down belongs a rows further down.",
                lambda maps: _stitch(np.roll(maps[::-1, ::-1], 1, axis=(0, 1))),
            ),
            (
                "place and shift are exchanged: it is the place that is multiplied by the stride.",
                lambda maps: maps.transpose(0, 2, 1, 3).swapaxes(0, 1).swapaxes(2, 3).reshape(_size(maps)),
            ),
        ],
        shapes=[
            ("an axis is missing: there is one answer for each pixel.", lambda maps: maps.shape[2:]),
            (
                "the maps stand one after another; join the axes two by two, shift with place.",
                lambda maps: (maps.shape[0] ** 2, *maps.shape[2:]),
            ),
            (
                "the four axes are in some order; join them two by two with reshape.",
                lambda maps: (maps.shape[2], maps.shape[0], maps.shape[3], maps.shape[1]),
            ),
        ],
    )


@exercise(solved="straight lines from score to score, for even and for odd factors.")
def check_tent(answer: Callable) -> None:
    """Check ``answer(factor)``, the weights with which a transposed convolution interpolates along one axis."""
    ends = "the weights fall to zero too early or too late: how far is it to the next score?"
    compare_on(
        [{"factor": n} for n in (2, 4, 3, 5, 1)],
        answer,
        reference=_tent,
        mistakes=[
            (
                "these add up to 1. Each *phase* must add up to 1, and there are `factor` of them.",
                lambda factor: _tent(factor) / _tent(factor).sum(),
            ),
            (
                "the largest weight is made 1. That is right only where a new pixel lies on an old one.",
                lambda factor: _tent(factor) / _tent(factor).max(),
            ),
            (ends, lambda factor: _fall(_taps(factor), (_taps(factor) - 1) / 2)),
            (ends, lambda factor: _fall(_taps(factor), (_taps(factor) + 1) / 2)),
            (ends, lambda factor: _fall(_taps(factor), _taps(factor) / 2)),
            (
                "the middle is off by half a pixel: the weights must be the same from both ends.",
                lambda factor: 1 - np.abs(np.arange(_taps(factor)) - _taps(factor) // 2) / factor,
            ),
            (
                "the weights are all alike: this draws stairs. They fall with the distance from the old pixel.",
                lambda factor: np.full(_taps(factor), factor / _taps(factor)),
            ),
        ],
        shapes=[
            (
                "there is one weight too many. For an odd factor a new pixel lies exactly on each old one: count "
                "those that are nearer to it than `factor`.",
                lambda factor: (2 * factor,) if factor % 2 else (2 * factor + 1,),
            ),
            (
                "the outermost weights are zero, or should be; leave them out.",
                lambda factor: (2 * factor + 1,) if factor % 2 else (2 * factor + 2,),
            ),
            (
                "for an even factor no new pixel lies on an old one, and as many are near it on both sides.",
                lambda factor: (2 * factor - 1,),
            ),
            (
                "the weights must reach to the next old pixel on either side, not only half way.",
                lambda factor: (factor,),
            ),
            ("one axis is wanted, not the outer product.", lambda factor: (_taps(factor), _taps(factor))),
        ],
    )


@exercise(solved="no map of blocks gets more pixels right than this.")
def check_best_share(answer: Callable) -> None:
    """Check ``answer(label, size)``: the largest share of pixels that one label for each block can get right."""
    split = "these are not the blocks: split rows into (block, row in it), then columns likewise."
    compare_on(
        _LABELS,
        answer,
        reference=_best_share,
        mistakes=[
            ("this is the number of pixels; divide by how many there are.", lambda *i: _best_share(*i) * i[0].size),
            ("this is the share that is wrong.", lambda *i: 1 - _best_share(*i)),
            (
                "this counts the blocks that show one class only; in the others some pixels are right, too.",
                lambda label, size: np.mean([(counts > 0).sum() == 1 for counts in _counts(_blocks(label, size))]),
            ),
            (
                "this gives each block the label of its first pixel; choose the best one.",
                lambda label, size: np.mean([block == block[0] for block in _blocks(label, size)]),
            ),
            (
                "this gives each block the label of the pixel in its middle; choose the best one.",
                lambda label, size: np.mean(
                    [block == block.reshape(size, size)[size // 2, size // 2] for block in _blocks(label, size)]
                ),
            ),
            ("this is in per cent; return a number between 0 and 1.", lambda *i: 100 * _best_share(*i)),
            (
                "this averages the labels. They are names: between 1 and 3 there is no 2.",
                lambda label, size: np.mean([block == np.round(block.mean()) for block in _blocks(label, size)]),
            ),
            (
                "this takes the median of the labels. They are names, and have no order.",
                lambda label, size: np.mean([block == np.median(block) for block in _blocks(label, size)]),
            ),
            (
                "this gives the whole image one label; each block may have its own.",
                lambda label, size: np.bincount(label.ravel()).max() / label.size,
            ),
            (
                "this takes the largest label of each block; which one is the most frequent?",
                lambda label, size: np.mean([block == block.max() for block in _blocks(label, size)]),
            ),
            (split, lambda label, size: _share(label.reshape(-1, size * size))),
            (split, lambda label, size: _share(_as_places(label, size))),
        ],
        shapes=[
            (
                "there is a number for each block; average them.",
                lambda label, size: (label.shape[0] // size, label.shape[1] // size),
            ),
        ],
    )


def _size(maps: np.ndarray) -> tuple[int, int]:
    return maps.shape[0] * maps.shape[2], maps.shape[1] * maps.shape[3]


def _stitch(maps: np.ndarray) -> np.ndarray:
    return maps.transpose(2, 0, 3, 1).reshape(_size(maps))


def _taps(factor: int) -> int:
    return 2 * factor - factor % 2


def _fall(taps: int, reach: float) -> np.ndarray:
    return 1 - np.abs(np.arange(taps) - (taps - 1) / 2) / reach


def _tent(factor: int) -> np.ndarray:
    return _fall(_taps(factor), factor)


def _blocks(label: np.ndarray, size: int) -> np.ndarray:
    """Return the pixels of each block, one block a row."""
    H, W = label.shape
    return label.reshape(H // size, size, W // size, size).swapaxes(1, 2).reshape(-1, size * size)


def _as_places(label: np.ndarray, size: int) -> np.ndarray:
    """Return what comes of averaging over the blocks instead of over the places in them."""
    H, W = label.shape
    split = label.reshape(H // size, size, W // size, size)
    return split.transpose(1, 3, 0, 2).reshape(size * size, -1)


def _counts(blocks: np.ndarray) -> np.ndarray:
    return np.array([np.bincount(block, minlength=blocks.max() + 1) for block in blocks])


def _share(blocks: np.ndarray) -> float:
    return _counts(blocks).max(axis=1).sum() / blocks.size


def _best_share(label: np.ndarray, size: int) -> float:
    return _share(_blocks(label, size))


_random = np.random.default_rng(50)
_MAPS = [
    {"maps": np.arange(1.0, 17).reshape(2, 2, 2, 2)},
    {"maps": _random.integers(-9, 10, size=(3, 3, 2, 4)) / 2},
]
_LABELS = [
    {"label": np.array([[0, 0, 1, 2, 0, 0], [0, 0, 2, 0, 2, 2], [1, 3, 3, 3, 3, 2], [3, 2, 0, 3, 0, 0]]), "size": 2},
    {"label": _random.integers(0, 4, size=(6, 9)), "size": 3},
    {"label": _random.integers(0, 3, size=(4, 8)) * 3, "size": 4},
]
