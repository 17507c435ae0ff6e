"""Where the trained networks lie that come with the library."""

from pathlib import Path

#: For each network its weights (``.keras``, or ``.onnx``, which need no framework) and, in a ``.json``, their origin.
WEIGHTS = Path(__file__).parent / "weights"
