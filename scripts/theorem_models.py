"""Small networks whose conversions are the paper's constructions, T1 to T5 and B1, number by number.

Weights are multiples of 1/8 from a fixed sequence, so that anyone can follow a construction by hand.
"""
import json
import math
import struct


class Weights:
    """Tensors by name, in the order of their making."""

    def __init__(self):
        self.tensors = {}
        self.state = 1

    def number(self):
        """The next multiple of 1/8 in [-2, 2): a linear congruential sequence."""
        self.state = (self.state * 1103515245 + 12345) % 2 ** 31
        return ((self.state >> 16) % 32 - 16) / 8

    def add(self, name, shape, numbers=None):
        """A tensor of given numbers, or of the next ones; returns its name."""
        numbers = numbers or [self.number() for _ in range(math.prod(shape))]
        self.tensors[name] = (shape, numbers)
        return name

    def affine(self, name, outputs, inputs, bias=True):
        """An affine map stored (outputs, inputs)."""
        entry = {"weight": self.add(name + ".weight", (outputs, inputs))}
        if bias:
            entry["bias"] = self.add(name + ".bias", (outputs,))
        return entry

    def identity(self, name, size):
        numbers = [float(i == j) for i in range(size) for j in range(size)]
        return {"weight": self.add(name + ".weight", (size, size), numbers)}

    def layer_norm(self, name, width):
        return {"kind": "layer-norm", "epsilon": "0.00001",
                "weight": self.add(name + ".weight", (width,)),
                "bias": self.add(name + ".bias", (width,))}

    def content(self):
        """The safetensors file, F32."""
        header, data = {}, b""
        for name, (shape, numbers) in self.tensors.items():
            content = struct.pack(f"<{len(numbers)}f", *numbers)
            header[name] = {"dtype": "F32", "shape": list(shape),
                            "data_offsets": [len(data), len(data) + len(content)]}
            data += content
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        return struct.pack("<Q", len(text)) + text + data


NO_NORM = {"kind": "none"}


def stack(d_model, *sublayers):
    """A network whose input is the rows of the stream themselves."""
    return {"attncert-network": 1, "d_model": d_model, "sublayers": list(sublayers)}


def mlp(weights, name, d_model, d_mlp, activation="silu", norm=None, bias=True, gate=False):
    layer = {"name": name, "kind": "mlp", "layout": "out-in", "d_mlp": d_mlp,
             "activation": activation, "norm": norm or NO_NORM,
             "in": weights.affine(name + ".in", d_mlp, d_model, bias),
             "out": weights.affine(name + ".out", d_model, d_mlp, bias)}
    if gate:
        layer["gate"] = weights.affine(name + ".gate", d_mlp, d_model, bias)
    return layer


def linear(weights, name, d_model):
    return {"name": name, "kind": "linear", "layout": "out-in", "norm": NO_NORM,
            "map": weights.affine(name, d_model, d_model)}


def entrywise(weights, name, d_model):
    """The activation of every coordinate: an MLP whose matrices are the identity."""
    return {"name": name, "kind": "mlp", "layout": "out-in", "d_mlp": d_model,
            "activation": "silu", "norm": NO_NORM, "in": weights.identity(name + ".in", d_model),
            "out": weights.identity(name + ".out", d_model)}


def attention(weights, name, d_model, n_head):
    return {"name": name, "kind": "attention", "layout": "out-in", "n_head": n_head,
            "d_head": d_model // n_head, "mask": "causal", "scale": f"rsqrt({d_model // n_head})",
            "norm": weights.layer_norm(name + ".norm", d_model),
            "qkv": weights.affine(name + ".qkv", 3 * d_model, d_model),
            "out": weights.affine(name + ".out", d_model, d_model)}


def neuron(weights):
    return stack(2, mlp(weights, "neuron", 2, 1, bias=True))


def mlp_layer(weights):
    return stack(3, mlp(weights, "mlp", 3, 5))


def transformer(weights):
    """Two blocks over five tokens."""
    width, vocab, n_ctx = 4, 5, 6
    network = stack(width)
    network.update(vocab=vocab, n_ctx=n_ctx, embedding={
        "token": weights.add("token", (vocab, width)),
        "position": weights.add("position", (n_ctx, width))})
    for block in ("0", "1"):
        network["sublayers"] += [
            attention(weights, f"{block}.attention", width, 2),
            mlp(weights, f"{block}.mlp", width, 6,
                norm=weights.layer_norm(f"{block}.mlp.norm", width))]
    network.update(final_norm=weights.layer_norm("norm", width), unembedding={
        "layout": "out-in", "weight": weights.add("unembedding", (vocab, width))})
    return network


def linear_map(weights):
    return stack(3, linear(weights, "map", 3))


def activation(weights):
    return stack(3, entrywise(weights, "activation", 3))


def in_parts(weights):
    return stack(3, linear(weights, "first", 3), entrywise(weights, "activation", 3),
                 linear(weights, "second", 3))


def glu(weights):
    return stack(3, mlp(weights, "glu", 3, 4, activation="sigmoid", gate=True))


# name, what it says, the network
CONSTRUCTIONS = [
    ("t1-neuron", "T1: a SiLU neuron is one head", neuron),
    ("t2-mlp", "T2: an MLP is a sum of heads", mlp_layer),
    ("t3-transformer", "T3: a SiLU transformer is attention-only", transformer),
    ("t4-linear", "T4: a linear map is one head", linear_map),
    ("t5-activation", "T5: heads apply SiLU to every entry", activation),
    ("t5-in-parts", "T4, T5, T4: linear maps and activations apart", in_parts),
    ("b1-glu", "B1: a GLU is a sum of heads", glu),
]


def write_model(folder, build):
    """Writes network.json and model.safetensors into a folder."""
    weights = Weights()
    network = build(weights)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network.json").write_text(json.dumps(network, indent=2) + "\n", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(weights.content())
