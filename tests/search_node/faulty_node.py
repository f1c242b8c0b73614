"""What have tests of a search node that fails in common? A proxy before the real node, and a prefix of their own on it."""
import unittest

from faulty_proxy import FaultyProxy
from gyre_server import SearchNode, search_node


class FaultyNodeTest(unittest.TestCase):
    def find_node(self):
        """{"url","engine"} of the node behind the proxy."""
        node = search_node()
        if node is None:
            self.skipTest("SKIPPED: no search node was named")
        return node

    def setUp(self):
        node = self.find_node()
        self.proxy = FaultyProxy(node["url"])
        self.node = SearchNode(node, self.proxy.url)
        self.addCleanup(self.node.remove)
        self.addCleanup(self.proxy.close)
