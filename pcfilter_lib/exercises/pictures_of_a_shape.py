"""The checks of the chapter *Pictures of a shape*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib import data, synthesis
from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of

KINDS, VIEWS, SIZE = ("bathtub", "chair", "monitor", "table"), 6, 32
KNOWN, TESTED, ENOUGH = 10, 8, 0.85  # shapes of a class; accuracy


@exercise(solved="the near side of each sphere, where the ray meets it.")
def check_depth(answer: Callable) -> None:
    """Check ``answer(direction, centre, radius)``, the depth at which a ray first meets a sphere."""
    draw = np.random.default_rng(0)
    cases = [((0.0, 0.0, 1.0), (0.0, 0.0, 3.0), 0.5), ((0.1, -0.2, 1.0), (0.3, -0.5, 2.8), 0.3)]
    cases += [((0.4, 0.3, 1.0), (1.3, 0.8, 3.1), 0.4), ((0.0, 0.0, 1.0), (1.0, 0.0, 3.0), 0.5)]
    for _ in range(6):
        direction = np.append(draw.uniform(-0.4, 0.4, 2), 1)
        cases.append((direction, draw.uniform(2, 4) * direction + draw.normal(0, 0.1, 3), 0.3))
    compare_on(
        [{"direction": np.array(d), "centre": np.array(c), "radius": r} for d, c, r in cases],
        answer,
        reference=_depth,
        mistakes=[
            (
                "this is the far side of the sphere; of two solutions the smaller one is seen.",
                functools.partial(_depth, sign=1),
            ),
            (
                "this is where the ray is nearest to the centre, inside the sphere.",
                functools.partial(_depth, sign=0),
            ),
            (
                "a ray that misses the sphere gives a negative number under the root: return NaN.",
                lambda d, c, r: np.nan_to_num(_depth(d, c, r)),
            ),
            (
                "this is the length of the way along the ray; the depth counts along the axis of the camera.",
                lambda d, c, r: _depth(d, c, r) * np.linalg.norm(d),
            ),
            (
                "the direction is not of length 1: divide by its square.",
                lambda d, c, r: _depth(d, c, r) * (d @ d),
            ),
        ],
    )


@exercise(solved="so many features come from each view.")
def check_credit(answer: Callable) -> None:
    """Check ``answer(features)``, how many features of the shape each view provides."""
    draw = np.random.default_rng(1)
    first = np.array([[0.2, 0.9, 0.1, 0.0], [0.5, 0.9, 0.0, 0.0], [0.4, 0.1, 0.8, 0.0]])
    compare_on(
        [{"features": first}, {"features": np.maximum(draw.normal(size=(6, 40)), 0)}],
        answer,
        reference=_credit,
        mistakes=[
            (
                "a feature that is 0 in all views was found by none of them: it counts for nobody.",
                lambda features: np.bincount(features.argmax(axis=0), minlength=len(features)),
            ),
            (
                "this asks for the best feature of each view; the best view of each feature is asked for.",
                lambda features: np.bincount(features.argmax(axis=1), minlength=len(features))[: len(features)],
            ),
            (
                "if several views have the same largest value, the first one counts, and only it.",
                lambda features: ((features == features.max(axis=0)) & (features > 0)).sum(axis=1),
            ),
            (
                "this adds up values; count the features of which a view has the largest value.",
                lambda features: features.sum(axis=1),
            ),
        ],
    )


@exercise(solved="each new view counts for what no earlier one has seen.")
def check_order(answer: Callable) -> None:
    """Check ``answer(seen)``, the views in the order in which each one adds the most."""
    draw = np.random.default_rng(2)
    first = np.zeros((4, 12), bool)
    first[0, :7], first[1, 1:7], first[2, 6:11], first[3, 11:] = True, True, True, True
    compare_on(
        [{"seen": first}, {"seen": draw.random((6, 60)) < draw.uniform(0.1, 0.6, (6, 1))}],
        answer,
        reference=_order,
        mistakes=[
            (
                "a view that sees many points may see hardly a new one: count again after each choice.",
                lambda seen: np.argsort(-seen.sum(axis=1), kind="stable"),
            ),
            (
                "begin with the view that sees the most; this begins with the one that sees the least.",
                lambda seen: np.argsort(seen.sum(axis=1), kind="stable"),
            ),
            (
                "these are the places of the views in the order; the views in their order are asked for.",
                lambda seen: np.argsort(_order(seen)),
            ),
        ],
    )


@exercise(solved="shadows are nearly enough.")
def check_descriptor(answer: Callable) -> None:
    """Check ``answer(silhouettes)``, numbers that describe a shape. Any that tell the classes apart pass."""
    described: list[np.ndarray] = []
    for silhouettes in _silhouettes():
        what = call_text(answer, {"silhouettes": silhouettes})
        result = as_numbers(call(answer, silhouettes=silhouettes), what)
        if result.ndim != 1 or not 1 <= len(result) <= 200:
            raise NotYet(f"the shape of {what} is {result.shape}; (D,) with at most 200 numbers is expected.")
        if not np.isfinite(result).all():
            raise NotYet("some of the numbers are not finite.")
        turned = as_numbers(call(answer, silhouettes=np.roll(silhouettes, 2, axis=0)), what)
        if turned.shape != result.shape or not np.allclose(turned, result, atol=1e-6):
            raise NotYet("the numbers change if the views come in another order, that is, if the shape is rotated.")
        described.append(result)
    if len({len(each) for each in described}) > 1:
        raise NotYet("the number of results differs from shape to shape.")
    table = np.stack(described).reshape(len(KINDS), KNOWN + TESTED, -1)
    table = table / np.maximum(table[:, :KNOWN].std(axis=(0, 1)), 1e-9)
    known, tested = table[:, :KNOWN].reshape(-1, table.shape[2]), table[:, KNOWN:].reshape(-1, table.shape[2])
    nearest = ((tested[:, None] - known) ** 2).sum(axis=-1).argmin(axis=1) // KNOWN
    accuracy = np.mean(nearest == np.repeat(np.arange(len(KINDS)), TESTED))
    if accuracy < ENOUGH:
        found = f"the nearest neighbour by {name_of(answer)} has the right class for {accuracy:.0%} of the shapes"
        raise NotYet(f"{found}; at least {ENOUGH:.0%} is expected.")


@functools.cache
def _silhouettes() -> tuple[np.ndarray, ...]:
    """Return the silhouettes of furniture from six sides, class after class."""
    cameras, made = synthesis.turntable(VIEWS, 20, size=SIZE), []
    for number, kind in enumerate(KINDS):
        for shape in range(KNOWN + TESTED):
            solid = synthesis.make_furniture(kind, np.random.default_rng([number, shape, 11]))
            points = data.sample_surface(data.Mesh(solid.vertices, solid.faces), 500, seed=shape)
            made.append(synthesis.splat(data.unit_sphere(points), cameras, 0.08).silhouette)
            made[-1].flags.writeable = False
    return tuple(made)


def _depth(direction, centre, radius, sign: int = -1) -> float:
    square, along = direction @ direction, direction @ centre
    under = along**2 - square * (centre @ centre - radius**2)
    return np.nan if under < 0 else (along + sign * np.sqrt(under)) / square


def _credit(features: np.ndarray) -> np.ndarray:
    found = features.max(axis=0) > 0
    return np.bincount(features.argmax(axis=0)[found], minlength=len(features))


def _order(seen: np.ndarray) -> np.ndarray:
    covered, left, order = np.zeros(seen.shape[1], bool), list(range(len(seen))), []
    while left:
        best = max(left, key=lambda view: (seen[view] & ~covered).sum())
        order.append(best)
        left.remove(best)
        covered |= seen[best]
    return np.array(order)
