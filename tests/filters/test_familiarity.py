"""Scans that are like those that a filter was fitted to, and others."""

import json
import pickle

import numpy as np
import pytest
from filter_scans import scan_of

from pcfilter_lib import filters
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters._onnx import OnnxNetwork, redescribed
from pcfilter_lib.filters._sampled_channels import sampled_channels
from pcfilter_lib.weights import path


def plane(seed, noise=1e-3, holes=0.1, shape=(48, 64), **fields):
    """A slanted plane with noise and holes."""
    generator = np.random.default_rng(seed)
    depth = (
        1 + 0.3 * np.arange(shape[1]) / shape[1] + generator.uniform(0.8, 1.2) * noise * generator.normal(size=shape)
    )
    depth[generator.random(shape) < holes * generator.uniform(0.8, 1.2)] = np.nan
    return scan_of(depth, extras={}, **fields)


@pytest.fixture(scope="module")
def planes():
    return filters.Familiarity.fit(plane(seed) for seed in range(20))


@pytest.fixture(scope="module")
def shipped():
    return filters.load_filter("artefact-unet")


def test_a_sample_of_the_channels_is_what_all_of_them_hold():
    generator = np.random.default_rng(0)
    shade = np.exp(generator.normal(size=(48, 64)))
    scan = plane(0, intensity=shade)
    for each in (
        scan,
        OrganizedScan(scan.xyz),
        OrganizedScan(scan.xyz, intensity=shade, extras={"modulation": 1 / shade}),
        scan.keep(generator.random(scan.shape) < 0.1),
    ):
        sampled, every = sampled_channels(each, 10_000), filters.scan_channels(each)
        assert set(filters.CHANNELS) - set(sampled) >= {"valid", "intensity known", "modulation known"}
        for name in filters.CHANNELS[1:]:
            whole = every[..., filters.CHANNELS.index(name)][each.valid]
            if name in sampled:
                np.testing.assert_allclose(sampled[name], whole, atol=2e-4, err_msg=name)
            else:
                assert name.endswith("known") or not whole.any()
    assert len(sampled_channels(scan, 100)["step right"]) == 100


def test_what_is_like_them_is_familiar(planes):
    assert max(planes.distance(plane(seed)) for seed in range(100, 140)) <= 1 and planes.scans == 20 and not planes.few


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"noise": 2e-2}, r"surfaces are [0-9.]+ times as rough, measured in pixel footprints"),
        ({"holes": 0.8}, "it has more or larger holes"),
    ],
)
def test_what_is_not_is_explained(planes, other, words):
    scan = plane(200, **other)
    assert planes.distance(scan) > 1
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(planes.explain(scan))
    assert "only" not in planes.explain(scan)


def test_what_is_smoother_is_not_familiar_either():
    rough = filters.Familiarity.fit(plane(seed, noise=0.05) for seed in range(20))
    assert "surfaces are 0.0" in rough.explain(plane(100)) and rough.distance(plane(100)) > 1


@pytest.mark.parametrize("count", [2, 3, 5])
def test_few_scans_say_so_and_neither_warn_always_nor_never(count):
    few = filters.Familiarity.fit(plane(seed) for seed in range(count))
    assert few.few and few.distance(plane(100)) <= 1 < few.distance(plane(101, noise=0.1, holes=0.7))
    assert f"These were only {count} scans" in few.explain(plane(101, noise=0.1))


def test_what_says_nothing_is_not_unfamiliar(planes):
    empty = OrganizedScan(np.full((20, 30, 3), np.nan))
    assert planes.distance(empty) == 0 and planes.explain(empty) == "" and filters.scan_summary(empty) == {}
    with pytest.raises(InputError, match="1 scans of 256 points or more"):
        filters.Familiarity.fit([plane(0), empty])


def test_summaries_do_as_well_and_may_hold_more(planes):
    summaries = [{**filters.scan_summary(plane(seed)), "removed": [0.01 + seed / 1e3]} for seed in range(20)]
    more = filters.Familiarity.fit(summaries)
    assert more.distance(summaries[3]) == more.distance(plane(3)) == pytest.approx(planes.distance(plane(3)))
    unusual = summaries[3] | {"removed": [0.5]}
    assert more.distance(unusual) > 1 and "removed" in more.explain(unusual)


def test_it_goes_through_json(planes):
    text = json.dumps(planes.to_dict())
    again = filters.Familiarity.from_dict(json.loads(text))
    assert len(text) < 10_000 and again.to_dict() == planes.to_dict()
    assert again.distance(plane(100)) == pytest.approx(planes.distance(plane(100)), abs=1e-3)


ROWS = [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize(
    "content",
    [None, 3, [], "text", {}, {"scans": 2}, {"scans": 2, "margin": 1.0, "ranges": []},
     *({"scans": scans, "margin": 1.0, "ranges": {"a": ROWS}} for scans in (1, -5, 2.5, "2", None, [], True)),
     *({"scans": 2, "margin": margin, "ranges": {"a": ROWS}}
       for margin in (0, -1, float("nan"), 10**400, "1", None, 1e300)),
     *({"scans": 2, "margin": 1.0, "ranges": ranges} for ranges in (
         None, {}, {"a": []}, {"a": None}, {"a": 5}, {"a": "abc"}, {"a": ROWS[:2]}, {"a": [[], [], []]},
         {"a": [[1], [2, 3], [4]]}, {"a": [[1], [0], [2]]}, {"a": [[float("nan")]] * 3}, {"a": [[10**400]] * 3},
         {"a": [["1"]] * 3}, {"a": [[[1]]] * 3}, {"a": [{"b": 1}] * 3}, {"a" * 100: ROWS},
         {str(n): ROWS for n in range(1000)}, {"a": ROWS * 1000}))],
)  # fmt: skip
def test_hostile_metadata_are_one_error(content):
    with pytest.raises(InputError, match="evil.onnx"):
        filters.Familiarity.from_dict(content, "evil.onnx")


def test_the_shipped_network_knows_what_it_was_trained_on(shipped):
    assert shipped.familiarity.scans == 320
    assert len(json.dumps(OnnxNetwork(path("artefact-unet", ".onnx")).description["familiarity"])) < 10_000
    assert "familiarity" not in shipped.describe() and shipped.with_threshold(1.0).familiarity is shipped.familiarity
    assert pickle.loads(pickle.dumps(shipped)).familiarity.to_dict() == shipped.familiarity.to_dict()


def test_the_shipped_network_warns_of_scans_unlike_those(shipped, tmp_path):
    from pcfilter_lib.data import example_path, load_scan, save_scan

    usual = load_scan(example_path("mug_scan.npz"))
    assert not shipped.check(usual).findings
    noise = 1 + 5e-3 * np.random.default_rng(0).normal(size=usual.shape)[..., None]
    save_scan(OrganizedScan(usual.xyz * noise, intrinsics=usual.intrinsics), tmp_path / "noisy.npz")
    pairs, _ = filters.plan_files([tmp_path / "noisy.npz"], tmp_path / "out")
    with pytest.warns(filters.UnfamiliarScanWarning, match=r"noisy\.npz: it lies outside .* times as rough"):
        (result,) = filters.filter_files(pairs, shipped, tmp_path / "out")
    assert result.error is None


def test_a_filters_file_with_a_broken_familiarity_is_refused_by_name(tmp_path):
    pytest.importorskip("onnx")
    content = path("artefact-unet", ".onnx").read_bytes()
    before = OnnxNetwork(path("artefact-unet", ".onnx")).description
    (tmp_path / "evil.onnx").write_bytes(redescribed(content, familiarity={"scans": 2}))
    with pytest.raises(InputError, match=r"evil\.onnx.*Familiarity"):
        filters.LearnedFilter.load(tmp_path / "evil.onnx")
    assert OnnxNetwork(tmp_path / "evil.onnx").description == before | {"familiarity": {"scans": 2}}
