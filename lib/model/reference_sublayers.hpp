// What each kind of sublayer adds to the stream, in fp64 (private to the module).
#pragma once

#include "numerics.hpp"

namespace attncert {

/// Maps a stream, (rows, d_model), to what a sublayer adds to it.
using StreamUpdate = std::function<Matrix(const Matrix& stream)>;

/// Reads a sublayer's weights. Errors TensorMissing, TensorShape, ...
Result<StreamUpdate> update_of(const Model& model, const Sublayer& sublayer);

}  // namespace attncert
