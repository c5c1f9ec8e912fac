// Hidden vectors of MLPs and of neuron heads, computed by a machine.
#pragma once

#include "computed_maps.hpp"
#include "enclosed_sublayers.hpp"

namespace attncert::rules {

/// What the output map's j-th input is: mid + by_score (change of z) + by_value (change of v) + r.
struct HiddenUnit {
  Ball<Wide> mid;
  double by_score = 0;
  double by_value = 0;
  double rest = 0;   // |r|
  double size = 0;   // of what is summed for it, by all its heads together
  double score = 0;  // of its heads' scores the largest
};

/// A pre-activation or value: its exact centre's, and how far the computed one may be from it.
struct Moved {
  Wide mid = 0;
  double by = 0;
};

/// Either activation(z), or what all heads of a neuron compute of z and v.
class HiddenFunction {
public:
  static Result<HiddenFunction> of_mlp(const Machine& machine, const std::string& activation,
                                       FunctionTables& tables);
  static Result<HiddenFunction> of_heads(const Machine& machine, const Gates& gates,
                                         FunctionTables& tables);

  bool has_values() const { return !gates_.empty(); }
  /// Whether softmax can do with scores of this size: RoundingOverflow, MaskTooWeak.
  Status check_scores(double size) const;
  HiddenUnit operator()(Moved z, Moved v) const;

private:
  struct GateRounding {
    std::shared_ptr<const FunctionTable> weight;
    double coefficient = 0;
    double slope = 0;
    double shift = 0;
    bool several = false;  // scores, so that the largest is subtracted with a rounding
    double relative = 0;   // of softmax
    double absolute = 0;
  };

  explicit HiddenFunction(const Machine& machine) : machine_(machine), roundings_(machine) {}
  HiddenUnit heads(Moved z, Moved v) const;
  double score_error(const GateRounding& gate, double reach) const;
  double weight_error(const GateRounding& gate, double weight, Moved z) const;

  Machine machine_;
  Roundings roundings_;
  long most_scores_ = 0;  // of a gate
  std::shared_ptr<const FunctionTable> function_;
  std::vector<GateRounding> gates_;
  double at_zero_ = 0;      // |a(0)| of an activation
  double score_error_ = 0;  // relative, of a score's terms
  double head_error_ = 0;   // relative, of value times coefficient and weight
};

/// out(f(score(x))), f applied to each entry; with values out(f(score(x), value(x))).
class ComputedHidden {
public:
  ComputedHidden(HiddenFunction function, ComputedMap score, std::optional<ComputedMap> value,
                 ComputedMap out);
  Result<Forms> operator()(const Forms& x) const;

private:
  struct Inner;
  struct Row;
  Result<Inner> inner(const ComputedMap& map, const Enclosure<Wide>& centre, long row,
                      const RowBounds& bounds, const std::vector<double>& spread) const;
  Result<Row> hidden_row(const Forms& x, long row, const Enclosure<Wide>& score,
                         const Enclosure<Wide>& value) const;
  Panel jacobian(const std::vector<HiddenUnit>& units) const;
  Status write_row(const Forms& x, long row, const Row& hidden, Forms& y) const;

  HiddenFunction function_;
  ComputedMap score_;
  std::optional<ComputedMap> value_;
  ComputedMap out_;
  bool tied_ = false;  // values are scores
};

}  // namespace attncert::rules
