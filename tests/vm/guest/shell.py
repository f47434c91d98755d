"""Runs in the guest: takes commands from the host over a console of their own, one JSON object a line, and answers the same way."""
import json
import os
import subprocess
import termios
import tty

CONSOLE = "/dev/hvc0"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def run(asked):
    become = ["runuser", "-u", asked["user"], "--"] if asked["user"] else []
    try:
        done = subprocess.run([*become, *asked["command"]], input=asked["stdin"], capture_output=True, text=True, errors="replace",
                              check=False, timeout=asked["timeout"], env={"PATH": PATH}, cwd="/")
        return {"code": done.returncode, "out": done.stdout, "err": done.stderr}
    except (OSError, subprocess.TimeoutExpired) as failed:
        return {"code": 127, "out": "", "err": str(failed)}


def main():
    console = os.open(CONSOLE, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(console, termios.TCSANOW)
    with open(console, "r+b", buffering=0) as wire:
        pending = b""
        while True:
            pending += wire.read(65536) or b""
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                asked = json.loads(line)
                answer = json.dumps({"id": asked["id"], **run(asked)}).encode() + b"\n"
                while answer:
                    answer = answer[wire.write(answer):]


main()
