"""Make the small files that ship with the library (`pcfilter_lib/data/examples/`), byte for byte the same each time.

    mug.off         a mesh: a mug on its own, in millimetres, its header glued to its counts as in many ModelNet files
    mug.ply         a point cloud: 5,000 points on it, in millimetres
    mug_scan.npz    an organised scan of it on a table, in metres, with a label for each measured pixel
    mug_scan.pcd    the same points as an organised PCD, binary_compressed, NaN where there is none
    mug_depth.png   the same scan as a 16-bit depth image, 0.1 mm a step
    mug_camera.json the intrinsics that belong to it
    bin_scan.npz    a simulated structured-light scan of shiny parts in a bin, labelled, with the cause of each artefact
    board_scan.npz  the same of something like a graphics card before a void, seen from close by

The mug's scan is a small piece of geometry, not yet a simulated scanner: a pixel that sees an edge averages what it
sees on both sides, and a point that the projector cannot reach is a hole. That is enough for an honest label. The last
two come from `synthesis.simulate_scan`, which follows the light.

    python data_scripts/make_examples.py
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import open3d as o3d
from plyfile import PlyData, PlyElement

import pcfilter_lib
from pcfilter_lib import data, synthesis
from pcfilter_lib.data.formats.pcd import PcdFile, write_pcd

FOLDER = Path(pcfilter_lib.__file__).parent / "data" / "examples"

# The camera: 320x240 pixels, looking down at the table from 0.5 m; the projector stands 0.12 m to its right.
WIDTH, HEIGHT, FOCAL = 320, 240, 420.0
CAMERA = np.array([[FOCAL, 0, (WIDTH - 1) / 2], [0, FOCAL, (HEIGHT - 1) / 2], [0, 0, 1]])
TILT = np.deg2rad(40)  # how far the camera looks down
PROJECTOR = np.array([0.12, 0.0, 0.0])
FOOTPRINT = 4  # a pixel averages FOOTPRINT x FOOTPRINT rays
NOISE = 5e-5  # metres, one standard deviation along the ray
TOLERANCE = 1e-3  # metres: a measured point farther from the surface is an artefact

# The simulated scans: recipe and seed. Written out, so that the files stay the same when a preset changes.
BIN = synthesis.Recipe(
    support="bin", parts=8, part_size=0.062, area=0.3, bin_height=0.062,
    albedo=0.68, support_albedo=0.41, dark_albedo=0.032, glossy_share=0.8, specular=0.55, shininess=54,
    texture_contrast=0.36, texture_grain=0.0048,
    field_of_view=39, distance=0.64, elevation=72, azimuth=86, aim_error=0.009,
    camera_aperture=0.0022, focus_error=-0.09, baseline=0.21, projector_field_of_view=44, projector_aperture=0.003,
    projector_blur=0.75, calibration_error=0.03, ambient=0.06,
    exposure=1.2, full_well=15_000, read_noise=11, min_modulation=0.03, max_mismatch=0.34,
)  # fmt: skip
BOARD = synthesis.Recipe(
    support="none", parts=1, kinds=("board",), part_size=0.16,
    albedo=0.3, dark_share=0.6, dark_albedo=0.06, glossy_share=0.5, specular=0.18, shininess=240,
    texture_share=0.6, texture_contrast=0.33, texture_grain=0.0047,
    width=360, height=270, field_of_view=22, distance=0.5, elevation=44, azimuth=93, aim_error=0.023,
    camera_aperture=0.0053, focus_error=0.22, baseline=0.18, projector_field_of_view=38, projector_aperture=0.0035,
    projector_blur=0.9, calibration_error=0.01, ambient=0.007,
    exposure=2, full_well=11_500, read_noise=27, speckle=0.08, min_modulation=0.03, max_mismatch=0.33,
    tolerance=0.0005, footprint=4, gather_step=6,
)  # fmt: skip
SIMULATED = {"bin_scan.npz": (BIN, 6), "board_scan.npz": (BOARD, 9)}
KEPT = ("recipe", "seed", "scene", "cause", "object", "distance")


def revolve(profile: np.ndarray, segments: int) -> tuple[np.ndarray, list[list[int]]]:
    """Turn a profile of (radius, height) about the z axis: quadrilaterals between neighbouring circles."""
    angle = 2 * np.pi * np.arange(segments) / segments
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    vertices = np.concatenate([np.column_stack([r * circle, np.full(segments, z)]) for r, z in profile])
    faces = []
    for ring in range(len(profile) - 1):
        for s in range(segments):
            a, b = ring * segments + s, ring * segments + (s + 1) % segments
            faces.append([a, b, b + segments, a + segments])
    return vertices, faces


def handle(sections: int, segments: int) -> tuple[np.ndarray, list[list[int]]]:
    """Half a torus at the side of the mug."""
    along = np.linspace(-np.pi / 2, np.pi / 2, sections)
    around = 2 * np.pi * np.arange(segments) / segments
    ring = 24 + 5 * np.cos(around)
    x = 38 + np.outer(np.cos(along), ring)
    z = 47 + np.outer(np.sin(along), ring)
    y = np.tile(6 * np.sin(around), (sections, 1))
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    faces = []
    for section in range(sections - 1):
        for s in range(segments):
            a, b = section * segments + s, section * segments + (s + 1) % segments
            faces.append([a, a + segments, b + segments, b])
    return vertices, faces


def mug() -> tuple[np.ndarray, list[list[int]]]:
    """Return a mug of 95 mm in height, standing on z = 0: vertices in millimetres, quadrilateral faces."""
    profile = [
        (0.01, 0),
        (36, 0),
        (38, 2),
        (40, 30),
        (40, 93),
        (39, 95),
        (37, 95),
        (36, 93),
        (36, 8),
        (32, 5),
        (0.01, 5),
    ]
    body, body_faces = revolve(np.array(profile, float), 64)
    grip, grip_faces = handle(24, 16)
    return np.concatenate([body, grip]), body_faces + [[i + len(body) for i in face] for face in grip_faces]


def write_off(path: Path, vertices: np.ndarray, faces: list[list[int]]) -> None:
    """Write the mesh with the header that trips naive readers: `OFF` and the counts on one line, without a space."""
    lines = [f"OFF{len(vertices)} {len(faces)} 0"]
    lines += [" ".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in vertex) for vertex in vertices]
    lines += [" ".join(map(str, [len(face), *face])) for face in faces]
    path.write_text("\n".join(lines) + "\n")


def scene(mesh: data.Mesh) -> o3d.t.geometry.RaycastingScene:
    """Place the mug on a table in front of the camera (x right, y down, z forward, metres)."""
    down = np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]])
    stand = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # the mug's z axis is up; up is -y in the camera's frame
    turn = np.deg2rad(-35)
    spin = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    place = np.array([-0.01, 0.04, 0.42])
    vertices = (np.asarray(mesh.vertices) / 1000) @ (down @ stand @ spin).T + place
    table = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]]) * [0.35, 0, 0.35] @ down.T + place
    world = o3d.t.geometry.RaycastingScene()
    for points, triangles in ((vertices, mesh.faces), (table, [[0, 1, 2], [0, 2, 3]])):
        world.add_triangles(np.asarray(points, np.float32), np.asarray(triangles, np.uint32))
    return world


def scan(world: o3d.t.geometry.RaycastingScene) -> data.OrganizedScan:
    """Measure the scene, pixel by pixel."""
    offsets = (np.arange(FOOTPRINT) + 0.5) / FOOTPRINT - 0.5
    rows = (np.arange(HEIGHT)[:, None] + offsets).ravel()
    columns = (np.arange(WIDTH)[:, None] + offsets).ravel()
    v, u = np.meshgrid(rows, columns, indexing="ij")
    rays = np.stack([(u - CAMERA[0, 2]) / FOCAL, (v - CAMERA[1, 2]) / FOCAL, np.ones_like(u)], axis=-1)
    cast = world.cast_rays(np.concatenate([np.zeros_like(rays), rays], axis=-1).astype(np.float32))
    z = cast["t_hit"].numpy().astype(float)  # rays have z = 1: the hit parameter is the depth
    points = rays * np.where(np.isfinite(z), z, 0)[..., None]

    # What the projector cannot see, it cannot light: a ray towards it must be free.
    to_light = PROJECTOR - points
    start = points + 1e-4 * to_light
    blocked = world.test_occlusions(np.concatenate([start, to_light * 0.999], axis=-1).astype(np.float32)).numpy()
    lit = (
        (np.isfinite(z) & ~blocked)
        .reshape(HEIGHT, FOOTPRINT, WIDTH, FOOTPRINT)
        .swapaxes(1, 2)
        .reshape(HEIGHT, WIDTH, -1)
    )
    depth = np.where(np.isfinite(z), z, 0).reshape(HEIGHT, FOOTPRINT, WIDTH, FOOTPRINT).swapaxes(1, 2)
    depth = depth.reshape(HEIGHT, WIDTH, -1)

    # A pixel answers with the mean of what it sees lit; it needs half of its footprint.
    valid = lit.mean(axis=-1) >= 0.5
    mean = (depth * lit).sum(axis=-1) / np.maximum(lit.sum(axis=-1), 1)
    mean += NOISE * np.random.default_rng(0).normal(size=mean.shape)
    mean = np.round(mean * 1e4) / 1e4  # the depth image counts in 0.1 mm
    xyz = data.backproject(np.where(valid, mean, np.nan), CAMERA)
    distance = np.full(valid.shape, np.inf)
    distance[valid] = world.compute_distance(xyz[valid].astype(np.float32)).numpy()
    label = np.where(valid, (distance <= TOLERANCE).astype(np.uint8), 255).astype(np.uint8)
    return data.OrganizedScan(xyz=xyz.astype(np.float32), valid=valid, label=label, intrinsics=CAMERA)


def simulated(recipe: synthesis.Recipe, seed: int) -> data.OrganizedScan:
    """Simulate a scan, and keep of its extras what the book shows; the distance to a hundredth of a millimetre."""
    made = synthesis.simulate_scan(recipe, seed)
    extras = {name: made.extras[name] for name in KEPT}
    extras["distance"] = np.round(extras["distance"], 5)
    return dataclasses.replace(made, extras=extras)


def main(folder: Path = FOLDER) -> None:
    """Write the files."""
    folder.mkdir(exist_ok=True)
    write_off(folder / "mug.off", *mug())
    mesh = data.load_mesh(folder / "mug.off")

    points = data.sample_surface(mesh, 5000, seed=0)
    rows = np.array([tuple(p) for p in points.astype("<f4")], dtype=[(axis, "<f4") for axis in "xyz"])
    PlyData([PlyElement.describe(rows, "vertex")], byte_order="<").write(str(folder / "mug.ply"))

    measured = scan(scene(mesh))
    data.save_scan(measured, folder / "mug_scan.npz")
    records = np.ascontiguousarray(measured.xyz).view([(axis, "<f4") for axis in "xyz"]).ravel()
    write_pcd(PcdFile(records, ("x", "y", "z"), WIDTH, HEIGHT, data="binary_compressed"), folder / "mug_scan.pcd")
    steps = np.where(measured.valid, np.round(np.nan_to_num(measured.xyz[..., 2]) * 1e4), 0).astype(np.uint16)
    imageio.imwrite(folder / "mug_depth.png", steps)
    camera = {"width": WIDTH, "height": HEIGHT, "intrinsic_matrix": CAMERA.T.ravel().tolist()}  # column by column
    (folder / "mug_camera.json").write_text(json.dumps(camera, indent=1) + "\n")

    for name, (recipe, seed) in SIMULATED.items():
        data.save_scan(simulated(recipe, seed), folder / name)

    labels = measured.label[measured.valid]
    print(f"mug: {measured.valid.mean():.1%} of the pixels measured, {np.mean(labels == 0):.2%} of these artefacts")
    for file in sorted(folder.iterdir()):
        print(f"{file.name:16}{file.stat().st_size:9,} bytes")


if __name__ == "__main__":
    main()
