#!/usr/bin/env python3
"""A real search node for the tests that want one: start and stop it once a ctest run (fixtures), say where it is.

  node.py start FILE [opensearch|elasticsearch]    starts it on a free port and writes FILE: {"url":…,"engine":…,"port":…}
  node.py stop FILE

It is skipped, visibly, where the node's scripts, Java or Maven are not there. GYRE_SEARCH_NODE names an OpenSearch node that
runs already ("http://127.0.0.1:9200"), GYRE_ELASTICSEARCH_NODE an Elasticsearch one; it is neither started nor stopped.

Elasticsearch is published without its module analysis-common: what the domains' mappings name of it is a module of our own
(elasticsearch/AnalysisComponents.java), compiled here.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
from ports import free_port  # noqa: E402

SCRIPTS = os.environ.get("GYRE_SEARCH_NODE_SCRIPTS") or os.path.join(os.path.dirname(SOURCE), "shared", "opensearch")
SKIPPED = 77
START_SECONDS = 420  # a first start fetches the node; a busy machine needs minutes for what takes ten seconds


def skip(why):
    print(f"SKIPPED: no search node: {why}")
    sys.exit(SKIPPED)


def engine_of(url):
    with urllib.request.urlopen(url + "/", timeout=30) as answer:
        version = json.load(answer)["version"]
    return "opensearch" if version.get("distribution") == "opensearch" else "elasticsearch"


def run_start(*arguments):
    # Compiled quickly rather than well: the tests are over before it would pay.
    environment = dict(os.environ, NODE_JAVA_OPTS="-XX:TieredStopAtLevel=1")
    run = subprocess.run([os.path.join(SCRIPTS, "start.sh"), *arguments], env=environment, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        if "Maven could not resolve" in run.stdout:
            skip("Maven could not fetch it")
        sys.exit(f"the node did not start: {run.stdout}")
    return run.stdout


def home_of(path):
    return os.path.splitext(os.path.abspath(path))[0] + "-home"


def make_home(home):
    """A node's home with the module of the analysis components."""
    resolved = run_start("--engine", "elasticsearch", "--resolve-only")
    with open(re.search(r"^classpath=(.*)$", resolved, re.MULTILINE).group(1), encoding="utf-8") as file:
        jars = file.read().strip()
    module, classes = os.path.join(home, "modules", "analysis-components"), os.path.join(home, "classes")
    version = re.search(r"/elasticsearch-(7[.0-9]+)\.jar", jars).group(1)
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(module)
    source = os.path.join(SOURCE, "tests", "search_node", "elasticsearch", "AnalysisComponents.java")
    subprocess.run(["javac", "-proc:none", "-nowarn", "-cp", jars, "-d", classes, source], check=True)
    with zipfile.ZipFile(os.path.join(module, "analysis-components.jar"), "w") as jar:
        for name in os.listdir(classes):
            jar.write(os.path.join(classes, name), name)
    with open(os.path.join(module, "plugin-descriptor.properties"), "w", encoding="utf-8") as file:
        file.write("name=analysis-components\ndescription=what mappings name of analysis-common\nversion=1\n"
                   f"elasticsearch.version={version}\njava.version=1.8\nclassname=AnalysisComponents\n")


def start(path, engine):
    given = os.environ.get({"opensearch": "GYRE_SEARCH_NODE", "elasticsearch": "GYRE_ELASTICSEARCH_NODE"}[engine])
    if given:
        write(path, {"url": given.rstrip("/"), "engine": engine_of(given.rstrip("/"))})
        return
    check_prerequisites()
    port = free_port()
    settings = []
    if engine == "elasticsearch":
        make_home(home_of(path))
        settings = [f"path.home={home_of(path)}"]
    run(engine, port, *settings)
    write(path, {"url": f"http://127.0.0.1:{port}", "engine": engine, "port": port})


def check_prerequisites():
    if not os.path.exists(os.path.join(SCRIPTS, "start.sh")):
        skip(f"{SCRIPTS} is not there")
    for program in ("java", "javac", "mvn", "curl", "flock"):
        if not shutil.which(program):
            skip(f"{program} is not there")


def run(engine, port, *arguments):
    """A new process at the port, ready when this returns what it printed: pid=…, url=…"""
    check_prerequisites()
    return run_start("--engine", engine, "--port", str(port), "--heap", "512m", "--timeout", str(START_SECONDS), *arguments)


def write(path, node):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(node, file)
    print(node)


def stop(path):
    if not os.path.exists(path):
        skip("none was started")
    with open(path, encoding="utf-8") as file:
        node = json.load(file)
    os.remove(path)
    if "port" in node:
        stopped = subprocess.run([os.path.join(SCRIPTS, "stop.sh"), "--port", str(node["port"])])
        shutil.rmtree(home_of(path), ignore_errors=True)
        sys.exit(stopped.returncode)


if __name__ == "__main__":
    if sys.argv[1] == "start":
        if os.path.exists(sys.argv[2]):
            os.remove(sys.argv[2])
        start(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "opensearch")
    else:
        stop(sys.argv[2])
