import os
import stat
import subprocess
import sys

import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, remove_leftovers, replacing


def test_a_finished_write_replaces_the_file(tmp_path):
    target = tmp_path / "scan.npz"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old", "the old file stays until the new one is complete"
        assert temporary.suffix == ".npz", "writers that look at the suffix must see the right one"
    assert target.read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["scan.npz"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "scan.npz"
    target.write_text("old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError("disk full")
    assert target.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["scan.npz"]


def test_the_new_file_has_ordinary_permissions(tmp_path):
    with replacing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    (tmp_path / "b").write_text("x")
    assert stat.S_IMODE(os.stat(tmp_path / "a").st_mode) == stat.S_IMODE(os.stat(tmp_path / "b").st_mode)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be written"), replacing(tmp_path / "missing" / "a.npz"):
        pytest.fail("the body must not run")


def test_what_cannot_be_read_says_why(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_bytes(tmp_path / "nothing.off")
    with pytest.raises(InputError, match="cannot be read"):
        read_bytes(tmp_path)


WRITES = """
import sys
from pcfilter_lib.files import replacing
with replacing(sys.argv[1]) as temporary:
    print(temporary, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.name != "posix", reason="processes cannot be looked up without harm")
def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    command = [sys.executable, "-c", WRITES, str(tmp_path / "scan.npz")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        name = os.path.basename(writer.stdout.readline().strip())
        other_machine = name.replace("~pcfilter-", "~pcfilter-0")
        for kept in (other_machine, ".scan-abcdefgh.npz", "scan.npz"):
            (tmp_path / kept).write_text("mine")
        everything = {name, other_machine, ".scan-abcdefgh.npz", "scan.npz"}
        remove_leftovers(tmp_path)
        assert set(os.listdir(tmp_path)) == everything, "the process still writes"
        writer.kill()
    remove_leftovers(tmp_path)
    assert set(os.listdir(tmp_path)) == everything - {name}


def test_a_name_may_be_as_long_as_a_name_can_be(tmp_path):
    target = tmp_path / ("ä" * 125 + ".npz")
    with replacing(target) as temporary:
        temporary.write_text("x")
    assert target.read_text() == "x"


def test_leftovers_of_a_folder_that_is_not_there(tmp_path):
    remove_leftovers(tmp_path / "missing")
