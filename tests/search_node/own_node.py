"""A node of a test's own, which it may end in any way and start again over the same folder."""
import os
import re
import signal
import subprocess
import tempfile

import node
from gyre_server import wait_until
from ports import free_port, is_taken


class OwnNode:
    def __init__(self, engine="opensearch"):
        self.engine, self.port, self.pid = engine, free_port(), None
        self.folder = tempfile.TemporaryDirectory(prefix="gyre-node-")
        self.start()

    def start(self):
        said = node.run(self.engine, self.port, "--data", self.folder.name)
        self.pid = int(re.search(r"^pid=(\d+)$", said, re.MULTILINE).group(1))

    def description(self):
        return {"url": f"http://127.0.0.1:{self.port}", "engine": self.engine}

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        # A process has no command from when its memory is gone, which can be before its sockets are.
        wait_until(lambda: not self.is_there() and not is_taken(self.port))

    def is_there(self):
        """A process that ended and that nobody waited for has no command any more."""
        try:
            with open(f"/proc/{self.pid}/cmdline", "rb") as file:
                return file.read() != b""
        except OSError:
            return False

    def freeze(self):
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.pid, signal.SIGCONT)

    def stop(self):
        subprocess.run([os.path.join(node.SCRIPTS, "stop.sh"), "--port", str(self.port)], check=True, stdout=subprocess.DEVNULL)

    def close(self):
        if self.is_there():
            self.thaw()
            self.stop()
        self.folder.cleanup()
