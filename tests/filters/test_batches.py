"""Batches for training: the same again from seed and epoch, and true to the scans they were cut from."""

import dataclasses

import numpy as np
import pytest
from filter_scans import bumpy, scan_of

from pcfilter_lib import filters
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.batches import flip_channels

PLAIN = {"flips": False, "without_intensity": 0, "without_modulation": 0}


def labelled(seed, shape=(40, 50)):
    depth, label = bumpy(seed, shape)
    shades = np.random.default_rng(seed).uniform(1, 9, shape)
    return scan_of(depth, label=label, intensity=shades, extras={"modulation": shades[::-1].copy()})


SCANS = [labelled(seed) for seed in range(5)]


def epoch_of(batches):
    images, labels = zip(*(batches[index] for index in range(len(batches))), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def test_shapes_and_lengths():
    batches = filters.ScanBatches(SCANS, batch_size=2, seed=0, window=(16, 24))
    assert len(batches) == 3
    images, labels = batches[0]
    assert images.shape == (2, 16, 24, 14) and labels.shape == (2, 16, 24, 1)
    assert images.dtype == labels.dtype == np.float32 and set(np.unique(labels)) <= {0, 1, 255}
    assert len(batches[2][0]) == 1
    assert filters.ScanBatches(SCANS, batch_size=2, seed=0, window=16)[0][0].shape == (2, 16, 16, 14)


def test_seed_and_epoch_decide_and_a_resumed_training_goes_on_as_it_would_have():
    def made(seed=3, epoch=0):
        batches = filters.ScanBatches(SCANS, batch_size=2, seed=seed, window=(16, 24))
        batches.epoch = epoch
        return batches

    uninterrupted, epochs = made(), []
    for _ in range(3):
        epochs.append(epoch_of(uninterrupted))
        uninterrupted.on_epoch_end()
    for epoch, (images, labels) in enumerate(epochs):
        again = epoch_of(made(epoch=epoch))
        np.testing.assert_array_equal(again[0], images)
        np.testing.assert_array_equal(again[1], labels)
    np.testing.assert_array_equal(made(epoch=1)[1][0], epochs[1][0][2:4])  # in any order
    others = [epochs[0], epochs[1], epochs[2], epoch_of(made(seed=4)), epoch_of(made(seed=4, epoch=2))]
    assert len({images.tobytes() for images, _ in others}) == 5
    # Epoch 1 of one seed is not epoch 0 of the next one, not even where there is but one scan to choose.
    alone = [filters.ScanBatches(SCANS[:1], batch_size=1, seed=seed, window=(16, 24)) for seed in (0, 1)]
    alone[0].epoch = 1
    assert not np.array_equal(alone[0][0][0], alone[1][0][0])


@pytest.mark.parametrize("windows", [1, 4])
def test_an_epoch_has_each_scan_as_often_as_asked_in_mixed_order(windows):
    whole = [filters.scan_channels(scan).astype(np.float16) for scan in SCANS]
    batches = filters.ScanBatches(SCANS, batch_size=3, seed=1, window=(24, 24), windows=windows, **PLAIN)
    assert len(batches) == -(-5 * windows // 3)
    images, labels = epoch_of(batches)
    assert len(images) == 5 * windows
    found = []
    for image, label in zip(images, labels[..., 0], strict=True):
        places = [
            (number, row, column)
            for number, other in enumerate(whole)
            for row in range(17)
            for column in range(27)
            if (other[row, column] == image[0, 0]).all()
            and (other[row : row + 24, column : column + 24] == image).all()
        ]
        assert len(places) == 1  # a window of exactly one scan, unchanged
        ((number, row, column),) = places
        expected = np.where(SCANS[number].valid, SCANS[number].label, 255)[row : row + 24, column : column + 24]
        np.testing.assert_array_equal(label, expected)
        found.append((number, row, column))
    numbers = [number for number, *_ in found]
    assert sorted(numbers) == sorted(list(range(5)) * windows) and numbers != sorted(numbers)
    if windows > 1:
        assert len(set(found)) > 12 and numbers[:5] != numbers[5:10]
        assert np.count_nonzero(np.diff(numbers) == 0) < 10  # one scan's windows do not follow each other


def test_flipped_labels_lie_where_the_artefacts_do():
    scan = SCANS[0]
    batches = filters.ScanBatches([scan], batch_size=1, seed=0, window=scan.shape, windows=40,
                                  without_intensity=0, without_modulation=0)  # fmt: skip
    truth = np.where(scan.valid, scan.label, 255)
    channels = filters.scan_channels(scan).astype(np.float16).astype(np.float32)
    expected = {}
    for flips in ((), (0,), (1,), (0, 1)):
        image = channels.copy()
        for each in flips:
            flip_channels(image, each)
        expected[flips] = image, np.flip(truth, flips)
    counts = dict.fromkeys(expected, 0)
    for image, label in zip(*epoch_of(batches), strict=True):
        (flips,) = (flips for flips, (other, _) in expected.items() if np.array_equal(image, other))
        np.testing.assert_array_equal(label[..., 0], expected[flips][1])
        counts[flips] += 1
    assert min(counts.values()) >= 4


def test_windows_lie_around_artefacts_as_often_as_asked():
    shape = (90, 100)
    depth = np.ones(shape)
    label = np.ones(shape, np.uint8)
    label[70, 20] = 0
    scan = scan_of(depth, label=label)
    for share in (0, 0.5, 1):
        batches = filters.ScanBatches(
            [scan], batch_size=50, seed=0, window=(8, 8), windows=400, around_artefacts=share, **PLAIN
        )
        hit = (epoch_of(batches)[1] == 0).any(axis=(1, 2, 3)).mean()
        assert hit == 1 if share == 1 else abs(hit - share) < 0.08
    places = np.argwhere(epoch_of(batches)[1][..., 0] == 0)[:, 1:]
    assert len(np.unique(places, axis=0)) > 60  # anywhere in the window, not only in its middle


def test_scans_without_artefacts_or_labels_known_have_windows_too():
    clean = dataclasses.replace(SCANS[0], label=np.ones(SCANS[0].shape, np.uint8))
    empty = scan_of(np.full((30, 30), np.nan), label=np.zeros((30, 30), np.uint8))
    batches = filters.ScanBatches([clean, empty], batch_size=2, seed=0, window=(16, 16), around_artefacts=1)
    labels = batches[0][1]
    assert (
        sorted(np.unique(label)[-1] for label in labels) == [255, 255]
        and (labels == 255).all(axis=(1, 2, 3)).sum() == 1
    )
    assert not (labels == 0).any()


def test_small_scans_are_filled_up_with_what_was_not_measured():
    scan = labelled(0, (10, 40))
    image, label = (each[0] for each in filters.ScanBatches([scan], batch_size=1, seed=0, window=(16, 24), **PLAIN)[0])
    assert (label[10:] == 255).all() and not image[10:].any()
    assert (label[:10] != 255).any() and image[:10].any()
    for seed in range(8):  # mirrored, the filling may come first
        batches = filters.ScanBatches([scan], batch_size=1, seed=seed, window=(16, 24))
        image, label = (each[0] for each in batches[0])
        assert (label[image[..., 0] == 0] == 255).all() and (label == 255).all(axis=(1, 2)).sum() == 6


def test_intensity_and_modulation_are_hidden_as_often_as_asked():
    batches = filters.ScanBatches(SCANS, batch_size=10, seed=0, window=(8, 8), windows=80, without_intensity=0.25,
                                  without_modulation=0.5)  # fmt: skip
    images, _ = epoch_of(batches)
    channel = {name: images[..., number] for number, name in enumerate(filters.CHANNELS)}
    for share, known, names in (
        (0.25, "intensity known", ("brightness", "contrast")),
        (0.5, "modulation known", ("modulation",)),
    ):
        hidden = ~channel[known].any(axis=(1, 2))
        assert abs(hidden.mean() - share) < 0.08
        for name in names:
            assert not channel[name][hidden].any() and channel[name][~hidden].any(axis=(1, 2)).all()
        assert channel["plane residual 4"][hidden].any() and channel["valid"][hidden].any(axis=(1, 2)).all()


def test_what_is_kept_is_half_as_large():
    batches = filters.ScanBatches(SCANS[:1], batch_size=1, seed=0)
    assert batches.images[0].nbytes == 28 * SCANS[0].valid.size
    np.testing.assert_allclose(batches.images[0], filters.scan_channels(SCANS[0]), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [{"batch_size": 0}, {"seed": -1}, {"window": 0}, {"window": (3, 4, 5)}, {"around_artefacts": 1.5}, {"windows": 0},
     {"without_intensity": -0.1}, {"without_modulation": 2}, {"flips": "x"}, {"scans": []},
     {"scans": [scan_of(np.ones((4, 4)))]}],
)  # fmt: skip
def test_impossible_arguments_are_named(wrong):
    options = {"scans": SCANS, "batch_size": 2, "seed": 0} | wrong
    with pytest.raises(InputError, match=next(iter(wrong)).rstrip("s")):
        filters.ScanBatches(options.pop("scans"), **options)
