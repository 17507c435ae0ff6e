import os
import sys
from pathlib import Path

import pytest

from pcfilter_lib.bench import memory, risen_memory
from pcfilter_lib.errors import InputError

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a part of a process's life")


def already_there(size):
    held = memory.zeros(size)()
    return lambda: len(held)


def set_free(size):
    return lambda: len(memory.zeros(size)())


def end(code):
    os._exit(code)


@linux
def test_what_a_call_takes_is_counted_also_where_it_is_set_free_at_once():
    for prepare in (memory.zeros, set_free):
        assert risen_memory(prepare, 60_000_000) == pytest.approx(60e6, rel=0.1)


@linux
def test_what_was_there_before_the_call_does_not_count():
    assert risen_memory(already_there, 60_000_000) < 6e6


@linux
def test_a_process_that_dies_is_no_measurement():
    with pytest.raises(RuntimeError, match="end ended with 3"):
        risen_memory(end, 3)


def test_other_systems_are_told(monkeypatch):
    monkeypatch.setattr(memory, "_CLEAR", Path("nowhere"))
    with pytest.raises(InputError, match="measure under Linux"):
        risen_memory(memory.zeros, 1)
