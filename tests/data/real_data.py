"""Where a folder of real data lies, if there is one: what it shows, the other tests show with files of their own."""

import os
from pathlib import Path

import pytest

#: ``../shared/realdata`` beside the repository, or what PCFILTER_REALDATA names.
REAL = Path(os.environ.get("PCFILTER_REALDATA") or Path(__file__).parents[3] / "shared" / "realdata")

needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason="no folder of real data here")
