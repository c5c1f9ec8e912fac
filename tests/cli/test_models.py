"""The committed models' conversions: each verifies, and can be made anew."""

import json
import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

LARGEST = 400_000  # bytes of a model


def statement_of(path):
    return harness.lines_of(path)[0]["statement"]


def test_committed(suite, heads, judgement):
    path = heads / "certificate.jsonl"
    suite.equal(statement_of(path)["judgement"], judgement, f"{heads.parent.name}: judgement")
    checked = suite.checker(path)
    suite.check(checked.code == 0 and checked.verdict() == "Verified", f"{heads.parent.name}",
                checked)
    size = sum(one.stat().st_size for one in heads.parent.iterdir() if one.is_file())
    suite.check(size <= LARGEST, f"{heads.parent.name}: at most {LARGEST} bytes", size)


def test_made_anew(suite, conversions, conversion):
    """The listed command writes the same model and proves the same statement again."""
    name = conversion[0]
    out = pathlib.Path(suite.subfolder("anew"))
    shutil.copytree(conversions.MODELS / name, out / name, ignore=shutil.ignore_patterns("heads"))
    again = conversions.convert(pathlib.Path(suite.bin), out, conversion)
    committed = conversions.MODELS / name / "heads"
    for file in ("model.safetensors", "network.json", "original.network.json", "command"):
        suite.equal(harness.read(again / file) == harness.read(committed / file), True,
                    f"{name}: {file} made anew")
    suite.equal(statement_of(again / "certificate.jsonl"),
                statement_of(committed / "certificate.jsonl"), f"{name}: the claim made anew")


def test_agreement(suite, heads):
    """All 10,000 sums, in 100 shards of 100, and none excepted."""
    path = heads / "agreement.jsonl"
    lines = harness.lines_of(path)
    statement = lines[0]["statement"]
    suite.equal((statement["judgement"], statement["count"], statement["generate"],
                 statement["except"]), ("same-argmax", 10000, 3, []), "the agreement's claim")
    shards = [line["conclusion"] for line in lines if line.get("rule") == "argmax"]
    suite.equal([(one["first"], one["last"], one["except"]) for one in shards],
                [(first, first + 100, []) for first in range(0, 10000, 100)], "its shards")
    checked = suite.checker("--claim", json.dumps(statement), path, timeout=600)
    suite.check(checked.code == 0 and checked.verdict() == "Verified", "the agreement", checked)


def main():
    suite = harness.Suite()
    sys.path.insert(0, os.path.join(suite.source, "scripts"))
    import conversions  # noqa: E402
    names = [conversion[0] for conversion in conversions.CONVERSIONS]
    folders = sorted(one.name for one in conversions.MODELS.iterdir() if one.is_dir())
    suite.equal(folders, sorted(names), "folders are the listed models")
    sums = pathlib.Path(suite.path("sums.txt"))
    conversions.write_sums(sums)
    suite.equal(sums.read_bytes(), (conversions.MODELS / "sums.txt").read_bytes(), "sums.txt")
    for conversion in conversions.CONVERSIONS:
        heads = conversions.MODELS / conversion[0] / "heads"
        test_committed(suite, heads, "identity" if conversion[0] == "adder-silu" else "layer-error")
        test_made_anew(suite, conversions, conversion)
        if conversion[2]:
            test_agreement(suite, heads)
    suite.finish()


if __name__ == "__main__":
    main()
