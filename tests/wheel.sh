#!/usr/bin/env bash
# Builds the wheel, installs it with its base dependencies alone in an empty environment, and uses it from elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

.venv/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work" .
"$(.venv/bin/python -c 'import sys; print(sys._base_executable)')" -m venv "$work/empty"
# The locked versions, but only those that the base install asks for.
.venv/bin/python -m pip freeze --exclude-editable >"$work/constraints.txt"
"$work/empty/bin/python" -m pip install --quiet --constraint "$work/constraints.txt" "$work"/pcfilter_lib-*.whl
cp tests/wheel_check.py "$work"
git ls-files pcfilter_lib >"$work/tracked.txt"
cd "$work"
empty/bin/python wheel_check.py
empty/bin/pcfilter --version
