"""`attncert export` and `attncert convert` of ONNX files, as other exporters write them too."""

import json
import math
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from onnx_file import Graph  # noqa: E402

WIDTH, HEADS, HIDDEN, VOCAB, CONTEXT = 8, 2, 12, 11, 5
SIZE = WIDTH // HEADS


class Style:
    """A decoder of one block, in one of the ways exporters have to say it."""

    def __init__(self, **how):
        self.how = how
        self.graph = Graph()
        self.random = random.Random(3)

    def weight(self, *shape, external=False):
        values = [self.random.gauss(0, 0.5) for _ in range(math.prod(shape))]
        return self.graph.constant(shape, values, external)

    def number(self, value):
        return self.graph.constant((), [float(value)])

    def ints(self, *values):
        return self.graph.constant((len(values),), list(values))

    def affine(self, x, inputs, outputs):
        add = self.graph.add
        if self.how.get("gemm"):  # Conv1D: flat rows, Gemm, rows again
            flat = add("Reshape", x, self.ints(-1, inputs))
            flat = add("Gemm", flat, self.weight(outputs, inputs), self.weight(outputs),
                       alpha=1.0, beta=1.0, transB=1)
            return add("Reshape", flat, self.ints(1, -1, outputs))
        product = add("MatMul", x, self.weight(inputs, outputs))
        return add("Add", self.weight(outputs), product)

    def norm(self, x):
        add = self.graph.add
        if self.how.get("operator"):
            return add("LayerNormalization", x, self.weight(WIDTH), self.weight(WIDTH), axis=-1,
                       epsilon=1e-5)
        centred = add("Sub", x, add("ReduceMean", x, axes=[-1]))
        if self.how.get("rms"):
            centred = x
        square = add("Pow", centred, self.number(2))
        spread = add("Sqrt", add("Add", add("ReduceMean", square, axes=[-1]), self.number(1e-5)))
        scaled = add("Mul", add("Div", centred, spread), self.weight(WIDTH))
        return scaled if self.how.get("rms") else add("Add", scaled, self.weight(WIDTH))

    def activation(self, z):
        add = self.graph.add
        kind = self.how.get("activation", "gelu")
        if kind == "gelu":
            erf = add("Erf", add("Div", z, self.number(math.sqrt(2))))
            return add("Mul", add("Mul", z, add("Add", erf, self.number(1))), self.number(0.5))
        if kind == "gelu_tanh":
            cube = add("Mul", add("Pow", z, self.number(3)), self.number(0.044715))
            inner = add("Mul", add("Add", z, cube), self.number(math.sqrt(2 / math.pi)))
            one = add("Add", add("Tanh", inner), self.number(1))
            return add("Mul", add("Mul", z, self.number(0.5)), one)
        if kind == "silu":
            return add("Mul", z, add("Sigmoid", z))
        if kind == "quick_gelu":
            return add("Mul", z, add("Sigmoid", add("Mul", z, self.number(1.702))))
        return add(kind, z)

    def heads(self, x, order):
        split = self.graph.add("Reshape", x, self.ints(1, -1, HEADS, SIZE))
        return self.graph.add("Transpose", split, perm=order)

    def projections(self, x):
        if self.how.get("separate"):
            return [self.affine(x, WIDTH, WIDTH) for _ in range(3)]
        return self.graph.add("Split", self.affine(x, WIDTH, 3 * WIDTH),
                              self.ints(WIDTH, WIDTH, WIDTH), outputs=3, axis=2)

    def masked(self, scores, x):
        add = self.graph.add
        kind = self.how.get("mask", "where")
        allowed = [self.allows(i, j) for i in range(CONTEXT) for j in range(CONTEXT)]
        if kind == "none":
            return scores
        count = add("Gather", add("Shape", x), self.graph.constant((), [1]), axis=0)
        end = add("Unsqueeze", count, self.ints(0))
        if kind == "where":
            table = self.graph.constant((1, 1, CONTEXT, CONTEXT), allowed)
        else:
            table = self.graph.constant((1, 1, CONTEXT, CONTEXT),
                                        [0.0 if one else self.how["fill"] for one in allowed])
        table = add("Slice", table, self.ints(0), end, self.ints(2), self.ints(1))
        table = add("Slice", table, self.ints(0), end, self.ints(3), self.ints(1))
        if kind == "where":
            return add("Where", table, scores, self.number(-math.inf))
        return add("Add", scores, table)

    def allows(self, i, j):
        return i - self.how.get("window", CONTEXT) < j <= i

    def attention(self, x):
        add = self.graph.add
        query, key, value = self.projections(x)
        query = self.heads(query, [0, 2, 1, 3])
        key = self.heads(key, [0, 2, 3, 1])
        if self.how.get("scale_both"):  # as scaled_dot_product_attention is exported
            root = self.number(SIZE ** -0.25)
            scores = add("MatMul", add("Mul", query, root), add("Mul", key, root))
        else:
            scores = add("Div", add("MatMul", query, key), self.number(math.sqrt(SIZE)))
        weights = add("Softmax", self.masked(scores, x), axis=-1)
        mixed = add("MatMul", weights, self.heads(value, [0, 2, 1, 3]))
        mixed = add("Reshape", add("Transpose", mixed, perm=[0, 2, 1, 3]), self.ints(1, -1, WIDTH))
        return self.affine(mixed, WIDTH, WIDTH)

    def embedded(self):
        add = self.graph.add
        ids = self.graph.input("input_ids", 7, ["batch", "length"])
        rows = add("Gather", self.weight(VOCAB, WIDTH), ids, axis=0)
        if self.how.get("no_positions"):
            return rows
        count = add("Gather", add("Shape", ids), self.graph.constant((), [1]), axis=0)
        places = add("Range", self.graph.constant((), [0]), count, self.graph.constant((), [1]))
        places = add("Unsqueeze", places, self.ints(0))
        return add("Add", rows, add("Gather", self.weight(CONTEXT, WIDTH), places, axis=0))

    def file(self):
        add = self.graph.add
        x = self.embedded()
        x = add("Add", x, self.attention(self.norm(x)))
        hidden = self.affine(self.norm(x), WIDTH, HIDDEN)
        x = add("Add", self.affine(self.activation(hidden), HIDDEN, WIDTH), x)
        external = self.how.get("external", False)
        logits = add("MatMul", self.norm(x), self.weight(WIDTH, VOCAB, external=external))
        self.graph.output(logits, [1, "length", VOCAB])
        return self.graph.file()


# style, and what its network must say: (norm, activation, mask)
READ = [({}, ("layer-norm", "gelu", "causal")),
        ({"operator": True, "gemm": True, "activation": "gelu_tanh"},
         ("layer-norm", "gelu_tanh", "causal")),
        ({"rms": True, "activation": "silu", "separate": True}, ("rms-norm", "silu", "causal")),
        ({"activation": "quick_gelu", "scale_both": True}, ("layer-norm", "quick_gelu", "causal")),
        ({"activation": "Relu", "mask": "add", "fill": -1e9}, ("layer-norm", "relu", "causal")),
        ({"activation": "Gelu", "mask": "none"}, ("layer-norm", "gelu", "full")),
        ({"activation": "Relu", "mask": "add", "fill": -math.inf, "separate": True},
         ("layer-norm", "relu", "causal"))]

# style, and what the refusal must name
REFUSED = [({"window": 2}, "neither causal nor full"),
           ({"mask": "add", "fill": -10.0}, "no mask"),
           ({"activation": "Abs"}, "this activation is none of"),
           ({"activation": "Sin"}, "/Sin_"),
           ({"no_positions": True}, "the number of tokens must be fixed"),
           ({"external": True}, "external file")]


def test_read(suite):
    for number, (how, wanted) in enumerate(READ):
        file = suite.write(f"style{number}.onnx", Style(**how).file())
        out = suite.path(f"style{number}")
        outcome = suite.attncert("convert", file, "-o", out, "--heads-per-neuron", "3")
        if not suite.check(outcome.code == 0, f"{how}: convert", outcome):
            continue
        network = json.loads(harness.read(os.path.join(out, "original", "network.json")))
        attention, mlp = network["sublayers"]
        suite.equal((mlp["norm"]["kind"], mlp["activation"], attention["mask"]), wanted, how)
        suite.equal((attention["scale"], network["n_ctx"], network["vocab"]),
                    ("rsqrt(4)", CONTEXT, VOCAB), how)
        suite.equal(mlp["norm"]["epsilon"], "0.00001", f"{how}: epsilon")
        suite.equal(suite.checker(out).verdict(), "Verified", f"{how}: verdict")


def test_refused(suite):
    for number, (how, needle) in enumerate(REFUSED):
        file = suite.write(f"refused{number}.onnx", Style(**how).file())
        out = suite.path(f"refused{number}")
        suite.refuses(f"{how}", suite.attncert("convert", file, "-o", out), 2, needle)
        suite.check(not os.path.exists(out), f"{how}: nothing is written")
    damaged = suite.write("damaged.onnx", Style().file()[:-20])
    suite.refuses("damaged", suite.attncert("convert", damaged, "-o", suite.path("d")), 2, "ONNX")


def test_export(suite):
    model = os.path.join(suite.source, "certificates", "models", "adder-silu")
    for more in ((), ("--dtype", "F64"), ("--sublayer", "h.0.mlp")):
        for folder in (model, os.path.join(model, "heads")):
            outcome = suite.attncert("export", folder, "-o", suite.path("out.onnx"), *more)
            suite.check(outcome.code == 0, f"export {more}", outcome)
    once, again = harness.read(suite.path("out.onnx")), None
    suite.attncert("export", os.path.join(model, "heads"), "-o", suite.path("again.onnx"),
                   "--sublayer", "h.0.mlp")
    again = harness.read(suite.path("again.onnx"))
    suite.check(once == again and b"Softmax" in once, "export: deterministic, with a softmax")
    suite.refuses("no such sublayer", suite.attncert("export", model, "-o", suite.path("n.onnx"),
                                                     "--sublayer", "h.9.mlp"), 2, "h.9.mlp")
    suite.refuses("no such model", suite.attncert("export", suite.path("none"), "-o",
                                                  suite.path("n.onnx")), 2, "none")
    suite.check(not os.path.exists(suite.path("n.onnx")), "export: nothing written on error")


def main():
    suite = harness.Suite()
    test_read(suite)
    test_refused(suite)
    test_export(suite)
    suite.finish()


main()
