import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcfilter_lib.data.formats.lzf import compress, decompress


@given(st.binary(max_size=300) | st.lists(st.sampled_from([b"abc", b"\0", b"xyzw"]), max_size=200).map(b"".join))
def test_what_is_compressed_comes_back(data):
    assert decompress(compress(data), len(data)) == data


def test_the_format_of_liblzf():
    # a literal run of 2; a copy of 3 from 2 back that runs into itself; a copy of 9 + 4 from 1 back
    stream = bytes([1]) + b"ab" + bytes([1 << 5, 1]) + bytes([7 << 5, 4, 0])
    assert decompress(stream, 18) == b"ababa" + b"a" * 13


def test_repetition_shrinks_and_noise_hardly_grows():
    assert len(compress(bytes(10_000))) < 200
    noise = bytes(range(256))
    assert len(compress(noise)) == len(noise) + len(noise) // 32


def test_a_copy_reaches_back_8192_bytes_and_no_further():
    for gap, found in ((8192 - 3, True), (8193 - 3, False)):
        unique = b"".join(number.to_bytes(3, "big") for number in range(10**6, 10**6 + gap // 3 + 1))[:gap]
        data = b"\xff\xfe\xfd" + unique + b"\xff\xfe\xfd"
        assert decompress(compress(data), len(data)) == data
        assert compress(data).endswith(b"\xff\xfe\xfd") is not found


@pytest.mark.parametrize(
    ("stream", "size", "problem"),
    [
        (bytes([5]) + b"abc", 6, "cut off"),
        (bytes([1]) + b"ab" + bytes([1 << 5]), 5, "cut off"),
        (bytes([1]) + b"ab" + bytes([7 << 5, 4]), 15, "cut off"),
        (bytes([1]) + b"ab" + bytes([1 << 5, 2]), 5, "before its start"),
        (bytes([1]) + b"ab", 3, "gives 2 bytes"),
        (bytes([1]) + b"ab", 1, "more than the promised"),
        (bytes([1]) + b"ab", 2**40, "cannot hold"),
    ],
)
def test_broken_streams(stream, size, problem):
    with pytest.raises(ValueError, match=problem):
        decompress(stream, size)
