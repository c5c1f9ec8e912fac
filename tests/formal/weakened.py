"""Kernels with one side condition removed: each must accept something that must be rejected.

    weakened.py SOURCE BIN [VERIFIED]

SOURCE is the repository, BIN the folder of attncert and attncert-check in a build by ninja. For
each condition one source file is compiled without it and linked, before the build's own libraries,
to a weakened attncert-check. That is caught when it answers Verified for a certificate of
tests/must_reject, or for a conversion that is edited here, which attncert-check rejects. A weakened
checker that still rejects all of them is a failure: of this set, or of the condition, which nothing
needs then. With VERIFIED, an attncert-check-verified, it also counts how many of those that one
rejects: where the two kernels disagree.
"""

import concurrent.futures
import json
import os
import shlex
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import harness  # noqa: E402
from conversion import Conversion, edited_network, own_model, sha256  # noqa: E402
from safetensors import TensorFile  # noqa: E402

JOBS = 2
COMPILE_LIMIT = 120  # seconds
STRUCTURE = "lib/kernel/scalar/structure.cpp"
POINT = "lib/kernel/scalar/point.cpp"
PIECE = "lib/kernel/scalar/piece.cpp"
HALF_LINE = "lib/kernel/scalar/half_line.cpp"
MASK_ERROR = "lib/kernel/scalar/mask_error.cpp"
KERNEL = "lib/kernel/kernel.cpp"
INSTANCE = "lib/kernel/tensor/instance.cpp"
SAME = "lib/kernel/tensor/same.cpp"
BALL = "lib/kernel/tensor/ball.cpp"
LIFT = "lib/kernel/tensor/lift.cpp"
EVERY_LAYER = "lib/kernel/tensor/every_layer.cpp"
LEAK = "lib/kernel/tensor/leak.cpp"
SPECTRAL = "lib/kernel/tensor/spectral.cpp"
PERTURB = "lib/kernel/tensor/perturb.cpp"
ARGMAX = "lib/kernel/tensor/argmax.cpp"
TAYLOR = "lib/expression/taylor.cpp"
TAIL_DECAY = "lib/expression/tail_decay.cpp"
CHECKER = "lib/certificate/checker.cpp"
NEVER = "if (false) {"

# Name, file, the text that occurs exactly once, what stands there instead.
CONDITIONS = [
    # steps
    ("steps are numbered in order", KERNEL, "if (step.number != last_ + 1) {", NEVER),
    ("a premise is used up", KERNEL, "if (keep.contains(number)) {", "if (true) {"),
    ("the last step is the claim", KERNEL, "if (found->second == claim_) return ok();",
     "return ok();"),
    ("the least precision", KERNEL, "kLeastPrecision = 24;", "kLeastPrecision = 2;"),
    ("the greatest precision", KERNEL, "kGreatestPrecision = 8192;",
     "kGreatestPrecision = 1000000;"),
    # scalar rules
    ("cover: pieces are adjacent", STRUCTURE,
     "if (!before.upper || before.upper != piece->domain.lower) {", NEVER),
    ("cover: where the first begins", STRUCTURE,
     "if (piece->domain.lower != whole.lower) return domain_mismatch();", ""),
    ("cover: where the last ends", STRUCTURE,
     "if (std::get<J>(premises.back()).domain.upper != whole.upper) return domain_mismatch();", ""),
    ("cover: epsilon", STRUCTURE,
     "if (std::get<SupError>(premise).epsilon > goal->epsilon) return too_weak();", ""),
    ("cover: the same pair", STRUCTURE, "if (piece->pair != pair) return pair_mismatch();", ""),
    ("even: the mirrored domain", STRUCTURE,
     "if (half->domain.mirrored() != goal->domain) return domain_mismatch();", ""),
    ("even: epsilon", STRUCTURE, "if (half->epsilon > goal->epsilon) return too_weak();", ""),
    ("even: parity", STRUCTURE,
     "if (is_even_in_magnitude(d->program, d->difference)) return ok();", "return ok();"),
    ("scale: domain", STRUCTURE,
     "if (!known->domain.contains(goal->domain.scaled(ratio))) return domain_mismatch();", ""),
    ("scale: epsilon", STRUCTURE, "if (known->epsilon > goal->epsilon * ratio) return too_weak();",
     ""),
    ("scale: k is positive", STRUCTURE, "if (k > 0) return k;", "return k;"),
    ("identical: the same term", STRUCTURE, "if (d->target == d->approximant) return ok();",
     "return ok();"),
    ("identical: domain", STRUCTURE,
     "if (!defined->domain.contains(goal->domain)) return domain_mismatch();", ""),
    ("weaken: epsilon", STRUCTURE,
     "return known->epsilon <= goal->epsilon ? ok() : Status(too_weak());", "return ok();"),
    ("weaken: domain", STRUCTURE,
     "if (!known->domain.contains(goal->domain)) return domain_mismatch();", ""),
    ("weaken: a lower bound's epsilon", STRUCTURE,
     "return known->epsilon >= goal->epsilon ? ok() : Status(too_weak());", "return ok();"),
    ("weaken: a lower bound's domain", STRUCTURE,
     "if (!goal->domain.contains(known->domain)) return domain_mismatch();", ""),
    ("value: the lower bound", POINT, "is_at_least(found, goal->lower) && ", ""),
    ("value: the upper bound", POINT, " && is_at_most(found, goal->upper)", ""),
    ("witness: in the domain", POINT, "if (!goal->domain.contains(point->at)) {", NEVER),
    ("witness: the value", POINT,
     "if (point->lower >= goal->epsilon || -point->upper >= goal->epsilon) return ok();",
     "return ok();"),
    ("pieces: epsilon", PIECE, "if (is_bounded(bound) && is_at_most(bound, epsilon)) return ok();",
     "return ok();"),
    ("taylor, mean-value: the centre is in the piece", PIECE, "if (!domain.contains(centre)) {",
     NEVER),
    ("taylor: no kink in the piece", TAYLOR, "if (setting_.order > 1) {", NEVER),
    ("a divisor is not 0", TAYLOR, "if (contains_zero(values_[n.b][0])) {", NEVER),
    ("a negative power is not of 0", TAYLOR, "if (n.exponent < 0 && contains_zero(a[0])) {", NEVER),
    ("a root's argument is not negative", TAYLOR, "if (!(a[0].lower() >= 0)) {", NEVER),
    ("a logarithm's argument is positive", TAYLOR, "if (!(a[0].lower() > 0)) {", NEVER),
    ("tail: epsilon", HALF_LINE, "if (is_at_most(tail.bound, goal->epsilon)) return ok();",
     "return ok();"),
    ("tail: bounded", HALF_LINE, "if (tail.diverges) {", NEVER),
    ("divergence: unbounded", HALF_LINE, "if (tail.diverges) return ok();", "return ok();"),
    ("tail: r A >= m, where x^m e^(-r x) falls", TAIL_DECAY,
     "if (!((a.rate * from_).lower() >= power.upper())) {", NEVER),
    ("mask-error: the ratio", MASK_ERROR,
     "if (is_bounded(bound) && is_at_most(bound, 1)) return ok();", "return ok();"),
    # files
    ("subjects: a file's hash", CHECKER, "if (sha256_hex(bytes.view()) != subject.sha256) {",
     NEVER),
    ("subjects: the statement's hash", CHECKER, "if (*expected != subject.sha256) {", NEVER),
    # conversions
    ("instance: every number", INSTANCE,
     "if (row[static_cast<std::size_t>(i)] != wanted) return mismatch(name, j, i);", ""),
    ("instance: a head's shape", INSTANCE,
     "if (heads.shape != shape) return shapes_differ(layer.name);", ""),
    ("instance: masks as weights", SAME,
     "if (stored.at(i, j) != (allowed ? omega : 0.0)) return mismatch(masks.query, i, j);", ""),
    ("the same norm", SAME,
     'if (a.kind != b.kind || a.epsilon != b.epsilon) return differ("a norm\'s kind or epsilon");',
     ""),
    ("the same embedding", SAME,
     "if (left.values[i] != right.values[i]) return mismatch(name_b, at / columns, at % columns);",
     ""),
    ("ball: the range contains", BALL,
     "if (!goal.ranges[static_cast<std::size_t>(j)].contains(range)) {", NEVER),
    ("lift: ranges are covered", LIFT, "if (bound->domain.contains(range) && (", "if (("),
    ("lift: epsilon", LIFT, "exact_interval(bound).upper + rounding > goal.epsilon", "false"),
    ("lift: the pair of the files", LIFT, "if (bound->pair != pair) return pair_mismatch();", ""),
    ("lift: a gated sublayer's activation is exact", LIFT, "if (mlp->gate && ", "if (false && "),
    ("lift: exact masks are said", LIFT, "if (goal->exact_masks != heads->masks.has_value()) {",
     NEVER),
    ("every-layer: epsilon", EVERY_LAYER, "return premise.epsilon <= epsilon && same_inputs ?",
     "return same_inputs ?"),
    ("every-layer: inputs", EVERY_LAYER, "return premise.epsilon <= epsilon && same_inputs ?",
     "return premise.epsilon <= epsilon ?"),
    ("every-layer: a premise's sublayer", EVERY_LAYER,
     "if (error->layer != name) return wrong_layers();", ""),
    ("every-layer: the facts stated", EVERY_LAYER, "claim.norm_epsilon == mlp.norm.epsilon",
     "true"),
    ("spectral: the bound", SPECTRAL, "if (bound <= goal->bound) return ok();", "return ok();"),
    ("leak: epsilon", LEAK, "if (moved <= goal->epsilon) return ok();", "return ok();"),
    ("triangle: epsilon", LEAK, "if (total <= goal->epsilon) return ok();", "return ok();"),
    ("triangle: an instance is attention's", LEAK,
     "ATTNCERT_CHECK(sublayer_named<AttentionSublayer>(original->network, goal->layer));", ""),
    ("perturb: epsilon", PERTURB, "if (moved <= goal->epsilon) return ok();", "return ok();"),
    ("argmax: the same winner", ARGMAX,
     "if (strict_winner(outputs, g) != winners[static_cast<std::size_t>(g)]) {", NEVER),
    ("shard-union: all prompts", ARGMAX, "if (all && except == goal->except) return ok();",
     "if (except == goal->except) return ok();"),
]


# ---- edited conversions --------------------------------------------------------------------------


def rule_lines(lines, rule):
    return [line for line in lines if line.get("rule") == rule]


def statements(lines):
    return lines[0]["statement"], lines[-2]["conclusion"]


def lower_claim(lines):
    for statement in statements(lines):
        for layer in statement["layers"]:
            layer["epsilon"] = "0.0000001"
        statement["epsilon"] = "0.0000001"


def lower_lift(lines):
    for lift in rule_lines(lines, "lift"):
        lift["conclusion"]["epsilon"] = "0.0000001"


def from_a_box(lines):
    """Ranges and error over a box, the claim over every input."""
    ball, lift = rule_lines(lines, "ball")[0], rule_lines(lines, "lift")[0]
    ball["rule"] = "box"
    for line in (ball, lift):
        line["conclusion"]["inputs"] = {"box": "8"}


def exchange_errors(lines):
    premises = lines[-2]["premises"]
    premises[1], premises[3] = premises[3], premises[1]


def other_norm_epsilon(lines):
    for statement in statements(lines):
        statement["layers"][0]["norm_epsilon"] = "0.000011"


def narrow_range(lines):
    ranges = rule_lines(lines, "ball")[0]["conclusion"]["ranges"]
    ranges[0] = ["0", "0.1"]


def narrow_bounds(lines):
    """The activation is exact on [-1, 1] alone."""
    for line in rule_lines(lines, "identical"):
        line["conclusion"]["domain"] = ["-1", "1"]


def without_lifted_error(lines):
    """An MLP's heads are the construction's: that bounds no error of its activation."""
    lift, triangle = rule_lines(lines, "lift")[0], rule_lines(lines, "triangle")[1]
    number = lift["premises"][0]
    lift["keep"] = [number, *lift["keep"]]
    triangle["premises"][0] = number


def without_leak(lines):
    """An MLP's error with masks that are weights, as if they were masks."""
    lift, triangle = rule_lines(lines, "lift")[0], rule_lines(lines, "triangle")[1]
    lift["conclusion"].pop("masks")
    lines[-2]["premises"][lines[-2]["premises"].index(triangle["step"])] = lift["step"]
    triangle.pop("premises")  # a step that uses nothing, in its place
    triangle.update(rule="instance", conclusion={"judgement": "instance",
                                                 "layer": lift["conclusion"]["layer"]})


def inexact_gate(network):
    """The claim of a gated MLP's error, from an activation's that is not 0."""
    def edit(lines):
        approximant = rule_lines(lines, "identical")[0]["conclusion"]["approximant"]
        layer = {"name": network["sublayers"][0]["name"], "activation": "sigmoid",
                 "approximant": approximant, "layout": "out-in", "norm": "none",
                 "norm_epsilon": "0", "epsilon": "100"}
        for statement in statements(lines):
            statement.update(judgement="layer-error", inputs="every", layers=[layer],
                             epsilon="100")
        rule_lines(lines, "identical")[0]["conclusion"]["epsilon"] = "1"
        rule_lines(lines, "lift")[0]["conclusion"]["epsilon"] = "100"
    return edit


def lower(rule, key="epsilon", number="0"):
    def edit(lines):
        rule_lines(lines, rule)[0]["conclusion"][key] = number
    return edit


def without_last_shard(lines):
    lines[-2]["premises"].pop()


def moved(content, name, index=0):
    """A number of a tensor by one unit in its last place."""
    file = TensorFile(content)
    file.step(name, index)
    return file.content()


def negated(content, name):
    file = TensorFile(content)
    for index in range(file.count(name)):
        file.set(name, index, -file.get(name, index))
    return file.content()


def sublayer(network, kind):
    return next(one for one in network["sublayers"] if one["kind"] == kind)


def mask_tensor(conversion):
    network = json.loads(conversion.read("converted-network"))
    return sublayer(network, "token-heads")["masks"]["query"]


class Edits:
    """Folders with edited conversions: (name, certificate, the ErrorCode expected)."""

    def __init__(self, suite):
        self.suite = suite
        self.good = []
        self.cases = []
        theorems = os.path.join(suite.source, "certificates", "theorems")
        self.transformer = os.path.join(theorems, "t3-transformer", "model")
        self.glu = os.path.join(theorems, "b1-glu", "model")

    def conversion(self, name, model, *options):
        options = options or ("--heads-per-neuron", "1")
        made = Conversion(self.suite, name, model, *options)
        self.suite.check(made.outcome.code == 0, f"convert {name}", made.outcome)
        self.good.append(os.path.join(made.out, "certificate.jsonl"))
        return made

    def add(self, name, conversion, code, changed=None, edit=None, correct="everywhere",
            certificate="heads/certificate.jsonl"):
        """Replaces files by role, and lines; corrects hashes everywhere, in subjects, nowhere."""
        place = self.suite.path("edited", name.replace(" ", "-"))
        shutil.copytree(conversion.folder, place)
        path = os.path.join(place, *certificate.split("/"))
        lines = harness.lines_of(path)
        for role, content in (changed or {}).items():
            with open(os.path.join(place, conversion.files()[role]), "wb") as stream:
                stream.write(content)
            old, new = sha256(conversion.read(role)), sha256(content)
            if correct == "everywhere":
                lines = [json.loads(line) for line in
                         harness.text_of(lines).replace(old, new).splitlines()]
            elif correct == "subjects":
                for line in lines:
                    if line.get("sha256") == old:
                        line["sha256"] = new
        if edit:
            edit(lines)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(harness.text_of(lines))
        self.cases.append((name, path, code))

    def make(self):
        exact = self.conversion("exact", self.transformer)
        self.of_exact(exact)
        self.of_error(self.conversion("error", self.transformer, "--approximant", "silu:k=1.01"))
        self.of_masks(self.conversion("masks", self.transformer, "--masks", "weights"))
        self.of_rounding(self.conversion("rounding", own_model(self.suite, "adder-silu"), "--dtype",
                                         "BF16"))
        glu = self.conversion("glu", self.glu)
        name = sublayer(json.loads(glu.read("converted-network")), "neuron-heads")["value"]
        self.add("a GLU's weight by one unit", glu, "InstanceMismatch",
                 {"converted-weights": moved(glu.read("converted-weights"), name)})
        self.add("an inexact gate of a GLU", glu, "BoundExceeded",
                 edit=inexact_gate(json.loads(glu.read("original-network"))))
        self.of_agreement(exact)

    def of_exact(self, exact):
        weights = exact.read("converted-weights")
        for kind, part in (("token-heads", "query"), ("neuron-heads", "value"),
                           ("neuron-heads", "output")):
            name = sublayer(json.loads(exact.read("converted-network")), kind)[part]
            self.add(f"a weight of {name} by one unit", exact, "InstanceMismatch",
                     {"converted-weights": moved(weights, name)})
        self.add("an embedding by one unit", exact, "InstanceMismatch",
                 {"converted-weights": moved(weights, "token")})
        blank = exact.read("original-network") + b"\n"
        for correct in ("nowhere", "subjects"):
            self.add(f"another file, hashes corrected {correct}", exact, "SubjectMismatch",
                     {"original-network": blank}, correct=correct)
        for name, code, change in (
                ("no mask", "LayerFactsMismatch",
                 lambda n: sublayer(n, "token-heads").update(mask="full")),
                ("another scale", "LayerFactsMismatch",
                 lambda n: sublayer(n, "token-heads").update(scale="1")),
                ("another norm epsilon", "LayerFactsMismatch",
                 lambda n: sublayer(n, "token-heads")["norm"].update(epsilon="0.000011")),
                ("another slope", "PairMismatch",
                 lambda n: sublayer(n, "neuron-heads")["gates"][0].update(scores=[["2", "0"]]))):
            self.add(name, exact, code, edited_network(exact, "converted-network", change))
        self.add("a range too narrow", exact, "RangeExceeded", edit=narrow_range)
        self.add("bounds on a part of the ranges", exact, "RangeNotCovered", edit=narrow_bounds)
        self.add("errors of two MLPs exchanged", exact, "LayerMissing", edit=exchange_errors)

    def of_error(self, error):
        for name, code, edit in (
                ("epsilon lower in the claim", "PremiseTooWeak", lower_claim),
                ("epsilon lower in the lift", "BoundExceeded", lower_lift),
                ("a claim wider than its box", "PremiseTooWeak", from_a_box),
                ("a norm epsilon in the claim", "LayerFactsMismatch", other_norm_epsilon)):
            self.add(name, error, code, edit=edit)

    def of_masks(self, masks):
        self.add("a mask's weight by one unit", masks, "InstanceMismatch",
                 {"converted-weights": moved(masks.read("converted-weights"), mask_tensor(masks))})
        for name, code, edit in (
                ("a score bound of 0", "BoundExceeded", lower("spectral", "bound")),
                ("no leak", "BoundExceeded", lower("leak")),
                ("a sum below the leak", "PremiseTooWeak", lower("triangle")),
                ("a leak without an error", "LayerKind", without_lifted_error),
                ("an error without the leak", "LayerFactsMismatch", without_leak)):
            self.add(name, masks, code, edit=edit)

    def of_rounding(self, rounding):
        self.add("no rounding", rounding, "BoundExceeded", edit=lower("perturb"))

    def of_agreement(self, exact):
        prompts = self.suite.write(os.path.join("exact", "prompts.txt"), "0,1\n2,3\n")
        path = os.path.join(exact.folder, "agree.jsonl")
        outcome = self.suite.attncert("agree", exact.model, exact.out, "--prompts", prompts, "-o",
                                      path, "--shard-size", "1")
        if not self.suite.check(outcome.code == 0, "agree", outcome):
            return
        self.good.append(path)
        self.add("a prompt left out", exact, "ShardsNotCovering", edit=without_last_shard,
                 certificate="agree.jsonl")
        network = json.loads(exact.read("converted-network"))
        weights = negated(exact.read("converted-weights"), network["unembedding"]["weight"])
        self.add("an unembedding negated", exact, "MarginNotProved", {"converted-weights": weights},
                 certificate="agree.jsonl")


# ---- weakened checkers ---------------------------------------------------------------------------


class Build:
    """How the build compiles a source file and links attncert-check."""

    def __init__(self, suite):
        self.suite = suite
        self.folder = os.path.dirname(suite.bin)
        commands = json.loads(harness.read(os.path.join(self.folder, "compile_commands.json")))
        self.commands = {os.path.realpath(one["file"]): one for one in commands}
        target = os.path.relpath(os.path.join(suite.bin, "attncert-check"), self.folder)
        listed = subprocess.run(["ninja", "-C", self.folder, "-t", "commands", target], check=True,
                                capture_output=True).stdout.decode().splitlines()
        words = shlex.split(listed[-1].removeprefix(": && ").removesuffix(" && :"))
        self.link_words = [word for word in words if not word.startswith("-Wl,-Map")]

    def checker(self, name, file, old, new):
        """An attncert-check whose file has `new` instead of `old`, or why there is none."""
        source = os.path.join(self.suite.source, file)
        text = harness.read(source).decode()
        if text.count(old) != 1:
            return None, f"{file} has its text {text.count(old)} times, not once: {old}"
        place = self.suite.subfolder("weak", name)
        edited = os.path.join(place, os.path.basename(file))
        with open(edited, "w", encoding="utf-8") as stream:
            stream.write(text.replace(old, new))
        known = self.commands[os.path.realpath(source)]
        words = ["-O1" if word == "-O2" else word for word in shlex.split(known["command"])]
        words[words.index("-o") + 1] = f"{edited}.o"
        words[words.index("-c") + 1] = edited
        words += ["-w", "-iquote", os.path.dirname(source)]
        compiled = harness.run(words, COMPILE_LIMIT, cwd=known["directory"])
        if compiled.code != 0:
            return None, f"no compilation: {compiled}"
        program = os.path.join(place, "attncert-check")
        words = list(self.link_words)
        at = words.index("-o")
        words[at + 1] = program
        words.insert(next(i for i, word in enumerate(words) if word.endswith(".cpp.o")),
                     f"{edited}.o")
        linked = harness.run(words, COMPILE_LIMIT, cwd=self.folder)
        return (program, "") if linked.code == 0 else (None, f"no link: {linked}")


def reports_of(program, files):
    """Reports by path; of each file alone when a program does not survive all of them."""
    outcome = harness.run([program, "--json", *files], COMPILE_LIMIT)
    try:
        return {one["file"]: one for one in outcome.json()["certificates"]}
    except ValueError:
        if len(files) == 1:
            return {files[0]: {"verdict": "none"}}
    return {key: one for file in files for key, one in reports_of(program, [file]).items()}


def verified_of(reports):
    return [file for file, report in reports.items() if report["verdict"] == "Verified"]


class Weakening:
    def __init__(self, suite, verified):
        self.suite = suite
        self.build = Build(suite)
        folder = os.path.join(suite.source, "tests", "must_reject")
        names = sorted(name for name in os.listdir(folder) if name.endswith(".jsonl"))
        self.names = {os.path.join(folder, name): name.split(".")[0] for name in names}
        self.codes = {os.path.join(folder, name): name.split(".")[1] for name in names}
        edits = Edits(suite)
        edits.make()
        self.good = edits.good
        for name, path, code in edits.cases:
            self.names[path], self.codes[path] = name, code
        self.others = reports_of(verified, list(self.names)) if verified else None

    def check_the_set(self):
        """What attncert-check itself says; and a checker that is linked here, unchanged."""
        program = os.path.join(self.suite.bin, "attncert-check")
        reports = reports_of(program, [*self.names, *self.good])
        for file in self.good:
            self.suite.equal(reports[file]["verdict"], "Verified", file)
        for file, code in self.codes.items():
            found = (reports[file]["verdict"], reports[file].get("code"))
            self.suite.equal(found, ("Rejected", code), self.names[file])
        program, why = self.build.checker("unchanged", KERNEL, "last_ = step.number;",
                                          "last_ = step.number;")
        if self.suite.check(program, "an unchanged checker", why):
            again = reports_of(program, [*self.names, *self.good])
            self.suite.equal(again, reports, "the unchanged checker's reports")

    def weaken(self, number):
        condition = CONDITIONS[number]
        program, why = self.build.checker(str(number), *condition[1:])
        if not program:
            return number, None, why
        reports = reports_of(program, [*self.names, *self.good])
        shutil.rmtree(os.path.dirname(program))
        lost = [file for file in self.good if reports[file]["verdict"] != "Verified"]
        if lost:
            return number, None, f"good certificates are no longer verified: {lost}"
        return number, verified_of({file: reports[file] for file in self.names}), ""

    def report(self, number, accepted, why):
        name = CONDITIONS[number][0]
        if accepted is None:
            self.suite.check(False, name, why)
            return
        if not self.suite.check(accepted, name, "the checker without it still rejects everything"):
            return
        disagreement = ""
        if self.others:
            count = sum(self.others[file]["verdict"] == "Rejected" for file in accepted)
            disagreement = f" (the verified kernel rejects {count} of {len(accepted)})"
        known = sorted(self.names[file] for file in accepted)
        more = f" and {len(known) - 3} more" if len(known) > 3 else ""
        print(f"caught {name}: {', '.join(known[:3])}{more}{disagreement}", flush=True)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    start = time.monotonic()
    suite = harness.Suite(sys.argv[:3])
    weakening = Weakening(suite, os.path.abspath(sys.argv[3]) if len(sys.argv) == 4 else None)
    weakening.check_the_set()
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for result in pool.map(weakening.weaken, range(len(CONDITIONS))):
            weakening.report(*result)
    print(f"{len(CONDITIONS)} conditions in {time.monotonic() - start:.0f} s")
    suite.finish()


if __name__ == "__main__":
    main()
