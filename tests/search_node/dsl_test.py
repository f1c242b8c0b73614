"""The text tests of tests/dsl, which the engine answers, asked of a real node: what they expect is what OpenSearch does.

The format is told by tests/dsl/dsl_runner_test.cpp. dsl_differences.txt beside this lists the files of which OpenSearch 2.19.6
answers checks otherwise: how many, and the first. More fail the test, and so does none. By hand: dsl_test.py PART... writes such lines
for the files whose names have one of the parts."""
import http.client
import json
import os
import sys
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from gyre_server import SearchNode, search_node  # noqa: E402

# Histograms over ranges of all numbers: the engine refuses them at once, a node works on them for minutes. What goes
# beyond limits may cost a node its stack or the connection.
NOT_ASKED = ("aggs/histograms_of_ranges", "query/limits")
FILES = os.path.join(HERE, "..", "dsl")


class Number(str):
    """As it was written."""


class Differs(Exception):
    pass


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def sections(path):
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("# "):
                kind, _, argument = line[2:].rstrip("\n").partition(" ")
                found.append([kind, argument, ""])
            elif found and line.strip():
                found[-1][2] += line
    return found


def compare(expected, found, where=""):
    if isinstance(expected, str) and not isinstance(expected, Number) and expected.startswith("="):
        written = found if isinstance(found, Number) else json.dumps(found)
        same = written == expected[1:]
    elif isinstance(expected, Number):
        a, b = float(expected), float(found) if isinstance(found, Number) else None
        same = b is not None and (a == b or abs(a - b) <= 1e-6 * max(abs(a), abs(b)))
    elif isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            if name not in found:
                raise Differs(f"{where}/{name}: expected {value}, found nothing")
            compare(value, found[name], f"{where}/{name}")
        same = True
    elif isinstance(expected, list) and isinstance(found, list):
        same = len(expected) == len(found)
        if same:
            for place, (one, other) in enumerate(zip(expected, found)):
                compare(one, other, f"{where}/{place}")
    else:
        same = type(expected) is type(found) and expected == found
    if not same:
        raise Differs(f"{where}: expected {expected}, found {found}")


def has(value, pointer):
    for name in pointer.strip().split("/")[1:]:
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            return False
    return True


def reasons(error):
    """Every type and reason that an error names."""
    if isinstance(error, dict):
        for name, value in error.items():
            if name in ("type", "reason", "details") and isinstance(value, str):
                yield value
            else:
                yield from reasons(value)
    elif isinstance(error, list):
        for value in error:
            yield from reasons(value)


class Run:
    def __init__(self, node, path):
        self.node, self.path = node, path
        self.names, self.version, self.answer, self.scroll = [], 0, (0, ""), None
        self.differences = []

    def send(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.node.url + path, data=None if body is None else body.encode(), method=method,
                                         headers={"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except (http.client.HTTPException, OSError) as lost:
            raise Differs(f"{method} {path}: {lost!r}") from lost

    def must(self, method, path, body=None, kind="application/json"):
        status, text = self.send(method, path, body, kind)
        if status >= 300:
            raise Differs(f"{method} {path}: {status} {text[:500]}")
        return text

    def index(self, name):
        return self.node.prefix + (name or (self.names[0] if self.names else "test"))

    def targets(self, argument):
        names = argument.partition("?")[0]
        if not names:
            return self.index("")
        listed = []
        for name in names.split(","):
            listed += self.names if name == "*" else [] if name == "-" else [name]
        return ",".join(self.node.prefix + name for name in listed) or self.node.prefix + "none*"

    @staticmethod
    def parameters(argument):
        pairs = [pair.partition("=")[::2] for pair in argument.partition("?")[2].split("&") if pair]
        return urllib.parse.urlencode(pairs)

    def open(self, name, definition):
        self.names.append(name or "test")
        try:
            whole = parse(definition)
            settings = whole.setdefault("settings", {})
            nested = settings.get("index")
            for key in ("number_of_shards", "number_of_replicas"):
                if key not in settings and not (isinstance(nested, dict) and key in nested) and "index." + key not in settings:
                    settings[key] = Number("1" if key == "number_of_shards" else "0")
            definition = self.write(whole)
        except (ValueError, AttributeError, TypeError):
            pass  # what is no definition goes as it is
        self.answer = self.send("PUT", "/" + self.node.prefix + self.names[-1], definition)

    @classmethod
    def write(cls, value):
        if isinstance(value, Number):
            return str(value)
        if isinstance(value, dict):
            return "{" + ",".join(json.dumps(name) + ":" + cls.write(one) for name, one in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(cls.write, value)) + "]"
        return json.dumps(value)

    def documents(self, name, body):
        lines = []
        for line in body.splitlines():
            identity, _, source = line.partition(" ")
            self.version += 1
            action = {"_id": identity, "version": self.version, "version_type": "external"}
            lines.append(json.dumps({"index" if source else "delete": action}))
            if source:
                lines.append(source)
        answer = json.loads(self.must("POST", f"/{self.index(name)}/_bulk?refresh=true", "\n".join(lines) + "\n", "application/x-ndjson"))
        for item in answer["items"]:
            for result in item.values():
                if result["status"] >= 300 and result["status"] != 404:
                    raise Differs(f"{result}")

    def rejected(self, name, body):
        lines = body.splitlines()
        for line, expected in zip(lines[::2], lines[1::2]):
            identity, _, source = line.partition(" ")
            self.answer = self.send("PUT", f"/{self.index(name)}/_doc/{urllib.parse.quote(identity, safe='')}", source)
            self.refused(expected)

    def refused(self, body):
        reason, _, part = body.splitlines()[0].partition(" ")
        status, text = self.answer
        if status < 300:
            raise Differs(f"expected {reason}, was answered: {text[:300]}")
        told = list(reasons(json.loads(text)))
        if reason not in told or not any(part in one for one in told):
            raise Differs(f"expected {reason} {part}, found {text[:500]}")

    def body(self):
        status, text = self.answer
        if status >= 300:
            raise Differs(f"{status} {text[:500]}")
        return parse(text.replace(self.node.prefix, ""))

    def ask(self, kind, argument, body):
        target, query = "/" + self.targets(argument), self.parameters(argument)
        body = body.strip() or "{}"
        if kind == "count":
            path = f"{target}/_count?{query}"
        elif kind == "point":
            elasticsearch = "elasticsearch" in json.dumps(search_node())
            opened = json.loads(self.must("POST", target + ("/_pit" if elasticsearch else "/_search/point_in_time") + "?keep_alive=1m"))
            pit = json.dumps({"id": opened.get("pit_id") or opened.get("id")})
            rest = body[1:].lstrip()
            body = '{"pit":' + pit + ("" if rest.startswith("}") else ",") + rest
            path = "/_search?" + query
        else:
            path = f"{target}/_search?{query}" + ("&scroll=1m" if kind == "scroll" else "")
        self.answer = self.send("POST", path, body)
        if kind == "scroll" and self.answer[0] == 200:
            self.scroll = json.loads(self.answer[1])["_scroll_id"]

    def next(self):
        self.answer = self.send("POST", "/_search/scroll", json.dumps({"scroll": "1m", "scroll_id": self.scroll}))

    def run(self):
        for section in sections(self.path):
            try:
                self.step(*section)
            except Differs as differs:
                self.differences.append(str(differs).replace(self.node.prefix, ""))

    def step(self, kind, argument, body):
        if kind in ("mapping", "definition"):
            self.open(argument, '{"mappings":' + body + "}" if kind == "mapping" else body)
            if kind == "mapping" and self.answer[0] >= 300:
                self.body()
        elif kind == "documents":
            self.documents(argument, body)
        elif kind == "rejected":
            self.rejected(argument, body)
        elif kind == "put_mapping":
            self.must("PUT", f"/{self.index(argument)}/_mapping", body)
        elif kind == "mapped":
            found = parse(self.must("GET", f"/{self.index(argument)}/_mapping"))[self.index(argument)]["mappings"]
            compare(parse(body), found)
        elif kind == "merge":
            for name in self.names:
                self.must("POST", f"/{self.node.prefix}{name}/_forcemerge?max_num_segments=1")
                self.must("POST", f"/{self.node.prefix}{name}/_refresh")
        elif kind == "analyze":
            self.answer = self.send("POST", "/_analyze" if argument == "-" else f"/{self.index(argument)}/_analyze", body)
        elif kind in ("request", "scroll", "point", "count"):
            self.ask(kind, argument, body)
        elif kind == "next":
            self.next()
        elif kind == "expect":
            compare(parse(body), self.body())
        elif kind == "absent":
            for pointer in body.splitlines():
                if has(self.body(), pointer):
                    raise Differs(pointer + " is there")
        elif kind == "refused":
            self.refused(body)


def differences_of(path):
    node = SearchNode(search_node())
    run = Run(node, path)
    try:
        run.run()
    finally:
        node.remove()
    return run.differences


def files():
    found = {}
    for folder, _, names in os.walk(FILES):
        for name in names:
            path = os.path.join(folder, name)
            short = os.path.relpath(path, FILES)[:-5]
            if name.endswith(".test") and short not in NOT_ASKED:
                found[short] = path
    return dict(sorted(found.items()))


def known_differences():
    """How many checks of each file."""
    with open(os.path.join(HERE, "dsl_differences.txt"), encoding="utf-8") as file:
        lines = [line.split(" ", 2) for line in file if line.strip() and not line.startswith("#")]
    return {name: int(count) for name, count, _ in lines}


class DslOnNode(unittest.TestCase):
    def test_files(self):
        node = search_node()
        if node is None:
            self.skipTest("SKIPPED: no search node was named")
        if node["engine"] != "opensearch":
            self.skipTest("SKIPPED: what differs is listed for OpenSearch")
        known = known_differences()
        self.assertEqual(sorted(set(known) - set(files())), [], "these are no files")
        for name, path in files().items():
            with self.subTest(name):
                found = differences_of(path)
                self.assertLessEqual(len(found), known.get(name, 0), found)
                self.assertTrue(found or name not in known, "it does not differ any more")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("Dsl"):
        for each, place in files().items():
            if any(part in each for part in sys.argv[1:]) and (told := differences_of(place)):
                print(each, len(told), " ".join(told[0].split())[:160], flush=True)
    else:
        unittest.main(verbosity=2)
