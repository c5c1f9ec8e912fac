"""Trusted code includes, and attncert-check links, trusted modules only, along the arrows."""

import os
import re
import shlex
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sources  # noqa: E402
from sources import harness  # noqa: E402

TRUSTED = {"core", "interval", "expression", "format", "tensor", "statement", "kernel",
           "certificate"}
UNTRUSTED = {"construction", "model", "onnx", "prover", "cli", "report"}

# Where fp64 sums with a-priori bounds live.
FLOATING = (os.path.join("lib", "tensor"), os.path.join("lib", "kernel", "tensor"),
            os.path.join("include", "attncert", "tensor"),
            os.path.join("include", "attncert", "kernel", "weights.hpp"))

# double elsewhere: file and words of the line, each harmless because exact or not arithmetic.
HARMLESS = {
    os.path.join("lib", "core", "rational.cpp"): ["std::floor((bits - 1) * 0.30102999566398120)"],
    # ends of an interval, rounded outward by MPFR
    os.path.join("include", "attncert", "interval", "interval.hpp"): [
        "double lower_double(const Interval& x);", "double upper_double(const Interval& x);"],
    os.path.join("lib", "interval", "interval.cpp"): [
        "double lower_double(const Interval& x)", "double upper_double(const Interval& x)"],
}

EXTERNAL = {
    "core": ("boost/multiprecision/", "nlohmann/", "openssl/"),
    "interval": ("boost/multiprecision/", "boost/numeric/interval", "mpfr.h", "gmp.h"),
    "format": ("boost/multiprecision/",), "certificate": ("nlohmann/",), "tensor": ("nlohmann/",), "statement": ("nlohmann/",),
    "expression": ("boost/numeric/interval", "boost/multiprecision/"),
    "kernel": ("boost/numeric/interval", "boost/multiprecision/", "oneapi/tbb/"),
}
SYSTEM = {"fcntl.h", "unistd.h", "sys/stat.h"}  # for core/file.cpp

INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', re.MULTILINE)


def includes_of(path):
    return [one.strip('<>"') for one in INCLUDE.findall(
        sources.without_comments(harness.read(path).decode()))]


def module_of_include(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "attncert" and len(parts) > 2 else None


def inside(suite, path, target, module):
    """A relative include stays within its module."""
    real = os.path.normpath(os.path.join(os.path.dirname(path), target))
    home = os.path.join(suite.source, "lib", module)
    return real.startswith(home + os.sep) and os.path.isfile(real)


def check_include(suite, modules, module, path, name):
    case = f"{os.path.relpath(path, suite.source)} includes {name}"
    target = module_of_include(name)
    if target is not None:
        allowed = sources.closure(modules, module)
        suite.check(target in allowed, case, f"{module} may use {sorted(allowed)}")
        suite.check(os.path.isfile(os.path.join(suite.source, "include", name)), case, "no file")
        if modules[module].trusted:
            suite.check(target in TRUSTED, case, f"{target} is not trusted")
    elif os.path.isfile(os.path.join(os.path.dirname(path), name)):
        suite.check(inside(suite, path, name, module), case, f"leaves lib/{module}")
    elif modules[module].trusted:
        known = name.startswith(EXTERNAL.get(module, ())) if EXTERNAL.get(module) else False
        standard = re.fullmatch(r"[a-z_]+", name) or (module == "core" and name in SYSTEM)
        suite.check(known or standard, case, "an unknown external header in trusted code")


def test_modules(suite, modules):
    trusted = {name for name, one in modules.items() if one.trusted}
    suite.equal(trusted, TRUSTED, "the trusted modules of lib/CMakeLists.txt")
    for name in trusted:
        extra = sources.closure(modules, name) - TRUSTED
        suite.equal(extra, set(), f"untrusted modules below {name}")
    on_disk = {one for one in os.listdir(os.path.join(suite.source, "lib"))
               if os.path.isdir(os.path.join(suite.source, "lib", one))}
    suite.equal(on_disk - set(modules), {"cli"}, "folders of lib that are no module")
    headers = set(os.listdir(os.path.join(suite.source, "include", "attncert")))
    suite.equal(headers - set(modules), set(), "folders of include/attncert that are no module")
    test_acyclic(suite, modules)


def test_acyclic(suite, modules):
    for name, one in modules.items():
        for dependency in one.dependencies:
            suite.check(name not in sources.closure(modules, dependency),
                        f"no cycle through {name} and {dependency}")


def test_includes(suite, modules):
    for module in modules:
        files = sources.files_of(suite.source, module)
        suite.check(files, f"module {module} has files")
        for path in files:
            for name in includes_of(path):
                check_include(suite, modules, module, path, name)
    for name in includes_of(os.path.join(suite.source, sources.CHECKER)):
        target = module_of_include(name)
        suite.check(target is None or target in TRUSTED, f"attncert_check.cpp includes {name}")
        suite.check(not name.endswith("common.hpp"), f"attncert_check.cpp includes {name}")


def test_headers_are_guarded(suite, modules):
    for module in modules:
        for path in sources.files_of(suite.source, module):
            if path.endswith(".hpp"):
                suite.check(b"#pragma once" in harness.read(path),
                            f"{os.path.relpath(path, suite.source)} has #pragma once")


FORBIDDEN = [
    (re.compile(r"\bapprox_\w*|\bApprox\w*"), "an approximate value"),
    (re.compile(r"\bfe(set|get)round\b|\bfesetenv\b"), "an ambient rounding mode"),
    (re.compile(r"\b(reinterpret_cast|const_cast)\b"), "a cast around the type system"),
    (re.compile(r"\b(rand|srand|random_device|mt19937)\b"), "randomness"),
    (re.compile(r"\b(system|popen|exec[lv]p?e?|fork)\s*\("), "a child process"),
    (re.compile(r"\bgetenv\s*\("), "the environment"),
]
DOUBLE = re.compile(r"\b(double|float)\b|"
                    r"\bstd::(exp|log|tanh|erf|erfc|sqrt|pow|floor|fabs|nextafter)\b")


def test_words(suite):
    paths = [path for name in sorted(TRUSTED) for path in sources.files_of(suite.source, name)]
    for path in [*paths, os.path.join(suite.source, sources.CHECKER)]:
        relative = os.path.relpath(path, suite.source)
        text = sources.without_comments(harness.read(path).decode(), keep_strings=False)
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, what in FORBIDDEN:
                suite.check(not pattern.search(line), f"{relative}:{number}: {what}", line.strip())
            floating = DOUBLE.search(line) and not relative.startswith(FLOATING)
            excused = any(words in line for words in HARMLESS.get(relative, []))
            suite.check(not floating or excused, f"{relative}:{number}: floating point",
                        line.strip())


# ---- the link command ----------------------------------------------------------------------------


def ninja_blocks(path):
    """build.ninja's build statements: outputs, inputs and variables."""
    text = harness.read(path).decode().replace("$\n", "")
    for block in re.findall(r"^build .*(?:\n .*)*", text, re.MULTILINE):
        head, *rest = block.splitlines()
        outputs, _, inputs = head[len("build "):].partition(": ")
        variables = dict(line.strip().partition(" = ")[::2] for line in rest)
        yield outputs.split(), inputs, variables


def linked_modules(words):
    return {match.group(1) for word in words
            for match in [re.search(r"libattncert_(\w+)\.a$", word)] if match}


def test_link(suite):
    path = os.path.join(suite.bin, "..", "build.ninja")
    if not suite.check(os.path.isfile(path), "build.ninja beside BIN_DIR", path):
        return
    blocks = [(inputs, variables) for outputs, inputs, variables in ninja_blocks(path)
              if any(one.endswith("bin/attncert-check") for one in outputs)
              and "LINK_LIBRARIES" in variables]
    if not suite.equal(len(blocks), 1, "one link command for attncert-check"):
        return
    inputs, variables = blocks[0]
    libraries = shlex.split(variables["LINK_LIBRARIES"])
    found = linked_modules(libraries) | linked_modules(inputs.split())
    suite.equal(found - TRUSTED, set(), "untrusted libraries that attncert-check links")
    suite.equal(found, TRUSTED, "the libraries that attncert-check links")
    objects = [word for word in inputs.split("|")[0].split() if word.endswith(".o")]
    suite.check(len(objects) == 1 and objects[0].endswith("attncert_check.cpp.o"),
                "attncert-check's own objects", objects)
    external = [word for word in libraries if "attncert_" not in word]
    known = re.compile(r"(-Wl,.*|.*lib(mpfr|gmp|crypto|tbb)\.(so|a)[.\d]*|"
                       r"-l(mpfr|gmp|crypto|dl|pthread))")
    suite.equal([word for word in external if not known.fullmatch(word)], [],
                "other libraries that attncert-check links")


def main():
    suite = harness.Suite()
    modules = sources.modules_of(suite.source)
    test_modules(suite, modules)
    test_includes(suite, modules)
    test_headers_are_guarded(suite, modules)
    test_words(suite)
    test_link(suite)
    suite.finish()


if __name__ == "__main__":
    main()
