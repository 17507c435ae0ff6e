"""From pattern images to projector columns."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.decoding import column_sigma, decode
from pcfilter_lib.synthesis.scanner.patterns import PatternSet

COLUMNS = st.integers(2, 3000)
PERIODS = st.integers(2, 128).map(lambda half: 2 * half)
FINE = 16  # samples for each column


@dataclass(frozen=True)
class WholePeriodCells(PatternSet):
    """The same patterns with a code whose cells are a period wide, one bit fewer: the simpler idea that fails."""

    @property
    def cell(self):
        return self.period


def ideal_images(coordinates, patterns):
    """What a pixel at each projector coordinate sees: the code of its column, and the cosine itself."""
    rows = patterns.rows()
    images = rows[:, np.clip(np.rint(coordinates).astype(int), 0, patterns.columns - 1)]
    angle = 2 * np.pi * coordinates / patterns.period
    images[-4:] = [0.5 + 0.5 * np.cos(angle + k * np.pi / 2) for k in range(4)]
    return images


def projected_images(patterns, blur):
    """The patterns as a lens throws them, columns as boxes, `FINE` samples a column, and the samples' coordinates."""
    wide = np.repeat(patterns.rows().astype(np.float64), FINE, axis=1)
    coordinates = (np.arange(wide.shape[1]) + 0.5) / FINE - 0.5
    return gaussian_filter1d(wide, blur * FINE, axis=1, mode="constant").astype(np.float32), coordinates


@given(COLUMNS, PERIODS, st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.05, 1), st.floats(0, 0.5))
def test_round_trip_at_any_coordinate_under_any_light(columns, period, shares, albedo, ambient):
    patterns = PatternSet(columns, period)
    coordinates = -0.49 + np.asarray(shares) * (columns - 0.02)
    decoded = decode(ambient + albedo * ideal_images(coordinates, patterns), patterns)
    assert decoded.valid.all()
    np.testing.assert_allclose(decoded.column, coordinates, atol=2e-6 * period / albedo + 2e-7 * columns)
    np.testing.assert_allclose(decoded.modulation, albedo / 2, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(decoded.cell, np.rint(coordinates).astype(int) // (period // 2))
    assert decoded.mismatch.max() <= 0.25 + 1e-3


def test_every_column_of_the_usual_projector():
    patterns = PatternSet()
    decoded = decode(patterns.rows(), patterns)
    np.testing.assert_allclose(decoded.column, np.arange(1024), atol=1e-4)
    assert decoded.valid.all()
    assert decoded.phase.min() >= 0
    assert decoded.phase.max() < 2 * np.pi


def test_a_phase_just_below_zero_does_not_become_a_whole_turn():
    patterns = PatternSet(64, 16)
    images = patterns.rows()[:, [16]]
    images[-4:, 0] = [1, 0.5, 0, 0.5 - 3e-8]
    assert 0 <= decode(images, patterns).phase[0] < np.float32(2 * np.pi)


@pytest.mark.parametrize("blur", [0.3, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("patterns", [PatternSet(), PatternSet(300, 12), PatternSet(1000, 20)])
def test_blurred_patterns_decode_right_everywhere(patterns, blur):
    images, coordinates = projected_images(patterns, blur)
    decoded = decode(images, patterns, min_modulation=0)
    error = decoded.column - coordinates
    inside = (coordinates > 4 * blur) & (coordinates < patterns.columns - 1 - 4 * blur)
    assert np.abs(error[inside]).max() < (0.3 if blur == 0.3 else 0.03)  # columns are boxes: little blur leaves steps
    # At the projector's own ends the blur brings in the dark beside it: a bias, but the right period.
    assert np.nanmax(np.abs(error)) < 2
    assert decoded.valid[inside].all()


@pytest.mark.parametrize("blur", [1.0, 2.0])
def test_half_period_cells_survive_noise_where_cells_of_a_whole_period_fail(blur):
    generator = np.random.default_rng(3)
    wrong = {}
    for patterns in (PatternSet(), WholePeriodCells()):
        images, coordinates = projected_images(patterns, blur)
        images += generator.normal(0, 0.01, images.shape).astype(np.float32)
        decoded = decode(images, patterns, min_modulation=0, max_mismatch=1)
        inside = (coordinates > 8) & (coordinates < 1015)
        error = np.abs(decoded.column - coordinates)[inside]
        wrong[type(patterns)] = error > 0.5
        periods_off = np.rint(error[error > 0.5] / 16)
        assert (periods_off == 1).all()
    assert wrong[PatternSet].sum() == 0
    assert wrong[WholePeriodCells].sum() > 30


def test_noise_is_what_theory_says():
    patterns = PatternSet()
    generator = np.random.default_rng(5)
    for albedo, noise, period in [(1.0, 0.01, 16), (0.4, 0.01, 16), (0.6, 0.02, 32)]:
        patterns = PatternSet(1024, period)
        coordinates = generator.uniform(0, 1023, 200_000)
        images = 0.1 + albedo * ideal_images(coordinates, patterns)
        images = (images + generator.normal(0, noise, images.shape)).astype(np.float32)
        decoded = decode(images, patterns)
        spread = np.nanstd(decoded.column - coordinates)
        assert spread == pytest.approx(column_sigma(noise, albedo / 2, period), rel=0.01)
        assert decoded.valid.mean() > 0.9999


def test_column_sigma_is_the_formula_for_arrays_too():
    np.testing.assert_allclose(column_sigma(0.01, 0.5, 16), 16 / (2 * np.pi) * 0.01 / (np.sqrt(2) * 0.5))
    np.testing.assert_allclose(column_sigma(np.array([0.01, 0.02]), 0.25, 16), [0.07202531, 0.14405061])
    assert column_sigma(0.01, np.zeros(2), 16).tolist() == [np.inf, np.inf]


def test_constant_and_broken_images_are_not_measured():
    patterns = PatternSet(64, 16)
    for value in (0.0, 0.3, 1.0, np.nan):
        decoded = decode(np.full((patterns.count, 4, 5), value, np.float32), patterns)
        assert not decoded.valid.any()
        assert np.isnan(decoded.column).all()


def test_weak_modulation_and_contradictions_are_not_measured():
    patterns = PatternSet(256, 16)
    coordinates = np.linspace(20, 230, 5000)
    images = ideal_images(coordinates, patterns)
    assert decode(images * np.float32(0.039), patterns).valid.sum() == 0
    assert decode(images * np.float32(0.041), patterns).valid.all()
    shifted = images.copy()
    shifted[-4:] = ideal_images(coordinates + 8, patterns)[-4:]  # the phase contradicts the code by half a period
    decoded = decode(shifted, patterns)
    assert decoded.mismatch.max() <= 0.5
    np.testing.assert_array_equal(decoded.valid, decoded.mismatch <= 0.4)
    assert 0.2 < decoded.valid.mean() < 0.8
    np.testing.assert_array_equal(np.isnan(decoded.column), ~decoded.valid)


def test_columns_beside_the_projector_are_not_measured():
    patterns = PatternSet(20, 16)  # three cells of the four that two bits number
    beyond = PatternSet(32, 16).rows()
    decoded = decode(beyond, patterns)
    np.testing.assert_array_equal(decoded.valid, np.arange(32) < 20)


def test_trailing_shapes_blocks_and_types_do_not_matter():
    patterns = PatternSet(128, 16)
    generator = np.random.default_rng(1)
    images = generator.uniform(0, 1, (patterns.count, 150, 131)).astype(np.float32)  # more than one block
    whole = decode(images, patterns)
    assert whole.column.shape == (150, 131)
    assert whole.column.dtype == whole.modulation.dtype == whole.phase.dtype == whole.mismatch.dtype == np.float32
    assert (whole.valid.dtype, whole.cell.dtype) == (bool, np.int32)
    for other in (images.astype(np.float64), np.asfortranarray(images)):
        np.testing.assert_array_equal(decode(other, patterns).column, whole.column)
    single = decode(images[:, 149, 130], patterns)
    assert single.column.shape == ()
    np.testing.assert_array_equal(single.phase, whole.phase[149, 130])
    assert decode(images[:, :0], patterns).column.shape == (0, 131)


@pytest.mark.parametrize(
    ("images", "options", "place"),
    [
        (np.zeros((9, 4), np.float32), {}, "images"),
        (np.float32(0), {}, "images"),
        (np.zeros((10, 4), np.uint8), {}, "images"),
        (np.zeros((10, 4), np.float32), {"min_modulation": -1}, "min_modulation"),
        (np.zeros((10, 4), np.float32), {"max_mismatch": 2}, "max_mismatch"),
    ],
)
def test_impossible_input_is_named(images, options, place):
    with pytest.raises(InputError) as error:
        decode(images, PatternSet(32, 16), **options)
    assert error.value.place == place
    if images.shape == (9, 4):
        assert "(9, 4)" in str(error.value)
        assert "10 patterns" in str(error.value)
