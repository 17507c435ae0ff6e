import numpy as np
import plyfile
import pytest
import trimesh
from fuzz import assert_survives
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pcfilter_lib.data import Mesh, example_path, load_mesh, save_mesh
from pcfilter_lib.data.formats.ply import write_ply_mesh
from pcfilter_lib.data.formats.stl import write_stl
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


SAVED_AS = [".ply", ".obj", ".stl", ".off"]


def corners(mesh) -> np.ndarray:
    """Return the corners of each face as float32: what all formats hold."""
    return mesh.vertices.astype(np.float32)[mesh.faces]


def saved(path, mesh):
    """Save and load a mesh, and check that the file holds it exactly."""
    save_mesh(mesh, path)
    again = load_mesh(path)
    np.testing.assert_array_equal(corners(again).view(np.uint32), corners(mesh).view(np.uint32))
    if path.suffix.lower() != ".stl":
        np.testing.assert_array_equal(again.faces, mesh.faces)
        np.testing.assert_array_equal(again.vertices.astype(np.float32), mesh.vertices.astype(np.float32))
    return again


@pytest.mark.parametrize("suffix", SAVED_AS)
@settings(max_examples=30)
@given(
    arrays(np.float32, (7, 3), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
    arrays(np.int64, st.tuples(st.integers(1, 9), st.just(3)), elements=st.integers(0, 6)),
)
def test_any_float32_comes_back(tmp_path_factory, suffix, vertices, faces):
    saved(tmp_path_factory.mktemp("mesh") / f"mesh{suffix}", Mesh(vertices, faces))


@pytest.mark.parametrize("suffix", [*SAVED_AS, ".PLY", ".Stl"])
def test_a_mesh_with_more_digits_is_rounded_to_float32(tmp_path, suffix):
    rng = np.random.default_rng(0)
    scale = 10.0 ** rng.integers(-30, 30, (5000, 3))
    saved(tmp_path / f"mesh{suffix}", Mesh(rng.normal(size=(5000, 3)) * scale, rng.integers(0, 5000, (9000, 3))))


def test_binary_files_have_the_sizes_of_their_formats(tmp_path):
    mesh = Mesh(TRIANGLE, [[0, 1, 2], [0, 2, 1]])
    save_mesh(mesh, tmp_path / "mesh.stl")
    assert (tmp_path / "mesh.stl").stat().st_size == 84 + 2 * 50
    save_mesh(mesh, str(tmp_path / "mesh.ply"))
    header, _, body = (tmp_path / "mesh.ply").read_bytes().partition(b"end_header\n")
    assert b"format binary_little_endian 1.0" in header and b"property list uchar int vertex_indices" in header
    assert len(body) == 3 * 12 + 2 * 13


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".off", "OFF\n3 1 0\n0 0 0\n0.1 0 -0\n0 1e+20 16777215\n3 0 1 2\n"),
        (".obj", "v 0 0 0\nv 0.1 0 -0\nv 0 1e+20 16777215\nf 1 2 3\n"),
    ],
)
def test_text_has_no_more_digits_than_it_needs(tmp_path, suffix, text):
    save_mesh(Mesh([[0, 0, 0], [0.1, 0, -0.0], [0, 1e20, 16777215]], [[0, 1, 2]]), tmp_path / f"mesh{suffix}")
    assert (tmp_path / f"mesh{suffix}").read_bytes() == text.encode()


@pytest.mark.parametrize("suffix", SAVED_AS)
def test_open3d_reads_what_is_saved(tmp_path, suffix):
    o3d = pytest.importorskip("open3d")
    rng = np.random.default_rng(0)
    mesh = Mesh(rng.normal(size=(300, 3)), rng.permutation(900).reshape(300, 3) % 300)
    save_mesh(mesh, tmp_path / f"mesh{suffix}")
    other = o3d.io.read_triangle_mesh(str(tmp_path / f"mesh{suffix}"))
    theirs = np.asarray(other.vertices)[np.asarray(other.triangles)]
    # Its reader of OBJ, tinyobjloader, rounds the last digit of a float32 differently.
    np.testing.assert_allclose(theirs, corners(mesh), rtol=2e-7 if suffix == ".obj" else 0)


@pytest.mark.parametrize("suffix", SAVED_AS)
def test_trimesh_reads_what_is_saved(tmp_path, suffix):
    mesh = load_mesh(example_path("mug.off"))
    save_mesh(mesh, tmp_path / f"mug{suffix}")
    other = trimesh.load_mesh(tmp_path / f"mug{suffix}", process=False)
    np.testing.assert_array_equal(other.triangles.astype(np.float32), corners(mesh))


def test_normals_of_triangles_with_and_without_area(tmp_path):
    tiny, huge = 1e-30 * np.array(TRIANGLE), 1e38 * np.array([[-3, 0, 0], [3, 0, 0], [0, 0, 3]])
    faces = [[0, 1, 2], [0, 2, 1], [3, 4, 5], [6, 7, 8], [1, 1, 2]]
    save_mesh(Mesh(np.concatenate([TRIANGLE, tiny, huge]), faces), tmp_path / "mesh.stl")
    records = np.frombuffer((tmp_path / "mesh.stl").read_bytes()[84:], [("normal", "<f4", 3), ("rest", "V38")])
    assert records["normal"].tolist() == [[0, 0, 1], [0, 0, -1], [0, 0, 1], [0, -1, 0], [0, 0, 0]]


def test_an_stl_of_more_than_one_block(tmp_path):
    faces = np.random.default_rng(0).integers(0, 50, (150_000, 3))
    mesh = Mesh(np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32), faces)
    saved(tmp_path / "mesh.stl", mesh)
    records = np.frombuffer((tmp_path / "mesh.stl").read_bytes()[84:], [("normal", "<f4", 3), ("rest", "V38")])
    np.testing.assert_allclose(records["normal"], mesh.normals(), atol=1e-6)


def changed(vertices=TRIANGLE, faces=((0, 1, 2), (0, 2, 1))):
    """Return a mesh whose arrays were changed after it was made."""
    mesh = Mesh(TRIANGLE, [[0, 1, 2], [0, 2, 1]])
    mesh.vertices[:], mesh.faces[:] = vertices, faces
    return mesh


NOT_SAVED = [
    (changed(vertices=[[0, 0, 0], [0, np.nan, 0], [0, 0, 0]]), "vertex 1: it is not finite. Remedy: remove it"),
    (changed(vertices=[[0, 0, 0], [0, 0, 0], [-np.inf, 0, 0]]), "vertex 2: it is not finite"),
    (changed(vertices=[[0, 0, 3.5e38], [0, 0, 0], [0, 0, 0]]), "vertex 0: a coordinate is beyond 3.4e38"),
    (changed(faces=[[0, 1, 2], [0, 3, 1]]), "face 1: it names vertices [0, 3, 1], and the mesh has 3 (counted from 0)"),
    (changed(faces=[[0, 1, -1], [0, 2, 1]]), "face 0: it names vertices [0, 1, -1], and the mesh has 3"),
]


@pytest.mark.parametrize("suffix", SAVED_AS)
@pytest.mark.parametrize(("mesh", "message"), NOT_SAVED)
def test_a_mesh_that_cannot_be_saved_leaves_the_old_file(tmp_path, suffix, mesh, message):
    path = tmp_path / f"mesh{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(InputError) as caught:
        save_mesh(mesh, path)
    assert f"mesh{suffix}, {message}" in str(caught.value) and caught.value.source == str(path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("name", "what"), [("mesh.xyz", "'.xyz'"), ("mesh", "'a name without extension'")])
def test_an_unknown_suffix_names_those_that_are_known(tmp_path, name, what):
    with pytest.raises(InputError) as caught:
        save_mesh(changed(), tmp_path / name)
    assert f"{name}: {what} is no format that a mesh can be saved in. Remedy: use one of .ply, .obj" in str(
        caught.value
    )
    assert list(tmp_path.iterdir()) == []


def test_more_faces_or_vertices_than_a_format_can_count(tmp_path):
    vertices, faces = np.array(TRIANGLE, np.float32), np.array([[0, 1, 2]])
    # Views that repeat one row: no memory is needed for them.
    with pytest.raises(InputError, match=r"mesh.stl: the mesh has 4294967296 faces.*Remedy: save it as .ply"):
        write_stl(vertices, np.broadcast_to(faces, (2**32, 3)), tmp_path / "mesh.stl")
    with pytest.raises(InputError, match=r"mesh.ply: the mesh has 2147483649 vertices.*Remedy: save it as .off"):
        write_ply_mesh(np.broadcast_to(vertices[:1], (2**31 + 1, 3)), faces, tmp_path / "mesh.ply")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SAVED_AS)
def test_a_failure_at_the_end_leaves_the_old_file_alone(tmp_path, monkeypatch, suffix):
    def fail(source, target):
        assert load_mesh(source).faces.tolist()  # the new file is complete before it takes the place of the old one
        raise OSError("no space left on device")

    path = tmp_path / f"mesh{suffix}"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no space left"):
        save_mesh(changed(), path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", SAVED_AS)
def test_a_folder_that_is_not_there(tmp_path, suffix):
    with pytest.raises(InputError, match="it cannot be written .*Remedy: check its folder"):
        save_mesh(changed(), tmp_path / "none" / f"mesh{suffix}")
