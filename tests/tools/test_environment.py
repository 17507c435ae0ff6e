import environment
import pytest


@pytest.fixture
def calls(monkeypatch):
    """Record what would be run."""
    recorded = []

    def run(*command, check=True):
        recorded.append([str(word) for word in command])

    monkeypatch.setattr(environment, "run", run)
    return recorded


def test_missing_packages_are_found(monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda name: "/usr/bin/" + name if name == "dpkg-query" else None)
    monkeypatch.setattr(environment, "installed", lambda package: package == "libgl1")
    monkeypatch.setattr(environment.platform, "freedesktop_os_release", lambda: {"ID": "debian"})
    assert environment.wanted_packages(False) == ["libusb-1.0-0", "libegl1", "libx11-6"]
    assert environment.wanted_packages(True)[-1] == "chromium"
    monkeypatch.setattr(environment.platform, "freedesktop_os_release", lambda: {"ID": "ubuntu"})
    assert "chromium" not in environment.wanted_packages(True), "Ubuntu's package is a snap"


def test_elsewhere_than_on_debian_nothing_is_asked_for(monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    assert environment.wanted_packages(True) == []


def test_root_installs_and_others_get_one_message(monkeypatch, calls):
    monkeypatch.setattr(environment, "wanted_packages", lambda browser: ["libgl1", "libegl1"])
    monkeypatch.setattr(environment.os, "geteuid", lambda: 0)
    environment.system(False)
    assert calls[0][0] == "apt-get" and calls[1][-2:] == ["libgl1", "libegl1"]

    monkeypatch.setattr(environment.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="sudo apt-get install libgl1 libegl1"):
        environment.system(False)


def test_a_snap_is_no_browser(monkeypatch, tmp_path):
    script = tmp_path / "chromium-browser"
    script.write_text("#!/bin/sh\nexec /snap/bin/chromium\n")
    monkeypatch.setattr(environment.shutil, "which", lambda name: str(script) if name == script.name else None)
    assert environment.find_browser() is None
    script.write_bytes(b"\x7fELF")
    assert environment.find_browser() == str(script)


@pytest.fixture
def project(monkeypatch, tmp_path):
    """A project whose set-up makes a folder, and installs nothing."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "book.txt").write_text("numpy==1.0\n")
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    recorded = []

    def run(*command, check=True):
        recorded.append([str(word) for word in command])
        if "venv" in recorded[-1]:
            (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
            (tmp_path / ".venv" / "bin" / "python").touch()

    monkeypatch.setattr(environment, "run", run)
    return tmp_path, recorded


def test_a_second_run_sets_nothing_up_again(project):
    root, recorded = project
    environment.environment("book")
    assert any("--require-hashes" in command for command in recorded)
    assert "compileall" in recorded[-1], "notebooks import what is compiled"
    first = len(recorded)
    environment.environment("book")
    assert len(recorded) == first
    (root / "requirements" / "book.txt").write_text("numpy==2.0\n")
    environment.environment("book")
    assert len(recorded) == 2 * first, "a changed lock file is installed"


def test_an_interrupted_set_up_is_done_again(project, monkeypatch):
    root, recorded = project
    whole = environment.run

    def run(*command, check=True):
        whole(*command, check=check)
        if "--editable" in command:
            raise KeyboardInterrupt

    monkeypatch.setattr(environment, "run", run)
    with pytest.raises(KeyboardInterrupt):
        environment.environment("book")
    assert not (root / ".venv" / ".set-up").exists()
    monkeypatch.setattr(environment, "run", whole)
    interrupted = recorded.copy()
    environment.environment("book")
    assert recorded[len(interrupted) : -1] == interrupted and "compileall" in recorded[-1]
    assert (root / ".venv" / ".set-up").exists()


def test_jupyterlab_asks_readers_nothing(project):
    root, _ = project
    environment.environment("book")
    assert '"buildCheck": false' in (root / ".venv/etc/jupyter/labconfig/page_config.json").read_text()
    assert '"fetchNews": "false"' in (root / ".venv/share/jupyter/lab/settings/overrides.json").read_text()
