"""Boosted trees on local features."""

import dataclasses

import numpy as np
import pytest
from filter_scans import bumpy, scan_of

from pcfilter_lib import filters, synthesis
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.boosting import local_features

pytest.importorskip("sklearn")
RECIPE = synthesis.Recipe(width=96, height=72, parts=4, gather_rays=8, footprint=1)


@pytest.fixture(scope="module")
def scans():
    pytest.importorskip("open3d")
    return [synthesis.simulate_scan(RECIPE, seed) for seed in range(3)]


def labelled(seed):
    depth, label = bumpy(seed)
    return scan_of(depth, label=label)


def test_there_is_a_row_for_each_point_and_a_name_for_each_column():
    scan = labelled(0)
    features, names = local_features(scan)
    assert features.shape == (scan.valid.sum(), 46) and features.dtype == np.float32 and np.isfinite(features).all()
    assert len(set(names)) == len(names) == 46 and names[:14] == list(filters.CHANNELS)
    np.testing.assert_array_equal(features[:, :14], filters.scan_channels(scan)[scan.valid])


def test_the_columns_are_what_they_are_called():
    scan = labelled(1)
    features, names = local_features(scan)
    image = dict(zip(names, np.full((46, *scan.shape), np.nan), strict=True))
    for number, name in enumerate(names):
        image[name][scan.valid] = features[:, number]
    residual = image["residual 5"]
    step = np.abs(filters.scan_channels(scan)[..., 1:3]).max(axis=-1)
    for row, column in [place for place in np.argwhere(scan.valid) if 3 <= min(place) and max(place) <= 19][::40]:
        at = {name: image[name][row, column] for name in names}
        for window in (5, 17, 65):
            reach = window // 2
            part = np.s_[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1]
            mean = np.mean(1 / scan.depth[part][scan.valid[part]].astype(float))
            behind = (scan.depth[row, column] * mean - 1) * scan.intrinsics[0, 0]
            assert at[f"residual {window}"] == pytest.approx(np.arcsinh(4 * behind), abs=1e-3)
        assert at["residual 5, 1 left"] == np.nan_to_num(residual[row, column - 1])
        assert at["residual 5, 3 right"] == np.nan_to_num(residual[row, column + 3])
        assert at["residual 5, 3 above"] == np.nan_to_num(residual[row - 3, column])
        assert at["residual 5, 1 below"] == np.nan_to_num(residual[row + 1, column])
        window = np.nan_to_num(residual[row - 2 : row + 3, column - 2 : column + 3])
        assert at["spread 5"] == pytest.approx(window.std(), rel=1e-3, abs=1e-4)
        assert at["largest step 3"] == step[row - 1 : row + 2, column - 1 : column + 2].max()
        assert at["largest step 7"] == step[row - 3 : row + 4, column - 3 : column + 4].max()
        holes = np.argwhere(~np.pad(scan.valid, 1)) - 1
        nearest = np.linalg.norm(holes - (row, column), axis=1).min()
        assert at["hole distance"] == pytest.approx(np.log1p(nearest), rel=1e-5)


def test_no_point_and_one_point_have_features_and_scores():
    trees = filters.BoostedTrees.fit([labelled(0)], rounds=3)
    depth = np.full((9, 8), np.nan)
    assert local_features(scan_of(depth))[0].shape == (0, 46)
    assert np.isnan(trees.score(scan_of(depth))).all() and not trees.keep(scan_of(depth)).any()
    depth[4, 4] = 1.2
    assert np.isfinite(local_features(scan_of(depth))[0]).all()
    assert np.isfinite(trees.score(scan_of(depth))).sum() == 1


def test_fitted_to_two_scans_it_beats_chance_on_a_third(scans):
    trees = filters.BoostedTrees.fit(iter(scans[:2]), rounds=40)
    figures = filters.score_scans(trees, scans[2:]).metrics(trees.threshold)
    assert figures["average_precision"] > 10 * figures["artefacts"] and figures["artefacts"] > 0.001
    assert figures["kept"] > 0.97
    score = trees.score(scans[2])
    assert score.dtype == np.float32 and score.shape == scans[2].shape
    np.testing.assert_array_equal(np.isfinite(score), scans[2].valid)


def test_the_seed_decides():
    def scores(seed):
        return filters.BoostedTrees.fit([labelled(0)], seed=seed, rounds=5).score(labelled(1))

    np.testing.assert_array_equal(scores(0), scores(0))
    assert not np.array_equal(scores(0), scores(1), equal_nan=True)


def test_weights_restore_the_share_of_artefacts(monkeypatch):
    # Where nothing can be told from the features, the odds are those of the scan, not those of the chosen points.
    scan = labelled(0)
    generator = np.random.default_rng(0)
    label = np.where(generator.random((120, 160)) < 0.02, 0, 1).astype(np.uint8)
    flat = scan_of(np.ones((120, 160)), label=label, extras={})
    monkeypatch.setattr("pcfilter_lib.filters.boosting.local_features",
                        lambda scan: (np.zeros((scan.valid.sum(), 2), np.float32), ["a", "b"]))  # fmt: skip
    odds = np.log((label == 1).sum() / (label == 0).sum())
    np.testing.assert_allclose(filters.BoostedTrees.fit([flat], rounds=60).score(scan)[scan.valid], odds, atol=0.05)


def test_what_cannot_be_fitted_is_told():
    clean = dataclasses.replace(labelled(0), label=np.ones((24, 32), np.uint8))
    wrong = dataclasses.replace(clean, label=np.zeros((24, 32), np.uint8))
    empty = scan_of(np.full((24, 32), np.nan), label=np.ones((24, 32), np.uint8))
    for scans in ([], [clean], [wrong], [empty]):
        with pytest.raises(InputError, match="both artefacts and true geometry"):
            filters.BoostedTrees.fit(scans, rounds=2)
    filters.BoostedTrees.fit([clean, wrong, empty], rounds=2)
    with pytest.raises(InputError, match="scan 1.*no label"):
        filters.BoostedTrees.fit([clean, scan_of(bumpy()[0])])
    with pytest.raises(InputError, match="rounds"):
        filters.BoostedTrees.fit([clean, wrong], rounds=0)
