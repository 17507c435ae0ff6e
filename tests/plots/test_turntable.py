"""Animated pictures of surfaces."""

import io

import numpy as np
import pytest
from PIL import Image

from pcfilter_lib import data, plots, synthesis
from pcfilter_lib.errors import InputError

pytest.importorskip("open3d")


@pytest.fixture(scope="module")
def box():
    values = np.zeros((6, 6, 6), bool)
    values[1:, 2:4, :4] = True  # up to the border of the grid
    return data.VoxelGrid(values, (0, 0, 0), 0.5)


@pytest.fixture(scope="module")
def animation(box):
    return plots.turntable(box, frames=4, size=40, alt="A box from all sides.")


def test_opposite_sides_of_a_box_look_alike_and_neighbouring_ones_do_not(animation):
    first, second, third, fourth = (frame.sum(axis=-1) < 700 for frame in animation.frames)
    assert (first == third[:, ::-1]).mean() > 0.95 and (second == fourth[:, ::-1]).mean() > 0.95
    assert second.sum() > 1.3 * first.sum(), "the long side is larger than the short one"


def test_voxels_at_the_border_of_the_grid_have_an_outer_face(box, animation):
    mesh = synthesis.blocks((0.5, 3), (1, 2), (0, 2), [[[True]]])
    other = plots.turntable(data.Mesh(mesh.vertices, mesh.faces), frames=4, size=40)
    for voxels, exact in zip(animation.frames, other.frames, strict=True):
        assert ((voxels.sum(axis=-1) < 700) == (exact.sum(axis=-1) < 700)).mean() > 0.9


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_files_hold_all_pictures(animation, tmp_path, suffix):
    animation.save(tmp_path / f"box{suffix}")
    with Image.open(tmp_path / f"box{suffix}") as file:
        file.load()  # WebP tells the duration of a picture that was read
        assert file.n_frames == 4 and file.size == (40, 40) and file.info["duration"] == 1000
    assert [each.name for each in tmp_path.iterdir()] == [f"box{suffix}"]


def test_a_page_shows_it_with_words_and_without_motion_for_those_who_ask(animation):
    bundle = animation._repr_mimebundle_()
    assert 'alt="A box from all sides."' in bundle["text/html"] and bundle["text/plain"] == animation.alt
    assert "prefers-reduced-motion" in bundle["text/html"]
    with Image.open(io.BytesIO(animation.encoded(frames=1))) as still:
        assert getattr(still, "n_frames", 1) == 1
    assert "&quot;" in plots.Animation(animation.frames, 1, 'a "box"')._repr_mimebundle_()["text/html"]


def test_a_distance_field_is_shown_at_zero():
    at = np.stack(np.meshgrid(*[np.linspace(-1, 1, 12)] * 3, indexing="ij"))
    field = data.VoxelGrid(np.linalg.norm(at, axis=0).astype(np.float32) - 0.7, (-1, -1, -1), 2 / 11, "signed")
    ball = plots.turntable(field, frames=2, size=32).frames[0].sum(axis=-1) < 760
    assert ball.sum() > 100 and np.abs(ball.sum(axis=0) - ball.sum(axis=0)[::-1]).max() <= 3


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda box: plots.turntable(box, frames=1), "frames"),
        (lambda box: plots.turntable(box, seconds=0), "seconds"),
        (lambda box: plots.turntable(box, frames=2, size=8).save("box.png"), "box.png"),
    ],
)
def test_bad_input_is_named(box, call, place):
    with pytest.raises(InputError, match=place):
        call(box)
