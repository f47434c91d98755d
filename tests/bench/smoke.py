"""The benchmarks still run: a quick round over the starter lists gives the lines that it should. Says nothing about speed."""
import argparse
import json
import pathlib
import subprocess
import sys

KEYS = {"bench", "value", "unit", "peer", "peer_value", "goal", "ok"}
RUN = ("set_build", "set_lookup", "idle", "net_memory", "dns_blocked", "dns_forwarded", "set_swap", "net_start", "events", "full_book",
       "server_checkins", "held_requests", "lists_delta", "root_walk", "wipe", "push")
MAY_BE_ZERO = {"net_memory.growth", "set_swap.delay", "set_swap.lost", "idle.wakes", "idle.written", "net_start.let_through"}


def problems_of(text):
    line = json.loads(text)
    if not KEYS <= line.keys():
        yield f"keys are missing: {text}"
    elif line["value"] is None:
        yield f"nothing was measured: {text}"
    elif not line["value"] > 0 and line["bench"] not in MAY_BE_ZERO:
        yield f"not above 0: {text}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    options = parser.parse_args()
    program = pathlib.Path(__file__).with_name("all.py")
    done = subprocess.run([sys.executable, "-B", program, "--build", options.build, "--quick", *RUN], capture_output=True, text=True,
                          check=False)
    lines = done.stdout.splitlines()
    problems = [problem for line in lines for problem in problems_of(line)]
    problems += [f"{name} said nothing" for name in RUN if not any(f'"{name}' in line for line in lines)]
    print("\n".join([*lines, *problems]))
    if done.returncode != 0 or problems:
        print(done.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
