"""A data folder that is gone afterwards, with the program that serves it: what the benchmarks need."""
import base64
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Project(contextlib.AbstractContextManager):
    """`with Project(program) as project:`; without a program, that of the release build."""

    def __init__(self, program=None):
        self.program = pathlib.Path(program or ROOT / ".build/release/klantreis").resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="klantreis-bench-"))
        self.file = self.folder / "klantreis.sqlite"
        self.process = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.key = re.search(r"write key is\s+(\S+)", self.run("sources", "add", "shop"))[1]

    def __exit__(self, *_):
        if self.process:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words):
        return subprocess.run(
            [self.program, *words, "--data", self.folder], check=True, capture_output=True, text=True
        ).stdout

    def token(self, scope="persons"):
        return re.search(r"klantreis_\S+", self.run("tokens", "add", "bench", "--scope", scope))[0]

    def start(self):
        """Returns when it listens."""
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.folder, "--port", str(self.port)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process = None

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def post(self, connection, path, body):
        """The status of an answer to a client of the Segment family."""
        basic = base64.b64encode(f"{self.key}:".encode()).decode()
        connection.request("POST", path, body, {
            "Authorization": f"Basic {basic}", "Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        return reply.status

    @property
    def cpu(self):
        """Seconds of the processor that the server took."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def base(self):
        return sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
