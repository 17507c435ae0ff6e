import subprocess
import sys

import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scenes.board import CONTACTS, HEAT_SINK, PANEL, PLATE
from pcfilter_lib.synthesis.scenes.parts import KINDS, folder_parts, make_part
from pcfilter_lib.synthesis.scenes.shapes import volume_and_centroid

CUBE = """OFF
8 6 0
0 0 0
2 0 0
2 2 0
0 2 0
0 0 4
2 0 4
2 2 4
0 2 4
4 3 2 1 0
4 4 5 6 7
4 0 1 5 4
4 1 2 6 5
4 2 3 7 6
4 3 0 4 7
"""


def is_closed(solid) -> bool:
    """Whether each directed edge is met by as many edges in the opposite direction."""
    edges = np.concatenate([solid.faces[:, [0, 1]], solid.faces[:, [1, 2]], solid.faces[:, [2, 0]]])
    there, count = np.unique(edges, axis=0, return_counts=True)
    back, count_back = np.unique(edges[:, ::-1], axis=0, return_counts=True)
    return np.array_equal(there, back) and np.array_equal(count, count_back)


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_is_closed_looks_outwards_and_has_size_one(kind):
    for seed in range(25):
        part = make_part(kind, np.random.default_rng(seed))
        assert part.kind == kind
        assert is_closed(part)
        assert part.extent.max() == pytest.approx(1)
        np.testing.assert_allclose(part.vertices.max(axis=0) + part.vertices.min(axis=0), 0, atol=1e-12)
        volume, _ = volume_and_centroid(part)
        assert 0.002 < volume <= np.prod(part.extent) * (1 + 1e-9)
        a, b, c = (part.vertices[column] for column in part.faces.T)
        assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_is_another_for_another_seed_only(kind):
    first, again, other = (make_part(kind, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.vertices, again.vertices)
    if kind != "sphere":
        assert first.vertices.shape != other.vertices.shape or np.abs(first.vertices - other.vertices).max() > 1e-3


def test_no_piece_of_a_part_lies_inside_another():
    """The points between two surfaces are either in the solid or not: no face has the solid on both sides."""
    o3d = pytest.importorskip("open3d")
    for kind in ("bracket", "tray", "grille", "board"):
        part = make_part(kind, np.random.default_rng(3))
        scene = o3d.t.geometry.RaycastingScene()
        scene.add_triangles(part.vertices.astype(np.float32), part.faces.astype(np.uint32))
        a, b, c = (part.vertices[column] for column in part.faces.T)
        normal = np.cross(b - a, c - a)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        middle = (a + b + c) / 3
        outside, inside = (
            scene.compute_occupancy((middle + s * 5e-5 * normal).astype(np.float32), nsamples=5).numpy()
            for s in (1, -1)
        )
        assert outside.mean() < 0.002 and inside.mean() > 0.998  # a few slivers are thinner than the step


def test_pieces_are_what_their_numbers_say():
    board = make_part("board", np.random.default_rng(0))
    corners = board.vertices[board.faces]
    middle = {piece: corners[board.pieces == piece].reshape(-1, 3) for piece in range(board.pieces.max() + 1)}
    assert np.ptp(middle[PANEL][:, 0]) < 0.05 < np.ptp(middle[PANEL][:, 2])  # thin, and upright
    assert np.ptp(middle[PLATE][:, 0]) > 0.9 and np.ptp(middle[PLATE][:, 2]) < 0.03  # long, and flat
    assert middle[HEAT_SINK][:, 2].max() > middle[PLATE][:, 2].max()
    assert middle[CONTACTS][:, 1].max() <= middle[PLATE][:, 1].min() + 1e-9
    assert len(middle) > 10 and all(len(points) for points in middle.values())
    fins = make_part("fins", np.random.default_rng(0))
    highest = [fins.vertices[fins.faces][fins.pieces == piece][..., 2].max() for piece in range(fins.pieces.max() + 1)]
    assert highest[0] < min(highest[1:])


def test_a_kind_that_is_not_there_is_named():
    with pytest.raises(InputError, match="'gear'"):
        make_part("gear", np.random.default_rng(0))


def test_the_names_of_the_kinds_need_no_heavy_import():
    code = "import sys, pcfilter_lib.synthesis.scenes.parts; print({'open3d', 'scipy', 'plotly'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_meshes_of_a_folder_come_sorted_scaled_and_turned_outwards(tmp_path):
    (tmp_path / "b.off").write_text(CUBE)
    faces = [line.split() for line in CUBE.splitlines()[10:]]
    inside_out = CUBE.splitlines()[:10] + [" ".join([row[0], *row[:0:-1]]) for row in faces]
    (tmp_path / "a.OFF").write_text("\n".join(inside_out) + "\n")
    (tmp_path / "notes.txt").write_text("not a mesh")
    parts = folder_parts(tmp_path)
    assert [part.kind for part in parts] == ["a.OFF", "b.off"]
    for part in parts:
        np.testing.assert_allclose(part.extent, [0.5, 0.5, 1])
        np.testing.assert_allclose(part.vertices.mean(axis=0), 0, atol=1e-12)
        assert volume_and_centroid(part)[0] == pytest.approx(0.25)


def test_a_changed_mesh_is_read_again(tmp_path):
    (tmp_path / "a.off").write_text(CUBE)
    before = folder_parts(tmp_path)[0]
    assert folder_parts(tmp_path)[0] is before
    (tmp_path / "a.off").write_text(CUBE.replace("0 2 4", "0 2 3.5 "))
    assert folder_parts(tmp_path)[0] is not before


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("empty.off", "OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", "no faces"),
        ("broken.off", "OFF\n3 1 0\n0 0 0\n", "broken.off"),
        ("point.off", "OFF\n3 1 0\n1 1 1\n1 1 1\n1 1 1\n3 0 1 2\n", "at one place"),
        ("notes.txt", "no mesh", "holds no mesh"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named_with_the_option(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        folder_parts(tmp_path)
    assert "mesh_folder" in str(caught.value) and tmp_path.name in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="mesh_folder"):
        folder_parts(tmp_path / "nowhere")
