import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from pcfilter_lib import synthesis
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.tracing import MISS, Tracer


def tracer(*bodies):
    return Tracer(synthesis.Scene(bodies), np.eye(4))


def ball(segments=64):
    angle = np.linspace(-np.pi / 2, np.pi / 2, segments // 2 + 1)
    return synthesis.revolve(np.column_stack([0.1 * np.cos(angle), 0.1 * np.sin(angle)]), segments, kind="sphere")


def test_rays_hit_a_sphere_where_it_is():
    scene = tracer(synthesis.Body(ball()))
    start = np.random.default_rng(0).normal(size=(2000, 3))
    start = (start / np.linalg.norm(start, axis=1, keepdims=True)).astype(np.float32)
    hits = scene.cast(start, -start)
    assert hits.found.all()
    np.testing.assert_allclose(hits.point, 0.1 * start, atol=3e-4)
    # The smooth normal is far closer to the sphere's than that of the facet.
    assert np.abs(hits.normal - start).max() < 0.4 * np.abs(hits.flat - start).max()
    assert (scene.cast(start, start).face == MISS).all()


def test_edges_stay_sharp(lab):
    hits = tracer(synthesis.Body(lab.box((1, 1, 1)))).cast(
        np.array([[0.49, 0.49, 2]], np.float32), np.array([[0, 0, -1]], np.float32)
    )
    np.testing.assert_allclose(hits.normal, [[0, 0, 1]], atol=1e-6)


def test_normals_look_at_the_ray(lab):
    hits = tracer(synthesis.Body(lab.box((1, 1, 1)))).cast(np.zeros(3, np.float32), np.eye(3, dtype=np.float32))
    np.testing.assert_allclose(hits.normal, -np.eye(3), atol=1e-6)


def test_visibility(lab):
    scene = tracer(synthesis.Body(lab.box((1, 1, 1))), synthesis.Body(lab.box((0.2, 0.2, 0.2), (0, 0, 1.5))))
    hits = scene.cast(np.array([[0.4, 0, 1.0], [0, 0, 1.0]], np.float32), np.array([[0, 0, -1.0]] * 2, np.float32))
    assert scene.sees(hits, np.array([0, 0, 3.0])).tolist() == [True, False]
    assert scene.sees(hits, np.array([3.0, 0, 0.5 - 1e-3])).tolist() == [False, False]  # below the surface's horizon


@pytest.mark.parametrize("texture", ["waves", "print"])
def test_texture_belongs_to_the_body(lab, texture):
    material = synthesis.Material(0.8, texture=texture, contrast=0.5, grain=0.05)
    pose = np.eye(4)
    pose[:3, 3] = [0.3, -0.2, 0.1]
    start = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 3)).astype(np.float32)
    start[:, 2] = 2
    down = np.broadcast_to(np.array([0, 0, -1], np.float32), start.shape)
    albedo = []
    for body in (
        synthesis.Body(lab.box((1, 1, 1)), (material,)),
        synthesis.Body(lab.box((1, 1, 1)), (material,), pose),
    ):
        scene = tracer(body)
        albedo.append(scene.reflectance(scene.cast(start + body.pose[:3, 3].astype(np.float32), down)))
    # At the border between two tones the last digit decides.
    assert (np.abs(albedo[0] - albedo[1]) > 1e-3).mean() < 0.002
    assert albedo[0].min() == pytest.approx(0.4, abs=0.03) and albedo[0].max() == pytest.approx(0.8, abs=0.03)
    assert (len(np.unique(albedo[0])) == 2) == (texture == "print")


def test_nothing_is_printed_in_a_notebook():
    code = "from pcfilter_lib import synthesis\nscan = synthesis.simulate_scan(synthesis.Recipe(width=32, height=24))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=300).execute()
    assert notebook.cells[0].execution_count == 1 and notebook.cells[0].outputs == []


def test_numbers_of_objects_and_pieces(lab):
    two = synthesis.Solid(lab.box((1, 1, 1)).vertices, lab.box((1, 1, 1)).faces, np.arange(12) // 6, "thing")
    scene = tracer(lab.table(), synthesis.Body(two, (synthesis.Material(0.1), synthesis.Material(0.2))))
    assert set(scene.object[:12]) == {0} and set(scene.object[12:]) == {1}
    assert scene.piece[12:].tolist() == [0] * 6 + [1] * 6
    assert scene.albedo[scene.material[[0, 12, 23]]].tolist() == pytest.approx([0.5, 0.1, 0.2])
    assert scene.kinds[scene.kind[0]] == "table" and scene.kinds[scene.kind[12]] == "thing"


def test_outside(lab):
    scene = tracer(lab.table(), synthesis.Body(lab.box((0.2, 0.2, 0.2))), lab.room(synthesis.Material(), 10.0))
    scene.check_outside(np.array([0, 0, 0.2]), "distance", "the camera")
    with pytest.raises(InputError, match=r"Recipe, distance: the camera stands inside .*\(box, number 1\)"):
        scene.check_outside(np.array([0.05, 0, 0.05]), "distance", "the camera")


def test_distance(lab):
    scene = tracer(synthesis.Body(lab.box((1, 1, 1))))
    points = np.array([[0, 0, 0.7], [0, 0, 0.4], [1.5, 0, 1.5]])
    np.testing.assert_allclose(scene.distance(points), [0.2, 0.1, np.sqrt(2)], rtol=1e-5)
