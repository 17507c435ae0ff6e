"""Small organised scans, and the files that scanners would write of them, made here byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np

INTRINSICS = [[40.0, 0.0, 3.5], [0.0, 42.0, 2.5], [0.0, 0.0, 1.0]]


def surface(rows: int = 6, columns: int = 8, seed: int = 0, holes: bool = True) -> np.ndarray:
    """Points of a wavy surface half a metre away, in metres, NaN at about a fifth of the pixels."""
    rng = np.random.default_rng(seed)
    row, column = np.indices((rows, columns))
    z = 0.5 + 0.01 * np.sin(row) + 0.002 * column
    xyz = np.stack([(column - 3.5) / 40 * z, (row - 2.5) / 42 * z, z], axis=-1).astype(np.float32)
    if holes:
        xyz[rng.random((rows, columns)) < 0.2] = np.nan
        xyz[0, 1], xyz[0, 0], xyz[1, 2] = np.nan, (-0.04, -0.03, 0.5), (0.1, 0.2, 0.5)
    return xyz


def depth_image(kind: str = "uint16") -> np.ndarray:
    depth = np.nan_to_num(surface(), nan=0.0)[..., 2]
    return np.rint(depth * 1000).astype(np.uint16) if kind == "uint16" else depth.astype(kind)


def npz_bytes(packed: bool = True, **arrays) -> bytes:
    stream = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(stream, **arrays)
    return stream.getvalue()


def pcd_bytes(xyz: np.ndarray, encoding: str = "ascii") -> bytes:
    """An organised PCD as the Point Cloud Library writes it, with packed colours and a padding field."""
    rows, columns = xyz.shape[:2]
    head = (
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x y z rgb intensity _\nSIZE 4 4 4 4 4 1\n"
        f"TYPE F F F U F U\nCOUNT 1 1 1 1 1 3\nWIDTH {columns}\nHEIGHT {rows}\nVIEWPOINT 1 2 3 1 0 0 0\n"
        f"POINTS {rows * columns}\nDATA {encoding}\n"
    ).encode()
    kinds = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4"), ("intensity", "<f4"), ("_", "u1", 3)]
    points = np.zeros(rows * columns, dtype=kinds)
    for i, axis in enumerate("xyz"):
        points[axis] = xyz[..., i].reshape(-1)
    points["rgb"] = np.arange(len(points)) * 65793
    points["intensity"] = np.arange(len(points)) / 8
    points["_"] = 7
    if encoding == "ascii":
        lines = [
            f"{p['x']:.9g}  {p['y']:.9g} {p['z']:.9g} {p['rgb']} {p['intensity']:.3f} 7 7 7" for p in points
        ]  # two spaces and fixed digits: what a rewritten line would lose
        return head + "\n".join(lines).encode() + b"\n"
    if encoding == "binary":
        return head + points.tobytes()
    from pcfilter_lib.data.formats import lzf

    raw = b"".join(points[name].tobytes() for name in points.dtype.names)
    packed = lzf.compress(raw)
    return head + struct.pack("<II", len(packed), len(raw)) + packed


def ply_bytes(xyz: np.ndarray, encoding: str = "ascii", told: bool = True, faces: str = "") -> bytes:
    """One vertex per pixel, with colours."""
    rows, columns = xyz.shape[:2]
    told_lines = f"obj_info num_cols {columns}\nobj_info num_rows {rows}\n" if told else ""
    face_lines = f"element face {len(faces.splitlines())}\nproperty list uchar int vertex_indices\n" if faces else ""
    head = (
        f"ply\nformat {encoding} 1.0\ncomment a scanner wrote this\n{told_lines}element vertex {rows * columns}\n"
        "property float x\nproperty float y\nproperty float z\nproperty uchar red\nproperty float intensity\n"
        f"{face_lines}end_header\n"
    ).encode()
    flat = xyz.reshape(-1, 3)
    if encoding == "ascii":
        lines = [f"{x:.9g} {y:.9g} {z:.9g} {i % 256} {i / 8:.3f}" for i, (x, y, z) in enumerate(flat.tolist())]
        return head + ("\n".join(lines) + "\n" + faces).encode()
    order = "<" if "little" in encoding else ">"
    vertices = np.zeros(len(flat), [(n, order + "f4") for n in "xyz"] + [("red", "u1"), ("intensity", order + "f4")])
    for i, axis in enumerate("xyz"):
        vertices[axis] = flat[:, i]
    vertices["red"], vertices["intensity"] = np.arange(len(flat)) % 256, np.arange(len(flat)) / 8
    return head + vertices.tobytes()


def range_grid_bytes(xyz: np.ndarray, binary: bool = False) -> bytes:
    """A Stanford range grid: measured vertices only, and a list that says to which pixel each belongs."""
    rows, columns = xyz.shape[:2]
    measured = np.isfinite(xyz).all(axis=2).reshape(-1)
    vertices = xyz.reshape(-1, 3)[measured]
    head = (
        f"ply\nformat {'binary_big_endian' if binary else 'ascii'} 1.0\nobj_info is_mesh 0\n"
        f"obj_info num_cols {columns}\nobj_info num_rows {rows}\nelement vertex {len(vertices)}\nproperty float x\n"
        f"property float y\nproperty float z\nproperty float confidence\nelement range_grid {rows * columns}\n"
        "property list uchar int vertex_indices\nend_header\n"
    ).encode()
    number = np.cumsum(measured) - 1
    if binary:
        body = b"".join(struct.pack(">4f", *v, i / 8) for i, v in enumerate(vertices.tolist()))
        return (
            head
            + body
            + b"".join(struct.pack(">Bi", 1, n) if there else b"\0" for n, there in zip(number, measured, strict=True))
        )
    lines = [f"{x:.9g} {y:.9g} {z:.9g} {i / 8}" for i, (x, y, z) in enumerate(vertices.tolist())]
    lines += [f"1 {n}" if there else "0" for n, there in zip(number, measured, strict=True)]
    return head + ("\n".join(lines) + "\n").encode()


def ptx_bytes(xyz: np.ndarray, colours: bool = True, newline: str = "\n", nothing: str = "0 0 0 0.500000") -> bytes:
    rows, columns = xyz.shape[:2]
    lines = [str(columns), str(rows), "1.5 2 3", "1 0 0", "0 1 0", "0 0 1"]
    lines += ["1 0 0 0", "0 1 0 0", "0 0 1 0", "1.5 2 3 1"]
    for column in range(columns):
        for row in range(rows):
            x, y, z = xyz[row, column].tolist()
            shade = f" {row} {column} 200" if colours else ""
            if np.isfinite(x):
                lines.append(f"{x:.9f} {y:.9f}  {z:.9f} {row / 16:.6f}{shade}")
            else:
                lines.append(nothing + (" 0 0 0" if colours else ""))
    return (newline.join(lines) + newline).encode()


def png_bytes(image: np.ndarray, extra: bytes = b"") -> bytes:
    """A PNG with an unknown chunk and a comment, as cameras add them."""
    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in image)
    head = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 16, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"tEXt", b"Comment\0depth"), (b"caNv", b"abc"), (b"IDAT", zlib.compress(lines)[:40])]
    chunks += [(b"IDAT", zlib.compress(lines)[40:]), (b"tIME", bytes(7)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks) + extra


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def cogs_bytes(
    xyz: np.ndarray, start: tuple[int, int] = (5, 3), sensor: tuple[int, int] = (64, 32), seed: int = 0
) -> bytes:
    """The container, with the camera turned and moved, and the points in an order of the device's own.

    Built from the description in shared/realdata/README.md, apart from the library.
    """
    measured = np.isfinite(xyz).all(axis=2)
    row, column = np.nonzero(measured)
    order = np.random.default_rng(seed).permutation(len(row))
    row, column = row[order], column[order]
    points = xyz[row, column].astype(np.float64) * [1, -1, -1]
    basis = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    centre = np.array([0.25, -0.5, 1.0])
    positions = points @ basis + centre  # q = (P - C) R^T, turned round
    normals = np.tile([0.0, 0.0, 1.0], (len(points), 1)) @ basis
    arrays = [positions, normals, (row * 8 + column)[:, None] / 64]
    head = struct.pack("<IQ", len(points), 3)
    for name, size in ((b"positions", 12), (b"normals", 12), (b"intensities", 4)):
        head += struct.pack("<I", len(name)) + name + struct.pack("<IQ", 2 if size == 12 else 1, size)
    cloud = head + b"".join(a.astype("<f4").tobytes() for a in arrays)
    scan = (
        struct.pack("<QIII", 0, len(points), *sensor) + basis.astype("<f4").tobytes() + centre.astype("<f4").tobytes()
    )
    scan += struct.pack("<4f", 40, 42, 3.5 + start[0], 2.5 + start[1]) + struct.pack(
        "<5f", 0.1, 0.02, 0.003, 0.0004, 5e-5
    )
    scan += np.stack([column + start[0], row + start[1]], axis=1).astype("<u4").tobytes()
    directory = struct.pack("<H", 2)
    for name, kind, at in ((b"PointCloudDataBlock", 0, 21), (b"ScanDataBlock", 1, 21 + len(cloud))):
        directory += struct.pack("<I", len(name)) + name + struct.pack("<BQ", kind, at)
    return b"COGS FILE\x00\x08\x00\x01" + struct.pack("<Q", 21 + len(cloud) + len(scan)) + cloud + scan + directory


# For the fuzz harness, which names functions as module:name.


def check_scan(scan) -> None:
    """Raise unless a loaded scan keeps the contract."""
    assert scan.xyz.dtype == np.float32 and scan.xyz.shape == (*scan.shape, 3)
    assert scan.valid.dtype == bool and scan.valid.shape == scan.shape
    assert np.isfinite(scan.xyz[scan.valid]).all() and np.isnan(scan.xyz[~scan.valid]).all()
    assert (scan.xyz[scan.valid] != 0).any(axis=1).all()
    assert scan.intensity is None or scan.intensity.shape == scan.shape
    assert scan.normals is None or scan.normals.shape == scan.xyz.shape
    repr(scan)


def npy_in_npz(data: bytes) -> bytes:
    """Wrap the bytes of a ``.npy`` array as ``xyz`` of an archive with a right checksum."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xyz.npy", data)
    return stream.getvalue()


def right_checksums(data: bytes) -> bytes:
    """Correct the checksums of a mutated PNG, so that the mutation reaches beyond them."""
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        length = struct.unpack_from(">I", out, at)[0]
        if at + 12 + length > len(out):
            break
        struct.pack_into(">I", out, at + 8 + length, zlib.crc32(out[at + 4 : at + 8 + length]))
        at += 12 + length
    return bytes(out)
