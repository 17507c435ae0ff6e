"""Keras models, one architecture a file, and the loading of saved ones."""

import lazy_loader

from pcfilter_lib.frameworks import import_keras

import_keras()

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_load": ["load"],
        "_pretrained": ["load_pretrained"],
        "_tiles": ["predict_tiled"],
        "_critical_points": ["critical_points", "upper_bound_shape"],
        "dgcnn": ["DGCNN"],
        "fcn": ["FCN"],
        "mvcnn": ["MVCNN"],
        "onnx_export": ["export_onnx"],
        "pictures.pix2vox": ["Pix2Vox"],
        "pictures.r2n2": ["R2N2"],
        "pictures.yovo": ["YOVO"],
        "pointnet": ["PointNet", "PointNetSegmentation"],
        "pointnet2": ["PointNet2", "PointNet2Segmentation"],
        "pretrained_unet": ["PretrainedUNet"],
        "segnet": ["SegNet"],
        "unet": ["UNet"],
        "voxels.context_net": ["VoxelContextNet"],
        "voxels.octree_generator": ["OctreeGenerator"],
        "voxels.geometry_colour": ["GeometryColour"],
        "voxels.sparse_classifier": ["SparseClassifier"],
        "voxels.sparse_unet": ["SparseUNet"],
        "voxels.voxel_groups": ["GROUPS", "VoxelGroups"],
        "voxels.voxel_unet": ["VoxelUNet"],
        "voxels.voxnet": ["VoxNet"],
        "wavenet": ["WaveNet", "mu_law_decode", "mu_law_encode"],
    },
)
