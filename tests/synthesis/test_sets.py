import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pcfilter_lib.data import load_scan
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import sets
from pcfilter_lib.synthesis.recipe import Recipe
from pcfilter_lib.synthesis.sets import scan_seed, write_set
from pcfilter_lib.synthesis.simulation import simulate_scan

pytest.importorskip("open3d")

SMALL = Recipe(width=48, height=36, parts=1, kinds=("box",), footprint=1, gather_rays=8, projector_columns=128)
COUNT = 6
ROOT = Path(__file__).resolve().parents[2]

# A run in a process of its own, to be killed: it waits for that in the middle.
RUN = """
import glob, os, signal, sys, time

# Where the tests run in the background, Ctrl-C is ignored, and so it would be here.
signal.signal(signal.SIGINT, signal.default_int_handler)

from pcfilter_lib.synthesis import sets
from pcfilter_lib.synthesis.recipe import Recipe

make = sets.simulate_scan

def once(recipe, seed):
    open(f"{sys.argv[1]}.{os.getpid()}", "w").close()  # this process works
    parent = os.getppid()
    while glob.glob(f"{sys.argv[1]}/scan_*.npz") and os.getppid() == parent:
        time.sleep(0.01)  # no scan but the first ones is made until somebody stops us
    return make(recipe, seed)

sets.simulate_scan = once

if __name__ == "__main__":
    recipe = Recipe.from_json(sys.argv[2])
    try:
        sets.write_set(sys.argv[1], recipe, int(sys.argv[3]), seed=5, processes=int(sys.argv[4]))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    write_set(folder, SMALL, COUNT, seed=5, processes=1, progress=False)
    return folder


def test_a_set_holds_the_scans_of_its_seeds(undisturbed):
    assert sorted(contents(undisturbed)) == [f"scan_{i:05}.npz" for i in range(COUNT)] + ["set.json"]
    for number in (0, 3):
        scan = load_scan(undisturbed / f"scan_{number:05}.npz")
        again = simulate_scan(SMALL, scan_seed(5, number))
        assert scan.xyz.tobytes() == again.xyz.tobytes() and scan.label.tobytes() == again.label.tobytes()
        assert Recipe.from_json(str(scan.extras["recipe"])) == SMALL.draw(scan_seed(5, number))
    assert len({scan_seed(a, b) for a in range(30) for b in range(30)}) == 900


def test_the_index_says_what_the_set_was_made_from_and_what_came_out(undisturbed):
    index = json.loads((undisturbed / "set.json").read_text())
    assert Recipe.from_json(json.dumps(index["recipe"])) == SMALL
    assert (index["seed"], index["count"], len(index["scans"])) == (5, COUNT, COUNT)
    valid = wrong = 0
    for entry in index["scans"]:
        scan = load_scan(undisturbed / entry["file"])
        assert entry["seed"] == int(scan.extras["seed"])
        assert entry["valid"] == pytest.approx(scan.valid.mean(), abs=1e-6)
        assert entry["artefacts"] == pytest.approx((scan.label == 0).sum() / scan.valid.sum(), abs=1e-6)
        assert sum(entry["causes"].values()) == pytest.approx(1 if entry["causes"] else 0, abs=1e-5)
        valid, wrong = valid + scan.valid.sum(), wrong + (scan.label == 0).sum()
    assert index["whole"]["artefacts"] == pytest.approx(wrong / valid, abs=1e-5)
    assert sum(index["whole"]["causes"].values()) == pytest.approx(1, abs=1e-4)


def test_two_processes_write_the_same_bytes_as_one(undisturbed, tmp_path):
    before = dict(os.environ)
    write_set(tmp_path, SMALL, COUNT, seed=5, processes=2, progress=False)
    assert contents(tmp_path) == contents(undisturbed)
    assert dict(os.environ) == before


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("how", "processes"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGKILL, 2)])
def test_a_set_that_was_stopped_in_the_middle_ends_as_one_that_was_not(undisturbed, tmp_path, how, processes):
    script, folder = tmp_path / "run.py", tmp_path / "set"
    script.write_text(RUN)
    command = [sys.executable, str(script), str(folder), SMALL.to_json(), str(COUNT), str(processes)]
    running = subprocess.Popen(
        command, stderr=subprocess.PIPE, start_new_session=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    deadline = time.monotonic() + 300
    while not (list(folder.glob("scan_*.npz")) and len(list(tmp_path.glob("set.*"))) == processes):
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    workers = children(running.pid)
    if how == signal.SIGINT:
        os.killpg(running.pid, how)  # as Ctrl-C does: to all of them
    else:
        running.kill()
    _, messages = running.communicate(timeout=300)
    assert b"Traceback" not in messages
    assert running.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    done = sorted(folder.glob("scan_*.npz"))
    assert 1 <= len(done) < COUNT
    for path in done:
        assert path.read_bytes() == (undisturbed / path.name).read_bytes()
    if how == signal.SIGINT:
        assert not list(folder.glob(".*"))
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [worker for worker in workers if alive(worker)]  # no worker is left behind
    kept = {path.name: path.stat().st_mtime_ns for path in done}
    write_set(folder, SMALL, COUNT, seed=5, processes=1, progress=False)
    assert contents(folder) == contents(undisturbed)
    assert all((folder / name).stat().st_mtime_ns == time_ for name, time_ in kept.items())


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_broken_scan_is_made_anew(undisturbed, tmp_path):
    write_set(tmp_path, SMALL, 2, seed=5, processes=1, progress=False)
    whole = (tmp_path / "scan_00000.npz").read_bytes()
    for broken in (whole[:-200], whole[:1000] + bytes(200) + whole[1200:], b""):
        (tmp_path / "scan_00000.npz").write_bytes(broken)
        (tmp_path / ".scan_00001-half.npz").write_bytes(b"half")
        write_set(tmp_path, SMALL, 2, seed=5, processes=1, progress=False)
        assert (tmp_path / "scan_00000.npz").read_bytes() == whole
        assert not list(tmp_path.glob(".*"))


def test_a_set_grows_but_does_not_shrink(undisturbed, tmp_path):
    write_set(tmp_path, SMALL, 2, seed=5, processes=1, progress=False)
    write_set(tmp_path, SMALL, COUNT, seed=5, processes=1, progress=False)
    assert contents(tmp_path) == contents(undisturbed)
    with pytest.raises(InputError, match=f"set of {COUNT} scans"):
        write_set(tmp_path, SMALL, 2, seed=5, processes=1, progress=False)


@pytest.mark.parametrize(
    ("recipe", "options", "words"),
    [
        (SMALL.replace(parts=2, ambient=0.1), {}, "another parts, ambient"),
        (SMALL, {"seed": 6}, "seed 5, not 6"),
        (SMALL, {"keep": ["object"]}, "keep None"),
    ],
)
def test_another_set_in_the_same_folder_is_refused(undisturbed, recipe, options, words):
    before = contents(undisturbed)
    with pytest.raises(InputError, match=words):
        write_set(undisturbed, recipe, COUNT, **{"seed": 5, "processes": 1, "progress": False, **options})
    assert contents(undisturbed) == before


def test_a_set_is_not_continued_with_other_meshes(tmp_path):
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    wedge = "OFF\n4 4 0\n0 0 0\n2 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n"
    (meshes / "wedge.off").write_text(wedge)
    recipe = SMALL.replace(kinds=(), mesh_folder=str(meshes))
    write_set(tmp_path / "set", recipe, 1, processes=1, progress=False)
    (meshes / "wedge.off").write_text(wedge.replace("2 0 0", "3 0 0"))
    with pytest.raises(InputError, match="mesh_folder: it holds a set that was made with other meshes"):
        write_set(tmp_path / "set", recipe, 2, processes=1, progress=False)
    with pytest.raises(InputError, match="nowhere"):
        write_set(tmp_path / "other", recipe.replace(mesh_folder=str(tmp_path / "nowhere")), 1, progress=False)


def test_a_scan_of_another_set_is_refused(undisturbed, tmp_path):
    write_set(tmp_path, SMALL, 1, seed=5, processes=1, progress=False)
    (tmp_path / "scan_00001.npz").write_bytes((undisturbed / "scan_00003.npz").read_bytes())
    with pytest.raises(InputError, match="scan_00001.npz: it was made with another recipe or seed"):
        write_set(tmp_path, SMALL, 2, seed=5, processes=1, progress=False)


def test_a_folder_with_another_index_is_refused(tmp_path):
    (tmp_path / "set.json").write_text("[1, 2]")
    with pytest.raises(InputError, match="not the index of a set"):
        write_set(tmp_path, SMALL, 1, progress=False)
    with pytest.raises(InputError, match="cannot be made"):
        write_set(tmp_path / "set.json" / "below", SMALL, 1, progress=False)


def test_a_set_keeps_what_it_is_told_to(tmp_path):
    write_set(tmp_path, SMALL, 1, processes=1, progress=False, keep=["object"])
    assert set(load_scan(tmp_path / "scan_00000.npz").extras) == {"recipe", "seed", "scene", "cause", "object"}
    write_set(tmp_path, SMALL, 2, processes=1, progress=False, keep=["object", "cause"])


@pytest.mark.parametrize("processes", [1, 2])
def test_a_scan_that_fails_says_its_seed_and_recipe(tmp_path, processes):
    buried = SMALL.replace(distance=0.001, elevation=90, area=0.3, part_size=0.1, aim_error=0.0)
    with pytest.raises(InputError, match="Recipe") as caught:
        write_set(tmp_path, buried, 3, seed=1, processes=processes, progress=False)
    message = str(caught.value)
    assert any(f"seed={scan_seed(1, number)}" in message for number in range(3)) and "distance=0.001" in message
    assert {path.name for path in tmp_path.iterdir()} <= {"set.json", *(f"scan_{i:05}.npz" for i in range(3))}


def test_a_process_that_is_killed_from_outside_is_an_error_that_says_how_to_go_on(tmp_path, monkeypatch):
    class Killed:
        def result(self):
            raise sets.BrokenProcessPool("gone")

    monkeypatch.setattr(sets.ProcessPoolExecutor, "submit", lambda *_: Killed())
    monkeypatch.setattr(sets, "as_completed", list)
    with pytest.raises(InputError, match="processes=1"):
        write_set(tmp_path, SMALL, 2, processes=2, progress=False)


def test_a_saved_scan_carries_no_time(undisturbed):
    import zipfile

    with zipfile.ZipFile(undisturbed / "scan_00000.npz") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_shares_of_the_whole_set_weigh_each_artefact_alike():
    scans = [
        {"valid": 1.0, "artefacts": 0.3, "causes": {"noise": 1.0}},
        {"valid": 0.5, "artefacts": 0.2, "causes": {"mixed pixel": 1.0}},
        {"valid": 0.0, "artefacts": 0.0, "causes": {}},
    ]
    whole = sets._whole(scans)
    assert whole["valid"] == 0.5 and whole["artefacts"] == pytest.approx(0.4 / 1.5, abs=1e-6)
    assert whole["causes"] == {"noise": 0.75, "mixed pixel": 0.25}
