"""Train a sparse network that classifies ModelNet10's clouds by the voxels in which they have points.

    python data_scripts/train_sparse_classifier.py --data FOLDER --out runs --seed 0     # and 1, and 2

From each cloud of 1,024 points, the voxels of a grid of 32 x 32 x 32 that hold a point; the features of a voxel are a
one and where in it the mean of its points lies. FOLDER holds <class>/<split>/<shape>, see
data_scripts/fetch_modelnet10.py. Interrupt it at any time (Ctrl-C): the same command goes on after the last finished
epoch. What is judged is the network after the last epoch, without voting.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from train_pointnet import keep

from pcfilter_lib import data, frameworks, models, sparse, training

frameworks.start("tensorflow")
import keras  # noqa: E402

POINTS, SIZE, CHANNELS, BATCH, RATE, SMOOTHING, EPOCHS = 1024, 32, 4, 32, 2e-3, 0.1, 15
DEPTH, WIDTH = 3, 16
AUGMENTATION = {"rotate": "", "jitter": 0.01, "scale": (0.8, 1.1), "drop": 0.3}
SHIFT = 0.1  # of a cloud along each axis, at most; the unit sphere's radius is 1


def network_input(model: models.SparseClassifier, cloud: np.ndarray) -> dict[str, np.ndarray]:
    """Return the features and tables of a cloud in the unit sphere."""
    scaled = (np.clip(cloud, -0.999, 0.999) + 1) * (SIZE / 2)
    cells, which = np.unique(np.floor(scaled).astype(int), axis=0, return_inverse=True)
    mean = np.zeros((len(cells), 3))
    np.add.at(mean, which.ravel(), scaled)
    mean = mean / np.bincount(which.ravel())[:, None] - cells - 0.5
    features = np.concatenate([np.ones((len(cells), 1)), 2 * mean], axis=1).astype(np.float32)
    return {"features": features, **model.tables(cells)}


class SparseClouds(data.ShuffledBatches):
    """Batches of clouds as active voxels: some of their points lost, the others moved."""

    def __init__(self, model: models.SparseClassifier, clouds: np.ndarray, labels: np.ndarray, **kwargs):
        vary = data.CloudAugmentation(**AUGMENTATION)
        super().__init__(clouds, np.eye(labels.max() + 1, dtype="float32")[labels], augment=vary, **kwargs)
        self.model = model

    def batch(self, rows, generator):
        """Return inputs and targets of these examples, varied."""
        clouds, labels = super().batch(rows, generator)
        clouds = clouds + generator.uniform(-SHIFT, SHIFT, (len(clouds), 1, 3))
        clouds[..., 0] *= generator.choice([-1, 1], (len(clouds), 1))
        return sparse.stack_padded([network_input(self.model, cloud) for cloud in clouds]), labels


def network(classes: int) -> models.SparseClassifier:
    """Return a fresh network."""
    return models.SparseClassifier(classes, CHANNELS, DEPTH, WIDTH)


def build(classes: int, steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = network(classes)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss, metrics=["accuracy"], jit_compile=False)
    return model


def predicted(model: models.SparseClassifier, clouds: np.ndarray) -> np.ndarray:
    """Return the logits of clouds in the unit sphere, shape (N, classes)."""
    batches = (clouds[first : first + BATCH] for first in range(0, len(clouds), BATCH))
    inputs = (sparse.stack_padded([network_input(model, cloud) for cloud in batch]) for batch in batches)
    return np.concatenate([model.predict_on_batch(each) for each in inputs])


def tested(model: models.SparseClassifier, clouds: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """Return the accuracy, and the recall of each class."""
    right = predicted(model, clouds).argmax(axis=-1) == labels
    recall = {name: round(float(right[labels == kind].mean()), 4) for kind, name in enumerate(data.MODELNET10)}
    return {"shapes": len(labels), "accuracy": round(float(right.mean()), 4), "recall": recall}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shapes")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    options.set = "modelnet10"
    keras.utils.set_random_seed(options.seed)
    classes = len(data.MODELNET10)
    train, test = (
        data.load_shapes(options.data, split, POINTS, classes=data.MODELNET10, cache=options.out / "clouds")
        for split in ("train", "test")
    )
    batches = SparseClouds(network(classes), *train, batch_size=BATCH, seed=options.seed)
    name, steps = f"sparse-modelnet10-seed-{options.seed}", options.epochs * len(batches)
    model, _ = training.fit_resumable(
        lambda: build(classes, steps), batches, options.out / name, epochs=options.epochs, verbose=2
    )
    keep(model, options.out / f"{name}.keras", options, lambda made: tested(model, *test))


if __name__ == "__main__":
    main()
