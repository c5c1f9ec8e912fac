// Sublayers computed by rounding machines against the bounds that rules round-* prove.
#pragma once

#include "unit/evaluations.hpp"
#include "unit/kernel/rounding_machine.hpp"

namespace attncert::testing {

inline const std::vector<Evaluation>& evaluations() {
  static const std::vector<Evaluation> all{
      evaluation("fp32", "fp32"),
      evaluation("fp32", "fp32", "pairwise"),
      evaluation("fp32", "fp32", "blocks:16", Underflow::flush),
      evaluation("bf16", "fp32", "sequential"),
      evaluation("fp16", "fp32", "blocks:8"),
      evaluation("tf32", "fp32", "any")};
  return all;
}

/// A vector of the compute format, of length at most sqrt(D): random, with few entries, tiny, or such
/// that a row of a map is large.
inline Vector some_row(Random& random, const RoundingMachine& machine, const Affine& aim,
                       int kind) {
  const long width = aim.weight.columns;
  Vector n(static_cast<std::size_t>(width));
  for (double& x : n) x = random.uniform(-1, 1);
  if (kind % 5 == 4) {
    const auto row = aim.weight.row(random.integer(0, aim.weight.rows - 1));
    const double sign = random.integer(0, 1) == 0 ? 1 : -1;
    std::transform(row.begin(), row.end(), n.begin(), [sign](double w) { return sign * w; });
  }
  if (kind % 5 == 1) {
    for (double& x : n) x = random.uniform(0, 1) < 0.9 ? 0 : x;
    n[0] += 1e-3;
  }
  const double length = std::sqrt(std::inner_product(n.begin(), n.end(), n.begin(), 0.0));
  double scale = std::sqrt(static_cast<double>(width)) * 0.99 / length;
  if (kind % 5 == 2) scale *= 1e-6;
  if (kind % 5 == 3) scale *= std::ldexp(1.0, -130);
  for (double& x : n) x = machine.op(x * scale);
  return n;
}

/// The largest measured error must not exceed the bound; the ratio is told.
template <class Computed, class Exact>
void compare(const char* what, const Evaluation& machine_model, const Rational& bound,
             const Affine& aim, Computed computed_by, Exact exact_by) {
  Random random(what);
  const RoundingMachine good(machine_model, random);
  const RoundingMachine bad(machine_model, random, true);
  double measured = 0;
  for (int n = 0; n < 25; ++n) {
    const RoundingMachine& machine = n % 2 == 0 ? good : bad;
    const Vector row = some_row(random, good, aim, n);
    const Vector found = computed_by(machine, row);
    measured = std::max(measured, largest_difference(found, exact_by(row)));
  }
  const auto certified = static_cast<double>(bound);
  MESSAGE(std::string(what) << ": " << in_words(machine_model) << ": measured/certified "
                            << measured / certified << ", certified " << certified);
  CHECK(measured <= certified);
  CHECK(measured > 0);
}

}  // namespace attncert::testing
