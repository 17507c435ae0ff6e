import numpy as np
import plyfile
import pytest
import trimesh
from fuzz import assert_survives
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pcfilter_lib.data import Mesh, load_mesh
from pcfilter_lib.errors import InputError

TRIANGLE = [[0, 0, 0], [3, 0, 0], [0, 4, 0]]


def test_measures_of_one_triangle():
    mesh = Mesh(TRIANGLE, [[0, 1, 2], [0, 2, 1], [1, 1, 2]])
    assert mesh.areas().tolist() == [6, 6, 0]
    assert mesh.normals().tolist() == [[0, 0, 1], [0, 0, -1], [0, 0, 0]]
    assert mesh.bounds.tolist() == [[0, 0, 0], [3, 4, 0]]
    assert mesh.cumulative_areas().tolist() == [6, 12, 12]


@settings(max_examples=20)
@given(arrays(float, (5, 3), elements=st.floats(-100, 100)), arrays(np.int32, (300, 3), elements=st.integers(0, 4)))
def test_areas_and_normals_agree_with_trimesh(vertices, faces):
    mesh, other = Mesh(vertices, faces), trimesh.Trimesh(vertices, faces, process=False)
    np.testing.assert_allclose(mesh.areas(), other.area_faces, rtol=1e-9, atol=1e-9)
    big = mesh.areas() > 1e-3
    expected = np.cross(vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]])
    expected /= np.maximum(np.linalg.norm(expected, axis=1, keepdims=True), 1e-300)
    np.testing.assert_allclose(mesh.normals()[big], expected[big], atol=1e-9)


def test_areas_of_a_mesh_of_more_than_one_block():
    faces = np.random.default_rng(0).integers(0, 3, (40_000, 3))
    expected = [6 if len(set(face)) == 3 else 0 for face in faces.tolist()]
    assert Mesh(TRIANGLE, faces).areas().tolist() == expected


def test_a_mesh_keeps_its_own_arrays():
    vertices, faces = np.array(TRIANGLE, float), np.array([[0, 1, 2]])
    mesh = Mesh(vertices, faces)
    vertices[:] = 9
    assert mesh.areas().tolist() == [6]


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (TRIANGLE, np.empty((0, 3), int), "mesh: it has no faces"),
        (TRIANGLE, [[0, 1, 3]], "mesh, face 0: the face names vertex 3"),
        (TRIANGLE, [[0, 1, 2], [0, -1, 2]], "mesh, face 1: the face names vertex -1"),
        (TRIANGLE, [[0, 1, 2.0]], "mesh, faces: they are float64"),
        (TRIANGLE, [[0, 1, 2, 0]], "mesh, faces: they are int64 of shape (1, 4)"),
        (np.zeros((3, 2)), [[0, 1, 2]], "mesh, vertices: their shape is (3, 2)"),
        ([[0, 0, 0], [0, np.nan, 0], [1, 1, 1]], [[0, 1, 2]], "mesh, vertex 1: it is not finite"),
    ],
)
def test_what_is_no_mesh(vertices, faces, message):
    with pytest.raises(InputError) as caught:
        Mesh(vertices, faces)
    assert message in str(caught.value)


@pytest.mark.parametrize("kind", ["off", "ply", "ply_ascii", "stl", "stl_ascii", "obj"])
def test_what_trimesh_writes(tmp_path, kind):
    sphere = trimesh.creation.icosphere(subdivisions=2)
    path = tmp_path / f"sphere.{kind.partition('_')[0]}"
    options = {"encoding": "ascii"} if kind == "ply_ascii" else {}
    content = sphere.export(file_type=kind if kind == "stl_ascii" else path.suffix[1:], **options)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    mesh = load_mesh(str(path))
    assert mesh.source == str(path)
    np.testing.assert_allclose(mesh.vertices[mesh.faces], sphere.triangles, atol=1e-6)


def test_ply_polygons_of_several_sizes(tmp_path):
    vertices = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [(name, "f4") for name in "xyz"])
    faces = np.empty(3, [("vertex_index", "O")])  # the other name that files use
    for row, corners in enumerate(([0, 1, 2, 3], [0, 1, 2], [0, 1])):
        faces["vertex_index"][row] = np.array(corners, "i4")
    for text in (True, False):
        elements = [plyfile.PlyElement.describe(vertices, "vertex"), plyfile.PlyElement.describe(faces, "face")]
        plyfile.PlyData(elements, text, "<").write(str(tmp_path / "mesh.ply"))
        assert load_mesh(tmp_path / "mesh.ply").faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]


@pytest.mark.parametrize(
    ("vertex", "face", "message"),
    [
        ("float x", "list uchar int vertex_indices", "no element 'vertex' with x, y and z"),
        (
            "float x,float y,list uchar float z",
            "list uchar int vertex_indices",
            "x, y or z of element 'vertex' is a list",
        ),
        ("float x,float y,float z", "list uchar int corners", "its faces have no vertex_indices"),
        ("float x,float y,float z", "list uchar float vertex_indices", "is no list of whole numbers"),
        ("float x,float y,float z", "int vertex_indices", "is no list of whole numbers"),
    ],
)
def test_ply_without_what_a_mesh_needs(tmp_path, vertex, face, message):
    header = ["ply", "format ascii 1.0", "element vertex 1", *("property " + p for p in vertex.split(","))]
    header += ["element face 1", f"property {face}", "end_header"]
    row = " ".join("1 0" if p.startswith("list") else "0" for p in vertex.split(","))
    corners = "3 0 0 0" if face.startswith("list") else "0"
    (tmp_path / "mesh.ply").write_text("\n".join([*header, row, corners]))
    with pytest.raises(InputError) as caught:
        load_mesh(tmp_path / "mesh.ply")
    assert message in str(caught.value)


def test_a_face_beyond_the_vertices_of_a_ply(tmp_path):
    mesh = trimesh.creation.box()
    mesh.faces[7, 1] = 8
    (tmp_path / "mesh.ply").write_bytes(mesh.export(file_type="ply"))
    with pytest.raises(InputError, match=r"element 'face', row 8: the face names vertex 8, and the file has 8"):
        load_mesh(tmp_path / "mesh.ply")


def test_formats_by_name_and_by_content(tmp_path):
    off = "OFF3 1 0\n0 0 0\n3 0 0\n0 4 0\n3 0 1 2\n"
    for name in ("a.off", "A.OFF", "b.mesh", "c"):
        (tmp_path / name).write_text(off)
        assert load_mesh(tmp_path / name).areas().tolist() == [6]
    (tmp_path / "d.xyz").write_text("0 0 0\n")
    with pytest.raises(InputError, match="'.xyz' is no mesh format known here. Remedy: use one of OFF, PLY, STL, OBJ"):
        load_mesh(tmp_path / "d.xyz")


def test_files_that_cannot_be_read(tmp_path):
    for path, message in ((tmp_path / "none.off", "no such file"), (tmp_path, "no such file|cannot be read")):
        with pytest.raises(InputError, match=message):
            load_mesh(path)


def test_points_are_no_mesh(tmp_path):
    (tmp_path / "points.off").write_text("OFF\n1 0 0\n1 2 3\n")
    with pytest.raises(InputError, match="it has no faces. Remedy: use pcfilter_lib.data.load_cloud"):
        load_mesh(tmp_path / "points.off")


@pytest.mark.parametrize("encoding", ["ascii", "binary"])
def test_mutated_ply_meshes(encoding):
    seed = trimesh.creation.box().export(file_type="ply", encoding=encoding)
    assert_survives("pcfilter_lib.data.mesh:load_mesh", [seed], ".ply", check="fuzz:is_mesh")
