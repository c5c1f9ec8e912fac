"""What the scripts share: running the programs, counting cases, broken files, exact numbers."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

TIME_LIMIT = 20  # seconds a program may take, whatever it is given
SKIPPED = 77


class Outcome:
    """How a program ended: exit code (None when it ran out of time), stdout, stderr."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err

    def json(self):
        return json.loads(self.out)

    def verdict(self):
        lines = self.out.strip().splitlines()
        return lines[-1] if lines else ""

    def __str__(self):
        code = "timeout" if self.code is None else self.code
        return f"exit {code}, stdout {self.out[-200:]!r}, stderr {self.err[-300:]!r}"


def run(command, timeout=TIME_LIMIT, **options):
    """Runs a command to its end, or to the time limit."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=timeout, check=False, **options)
    except subprocess.TimeoutExpired:
        return Outcome(None, "", f"no end within {timeout} s")
    return Outcome(done.returncode, done.stdout.decode(errors="replace"),
                   done.stderr.decode(errors="replace"))


def kill_after_lines(command, path, lines, timeout):
    """Starts a command and kills it as soon as a file has so many lines, at the limit at the latest."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and process.poll() is None:
            if os.path.exists(path) and read(path).count(b"\n") >= lines:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)


class Suite:
    """Counts cases; prints one line for each that fails."""

    def __init__(self, arguments=None):
        arguments = arguments or sys.argv
        if len(arguments) != 3:
            sys.exit(f"usage: {arguments[0]} SOURCE_DIR BIN_DIR")
        self.source = os.path.abspath(arguments[1])
        self.bin = os.path.abspath(arguments[2])
        self.shared = os.path.join(os.path.dirname(self.source), "shared")
        self.passed = 0
        self.failed = 0
        self.skipped = False
        self.folder = tempfile.mkdtemp(prefix="attncert-test-")
        os.chmod(self.folder, 0o755)

    def check(self, good, case, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {case}: {str(detail)[:400]}", flush=True)
        return bool(good)

    def equal(self, got, wanted, case):
        return self.check(got == wanted, case, f"got {got!r}, wanted {wanted!r}")

    def skip(self, what):
        self.skipped = True
        print(f"SKIPPED {what}", flush=True)

    def finish(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        print(f"{self.passed} passed, {self.failed} failed")
        if self.failed:
            sys.exit(1)
        sys.exit(SKIPPED if self.skipped else 0)

    # ---- programs ------------------------------------------------------------------------------

    def attncert(self, *arguments, **options):
        options.setdefault("cwd", self.folder)
        return run([os.path.join(self.bin, "attncert"), *map(str, arguments)], **options)

    def checker(self, *arguments, **options):
        options.setdefault("cwd", self.folder)
        return run([os.path.join(self.bin, "attncert-check"), *map(str, arguments)], **options)

    def refuses(self, case, outcome, code=2, needle=""):
        """The outcome is `code` and one line on stderr that contains `needle`."""
        lines = outcome.err.splitlines()
        good = outcome.code == code and len(lines) == 1 and "error: " in outcome.err
        return self.check(good and needle in outcome.err, case,
                          f"wanted exit {code} and one line with {needle!r}; {outcome}")

    # ---- files ---------------------------------------------------------------------------------

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def subfolder(self, *parts):
        path = self.path(*parts)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        with open(path, "wb") as stream:
            stream.write(content)
        return path


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def listing(folder):
    """Every file below a folder, with its bytes."""
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            files[os.path.relpath(path, folder)] = (
                read(path) if os.path.isfile(path) else b"(not a file)")
    return files


# ---- numbers -------------------------------------------------------------------------------------


def exact(text):
    """A number as the programs write it: decimal, hexadecimal dyadic, or fraction."""
    hexadecimal = re.fullmatch(r"(-?)0x([0-9a-f]+)p(-?\d+)", text)
    if hexadecimal:
        sign, digits, exponent = hexadecimal.groups()
        value = int(digits, 16) * Fraction(2) ** int(exponent)
        return -value if sign else value
    return Fraction(text)


def significant_digits(text):
    mantissa = re.split("[eE]", text.lstrip("+-"))[0].replace(".", "")
    return len(mantissa.lstrip("0"))


# ---- certificates --------------------------------------------------------------------------------


def lines_of(path):
    """A certificate as a list of JSON objects."""
    return [json.loads(line) for line in read(path).decode().splitlines()]


def text_of(lines):
    """JSON Lines in the programs' own spelling."""
    return "".join(json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                   + "\n" for line in lines)


def by_file(report):
    """The reports of `attncert-check --json`, by base name."""
    return {os.path.basename(one["file"]): one for one in report["certificates"]}
