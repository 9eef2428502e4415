"""How well people are identified: with strangers among the probes (DIR), and among the k most probable (CMC).

It judges what others computed: scores (``rejection_rule``) and ranks of faces that were not learned from.
"""

from __future__ import annotations

import numpy as np

from core.base.types import Bools, Doubles, Ints

MOST_RANKS = 10


def detection_rate(known: Doubles, right: Bools, strangers: Doubles, rate: float) -> float:
    """Give the DIR: the share of known faces with the right name and a score that at most ``rate`` of strangers exceed.

    Parameters
    ----------
    known : (n,) scores of known people's faces
    right : (n,) whether the name is right
    strangers : (m,) scores of others, m > 0

    References
    ----------
    ISO/IEC 19795-1:2021: detection and identification rate at a false-positive identification rate, rank 1.
    """
    # As many strangers may exceed the limit as the rate allows, rounded down: the next one is where it stands.
    allowed = int(np.floor(rate * len(strangers)))
    limit = np.sort(strangers)[::-1][allowed] if allowed < len(strangers) else -np.inf
    return float(np.mean(right & (known > limit)))


def rank_curve(ranks: Ints, most: int = MOST_RANKS) -> list[float]:
    """Give for k = 1, 2, ... the share of faces whose true person is among the k most probable.

    Parameters
    ----------
    ranks : (n,) how many people are more probable than the true one
    """
    return [float(np.mean(ranks < k)) for k in range(1, most + 1)]
