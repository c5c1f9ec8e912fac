"""Bad input: one line on stderr, the right exit code, no crash, no hang, no partial file."""

import json
import os
import random
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

DOMAINS = ["", ",", "1", "1,", ",1", "8,-8", "1,0.999", "nan,1", "0,nan", "NaN,NaN", "inf,1",
           "0,inf", "-inf,inf", "-inf,0", "0,infinity", "1,2,3", "a,b", "0;1", "0 1", " 0,1",
           "0, 1",
           "[0,1]", "All", "ALL", "all,all", "1e,2", "0x,1", "0x1,2", "1/0,2", "1//2,2", "--1,1",
           "0,1e5001", "0,1e99999999999999999999", "0,1e-9999999", "1^,2", "0^5,1"]

# In range as numbers, beyond what a search can do: a bound or one line, never a crash.
EXTREME_DOMAINS = ["0,0", "1,1", "-1,-1", "0,1e-5000", "0,1e5000", "-1e5000,1e5000", "0,1e330",
                   "1e5000,2e5000", "-1e310,-1e309", "1e-5000,1e-4999", "0x1p-5000,0x1p-4999",
                   "-1e300,1e300", "0,0x1p-1080", "123456789012345678901,123456789012345678902",
                   "1/3,2/3", "1/3,1/3"]

EPSILONS = ["0", "-0", "0/1", "-1", "-1e-9", "nan", "NaN", "inf", "-inf", "infinity", "abc", "",
            " ", "1e-9999999", "1e9999999", "1e99999999999999999999", "1.2.3", "1e", "e1", "1e+",
            "1e-", "0x", "0x1", "0xp1", "0x1p", "1/0", "0/0", "1/", "/1", "1/2/3", "1.5/2", ".",
            "+", "-", "--1", "+-1", "1,5", "1_000", "1 ", " 1", "١", "½", "1e5001", "2^-5001",
            "1001^2", "0^1", "2^1.5", "2^", "^2", "1'000", "1f", "1L", "0b1", "1e1e1"]

FUNCTIONS = {
    "an unknown activation": ("swish", "silu, gelu"),
    "a misspelt activation": ("GELU", "gelu_tanh"),
    "silu:k=0": ("silu:k=0", "k must not be zero"), "silu:k=0.0": ("silu:k=0.0", "zero"),
    "silu:k=x": ("silu:k=x", "not a number"), "silu:k=": ("silu:k=", "not a number"),
    "silu:k=nan": ("silu:k=nan", "not a number"), "silu:k=inf": ("silu:k=inf", "not a number"),
    "silu:": ("silu:", "unknown function"), "silu:b=1": ("silu:b=1", "unknown function"),
    "silu:k=1e99999": ("silu:k=1e99999", ""), "gelu:k=2": ("gelu:k=2", "unknown function"),
    "the empty text": ("", ""), "blanks": ("   ", ""), "a comment only": ("; x", ""),
    "an unbound name": ("(+ x y)", "unbound name 'y'"), "a name alone": ("y", ""),
    "let without the name": ("(let ([a x]) (+ a b))", "unbound name 'b'"),
    "let is not let*": ("(let ([a x] [b a]) b)", "unbound name 'a'"),
    "x inside of FPCore (y)": ("(FPCore (y) x)", "unbound name 'x'"),
    "an open parenthesis": ("(+ x 1", ""), "a closing parenthesis": ("(+ x 1))", ""),
    "only (": ("(", ""), "only )": (")", ""), "()": ("()", ""), "((x))": ("((x))", ""),
    "two terms": ("x x", ""), "an unknown operator": ("(sin x)", "sin"),
    "if": ("(if (< x 0) 0 x)", "if"), "an operator by its capital": ("(EXP x)", "EXP"),
    "a target inside of a term": ("(+ relu 1)", "relu"),
    "+ with no argument": ("(+)", ""), "+ with one argument": ("(+ x)", "wrong number"),
    "+ with three arguments": ("(+ x x x)", "wrong number"),
    "- with three arguments": ("(- x x x)", "wrong number"),
    "exp with two arguments": ("(exp x x)", "wrong number"),
    "/ with one argument": ("(/ x)", "wrong number"),
    "sqrt with none": ("(sqrt)", ""), "fmax with one": ("(fmax x)", "wrong number"),
    "pow 1.5": ("(pow x 1.5)", "integer exponent"), "pow x": ("(pow x x)", "integer exponent"),
    "pow 1/2": ("(pow x 1/2)", "integer exponent"), "pow none": ("(pow x)", "integer exponent"),
    "pow 4097": ("(pow x 4097)", "integer exponent"), "pow big": ("(pow x 1e4000)", ""),
    "pow three": ("(pow x 2 2)", ""), "pow of a term": ("(pow x (+ 1 1))", ""),
    "NAN": ("NAN", ""), "INFINITY": ("INFINITY", ""), "(+ x NAN)": ("(+ x NAN)", "NAN"),
    "binary64": ("(FPCore (x) :precision binary64 x)", "real"),
    ":pre": ("(FPCore (x) :pre (< 0 x 1) x)", ":pre"),
    "an unfinished string": ("(FPCore (x) :name \"a x)", "string"),
    "FPCore of two": ("(FPCore (x y) (+ x y))", ""), "FPCore of none": ("(FPCore () 1)", ""),
    "FPCore without body": ("(FPCore (x))", ""), "a number of letters": ("1e", ""),
    "1..2": ("1..2", ""), "1/0": ("1/0", ""), "a backslash": ("(\\ x)", ""),
    "letters beyond ASCII": ("(+ x é)", ""), "a control character": ("(+ x \x01)", ""),
    "gates: alone": ("gates:", ""), "gates of a missing file": ("gates:missing", "missing"),
}

GATES = {
    "empty": "", "blank": "\n", "not JSON": "gates", "cut": '{"gates":[', "a list": "[]",
    "no gates": '{"gates":[]}', "no key": "{}", "another key": '{"gates":[],"more":1}',
    "gates is an object": '{"gates":{}}', "gates is a text": '{"gates":"x"}',
    "coefficient a float": '{"gates":[{"coefficient":0.5,"scores":[["1","0"]]}]}',
    "coefficient an integer": '{"gates":[{"coefficient":1,"scores":[["1","0"]]}]}',
    "score of floats": '{"gates":[{"coefficient":"1","scores":[[1.702,0]]}]}',
    "score of integers": '{"gates":[{"coefficient":"1","scores":[[1,0]]}]}',
    "no scores": '{"gates":[{"coefficient":"1","scores":[]}]}',
    "no scores key": '{"gates":[{"coefficient":"1"}]}',
    "no coefficient": '{"gates":[{"scores":[["1","0"]]}]}',
    "score of one": '{"gates":[{"coefficient":"1","scores":[["1"]]}]}',
    "score of three": '{"gates":[{"coefficient":"1","scores":[["1","0","0"]]}]}',
    "not a number": '{"gates":[{"coefficient":"one","scores":[["1","0"]]}]}',
    "not a term": '{"gates":[{"coefficient":"(log","scores":[["1","0"]]}]}',
    "x in a constant": '{"gates":[{"coefficient":"(log x)","scores":[["1","0"]]}]}',
    "x alone in a constant": '{"gates":[{"coefficient":"1","scores":[["1","(- x)"]]}]}',
    "duplicate key": '{"gates":[],"gates":[]}', "null": "null", "deep": "[" * 100000,
    "gate a text": '{"gates":["1"]}', "text after": '{"gates":[]} x', "NUL": "\0",
    "not UTF-8": b'{"gates":[{"coefficient":"\xff","scores":[["1","0"]]}]}',
}


def arguments_of(suite):
    return {"bound": ["bound", "relu", "silu"],
            "certify": ["certify", "relu", "silu", "--epsilon", "0.3", "-o",
                        suite.path("bad.jsonl")]}


def no_output(suite, case):
    left = [name for name in os.listdir(suite.folder) if name.startswith("bad.jsonl")]
    suite.equal(left, [], f"{case}: no file")
    for name in left:
        os.remove(suite.path(name))


def test_domains(suite):
    for command, arguments in arguments_of(suite).items():
        for domain in DOMAINS:
            case = f"{command} --domain {domain!r}"
            suite.refuses(case, suite.attncert(*arguments, f"--domain={domain}"))
            no_output(suite, case)


def sane(outcome):
    """Success, or one line and exit 1 or 2."""
    if outcome.code == 0:
        return outcome.err == ""
    return outcome.code in (1, 2) and len(outcome.err.splitlines()) == 1


def test_extreme_domains(suite):
    for f, g in (("relu", "silu"), ("gelu", "silu:k=1.702"), ("x", "0"), ("(* x x)", "x"),
                 ("(exp x)", "0"), ("gelu", "gelu"), ("silu", "tanh")):
        for domain in EXTREME_DOMAINS:
            for command in (["bound"], ["certify", "--epsilon", "0.3", "-o", "extreme.jsonl"]):
                outcome = suite.attncert(*command, f, g, f"--domain={domain}")
                suite.check(sane(outcome), f"{command[0]} {f} {g} --domain {domain}", outcome)


def test_epsilons(suite):
    for epsilon in EPSILONS:
        outcome = suite.attncert("certify", "relu", "silu", f"--epsilon={epsilon}", "-o",
                                 suite.path("bad.jsonl"))
        suite.refuses(f"certify --epsilon {epsilon!r}", outcome)
        no_output(suite, f"certify --epsilon {epsilon!r}")
        outcome = suite.attncert("bound", "relu", "silu", f"--rel-gap={epsilon}")
        suite.refuses(f"bound --rel-gap {epsilon!r}", outcome)
    for digits in (20001, 100000):  # one argument may have at most 131,072 bytes
        for number in ("9" * digits, "0." + "0" * digits + "1", "1/" + "7" * digits):
            outcome = suite.attncert("certify", "relu", "silu", f"--epsilon={number}", "-o",
                                     suite.path("bad.jsonl"))
            suite.refuses(f"certify --epsilon of {digits} digits", outcome)
            no_output(suite, f"certify --epsilon of {digits} digits")


def test_gaps(suite):
    for gap in ("1e-201", "1e-5000", "-1", "0"):
        suite.refuses(f"bound --rel-gap {gap}",
                      suite.attncert("bound", "relu", "silu", f"--rel-gap={gap}"))
    for gap in ("1", "1e3", "1e300", "1e5000", "1e-200"):
        outcome = suite.attncert("bound", "relu", "silu", f"--rel-gap={gap}")
        suite.check(sane(outcome), f"bound --rel-gap {gap}", outcome)


def test_functions(suite):
    for case, (text, needle) in FUNCTIONS.items():
        for arguments in (["bound", text, "silu"], ["bound", "silu", text],
                          ["certify", text, "silu", "--epsilon", "1", "-o",
                           suite.path("bad.jsonl")]):
            outcome = suite.attncert(*arguments, "--domain", "-1,1")
            suite.refuses(f"{arguments[0]}, {case}", outcome, 2, needle)
            no_output(suite, case)


def chain(length, body):
    names = [f"[v0 {body('x')}]"] + [f"[v{i} {body(f'v{i - 1}')}]" for i in range(1, length)]
    return f"(let* ({' '.join(names)}) v{length - 1})"


def test_deep_terms(suite):
    """Nested 100,000 deep, in as many ways as one argument of 131,072 bytes can hold."""
    for case, text in {
            "100,000 open parentheses": "(" * 100000,
            "100,000 closing parentheses": ")" * 100000,
            "32,000 negations": "(- " * 32000 + "x" + ")" * 32000,
            "43,000 open negations": "(- " * 43000,
            "20,000 lets": "(let(" * 20000,
            "20,000 open let*": "(let*((a x" * 12000,
            "10,000 sums to the right": "(+ x " * 10000 + "x" + ")" * 10000,
            "10,000 sums to the left": "(+ " * 20000 + "x" + " x)" * 20000,
            "let* of 4,000 used once": chain(4000, lambda v: f"(+ {v} 1)"),
            "100,000 brackets": "[" * 100000, "100,000 quotes": '"' * 100000}.items():
        outcome = suite.attncert("bound", text, "x", "--domain", "0,1")
        suite.refuses(case, outcome)
    outcome = suite.attncert("bound", chain(3000, lambda v: f"(* {v} {v})"), "x", "--domain",
                             "0,1/2")
    suite.check(sane(outcome), "let* of 3,000 squares", outcome)
    outcome = suite.attncert("bound", "x", "; " + "c" * 100000 + "\nx")
    suite.check(sane(outcome), "a long comment", outcome)


def test_gates(suite):
    for case, content in GATES.items():
        path = suite.write("gates.json", content)
        for arguments in (["bound", "silu", f"gates:{path}"], ["bound", f"gates:{path}", "silu"]):
            suite.refuses(f"gates file, {case}", suite.attncert(*arguments))
    suite.refuses("gates file, a folder", suite.attncert("bound", "silu", f"gates:{suite.folder}"))
    suite.refuses("gates file, /dev/zero", suite.attncert("bound", "silu", "gates:/dev/zero"))


# ---- certificates --------------------------------------------------------------------------------


def good_certificate(suite):
    path = suite.path("good.jsonl")
    outcome = suite.attncert("certify", "relu", "silu", "--epsilon", "0.28", "-o", path)
    suite.check(outcome.code == 0, "a good certificate", outcome)
    return harness.read(path)


def check_batch(suite, case, files, wanted=1, codes=None):
    """Every file of a batch has the wanted verdict; one call for all."""
    folder = suite.subfolder("batch")
    for name, content in files.items():
        suite.write(f"batch/{name}.jsonl", content)
    outcome = suite.checker(folder, "--json")
    good = suite.check(outcome.code == wanted, f"{case}: exit code", outcome)
    if good or outcome.out.startswith("{"):
        reports = harness.by_file(outcome.json())
        suite.equal(len(reports), len(files), f"{case}: a report for every file")
        for name in files:
            report = reports[f"{name}.jsonl"]
            known = codes is None or report.get("code") in codes
            suite.check(report["verdict"] == "Rejected" and known, f"{case}: {name}", report)
    shutil.rmtree(folder)


def test_truncation(suite, good):
    """Cut at every byte; the whole text is the only prefix that is accepted."""
    files = {f"cut-{size:05}": good[:size] for size in range(len(good))}
    check_batch(suite, "cut", files, codes={"CertificateTruncated"})
    explain = [suite.attncert("explain", suite.write("cut.jsonl", good[:size]))
               for size in range(0, len(good), 97)]
    for outcome in explain:
        suite.refuses("explain of a cut certificate", outcome)


def test_byte_edits(suite, good):
    """Every byte replaced, deleted or doubled: never accepted as the same text, never a crash."""
    generator = random.Random(20240501)
    folder = suite.subfolder("edits")
    for at in range(len(good)):
        other = bytes([generator.choice(b'0123456789"{}[],:.-abz\n \x00\xff\xc3')])
        for kind, text in (("replaced", good[:at] + other + good[at + 1:]),
                           ("deleted", good[:at] + good[at + 1:]),
                           ("doubled", good[:at + 1] + good[at:])):
            suite.write(f"edits/{kind}-{at:05}.jsonl", text)
    outcome = suite.checker(folder, "--json", timeout=120)
    if suite.check(outcome.code == 1, "edited bytes: exit code", outcome):
        reports = outcome.json()["certificates"]
        suite.equal(len(reports), 3 * len(good), "edited bytes: reports")
        suite.check({one["verdict"] for one in reports} <= {"Verified", "Rejected"},
                    "edited bytes: verdicts")
        for one in reports:
            if one["verdict"] == "Verified":
                check_accepted_edit(suite, good, one)
    shutil.rmtree(folder)


def check_accepted_edit(suite, good, report):
    """An edit may be harmless (another precision, a wider bound): the claim must then be true."""
    statement = report["statement"]
    same = (statement["target"], statement["approximant"]) == ("relu", "silu")
    true = float(harness.exact(statement["epsilon"])) >= 0.278464542
    suite.check(same and true, f"accepted edit {os.path.basename(report['file'])}", report)


GARBAGE = {
    "empty": b"", "newline": b"\n", "newlines": b"\n" * 1000, "blank": b" \n", "NUL": b"\0" * 64,
    "zeros": b"0\n" * 9, "binary": bytes(range(256)) * 16 + b"\n", "elf": b"\x7fELF\x02\x01\x01\n",
    "text": b"hello\n", "null": b"null\n", "list": b"[]\n", "string": b'"x"\n', "number": b"1\n",
    "object": b"{}\n", "bom": b"\xef\xbb\xbf\n", "utf-16": "{}\n".encode("utf-16"),
    "deep": b"[" * 100000 + b"\n", "deep-objects": b'{"a":' * 100000 + b"\n",
    "end-only": b'{"end":1}\n', "big-number": b"9" * 100000 + b"\n", "float": b"1e999999\n",
    "latin-1": b'{"attncert":1,"statement":{"judgement":"\xe9"}}\n',
    "surrogate": b'{"attncert":1,"statement":{"judgement":"\\ud800"}}\n',
    "statement-text": b'{"attncert":1,"statement":"relu"}\n',
    "statement-list": b'{"attncert":1,"statement":[]}\n', "version-text": b'{"attncert":"1"}\n',
    "version-float": b'{"attncert":1.0,"statement":{}}\n',
    "version-2": b'{"attncert":2,"statement":{}}\n',
    "version-big": b'{"attncert":99999999999999999999,"statement":{}}\n',
    "version-list": b'{"attncert":[1],"statement":{}}\n',
}


def with_rule_name(good, name):
    lines = [json.loads(line) for line in good.decode().splitlines()]
    lines[1]["rule"] = name
    return harness.text_of(lines).encode()


def test_garbage(suite, good):
    check_batch(suite, "garbage", GARBAGE)
    for name, content in GARBAGE.items():
        path = suite.write("garbage.jsonl", content)
        suite.refuses(f"explain, {name}", suite.attncert("explain", path))
    for case, name in {"at the 40th byte": "a" * 39 + "é", "of 3 bytes": "a" * 38 + "€",
                       "of 4 bytes": "a" * 37 + "😀"}.items():
        check_batch(suite, f"a letter beyond ASCII {case}, where messages are cut",
                    {"letters": with_rule_name(good, name)}, codes={"UnknownRule"})


def steps_without_data(good):
    """Steps whose rules read data or a precision that are not there."""
    for rule in ("taylor", "mean-value", "enclose", "tail", "value", "divergence", "ball"):
        lines = [json.loads(line) for line in good.decode().splitlines()]
        lines[1]["rule"] = rule
        for missing in ("data", "precision"):
            step = {key: one for key, one in lines[1].items() if key != missing}
            yield rule, missing, harness.text_of([lines[0], step, {"end": 1}])


def test_explain_without_data(suite, good):
    for rule, missing, text in steps_without_data(good):
        path = suite.write("nodata.jsonl", text)
        outcome = suite.attncert("explain", path)
        nonsense = "of order 0 " in outcome.out
        suite.check(sane(outcome) and not nonsense, f"explain of {rule} without {missing}", outcome)
        suite.equal(suite.checker(path).code, 1, f"check of {rule} without {missing}")


def test_paths(suite, good):
    suite.write("good.jsonl", good)
    empty = suite.subfolder("empty")
    suite.write("other/readme.txt", "no certificate")
    os.makedirs(suite.path("folder.jsonl"), exist_ok=True)
    os.mkfifo(suite.path("pipe.jsonl"))
    os.symlink("loop.jsonl", suite.path("loop.jsonl"))
    os.symlink("nowhere", suite.path("dangling.jsonl"))
    for case, path in {"a missing file": "missing.jsonl", "no name": "", "an empty folder": empty,
                       "a folder without certificates": "other", "a folder named x.jsonl":
                       "folder.jsonl", "a pipe": "pipe.jsonl", "a link to itself": "loop.jsonl",
                       "a dangling link": "dangling.jsonl", "/dev/null": "/dev/null",
                       "/dev/zero": "/dev/zero", "below a file": "good.jsonl/x",
                       "a long name": "x" * 5000}.items():
        for arguments in ([path], [path, "--json"], ["good.jsonl", path], [path, "good.jsonl"]):
            outcome = suite.checker(*arguments)
            suite.refuses(f"attncert-check, {case}, {len(arguments)}", outcome)
            suite.check(outcome.verdict() != "Verified", f"verdict, {case}", outcome)
        suite.refuses(f"explain, {case}", suite.attncert("explain", path))
    test_odd_names(suite, good)


def test_odd_names(suite, good):
    for case, name in {"bytes that are not UTF-8": b"a\xff\xfe.jsonl", "a newline": b"a\nb.jsonl",
                       "quotes": b"a\"'\\.jsonl", "blanks": b" a .jsonl",
                       "letters": "é.jsonl"}.items():
        name = os.fsencode(name)
        path = os.path.join(os.fsencode(suite.subfolder("odd")), name)
        with open(path, "wb") as stream:
            stream.write(good)
        for arguments in ([os.fsdecode(path)], [os.fsdecode(path), "--json"]):
            outcome = suite.checker(*arguments)
            suite.equal(outcome.code, 0, f"a file name with {case}, {len(arguments)}")
        missing = os.fsdecode(path) + ".no"
        suite.refuses(f"a missing file's name with {case}", suite.checker(missing, "--json"))
        os.remove(path)


def test_permissions(suite, good):
    if os.geteuid() != 0:
        user = {}
    else:
        user = {"user": 65534, "group": 65534, "extra_groups": []}
    place = suite.subfolder("programs")
    for name in ("attncert", "attncert-check"):
        shutil.copy(os.path.join(suite.bin, name), place)
        os.chmod(os.path.join(place, name), 0o755)
    secret = suite.write("secret/secret.jsonl", good)
    os.chmod(secret, 0)
    checker = os.path.join(place, "attncert-check")
    suite.refuses("an unreadable file", harness.run([checker, secret], **user))
    suite.refuses("a folder with an unreadable file",
                  harness.run([checker, suite.path("secret")], **user))
    suite.refuses("explain, an unreadable file",
                  harness.run([os.path.join(place, "attncert"), "explain", secret], **user))
    os.chmod(suite.path("secret"), 0)
    suite.refuses("an unreadable folder", harness.run([checker, suite.path("secret")], **user))
    os.chmod(suite.path("secret"), 0o755)


USAGE = [
    [], ["frobnicate"], ["--frobnicate"], ["bound"], ["bound", "relu"], ["bound", "--json"],
    ["bound", "relu", "silu", "gelu"], ["bound", "relu", "silu", "--frobnicate"],
    ["bound", "relu", "silu", "--rel-gap"], ["bound", "relu", "silu", "--domain"],
    ["bound", "relu", "silu", "--epsilon", "1"], ["certify"], ["certify", "relu", "silu"],
    ["certify", "relu", "silu", "--epsilon", "1"], ["certify", "relu", "silu", "-o", "bad.jsonl"],
    ["certify", "relu", "silu", "--epsilon", "1", "-o"], ["explain"], ["explain", "a", "b"],
    ["explain", "--json"], ["convert"], ["convert", "x"], ["convert", "x", "-o", "bad.jsonl"],
    ["convert", "x", "--approximant", "silu:k=1"], ["bound", "relu", "silu", "bound"],
    ["-o"], ["--"], [""], ["--json"], ["certify", "--epsilon", "1", "--epsilon", "2", "relu",
                                       "silu", "-o", "bad.jsonl"],
]


def test_usage(suite):
    for arguments in USAGE:
        suite.refuses(f"attncert {' '.join(arguments)}", suite.attncert(*arguments))
        no_output(suite, f"attncert {' '.join(arguments)}")
    for arguments in ([], ["--json"], ["--claim"], ["--claim", "{}"],
                      ["--frobnicate", "good.jsonl"],
                      ["good.jsonl", "--claim"], ["good.jsonl", "-x"]):
        suite.refuses(f"attncert-check {' '.join(arguments)}", suite.checker(*arguments))


def test_long_line(suite, good):
    """A line beyond 64 MiB is refused before it is parsed."""
    line = b'{"attncert":1,' + b" " * (64 << 20) + good[len(b'{"attncert":1,'):]
    outcome = suite.checker(suite.write("long.jsonl", line), "--json")
    report = outcome.json()["certificates"][0] if outcome.code == 1 else {}
    suite.equal(report.get("code"), "LineTooLong", "a line beyond 64 MiB")


def test_closed_output(suite, good):
    """Output that cannot be written is an error, not a success."""
    path = suite.write("good.jsonl", good)
    for program, arguments in (("attncert-check", [path]), ("attncert-check", [path, "--json"]),
                               ("attncert", ["bound", "relu", "silu"]),
                               ("attncert", ["explain", path])):
        command = f'exec "{os.path.join(suite.bin, program)}" "$@" > /dev/full'
        outcome = harness.run(["/bin/sh", "-c", command, "sh", *arguments])
        suite.refuses(f"{program} {arguments[0]} > /dev/full", outcome)


def main():
    suite = harness.Suite()
    for test in (test_domains, test_extreme_domains, test_epsilons, test_gaps, test_functions,
                 test_deep_terms, test_gates, test_usage):
        test(suite)
    good = good_certificate(suite)
    for test in (test_truncation, test_byte_edits, test_garbage, test_explain_without_data,
                 test_paths, test_permissions, test_long_line, test_closed_output):
        test(suite, good)
    suite.finish()


if __name__ == "__main__":
    main()
