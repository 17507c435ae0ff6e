import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pcfilter_lib
from pcfilter_lib.cli import main
from pcfilter_lib.cli._scan_options import as_options
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
    from pcfilter_lib.data.formats.scan_png import encode

    (tmp_path / "depth.png").write_bytes(encode(np.array([[0, 500], [600, 700]], np.uint16)))
    return tmp_path


def test_info_says_what_is_in_each_file(files, capsys):
    assert main(["info", *(str(files / name) for name in ("scan.npz", "mesh.off", "cloud.xyz"))]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    size = "3 x 4 pixels, 11 points (91.7 % measured, 8.3 % holes)"
    assert f"scan.npz: organised scan, npz\n  size    {size}\n  unit    m in the file" in out
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
    assert "as in --intrinsics camera.json (a file" in capsys.readouterr().err
    assert main(["info", depth, "--intrinsics", str(files / "camera.json")]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("warning: ") and "--depth-scale 1000 for millimetres" in err and "depth_scale" not in err
    assert "unit    mm in the file" in out
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
    column = (files / "flat.pcd").read_bytes().replace(b"WIDTH 12\nHEIGHT 1\n", b"WIDTH 1\nHEIGHT 12\n")
    assert b"HEIGHT 12" in column
    (files / "column.pcd").write_bytes(column)
    names = ["grid.pcd", "grid.ply", "flat.pcd", "flat.ply", "flat.npz", "column.pcd", "mesh.ply"]
    assert main(["info", "--json", *(str(files / name) for name in names)]) == 0
    kinds = [report["kind"] for report in json.loads(capsys.readouterr().out)]
    assert kinds == ["organised scan"] * 2 + ["point cloud"] * 4 + ["mesh"]
    assert main(["info", "--shape", "3x4", str(files / "flat.ply")]) == 0
    assert "3 x 4 pixels" in capsys.readouterr().out


def test_version_and_wrong_options(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"pcfilter {pcfilter_lib.__version__}\n"
    wrong = [
        ([], "required: COMMAND"),
        (["info"], "required: FILE"),
        (["clean", "a.npz"], "invalid choice: 'clean'"),
        (["info", "--shape", "3", "a.ply"], "--shape: '3' is not ROWSxCOLUMNS"),
        (["info", "--shape", "0x4", "a.ply"], "--shape: '0x4' is not"),
        (["info", "--unit", "feet", "a.ply"], "--unit: invalid choice: 'feet'"),
        (["info", "--depth-scale", "nan", "a.png"], "--depth-scale: 'nan' is no positive number"),
        (["info", "--depth-scale", "1", "--unit", "m", "a.png"], "not allowed with argument --depth-scale"),
        (["info", "--intrinsics", "no.json", "a.png"], "--intrinsics: no.json: there is no such file"),
    ]
    for arguments, words in wrong:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2 and words in capsys.readouterr().err


def test_the_command_imports_no_framework(files):
    code = (
        "import sys; from pcfilter_lib.cli import main; main(sys.argv[1:]); "
        "print([m for m in ('tensorflow', 'keras', 'open3d', 'plotly', 'sklearn') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, "info", str(files / "scan.npz"), str(files / "mesh.off")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.endswith("[]\n")


@pytest.mark.parametrize(
    "message, words",
    [
        ("a.ply: no grid. Remedy: give shape=(rows, columns).", "Remedy: give --shape ROWSxCOLUMNS."),
        ("shape: a.npz has 3 x 4 pixels. Remedy: leave it out.", "--shape: a.npz has 3 x 4 pixels."),
        ("depth_scale: wrong. Remedy: depth_scale=0.5 here.", "--depth-scale: wrong. Remedy: --depth-scale 0.5 here."),
        ("a.pcd: which? Remedy: unit='mm' or unit='m'.", "Remedy: --unit mm or --unit m."),
        ("unit='mm'.pcd: broken. Remedy: export it again.", "unit='mm'.pcd: broken. Remedy: export it again."),
        ("shape.pcd: broken. Remedy: reshape=(1, 2).", "shape.pcd: broken. Remedy: reshape=(1, 2)."),
    ],
)
def test_arguments_become_options(message, words):
    assert words in as_options(message)


def test_no_remedy_of_a_loader_speaks_of_python(files, capsys):
    """Each way in which the library asks for an argument, through the command."""
    from pcfilter_lib.data import save_cloud

    for suffix in (".pcd", ".npz", ".ply"):
        save_cloud(np.ones((12, 3)) * 900, files / f"far{suffix}")
    far = OrganizedScan(np.ones((3, 4, 3)) * 900)
    for suffix in (".pcd", ".ply", ".npz", ".ptx"):
        save_scan(far, files / f"grid{suffix}")
    names = ["depth.png", "far.pcd", "far.ply", "far.npz", "grid.pcd", "grid.ply", "grid.npz", "grid.ptx"]
    camera = ["--intrinsics", str(files / "camera.json")]
    text = ""
    for options in ([], camera, ["--shape", "2x2"], ["--shape", "3x4"], ["--depth-scale", "1000"]):
        main(["info", *options, *(str(files / name) for name in names)])
        text += capsys.readouterr().err
    for option in ("--intrinsics camera.json", "--depth-scale 1000", "--unit mm", "--shape:"):
        assert option in text, option
    for python in ("intrinsics=", "depth_scale", "shape=", "unit=", "array", "load_", "unit instead"):
        assert python not in text, python


def test_a_folder_stands_for_the_files_below_it(files, capsys):
    inner = files / "b\u00e4d day" / "z"
    inner.mkdir(parents=True)
    (files / "empty").mkdir()
    (files / "scan.npz").rename(inner / "SCAN \u2603.NPZ")
    (files / "mesh.off").rename(inner / "mesh.off")
    (files / "broken.ptx").rename(files / "empty" / "broken.bag")
    for name in (".hidden.npz", "._resource.ply", "notes.txt"):
        (inner / name).write_text("nothing of ours")
    assert main(["info", "--json", str(files / "b\u00e4d day"), str(files / "cloud.xyz")]) == 0
    reports = json.loads(capsys.readouterr().out)
    assert [Path(report["file"]) for report in reports] == [
        inner / "SCAN \u2603.NPZ",
        inner / "mesh.off",
        files / "cloud.xyz",
    ]
    assert main(["info", str(files / "empty")]) == 1
    out, err = capsys.readouterr()
    assert out == "" and len(err.splitlines()) == 1 and "no file in this folder ends in .npz, .pcd" in err


def test_wrong_files_are_told_for_what_they_are(files, capsys):
    (files / "zero.pcd").touch()
    (files / "bare.off").write_text("OFF\n2 0 0\n0 0 0\n1 0 0\n")
    assert main(["info", *(str(files / n) for n in ("zero.pcd", "camera.json", "nowhere", "*.pcd"))]) == 1
    zero, unknown, nowhere, pattern = capsys.readouterr().err.splitlines()
    assert "zero.pcd: it is empty (0 bytes)" in zero
    assert ".json is no format known here" in unknown and ".stl" in unknown and ".cogs" in unknown
    assert "nowhere: there is no such file" in nowhere and "*.pcd: there is no such file" in pattern
    assert main(["info", str(files / "bare.off")]) == 0
    assert "bare.off: point cloud, off\n  size    2 points" in capsys.readouterr().out


def test_a_file_that_may_not_be_read(files, capsys, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))  # chmod would not bind root, who runs the tests in CI

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert main(["info", str(files / "cloud.xyz")]) == 1
    assert "cannot be read (Permission denied). Remedy: check its permissions" in capsys.readouterr().err


def test_a_scan_without_points(files, capsys):
    save_scan(OrganizedScan(np.full((3, 4, 3), np.nan)), files / "gone.npz")
    assert main(["info", str(files / "gone.npz")]) == 0
    out, err = capsys.readouterr()
    assert "0 points (0.0 % measured, 100.0 % holes)" in out and "bounds  no points" in out and err == ""


def test_progress_only_on_a_terminal_and_for_many_files(files, capsys, monkeypatch):
    for i in range(21):
        (files / f"{i:02}.xyz").write_text("0 0 1\n")
    many = [str(files / f"{i:02}.xyz") for i in range(21)]
    assert main(["info", *many]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["info", *many[:20]]) == 0
    assert capsys.readouterr().err == ""
    assert main(["info", *many]) == 0
    out, err = capsys.readouterr()
    assert "/21 " in err and err.endswith("\r"), "a bar that is taken away at the end"
    assert "\n" not in err and out.count("point cloud, xyz") == 21


def test_names_that_the_output_cannot_show_and_a_reader_that_leaves(files):
    (files / "cloud.xyz").rename(files / "\u2603.xyz")
    code = "import sys; from pcfilter_lib.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "info", str(files / "\u2603.xyz")]
    plain = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=True)
    assert b"\\u2603.xyz: point cloud" in plain.stdout
    read, write = os.pipe()
    os.close(read)
    closed = subprocess.run(command, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert closed.stderr == b"" and closed.returncode == 141


def test_filter_writes_clean_scans_and_says_what_it_removed(files, capsys):
    command = ["filter", str(files / "scan.npz"), "--out", str(files / "clean"), "--filter", "keep-all"]
    assert main(command) == 0
    out, err = capsys.readouterr()
    assert err == "" and "scan.npz: 0 of 11 points removed\n1 filtered, 0 of 11 points removed\n" in out
    assert (files / "clean" / "scan.npz").read_bytes() == (files / "scan.npz").read_bytes()
    assert main(command) == 0
    assert "1 were there already; --overwrite filters them again" in capsys.readouterr().out
    assert main([*command, "--overwrite", "--threshold", "2"]) == 0
    assert "11 of 11 points removed" in capsys.readouterr().out


def test_filter_goes_on_after_a_broken_file_and_says_so(files, capsys):
    paths = [str(files / "broken.ptx"), str(files / "depth.png"), str(files / "scan.npz")]
    assert main(["filter", *paths, "--out", str(files / "clean"), "--filter", "view-angle"]) == 1
    out, err = capsys.readouterr()
    assert "broken.ptx" in err and "--intrinsics" in err and "1 filtered" in out and "2 failed" in out
    assert sorted(path.name for path in (files / "clean").iterdir()) == ["pcfilter.jsonl", "scan.npz"]


def test_filter_never_writes_over_its_input(files, capsys):
    before = (files / "scan.npz").read_bytes()
    assert main(["filter", str(files / "scan.npz"), "--out", str(files), "--filter", "keep-all"]) == 1
    assert "would be overwritten" in capsys.readouterr().err
    assert (files / "scan.npz").read_bytes() == before


def test_without_a_name_the_learned_filter_decides(files):
    written = []
    for name, options in (("a", []), ("b", ["--filter", "artefact-unet"])):
        assert main(["filter", str(files / "scan.npz"), "--out", str(files / name), *options]) == 0
        written.append((files / name / "scan.npz").read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("wrong", [["--filter", "magic"], ["--filter", "keep-all", "--threshold", "nan"]])
def test_filter_with_wrong_options_ends_with_2(files, wrong):
    with pytest.raises(SystemExit) as ended:
        main(["filter", str(files / "scan.npz"), "--out", str(files / "clean"), *wrong])
    assert ended.value.code == 2


@pytest.mark.parametrize(("given", "policy"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_of_the_program_wait_without_spinning(files, given, policy):
    code = "import os; from pcfilter_lib.cli import main; main(); print(os.environ['OMP_WAIT_POLICY'])"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": given} if given else {}
    command = [sys.executable, "-c", code, "info", str(files / "mesh.off")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == policy


def test_a_caller_of_main_keeps_its_environment(files, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert main(["info", str(files / "mesh.off")]) == 0
    assert "OMP_WAIT_POLICY" not in os.environ
