"""Networks that are trained already and come with the library."""

from __future__ import annotations

import keras

from pcfilter_lib._arguments import one_of
from pcfilter_lib.models._load import load
from pcfilter_lib.weights import names, path


def load_pretrained(name: str) -> keras.Model:
    """Return a network with the weights that come with this library; nothing is downloaded.

    Parameters
    ----------
    name : str
        One of "artefact-unet", "pointnet-modelnet10", "pointnet-modelnet6", "pointnet-furniture", "dgcnn-modelnet10",
        "mvcnn-modelnet10", "voxnet-furniture", "completion-furniture", "rooms-dense", "octree-generator-furniture".

        "artefact-unet" is the artefact filter's U-Net: from :data:`pcfilter_lib.filters.CHANNELS`, shape
        (B, H, W, 14), to the logit of true geometry, shape (B, H, W, 1). The same network, without Keras, is
        ``filters.load_filter("artefact-unet")``.

        The PointNets and the DGCNN classify clouds in the unit sphere, shape (B, N, 3), that stand upright as
        ModelNet10's do: they return logits of :data:`pcfilter_lib.data.MODELNET10`, shape (B, 10).
        "pointnet-modelnet6" knows six classes, without chair, desk, table and toilet: shape (B, 6). ModelNet is for
        academic research only, and so are weights that were trained on it. "pointnet-furniture" knows the ten classes,
        too, and has seen nothing but the shapes of :func:`pcfilter_lib.synthesis.make_furniture`: it is free for any
        use.

        "mvcnn-modelnet10" is an :class:`MVCNN`: from pictures of such clouds, each point a sphere of the radius 0.07,
        with the channels "depth", "shade" and "count" (``synthesis.splat(cloud, synthesis.turntable(6, 30, size=48),
        0.07).channels(...)``), shape (B, V, 48, 48, 3), to the same logits. V is free; it was trained with six.

        "completion-furniture" is a :class:`VoxelUNet` that completes furniture scanned from one side, 32 voxels a side:
        from :func:`pcfilter_lib.synthesis.completion_channels` to the truncated distance from the whole surface, in
        voxels, shape (B, X, Y, Z, 1). It was trained on voxels that nobody has seen, and means nothing on others.
        "voxnet-furniture" is a :class:`VoxNet` that was trained on parametric shapes: from distances at 32 x 32 x 32
        voxels around the unit sphere, as numbers from 1 on a point to 0 at three voxels and beyond, to logits of
        :data:`pcfilter_lib.data.MODELNET10`. "rooms-dense" is a :class:`VoxelContextNet` that classifies each voxel of
        a room: from :func:`pcfilter_lib.data.room_channels` to logits of :data:`pcfilter_lib.data.ROOM_CLASSES`.
        "octree-generator-furniture" is an :class:`OctreeGenerator` that reads parametric furniture at 32 voxels a side
        and writes it at 128.

    Returns
    -------
    keras.Model
        Not compiled. The ``.json`` file next to its weights in ``pcfilter_lib/weights`` gives their origin.

    Raises
    ------
    InputError
        If there is no network of this name.
    """
    one_of("load_pretrained", "name", name, names(".keras"))
    return load(path(name, ".keras"), compile=False)
