"""What all networks on volumes are held to, and what each promises."""

import keras
import numpy as np
import pytest
from gradients import gradient

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.models import GROUPS, VoxelContextNet, VoxelGroups, VoxelUNet, VoxNet

pytestmark = pytest.mark.backend


def volume(*sizes, channels=1, count=2):
    draw = np.random.default_rng([*sizes, channels, count])
    return draw.normal(size=(count, *sizes, channels)).astype("float32")


def saved_and_loaded(model, path, inputs):
    model.save(path / "model.keras")
    loaded = keras.saving.load_model(path / "model.keras")
    assert type(loaded) is type(model) and loaded.get_config() == model.get_config()
    outputs = model.predict(inputs, verbose=0)
    np.testing.assert_allclose(loaded.predict(inputs, verbose=0), outputs, atol=1e-5)
    return outputs


def test_voxnet(tmp_path):
    model = VoxNet(4, size=16, channels=2, width=0.25)
    assert saved_and_loaded(model, tmp_path, volume(16, 16, 16, channels=2)).shape == (2, 4)
    # The paper's 0.92 million, counted layer by layer.
    assert (
        VoxNet(10, batch_norm=False).count_params() == 5**3 * 32 + 32 + 27 * 32**2 + 32 + 6**3 * 32 * 128 + 128 + 1290
    )


@pytest.mark.parametrize("sizes", [(8, 8, 8), (5, 7, 10)])
def test_a_unet_takes_any_size(tmp_path, sizes):
    model = VoxelUNet(2, outputs=3, depth=2, base_filters=2)
    assert saved_and_loaded(model, tmp_path, volume(*sizes, channels=2)).shape == (2, *sizes, 3)


def test_windows_give_the_same_numbers_as_the_whole_room(tmp_path):
    model = VoxelContextNet(3, width=4, dilations=(1, 2, 4))
    assert model.reach == 7
    room = volume(18, 17, 19, count=1)
    dense = saved_and_loaded(model, tmp_path, room)
    assert dense.shape == (1, 4, 3, 5, 3)
    windows = np.stack([room[0, x : x + 15, y : y + 15, z : z + 15] for x, y, z in np.ndindex(4, 3, 5)])
    single = model.predict(windows, verbose=0).reshape(1, 4, 3, 5, 3)
    np.testing.assert_allclose(single, dense, atol=1e-5)


def test_zeros_at_the_border_are_something_else():
    valid = VoxelContextNet(3, width=4, dilations=(1, 2))
    same = VoxelContextNet(3, width=4, dilations=(1, 2), padding="same")
    # Away from zero mean and offset, so that a padded zero is not what an empty place becomes.
    weights = [each + 0.1 for each in valid.get_weights()]
    for model in (valid, same):
        model.set_weights(weights)
    room = volume(9, 9, 9, count=1)
    padded = np.pad(room, [(0, 0), *[(3, 3)] * 3, (0, 0)])
    inside, borders = same.predict(room, verbose=0), valid.predict(padded, verbose=0)
    middle = (slice(None), *[slice(3, -3)] * 3)
    np.testing.assert_allclose(inside[middle], borders[middle], atol=1e-5)
    assert np.abs(inside - borders)[:, 0].max() > 1e-3


def group_of(index):
    return GROUPS.index(tuple(int(each) % 2 for each in index))


@pytest.mark.parametrize("index", [(2, 2, 2), (1, 2, 3), (3, 3, 3)])
def test_no_group_sees_itself_or_those_after(index):
    model = VoxelGroups(1, depth=1, base_filters=2, head_filters=3)
    for weight in model.trainable_weights:
        if "head_" in weight.path and weight.path.endswith(("gamma", "beta")):
            # So that no rectifier of a head is shut, whatever the weights.
            weight.assign(np.full(weight.shape, 0.1 if weight.path.endswith("gamma") else 9.0))
    condition = keras.ops.convert_to_tensor(volume(6, 5, 6, count=1))
    voxels = (volume(6, 5, 6, count=1) > 0).astype("float32")
    found = gradient(lambda told: model([condition, told])[0][index][0], voxels)[0, ..., 0]
    number = np.array([group_of(each) for each in np.ndindex(found.shape)]).reshape(found.shape)
    assert (found[number >= group_of(index)] == 0).all(), "exactly"
    if group_of(index):
        assert np.abs(found[number < group_of(index)]).max() > 1e-6


def test_groups_part_the_volume_and_no_two_of_one_touch():
    volume = np.zeros((5, 6, 7), int)
    for x, y, z in GROUPS:
        volume[x::2, y::2, z::2] += 1
    assert (volume == 1).all() and len(GROUPS) == 8


def test_what_is_completed_is_what_teacher_forcing_says_of_it(tmp_path):
    model = VoxelGroups(2, depth=1, base_filters=2, head_filters=3)
    condition = volume(5, 6, 7, channels=2)
    saved_and_loaded(model, tmp_path, [condition, np.zeros((2, 5, 6, 7, 1), "float32")])
    for seed in (None, 3):
        voxels, probability = model.complete(condition, seed=seed)
        logits = model.predict([condition, voxels[..., None].astype("float32")], verbose=0)[..., 0]
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), probability, atol=1e-5)
        if seed is None:
            assert np.array_equal(voxels, probability > 0.5)
    assert np.array_equal(model.complete(condition, seed=3)[0], voxels)
    assert not np.array_equal(model.complete(condition, seed=4)[0], voxels)
    with pytest.raises(InputError, match="pass \\(B, X, Y, Z, 2\\)"):
        model.complete(condition[..., :1])


@pytest.mark.parametrize(
    "model, arguments, name",
    [
        (VoxNet, {"classes": 0}, "classes"),
        (VoxNet, {"classes": 2, "size": 12}, "size"),
        (VoxNet, {"classes": 2, "dropout": 1}, "dropout"),
        (VoxelUNet, {"channels": 1, "depth": 0}, "depth"),
        (VoxelContextNet, {"classes": 2, "dilations": ()}, "dilations"),
        (VoxelContextNet, {"classes": 2, "dilations": (0,)}, "dilations"),
        (VoxelContextNet, {"classes": 2, "padding": "full"}, "padding"),
        (VoxelGroups, {"channels": 1, "head_filters": 0}, "head_filters"),
    ],
)
def test_impossible_arguments(model, arguments, name):
    with pytest.raises(InputError, match=name):
        model(**arguments)
