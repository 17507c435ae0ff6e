"""What exists on disk: meshes, point clouds and organised scans, one loader per kind.

Each loader either returns a valid object or raises one :class:`pcfilter_lib.errors.InputError`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "augment": ["random_flips"],
        "augment_clouds": ["CloudAugmentation", "rotated"],
        "batches": ["ShuffledBatches"],
        "cloud": ["load_cloud", "save_cloud"],
        "cloud_batches": ["CloudBatches"],
        "example": ["example_path"],
        "labels": ["ARTEFACT", "CAUSES", "TRUE_GEOMETRY", "UNLABELLED"],
        "mesh": ["Mesh", "load_mesh", "save_mesh"],
        "modelnet": ["HELD_OUT_CLASSES", "MODELNET10", "load_shape", "load_shapes", "shape_files"],
        "normalise": ["unit_sphere"],
        "parts": ["PARTS_CHANNELS", "PARTS_CLASSES", "PARTS_SPLITS", "PartsScans", "load_parts"],
        "room_examples": [
            "ROOM_CLASSES",
            "ROOM_SHAPE",
            "ROOM_SPLITS",
            "ROOM_VOXEL_SIZE",
            "load_rooms",
            "room_channels",
            "room_voxels",
        ],
        "sampling": ["farthest_order", "farthest_point_sampling", "sample_surface"],
        "scan": ["AmbiguousUnitWarning", "ConversionWarning", "OrganizedScan"],
        "scan_geometry": ["backproject", "project", "scan_depth", "scan_normals"],
        "scan_io": ["SCAN_SUFFIXES", "load_scan", "save_scan"],
        "turntable": ["TURNTABLE_SCENES", "TURNTABLE_VIEWS", "load_turntable"],
        "voxels.fields": ["distance_field", "marching_cubes", "trilinear_sample"],
        "voxels.fusion": ["FusedScans", "fuse_scans"],
        "voxels.grid_files": ["load_voxels", "save_voxels"],
        "voxels.carving": ["visual_hull"],
        "voxels.projection": ["voxel_pixels"],
        "voxels.grid": ["FREE", "SURFACE", "UNKNOWN", "VoxelGrid"],
        "voxels.voxelization": ["shells", "voxelize"],
        "views.posed_file": ["LostTrackingWarning", "PosedFile"],
        "views.registration": ["Registration", "RegistrationEdge", "register_views"],
        "views.sequence": ["find_views"],
    },
)
