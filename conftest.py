"""For tests and notebooks alike: pytest-randomly shuffles tests, but the cells of a notebook keep their order."""

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    """Put the cells back in their order, after all tests."""
    cells = [item for item in items if item.path.suffix == ".ipynb"]
    result = yield
    left = set(items)  # less those that were deselected
    items[:] = [item for item in items if item not in set(cells)] + [cell for cell in cells if cell in left]
    return result
