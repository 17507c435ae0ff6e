"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import feeding_a_network as exercises


def epoch_seconds(make, step, workers):
    free, end = [0.0] * workers, 0.0
    for seconds in make:
        worker = free.index(min(free))
        free[worker] += seconds
        end = max(end, free[worker]) + step
    return end


def epoch_seconds_by_small_ticks(make, step, workers):
    """Another way: a clock of hundredths."""
    left, ready, waiting = [0] * workers, [None] * len(make), [round(100 * seconds) for seconds in make]
    busy, now, done, working = [None] * workers, 0, 0, 0
    while done < len(make):
        for worker in range(workers):
            if busy[worker] is not None and left[worker] == 0:
                ready[busy[worker]], busy[worker] = now, None
            if busy[worker] is None and waiting:
                busy[worker], left[worker] = len(make) - len(waiting), waiting.pop(0)
        if working == 0 and ready[done] is not None:
            working = round(100 * step)
        now += 1
        left = [each - 1 for each in left]
        if working:
            working -= 1
            done += working == 0
    return now / 100


def chances(labels):
    kinds, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    return 1 / counts[place] / len(kinds)


def chances_by_drawing_a_class_first(labels):
    result = np.zeros(len(labels))
    for kind in set(labels.tolist()):
        result[labels == kind] = 1 / np.count_nonzero(labels == kind)
    return result / result.sum()


def thinned(clouds, gone):
    first = np.argmin(gone, axis=1)
    stays = clouds[np.arange(len(clouds)), first]
    return np.where(gone[..., None], stays[:, None], clouds)


def thinned_in_a_loop(clouds, gone):
    result = clouds.copy()
    for cloud, lost in zip(result, gone, strict=True):
        cloud[lost] = cloud[~lost][0]
    return result


def in_turn(make, step, workers):
    ready, end = [0.0] * workers, 0.0
    for number, seconds in enumerate(make):
        ready[number % workers] += seconds
        end = max(end, ready[number % workers]) + step
    return end


def as_they_come(make, step, workers):
    free, ready = [0.0] * workers, []
    for seconds in make:
        worker = int(np.argmin(free))
        free[worker] += seconds
        ready.append(free[worker])
    end = 0.0
    for moment in sorted(ready):
        end = max(end, moment) + step
    return end


def steps_by_the_worker(make, step, workers):
    free = np.zeros(workers)
    for seconds in make:
        free[free.argmin()] += seconds + step
    return free.max()


def waiting_for_use(make, step, workers):
    free, end = np.zeros(workers), 0.0
    for seconds in make:
        worker = free.argmin()
        end = max(end, free[worker] + seconds) + step
        free[worker] = end
    return end


def one_minus_the_share(labels):
    chances = 1 - np.array([np.mean(labels == label) for label in labels])
    return chances / chances.sum()


def sizes_by_label(labels):
    kinds, counts = np.unique(labels, return_counts=True)
    return 1 / (len(kinds) * counts[labels])


def first_that_is_gone(clouds, gone):
    lost = clouds[np.arange(len(clouds)), gone.argmax(axis=1)]
    return np.where(gone[..., None], lost[:, None], clouds)


def the_point_before(clouds, gone):
    clouds = clouds.copy()
    for cloud, lost in zip(clouds, gone, strict=True):
        for place in np.flatnonzero(lost[1:]) + 1:
            cloud[place] = cloud[place - 1]
    return clouds


def zeros(clouds, gone):
    clouds = clouds.copy()
    clouds[gone] = 0
    return clouds


SOLUTIONS = [
    (exercises.check_epoch_seconds, epoch_seconds),
    (exercises.check_epoch_seconds, epoch_seconds_by_small_ticks),
    (exercises.check_chances, chances),
    (exercises.check_chances, chances_by_drawing_a_class_first),
    (exercises.check_thinned, thinned),
    (exercises.check_thinned, thinned_in_a_loop),
]
MISTAKES = [
    (exercises.check_epoch_seconds, lambda make, step, workers: sum(make) + step * len(make), "one after the other"),
    (exercises.check_epoch_seconds, lambda make, step, workers: step * len(make), "as if all batches lay ready"),
    (
        exercises.check_epoch_seconds,
        lambda make, step, workers: len(make) * max(np.mean(make) / workers, step),
        "before the first step",
    ),
    (exercises.check_epoch_seconds, lambda make, step, workers: epoch_seconds(make, step, 1), "one worker"),
    (exercises.check_epoch_seconds, lambda make, step, workers: epoch_seconds(make, step, 99), "a worker of its own"),
    (exercises.check_epoch_seconds, in_turn, "dealt out in turn"),
    (exercises.check_epoch_seconds, as_they_come, "in their order"),
    (
        exercises.check_epoch_seconds,
        lambda make, step, workers: epoch_seconds(make, step, workers) - step,
        "its step is still to come",
    ),
    (exercises.check_epoch_seconds, lambda make, step, workers: np.cumsum(make), "not when each does"),
    (exercises.check_epoch_seconds, steps_by_the_worker, "the network's work"),
    (exercises.check_epoch_seconds, waiting_for_use, "room for all"),
    (exercises.check_chances, one_minus_the_share, "away from 1"),
    (exercises.check_chances, sizes_by_label, "looked up by the label"),
    (exercises.check_thinned, first_that_is_gone, "the first point that is gone"),
    (exercises.check_thinned, the_point_before, "the point before it"),
    (exercises.check_chances, lambda labels: np.ones(len(labels)) / len(labels), "equally likely"),
    (exercises.check_chances, lambda labels: chances(labels) * len(set(labels.tolist())), "number of classes"),
    (exercises.check_chances, lambda labels: chances(labels) * len(labels), "number of examples"),
    (exercises.check_chances, lambda labels: 1 / np.bincount(labels)[labels] / (labels.max() + 1), "largest number"),
    (
        exercises.check_chances,
        lambda labels: np.bincount(labels)[labels] / np.sum(np.bincount(labels) ** 2),
        "even more frequent",
    ),
    (exercises.check_chances, lambda labels: 1 / np.unique(labels, return_counts=True)[1], "not one for each class"),
    (exercises.check_thinned, zeros, "the origin"),
    (exercises.check_thinned, lambda clouds, gone: np.where(gone[..., None], clouds[:, :1], clouds), "itself gone"),
    (exercises.check_thinned, lambda clouds, gone: thinned(clouds, ~gone), "the wrong way round"),
    (exercises.check_thinned, lambda clouds, gone: clouds[~gone], "in one list"),
    (exercises.check_thinned, lambda clouds, gone: clouds, "as it was"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
