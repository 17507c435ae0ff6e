import keras
import numpy as np
import pytest
from isolation import seeded

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError
from pcfilter_lib.losses import MaskedCategoricalCrossentropy
from pcfilter_lib.models import OctreeGenerator

pytestmark = pytest.mark.backend
SMALL = {"size": 8, "depth": 5, "first": 3, "code": 16, "base_filters": 4}


def ball(radius, side=32):
    steps = np.indices((side,) * 3) - side / 2 + 0.5
    return (steps**2).sum(axis=0) < radius**2


def shares(occupied):
    return occupied.reshape(8, 4, 8, 4, 8, 4).mean(axis=(1, 3, 5)).astype("float32")


def batch(*radii):
    trees = [sparse.SolidOctree.from_voxels(ball(radius), 3) for radius in radii]
    tables = [
        {"voxels": shares(ball(radius))[..., None], **tree.tables()} for radius, tree in zip(radii, trees, strict=True)
    ]
    labels = [{f"level_{3 + n}": each.astype("int32") for n, each in enumerate(tree.labels)} for tree in trees]
    return sparse.stack_padded(tables), sparse.stack_padded(labels)


def test_it_is_saved_loaded_and_trained(tmp_path):
    model, (inputs, labels) = OctreeGenerator(**SMALL), batch(5, 11)
    outputs = model.predict_on_batch(inputs)
    assert {name: each.shape[1:] for name, each in outputs.items()} == {
        name: (each.shape[1], 2 if name == "level_5" else 3) for name, each in labels.items()
    }
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is OctreeGenerator and loaded.get_config() == model.get_config()
    for name, each in loaded.predict_on_batch(inputs).items():
        np.testing.assert_allclose(each, outputs[name], atol=1e-5)
    same = zip(model.generate(shares(ball(9))).labels, loaded.generate(shares(ball(9))).labels, strict=True)
    assert all(np.array_equal(ours, theirs) for ours, theirs in same)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="compiles each number of cells anew, for a minute")
def test_a_few_steps_teach_it_to_write_what_it_reads():
    with seeded(0):
        model, (inputs, labels) = OctreeGenerator(**SMALL), batch(6, 12)
    loss = {name: MaskedCategoricalCrossentropy(ignore=-1) for name in labels}
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    for _ in range(120):
        model.train_on_batch(inputs, labels)
    for radius in (6, 12):
        found = model.generate(shares(ball(radius)))
        overlap = (found.to_voxels() & ball(radius)).sum() / (found.to_voxels() | ball(radius)).sum()
        assert overlap > 0.85, overlap  # the other ball: 0.125
        assert sum(map(len, found.labels)) < 20_000


def test_given_the_true_cells_both_ways_say_the_same():
    """Splitting the cells that the network takes for mixed, where it takes the right ones."""
    model, (inputs, _) = OctreeGenerator(**SMALL), batch(9)
    for threshold, split in ((0.0, True), (1.0, False)):
        found = model.generate(inputs["voxels"][0, ..., 0], threshold)
        counts = [8**3, 8**4, 8**5] if split else [8**3, 0, 0]
        assert [len(each) for each in found.labels] == counts
        assert all((each == sparse.MIXED).all() for each in found.labels[:-1]) == split
    logits = model.predict_on_batch({"voxels": inputs["voxels"], **sparse.stack_padded([everything_split()])})
    told = model.generate(inputs["voxels"][0, ..., 0], 0.0).labels[-1]
    np.testing.assert_array_equal(told, logits["level_5"][0].argmax(axis=-1))


def everything_split():
    """The tables of an octree in which every cell was split."""
    cells = sparse.SolidOctree.from_voxels(np.indices((32,) * 3).sum(axis=0) % 2 == 0, 3)  # like a chess board
    assert len(cells.labels[-1]) == 8**5
    return cells.tables()


@pytest.mark.parametrize(
    "wrong", [{"size": 24}, {"size": 4}, {"depth": 3}, {"first": 7}, {"first": 2}, {"code": 0}, {"base_filters": 0}]
)
def test_arguments_are_checked(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        OctreeGenerator(**{"depth": 5, **wrong})


def test_what_cannot_be_read():
    model = OctreeGenerator(**SMALL)
    with pytest.raises(InputError, match="voxels"):
        model.generate(np.zeros((9, 9, 9)))
    with pytest.raises(InputError, match="threshold"):
        model.generate(np.zeros((8, 8, 8)), 1.5)
