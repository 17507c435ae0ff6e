"""What is made rather than found: furniture, parts, scenes, and scans of a simulated structured-light scanner."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["furniture", "pictures", "rooms", "scanner", "scenes"],
    submod_attrs={
        "completion": ["completion_channels", "completion_mirror", "completion_target"],
        "benchmark": ["BENCHMARK", "BENCHMARK_EXTRAS", "UNSEEN_KINDS", "split_files", "write_split"],
        "furniture.catalogue": ["FURNITURE", "FURNITURE_PIECES", "furniture_clouds", "make_furniture"],
        "paper": ["PAPER_PIECES", "make_paper_figure"],
        "pictures.cameras": ["look_at", "turntable"],
        "pictures.rendered": ["Pictures"],
        "pictures.spheres": ["splat"],
        "pictures.surfaces": ["render"],
        "pictures.walls": ["PANEL_KINDS", "striped_walls"],
        "recipe": ["PRESETS", "Recipe"],
        "rooms.making": ["make_room"],
        "rooms.room": ["ROOM_CLASSES", "Room", "RoomPiece"],
        "rooms.visibility": ["PartialScan", "partial_scan"],
        "rooms.voxel_labels": ["label_voxels"],
        "scanner.decoding": ["Decoded", "column_sigma", "decode"],
        "scanner.geometry": ["Camera", "Projector", "triangulate"],
        "scanner.labels": ["cause_shares", "ignore_borderline"],
        "scanner.patterns": ["PatternSet"],
        "scanner.transport": ["Transport"],
        "scenes.building": ["build_scene"],
        "scenes.parts": ["KINDS", "folder_parts", "make_part"],
        "scenes.shapes": ["blocks", "revolve"],
        "scenes.solid": ["Body", "Material", "Scene", "Solid"],
        "sets": ["write_set"],
        "simulation": ["Simulation", "simulate", "reproduce_scan", "simulate_scan"],
        "statistics": ["DISTRIBUTIONS", "LEVELS", "scan_statistics"],
    },
)
