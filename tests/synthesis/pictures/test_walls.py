import numpy as np
import pytest

from pcfilter_lib import synthesis
from pcfilter_lib.errors import InputError


def walls(count=12, pose_error=0.0):
    return synthesis.striped_walls(count, np.random.default_rng(0), pose_error)


def test_shapes_and_labels():
    made = walls(3)
    assert {name: each.shape[1:] for name, each in made.items()} == {
        "occupied": (12, 4, 6),
        "colour": (12, 4, 6),
        "pictures": (3, 48, 96, 1),
        "pixels": (12, 4, 6, 3),
        "labels": (12, 4, 6),
    }
    assert (made["labels"][:, :, 1:] == -1).all() and np.isin(made["labels"][:, :, 0], (0, 1, 2, 3)).all()
    # Deep panels are three voxels thick, thin ones one.
    np.testing.assert_array_equal(made["occupied"].sum(axis=2), np.where(made["labels"][:, :, 0] >= 2, 3, 1))


def test_a_pixel_of_the_table_shows_the_panel_of_its_voxel():
    """The brightness that a voxel's pixels have, on average, is that of its panel."""
    made = walls()
    coarse = made["pictures"][..., 0].reshape(12, 3, 12, 4, 24, 4).mean(axis=(3, 5)).reshape(12, 3, -1)
    panels = made["colour"][:, 1::3, 0, 2:4].mean(axis=2)
    found = []
    for wall in range(12):
        pixels = made["pixels"][wall, 1::3, 0, 2:4]  # in the middle of each panel
        seen = [coarse[wall, view][pixels[..., view]] for view in range(3)]
        assert (pixels >= 0).any(axis=-1).all()
        found.append(np.nanmean(np.where(pixels >= 0, np.stack(seen, axis=-1), np.nan), axis=(1, 2)))
    assert np.corrcoef(np.ravel(found), panels.ravel())[0, 1] > 0.9


def test_voxels_do_not_show_the_stripes():
    """The mean brightness of a panel is the same for horizontal and for vertical stripes."""
    made = walls(150)
    vertical = made["labels"][:, :, 0] % 2 == 1
    colour = made["colour"][:, :, 0]
    assert abs(colour[vertical].mean() - colour[~vertical].mean()) < 0.02
    assert 0.3 < colour.mean() < 0.7


def test_the_variation_from_voxel_to_voxel_does_not_show_them_either():
    """Without tiles, brightness varies more across the stripes than along them, and this rule is right for 92 %."""
    made = walls(150)
    panels = made["colour"][:, :, 0].reshape(150, 4, 3, 6)
    across, along = (np.abs(np.diff(panels, axis=axis)).mean(axis=(2, 3)) for axis in (2, 3))
    vertical = made["labels"][:, ::3, 0, 0] % 2 == 1
    assert abs(((across > along) == vertical).mean() - 0.5) < 0.12


def test_a_wrong_pose_changes_the_table_and_nothing_else():
    right, wrong = walls(1), walls(1, 0.1)
    assert (right["pixels"] != wrong["pixels"]).mean() > 0.05
    assert all(np.array_equal(right[name], wrong[name]) for name in ("occupied", "pictures", "labels", "colour"))


@pytest.mark.parametrize("count", [0, -1, 1.5])
def test_bad_counts(count):
    with pytest.raises(InputError, match="count"):
        walls(count)
