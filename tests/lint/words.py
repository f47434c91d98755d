"""Looks for words that must not stand in the project: paths of one machine, names that say nothing."""
import re

import source_tree

RULES = [
    (re.compile(re.escape(str(source_tree.ROOT)) + r"\b"), "the path of this checkout"),
    (re.compile(r"(?<![\w.~-])/(?:home|root|Users|mnt)/\w"), "a path of somebody's machine"),
    (re.compile(r"\b(?:class|struct)\s+\w*(?:Manager|Helper|Util|Utils)\b"), "a name that does not say what it does"),
    (re.compile(r"\b(?:class|struct)\s+I[A-Z][a-z]\w*"), "no I prefix"),
    (re.compile(r"^(?:<{7}|>{7})(?: |$)", re.M), "the mark of a merge conflict"),
    (re.compile(r"BEGIN (?:[A-Z]+ )?PRIVATE KEY"), "a private key"),
]
BINARY_SEEDS = "tests/fuzz/corpus/"
MAX_BYTES = 1 << 20


def main():
    problems, checked = [], 0
    for path in source_tree.text_files():
        name = path.relative_to(source_tree.ROOT).as_posix()
        if name.startswith(BINARY_SEEDS) or name == "tests/lint/words.py":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        checked += 1
        if path.stat().st_size > MAX_BYTES:
            problems.append(f"{name}:1: over {MAX_BYTES} bytes: large data does not belong into the repository")
        for pattern, why in RULES:
            for match in pattern.finditer(text):
                problems.append(f"{name}:{source_tree.line_of(text, match.start())}: {match.group()!r}: {why}")
    source_tree.finish("words", problems, checked)


if __name__ == "__main__":
    main()
