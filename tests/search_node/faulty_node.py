"""What have tests of a search node that fails in common? A proxy before the real node, and a prefix of their own on it."""
import unittest

from faulty_proxy import FaultyProxy
from gyre_server import SearchNode, search_node


class FaultyNodeTest(unittest.TestCase):
    def setUp(self):
        node = search_node()
        if node is None:
            self.skipTest("SKIPPED: no search node was named")
        self.proxy = FaultyProxy(node["url"])
        self.node = SearchNode(node, self.proxy.url)
        self.addCleanup(self.node.remove)
        self.addCleanup(self.proxy.close)
