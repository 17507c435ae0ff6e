import pytest

from pcfilter_lib.data import CAUSES
from pcfilter_lib.synthesis import PRESETS, Recipe, simulate_scan


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_makes_scans(name):
    recipe = Recipe.preset(name).replace(width=96, height=72)
    scans = [simulate_scan(recipe, seed) for seed in range(3)]
    assert sum(scan.valid.sum() for scan in scans) > 500


def test_presets_are_what_their_names_say():
    def median(name, what):
        recipe = Recipe.preset(name).replace(width=96, height=72)
        return sorted(what(simulate_scan(recipe, seed)) for seed in range(5))[2]

    def measured(scan):
        return scan.valid.mean()

    assert median("phoxi-like", measured) < median("dark parts", measured) < median("workbench", measured)

    def ghosts(scan):
        return (scan.extras["cause"] == CAUSES.index("glossy ghost")).sum()

    assert median("shiny bin", ghosts) > median("workbench", ghosts)
