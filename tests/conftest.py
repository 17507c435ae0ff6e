"""What holds for all tests: they are isolated from one another, and Hypothesis asks neither the clock nor chance."""

import hypothesis
import isolation

hypothesis.settings.load_profile("ci")  # the same examples every time, and no deadline


def pytest_configure(config):
    config.pluginmanager.register(isolation, "isolation")
