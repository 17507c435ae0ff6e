"""Whether points are spread evenly over a triangle, and what went wrong where they are not."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.exercises._core import NotYet

TRIANGLE = np.array([[0.0, 0.0, 1.0], [4.0, 1.0, 0.0], [1.0, 3.0, 2.0]])  # the corners a, b, c
QUESTION = " Look at how u must be distributed: the hint says more."


def inside_weights(points: np.ndarray, u: np.ndarray, v: np.ndarray, what: str) -> np.ndarray:
    """Return the barycentric weights (N, 3) of points in the triangle, or say that some lie outside, and why."""
    a, b, c = TRIANGLE
    edges = np.stack([b - a, c - a], axis=1)
    along = (points - a) @ np.linalg.pinv(edges).T
    if not np.allclose(a + along @ edges.T, points, atol=1e-4):
        raise NotYet(f"{what} gives points outside the plane of the triangle: the weights of a, b, c must add up to 1.")
    weights = np.column_stack([1 - along.sum(axis=1), along])
    outside = np.count_nonzero((weights < -1e-4).any(axis=1))
    if outside:
        beyond = np.count_nonzero(weights[:, 0] < -1e-4) == outside
        hint = f" They lie beyond the edge b c: {_how_to_fold(along, u, v)}" if beyond else ""
        raise NotYet(f"{outside} of {len(points)} points lie outside the triangle.{hint}")
    return weights


def _how_to_fold(along: np.ndarray, u: np.ndarray, v: np.ndarray) -> str:
    """Say what to do with points of the parallelogram that lie beyond b c, from their weights of b and c."""
    fold = "turn each by half a circle about the middle of that edge."
    drawn = np.column_stack([u, v])
    if np.allclose(np.sort(along), np.sort(drawn), atol=1e-5) and not any(
        np.allclose(along, whole, atol=1e-5) for whole in (drawn, drawn[:, ::-1])
    ):
        return f"u and v swapped have the same sum, so that a point stays beyond it. To fold the points back, {fold}"
    if any(np.allclose(weight, np.sqrt(number), atol=1e-5) for weight in along.T for number in (u, v, 1 - u, 1 - v)):
        return f"a square root does not belong in the parallelogram. Leave it out, and fold the points back: {fold}"
    return f"fold them back into the triangle: {fold}"


def require_even(weights: np.ndarray, what: str) -> None:
    """Count the points on the edges and in 16 congruent triangles, and say where there are too many or too few."""
    if np.linalg.matrix_rank(weights - weights.mean(axis=0), tol=1e-3) < 2:
        raise NotYet("all points lie on one line: both u and v must count.")
    for corner, edge in enumerate(["b c", "a c", "a b"]):
        on_edge = np.count_nonzero(np.abs(weights[:, corner]) < 1e-6)
        if on_edge > len(weights) / 100:
            raise NotYet(
                f"{on_edge} of {len(weights)} points lie exactly on the edge {edge}: points that are moved to an edge "
                "pile up there. Fold them back into the triangle instead."
            )
    places = np.clip((weights[:, 1:] * 4).astype(int), 0, 3)
    upper = (weights[:, 1:] * 4 - places).sum(axis=1) > 1  # each cell of the grid is two triangles
    counts = np.zeros((4, 4, 2))
    np.add.at(counts, (*places.T, upper.astype(int)), 1)
    share = len(weights) / 16
    corners = {"a": counts[0, 0, 0], "b": counts[3, 0, 0], "c": counts[0, 3, 0]}
    dense = max(corners, key=corners.get)
    if corners[dense] > 2 * share:
        raise NotYet(
            f"the points crowd at the corner {dense}: the sixteenth of the triangle there has {int(corners[dense])} "
            f"points, and its fair share is {int(share)}.{QUESTION}"
        )
    if max(corners.values()) < share / 2:
        raise NotYet(
            f"the points crowd in the middle: the sixteenths at the three corners have {int(sum(corners.values()))} "
            f"points, and their fair share is {int(3 * share)}. Weights that are divided by their sum do that."
        )
    inside = np.add.outer(np.arange(4), np.arange(4))[..., None] + [0, 1] < 4
    chi_square = np.sum((counts[inside] - share) ** 2) / share
    # 15 degrees of freedom: uniform points exceed 60 once in some millions of draws.
    if chi_square > 60:
        fewest, most = int(counts[inside].min()), int(counts[inside].max())
        raise NotYet(
            f"{what} is not uniform: the sixteenths of the triangle have from {fewest} to {most} points, "
            f"and the fair share of each is {int(share)}."
        )


def misplaced_root(weights: np.ndarray, u: np.ndarray, v: np.ndarray) -> str | None:
    """Explain a square root that is there, but not as it should be, in (1 - t) a + t (1 - s) b + t s c.

    With t = sqrt(u) and s = v the points are even. Any corner may take the part of a.
    """
    numbers = {"u": u, "v": v, "1 - u": 1 - u, "1 - v": 1 - v}
    for corner, letter in enumerate("abc"):
        t = 1 - weights[:, corner]
        s = weights[:, corner - 1] / np.maximum(t, 1e-9)
        far = t > 1e-3  # where s is exact in float32, too
        rooted = [
            name
            for name, number in numbers.items()
            if np.allclose(s[far], np.sqrt(number[far]), atol=1e-3)
            or np.allclose(1 - s[far], np.sqrt(number[far]), atol=1e-3)
        ]
        for name, number in numbers.items():
            if np.allclose(t, number, atol=1e-5) and rooted:
                return (
                    f"the square root is on the wrong number: on {rooted[0]}, which says where a point lies between "
                    f"the other two corners, and not on {name}, which says how far it lies from {letter}."
                )
            if np.allclose(t, np.sqrt(number), atol=1e-5) and rooted:
                return f"one square root is enough: the one on {rooted[0]} is too many."
            if np.allclose(t, 1 - np.sqrt(number), atol=1e-5):
                return (
                    f"the square root is turned round: a point lies 1 - sqrt({name}) of the way from {letter} to the "
                    f"opposite edge, so that they crowd at {letter}. Let the root itself be that part of the way."
                )
    return None
