// A model from disk and a conversion of it, in memory.
#pragma once

#include <filesystem>

#include "attncert/construction/conversion.hpp"
#include "attncert/model/importer.hpp"
#include "unit/kernel/steps.hpp"
#include "unit/tensors.hpp"

namespace attncert::testing {

/// A model of certificates/models.
inline std::filesystem::path adder_folder(const std::string& name) {
  return std::filesystem::path(ATTNCERT_SOURCE_DIR) / "certificates" / "models" / name;
}

/// The conversion's hashes are stand-ins.
class Conversion {
public:
  Conversion(const std::filesystem::path& folder, const Gates& gates,
             std::optional<Rational> omega = {}, std::optional<NumberType> type = {}) {
    auto loaded = load_model(folder);
    REQUIRE(loaded);
    loaded_ = std::move(loaded).value();
    auto planned = plan_conversion(
        loaded_.model, [&](const MlpSublayer&) { return Result<Gates>(gates); }, every_sublayer);
    REQUIRE(planned);
    if (omega) REQUIRE(plan_mask_weights(loaded_.model, *omega, planned.value()));
    if (type) plan_rounding(*type, planned.value());
    bytes_ = bytes_of(planned.value().tensors);
    auto file = TensorFile::parse(bytes_);
    REQUIRE(file);
    converted_ = {std::move(planned.value().network),
                  std::move(file).value(),
                  {std::string(64, 'c'), std::string(64, 'd')}};
  }

  const Model& original() const { return loaded_.model; }
  const Model& converted() const { return converted_; }
  Subjects subjects(std::optional<Prompts> prompts = {}) const {
    return {loaded_.model, converted_, std::move(prompts)};
  }
  std::string check(const Step& step, const std::vector<Judgement>& premises = {},
                    std::optional<Prompts> prompts = {}) const {
    Context context(subjects(std::move(prompts)));
    return outcome(check_step(context, step, premises));
  }

private:
  LoadedModel loaded_;
  std::string bytes_;
  Model converted_;
};

}  // namespace attncert::testing
