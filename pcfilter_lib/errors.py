"""The two errors that this library raises on purpose."""

from __future__ import annotations

import importlib
import os
from types import ModuleType


class InputError(ValueError):
    """Something read from outside (a file, an option) cannot be used.

    Its message always says which file, which place in it, what is wrong there, and what to do.

    Parameters
    ----------
    source : str or os.PathLike
        The file, or the name of the option.
    place : str
        Where in the file: ``"line 12"``, ``"header"``, ``"face 7"``. Empty when the whole is meant.
    problem : str
        What is wrong, as a sentence without its full stop.
    remedy : str
        What the reader can do about it, as a sentence without its full stop. An argument is named as it is typed,
        with a value (``unit='mm'``): the command line turns that into its own option (``--unit mm``).

    Attributes
    ----------
    source, place, problem, remedy : str
        The four parts, for programs that want them apart.

    Examples
    --------
    >>> raise InputError("chair.off", "line 2", "the header promises no vertices", "export the mesh again")
    Traceback (most recent call last):
    ...
    pcfilter_lib.errors.InputError: chair.off, line 2: the header promises no vertices. Remedy: export the mesh again.
    """

    def __init__(self, source: str | os.PathLike, place: str = "", problem: str = "", remedy: str = ""):
        self.source, self.place, self.problem, self.remedy = os.fspath(source), place, problem, remedy
        where = f"{self.source}, {place}" if place else self.source
        # Keras makes an error that left a layer's call anew, from one finished text.
        super().__init__(f"{where}: {problem}. Remedy: {remedy}." if problem else self.source)

    def __reduce__(self):  # exceptions pickle by their message alone; workers must hand over all four parts
        return type(self), (self.source, self.place, self.problem, self.remedy)


class MissingExtraError(ImportError):
    """A part of the library needs an optional dependency that is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency, or say which extra brings it.

    Parameters
    ----------
    module : str
        The module to import, for example ``"open3d"``.
    extra : str
        The extra of this package that installs it, for example ``"open3d"``.

    Returns
    -------
    types.ModuleType
        The imported module.

    Raises
    ------
    MissingExtraError
        If the module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise  # it is installed, but broken: its own error says more than ours
        raise MissingExtraError(
            f"{module} is not installed. Remedy: pip install 'pcfilter_lib[{extra}]'.", name=module
        ) from None
