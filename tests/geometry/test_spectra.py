import numpy as np
import pytest
from scipy import sparse
from surfaces import bumpy, together

from pcfilter_lib.data import Mesh
from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import Laplacian, cotangent_laplacian, icosphere, sheet, spectrum


def test_sphere():
    mesh = icosphere(5)
    assert len(mesh.vertices) == 10_242
    degrees = np.repeat(np.arange(4), 2 * np.arange(4) + 1)  # 16 of them
    found = spectrum(mesh, 16)
    np.testing.assert_allclose(found.values, degrees * (degrees + 1), rtol=0.01, atol=1e-9)
    # The three functions of degree 1 are the coordinates, in some basis.
    first = found.functions[:, 1:4]
    inside = first @ (first.T @ (found.areas[:, None] * mesh.vertices))
    np.testing.assert_allclose(inside, mesh.vertices, atol=2e-3)


@pytest.mark.parametrize(("width", "height"), [(1.0, 1.5), (2.0, 2.0)])
def test_rectangle(width, height):
    p, q = np.mgrid[:16, :16]
    expected = np.sort((np.pi**2 * ((p / width) ** 2 + (q / height) ** 2)).ravel())[:16]
    np.testing.assert_allclose(spectrum(sheet(60, 90, width, height), 16).values, expected, rtol=0.005, atol=1e-9)


@pytest.mark.parametrize("count", [1, 7, 30, 80, 108])
def test_functions_are_orthonormal_and_solve_the_equation(count):
    laplacian = cotangent_laplacian(bumpy())
    found = spectrum(laplacian, count)
    weighed = found.areas[:, None] * found.functions
    np.testing.assert_allclose(found.functions.T @ weighed, np.eye(count), atol=1e-9)
    np.testing.assert_allclose(laplacian.stiffness @ found.functions, weighed * found.values, atol=1e-8)
    assert (np.diff(found.values) >= 0).all() and found.values[0] == pytest.approx(0, abs=1e-9)


def test_lanczos_finds_what_a_dense_solver_finds():
    laplacian = cotangent_laplacian(icosphere(3, 2.0))
    roots = np.sqrt(laplacian.areas)
    expected = np.linalg.eigvalsh(laplacian.stiffness.toarray() / np.outer(roots, roots))[:60]
    np.testing.assert_allclose(spectrum(laplacian, 60).values, expected, atol=1e-9)  # with eigenvalues of multiplicity


def test_one_zero_for_each_part():
    parts = [icosphere(2), bumpy(12, 15), icosphere(2, 0.2)]
    found = spectrum(together(*parts), 6)
    assert (found.values[:3] < 1e-9).all() and found.values[3] > 1e-3
    # A function of the value zero is constant on each part.
    ends = np.cumsum([len(part.vertices) for part in parts])
    for piece in np.split(found.functions[:, :3], ends[:-1]):
        np.testing.assert_allclose(piece, np.broadcast_to(piece[0], piece.shape), atol=1e-9)


def test_scale_and_repetition():
    small, large = (spectrum(icosphere(3, radius), 9) for radius in (1.0, 100.0))
    np.testing.assert_allclose(small.values, 1e4 * large.values, rtol=1e-9, atol=1e-9)
    again = spectrum(icosphere(3), 9)
    np.testing.assert_array_equal(again.functions, small.functions)


def test_wrong_arguments_are_named():
    with pytest.raises(InputError, match="count.*109 of 108"):
        spectrum(bumpy(), 109)
    with pytest.raises(InputError, match="count"):
        spectrum(bumpy(), 0)
    with pytest.raises(InputError, match="vertex 1.*area is 0"):
        spectrum(Laplacian(sparse.csr_matrix(np.eye(2)), np.array([1.0, 0.0])), 1)
    with pytest.raises(InputError, match="face 0"):
        spectrum(Mesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]]), 1)
