import math

import numpy as np
import pytest
from surfaces import bumpy, together

from pcfilter_lib.data import Mesh
from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import cotangent_laplacian, icosphere, sheet


def by_angles(mesh):
    """The same matrix, triangle by triangle, from angles by the law of cosines."""
    count = len(mesh.vertices)
    matrix, areas = np.zeros((count, count)), np.zeros(count)
    for face in mesh.faces:
        for turn in range(3):
            i, j, k = np.roll(face, turn)
            a, b, c = (math.dist(mesh.vertices[p], mesh.vertices[q]) for p, q in ((i, j), (j, k), (k, i)))
            weight = 1 / math.tan(math.acos((b * b + c * c - a * a) / (2 * b * c))) / 2
            matrix[[i, j], [j, i]] -= weight
            matrix[[i, j], [i, j]] += weight
            areas[i] += np.prod([s := (a + b + c) / 2, s - a, s - b, s - c]) ** 0.5 / 3  # Heron
    return matrix, areas


@pytest.mark.parametrize("angles", [(60, 60), (90, 45), (120, 30), (20, 10)])
def test_one_triangle(angles):
    alpha, beta = np.deg2rad(angles)
    apex = np.tan(beta) / (np.tan(alpha) + np.tan(beta)) if angles[0] != 90 else 0.0
    height = np.tan(beta) * (1 - apex)
    laplacian = cotangent_laplacian(Mesh([[0, 0, 0], [1, 0, 0], [apex, height, 0]], [[0, 1, 2]]))
    cotangents = 1 / np.tan([alpha, beta, np.pi - alpha - beta])
    found = laplacian.stiffness.toarray()
    np.testing.assert_allclose([found[1, 2], found[0, 2], found[0, 1]], -cotangents / 2, atol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(laplacian.areas, height / 6)


@pytest.mark.parametrize("mesh", [bumpy(), icosphere(1, 3.0), sheet(4, 6), together(bumpy(4, 4), icosphere(0))])
def test_it_equals_angles_triangle_by_triangle(mesh):
    laplacian = cotangent_laplacian(mesh)
    matrix, areas = by_angles(mesh)
    np.testing.assert_allclose(laplacian.stiffness.toarray(), matrix, atol=1e-10)
    np.testing.assert_allclose(laplacian.areas, areas, rtol=1e-10)
    assert laplacian.areas.sum() == pytest.approx(mesh.areas().sum())
    assert abs(laplacian.stiffness - laplacian.stiffness.T).max() == 0


def test_obtuse_angles_have_negative_weights():
    mesh = Mesh([[0, 0, 0], [4, 0, 0], [2, 1, 0], [2, -1, 0]], [[0, 1, 2], [0, 3, 1]])
    cotangent = (2 * 2 - 1) / (2 * 2)  # of the two obtuse angles, negative
    assert cotangent_laplacian(mesh).stiffness[0, 1] == pytest.approx(cotangent)


def test_dirichlet_energy_of_a_linear_function_is_exact():
    mesh = bumpy()
    mesh = Mesh(mesh.vertices * [1, 1, 0], mesh.faces)  # flat, and irregular
    u = mesh.vertices @ [3, -2, 0]
    laplacian = cotangent_laplacian(mesh)
    assert u @ laplacian.stiffness @ u == pytest.approx((9 + 4) * mesh.areas().sum())
    inside = np.ones(len(u), bool)
    inside[np.unique(np.r_[0:12, 96:108, 0:108:12, 11:108:12])] = False
    np.testing.assert_allclose((laplacian.stiffness @ u)[inside], 0, atol=1e-12)


def test_rigid_motion_changes_nothing_and_scale_changes_areas_alone():
    mesh, random = bumpy(), np.random.default_rng(1)
    rotation = np.linalg.qr(random.normal(size=(3, 3)))[0]
    before = cotangent_laplacian(mesh)
    after = cotangent_laplacian(Mesh(5 * mesh.vertices @ rotation + [7, 8, 9], mesh.faces))
    assert abs(before.stiffness - after.stiffness).max() < 1e-12
    np.testing.assert_allclose(after.areas, 25 * before.areas)


@pytest.mark.parametrize("mesh", [bumpy(), icosphere(3), sheet(20, 30, 2.0, 7.0)])
def test_it_equals_libigl(mesh):
    igl = pytest.importorskip("igl")
    laplacian = cotangent_laplacian(mesh)
    theirs = igl.cotmatrix(mesh.vertices, mesh.faces)
    assert abs(laplacian.stiffness + theirs).max() < 1e-10
    masses = igl.massmatrix(mesh.vertices, mesh.faces, igl.MASSMATRIX_TYPE_BARYCENTRIC).diagonal()
    np.testing.assert_allclose(laplacian.areas, masses, rtol=1e-10)


def test_what_has_no_laplacian_is_named():
    corners = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0]]
    with pytest.raises(InputError, match="face 1.*area is 0"):
        cotangent_laplacian(Mesh(corners, [[0, 1, 3], [0, 1, 2]]))
    with pytest.raises(InputError, match="face 0"):
        cotangent_laplacian(Mesh(np.array(corners) * 1e200, [[0, 1, 3], [0, 1, 3]]))
    with pytest.raises(InputError, match="vertex 2.*no triangle"):
        cotangent_laplacian(Mesh(corners, [[0, 1, 3]]))
