#include <filesystem>
#include <iostream>
#include <sstream>

#include "attncert/construction/neuron_heads.hpp"
#include "attncert/core/file.hpp"
#include "attncert/core/sha256.hpp"
#include "attncert/expression/zoo.hpp"
#include "attncert/model/importer.hpp"
#include "attncert/model/network_writer.hpp"
#include "attncert/model/output_files.hpp"
#include "attncert/model/reference.hpp"
#include "attncert/model/safetensors_writer.hpp"
#include "attncert/prover/layers.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string model;
  std::string output;
  std::string approximant;
  std::string prompts;
  bool json = false;
};

Result<Rational> gain_of(const std::string& approximant) {
  constexpr std::string_view prefix = "silu:k=";
  if (approximant == "silu") return Rational(1);
  if (!approximant.starts_with(prefix)) {
    return fail(ErrorCode::ActivationParameter,
                "--approximant must be silu:k=K, such as silu:k=1.774497615");
  }
  ATTNCERT_TRY(const std::string canonical, canonical_function(approximant));
  return parse_rational(std::string_view(canonical).substr(prefix.size()));
}

/// Everything that a conversion writes, in memory first.
struct Conversion {
  LoadedModel original;
  std::string network_text;
  std::string weights_bytes;
  Model converted;
  Certificate certificate;
};

std::string relative_to(const fs::path& file, const fs::path& folder) {
  const fs::path from = fs::weakly_canonical(fs::absolute(folder));
  return fs::weakly_canonical(fs::absolute(file)).lexically_relative(from).generic_string();
}

std::vector<Subject> subjects_of(const ConversionError& claim, const std::string& weights_name) {
  return {{"original-network", "original.network.json", claim.original.network},
          {"original-weights", weights_name, claim.original.weights},
          {"converted-network", "network.json", claim.converted.network},
          {"converted-weights", "model.safetensors", claim.converted.weights}};
}

Status convert(const Options& options, Conversion& result) {
  ATTNCERT_TRY(const Rational gain, gain_of(options.approximant));
  ATTNCERT_TRY(result.original, load_model(options.model));
  ATTNCERT_TRY(ConvertedModel converted, convert_mlps(result.original.model, gain));
  result.network_text = write_network(converted.network);
  result.weights_bytes = write_safetensors(converted.tensors);
  ATTNCERT_TRY(result.converted.weights, TensorFile::parse(result.weights_bytes));
  result.converted.network = std::move(converted.network);
  const ModelHashes original{sha256_hex(result.original.network_text),
                             sha256_hex(*result.original.weights_bytes)};
  const ModelHashes after{sha256_hex(result.network_text), sha256_hex(result.weights_bytes)};
  ATTNCERT_TRY(result.certificate, certify_layers(result.original.model, result.converted, original,
                                                  after, terminal_progress("convert")));
  result.certificate.subjects =
      subjects_of(std::get<ConversionError>(result.certificate.claim),
                  relative_to(result.original.weights_path, options.output));
  return ok();
}

// All files of a conversion, or none; a folder that was made for them goes again on an error.
Status write_all(const fs::path& folder, const Conversion& conversion) {
  std::error_code problem;
  const bool fresh = fs::create_directories(folder, problem);
  if (problem) {
    return fail(ErrorCode::FileUnwritable,
                "cannot create folder '" + folder.string() + "': " + problem.message());
  }
  Status written = write_files_atomically(
      {{folder / "original.network.json", conversion.original.network_text},
       {folder / "network.json", conversion.network_text},
       {folder / "model.safetensors", conversion.weights_bytes},
       {folder / "certificate.jsonl", write_certificate(conversion.certificate)}});
  if (!written && fresh) fs::remove(folder, problem);
  return written;
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

Result<std::vector<std::vector<long>>> read_prompts(const std::string& path) {
  ATTNCERT_TRY(const std::string text, read_file(path));
  std::vector<std::vector<long>> prompts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    std::vector<long> tokens;
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) {
      const auto number = parse_rational(field);
      if (!number || denominator(number.value()) != 1) {
        return fail(ErrorCode::NumberSyntax, path + ": '" + field + "' is not a token number");
      }
      tokens.push_back(static_cast<long>(numerator(number.value())));
    }
    prompts.push_back(std::move(tokens));
  }
  return prompts;
}

/// Largest differences seen, by layer name.
using Measured = std::map<std::string, double>;

Result<Measured> measure(const Conversion& conversion, const std::string& path) {
  ATTNCERT_TRY(const auto prompts, read_prompts(path));
  const Model& original = conversion.original.model;
  ATTNCERT_TRY(const ReferenceModel reference, ReferenceModel::make(original));
  std::map<std::string, LayerComparison> comparisons;
  for (const Sublayer& sublayer : original.network.sublayers) {
    const auto* mlp = std::get_if<MlpSublayer>(&sublayer);
    if (mlp == nullptr) continue;
    ATTNCERT_TRY(LayerComparison comparison,
                 LayerComparison::make(original, conversion.converted, *mlp));
    comparisons.emplace(mlp->name, std::move(comparison));
  }
  Measured measured;
  const auto observer = [&](const MlpSublayer& layer, const Rows& inputs) {
    double& greatest = measured[layer.name];
    for (const auto& row : inputs) {
      greatest = std::max(greatest, comparisons.at(layer.name).difference(row));
    }
  };
  for (const auto& prompt : prompts) ATTNCERT_CHECK(reference.logits(prompt, observer));
  return measured;
}

long heads_of(const Network& network, const std::string& name) {
  for (const Sublayer& sublayer : network.sublayers) {
    const auto* heads = std::get_if<NeuronHeads>(&sublayer);
    if (heads != nullptr && heads->name == name) {
      return heads->heads + (heads->bias_output ? 1 : 0);
    }
  }
  return 0;
}

std::string measured_text(double value) {
  std::ostringstream text;
  text.precision(6);
  text << std::scientific << value;
  return text.str();
}

constexpr int kPrintedDigits = 12;

void print(const Options& options, const Conversion& conversion, const Measured& measured) {
  const auto& claim = std::get<ConversionError>(conversion.certificate.claim);
  Json layers = Json::array();
  for (const LayerClaim& layer : claim.layers) {
    const long heads = heads_of(conversion.converted.network, layer.name);
    const std::string error = to_scientific(layer.epsilon, kPrintedDigits, Direction::up);
    const auto seen = measured.find(layer.name);
    if (options.json) {
      layers.push_back({{"name", layer.name}, {"heads", heads}, {"error", error}});
      if (seen != measured.end()) {
        layers.back()["approx_measured"] = measured_text(seen->second);
      }
      continue;
    }
    std::cout << layer.name << ": " << heads << " heads, error at most " << error
              << " for every possible input";
    if (seen != measured.end()) {
      std::cout << " (largest seen on the prompts, approximately: " << measured_text(seen->second)
                << ")";
    }
    std::cout << "\n";
  }
  const fs::path file = fs::path(options.output) / "certificate.jsonl";
  if (options.json) {
    std::cout << Json{{"layers", layers}, {"certificate", file.string()}}.dump() << "\n";
  } else {
    std::cout << "certificate: " << file.string() << "; check it with: attncert-check "
              << file.string() << "\n";
  }
}

int run(const Options& options) {
  Conversion conversion;
  if (Status status = check_output(options); !status) return exit_with(status.error());
  if (Status status = convert(options, conversion); !status) return exit_with(status.error());
  Measured measured;
  if (!options.prompts.empty()) {
    auto seen = measure(conversion, options.prompts);
    if (!seen) return exit_with(seen.error());
    measured = std::move(seen).value();
  }
  if (Status written = write_all(options.output, conversion); !written) {
    return exit_with(written.error());
  }
  end_progress();
  const Verdict verdict =
      check_certificate(write_certificate(conversion.certificate), options.output);
  if (verdict.refusal) {
    print_error("internal: the kernel refused the certificate: " + verdict.refusal->error.message);
    return kInternal;
  }
  print(options, conversion, measured);
  return kDone;
}

}  // namespace

void add_convert(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "convert", "Turn a model's MLP sublayers into attention heads, with certified errors");
  command
      ->add_option("MODEL", options->model,
                   "folder with model.safetensors and network.json or config.json")
      ->required();
  command->add_option("-o,--output", options->output, "folder to write")->required();
  command->add_option("--approximant", options->approximant, "silu:k=K, what a head computes")
      ->required();
  command->add_option("--prompts", options->prompts,
                      "also measure differences on these prompts: tokens by commas, one per line");
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert convert certificates/models/adder-gelu-tanh -o /tmp/adder-heads "
      "--approximant silu:k=1.774497615");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
