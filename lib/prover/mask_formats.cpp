#include "attncert/prover/mask_formats.hpp"

#include <functional>

#include "attncert/interval/functions.hpp"
#include "attncert/model/decimal.hpp"
#include "attncert/model/emulation.hpp"
#include "attncert/prover/exp_zero.hpp"

namespace attncert {
namespace {

constexpr Precision kPrecision = 128;
constexpr int kDigits = 6;
constexpr int kThresholdDigits = 25;

// The numbers of a format that are not negative, by their codes, which increase with them.
class Codes {
public:
  explicit Codes(const Format& format) : format_(format) {
    const Rational largest = largest_finite(format);
    while (top_ > 0 && !(at(top_) <= largest)) --top_;
  }
  Rational at(unsigned long code) const { return Rational(decoded(format_, code)); }

  // The least code in [first, top] with a property that holds from some code on; nothing if none.
  std::optional<unsigned long> least(const std::function<bool(const Rational&)>& holds,
                                     unsigned long first = 0) const {
    unsigned long last = top_;
    if (first > last || !holds(at(last))) return {};
    while (first < last) {
      const unsigned long middle = first + (last - first) / 2;
      if (holds(at(middle))) {
        last = middle;
      } else {
        first = middle + 1;
      }
    }
    return first;
  }

  // The largest number <= x; Requires x >= 0.
  Rational below(const Rational& x) const {
    const auto above = least([&x](const Rational& number) { return number > x; });
    return above ? at(*above - 1) : at(top_);
  }

private:
  // The code before that of infinity or NaN: the last but one of the last exponent or fraction.
  static unsigned long start(const Format& format) {
    return (1UL << (bits_of(format) - 1)) -
           (format.infinities ? 1UL << (format.precision - 1) : 1) - 1;
  }
  const Format& format_;
  unsigned long top_ = start(format_);
};

class Comparison {
public:
  explicit Comparison(const MaskSetting& setting)
      : setting_(setting),
        codes_(setting.format),
        largest_(largest_finite(setting.format)),
        bound_(setting.score_bound) {
    exp_zero_ = exp_zero_of(setting.format, setting.underflow, kThresholdDigits);
  }

  const Rational& exp_zero() const { return exp_zero_; }
  EncodingBound subtract_after() const;
  EncodingBound add(ScoreEncoding encoding) const;

private:
  // Rounded to the format; beyond it, the exact number, which is as far from 0.
  Rational computed(const Rational& x) const {
    const auto result = rounded(setting_.format, x);
    return result ? result.value() : x;
  }
  bool vanishes(const Rational& highest, const Rational& least_maximum) const {
    return computed(Rational(highest - least_maximum)) <= -exp_zero_;
  }
  Interval leak(const Rational& gap) const;
  Rational moved(const Interval& share) const;
  Rational error_of(const Rational& omega, const Rational& delta, ScoreEncoding encoding) const;
  Rational least_allowed(const Rational& omega, const Rational& delta,
                         ScoreEncoding encoding) const;
  void consider(int exponent, EncodingBound& best) const;
  Interval growth() const;

  const MaskSetting& setting_;
  Codes codes_;
  Rational largest_;
  Rational bound_;
  Rational exp_zero_;
};

// t/(1+t), t = n_M/n_S e^-gap.
Interval Comparison::leak(const Rational& gap) const {
  const Interval t =
      enclose(setting_.ratio, kPrecision) * exp(enclose(Rational(-gap), kPrecision), kPrecision);
  return t / (integer(1, kPrecision) + t);
}

// A share of the spread, at most all of it, rounded up.
Rational Comparison::moved(const Interval& share) const {
  const Rational all = setting_.spread;
  if (!is_bounded(share)) return all;
  const Rational error = upper_rational(share) * all;
  return error >= all ? all : round_decimal(error, kDigits, Direction::up);
}

EncodingBound Comparison::subtract_after() const {
  EncodingBound result{ScoreEncoding::subtract_after, {}, setting_.spread, {}};
  const Rational room = largest_ - 2 * bound_;  // for score - omega - maximum
  if (room < 0) return result;
  const auto zero = codes_.least([this](const Rational& omega) {
    return vanishes(computed(Rational(bound_ - omega)), Rational(-bound_));
  });
  if (zero && codes_.at(*zero) <= room) {
    result.omega = result.zero_from = codes_.at(*zero);
    result.error = 0;
    return result;
  }
  result.omega = codes_.below(room);
  const Rational highest = computed(Rational(bound_ - *result.omega));
  result.error = moved(leak(Rational(-bound_ - highest)));
  return result;
}

// A bound of what roundings multiply partial sums of a score by.
Interval Comparison::growth() const {
  const Interval one = integer(1, kPrecision);
  return pow(one + enclose(unit_roundoff(setting_.format), kPrecision), setting_.terms - 1,
             kPrecision);
}

// What the smallest allowed score is computed as, at least.
Rational Comparison::least_allowed(const Rational& omega, const Rational& delta,
                                   ScoreEncoding encoding) const {
  const Rational exact = omega - bound_;
  return encoding == ScoreEncoding::add_after ? computed(exact) : Rational(exact - delta);
}

Rational Comparison::error_of(const Rational& omega, const Rational& delta,
                              ScoreEncoding encoding) const {
  const Rational allowed = least_allowed(omega, delta, encoding);
  const Interval half = enclose(Rational(delta / 2), kPrecision);
  const Interval variation = tanh(half, kPrecision);
  if (vanishes(bound_, allowed)) return moved(variation);
  return moved(variation + leak(Rational(allowed - bound_)));
}

// The largest omega with allowed scores of at most 2^exponent in magnitude: of all whose allowed
// scores lie in the binade below, it leaks least, and the others move scores as much.
void Comparison::consider(int exponent, EncodingBound& best) const {
  const bool inside = best.encoding == ScoreEncoding::add_inside;
  const Rational top = std::min(power_of_two(exponent), largest_);
  const Rational reach =
      inside ? lower_rational(enclose(top, kPrecision) / growth()) : Rational(top);
  if (reach < bound_ || largest_ < 2 * bound_) return;
  const Rational omega =  // room for masked scores less the maximum
      codes_.below(std::min(Rational(reach - bound_), Rational(largest_ - 2 * bound_)));
  const int unit = std::max(exponent - 1, setting_.format.min_exponent);
  const Rational half = power_of_two(unit - setting_.format.precision);
  const Rational delta = half * (inside ? setting_.terms : 1);
  const Rational error = error_of(omega, delta, best.encoding);
  if (!best.omega || error < best.error) {
    best.omega = omega;
    best.error = error;
  }
  if (best.zero_from || !vanishes(bound_, least_allowed(omega, delta, best.encoding))) return;
  const auto zero = codes_.least([&](const Rational& smaller) {
    return vanishes(bound_, least_allowed(smaller, delta, best.encoding));
  });
  best.zero_from = codes_.at(*zero);
}

EncodingBound Comparison::add(ScoreEncoding encoding) const {
  EncodingBound best{encoding, {}, setting_.spread, {}};
  for (int exponent = setting_.format.min_exponent; exponent <= setting_.format.max_exponent + 1;
       ++exponent) {
    consider(exponent, best);
    if (best.zero_from) break;  // beyond, scores only move more
  }
  return best;
}

}  // namespace

std::string in_words(ScoreEncoding encoding) {
  if (encoding == ScoreEncoding::subtract_after) return "-Omega after the score, on masked ones";
  if (encoding == ScoreEncoding::add_after) return "+Omega after the score, on allowed ones";
  return "+Omega inside the dot product, on allowed ones";
}

Result<MaskFormats> masks_in_format(const MaskSetting& setting) {
  if (setting.score_bound < 0 || setting.spread < 0) {
    return fail(ErrorCode::BoundNegative, "the bounds of scores and values must not be negative");
  }
  const Comparison comparison(setting);
  MaskFormats result{comparison.exp_zero(),
                     {comparison.subtract_after(), comparison.add(ScoreEncoding::add_after),
                      comparison.add(ScoreEncoding::add_inside)}};
  if (!result.encodings[0].omega && !result.encodings[1].omega) {
    return fail(ErrorCode::FormatOverflow,
                "scores as large as " + to_scientific(setting.score_bound, 4, Direction::up) +
                    " leave no room for a mask in " + std::string(setting.format.name));
  }
  for (std::size_t i = 1; i < result.encodings.size(); ++i) {
    const bool better = result.encodings[i].error < result.encodings[result.recommended].error;
    if (better) result.recommended = i;
  }
  const Rational& least = result.encodings[result.recommended].error;
  result.useless = setting.spread > 0 && least >= setting.spread;
  return result;
}

}  // namespace attncert
