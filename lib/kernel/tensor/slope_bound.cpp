#include "slope_bound.hpp"

#include <algorithm>

#include "attncert/expression/taylor.hpp"
#include "attncert/expression/zoo.hpp"

namespace attncert::rules {
namespace {

constexpr int kPieces = 4000;  // evaluated at most

struct Piece {
  Rational lower;
  Rational upper;
};

double magnitude(const Interval& x) {
  return std::max(std::fabs(lower_double(x)), std::fabs(upper_double(x)));
}

class Slopes {
public:
  Slopes(const ProgramBuilder& builder, NodeIndex root, Precision precision)
      : program_(builder.program()), root_(root), precision_(precision) {}

  // |S| over a piece.
  Result<double> over(const Piece& piece) const {
    const Interval at = attncert::enclose(piece.lower, piece.upper, precision_);
    ATTNCERT_TRY(const PieceExpansion all, expand_over_piece(program_, root_, at, 1, precision_));
    return all.coefficients.size() > 1 ? magnitude(all.coefficients[1]) : 0.0;
  }

  Result<double> value_at_zero() const {
    ATTNCERT_TRY(const Interval value,
                 evaluate(program_, root_, attncert::enclose(0, precision_), precision_));
    return magnitude(value);
  }

private:
  const Program& program_;
  NodeIndex root_;
  Precision precision_;
};

// The largest bound over pieces that are halved while they are much above what is seen.
Result<double> steepest(const Slopes& slopes, const Rational& reach) {
  std::vector<Piece> open{{Rational(-reach), 0}, {0, reach}};
  double seen = 0;
  double largest = 0;
  for (int n = 0; !open.empty(); ++n) {
    const Piece piece = open.back();
    open.pop_back();
    ATTNCERT_TRY(const double bound, slopes.over(piece));
    const Rational middle = (piece.lower + piece.upper) / 2;
    if (bound > largest && n < kPieces) {
      const auto centre = slopes.over({middle, middle});
      if (centre) seen = std::max(seen, centre.value());
    }
    const bool small = piece.upper - piece.lower < Rational(1, 1024);
    if (bound <= largest || bound <= seen * (1 + 0x1p-5) || small || n >= kPieces) {
      largest = std::max(largest, bound);
      continue;
    }
    open.push_back({piece.lower, middle});
    open.push_back({middle, piece.upper});
  }
  return largest;
}

}  // namespace

Result<SlopeBound> slope_bound(const std::string& function, Upper reach, Precision precision) {
  if (!std::isfinite(reach.value())) {
    return fail(ErrorCode::EnclosureUnbounded, "pre-activations are not bounded");
  }
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(function, builder));
  const Slopes slopes(builder, root, precision);
  ATTNCERT_TRY(const double largest, steepest(slopes, Rational(reach.value())));
  ATTNCERT_TRY(const double at_zero, slopes.value_at_zero());
  if (std::isfinite(largest) && std::isfinite(at_zero)) {
    return SlopeBound{Upper::of(largest), Upper::of(at_zero)};
  }
  return fail(ErrorCode::EnclosureUnbounded, "the activation's slope has no bound here");
}

}  // namespace attncert::rules
