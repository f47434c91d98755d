"""Holds tests/FEATURES.md and the tests to each other, both ways.

FEATURES.md has a section per promise, `## R4 ...`, with a bullet per test file. A C++ test says which promise it holds by its
tag ("[R4]"), a scenario by a line `PROMISES = "R4 R18"`. `--show` lists the test cases of each promise.
"""
import collections
import re
import sys

import source_tree

FEATURES = source_tree.ROOT / "tests" / "FEATURES.md"
TEST_CASE = re.compile(r'TEST_CASE(?:_METHOD)?\(\s*(?:\w+\s*,\s*)?"((?:\\.|[^"\\])*)"\s*,\s*"([^"]*)"')
PROMISES = re.compile(r'^PROMISES = "([R0-9 ]+)"$', re.M)
SECTION = re.compile(r"^## (R\d+)\b", re.M)
BULLET = re.compile(r"^- `([^`]+)`", re.M)
ALL = [f"R{n}" for n in range(1, 31)]


def tests_by_promise():
    """promise -> path -> names of the test cases."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in sorted((source_tree.ROOT / "tests").rglob("*")):
        name, text = path.relative_to(source_tree.ROOT).as_posix(), None
        if path.suffix == ".cpp":
            text = path.read_text(encoding="utf-8")
            for title, tags in TEST_CASE.findall(text):
                for promise in re.findall(r"\[(R\d+)\]", tags):
                    found[promise][name].append(title)
        elif path.suffix == ".py" and path.parent.name in ("package", "scenario", "scenarios"):
            for promises in PROMISES.findall(path.read_text(encoding="utf-8")):
                for promise in promises.split():
                    found[promise][name].append(path.stem.replace("_", " "))
    return found


def listed_by_promise():
    """promise -> the test files that FEATURES.md names for it."""
    text = FEATURES.read_text(encoding="utf-8")
    starts = list(SECTION.finditer(text))
    ends = [m.start() for m in starts[1:]] + [len(text)]
    return {m.group(1): BULLET.findall(text[m.end():end]) for m, end in zip(starts, ends)}


def main():
    tests, listed = tests_by_promise(), listed_by_promise()
    if "--show" in sys.argv:
        for promise in ALL:
            for path, names in tests.get(promise, {}).items():
                print(promise, path, *(f"\n      {name}" for name in names))
        return
    problems = []
    for promise in sorted(set(tests) | set(listed) | set(ALL), key=lambda p: int(p[1:])):
        if promise not in ALL:
            problems.append(f"{promise}: there is no such promise")
        if promise not in listed:
            problems.append(f"tests/FEATURES.md: no section for {promise}")
            continue
        for path in listed[promise]:
            if path not in tests.get(promise, {}):
                problems.append(f"tests/FEATURES.md: {promise}: {path} has no test with this promise")
        for path in tests.get(promise, {}):
            if path not in listed[promise]:
                problems.append(f"tests/FEATURES.md: {promise}: {path} is not named")
    source_tree.finish("features", problems, len({p for paths in tests.values() for p in paths}) or 1)


if __name__ == "__main__":
    main()
