// What models are run on, from the command line.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "attncert/model/reference.hpp"

namespace attncert::cli {

/// Tokens, or rows of the stream, or an image's patches.
using ModelInput = std::variant<std::vector<long>, Matrix>;

/// "1,2,3". Errors NumberSyntax, naming what and where
Result<std::vector<long>> tokens_of(const std::string& what, const std::string& text);

/// One prompt a line, empty lines left out.
Result<std::vector<ModelInput>> read_prompts(const std::string& path);

/// A tensor of a safetensors file that a network can read; the one of fitting shape, or by name.
/// Errors   NetworkField where the network reads tokens; TensorShape, TensorMissing: naming files
Result<ModelInput> read_rows(const std::string& path, const std::string& tensor,
                             const Network& network);

/// Runs a model on either kind of input.
Result<Matrix> run(const ReferenceModel& model, const ModelInput& input,
                   const StreamObserver& observer = {});

}  // namespace attncert::cli
