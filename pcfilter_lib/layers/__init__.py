"""Keras layers that Keras lacks, one a file, on any backend (TensorFlow, JAX, PyTorch)."""

import lazy_loader

from pcfilter_lib.frameworks import import_keras

import_keras()

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "back_project": ["BackProject"],
        "ball_query": ["BallQuery"],
        "bilinear_upsampling": ["BilinearUpsampling2D"],
        "pictures.context_fusion": ["ContextFusion"],
        "pictures.conv_gru_3d": ["ConvGRU3D"],
        "crop_like": ["CropLike"],
        "dense_global_max": ["DenseGlobalMax"],
        "drop_block": ["DropBlock2D", "DropBlock3D", "drop_block_gamma"],
        "edge_conv": ["EdgeConv"],
        "feature_propagation": ["FeaturePropagation"],
        "graphs.chebyshev_conv": ["ChebyshevConv"],
        "graphs.diffusion": ["Diffusion"],
        "graphs.graph_conv": ["GraphConv"],
        "inverted_residual_block": ["InvertedResidualBlock"],
        "max_pooling_with_indices": ["MaxPoolingWithIndices2D"],
        "max_unpooling": ["MaxUnpooling2D"],
        "nearest_neighbors": ["NearestNeighbors"],
        "pad_to_multiple": ["PadToMultiple"],
        "per_view": ["PerView"],
        "pictures.picture_to_cube": ["PictureToCube"],
        "point_transform": ["PointTransform"],
        "random_background": ["RandomBackground"],
        "random_channel_permutation": ["RandomChannelPermutation"],
        "residual_block": ["ResidualBlock"],
        "set_abstraction": ["SetAbstraction"],
        "sparse.conv": ["SparseConv3D"],
        "sparse.conv_transpose": ["SparseConv3DTranspose"],
        "sparse.max_pooling": ["SparseMaxPooling"],
        "trilinear_sample": ["TrilinearSample"],
        "view_pooling": ["ViewPooling"],
    },
)
