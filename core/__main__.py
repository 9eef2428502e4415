"""The command line: ``python -m core --help``. A thin shell over the same workflows that the pages call.

Exit status: 0 done, 1 the input was refused (the reason on standard error), 2 wrong usage, 130 stopped by Ctrl+C.
"""

from __future__ import annotations

import sys

from core.cli.program import main

if __name__ == "__main__":
    sys.exit(main())
