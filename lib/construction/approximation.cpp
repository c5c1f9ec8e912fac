#include "attncert/construction/approximation.hpp"

#include <map>
#include <mutex>

#include "attncert/expression/zoo.hpp"
#include "gate_search.hpp"
#include "gate_tables.hpp"

namespace attncert {
namespace {

constexpr int kMostHeadsForEpsilon = 6;  // of searches: they take longer and longer
constexpr int kDefaultReluPower = 20;

// One gate sigmoid(slope x).
Gates one_gate(const std::string& slope) { return {{"1", {{slope, "0"}}}}; }

// Activations that gates equal, by theorems T1 and B1; in canonical form, or none.
Result<Gates> exact_gates(const std::string& function) {
  constexpr std::string_view silu = "silu:k=";
  if (function == "silu") return one_gate("1");
  if (function == "quick_gelu") return one_gate("1.702");
  if (function.starts_with(silu)) return one_gate(function.substr(silu.size()));
  if (function != "mish") return Gates{};
  // tanh(ln(1 + y)) = (y^2 + 2y) / (y^2 + 2y + 2), y = e^x: 1/(1 + 2/y + 2/y^2) + 1/(1 + y/2 + 1/y)
  const Gates mish{{"1", {{"1", "(- (log 2))"}, {"2", "(- (log 2))"}}},
                   {"1", {{"-1", "(log 2)"}, {"1", "0"}}}};
  return gates_of(to_json(mish));
}

Approximation relu_by_power(int power) {
  const Rational k = power_of_two(power);
  return {one_gate(to_string(k)), Rational(kReluConstant / k).convert_to<double>(), false};
}

// The least power of two k with W(1/e)/k <= epsilon.
Result<Approximation> relu_within(const Rational& epsilon) {
  constexpr int greatest = 1000;
  int power = -greatest;
  int above = greatest;
  while (power < above) {
    const int middle = power + (above - power) / 2;
    if (kReluConstant <= epsilon * power_of_two(middle)) {
      above = middle;
    } else {
      power = middle + 1;
    }
  }
  if (kReluConstant > epsilon * power_of_two(power)) {
    return fail(ErrorCode::EpsilonUnreached,
                "relu: epsilon is too small; the best head, "
                "k = 2^1000, has an error of 2.6e-302");
  }
  return relu_by_power(power);
}

// Searches are deterministic and long, and models ask for the same one for every layer.
Result<Approximation> search_once(const std::string& function, int heads,
                                  const SearchProgress& progress) {
  static std::mutex mutex;
  static std::map<std::string, GateSearch> searches;
  const std::scoped_lock lock(mutex);
  auto at = searches.find(function);
  if (at == searches.end()) {
    ATTNCERT_TRY(GateSearch search, GateSearch::make(function));
    at = searches.emplace(function, std::move(search)).first;
  }
  return at->second.approximation(heads, progress);
}

Result<Approximation> with_heads(const std::string& function, int heads,
                                 const SearchProgress& progress) {
  if (heads < 1 || heads > kMostHeads) {
    return fail(ErrorCode::HeadsOutOfRange, "the number of heads must be from 1 to " +
                                                std::to_string(kMostHeads) + ", not " +
                                                std::to_string(heads));
  }
  if (function == "relu") return relu_by_power(kDefaultReluPower);
  ATTNCERT_TRY(Gates exact, exact_gates(function));
  if (!exact.empty() && static_cast<int>(exact.size()) <= heads) {
    return Approximation{std::move(exact), 0, true};
  }
  if (const TableRow* row = find_table(function, heads)) {
    ATTNCERT_TRY(const Json json, parse_json(row->gates));
    ATTNCERT_TRY(Gates gates, gates_of(json));
    ATTNCERT_TRY(const Rational bound, parse_rational(row->bound));
    return Approximation{std::move(gates), bound.convert_to<double>(), false};
  }
  return search_once(function, heads, progress);
}

Result<Approximation> within(const std::string& function, const Rational& epsilon,
                             const SearchProgress& progress) {
  if (epsilon <= 0) return fail(ErrorCode::EpsilonNegative, "epsilon must be positive");
  if (function == "relu") return relu_within(epsilon);
  const int most = find_table(function, 1) != nullptr ? kTableHeads : kMostHeadsForEpsilon;
  double best = 0;
  for (int heads = 1; heads <= most; ++heads) {
    auto found = with_heads(function, heads, progress);
    if (!found && heads == 1 && found.error().code == ErrorCode::HeadsOutOfRange) continue;
    if (!found) return found.error();
    best = found.value().approx_error;
    // a search sees its error to about six digits
    const bool searched = !found.value().exact && find_table(function, heads) == nullptr;
    if (Rational(best * (searched ? 1 + 1e-6 : 1)) <= epsilon) return found;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", best);
  return fail(ErrorCode::EpsilonUnreached,
              "no gates found for '" + function.substr(0, 60) + "' with an error of at most " +
                  to_string(epsilon).substr(0, 40) + ": the best, with " + std::to_string(most) +
                  " heads, has " + text);
}

}  // namespace

Result<Approximation> approximation_for(const std::string& target, std::optional<int> heads,
                                        std::optional<Rational> epsilon,
                                        const SearchProgress& progress) {
  ATTNCERT_TRY(const std::string function, canonical_function(target));
  if (epsilon) return within(function, *epsilon, progress);
  return with_heads(function, heads.value_or(1), progress);
}

}  // namespace attncert
