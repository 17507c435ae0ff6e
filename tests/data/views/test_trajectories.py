import json

import numpy as np
import pytest
from sequences import INTRINSICS, json_content, log_text, poses_of, quaternion

from pcfilter_lib.data.views.trajectories import nearest, read_trajectory
from pcfilter_lib.errors import InputError


def read(tmp_path, suffix, text):
    path = tmp_path / f"t{suffix}"
    path.write_text(text)
    return read_trajectory(path)


def test_the_three_formats(tmp_path):
    poses = poses_of(3)
    lines = [f"{number}.5 {' '.join(map(repr, p[:3, 3].tolist()))} {quaternion(p)}" for number, p in enumerate(poses)]
    texts = {".log": log_text(poses), ".json": json.dumps(json_content(poses)), ".txt": "# tum\n" + "\n".join(lines)}
    for suffix, text in texts.items():
        found = read(tmp_path, suffix, text)
        np.testing.assert_allclose(found.poses, poses, atol=1e-14)
        assert (found.times is None) == (suffix != ".txt")
    assert read(tmp_path, ".json", texts[".json"]).intrinsics.tolist() == INTRINSICS


def test_as_open3d_writes_and_reads_them(tmp_path):
    o3d = pytest.importorskip("open3d")
    poses, trajectory = poses_of(3), o3d.camera.PinholeCameraTrajectory()
    cameras = []
    for pose in poses:
        camera = o3d.camera.PinholeCameraParameters()
        camera.intrinsic = o3d.camera.PinholeCameraIntrinsic(8, 6, np.array(INTRINSICS))
        camera.extrinsic = np.linalg.inv(pose)
        cameras.append(camera)
    trajectory.parameters = cameras
    for suffix in (".log", ".json"):
        assert o3d.io.write_pinhole_camera_trajectory(str(tmp_path / f"t{suffix}"), trajectory)
        np.testing.assert_allclose(read_trajectory(tmp_path / f"t{suffix}").poses, poses, atol=1e-7)
    (tmp_path / "ours.log").write_text(log_text(poses))
    again = o3d.io.read_pinhole_camera_trajectory(str(tmp_path / "ours.log"))
    np.testing.assert_allclose([np.linalg.inv(c.extrinsic) for c in again.parameters], poses, atol=1e-12)


def test_the_nearest_in_time(tmp_path):
    text = "\n".join(f"{time} 0 0 0 0 0 0 1" for time in (3.0, 1.0, 2.0))
    found = read(tmp_path, ".txt", text)
    assert nearest(np.array([0.97, 0.981, 1.5, 2.019, 2.99, 3.021]), found) == [None, 1, None, 2, 0, None]
    assert nearest(np.array([1.01]), read(tmp_path, ".txt", "1 0 0 0 0 0 0 1\n")) == [0]


IDENTITY = np.eye(4)[None]
CAMERA = json.dumps(json_content(IDENTITY))


@pytest.mark.parametrize(
    ("suffix", "text", "place", "problem"),
    [
        (".csv", "", "", "no file of poses"),
        (".log", "", "", "no pose in it"),
        (".log", "0 0 1\n1 0 0 0\n", "pose 0, line 1", "five lines, and 2 are left"),
        (".log", log_text(IDENTITY) + "0 0\n" + log_text(IDENTITY)[6:], "line 6", "3 numbers are expected"),
        (".log", log_text(IDENTITY).replace("1.0 0.0 0.0 0.0", "1.0 0.0 0.0"), "line 2", "4 numbers are expected"),
        (".json", "{", "", "no JSON"),
        (".json", "[" * 100_000, "", "no JSON"),
        (".json", "[]", "parameters", "no list of cameras"),
        (".json", '{"parameters": []}', "", "no pose in it"),
        (".json", '{"parameters": [3]}', "parameters[0].extrinsic", "not 16 numbers"),
        (".json", '{"parameters": [{"extrinsic": [1, 2]}]}', "parameters[0].extrinsic", "not 16 numbers"),
        (".json", json.dumps(json_content([np.diag([1.0, 1, -1, 1])])), "parameters[0].extrinsic", "left-handed"),
        (
            ".json",
            CAMERA.replace('"height": 6', '"height": "6"'),
            "parameters[0].i",
            "heig",
        ),
        (
            ".json",
            CAMERA.replace("40.0", "-40.0"),
            "parameters[0].intrinsic",
            "no.* matrix",
        ),
        (".txt", "# nothing\n", "", "no pose in it"),
        (".txt", "1 2 3\n", "line 1", "8 numbers are expected, and the line holds 3"),
        (".txt", "\n1 0 0 0 0 0 0 0\n", "line 2", "length 0"),
        (".txt", "nan 0 0 0 0 0 0 1\n", "line 1", "timestamp"),
        (".txt", "1 0 0 0 0 0 0 w\n", "line 1", "'w' is no number"),
    ],
)
def test_what_is_refused(tmp_path, suffix, text, place, problem):
    with pytest.raises(InputError, match=problem.replace("(", r"\(")) as caught:
        read(tmp_path, suffix, text)
    assert caught.value.source.endswith(f"t{suffix}") and caught.value.place.startswith(place) and caught.value.remedy


def test_two_cameras_in_one_trajectory(tmp_path):
    content = json_content(poses_of(2))
    content["parameters"][1]["intrinsic"]["height"] = 480
    with pytest.raises(InputError, match=r"parameters\[1\]\.intrinsic: another camera"):
        read(tmp_path, ".json", json.dumps(content))


def test_lost_poses_stay_in_the_list(tmp_path):
    content = json_content(poses_of(2))
    content["parameters"][0]["extrinsic"][3] = float("nan")
    first, second = read(tmp_path, ".json", json.dumps(content)).poses
    assert np.isnan(first).any() and np.isfinite(second).all()
    assert np.isnan(read(tmp_path, ".txt", "1 0 0 0 nan nan nan nan\n").poses[0]).any()
