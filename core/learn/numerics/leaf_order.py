"""An order in which things that are near to each other are neighbours: the leaves of a tree, for charts and tables.

References
----------
Bar-Joseph, Gifford, Jaakkola, "Fast optimal leaf ordering for hierarchical clustering", Bioinformatics 17, 2001.
"""

from __future__ import annotations

import numpy as np

from core.base.types import Doubles, Ints

_FEWEST = 3
"""Of two things either order is as good."""


def order_leaves(distances: Doubles, *, optimal: bool = True) -> Ints:
    """Order rows by average linkage over their distances: (n,) int64, a permutation.

    Parameters
    ----------
    distances : (n, n) symmetric, 0 on the diagonal
    optimal : whether neighbours in the order are as near as the tree allows; the time grows with the cube of n
    """
    if len(distances) < _FEWEST:
        return np.arange(len(distances))
    # Imported here: it takes a third of a second, and few pages need it.
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=optimal)
    return np.asarray(leaves_list(tree), dtype=np.int64)
