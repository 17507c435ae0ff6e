"""Small sequences in the layouts of known data sets, written byte by byte."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from pcfilter_lib.data._poses import pose_from

INTRINSICS = [[40.0, 0.0, 3.5], [0.0, 42.0, 2.5], [0.0, 0.0, 1.0]]


def poses_of(count: int, seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    turns = Rotation.random(count, random_state=seed).as_matrix()
    return [pose_from(turn, generator.normal(0, 1, 3)) for turn in turns]


def image(path, rows=6, columns=8, depth=500, dtype=np.uint16):
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((rows, columns), depth, dtype)).save(path)


def picture(path):
    from PIL import Image

    Image.fromarray(np.full((6, 8, 3), 99, np.uint8)).save(path)


def seven_scenes(folder, count=4, camera=True, names="frame-{:06}"):
    """Depth, colour and pose of each frame, and the camera."""
    poses = poses_of(count)
    for number, pose in enumerate(poses):
        name = names.format(number)
        image(folder / f"{name}.depth.png", depth=500 + number)
        picture(folder / f"{name}.color.png")
        np.savetxt(folder / f"{name}.pose.txt", pose)
    if camera:
        np.savetxt(folder / "camera-intrinsics.txt", INTRINSICS)
    return poses


def quaternion(pose):
    return " ".join(map(repr, Rotation.from_matrix(pose[:3, :3]).as_quat().tolist()))  # x y z w


def tum(folder, count=4, ahead=0.005):
    """Depth images at 10 Hz, and poses a little ahead of them, with one pose in between that belongs to no image."""
    poses = poses_of(2 * count)
    truth, listing = ["# ground truth", "# timestamp tx ty tz qx qy qz qw"], ["# depth"]
    for number, pose in enumerate(poses):
        time = 1305031102.1 + 0.05 * number
        place = " ".join(map(repr, pose[:3, 3].tolist()))
        truth.append(f"{time + ahead:.4f} {place} {quaternion(pose)}")
        if number % 2 == 0:
            image(folder / "depth" / f"{time:.6f}.png", depth=5000 + number)
            listing.append(f"{time:.6f} depth/{time:.6f}.png")
    (folder / "groundtruth.txt").write_text("\n".join(truth) + "\n")
    (folder / "depth.txt").write_text("\n".join([listing[0], *reversed(listing[1:])]) + "\n")
    return poses[::2]


def log_text(poses):
    rows = []
    for number, pose in enumerate(poses):
        rows += [f"{number} {number} {number + 1}", *(" ".join(map(repr, row)) for row in pose.tolist())]
    return "\n".join(rows) + "\n"


def json_content(poses, shape=(6, 8)):
    def camera(pose):
        intrinsic = {"height": shape[0], "width": shape[1], "intrinsic_matrix": np.array(INTRINSICS).T.ravel().tolist()}
        return {"extrinsic": np.linalg.inv(pose).T.ravel().tolist(), "intrinsic": intrinsic}

    return {"class_name": "PinholeCameraTrajectory", "parameters": [camera(pose) for pose in poses]}
