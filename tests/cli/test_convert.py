"""`attncert convert`: claims that hold, where it writes, and what it refuses."""

import math
import os
import random
import resource
import shutil
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import GAIN, Conversion, mlps_of, own_model, set_value, sha256  # noqa: E402
from safetensors import TensorFile  # noqa: E402


def check_claims(suite, conversion, name, heads, largest):
    """Exact attention; each MLP's heads, and its error: 0 where largest is 0, else below it."""
    outcome = conversion.outcome
    if not suite.check(outcome.code == 0, f"convert {name}", outcome):
        return False
    report = outcome.json()
    suite.equal(report["judgement"], "layer-error" if largest else "identity", f"{name}: judgement")
    mlps = mlps_of(conversion.out)
    suite.equal([one["name"] for one in report["layers"]], [one["name"] for one in mlps],
                f"{name}: layers")
    for layer, mlp in zip(report["layers"], mlps):
        suite.equal(layer["heads"], heads * mlp["d_mlp"] + ("bias" in mlp["out"]),
                    f"{name}: heads of {layer['name']}")
        error = float(layer["error"])
        good = 0 < error < largest if largest else layer["error"] == "0"
        suite.check(good, f"{name}: error of {layer['name']}", error)
    for layer in report["attention"]:
        suite.equal(layer["error"], "0", f"{name}: {layer['name']} is exact")
    check_counts(suite, report, name)
    checked = suite.checker(conversion.out)
    suite.check(checked.code == 0 and checked.verdict() == "Verified", f"{name}: verified", checked)
    statement = conversion.lines()[0]["statement"]
    for layer, claimed in zip(report["layers"], statement.get("layers", [])):
        suite.check(float(layer["error"]) >= float(claimed["epsilon"]),
                    f"{name}: printed error covers the certified", (layer, claimed))
    suite.check(suite.attncert("explain", os.path.join(conversion.out, "certificate.jsonl")).code
                == 0, f"{name}: explain")
    return True


def check_counts(suite, report, name):
    """Totals are sums; what a sublayer stores and does is what its tensors' shapes say."""
    every = [*report["layers"], *report["attention"]]
    for side in ("before", "after"):
        for key in ("heads", "parameters", "multiply_adds"):
            suite.equal(report["total"][side][key], sum(one[side][key] for one in every),
                        f"{name}: total {key} {side}")


def test_counts(suite, conversion):
    """The adder's, by hand: d 32, 2 heads of 16, 128 neurons, sequences of 6."""
    report = conversion.outcome.json()
    attention, mlp = report["attention"][0], report["layers"][0]
    suite.equal(attention["before"], {"heads": 2, "parameters": 4 * 32 * 32 + 4 * 32,
                                      "multiply_adds": 4 * 32 * 32 + 2 * 6 * 32},
                "attention before")
    suite.equal(mlp["before"], {"heads": 0, "parameters": 2 * 32 * 128 + 128 + 32,
                                "multiply_adds": 2 * 32 * 128}, "MLP before")
    suite.equal(mlp["after"]["parameters"], 3 * 128 * 34 + 34, "MLP after: parameters")
    entries = TensorFile(conversion.read("converted-weights")).header
    stored = sum(math.prod(entry["shape"]) for name, entry in entries.items()
                 if name.startswith("h.0.mlp") and "ln" not in name and "norm" not in name)
    suite.equal(mlp["after"]["parameters"], stored, "MLP after: as stored")


def test_own_models(suite):
    """Every adder: SiLU exactly; the largest errors of others are those of their activations."""
    for name, options, heads, largest in (
            ("adder-silu", (), 1, 0), ("adder-silu", ("--heads-per-neuron", "1"), 1, 0),
            ("adder-silu", ("--epsilon", "1e-9"), 1, 0), ("adder-silu", ("--approximant", "silu"), 1, 0),
            ("adder-relu", (), 1, 1e-5), ("adder-relu", ("--epsilon", "1e-9"), 1, 1e-9),
            ("adder-gelu", (), 1, 0.25), ("adder-gelu", ("--heads-per-neuron", "3"), 3, 5e-3),
            ("adder-gelu", ("--heads-per-neuron", "6"), 6, 2e-5),
            ("adder-gelu-no-mlp-bias", ("--heads-per-neuron", "6"), 6, 2e-5),
            ("adder-gelu-tanh", ("--heads-per-neuron", "6"), 6, 1e-4)):
        case = " ".join((name, *options))
        conversion = Conversion(suite, case.replace(" ", "_"), own_model(suite, name),
                                *(options or ("--heads-per-neuron", "1")))
        if check_claims(suite, conversion, case, heads, largest) and case == "adder-gelu":
            test_counts(suite, conversion)


def test_rounded(suite):
    """Heads stored narrower: half the size, Verified, and never off by more than is claimed."""
    prompts = suite.write("sums.txt", "4,7,8,5\n9,9,9,9\n0,0,0,0\n1,2,3,4,5,6\n")
    sizes = {}
    for dtype in ("F64", "F32", "BF16", "F16"):
        conversion = Conversion(suite, f"rounded-{dtype}", own_model(suite, "adder-gelu"),
                                "--heads-per-neuron", "6", "--dtype", dtype, "--prompts", prompts)
        outcome = conversion.outcome
        if not suite.check(outcome.code == 0, f"convert --dtype {dtype}", outcome):
            continue
        checked = suite.checker(conversion.out)
        suite.equal(checked.verdict(), "Verified", f"--dtype {dtype}: verdict")
        entries = TensorFile(conversion.read("converted-weights")).header
        suite.equal(entries["h.0.mlp.query"]["dtype"], dtype, f"--dtype {dtype}: stored")
        suite.equal(entries["transformer.wte.weight"]["dtype"], "F32", f"--dtype {dtype}: embedding")
        report = outcome.json()
        for layer in (*report["layers"], *report["attention"]):
            suite.check(float(layer["approx_measured"]) <= float(layer["error"]) + 1e-12,
                        f"--dtype {dtype}: {layer['name']}", layer)
        exact = dtype in ("F32", "F64")
        rounded = conversion.lines()[0]["statement"].get("rounded", [])
        suite.equal(len(rounded), 0 if exact else 2, f"--dtype {dtype}: rounded sublayers")
        sizes[dtype] = len(conversion.read("converted-weights"))
        if not exact:
            tampered = [one for one in conversion.lines() if one.get("rule") == "perturb"]
            suite.equal(len(tampered), 4, f"--dtype {dtype}: every sublayer is bounded")

            def lower(lines):
                step = next(one for one in lines if one.get("rule") == "perturb")
                step["conclusion"]["epsilon"] = "0.0001"
            conversion.rejected(f"--dtype {dtype}: a smaller bound", {}, "BoundExceeded", edit=lower)
            far = set_value(conversion.read("converted-weights"), "h.0.mlp.query", 5, 3.0)
            conversion.rejected(f"--dtype {dtype}: another number", {"converted-weights": far},
                                "BoundExceeded")
    suite.check(sizes["F16"] < 0.7 * sizes["F32"] < 0.5 * sizes["F64"], "narrower, smaller", sizes)
    outcome = suite.attncert("convert", own_model(suite, "adder-gelu"), "-o", suite.path("never"),
                             "--dtype", "F16", "--masks", "weights")
    suite.refuses("--dtype with --masks weights", outcome)


def test_only(suite):
    """Sublayers of some kinds converted, the others kept: those have no error, and may not move."""
    prompts = suite.write("only.txt", "4,7,8,5\n9,9,9,9\n")
    for only, kept, judgement in (("attention", "layers", "identity"),
                                  ("mlp", "attention", "layer-error"),
                                  ("linear", "layers", "identity"),
                                  ("mlp,attention", None, "layer-error")):
        conversion = Conversion(suite, f"only-{only}", own_model(suite, "adder-gelu"), "--only",
                                only, "--prompts", prompts)
        if not suite.check(conversion.outcome.code == 0, f"--only {only}", conversion.outcome):
            continue
        report = conversion.outcome.json()
        suite.equal(report["judgement"], judgement, f"--only {only}: judgement")
        suite.equal(suite.checker(conversion.out).verdict(), "Verified", f"--only {only}: verdict")
        for part in ("layers", "attention"):
            for one in report[part]:
                is_kept = part == kept or only == "linear"
                suite.equal(one.get("kept", False), is_kept, f"--only {only}: {one['name']}")
                if is_kept:
                    suite.equal(one["before"], one["after"], f"--only {only}: {one['name']}, costs")
                    suite.equal(one["error"], "0", f"--only {only}: {one['name']} is exact")
                if part == "attention" or is_kept:
                    suite.check(float(one["approx_measured"]) <= 1e-12, f"--only {only}: as seen", one)
        if kept:
            name = {"layers": "h.1.mlp.c_fc.weight", "attention": "h.1.attn.c_proj.bias"}[kept]
            name = next(one for one in TensorFile(conversion.read("converted-weights")).header
                        if one.endswith(name))
            conversion.rejected(f"--only {only}: {name} moved", {"converted-weights": set_value(
                conversion.read("converted-weights"), name, 3, 0.5)}, "InstanceMismatch", (name,))
    outcome = suite.attncert("convert", own_model(suite, "adder-gelu"), "-o", suite.path("never"),
                             "--only", "norm")
    suite.refuses("--only of no kind", outcome, needle="--only")


# ---- where it writes -----------------------------------------------------------------------------


def convert(suite, model, out, *more, **options):
    return suite.attncert("convert", model, "-o", out, "--approximant", GAIN, *more, **options)


def test_outputs(suite, model):
    """Any OUT: fresh or not, relative or not, seen from anywhere."""
    work = suite.subfolder("outputs")
    shutil.copytree(model, os.path.join(work, "m"))
    os.makedirs(os.path.join(work, "there"))
    os.makedirs(os.path.join(work, "deeper", "place"))
    for out in ("there", "fresh", "fresh2/", "./fresh3", "a/b/c", os.path.join(work, "absolute"),
                "../outputs/up", "m/inside", "deeper/place/../fresh4", "."):
        outcome = convert(suite, "m", out, cwd=work)
        if suite.check(outcome.code == 0, f"convert m -o {out}", outcome):
            checked = suite.checker(os.path.join(work, out, "certificate.jsonl"))
            suite.check(checked.code == 0, f"convert m -o {out}: verified", checked)
            checked = suite.checker("certificate.jsonl", cwd=os.path.join(work, out))
            suite.check(checked.code == 0, f"convert m -o {out}: verified inside", checked)
    outcome = convert(suite, ".", "../from-inside", cwd=os.path.join(work, "m"))
    suite.check(outcome.code == 0, "convert . -o ../from-inside", outcome)


def test_over_the_model(suite, model):
    """Writing over the model itself would destroy it."""
    for case in ("the same path", "a link", "a path with dots"):
        work = suite.subfolder("over")
        shutil.copytree(model, os.path.join(work, "m"))
        os.symlink("m", os.path.join(work, "link"))
        before = harness.listing(os.path.join(work, "m"))
        out = {"the same path": "m", "a link": "link", "a path with dots": "./m/../m/"}[case]
        outcome = convert(suite, "m", out, cwd=work)
        suite.refuses(f"convert m -o m, {case}", outcome)
        suite.equal({name: sha256(one) for name, one in
                     harness.listing(os.path.join(work, "m")).items()},
                    {name: sha256(one) for name, one in before.items()},
                    f"convert m -o m, {case}: model as before")
        shutil.rmtree(work)


def limit_files(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def names_and_sizes(folder):
    return {name: len(content) for name, content in harness.listing(folder).items()}


def test_unwritable(suite, model):
    suite.write("a-file", "content")
    for out in ("a-file", "a-file/below", "/dev/full/x", "/proc/attncert-test", "", "x" * 300):
        before = sorted(os.listdir(suite.folder))
        suite.refuses(f"convert -o {out[:30]!r}", convert(suite, model, out))
        suite.equal(sorted(os.listdir(suite.folder)), before, f"convert -o {out[:30]!r}: as before")
    for size in (0, 500, 3000, 50000):
        case = f"convert where files end at {size} bytes"
        out = suite.path("limited")
        outcome = convert(suite, model, out, preexec_fn=limit_files(size))
        suite.refuses(f"{case}, fresh", outcome)
        suite.check(not os.path.exists(out), f"{case}: no folder left",
                    names_and_sizes(out) if os.path.exists(out) else "")
        shutil.rmtree(out, ignore_errors=True)


def test_failing_over_an_older_one(suite, model):
    """A failed conversion leaves an older one as it was."""
    for case in ("full disk", "a folder in the way"):
        out = suite.subfolder("older")
        suite.check(convert(suite, model, out).code == 0, "an older conversion")
        if case == "a folder in the way":
            os.remove(os.path.join(out, "certificate.jsonl"))
            os.makedirs(os.path.join(out, "certificate.jsonl"))
        before = {name: sha256(one) for name, one in harness.listing(out).items()}
        options = {"preexec_fn": limit_files(50000)} if case == "full disk" else {}
        outcome = suite.attncert("convert", model, "-o", out, "--approximant", "silu:k=1.5",
                                 **options)
        suite.refuses(f"convert over an older one, {case}", outcome)
        after = {name: sha256(one) for name, one in harness.listing(out).items()}
        suite.equal(after, before, f"convert over an older one, {case}: as before")
        shutil.rmtree(out)


def test_broken_folders(suite, model):
    content = harness.read(os.path.join(model, "model.safetensors"))
    network = harness.read(os.path.join(model, "network.json"))
    for case, files in {
            "empty": {}, "no network": {"model.safetensors": content},
            "no weights": {"network.json": network},
            "network empty": {"model.safetensors": content, "network.json": b""},
            "network no JSON": {"model.safetensors": content, "network.json": b"{"},
            "config no JSON": {"model.safetensors": content, "config.json": b"{"},
            "config a list": {"model.safetensors": content, "config.json": b"[]"},
            "config null": {"model.safetensors": content, "config.json": b"null"},
            "config empty": {"model.safetensors": content, "config.json": b"{}"},
            "config of another family": {"model.safetensors": content,
                                         "config.json": b'{"family":"llama"}'},
            "config deep": {"model.safetensors": content, "config.json": b"[" * 100000},
            "no mlp": {"model.safetensors": content, "network.json":
                       b'{"attncert-network":1,"d_model":32,"sublayers":[]}'}}.items():
        folder = suite.subfolder("folder")
        for name, one in files.items():
            suite.write(f"folder/{name}", one)
        suite.refuses(f"convert a folder, {case}", convert(suite, folder, suite.path("never")))
        suite.check(not os.path.exists(suite.path("never")), f"convert a folder, {case}: nothing")
        shutil.rmtree(suite.path("never"), ignore_errors=True)
        shutil.rmtree(folder)
    for path in ("missing", "a-file", "/dev/null", ""):
        suite.refuses(f"convert {path!r}", convert(suite, path, suite.path("never")))
    for text in ("gelu", "silu:k=0", "silu:k=x", "silu:k=", "", "relu", "silu:k=nan",
                 "silu:k=1e9999"):
        outcome = suite.attncert("convert", model, "-o", suite.path("never"), "--approximant", text)
        suite.refuses(f"convert --approximant {text!r}", outcome)


# ---- measured differences ------------------------------------------------------------------------


def check_prompts(suite, model, prompts, case):
    file = suite.write("prompts.txt", "".join(prompt + "\n" for prompt in prompts))
    out = suite.subfolder("measured")
    outcome = convert(suite, model, out, "--json", "--prompts", file, timeout=60)
    if not suite.check(outcome.code == 0, case, outcome):
        return
    for layer in outcome.json()["layers"]:
        measured, error = float(layer.get("approx_measured", "nan")), float(layer["error"])
        suite.check(0 < measured <= error, f"{case}: {layer['name']}", layer)
    shutil.rmtree(out)


def test_measured(suite, model, case):
    generator = random.Random(3)
    sums = [",".join(f"{a:02}{b:02}") for a, b in ((47, 85), (0, 0), (99, 99))]
    wild = [",".join(str(generator.randrange(10)) for _ in range(generator.randrange(1, 7)))
            for _ in range(60)]
    for number, prompts in enumerate(([sums[0]], sums, wild, ["0"])):
        check_prompts(suite, model, prompts, f"{case}, prompts {number}")


def test_bad_prompts(suite, model):
    for case, text in {"a letter": "1,a\n", "a float": "1,2.5\n", "an empty field": "1,,2\n",
                       "a token too large": "1,10\n", "a negative token": "-1\n",
                       "a huge token": "9" * 30 + "\n", "too long": "1,2,3,4,5,6,7\n",
                       "blanks": "1 2\n", "binary": "\0\n"}.items():
        file = suite.write("prompts.txt", text)
        out = suite.path("never")
        suite.refuses(f"prompts with {case}",
                      convert(suite, model, out, "--prompts", file))
        suite.check(not os.path.exists(out), f"prompts with {case}: nothing written")
        shutil.rmtree(out, ignore_errors=True)
    for path in ("missing.txt", suite.folder):
        suite.refuses(f"prompts from {path[:20]}",
                      convert(suite, model, suite.path("never"), "--prompts", path))


def main():
    suite = harness.Suite()
    test_own_models(suite)
    test_rounded(suite)
    test_only(suite)
    model = own_model(suite, "adder-gelu-tanh")
    for test in (test_outputs, test_over_the_model, test_unwritable,
                 test_failing_over_an_older_one, test_broken_folders, test_bad_prompts):
        test(suite, model)
    test_measured(suite, model, "adder-gelu-tanh")
    suite.finish()


if __name__ == "__main__":
    main()
