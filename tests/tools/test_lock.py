import lock

TEXT = """numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:bb
open3d-cpu==0.20.0 ; sys_platform == 'linux' \\
    --hash=sha256:cc
"""


def test_the_conda_environment_follows_the_lock_file():
    before = """# numpy==1 in a comment stays
dependencies:
  - python=3.11
  - pip:
      - numpy==1.0
      - "open3d-cpu==0.19.0 ; sys_platform == 'linux'"
      - --editable .
"""
    after = lock.pinned(before, TEXT)
    assert after == before.replace("numpy==1.0", "numpy==2.4.6").replace("0.19.0", "0.20.0")
    assert lock.pinned(after, TEXT) == after


def test_a_lock_file_is_split_into_its_packages():
    head, *packages = lock.entries("# made by uv\n" + TEXT)
    assert head == "# made by uv\n" and [package.split("==")[0] for package in packages] == [
        "numpy",
        "numpy",
        "open3d-cpu",
    ]


def test_only_what_cuda_needs_is_kept_apart():
    assert lock.CUDA.match("nvidia-cublas==13") and lock.CUDA.match("triton==3")
    assert not lock.CUDA.match("torch==2.13.0") and not lock.CUDA.match("numpy==2")


def test_a_hash_is_added_once():
    entry = "torch==2.13.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    once = lock.with_hashes(entry, ["sha256:cc"])
    assert once == "torch==2.13.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    assert lock.with_hashes(once, ["sha256:cc"]) == once
