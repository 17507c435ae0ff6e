"""Benchmarks that can be trusted: fixed workloads on any backend and device, timed, checked, and written down."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "devices": ["barrier", "wait"],
        "memory": ["risen_memory"],
        "peaks": ["measured_peaks"],
        "record": [
            "COLLECTED",
            "check_record",
            "collected",
            "differ",
            "fastest",
            "load_record",
            "machine_name",
        ],
        "roofline": ["Roofline"],
        "run": ["Setting", "run_settings", "settings"],
        "timing": ["Timing", "measure"],
        "workloads": ["WORKLOADS", "Work"],
    },
)
