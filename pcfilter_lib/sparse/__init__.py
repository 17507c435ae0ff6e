"""Volumes of which only the cells near a surface are kept: hash tables, kernel maps and octrees.

Everything here is NumPy, and runs before a network does: who is whose neighbour does not depend on weights.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "hash_table": ["VoxelHash"],
        "kernel_maps": ["Coarsening", "coarsen", "kernel_map", "kernel_offsets"],
        "morton": ["morton_decode", "morton_encode"],
        "octree": ["Octree"],
        "shallow_octree": ["ShallowOctrees"],
        "solid_octree": ["EMPTY", "FULL", "MIXED", "SolidOctree"],
        "tables": ["stack_padded", "unet_tables"],
    },
)
