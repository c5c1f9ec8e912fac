#!/usr/bin/python3
"""Writes the certificates that must be rejected: good ones, each broken in one way.

    /usr/bin/python3 tests/must_reject/make_must_reject.py BIN_DIR [FOLDER]

Files are named CAUSE.CODE.jsonl, CODE being the ErrorCode that attncert-check must answer. Every
base is verified before it is broken; the same programs write the same files.
"""

import copy
import json
import os
import subprocess
import sys
import tempfile

DELETE = object()
TINY = "0.0000000000000000000000000000000000000001"
BELOW = "0.9999999999999999999999999999999999999999"  # one unit in the 40th digit
ABOVE = "1.000000000000000000000000000000000000001"
HASH = "0" * 63 + "1"


# ---- bases ---------------------------------------------------------------------------------------


def pair(judgement, target, approximant, **members):
    return {"judgement": judgement, "target": target, "approximant": approximant, **members}


def sup(domain, epsilon, **members):
    return {"judgement": "sup-error", "domain": domain, "epsilon": epsilon, **members}


def step(number, rule, conclusion, **members):
    return {"step": number, "rule": rule, "conclusion": conclusion, **members}


def certificate(statement, *steps):
    return [{"attncert": 1, "statement": statement}, *steps, {"end": len(steps)}]


def single(rule, target, approximant, conclusion, **members):
    """One step that concludes the claim."""
    statement = {**conclusion, "target": target, "approximant": approximant}
    return certificate(statement, step(1, rule, conclusion, **members))


def computing(rule, target, approximant, domain, epsilon, **data):
    members = {"precision": 160, **({"data": data} if data else {})}
    return single(rule, target, approximant, sup(domain, epsilon), **members)


def from_known(rule, known, conclusion, known_rule="enclose", **members):
    """Two steps: something known, and what a rule without arithmetic makes of it."""
    statement = {"target": "x", "approximant": "0", **conclusion}
    return certificate(statement, step(1, known_rule, known, precision=160),
                       step(2, rule, conclusion, premises=[1], **members))


def value(at, lower, upper):
    return {"judgement": "value", "at": at, "within": [lower, upper]}


def lower_bound(domain, epsilon):
    return {"judgement": "lower-bound", "domain": domain, "epsilon": epsilon}


def defined(domain, **members):
    return {"judgement": "well-defined", "domain": domain, **members}


def unbounded(domain):
    return {"judgement": "unbounded", "domain": domain}


def cover_base():
    return certificate(
        pair("sup-error", "x", "0", domain=["0", "2"], epsilon="2"),
        step(1, "enclose", sup(["0", "1"], "1"), precision=160),
        step(2, "enclose", sup(["1", "2"], "2"), precision=160),
        step(3, "cover", sup(["0", "2"], "2"), premises=[1, 2]))


def witness_base():
    return certificate(
        pair("lower-bound", "x", "0", domain=["0", "1"], epsilon="1"),
        step(1, "value", value("1", "1", "1"), precision=160),
        step(2, "witness", lower_bound(["0", "1"], "1"), premises=[1]))


def weaken_witness_base():
    lines = witness_base()
    lines[0]["statement"].update(domain=["0", "2"], epsilon="1/2")
    lines[3:] = [step(3, "weaken", lower_bound(["0", "2"], "0.5"), premises=[2]), {"end": 3}]
    lines[0]["statement"]["epsilon"] = "0.5"
    return lines


def identical_base():
    return certificate(
        pair("sup-error", "(sqrt x)", "(sqrt x)", domain=["0", "1"], epsilon="0"),
        step(1, "well-defined", defined(["0", "1"]), precision=160),
        step(2, "identical", sup(["0", "1"], "0"), premises=[1]))


def scale_base():
    relu_silu = sup(["0", "4"], "0.28", target="relu", approximant="silu")
    ends = ["0", "0.75", "1.75", "2.75", "4"]
    pieces = [step(i + 1, "taylor", {**relu_silu, "domain": ends[i:i + 2]}, precision=160,
                   data={"centre": centre, "order": 12})
              for i, centre in enumerate(["0.375", "1.28", "2.25", "3.25"])]
    return certificate(
        pair("sup-error", "relu", "silu:k=4", domain=["0", "1"], epsilon="0.07"), *pieces,
        step(5, "cover", relu_silu, premises=[1, 2, 3, 4]),
        step(6, "scale", sup(["0", "1"], "0.07"), premises=[5]))


def bases(relu_silu):
    half_line = ["3", "inf"]
    return {
        "relu-silu": relu_silu,
        "enclose": computing("enclose", "x", "0", ["0", "1"], "1"),
        "mean-value": computing("mean-value", "(* x x)", "0", ["-1", "1"], "2", centre="0"),
        "kink": computing("mean-value", "(fabs x)", "0", ["-1", "1"], "1", centre="0"),
        "taylor": computing("taylor", "(* x x)", "0", ["-1", "1"], "1", centre="0", order=2),
        "tail": computing("tail", "relu", "silu", half_line, "0.2"),
        "left-tail": computing("tail", "relu", "silu", ["-inf", "-3"], "0.2"),
        "divergence": single("divergence", "x", "0", unbounded(["1", "inf"]), precision=160),
        "witness": witness_base(),
        "cover": cover_base(),
        "even": from_known("even", sup(["0", "1"], "1"), sup(["-1", "0"], "1")),
        "scale": scale_base(),
        "identical": identical_base(),
        "weaken": from_known("weaken", sup(["0", "1"], "1"), sup(["0", "0.5"], "1.5")),
        "weaken-witness": weaken_witness_base(),
        "weaken-unbounded": from_known("weaken", unbounded(["1", "inf"]), unbounded("all"),
                                       "divergence"),
        "root": computing("enclose", "(sqrt x)", "0", ["0", "1"], "1"),
        "logarithm": computing("enclose", "(log x)", "0", ["1", "2"], "1"),
        "quotient": computing("enclose", "(/ 1 x)", "0", ["1", "2"], "1"),
    }


# ---- breaks --------------------------------------------------------------------------------------


def put(lines, path, content):
    """Sets (or deletes) a member: "2.conclusion.epsilon" is in the third line."""
    *way, last = path.split(".")
    place = lines
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if isinstance(place, list):
        last = int(last)
    if content is DELETE:
        del place[last]
    else:
        place[last] = content


def claim(line, **members):
    """The same change in the statement and in the concluding step."""
    edits = {f"0.statement.{key}": one for key, one in members.items()}
    edits.update({f"{line}.conclusion.{key}": one for key, one in members.items()})
    return edits


def functions(target=None, approximant=None):
    edits = {}
    if target is not None:
        edits["0.statement.target"] = target
    if approximant is not None:
        edits["0.statement.approximant"] = approximant
    return edits


NESTED = "(- " * 1001 + "x" + ")" * 1001

TERMS = [
    ("term-unbalanced", "TermSyntax", "(+ x 1"),
    ("term-text-after", "TermSyntax", "(+ x 1))"),
    ("term-nested-1001-deep", "TermTooDeep", NESTED),
    ("term-unknown-operator", "UnknownOperator", "(sin x)"),
    ("term-unbound-name", "UnboundName", "(+ x y)"),
    ("term-one-operand-for-two", "OperatorArity", "(+ x)"),
    ("term-three-operands-for-two", "OperatorArity", "(* x x x)"),
    ("term-power-one-half", "ExponentNotInteger", "(pow x 0.5)"),
    ("term-power-4097", "ExponentNotInteger", "(pow x 4097)"),
    ("term-binary64", "PrecisionNotReal", "(FPCore (x) :precision binary64 x)"),
    ("term-precondition", "UnsupportedProperty", "(FPCore (x) :pre (< 0 x) x)"),
    ("function-unknown", "UnknownActivation", "swish"),
    ("function-scale-zero", "ActivationParameter", "silu:k=0"),
    ("function-scale-no-number", "NumberSyntax", "silu:k=x"),
    ("function-scale-not-canonical", "NotCanonical", "silu:k=1.50"),
    ("term-not-canonical", "NotCanonical", "(+ x  1)"),
    ("term-number-not-canonical", "NotCanonical", "(+ x 1.0)"),
    ("term-fpcore-not-canonical", "NotCanonical", "(FPCore (x) x)"),
]

# Cause, code, base, edits.
EVALUATION = {"storage": "fp32", "compute": "fp32", "accumulate": "fp32", "order": "any",
              "underflow": "gradual", "exp_ulp": "1", "division_ulp": "1.5", "activation_error": "4",
              "softmax": "max-subtraction", "norm": "two-pass", "exp_zero": "never",
              "masked_scores": "left-out"}


def rounding(**members):
    return {"judgement": "rounding", "layer": "h", "side": "original", "inputs": {"computed": "1.1"},
            "evaluation": EVALUATION, "epsilon": "1", **members}


EDITS = [
    # numbers and JSON types
    ("epsilon-no-number", "NumberSyntax", "enclose", claim(1, epsilon="one")),
    ("epsilon-nan", "NumberSyntax", "enclose", claim(1, epsilon="nan")),
    ("epsilon-infinite", "NumberSyntax", "enclose", claim(1, epsilon="inf")),
    ("epsilon-of-1001-digits", "NumberTooLong", "enclose", claim(1, epsilon="1" * 1001)),
    ("epsilon-exponent-5001", "NumberTooLong", "enclose", claim(1, epsilon="1e5001")),
    ("epsilon-a-float", "JsonNumber", "enclose", claim(1, epsilon=1.5)),
    ("epsilon-an-integer", "JsonWrongType", "enclose", claim(1, epsilon=1)),
    ("epsilon-null", "JsonWrongType", "enclose", claim(1, epsilon=None)),
    ("epsilon-true", "JsonWrongType", "enclose", claim(1, epsilon=True)),
    ("step-number-beyond-64-bits", "JsonNumber", "enclose", {"1.step": 2 ** 63}),
    ("step-number-a-text", "JsonWrongType", "enclose", {"1.step": "1"}),
    ("premises-texts", "JsonWrongType", "cover", {"3.premises": ["1", "2"]}),
    ("premises-no-list", "JsonWrongType", "cover", {"3.premises": 1}),
    ("precision-a-text", "JsonWrongType", "enclose", {"1.precision": "160"}),
    ("domain-of-three", "JsonWrongType", "enclose", claim(1, domain=["0", "1", "2"])),
    ("domain-a-word", "JsonWrongType", "enclose", claim(1, domain="everything")),
    ("domain-of-integers", "JsonWrongType", "enclose", claim(1, domain=[0, 1])),
    ("domain-ends-swapped-infinities", "NumberSyntax", "enclose",
     claim(1, domain=["inf", "-inf"])),
    ("value-within-unbounded", "JsonWrongType", "witness", {"1.conclusion.within.1": "inf"}),
    ("rule-a-number", "JsonWrongType", "enclose", {"1.rule": 1}),
    ("end-a-text", "JsonWrongType", "enclose", {"2.end": "1"}),
    ("data-a-list", "JsonWrongType", "taylor", {"1.data": []}),
    ("nested-17-deep", "JsonTooDeep", "enclose",
     {"1.premises": json.loads("[" * 16 + "]" * 16)}),
    # keys
    ("header-unknown-key", "JsonUnknownKey", "enclose", {"0.made_by": "hand"}),
    ("statement-unknown-key", "JsonUnknownKey", "enclose", {"0.statement.note": "x"}),
    ("step-unknown-key", "JsonUnknownKey", "enclose", {"1.note": "x"}),
    ("conclusion-unknown-key", "JsonUnknownKey", "enclose", {"1.conclusion.note": "x"}),
    ("data-unknown-key", "JsonUnknownKey", "taylor", {"1.data.degree": 2}),
    ("end-unknown-key", "JsonUnknownKey", "enclose", {"2.note": "x"}),
    ("statement-without-epsilon", "JsonMissingKey", "enclose", {"0.statement.epsilon": DELETE}),
    ("statement-without-domain", "JsonMissingKey", "enclose", {"0.statement.domain": DELETE}),
    ("statement-without-target", "JsonMissingKey", "enclose", {"0.statement.target": DELETE}),
    ("statement-without-judgement", "JsonMissingKey", "enclose",
     {"0.statement.judgement": DELETE}),
    ("header-without-statement", "JsonMissingKey", "enclose", {"0.statement": DELETE}),
    ("step-without-conclusion", "JsonMissingKey", "enclose", {"1.conclusion": DELETE}),
    ("step-without-rule", "JsonMissingKey", "enclose", {"1.rule": DELETE}),
    ("step-without-number", "JsonMissingKey", "enclose", {"1.step": DELETE}),
    ("conclusion-with-half-a-pair", "JsonMissingKey", "enclose", {"1.conclusion.target": "x"}),
    # statements
    ("statement-unknown-judgement", "UnknownJudgement", "enclose",
     {"0.statement.judgement": "sup-errors"}),
    ("conclusion-unknown-judgement", "UnknownJudgement", "enclose",
     {"1.conclusion.judgement": "trust-me"}),
    ("statement-well-defined", "NotAClaim", "identical",
     {"0.statement": pair("well-defined", "(sqrt x)", "(sqrt x)", domain=["0", "1"])}),
    ("statement-value", "NotAClaim", "witness",
     {"0.statement": {**value("1", "1", "1"), "target": "x", "approximant": "0"}}),
    ("domain-reversed", "DomainReversed", "enclose", claim(1, domain=["1", BELOW])),
    ("epsilon-negative", "EpsilonNegative", "enclose", claim(1, epsilon="-" + TINY)),
    ("value-reversed", "DomainReversed", "witness", {"1.conclusion.within": ["1", BELOW]}),
    # certificate
    ("version-2", "CertificateVersion", "enclose", {"0.attncert": 2}),
    ("version-a-text", "CertificateVersion", "enclose", {"0.attncert": "1"}),
    ("version-missing", "CertificateVersion", "enclose", {"0.attncert": DELETE}),
    ("header-missing", "CertificateVersion", "enclose", {"0": DELETE}),
    ("header-twice", "JsonMissingKey", "enclose", {"1": {"attncert": 1, "statement": {}}}),
    # steps
    ("rule-unknown", "UnknownRule", "enclose", {"1.rule": "assume"}),
    ("rule-capital", "UnknownRule", "enclose", {"1.rule": "Enclose"}),
    ("rule-empty", "UnknownRule", "enclose", {"1.rule": ""}),
    ("step-number-0", "StepNumber", "enclose", {"1.step": 0}),
    ("step-number-2-first", "StepNumber", "enclose", {"1.step": 2}),
    ("step-number-twice", "StepNumber", "cover", {"2.step": 1}),
    ("step-number-skipped", "StepNumber", "cover", {"3.step": 4}),
    ("step-number-skipped-and-used", "StepNumber", "cover", {"3.step": 4, "4.end": 4}),
    ("step-number-negative", "StepNumber", "enclose", {"1.step": -1}),
    ("premise-later", "PremiseUnknown", "cover", {"2.premises": [3]}),
    ("premise-itself", "PremiseUnknown", "cover", {"3.premises": [1, 3]}),
    ("premise-0", "PremiseUnknown", "cover", {"3.premises": [0, 2]}),
    ("premise-negative", "PremiseUnknown", "cover", {"3.premises": [-1, 2]}),
    ("premise-twice", "PremiseRepeated", "cover", {"3.premises": [1, 1]}),
    ("premise-used-up", "PremiseUnknown", "relu-silu", {"6.keep": DELETE}),
    ("keep-no-premise", "PremiseRepeated", "cover", {"3.keep": [3]}),
    ("keep-of-another-step", "PremiseRepeated", "scale", {"6.keep": [1]}),
    ("keep-twice", "PremiseRepeated", "relu-silu", {"6.keep": [5, 5]}),
    ("end-of-no-step", "PremiseUnknown", "enclose", {"2.end": 2}),
    ("end-0", "PremiseUnknown", "enclose", {"2.end": 0}),
    ("end-used-up", "PremiseUnknown", "cover", {"4.end": 1}),
    ("end-of-a-part", "ConclusionIsNotClaim", "cover", {"3.keep": [1, 2], "4.end": 1}),
    ("claim-epsilon-below", "ConclusionIsNotClaim", "enclose", {"0.statement.epsilon": BELOW}),
    ("claim-epsilon-above", "ConclusionIsNotClaim", "enclose", {"0.statement.epsilon": ABOVE}),
    ("claim-domain-wider", "ConclusionIsNotClaim", "enclose",
     {"0.statement.domain": ["0", ABOVE]}),
    ("claim-all-reals", "ConclusionIsNotClaim", "enclose", {"0.statement.domain": "all"}),
    ("claim-other-kind", "ConclusionIsNotClaim", "enclose",
     {"0.statement.judgement": "lower-bound"}),
    ("claim-swapped", "ConclusionIsNotClaim", "enclose",
     {"0.statement.target": "0", "0.statement.approximant": "x",
      "1.conclusion.target": "x", "1.conclusion.approximant": "0"}),
    ("precision-missing", "DataMismatch", "enclose", {"1.precision": DELETE}),
    ("precision-where-none-is-read", "DataMismatch", "cover", {"3.precision": 160}),
    ("order-where-none-is-read", "DataMismatch", "enclose", {"1.data": {"order": 2}}),
    ("centre-where-none-is-read", "DataMismatch", "enclose", {"1.data": {"centre": "0"}}),
    ("order-missing", "DataMismatch", "taylor", {"1.data.order": DELETE}),
    ("centre-missing", "DataMismatch", "taylor", {"1.data.centre": DELETE}),
    ("centre-missing-from-mean-value", "DataMismatch", "mean-value", {"1.data": DELETE}),
    ("order-in-mean-value", "DataMismatch", "mean-value", {"1.data.order": 1}),
    ("precision-23", "PrecisionOutOfRange", "enclose", {"1.precision": 23}),
    ("precision-8193", "PrecisionOutOfRange", "enclose", {"1.precision": 8193}),
    ("precision-negative", "PrecisionOutOfRange", "enclose", {"1.precision": -160}),
    ("order-1", "OrderOutOfRange", "taylor", {"1.data.order": 1}),
    ("order-41", "OrderOutOfRange", "taylor", {"1.data.order": 41}),
    ("order-negative", "OrderOutOfRange", "taylor", {"1.data.order": -2}),
    # pieces
    ("enclose-epsilon-one-unit-below", "BoundExceeded", "enclose", claim(1, epsilon=BELOW)),
    ("enclose-piece-one-unit-wider", "BoundExceeded", "enclose", claim(1, domain=["0", ABOVE])),
    ("enclose-epsilon-0", "BoundExceeded", "enclose", claim(1, epsilon="0")),
    ("enclose-half-line", "PieceUnbounded", "enclose", claim(1, domain=["0", "inf"])),
    ("enclose-all-reals", "PieceUnbounded", "enclose", claim(1, domain="all")),
    ("enclose-with-premise", "PremiseCount", "cover", {"2.premises": [1]}),
    ("enclose-well-defined", "ConclusionJudgement", "identical", {"1.rule": "enclose"}),
    ("enclose-infinite-values", "EnclosureUnbounded", "enclose",
     {**functions("(exp (exp (exp x)))"), **claim(1, domain=["0", "1e3"])}),
    ("enclose-other-function", "BoundExceeded", "enclose", functions("(* 1.01 x)")),
    ("mean-value-epsilon-one-unit-below", "BoundExceeded", "mean-value",
     claim(1, epsilon="1.999999999999999999999999999999999999999")),
    ("mean-value-piece-wider", "BoundExceeded", "mean-value", claim(1, domain=["-1", ABOVE])),
    ("mean-value-centre-outside", "CentreOutsidePiece", "mean-value", {"1.data.centre": ABOVE}),
    ("mean-value-centre-left-of-piece", "CentreOutsidePiece", "mean-value",
     {"1.data.centre": "-" + ABOVE}),
    ("mean-value-half-line", "PieceUnbounded", "mean-value", claim(1, domain=["-1", "inf"])),
    ("mean-value-across-kink-below", "BoundExceeded", "kink", claim(1, epsilon=BELOW)),
    ("mean-value-well-defined", "ConclusionJudgement", "identical",
     {"1.rule": "mean-value", "1.data": {"centre": "0"}}),
    ("mean-value-sqrt-at-0", "NotDifferentiable", "mean-value",
     {**functions("(sqrt x)"), **claim(1, domain=["0", "1"])}),
    ("mean-value-centre-where-it-is-flat", "CentreOutsidePiece", "mean-value",
     {**functions("sigmoid"), **claim(1, domain=["20", "21"], epsilon="0.001"),
      "1.data.centre": "-20"}),
    ("taylor-epsilon-one-unit-below", "BoundExceeded", "taylor", claim(1, epsilon=BELOW)),
    ("taylor-piece-one-unit-wider", "BoundExceeded", "taylor", claim(1, domain=["-1", ABOVE])),
    ("taylor-below-zero", "BoundExceeded", "taylor",
     {**functions("(- (* x x))"), **claim(1, epsilon=BELOW)}),
    ("taylor-centre-outside", "CentreOutsidePiece", "taylor", {"1.data.centre": ABOVE}),
    ("taylor-centre-where-it-is-flat", "CentreOutsidePiece", "taylor",
     {**functions("sigmoid"), **claim(1, domain=["20", "21"], epsilon="0.001"),
      "1.data.centre": "-20"}),
    ("taylor-half-line", "PieceUnbounded", "taylor", claim(1, domain=["-inf", "1"])),
    ("taylor-across-kink", "NotDifferentiable", "taylor",
     {**functions("(fabs x)"), **claim(1, epsilon="2")}),
    ("taylor-across-relus-kink", "NotDifferentiable", "taylor",
     {**functions("relu", "silu"), **claim(1, epsilon="2")}),
    ("taylor-kink-at-the-end", "BoundExceeded", "taylor",
     {**functions("(fabs x)"), **claim(1, domain=["0", "1"], epsilon=BELOW)}),
    ("taylor-well-defined", "ConclusionJudgement", "identical",
     {"1.rule": "taylor", "1.data": {"centre": "0", "order": 2}}),
    # definedness
    ("sqrt-one-unit-too-far", "SqrtOfNegative", "root", claim(1, domain=["-" + TINY, "1"])),
    ("sqrt-in-well-defined", "SqrtOfNegative", "identical",
     {"0.statement.domain.0": "-" + TINY, "1.conclusion.domain.0": "-" + TINY,
      "2.conclusion.domain.0": "-" + TINY}),
    ("sqrt-of-a-constant", "SqrtOfNegative", "root", functions("(sqrt -1)")),
    ("sqrt-between-its-roots", "SqrtOfNegative", "identical",
     functions("(sqrt (- (* x x) x))", "(sqrt (- (* x x) x))")),
    ("log-in-well-defined", "LogOfNonPositive", "identical",
     functions("(log x)", "(log x)")),
    ("divisor-in-well-defined", "DivisorContainsZero", "identical",
     functions("(/ 1 x)", "(/ 1 x)")),
    ("negative-power-in-well-defined", "DivisorContainsZero", "identical",
     functions("(pow x -1)", "(pow x -1)")),
    ("log-at-0", "LogOfNonPositive", "logarithm", claim(1, domain=["0", "2"], epsilon="100")),
    ("log-below-0", "LogOfNonPositive", "logarithm", claim(1, domain=["-" + TINY, "2"])),
    ("log-of-a-constant", "LogOfNonPositive", "logarithm", functions("(log 0)")),
    ("divisor-0-at-the-end", "DivisorContainsZero", "quotient", claim(1, domain=["0", "2"])),
    ("divisor-0-inside", "DivisorContainsZero", "quotient", claim(1, domain=["-1", "2"])),
    ("divisor-0-always", "DivisorContainsZero", "quotient", functions("(/ 1 0)")),
    ("divisor-0-times-0", "DivisorContainsZero", "quotient",
     {**functions("(* 0 (/ 1 x))"), **claim(1, domain=["-1", "1"])}),
    ("divisor-0-in-the-lost-branch", "DivisorContainsZero", "quotient",
     {**functions("(fmax 5 (/ 1 x))", "5"), **claim(1, domain=["-1", "0"])}),
    ("negative-power-of-0", "DivisorContainsZero", "quotient",
     {**functions("(pow x -2)"), **claim(1, domain=["-1", "1"])}),
    ("well-defined-half-line", "PieceUnbounded", "identical", {"1.conclusion.domain.1": "inf"}),
    ("well-defined-concludes-a-bound", "ConclusionJudgement", "enclose",
     {"1.rule": "well-defined"}),
    # half-lines
    ("tail-from-0", "HalfLineExpected", "tail", claim(1, domain=["0", "inf"], epsilon="9")),
    ("tail-from-below-0", "HalfLineExpected", "tail", claim(1, domain=["-1", "inf"])),
    ("tail-all-reals", "HalfLineExpected", "tail", claim(1, domain="all", epsilon="9")),
    ("tail-bounded", "HalfLineExpected", "tail", claim(1, domain=["3", "4"])),
    ("left-tail-up-to-0", "HalfLineExpected", "left-tail",
     claim(1, domain=["-inf", "0"], epsilon="9")),
    ("left-tail-beyond-0", "HalfLineExpected", "left-tail", claim(1, domain=["-inf", "1"])),
    ("tail-epsilon-0", "BoundExceeded", "tail", claim(1, epsilon="0")),
    ("tail-starts-too-early", "TailNotDecreasing", "tail",
     claim(1, domain=["0.5", "inf"], epsilon="9")),
    ("tail-diverges", "TailDiverges", "tail", functions("x", "0")),
    ("tail-before-its-maximum", "TailNotDecreasing", "tail",
     {**functions("(* (* x x) (exp (- x)))", "0"),
      **claim(1, domain=["1", "inf"], epsilon="0.4")}),
    ("tail-other-asymptote", "TailDiverges", "tail", functions("relu", "silu:k=-1")),
    ("tail-slope-off-by-one-unit", "TailDiverges", "tail", functions("x", f"(* {BELOW} x)")),
    ("tail-constant-difference", "BoundExceeded", "tail", functions("1", "0.8")),
    ("tail-of-a-quotient", "TailUnsupported", "tail", functions("(/ 1 x)", "0")),
    ("tail-with-premise", "PremiseCount", "relu-silu", {"4.premises": [3]}),
    ("tail-lower-bound", "ConclusionJudgement", "tail",
     {"0.statement.judgement": "lower-bound", "1.conclusion.judgement": "lower-bound"}),
    ("divergence-of-a-bounded-difference", "TailDoesNotDiverge", "divergence",
     functions("relu", "silu")),
    ("divergence-to-a-constant", "TailDoesNotDiverge", "divergence", functions("1", "0")),
    ("divergence-at-the-wrong-end", "TailDoesNotDiverge", "divergence",
     {**functions("relu", "0"), **claim(1, domain=["-inf", "-1"])}),
    ("divergence-bounded", "HalfLineExpected", "divergence", claim(1, domain=["1", "2"])),
    ("divergence-all-reals", "HalfLineExpected", "divergence", claim(1, domain="all")),
    ("divergence-concludes-a-bound", "ConclusionJudgement", "enclose", {"1.rule": "divergence"}),
    # points
    ("value-lower-one-unit-up", "ValueNotContained", "witness",
     {"1.conclusion.within": [ABOVE, "2"]}),
    ("value-upper-one-unit-down", "ValueNotContained", "witness",
     {"1.conclusion.within": ["0", BELOW]}),
    ("value-at-another-point", "ValueNotContained", "witness", {"1.conclusion.at": "0.5"}),
    ("value-of-the-other-sign", "ValueNotContained", "witness",
     {"1.conclusion.within": ["-1", "-1"]}),
    ("value-of-an-undefined-root", "SqrtOfNegative", "witness",
     {**functions("(sqrt x)"), "1.conclusion.at": "-1"}),
    ("value-with-premise", "PremiseCount", "cover",
     {"2.rule": "value", "2.premises": [1], "2.conclusion": value("1", "1", "1")}),
    ("value-concludes-a-bound", "ConclusionJudgement", "enclose", {"1.rule": "value"}),
    ("witness-outside-domain", "WitnessOutsideDomain", "witness",
     {**claim(2, domain=["0", BELOW])}),
    ("witness-below-epsilon", "BoundExceeded", "witness", claim(2, epsilon=ABOVE)),
    ("witness-of-wide-value", "BoundExceeded", "witness", {"1.conclusion.within.0": BELOW}),
    ("witness-without-value", "PremiseCount", "witness", {"2.premises": DELETE}),
    ("witness-of-a-bound", "PremiseJudgement", "weaken",
     {"2.rule": "witness", "2.conclusion.judgement": "lower-bound"}),
    ("witness-of-another-pair", "PairMismatch", "witness",
     {"1.conclusion.target": "x", "1.conclusion.approximant": "(- x x)",
      "1.conclusion.within": ["0", "1"]}),
    ("witness-concludes-a-bound", "ConclusionJudgement", "witness",
     {"2.conclusion.judgement": "sup-error"}),
    # covers
    ("gap-between-pieces", "PiecesNotAdjacent", "cover", {"2.conclusion.domain.0": ABOVE}),
    ("overlap-of-pieces", "PiecesNotAdjacent", "cover", {"2.conclusion.domain.0": BELOW}),
    ("pieces-out-of-order", "DomainMismatch", "cover", {"3.premises": [2, 1]}),
    ("cover-begins-earlier", "DomainMismatch", "cover", claim(3, domain=["-" + TINY, "2"])),
    ("cover-ends-later", "DomainMismatch", "cover",
     claim(3, domain=["0", "2.000000000000000000000000000000000000001"])),
    ("cover-all-reals", "DomainMismatch", "cover", claim(3, domain="all")),
    ("cover-without-the-last-piece", "DomainMismatch", "cover", {"3.premises": [1]}),
    ("cover-of-nothing", "PremiseCount", "cover", {"3.premises": []}),
    ("cover-epsilon-one-unit-below", "PremiseTooWeak", "cover",
     claim(3, epsilon="1.999999999999999999999999999999999999999")),
    ("cover-of-another-pair", "PairMismatch", "cover",
     {"1.conclusion.target": "x", "1.conclusion.approximant": "(* 0 x)"}),
    ("cover-of-a-value", "PremiseJudgement", "cover",
     {"1.rule": "value", "1.conclusion": value("1", "1", "1")}),
    ("cover-mixes-kinds", "PremiseJudgement", "cover",
     {"1.rule": "well-defined", "1.conclusion": defined(["0", "1"])}),
    ("cover-of-definedness-as-a-bound", "PremiseJudgement", "identical", {"2.rule": "cover"}),
    ("cover-concludes-unbounded", "ConclusionJudgement", "cover",
     {"3.conclusion": unbounded(["0", "2"])}),
    # symmetry
    ("even-without-symmetry", "ParityNotProved", "even", functions("(- (exp x) 2)")),
    ("even-plus-a-constant", "ParityNotProved", "even",
     {**functions("(+ x 1)"), "1.conclusion.epsilon": "2", **claim(2, epsilon="2")}),
    ("even-domain-not-mirrored", "DomainMismatch", "even", claim(2, domain=["-" + ABOVE, "0"])),
    ("even-same-domain", "DomainMismatch", "even", claim(2, domain=["0", "1"])),
    ("even-epsilon-one-unit-below", "PremiseTooWeak", "even", claim(2, epsilon=BELOW)),
    ("even-of-two", "PremiseCount", "cover", {"3.rule": "even"}),
    ("even-of-another-pair", "PairMismatch", "even",
     {"1.conclusion.target": "x", "1.conclusion.approximant": "(* 0 x)"}),
    ("even-of-a-value", "PremiseJudgement", "witness", {"2.rule": "even"}),
    # scale
    ("scale-epsilon-one-unit-below", "PremiseTooWeak", "scale",
     claim(6, epsilon="0.06999999999999999999999999999999999999999")),
    ("scale-domain-wider", "DomainMismatch", "scale", claim(6, domain=["0", ABOVE])),
    ("scale-to-a-larger-error", "PremiseTooWeak", "scale", functions(None, "silu:k=3.9")),
    ("scale-to-all-reals", "DomainMismatch", "scale", claim(6, domain="all")),
    ("scale-negative", "NotScalable", "scale", functions(None, "silu:k=-4")),
    ("scale-gelu", "NotScalable", "scale", functions("gelu", None)),
    ("scale-quick-gelu", "NotScalable", "scale", functions(None, "quick_gelu")),
    ("scale-relu-twice", "NotScalable", "scale", functions(None, "relu")),
    ("scale-of-two", "PremiseCount", "scale", {"5.rule": "scale"}),
    ("scale-of-a-value", "PremiseJudgement", "witness", {"2.rule": "scale"}),
    # identical
    ("identical-swapped-sum", "NotIdentical", "identical", functions("(+ x 1)", "(+ 1 x)")),
    ("identical-other-functions", "NotIdentical", "identical", functions(None, "x")),
    ("identical-domain-wider", "DomainMismatch", "identical", claim(2, domain=["0", ABOVE])),
    ("identical-half-line", "DomainMismatch", "identical", claim(2, domain=["0", "inf"])),
    ("identical-without-definedness", "PremiseCount", "identical", {"2.premises": []}),
    ("identical-of-another-pair", "PairMismatch", "identical",
     {"1.conclusion.target": "x", "1.conclusion.approximant": "x"}),
    # weaken
    ("weaken-epsilon-below", "PremiseTooWeak", "weaken", claim(2, epsilon=BELOW)),
    ("weaken-domain-wider", "DomainMismatch", "weaken", claim(2, domain=["0", ABOVE])),
    ("weaken-domain-wider-left", "DomainMismatch", "weaken",
     claim(2, domain=["-" + TINY, "0.5"])),
    ("weaken-all-reals", "DomainMismatch", "weaken", claim(2, domain="all")),
    ("weaken-to-another-pair", "PairMismatch", "weaken",
     {"1.conclusion.target": "x", "1.conclusion.approximant": "(* 0 x)"}),
    ("weaken-swaps-the-pair", "PairMismatch", "weaken",
     {"1.conclusion.target": "x", "1.conclusion.approximant": "0",
      "0.statement.target": "0", "0.statement.approximant": "x"}),
    ("weaken-of-two", "PremiseCount", "cover", {"3.rule": "weaken"}),
    ("weaken-of-a-value", "PremiseJudgement", "witness",
     {"2.rule": "weaken", "2.conclusion.judgement": "sup-error"}),
    ("weaken-lower-to-upper", "ConclusionJudgement", "weaken-witness",
     {"0.statement.judgement": "sup-error", "3.conclusion.judgement": "sup-error"}),
    ("weaken-upper-to-lower", "ConclusionJudgement", "weaken",
     {"0.statement.judgement": "lower-bound", "2.conclusion.judgement": "lower-bound"}),
    ("weaken-lower-bound-above", "PremiseTooWeak", "weaken-witness", claim(3, epsilon=ABOVE)),
    ("weaken-lower-bound-narrower", "DomainMismatch", "weaken-witness",
     claim(3, domain=["0", BELOW])),
    ("weaken-unbounded-narrower", "DomainMismatch", "weaken-unbounded",
     claim(2, domain=["1", "1000000"])),
    ("weaken-unbounded-half", "DomainMismatch", "weaken-unbounded",
     claim(2, domain=[ABOVE, "inf"])),
    # layers, without the files
    ("instance-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "instance", {"judgement": "instance", "layer": "h"})}),
    ("ball-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "ball", {"judgement": "range", "layer": "h", "inputs": "every", "ranges": [["0", "1"]]},
                precision=64)}),
    ("box-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "box", {"judgement": "range", "layer": "h", "inputs": {"box": "2"},
                           "ranges": [["0", "1"]]}, precision=64)}),
    ("box-over-every-input", "DomainMismatch", "enclose",
     {"1": step(1, "box", {"judgement": "range", "layer": "h", "inputs": "every",
                           "ranges": [["0", "1"]]}, precision=64)}),
    ("ball-over-a-box", "DomainMismatch", "enclose",
     {"1": step(1, "ball", {"judgement": "range", "layer": "h", "inputs": {"box": "2"},
                            "ranges": [["0", "1"]]}, precision=64)}),
    ("box-of-negative-reach", "DomainReversed", "enclose",
     {"1": step(1, "box", {"judgement": "range", "layer": "h", "inputs": {"box": "-2"},
                           "ranges": [["0", "1"]]}, precision=64)}),
    ("perturb-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "perturb", {"judgement": "perturbation", "layer": "h", "inputs": "every",
                               "epsilon": "1"}, precision=64)}),
    ("perturb-without-precision", "DataMismatch", "enclose",
     {"1": step(1, "perturb", {"judgement": "perturbation", "layer": "h", "inputs": "every",
                               "epsilon": "1"})}),
    ("perturb-negative", "EpsilonNegative", "enclose",
     {"1": step(1, "perturb", {"judgement": "perturbation", "layer": "h", "inputs": "every",
                               "epsilon": "-1"}, precision=64)}),
    ("round-mlp-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "round-mlp", rounding(), precision=64)}),
    ("round-attention-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "round-attention", rounding(), precision=64)}),
    ("round-linear-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "round-linear", rounding(), precision=64)}),
    ("round-linear-concludes-an-instance", "ConclusionJudgement", "enclose",
     {"1": step(1, "round-linear", {"judgement": "instance", "layer": "h"}, precision=64)}),
    ("round-mlp-without-precision", "DataMismatch", "enclose",
     {"1": step(1, "round-mlp", rounding())}),
    ("round-mlp-concludes-a-perturbation", "ConclusionJudgement", "enclose",
     {"1": step(1, "round-mlp", {"judgement": "perturbation", "layer": "h", "inputs": "every",
                                 "epsilon": "1"}, precision=64)}),
    ("rounding-over-every-input", "DomainMismatch", "enclose",
     {"1": step(1, "round-mlp", rounding(inputs="every"), precision=64)}),
    ("rounding-over-a-box", "DomainMismatch", "enclose",
     {"1": step(1, "round-mlp", rounding(inputs={"box": "1"}), precision=64)}),
    ("rounding-of-no-length", "DomainReversed", "enclose",
     {"1": step(1, "round-mlp", rounding(inputs={"computed": "0"}), precision=64)}),
    ("rounding-negative", "EpsilonNegative", "enclose",
     {"1": step(1, "round-mlp", rounding(epsilon="-1"), precision=64)}),
    ("rounding-of-neither-side", "JsonWrongType", "enclose",
     {"1": step(1, "round-mlp", rounding(side="both"), precision=64)}),
    ("rounding-in-no-format", "FormatUnknown", "enclose",
     {"1": step(1, "round-mlp", rounding(evaluation={**EVALUATION, "compute": "fp12"}),
                precision=64)}),
    ("rounding-in-no-order", "EvaluationSyntax", "enclose",
     {"1": step(1, "round-mlp", rounding(evaluation={**EVALUATION, "order": "blocks:0"}),
                precision=64)}),
    ("rounding-with-a-negative-error", "EvaluationSyntax", "enclose",
     {"1": step(1, "round-mlp", rounding(evaluation={**EVALUATION, "exp_ulp": "-1"}),
                precision=64)}),
    ("ball-over-a-computed-box", "DomainMismatch", "enclose",
     {"1": step(1, "ball", {"judgement": "range", "layer": "h", "inputs": {"computed_box": "2"},
                            "ranges": [["0", "1"]]}, precision=64)}),
    ("box-over-computed-rows", "DomainMismatch", "enclose",
     {"1": step(1, "box", {"judgement": "range", "layer": "h", "inputs": {"computed": "2"},
                           "ranges": [["0", "1"]]}, precision=64)}),
    ("spectral-without-models", "SubjectMissing", "enclose",
     {"1": step(1, "spectral", {"judgement": "score-bound", "layer": "h", "inputs": "every",
                                "bound": "1"}, precision=64)}),
    ("leak-without-premises", "PremiseCount", "enclose",
     {"1": step(1, "leak", {"judgement": "mask-leak", "layer": "h", "inputs": "every",
                            "epsilon": "1"}, precision=64)}),
    ("triangle-without-premises", "PremiseCount", "enclose",
     {"1": step(1, "triangle", {"judgement": "one-layer-error", "layer": "h", "inputs": "every",
                                "epsilon": "1"})}),
    ("argmax-without-prompts", "SubjectMissing", "enclose",
     {"1": step(1, "argmax", {"judgement": "argmax-shard", "first": 0, "last": 1, "generate": 1,
                              "except": []})}),
    ("argmax-computed-without-prompts", "SubjectMissing", "enclose",
     {"1": step(1, "argmax", {"judgement": "argmax-shard", "first": 0, "last": 1, "generate": 1,
                              "except": [], "evaluation": EVALUATION})}),
    ("argmax-computed-in-fp31", "FormatUnknown", "enclose",
     {"1": step(1, "argmax", {"judgement": "argmax-shard", "first": 0, "last": 1, "generate": 1,
                              "except": [], "evaluation": {**EVALUATION, "compute": "fp31"}})}),
    ("argmax-difference-without-evaluation", "JsonMissingKey", "enclose",
     {"1": step(1, "argmax", {"judgement": "argmax-shard", "first": 0, "last": 1, "generate": 1,
                              "except": [], "difference": "1"})}),
    ("argmax-difference-negative", "EpsilonNegative", "enclose",
     {"1": step(1, "argmax", {"judgement": "argmax-shard", "first": 0, "last": 1, "generate": 1,
                              "except": [], "evaluation": EVALUATION, "difference": "-1"})}),
    ("lift-without-premises", "PremiseCount", "enclose",
     {"1": step(1, "lift", {"judgement": "one-layer-error", "layer": "h", "inputs": "every",
                        "epsilon": "1"})}),
    ("layer-name-with-a-blank", "NameSyntax", "enclose",
     {"1": step(1, "instance", {"judgement": "instance", "layer": "h 0"})}),
    ("layer-name-empty", "NameSyntax", "enclose",
     {"1": step(1, "instance", {"judgement": "instance", "layer": ""})}),
    ("layer-name-of-101-letters", "NameSyntax", "enclose",
     {"1": step(1, "instance", {"judgement": "instance", "layer": "h" * 101})}),
    ("layer-name-with-a-newline", "NameSyntax", "enclose",
     {"1": step(1, "instance", {"judgement": "instance", "layer": "h\nVerified"})}),
    ("layer-name-with-nul", "NameSyntax", "enclose",
     {"1": step(1, "instance", {"judgement": "instance", "layer": "h\0"})}),
    ("effort-too-large", "EffortTooLarge", "taylor",
     {**functions("(- " * 300 + "(* x x)" + ")" * 300), "1.precision": 8192, "1.data.order": 40}),
]


def conversion(**members):
    hashes = {"network": HASH, "weights": HASH}
    layer = {"name": "h", "activation": "relu", "approximant": "silu:k=1", "layout": "out-in",
             "norm": "layer-norm", "norm_epsilon": "0.00001", "epsilon": "1"}
    return {"judgement": "layer-error", "inputs": "every", "original": hashes,
            "converted": hashes, "layers": [layer], "epsilon": "1", **members}


def subject(role="original-network", name="x.json", sha256=HASH):
    return {"subject": role, "name": name, "sha256": sha256}


def rounding_error(layer=None, **members):
    hashes = {"network": HASH, "weights": HASH}
    one = {"name": "h", "inputs": {"computed": "1.1"}, "norm": "layer-norm",
           "norm_epsilon": "0.00001", "approximation": "0", "weights": "0", "leak": "0",
           "original_rounding": "1", "converted_rounding": "2", "epsilon": "3", **(layer or {})}
    return {"judgement": "rounding-error", "original": hashes, "converted": hashes,
            "evaluation": EVALUATION, "layers": [one], "epsilon": "3", **members}


def rounding_cases():
    """Audits about subjects that are never opened."""
    good = rounding_error()
    yield ("round-total-without-models", "SubjectMissing",
           certificate(good, step(1, "round-total", good, premises=[])))
    yield ("round-total-with-precision", "DataMismatch",
           certificate(good, step(1, "round-total", good, premises=[], precision=64)))
    for name, code, members in (
            ("epsilon-above-all-layers", "EpsilonNotMaximum", {"epsilon": "4"}),
            ("without-layers", "LayerMissing", {"layers": []}),
            ("without-evaluation", "JsonMissingKey", {"evaluation": {}}),
            ("share-negative", "EpsilonNegative", {"layer": {"weights": "-1"}}),
            ("over-every-input", "DomainMismatch", {"layer": {"inputs": "every"}}),
            ("activation-alone", "JsonMissingKey", {"layer": {"activation": "gelu"}}),
            ("unknown-activation", "UnknownActivation",
             {"layer": {"activation": "swish", "approximant": "relu"}})):
        yield f"audit-{name}", code, certificate(rounding_error(**members))
    yield ("conversion-of-computed-rows", "JsonWrongType",
           certificate(conversion(inputs={"computed": "1"})))


def conversion_cases():
    """About subjects that are never opened."""
    good = conversion()
    bad_hash = {"network": HASH.upper().replace("1", "G"), "weights": HASH}
    short = {"network": HASH[1:], "weights": HASH}
    every = step(1, "every-layer", good, premises=[])
    yield "every-layer-without-models", "SubjectMissing", certificate(good, every)
    yield "epsilon-above-all-layers", "EpsilonNotMaximum", certificate(conversion(epsilon="2"))
    yield "epsilon-below-a-layers", "EpsilonNotMaximum", certificate(conversion(epsilon=BELOW))
    yield "inputs-some", "JsonWrongType", certificate(conversion(inputs="some"))
    yield "hash-no-hexadecimal", "HashSyntax", certificate(conversion(original=bad_hash))
    yield "hash-short", "HashSyntax", certificate(conversion(converted=short))
    for name, code, *subjects in (
            ("subject-unknown-role", "SubjectRole", subject("original")),
            ("subject-other-hash", "SubjectMismatch", subject(sha256="0" * 64)),
            ("subject-absolute-path", "SubjectPath", subject(name="/etc/hostname")),
            ("subject-without-name", "SubjectPath", subject(name="")),
            ("subject-unknown-key", "JsonUnknownKey", {**subject(), "size": 1}),
            ("subject-without-hash", "JsonMissingKey", {"subject": "original-network",
                                                        "name": "x"})):
        lines = certificate(good, every)
        lines[1:1] = subjects
        yield name, code, lines
    lines = certificate(pair("sup-error", "x", "0", domain=["0", "1"], epsilon="1"))
    yield "subject-of-a-scalar-claim", "SubjectRole", [lines[0], subject(), lines[1]]


# 2B + ln(1023 (2V - E)/E), rounded up and down.
OMEGA = "40.7460043239154005851609682843"
BELOW_OMEGA = "40.7460043239154005851609682842"


def masking(**members):
    """One step about a mask."""
    goal = {"judgement": "mask-error", "tokens": 1024, "mask": "causal", "score_bound": "10",
            "value_bound": "0.5", "omega": OMEGA, "epsilon": "0.000001", **members}
    return certificate({**goal}, step(1, "mask-error", goal, precision=160))


def mask_cases():
    """About Omega: everything one unit stronger than the truth, and masks that are none."""
    rows = {"rows": ["8", "c", "e0", "f0", "f8"]}
    for name, code, members in (
            ("omega-one-unit-below", "BoundExceeded", {"omega": BELOW_OMEGA}),
            ("omega-in-the-12th-digit", "BoundExceeded", {"omega": "40.7460043238"}),
            ("omega-0", "BoundExceeded", {"omega": "0"}),
            ("epsilon-below", "BoundExceeded", {"epsilon": "0.00000099999999999"}),
            ("epsilon-0", "BoundExceeded", {"epsilon": "0"}),
            ("tokens-one-more", "BoundExceeded", {"tokens": 1025}),
            ("tokens-huge", "BoundExceeded", {"tokens": 2 ** 63 - 1}),
            ("scores-one-unit-above", "BoundExceeded", {"score_bound": "10." + "0" * 24 + "1"}),
            ("values-one-unit-above", "BoundExceeded", {"value_bound": "0.5" + "0" * 24 + "1"}),
            ("tokens-0", "MaskSyntax", {"tokens": 0}),
            ("tokens-negative", "MaskSyntax", {"tokens": -8}),
            ("pattern-unknown", "MaskSyntax", {"mask": "diagonal"}),
            ("window-0", "MaskSyntax", {"mask": "window:0"}),
            ("window-not-canonical", "MaskSyntax", {"mask": "window:08"}),
            ("rows-too-few", "MaskSyntax", {"mask": rows}),
            ("row-too-short", "MaskSyntax", {"mask": rows, "tokens": 5}),
            ("row-beyond-the-tokens", "MaskSyntax", {"mask": {"rows": ["8", "f"]}, "tokens": 2}),
            ("row-empty", "MaskRowEmpty", {"mask": {"rows": ["8", "0"]}, "tokens": 2}),
            ("score-bound-negative", "BoundNegative", {"score_bound": "-" + TINY}),
            ("omega-negative", "BoundNegative", {"omega": "-" + TINY})):
        yield f"mask-{name}", code, masking(**members)
    lines = masking()
    lines[0]["statement"]["mask"] = "full"
    yield "mask-of-another-pattern", "ConclusionIsNotClaim", lines
    lines = masking()
    lines[1]["rule"] = "enclose"
    yield "mask-by-another-rule", "ConclusionJudgement", lines


def text_cases(good):
    """Breaks below the level of JSON values."""
    text = text_of(good)
    lines = text.splitlines(keepends=True)
    yield "empty-file", "CertificateTruncated", ""
    yield "no-newline-at-the-end", "CertificateTruncated", text[:-1]
    yield "last-line-missing", "CertificateTruncated", "".join(lines[:-1])
    yield "only-the-header", "CertificateTruncated", lines[0]
    yield "text-after-the-end", "TextAfterEnd", text + "x"
    yield "newline-after-the-end", "TextAfterEnd", text + "\n"
    yield "second-end", "TextAfterEnd", text + lines[-1]
    yield "second-certificate", "TextAfterEnd", text + text
    yield "not-json", "JsonSyntax", lines[0] + "step 1\n" + lines[-1]
    yield "empty-line", "JsonSyntax", lines[0] + "\n" + "".join(lines[1:])
    yield "two-values-in-a-line", "JsonSyntax", lines[0].strip() + " {}\n" + "".join(lines[1:])
    yield "comment", "JsonSyntax", lines[0] + "// trust me\n" + "".join(lines[1:])
    yield "nul-byte", "JsonSyntax", lines[0].replace('"1"', '"1\0"') + "".join(lines[1:])
    yield "duplicate-key", "JsonDuplicateKey", text.replace('"epsilon":"1"',
                                                            '"epsilon":"2","epsilon":"1"', 1)
    yield "duplicate-step-key", "JsonDuplicateKey", text.replace('"step":1', '"step":1,"step":1')
    yield "header-a-list", "CertificateVersion", "[]\n" + "".join(lines[1:])
    yield "step-a-list", "JsonWrongType", lines[0] + "[]\n" + "".join(lines[2:])
    yield "end-first", "PremiseUnknown", lines[0] + lines[-1]
    yield "subject-after-steps", "SubjectRole", "".join(lines[:2]) + text_of([subject()]) + lines[2]


def special_cases(made):
    """Breaks that a table of edits cannot say."""
    known = copy.deepcopy(made["weaken"])
    known[2]["rule"] = "identical"
    yield "identical-of-a-bound", "PremiseJudgement", known
    at_0 = sup(["0", "0"], "0", target="relu", approximant="silu")
    yield "scale-negative-from-a-point", "NotScalable", certificate(
        pair("sup-error", "relu", "silu:k=-4", domain=["0", "5"], epsilon="0"),
        step(1, "enclose", at_0, precision=160),
        step(2, "scale", sup(["0", "5"], "0"), premises=[1]))
    large = "x"
    for number in range(23):
        large = f"(+ {large} {negations(900, number)})"
    lines = copy.deepcopy(made["enclose"])
    lines[0]["statement"]["target"] = large
    yield "term-of-20001-operations", "TermTooLarge", lines


def negations(length, number):
    return "(- " * length + f"(+ x {number})" + ")" * length


# ---- thresholds ----------------------------------------------------------------------------------


def text_of(lines):
    return "".join(json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                   + "\n" for line in lines)


class Checker:
    def __init__(self, bin_folder, scratch):
        self.program = os.path.join(bin_folder, "attncert-check")
        self.scratch = scratch
        self.answer = ""

    def verified(self, lines):
        path = os.path.join(self.scratch, "candidate.jsonl")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text_of(lines))
        done = subprocess.run([self.program, path], capture_output=True, check=False)
        self.answer = done.stdout.decode()
        return done.returncode == 0

    def least(self, base, digits):
        """The least epsilon of so many decimals that a one-step base is verified for."""
        low, high = 0, 10 ** digits

        def with_units(units):
            lines = copy.deepcopy(base)
            text = f"{units // 10 ** digits}.{units % 10 ** digits:0{digits}}"
            for path, content in claim(1, epsilon=text).items():
                put(lines, path, content)
            return lines

        while high - low > 1:
            middle = (low + high) // 2
            if self.verified(with_units(middle)):
                high = middle
            else:
                low = middle
        return with_units(high), with_units(low)


def one_unit_below(checker):
    """The best bound of 12 decimals a rule can prove, less one unit."""
    pieces = {
        "tail": computing("tail", "relu", "silu", ["3", "inf"], "0.2"),
        "left-tail": computing("tail", "relu", "silu", ["-inf", "-3"], "0.2"),
        "gelu-tail": computing("tail", "gelu", "silu:k=1.702", ["4", "inf"], "0.2"),
        "gelu-taylor": computing("taylor", "gelu", "silu:k=1.702", ["2", "2.5"], "0.2",
                                 centre="2.25", order=8),
        "gelu-mean-value": computing("mean-value", "gelu", "silu:k=1.702", ["2", "2.01"], "0.2",
                                     centre="2.005"),
        "gelu-enclose": computing("enclose", "gelu", "silu:k=1.702", ["2", "2.01"], "0.2"),
    }
    for name, base in pieces.items():
        good, bad = checker.least(base, 12)
        if not checker.verified(good):
            sys.exit(f"{name}: no epsilon is verified")
        yield f"{name}-one-unit-below", "BoundExceeded", bad


# ---- writing -------------------------------------------------------------------------------------


def generate(bin_folder, scratch):
    path = os.path.join(scratch, "relu-silu.jsonl")
    subprocess.run([os.path.join(bin_folder, "attncert"), "certify", "relu", "silu", "--epsilon",
                    "0.28", "-o", path], check=True, capture_output=True)
    with open(path, encoding="utf-8") as stream:
        made = bases([json.loads(line) for line in stream])
    checker = Checker(bin_folder, scratch)
    for name, lines in made.items():
        if not checker.verified(lines):
            sys.exit(f"base {name} is not verified: {checker.answer}")
    for name, code, base, edits in EDITS:
        lines = copy.deepcopy(made[base])
        for path, content in edits.items():
            put(lines, path, content)
        yield name, code, text_of(lines)
    for name, code, term in TERMS:
        lines = copy.deepcopy(made["enclose"])
        lines[0]["statement"]["target"] = term
        yield name, code, text_of(lines)
    if not checker.verified(masking()):
        sys.exit(f"base mask-error is not verified: {checker.answer}")
    for name, code, lines in (*conversion_cases(), *mask_cases(), *rounding_cases(),
                              *special_cases(made),
                              *one_unit_below(checker)):
        yield name, code, text_of(lines)
    yield from text_cases(made["enclose"])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(os.path.abspath(__file__))
    names = set()
    with tempfile.TemporaryDirectory() as scratch:
        for name, code, text in generate(sys.argv[1], scratch):
            if name in names:
                sys.exit(f"two cases named {name}")
            names.add(name)
            with open(os.path.join(folder, f"{name}.{code}.jsonl"), "w", encoding="utf-8",
                      newline="") as stream:
                stream.write(text)
    print(f"{len(names)} files")


if __name__ == "__main__":
    main()
