"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib import data
from pcfilter_lib.exercises import pictures_onto_a_shape as exercises


def pixel(centre, intrinsics, to_camera, depth, behind, hidden=True, measured=True, by_column=False, half=0.5):
    local = to_camera[:3, :3] @ centre + to_camera[:3, 3]
    if local[2] <= 0:
        return -1
    column, row = (intrinsics @ (local / local[2]))[:2]
    i, j = int(np.floor(row + half)), int(np.floor(column + half))
    if not (0 <= i < depth.shape[0] and 0 <= j < depth.shape[1]):
        return -1
    if measured and np.isnan(depth[i, j]):
        return -1
    if hidden and local[2] - depth[i, j] > behind:
        return -1
    return j * depth.shape[0] + i if by_column else i * depth.shape[1] + j


def by_library(centre, intrinsics, to_camera, depth, behind):
    voxel = data.VoxelGrid(np.zeros((1, 1, 1), bool), centre - 0.05, 0.1)
    return data.voxel_pixels(voxel, depth[None], intrinsics, to_camera[None], behind=behind / 0.1)[0, 0, 0, 0]


def pool(features, seen):
    found = np.zeros((len(features), features.shape[2]))
    for voxel in range(len(features)):
        if seen[voxel].any():
            found[voxel] = features[voxel][seen[voxel]].max(axis=0)
    return found


def votes(labels, classes):
    rows = [[label for label in row if label >= 0] for row in labels.tolist()]
    return [max(range(classes), key=row.count) if row else -1 for row in rows]


def counts(labels, classes):
    return np.stack([(labels == kind).sum(axis=1) for kind in range(classes)], axis=1)


def blocks(values):
    return values.reshape(6, 8, 12, 8).mean(axis=(1, 3))


def differences(picture):
    along, down = (np.abs(np.diff(picture, axis=axis, append=0)) for axis in (1, 0))
    along[:, -1], down[-1] = along[:, -2], down[-2]
    return np.stack([blocks(along), blocks(down)], axis=-1)


SOLUTIONS = [
    (exercises.check_pixel, pixel),
    (exercises.check_pixel, by_library),
    (exercises.check_pool, pool),
    (exercises.check_votes, votes),
    (exercises.check_features, differences),
    (exercises.check_features, lambda picture: differences(picture) ** 2),
]
MISTAKES = [
    (exercises.check_pixel, lambda *rest: pixel(*rest, hidden=False), "something nearer hides"),
    (exercises.check_pixel, lambda *rest: pixel(*rest, measured=False), "nothing was measured"),
    (exercises.check_pixel, lambda *rest: pixel(*rest, by_column=True), "row by row"),
    (exercises.check_pixel, lambda *rest: pixel(*rest, half=0), "round to the nearest"),
    (exercises.check_pool, lambda x, seen: np.where(seen[..., None], x, 0).max(axis=1), "a zero is not"),
    (exercises.check_pool, lambda x, seen: x.max(axis=1), "that do not see the voxel count"),
    (exercises.check_pool, lambda x, seen: np.where(seen[..., None], x, -np.inf).max(axis=1), "minus infinity"),
    (
        exercises.check_pool,
        lambda x, seen: (x * seen[..., None]).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[:, None],
        "the maximum is asked",
    ),
    (exercises.check_votes, lambda x, n: counts(x, n).argmax(axis=1), "return -1 there"),
    (exercises.check_votes, lambda x, n: counts(x + 1, n + 1).argmax(axis=1) - 1, "does not vote"),
    (
        exercises.check_votes,
        lambda x, n: np.where((x >= 0).any(axis=1), n - 1 - counts(x, n)[:, ::-1].argmax(axis=1), -1),
        "the first one is expected",
    ),
    (exercises.check_votes, lambda x, n: x.max(axis=1), "the largest label"),
    (exercises.check_features, lambda picture: blocks(picture)[..., None], "Chance is 50 %"),
    (exercises.check_features, lambda picture: differences(picture)[0], "with 1 to 4 features"),
    (exercises.check_features, lambda picture: differences(picture) / 0, "not finite"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
