// What norms and sublayers do to an enclosed stream.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "attncert/kernel/weights.hpp"
#include "attncert/tensor/ball.hpp"
#include "function_table.hpp"

namespace attncert::rules {

/// x W^T + b.
struct EnclosedMap {
  Matrix weight;
  std::vector<double> bias;

  Enclosure operator()(const Enclosure& x) const { return product(x, weight, bias); }
};
EnclosedMap map_of(const Affine& affine);

/// A norm, row by row.
class EnclosedNorm {
public:
  static Result<EnclosedNorm> make(const Model& model, const Norm& norm);
  Enclosure operator()(Enclosure x) const;

private:
  static void subtract_mean(Enclosure& x, long i);
  void divide_by_length(Enclosure& x, long i) const;

  std::string kind_;
  Ball epsilon_;
  NormWeights weights_;
};

/// Tables by function, made once.
class FunctionTables {
public:
  Result<std::shared_ptr<const FunctionTable>> of(const std::string& function);

private:
  std::map<std::string, std::shared_ptr<const FunctionTable>> tables_;
};

/// Maps a stream to what a sublayer adds to it.
using EnclosedUpdate = std::function<Enclosure(const Enclosure& stream)>;

/// Reads a sublayer's weights. Errors RigorousUnsupported, TensorMissing, TensorShape, ...
Result<EnclosedUpdate> enclosed_update(const Model& model, const Sublayer& sublayer,
                                       FunctionTables& tables);

/// A number rounded to fp64, with its rounding.
Ball ball_of(const Rational& number);

}  // namespace attncert::rules
