"""The command `primordium`: one module for each sub-command, thin over the packages.

`main` is the console script. Nothing heavy is imported before a sub-command needs it, so that
``primordium --help`` answers at once.
"""

from flows.cli.application import main

__all__ = ["main"]
