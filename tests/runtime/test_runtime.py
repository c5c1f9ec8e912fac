"""Original and converted models in a real runtime, in fp32, against what was certified.

For every sublayer of our own models: rows at random, plain and with a large mean; the original's
and the conversion's update by the runtime; their difference, at most the certified epsilon plus
what fp32 changed, measured against fp64: of originals by `attncert evaluate`, of conversions by the
runtime. Whole models against `attncert evaluate`, and original against conversion with what is
certified of prompts in fp32. Ratios measured / certified are printed."""

import json
import os
import random
import shutil
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import harness  # noqa: E402
from harness import exact  # noqa: E402

UNIT = 2.0 ** -24
MODELS = ("adder-gelu", "adder-gelu-no-mlp-bias", "adder-gelu-tanh", "adder-relu", "adder-silu")


class Runtime:
    """Runs many ONNX files in one process of the runtime."""

    def __init__(self, suite):
        self.suite = suite
        self.folder = os.path.join(suite.source, "build", "runtime")
        self.node = shutil.which("node") or shutil.which("nodejs")
        self.there = self.node is not None and os.path.isdir(
            os.path.join(self.folder, "node_modules", "onnxruntime-node"))

    def run(self, jobs):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.js")
        jobs_file = self.suite.write("jobs.json", json.dumps(jobs))
        outcome = harness.run(["sh", "-c", 'exec "$0" "$1" "$2" < "$3"', self.node, script,
                               self.folder, jobs_file], timeout=120)
        if not self.suite.check(outcome.code == 0, "the runtime", outcome):
            return None
        return json.loads(outcome.out)


def rows_input(rows, kind="float32"):
    return {"name": "rows", "type": kind, "shape": [len(rows), len(rows[0])],
            "values": [value for row in rows for value in row]}


def tokens_input(tokens):
    return {"name": "tokens", "type": "int64", "shape": [len(tokens)], "values": tokens}


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def random_rows(generator, width):
    """fp32 numbers: plain, large, with a mean far from 0, tiny."""
    inputs = []
    for scale, mean in ((1, 0), (100, 0), (1, 30), (1e-3, 0)):
        inputs.append([[single(generator.gauss(mean, 1) * scale) for _ in range(width)] for _ in range(6)])
    return inputs


def difference(a, b):
    if a["shape"] != b["shape"]:
        return float("inf")
    return max(abs(x - y) for x, y in zip(a["values"], b["values"]))


def largest(output):
    return max(abs(x) for x in output["values"])


class Pair:
    """An original model, its conversion, and the epsilons certified for its sublayers."""

    def __init__(self, suite, name):
        self.suite = suite
        self.name = name
        self.original = os.path.join(suite.source, "certificates", "models", name)
        self.converted = os.path.join(self.original, "heads")
        network = json.loads(harness.read(os.path.join(self.original, "network.json")))
        self.width = network["d_model"]
        self.vocab = network["vocab"]
        self.context = network["n_ctx"]
        self.sublayers = [one["name"] for one in network["sublayers"]]
        claim = harness.lines_of(os.path.join(self.converted, "certificate.jsonl"))[0]
        self.claim = claim["statement"]

    def epsilon(self, sublayer):
        """Certified for every input; 0 where the statement says nothing else: the same function."""
        for key in ("layers", "masks", "rounded"):
            for one in self.claim.get(key, []):
                if one.get("layer", one.get("name")) == sublayer:
                    return float(exact(one.get("epsilon", "0")))
        return 0.0

    def export(self, side, sublayer=None, kind="F32"):
        file = self.suite.path(f"{self.name}-{side}-{sublayer}-{kind}.onnx")
        more = ("--sublayer", sublayer) if sublayer else ()
        outcome = self.suite.attncert("export", getattr(self, side), "-o", file, "--dtype", kind,
                                      *more)
        self.suite.check(outcome.code == 0, f"{self.name} {side} {sublayer}: export", outcome)
        return file


def one_sublayer(pair, sublayer):
    """The original as a network of rows with this sublayer alone: h(x) = x + update."""
    folder = pair.suite.subfolder(f"{pair.name}-{sublayer}")
    network = json.loads(harness.read(os.path.join(pair.original, "network.json")))
    network = {key: network[key] for key in ("attncert-network", "d_model", "sublayers")}
    network["sublayers"] = [one for one in network["sublayers"] if one["name"] == sublayer]
    pair.suite.write(os.path.join(folder, "network.json"), json.dumps(network))
    shutil.copy(os.path.join(pair.original, "model.safetensors"), folder)
    return folder


def evaluated(pair, folder, rows):
    """The update in fp64, by `attncert evaluate`."""
    file = pair.suite.write("rows.safetensors", tensor_bytes("rows", rows))
    outcome = pair.suite.attncert("evaluate", folder, "--input", file, "--json")
    if not pair.suite.check(outcome.code == 0, f"{folder}: evaluate", outcome):
        return None
    sums = outcome.json()["logits"]
    return {"shape": [len(rows), len(rows[0])],
            "values": [x - y for sum_, row in zip(sums, rows) for x, y in zip(sum_, row)]}


def tensor_bytes(name, rows):
    numbers = [value for row in rows for value in row]
    header = json.dumps({name: {"dtype": "F64", "shape": [len(rows), len(rows[0])],
                                "data_offsets": [0, 8 * len(numbers)]}}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(numbers)}d", *numbers)


def check_sublayer(suite, pair, sublayer, inputs, found):
    """Three inequalities: in fp64 the certified one; in fp32 each side near fp64; and in fp32 the
    certified epsilon plus what fp32 changed on both sides."""
    allowed = pair.epsilon(sublayer)
    case = f"{pair.name} {sublayer}"
    folder = one_sublayer(pair, sublayer)
    gap32 = gap64 = rounding = 0.0
    for rows, original, converted, converted64 in zip(inputs, *found):
        original64 = evaluated(pair, folder, rows)
        if original64 is None:
            return 0.0
        size = max(largest(original64), 1)
        far = max(map(abs, (value for row in rows for value in row)))
        gap = difference(original64, converted64)
        suite.check(gap <= allowed + 1e-11 * max(size, far), f"{case}: fp64 difference", gap)
        errors = difference(original, original64), difference(converted, converted64)
        limit = UNIT * 8 * pair.width * size * max(far, 1)
        suite.check(max(errors) <= limit, f"{case}: fp32 and fp64", f"{errors} > {limit}")
        both = difference(original, converted)
        suite.check(both <= allowed + sum(errors) + 1e-11 * max(size, far),
                    f"{case}: fp32 difference", both)
        gap32, gap64 = max(gap32, both), max(gap64, gap)
        rounding = max(rounding, *errors)
    print(f"{case}: certified {allowed:.3e}; measured fp64 {gap64:.3e}"
          + (f" ({gap64 / allowed:.3f} of it)" if allowed > 1e-12 else "")
          + f", fp32 {gap32:.3e}; fp32 against fp64 {rounding:.1e}")
    return gap64


def test_sublayers(suite, runtime, pairs):
    generator = random.Random(5)
    jobs, places = [], []
    for pair in pairs:
        for sublayer in pair.sublayers:
            inputs = random_rows(generator, pair.width)
            places.append((pair, sublayer, inputs))
            for side, kind in (("original", "float32"), ("converted", "float32"),
                               ("converted", "float64")):
                file = pair.export(side, sublayer, "F32" if kind == "float32" else "F64")
                jobs.append({"model": file, "inputs": [rows_input(x, kind) for x in inputs]})
    results = runtime.run(jobs) or []
    suite.equal(len(results), 3 * len(places), "a result for each export")
    differing = 0
    for i, (pair, sublayer, inputs) in enumerate(places):
        if 3 * i + 2 < len(results):
            found = results[3 * i:3 * i + 3]
            differing += check_sublayer(suite, pair, sublayer, inputs, found) > 1e-7
    suite.check(differing > 0, "conversions that approximate differ", differing)


def test_models(suite, runtime, pairs):
    """Whole models in fp32 against fp64 evaluation: the graph is the network."""
    generator = random.Random(6)
    jobs, prompts = [], []
    for pair in pairs:
        some = [[generator.randrange(pair.vocab) for _ in range(size)]
                for size in (1, 2, pair.context)]
        for side in ("original", "converted"):
            prompts.append((pair, side, some))
            jobs.append({"model": pair.export(side), "inputs": [tokens_input(x) for x in some]})
    results = runtime.run(jobs) or []
    suite.equal(len(results), len(prompts), "a result for each model")
    for (pair, side, some), found in zip(prompts, results):
        worst = 0.0
        for tokens, output in zip(some, found):
            outcome = suite.attncert("evaluate", getattr(pair, side), "--tokens",
                                     ",".join(map(str, tokens)), "--json")
            logits = outcome.json()["logits"]
            wanted = {"shape": [len(logits), len(logits[0])],
                      "values": [x for row in logits for x in row]}
            gap = difference(output, wanted)
            worst = max(worst, gap / max(largest(wanted), 1))
            suite.check(gap <= 1e-4 * max(largest(wanted), 1),
                        f"{pair.name} {side} {tokens}: fp32 runtime and fp64", gap)
        print(f"{pair.name} {side}: fp32 runtime within {worst:.1e} of fp64, of the largest logit")


def test_differences(suite, runtime, pairs):
    """Whole models in fp32: originals and conversions are no farther apart than certified for any
    machine with sums in any order, and decode alike."""
    generator = random.Random(7)
    jobs, cases = [], []
    for pair in pairs:
        if pair.claim.get("masks"):
            continue  # masks as weights are not bounded on prompts
        prompts = [[generator.randrange(pair.vocab) for _ in range(pair.context - 2)]
                   for _ in range(10)]
        file = suite.write(f"{pair.name}-prompts.txt",
                           "".join(",".join(map(str, one)) + "\n" for one in prompts))
        outcome = suite.attncert("audit", pair.original, pair.converted, "--format", "fp32",
                                 "--domain", f"prompts:{file}", "--json", timeout=120)
        if suite.check(outcome.code == 0, f"{pair.name}: certified on prompts", outcome):
            cases.append((pair, float(outcome.json()["difference"]["bound"]), prompts))
            for side in ("original", "converted"):
                jobs.append({"model": pair.export(side), "inputs": [tokens_input(x) for x in prompts]})
    results = runtime.run(jobs) or []
    suite.equal(len(results), 2 * len(cases), "a result for each model and its conversion")
    suite.check(len(cases) > 2, "models without masks as weights", cases)
    for i, (pair, certified, prompts) in enumerate(cases):
        measured = 0.0
        for original, converted in zip(*results[2 * i:2 * i + 2]):
            ends = [output["values"][-output["shape"][-1]:] for output in (original, converted)]
            measured = max(measured, max(abs(x - y) for x, y in zip(*ends)))
            suite.check(ends[0].index(max(ends[0])) == ends[1].index(max(ends[1])),
                        f"{pair.name}: the same answer", ends)
        suite.check(measured <= certified, f"{pair.name}: no farther apart than certified",
                    f"measured {measured}, certified {certified}")
        print(f"{pair.name}: on {len(prompts)} prompts at most {measured:.2e} apart in fp32, "
              f"certified {certified:.2e}, ratio {measured / certified:.1e}")


def test_imported(suite, runtime, pairs):
    """A model written as ONNX and read back is the same model in the runtime, bit for bit or
    nearly, and its conversion is checked."""
    for pair in pairs:
        out = suite.path(f"read-{pair.name}")
        outcome = suite.attncert("convert", pair.export("original"), "-o", out, timeout=60)
        if not suite.check(outcome.code == 0, f"{pair.name}: convert from ONNX", outcome):
            continue
        suite.equal(suite.checker(out).verdict(), "Verified", f"{pair.name}: verdict")
        again = suite.path(f"{pair.name}-again.onnx")
        suite.attncert("export", os.path.join(out, "original"), "-o", again)
        job = [tokens_input([1] * pair.context)]
        found = runtime.run([{"model": pair.export("original"), "inputs": job},
                             {"model": again, "inputs": job}])
        if found:
            gap = difference(found[0][0], found[1][0])
            suite.check(gap <= 1e-5 * max(largest(found[0][0]), 1), f"{pair.name}: read back", gap)


def main():
    suite = harness.Suite()
    runtime = Runtime(suite)
    if suite.check(runtime.there, "the runtime is installed",
                   f"run scripts/test: it installs onnxruntime-node into {runtime.folder}"):
        pairs = [Pair(suite, name) for name in MODELS]
        test_sublayers(suite, runtime, pairs)
        test_models(suite, runtime, pairs)
        test_differences(suite, runtime, pairs)
        test_imported(suite, runtime, pairs)
    suite.finish()


main()
