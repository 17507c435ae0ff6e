import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import mesh_graph, spectrum
from pcfilter_lib.synthesis import PAPER_PIECES, make_paper_figure


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("spacing", [0.03, 0.055, 0.08])
def test_a_figure_is_one_flat_surface_with_all_its_pieces(seed, spacing):
    mesh, piece = make_paper_figure(np.random.default_rng(seed), spacing)
    assert (mesh.vertices[:, 2] == 0).all() and (mesh.normals()[:, 2] == mesh.normals()[0, 2]).all()
    assert len(piece) == len(mesh.vertices) and set(piece) == set(range(len(PAPER_PIECES)))
    graph = mesh_graph(mesh)
    assert set(graph.triangles) == {1, 2}
    holes = 1 - (len(mesh.vertices) - len(graph.edges) + len(mesh.faces))
    assert 0 <= holes <= 2, "one part; now and then one vertex holds two ends together"
    values = spectrum(mesh, 3).values
    assert values[0] < 1e-9 < 0.2 < values[1]
    middles = [mesh.vertices[piece == each, 1].mean() for each in range(4)]
    assert middles[1] > middles[2] > middles[3] and middles[1] > middles[0] > middles[3]


def test_figures_differ_and_come_back():
    generator = np.random.default_rng(0)
    (one, _), (other, _) = make_paper_figure(generator), make_paper_figure(generator)
    assert one.vertices.shape != other.vertices.shape or not np.allclose(one.vertices, other.vertices)
    again, _ = make_paper_figure(np.random.default_rng(0))
    np.testing.assert_array_equal(again.vertices, one.vertices)
    with pytest.raises(InputError, match="spacing"):
        make_paper_figure(generator, 0.5)
