"""Set up everything that a make target needs, once: system libraries, a virtual environment, locked packages.

    python3 tools/environment.py book      .venv        TensorFlow, and all that the book and its tests use
    python3 tools/environment.py jax       .venv-jax    the tests of the JAX backend
    python3 tools/environment.py torch     .venv-torch  the tests of the PyTorch backend
    python3 tools/environment.py lowest    .venv-lowest the base install, with the lowest versions that it allows

With `--browser` it also looks for Chromium. A second call with nothing changed does nothing. Standard library only.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"book": ".venv", "jax": ".venv-jax", "torch": ".venv-torch", "lowest": ".venv-lowest"}
OPEN3D_NEEDS = ["libusb-1.0-0", "libgl1", "libegl1", "libx11-6"]


def run(*command: str | Path, check: bool = True) -> None:
    """Run a command, and stop with its exit code if it fails, unless nobody has to ``check``."""
    done = subprocess.run([str(word) for word in command], cwd=ROOT)
    if check and done.returncode:
        sys.exit(f"tools/environment.py: this failed with exit code {done.returncode}: {' '.join(map(str, command))}")


def installed(package: str) -> bool:
    """Tell whether a Debian package is installed."""
    answer = subprocess.run(["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True)
    return answer.stdout.endswith(" installed")


def find_browser() -> str | None:
    """Return the path of a Chromium that tests can drive; one inside a snap cannot reach the files it is given."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        path = shutil.which(name)
        if path and "/snap/" not in os.path.realpath(path) and not _starts_snap(path):
            return path
    return None


def _starts_snap(path: str) -> bool:
    """Ubuntu's chromium-browser is a shell script that starts the snap."""
    with open(path, "rb") as file:
        head = file.read(4096)
    return head.startswith(b"#!") and b"/snap/" in head


def wanted_packages(browser: bool) -> list[str]:
    """Return the system packages that are missing here. Only Debian and its relatives can be asked."""
    if not shutil.which("dpkg-query"):
        return []
    wanted = [package for package in OPEN3D_NEEDS if not installed(package)]
    try:
        import ensurepip  # noqa: F401 - Debian ships Python without it, and venv then fails
    except ImportError:
        wanted.append(f"python{sys.version_info.major}.{sys.version_info.minor}-venv")
    if browser and not find_browser() and platform.freedesktop_os_release().get("ID") == "debian":
        wanted.append("chromium")  # on Ubuntu this package is a snap
    return wanted


def system(browser: bool) -> None:
    """Install missing system packages where that is allowed; otherwise name all of them in one message."""
    wanted = wanted_packages(browser)
    if not wanted:
        return
    if os.geteuid() == 0:
        sudo = []
    elif shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        sudo = ["sudo", "-n"]
    else:
        sys.exit(f"These system packages are missing. Please run: sudo apt-get install {' '.join(wanted)}")
    print(f"Installing system packages: {' '.join(wanted)}", flush=True)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    run(*sudo, "apt-get", "update", "-q")
    run(*sudo, *quiet, "apt-get", "install", "-q", "-y", "--no-install-recommends", *wanted)


def fingerprint(*files: Path) -> str:
    """Return a digest of everything that decides what is installed."""
    digest = hashlib.sha256(sys.version.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def quieten_jupyterlab(folder: Path) -> None:
    """Spare readers two dialogs, and JupyterLab two requests to other hosts.

    Open3D brings dash, whose extension makes JupyterLab suggest to rebuild itself; and at its first start JupyterLab
    asks whether it may fetch news, and looks for a newer version.
    """
    settings = {
        "etc/jupyter/labconfig/page_config.json": {"buildCheck": False, "buildAvailable": False},
        "share/jupyter/lab/settings/overrides.json": {
            "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}
        },
    }
    for place, content in settings.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=2) + "\n")


def environment(name: str) -> None:
    """Make the virtual environment, or bring it up to date with its lock file."""
    folder = ROOT / FOLDERS[name]
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    lock = ROOT / "requirements" / f"{name}.txt"
    stamp, print_ = folder / ".set-up", fingerprint(lock, ROOT / "pyproject.toml", Path(__file__))
    if stamp.exists() and stamp.read_text() == print_ and python.exists():
        return
    print(f"Setting up {FOLDERS[name]} from {lock.relative_to(ROOT)}; this takes a few minutes", flush=True)
    run(sys.executable, "-m", "venv", "--clear", folder)
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    run(*pip, "--require-hashes", "--no-deps", "-r", lock)
    if name == "torch" and sys.platform == "linux":
        version = "import importlib.metadata; print(importlib.metadata.version('torch'))"
        if not subprocess.check_output([str(python), "-c", version], text=True).strip().endswith("+cpu"):
            run(*pip, "--require-hashes", "--no-deps", "-r", ROOT / "requirements" / "torch-cuda.txt")
    run(*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    # On all cores, where pip uses one. A file that is no Python of this version, such as a template, is no error.
    run(python, "-m", "compileall", "-qq", "-j", "0", folder / "lib", check=False)
    if name == "book":
        quieten_jupyterlab(folder)
    stamp.write_text(print_)


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=FOLDERS)
    parser.add_argument("--browser", action="store_true", help="also install Chromium where apt has a real one")
    arguments = parser.parse_args()
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed; this is {platform.python_version()}")
    if os.name != "nt":
        system(arguments.browser)
    environment(arguments.name)
    if arguments.browser and not find_browser():
        print("No Chromium was found (a snap does not count): the browser tests will be skipped", flush=True)


if __name__ == "__main__":
    main()
