"""TIFF depth images: decoding with guards, and replacing pixels while every other tag stays.

TIFF is specified in *TIFF Revision 6.0* (Adobe, 1992); strips and tiles are its sections 3 and 15.
"""

from __future__ import annotations

import io
import os
import warnings
import zlib
from typing import Any

import numpy as np
import tifffile
from PIL import Image

from pcfilter_lib.data.formats.scan_png import MOST_PIXELS
from pcfilter_lib.errors import InputError

_MOST_GROWTH = 4096  # more than any of the codecs reaches
_NO_CODEC, _DEFLATE = 1, (8, 32946)
_CODEC, _PREDICTOR = 259, 317
_EXPORT_AGAIN = "export the image again"


def decode(path: str | os.PathLike, data: bytes) -> np.ndarray:
    """Return the pixels of a TIFF that holds one depth image.

    Parameters
    ----------
    path : str or os.PathLike
        The file, for messages.
    data : bytes
        Its content.

    Returns
    -------
    ndarray of uint16, float32 or float64, shape (H, W)
        The pixels.

    Raises
    ------
    InputError
        If the file is broken or is another kind of image.
    """
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tif:
            if len(tif.pages) != 1:
                raise InputError(path, "", f"it holds {len(tif.pages)} images", "save the depth image alone")
            page = tif.pages.first
            _check(path, page, data)
            if page.compression in (_NO_CODEC, *_DEFLATE):
                image = page.asarray(maxworkers=1)
            else:  # what tifffile leaves to another package, libtiff can
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # about tags that do not matter here
                    with Image.open(io.BytesIO(data), formats=["TIFF"]) as picture:
                        image = np.asarray(picture)
    except InputError:
        raise
    except Exception as error:  # a broken file can surface as nearly anything from inside the two readers
        raise InputError(path, "", f"it cannot be decoded ({str(error)[:120]})", _EXPORT_AGAIN) from None
    if image.shape != (page.imagelength, page.imagewidth) or image.dtype.kind not in "uf":
        raise InputError(path, "", f"its pixels decode to {image.dtype} of shape {image.shape}", _EXPORT_AGAIN)
    return image.astype(image.dtype.newbyteorder("="))


def _check(path: str | os.PathLike, page: Any, data: bytes) -> None:
    """Raise unless the page is one depth image whose claims fit the file."""
    kind = page.dtype or page.bitspersample
    if page.samplesperpixel != 1 or page.imagedepth != 1 or str(page.dtype) not in ("uint16", "float32", "float64"):
        raise InputError(
            path,
            "header",
            f"it has {page.samplesperpixel} samples of {kind} a pixel; a depth image has one of uint16, "
            "float32 or float64",
            "check that this is the depth image, not the picture",
        )
    pixels, tile = page.imagewidth * page.imagelength, max(page.tilewidth, 1) * max(page.tilelength, 1)
    size = pixels * page.dtype.itemsize
    most = len(data) * (1 if page.compression == _NO_CODEC else _MOST_GROWTH)
    if not 0 < pixels <= MOST_PIXELS or size > most or tile > max(4 * pixels, 2**20):
        problem = f"it claims {page.imagelength} x {page.imagewidth} pixels in {len(data)} bytes"
        raise InputError(path, "header", problem, _EXPORT_AGAIN)
    rows, columns = _segment_shape(page)
    segments = -(-page.imagelength // rows) * -(-page.imagewidth // columns)
    offsets, counts = page.dataoffsets, page.databytecounts
    if not len(offsets) == len(counts) == segments:
        raise InputError(
            path, "header", f"it has {len(offsets)} strips or tiles, and {segments} are needed", _EXPORT_AGAIN
        )
    for number, (offset, count) in enumerate(zip(offsets, counts, strict=True)):
        whole = rows if page.is_tiled else min(rows, page.imagelength - number * rows)
        short = page.compression == _NO_CODEC and count < whole * columns * page.dtype.itemsize
        if not (0 < offset and 0 < count <= len(data) - offset) or short:
            raise InputError(path, f"strip {number}", "it lies outside the file or is too short", _EXPORT_AGAIN)


def _segment_shape(page: Any) -> tuple[int, int]:
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return max(1, min(page.rowsperstrip or page.imagelength, page.imagelength)), page.imagewidth


def without_points(data: bytes, image: np.ndarray, removed: np.ndarray, sign: np.generic) -> bytes:
    """Return the TIFF `data` with `sign` where `removed`; all tags but those about the codec stay as they are.

    Pixels that are not packed are replaced in place. Packed ones are packed again with deflate, which every reader of
    TIFF knows.
    """
    image = np.where(removed, sign, image)
    result = bytearray(data)
    with tifffile.TiffFile(io.BytesIO(data)) as tif:
        page, order = tif.pages.first, tif.byteorder
        packed = page.compression != _NO_CODEC
        differences = page.predictor == 2 and image.dtype.kind == "u"
        offsets, counts = list(page.dataoffsets), list(page.databytecounts)
        rows, columns = _segment_shape(page)
        across = -(-page.imagewidth // columns)
        for number in range(len(offsets)):
            row, column = number // across * rows, number % across * columns
            block = image[row : row + rows, column : column + columns]
            if page.is_tiled:
                block = np.pad(block, ((0, rows - block.shape[0]), (0, columns - block.shape[1])))
            if differences and packed:
                block = np.diff(block, axis=1, prepend=block.dtype.type(0))
            content = block.astype(block.dtype.newbyteorder(order)).tobytes()
            if packed:
                content = zlib.compress(content, 9)
                if len(content) > counts[number]:  # it does not fit where it was
                    result += b"\0" * (len(result) % 2)
                    offsets[number] = len(result)
                    result += content
                counts[number] = len(content)
            result[offsets[number] : offsets[number] + len(content)] = content
    if not packed:
        return bytes(result)
    return _with_tags(bytes(result), offsets, counts, differences)


def _with_tags(data: bytes, offsets: list[int], counts: list[int], differences: bool) -> bytes:
    stream = io.BytesIO(data)
    with tifffile.TiffFile(stream) as tif:
        tags, long = tif.pages.first.tags, 16 if tif.is_bigtiff else 4
        tiled = tif.pages.first.is_tiled
        tags[324 if tiled else 273].overwrite(offsets, dtype=long)
        tags[325 if tiled else 279].overwrite(counts, dtype=long)
        tags[_CODEC].overwrite(_DEFLATE[0])
        if _PREDICTOR in tags and not differences:
            tags[_PREDICTOR].overwrite(1)
        return stream.getvalue()


def encode(image: np.ndarray) -> bytes:
    """Return an image of shape (H, W) as a TIFF."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, image, compression="zlib", photometric="minisblack", metadata=None)
    return stream.getvalue()
