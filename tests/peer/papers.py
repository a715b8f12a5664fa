"""Runs every shell block of a paper, as written, beside a running service: each must end with 0.

    papers.py BINARY PAPER…

The blocks of all papers run one after another in one shell, in a folder in which the service was
started. `cargo run --` is the binary, and the address is that of this service.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

# Seconds for all blocks together.
WAIT = 180


def blocks(paper):
    text = pathlib.Path(paper).read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def script(binary, api, papers):
    """All blocks, with the address of this service instead of the default one."""
    lines = [
        "set -euo pipefail",
        f'cargo() {{ [ "$1 $2" = "run --" ] && shift 2 && "{binary}" "$@"; }}',
    ]
    for paper in papers:
        for block in blocks(paper):
            lines.append(f"echo '== {paper}'")
            lines.append(block.replace("http://127.0.0.1:4177", api))
    return "\n".join(lines)


def main():
    binary, *papers = sys.argv[1:]
    binary = str(pathlib.Path(binary).resolve())
    papers = [str(pathlib.Path(paper).resolve()) for paper in papers]
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "--json", "--port", "0", "--provider-port", "0"]
        with open(f"{folder}/service.log", "w", encoding="utf-8") as log:
            service = subprocess.Popen(
                command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True
            )
            try:
                api = json.loads(service.stdout.readline())["api"]
                bash = ["bash", "-c", script(binary, api, papers)]
                with open(f"{folder}/papers.log", "w+", encoding="utf-8") as said:
                    shell = subprocess.Popen(
                        bash, cwd=folder, stdin=subprocess.DEVNULL, stdout=said,
                        stderr=subprocess.STDOUT, start_new_session=True,
                    )
                    try:
                        ended = shell.wait(timeout=WAIT)
                    except subprocess.TimeoutExpired:
                        ended = "no end"
                    finally:
                        # The providers that the papers start in the background end with it.
                        with contextlib.suppress(ProcessLookupError):
                            os.killpg(shell.pid, signal.SIGKILL)
                    said.seek(0)
                    told = said.read()
                refused = re.findall(r'.*"type":"/errors/.*', told)
                if ended != 0 or refused:
                    sys.exit(f"{told}\nended with {ended}; refused: {refused}")
                print(f"{sum(len(blocks(paper)) for paper in papers)} blocks ran")
            finally:
                service.terminate()
                service.wait(timeout=60)


if __name__ == "__main__":
    main()
