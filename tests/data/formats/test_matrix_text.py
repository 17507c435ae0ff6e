import numpy as np
import pytest
from scan_files import INTRINSICS, depth_image, png_bytes

from pcfilter_lib.data.formats.matrix_text import read_matrix
from pcfilter_lib.data.scan_io import load_scan
from pcfilter_lib.errors import InputError


def write(tmp_path, text):
    path = tmp_path / "m.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", ["1 2\n3 4", "\ufeff# a matrix\n\n 1.0e0\t2 \r\n3,4\r\n"])
def test_what_is_read(tmp_path, text):
    assert read_matrix(write(tmp_path, text), 2).tolist() == [[1, 2], [3, 4]]


def test_numbers_that_are_none(tmp_path):
    matrix = read_matrix(write(tmp_path, "-1.#IND0 1.#INF\nnan -inf"), 2)
    assert np.isnan(matrix[:, 0]).all() and np.isinf(matrix[:, 1]).all()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "", "0 rows of a matrix of 2 x 2"),
        ("# only this\n", "", "0 rows"),
        ("\n1 2\n", "line 2", "1 rows of a matrix"),
        ("1 2\n3 4\n5 6\n", "line 1", "3 rows"),
        ("1 2\n3\n", "line 2", "2 numbers are expected, and the line holds 1"),
        ("1 2\n3 x\n", "line 2", "'x' is no number"),
    ],
)
def test_what_is_refused(tmp_path, text, place, words):
    with pytest.raises(InputError) as caught:
        read_matrix(write(tmp_path, text), 2)
    assert caught.value.source.endswith("m.txt") and caught.value.place == place and words in caught.value.problem
    assert caught.value.remedy == "write 2 rows of 2 numbers"


def test_a_camera_of_text(tmp_path):
    (tmp_path / "a.png").write_bytes(png_bytes(depth_image()))
    np.savetxt(tmp_path / "camera.txt", INTRINSICS)
    scan = load_scan(tmp_path / "a.png", intrinsics=tmp_path / "camera.txt", unit="mm")
    assert scan.intrinsics.tolist() == INTRINSICS
    with pytest.raises(InputError, match=r"camera\.txt, intrinsics: it is not a camera matrix"):
        np.savetxt(tmp_path / "camera.txt", np.transpose(INTRINSICS))
        load_scan(tmp_path / "a.png", intrinsics=tmp_path / "camera.txt", unit="mm")
