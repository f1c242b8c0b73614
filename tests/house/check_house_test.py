"""Does tools/check_house.py find every kind of breach, and nothing in a clean tree? Each test seeds one in a tree of its own."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
import check_house  # noqa: E402

LAYERS = """# comment
sdk:          | simdjson.h  # a reason
base: sdk     |
engine: base sdk | roaring/
server/bus: base sdk |
server: * | Poco/*
plugins: sdk  |
tests: * | *
"""

CLEAN = {
    "sdk/include/gyre/abi.h": "/* The ABI. */\n#include <stdint.h>\n",
    "sdk/include/gyre/status.hpp": "// What happened?\n#include <string>\n#include <simdjson.h>\n",
    "base/clock.hpp": '// What time is it?\n#include "gyre/status.hpp"\n',
    "base/clock.cpp": '#include "base/clock.hpp"\n\n#include <sys/time.h>\n\n#include <chrono>\n',
    "engine/index.hpp": '// How?\n#include <roaring/roaring.hh>\n#include "base/clock.hpp"\n',
    "server/bus/bus.hpp": '// Who?\n#include "base/clock.hpp"\n',
    "server/main.cpp": '#include <Poco/Logger.h>\n#include "server/bus/bus.hpp"\n#include "generated.hpp"\n',
    "plugins/a/plugin.cpp": '#include "gyre/status.hpp"\n#include "a_part.hpp"\n',
    "plugins/a/a_part.hpp": "// Which part?\n",
    "plugins/b/b_part.hpp": "// Which part?\n",
    "tests/x_test.cpp": '#include <cppunit/TestFixture.h>\n#include "engine/index.hpp"\n',
}


class CheckHouseTest(unittest.TestCase):
    def findings(self, **changed):
        files = dict(CLEAN)
        files.update(changed.pop("files", {}))
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**files, "tools/layers.txt": changed.get("layers", LAYERS)}.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as out:
                    out.write(text)
            house = check_house.House(root)
            house.check()
            return house

    def expect(self, error, files, **more):
        self.assertEqual([error] if isinstance(error, str) else error, self.findings(files=files, **more).errors)

    def test_a_clean_tree_has_none(self):
        house = self.findings()
        self.assertEqual([], house.errors)
        self.assertEqual([], house.warnings)

    def test_up_and_sideways_are_layer_errors(self):
        self.expect(["base/up.cpp:1: layer: base may not include engine (engine/index.hpp)", "engine/index.hpp:3: cycle: base -> engine -> base"],
                    {"base/up.cpp": '#include "engine/index.hpp"\n'})
        self.expect("server/bus/up.cpp:2: layer: server/bus may not include engine (engine/index.hpp)",
                    {"server/bus/up.cpp": '\n#include "engine/index.hpp"\n'})
        self.expect("plugins/a/x.cpp:1: layer: plugins may not include base (base/clock.hpp)",
                    {"plugins/a/x.cpp": '#include "base/clock.hpp"\n'})

    def test_a_plugin_may_not_see_another(self):
        self.expect("plugins/a/x.cpp:1: layer: a plugin may not include another plugin's plugins/b/b_part.hpp",
                    {"plugins/a/x.cpp": '#include "plugins/b/b_part.hpp"\n'})

    def test_third_parties_are_listed(self):
        self.expect("server/bus/x.cpp:1: layer: server/bus may not use Poco/Logger.h", {"server/bus/x.cpp": "#include <Poco/Logger.h>\n"})
        self.expect("server/x.cpp:1: layer: server may not use Poco/Net/Socket.h", {"server/x.cpp": "#include <Poco/Net/Socket.h>\n"})
        self.expect("base/x.cpp:1: layer: base may not use simdjson.h", {"base/x.cpp": "#include <simdjson.h>\n"})
        self.expect("base/x.cpp:1: layer: base may not use sqlite3.h", {"base/x.cpp": "#include <sqlite3.h>\n"})

    def test_folders_need_a_row(self):
        self.expect("bench/x.cpp:1: layer: no row in tools/layers.txt for bench", {"bench/x.cpp": "#include <string>\n"})

    def test_a_file_may_have_a_row_of_its_own(self):
        files = {"server/main.cpp": '#include "server/cli/run.hpp"\n', "server/cli/run.hpp": '// Run?\n#include "server/setup.hpp"\n',
                 "server/setup.hpp": "// Set up?\n"}
        layers = LAYERS + "server/cli: base server/setup |\n"
        self.expect([], files, layers=layers + "server/setup: base |\n")
        self.expect(["server/cli/run.hpp:2: layer: server/cli may not include server (server/setup.hpp)",
                     "server/cli/run.hpp:2: cycle: server -> server/cli -> server"], files, layers=layers)

    def test_a_cycle_the_table_allows_is_found(self):
        house = self.findings(files={"base/loop.hpp": '// x\n#include "engine/index.hpp"\n'},
                              layers=LAYERS.replace("base: sdk     |", "base: sdk engine |"))
        self.assertEqual(["engine/index.hpp:3: cycle: base -> engine -> base"], house.errors)

    def test_paths_are_root_relative(self):
        self.expect("base/x.cpp:1: path: expected a root-relative include of a file that is there, found clock.hpp",
                    {"base/x.cpp": '#include "clock.hpp"\n'})
        self.expect("base/x.cpp:1: path: expected a root-relative include, found ../base/clock.hpp",
                    {"base/x.cpp": '#include "../base/clock.hpp"\n'})
        self.expect("base/x.cpp:1: path: expected a root-relative include of a file that is there, found base/absent.hpp",
                    {"base/x.cpp": '#include "base/absent.hpp"\n'})

    def test_the_own_header_is_first(self):
        self.expect("base/clock.cpp:1: path: expected its own header base/clock.hpp first, found chrono",
                    {"base/clock.cpp": '#include <chrono>\n#include "base/clock.hpp"\n'})

    def test_names(self):
        self.expect("base/Clock.hpp:1: name: expected snake_case with .hpp, .cpp or .c", {"base/Clock.hpp": "// x\n"})
        self.expect("base/x.h:1: name: expected .hpp: .h is for the C ABI", {"base/x.h": "// x\n"})
        self.expect("base/x.cc:1: name: expected snake_case with .hpp, .cpp or .c", {"base/x.cc": ""})

    def test_comments_and_sizes_only_warn(self):
        house = self.findings(files={"base/x.hpp": "#pragma once\n", "base/long.cpp": "\n" * 700})
        self.assertEqual([], house.errors)
        self.assertEqual(["base/long.cpp:701: warning: size: 701 lines, above 600",
                          "base/x.hpp:1: warning: comment: expected the question that the header answers"], house.warnings)


if __name__ == "__main__":
    unittest.main()
