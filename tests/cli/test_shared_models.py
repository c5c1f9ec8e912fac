"""Models that others trained, converted: claims as strong as the weights allow, never exceeded.

They lie in ../shared/models and are not part of the project: without them this test says so.
"""

import json
import os
import random
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from conversion import Conversion, mlps_of, set_value  # noqa: E402
from safetensors import TensorFile  # noqa: E402

# The table's suprema over all reals: an activation's bound on any neuron's range is no larger.
SUPREMA = {("gelu", 1): 1.392225e-2, ("gelu", 3): 2.768103e-4, ("gelu", 6): 8.266593e-7,
           ("gelu_tanh", 1): 1.421661e-2, ("gelu_tanh", 3): 2.212568e-4,
           ("gelu_tanh", 6): 4.547376e-6, ("relu", 1): 0.278464542761074 / 2 ** 20}
ROUNDING = 1e-10  # of fp64 evaluations of models this small

MODELS = ("mingpt_adder2", "makemore_names", "llmviz_gpt_nano_sort", "gpt_by_hand_erf")


def amplification(conversion, mlp):
    """The largest sum over neurons of |V2_jk|, and each tensor's layout."""
    file = TensorFile(conversion.read("original-weights"))
    name = mlp["out"]["weight"]
    rows, columns = file.header[name]["shape"]
    sums = [0.0] * (rows if mlp["layout"] == "out-in" else columns)
    for i in range(rows):
        for j in range(columns):
            sums[i if mlp["layout"] == "out-in" else j] += abs(file.get(name, i * columns + j))
    return max(sums)


def check_bounds(suite, conversion, heads, case):
    """Verified; no error above amplification times supremum, no difference seen above the error."""
    outcome = conversion.outcome
    if not suite.check(outcome.code == 0, f"{case}: convert", outcome):
        return
    checked = suite.checker(conversion.out)
    suite.check(checked.verdict() == "Verified", f"{case}: verified", checked)
    report = outcome.json()
    mlps = mlps_of(conversion.out)
    suite.equal(len(report["layers"]), len(mlps), f"{case}: sublayers")
    for layer, mlp in zip(report["layers"], mlps):
        most = amplification(conversion, mlp) * SUPREMA[(mlp["activation"], heads)] * (1 + 1e-6)
        error, seen = float(layer["error"]), float(layer["approx_measured"])
        suite.check(0 < error <= most, f"{case}: {layer['name']}", f"{error} above {most}")
        suite.check(0 < seen <= error + ROUNDING, f"{case}: {layer['name']} as seen", layer)


def prompts_of(suite, model, name):
    """The reference inputs, and random ones."""
    with open(os.path.join(model, "config.json"), encoding="utf-8") as stream:
        config = json.load(stream)
    references = json.loads(harness.read(os.path.join(model, "ref.json")))
    rows = [one["ids"] for one in references]
    generator = random.Random(5)
    for _ in range(40):
        length = generator.randrange(1, config["n_ctx"] + 1)
        rows.append([generator.randrange(config["vocab"]) for _ in range(length)])
    return suite.write(f"{name}.txt", "".join(",".join(map(str, row)) + "\n" for row in rows))


def test_gpts(suite, top):
    for name in MODELS:
        model = os.path.join(top, name)
        prompts = prompts_of(suite, model, name)
        for heads in (1, 3, 6):
            conversion = Conversion(suite, f"{name}-{heads}", model, "--heads-per-neuron",
                                    str(heads), "--prompts", prompts)
            check_bounds(suite, conversion, heads, f"{name}, {heads} heads")


def test_adder(suite, top):
    """The figures that are known."""
    for heads, worst in ((3, 1.43e-3), (6, 2.93e-5)):
        conversion = Conversion(suite, f"adder-{heads}", os.path.join(top, "mingpt_adder2"),
                                "--heads-per-neuron", str(heads))
        errors = [float(layer["error"]) for layer in conversion.outcome.json()["layers"]]
        suite.check(max(errors) <= worst, f"mingpt_adder2, {heads} heads", errors)


def write_patches(suite):
    """Random images, normalised as MNIST's."""
    generator = random.Random(6)
    values = [generator.uniform(-0.42, 2.82) for _ in range(16 * 49)]
    header = json.dumps({"patches": {"dtype": "F32", "shape": [16, 49],
                                     "data_offsets": [0, 4 * len(values)]}}).encode()
    header += b" " * (-len(header) % 8)
    return suite.write("patches.safetensors", struct.pack("<Q", len(header)) + header
                       + struct.pack(f"<{len(values)}f", *values))


def test_vision(suite, top):
    """Mean-only norm: nothing holds for every input but ReLU's bound on all reals, and boxes."""
    model = os.path.join(top, "deept_mnist_vit_relu")
    patches = write_patches(suite)
    for options in (("--box", "4"), ("--box", "0.5"), ()):
        conversion = Conversion(suite, "vision" + "".join(options), model, *options, "--input",
                                patches)
        check_bounds(suite, conversion, 1, f"deept_mnist_vit_relu {' '.join(options)}")


def test_llama(suite, top):
    outcome = suite.attncert("convert", os.path.join(top, "stories260K"), "-o", suite.path("never"))
    suite.refuses("SwiGLU", outcome, code=1, needle="gated by silu")
    suite.check(not os.path.exists(suite.path("never")), "SwiGLU: nothing written")
    test_llama_attention(suite, os.path.join(top, "stories260K"))


def test_llama_attention(suite, model):
    """Its attention sublayers are converted exactly, and its gated MLPs are kept."""
    conversion = Conversion(suite, "stories", model, "--only", "attention")
    if not suite.check(conversion.outcome.code == 0, "stories260K: convert", conversion.outcome):
        return
    suite.equal(conversion.outcome.json()["judgement"], "identity", "stories260K: judgement")
    checked = suite.checker(conversion.out)
    suite.equal(checked.verdict(), "Verified", "stories260K: verdict")
    kinds = [one["kind"] for one in json.loads(conversion.read("converted-network"))["sublayers"]]
    suite.equal([one.get("kept") for one in conversion.outcome.json()["layers"]], 5 * [True],
                "stories260K: MLPs are said to be kept")
    suite.equal(kinds, 5 * ["token-heads", "mlp"], "stories260K: sublayers")
    content = conversion.read("converted-weights")
    for name in mlps_of(conversion.out)[2]["gate"]["weight"], "layers.4.attn.value":
        suite.check(name in TensorFile(content).header, f"stories260K: {name}", "missing")
        conversion.rejected(f"stories260K: {name} moved",
                            {"converted-weights": set_value(content, name, 7, 0.5)},
                            "InstanceMismatch", (name,))


def main():
    suite = harness.Suite()
    top = os.path.join(suite.shared, "models")
    if os.path.isdir(top):
        for test in (test_gpts, test_adder, test_vision, test_llama):
            test(suite, top)
    else:
        suite.skip(f"{top} is missing: its models were not converted")
    suite.finish()


if __name__ == "__main__":
    main()
