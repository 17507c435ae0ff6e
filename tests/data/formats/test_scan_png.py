import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from fuzz import assert_survives
from PIL import Image
from scan_files import INTRINSICS, depth_image, png_bytes, right_checksums

from pcfilter_lib.data.formats import scan_png
from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError

CAMERA = {"intrinsics": INTRINSICS, "unit": "mm"}


def write(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    return path


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(rows: int, columns: int, packed: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", columns, rows, 16, 0, 0, 0, 0)
    packed = packed or zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_other_chunks_and_integers_stay(tmp_path):
    path = write(tmp_path, png_bytes(depth_image()))
    scan = load_scan(path, **CAMERA)
    save_scan(scan.keep(np.eye(6, 8) == 0), tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as picture:
        pixels = np.asarray(picture)
        assert picture.info["Comment"] == "depth"
    assert np.array_equal(pixels, np.where(np.eye(6, 8) == 0, depth_image(), 0))
    before, after = path.read_bytes(), (tmp_path / "b.png").read_bytes()
    for kind in (b"caNv", b"tIME", b"tEXt", b"IHDR"):
        at, there = before.index(kind), after.index(kind)
        assert before[at : at + 20].split(b"\0IDAT")[0][:7] == after[there : there + 20].split(b"\0IDAT")[0][:7]


def test_our_own_encoder_is_read_by_others(tmp_path):
    image = np.random.default_rng(0).integers(0, 65536, (37, 23)).astype(np.uint16)
    path = write(tmp_path, scan_png.encode(image))
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture), image)
    assert np.array_equal(scan_png.decode(path, path.read_bytes()), image)


def test_interlaced_images(tmp_path):
    # Adam7 of a 1 x 1 image is one pass: enough to see the flag go.
    content = bytearray(png_bytes(np.array([[700]], np.uint16)))
    content[8 + 8 + 12] = 1
    scan = load_scan(write(tmp_path, right_checksums(bytes(content))), **CAMERA)
    assert scan.valid.all()
    save_scan(scan.keep(np.zeros((1, 1), bool)), tmp_path / "b.png")
    assert load_scan(tmp_path / "b.png", **CAMERA).valid.sum() == 0


@pytest.mark.parametrize(
    "content, words",
    [
        (b"GIF89a", "does not begin like a PNG"),
        (png_bytes(depth_image())[:60], "ends within a chunk|claims"),
        (png_bytes(depth_image())[:-12], "without an IEND"),
        (png_bytes(depth_image()).replace(b"Comment", b"Commend"), "checksum"),
        (bomb(30_000, 30_000), "claims 30000 x 30000 pixels"),
        (bomb(4000, 4000), "claims 4000 x 4000 pixels"),
        (bomb(2**31 - 1, 2**31 - 1), "claims 2147483647 x 2147483647"),
        (bomb(0, 8), "claims 0 x 8"),
        (bomb(60, 80, zlib.compress(bytes(10_000))[:-12] + bytes(12)), "cannot be decoded"),
        (bomb(60, 80, zlib.compress(bytes(1000))), "cannot be decoded"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") + chunk(b"IEND", b""), "no IHDR"),
    ],
)
def test_what_is_refused(tmp_path, content, words):
    with pytest.raises(InputError, match=words):
        load_scan(write(tmp_path, content), **CAMERA)


def test_bombs_are_not_unpacked_and_take_no_memory(tmp_path, monkeypatch):
    def load(content, memory):
        path = write(tmp_path, content)
        tracemalloc.start()
        try:
            return load_scan(path, **CAMERA)
        except InputError:
            return None
        finally:
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert most < memory

    packed = zlib.compress(bytes(20_000 * 4001))
    with monkeypatch.context() as nothing_is_unpacked:
        nothing_is_unpacked.delattr(zlib, "decompressobj")
        assert load(bomb(2**31 - 1, 2**31 - 1), memory=20e6) is None
        assert load(bomb(20_000, 20_000, packed), memory=20e6) is None
    largest = load(bomb(4096, 4096, zlib.compress(bytes(4096 * 8193))), memory=500e6)
    assert largest.valid.sum() == 0


def test_a_picture_is_no_depth_image(tmp_path):
    for mode in ("L", "RGB", "P"):
        Image.new(mode, (8, 6)).save(tmp_path / "a.png")
        with pytest.raises(InputError, match="check that this is the depth image, not the picture"):
            load_scan(tmp_path / "a.png", **CAMERA)


def test_mutated_files():
    load, keywords = "pcfilter_lib.data.scan_io:load_scan", {"intrinsics": INTRINSICS, "unit": "mm"}
    seeds = [png_bytes(depth_image()), scan_png.encode(depth_image())]
    assert_survives(load, seeds, ".png", keywords=keywords, check="scan_files:check_scan")
    report = assert_survives(
        load, seeds, ".png", keywords=keywords, check="scan_files:check_scan", wrap="scan_files:right_checksums"
    )
    assert report["loaded"] > 20
