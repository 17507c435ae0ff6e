"""The files around the code agree with each other, and name packages only, never where they come from."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import pcfilter_lib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def requirements(*extras: str) -> list[Requirement]:
    """Return the dependencies of the base and of some extras, extras of extras included."""
    found = [Requirement(line) for line in PROJECT["dependencies"]]
    for extra in extras:
        for requirement in map(Requirement, EXTRAS[extra]):
            if requirement.name == "pcfilter_lib":
                found += requirements(*requirement.extras)
            else:
                found.append(requirement)
    return list({str(requirement): requirement for requirement in found}.values())


def locked(name: str) -> dict[str, list[str]]:
    """Return the versions of each package in a lock file."""
    versions: dict[str, list[str]] = {}
    for package, version in re.findall(
        r"(?m)^([A-Za-z0-9_.-]+)==([^\s\\;]+)", (ROOT / "requirements" / name).read_text()
    ):
        versions.setdefault(canonicalize_name(package), []).append(version)
    return versions


@pytest.mark.parametrize(
    ("name", "extras"), [("book", ["test"]), ("jax", ["backend-test", "jax"]), ("torch", ["torch"])]
)
def test_a_lock_file_satisfies_what_the_project_asks_for(name, extras):
    versions = locked(f"{name}.txt")
    for requirement in requirements(*extras):
        there = versions.get(canonicalize_name(requirement.name), [])
        assert there, f"{requirement.name} is not in requirements/{name}.txt: run make lock"
        assert all(requirement.specifier.contains(version) for version in there), (requirement, there)


@pytest.mark.parametrize("name", ["book", "jax", "torch", "torch-cuda"])
def test_every_locked_package_has_a_hash(name):
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", (ROOT / "requirements" / f"{name}.txt").read_text())[1:]
    assert entries
    assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]


def test_the_two_big_frameworks_are_never_locked_together():
    assert "torch" not in locked("book.txt") and "tensorflow" not in locked("torch.txt")


def test_the_conda_environment_pins_what_the_lock_file_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert "--editable ." in pip
    pins = [Requirement(line) for line in pip if not line.startswith("--")]
    (python,) = [line.split("=")[1] for line in environment["dependencies"] if str(line).startswith("python=")]
    versions = locked("book.txt")
    for pin in pins:
        (specifier,) = pin.specifier
        assert specifier.operator == "==", pin
        # Where the lock file has two, the first is for the older Python, which is this environment's.
        assert specifier.version == versions[canonicalize_name(pin.name)][0], pin
    wanted = {(canonicalize_name(r.name), str(r.marker or "")) for r in requirements("book")}
    assert {(canonicalize_name(p.name), str(p.marker or "")) for p in pins} == wanted
    assert python in ("3.11", "3.12", "3.13")


def test_the_installed_packages_fit_together():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_every_dependency_says_why_it_is_there():
    text = (ROOT / "pyproject.toml").read_text()
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    seen = set()
    for line in block.splitlines():
        match = re.match(r'\s*"([A-Za-z0-9_-]+)', line)
        if match and match[1] != "pcfilter_lib" and match[1] not in seen and not re.match(r"\s*\w+ = \[", line):
            # What returns in another extra was explained where it first stood; so was a twin for other systems.
            if not (match[1] == "open3d" and "open3d-cpu" in seen):
                assert "#" in line, line
            seen.add(match[1])


def test_the_version_is_the_same_everywhere():
    version = PROJECT["version"]
    assert pcfilter_lib.__version__ == version
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text()


def tracked() -> list[Path]:
    names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_path_of_one_machine():
    # Put together here, so that this file does not name them either.
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org"]
    paths = ["/opt/" + "pypi", "/opt/" + "wheels", "/work/" + "main", "/root/" + ".", "/home/" + "runner"]
    found = []
    for file in tracked():
        if file.suffix in {".png", ".npz", ".woff", ".js"}:
            continue
        text = file.read_text(errors="replace")
        found += [f"{file.relative_to(ROOT)}: {word}" for word in hosts + paths if word in text]
    assert not found


def test_no_tracked_file_is_large():
    assert not [file for file in tracked() if file.stat().st_size > 4 * 2**20]


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys; before = {*sys.modules}; import pcfilter_lib; print(*{*sys.modules} - before)"
    loaded = {name.split(".")[0] for name in subprocess.check_output([sys.executable, "-c", code], text=True).split()}
    assert loaded - sys.stdlib_module_names <= {"pcfilter_lib", "lazy_loader"}


def test_continuous_integration_runs_the_commands_of_the_readme():
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    assert re.search(r"(?m)^    make book\b", readme) and re.search(r"(?m)^    make test\b", readme)
    assert re.search(r"(?m)^make test$", ci)


def test_the_address_of_the_repository_stands_in_one_place():
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    address = config["repository"]["url"]
    holders = [file for file in tracked() if address and address in file.read_text(errors="replace")]
    assert holders in ([], [ROOT / "_config.yml"])
