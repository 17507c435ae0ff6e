"""What is made rather than found: parts, scenes, and the scans of a simulated structured-light scanner."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["scanner"],
    submod_attrs={
        "benchmark": ["BENCHMARK", "BENCHMARK_EXTRAS", "UNSEEN_KINDS", "split_files", "write_split"],
        "decoding": ["Decoded", "column_sigma", "decode"],
        "furniture": ["FURNITURE", "FURNITURE_PIECES", "furniture_clouds", "make_furniture"],
        "labels": ["CAUSES", "cause_shares", "ignore_borderline"],
        "parts": ["KINDS", "folder_parts", "make_part"],
        "patterns": ["PatternSet"],
        "presets": ["PRESETS"],
        "recipe": ["Recipe"],
        "scanner": ["Camera", "Projector", "triangulate"],
        "scenes": ["build_scene"],
        "sets": ["write_set"],
        "shapes": ["blocks", "revolve"],
        "simulation": ["Simulation", "simulate", "simulate_again", "simulate_scan"],
        "statistics": ["DISTRIBUTIONS", "LEVELS", "scan_statistics"],
        "solid": ["Body", "Material", "Scene", "Solid"],
        "transport": ["Transport"],
    },
)
