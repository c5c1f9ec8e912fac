"""The committed theorems: each verifies against its own claim, and can be made anew."""

import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402


def test_committed(suite, folder):
    """attncert-check accepts the certificate as a proof of exactly claim.json."""
    checked = suite.checker("--claim", folder / "claim.json", folder / "certificate.jsonl")
    suite.equal(checked.code, 0, f"{folder.name}: exit code")
    suite.equal(checked.out.splitlines()[-1:], ["Verified"], f"{folder.name}: verdict")


def test_made_anew(suite, theorems, out, committed):
    """The listed commands prove the same claims again."""
    binaries = pathlib.Path(suite.bin)
    for theorem in theorems.THEOREMS:
        theorems.make(binaries, out, theorem)
    for refutation in theorems.REFUTATIONS:
        theorems.make_refutation(binaries, out, refutation)
    for folder in committed:
        again = out / folder.name / "claim.json"
        suite.equal(again.read_text(), (folder / "claim.json").read_text(),
                    f"{folder.name}: the claim made anew")


def main():
    suite = harness.Suite()
    sys.path.insert(0, os.path.join(suite.source, "scripts"))
    import theorems  # noqa: E402
    top = pathlib.Path(suite.source) / "certificates" / "theorems"
    committed = sorted(path for path in top.iterdir() if path.is_dir())
    names = [row[0] for row in theorems.THEOREMS + theorems.REFUTATIONS]
    suite.equal([path.name for path in committed], sorted(names), "folders are the listed theorems")
    for folder in committed:
        test_committed(suite, folder)
    with tempfile.TemporaryDirectory() as out:
        test_made_anew(suite, theorems, pathlib.Path(out), committed)
    suite.finish()


if __name__ == "__main__":
    main()
