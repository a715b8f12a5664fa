"""The shell blocks of the papers, as written.

    papers.py run BINARY     those of GUIDE.md and MIGRATING.md: each must end with 0
    papers.py print PAPER N  the N-th block of a paper, from 1, for a shell

The blocks run one after another in one shell, in a folder in which README's first block started the
service. `cargo run --` is the binary, and the address is that of this service.
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


ROOT = pathlib.Path(__file__).parent.parent.parent


def blocks(paper):
    text = (ROOT / paper).read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def cargo(binary, *flags):
    """The first line of a script in which `cargo run` is the binary, with flags of its own."""
    more = " ".join(flags)
    return f'cargo() {{ [ "$1" = run ] && shift && "{binary}" {more} "${{@:2}}"; }}'


def script(binary, api):
    """All blocks, with the address of this service instead of the default one."""
    lines = ["set -euo pipefail", cargo(binary)]
    for paper in ["GUIDE.md", "MIGRATING.md"]:
        for block in blocks(paper):
            lines.append(f"echo '== {paper}'")
            lines.append(block.replace("http://127.0.0.1:4177", api))
    return "\n".join(lines)


def run(binary):
    binary = pathlib.Path(binary).resolve()
    start = cargo(binary, "--json", "--port 0", "--provider-port 0") + "\n" + blocks("README.md")[0]
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/service.log", "w", encoding="utf-8") as log:
            service = subprocess.Popen(
                ["bash", "-c", start], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,
            )
            try:
                api = json.loads(service.stdout.readline())["api"]
                bash = ["bash", "-c", script(binary, api)]
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
                refused = re.findall(r'.*"type":"/errors/.*|^HTTP/[0-9.]+ [45].*', told, re.MULTILINE)
                if ended != 0 or refused:
                    sys.exit(f"{told}\nended with {ended}; refused: {refused}")
                print(f"{told.count('== ')} blocks ran, and README's first")
            finally:
                os.killpg(service.pid, signal.SIGTERM)
                service.wait(timeout=60)


def main():
    match sys.argv[1:]:
        case ["run", binary]:
            run(binary)
        case ["print", paper, number]:
            print(blocks(paper)[int(number) - 1], end="")
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
