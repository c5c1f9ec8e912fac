"""A conversion in a folder of its own, and the checker's verdict on edits of its files."""

import hashlib
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from safetensors import TensorFile  # noqa: E402

GAIN = "silu:k=1.774497615"
FACTS = "LayerFactsMismatch"
ROLES = {"original-network": ("original", "network"), "original-weights": ("original", "weights"),
         "converted-network": ("converted", "network"),
         "converted-weights": ("converted", "weights")}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Conversion:
    """A conversion beside a copy of its model; edits happen in copies of the whole folder."""

    def __init__(self, suite, name, model, *options):
        self.suite = suite
        self.folder = suite.subfolder(name)
        self.model = os.path.join(self.folder, "model")
        shutil.copytree(model, self.model, copy_function=shutil.copyfile)
        os.chmod(self.model, 0o755)
        self.out = os.path.join(self.folder, "heads")
        os.makedirs(self.out)
        options = options or ("--approximant", GAIN)
        self.outcome = suite.attncert("convert", self.model, "-o", self.out, *options, "--json")

    def files(self):
        return {"original-network": os.path.join("heads", "original.network.json"),
                "original-weights": os.path.join("model", "model.safetensors"),
                "converted-network": os.path.join("heads", "network.json"),
                "converted-weights": os.path.join("heads", "model.safetensors")}

    def read(self, role):
        return harness.read(os.path.join(self.folder, self.files()[role]))

    def lines(self):
        return harness.lines_of(os.path.join(self.out, "certificate.jsonl"))

    def check_edit(self, changed, edit=None, correct=True, claim=None):
        """The verdict after files (by role) and certificate lines were replaced."""
        place = os.path.join(self.suite.folder, "edit")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder, place)
        text = harness.read(os.path.join(self.out, "certificate.jsonl")).decode()
        for role, content in changed.items():
            with open(os.path.join(place, self.files()[role]), "wb") as stream:
                stream.write(content)
            if correct:
                text = text.replace(sha256(self.read(role)), sha256(content))
        if edit:
            lines = [json.loads(line) for line in text.splitlines()]
            edit(lines)
            text = harness.text_of(lines)
        path = os.path.join(place, "heads", "certificate.jsonl")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        more = ["--claim", json.dumps(claim)] if claim else []
        outcome = self.suite.checker(path, "--json", *more)
        return outcome, (outcome.json()["certificates"][0] if outcome.out.startswith("{") else {})

    def rejected(self, case, changed, code, needles=(), **options):
        outcome, report = self.check_edit(changed, **options)
        codes = (code,) if isinstance(code, str) else code
        good = outcome.code == 1 and report.get("verdict") == "Rejected"
        good = good and report.get("code") in codes
        good = good and all(needle in report["message"] for needle in needles)
        self.suite.check(good, case, f"wanted {codes} naming {needles}; {outcome.code} "
                         f"{report.get('code')}: {report.get('message')}; {outcome.err[-200:]}")

    def verified(self, case, changed, **options):
        outcome, report = self.check_edit(changed, **options)
        self.suite.check(outcome.code == 0, case, f"{outcome.code} {report}")


def own_model(suite, name):
    return os.path.join(suite.source, "certificates", "models", name)


def set_value(content, name, index, value):
    file = TensorFile(content)
    file.set(name, index, value)
    return file.content()


def mlps_of(out):
    network = json.loads(harness.read(os.path.join(out, "original.network.json")))
    return [one for one in network["sublayers"] if one["kind"] == "mlp"]


def mlp_tensors(network):
    """(sublayer, tensor) for every tensor of an MLP sublayer."""
    for layer in network["sublayers"]:
        if layer["kind"] == "mlp":
            for part in ("in", "out", "norm"):
                for key in ("weight", "bias"):
                    if key in layer[part]:
                        yield layer["name"], layer[part][key]


def edited_network(conversion, role, edit):
    """The network file of a role, changed by a function of its JSON."""
    network = json.loads(conversion.read(role))
    edit(network)
    return {role: (json.dumps(network, indent=2) + "\n").encode()}
