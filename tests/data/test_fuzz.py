"""The harness must notice each kind of failure; a harness that cannot fail proves nothing."""

import time
import warnings

import numpy as np
import pytest
from fuzz import assert_survives, mutate

from pcfilter_lib.errors import InputError

SEED = b"HEADER 3 4\n" + b"1.5 2.5 3.5\n" * 12


def refuse(path):
    data = path.read_bytes()
    if data != SEED:
        raise InputError(path, "", "it is another", "take the first")
    return data


def another_exception(path):
    if path.read_bytes() != SEED:
        raise KeyError("field")


def hang(path):
    while path.read_bytes() != SEED:
        pass


def hang_behind_a_broad_except(path):
    while path.read_bytes() != SEED:
        try:
            path.stat()
        except Exception:
            return


def wait_for_ever(path):
    while path.read_bytes() != SEED:
        time.sleep(60)


def allocate(path):
    if path.read_bytes() != SEED:
        return np.ones(75 * 10**6)  # 600 MB


def allocate_and_hide_it(path):
    if path.read_bytes() != SEED:
        try:
            np.empty(2**40)
        except Exception:
            raise InputError(path, "", "it is broken", "fetch it again") from None


def warn(path):
    if path.read_bytes() != SEED:
        warnings.warn("careful", RuntimeWarning, stacklevel=1)


def never_refuses(path):
    return path.read_bytes()


def invalid(loaded):
    assert loaded is None, "an invalid object"


def test_a_careful_loader_survives():
    report = assert_survives("test_fuzz:refuse", [SEED], ".txt", count=300)
    assert report["refused"] + report["loaded"] == 300


@pytest.mark.parametrize(
    ("loader", "message"),
    [
        ("another_exception", "KeyError"),
        ("hang", "took longer than the limit of processor time"),
        ("hang_behind_a_broad_except", "took longer than the limit of processor time"),
        ("wait_for_ever", "took longer than our patience"),
        ("allocate", "MemoryError"),
        ("allocate_and_hide_it", "MemoryError became"),
        ("warn", "RuntimeWarning"),
        ("never_refuses", "did any harm"),
    ],
)
def test_each_kind_of_failure_is_noticed(loader, message):
    patience = 0.05 if loader == "wait_for_ever" else 60
    with pytest.raises(AssertionError, match=message):
        assert_survives(f"test_fuzz:{loader}", [SEED], ".txt", count=30, seconds=0.05, patience=patience)


def test_an_invalid_object_is_noticed():
    with pytest.raises(AssertionError, match="an invalid object"):
        assert_survives("test_fuzz:never_refuses", [SEED], ".txt", count=30, check="test_fuzz:invalid")


def test_an_allowed_warning_is_no_failure():
    with pytest.raises(AssertionError, match="did any harm"):
        assert_survives("test_fuzz:warn", [SEED], ".txt", count=30, warns=["RuntimeWarning"])


def test_mutations_depend_on_nothing_but_seed_and_index():
    first = [mutate([SEED], index, 7) for index in range(200, 400)]
    assert first == [mutate([SEED], index, 7) for index in range(200, 400)]
    assert first != [mutate([SEED], index, 8) for index in range(200, 400)]
    assert len(set(first)) > 170


def test_header_counts_become_huge():
    tried = {mutate([SEED], index) for index in range(120)}
    assert SEED.replace(b"3", b"9223372036854775808", 1) in tried
    assert SEED.replace(b"4", b"-1", 1) in tried
