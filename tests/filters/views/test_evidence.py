import dataclasses

import numpy as np
import pytest
from view_scans import room

from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.views._geometry import View
from pcfilter_lib.filters.views.choosing import Overlaps
from pcfilter_lib.filters.views.evidence import EVIDENCE, gather_evidence

QUIET = {"noise": lambda z: 0.0002 + 0 * z}


def evidence_of(scans, number=3, tolerance=0.01, others=None):
    views = [View(scan) for scan in scans]
    others = [k for k in range(len(views)) if k != number] if others is None else others
    view = views[number]
    table = gather_evidence(view, [views[k] for k in others], np.full(len(view.pixels), tolerance, np.float32))
    return {name: table[:, k] for k, name in enumerate(EVIDENCE)}


def test_what_is_there_is_measured_again():
    found = evidence_of(room(**QUIET))
    seen = found["views"] >= 3
    assert seen.mean() > 0.8
    assert (found["near 1"][seen] >= 2).mean() > 0.8 and (found["either"][seen] == 0).mean() > 0.9


@pytest.mark.parametrize(("shift", "way"), [(-0.15, "through"), (0.15, "behind")])
def test_a_point_before_the_surface_is_looked_through_and_one_behind_it_is_hidden(shift, way):
    scans = room(**QUIET)
    middle = (24, 32)  # on top of the box
    moved = scans[3].xyz.copy()
    moved[middle] *= 1 + shift / moved[middle][2]
    found = evidence_of([*scans[:3], dataclasses.replace(scans[3], xyz=moved), *scans[4:]])
    point = np.flatnonzero(np.flatnonzero(scans[3].valid) == np.ravel_multi_index(middle, scans[3].shape))[0]
    other = {"through": "behind", "behind": "through"}[way]
    assert found[f"{way} 1"][point] >= 3 and found[f"{other} 1"][point] == 0
    assert found["near 1"][point] == 0 and found["nearest 1"][point] > 5


def test_the_order_of_the_others_does_not_matter():
    scans = room(artefacts=0.05)
    one, other = (evidence_of(scans, others=order) for order in ([0, 1, 2, 4, 5], [5, 2, 0, 4, 1]))
    for name in EVIDENCE:
        np.testing.assert_array_equal(one[name], other[name])


def test_holes_speak_neither_for_nor_against():
    scans = room(**QUIET)
    empty = [scan.keep(np.arange(scan.valid.size).reshape(scan.shape) < 3) for scan in scans]
    found = evidence_of([*empty[:3], scans[3], *empty[4:]])
    assert found["holes"].max() >= 3 and not found["through"].any()
    assert (found["near 1.4"] == 0).mean() > 0.99


def test_a_scale_changes_nothing():
    scans = room(artefacts=0.05)
    larger = []
    for scan in scans:
        pose = scan.pose.copy()
        pose[:3, 3] *= 3
        larger.append(dataclasses.replace(scan, xyz=scan.xyz * 3, pose=pose))
    one, other = evidence_of(scans, tolerance=0.01), evidence_of(larger, tolerance=0.03)
    for name in EVIDENCE:
        assert (np.abs(one[name] - other[name]) < 1e-2).mean() > 0.995, name


@pytest.mark.parametrize("field", ["pose", "intrinsics"])
def test_what_a_view_needs(field):
    with pytest.raises(InputError, match=field):
        View(dataclasses.replace(room(views=1)[0], **{field: None}))


def test_well_placed_views_are_chosen():
    scans = room(views=12, **QUIET)
    again = [scans[0], *scans]  # the first view twice: it knows nothing that the view itself does not
    away = scans[5].pose.copy()
    away[:3, 3] += 50
    overlaps = Overlaps()
    for scan in [*again, dataclasses.replace(scans[5], pose=away)]:
        overlaps.add(View(scan))
    chosen = overlaps.choose(0, 5)
    assert len(chosen) == 5 and 1 not in chosen and 13 not in chosen
    assert overlaps.between(0, 1) > 0.97 and overlaps.between(0, 13) == 0
    assert len(overlaps.choose(0, 100)) <= 12
