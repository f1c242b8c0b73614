#!/usr/bin/env python3
"""Does the tree keep the house rules? Reports "file:line: kind: detail"; exit 1 when a rule is broken.

Errors: layer (an include that tools/layers.txt does not allow), cycle (folders that include each other), path (an include
that is not root-relative, or a .cpp whose first include is not its own header), name (file names, .h files). Warnings do
not fail: size (a file over 600 lines), comment (a header that does not begin with a comment).

usage: check_house.py [ROOT]
"""
import os
import re
import sys

SOURCES = ("sdk", "base", "engine", "server", "plugins", "tests", "bench", "tools")
C_HEADERS = {"sdk/include/gyre/abi.h"}
# Embedded by cmake/embed.cmake into the build folder.
GENERATED = re.compile(r"^[a-z0-9_]+\.hpp$")
FILE_NAME = re.compile(r"^[a-z0-9_]+\.(hpp|cpp|c|h)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SYSTEM = re.compile(
    r"^([a-z_0-9]+|c(assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|stdarg|stddef|stdint|stdio|stdlib|"
    r"string|time|wchar)|(assert|ctype|dirent|dlfcn|endian|errno|fcntl|limits|math|netdb|poll|pthread|sched|signal|stddef|"
    r"stdint|stdio|stdlib|string|strings|time|unistd|termios|ftw|glob|pwd|spawn|zlib|immintrin|link|malloc|execinfo)\.h|"
    r"(sys|arpa|net|netinet|linux)/.*)$")
MAX_LINES = 600


def read_rows(path):
    rows = {}
    with open(path, encoding="utf-8") as table:
        for line in table:
            line = line.split("#", 1)[0].rstrip()
            if not line.strip():
                continue
            folder, rest = line.split(":", 1)
            folders, _, parties = rest.partition("|")
            rows[folder.strip()] = (folders.split(), parties.split())
    return rows


def row_of(rows, path):
    """The most specific row over a file: its own (without extension) or that of a folder above; None when there is none."""
    place = os.path.splitext(path)[0]
    while place:
        if place in rows:
            return place
        place = os.path.dirname(place)
    return None


def resolve(root, name, from_folder, is_plugin):
    """The tree's path that an include names; None when it is not of the tree. Plugins include within their own folder."""
    if name.startswith("gyre/"):
        return "sdk/include/" + name
    if os.path.isfile(os.path.join(root, name)):
        return name
    if is_plugin and os.path.isfile(os.path.join(root, from_folder, name)):
        return os.path.join(from_folder, name)
    return None


def is_party(parties, name):
    """Whether a third party's header is allowed: "date/" allows all below, "Poco/*" only what lies directly in Poco."""
    for party in parties:
        if party == "*" or (party.endswith("/*") and os.path.dirname(name) == party[:-2]):
            return True
        if not party.endswith("*") and name.startswith(party):
            return True
    return False


class House:
    def __init__(self, root):
        self.root = root
        self.rows = read_rows(os.path.join(root, "tools", "layers.txt"))
        self.errors = []
        self.warnings = []
        self.edges = {}  # (from row, to row) -> where first seen

    def error(self, path, line, kind, detail):
        self.errors.append(f"{path}:{line}: {kind}: {detail}")

    def warn(self, path, line, kind, detail):
        self.warnings.append(f"{path}:{line}: warning: {kind}: {detail}")

    def files(self):
        for top in SOURCES:
            for folder, folders, names in os.walk(os.path.join(self.root, top)):
                folders[:] = sorted(f for f in folders if f not in ("corpus", "build", "__pycache__", "seeded"))
                for name in sorted(names):
                    if name.endswith((".hpp", ".cpp", ".h", ".c", ".hh", ".cc", ".hxx", ".cxx")):
                        yield os.path.relpath(os.path.join(folder, name), self.root)

    def check(self):
        for path in self.files():
            self.check_name(path)
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as source:
                lines = source.read().split("\n")
            self.check_text(path, lines)
            self.check_includes(path, lines)
        self.check_cycles()

    def check_name(self, path):
        name = os.path.basename(path)
        if not FILE_NAME.match(name):
            self.error(path, 1, "name", "expected snake_case with .hpp, .cpp or .c")
        if name.endswith(".h") and path not in C_HEADERS:
            self.error(path, 1, "name", "expected .hpp: .h is for the C ABI")

    def check_text(self, path, lines):
        if path.endswith(".hpp") and not lines[0].startswith("//"):
            self.warn(path, 1, "comment", "expected the question that the header answers")
        if len(lines) > MAX_LINES and not path.startswith("tests/") and not path.endswith("_table.cpp"):
            self.warn(path, len(lines), "size", f"{len(lines)} lines, above {MAX_LINES}")

    def check_includes(self, path, lines):
        folder = os.path.dirname(path)
        own = path[:-4] + ".hpp" if path.endswith(".cpp") else None
        has_own = own is not None and os.path.isfile(os.path.join(self.root, own))
        is_first = True
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            bracket, name = found.groups()
            target = resolve(self.root, name, folder, row_of(self.rows, path) in ("plugins", "sdk"))
            if has_own and is_first and target != own:
                self.error(path, number, "path", f"expected its own header {own} first, found {name}")
            is_first = False
            self.check_include(path, number, bracket, name, target)

    def check_include(self, path, number, bracket, name, target):
        folder = os.path.dirname(path)
        row = row_of(self.rows, path)
        if row is None:
            self.error(path, number, "layer", f"no row in tools/layers.txt for {folder}")
            return
        folders, parties = self.rows[row]
        if name.startswith(".") or "/../" in name:
            self.error(path, number, "path", f"expected a root-relative include, found {name}")
        elif target is None and bracket == '"':
            if "/" in name or not GENERATED.match(name) or os.path.isfile(os.path.join(self.root, folder, name)):
                self.error(path, number, "path", f"expected a root-relative include of a file that is there, found {name}")
        elif target is None:
            if not SYSTEM.match(name) and not is_party(parties, name):
                self.error(path, number, "layer", f"{row} may not use {name}")
        else:
            self.check_layer(path, number, row, folders, target)

    def check_layer(self, path, number, row, folders, target):
        to = row_of(self.rows, target)
        if row == "plugins" and to == "plugins" and path.split("/")[1] != target.split("/")[1]:
            self.error(path, number, "layer", f"a plugin may not include another plugin's {target}")
        if to == row:
            return
        if to not in folders and "*" not in folders:
            self.error(path, number, "layer", f"{row} may not include {to} ({target})")
        self.edges.setdefault((row, to), f"{path}:{number}")

    def check_cycles(self):
        graph = {}
        for start, end in self.edges:
            graph.setdefault(start, set()).add(end)
        seen, path = {}, []

        def visit(node):
            seen[node] = "open"
            path.append(node)
            for after in sorted(graph.get(node, ())):
                if seen.get(after) == "open":
                    loop = path[path.index(after):] + [after]
                    self.errors.append(f"{self.edges[(node, after)]}: cycle: " + " -> ".join(loop))
                elif after not in seen:
                    visit(after)
            path.pop()
            seen[node] = "done"

        for node in sorted(graph):
            if node not in seen:
                visit(node)


def main(arguments):
    root = arguments[1] if len(arguments) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    house = House(root)
    house.check()
    for line in house.warnings + house.errors:
        print(line)
    print(f"{len(house.errors)} broken rules, {len(house.warnings)} warnings")
    return 1 if house.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
