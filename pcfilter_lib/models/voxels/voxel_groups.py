"""Autoregressive completion: predict one interleaved group of voxels after another."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers, ops
from tqdm import tqdm

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import CropLike, PadToMultiple
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models.voxels._blocks import convolution, encoder_decoder

#: The first voxel of each of the eight interleaved groups; each goes on in steps of two.
GROUPS = tuple((x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1))


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class GroupMask(layers.Layer):
    """Keep what lies in the first groups of a volume, and set the rest to 0.

    Parameters
    ----------
    first, stop : int
        From which group on, and up to which, of :data:`GROUPS`. No two voxels of one group touch.

    Shapes
    ------
    Input and output (B, X, Y, Z, C). Sizes may be unknown.
    """

    def __init__(self, first: int, stop: int, **kwargs):
        super().__init__(**kwargs)
        self.first = whole_number("GroupMask", "first", first, at_least=0)
        self.stop = whole_number("GroupMask", "stop", stop, at_least=0)

    def call(self, inputs):
        """Return the masked volume."""
        x, y, z = (ops.arange(size) % 2 for size in ops.shape(inputs)[1:-1])
        number = 4 * x[:, None, None] + 2 * y[:, None] + z
        kept = ops.logical_and(number >= self.first, number < self.stop)
        return ops.where(kept[None, ..., None], inputs, 0)

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "first": self.first, "stop": self.stop}


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class VoxelGroups(Architecture):
    r"""The logit of each voxel, given a condition and the voxels of all earlier groups.

    The voxels form eight interleaved groups, ``volume[a::2, b::2, c::2]``, so that no two neighbours are in one group.
    A trunk computes features of the condition. Each group has a head, which sees these features and the voxels of the
    earlier groups, and predicts the logit of

    .. math:: p(v_i = 1 \mid \text{condition}, \text{earlier groups})

    for each voxel i of its group. In training, the earlier groups are the truth (*teacher forcing*), so that all eight
    heads are trained in one pass; :meth:`complete` predicts one group after another.

    Parameters
    ----------
    channels : int
        Of the condition.
    depth : int, default 1
        How many times the trunk halves its maps.
    base_filters : int, default 16
        Channels of the trunk's first level; each further one has twice as many.
    head_filters : int, default 16
        Channels of each head.

    Shapes
    ------
    Inputs: the condition (B, X, Y, Z, channels), and the voxels (B, X, Y, Z, 1), 0 or 1. Output (B, X, Y, Z, 1):
    logits. All sizes are free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Reed, S., van den Oord, A., Kalchbrenner, N., Gómez Colmenarejo, S., Wang, Z., Chen, Y., Belov, D. and de Freitas,
    N. (2017). Parallel multiscale autoregressive density estimation. ICML.
    Dai, A., Ritchie, D., Bokeloh, M., Reed, S., Sturm, J. and Nießner, M. (2018). ScanComplete: large-scale scene
    completion and semantic segmentation for 3D scans. CVPR.
    """

    def __init__(self, channels: int, depth: int = 1, base_filters: int = 16, head_filters: int = 16, **kwargs):
        config = {
            "channels": whole_number("VoxelGroups", "channels", channels),
            "depth": whole_number("VoxelGroups", "depth", depth, at_least=0),
            "base_filters": whole_number("VoxelGroups", "base_filters", base_filters),
            "head_filters": whole_number("VoxelGroups", "head_filters", head_filters),
        }
        condition = keras.Input((None, None, None, channels), name="condition")
        voxels = keras.Input((None, None, None, 1), name="voxels")
        padded = PadToMultiple(2**depth, name="pad")(condition)
        maps = encoder_decoder(padded, depth, [base_filters * 2**level for level in range(depth + 1)])
        maps = CropLike(name="crop")([maps, condition])
        signs = layers.Rescaling(2.0, -1.0, name="signs")(voxels)  # 0 marks a voxel that is not known yet
        parts = []
        for number in range(len(GROUPS)):
            earlier = GroupMask(0, number, name=f"earlier_{number}")(signs)
            head = layers.Concatenate(name=f"features_{number}")([maps, earlier])
            head = convolution(head, head_filters, f"head_{number}_1")
            head = convolution(head, head_filters, f"head_{number}_2")
            head = layers.Conv3D(1, 1, name=f"logits_{number}")(head)
            parts.append(GroupMask(number, number + 1, name=f"own_{number}")(head))
        super().__init__([condition, voxels], layers.Add(name="logits")(parts), **kwargs)
        self._config = config

    def complete(
        self, condition: np.ndarray, *, seed: int | None = None, progress: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Predict one group after another.

        Parameters
        ----------
        condition : array, shape (B, X, Y, Z, channels)
            What is known.
        seed : int, optional
            Draw each voxel with its probability, from this seed; without it, the likelier of the two is taken.
        progress : bool, optional
            Show a progress bar where there is a terminal.

        Returns
        -------
        voxels : numpy.ndarray of bool, shape (B, X, Y, Z)
        probability : numpy.ndarray of float32, shape (B, X, Y, Z)
            Of each voxel, given those of the earlier groups.

        Raises
        ------
        InputError
            If the condition has another shape.
        """
        condition = np.asarray(condition, np.float32)
        if condition.ndim != 5 or condition.shape[-1] != self._config["channels"]:
            problem = f"its shape is {condition.shape}"
            raise InputError("VoxelGroups", "condition", problem, f"pass (B, X, Y, Z, {self._config['channels']})")
        draw = None if seed is None else np.random.default_rng(seed)
        voxels = np.zeros((*condition.shape[:4], 1), np.float32)
        probability = np.zeros_like(voxels)
        # The trunk runs once, and each head for its own group alone.
        features = self.get_layer("crop").output
        trunk = keras.Model(self.inputs[0], features)(condition, training=False)
        groups = tqdm(GROUPS, desc="groups", leave=False, disable=None if progress else True)
        for number, (x, y, z) in enumerate(groups):
            group = (slice(None), slice(x, None, 2), slice(y, None, 2), slice(z, None, 2))
            head = keras.Model([features, self.inputs[1]], self.get_layer(f"own_{number}").output)
            logits = ops.convert_to_numpy(head([trunk, ops.convert_to_tensor(voxels)], training=False))[group]
            probability[group] = 1 / (1 + np.exp(-logits.astype(np.float64)))
            limit = 0.5 if draw is None else draw.random(logits.shape)
            voxels[group] = probability[group] > limit
        return voxels[..., 0] > 0, probability[..., 0]
