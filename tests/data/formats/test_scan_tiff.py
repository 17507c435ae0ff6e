import io
import struct

import numpy as np
import pytest
import tifffile
from fuzz import assert_survives
from PIL import Image
from scan_files import INTRINSICS, depth_image

from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError

CAMERA = {"intrinsics": INTRINSICS, "unit": "mm"}
OPTIONS = [
    {},
    {"rowsperstrip": 4},
    {"tile": (16, 16)},
    {"byteorder": ">"},
    {"bigtiff": True},
    {"compression": "zlib"},
    {"compression": "zlib", "rowsperstrip": 4, "byteorder": ">"},
    {"compression": "zlib", "tile": (16, 16), "bigtiff": True},
    {"compression": "zlib", "predictor": 2, "rowsperstrip": 4},
]
# A predictor for floating-point numbers is written by another package only.
CASES = [(k, o) for k in ("uint16", "float32", "float64") for o in OPTIONS if k == "uint16" or "predictor" not in o]


def image_of(kind: str) -> np.ndarray:
    return np.tile(depth_image(kind), (4, 5))  # 24 x 40: more than one tile


def tiff_bytes(kind: str, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, image_of(kind), metadata=None, description="depth of a cup", resolution=(3, 4), **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind, options", CASES)
def test_pixels_and_tags_stay(tmp_path, kind, options):
    (tmp_path / "a.tif").write_bytes(tiff_bytes(kind, **options))
    scan = load_scan(tmp_path / "a.tif", **CAMERA)
    mask = np.random.default_rng(0).random(scan.shape) < 0.3
    save_scan(scan.with_points_removed(mask), tmp_path / "b.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as before, tifffile.TiffFile(tmp_path / "b.tif") as after:
        image = after.asarray()
        assert image.dtype == kind and np.array_equal(image, np.where(mask, 0, image_of(kind)))
        assert after.byteorder == before.byteorder and after.is_bigtiff == before.is_bigtiff
        old = {tag.name: tag.value for tag in before.pages.first.tags}
        new = {tag.name: tag.value for tag in after.pages.first.tags}
        assert set(old) == set(new)
        assert {n for n in old if old[n] != new[n]} <= {
            "StripOffsets",
            "StripByteCounts",
            "TileOffsets",
            "TileByteCounts",
        }
        assert new["ImageDescription"] == "depth of a cup"


@pytest.mark.parametrize("codec", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_codecs_that_libtiff_reads(tmp_path, codec, kind):
    Image.fromarray(image_of(kind)).save(tmp_path / "a.tif", compression=codec, tiffinfo={270: "a cup"})
    scan = load_scan(tmp_path / "a.tif", **CAMERA)
    assert np.array_equal(scan.valid, image_of(kind) > 0)
    mask = np.random.default_rng(0).random(scan.shape) < 0.3
    save_scan(scan.with_points_removed(mask), tmp_path / "b.tif")
    with Image.open(tmp_path / "b.tif") as after:
        assert np.array_equal(np.asarray(after), np.where(mask, 0, image_of(kind)))
        assert after.tag_v2[270] == "a cup"


@pytest.mark.parametrize("sign", [np.nan, -1.0, 0.0])
def test_its_own_sign_for_no_point(tmp_path, sign):
    image = np.where(image_of("float32") == 0, np.float32(sign), image_of("float32"))
    tifffile.imwrite(tmp_path / "a.tif", image)
    scan = load_scan(tmp_path / "a.tif", **CAMERA)
    assert np.array_equal(scan.valid, image > 0)
    save_scan(scan.keep(np.zeros(scan.shape, bool)), tmp_path / "b.tif")
    assert np.array_equal(tifffile.imread(tmp_path / "b.tif"), np.full(image.shape, sign), equal_nan=True)


def classic(*tags: tuple[int, int, int, int], rest: bytes = b"", next_page: int = 0) -> bytes:
    """A little-endian TIFF of these tags: number, type, count, value."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", next_page) + rest


def depth_tags(rows: int, columns: int, offset: int = 200, count: int = 96, strip: int = 6) -> list:
    tags = {256: columns, 257: rows, 258: 16, 259: 1, 262: 1, 273: offset, 277: 1, 278: strip, 279: count}
    return [(number, 4, 1, value) for number, value in tags.items()]


@pytest.mark.parametrize("next_page", [0, 8])
def test_a_file_made_by_hand_loads(tmp_path, next_page):
    content = classic(*depth_tags(6, 8), rest=bytes(400), next_page=next_page)  # 8: the page itself, for ever
    (tmp_path / "a.tif").write_bytes(content)
    assert load_scan(tmp_path / "a.tif", **CAMERA).shape == (6, 8)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "cannot be decoded"),
        (b"II*\0" + bytes(4), "images|decoded"),
        (classic(*depth_tags(30_000, 30_000), rest=bytes(400)), "claims 30000 x 30000"),
        (classic(*depth_tags(2**32 - 1, 2**32 - 1), rest=bytes(400)), "claims 4294967295 x 4294967295"),
        (classic(*depth_tags(6, 8, count=2**32 - 1), rest=bytes(400)), "outside the file or is too short"),
        (classic(*depth_tags(6, 8, offset=2**31), rest=bytes(400)), "outside the file or is too short"),
        (classic(*depth_tags(6, 8, count=50), rest=bytes(400)), "outside the file or is too short"),
        (classic(*depth_tags(6, 8, strip=2), rest=bytes(400)), "1 strips or tiles, and 3 are needed"),
        (classic(*depth_tags(6, 8), rest=bytes(500), next_page=130), "it holds 2 images"),
    ],
)
def test_what_is_refused(tmp_path, content, words):
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(InputError, match=words):
        load_scan(tmp_path / "a.tif", **CAMERA)


def test_huge_tiles_are_refused(tmp_path):
    tags = [t for t in depth_tags(6, 8) if t[0] not in (273, 278, 279)]
    tags += [(322, 4, 1, 2**30), (323, 4, 1, 2**30), (324, 4, 1, 200), (325, 4, 1, 96)]
    tags = [(n, k, c, 8 if n == 259 else v) for n, k, c, v in tags]
    (tmp_path / "a.tif").write_bytes(classic(*tags, rest=bytes(400)))
    with pytest.raises(InputError, match="claims 6 x 8 pixels"):
        load_scan(tmp_path / "a.tif", **CAMERA)


def test_other_images_are_refused(tmp_path):
    for image in (np.zeros((6, 8), np.uint8), np.zeros((6, 8, 3), np.uint16), np.zeros((6, 8), np.complex64)):
        tifffile.imwrite(tmp_path / "a.tif", image)
        with pytest.raises(InputError, match="a depth image has one of uint16"):
            load_scan(tmp_path / "a.tif", **CAMERA)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 6, 8), np.uint16), photometric="minisblack")
    with pytest.raises(InputError, match="it holds 3 images"):
        load_scan(tmp_path / "a.tif", **CAMERA)


@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_mutated_files(kind):
    small = []
    for options in ({}, {"compression": "zlib"}, {"compression": "zlib", "tile": (16, 16)}, {"rowsperstrip": 2}):
        stream = io.BytesIO()
        tifffile.imwrite(stream, depth_image(kind), metadata=None, **options)
        small.append(stream.getvalue())
    stream = io.BytesIO()
    Image.fromarray(depth_image(kind)).save(stream, "TIFF", compression="tiff_lzw")
    assert_survives(
        "pcfilter_lib.data.scan_io:load_scan",
        [*small, stream.getvalue()],
        ".tif",
        keywords={"intrinsics": INTRINSICS, "unit": "mm"},
        check="scan_files:check_scan",
    )
