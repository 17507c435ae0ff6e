"""Count how often spoilt and intact scans are reported, and kill runs of the commands on their way.

    python experiments/robustness.py spoilt [--scans 50] [--real FOLDER]
    python experiments/robustness.py killed --views FOLDER --work FOLDER [--moments 10]

*spoilt*: six simulated scans, each spoilt in every way that the tests know (rotated, mirrored, transposed, shuffled,
with a foreign camera), and so many intact ones of each preset; with the scans under FOLDER, if given. *killed*:
`pcfilter label` on posed views, and `pcfilter tune` on its output, are killed with SIGKILL at so many moments, spread
over their duration; the same command then goes on, and must end with the files of an uninterrupted run. Both print
counts, and exit with 1 if anything is wrong. Minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tqdm import tqdm

from pcfilter_lib import data, filters, synthesis

ROOT = Path(__file__).resolve().parents[1]


def spoilt(options: argparse.Namespace) -> bool:
    """Return whether each spoilt scan is named, and no right one."""
    sys.path[:0] = [str(ROOT / "tests" / "filters")]
    from test_checks import WRONG

    recipes = list(synthesis.PRESETS.items())
    scans = [synthesis.simulate_scan(recipes[n % len(recipes)][1].replace(footprint=1), 70 + n) for n in range(6)]
    named, trials = 0, 0
    for scan in scans:
        for spoil, _, _ in WRONG.values():
            named += bool(filters.check_scan(spoil(scan)).findings)
            trials += 1
    print(f"spoilt: {named} of {trials} named")

    network, strange, wrong = filters.load_filter("artefact-unet"), {}, 0
    for name, recipe in recipes:
        for seed in tqdm(range(options.scans), desc=name, leave=False, disable=None):
            scan = synthesis.simulate_scan(recipe, 9000 + seed)
            wrong += bool(filters.check_scan(scan).findings)
            here = any(finding.kind == "unfamiliar" for finding in network.check(scan).findings)
            strange[name] = strange.get(name, 0) + here
    print(f"untouched simulated scans: {wrong} of {options.scans * len(recipes)} with a finding, unfamiliar: {strange}")

    for folder in sorted(path for path in options.real.iterdir() if path.is_dir()) if options.real else ():
        found = [0, 0, 0]
        views = [path for path in folder.rglob("*") if path.suffix in (".npz", ".cogs")]
        loaders = [lambda path=path: data.load_scan(path) for path in views]
        if any(folder.rglob("*.pose.txt")):
            loaders += [view.load for view in data.find_views(folder)]
        for load in loaders:
            scan = load()
            findings = network.check(scan).findings
            found[0] += 1
            found[1] += any(finding.kind != "unfamiliar" for finding in findings)
            found[2] += any(finding.kind == "unfamiliar" for finding in findings)
        if found[0]:
            print(f"{folder.name}: {found[0]} scans, {found[1]} with a finding, {found[2]} called unfamiliar")
            wrong += found[1]
    # "phoxi-like" is not among the scans that the network knows: it should be warned about.
    return named == trials and not wrong and not sum(n for name, n in strange.items() if name != "phoxi-like")


def killed(options: argparse.Namespace) -> bool:
    """Return whether each killed run ends with the files of one that was not."""
    work = options.work
    labelled = work / "labelled"
    right = True
    for words in (["label", options.views, "--out", labelled], ["tune", labelled, "--out", work / "mine.filter"]):
        start = time.monotonic()
        _finish(words)
        seconds, expected = time.monotonic() - start, _fingerprint(words[3])
        same = 0
        for moment in tqdm(range(options.moments), desc=words[0], leave=False, disable=None):
            target = work / f"killed-{words[0]}-{moment}{Path(words[3]).suffix}"
            again = [*words[:3], target]
            process = _start(again)
            time.sleep(seconds * (moment + 0.5) / options.moments)
            process.kill()
            process.wait()
            _finish(again)
            same += _fingerprint(target) == expected
            shutil.rmtree(target) if target.is_dir() else target.unlink()
        print(f"pcfilter {words[0]}: {same} of {options.moments} killed runs end with the same files")
        right &= same == options.moments
    return right


def _start(words: list) -> subprocess.Popen:
    code = "import sys; from pcfilter_lib.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _finish(words: list) -> None:
    if _start(words).wait():
        raise SystemExit(f"pcfilter {words[0]} failed")


def _fingerprint(target: Path) -> dict[str, str]:
    """Return the hash of each file by its name; a tuned filter by all but the time at which it was made."""
    if target.is_dir():
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(target.iterdir())}
    tuned = filters.load_filter(target)
    scan = synthesis.simulate_scan(synthesis.Recipe.preset("workbench").replace(width=96, height=72, footprint=1), 1)
    return {"scores": hashlib.sha256(tuned.score(scan).tobytes()).hexdigest(), "threshold": repr(tuned.threshold)}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("spoilt")
    one.add_argument("--scans", type=int, default=50, help="untouched ones of each preset (default: 50)")
    one.add_argument("--real", type=Path, help="folder of folders with real scans")
    other = commands.add_parser("killed")
    other.add_argument("--views", type=Path, required=True, help="posed views")
    other.add_argument("--work", type=Path, required=True, help="where runs are written")
    other.add_argument("--moments", type=int, default=10)
    options = parser.parse_args()
    if options.command == "killed":
        options.work.mkdir(parents=True, exist_ok=True)
    sys.exit(not (spoilt if options.command == "spoilt" else killed)(options))


if __name__ == "__main__":
    main()
