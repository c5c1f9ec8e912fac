#include "attncert/kernel/neurons.hpp"

#include "round_mlp.hpp"

namespace attncert {

Result<std::vector<NeuronRounding>> neuron_roundings(const Model& model, bool converted,
                                                     const std::string& layer, const Inputs& inputs,
                                                     const Evaluation& evaluation,
                                                     Precision precision) {
  using namespace rules;
  const Machine machine(evaluation);
  ATTNCERT_TRY(const MlpParts parts,
               mlp_parts(machine, model, converted, layer, inputs, precision));
  ATTNCERT_TRY(const InnerErrors errors, inner_errors(machine, parts.out, parts.inner));
  const std::size_t count = errors.errors.size();
  std::vector<double> largest(count);  // of each column of the output map
  for (long k = 0; k < parts.out.map.weight.rows; ++k) {
    const auto row = parts.out.map.weight.row(k);
    for (std::size_t j = 0; j < count; ++j) largest[j] = std::max(largest[j], std::fabs(row[j]));
  }
  std::vector<NeuronRounding> neurons;
  for (std::size_t j = 0; j < count; ++j) {
    neurons.push_back({parts.rows.size[j], parts.rows.error[j], parts.inner.error[j],
                       Upper::of(largest[j]) * Upper::of(errors.errors[j])});
  }
  return neurons;
}

}  // namespace attncert
