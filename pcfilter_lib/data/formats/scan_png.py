"""16-bit greyscale PNG: decoding with guards, and replacing the pixels while every other chunk stays.

PNG is specified in ISO/IEC 15948, https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
from PIL import Image

from pcfilter_lib.errors import InputError

#: Larger than any depth sensor. Checked before an image is decoded.
MOST_PIXELS = 2**24
_MOST_GROWTH = 1032  # of a deflate stream, https://zlib.net/zlib_tech.html
_MAGIC = b"\x89PNG\r\n\x1a\n"
_EXPORT_AGAIN = "export the image again"


def decode(path: str | os.PathLike, data: bytes) -> np.ndarray:
    """Return the pixels of a 16-bit greyscale PNG.

    Parameters
    ----------
    path : str or os.PathLike
        The file, for messages.
    data : bytes
        Its content.

    Returns
    -------
    ndarray of uint16, shape (H, W)
        The pixels.

    Raises
    ------
    InputError
        If the file is broken or is another kind of image.
    """
    chunks = _chunks(path, data)
    header = chunks[0][1]
    if chunks[0][0] != b"IHDR" or len(header) != 13:
        raise InputError(path, "header", "there is no IHDR chunk", _EXPORT_AGAIN)
    width, height, bits, colour = struct.unpack(">IIBB", header[:10])
    if (bits, colour) != (16, 0):
        raise InputError(
            path,
            "header",
            f"it has {bits} bits and colour type {colour}, a depth image has 16 bits and type 0 (greyscale)",
            "check that this is the depth image, not the picture",
        )
    packed = b"".join(content for kind, content in chunks if kind == b"IDAT")
    if not 0 < width * height <= MOST_PIXELS or 2 * width * height > _MOST_GROWTH * len(packed):
        raise InputError(path, "header", f"it claims {height} x {width} pixels in {len(data)} bytes", _EXPORT_AGAIN)
    # The decoder sees only what it needs: text and profiles have traps of their own.
    needed = (
        _MAGIC + b"".join(_pack(*chunk) for chunk in chunks if chunk[0] in (b"IHDR", b"IDAT")) + _pack(b"IEND", b"")
    )
    try:
        stream = zlib.decompressobj()  # Pillow looks neither at the end of the stream nor at its checksum
        if len(stream.decompress(packed, 2 * width * height + 8 * height + 64)) < 2 * width * height or not stream.eof:
            raise EOFError("too few or too many bytes")
        with Image.open(io.BytesIO(needed), formats=["PNG"]) as image:
            pixels = np.asarray(image)
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise InputError(path, "pixels", f"they cannot be decoded ({error})", _EXPORT_AGAIN) from None
    return pixels.astype(np.uint16)


def without_points(data: bytes, image: np.ndarray, removed: np.ndarray, sign: np.uint16) -> bytes:
    """Return the PNG `data` with `sign` where `removed`; all chunks but the pixels stay as they are."""
    image = np.where(removed, sign, image)
    result, written = [_MAGIC], False
    for kind, content in _chunks("", data):
        if kind == b"IHDR":
            content = content[:12] + b"\0"  # not interlaced any more
        elif kind == b"IDAT":
            if written:
                continue
            content, written = _pixels(image), True
        result.append(_pack(kind, content))
    return b"".join(result)


def encode(image: np.ndarray) -> bytes:
    """Return an image of uint16, shape (H, W), as a PNG."""
    header = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 16, 0, 0, 0, 0)
    return _MAGIC + _pack(b"IHDR", header) + _pack(b"IDAT", _pixels(image)) + _pack(b"IEND", b"")


def _pixels(image: np.ndarray) -> bytes:
    raw = image.astype(">u2").view(np.uint8)
    lines = np.full((len(raw), raw.shape[1] + 1), 2, dtype=np.uint8)  # filter type 2: the difference to the line above
    lines[:, 1:] = raw
    lines[1:, 1:] -= raw[:-1]
    return zlib.compress(lines.tobytes(), 9)


def _pack(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks(path: str | os.PathLike, data: bytes) -> list[tuple[bytes, bytes]]:
    if not data.startswith(_MAGIC):
        raise InputError(path, "header", "it does not begin like a PNG", "check that this is a .png file")
    chunks, at = [], len(_MAGIC)
    while at < len(data):
        if len(data) - at < 12:
            raise InputError(path, f"byte {at}", "the file ends within a chunk", _EXPORT_AGAIN)
        length, kind = struct.unpack_from(">I4s", data, at)
        if length > len(data) - at - 12:
            raise InputError(path, f"byte {at}", f"a chunk claims {length} bytes", _EXPORT_AGAIN)
        content = data[at + 8 : at + 8 + length]
        if struct.unpack_from(">I", data, at + 8 + length)[0] != zlib.crc32(kind + content):
            raise InputError(path, f"byte {at}", "the checksum of a chunk is wrong", _EXPORT_AGAIN)
        chunks.append((kind, content))
        at += length + 12
        if kind == b"IEND":
            return chunks
    raise InputError(path, f"byte {at}", "the file ends without an IEND chunk", _EXPORT_AGAIN)
