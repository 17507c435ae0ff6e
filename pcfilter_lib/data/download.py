"""Large files from the network: mirrors, resumption, and archives that cannot write where they should not."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

from pcfilter_lib.errors import InputError

_BLOCK = 1 << 18
_LARGEST = 20 * 2**30  # bytes that an archive may unpack to


def download(
    addresses: Sequence[str],
    path: str | os.PathLike,
    *,
    size: int | None = None,
    sha256: str | None = None,
    timeout: float = 30,
) -> Path:
    """Download a file from the first address that gives all of it.

    What has arrived is kept beside `path`, as ``.part``, whatever interrupts it: the next call goes on there, where the
    server allows that. Only a whole file, whose size and checksum are right, gets its name.

    Parameters
    ----------
    addresses : sequence of str
        The file and its mirrors, tried in this order.
    path : str or os.PathLike
        Where to. A file that is there, and is as expected, is not loaded again.
    size : int, optional
        Bytes that the file must have.
    sha256 : str, optional
        Checksum that it must have, hexadecimal.
    timeout : float, default 30
        Seconds without a byte after which an address is given up.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If no address gives the file: with what was wrong at each of them. If the disk is full, or the folder cannot be
        written.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    if path.is_file() and not _fault(path, size, sha256):
        return path
    troubles = []
    for address in addresses:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch(address, part, timeout)
        except (HTTPError, URLError, HTTPException, TimeoutError, ConnectionError, ValueError) as error:
            troubles.append(f"{address}: {getattr(error, 'reason', None) or error}")
            continue
        except OSError as error:
            raise _disk_error(part, error) from None
        fault = _fault(part, size, sha256)
        if not fault:
            os.replace(part, path)
            return path
        part.unlink()  # to go on with a wrong file would never make it right
        troubles.append(f"{address}: {fault}")
    problem = "it could not be downloaded. " + "; ".join(troubles)
    raise InputError(
        path, "", problem, "try again later, or fetch the file with a browser and name it as the local file"
    )


def extract_zip(archive: str | os.PathLike, folder: str | os.PathLike) -> Path:
    """Unpack an archive into a new folder: all of it, or nothing.

    Parameters
    ----------
    archive : str or os.PathLike
        A ZIP file.
    folder : str or os.PathLike
        Must not exist yet; made when everything is unpacked.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        If the folder exists, or the archive is broken, or holds a name that leads out of the folder, a link, or more
        than 20 GiB, or more than the disk has left.
    """
    archive, folder = Path(archive), Path(folder)
    if folder.exists():
        raise InputError(folder, "", "it exists already", "remove it, or name another folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check_members(archive, members)
            needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder.parent).free
            if needed > min(free, _LARGEST):
                problem = f"it unpacks to {needed / 2**20:,.0f} MiB, and the disk has {free / 2**20:,.0f}"
                raise InputError(archive, "", problem, "make room, or name a folder on another disk")
            temporary = tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)
            try:
                for member in tqdm(members, desc=f"unpacking {archive.name}", unit=" files"):
                    packed.extract(member, temporary)
                os.chmod(temporary, 0o755)  # mkdtemp makes private folders
                os.rename(temporary, folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zipfile.LargeZipFile) as error:
        raise InputError(archive, "", f"it is no whole ZIP file ({error})", "remove it and download it again") from None
    except FileNotFoundError:
        raise InputError(archive, "", "there is no such file", "check the path") from None
    except OSError as error:
        raise _disk_error(folder, error) from None
    return folder


def _fetch(address: str, part: Path, timeout: float) -> None:
    """Download to `part`, or go on where it ends."""
    have = part.stat().st_size if part.exists() else 0
    request = Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urlopen(request, timeout=timeout)
    except HTTPError as error:
        if error.code != 416 or not have:  # nothing beyond what is there: it is whole, or of another file
            raise
        return
    with answer:
        going_on = answer.status == 206  # other servers send the file from its beginning
        expected = answer.headers.get("Content-Length")
        total = None if expected is None else int(expected) + (have if going_on else 0)
        bar = tqdm(
            total=total, initial=have if going_on else 0, desc=part.stem, unit="B", unit_scale=True, unit_divisor=1024
        )
        with open(part, "ab" if going_on else "wb") as file, bar:
            while block := answer.read(_BLOCK):
                file.write(block)
                bar.update(len(block))
    if total is not None and part.stat().st_size < total:
        raise ConnectionError(f"it ended after {part.stat().st_size:,} of {total:,} bytes")


def _fault(path: Path, size: int | None, sha256: str | None) -> str:
    """Return what is wrong with a file, or nothing."""
    found = path.stat().st_size
    if size is not None and found != size:
        return f"it has {found:,} bytes, not {size:,}"
    if sha256 is not None:
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() != sha256.lower():
            return f"its SHA-256 is {digest.hexdigest()}, not {sha256.lower()}"
    return ""


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            problem = "the name leads out of the folder that it is unpacked to"
            raise InputError(archive, repr(member.filename), problem, "do not trust this archive")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InputError(archive, repr(member.filename), "it is a link", "do not trust this archive")


def _disk_error(path: Path, error: OSError) -> InputError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputError(path, "", "the disk is full", "make room, and run this again: it goes on where it stopped")
    return InputError(path, "", f"it cannot be written ({error.strerror})", "check its folder")
