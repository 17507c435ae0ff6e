"""Sequences on disk: every layout, and one clear error for everything that can be wrong with one."""

import dataclasses
import json
import warnings

import numpy as np
import pytest
from real_data import REAL
from scan_files import cogs_bytes, pcd_bytes, ptx_bytes, surface
from sequences import INTRINSICS, image, json_content, log_text, picture, poses_of, seven_scenes, tum

from pcfilter_lib import data
from pcfilter_lib.data import AmbiguousUnitWarning, LostTrackingWarning, OrganizedScan, find_views, save_scan
from pcfilter_lib.errors import InputError


def quiet(*arguments, **options):
    """Find views, and let no warning pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return find_views(*arguments, **options)


def check(views, poses, atol=1e-12):
    assert len(views) == len(poses)
    for view, pose in zip(views, poses, strict=True):
        np.testing.assert_allclose(view.pose, pose, rtol=0, atol=atol)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scan = view.load()
        assert isinstance(scan, OrganizedScan) and np.array_equal(scan.pose, view.pose)
    return scan


def test_seven_scenes(tmp_path):
    poses = seven_scenes(tmp_path)
    scan = check(quiet(tmp_path, depth_scale=1000), poses)
    assert scan.intrinsics.tolist() == INTRINSICS and scan.depth[0, 0] == np.float32(0.503)
    # Files by themselves, in the order that they are given in, and a camera of the caller's.
    chosen = [tmp_path / f"frame-00000{number}.depth.png" for number in (3, 1)]
    scan = check(quiet(chosen, intrinsics=np.diag([50.0, 50, 1]), unit="mm"), [poses[3], poses[1]])
    assert scan.intrinsics[0, 0] == 50
    assert "frame-000003.depth.png" in repr(quiet(chosen, unit="mm")[0])


def test_names_are_ordered_by_their_numbers(tmp_path):
    poses = seven_scenes(tmp_path, 11, names="{}")
    views = quiet(tmp_path, unit="mm")
    assert [view.path.name for view in views] == [f"{number}.depth.png" for number in range(11)]
    check(views, poses)


def test_nothing_is_loaded_before_it_is_needed(tmp_path, monkeypatch):
    seven_scenes(tmp_path)
    monkeypatch.setattr("pcfilter_lib.data.views.depth_sequence.load_scan", None)
    monkeypatch.setattr("pcfilter_lib.data.formats.depth_images.read", None)
    assert len(quiet(tmp_path, unit="mm")) == 4


def test_the_unit_is_guessed_once_and_the_caller_is_warned(tmp_path):
    poses = seven_scenes(tmp_path)
    with pytest.warns(AmbiguousUnitWarning, match="taken as millimetres.*taken for all 4 views") as caught:
        views = find_views(tmp_path)
    assert [w.filename for w in caught] == [__file__]
    assert check(views, poses).depth[0, 0] == np.float32(0.503)
    for number in range(4):  # metres in floating-point numbers need no guess
        (tmp_path / f"frame-00000{number}.depth.png").unlink()
        image(tmp_path / f"frame-00000{number}.depth.tif", depth=0.7, dtype=np.float32)
    assert check(quiet(tmp_path), poses).depth[0, 0] == np.float32(0.7)


@pytest.mark.parametrize("word", ["nan", "-inf", "-1.#IND", "1.#QNAN"])
def test_lost_tracking(tmp_path, word):
    poses = seven_scenes(tmp_path)
    (tmp_path / "frame-000001.pose.txt").write_text("\n".join([" ".join([word] * 4)] * 4))
    with pytest.warns(LostTrackingWarning, match=f"{tmp_path.name}: 1 of 4 views were left out") as caught:
        views = find_views(tmp_path, unit="mm")
    assert [w.filename for w in caught] == [__file__]
    check(views, [poses[0], *poses[2:]])
    for number in range(4):
        (tmp_path / f"frame-00000{number}.pose.txt").write_text("\n".join([" ".join([word] * 4)] * 4))
    with pytest.raises(InputError, match="none of the poses of its 4 views is known"):
        find_views(tmp_path, unit="mm")


def test_tum(tmp_path):
    poses = tum(tmp_path)
    scan = check(quiet(tmp_path, intrinsics=INTRINSICS), poses)
    assert scan.depth[0, 0] == np.float32(5006 / 5000)
    views = quiet(tmp_path, intrinsics=INTRINSICS, depth_scale=1000)
    assert views[0].load().depth[0, 0] == 5 and np.diff([view.time for view in views]) == pytest.approx(0.1, abs=1e-5)
    # Another trajectory, and images that are named by their time.
    (tmp_path / "groundtruth.txt").rename(tmp_path / "slam.txt")
    check(quiet(tmp_path, poses=tmp_path / "slam.txt", intrinsics=INTRINSICS), poses)
    check(quiet(tmp_path / "depth", poses=tmp_path / "slam.txt", intrinsics=INTRINSICS, depth_scale=5000), poses)


@pytest.mark.parametrize("ahead", [0.0199, -0.0199])
def test_tum_takes_the_nearest_pose(tmp_path, ahead):
    check(quiet(tmp_path, intrinsics=INTRINSICS) if tum(tmp_path, ahead=ahead) else [], poses_of(8)[::2])


def test_tum_without_a_pose_near_enough(tmp_path):
    poses = tum(tmp_path)
    lines = (tmp_path / "groundtruth.txt").read_text().splitlines()
    (tmp_path / "groundtruth.txt").write_text("\n".join(lines[:2] + lines[4:]))  # the first two are gone
    with pytest.warns(LostTrackingWarning, match=r"groundtruth\.txt: 1 of 4 views were left out") as caught:
        views = find_views(tmp_path, intrinsics=INTRINSICS)
    assert [w.filename for w in caught] == [__file__]
    check(views, poses[1:])
    tum(tmp_path, ahead=0.021)
    with pytest.raises(InputError, match=r"groundtruth\.txt: no pose is within 0\.02 s of any of the 4 views"):
        find_views(tmp_path, intrinsics=INTRINSICS)


def test_trajectories_beside_a_folder(tmp_path):
    poses = poses_of(3)
    for number in range(3):
        image(tmp_path / "depth" / f"{number}.png")
    (tmp_path / "poses.log").write_text(log_text(poses))
    (tmp_path / "poses.json").write_text(json.dumps(json_content(poses)))
    for folder in (tmp_path, tmp_path / "depth"):
        check(quiet(folder, poses=tmp_path / "poses.log", intrinsics=INTRINSICS, unit="mm"), poses)
        scan = check(quiet(folder, poses=tmp_path / "poses.json", unit="mm"), poses)
        assert scan.intrinsics.tolist() == INTRINSICS, "those of the trajectory"
    check(quiet(tmp_path, poses=np.stack(poses), intrinsics=INTRINSICS, unit="mm"), poses)
    np.savetxt(tmp_path / "camera-intrinsics.txt", INTRINSICS)
    assert check(quiet(tmp_path, poses=poses, unit="mm"), poses).intrinsics.tolist() == INTRINSICS
    # Pictures are no depth images, whatever their names.
    for number in range(3):
        image(tmp_path / "flat" / f"{number}.png")
        picture(tmp_path / "flat" / f"{number}-colour.png")
    check(quiet(tmp_path / "flat", poses=poses, unit="mm"), poses)


@pytest.mark.parametrize("suffix", [".npz", ".pcd", ".ptx"])
def test_scans_that_carry_their_pose(tmp_path, suffix):
    poses = poses_of(3)
    for number, pose in enumerate(poses):
        save_scan(OrganizedScan(surface(seed=number), pose=pose), tmp_path / f"scan{number}{suffix}")
    check(quiet(tmp_path), poses, 1e-13)
    check(quiet(tmp_path, poses=poses[::-1]), poses[::-1])
    scan = check(quiet([tmp_path / f"scan{n}{suffix}" for n in (2, 0)], intrinsics=INTRINSICS), [poses[2], poses[0]])
    assert scan.intrinsics.tolist() == INTRINSICS
    millimetres = quiet(tmp_path, unit="mm")
    np.testing.assert_allclose(millimetres[0].pose[:3, 3], poses[0][:3, 3] / 1000, rtol=1e-12)
    assert np.allclose(millimetres[0].load().pose, millimetres[0].pose)


def test_scans_of_a_device(tmp_path):
    (tmp_path / "a.cogs").write_bytes(cogs_bytes(surface()))
    save_scan(OrganizedScan(surface(), pose=poses_of(1)[0]), tmp_path / "b.npz")
    first, second = quiet(tmp_path)
    assert first.pose[:3, 3].tolist() == [0.25, -0.5, 1.0] and first.load().offset is not None and second.load()


def test_the_unit_of_scans_is_guessed_once(tmp_path):
    head = b"VIEWPOINT 1 2 3 1 0 0 0"
    for number in range(3):
        content = pcd_bytes(surface() * 1000, "binary").replace(head, f"VIEWPOINT {number}00 0 0 1 0 0 0".encode())
        (tmp_path / f"{number}.pcd").write_bytes(content)
    with pytest.warns(AmbiguousUnitWarning, match="look like millimetres.*taken for all 3 views") as caught:
        views = find_views(tmp_path)
    assert [w.filename for w in caught] == [__file__]
    poses = [np.eye(4) + np.outer([number / 10, 0, 0, 0], [0, 0, 0, 1]) for number in range(3)]
    assert np.nanmax(check(views, poses).depth) < 1
    (tmp_path / "3.pcd").write_bytes(pcd_bytes(surface(), "binary"))
    with pytest.raises(InputError, match=r"3\.pcd: .*another unit than those of 0\.pcd.*unit='mm'"):
        find_views(tmp_path)


def broken(tmp_path, what):
    """Make a sequence, break it, and return what to find and how."""
    folder, options = tmp_path / "seq", {"unit": "mm"}
    folder.mkdir()
    pose = folder / "frame-000002.pose.txt"
    poses = [] if what.startswith(("tum", "scan", "empty")) else seven_scenes(folder)
    match what:
        case "missing pose":
            pose.unlink()
        case "singular":
            np.savetxt(pose, np.diag([1, 1, 0, 1]))
        case "left-handed":
            np.savetxt(pose, np.diag([1, 1, -1, 1]))
        case "scaled":
            np.savetxt(pose, np.diag([2, 2, 2, 1]))
        case "short pose":
            pose.write_text("1 0 0 0\n0 1 0 0\n")
        case "word in pose":
            pose.write_text("1 0 0 0\n0 1 x 0\n0 0 1 0\n0 0 0 1\n")
        case "another size":
            image(folder / "frame-000002.depth.png", rows=12, columns=16)
        case "another kind":
            image(folder / "frame-000009.depth.tif", dtype=np.float32)
        case "picture":
            picture(folder / "frame-000002.depth.png")
        case "one view":
            return folder / "frame-000002.depth.png", options
        case "same poses":
            for path in folder.glob("*.pose.txt"):
                np.savetxt(path, np.eye(4))
        case "no camera":
            (folder / "camera-intrinsics.txt").unlink()
        case "broken camera":
            (folder / "camera-intrinsics.txt").write_text("585 0 320\n")
        case "camera of another size":
            np.savetxt(folder / "camera-intrinsics.txt", [[585, 0, 320], [0, 585, 240], [0, 0, 1]])
        case "too few poses":
            (tmp_path / "a.log").write_text(log_text(poses[:3]))
            options["poses"] = tmp_path / "a.log"
        case "too many poses":
            options["poses"] = [*poses, poses[0]]
        case "poses of another shape":
            options["poses"] = np.zeros((4, 3, 4))
        case "bad pose given":
            options["poses"] = [*poses[:3], np.diag([1, 1, -1, 1])]
        case "images of another size in json":
            (tmp_path / "a.json").write_text(json.dumps(json_content(poses, (480, 640))))
            options["poses"] = tmp_path / "a.json"
        case "times of nothing":
            tum(tmp_path / "tum")
            options["poses"] = tmp_path / "tum" / "groundtruth.txt"
        case "tum without truth":
            tum(folder)
            (folder / "groundtruth.txt").unlink()
            options["intrinsics"] = INTRINSICS
        case "tum without image":
            tum(folder)
            next((folder / "depth").iterdir()).unlink()
        case "tum without camera":
            tum(folder)
        case "tum without images":
            (folder / "depth.txt").write_text("# nothing\n")
        case "empty" | "empty of scans":
            (folder / "notes.md").write_text("")
        case "mixed":
            save_scan(OrganizedScan(surface(), pose=np.eye(4)), tmp_path / "a.npz")
            return [folder, tmp_path / "a.npz"], options
        case "no such":
            return folder / "no", options
        case "format":
            return folder / "frame-000002.pose.txt", options
        case "nothing":
            return [], options
        case "both scales":
            options["depth_scale"] = 1000
        case "scan without pose":
            for number, pose in enumerate([*poses_of(2), None]):
                save_scan(OrganizedScan(surface(), pose=pose), folder / f"{number}.npz")
        case "scan that is scaled":
            for number in range(2):
                (folder / f"{number}.ptx").write_bytes(ptx_bytes(surface()).replace(b"0 0 1 0\n", b"0 0 2 0\n"))
        case "scans alike":
            for number in range(2):
                save_scan(OrganizedScan(surface(), pose=np.eye(4)), folder / f"{number}.npz")
        case "scans with depth_scale":
            save_scan(OrganizedScan(surface(), pose=np.eye(4)), folder / "a.npz")
            options = {"depth_scale": 1000}
        case "scans of two sizes":
            for number, pose in enumerate(poses_of(2)):
                save_scan(OrganizedScan(surface(6 + number, 8), pose=pose), folder / f"{number}.npz")
            options["intrinsics"] = INTRINSICS
        case "scan without points":
            np.savez(folder / "a.npz", pose=np.eye(4))
        case "scan that is no archive":
            (folder / "a.npz").write_bytes(b"PK")
        case _:
            raise AssertionError(what)
    return folder, options


@pytest.mark.parametrize(
    ("what", "source", "place", "problem", "remedy"),
    [
        ("missing pose", "frame-000002.depth.png", "", "no frame-000002.pose.txt beside it", "poses='trajectory.log'"),
        ("singular", "frame-000002.pose.txt", "pose", "singular", "[[R, t], [0, 0, 0, 1]]"),
        ("left-handed", "frame-000002.pose.txt", "pose", "left-handed", "negate the axis"),
        ("scaled", "frame-000002.pose.txt", "pose", "scales or shears", "[[R, t], [0, 0, 0, 1]]"),
        ("short pose", "frame-000002.pose.txt", "line 1", "2 rows of a matrix", "4 rows of 4 numbers"),
        ("word in pose", "frame-000002.pose.txt", "line 2", "'x' is no number", "4 rows of 4 numbers"),
        ("another size", "frame-000002.depth.png", "", "12 x 16 pixels", "each camera by themselves"),
        ("another kind", "frame-000009.depth.tif", "", "pixels of float32", "each camera by themselves"),
        ("picture", "frame-000002.depth.png", "", "no depth image", "not the picture"),
        ("one view", "frame-000002.depth.png", "", "the only view", "two views or more"),
        ("same poses", "frame-000000.depth.png", "", "all 4 views have exactly the same pose", "register_views"),
        ("no camera", "frame-000000.depth.png", "", "no camera-intrinsics.txt", "intrinsics=[[585"),
        ("broken camera", "camera-intrinsics.txt", "line 1", "1 rows of a matrix", "3 rows of 3"),
        ("camera of another size", "camera-intrinsics.txt", "", "(320, 240) lies outside", "at their size"),
        ("too few poses", "a.log", "", "3 poses, and there are 4 views", "one pose for each view"),
        ("too many poses", "poses", "", "5 poses, and there are 4 views", "one pose for each view"),
        ("poses of another shape", "poses", "", "(4, 3, 4), not (N, 4, 4)", "4 x 4 matrix"),
        ("bad pose given", "poses", "pose 3", "left-handed", "negate the axis"),
        ("images of another size in json", "a.json", "", "480 x 640 pixels", "of the depth images"),
        ("times of nothing", "groundtruth.txt", "", "does not say its own", "name the images by their time"),
        ("tum without truth", "seq", "", "no groundtruth.txt", "poses='trajectory.txt'"),
        ("tum without image", "depth.txt", "line", "there is no file", "unpack the sequence again"),
        ("tum without camera", ".png", "", "does not say what its camera was", "intrinsics=[[585"),
        ("tum without images", "depth.txt", "", "it lists no depth images", "unpack the sequence again"),
        ("empty", "seq", "", "no depth images and no scans", "groundtruth.txt"),
        ("mixed", "a.npz", "", "mixed", "by themselves"),
        ("no such", "no", "", "no such file or folder", "check the path"),
        ("format", "frame-000002.pose.txt", "", ".txt is no format of a view", ".npz"),
        ("nothing", "paths", "", "there are no files", "give a folder of views"),
        ("both scales", "depth_scale", "", "the same as unit", "one of the two"),
        ("scan without pose", "2.npz", "", "carries no pose", "register_views"),
        ("scan that is scaled", "0.ptx", "", "no rotation and translation", "poses='trajectory.log'"),
        ("scans alike", "0.npz", "", "all 2 views have exactly the same pose", "register_views"),
        ("scans with depth_scale", "depth_scale", "", "no depth images", "unit='mm'"),
        ("scans of two sizes", "1.npz", "", "7 x 8 pixels", "leave the intrinsics out"),
        ("scan without points", "a.npz", "", "no points xyz", "savez_compressed"),
        ("scan that is no archive", "a.npz", "", "no points xyz", "savez_compressed"),
    ],
)
def test_what_is_refused(tmp_path, what, source, place, problem, remedy):
    paths, options = broken(tmp_path, what)
    with pytest.raises(InputError) as caught:
        find_views(paths, **options)
    error = caught.value
    assert error.source.endswith(source) and error.place.startswith(place) and bool(error.place) == bool(place)
    assert problem in error.problem and remedy in error.remedy


def test_a_view_is_saved_like_any_scan(tmp_path):
    poses = seven_scenes(tmp_path)
    scan = find_views(tmp_path, unit="mm")[1].load()
    save_scan(scan, tmp_path / "a.npz")
    assert np.array_equal(data.load_scan(tmp_path / "a.npz").pose, poses[1])
    with pytest.warns(data.ConversionWarning, match="pose"):
        save_scan(scan, tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes() == (tmp_path / "frame-000001.depth.png").read_bytes()
    with pytest.raises(dataclasses.FrozenInstanceError):
        find_views(tmp_path, unit="mm")[0].pose = np.eye(4)


@pytest.mark.skipif(not (REAL / "kinect").is_dir(), reason="no folder of real data here")
def test_the_real_kinect():
    with pytest.warns(AmbiguousUnitWarning) as caught:
        views = find_views(REAL / "kinect")
    assert len(caught) == 1 and len(views) == 200
    scan = views[0].load()
    assert scan.shape == (480, 640) and 0.5 < np.nanmedian(scan.depth) < 4 and scan.intrinsics[0, 0] == 585
