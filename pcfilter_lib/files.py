"""Reading and writing whole files so that nothing is ever half-read or half-written."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pcfilter_lib.errors import InputError


def read_bytes(path: str | os.PathLike) -> bytes:
    """Return a file's content, or raise one :class:`InputError` that says why it cannot be read."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError(path, "", "there is no such file", "check the path") from None
    except OSError as error:
        raise InputError(path, "", f"it cannot be read ({error.strerror})", "check its permissions") from None


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it there at the end, or remove it if the body fails.

    An interrupted or failed write thus leaves the old file, or none, but never half of the new one. A process that is
    killed meanwhile leaves the temporary file, for :func:`remove_leftovers`.
    """
    target = Path(path)
    try:
        # Part of a long name will do: with the rest, it must not be longer than a name may be.
        prefix = f".{target.stem[:40]}{_MARK}{_machine()}-{os.getpid()}-"
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise InputError(path, "", f"it cannot be written ({error.strerror})", "check its folder") from None
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; the result is an ordinary one
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove the temporary files of :func:`replacing` that processes of this machine left in a folder as they died.

    Files of processes that still run, and of other machines that write to the same folder, stay. On Windows, where a
    process cannot be looked up without harm, all stay.
    """
    folder = Path(folder)
    if os.name != "posix" or not folder.is_dir():
        return
    for path in folder.glob(f".*{_MARK}{_machine()}-*"):
        match = _TEMPORARY.search(path.name)
        if match and not _runs(int(match[1])):
            path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # somebody else's, or a number that is none of this machine's
    return True


def _machine() -> str:
    """Return eight letters that stand for this machine."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


_MARK = "~pcfilter-"
_TEMPORARY = re.compile(_MARK + r"[0-9a-f]{8}-(\d+)-")
