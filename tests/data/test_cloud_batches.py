"""Clouds from files: each once an epoch, in an order that can be continued, and a clear word where one is broken."""

import keras
import numpy as np
import pytest

from pcfilter_lib import data
from pcfilter_lib.errors import InputError

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """Ten clouds, each of another elongation, eight of class 0 and two of class 1."""
    folder, files = tmp_path_factory.mktemp("shapes"), []
    for number in range(10):
        files.append(folder / f"{number}.pcd")
        data.save_cloud((RNG.normal(size=(60, 3)) * [1, 1, 0.1 + 0.1 * number]).astype("float32"), files[-1])
    return files, np.array([0] * 8 + [1] * 2)


def batches(shapes, epoch=0, **options):
    made = data.CloudBatches(*shapes, **{"batch_size": 4, "seed": 1, "points": 60} | options)
    made.epoch = epoch
    return made


def whole(made):
    return [np.concatenate(parts) for parts in zip(*(made[index] for index in range(len(made))), strict=True)]


def which(clouds, shapes):
    """The number of the file that each cloud is from."""
    known = [data.unit_sphere(data.load_cloud(path)) for path in shapes[0]]
    return [
        int(np.argmin([np.abs(np.sort(cloud, axis=0) - np.sort(k, axis=0)).max() for k in known])) for cloud in clouds
    ]


def test_an_epoch_has_each_file_once_in_an_order_of_its_own(shapes):
    orders = []
    for epoch in (0, 1):
        clouds, labels = whole(batches(shapes, epoch))
        assert clouds.shape == (10, 60, 3) and clouds.dtype == np.float32
        orders.append(which(clouds, shapes))
        np.testing.assert_array_equal(labels, shapes[1][orders[-1]])
        assert sorted(orders[-1]) == list(range(10))
    assert orders[0] != orders[1] and [len(batches(shapes)[n][0]) for n in range(3)] == [4, 4, 2]
    going_on = batches(shapes)
    whole(going_on)
    going_on.on_epoch_end()
    for ours, theirs in zip(whole(going_on), whole(batches(shapes, 1)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_each_epoch_draws_other_points_unless_told_not_to(shapes):
    def first(epoch, **options):
        clouds, _ = whole(batches(shapes, epoch, points=20, **options))
        order = batches(shapes, epoch, **options).order().tolist()
        return clouds[order.index(0)]

    assert not np.array_equal(first(0), first(1))
    np.testing.assert_array_equal(first(0, resample=False), first(1, resample=False))


def test_balanced_classes(shapes):
    labels = np.concatenate([whole(batches(shapes, epoch, balanced=True))[1] for epoch in range(4)])
    assert labels.mean() == 0.5 and len(labels) == 40
    assert whole(batches(shapes))[1].mean() == 0.2


def test_augmented_and_trained_with_workers(shapes):
    made = batches(shapes, augment=data.CloudAugmentation(jitter=0.02), workers=2)
    assert not np.array_equal(made[0][0], batches(shapes)[0][0])
    np.testing.assert_array_equal(made[0][0], batches(shapes, augment=data.CloudAugmentation(jitter=0.02))[0][0])
    model = keras.Sequential([keras.Input((60, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(made, epochs=2, shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"]).all() and made.epoch >= 2  # building the model may ask for one more


@pytest.mark.parametrize("content", [b"", b"nonsense", b"# .PCD v0.7\nVERSION 0.7\nFIELDS x y z\n"])
def test_a_broken_file_in_the_middle_of_an_epoch_is_named(shapes, tmp_path, content):
    broken = tmp_path / "broken.pcd"
    broken.write_bytes(content)
    made = data.CloudBatches([*shapes[0][:5], broken], np.zeros(6), batch_size=2, seed=0, points=8)
    with pytest.raises(InputError, match=r"broken\.pcd"):
        whole(made)
    model = keras.Sequential([keras.Input((8, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(Exception, match=r"broken\.pcd"):
        model.fit(made, shuffle=False, verbose=0)


def test_impossible_arguments(shapes):
    with pytest.raises(InputError, match="10 and 9"):
        data.CloudBatches(shapes[0], shapes[1][:9], batch_size=2, seed=0)
    with pytest.raises(InputError, match="points"):
        batches(shapes, points=0)
