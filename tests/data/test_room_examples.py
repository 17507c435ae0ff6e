import importlib.util
from pathlib import Path

import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

SCRIPT = Path(__file__).resolve().parents[2] / "data_scripts" / "make_rooms.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_rooms", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_splits_hold_all_classes():
    for split, count in data.ROOM_SPLITS.items():
        rooms = data.load_rooms(split)
        assert len(rooms) == count
        assert {room.shape for room in rooms} == {data.ROOM_SHAPE} and {room.dtype for room in rooms} == {
            np.dtype("u1")
        }
        assert set(np.unique(rooms)) == {*range(len(data.ROOM_CLASSES)), data.UNLABELLED}
    assert data.load_rooms()[0].tobytes() == data.load_rooms("train")[0].tobytes()


def test_rooms_differ_and_look_like_rooms():
    rooms = [room for split in data.ROOM_SPLITS for room in data.load_rooms(split)]
    assert len({room.tobytes() for room in rooms}) == len(rooms) == 8
    for room in rooms:
        used = room != data.UNLABELLED
        assert 0.02 < used.mean() < 0.12
        length, width, height = (np.flatnonzero(used.any(axis=axes)).max() + 1 for axes in ((1, 2), (0, 2), (0, 1)))
        assert 60 <= length <= 100 and 60 <= width <= 100 and 48 <= height <= 56
        assert used[:length, :width, 0].mean() > 0.99  # the floor, and what stands on it
        assert not (room[:, :, 1:] == 0).any()
        walls = [(room[index] == 1).mean() > 0.3 for index in (0, length - 1)]
        walls += [(room[:, index] == 1).mean() > 0.3 for index in (0, width - 1)]
        assert 2 <= sum(walls) <= 4


def test_the_file_is_small():
    assert data.example_path("rooms.npz").stat().st_size < 100_000


def test_a_split_that_is_not_there():
    with pytest.raises(InputError, match="'validation'.*'train'"):
        data.load_rooms("validation")


def test_the_script_makes_the_shipped_file_again(script, tmp_path):
    pytest.importorskip("open3d")
    files = [tmp_path / name / "rooms.npz" for name in "ab"]
    for file in files:
        file.parent.mkdir()
        script.main(file.parent)
    assert files[0].read_bytes() == files[1].read_bytes()
    with np.load(files[0]) as made, np.load(data.example_path("rooms.npz")) as shipped:
        assert made.files == shipped.files
        # Another processor may round a corner differently: at most one voxel in 10,000 may differ.
        assert np.abs(made["count"] - shipped["count"]).sum() <= 1e-4 * shipped["count"].sum()
        grids = []
        for file in (made, shipped):
            grid = np.full((8, *data.ROOM_SHAPE), data.UNLABELLED, np.uint8)
            grid[(np.repeat(np.arange(8), file["count"]), *file["coordinates"].T)] = file["label"]
            grids.append(grid)
        assert (grids[0] != grids[1]).sum() <= 1e-4 * shipped["count"].sum()


def test_the_packed_file_does_not_depend_on_the_clock(script, tmp_path, monkeypatch):
    packed = script.packed(data.load_rooms("test"))
    contents = []
    for year in (2001, 2031):
        monkeypatch.setattr("time.localtime", lambda *_, year=year: (year, 2, 3, 4, 5, 6, 0, 1, 0))
        monkeypatch.setattr("time.time", lambda year=year: (year - 1970) * 31_557_600.0)
        np.savez_compressed(tmp_path / "rooms.npz", **packed)
        contents.append((tmp_path / "rooms.npz").read_bytes())
    assert contents[0] == contents[1]


def test_channels_hold_what_is_occupied_and_how_high_it_is():
    room = np.zeros((2, 3, 4), bool)
    room[1, 2, 3] = True
    channels = data.room_channels(room, margin=2)
    assert channels.shape == (6, 7, 8, 2) and channels.dtype == np.float32
    assert np.argwhere(channels[..., 0]).tolist() == [[3, 4, 5]]
    np.testing.assert_allclose(channels[..., 1], np.broadcast_to(0.05 * np.arange(-2, 6), (6, 7, 8)), atol=1e-7)
    assert data.room_channels(room).shape == (2, 3, 4, 2)


@pytest.mark.parametrize(
    ("room", "margin", "named"), [(np.zeros((2, 3)), 0, "occupied"), (np.zeros((2, 3, 4)), -1, "margin")]
)
def test_channels_of_what_is_no_room_are_refused(room, margin, named):
    with pytest.raises(InputError, match=named):
        data.room_channels(room, margin=margin)


def test_voxels_are_those_that_are_occupied_and_how_high_they_are():
    room = np.zeros((2, 3, 4), bool)
    room[1, 2, 3] = room[0, 1, 0] = True
    coordinates, features = data.room_voxels(room, 0.025)
    assert coordinates.tolist() == [[0, 1, 0], [1, 2, 3]] and features.dtype == np.float32
    np.testing.assert_allclose(features, [[1, 0], [1, 0.075]], atol=1e-7)


@pytest.mark.parametrize(
    ("room", "size", "named"), [(np.zeros(3), 1, "occupied"), (np.zeros((2, 2, 2)), 0, "voxel_size")]
)
def test_voxels_of_what_is_no_room_are_refused(room, size, named):
    with pytest.raises(InputError, match=named):
        data.room_voxels(room, size)
