import numpy as np
import pytest

from pcfilter_lib.synthesis.scanner.sensor import expose, gain, variance


@pytest.mark.parametrize("speckle", [0.0, 0.05])
@pytest.mark.parametrize("value", [0.05, 0.5])
def test_noise_has_the_variance_of_the_model(lab, value, speckle):
    recipe = lab.IDEAL.replace(noise=True, bits=8, speckle=speckle, speckle_change=0.3)
    images = expose(np.full((4, 50_000), value, np.float32), 1.0, recipe, 3)
    assert images.mean() == pytest.approx(value, rel=0.002)
    images -= images.mean(axis=0)  # what speckle does to all patterns alike is no noise
    assert images.var(ddof=0) * 4 / 3 == pytest.approx(float(variance(np.array(value), recipe)), rel=0.04)


def test_variance_of_light_alone_is_poissons(lab):
    recipe = lab.IDEAL.replace(noise=True, read_noise=0.0, full_well=1000.0, bits=16)
    electrons = 250
    assert variance(np.array(electrons / 1000), recipe) * 1000**2 == pytest.approx(electrons, rel=1e-3)


def test_values_are_steps_of_the_converter_and_saturate(lab):
    recipe = lab.IDEAL.replace(noise=True, bits=6)
    images = expose(np.linspace(0, 2, 1000, dtype=np.float32).reshape(2, 500), 1.0, recipe, 0)
    steps = images * 63
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-4)
    assert images.min() >= 0 and images.max() == 1 and (images[1, 100:] == 1).all()


def test_speckle_is_the_same_in_all_patterns(lab):
    recipe = lab.IDEAL.replace(noise=True, speckle=0.2, speckle_change=0.0, full_well=1e7, read_noise=0.0, bits=16)
    images = expose(np.full((3, 40_000), 0.3, np.float32), 1.0, recipe, 0)
    assert images[0].std() / images[0].mean() == pytest.approx(0.2, rel=0.02)
    assert (images[0] - images[1]).std() < 1e-3


def test_an_ideal_sensor_changes_nothing(lab):
    light = np.array([[0.1, 3.0]], np.float32)
    np.testing.assert_array_equal(expose(light.copy(), 2.0, lab.IDEAL, 0), light * 2)


def test_noise_is_the_seeds(lab):
    recipe = lab.IDEAL.replace(noise=True)
    images = [expose(np.full((2, 100), 0.5, np.float32), 1.0, recipe, seed) for seed in (1, 1, 2)]
    assert (images[0] == images[1]).all() and (images[0] != images[2]).any()


def test_automatic_exposure(lab):
    white = np.concatenate([np.zeros(500), np.linspace(0.01, 1, 1000)]).astype(np.float32)
    exposed = white * gain(white, lab.IDEAL.replace(exposure=1.0))
    assert (exposed >= 1).sum() == pytest.approx(20, abs=1)  # 2 % of the 1,000 that see something
    assert gain(white, lab.IDEAL.replace(exposure=2.0)) == pytest.approx(
        2 * gain(white, lab.IDEAL.replace(exposure=1.0))
    )
    assert gain(np.zeros(4, np.float32), lab.IDEAL) == 1
