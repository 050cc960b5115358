"""``python -m flows.cli``: the same as `primordium`."""

import sys

from flows.cli.application import main

sys.exit(main())
