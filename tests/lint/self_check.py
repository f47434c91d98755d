"""Shows each lint a piece of bad code, so that a rule that finds nothing is noticed."""
import layers
import source_tree
import style

LONG = "int f() {\n" + "  x();\n" * 70 + "}\n"
BAD_STYLE = [
    ("agent/a.cpp", 'void f() { std::system("ls"); }'),
    ("agent/a.cpp", 'void f() { popen("ls", "r"); }'),
    ("policy/a.cpp", "#ifdef _WIN32\n#endif\n"),
    ("sync/a.cpp", "#include <sys/stat.h>\n"),
    ("agent/net/a.cpp", "auto t = std::chrono::steady_clock::now();"),
    ("agent/net/a.cpp", "auto t = std::time(nullptr);"),
    ("agent/a.cpp", "void f() { try { g(); } catch (...) {} }"),
    ("agent/a.cpp", "int a;  // NO" "LINT\n"),
    ("agent/a.cpp", "// TO" "DO: later\n"),
    ("agent/a.h", "#pragma once\nusing namespace std;\n"),
    ("agent/a.h", "int a;\n"),
    ("agent/a.cpp", LONG),
    ("agent/a.cpp", "A::A(int a) : a_(a), b_{a} {" + "\n  x();" * 70 + "\n}\n"),
    ("agent/a.cpp", "int a;\n" * 700),
]
GOOD_STYLE = [
    ("agent/a.cpp", "// a file system(1) page says \"popen(\"\nint f() { return clock.now(); }\n"),
    ("platform/linux/a.cpp", "#include <unistd.h>\n"),
    ("agent/a.cpp", "namespace a {\n" + "int f() { return 1; }\n" * 100 + "}\n"),
]
BAD_LAYERS = [
    ("policy/a.cpp", '#include "sync/root.h"\n'),
    ("agent/guard/a.cpp", '#include "sync/server/ingest.h"\n'),
    ("sync/root.cpp", '#include "policy/policy.h"\n'),
    ("agent/net/a.cpp", '#include "agent/guard/monitor.h"\n'),
    ("agent/a.cpp", '#include "filter.h"\n'),
    ("agent/a.cpp", "#include <sync/root.h>\n"),
    ("somewhere/a.cpp", '#include "sync/root.h"\n'),
]
BAD_ONE_FILE = [("agent/a.cpp", "#include <nlohmann/json.hpp>\n"), ("agent/b.cpp", "#include <nlohmann/json.hpp>\n")]


def style_findings(path, text):
    code = source_tree.blank_literals(text)
    return [*style.length_problems(path, text, style.cpp_functions(code)), *style.rule_problems(path, text, code)]


def main():
    problems = [f"style finds nothing wrong with {text[:60]!r}" for path, text in BAD_STYLE if not style_findings(path, text)]
    problems += [f"style finds fault: {p}" for path, text in GOOD_STYLE for p in style_findings(path, text)]
    problems += [f"layers finds nothing wrong with {path}: {text!r}" for path, text in BAD_LAYERS
                 if not list(layers.layer_problems(path, text))]
    if not list(layers.one_file_problems(BAD_ONE_FILE)):
        problems.append("layers does not see a costly header in two files")
    source_tree.finish("self-check", problems, len(BAD_STYLE) + len(GOOD_STYLE) + len(BAD_LAYERS) + 1)


if __name__ == "__main__":
    main()
