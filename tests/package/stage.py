"""What the tests share that play a story on a container from the command line: whatever happens it is shown, and nothing stays behind."""
import argparse
import pathlib
import shutil
import sys
import tempfile
import traceback

from root_image import Unavailable

SKIPPED = 77


def first_boot(m):
    """Nothing of ours is installed yet: where this does not work, the machine that tests cannot boot containers."""
    try:
        m.boot()
    except AssertionError as why:
        raise Unavailable(f"no container boots here: {why}") from None


def run(description, prepare, play):
    """`prepare`(build folder, work folder) makes the machine; `play`(machine, work folder) is the story."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", required=True, type=pathlib.Path, help="the build folder")
    options = parser.parse_args()
    work, machine = pathlib.Path(tempfile.mkdtemp(prefix="caretaker-packages-")), None
    try:
        machine = prepare(options.build, work)
        play(machine, work)
        print("held")
    except Unavailable as why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    except Exception:  # every failure is shown with what the machine said
        traceback.print_exc(file=sys.stdout)
        if machine is not None:
            machine.show_log()
        sys.exit(1)
    finally:
        if machine is not None:
            machine.end()
        shutil.rmtree(work, ignore_errors=True)
