"""Feed broken files to a loader and insist on one of two ends: a valid object, or an ``InputError``.

    from fuzz import assert_survives

    def test_mutated_files():
        assert_survives("pcfilter_lib.data.formats.pcd:read_pcd", [valid_bytes], ".pcd")

The loader runs in a child process whose address space may grow by 500 MB and in which each load may take 2 s of
processor time, so that a huge allocation or an endless loop fails the test and not the machine. Work of others on the
machine does not count; a loader that waits without working is stopped after a minute. Mutation `index` of a run depends
on the seed, the valid files and the index alone: ``mutate(seeds, index, seed)`` makes it again. A failure names it, and
keeps the file.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

SECONDS = 2.0  # of processor time
PATIENCE = 60.0  # seconds on the clock, against loaders that wait
MEMORY = 500 * 10**6  # bytes, beyond what the child holds after it has loaded each valid file once

HEADER = 500  # most of the traps are in the first bytes of a file, so half of the mutations are
COUNTS = [
    *("0", "1", "-1", "2", "7", "255", "256", "65535", "65536", "16777217", "100000000", "2147483647", "2147483648"),
    *("4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808"),
    *("18446744073709551616", "1" + "0" * 400, "1" + "0" * 5000, "1.5", "1e3", "1e30", "0x10", "1_0", "+3", "", "x"),
]
VALUES = [
    "nan",
    "NaN",
    "-nan",
    "inf",
    "-inf",
    "Infinity",
    "1e39",
    "1e999",
    "-1e999",
    "1e-50",
    "abc",
    "--1",
    "1.2.3",
    "é",
    ".",
    "e",
]
WORDS = [
    *(
        "float",
        "double",
        "char",
        "uchar",
        "int",
        "uint",
        "int8",
        "list",
        "property",
        "element",
        "vertex",
        "face",
        "x",
        "xyz",
    ),
    *(
        "ascii",
        "binary",
        "binary_compressed",
        "binary_little_endian",
        "binary_big_endian",
        "end_header",
        "comment",
        "DATA",
    ),
    *(
        "F",
        "U",
        "I",
        "S",
        "Q",
        "_",
        "OFF",
        "COFF",
        "NOFF",
        "BINARY",
        "solid",
        "facet",
        "endsolid",
        "usemtl",
        "mtllib",
        "<f4",
    ),
    *("|O", "<i8", ">f8", "|b1", "<c16", "<U9", "True", "False", "None", "#", "\\", "\0"),
]
NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z_<>|][\w<>|]*")
PACKED = [
    struct.pack(order + kind, value)
    for order in "<>"
    for kind, values in {
        "I": (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 10**8),
        "Q": (0, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 10**10),
        "f": (float("nan"), float("inf"), -3e38),
        "d": (float("nan"), float("-inf"), 1e300),
        "H": (0, 65535, 32768),
    }.items()
    for value in values
]


def mutate(seeds: Sequence[bytes], index: int, seed: int = 0) -> bytes:
    """Return mutation number `index` of the valid files: each second one replaces a number of the header."""
    data, turn = seeds[index % len(seeds)], index // len(seeds)
    systematic = list(_header_numbers(data))
    if turn % 2 == 0 and turn // 2 < len(systematic):
        start, end, value = systematic[turn // 2]
        return data[:start] + value + data[end:]
    rng = random.Random(f"{seed}-{index}")
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(_MUTATIONS)(data, rng)
    return data


def _header_numbers(data: bytes, most: int = 30) -> Iterator[tuple[int, int, bytes]]:
    for match in list(NUMBER.finditer(data[:HEADER]))[:most]:
        for value in COUNTS:
            yield *match.span(), value.encode()


def _place(data: bytes, rng: random.Random) -> int:
    return rng.randrange(len(data) + 1 if rng.random() < 0.5 else min(len(data), HEADER) + 1)


def _truncate(data, rng):
    return data[: _place(data, rng)]


def _flip_bits(data, rng):
    if not data:
        return data
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        out[min(_place(data, rng), len(data) - 1)] ^= 1 << rng.randrange(8)
    return bytes(out)


def _splice(data, rng):
    start, place = _place(data, rng), _place(data, rng)
    piece = data[start : start + rng.choice((1, 4, 12, 100, 1000))]
    return data[:place] + piece * rng.choice((1, 1, 2, 50)) + data[place + rng.choice((0, len(piece))) :]


def _delete(data, rng):
    place = _place(data, rng)
    return data[:place] + data[place + rng.choice((1, 2, 4, 16, 200)) :]


def _insert_noise(data, rng):
    place = _place(data, rng)
    return (
        data[:place]
        + rng.choice((rng.randbytes(rng.randrange(1, 64)), b"\0" * 16, b"\n", b"\r", b"#", b" "))
        + data[place:]
    )


def _replace(pattern, choices):
    def apply(data, rng):
        found = list(pattern.finditer(data if rng.random() < 0.3 else data[:HEADER]))
        if not found:
            return data
        start, end = rng.choice(found).span()
        return data[:start] + rng.choice(choices).encode() + data[end:]

    return apply


def _pack(data, rng):
    piece = rng.choice(PACKED)
    place = _place(data, rng)
    if rng.random() < 0.5:
        place -= place % 4
    return data[:place] + piece + data[place + len(piece) :]


def _shuffle_lines(data, rng):
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return data
    one, other = (rng.randrange(min(len(lines), rng.choice((12, len(lines))))) for _ in range(2))
    how = rng.randrange(3)
    if how == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif how == 1:
        lines.insert(other, lines[one])
    else:
        del lines[one]
    return b"".join(lines)


def _empty(data, rng):
    return rng.choice(
        (b"", b"\0", b"\n", b"\xff\xfe", data[:1], data + data, rng.randbytes(300), b"\0" * 4096, b"9" * 10000)
    )


_MUTATIONS = [
    *(_truncate, _flip_bits, _flip_bits, _splice, _delete, _insert_noise, _pack, _pack, _shuffle_lines),
    *(_replace(NUMBER, COUNTS), _replace(NUMBER, COUNTS), _replace(NUMBER, VALUES), _replace(NUMBER, VALUES)),
    *(_replace(WORD, WORDS), _replace(WORD, WORDS), _replace(WORD, VALUES + COUNTS)),
]
_MUTATIONS += _MUTATIONS + _MUTATIONS + [_empty]


def assert_survives(
    loader: str,
    seeds: Sequence[bytes],
    suffix: str,
    *,
    count: int = 2000,
    seed: int = 0,
    keywords: dict | None = None,
    check: str = "",
    wrap: str = "",
    warns: Sequence[str] = (),
    seconds: float = SECONDS,
    patience: float = PATIENCE,
    memory: int = MEMORY,
) -> dict:
    """Load `count` mutations of valid files and fail on anything but a valid object or an ``InputError``.

    Parameters
    ----------
    loader : str
        The function that loads a path, as ``"module:name"``. Modules beside this file can be named too.
    seeds : sequence of bytes
        Valid files; each is loaded first, and must load. Small ones are quick, and hit in more places.
    suffix : str
        The extension under which the files are written, for example ``".pcd"``.
    count, seed : int
        How many mutations, and of which series.
    keywords : dict, optional
        Keyword arguments of the loader that JSON can carry.
    check : str, optional
        A function, named like `loader`, that is given each loaded object and raises if that is not valid.
    wrap : str, optional
        A function, named like `loader`, from the mutated bytes to the file's bytes, for formats with a checksum or a
        compressed body: the seeds are then what goes inside.
    warns : sequence of str
        Names of the warning classes that the loader may issue. Any other warning is a failure.
    seconds, patience, memory : float, float, int
        Limits for one load: processor time, time on the clock, and bytes where the system can limit them (Linux).

    Returns
    -------
    dict
        ``loaded`` and ``refused``: how many mutations ended which way; ``seconds``: the slowest, in processor time.
    """
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(seeds):
            Path(folder, f"{number}.seed").write_bytes(data)
        job = dict(
            loader=loader, suffix=suffix, count=count, seed=seed, keywords=keywords or {}, check=check, wrap=wrap
        )
        job |= dict(warns=list(warns), seconds=seconds, patience=patience, memory=memory, folder=folder)
        command = [sys.executable, __file__, "--job", json.dumps(job)]
        checks = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).with_name("formats")), *sys.path])}
        child = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | checks)
    if child.returncode != 0:
        raise AssertionError(f"{loader}: the child process died ({child.returncode})\n{child.stdout}\n{child.stderr}")
    report = json.loads(child.stdout.splitlines()[-1])
    assert not report["failures"], f"{len(report['failures'])} failures\n" + "\n".join(report["failures"][:5])
    assert report["refused"] > count // 10, f"only {report['refused']} of {count} mutations did any harm"
    return report


class _TooSlow(BaseException):  # not an Exception: no `except Exception` in a parser may swallow it
    pass


def _find(name: str):
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _run(job: dict) -> dict:
    from pcfilter_lib.errors import InputError

    seeds = [path.read_bytes() for path in sorted(Path(job["folder"]).glob("*.seed"), key=lambda path: int(path.stem))]
    loader, path = _find(job["loader"]), Path(job["folder"], "mutated" + job["suffix"])
    check = _find(job["check"]) if job["check"] else lambda loaded: None
    wrap = _find(job["wrap"]) if job["wrap"] else bytes
    for data in seeds:  # each must load; this also imports all that loading needs before memory is limited
        path.write_bytes(wrap(data))
        check(loader(path, **job["keywords"]))
    _limit_memory(job["memory"])
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, _stop)
        signal.signal(signal.SIGALRM, _stop)
    report = {"loaded": 0, "refused": 0, "seconds": 0.0, "failures": []}
    for index in range(job["count"]):
        try:
            path.write_bytes(wrap(mutate(seeds, index, job["seed"])))
        except ValueError:  # what cannot be wrapped is no file
            continue
        problem, ended, took = _load_once(loader, path, job, check, InputError)
        report["seconds"] = max(report["seconds"], took)
        if problem:
            kept = Path(tempfile.gettempdir(), f"fuzz-{job['seed']}-{index}{job['suffix']}")
            kept.write_bytes(path.read_bytes())
            report["failures"].append(f"mutation {index} of seed {job['seed']}: {problem}\n    kept as {kept}")
        else:
            report[ended] += 1
        if len(report["failures"]) >= 20:
            break
    return report


def _load_once(loader, path, job, check, input_error) -> tuple[str, str, float]:
    problem, ended = "", "loaded"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.process_time()
        try:
            _set_timers(job["seconds"], job["patience"])
            try:
                loaded = loader(path, **job["keywords"])
            finally:
                _set_timers(0, 0)
                took = time.process_time() - start
            check(loaded)
        except input_error as error:
            ended = "refused"
            if any(isinstance(cause, MemoryError) for cause in _chain(error)):
                problem = f"a MemoryError became {error!r}: more than {job['memory'] / 1e6:.0f} MB were asked for"
            elif not (error.problem and error.remedy):
                problem = f"an empty problem or remedy: {error!r}"
        except _TooSlow as error:
            problem = f"took longer than {error}"
        except BaseException as error:  # KeyboardInterrupt from a parser would be as wrong as any other
            problem = f"raised {error!r} at {traceback.extract_tb(error.__traceback__)[-1]}"
    if not problem and took > job["seconds"]:
        problem = f"took {took:.1f} s"
    leaked = [w for w in caught if not any(base.__name__ in job["warns"] for base in w.category.__mro__)]
    if not problem and leaked:
        problem = (
            f"warned {leaked[0].category.__name__}: {leaked[0].message} at {leaked[0].filename}:{leaked[0].lineno}"
        )
    return problem, ended, took


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that it was raised from, `from None` included."""
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _set_timers(seconds: float, patience: float) -> None:
    """Limit processor time and time on the clock from now on, or no longer if they are 0."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, patience)


def _stop(signum, frame):
    raise _TooSlow("the limit of processor time" if signum == signal.SIGPROF else "our patience, without working")


def _limit_memory(extra: int) -> None:
    with contextlib.suppress(ImportError, OSError):  # elsewhere than on Linux only time is limited
        import resource

        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + extra, now + extra))


def is_mesh(mesh) -> None:
    """Check a loaded mesh."""
    import numpy as np

    assert mesh.vertices.shape[1:] == mesh.faces.shape[1:] == (3,)
    assert len(mesh.faces) > 0
    assert np.isfinite(mesh.vertices).all()
    assert 0 <= mesh.faces.min() <= mesh.faces.max() < len(mesh.vertices)


def is_cloud(points) -> None:
    """Check a loaded cloud."""
    import numpy as np

    assert points.dtype == np.float32
    assert points.ndim == 2
    assert points.shape[1] == 3
    assert len(points) > 0
    assert np.isfinite(points).all()


def in_npz(data: bytes) -> bytes:
    """Wrap the bytes of a ``.npy`` array as the member ``points`` of an archive with a right checksum."""
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("points.npy"), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


if __name__ == "__main__":  # the child process of assert_survives: --job JSON
    print(json.dumps(_run(json.loads(sys.argv[2]))))
