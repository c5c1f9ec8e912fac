// The small transformer of certificates/theorems/t3-transformer and its conversions, in memory.
#pragma once

#include <filesystem>

#include "attncert/construction/conversion.hpp"
#include "attncert/model/importer.hpp"
#include "unit/kernel/steps.hpp"
#include "unit/tensors.hpp"

namespace attncert::testing {

inline std::filesystem::path theorem_folder(const std::string& name) {
  return std::filesystem::path(ATTNCERT_SOURCE_DIR) / "certificates" / "theorems" / name;
}

/// An original from disk and a conversion in memory; hashes are stand-ins.
class Transformer {
public:
  explicit Transformer(std::optional<Rational> omega = {}, const std::string& slope = "1",
                       std::optional<NumberType> type = {}) {
    auto loaded = load_model(theorem_folder("t3-transformer") / "model");
    REQUIRE(loaded);
    loaded_ = std::move(loaded).value();
    auto planned = plan_conversion(
        loaded_.model,
        [&](const MlpSublayer&) {
          return Result<Gates>(Gates{{"1", {{slope, "0"}}}});
        },
        every_sublayer);
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
  const AttentionSublayer& attention() const {
    return std::get<AttentionSublayer>(loaded_.model.network.sublayers.at(0));
  }

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
