#include <algorithm>
#include <cmath>
#include <filesystem>

#include "attncert/construction/approximation.hpp"
#include "attncert/core/file.hpp"
#include "attncert/expression/zoo.hpp"
#include "attncert/model/layer_comparison.hpp"
#include "attncert/onnx/import.hpp"
#include "common.hpp"
#include "conversion_report.hpp"
#include "model_input.hpp"

namespace attncert::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model;
  std::string output;
  long heads = 0;
  std::string epsilon;
  std::string approximant;
  std::string box;
  std::string masks = "exact";
  std::string type;
  std::vector<std::string> only;
  std::string mask_epsilon = "1e-9";
  std::string prompts;
  std::string input;
  std::string tensor;
  bool json = false;
};

Result<Gates> gates_argument(const std::string& text) {
  constexpr std::string_view silu = "silu:k=";
  constexpr std::string_view file = "gates:";
  if (text.starts_with(file)) {
    const std::string path = text.substr(file.size());
    ATTNCERT_TRY(const std::string content, read_file(path));
    return parse_gates(content);
  }
  if (text != "silu" && !text.starts_with(silu)) {
    return fail(ErrorCode::ActivationParameter,
                "--approximant must be silu:k=K, such as silu:k=1.774497615, or gates:FILE");
  }
  const std::string slope = text == "silu" ? "1" : text.substr(silu.size());
  ATTNCERT_CHECK(canonical_function("silu:k=" + slope));
  return gates_of(Json::parse(R"([{"coefficient":"1","scores":[[")" + slope + R"(","0"]]}])"));
}

// The largest sum over neurons of |V2_jk|: a sublayer's error is this times its activation's.
Result<double> amplification(const Model& model, const MlpSublayer& layer) {
  ATTNCERT_TRY(const Affine out, mlp_output(model, layer));
  double greatest = 0;
  for (long k = 0; k < out.weight.rows; ++k) {
    double sum = 0;
    for (const double v : out.weight.row(k)) sum += std::fabs(v);
    greatest = std::max(greatest, sum);
  }
  return greatest;
}

// Which gates stand for a sublayer's activation, by the options.
Result<Gates> choose_gates(const Options& options, const Model& model, const MlpSublayer& layer) {
  if (!options.approximant.empty()) return gates_argument(options.approximant);
  if (layer.gate) {
    // sigmoid(g) v is one head; for other gates the certificate will say no
    return gates_of(Json::parse(R"([{"coefficient":"1","scores":[["1","0"]]}])"));
  }
  if (options.epsilon.empty()) {
    ATTNCERT_TRY(Approximation found,
                 approximation_for(layer.activation, static_cast<int>(options.heads), {}));
    return std::move(found.gates);
  }
  ATTNCERT_TRY(const Rational epsilon, positive_argument("--epsilon", options.epsilon));
  ATTNCERT_TRY(const double factor, amplification(model, layer));
  const Rational share = epsilon / Rational(std::max(factor, 1e-300) * (1 + 1e-6));
  ATTNCERT_TRY(Approximation found, approximation_for(layer.activation, {}, share));
  return std::move(found.gates);
}

// Writing into the model's own folder would overwrite the model.
Status check_output(const Options& options) {
  std::error_code problem;
  const fs::path output = fs::weakly_canonical(fs::absolute(options.output), problem);
  if (problem) {
    return fail(ErrorCode::FileUnwritable,
                "cannot use folder '" + options.output + "': " + problem.message());
  }
  if (output != fs::weakly_canonical(fs::absolute(options.model), problem)) return ok();
  return fail(ErrorCode::FileUnwritable, "the output folder must not be the model's own");
}

NumberType type_named(const std::string& text) {
  for (const NumberType type : {NumberType::f16, NumberType::bf16, NumberType::f32}) {
    if (name_of(type) == text) return type;
  }
  return NumberType::f64;
}

// The word of --only for a sublayer.
std::string_view kind_named(const Sublayer& sublayer) {
  if (std::holds_alternative<MlpSublayer>(sublayer)) return "mlp";
  return std::holds_alternative<LinearSublayer>(sublayer) ? "linear" : "attention";
}

Result<ConversionResult> convert(const Options& options, LoadedModel& original) {
  ConversionOptions how;
  how.gates_for = [&](const MlpSublayer& layer) {
    return choose_gates(options, original.model, layer);
  };
  how.converts = [&](const Sublayer& sublayer) {
    return options.only.empty() || std::find(options.only.begin(), options.only.end(),
                                             kind_named(sublayer)) != options.only.end();
  };
  if (!options.box.empty()) {
    ATTNCERT_TRY(Rational size, positive_argument("--box", options.box));
    how.inputs = box_of(std::move(size));
  }
  if (options.masks == "weights") {
    ATTNCERT_TRY(how.mask_epsilon, positive_argument("--mask-epsilon", options.mask_epsilon));
  }
  if (!options.type.empty()) how.type = type_named(options.type);
  std::error_code problem;
  const bool fresh = fs::create_directories(options.output, problem);
  if (problem) {
    return fail(ErrorCode::FileUnwritable,
                "cannot create folder '" + options.output + "': " + problem.message());
  }
  how.writing = terminal_progress("writing heads", "tensors");
  how.proving = terminal_progress("proving", "sublayers");
  auto result = convert_model(original, how, options.output);
  if (!result && fresh) fs::remove(options.output, problem);
  return result;
}

Result<std::vector<ModelInput>> inputs_of(const Options& options, const Network& network) {
  std::vector<ModelInput> inputs;
  if (!options.prompts.empty()) {
    ATTNCERT_TRY(inputs, read_prompts(options.prompts));
  }
  if (!options.input.empty()) {
    ATTNCERT_TRY(ModelInput rows, read_rows(options.input, options.tensor, network));
    inputs.push_back(std::move(rows));
  }
  return inputs;
}

// Runs of the original, before anything is converted: bad inputs are told at once.
Result<Measured> measure(const ReferenceModel& original, const std::vector<ModelInput>& inputs,
                         const fs::path& converted_folder) {
  ATTNCERT_TRY(const LoadedModel converted, load_model(converted_folder));
  ATTNCERT_TRY(const ReferenceModel reference, ReferenceModel::make(converted.model));
  LayerComparison comparison(original, reference);
  const auto progress = terminal_progress("measuring", "inputs");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ATTNCERT_CHECK(run(original, inputs[i], [&](const Sublayer& sublayer, const Matrix& stream) {
      comparison.observe(sublayer, stream);
    }));
    if (progress) progress(static_cast<double>(i + 1) / static_cast<double>(inputs.size()), i + 1);
  }
  return comparison.largest();
}

// An ONNX file becomes a model folder first, OUT/original: that is what the certificate is about.
Result<LoadedModel> load(const Options& options) {
  std::error_code problem;
  if (!options.model.ends_with(".onnx") || fs::is_directory(options.model, problem)) {
    return load_model(options.model);
  }
  const fs::path folder = fs::path(options.output) / "original";
  std::vector<fs::path> made;
  for (const fs::path& one : {fs::path(options.output), folder}) {
    if (fs::create_directories(one, problem)) made.push_back(one);
    if (!problem) continue;
    return fail(ErrorCode::FileUnwritable,
                "cannot create folder '" + one.string() + "': " + problem.message());
  }
  const Status status = import_onnx(options.model, folder, terminal_progress("reading", "tensors"));
  if (status) return load_model(folder);
  for (auto one = made.rbegin(); one != made.rend(); ++one) fs::remove(*one, problem);
  return fail(status.error().code, options.model + ": " + status.error().message);
}

Result<int> run_all(const Options& options) {
  ATTNCERT_CHECK(check_output(options));
  ATTNCERT_TRY(LoadedModel original, load(options));
  ATTNCERT_TRY(const auto inputs, inputs_of(options, original.model.network));
  std::optional<ReferenceModel> reference;
  if (!inputs.empty()) {
    ATTNCERT_TRY(reference, ReferenceModel::make(original.model));
    ATTNCERT_CHECK(run(*reference, inputs.front()));  // bad inputs before the work
  }
  ATTNCERT_TRY(const ConversionResult result, convert(options, original));
  end_progress();
  ATTNCERT_TRY(const Bytes text, read_bytes(fs::path(options.output) / "certificate.jsonl"));
  const Verdict verdict = check_certificate(text.view(), options.output);
  if (verdict.refusal) {
    print_error("internal: the kernel refused the certificate: " + verdict.refusal->error.message);
    return kInternal;
  }
  Measured measured;
  if (reference) {
    ATTNCERT_TRY(measured, measure(*reference, inputs, options.output));
    end_progress();
  }
  print({original.model.network, result, measured, options.box, options.output}, options.json);
  return kDone;
}

int run(const Options& options) {
  const auto code = run_all(options);
  return code ? code.value() : exit_with(code.error());
}

}  // namespace

void add_convert(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "convert", "Turn a transformer into an attention-only one, with certified errors");
  command
      ->add_option(
          "MODEL", options->model,
          "folder with model.safetensors and network.json or config.json; or an ONNX file, "
          "*.onnx")
      ->required();
  command->add_option("-o,--output", options->output, "folder to write")->required();
  auto* heads =
      command->add_option("--heads-per-neuron", options->heads,
                          "heads for each neuron, 1 to 12 (fewer where exact; default 1)");
  auto* epsilon = command->add_option("--epsilon", options->epsilon,
                                      "as few heads as keep every sublayer's error at most E");
  auto* approximant = command->add_option("--approximant", options->approximant,
                                          "silu:k=K or gates:FILE, what a neuron's heads compute");
  const auto not_empty = [](const std::string& text) {
    return text.empty() ? std::string("must not be empty") : std::string();
  };
  for (CLI::Option* option : {epsilon, approximant}) option->check(not_empty);
  heads->excludes(epsilon)->excludes(approximant);
  epsilon->excludes(approximant);
  command
      ->add_option("--box", options->box,
                   "claim errors for inputs with coordinates in [-R, R] only")
      ->check(not_empty);
  auto* masks = command
                    ->add_option("--masks", options->masks,
                                 "exact: heads keep their masks; weights: masks become weights")
                    ->check(CLI::IsMember({"exact", "weights"}))
                    ->capture_default_str();
  command
      ->add_option("--mask-epsilon", options->mask_epsilon,
                   "masks as weights move no sublayer's output by more than E (default 1e-9)")
      ->needs(masks)
      ->check(not_empty);
  command
      ->add_option(
          "--dtype", options->type,
          "store heads as this type, with a bound on what rounding does (default: exactly)")
      ->check(CLI::IsMember({"F16", "BF16", "F32", "F64"}))
      ->excludes(masks);
  command
      ->add_option("--only", options->only,
                   "convert sublayers of these kinds only, and keep the others as they are")
      ->check(CLI::IsMember({"attention", "mlp", "linear"}))
      ->delimiter(',');
  auto* prompts = command->add_option(
      "--prompts", options->prompts,
      "also run these prompts (one a line, tokens by commas); print the largest differences seen");
  auto* input = command->add_option(
      "--input", options->input, "the same on a tensor of rows or patches, of a safetensors file");
  prompts->excludes(input);
  command->add_option("--tensor", options->tensor, "which tensor of that file")->needs(input);
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert convert certificates/models/adder-gelu-tanh -o /tmp/adder-heads "
      "--heads-per-neuron 3");
  command->callback([options, &exit_code] {
    if (options->heads == 0) options->heads = 1;
    exit_code = run(*options);
  });
}

}  // namespace attncert::cli
