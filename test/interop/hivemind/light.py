"""Imports hivemind's DHT and Petals' data structures, as they were published, without what these two never use.

Their packages import everything they have as soon as one part of them is imported, gigabytes of torch first. Here the
packages' own `__init__` files are left out, and where torch is not installed a stand-in takes its name: the DHT holds
no tensors, and nothing here asks a web server. Everything that is run is theirs, byte for byte.
"""
import importlib.abc
import importlib.machinery
import multiprocessing.connection  # noqa: F401 (torch would import it for hivemind)
import sys
import types

SKIPPED_INITS = ("hivemind", "hivemind.compression", "hivemind.moe", "hivemind.moe.client", "petals", "petals.server", "petals.utils")
STAND_INS = ("torch", "transformers", "tensor_parallel", "bitsandbytes", "requests")


class _Anything(type):
    """A class with every attribute, each of which is another one; called with a function it gives the function back."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})

    def __call__(cls, *args, **kwargs):
        return args[0] if args and callable(args[0]) else super().__call__()


class _StandIn(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})


class _StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in STAND_INS:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _StandIn(spec.name)

    def exec_module(self, module):
        pass


class _BarePackageFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds these packages where they are, and runs nothing for them."""

    def find_spec(self, name, path=None, target=None):
        if name not in SKIPPED_INITS:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        if found is None:
            return None
        spec = importlib.machinery.ModuleSpec(name, self, origin=found.origin, is_package=True)
        spec.submodule_search_locations = found.submodule_search_locations
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        pass


def install():
    """To be called before the first import of hivemind. Returns the names that a stand-in took."""
    sys.meta_path.insert(0, _BarePackageFinder())
    # Behind everything that is installed.
    sys.meta_path.append(_StandInFinder())
    return [name for name in STAND_INS if importlib.machinery.PathFinder.find_spec(name) is None]
