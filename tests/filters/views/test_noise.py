import dataclasses

import numpy as np
import pytest
from view_scans import room

from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.views._geometry import View
from pcfilter_lib.filters.views.noise import NoiseModel, estimate_noise


def pairs(views):
    views = [View(scan) for scan in views]
    return [(one, views[(k + step) % len(views)]) for k, one in enumerate(views) for step in (1, 2)]


@pytest.mark.parametrize("sigma", [0.0005, 0.003])
def test_the_noise_that_was_added_is_found(sigma):
    noise = estimate_noise(pairs(room(noise=lambda z: sigma + 0 * z)))
    assert noise(np.float32(2.0)) == pytest.approx(sigma, rel=0.15)
    assert noise.within == pytest.approx(1, abs=0.12)


def test_noise_that_grows_with_depth():
    noise = estimate_noise(pairs(room(noise=lambda z: 0.001 * z**2)))
    assert noise(np.float32(3.0)) / noise(np.float32(1.5)) == pytest.approx(4, rel=0.25)
    assert noise(np.float32(2.0)) == pytest.approx(0.004, rel=0.2)


def test_artefacts_do_not_count():
    clean = estimate_noise(pairs(room(noise=lambda z: 0.001 + 0 * z)))(np.float32(2.0))
    with_artefacts = estimate_noise(pairs(room(noise=lambda z: 0.001 + 0 * z, artefacts=0.03)))(np.float32(2.0))
    assert with_artefacts == pytest.approx(clean, rel=0.15)


def test_wrong_poses_are_told_from_noise():
    noise = estimate_noise(pairs(room(noise=lambda z: 0.001 + 0 * z, shift=0.01)))
    assert noise.within < 0.5 and noise(np.float32(2.0)) > 0.002


def test_views_that_do_not_overlap():
    one, *_ = room()
    elsewhere = one.pose.copy()
    elsewhere[:3, 3] += 100
    with pytest.raises(InputError, match="views that overlap"):
        estimate_noise([(View(one), View(dataclasses.replace(one, pose=elsewhere)))])


def test_a_constant():
    assert NoiseModel.of(0.002)(np.array([0.5, 3.0])) == pytest.approx(0.002)
