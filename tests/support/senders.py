"""How does a test get a sender of others, unmodified? From its registry into a folder of its own; what cannot be had skips the test, visibly."""
import os
import shutil
import subprocess
import sys
import unittest

CACHE = os.environ.get("GYRE_SENDERS", os.path.join(os.path.expanduser("~"), ".cache/gyre-senders"))


def skip(why):
    print("SKIPPED:", why)
    raise unittest.SkipTest(why)


def python_packages(name, module, *requirements):
    """The environment in which `module` of these packages can be imported; they are installed into the folder `name` once."""
    folder = os.path.join(CACHE, name)
    if not os.path.isdir(os.path.join(folder, module)):
        partial = f"{folder}.{os.getpid()}"
        installed = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", partial, *requirements],
                                   capture_output=True, text=True)
        if installed.returncode != 0:
            skip(f"{requirements[0]} cannot be installed: {installed.stderr.strip()[-300:]}")
        put_in_place(partial, folder)
    return {**os.environ, "PYTHONPATH": folder}


def npm_packages(name, module, *requirements):
    """The environment in which Node finds `module` of these packages; they are installed into the folder `name` once."""
    if not shutil.which("npm"):
        skip("npm is not there")
    folder = os.path.join(CACHE, name)
    if not os.path.isdir(os.path.join(folder, "node_modules", module)):
        partial = f"{folder}.{os.getpid()}"
        os.makedirs(partial)
        installed = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", partial, *requirements],
                                   capture_output=True, text=True)
        if installed.returncode != 0:
            skip(f"{requirements[0]} cannot be installed: {installed.stderr.strip()[-300:]}")
        put_in_place(partial, folder)
    return {**os.environ, "NODE_PATH": os.path.join(folder, "node_modules")}


def put_in_place(partial, folder):
    """Whole or not at all: another test may look at the same time."""
    try:
        os.rename(partial, folder)
    except OSError:
        shutil.rmtree(partial)  # the other test was first


def debian_program(package, program, also=()):
    """A program of a Debian package, unpacked into a folder of its own when it is not installed."""
    if found := shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin"):
        return found, {}
    folder = os.path.join(CACHE, package)
    if not os.path.isdir(os.path.join(folder, "usr")):
        os.makedirs(folder, exist_ok=True)
        for name in (package, *also):
            fetched = subprocess.run(["apt-get", "download", name], cwd=folder, capture_output=True, text=True)
            if fetched.returncode != 0:
                skip(f"{name} cannot be fetched: {fetched.stderr.strip()[-200:]}")
        for file in os.listdir(folder):
            if file.endswith(".deb"):
                subprocess.run(["dpkg-deb", "-x", file, "."], cwd=folder, check=True)
    for place in ("usr/sbin", "usr/bin", "sbin", "bin"):
        path = os.path.join(folder, place, program)
        if os.path.exists(path):
            libraries = [os.path.join(folder, place) for place in
                         ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng")]
            return path, {"LD_LIBRARY_PATH": ":".join(libraries), "GYRE_SENDER_ROOT": folder}
    skip(f"{package} has no {program}")
