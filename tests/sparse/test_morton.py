import numpy as np
import pytest

from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError


def bit_by_bit(x, y, z):
    bits = [((value >> bit) & 1) << (3 * bit + 2 - axis) for axis, value in enumerate((x, y, z)) for bit in range(21)]
    return sum(bits)


def test_codes_interleave_bits():
    coordinates = np.random.default_rng(0).integers(0, 1 << 21, (200, 3))
    codes = sparse.morton_encode(coordinates)
    assert codes.dtype == np.uint64 and [int(code) for code in codes] == [
        bit_by_bit(*row) for row in coordinates.tolist()
    ]
    np.testing.assert_array_equal(sparse.morton_decode(codes), coordinates)


def test_the_larger_cell_has_the_code_without_three_bits():
    coordinates = np.random.default_rng(0).integers(0, 1 << 10, (5, 4, 3))
    assert (sparse.morton_encode(coordinates) >> np.uint64(3) == sparse.morton_encode(coordinates // 2)).all()


@pytest.mark.parametrize("wrong", [[[0, 0, -1]], [[0, 0, 1 << 21]], [[0.0, 0, 0]], [[0, 0]]])
def test_what_has_no_code_is_refused(wrong):
    with pytest.raises(InputError, match="morton_encode, coordinates"):
        sparse.morton_encode(wrong)


@pytest.mark.parametrize("wrong", [[-1], [1.5], np.array([1 << 63], np.uint64)])
def test_what_is_no_code_is_refused(wrong):
    with pytest.raises(InputError, match="morton_decode, codes"):
        sparse.morton_decode(wrong)
