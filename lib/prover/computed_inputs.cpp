#include "computed_inputs.hpp"

#include "attncert/interval/functions.hpp"
#include "attncert/kernel/rounding.hpp"
#include "attncert/model/decimal.hpp"

namespace attncert {
namespace {

constexpr int kRadiusDigits = 9;
constexpr Precision kPrecision = 64;

// What computed means of a row are off by.
struct Means {
  Rational unit;      // of operations
  Rational division;  // of quotients and roots
  Rational relative;  // of a mean, relative to the mean of magnitudes
  Rational tiny;      // what underflow adds

  static Result<Means> of(long width, const Evaluation& evaluation) {
    const Rational roundings =
        (evaluation.summation.roundings(width) + 1) * unit_roundoff(evaluation.accumulate);
    const Rational unit = unit_roundoff(evaluation.compute);
    const Rational division = 2 * evaluation.division_ulp * unit;
    if (2 * roundings >= 1 || 4 * division > 1) {
      return fail(ErrorCode::RoundingUseless, "no useful bound: a mean may lose every digit");
    }
    return Means{unit, division,
                 Rational((1 + 2 * roundings) * (1 + unit) * (1 + unit) * (1 + division) - 1),
                 Rational(4 * (underflow_unit(evaluation.accumulate, evaluation.underflow) +
                               underflow_unit(evaluation.compute, evaluation.underflow)))};
  }

  // x - mean(x), |x| <= box
  Rational centred(const Rational& box) const {
    return (box + box * (1 + relative) + tiny) * (1 + unit) + tiny;
  }

  // The same over the root of mean(x^2) - mean(x)^2 + epsilon, which is at least what roundings leave
  // of epsilon.
  Result<Rational> one_pass(const Rational& box, const Rational& epsilon) const {
    const Rational mean = box * (1 + relative) + tiny;
    const Rational lost = relative * box * box + (mean * mean - box * box) +
                          2 * unit * (mean * mean + box * box * (1 + relative)) + 8 * tiny;
    const Rational kept = (epsilon * (1 - unit) - tiny - lost) * (1 - unit) - tiny;
    if (kept <= 0) {
      return fail(
          ErrorCode::EnclosureUnbounded,
          "unbounded: over this box a variance taken in one pass may be as low as minus the "
          "norm's epsilon, so NaN is possible; take it in two passes, or a smaller box");
    }
    const Interval root = sqrt(enclose(kept, kPrecision), kPrecision);
    const Interval above =
        enclose(Rational(centred(box) * (1 + division) * (1 + unit)), kPrecision);
    return Rational(upper_rational(above / (root * enclose(Rational(1 - division), kPrecision))) +
                    tiny);
  }
};

bool takes_one_pass(const Norm& norm, const Evaluation& evaluation) {
  return norm.kind == "layer-norm" && evaluation.norm == NormPasses::one;
}

Result<Rational> size_in_box(const Norm& norm, long width, const Evaluation& evaluation,
                             const Rational& box) {
  if (norm.kind == "none") return box;
  ATTNCERT_TRY(const Means means, Means::of(width, evaluation));
  if (takes_one_pass(norm, evaluation)) return means.one_pass(box, norm.epsilon);
  return means.centred(box);
}

}  // namespace

bool needs_box(const Norm& norm, const Evaluation& evaluation) {
  return norm.kind == "mean-norm" || norm.kind == "none" || takes_one_pass(norm, evaluation);
}

Result<Inputs> computed_inputs(const Norm& norm, long width, const Evaluation& evaluation,
                               const std::optional<Rational>& box) {
  const auto stated = [](const Rational& size) {
    return round_decimal(size, kRadiusDigits, Direction::up);
  };
  if (!needs_box(norm, evaluation)) {
    ATTNCERT_TRY(const Rational radius, computed_radius(norm, width, evaluation));
    return Inputs{Inputs::Kind::computed, stated(radius)};
  }
  if (!box) {
    const std::string why = takes_one_pass(norm, evaluation)
                                ? "its variance is taken in one pass and may cancel to anything"
                                : "its norm (" + norm.kind + ") bounds nothing";
    return fail(ErrorCode::EnclosureUnbounded,
                "unbounded over every input: " + why +
                    "; give a box of its inputs, --domain box:R or box:FILE");
  }
  ATTNCERT_TRY(const Rational size, size_in_box(norm, width, evaluation, *box));
  return Inputs{Inputs::Kind::computed_box, norm.kind == "none" ? size : stated(size)};
}

}  // namespace attncert
