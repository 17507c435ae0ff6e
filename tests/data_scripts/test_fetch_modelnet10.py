"""The script that fetches ModelNet10, with a small archive of the same layout in place of the large one."""

import zipfile

import fetch_modelnet10
import pytest

from pcfilter_lib import data

COUNTS = {"train": 20, "test": 10}


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "small.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("ModelNet10/README.txt", "about")
        packed.writestr("__MACOSX/._ModelNet10", "rubbish")
        for name in data.MODELNET10:
            for split, numbers in (("train", (1, 2)), ("test", (3,))):
                for number in numbers:
                    mesh = "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
                    packed.writestr(f"ModelNet10/{name}/{split}/{name}_{number:04}.off", mesh)
    return path


def test_from_a_local_archive_and_not_twice(archive, tmp_path, capsys):
    arguments = ["--out", str(tmp_path / "sets"), "--zip", str(archive)]
    assert fetch_modelnet10.main(arguments, COUNTS) == 0
    clouds, labels = data.load_shapes(tmp_path / "sets" / "ModelNet10", "train", 16)
    assert clouds.shape == (20, 16, 3) and labels.tolist() == sorted(list(range(10)) * 2)
    assert [path.name for path in (tmp_path / "sets").iterdir()] == ["ModelNet10"]
    archive.unlink()
    assert fetch_modelnet10.main(arguments, COUNTS) == 0  # what is there is not made again
    assert "train: 20 shapes" in capsys.readouterr().out


def test_from_an_address(archive, tmp_path):
    arguments = ["--out", str(tmp_path / "sets"), "--address", archive.as_uri(), "--size", "0"]
    assert fetch_modelnet10.main(arguments, COUNTS) == 0
    assert sorted(path.name for path in (tmp_path / "sets").iterdir()) == ["ModelNet10", "ModelNet10.zip"]


def test_what_is_wrong_is_said_in_one_line(archive, tmp_path, capsys):
    arguments = ["--out", str(tmp_path / "sets"), "--zip", str(archive)]
    assert fetch_modelnet10.main(arguments) == 1
    assert "20 shapes for train, not 3,991" in capsys.readouterr().err
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("something/else.txt", "")
    assert fetch_modelnet10.main(["--out", str(tmp_path / "new"), "--zip", str(tmp_path / "other.zip")]) == 1
    assert "no folder ModelNet10" in capsys.readouterr().err and list((tmp_path / "new").iterdir()) == []
