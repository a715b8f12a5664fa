#!/usr/bin/env python3
"""Holds the running service against its own OpenAPI document: schemathesis, all phases, one seed.

    python3 tests/peer/openapi.py target/debug/provisio [cases for each operation]

It needs schemathesis (PyPI) beside this Python. Whatever is sent: no 5xx, no status and no shape
that the document does not name. Ends with 0 when that held.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

# What must hold of every answer.
CHECKS = ",".join([
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
])


def run(binary: str, cases: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "--json", "--port", "0", "--provider-port", "0", "--data-dir", folder]
        service = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            ready = json.loads(service.stdout.readline())
            tool = str(pathlib.Path(sys.executable).parent / "st")
            return subprocess.call([
                tool, "run", ready["api"] + "/openapi.json",
                "--header", "Authorization: Bearer " + ready["apiKey"],
                "--phases", "examples,coverage,fuzzing,stateful",
                "--checks", CHECKS, "--seed", "7", "--max-examples", cases,
                "--continue-on-failure", "--no-shrink", "--warnings", "off",
                "--suppress-health-check", "all",
            ], cwd=folder)
        finally:
            service.terminate()
            service.wait()


if __name__ == "__main__":
    sys.exit(run(str(pathlib.Path(sys.argv[1]).resolve()), (sys.argv[2:] or ["100"])[0]))
