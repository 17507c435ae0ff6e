"""Walls whose panels differ in depth, and in stripes that are finer than a voxel."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data.voxels.grid import VoxelGrid
from pcfilter_lib.data.voxels.projection import voxel_pixels
from pcfilter_lib.synthesis.pictures.cameras import look_at
from pcfilter_lib.synthesis.scanner.geometry import Camera

PANEL_KINDS = (
    "thin, horizontal stripes",
    "thin, vertical stripes",
    "deep, horizontal stripes",
    "deep, vertical stripes",
)
VOXEL, SHAPE, PANELS = 0.1, (12, 4, 6), 4  # metres; voxels along x, y (into the wall) and z
PICTURE, STRIDE, VIEWS = (48, 96), 4, 3  # pixels; pixels to one of the feature map


def striped_walls(count: int, generator: np.random.Generator, pose_error: float = 0.0) -> dict[str, np.ndarray]:
    """Return walls of four panels each, their pictures, and which pixel shows which voxel.

    A panel is thin or deep, which its voxels show, and has horizontal or vertical stripes with a period of 4 to 6 cm,
    which voxels of 10 cm do not show. Brightness, contrast of the stripes and their phase are independent of the kind.
    Each tile of 10 cm has a brightness of its own as well; without it, the mean colours of voxels would vary more
    across the stripes than along them.

    Parameters
    ----------
    count : int
        How many walls.
    generator : numpy.random.Generator
        Draws panels, stripes, and where the cameras are.
    pose_error : float, default 0
        Standard deviation, in metres, by which each camera's position along the wall is known wrongly.

    Returns
    -------
    dict of numpy.ndarray
        `occupied` (N, 12, 4, 6), bool; `colour` (N, 12, 4, 6), mean brightness of the pixels that show a voxel, 0 where
        there is none; `pictures` (N, 3, 48, 96, 1); `pixels` (N, 12, 4, 6, 3), int32, for feature maps of 12 x 24, see
        :func:`pcfilter_lib.data.voxel_pixels`; `labels` (N, 12, 4, 6), the place in `PANEL_KINDS` for the voxels of the
        front, -1 for all others.

    Raises
    ------
    InputError
        If the count is not positive.
    """
    walls = [_wall(generator, pose_error) for _ in range(whole_number("striped_walls", "count", count))]
    return {name: np.stack([wall[name] for wall in walls]) for name in walls[0]}


def _wall(generator: np.random.Generator, pose_error: float) -> dict[str, np.ndarray]:
    deep, vertical = generator.integers(2, size=(2, PANELS))
    wide = SHAPE[0] // PANELS
    occupied, labels = np.zeros(SHAPE, bool), np.full(SHAPE, -1)
    for panel in range(PANELS):
        here = slice(wide * panel, wide * (panel + 1))
        occupied[here, : 1 + 2 * deep[panel]] = True
        labels[here, 0] = 2 * deep[panel] + vertical[panel]
    stripes = {
        "vertical": vertical,
        "tone": generator.uniform(0.35, 0.65, PANELS),
        "phase": generator.uniform(0, 1, PANELS),
        "period": generator.uniform(0.04, 0.06, PANELS),
        "tile": generator.normal(0, 0.1, (SHAPE[0], SHAPE[2])),
    }
    spots = np.stack([np.array([-0.4, 0, 0.4]) + generator.uniform(-0.1, 0.1, VIEWS), np.full(VIEWS, -1.3),
                      generator.uniform(-0.15, 0.15, VIEWS)], axis=1)  # fmt: skip
    cameras = [look_at(spot, size=PICTURE, field_of_view=26) for spot in spots]
    seen = [_picture(camera, stripes) for camera in cameras]
    pictures, depth = (np.stack([one[part] for one in seen]) for part in (0, 1))
    total, shown = np.zeros((2, SHAPE[0], SHAPE[2]))
    for grey, far, cells in seen:
        np.add.at(total, tuple(cells), grey[~np.isnan(far)])
        np.add.at(shown, tuple(cells), 1)
    colour = np.zeros(SHAPE)
    colour[:, 0] = total / np.maximum(shown, 1)
    poses = np.stack([camera.pose for camera in cameras])
    if pose_error:
        poses[:, 0, 3] += generator.normal(0, pose_error, VIEWS)
    pixels = voxel_pixels(
        VoxelGrid(np.zeros(SHAPE, bool), (-VOXEL * SHAPE[0] / 2, 0, -VOXEL * SHAPE[2] / 2), VOXEL),
        depth, np.stack([camera.intrinsics for camera in cameras]), poses,
        behind=0.6, in_front=0.6, size=(PICTURE[0] // STRIDE, PICTURE[1] // STRIDE),
    )  # fmt: skip
    return {"occupied": occupied, "colour": colour, "pictures": pictures[..., None], "pixels": pixels, "labels": labels}


def _picture(camera: Camera, stripes: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return brightness and depth of each pixel, and the voxel along x and z that each pixel of the wall shows."""
    start, rays = camera.to_world[:3, 3], camera.rays @ camera.pose[:3, :3]
    depth = -start[1] / rays[..., 1]  # where the ray meets the plane y = 0
    x, _, z = np.moveaxis(start + depth[..., None] * rays, -1, 0)
    half = VOXEL * SHAPE[0] / 2, VOXEL * SHAPE[2] / 2
    on = (np.abs(x) < half[0]) & (np.abs(z) < half[1])
    panel = np.clip((x + half[0]) // (VOXEL * SHAPE[0] / PANELS), 0, PANELS - 1).astype(int)
    along = np.where(stripes["vertical"][panel] == 1, x, z)
    wave = np.sin(2 * np.pi * (along / stripes["period"][panel] + stripes["phase"][panel]))
    cells = np.stack([(x[on] + half[0]) // VOXEL, (z[on] + half[1]) // VOXEL]).astype(int)
    grey = np.where(on, stripes["tone"][panel] + 0.3 * np.sign(wave), 0)
    grey[on] += stripes["tile"][tuple(cells)]
    return grey.astype(np.float32), np.where(on, depth, np.nan).astype(np.float32), cells
