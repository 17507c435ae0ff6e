"""``book/_ext/kernels.py``: kernels executed side by side never ask for the same socket."""

import subprocess
import sys
from pathlib import Path

EXTENSION = Path(__file__).resolve().parents[2] / "book" / "_ext"

# In a process of its own: what is switched on stays on for the whole process.
TWO_KERNELS = """
import kernels
kernels.use_private_sockets()
from jupyter_client.manager import start_new_kernel
managers = []
for number in range(2):
    manager, client = start_new_kernel(kernel_name="python3")
    reply = client.execute_interactive("assert 6 * 7 == 42", timeout=60)
    assert reply["content"]["status"] == "ok", reply
    managers.append((manager, client))
assert all(manager.transport == "ipc" for manager, _ in managers)
assert managers[0][0].ip != managers[1][0].ip
names = [manager.ip for manager, _ in managers]
for manager, client in managers:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
print(*names, sep="\\n")
"""


def test_two_kernels_answer_on_sockets_of_their_own_and_leave_none_behind(tmp_path):
    command = [sys.executable, "-c", TWO_KERNELS]
    run = subprocess.run(command, cwd=EXTENSION, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    for name in map(Path, run.stdout.split()):
        assert len(str(name)) < 90  # with a number behind it, a socket's name has 107 bytes at most, on macOS 103
        assert list(name.parent.glob(f"{name.name}*")) == []
