"""Sizes of the trusted code: what must be believed has to stay small enough to be read."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sources  # noqa: E402
from sources import harness  # noqa: E402

ALL = 11700
KERNEL = 6000
CERTIFICATE_AND_STATEMENT = 2300
FUNCTION = 40
FILE = 400

CONTROL = re.compile(r"\b(if|for|while|switch|catch|do|else|try)\b")
TYPE = re.compile(r"\b(class|struct|union|enum|namespace)\b")


def formatter():
    """clang-format, version 14 or later."""
    for name in ("clang-format", "clang-format-14"):
        path = shutil.which(name)
        if path:
            return path
    return None


def formatted(program, source, path):
    """A file as the repository's .clang-format lays it out."""
    done = subprocess.run([program, f"--style=file:{os.path.join(source, '.clang-format')}", path],
                          capture_output=True, check=False)
    return done.stdout.decode() if done.returncode == 0 else None


def code_lines(text):
    """Numbers of the lines that are neither blank nor comment (nor, in a macro, both)."""
    clean = sources.without_comments(text, keep_strings=False)
    return [number for number, line in enumerate(clean.splitlines(), 1) if line.strip(" \t\\")]


def head_before(text, brace):
    """What stands between the last statement or block and an opening brace."""
    start = max(text.rfind(mark, 0, brace) for mark in ";{}") + 1
    return " ".join(text[start:brace].split())


def is_function(head):
    """A body follows a parameter list, unless a keyword or a type introduces it."""
    if not head or TYPE.match(re.sub(r"^template\s*<.*?>\s*", "", head)):
        return False
    if CONTROL.match(head) or head.endswith(("=", ",", "(", "return")):
        return False
    return bool(re.search(r"\)\s*(const|noexcept|override|mutable|final|&&?|->\s*[\w:<>*&, ]+|"
                          r"\s)*$", head) or re.search(r"\)\s*:\s*\w+", head))


def functions_of(text):
    """(name, first line, last line) of every outermost function body; lambdas belong to theirs."""
    clean = sources.without_comments(text, keep_strings=False)
    clean = re.sub(r"^\s*#.*(?:\\\n.*)*", lambda m: "\n" * m.group(0).count("\n"), clean,
                   flags=re.MULTILINE)
    found, stack, inside = [], [], 0
    for at, letter in enumerate(clean):
        if letter == "{":
            head = head_before(clean, at)
            opens = not inside and is_function(head)
            start = clean.rfind(head.split()[0], 0, at) if opens else at
            stack.append((opens, head, clean.count("\n", 0, start) + 1))
            inside += opens
        elif letter == "}" and stack:
            opens, head, line = stack.pop()
            if opens:
                inside -= 1
                found.append((name_in(head), line, clean.count("\n", 0, at) + 1))
    return found


def name_in(head):
    match = re.search(r"([\w:~]+|operator\S+)\s*\(", head)
    return match.group(1) if match else head[:40]


class Counts:
    def __init__(self):
        self.lines = {}
        self.longest = ("", 0)

    def add(self, module, count):
        self.lines[module] = self.lines.get(module, 0) + count


def measure(suite, program, module, path, counts):
    relative = os.path.relpath(path, suite.source)
    text = formatted(program, suite.source, path)
    if not suite.check(text is not None, f"{relative} can be formatted"):
        return
    code = code_lines(text)
    counts.add(module, len(code))
    raw = harness.read(path).decode().count("\n")
    suite.check(raw <= FILE, f"{relative}: at most {FILE} lines", raw)
    for name, first, last in functions_of(text):
        length = sum(first <= number <= last for number in code)
        counts.longest = max(counts.longest, (f"{relative}: {name}", length),
                             key=lambda one: one[1])
        suite.check(length <= FUNCTION, f"{relative}:{first} {name}: at most {FUNCTION} lines",
                    length)


def print_table(counts, total):
    for module, count in sorted(counts.lines.items(), key=lambda one: -one[1]):
        print(f"{module:<24}{count:>6}")
    print(f"{'all':<24}{total:>6}  of {ALL}")
    print(f"longest function: {counts.longest[1]} lines, {counts.longest[0]}")


def test_scanner(suite):
    """The scan for functions, on text whose answer is known."""
    text = """
namespace a {
struct S { int x = 0; int get() const { return x; } };
enum class E { one, two };
const int table[] = {1, 2};
template <class T>
Result<T> f(const T& t, int n) {  // {
  if (n > 0) {
    return g([&](int i) { return i; });
  }
  const char* brace = "}";
  return {t};
}
S::S(int n) : x(n), y{n} {
  use(x);
}
}  // namespace a
"""
    found = [(name, last - first + 1) for name, first, last in functions_of(text)]
    suite.equal(found[:2], [("get", 1), ("f", 8)], "the scan for functions")


def stem_of(path):
    return os.path.splitext(os.path.basename(path))[0]


def linked_sources(binaries):
    """(module, source) of every object that the linker took into attncert-check."""
    text = harness.read(os.path.join(binaries, "attncert-check.map")).decode(errors="replace")
    return set(re.findall(r"libattncert_(\w+)\.a\((\w+\.cpp)\.o\)", text))


def main():
    suite = harness.Suite()
    test_scanner(suite)
    program = formatter()
    style = os.path.join(suite.source, ".clang-format")
    ready = suite.check(program, "clang-format is installed")
    if suite.check(os.path.isfile(style), ".clang-format exists", style) and ready:
        modules = sources.modules_of(suite.source)
        used = set().union(*(sources.closure(modules, name)
                             for name in sources.programs_of(suite.source)["attncert-check"]))
        counts = Counts()
        linked = linked_sources(suite.bin)
        suite.check(len(linked) > 20, "the link map names the linked objects", len(linked))
        for module in sorted(used):
            paths = sources.files_of(suite.source, module)
            outside = {stem_of(path) for path in paths if path.endswith(".cpp")
                       and (module, os.path.basename(path)) not in linked}
            for path in paths:
                if stem_of(path) in outside:
                    continue  # nothing of it, nor of what it declares, is in attncert-check
                measure(suite, program, module, path, counts)
        measure(suite, program, "attncert_check.cpp", os.path.join(suite.source, sources.CHECKER),
                counts)
        total = sum(counts.lines.values())
        print_table(counts, total)
        suite.check(total <= ALL, f"at most {ALL} lines in all", total)
        suite.check(counts.lines["kernel"] <= KERNEL, f"kernel: at most {KERNEL} lines",
                    counts.lines["kernel"])
        both = counts.lines["certificate"] + counts.lines["statement"]
        suite.check(both <= CERTIFICATE_AND_STATEMENT,
                    f"certificate and statement: at most {CERTIFICATE_AND_STATEMENT} lines", both)
    suite.finish()


if __name__ == "__main__":
    main()
