import io
import warnings
import zipfile

import numpy as np
import pytest
from fuzz import assert_survives
from real_data import REAL, needs_real_data
from scan_files import INTRINSICS, npz_bytes, surface

from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError


def write(tmp_path, content):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    return path


def test_the_keys_are_the_fields(tmp_path):
    fields = {
        "xyz": surface().astype(np.float64),
        "valid": np.ones((6, 8), bool),
        "intensity": np.arange(48, dtype=np.float16).reshape(6, 8),
        "normals": surface(seed=1),
        "label": np.full((6, 8), 255, np.uint8),
        "intrinsics": np.array(INTRINSICS),
        "distortion": np.arange(5) / 10,
        "offset": np.array([3, 4]),
        "note": np.array("made by hand"),
        "file": np.arange(4),
    }
    scan = load_scan(write(tmp_path, npz_bytes(**{k: v for k, v in fields.items() if k != "file"})))
    assert scan.offset == (3, 4) and str(scan.extras["note"]) == "made by hand"
    for name in ("intensity", "normals", "label", "intrinsics", "distortion"):
        assert np.array_equal(getattr(scan, name), fields[name], equal_nan=True), name


def test_an_extra_may_have_any_name(tmp_path):
    scan = load_scan(write(tmp_path, npz_bytes(xyz=surface())))
    import dataclasses

    named = dataclasses.replace(scan, extras={"file": np.arange(4), "allow_pickle": np.array(1)})
    save_scan(named, tmp_path / "b.npz")
    assert load_scan(tmp_path / "b.npz").extras["file"].tolist() == [0, 1, 2, 3]


def test_a_file_of_python_2_loads_in_silence(tmp_path):
    """Its integers end in L, of which NumPy warns; nobody can do anything about it."""
    stream = io.BytesIO()
    np.save(stream, surface())
    content = stream.getvalue().replace(b"(6, 8, 3), }   ", b"(6L, 8L, 3L), }")
    assert b"6L" in content and len(content) == len(stream.getvalue())
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("xyz.npy", content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(load_scan(write(tmp_path, archive.getvalue())).xyz, surface(), equal_nan=True)


def test_its_own_sign_and_type_for_no_point(tmp_path):
    double = np.nan_to_num(surface().astype(np.float64) * (1 + 1e-12), nan=0.0)
    scan = load_scan(write(tmp_path, npz_bytes(xyz=double, valid=(double != 0).any(axis=2))))
    mask = np.zeros(scan.shape, bool)
    mask[2:4] = True
    save_scan(scan.with_points_removed(mask), tmp_path / "b.npz")
    with np.load(tmp_path / "b.npz") as again:
        assert np.array_equal(again["xyz"], np.where(mask[..., None], 0, double)), "float64, and 0 0 0"
        assert again["xyz"].dtype == np.float64
        assert np.array_equal(again["valid"], scan.valid & ~mask)
    save_scan(load_scan(write(tmp_path, npz_bytes(xyz=surface()))).with_points_removed(mask), tmp_path / "b.npz")
    with np.load(tmp_path / "b.npz") as again:
        assert np.isnan(again["xyz"][mask]).all()


@pytest.mark.parametrize("packed", [True, False])
def test_it_stays_packed_or_not(tmp_path, packed):
    scan = load_scan(write(tmp_path, npz_bytes(packed, xyz=surface())))
    save_scan(scan.keep(np.eye(6, 8) == 0), tmp_path / "b.npz")
    with zipfile.ZipFile(tmp_path / "b.npz") as archive:
        assert {info.compress_type for info in archive.infolist()} == {8 if packed else 0}


def test_fortran_order(tmp_path):
    path = write(tmp_path, npz_bytes(xyz=np.asfortranarray(surface())))
    assert np.array_equal(load_scan(path).xyz, load_scan(write(tmp_path, npz_bytes(xyz=surface()))).xyz, equal_nan=True)


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("an object was unpickled",))


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for name, content in members.items():
            zipped.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npy(header: str, body: bytes = b"") -> bytes:
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + body


@pytest.mark.parametrize(
    "content, words",
    [
        (b"PK not a zip", "no zip archive"),
        (npz_bytes(points=surface()), "there is no array 'xyz' (it holds points)"),
        (npz_bytes(xyz=np.ones((5, 3))), "shape (5, 3), not numbers of shape (H, W, 3)"),
        (npz_bytes(xyz=np.ones((5, 3, 3), complex)), "complex128"),
        (npz_bytes(xyz=surface(), valid=np.ones((6, 8))), "valid: its type is float64"),
        (npz_bytes(xyz=surface(), label=np.ones((6, 9))), "label: its shape is (6, 9)"),
        (npz_bytes(xyz=surface(), trap=np.array([Trap()])), "'trap': it holds Python objects"),
        (npz_bytes(xyz=surface(), extras=np.ones(1)), "extras"),
        (archive(xyz=npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647, 3)}")), "another"),
        (archive(xyz=npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2, 3)}", bytes(24))), "another size"),
        (archive(xyz=npy("{'descr': '<U0', 'fortran_order': False, 'shape': (9999999999, 2, 3)}")), "no bytes"),
        (archive(xyz=npy("{'descr': '<f4', 'shape': (1, 2, 3)}", bytes(24))), "its header cannot be read"),
        (archive(xyz=npy("(" * 100, bytes(24))), "its header cannot be read"),
        (archive(xyz=b"not an array"), "its header cannot be read"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path, content, words):
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        load_scan(path)
    assert words in str(caught.value) and str(path) in str(caught.value) and caught.value.remedy


def test_other_members_and_codecs_are_refused(tmp_path):
    for options, name in (({"compression": zipfile.ZIP_LZMA}, "xyz.npy"), ({}, "xyz.txt")):
        with zipfile.ZipFile(tmp_path / "a.npz", "w", **options) as zipped:
            zipped.writestr(name, b"0" * 100)
        with pytest.raises(InputError, match="NumPy writes|no array"):
            load_scan(tmp_path / "a.npz")


@pytest.mark.parametrize("size", [10**8, 2**32 - 2])
def test_claims_of_the_archive_are_refused(tmp_path, size):
    content = bytearray(npz_bytes(xyz=surface()))
    at = content.rindex(b"PK\x01\x02") + 24  # the uncompressed size in the central directory
    content[at : at + 4] = size.to_bytes(4, "little")
    with pytest.raises(InputError, match=f"'xyz': it claims {size} bytes"):
        load_scan(write(tmp_path, bytes(content)))


def test_a_flipped_bit_in_the_data_is_noticed(tmp_path):
    content = bytearray(npz_bytes(False, xyz=surface()))
    content[400] ^= 1
    with pytest.raises(InputError, match="cannot be unpacked"):
        load_scan(write(tmp_path, bytes(content)))


def test_mutated_files():
    full = {"xyz": surface(), "label": np.ones((6, 8), np.uint8), "intrinsics": np.array(INTRINSICS)}
    seeds = [npz_bytes(**full), npz_bytes(False, **full)]
    assert_survives(
        "pcfilter_lib.data.scan_io:load_scan",
        seeds,
        ".npz",
        check="scan_files:check_scan",
        warns=["AmbiguousUnitWarning"],
    )


def test_mutated_arrays_under_right_checksums():
    stream = io.BytesIO()
    np.save(stream, surface())
    report = assert_survives(
        "pcfilter_lib.data.scan_io:load_scan",
        [stream.getvalue()],
        ".npz",
        wrap="scan_files:npy_in_npz",
        check="scan_files:check_scan",
        warns=["AmbiguousUnitWarning"],
    )
    assert report["loaded"] > 20


@needs_real_data
@pytest.mark.parametrize("name, shape, count", [("004", (797, 608), 98_944), ("014", (834, 1286), 17_130)])
def test_real_files(tmp_path, name, shape, count):
    path = REAL / "phoxi" / f"phoxi_gpu_{name}.npz"
    scan = load_scan(path)
    assert scan.shape == shape and scan.valid.sum() == count
    save_scan(scan, tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == path.read_bytes()
    mask = np.random.default_rng(0).random(scan.shape) < 0.3
    save_scan(scan.with_points_removed(mask), tmp_path / "a.npz")
    with np.load(path) as before, np.load(tmp_path / "a.npz") as after:
        assert list(before) == list(after)
        for key in before:
            expected = before[key]
            if key == "xyz":
                expected = np.where((scan.valid & mask)[..., None], np.float32(np.nan), expected)
            elif key == "valid":
                expected = expected & ~mask
            assert after[key].dtype == before[key].dtype, key
            assert np.array_equal(after[key], expected, equal_nan=expected.dtype.kind == "f"), key
