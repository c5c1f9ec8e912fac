"""The project's modules and sources, as lib/CMakeLists.txt declares them."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import harness  # noqa: E402

CHECKER = os.path.join("lib", "cli", "attncert_check.cpp")


class Module:
    def __init__(self, name, trusted, dependencies):
        self.name = name
        self.trusted = trusted
        self.dependencies = dependencies


def modules_of(source):
    """attncert_add_module(NAME [TRUSTED] LINK ... DEPENDS ...)"""
    text = harness.read(os.path.join(source, "lib", "CMakeLists.txt")).decode()
    text = re.sub(r"#.*", "", text)
    modules = {}
    for call in re.findall(r"attncert_add_module\(([^)]*)\)", text):
        words = call.split()
        dependencies, reading = [], False
        for word in words[1:]:
            if word in ("LINK", "DEPENDS", "TRUSTED"):
                reading = word == "DEPENDS"
            elif reading:
                dependencies.append(word)
        modules[words[0]] = Module(words[0], "TRUSTED" in words[1:2], dependencies)
    return modules


def closure(modules, name):
    """The module and everything it may use, directly or not."""
    seen, stack = set(), [name]
    while stack:
        one = stack.pop()
        if one not in seen:
            seen.add(one)
            stack.extend(modules[one].dependencies)
    return seen


def programs_of(source):
    """attncert_add_program(NAME SOURCES ... DEPENDS ...): its modules."""
    text = harness.read(os.path.join(source, "lib", "CMakeLists.txt")).decode()
    programs = {}
    for call in re.findall(r"attncert_add_program\(([^)]*)\)", text):
        words = call.split()
        programs[words[0]] = words[words.index("DEPENDS") + 1:]
    return programs


def files_of(source, name):
    """Headers and sources of a module."""
    files = []
    for top in (os.path.join(source, "include", "attncert", name),
                os.path.join(source, "lib", name)):
        for place, _, names in os.walk(top):
            files += [os.path.join(place, one) for one in names if one.endswith((".hpp", ".cpp"))]
    return sorted(files)


def without_comments(text, keep_strings=True):
    """C++ with comments blanked (and texts emptied), line breaks kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|'
                         r'\'(?:\\.|[^\'\\\n])+\'',
                         re.DOTALL)

    def replace(match):
        found = match.group(0)
        if found.startswith("/"):
            return "\n" * found.count("\n") or " "
        if keep_strings:
            return found
        return found[0] + found[-1] if not found.startswith("R") else '""'

    return pattern.sub(replace, re.sub(r"(?<=\d)'(?=\d)", "", text))
