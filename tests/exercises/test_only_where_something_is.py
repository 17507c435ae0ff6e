"""The right answers pass; each known mistake is met with its own explanation."""

import hashlib

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib import sparse
from pcfilter_lib.exercises import only_where_something_is as exercises


def find(slots, key):
    at = key % len(slots)
    for place in [*range(at, len(slots)), *range(at)]:
        if slots[place] == -1:
            return -1
        if slots[place] == key:
            return place
    return -1


def free(slots, key):
    at = key % len(slots)
    return next((place for place in [*range(at, len(slots)), *range(at)] if slots[place] == -1), at)


def not_round(slots, key):
    return next((at for at in range(key % len(slots), len(slots)) if slots[at] == key), -1)


def children(voxels):
    coarse = sparse.coarsen(voxels)
    return coarse.coordinates, coarse.children


def by_column(voxels):
    coarse, table = children(voxels)
    return coarse, table[:, [0, 4, 2, 6, 1, 5, 3, 7]]


def in_order_of_appearance(voxels):
    coarse, table = children(voxels)
    order = np.argsort([np.sort(row[row >= 0])[0] for row in table])
    return coarse, table[order]


def level(u, v):
    u, v = np.array(u), np.array(v)
    return next(d for d in range(60) if np.abs((u >> d) - (v >> d)).max() <= 1)


def same_voxel(u, v):
    return next(d for d in range(60) if np.array_equal(np.array(u) >> d, np.array(v) >> d))


def by_norm(u, v, order):
    u, v = np.array(u), np.array(v)
    return next(d for d in range(60) if np.linalg.norm((u >> d) - (v >> d), order) <= 1)


def apart(u, v):
    return max(1, np.abs(np.subtract(u, v)).max())


def mixed(voxels, bits):
    h = np.zeros(len(voxels), np.uint64)
    for axis in voxels.astype(np.uint64).T:
        h = (h ^ axis) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(29)
    return h * np.uint64(0xBF58476D1CE4E5B9) >> np.uint64(64 - bits)


def by_bytes(voxels, bits):
    """Whatever is drawn at random, but the same for the same voxel."""
    digests = [hashlib.md5(row.tobytes()).digest()[:8] for row in np.ascontiguousarray(voxels)]
    return [int.from_bytes(digest, "little") % 2**bits for digest in digests]


def added(voxels, bits):
    return voxels.sum(axis=1) % 2**bits


SOLUTIONS = [
    (exercises.check_find, find),
    (exercises.check_children, children),
    (exercises.check_level, level),
    (exercises.check_slots, mixed),
    (exercises.check_slots, by_bytes),
]
MISTAKES = [
    (exercises.check_find, lambda s, k: k % len(s) if s[k % len(s)] == k else -1, "go on to the next one"),
    (exercises.check_find, lambda s, k: k % len(s), "pushed it on"),
    (exercises.check_find, not_round, "after the last slot comes the first"),
    (exercises.check_find, lambda s, k: (find(s, k) - k) % len(s) if find(s, k) >= 0 else -1, "how far"),
    (exercises.check_find, lambda s, k: find(s, k) if find(s, k) >= 0 else free(s, k), "ends the search"),
    (exercises.check_children, lambda v: children(v)[1], "two things"),
    (exercises.check_children, lambda v: (v // 2, children(v)[1]), "occurs once"),
    (exercises.check_children, lambda v: (np.unique(-(-v // 2), axis=0), children(v)[1]), "round down"),
    (exercises.check_children, by_column, "z changes fastest"),
    (exercises.check_children, lambda v: (children(v)[0], children(v)[1] >= 0), "not whether one is there"),
    (exercises.check_children, lambda v: (children(v)[0], np.maximum(children(v)[1], 0)), "row 0 is a voxel"),
    (exercises.check_children, in_order_of_appearance, "in the order of the coarse voxels"),
    (exercises.check_level, lambda u, v: int(np.ceil(np.log2(apart(u, v)))), "the distance alone"),
    (exercises.check_level, lambda u, v: int(np.floor(np.log2(apart(u, v)))), "the distance alone"),
    (exercises.check_level, same_voxel, "need not fall into the same voxel"),
    (exercises.check_level, lambda u, v: by_norm(u, v, 1), "a corner touches, too"),
    (exercises.check_level, lambda u, v: by_norm(u, v, 2), "a corner touches, too"),
    (exercises.check_level, lambda u, v: level(u, v) + 1, "the resolution of the input"),
    (exercises.check_slots, added, "a lookup examines"),
    (exercises.check_slots, lambda v, b: v @ [1, 1024, 1 << 20] % 2**b, "as many different slots"),
    (exercises.check_slots, lambda v, b: v % 2**b, "a slot for each voxel"),
    (exercises.check_slots, lambda v, b: added(v, b) + 2**b, "slots are whole numbers"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_walks_are_those_of_linear_probing():
    slots = np.random.default_rng(0).integers(0, 64, 40)
    taken, steps = [False] * 64, 0
    for slot in slots.tolist():
        at = slot
        while taken[at]:
            at = (at + 1) % 64
        taken[at] = True
        steps += (at - slot) % 64 + 1
    assert abs(exercises._looked_at(slots, 64) - steps / 40) < 0.15, "but for what goes on from the beginning"
