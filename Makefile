# Two commands: `make book` builds the book, `make test` runs the tests. Each sets up what it needs, once.

# The first Python that will do; override with `make book PYTHON=/path/to/python`.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN = .venv/bin

.PHONY: help book test test-jax test-torch test-lowest student-edition format lint bench lock clean check-python setup

help:
	@echo "make book             build the book into _build/html"
	@echo "make test             run the tests: library, notebooks, built pages"
	@echo "make test-jax         run the backend tests on JAX (make test-torch: on PyTorch)"
	@echo "make test-lowest      run the base tests with the lowest versions that pyproject.toml allows"
	@echo "make student-edition  write the notebooks without solutions to _student/"
	@echo "make format, lint     format the code and the notebooks, or only check them"
	@echo "make bench            time readers, samplers and voxels beside other libraries, the simulated scanner, a U-Net, PointNet, PointNet++, EdgeConv, a room at once, sparse volumes, meshes, pictures, and the filters"
	@echo "make lock             renew the lock files after a change in pyproject.toml"
	@echo "make clean            remove what make made, environments included"

check-python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed, and none was found"; exit 1; }

setup: check-python
	@$(PYTHON) tools/environment.py book

book: setup
	$(BIN)/jupyter-book build book/ -W -n --keep-going

# Two workers on two cores: a second thread for linear algebra in each would only wait for the other. The last line compares
# what the first has executed; it executes a notebook only if that would print something else now.
ONE_THREAD = OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1
test: check-python
	@$(PYTHON) tools/environment.py book --browser
	$(BIN)/jupyter-book build book/ -W -n --keep-going
	$(ONE_THREAD) PCFILTER_BOOK_HTML=_build/html $(BIN)/python -m pytest -n 2 --dist loadscope tests
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadscope --nbval-lax --nbval-current-env --nbval-cell-timeout=600 book

# What XLA compiles runs once or twice here: little optimised code takes half of the time. (Not level 0:
# there, gradients of a maximum came out wrong, 272 where they sum to 345.)
test-jax test-torch: test-%: check-python
	@$(PYTHON) tools/environment.py $*
	XLA_FLAGS='--xla_backend_optimization_level=1 --xla_llvm_disable_expensive_passes=true' KERAS_BACKEND=$* .venv-$*/bin/python -m pytest -n 2 --dist loadscope -m backend $$(grep -rl --include='test_*.py' 'mark.backend' tests)

# The lowest versions that pyproject.toml allows run what the base install is for, and all public names.
BASE_TESTS = tests/data tests/filters tests/cli tests/test_files.py tests/test_tiling.py tests/test_arguments.py tests/test_scale.py
NEED_MORE = tests/data/test_batches.py tests/filters/test_batches.py tests/filters/test_channels.py tests/data/test_cloud_batches.py tests/data/test_example.py tests/data/test_mesh.py tests/data/test_parts.py \
  tests/filters/test_boosting.py tests/filters/test_checks.py tests/filters/test_learned.py tests/filters/test_neighbours.py
test-lowest: setup
	@$(PYTHON) tools/environment.py lowest
	.venv-lowest/bin/python -m pytest -n 2 $(BASE_TESTS) $(NEED_MORE:%=--ignore=%)
	PYTHONPATH=$$(.venv-lowest/bin/python tools/only_package.py lazy_loader) $(BIN)/python -m pytest tests/test_public_front.py

student-edition: setup
	$(BIN)/python tools/student_edition.py --out _student

format: setup
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .
	$(BIN)/python tools/notebooks.py canonicalise book

lint: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python tools/notebooks.py check book

bench: setup
	$(BIN)/python benchmarks/bench_data.py
	$(BIN)/python benchmarks/bench_voxels.py
	$(BIN)/python benchmarks/bench_sparse.py
	$(BIN)/python benchmarks/bench_meshes.py
	$(BIN)/python benchmarks/bench_scanner.py
	$(BIN)/python benchmarks/bench_segmentation.py
	$(BIN)/python benchmarks/bench_filters.py
	$(BIN)/python benchmarks/bench_pointnet.py
	$(BIN)/python benchmarks/bench_neighbours.py
	$(BIN)/python benchmarks/bench_rooms.py
	$(BIN)/python benchmarks/bench_pictures.py

lock: setup
	$(BIN)/python tools/lock.py

clean:
	rm -rf .venv .venv-* _build _student build *.egg-info
