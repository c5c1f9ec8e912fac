#!/usr/bin/env python3
"""Write a model of GPT-2's shape with random weights, as a Hugging Face gpt2 folder.

For measuring memory and speed on real sizes without real weights: 12 blocks of width 768 with MLPs
of 3072 and 50,257 tokens unless told otherwise (498 MB). Weights are float32 of both signs with
magnitudes in [2^-9, 2^-7), uniform over the floats there; norms have gain 1 and shift 0. The same
seed gives the same bytes.
"""
import argparse
import json
import os
import random
import struct
import sys

SIGN_AND_EXPONENT = bytes(0x3B if byte < 128 else 0xBB for byte in range(256))
ONE = struct.pack("<f", 1.0)


def tensors_of(args):
    """(name, shape, kind) of every tensor; kind is random, ones or zeros."""
    width, mlp = args.d_model, 4 * args.d_model
    yield "wte.weight", (args.vocab, width), "random"
    yield "wpe.weight", (args.n_ctx, width), "random"
    for layer in range(args.n_layer):
        prefix = f"h.{layer}."
        for norm in ("ln_1", "ln_2"):
            yield f"{prefix}{norm}.weight", (width,), "ones"
            yield f"{prefix}{norm}.bias", (width,), "zeros"
        for name, inputs, outputs in (("attn.c_attn", width, 3 * width),
                                      ("attn.c_proj", width, width),
                                      ("mlp.c_fc", width, mlp), ("mlp.c_proj", mlp, width)):
            yield f"{prefix}{name}.weight", (inputs, outputs), "random"
            yield f"{prefix}{name}.bias", (outputs,), "random"
    yield "ln_f.weight", (width,), "ones"
    yield "ln_f.bias", (width,), "zeros"


def count(shape):
    total = 1
    for extent in shape:
        total *= extent
    return total


def data_of(shape, kind, source):
    """The bytes of a tensor, in pieces."""
    left = count(shape)
    while left > 0:
        now = min(left, 1 << 22)
        left -= now
        if kind == "ones":
            yield ONE * now
        elif kind == "zeros":
            yield bytes(4 * now)
        else:
            raw = bytearray(source.randbytes(4 * now))
            raw[3::4] = raw[3::4].translate(SIGN_AND_EXPONENT)
            yield bytes(raw)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="folder to write; must not exist yet")
    parser.add_argument("--n-layer", type=int, default=12)
    parser.add_argument("--n-head", type=int, default=12)
    parser.add_argument("--d-model", type=int, default=768)
    parser.add_argument("--vocab", type=int, default=50257)
    parser.add_argument("--n-ctx", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.d_model % args.n_head:
        sys.exit("error: --n-head must divide --d-model")
    try:
        os.makedirs(args.folder)
    except OSError as problem:
        sys.exit(f"error: cannot create '{args.folder}': {problem.strerror}")
    header, at = {}, 0
    for name, shape, _ in tensors_of(args):
        size = 4 * count(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": (at, at + size)}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    source = random.Random(args.seed)
    with open(os.path.join(args.folder, "model.safetensors"), "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, shape, kind in tensors_of(args):
            for piece in data_of(shape, kind, source):
                out.write(piece)
    config = {"model_type": "gpt2", "activation_function": "gelu_new", "n_layer": args.n_layer,
              "n_head": args.n_head, "n_embd": args.d_model, "n_positions": args.n_ctx,
              "vocab_size": args.vocab, "layer_norm_epsilon": 1e-05}
    with open(os.path.join(args.folder, "config.json"), "w", encoding="utf-8") as out:
        json.dump(config, out, indent=2)
        out.write("\n")


if __name__ == "__main__":
    main()
