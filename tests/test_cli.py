import json
import subprocess
import sys

import numpy as np
import pytest

import pcfilter_lib
from pcfilter_lib.cli import main
from pcfilter_lib.data import OrganizedScan, save_scan


@pytest.fixture
def files(tmp_path):
    """A scan, a mesh, a cloud, and a depth image that needs a camera."""
    xyz = np.ones((3, 4, 3), np.float32)
    xyz[0, 0], xyz[2, 3] = np.nan, (0.5, 2, 1.5)
    scan = OrganizedScan(xyz, intensity=np.ones((3, 4)), intrinsics=[[9, 0, 1], [0, 9, 1], [0, 0, 1]])
    save_scan(scan, tmp_path / "scan.npz")
    (tmp_path / "mesh.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 2 0\n3 0 1 2\n")
    (tmp_path / "cloud.xyz").write_text("0 0 1\n4 5 6\n")
    (tmp_path / "broken.ptx").write_text("3\n")
    (tmp_path / "camera.json").write_text('{"intrinsic_matrix": [9, 0, 0, 0, 9, 0, 1, 1, 1]}')
    from pcfilter_lib.data.scan_png import encode

    (tmp_path / "depth.png").write_bytes(encode(np.array([[0, 500], [600, 700]], np.uint16)))
    return tmp_path


def test_info_says_what_is_in_each_file(files, capsys):
    assert main(["info", *(str(files / name) for name in ("scan.npz", "mesh.off", "cloud.xyz"))]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert (
        "scan.npz: organised scan, npz\n  size    3 x 4 pixels, 11 points (91.7 % valid)\n  unit    m in the file"
        in out
    )
    assert "bounds  [0.5, 1] x [1, 2] x [1, 1.5] m\n  fields  xyz, intensity, intrinsics\n" in out
    assert "mesh.off: mesh, off\n  size    3 vertices, 1 faces\n" in out
    assert "cloud.xyz: point cloud, xyz\n  size    2 points\n" in out and "[0, 4] x [0, 5] x [1, 6]\n" in out


def test_a_broken_file_is_one_line_and_stops_nothing(files, capsys):
    names = ["broken.ptx", "none.npz", "scan.npz", "camera.json"]
    assert main(["info", *(str(files / name) for name in names)]) == 1
    out, err = capsys.readouterr()
    assert "scan.npz: organised scan" in out
    lines = err.splitlines()
    assert len(lines) == 3 and all(line.startswith("error: ") and "Remedy: " in line for line in lines)
    assert "broken.ptx, line 1" in lines[0] and "there is no such file" in lines[1]


def test_json(files, capsys):
    assert main(["info", "--json", str(files / "scan.npz"), str(files / "broken.ptx")]) == 1
    scan, broken = json.loads(capsys.readouterr().out)
    assert scan["shape"] == [3, 4] and scan["points"] == 11 and scan["unit"] == "m" and scan["kind"] == "organised scan"
    assert scan["bounds"] == [[0.5, 1, 1], [1, 2, 1.5]] and scan["fields"] == ["xyz", "intensity", "intrinsics"]
    assert scan["valid_share"] == pytest.approx(11 / 12) and scan["format"] == "npz"
    assert set(broken) == {"file", "error"} and "within its header" in broken["error"]


def test_what_the_file_does_not_say(files, capsys):
    depth = str(files / "depth.png")
    assert main(["info", depth]) == 1
    assert "give intrinsics" in capsys.readouterr().err
    assert main(["info", depth, "--intrinsics", str(files / "camera.json")]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("warning: ") and "unit is ambiguous" in err and "unit    mm in the file" in out
    assert main(["info", depth, "--intrinsics", str(files / "camera.json"), "--depth-scale", "5000"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "[0.1, 0.14] m" in out and "unit    1/5000 m in the file" in out


def test_kinds_of_the_shared_formats(files, capsys):
    from pcfilter_lib.data import load_scan, save_cloud

    scan = load_scan(files / "scan.npz")
    with pytest.warns(UserWarning, match="no place"):
        save_scan(scan, files / "grid.pcd")
    with pytest.warns(UserWarning, match="no place"):
        save_scan(scan, files / "grid.ply")
    for suffix in (".pcd", ".ply", ".npz"):
        save_cloud(np.ones((12, 3)), files / f"flat{suffix}")
    (files / "mesh.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    )
    names = ["grid.pcd", "grid.ply", "flat.pcd", "flat.ply", "flat.npz", "mesh.ply"]
    assert main(["info", "--json", *(str(files / name) for name in names)]) == 0
    kinds = [report["kind"] for report in json.loads(capsys.readouterr().out)]
    assert kinds == ["organised scan"] * 2 + ["point cloud"] * 3 + ["mesh"]
    assert main(["info", "--shape", "3", "4", str(files / "flat.ply")]) == 0
    assert "3 x 4 pixels" in capsys.readouterr().out


def test_version_and_wrong_options(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"pcfilter {pcfilter_lib.__version__}\n"
    for arguments in ([], ["info"], ["clean", "a.npz"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


def test_the_command_imports_no_framework(files):
    code = (
        "import sys; from pcfilter_lib.cli import main; main(sys.argv[1:]); "
        "print([m for m in ('tensorflow', 'keras', 'open3d', 'plotly', 'sklearn') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "info", str(files / "scan.npz"), str(files / "mesh.off")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.endswith("[]\n")
