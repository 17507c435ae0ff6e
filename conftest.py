"""For tests and notebooks alike: pytest-randomly shuffles tests, but the cells of a notebook keep their order."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Put the cells back in their order, behind all tests, before anybody else looks at the items."""
    items.sort(key=lambda item: (str(item.path), item.cell_num) if item.path.suffix == ".ipynb" else ("", 0))
