#include "bias_token.hpp"

#include "same.hpp"

namespace attncert::rules {
namespace {

// Columns `first`, ..., of a stored matrix are 0.
Status check_zeros(const Model& model, const std::string& name, long rows, long first) {
  const long columns = model.network.d_model + 2;
  ATTNCERT_TRY(const Matrix stored, read_matrix(model.weights, name, rows, columns));
  for (long i = 0; i < rows; ++i) {
    for (long k = first; k < columns; ++k) {
      if (stored.at(i, k) != 0) return mismatch(name, i, k);
    }
  }
  return ok();
}

class Invariant {
public:
  explicit Invariant(const Model& model) : model_(model) {}

  Status operator()(const TokenHeads& heads) const {
    const long inner = heads.shape.n_head * heads.shape.d_head;
    const long shared = heads.shape.n_kv_head * heads.shape.d_head;
    ATTNCERT_CHECK(check_zeros(model_, heads.value, shared, bias_column()));
    return check_writes(heads.output, inner, heads.bias_output);
  }

  Status operator()(const NeuronHeads& heads) const {
    ATTNCERT_CHECK(check_zeros(model_, heads.value, heads.neurons, bias_column()));
    return check_writes(heads.output, heads.neurons, heads.bias_output);
  }

  Status operator()(const SelfHeads& heads) const {
    const long width = model_.network.d_model;
    ATTNCERT_CHECK(check_zeros(model_, heads.output, width + 2, width));
    ATTNCERT_TRY(const Matrix stored,
                 read_matrix(model_.weights, heads.output, width + 2, width + 2));
    for (long k = 0; k < width; ++k) {
      if (stored.at(width + 1, k) != 0) return mismatch(heads.output, width + 1, k);
    }
    return ok();
  }

  template <class Original>
  Status operator()(const Original& /*sublayer*/) const {
    return ok();
  }

private:
  long bias_column() const { return model_.network.d_model + 1; }

  Status check_writes(const std::string& output, long rows,
                      const std::optional<std::string>& bias_output) const {
    const long width = model_.network.d_model;
    ATTNCERT_CHECK(check_zeros(model_, output, rows, width));
    return bias_output ? check_zeros(model_, *bias_output, 1, width) : ok();
  }

  const Model& model_;
};

}  // namespace

Status check_bias_token(const Model& model) {
  for (const Sublayer& sublayer : model.network.sublayers) {
    ATTNCERT_CHECK(std::visit(Invariant(model), sublayer));
  }
  return ok();
}

}  // namespace attncert::rules
