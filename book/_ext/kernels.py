"""Let the kernels that execute the book listen on sockets of their own.

jupyter_client looks for five free TCP ports, lets go of them, and starts a kernel that
binds them a second later. Of two notebooks executed at once, one now and then takes a
port that was found for the other, whose kernel then dies with "Address already in use"
and takes the whole build with it. A Unix socket has a file name, which nobody else takes.
"""

import os
import tempfile
import uuid
from pathlib import Path

from jupyter_client.manager import KernelManager


def use_private_sockets() -> None:
    """Start all further kernels of this process on Unix sockets, where there are any.

    Neither myst-nb nor nbval lets its caller choose, so the default is changed for all.
    """
    if os.name != "posix":
        return
    initialise = KernelManager.__init__

    def on_sockets(manager: KernelManager, *args: object, **options: object) -> None:
        name = f"kernel-{uuid.uuid4().hex[:16]}"  # the system allows some 100 letters
        files = {"transport": "ipc", "ip": str(Path(tempfile.gettempdir()) / name)}
        initialise(manager, *args, **(files | options))

    KernelManager.__init__ = on_sockets
