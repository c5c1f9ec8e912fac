// Models from ONNX files, as common exporters write them; see docs/onnx.md.
#pragma once

#include <filesystem>

#include "attncert/construction/progress.hpp"
#include "attncert/core/result.hpp"

namespace attncert {

/// Reads a transformer from an ONNX file and writes it as a model folder: network.json and
/// model.safetensors, which is what certificates are then about.
/// Requires an existing folder
/// Ensures  on random inputs the model written computes what the graph does, in fp64, up to
///          rounding of the graph's constants; on error nothing is written
/// Errors   OnnxSyntax: not an ONNX file, or a malformed one; OnnxUnsupported, naming the node that
///          was not understood; FileUnreadable, FileUnwritable
/// Status   approx
Status import_onnx(const std::filesystem::path& file, const std::filesystem::path& folder,
                   const Progress& progress = {});

}  // namespace attncert
