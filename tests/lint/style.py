"""Holds the rules of style that a machine can tell."""
import ast
import re

import source_tree

MAX_FUNCTION = 60
MAX_FILE = 600
SYSTEM_HEADER = (r"^[ \t]*#[ \t]*include[ \t]*<(?:unistd|fcntl|poll|pwd|grp|dirent|syslog|termios|sys/\w+|linux/\w+|"
                 r"systemd/[\w-]+|windows)\.h>")
NETWORK_HEADER = r"^[ \t]*#[ \t]*include[ \t]*<(?:netinet|net|arpa)/\w+\.h>"
# (pattern in code, folders where it is right, what is wrong elsewhere)
RULES = [
    (r"(?<![\w.>])(?:system|popen)\s*\(", (), "no shell: nothing may be started by a line of text"),
    (r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b.*(?:_WIN32|__linux__|__unix__|__APPLE__)", ("platform/",),
     "a difference of operating systems belongs into platform/"),
    (SYSTEM_HEADER, ("platform/linux/", "tests/"), "calls to the operating system belong into platform/linux"),
    (NETWORK_HEADER, ("platform/linux/", "tests/"), "sockets belong into platform/linux"),
    (r"_clock::now\b|\bclock_gettime\b|\bgettimeofday\b|\btime\s*\(\s*(?:nullptr|NULL|0|&)|\bPoco::(?:Timestamp|Clock)\b",
     ("platform/base/", "tests/bench/"), "clocks are read in platform/base/clock.cpp alone: take a Clock or a time"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", (), "catch what the library throws, not everything"),
]
TEXT_RULES = [  # in comments too
    (r"\bNO" r"LINT", "a finding is mended or the check is dropped for all, never hidden in one place"),
    (r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b", "unfinished things stand in an issue, not in the code"),
    (r"\bDIS" r"ABLED_|\[!may" r"fail\]|\[!should" r"fail\]", "a test holds or it goes"),
]
NOT_A_FUNCTION = re.compile(r"^\s*(?:if|for|while|switch|catch|else|do|try|return|namespace|class|struct|enum|union)\b")
FUNCTION_HEAD = re.compile(r"\)\s*(?:const|noexcept|override|final|mutable|&&?|->\s*[\w:<>,&*\s]+|:\s*\w.*|\s)*$", re.S)


def brace_kind(head, inside_function):
    """What a brace opens: a function's body, a member's initial value in a constructor's list, or something else."""
    head = re.sub(r"^[ \t]*#.*$", "", head, flags=re.M)
    if inside_function or NOT_A_FUNCTION.match(head) or not FUNCTION_HEAD.search(head):
        return "other"
    return "value" if re.search(r"[\w>]$", head) and not re.search(r"\b(?:const|noexcept|override|final|mutable)$", head) else "function"


def cpp_functions(code):
    """(first line, lines) of each outermost function body; lambdas count into their function."""
    head_start, stack = 0, []  # stack: position and kind of each open brace
    for match in re.finditer(r"[{};]", code):
        position, mark, kind = match.start(), match.group(), None
        if mark == "{":
            kind = brace_kind(code[head_start:position], any(k == "function" for _, k in stack))
            stack.append((position, kind))
        elif mark == "}" and stack:
            opened, kind = stack.pop()
            if kind == "function":
                first = source_tree.line_of(code, opened)
                yield first, source_tree.line_of(code, position) - first + 1
        if kind != "value":
            head_start = position + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def length_problems(path, text, functions):
    lines = text.count("\n")
    if lines > MAX_FILE:
        yield f"{path}:1: {lines} lines; at most {MAX_FILE}: one job per file"
    for line, size in functions:
        if size > MAX_FUNCTION:
            yield f"{path}:{line}: a function of {size} lines; at most {MAX_FUNCTION}"


def rule_problems(path, text, code):
    for pattern, homes, why in RULES:
        if path.startswith(homes) or (path.endswith("/main.cpp") and "catch" in pattern):
            continue
        for match in re.finditer(pattern, code, re.M):
            yield f"{path}:{source_tree.line_of(code, match.start())}: {match.group().strip()}: {why}"
    for pattern, why in TEXT_RULES:
        for match in re.finditer(pattern, text):
            yield f"{path}:{source_tree.line_of(text, match.start())}: {match.group()}: {why}"
    if path.endswith(".h"):
        if "#pragma once" not in text:
            yield f"{path}:1: a header starts with #pragma once"
        for match in re.finditer(r"^[ \t]*using\s+namespace\b", code, re.M):
            yield f"{path}:{source_tree.line_of(code, match.start())}: using namespace in a header reaches everybody"


def main():
    problems, checked = [], 0
    for path, text in source_tree.cpp_files():
        code = source_tree.blank_literals(text)
        problems += length_problems(path, text, cpp_functions(code))
        problems += rule_problems(path, text, code)
        checked += 1
    for path in sorted((source_tree.ROOT / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        problems += length_problems(path.relative_to(source_tree.ROOT).as_posix(), text, python_functions(text))
        checked += 1
    source_tree.finish("style", problems, checked)


if __name__ == "__main__":
    main()
