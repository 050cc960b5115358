"""What can go wrong with a store.

InputError (sim)
└── StoreError         the caller asked for something the store does not have or cannot do; exit 2
    └── ThinnedError   it had it, until the run was thinned
StoreFault             the store or the disk let us down: damage, no space, histories that differ; exit 1
"""

import errno

from sim.errors import InputError


class StoreError(InputError):
    """Bad input: no such run, not a store, a newer format, a folder that cannot be written."""


class ThinnedError(StoreError):
    """What is asked for needs a part of the history that was thinned away."""


class ThinnedWarning(UserWarning):
    """A relation was asked for of which thinned runs have only a part."""


class StoreFault(Exception):  # noqa: N818 -- it is a fault of the store's, and not the caller's error
    """A damaged or missing file (named), a full disk, a log that differs from what is computed again."""


FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def fault(error: OSError, doing: str) -> StoreFault:
    """Return the fault to raise for ``error``, met while ``doing``: one line with the way out."""
    if error.errno in FULL:
        return StoreFault(f"no space left while {doing}; free some and give the same command again: it continues")
    return StoreFault(f"{error.strerror or ' '.join(str(error).split())} while {doing}")
