"""Holds every #include to the layers: arrows run downward only."""
import re

import source_tree

BASE, PLATFORM, POLICY, SYNC = "platform/base", "platform", "policy", "sync"
BELOW_AGENT = [BASE, PLATFORM, POLICY, SYNC, "agent"]
# folder: (the folders that it may include besides itself, why no others)
LAYERS = {
    BASE: ([], "the bottom: everybody builds on it"),
    PLATFORM: ([BASE], "ports name what the outside offers, not what we do with it"),
    POLICY: ([BASE], "decisions are pure: no operating system, no clock, no database, so that a test can hold them"),
    "platform/linux": ([BASE, PLATFORM], "a mechanism knows its port and nothing of the product"),
    SYNC: ([BASE, PLATFORM], "what both ends share carries policies as bytes: it never reads them"),
    "sync/server": ([BASE, PLATFORM, SYNC], "the server forwards what people signed: it neither decides nor acts on a device"),
    "agent": ([BASE, PLATFORM, POLICY, SYNC], "a device works without a server: it must not know its insides"),
    "agent/guard": (BELOW_AGENT, "the guard trusts nothing of net: they share frames, not code"),
    "agent/net": (BELOW_AGENT, "net is the part that may be broken into: nothing of the guard's is linked into its reach"),
    "agent/boot": (BELOW_AGENT, "it runs before any disk is unlocked: verify and erase, nothing else"),
    "agent/desktop": ([BASE, PLATFORM], "it runs as any user: it passes on what their own desktop says, and knows nothing of the school"),
    "agent/volume": ([BASE, PLATFORM], "it reads what anybody may have written on a stick: it holds nothing else that could be had"),
    "agent/gate": (BELOW_AGENT, "it holds the packet filter and nothing else: what it needs of the others comes by their frames"),
    "agent/inspect": (BELOW_AGENT, "it reads foreign packets with a right that nobody else should have: it shares the decision with net, and nothing else"),
    "agent/programs": (BELOW_AGENT, "every program that starts waits for it: it does this and nothing else"),
    "agent/cli": (BELOW_AGENT, "the command line asks the guard and the server; it does not look into their stores"),
}
ANYWHERE = ("tests/bench", "tests/fuzz", "tests/hostile_net", "tests/package", "tests/sim", "tests/unit")  # a test may look at any layer, but at no mechanism of one system
HIDDEN = ("platform/linux/", "platform/windows/")
WHY_HIDDEN = "nobody outside includes a mechanism: the port is linked"
# Headers that cost seconds in each file, or that we want to be able to replace: one .cpp, never a header.
ONE_FILE = {
    "nlohmann/": "JSON: 3 s a file; behind platform/base/json.h",
    "cpprest/": "HTTP client: archived upstream, replaceable in a day; behind platform/http_transport.h",
    "toml": "TOML: slow to compile; behind policy/policy.h",
    "CLI/": "command line: 20 s a file; behind platform/base/command_line.h",
    "microhttpd.h": "HTTP server: behind platform/http_server.h",
    "sqlite3.h": "SQLite: behind platform/sqlite.h",
}
DISK_OF_SQLITE = "tests/sim/disk_sqlite.cpp"  # the other side of it: the port through which SQLite reaches a disk
EXCEPTIONS = []  # stays empty

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def folder_of(path):
    return path.rpartition("/")[0]


def layer_problems(path, text):
    folder = folder_of(path)
    for match in INCLUDE.finditer(text):
        kind, name = match.groups()
        where = f"{path}:{source_tree.line_of(text, match.start())}: "
        target = folder_of(name)
        if kind == "<":
            if target.split("/")[0] in source_tree.FOLDERS:
                yield where + f"<{name}> is ours: include it with quotes"
            continue
        if not (source_tree.ROOT / name).is_file():
            yield where + f'"{name}" is no file of the tree: include from the repository root'
        elif name.startswith(HIDDEN) and folder != target:
            yield where + f'"{name}": {WHY_HIDDEN}'
        elif not folder.startswith(ANYWHERE) and target != folder:
            allowed, why = LAYERS.get(folder, ([], "this folder is not in the table of layers"))
            if target not in allowed:
                yield where + f'{folder} must not include "{name}": {why}'


def one_file_problems(files):
    for header, why in ONE_FILE.items():
        users = []
        for path, text in files:
            if path != DISK_OF_SQLITE and any(m.group(2).startswith(header) and not (source_tree.ROOT / m.group(2)).is_file()
                   for m in INCLUDE.finditer(text)):
                users.append(path)
        if len(users) > 1 or any(u.endswith(".h") for u in users):
            yield f"{header} belongs in exactly one .cpp ({why}); it is in: {', '.join(users)}"


def main():
    files = list(source_tree.cpp_files())
    problems = [p for path, text in files for p in layer_problems(path, text)]
    problems += one_file_problems(files)
    if EXCEPTIONS:
        problems.append("the list of exceptions must stay empty")
    source_tree.finish("layers", problems, len(files))


if __name__ == "__main__":
    main()
