"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy.spatial import KDTree
from verdicts import verdict_tests

from pcfilter_lib.exercises import a_whole_data_set as exercises


def shares(mesh, true, tolerance, areas):
    table = np.sqrt(((mesh[:, None] - true) ** 2).sum(axis=-1))
    return areas @ (table.min(axis=1) <= tolerance) / areas.sum(), (table.min(axis=0) <= tolerance).mean()


def shares_by_trees(mesh, true, tolerance, areas):
    forth, back = KDTree(true).query(mesh)[0], KDTree(mesh).query(true)[0]
    return [float(areas[forth <= tolerance].sum() / areas.sum()), float(np.mean(back <= tolerance))]


def oriented(points, normals, pose):
    result = normals.copy()
    for n, (point, normal) in enumerate(zip(points, normals, strict=True)):
        seen, facing = pose[:3, :3] @ point + pose[:3, 3], pose[:3, :3] @ normal  # in the camera's frame
        if seen @ facing > 0:
            result[n] = -normal
    return result


def towards(place):
    """Turn the normals towards a place that depends on the pose."""

    def turn(points, normals, pose):
        sign = np.sign(((place(pose) - points) * normals).sum(axis=1))
        return sign[:, None] * normals

    return turn


def inside(x, places, normals):
    surfaces = dict(zip(places.tolist(), normals.tolist(), strict=True))
    return np.array([-sum(normal for place, normal in surfaces.items() if place < at) for at in x])


def without_weights(x, places, normals):
    return np.array([-normals[places < at].sum() for at in x])


def neighbours_only(x, places, normals):
    new = np.append(True, places[1:] != places[:-1])
    return without_weights(x, places[new], normals[new])


def f1(p, c):
    return 2 / (1 / p + 1 / c)


def honest(kp, kc, p, c):
    return f1(p, c)[np.argmax(f1(kp, kc))]


SOLUTIONS = [
    (exercises.check_shares, shares),
    (exercises.check_shares, shares_by_trees),
    (exercises.check_oriented, oriented),
    (exercises.check_oriented, towards(lambda pose: np.linalg.inv(pose)[:3, 3])),
    (exercises.check_inside, inside),
    (exercises.check_honest_f1, honest),
]
MISTAKES = [
    (exercises.check_shares, lambda m, t, tol, w: shares(m, t, tol, w)[::-1], "in the other order"),
    (exercises.check_shares, lambda m, t, tol, w: [shares(m, t, tol, w)[0]] * 2, "both ask the points of the mesh"),
    (exercises.check_shares, lambda m, t, tol, w: [shares(m, t, tol, w)[1]] * 2, "both ask the points of the truth"),
    (exercises.check_shares, lambda m, t, tol, w: shares(m, t, tol, np.ones(len(m))), "stands for its area"),
    (exercises.check_shares, lambda m, t, tol, w: (shares(m, t, tol, w)[0] * sum(w), 0.6), "needs their sum"),
    (exercises.check_shares, lambda m, t, tol, w: (shares(m, t, tol, w)[0] * np.mean(w), 0.6), "are averaged"),
    (exercises.check_shares, lambda m, t, tol, w: [100 * s for s in shares(m, t, tol, w)], "per cent"),
    (
        exercises.check_shares,
        lambda m, t, tol, w: [1 - s for s in shares(m, t, tol, w)],
        "the shares beyond the tolerance",
    ),
    (exercises.check_shares, lambda m, t, tol, w: shares(m, t, tol - 1e-9, w), "exactly at the tolerance"),
    (exercises.check_shares, lambda m, t, tol, w: shares(m, t, np.sqrt(tol), w), "take the root"),
    (exercises.check_shares, lambda m, t, tol, w: shares(m, t, tol, w)[0], "return precision, completeness"),
    (exercises.check_shares, lambda m, t, tol, w: (KDTree(t).query(m)[0] <= tol, 1), "precision has the shape (4,)"),
    (exercises.check_shares, lambda m, t, tol, w: (0.5, 0.5), "gives 0.5 at [0]; 0.7 is expected"),
    (exercises.check_oriented, lambda *i: -oriented(*i), "point away from the camera"),
    (exercises.check_oriented, lambda points, normals, pose: normals, "the normals as they came"),
    (exercises.check_oriented, lambda points, normals, pose: -normals, "leave those that are right"),
    (exercises.check_oriented, towards(lambda pose: pose[:3, 3]), "not where the camera stands"),
    (exercises.check_oriented, towards(lambda pose: -pose[:3, 3]), "not where the camera stands"),
    (exercises.check_oriented, towards(lambda pose: -pose[:3, :3] @ pose[:3, 3]), "its transpose"),
    (exercises.check_oriented, towards(lambda pose: pose[:3, :3] @ pose[:3, 3]), "its transpose"),
    (
        exercises.check_oriented,  # another axis: no known mistake, so no explanation
        lambda points, normals, pose: np.where((normals @ -pose[:3, 2] < 0)[:, None], -normals, normals),
        "Not yet: your function(",
    ),
    (exercises.check_oriented, towards(lambda pose: pose[:3, :3].T @ pose[:3, 3]), "the wrong sign"),
    (exercises.check_oriented, towards(lambda pose: np.zeros(3)), "the origin of the part"),
    (
        exercises.check_oriented,
        lambda points, normals, pose: np.where((normals @ -pose[2, :3] < 0)[:, None], -normals, normals),
        "one direction, the camera's axis",
    ),
    (exercises.check_oriented, lambda points, normals, pose: oriented(points, normals, pose) @ pose[:3, :3].T, "frame"),
    (exercises.check_oriented, lambda points, normals, pose: np.ones(len(points)), "return its normal"),
    (exercises.check_inside, without_weights, "counts twice here"),
    (exercises.check_inside, lambda *i: -inside(*i), "the sign is wrong"),
    (exercises.check_inside, lambda x, places, normals: inside(-x, -places, normals), "on the left of a position"),
    (exercises.check_inside, lambda x, places, normals: without_weights(x, places, normals) / 2, "has its own number"),
    (exercises.check_inside, lambda x, places, normals: without_weights(x, places, normals) > 0, "above 0"),
    (exercises.check_inside, neighbours_only, "in no order"),
    (exercises.check_inside, lambda x, places, normals: without_weights(x, places, normals) * 4, "at [1]; 1 is"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(p, c).max(), "chosen on the new part"),
    (exercises.check_honest_f1, lambda *i: f1(*i[2:])[np.argmax(f1(*i[:2]) + f1(*i[2:]))], "chosen on the new part"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: honest(p, c, kp, kc), "changed places"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(p, c)[np.argmax(kp * kc)], "Not yet: your function("),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(p, c)[np.minimum(kp, kc).argmax()], "Not yet: your function("),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(p, c)[(kp + kc).argmax()], "chosen by the arithmetic mean"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: ((p + c) / 2)[f1(kp, kc).argmax()], "this is the arithmetic"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(kp, kc).max(), "the F1 of the known piece"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(p, c)[kp.argmax()], "by precision alone"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(p, c)[kc.argmax()], "by completeness alone"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: ((p + c) / 2)[(kp + kc).argmax()], "this is the arithmetic"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(kp, kc).argmax(), "which trim was chosen"),
    (exercises.check_honest_f1, lambda *i: honest(*i) / 2, "a factor 2"),
    (exercises.check_honest_f1, lambda kp, kc, p, c: f1(p, c), "one number per trim"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
