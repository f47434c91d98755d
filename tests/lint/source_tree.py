"""What the lint tests share: which files there are, and their code without comments and literals."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("agent", "platform", "policy", "sync", "tests", "installer")
LITERAL = re.compile(
    r'R"(?P<mark>[^()\s\\]{0,16})\((?:.|\n)*?\)(?P=mark)"|//[^\n]*|/\*(?:.|\n)*?\*/'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'')


def listed_by_git():
    try:
        done = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                              capture_output=True, check=False)
    except FileNotFoundError:
        return []
    return [ROOT / name for name in done.stdout.decode().split("\0") if name]


def text_files():
    """Every file of the project that is text, whether committed or about to be; in an unpacked archive every file there is."""
    paths = listed_by_git() or [p for p in ROOT.rglob("*") if not {".git", "build"} & set(p.relative_to(ROOT).parts)]
    return sorted(p for p in paths if p.is_file() and b"\0" not in p.read_bytes()[:4096])


def cpp_files():
    """(path from the root, text) of each C++ file."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def blank_literals(text):
    """The text with comments, strings and characters made blank; lines stay where they are."""
    return LITERAL.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def finish(name, problems, checked):
    """Prints what was found and ends the program."""
    for problem in problems:
        print(problem)
    print(f"{name}: {len(problems)} problem(s) in {checked} file(s)")
    sys.exit(1 if problems or checked == 0 else 0)
