// Models, original and converted, as ONNX files of standard operators; see docs/onnx.md.
#pragma once

#include <optional>
#include <string>

#include "attncert/construction/progress.hpp"
#include "attncert/construction/tensor_plan.hpp"
#include "attncert/kernel/kernel.hpp"
#include "attncert/model/output_files.hpp"

namespace attncert {

struct OnnxOptions {
  NumberType type = NumberType::f32;    // of weights and of the evaluation: f32 or f64
  std::optional<std::string> sublayer;  // this one alone: from rows of the stream to its update
};

/// Writes a model as ONNX, operator set 17. Heads are attention: scores, mask, softmax, weighted
/// values, on the augmented stream. Weights are rounded to the type.
/// Requires activations of the zoo (OnnxUnsupported), rotary positions only with a context
/// Ensures  one tensor at a time stands in memory
/// Errors   OnnxUnsupported: 2 GiB or more; LayerMissing; TensorMissing, TensorShape, TensorType
Status write_onnx(const Model& model, const OnnxOptions& options, const ByteSink& sink,
                  const Progress& progress = {});

}  // namespace attncert
