"""A process that cannot do what its files ask of it, until they are right."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from sessions.live.children import REFUSED


def main(folder: str) -> int:
    """Says why and ends, or lives until it is told to stop."""
    if not folder:
        raise ValueError("no folder")
    sys.stderr.write("I read my files.\n")
    why = Path(folder) / "why"
    if why.exists():
        sys.stderr.write(f"{why.read_text()}\n")
        return REFUSED
    signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
