"""Conversions whose stored numbers were edited: rejected, naming tensor and index."""

import copy
import json
import os
import random
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import (FACTS, ROLES, Conversion, mlp_tensors, own_model, set_value,  # noqa: E402
                        sha256)
from safetensors import TensorFile  # noqa: E402


def places(file, name, generator):
    """First, last, and a few more numbers of a tensor."""
    count = file.count(name)
    return sorted({0, count - 1, *(generator.randrange(count) for _ in range(3))})


def row_and_column(shape, index):
    return (index // shape[-1], index % shape[-1]) if len(shape) == 2 else (0, index)


def one_step_away(content, name, index):
    file = TensorFile(content)
    file.step(name, index)
    return file.content()


def test_converted_weights(suite, conversion):
    generator = random.Random(1)
    content = conversion.read("converted-weights")
    file = TensorFile(content)
    suite.equal(sha256(one_step_away(content, next(iter(file.header)), 0))
                == sha256(content), False, "an edit changes the file")
    for name, entry in file.header.items():
        for index in places(file, name, generator):
            changed = {"converted-weights": one_step_away(content, name, index)}
            case = f"converted {name}[{index}] by one ulp"
            conversion.rejected(case, changed, "SubjectMismatch", correct=False)
            row, column = row_and_column(entry["shape"], index)
            conversion.rejected(f"{case}, hashes corrected", changed, "InstanceMismatch",
                                (name, str(row), str(column)))


def test_original_weights(suite, conversion):
    generator = random.Random(2)
    content = conversion.read("original-weights")
    file = TensorFile(content)
    for name in file.header:
        for index in places(file, name, generator):
            if file.get(name, index) == 0:
                continue
            changed = {"original-weights": one_step_away(content, name, index)}
            case = f"original {name}[{index}] by one ulp"
            conversion.rejected(case, changed, "SubjectMismatch", correct=False)
            conversion.rejected(f"{case}, hashes corrected", changed, "InstanceMismatch",
                                ("tensor '", "["))


def test_transposed(suite, conversion):
    """A square matrix, transposed: same shape, same numbers, another map."""
    network = json.loads(conversion.read("original-network"))
    layer = next(one for one in network["sublayers"] if one["kind"] == "attention")
    file = TensorFile(conversion.read("original-weights"))
    name = layer["out"]["weight"]
    rows, columns = file.header[name]["shape"]
    suite.equal(rows, columns, f"{name} is square")
    numbers = [file.get(name, index) for index in range(rows * columns)]
    for index in range(rows * columns):
        file.set(name, index, numbers[index % columns * columns + index // columns])
    conversion.rejected(f"original {name} transposed, hashes corrected",
                        {"original-weights": file.content()}, "InstanceMismatch", ("output",))


def test_large_edits(suite, conversion):
    """The same edit on both sides: nothing but the recomputed ranges and sums can notice."""
    network = json.loads(conversion.read("original-network"))
    layer = next(one for one in network["sublayers"] if one["kind"] == "mlp")
    heads = next(one for one in json.loads(conversion.read("converted-network"))["sublayers"]
                 if one["name"] == layer["name"])
    for case, original, converted, code in (
            ("norm weight", layer["norm"]["weight"], heads["norm"]["weight"], "RangeExceeded"),
            ("norm bias", layer["norm"]["bias"], heads["norm"]["bias"], "RangeExceeded")):
        conversion.rejected(f"{case} 1e6 on both sides", {
            "original-weights": set_value(conversion.read("original-weights"), original, 0, 1e6),
            "converted-weights": set_value(conversion.read("converted-weights"), converted, 0,
                                           1e6)}, code)
    original = TensorFile(conversion.read("original-weights"))
    converted = TensorFile(conversion.read("converted-weights"))
    out_in = layer["layout"] == "out-in"
    shape = original.header[layer["out"]["weight"]]["shape"]
    original.set(layer["out"]["weight"], 0, 1e6)  # neuron 0, coordinate 0 in either layout
    converted.set(heads["output"], 0, 1e6)
    conversion.rejected(f"output weight 1e6 on both sides, {shape}, {out_in}",
                        {"original-weights": original.content(),
                         "converted-weights": converted.content()}, "BoundExceeded",
                        ("coordinate 0", layer["name"]))


def test_swaps(suite, conversion, other):
    weights = {"original-weights": conversion.read("converted-weights"),
               "converted-weights": conversion.read("original-weights")}
    networks = {"original-network": conversion.read("converted-network"),
                "converted-network": conversion.read("original-network")}
    conversion.rejected("both weights swapped", weights, "SubjectMismatch", correct=False)
    conversion.rejected("both networks swapped", networks, "SubjectMismatch", correct=False)
    conversion.rejected("both models swapped", {**weights, **networks}, "SubjectMismatch",
                        correct=False)
    for role in ROLES:
        conversion.rejected(f"{role} of another model", {role: other.read(role)},
                            "SubjectMismatch", correct=False)
        conversion.rejected(f"{role} of another conversion, hashes corrected",
                            {role: other.read(role)},
                            ("TensorShape", "TensorMissing", "InstanceMismatch", "LayerMissing",
                             FACTS, "PairMismatch", "JsonUnknownKey"))
    text_swap(conversion)


def text_swap(conversion):
    """The statement's hashes exchanged: original for converted."""
    def edit(lines):
        for statement in (lines[0]["statement"], lines[-2]["conclusion"]):
            statement["original"], statement["converted"] = (statement["converted"],
                                                             statement["original"])
        for line in lines[1:5]:
            side, _, kind = line["subject"].partition("-")
            other = "converted" if side == "original" else "original"
            line["subject"] = f"{other}-{kind}"
    conversion.rejected("original and converted exchanged everywhere", {}, "LayerKind", edit=edit)


# ---- broken weights files ------------------------------------------------------------------------


def with_entry(file, name, **members):
    header = copy.deepcopy(file.header)
    header[name].update(members)
    return file.content(header)


def broken_files(content, name):
    """Case, bytes, what the message names, ErrorCode where the checker meets it."""
    file = TensorFile(content)
    shape = file.header[name]["shape"]
    begin, end = file.header[name]["data_offsets"]
    yield "empty", b"", "safetensors", "SafetensorsHeader"
    yield "7 bytes", content[:7], "safetensors", "SafetensorsHeader"
    yield "header cut", content[:100], "safetensors", "SafetensorsHeader"
    yield "length beyond the file", b"\xff" * 8 + content[8:], "safetensors", "SafetensorsHeader"
    yield "no JSON", content[:8] + b"{x" + content[10:], "", "JsonSyntax"
    yield "header starts with a blank", content[:8] + b" " + content[9:], "", "SafetensorsHeader"
    yield "one byte cut", content[:-1], "tensor '", "SafetensorsOffsets"
    yield "one byte more", content + b"\0", "", "SafetensorsOffsets"
    yield "tensor missing", file.without(name).content(), name, "TensorMissing"
    yield "dtype I8", with_entry(file, name, dtype="I8"), name, "SafetensorsOffsets"
    yield "dtype I32", with_entry(file, name, dtype="I32"), name, "TensorType"
    yield "dtype unknown", with_entry(file, name, dtype="F31"), name, "SafetensorsHeader"
    yield "shape transposed", with_entry(file, name, shape=[*shape[::-1]]), name, "TensorShape"
    yield "shape flat", with_entry(file, name, shape=[shape[0] * shape[1]]), name, "TensorShape"
    yield "shape too large", with_entry(file, name, shape=[2 ** 62, 2 ** 62]), name, (
        "SafetensorsOffsets")
    yield "shape negative", with_entry(file, name, shape=[-1, -1]), name, "SafetensorsHeader"
    yield "shape of floats", with_entry(file, name, shape=[1.5]), "", "JsonNumber"
    yield "offsets reversed", with_entry(file, name, data_offsets=[end, begin]), name, (
        "SafetensorsOffsets")
    yield "offsets moved", with_entry(file, name, data_offsets=[begin + 4, end + 4]), "", (
        "SafetensorsOffsets")
    yield "offsets of one", with_entry(file, name, data_offsets=[begin]), name, "SafetensorsHeader"
    yield "unknown key", with_entry(file, name, note="x"), name, "JsonUnknownKey"
    for value in ("nan", "inf", "-inf"):
        yield value, set_value(content, name, 5, float(value)), name, "TensorNotFinite"
    header = json.dumps(file.header)
    twice = header[:-1] + f', {json.dumps(name)}: {json.dumps(file.header[name])}' + "}"
    raw = twice.encode() + b" " * (-len(twice) % 8)
    yield "tensor twice", len(raw).to_bytes(8, "little") + raw + bytes(file.data), "", (
        "JsonDuplicateKey")


def test_broken_weights(suite, conversion):
    content = conversion.read("original-weights")
    name = next(name for _, name in mlp_tensors(json.loads(conversion.read("original-network"))))
    for case, broken, needle, code in broken_files(content, name):
        folder = suite.subfolder("broken")
        suite.write("broken/model.safetensors", broken)
        suite.write("broken/network.json", conversion.read("original-network"))
        out = suite.path("never")
        suite.refuses(f"convert, weights with {case}", suite.attncert("convert", folder, "-o", out), 2, needle)
        suite.check(not os.path.exists(out), f"convert, weights with {case}: nothing written")
        shutil.rmtree(out, ignore_errors=True)
        conversion.rejected(f"check, original weights with {case}", {"original-weights": broken},
                            code)
    name = "h.0.mlp.query"
    for case, broken, _, code in broken_files(conversion.read("converted-weights"), name):
        conversion.rejected(f"check, converted weights with {case}",
                            {"converted-weights": broken}, code)


def main():
    suite = harness.Suite()
    gelu = Conversion(suite, "gelu", own_model(suite, "adder-gelu-tanh"))
    silu = Conversion(suite, "silu", own_model(suite, "adder-silu"), "--heads-per-neuron", "1")
    for conversion in (gelu, silu):
        if not suite.check(conversion.outcome.code == 0, "convert", conversion.outcome):
            continue
        for test in (test_converted_weights, test_original_weights, test_transposed):
            test(suite, conversion)
    test_large_edits(suite, gelu)
    test_swaps(suite, gelu, silu)
    test_broken_weights(suite, gelu)
    suite.finish()


if __name__ == "__main__":
    main()
