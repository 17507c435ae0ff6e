"""Poses of views from the views themselves: features, RANSAC, ICP, and a pose graph; with Open3D."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.data._poses import inverse
from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.data.views.pairwise import Cloud, align, cloud_of, contradiction, fit, grid_size
from pcfilter_lib.data.views.posed_file import PosedFile
from pcfilter_lib.errors import InputError, require

# Beyond this, two views are taken not to fit. On simulated scans of parts right pairs reach 0.21, mostly artefacts,
# and wrong ones begin at 0.57.
_MOST_CONTRADICTED = 0.4
_PRUNED = 0.25  # the confidence below which Open3D takes an edge for an outlier


@dataclass(frozen=True, eq=False)
class RegistrationEdge:
    """How well two views fit each other.

    Attributes
    ----------
    source, target : int
        The places of the two views.
    fitness : float
        The fraction of points with a partner in the other view within one voxel, after global optimisation; of the
        two directions the smaller.
    inlier_rmse : float
        Root mean square distance of these pairs, m.
    contradicted : float
        Of the points off the largest plane that both views must have seen, the fraction that one of them saw through.
    rotation_error : float
        Loop consistency: by how many degrees the edge's own registration differs from the poses that all agree on.
    translation_error : float
        The same for the position of the source's camera in the target's frame, m.
    used : bool
        Whether the pose graph kept the edge; others contradict the rest.
    """

    source: int
    target: int
    fitness: float
    inlier_rmse: float
    contradicted: float
    rotation_error: float
    translation_error: float
    used: bool


@dataclass(frozen=True, eq=False)
class Registration:
    """Registered views, and how well they fit.

    Attributes
    ----------
    views : tuple of OrganizedScan
        The scans in their order, with `pose`. The world is the frame of the first camera.
    edges : tuple of RegistrationEdge
        All pairs that overlap enough.
    voxel : float
        The grid on which the views were compared, m.
    """

    views: tuple[OrganizedScan, ...]
    edges: tuple[RegistrationEdge, ...]
    voxel: float

    def __str__(self) -> str:
        lines = [f"{len(self.views)} views on a grid of {self.voxel * 1000:.3g} mm"]
        for edge in self.edges:
            text = f"{edge.source} - {edge.target}: fitness {edge.fitness:.2f}, RMSE {edge.inlier_rmse * 1000:.3g} mm, "
            text += f"contradicted {edge.contradicted:.1%}, "
            text += f"loop {edge.rotation_error:.3g} degrees and {edge.translation_error * 1000:.3g} mm"
            lines.append(text + ("" if edge.used else ", not used"))
        return "\n".join(lines)


def register_views(
    views: Sequence[OrganizedScan | PosedFile],
    voxel: float | None = None,
    min_overlap: float = 0.3,
    max_gap: int | None = None,
    seed: int = 0,
) -> Registration:
    """Find the poses of overlapping views from their points alone.

    Each pair of views is aligned by features and RANSAC, and refined by point-to-plane ICP. Of several attempts the one
    is taken in which neither view sees through what the other one measured. A pose graph then reconciles all pairs and
    drops those that contradict the others. Needs the extra ``open3d``.

    A flat or round surface slides along itself: two views must share enough relief to hold them in place.

    Parameters
    ----------
    views : sequence of OrganizedScan or PosedFile
        Two or more; a pose that one has already is not used.
    voxel : float, optional
        The grid on which views are compared, m. By default a sixtieth of the views' median diagonal.
    min_overlap : float, default 0.3
        Which fraction of the smaller part two views must share, in (0, 1].
    max_gap : int, optional
        Compare only views that are at most this far apart in the sequence. By default all pairs are compared, whose
        number grows with the square of that of the views.
    seed : int, default 0
        For RANSAC.

    Returns
    -------
    Registration

    Raises
    ------
    InputError
        If there are fewer than two views, one has too few points, or some do not overlap enough with the others; the
        message names them.
    MissingExtraError
        If Open3D is not installed.

    References
    ----------
    Rusu, Blodow and Beetz, *Fast point feature histograms (FPFH) for 3D registration*, ICRA 2009. Choi, Zhou and
    Koltun, *Robust reconstruction of indoor scenes*, CVPR 2015.
    """
    if voxel is not None:
        number_within("register_views", "voxel", voxel, 0, 1e3, low_included=False)
    number_within("register_views", "min_overlap", min_overlap, 0, 1, low_included=False)
    if max_gap is not None:
        whole_number("register_views", "max_gap", max_gap)
    seed = whole_number("register_views", "seed", seed, at_least=0)
    if len(views) < 2:
        problem = f"{len(views)} given, and two are needed"
        raise InputError("views", "", problem, "give two views or more of the same scene")
    with contextlib.redirect_stdout(io.StringIO()):  # in a notebook it announces its own viewer
        o3d = require("open3d", "open3d")
    scans = [view.load() if isinstance(view, PosedFile) else view for view in views]
    voxel = grid_size(scans) if voxel is None else float(voxel)
    o3d.utility.random.seed(seed)
    with o3d.utility.VerbosityContextManager(o3d.utility.VerbosityLevel.Error):  # it warns in print of every bad pair
        return _register(o3d, scans, voxel, min_overlap, max_gap)


def _register(
    o3d: Any, scans: list[OrganizedScan], voxel: float, min_overlap: float, max_gap: int | None
) -> Registration:
    clouds = [cloud_of(o3d, scan, voxel, number) for number, scan in enumerate(scans)]
    edges: list[_Pair] = []
    for source, target in itertools.combinations(range(len(scans)), 2):
        if max_gap is None or target - source <= max_gap:
            motion = align(o3d, clouds[source], clouds[target], voxel)
            edges.append(_judged(o3d, clouds, source, target, motion, voxel))
    good = [edge for edge in edges if edge.fitness >= min_overlap and edge.contradicted <= _MOST_CONTRADICTED]
    tree = _spanning_tree(len(scans), good)
    _check_connected(len(scans), tree, edges, min_overlap)
    poses, kept = _optimised(o3d, clouds, good, tree, voxel)
    report = []
    for edge in good:
        motion = inverse(poses[edge.target]) @ poses[edge.source]
        final = _judged(o3d, clouds, edge.source, edge.target, motion, voxel)
        difference = inverse(edge.motion) @ motion
        turn = np.degrees(np.arccos(np.clip((np.trace(difference[:3, :3]) - 1) / 2, -1, 1)))
        apart = float(np.linalg.norm((edge.motion - motion)[:3, 3]))
        used = (edge.source, edge.target) in kept
        figures = (final.fitness, final.inlier_rmse, final.contradicted, float(turn), apart)
        report.append(RegistrationEdge(edge.source, edge.target, *figures, used))
    sound = [e for e in report if e.used and e.fitness >= min_overlap and e.contradicted <= _MOST_CONTRADICTED]
    _check_connected(len(scans), _spanning_tree(len(scans), sound), report, min_overlap)
    posed = tuple(dataclasses.replace(scan, pose=pose) for scan, pose in zip(scans, poses, strict=True))
    return Registration(posed, tuple(report), voxel)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two views, the motion from the first one's frame to the second's, and how well it fits."""

    source: int
    target: int
    motion: np.ndarray
    fitness: float
    inlier_rmse: float
    contradicted: float


def _judged(o3d: Any, clouds: list[Cloud], source: int, target: int, motion: np.ndarray, voxel: float) -> _Pair:
    one, other = clouds[source], clouds[target]
    return _Pair(source, target, motion, *fit(o3d, one, other, motion, voxel), contradiction(one, other, motion, voxel))


def _spanning_tree(count: int, edges: Sequence[Any]) -> list[Any]:
    """Return the best edges that connect as many views as possible without a loop (Kruskal)."""
    group, tree = list(range(count)), []
    for edge in sorted(edges, key=lambda edge: edge.contradicted - edge.fitness):
        first, second = group[edge.source], group[edge.target]
        if first != second:
            tree.append(edge)
            group = [first if each == second else each for each in group]
    return tree


def _check_connected(count: int, tree: Sequence[Any], edges: Sequence[Any], min_overlap: float) -> None:
    """Raise unless the tree reaches every view; the message names those that it does not."""
    reached = {0}
    while new := {edge.source for edge in tree if edge.target in reached} | {
        edge.target for edge in tree if edge.source in reached
    }:
        if new <= reached:
            break
        reached |= new
    if len(reached) == count:
        return
    left = [number for number in range(count) if number not in reached]
    between = [edge for edge in edges if (edge.source in reached) != (edge.target in reached)]
    problem = f"they do not overlap enough with the other{'s' * (len(reached) > 1)}"
    if between:
        best = max(between, key=lambda edge: edge.fitness - edge.contradicted)
        problem += (
            f"; the best pair, {best.source} and {best.target}, has fitness {best.fitness:.2f} ({min_overlap:g} is "
            f"needed), and contradicts itself at {best.contradicted:.0%} of the points (at most "
            f"{_MOST_CONTRADICTED:.0%})"
        )
    remedy = "take views in between, leave these out, or give another grid or threshold (voxel=0.005, min_overlap=0.2)"
    raise InputError("views", f"view{'s' * (len(left) > 1)} {', '.join(map(str, left))}", problem, remedy)


def _optimised(
    o3d: Any, clouds: list[Cloud], edges: list[_Pair], tree: list[_Pair], voxel: float
) -> tuple[list[np.ndarray], set[tuple[int, int]]]:
    """Return the pose of each view in the frame of the first, and the edges that the pose graph kept."""
    registration, poses = o3d.pipelines.registration, {0: np.eye(4)}
    while len(poses) < len(clouds):
        for edge in tree:
            if edge.target in poses and edge.source not in poses:
                poses[edge.source] = poses[edge.target] @ edge.motion
            elif edge.source in poses and edge.target not in poses:
                poses[edge.target] = poses[edge.source] @ inverse(edge.motion)
    graph = registration.PoseGraph()
    for number in range(len(clouds)):
        graph.nodes.append(registration.PoseGraphNode(poses[number]))
    for edge in edges:
        information = registration.get_information_matrix_from_point_clouds(
            clouds[edge.source].fine, clouds[edge.target].fine, voxel / 2, edge.motion
        )
        loop = all(edge is not each for each in tree)
        graph.edges.append(registration.PoseGraphEdge(edge.source, edge.target, edge.motion, information, loop))
    registration.global_optimization(
        graph,
        registration.GlobalOptimizationLevenbergMarquardt(),
        registration.GlobalOptimizationConvergenceCriteria(),
        registration.GlobalOptimizationOption(voxel / 2, _PRUNED, 1.0, 0),
    )
    start = inverse(np.array(graph.nodes[0].pose))
    kept = {(edge.source_node_id, edge.target_node_id) for edge in graph.edges}
    rest = list(graph.nodes)[1:]  # the first is where it was up to rounding
    return [np.eye(4), *(start @ np.array(node.pose) for node in rest)], kept
