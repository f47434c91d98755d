"""The man pages and the completion say what the programs can be told: each option and command of --help, and none that there is not."""
import argparse
import pathlib
import re
import subprocess
import sys

INSTALLER = pathlib.Path(__file__).resolve().parents[2] / "installer"
PAGES = {"caretaker": "caretaker.1", "caretakerd": "caretakerd.8", "caretaker-net": "caretaker-net.8", "caretaker-gate": "caretaker-gate.8",
         "caretaker-inspect": "caretaker-inspect.8", "caretaker-programs": "caretaker-programs.8",
         "caretaker-server": "caretaker-server.8"}
COMPLETE = """
. "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_caretaker "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def read_help(*command):
    return subprocess.run([*command, "--help"], check=True, capture_output=True, text=True).stdout


def options_in(text):
    return set(re.findall(r"^ +(?:-\w,)?(--[a-z][a-z-]*)", text, re.M))


def commands_in(text):
    return re.findall(r"^  ([a-z][a-z-]*)", text.partition("Subcommands:")[2], re.M)


def helps(*command):
    """(command line, help) of a program and of every command below it."""
    text = read_help(*command)
    yield command, text
    for name in commands_in(text):
        yield from helps(*command, name)


def page_problems(program, page):
    raw = (INSTALLER / "man" / page).read_text(encoding="utf-8")
    text = raw.replace("\\-", "-").replace("\\fI", " ")
    known = set()
    for command, text_of_help in helps(program):
        known |= options_in(text_of_help)
        words = " ".join(command[1:])
        if not re.search(rf"\b{words}\b", text):
            yield f"{page}: says nothing of the command {words}"
    said = {option.replace("\\", "") for option in re.findall(r"\\-\\-[a-z](?:[a-z]|\\-)*", raw)}  # in examples there is no backslash
    yield from (f"{page}: says nothing of {option}" for option in sorted(known - said))
    yield from (f"{page}: there is no {option}" for option in sorted(said - known))


def complete(*words):
    done = subprocess.run(["bash", "-c", COMPLETE, "bash", INSTALLER / "completion" / "caretaker", *words], check=True,
                          capture_output=True, text=True)
    return set(done.stdout.split())


def completion_problems(program):
    for command, text in helps(program):
        if complete(*command, "") != set(commands_in(text)):
            yield f"completion of {' '.join(command[1:])}: {complete(*command, '')}"
        if complete(*command, "--") != options_in(text):
            yield f"completion of options of {' '.join(command[1:])}: {complete(*command, '--')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder with the built programs")
    folder = parser.parse_args().bin
    problems = [p for program, page in PAGES.items() for p in page_problems(folder / program, page)]
    problems += [p for program in ("caretaker", "caretaker-server") for p in completion_problems(str(folder / program))]
    if complete(str(folder / "caretaker"), "events", "--key", ""):
        problems.append("completion: after an option that takes a file comes a file's name")
    print(*problems, f"{len(problems)} problem(s)", sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
