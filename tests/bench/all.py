"""Runs the benchmarks that are named, or all, one after the other. Each is a file with a function measure(lab)."""
import argparse
import importlib
import pathlib
import sys
import traceback

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))  # its words for a school and its devices; behind ours: both have a `push`

import own_users
import report
from lab import Lab, NotHere

NAMES = ("set_build", "set_lookup", "idle", "tls_setup", "exec_start", "net_memory", "dns_blocked", "dns_forwarded", "set_swap", "net_start",
         "events", "full_book", "server_checkins", "held_requests", "push", "push_applied", "lists_delta", "root_walk", "wipe", "redirect")


def run_one(name, lab):
    """True: it was measured, or there is nothing to measure with."""
    try:
        importlib.import_module(name).measure(lab)
        return True
    except NotHere as e:
        report.skip(name, str(e))
        return True
    except Exception as e:  # the others are still worth running
        traceback.print_exc(file=sys.stderr)
        report.fail(name, f"{type(e).__name__}: {e}")
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--build", required=True, help="folder of the release build")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long net_memory's load goes on")
    parser.add_argument("--quick", action="store_true", help="the starter lists and short rounds: shows that it works, measures nothing")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    own_users.enter()
    lab = Lab(options)
    try:
        done = [run_one(name, lab) for name in options.names or NAMES]
    finally:
        lab.end()
    sys.exit(0 if all(done) else 1)


if __name__ == "__main__":
    main()
