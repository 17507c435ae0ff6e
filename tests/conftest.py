"""What holds for all tests: they are isolated from one another, and Hypothesis asks neither the clock nor chance."""

import hypothesis
import isolation

# The same examples every time, and no deadline: what newer versions of Hypothesis call "ci".
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


def pytest_configure(config):
    config.pluginmanager.register(isolation, "isolation")


def pytest_make_parametrize_id(config, val, argname):
    """Name bytes by their argument: an archive holds the time of its making, and workers must agree on names."""
    return argname if isinstance(val, bytes) else None
