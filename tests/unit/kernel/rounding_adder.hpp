// A trained adder with its conversion, and evaluations in few words.
#pragma once

#include <filesystem>

#include "attncert/kernel/rounding.hpp"
#include "attncert/model/importer.hpp"
#include "unit/kernel/tiny_model.hpp"

namespace attncert::testing {

inline const std::string kMlp = "h.1.mlp";
inline const std::string kAttention = "h.1.attn";

inline Evaluation evaluation(const std::string& compute, const std::string& accumulate,
                             const std::string& order = "any",
                             Underflow underflow = Underflow::gradual) {
  Evaluation result;
  result.storage = format_named(compute).value();
  result.compute = result.storage;
  result.accumulate = format_named(accumulate).value();
  result.summation = summation_named(order).value();
  result.underflow = underflow;
  return result;
}

inline Inputs computed(const Rational& size) { return {Inputs::Kind::computed, size}; }

// A trained adder and its conversion.
class Adder {
public:
  explicit Adder(std::optional<NumberType> type = {}, Gates gates = one_gate("1.702")) {
    auto loaded = load_model(std::filesystem::path(ATTNCERT_SOURCE_DIR) / "certificates" /
                             "models" / "adder-gelu");
    REQUIRE(loaded);
    loaded_ = std::move(loaded).value();
    auto planned = plan_conversion(
        loaded_.model, [&](const MlpSublayer&) { return Result<Gates>(gates); }, every_sublayer);
    REQUIRE(planned);
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
  Subjects subjects() const { return {original(), converted(), {}}; }
  std::string check(const Step& step, const std::vector<Judgement>& premises = {}) const {
    Context context(subjects());
    return outcome(check_step(context, step, premises));
  }

private:
  LoadedModel loaded_;
  std::string bytes_;
  Model converted_;
};

}  // namespace attncert::testing
