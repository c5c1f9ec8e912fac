#!/usr/bin/python3
"""Train a very small GPT-2-like transformer to add two two-digit numbers.

The task is minGPT's "adder": the prompt is the digits a1 a0 b1 b0 of a and b,
the answer is the three digits of a + b, units first.  In training the network
reads the prompt and two answer digits, and its last three outputs are scored.
All 10,000 pairs are training data: the aim is to be right on the whole domain.
The float32 weights, read back from the bytes to be written, must give all sums
by greedy decoding in float32 and in float64 arithmetic; otherwise nothing is
written and the exit status is 1.

Shapes: batch B, tokens T, M = B*T, D = D_MODEL, H = N_HEAD, d = D_HEAD.
"""
import os
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy is imported: one core only

import argparse
import hashlib
import json
import math
import platform
import sys
import time

import numpy as np

N_BLOCK, N_HEAD, D_HEAD, D_MODEL, D_MLP = 2, 2, 16, 32, 128     # D_MODEL = N_HEAD * D_HEAD
VOCAB, N_PROMPT, N_ANSWER, LN_EPS = 10, 4, 3, 1e-5
N_CTX = N_PROMPT + N_ANSWER - 1     # the last answer digit is never an input
BATCH = 250                         # 40 batches are one pass over the 10,000 pairs
PEAK_LR, FINAL_LR, WARMUP = 3e-3, 3e-5, 200
BETA1, BETA2, ADAM_EPS, CLIP_NORM = 0.9, 0.98, 1e-9, 1.0
CHECK_EVERY = 250                   # steps between checks on all pairs
ENOUGH_MARGIN = 8.0                 # stop once every decision is this clear


# Activations: each returns (f(x), f'(x)) elementwise and keeps the dtype of x.

def gelu_tanh(x):
    c, k, x2 = math.sqrt(2 / math.pi), 0.044715, x * x
    t = np.tanh(c * x * (1 + k * x2))
    return 0.5 * x * (1 + t), 0.5 * (1 + t) + (0.5 * c) * x * (1 - t * t) * (1 + 3 * k * x2)


def gelu(x):
    erf = np.vectorize(math.erf, otypes=[float])(x * math.sqrt(0.5)).astype(x.dtype)
    cdf = 0.5 * (1 + erf)
    return x * cdf, cdf + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def silu(x):
    s = 0.5 * (1 + np.tanh(0.5 * x))            # the sigmoid, without overflow
    return x * s, s * (1 + x * (1 - s))


def relu(x):
    return np.maximum(x, 0), (x > 0).astype(x.dtype)


ACTIVATIONS = {f.__name__: f for f in (gelu_tanh, gelu, silu, relu)}


# Layers: p maps minGPT's parameter names to arrays.  Each *_back function puts
# the parameters' gradients into grad and returns the gradient of its input.

def linear(p, name, x):
    """(M, in) -> (M, out).  Debian's reference BLAS is slower here than einsum."""
    y = np.einsum("mi,oi->mo", x, p[name + ".weight"])
    return y + p[name + ".bias"] if name + ".bias" in p else y


def linear_back(p, grad, name, x, dy):
    grad[name + ".weight"] = np.einsum("mo,mi->oi", dy, x)
    if name + ".bias" in p:
        grad[name + ".bias"] = dy.sum(0)
    return np.einsum("mo,oi->mi", dy, p[name + ".weight"])


def layer_norm(p, name, x):
    """(M, D) -> (M, D), with the biased variance; the cache is (xhat, 1/std)."""
    xc = x - x.mean(1, keepdims=True)
    rstd = 1 / np.sqrt((xc * xc).mean(1, keepdims=True) + LN_EPS)
    xhat = xc * rstd
    return xhat * p[name + ".weight"] + p[name + ".bias"], (xhat, rstd)


def layer_norm_back(p, grad, name, cache, dy):
    xhat, rstd = cache
    grad[name + ".weight"] = (dy * xhat).sum(0)
    grad[name + ".bias"] = dy.sum(0)
    g = dy * p[name + ".weight"]
    # Project out shifting and scaling of x, which leave xhat as it is (but for eps).
    return (g - g.mean(1, keepdims=True) - xhat * (g * xhat).mean(1, keepdims=True)) * rstd


def attention(p, name, x, B, T):
    qkv = linear(p, name + ".c_attn", x)                        # (M, 3D)
    q, k, v = qkv.reshape(B, T, 3, N_HEAD, -1).transpose(2, 0, 3, 1, 4)     # each (B, H, T, d)
    s = q @ k.swapaxes(2, 3) / math.sqrt(D_HEAD)     # (B, H, T, T)
    s = np.where(np.tri(T, dtype=bool), s, -np.inf)
    a = np.exp(s - s.max(3, keepdims=True))
    a /= a.sum(3, keepdims=True)
    z = (a @ v).transpose(0, 2, 1, 3).reshape(B * T, D_MODEL)
    return linear(p, name + ".c_proj", z), (x, q, k, v, a, z)


def attention_back(p, grad, name, cache, dy, B, T):
    x, q, k, v, a, z = cache
    dz = linear_back(p, grad, name + ".c_proj", z, dy)
    dz = dz.reshape(B, T, N_HEAD, -1).transpose(0, 2, 1, 3)     # (B, H, T, d)
    da = dz @ v.swapaxes(2, 3)
    ds = a * (da - (da * a).sum(3, keepdims=True)) / math.sqrt(D_HEAD)      # 0 where masked
    dqkv = np.stack([ds @ k, ds.swapaxes(2, 3) @ q, a.swapaxes(2, 3) @ dz])
    dqkv = dqkv.transpose(1, 3, 0, 2, 4).reshape(B * T, 3 * D_MODEL)
    return linear_back(p, grad, name + ".c_attn", x, dqkv)


def init_parameters(rng, mlp_bias):
    """Parameters in the order in which they are stored; float32."""
    p = {}

    def add(name, *shape, std, bias=False):
        p[name + ".weight"] = (std * rng.standard_normal(shape)).astype(np.float32)
        if bias:
            p[name + ".bias"] = np.zeros(shape[0], np.float32)

    def add_norm(name):
        p[name + ".weight"] = np.ones(D_MODEL, np.float32)
        p[name + ".bias"] = np.zeros(D_MODEL, np.float32)

    # Matrices keep unit size; those that write to the residual stream are smaller.
    std, shrink = 1 / math.sqrt(D_MODEL), 1 / math.sqrt(2 * N_BLOCK)
    add("transformer.wte", VOCAB, D_MODEL, std=0.5)
    add("transformer.wpe", N_CTX, D_MODEL, std=0.5)
    for n in range(N_BLOCK):
        h = f"transformer.h.{n}"
        add_norm(h + ".ln_1")
        add(h + ".attn.c_attn", 3 * D_MODEL, D_MODEL, std=std, bias=True)
        add(h + ".attn.c_proj", D_MODEL, D_MODEL, std=std * shrink, bias=True)
        add_norm(h + ".ln_2")
        add(h + ".mlp.c_fc", D_MLP, D_MODEL, std=std, bias=mlp_bias)
        add(h + ".mlp.c_proj", D_MODEL, D_MLP, std=shrink / math.sqrt(D_MLP), bias=mlp_bias)
    add_norm("transformer.ln_f")
    add("lm_head", VOCAB, D_MODEL, std=std)
    return p


def forward(p, tokens, activation):
    """tokens (B, T) -> logits (B, T, VOCAB), and what the backward pass needs."""
    B, T = tokens.shape
    x = p["transformer.wte.weight"][tokens] + p["transformer.wpe.weight"][:T]
    x = x.reshape(B * T, D_MODEL)               # the residual stream
    caches = []
    for n in range(N_BLOCK):
        h = f"transformer.h.{n}"
        y, ln_1 = layer_norm(p, h + ".ln_1", x)
        y, attn = attention(p, h + ".attn", y, B, T)
        x = x + y
        y, ln_2 = layer_norm(p, h + ".ln_2", x)
        z, slope = activation(linear(p, h + ".mlp.c_fc", y))    # (M, D_MLP)
        x = x + linear(p, h + ".mlp.c_proj", z)
        caches.append((ln_1, attn, ln_2, y, z, slope))
    y, ln_f = layer_norm(p, "transformer.ln_f", x)
    return linear(p, "lm_head", y).reshape(B, T, VOCAB), (caches, ln_f, y)


def loss_and_gradient(p, tokens, targets, activation):
    """Mean cross-entropy over the last positions; targets (B, N_ANSWER)."""
    (B, T), grad = tokens.shape, {}
    logits, (caches, ln_f, y) = forward(p, tokens, activation)
    z = logits[:, -N_ANSWER:]
    z = z - z.max(2, keepdims=True)
    logp = z - np.log(np.exp(z).sum(2, keepdims=True))
    hit = np.eye(VOCAB, dtype=z.dtype)[targets]
    dlogits = np.zeros_like(logits)             # prompt positions are not scored
    dlogits[:, -N_ANSWER:] = (np.exp(logp) - hit) / targets.size

    dx = linear_back(p, grad, "lm_head", y, dlogits.reshape(B * T, VOCAB))
    dx = layer_norm_back(p, grad, "transformer.ln_f", ln_f, dx)
    for n in reversed(range(N_BLOCK)):
        h = f"transformer.h.{n}"
        ln_1, attn, ln_2, y, z, slope = caches[n]
        dy = linear_back(p, grad, h + ".mlp.c_proj", z, dx) * slope
        dy = linear_back(p, grad, h + ".mlp.c_fc", y, dy)
        dx = dx + layer_norm_back(p, grad, h + ".ln_2", ln_2, dy)
        dy = attention_back(p, grad, h + ".attn", attn, dx, B, T)
        dx = dx + layer_norm_back(p, grad, h + ".ln_1", ln_1, dy)
    grad["transformer.wte.weight"] = np.eye(VOCAB, dtype=dx.dtype)[tokens.ravel()].T @ dx
    grad["transformer.wpe.weight"] = dx.reshape(B, T, D_MODEL).sum(0)    # here T = N_CTX
    return -(logp * hit).sum() / targets.size, grad


def all_pairs():
    """Prompts (10000, 4) and answers (10000, 3), the answers units first."""
    a, b = np.divmod(np.arange(10_000), 100)
    digits = [a // 10, a % 10, b // 10, b % 10], [(a + b) // 10**n % 10 for n in range(N_ANSWER)]
    return [np.stack(d, 1) for d in digits]


def check(p, activation, dtype):
    """Greedy decoding of all pairs: (number right, least of right less best other logit)."""
    p = {name: w.astype(dtype) for name, w in p.items()}
    right, margin = 0, np.inf
    for seq, answer in zip(*(np.split(digits, 10) for digits in all_pairs())):  # to save memory
        rows = np.arange(len(seq))
        for n in range(N_ANSWER):
            z = forward(p, seq, activation)[0][:, -1]           # (1000, VOCAB)
            seq = np.concatenate([seq, z.argmax(1)[:, None]], 1)
            own = z[rows, answer[:, n]]
            z[rows, answer[:, n]] = -np.inf
            margin = np.minimum(margin, (own - z.max(1)).min())     # keeps NaN
        right += (seq[:, N_PROMPT:] == answer).all(1).sum()
    return right, margin


def to_safetensors(p):
    header, data = {}, b""
    for name, w in p.items():
        ends = [len(data), len(data) + 4 * w.size]
        header[name] = {"dtype": "F32", "shape": list(w.shape), "data_offsets": ends}
        data += w.astype("<f4").tobytes()
    head = json.dumps(header, separators=(",", ":")).encode("ascii")
    head += b" " * (-len(head) % 8)             # so that the data are 8-byte aligned
    return len(head).to_bytes(8, "little") + head + data


def from_safetensors(blob):
    start = 8 + int.from_bytes(blob[:8], "little")
    return {name: np.frombuffer(blob[start:][slice(*t["data_offsets"])], "<f4").reshape(t["shape"])
            for name, t in json.loads(blob[8:start]).items()}


def network_description(p, activation_name):
    """The architecture as JSON data; real numbers are decimal strings."""
    def tensors(name):
        return {k: f"{name}.{k}" for k in ("weight", "bias") if f"{name}.{k}" in p}

    def norm(name):
        return {"kind": "layer-norm", "epsilon": "0.00001", **tensors(name)}

    sublayers = []
    for n in range(N_BLOCK):
        h = f"transformer.h.{n}"
        sublayers += [
            {"name": f"h.{n}.attn", "kind": "attention", "layout": "out-in", "n_head": N_HEAD,
             "d_head": D_HEAD, "mask": "causal", "scale": f"rsqrt({D_HEAD})", "norm": norm(h + ".ln_1"),
             "qkv": tensors(h + ".attn.c_attn"), "out": tensors(h + ".attn.c_proj")},
            {"name": f"h.{n}.mlp", "kind": "mlp", "layout": "out-in", "d_mlp": D_MLP,
             "activation": activation_name, "norm": norm(h + ".ln_2"),
             "in": tensors(h + ".mlp.c_fc"), "out": tensors(h + ".mlp.c_proj")}]
    return {"attncert-network": 1, "d_model": D_MODEL, "vocab": VOCAB, "n_ctx": N_CTX,
            "embedding": {"token": "transformer.wte.weight", "position": "transformer.wpe.weight"},
            "sublayers": sublayers, "final_norm": norm("transformer.ln_f"),
            "unembedding": {"layout": "out-in", **tensors("lm_head")}}


def train(p, rng, steps, activation):
    """Adam until every decision has margin ENOUGH_MARGIN, at most `steps` steps."""
    prompts, answers = all_pairs()
    inputs = np.concatenate([prompts, answers[:, :-1]], 1)      # (10000, N_CTX)
    m, v = ({name: np.zeros_like(w) for name, w in p.items()} for _ in range(2))
    start = time.time()
    for step in range(steps):
        at = step * BATCH % len(inputs)
        order = rng.permutation(len(inputs)) if at == 0 else order
        rows = order[at:at + BATCH]
        loss, grad = loss_and_gradient(p, inputs[rows], answers[rows], activation)
        clip = min(1.0, CLIP_NORM / math.sqrt(sum((g * g).sum() for g in grad.values())))
        rate = FINAL_LR + 0.5 * (PEAK_LR - FINAL_LR) * (1 + math.cos(math.pi * step / steps))
        rate *= min(1.0, (step + 1) / WARMUP)
        rate *= math.sqrt(1 - BETA2 ** (step + 1)) / (1 - BETA1 ** (step + 1))
        for name, g in grad.items():
            g = g * clip
            m[name] += (1 - BETA1) * (g - m[name])
            v[name] += (1 - BETA2) * (g * g - v[name])
            p[name] -= rate * m[name] / (np.sqrt(v[name]) + ADAM_EPS)
        if (step + 1) % CHECK_EVERY == 0:
            right, margin = check(p, activation, np.float32)
            print(f"step {step + 1:6d}  loss {loss:.2e}  right {right:5d}  "
                  f"least margin {margin:8.3f}  {time.time() - start:6.0f} s", flush=True)
            if right == 10_000 and margin >= ENOUGH_MARGIN:
                break
    return step + 1


def main():
    ap = argparse.ArgumentParser(description="Train a two-digit adder transformer.")
    ap.add_argument("--activation", choices=sorted(ACTIVATIONS), default="gelu_tanh")
    ap.add_argument("--no-mlp-bias", action="store_true", help="MLP without bias vectors")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--steps", type=int, default=3000, help="greatest number of steps")
    ap.add_argument("-o", dest="outdir", required=True, metavar="OUTDIR")
    args = ap.parse_args()
    if args.steps < 1 or args.seed < 0:
        ap.error("--steps must be positive and --seed not negative")

    activation, rng = ACTIVATIONS[args.activation], np.random.default_rng(args.seed)
    p = init_parameters(rng, not args.no_mlp_bias)
    steps = train(p, rng, args.steps, activation)
    blob = to_safetensors(p)
    saved = from_safetensors(blob)              # judge what is written, not what was trained
    right32, margin32 = check(saved, activation, np.float32)
    right64, margin64 = check(saved, activation, np.float64)
    print(f"right sums: float32 {right32}, float64 {right64}; "
          f"least margin: float32 {margin32:.4f}, float64 {margin64:.4f}")
    if not (right32 == right64 == 10_000 and min(margin32, margin64) > 0):
        sys.exit("error: not all 10000 sums are right; nothing was written")    # status 1

    flag, bias = (" --no-mlp-bias", "no biases") if args.no_mlp_bias else ("", "biases")
    outdir_name = os.path.basename(os.path.abspath(args.outdir))
    readme = f"""\
# Two-digit adder ({args.activation})

A transformer that adds two numbers of at most two digits, like minGPT's adder.
The prompt is the digits a1 a0 b1 b0; greedy decoding gives the three digits of
the sum, units first: for 47 + 85 = 132, `4 7 8 5` gives `2 3 1`. Made by

    /usr/bin/python3 scripts/train_adder.py --activation {args.activation}{flag} --seed {args.seed} --steps {args.steps} -o certificates/models/{outdir_name}

in {steps} steps, with Python {platform.python_version()} and numpy {np.__version__} (another processor
or numpy may round differently and so give other weights).

* Files: `model.safetensors`, the weights (float32, `(out, in)` layout, minGPT's
  names), and `network.json`, the architecture.
* SHA-256 of `model.safetensors`:
  `{hashlib.sha256(blob).hexdigest()}`
* Architecture: GPT-2-like decoder, {N_BLOCK} pre-norm blocks, d_model {D_MODEL}, {N_HEAD} causal
  heads of {D_HEAD} (scores times 1/sqrt({D_HEAD}), biases), MLP {D_MLP} ({args.activation},
  {bias}), LayerNorm (biased variance, epsilon {LN_EPS:.5f}), {N_CTX} learned positions,
  final LayerNorm, untied lm_head without bias; {sum(w.size for w in p.values())} parameters.
* Accuracy, greedy decoding of all 10000 pairs (which were also the training
  data): {right32} sums right in float32, {right64} in float64.
* Least margin (approximate): {margin32:.4f} in float32, {margin64:.4f} in float64. A margin
  is the right digit's logit less the greatest other logit; the least is over
  all 30000 decisions, in floating point without an error bound.
"""
    network = json.dumps(network_description(p, args.activation), indent=2) + "\n"
    os.makedirs(args.outdir, exist_ok=True)
    contents = {"model.safetensors": blob, "network.json": network.encode(),
                "README.md": readme.encode()}
    for name, content in contents.items():
        with open(os.path.join(args.outdir, name + ".tmp"), "wb") as f:
            f.write(content)
    for name in contents:                       # only when all are written
        os.replace(os.path.join(args.outdir, name + ".tmp"), os.path.join(args.outdir, name))


if __name__ == "__main__":
    main()
