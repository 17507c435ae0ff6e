"""Downloads against a server that fails in the ways that servers fail, and archives that mean harm."""

import errno
import hashlib
import http.server
import io
import os
import stat
import threading
import zipfile

import pytest

from pcfilter_lib.data import download as module
from pcfilter_lib.data.download import download, extract_zip
from pcfilter_lib.errors import InputError

BODY = bytes(range(256)) * 4_000
SHA = hashlib.sha256(BODY).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """/whole, /ranges (can go on), /cut (ends early), /wrong (other bytes), anything else is not found."""

    asked = []

    def do_GET(self):
        Server.asked.append((self.path, self.headers.get("Range")))
        kind = self.path.strip("/")
        if kind not in ("whole", "ranges", "cut", "wrong"):
            self.send_error(404)
            return
        body, start = BODY[::-1] if kind == "wrong" else BODY, 0
        if kind in ("ranges", "cut") and self.headers.get("Range"):
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_error(416)
                return
            self.send_response(206)
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        rest = body[start:]
        self.wfile.write(rest[: len(rest) // 2] if kind == "cut" else rest)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture(autouse=True)
def forget():
    Server.asked.clear()


def test_a_whole_file_is_loaded_once(server, tmp_path):
    path = download([f"{server}/whole"], tmp_path / "new" / "file.bin", size=len(BODY), sha256=SHA.upper())
    assert path.read_bytes() == BODY and os.listdir(path.parent) == ["file.bin"]
    download([f"{server}/whole"], path, size=len(BODY), sha256=SHA)
    assert len(Server.asked) == 1


def test_mirrors_are_tried_in_order(server, tmp_path):
    addresses = ["http://127.0.0.1:9/closed", f"{server}/missing", f"{server}/wrong", f"{server}/whole"]
    assert download(addresses, tmp_path / "file.bin", sha256=SHA).read_bytes() == BODY
    assert [path for path, _ in Server.asked] == ["/missing", "/wrong", "/whole"]


@pytest.mark.parametrize("address", ["ranges", "whole"])
def test_it_goes_on_where_it_stopped_or_begins_anew(server, tmp_path, address):
    (tmp_path / "file.bin.part").write_bytes(BODY[:300_000])
    assert download([f"{server}/{address}"], tmp_path / "file.bin", sha256=SHA).read_bytes() == BODY
    assert Server.asked == [(f"/{address}", "bytes=300000-")]


def test_a_connection_that_breaks_leaves_what_has_arrived(server, tmp_path):
    with pytest.raises(InputError, match=r"file\.bin.*/cut: it ended after 512,000 of 1,024,000 bytes"):
        download([f"{server}/cut"], tmp_path / "file.bin", sha256=SHA)
    assert os.listdir(tmp_path) == ["file.bin.part"]
    assert download([f"{server}/ranges"], tmp_path / "file.bin", sha256=SHA).read_bytes() == BODY
    assert Server.asked[-1] == ("/ranges", "bytes=512000-")


def test_a_whole_part_needs_only_its_name(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(BODY)
    assert download([f"{server}/ranges"], tmp_path / "file.bin", sha256=SHA).read_bytes() == BODY


def test_a_wrong_file_is_never_called_by_its_name(server, tmp_path):
    with pytest.raises(InputError, match=rf"SHA-256 is .*, not {SHA}"):
        download([f"{server}/wrong"], tmp_path / "file.bin", sha256=SHA)
    with pytest.raises(InputError, match=r"1,024,000 bytes, not 7"):
        download([f"{server}/whole"], tmp_path / "file.bin", size=7)
    assert os.listdir(tmp_path) == []
    (tmp_path / "file.bin").write_bytes(b"old")
    download([f"{server}/whole"], tmp_path / "file.bin", sha256=SHA)
    assert (tmp_path / "file.bin").read_bytes() == BODY


def test_a_full_disk_is_told_and_the_rest_comes_later(server, tmp_path, monkeypatch):
    real_open = open

    def full(path, mode="r", *args, **kwargs):
        file = real_open(path, mode, *args, **kwargs)
        if "b" in mode and ("w" in mode or "a" in mode):
            write = file.write

            class Full(io.BufferedIOBase):
                def __enter__(self):
                    return self

                def __exit__(self, *exc):
                    file.close()

                def write(self, block):
                    if file.tell() > 400_000:
                        raise OSError(errno.ENOSPC, "No space left on device")
                    return write(block)

            return Full()
        return file

    monkeypatch.setattr(module, "open", full, raising=False)
    with pytest.raises(InputError, match="disk is full"):
        download([f"{server}/ranges"], tmp_path / "file.bin", sha256=SHA)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["file.bin.part"]
    assert download([f"{server}/ranges"], tmp_path / "file.bin", sha256=SHA).read_bytes() == BODY
    assert Server.asked[-1][1] not in (None, "bytes=0-")


def packed(path, *names, link=False):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = ((stat.S_IFLNK if link else stat.S_IFREG) | 0o644) << 16
            archive.writestr(info, "content")
    return path


def test_an_archive_is_unpacked_as_a_whole(tmp_path):
    folder = extract_zip(packed(tmp_path / "a.zip", "a/b.txt", "c.txt"), tmp_path / "new" / "out")
    assert (folder / "a" / "b.txt").read_text() == "content" and os.listdir(folder.parent) == ["out"]
    with pytest.raises(InputError, match="exists already"):
        extract_zip(tmp_path / "a.zip", folder)


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:\\evil.txt"])
def test_names_that_lead_out_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"a\.zip.*leads out"):
        extract_zip(packed(tmp_path / "a.zip", "good.txt", name), tmp_path / "out")
    assert os.listdir(tmp_path) == ["a.zip"]


def test_links_broken_archives_and_bombs_are_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="it is a link"):
        extract_zip(packed(tmp_path / "a.zip", "link", link=True), tmp_path / "out")
    whole = packed(tmp_path / "a.zip", "one.txt", "two.txt").read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"no archive", whole.replace(b"content", b"c0ntent", 2)):
        (tmp_path / "a.zip").write_bytes(broken)
        with pytest.raises(InputError, match="no whole ZIP file"):
            extract_zip(tmp_path / "a.zip", tmp_path / "out")
    with pytest.raises(InputError, match="no such file"):
        extract_zip(tmp_path / "b.zip", tmp_path / "out")
    (tmp_path / "a.zip").write_bytes(whole)
    monkeypatch.setattr(module, "_LARGEST", 10)
    with pytest.raises(InputError, match="unpacks to"):
        extract_zip(tmp_path / "a.zip", tmp_path / "out")
    assert os.listdir(tmp_path) == ["a.zip"]
