"""How long tests wait for what must come."""

from __future__ import annotations

LONGEST_S = 300
"""Then it will not come. Nothing that works takes as long, on half of a slow processor beside other work either: a test
that passes never waits for the clock."""
