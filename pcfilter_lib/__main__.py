"""``python -m pcfilter_lib`` is ``pcfilter``, for where the library is used without being installed."""

import sys

from pcfilter_lib.cli import main

sys.exit(main())
