#include "attncert/model/layer_comparison.hpp"

#include <algorithm>
#include <cmath>

namespace attncert {

void LayerComparison::observe(const Sublayer& sublayer, const Matrix& stream) {
  const auto before = original_.sublayer_update(sublayer, stream);
  const auto after = converted_.sublayer_update(sublayer, stream);
  for (const auto* one : {&before, &after}) {
    if (!*one && !error_) error_ = one->error();
  }
  if (error_) return;
  double& largest = largest_[name_of(sublayer)];
  for (std::size_t i = 0; i < before.value().values.size(); ++i) {
    largest = std::max(largest, std::fabs(before.value().values[i] - after.value().values[i]));
  }
}

Result<std::map<std::string, double>> LayerComparison::largest() const {
  if (error_) return *error_;
  return largest_;
}

}  // namespace attncert
