"""Ways over a road graph: the quickest one, and how far things are."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from saqta.simulate.town.city import Network
from saqta.simulate.town.planar import Points

OFF_ROAD_MS = 4.0


class Roads:
    """A road graph to drive on; ``nodes`` (n, 2) in metres."""

    def __init__(self, network: Network) -> None:
        self.nodes = network.nodes
        starts, ends, lengths_m, speeds_kmh = np.array(network.edges, dtype=np.float64).T
        self._speed_ms = {(a, b): speed_kmh / 3.6 for a, b, _, speed_kmh in network.edges}
        where, shape = (starts.astype(np.int64), ends.astype(np.int64)), (len(self.nodes),) * 2
        self._metres = csr_array((lengths_m, where), shape=shape)
        self._seconds = csr_array((lengths_m / (speeds_kmh / 3.6), where), shape=shape)
        self._tree = cKDTree(self.nodes)

    def nearest(self, point: Points) -> int:
        """The node nearest to a point (2,) in metres."""
        return int(self._tree.query(point)[1])

    def distances_m(self, node: int) -> NDArray[np.float64]:
        """How far every node is from one, by road; infinite where no road leads."""
        distances: NDArray[np.float64] = dijkstra(self._metres, indices=node)
        return distances

    def way(self, start: int, end: int) -> list[int]:
        """The nodes of the quickest way, both ends included; only the start where there is none."""
        _, before = dijkstra(self._seconds, indices=start, return_predecessors=True)
        nodes = [end]
        while nodes[-1] != start:
            previous = int(before[nodes[-1]])
            if previous < 0:
                return [start]
            nodes.append(previous)
        return nodes[::-1]

    def speed_ms(self, a: int, b: int) -> float:
        """The speed of the road from one node to the next; OFF_ROAD_MS where there is none."""
        return self._speed_ms.get((a, b), OFF_ROAD_MS)
