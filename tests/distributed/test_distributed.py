import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from pcfilter_lib import distributed
from pcfilter_lib.distributed import ProcessInfo
from pcfilter_lib.errors import InputError

MEET = """
import sys
from pcfilter_lib import distributed
place = distributed.start(wait=300)
import jax, numpy as np
from jax.sharding import NamedSharding, PartitionSpec
rows = NamedSharding(jax.sharding.Mesh(np.array(jax.devices()), ("batch",)), PartitionSpec("batch"))
with distributed.abort_on_failure(place):
    for turn in range(3):
        own = distributed.shard(np.arange(6.0, dtype="float32"), place)
        total = float(jax.jit(lambda x: x.sum())(jax.make_array_from_process_local_data(rows, own)))
        print("process", place.rank, "of", place.count, "has", *own, "all have", total, flush=True)
        if turn == 1 and sys.argv[1:] == ["fails"] and place.rank == 1:
            raise ValueError("a broken file")
"""


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "meet.py"
    path.write_text(MEET)
    return [sys.executable, str(path)]


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("KERAS_DISTRIBUTION_", "SLURM_")):
            monkeypatch.delenv(name)


def test_two_processes_meet_and_add_up_what_both_have(program):
    first, second = distributed.launch(program, 2, capture=True, seconds=300)
    assert "process 0 of 2 has 0.0 1.0 2.0 all have 15.0" in first
    assert "process 1 of 2 has 3.0 4.0 5.0 all have 15.0" in second


def test_all_end_by_themselves_when_one_fails_and_it_is_named(program, monkeypatch):
    started = []

    class Watched(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    with pytest.raises(InputError, match="meet.py, process 1 of 2: ended with code 1"):
        distributed.launch([*program, "fails"], 2, capture=True, seconds=300, patience=300)
    assert [process.returncode for process in started] == [1, 1]  # none was killed, though JAX alone waits for 300 s


def test_under_slurm_the_place_comes_from_its_variables(program):
    told = {"SLURM_JOB_ID": str(os.getpid()), "SLURM_STEP_NODELIST": "localhost", "SLURM_NTASKS": "2"}
    told |= {"SLURM_STEP_NUM_NODES": "1", "JAX_COORDINATOR_PORT": str(distributed.free_port())}
    running = [
        subprocess.Popen(
            program,
            env={**os.environ, **told, "SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        printed = [process.communicate(timeout=300)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    assert "process 0 of 2" in printed[0] and "process 1 of 2" in printed[1] and "all have 15.0" in printed[1]


def test_who_waits_in_vain_says_so_and_ends(program):
    code = f"from pcfilter_lib import distributed as d; d.start('127.0.0.1:{distributed.free_port()}', 2, 1, wait=1)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 1
    assert "process 1 of 2: not all processes met" in ended.stderr and "within 1 s" in ended.stderr


def test_a_taken_port_is_named():
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}: it cannot be used"):
            distributed.start(f"127.0.0.1:{port}", 2, 0)


def test_one_process_alone_needs_nobody(monkeypatch):
    assert distributed.start() == ProcessInfo(0, 1)
    for name, value in {"JOB_ID": "5", "STEP_NODELIST": "a", "NTASKS": "1", "PROCID": "0", "LOCALID": "0"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert distributed.start() == ProcessInfo(0, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rank": 1}, "coordinator, count: not given"),
        ({"coordinator": "10.0.0.1", "count": 2, "rank": 0}, "'10.0.0.1' is no address"),
        ({"coordinator": "10.0.0.1:99999", "count": 2, "rank": 0}, "is no address"),
        ({"coordinator": "10.0.0.1:2000", "count": 2, "rank": 2}, "there is no process 2 of 2"),
        ({"coordinator": "10.0.0.1:2000", "count": 0, "rank": 0}, "count: 0 is not allowed"),
        ({"coordinator": "10.0.0.1:2000", "count": 2, "rank": 0, "wait": 0}, "wait: 0 is not allowed"),
    ],
)
def test_a_wrong_place_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        distributed.start(**given)


def test_variables_that_are_no_numbers_are_named(monkeypatch):
    monkeypatch.setenv("KERAS_DISTRIBUTION_JOB_ADDRESSES", "10.0.0.1:2000")
    monkeypatch.setenv("KERAS_DISTRIBUTION_NUM_PROCESSES", "two")
    monkeypatch.setenv("KERAS_DISTRIBUTION_PROCESS_ID", "0")
    with pytest.raises(InputError, match="count: 'two' is not allowed"):
        distributed.start()


def test_shares_are_the_batch_in_its_order():
    x, y = np.arange(24).reshape(12, 2), np.arange(12)
    shares = [distributed.shard((x, y), ProcessInfo(rank, 3)) for rank in range(3)]
    assert np.array_equal(np.concatenate([each[0] for each in shares]), x)
    assert np.array_equal(np.concatenate([each[1] for each in shares]), y)
    assert np.array_equal(distributed.shard(y, ProcessInfo()), y)


@pytest.mark.parametrize("batch", [np.zeros(7), np.zeros(1), np.zeros(0), (np.zeros(4), np.zeros(6))])
def test_shares_that_would_be_uneven_are_refused(batch):
    with pytest.raises(InputError, match="share, batch"):
        distributed.shard(batch, ProcessInfo(0, 2))


def test_what_takes_too_long_is_ended():
    with pytest.raises(InputError, match="process 0 of 2: not done within 1 s"):
        distributed.launch([sys.executable, "-c", "import time; time.sleep(60)"], 2, seconds=1)


def test_the_last_line_of_the_first_that_failed_is_told():
    code = "import os, sys, time; time.sleep(600 * (os.environ['KERAS_DISTRIBUTION_PROCESS_ID'] == '0'))"
    command = [sys.executable, "-c", f"{code}; print('no disk'); sys.exit(3)"]
    with pytest.raises(InputError, match="process 1 of 2: ended with code 3.*last line was: no disk"):
        distributed.launch(command, 2, capture=True, patience=1)
