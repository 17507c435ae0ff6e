import numpy as np
import pytest
from fuzz import assert_survives

from pcfilter_lib.data.formats.xyz import read_xyz
from pcfilter_lib.errors import InputError

POINTS = [[1, 2, 3], [-4.5, 5e1, 6]]


def read(tmp_path, text: str):
    (tmp_path / "cloud.xyz").write_bytes(text.encode())
    return read_xyz(tmp_path / "cloud.xyz")


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3\n-4.5 5e1 6\n",
        "1 2 3\r\n-4.5 5e1 6",
        "1 2 3\r-4.5 5e1 6\r",
        "\ufeff1 2 3\n-4.5 5e1 6\n",
        "# a comment\n\n1\t2  3 # another\n// a third\n   \n-4.5 5e1 6\n",
        "1,2,3\n-4.5,5e1,6\n",
        "1; 2; 3\n-4.5; 5e1; 6\n",
        "1 2 3 255 0 0 name\n-4.5 5e1 6 0\n",
        "X Y Z\n1 2 3\n-4.5 5e1 6\n",
        '"id","x","y","z"\n7,1,2,3\n8,-4.5,5e1,6\n',
        "z,x,y\n3,1,2\n6,-4.5,5e1\n",
        "2\n1 2 3 0.5\n-4.5 5e1 6 0.5\n",
    ],
)
def test_forms_of_two_points(tmp_path, text):
    assert read(tmp_path, text).tolist() == POINTS


def test_what_was_not_measured_is_kept_here(tmp_path):
    assert np.isnan(read(tmp_path, "nan NaN nan\n1 2 3\n")[0]).all()


def test_no_points(tmp_path):
    assert read(tmp_path, "# nothing\n").shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3\n\n# c\n4 5\n", "line 4: a point of 3 numbers is expected, and the line holds 2"),
        ("1 2 3\n4 5,x\n", "line 2: 'x' is no number"),
        ("a b c\n1 2 3\n", "line 1: 'a' is no number"),
        ("x y z\n1 2 3\nx y z\n", "line 3: 'x' is no number"),
        ("1 2 3\n4 5 \0", "it is not a text file"),
    ],
)
def test_broken_files_name_the_line(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)


def test_mutated_files():
    seeds = [b"# points\n" + b"1.5 -2 3e-1 255\n" * 8, b"id,x,y,z\n" + b"1,2.5,3.5,4.5\n" * 8]
    assert_survives("pcfilter_lib.data.cloud:load_cloud", seeds, ".xyz", check="fuzz:is_cloud")
