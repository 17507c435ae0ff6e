import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib.data import ShuffledBatches
from pcfilter_lib.errors import InputError

pytestmark = pytest.mark.backend
X, Y = np.arange(10), np.arange(10) * 2


def epoch_of(batches, epoch):
    batches.epoch = epoch
    return np.concatenate([batches[i][0] for i in range(len(batches))])


def test_every_example_comes_once_with_its_own_target():
    batches = ShuffledBatches(X, Y, batch_size=4, seed=0)
    assert len(batches) == 3 and [len(batches[i][0]) for i in range(3)] == [4, 4, 2]
    for i in range(3):
        assert np.array_equal(batches[i][0] * 2, batches[i][1])
    assert sorted(epoch_of(batches, 0)) == list(range(10))


def test_the_order_depends_on_seed_and_epoch_alone():
    one, two = ShuffledBatches(X, Y, batch_size=3, seed=1), ShuffledBatches(X, Y, batch_size=5, seed=1)
    later = epoch_of(one, 7)
    with seeded(99):
        assert np.array_equal(epoch_of(two, 7), later)
    orders = {tuple(epoch_of(ShuffledBatches(X, Y, batch_size=3, seed=s), e)) for s in range(4) for e in range(4)}
    assert len(orders) == 16, "two pairs of seed and epoch share an order"


def test_an_augmentation_sees_the_batch_and_a_generator_of_its_own():
    def shift(x, y, generator):
        return x + generator.random(), y

    def epoch_of(batches, epoch):
        batches.epoch = epoch
        return [batches[i] for i in range(len(batches))]

    plain = epoch_of(ShuffledBatches(X, Y, batch_size=3, seed=1), 2)
    shifted = epoch_of(ShuffledBatches(X, Y, batch_size=3, seed=1, augment=shift), 2)
    again = epoch_of(ShuffledBatches(X, Y, batch_size=3, seed=1, augment=shift), 2)
    shifts = set()
    for (x, y), (moved, same), (repeated, _) in zip(plain, shifted, again, strict=True):
        assert np.array_equal(y, same) and np.array_equal(moved, repeated)
        assert np.allclose(moved - x, (moved - x).flat[0])
        shifts.add(round(float((moved - x).flat[0]), 6))
    assert len(shifts) == len(plain)
    later = epoch_of(ShuffledBatches(np.zeros_like(X), Y, batch_size=3, seed=1, augment=shift), 3)
    assert not shifts & {round(float(moved.flat[0]), 6) for moved, _ in later}


def test_keras_moves_on_from_epoch_to_epoch():
    batches = ShuffledBatches(X, Y, batch_size=3, seed=1)
    batches.on_epoch_end()
    assert batches.epoch == 1


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="10 and 9 examples"):
        ShuffledBatches(X, Y[:9], batch_size=3, seed=0)
    with pytest.raises(InputError, match="batch_size.*1 or more"):
        ShuffledBatches(X, Y, batch_size=0, seed=0)
    with pytest.raises(InputError, match="seed.*0 or more"):
        ShuffledBatches(X, Y, batch_size=1, seed=-1)
