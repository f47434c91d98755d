"""The man pages and the completion say what the programs can be told: each option and command of --help, and none that there is not."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

INSTALLER = pathlib.Path(__file__).resolve().parents[2] / "installer"
PAGES = {"caretaker": "caretaker.1", "caretakerd": "caretakerd.8", "caretaker-net": "caretaker-net.8", "caretaker-gate": "caretaker-gate.8",
         "caretaker-inspect": "caretaker-inspect.8", "caretaker-programs": "caretaker-programs.8",
         "caretaker-server": "caretaker-server.8"}
PACKAGES = {"caretaker": "agent", "caretaker-server": "server"}
# As bash-completion does it when a command is first completed: a file of its name, and what that says of it.
COMPLETE = """
name=${2##*/}
. "$1/$name" || exit
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
words=$(complete -p "$name") || exit
words=${words#* -F }
"${words%% *}" "$1"
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


def lay_out(build, package, folder):
    """The folder of completions as the package has it."""
    subprocess.run(["cmake", "--install", build / "installer", "--component", package, "--prefix", folder], check=True, capture_output=True)
    return folder / "usr/share/bash-completion/completions"


def complete(completions, *words):
    done = subprocess.run(["bash", "-c", COMPLETE, "bash", completions, *words], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def completion_problems(completions, program):
    for command, text in helps(program):
        found = complete(completions, *command, ""), complete(completions, *command, "--")
        if found[0] != set(commands_in(text)):
            yield f"completion of {' '.join(command[1:])}: {found[0]}"
        if found[1] != options_in(text):
            yield f"completion of options of {' '.join(command[1:])}: {found[1]}"


def all_completion_problems(programs, work):
    for program, package in PACKAGES.items():
        completions = lay_out(programs.parent, package, work / package)
        if not (completions / program).is_file():
            yield f"the package {package} has no completion for {program}"
            continue
        yield from completion_problems(completions, str(programs / program))
        if program == "caretaker" and complete(completions, str(programs / program), "events", "--key", ""):
            yield "completion: after an option that takes a file comes a file's name"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder with the built programs")
    folder = parser.parse_args().bin
    problems = [p for program, page in PAGES.items() for p in page_problems(folder / program, page)]
    with tempfile.TemporaryDirectory(prefix="caretaker-completion-") as work:
        problems += all_completion_problems(folder, pathlib.Path(work))
    print(*problems, f"{len(problems)} problem(s)", sep="\n")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
