#include "numerics.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "attncert/expression/zoo.hpp"
#include "attncert/model/approximate.hpp"

namespace attncert {

std::vector<double> layer_norm(const std::vector<double>& x, const std::vector<double>& gain,
                               const std::vector<double>& shift, double epsilon) {
  const auto size = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / size;
  double variance = 0;
  for (const double value : x) variance += (value - mean) * (value - mean);
  const double factor = 1 / std::sqrt(variance / size + epsilon);
  std::vector<double> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = (x[i] - mean) * factor * gain[i] + shift[i];
  return y;
}

void softmax(std::vector<double>& scores) {
  const double greatest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& score : scores) sum += score = std::exp(score - greatest);
  for (double& score : scores) score /= sum;
}

void add_to(std::vector<double>& x, const std::vector<double>& y) {
  std::transform(x.begin(), x.end(), y.begin(), x.begin(), std::plus<>());
}

Result<double> score_scale(const std::string& text) {
  if (text == "1") return 1.0;
  constexpr std::string_view prefix = "rsqrt(";
  if (text.starts_with(prefix) && text.ends_with(")")) {
    ATTNCERT_TRY(const Rational n, parse_rational(std::string_view(text).substr(
                                       prefix.size(), text.size() - prefix.size() - 1)));
    if (n > 0) return 1 / std::sqrt(static_cast<double>(n));
  }
  return fail(ErrorCode::NetworkField, "scale '" + text.substr(0, 40) + "' is not 1 or rsqrt(n)");
}

Result<std::function<double(double)>> activation_function(const std::string& text) {
  ProgramBuilder builder;
  ATTNCERT_TRY(const NodeIndex root, read_function(text, builder));
  auto evaluator = std::make_shared<ApproxEvaluator>(builder.program(), root);
  return std::function<double(double)>([evaluator](double x) { return (*evaluator)(x); });
}

}  // namespace attncert
