"""Write the lock files in requirements/: every package with its version and its hashes, for every platform.

Run by `make lock`. The files name packages only, never where they come from: pip asks whatever index it is set up for.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = {
    "book": ["test"],
    "jax": ["backend-test", "jax"],
    "torch": ["backend-test", "torch"],
    "lowest": ["base-test"],  # the lowest versions that pyproject.toml allows, to see that its bounds are true
}

# PyTorch publishes CPU-only builds beside those with CUDA, under the same version. Where pip is set up to see them
# (an extra index or a folder of wheels) the first lock file is enough and takes 0.2 GB; elsewhere on Linux the second
# one adds what the default build wants, over 4 GB.
TORCH = "torch==2.13.0"
TORCH_CPU_HASHES = ["sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b"]
CUDA = re.compile(r"^(nvidia|cuda|triton)", re.IGNORECASE)


def compiled(name: str, file: Path) -> str:
    """Let uv resolve a lock file, and return its text. Versions that still fit stay, unless `--upgrade` is given."""
    if "--upgrade" in sys.argv:
        file.unlink(missing_ok=True)
    extras = [word for extra in EXTRAS[name] for word in ("--extra", extra)]
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *extras, "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-annotate", "--quiet"]
    command += ["--custom-compile-command", "make lock", "--output-file", str(file)]
    if name == "torch":
        command += ["--constraint", "-"]
    if name == "lowest":
        command += ["--resolution", "lowest-direct"]
        file.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=ROOT, input=TORCH, text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"{file.name}: {done.stderr}")
    return file.read_text()


def entries(text: str) -> list[str]:
    """Split a lock file into its entries, each with its hashes."""
    return re.split(r"(?m)^(?=[A-Za-z0-9])", text)


def with_hashes(entry: str, hashes: list[str]) -> str:
    """Return an entry with more hashes, each once: uv keeps those that it finds in the file."""
    version, *known = [line.rstrip(" \\") for line in entry.strip().splitlines()]
    lines = [version, *dict.fromkeys([*known, *(f"    --hash={digest}" for digest in hashes)])]
    return " \\\n".join(lines) + "\n"


def pinned(environment: str, lock: str) -> str:
    """Return the text of environment.yml with the versions of a lock file.

    Where the lock file has two versions of a package, the first is for the older Python, which is the environment's.
    """
    versions: dict[str, str] = {}
    for name, version in re.findall(r"(?m)^([A-Za-z0-9_.-]+)==([^\s\\;]+)", lock):
        versions.setdefault(name, version)
    return re.sub(
        r"(?m)^(\s+- \"?)([A-Za-z0-9_.-]+)==[^\s\"]+",
        lambda pin: f"{pin[1]}{pin[2]}=={versions[pin[2]]}",
        environment,
    )


def main() -> None:
    """Write all lock files, and the same versions into environment.yml."""
    folder = ROOT / "requirements"
    folder.mkdir(exist_ok=True)
    for name in EXTRAS:
        file = folder / f"{name}.txt"
        head, *packages = entries(compiled(name, file))
        if name == "torch":
            packages = [with_hashes(p, TORCH_CPU_HASHES) if p.startswith("torch==") else p for p in packages]
            (folder / "torch-cuda.txt").write_text(head + "".join(p for p in packages if CUDA.match(p)))
            packages = [p for p in packages if not CUDA.match(p)]
        file.write_text(head + "".join(packages))
        print(f"requirements/{name}.txt: {len(packages)} packages")
    environment = ROOT / "environment.yml"
    environment.write_text(pinned(environment.read_text(), (folder / "book.txt").read_text()))


if __name__ == "__main__":
    main()
