"""LZF, the compression inside binary_compressed PCD files.

The format is that of Marc Lehmann's liblzf (http://oldhome.schmorp.de/marc/liblzf.html). A stream is a row of items,
each led by a control byte ``c``:

- ``c < 32``: the next ``c + 1`` bytes are literal;
- otherwise a copy of earlier output: its length is ``(c >> 5) + 2``, and when ``c >> 5`` is 7 the next byte is added to
  it; it starts ``((c & 31) << 8 | next byte) + 1`` bytes back, and may run into what it writes itself.
"""

from __future__ import annotations

import numpy as np

LITERAL_MAX = 32
MATCH_MAX = 264  # 7 + 2 + 255
REACH = 8192  # how far back a copy may start
EXPANSION_MAX = MATCH_MAX // 3  # three bytes of input make 264 of output at most


def decompress(data: bytes, size: int) -> bytes:
    """Return the `size` bytes that an LZF stream holds.

    Parameters
    ----------
    data : bytes
        The compressed stream.
    size : int
        How many bytes it must give. Output never grows beyond it.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the stream is cut off, copies from before its start, or does not give exactly `size` bytes.
    """
    if size > EXPANSION_MAX * len(data):
        raise ValueError(f"{len(data)} bytes cannot hold {size}")
    out = bytearray()
    place, end = 0, len(data)
    try:
        while place < end:
            control = data[place]
            place += 1
            if control < 32:
                stop = place + control + 1
                if stop > end:
                    raise ValueError("the compressed data is cut off")
                out += data[place:stop]
                place = stop
            else:
                length = (control >> 5) + 2
                if length == 9:
                    length += data[place]
                    place += 1
                distance = ((control & 31) << 8 | data[place]) + 1
                place += 1
                start = len(out) - distance
                if start < 0:
                    raise ValueError("the compressed data copies from before its start")
                if distance >= length:
                    out += out[start : start + length]
                else:  # the copy repeats its own beginning
                    piece = out[start:]
                    out += (piece * (length // distance + 1))[:length]
            if len(out) > size:
                raise ValueError(f"the compressed data gives more than the promised {size} bytes")
    except IndexError:
        raise ValueError("the compressed data is cut off") from None
    if len(out) != size:
        raise ValueError(f"the compressed data gives {len(out)} bytes, and {size} are promised")
    return bytes(out)


def compress(data: bytes) -> bytes:
    """Return `data` as an LZF stream.

    Parameters
    ----------
    data : bytes
        Anything; data without repetition grows by one byte in 32.

    Returns
    -------
    bytes
    """
    previous = _previous_occurrence(data)
    candidates = np.flatnonzero(previous >= 0)
    # next_match[i]: the first place at or after i that repeats something
    next_match = np.full(len(data) + 1, len(data), np.int64)
    next_match[candidates] = candidates
    next_match = np.minimum.accumulate(next_match[::-1])[::-1].tolist()
    sources = previous.tolist()
    out = bytearray()
    place, end = 0, len(data)
    while place < end:
        match = next_match[place]
        for start in range(place, match, LITERAL_MAX):
            stop = min(start + LITERAL_MAX, match)
            out.append(stop - start - 1)
            out += data[start:stop]
        if match >= end:
            break
        source = sources[match]
        length = _common(data[source : source + MATCH_MAX], data[match : match + MATCH_MAX])
        back = match - source - 1
        if length < 9:
            out.append((length - 2) << 5 | back >> 8)
        else:
            out += bytes((7 << 5 | back >> 8, length - 9))
        out.append(back & 255)
        place = match + length
    return bytes(out)


def _previous_occurrence(data: bytes) -> np.ndarray:
    """For each place, where its three bytes last stood within reach, or -1."""
    previous = np.full(len(data), -1, np.int64)
    if len(data) < 4:
        return previous
    raw = np.frombuffer(data, np.uint8).astype(np.uint32)
    keys = raw[:-2] << 16 | raw[1:-1] << 8 | raw[2:]
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    near = order[1:] - order[:-1] <= REACH
    found = same & near
    previous[order[1:][found]] = order[:-1][found]
    return previous


def _common(one: bytes, other: bytes) -> int:
    """Return the length of the common beginning of two byte strings."""
    size = min(len(one), len(other))
    difference = int.from_bytes(one[:size], "little") ^ int.from_bytes(other[:size], "little")
    return size if difference == 0 else ((difference & -difference).bit_length() - 1) // 8
