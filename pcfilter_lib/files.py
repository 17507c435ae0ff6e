"""Reading and writing whole files so that nothing is ever half-read or half-written."""

from __future__ import annotations

import os
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

    An interrupted or failed write thus leaves the old file, or none, but never half of the new one.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
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
