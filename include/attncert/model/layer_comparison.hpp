// How far a conversion's sublayers are from the original's on real inputs. Not rigorous.
#pragma once

#include <map>
#include <string>

#include "attncert/model/reference.hpp"

namespace attncert {

/// Keeps, for each sublayer, the largest difference seen between what the original and the converted
/// one add to the same stream.
/// Status   approx; neither side's rounding errors are accounted for
class LayerComparison {
public:
  LayerComparison(const ReferenceModel& original, const ReferenceModel& converted)
      : original_(original), converted_(converted) {}

  /// To be called for every sublayer of the original's runs.
  void observe(const Sublayer& sublayer, const Matrix& stream);

  /// By sublayer's name. Errors as of ReferenceModel::sublayer_update
  Result<std::map<std::string, double>> largest() const;

private:
  const ReferenceModel& original_;
  const ReferenceModel& converted_;
  std::map<std::string, double> largest_;
  std::optional<Error> error_;
};

}  // namespace attncert
