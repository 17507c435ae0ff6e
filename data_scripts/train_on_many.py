"""Train PointNet on parametric furniture with several processes that share each batch (keras.distribution, on JAX).

    python data_scripts/train_on_many.py --processes 2                        # two processes on this machine
    srun python data_scripts/train_on_many.py                                 # under Slurm: one for each task
    python data_scripts/train_on_many.py --coordinator 10.0.0.1:29500 --processes 2 --rank 0    # by hand, one on
    python data_scripts/train_on_many.py --coordinator 10.0.0.1:29500 --processes 2 --rank 1    # each host

The losses are the same for any number of processes, up to rounding. `--json FILE --label NAME` keeps them: the chapter
*More than one device* reads such a file. `--given whole` makes a mistake on purpose: every process hands in the whole
batch instead of its share. `--costs` adds to the file what two networks of this library cost, and trains nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from pcfilter_lib import data, distributed, frameworks
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import furniture_clouds

KINDS, SHAPES, POINTS = ("chair", "monitor", "sofa", "table"), 50, 256  # of each class; of each shape
NETWORK = {"width": 0.25, "transforms": False, "dropout": 0.3}


def train(options: argparse.Namespace, place: distributed.ProcessInfo) -> list[dict[str, float]]:
    """Return the loss and the seconds of each step."""
    import keras

    keras.utils.set_random_seed(options.seed)  # the same everywhere: weights and dropout masks come from it
    everywhere = keras.distribution.DataParallel(auto_shard_dataset=False)  # that would shard tf.data, nothing else
    keras.distribution.set_distribution(everywhere)  # before the model: its variables go to all devices
    from pcfilter_lib import models

    clouds, labels = furniture_clouds(KINDS, SHAPES, POINTS, seed=options.seed)
    batches = data.ShuffledBatches(clouds, labels, batch_size=options.batch, seed=options.seed)
    whole = len(clouds) // options.batch  # an incomplete last batch is left out
    if not whole:
        raise InputError("--batch", "", f"{options.batch} of {len(clouds)} clouds are no batch", "choose a smaller one")
    model = models.PointNet(len(KINDS), **NETWORK)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(options.rate), loss)
    steps = []
    for number in range(options.steps):
        batches.epoch = number // whole
        batch = batches[number % whole]
        own = distributed.shard(batch, place) if options.given == "share" else batch
        begin = time.perf_counter()
        value = float(model.train_on_batch(*own))
        steps.append({"loss": value, "seconds": round(time.perf_counter() - begin, 4)})
        if place.rank == 0:
            print(f"step {number}: loss {value:.6f}", flush=True)
        if number == options.fail_at and place.rank == place.count - 1:
            raise RuntimeError("failed on purpose")
    return steps


def keep(options: argparse.Namespace, place: distributed.ProcessInfo, steps: list[dict[str, float]]) -> None:
    """Add this run to the file, with where it comes from."""
    import jax

    kept = read(options.json)
    kept["runs"][options.label or f"{place.count} processes"] = {
        "processes": place.count,
        "devices": [f"{device.platform}:{device.id}" for device in jax.devices()],
        "given": options.given,
        "batch": options.batch, "rate": options.rate, "seed": options.seed, "network": NETWORK,
        "losses": [step["loss"] for step in steps],
        "seconds": [step["seconds"] for step in steps],
        "provenance": provenance("jax", "keras", "numpy"),
    }  # fmt: skip
    write(options.json, kept)


def read(file: Path) -> dict:
    """Return what a file holds so far."""
    return json.loads(file.read_text()) if file.exists() else {"runs": {}}


def write(file: Path, kept: dict) -> None:
    """Write a file anew."""
    with replacing(file) as path:
        path.write_text(json.dumps(kept, indent=1) + "\n")


def costs() -> dict[str, dict[str, object]]:
    """Return what one example costs, forwards, and how many bytes a gradient has, of two networks of this library."""
    frameworks.start("jax")
    from pcfilter_lib import cost, models

    found = {}
    for name, shape in {"pointnet-modelnet10": (1024, 3), "artefact-unet": (480, 640, 14)}.items():
        model = models.load_pretrained(name)
        table = cost.table(model, shape)
        size = 4 * sum(int(np.prod(each.shape)) for each in model.trainable_variables)
        found[name] = {"input": shape, "multiplications": table.multiplications, "gradient_bytes": size}
    return found


def main() -> None:
    """Run the command: as launcher, or as one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, help="how many; started on this machine unless --rank is given")
    parser.add_argument("--coordinator", metavar="HOST:PORT", help="where process 0 listens")
    parser.add_argument("--rank", type=int, help="which process this is, from 0")
    parser.add_argument("--wait", type=float, default=60, help="seconds to wait for the other processes")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32, help="clouds of one step, over all processes")
    parser.add_argument("--rate", type=float, default=0.01, help="learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--given", choices=("share", "whole"), default="share", help="what a process hands in")
    parser.add_argument("--fail-at", type=int, default=-1, help="the last process fails after this step, on purpose")
    parser.add_argument("--json", type=Path, help="file to add the run to")
    parser.add_argument("--label", help="name of the run in that file")
    parser.add_argument("--costs", action="store_true", help="add the costs of two networks to the file of --json")
    options = parser.parse_args()
    if options.costs:
        if not options.json:
            parser.error("--costs needs --json FILE")
        write(options.json, {**read(options.json), "costs": costs()})
        return
    by_hand = options.coordinator is not None or options.rank is not None
    launched = "KERAS_DISTRIBUTION_PROCESS_ID" in os.environ
    try:
        if options.processes and options.processes > 1 and not by_hand and not launched:
            distributed.launch([sys.executable, *sys.argv], options.processes)
            return
        told = (options.coordinator, options.processes, options.rank) if by_hand else ()
        place = distributed.start(*told, wait=options.wait)
        with distributed.abort_on_failure(place):
            frameworks.start("jax")
            steps = train(options, place)
            if options.json and place.rank == 0:
                keep(options, place, steps)
    except InputError as error:
        sys.exit(f"{parser.prog}: {error}")


if __name__ == "__main__":
    main()
