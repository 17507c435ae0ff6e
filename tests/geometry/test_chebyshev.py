import numpy as np
import pytest
from scipy import sparse
from surfaces import bumpy

from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import cotangent_laplacian, icosphere, mesh_graph, scaled_laplacian, spectrum


def dense(scaled):
    matrix = np.zeros((len(scaled.table),) * 2)
    for row, (columns, weights) in enumerate(zip(scaled.table, scaled.weights, strict=True)):
        assert (weights[columns < 0] == 0).all()
        matrix[row, columns[columns >= 0]] += weights[columns >= 0]
    return matrix


@pytest.mark.parametrize("mesh", [bumpy(), icosphere(3)])  # few vertices, and many
def test_it_is_the_scaled_matrix(mesh):
    laplacian, scaled = cotangent_laplacian(mesh), scaled_laplacian(mesh)
    plain = laplacian.stiffness.toarray() / laplacian.areas[:, None]
    np.testing.assert_allclose(dense(scaled), 2 * plain / scaled.largest - np.eye(len(plain)), atol=1e-12)
    np.testing.assert_array_equal(scaled.table[:, 0], np.arange(len(plain)))
    np.testing.assert_array_equal(scaled.table[:, 1:], mesh_graph(mesh).neighbours)
    largest = np.linalg.eigvals(plain).real.max()
    assert 1.005 * largest < scaled.largest < 1.015 * largest
    values = np.sort(np.linalg.eigvals(dense(scaled)).real)
    assert values[0] == pytest.approx(-1) and values[-1] < 1
    np.testing.assert_allclose(values[:9], 2 * spectrum(mesh, 9).values / scaled.largest - 1, atol=1e-9)


def test_surfaces_share_a_scale():
    one, other = icosphere(2), bumpy()
    largest = max(scaled_laplacian(mesh).largest for mesh in (one, other))
    assert {scaled_laplacian(mesh, largest).largest for mesh in (one, other)} == {largest}
    with pytest.raises(InputError, match="smaller than the largest eigenvalue"):
        scaled_laplacian(one, scaled_laplacian(one).largest / 2)
    with pytest.raises(InputError, match="largest"):
        scaled_laplacian(one, 0)


def test_a_matrix_in_any_format():
    laplacian = cotangent_laplacian(bumpy())
    other = laplacian._replace(stiffness=sparse.coo_matrix(laplacian.stiffness))
    for ours, theirs in zip(scaled_laplacian(laplacian), scaled_laplacian(other), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
