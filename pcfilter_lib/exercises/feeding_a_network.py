"""The checks of the chapter *Feeding a network*."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="each batch is waited for, and nothing else is.")
def check_epoch_seconds(answer: Callable) -> None:
    """Check ``answer(make, step, workers)``, the seconds of an epoch whose batches are made by some workers."""
    compare_on(
        _EPOCHS,
        answer,
        reference=_epoch_seconds,
        mistakes=[
            (
                "here batches are made and used one after the other; while the network works, workers go on.",
                lambda make, step, workers: make.sum() + len(make) * step,
            ),
            (
                "the first batch has to be made before the first step can begin.",
                lambda make, step, workers: len(make) * max(make.mean() / workers, step),
            ),
            (
                "this is the pace times the number of batches, and the wait for the first; the batches differ.",
                lambda make, step, workers: make[0] + len(make) * max(make.mean() / workers, step),
            ),
            ("these are the steps alone, as if all batches lay ready.", lambda make, step, workers: len(make) * step),
            (
                "this is one worker; the next batch goes to the one that is free first.",
                lambda make, step, workers: _epoch_seconds(make, step, 1),
            ),
            (
                "here every batch has a worker of its own, and all begin at once.",
                lambda make, step, workers: _epoch_seconds(make, step, len(make)),
            ),
            (
                "here the batches are dealt out in turn; the next one goes to the worker that is free first.",
                _dealt_in_turn,
            ),
            (
                "this uses the batches as they get ready; they are used in their order, so that a slow one holds "
                "up those behind it.",
                _as_they_come,
            ),
            (
                "here the worker that has made a batch takes its step as well; steps are the network's work, and "
                "workers go on meanwhile.",
                lambda make, step, workers: max(_ready(make + step, workers)),
            ),
            (
                "here a worker goes on only when its batch has been used; there is room for all in the queue.",
                _waiting_for_use,
            ),
            ("this is when the last batch is ready; its step is still to come.", _last_ready),
            (
                "the steps that wait for an earlier step are missing: two cannot run at once.",
                lambda make, step, workers: max(_ready(make, workers)) + step,
            ),
        ],
        shapes=[("return when the last step ends, not when each does.", lambda make, step, workers: (len(make),))],
    )


@exercise(solved="every class is as likely as any other.")
def check_chances(answer: Callable) -> None:
    """Check ``answer(labels)``, chances of the examples by which every class is drawn equally often."""
    compare_on(
        _LABELS,
        answer,
        reference=_chances,
        mistakes=[
            (
                "here every example is equally likely, so frequent classes are drawn more often.",
                lambda labels: np.full(len(labels), 1 / len(labels)),
            ),
            (
                "these add up to the number of classes; chances add up to 1.",
                lambda labels: _chances(labels) * len(np.unique(labels)),
            ),
            (
                "these add up to the number of examples, as class weights of a loss do; chances add up to 1.",
                lambda labels: _chances(labels) * len(labels),
            ),
            (
                "here frequent classes are made even more frequent: divide by how many there are.",
                lambda labels: _sizes(labels) / _sizes(labels).sum(),
            ),
            (
                "this divides by the largest number in the labels, plus one; some of these classes have no example.",
                lambda labels: 1 / ((labels.max() + 1) * _sizes(labels)),
            ),
            (
                "this takes the root of the sizes: gentler, but the classes are not drawn equally often.",
                lambda labels: (1 / np.sqrt(_sizes(labels))) / (1 / np.sqrt(_sizes(labels))).sum(),
            ),
            (
                "this takes a class's share away from 1: rare classes gain, but are not drawn equally often.",
                lambda labels: (1 - _sizes(labels) / len(labels)) / (1 - _sizes(labels) / len(labels)).sum(),
            ),
            (
                "the sizes are looked up by the label, as if 0, 1, 2 ... all occurred; some do not.",
                lambda labels: np.unique(labels, return_counts=True)[1][labels],
            ),
            (
                "here every example has the chance of its class; those of a class share it.",
                lambda labels: np.full(len(labels), 1 / len(np.unique(labels))),
            ),
        ],
        shapes=[
            ("one chance for each example is expected, not one for each class.", lambda labels: np.unique(labels).shape)
        ],
    )


@exercise(solved="the points that are left are the ones that were there, and no other.")
def check_thinned(answer: Callable) -> None:
    """Check ``answer(clouds, gone)``: points that are gone give way to copies of a point that stays."""
    compare_on(
        _CLOUDS,
        answer,
        reference=_thinned,
        mistakes=[
            (
                "this puts the origin in the place of lost points: a point that the shape does not have.",
                lambda clouds, gone: np.where(gone[..., None], 0, clouds),
            ),
            (
                "this copies the first point even where it is itself gone; take the first one that stays.",
                lambda clouds, gone: np.where(gone[..., None], clouds[:, :1], clouds),
            ),
            (
                "this puts the mean in the place of lost points, which is no point of the surface.",
                lambda clouds, gone: np.where(gone[..., None], clouds.mean(axis=1, keepdims=True), clouds),
            ),
            (
                "all clouds get the same point here, that of the first cloud; each has one of its own.",
                lambda clouds, gone: np.where(gone[..., None], _first_left(clouds, gone)[:1], clouds),
            ),
            (
                "the marks are read the wrong way round: True is gone.",
                lambda clouds, gone: _thinned(clouds, ~gone),
            ),
            (
                "this takes the last point that stays; take the first.",
                lambda clouds, gone: _thinned(clouds[:, ::-1], gone[:, ::-1])[:, ::-1],
            ),
            (
                "this copies the first point that is gone; take the first one that stays.",
                lambda clouds, gone: np.where(gone[..., None], _first_left(clouds, ~gone), clouds),
            ),
            (
                "here each lost point becomes a copy of the point before it; one point takes the place of all.",
                _copies_of_the_one_before,
            ),
            ("this is the batch as it was.", lambda clouds, gone: clouds),
        ],
        shapes=[
            (
                "the points of all clouds are in one list here; the shape of the batch must stay.",
                lambda clouds, gone: (np.count_nonzero(~gone), 3),
            )
        ],
    )


def _ready(make: np.ndarray, workers: int) -> list[float]:
    """When each batch is ready, if the next one goes to the worker that is free first."""
    free, ready = [0.0] * workers, []
    for seconds in make:
        ready.append(heapq.heappop(free) + float(seconds))
        heapq.heappush(free, ready[-1])
    return ready


def _steps(ready: list[float], step: float) -> float:
    now = 0.0
    for moment in ready:
        now = max(now, moment) + step
    return now


def _epoch_seconds(make: np.ndarray, step: float, workers: int) -> float:
    return _steps(_ready(make, workers), step)


def _as_they_come(make: np.ndarray, step: float, workers: int) -> float:
    return _steps(sorted(_ready(make, workers)), step)


def _last_ready(make: np.ndarray, step: float, workers: int) -> float:
    return _epoch_seconds(make, step, workers) - step


def _dealt_in_turn(make: np.ndarray, step: float, workers: int) -> float:
    ready = np.zeros(len(make))
    for worker in range(workers):
        ready[worker::workers] = np.cumsum(make[worker::workers])
    return _steps(list(ready), step)


def _waiting_for_use(make: np.ndarray, step: float, workers: int) -> float:
    free, now = [0.0] * workers, 0.0
    for seconds in make:
        now = max(now, heapq.heappop(free) + float(seconds)) + step
        heapq.heappush(free, now)
    return now


def _sizes(labels: np.ndarray) -> np.ndarray:
    return np.array([np.count_nonzero(labels == label) for label in labels], float)


def _chances(labels: np.ndarray) -> np.ndarray:
    return 1 / (len(np.unique(labels)) * _sizes(labels))


def _first_left(clouds: np.ndarray, gone: np.ndarray) -> np.ndarray:
    return np.take_along_axis(clouds, gone.argmin(axis=1)[:, None, None], axis=1)


def _thinned(clouds: np.ndarray, gone: np.ndarray) -> np.ndarray:
    return np.where(gone[..., None], _first_left(clouds, gone), clouds)


def _copies_of_the_one_before(clouds: np.ndarray, gone: np.ndarray) -> np.ndarray:
    clouds = clouds.copy()
    for place in range(1, clouds.shape[1]):
        clouds[gone[:, place], place] = clouds[gone[:, place], place - 1]
    return clouds


_random = np.random.default_rng(34)
_EPOCHS = [
    {"make": np.array([5.0, 2.0, 7.0, 2.0, 1.0, 2.0]), "step": 1.5, "workers": 2},
    {"make": np.array([1.0, 6.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), "step": 1.5, "workers": 3},
    {"make": np.array([0.5, 0.5, 9.0, 0.5]), "step": 2.0, "workers": 1},
    {"make": _random.uniform(0.5, 4, 40).round(2), "step": 1.0, "workers": 3},
    {"make": np.array([2.0]), "step": 1.0, "workers": 4},
]
_LABELS = [
    {"labels": np.array([0, 0, 0, 2])},
    {"labels": np.array([5, 1, 5, 5, 1, 3, 5, 5])},
    {"labels": _random.integers(0, 7, 60) ** 2},
]
_CLOUDS = [
    {
        "clouds": np.array([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1]], [[2.0, 0, 1], [1, 2, 0], [0, 1, 2]]]),
        "gone": np.array([[False, True, False], [True, False, True]]),
    },
    {"clouds": _random.normal(size=(4, 20, 3)).round(2), "gone": _random.random((4, 20)) < 0.6},
]
