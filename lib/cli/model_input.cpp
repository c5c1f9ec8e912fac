#include "model_input.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "attncert/core/file.hpp"
#include "attncert/model/mapped_file.hpp"

namespace attncert::cli {
namespace {

/// Rows and columns that a network's input must have; 0 rows stands for any number.
struct InputShape {
  long rows = 0;
  long columns = 0;
};

std::string in_words(const InputShape& shape) {
  return "(" + (shape.rows > 0 ? std::to_string(shape.rows) : std::string("rows")) + ", " +
         std::to_string(shape.columns) + ")";
}

Result<InputShape> input_shape(const Network& network) {
  if (std::holds_alternative<TokenInput>(network.input)) {
    return fail(ErrorCode::NetworkField, "the network reads tokens: give --tokens, not --input");
  }
  const auto* patches = std::get_if<PatchInput>(&network.input);
  return patches == nullptr ? InputShape{0, network.d_model}
                            : InputShape{patches->count, patches->width};
}

// (rows, columns), or (1, rows, columns).
bool fits(const std::vector<long>& shape, const InputShape& needed) {
  const std::size_t size = shape.size();
  if (size != 2 && (size != 3 || shape.front() != 1)) return false;
  const long rows = shape[size - 2];
  return shape.back() == needed.columns && rows > 0 && (needed.rows == 0 || rows == needed.rows);
}

std::string listed(const TensorFile& file, const std::vector<std::string>& names) {
  constexpr std::size_t shown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) {
    text += (i > 0 ? ", '" : "'") + names[i] + "' " + shape_text(*file.shape_of(names[i]));
  }
  return names.size() > shown ? text + ", ..." : text.empty() ? "none" : text;
}

Result<std::string> choose_tensor(const TensorFile& file, const InputShape& needed) {
  std::vector<std::string> fitting;
  for (const std::string& name : file.names()) {
    if (fits(*file.shape_of(name), needed)) fitting.push_back(name);
  }
  if (fitting.size() == 1) return fitting.front();
  if (!fitting.empty()) {
    return fail(ErrorCode::TensorShape, "several tensors have shape " + in_words(needed) +
                                            ": choose one with --tensor, of " +
                                            listed(file, fitting));
  }
  return fail(ErrorCode::TensorShape, "no tensor has shape " + in_words(needed) +
                                          "; the file's are " + listed(file, file.names()));
}

Result<Matrix> matrix_of(const TensorFile& file, const std::string& given,
                         const InputShape& needed) {
  std::string name = given;
  if (name.empty()) {
    ATTNCERT_TRY(name, choose_tensor(file, needed));
  }
  const std::vector<long>* shape = file.shape_of(name);
  if (shape == nullptr) {
    return fail(ErrorCode::TensorMissing,
                "no tensor '" + name + "'; the file's are " + listed(file, file.names()));
  }
  if (!fits(*shape, needed)) {
    return fail(ErrorCode::TensorShape, "tensor '" + name + "' has shape " + shape_text(*shape) +
                                            " where " + in_words(needed) + " is needed");
  }
  ATTNCERT_TRY(Tensor tensor, file.read(name, *shape));
  Matrix matrix((*shape)[shape->size() - 2], shape->back());
  matrix.values = std::move(tensor.values);
  return matrix;
}

}  // namespace

Result<std::vector<long>> tokens_of(const std::string& what, const std::string& text) {
  std::vector<long> tokens;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    const auto [after, problem] = std::from_chars(at, end, tokens.emplace_back());
    if (problem != std::errc() || (after != end && *after != ',')) {
      return fail(ErrorCode::NumberSyntax, what + ": tokens must be integers by commas, such as " +
                                               "1,2,3; see '" + std::string(at, end).substr(0, 40) +
                                               "'");
    }
    if (after == end) return tokens;
    at = after + 1;
  }
}

Result<std::vector<ModelInput>> read_prompts(const std::string& path) {
  ATTNCERT_TRY(const std::string text, read_file(path));
  std::vector<ModelInput> prompts;
  std::istringstream lines(text);
  long number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    ATTNCERT_TRY(std::vector<long> tokens,
                 tokens_of(path + ", line " + std::to_string(number), line));
    prompts.emplace_back(std::move(tokens));
  }
  if (!prompts.empty()) return prompts;
  return fail(ErrorCode::NumberSyntax, path + ": no prompt: one a line, tokens by commas");
}

Result<ModelInput> read_rows(const std::string& path, const std::string& tensor,
                             const Network& network) {
  ATTNCERT_TRY(const InputShape needed, input_shape(network));
  ATTNCERT_TRY(const MappedFile mapped, MappedFile::open(path));
  const auto file = TensorFile::parse(mapped.bytes());
  if (!file) return fail(file.error().code, path + ": " + file.error().message);
  auto matrix = matrix_of(file.value(), tensor, needed);
  if (!matrix) return fail(matrix.error().code, path + ": " + matrix.error().message);
  return ModelInput(std::move(matrix).value());
}

Result<Matrix> run(const ReferenceModel& model, const ModelInput& input,
                   const StreamObserver& observer) {
  if (const auto* tokens = std::get_if<std::vector<long>>(&input)) {
    return model.run_tokens(*tokens, observer);
  }
  return model.run_rows(std::get<Matrix>(input), observer);
}

}  // namespace attncert::cli
