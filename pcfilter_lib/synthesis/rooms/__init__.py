"""Furnished rooms whose faces and voxels are labelled, and partial scans with known free space."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "making": ["make_room"],
        "room": ["ROOM_CLASSES", "Room", "RoomPiece"],
        "visibility": ["PartialScan", "partial_scan"],
        "voxel_labels": ["label_voxels"],
    },
)
