"""Train the architectures of Part II side by side: equal parameters, equal time, the same scans.

    python experiments/side_by_side.py [--json FILE] [--seconds 200] [--seeds 3]

Widths are chosen so that each network has about 240,000 parameters to train; one that looks at each pixel alone, for
comparison, has fewer. Time is counted in processor seconds: a training step of each network is timed in turns with the
others', and each gets as many steps as fit into the budget. So a busy machine makes the run longer, not the comparison
unfair. Interrupt it at any time: the same command goes on after the last finished training. To run the whole race
anew, remove the file. The book's chapter "Side by side" reads what it writes.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from functools import partial
from pathlib import Path

import numpy as np
from scipy import ndimage
from tqdm import tqdm

from pcfilter_lib import data, frameworks, metrics, models, results
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

frameworks.start("tensorflow")
import keras  # noqa: E402

FILE = results.path("side_by_side")
CLASSES = len(data.PARTS_CLASSES)
CHANNELS = sum(data.PARTS_CHANNELS.values())
BATCH, RATE, NEAR, LOOKS = 4, 3e-3, 2, 8
SHOWN = (3, 8, 21)  # test scans whose predictions are kept for the chapter's figure


def pixel_by_pixel(channels: int, classes: int) -> keras.Model:
    """Return a network of 1x1 convolutions, which sees no neighbour; it needs few parameters."""
    inputs = maps = keras.Input((None, None, channels))
    for _ in range(3):
        maps = keras.layers.Conv2D(64, 1, activation="relu")(maps)
    return keras.Model(inputs, keras.layers.Conv2D(classes, 1)(maps))


CONTENDERS = {
    "each pixel alone": pixel_by_pixel,
    "FCN-32s": partial(models.FCN, stride=32, base_filters=8),
    "FCN-8s": partial(models.FCN, stride=8, base_filters=8),
    "SegNet": partial(models.SegNet, depth=4, base_filters=8),
    "U-Net without skips": partial(models.UNet, depth=4, base_filters=6, skip_connections=False),
    "U-Net": partial(models.UNet, depth=4, base_filters=6),
}


def trainable(model: keras.Model) -> int:
    """Count the parameters that training changes."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def compiled(name: str, seed: int, steps: int) -> keras.Model:
    """Return a fresh contender; its learning rate falls to zero along a cosine."""
    keras.utils.set_random_seed(seed)
    model = CONTENDERS[name](CHANNELS, CLASSES)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def seconds_per_step(repeats: int = 24) -> dict[str, float]:
    """Time a training step of each contender in processor seconds, in turns; the median of each."""
    scans = data.load_parts("validation")
    x, y = scans.channels()[:BATCH], scans.label[:BATCH]
    built = {name: compiled(name, 0, 1000) for name in CONTENDERS}
    times: dict[str, list[float]] = {name: [] for name in built}
    for turn in range(repeats + 3):
        for name, model in built.items():
            start = time.process_time()
            model.train_on_batch(x, y)
            if turn >= 3:  # the first steps compile
                times[name].append(time.process_time() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def near_edges(label: np.ndarray) -> np.ndarray:
    """Return which pixels lie within `NEAR` pixels of another class."""
    window = (1, 2 * NEAR + 1, 2 * NEAR + 1)
    return ndimage.maximum_filter(label, size=window) != ndimage.minimum_filter(label, size=window)


def scores(model: keras.Model, scans: data.PartsScans) -> tuple[dict[str, object], np.ndarray]:
    """Return the scores on some scans, pooled over their pixels, and the predicted labels."""
    predicted = model.predict(scans.channels(), batch_size=BATCH, verbose=0).argmax(axis=-1).astype(np.uint8)
    mean_iou = metrics.MeanIoU(classes=CLASSES)
    mean_iou.update_state(scans.label, predicted)
    each = mean_iou.report()["iou"]
    right, near = predicted == scans.label, near_edges(scans.label)
    return {
        "mean_iou": float(mean_iou.result()),
        "iou": dict(zip(data.PARTS_CLASSES, np.round(each, 5).tolist(), strict=True)),
        "accuracy": float(right.mean()),
        "accuracy_near_edges": float(right[near].mean()),
        "accuracy_elsewhere": float(right[~near].mean()),
    }, predicted


def train(name: str, seed: int, steps: int, bar: tqdm) -> dict[str, object]:
    """Train one contender with one seed, looking at the validation scans now and then."""
    splits = {split: data.load_parts(split) for split in data.PARTS_SPLITS}
    flips = partial(data.random_flips, x_components=(2,), y_components=(3,))
    batches = data.ShuffledBatches(
        splits["train"].channels(), splits["train"].label, batch_size=BATCH, seed=seed, augment=flips
    )
    model = compiled(name, seed, steps)
    looks = {round(steps * (look + 1) / LOOKS) for look in range(LOOKS)}
    curve, done = [], 0
    while done < steps:
        for index in range(len(batches)):
            model.train_on_batch(*batches[index])
            done += 1
            bar.update(1 / steps)
            if done in looks:
                curve.append([done, scores(model, splits["validation"])[0]["mean_iou"]])
            if done == steps:
                break
        batches.on_epoch_end()
    found, predicted = scores(model, splits["test"])
    result = {"network": name, "seed": seed, "steps": steps, "validation_curve": curve, **found}
    if seed == 0:
        result["predicted"] = {str(number): encode(predicted[number]) for number in SHOWN}
    return result


def encode(label: np.ndarray) -> str:
    """Write a map of labels as text: each run as its label and its length, row after row."""
    flat = label.ravel()
    begins = np.concatenate([[0], np.nonzero(np.diff(flat))[0] + 1, [flat.size]])
    return " ".join(f"{flat[a]}x{b - a}" for a, b in zip(begins[:-1], begins[1:], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=FILE, help="where the results are, and go")
    parser.add_argument("--seconds", type=float, default=200, help="processor seconds for each training")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each network")
    options = parser.parse_args()
    if options.json.exists():
        result = json.loads(options.json.read_text())
        if result["seconds"] != options.seconds:
            held = f"{options.json} holds a race of --seconds {result['seconds']:g}"
            parser.error(f"{held}; remove it, or name another file, to run this one")
    else:
        step = seconds_per_step()
        networks = {
            name: {
                "parameters": trainable(make(CHANNELS, CLASSES)),
                "seconds_per_step": round(step[name], 5),
                "steps": round(options.seconds / step[name]),
            }
            for name, make in CONTENDERS.items()
        }
        how = {"batch": BATCH, "learning_rate": RATE, "near_edges_pixels": NEAR, "scans": data.PARTS_SPLITS}
        result = {"provenance": provenance("keras", "tensorflow", "numpy"), "seconds": options.seconds, **how}
        result |= {"networks": networks, "runs": []}
    done = {(run["network"], run["seed"]) for run in result["runs"]}
    todo = [(name, seed) for seed in range(options.seeds) for name in CONTENDERS if (name, seed) not in done]
    with tqdm(total=len(todo), unit=" trainings", bar_format="{l_bar}{bar}| {n:.2f}/{total} [{elapsed}]") as bar:
        for name, seed in todo:
            bar.set_description(f"{name}, seed {seed}")
            result["runs"].append(train(name, seed, result["networks"][name]["steps"], bar))
            with replacing(options.json) as temporary:
                temporary.write_text(json.dumps(result, indent=1) + "\n")
    for name, network in result["networks"].items():
        found = [run["mean_iou"] for run in result["runs"] if run["network"] == name]
        spread = statistics.stdev(found) if len(found) > 1 else 0
        told = f"mean IoU {statistics.mean(found):.3f} +- {spread:.3f}, {network['steps']} steps"
        print(f"{name:20} {network['parameters']:8,} parameters  {told}")


if __name__ == "__main__":
    main()
