#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "attncert/kernel/rigorous_model.hpp"
#include "attncert/model/importer.hpp"
#include "common.hpp"
#include "model_input.hpp"

namespace attncert::cli {
namespace {

struct Options {
  std::string model;
  std::string tokens;
  std::string input;
  std::string tensor;
  bool rigorous = false;
  bool json = false;
};

// Per position the largest output; -1 where another may be as large.
std::vector<long> largest_of_rows(const Enclosure<Wide>& outputs) {
  std::vector<long> largest;
  for (long i = 0; i < outputs.rows(); ++i) {
    const auto row = outputs.mid(i);
    const long winner = std::max_element(row.begin(), row.end()) - row.begin();
    bool strict = true;
    for (long k = 0; k < outputs.columns(); ++k) {
      const Ball<Wide> margin = outputs.at(i, winner) - outputs.at(i, k);
      strict = strict && (k == winner || margin.mid >= margin.rad);
    }
    largest.push_back(strict ? winner : -1);
  }
  return largest;
}

void print_text(const Enclosure<Wide>& outputs, bool rigorous) {
  constexpr int digits = 17;
  std::ostringstream text;
  text << (rigorous ? "enclosures, midpoint +- radius: " : "approximate, in fp64: ")
       << outputs.rows() << " x " << outputs.columns() << "\n";
  for (long i = 0; i < outputs.rows(); ++i) {
    text << "position " << i << ":";
    for (long k = 0; k < outputs.columns(); ++k) {
      const auto value = ball_cast<double>(outputs.at(i, k));
      text << " " << std::setprecision(digits) << value.mid;
      if (rigorous) text << "+-" << std::setprecision(3) << value.rad * 1.01;
    }
    text << "\n";
  }
  text << "argmax:";
  for (const long index : largest_of_rows(outputs)) {
    text << " " << (index < 0 ? std::string("?") : std::to_string(index));
  }
  std::cout << text.str() << "\n";
}

void print_json(const Enclosure<Wide>& outputs, bool rigorous) {
  Json mid = Json::array();
  Json rad = Json::array();
  for (long i = 0; i < outputs.rows(); ++i) {
    mid.push_back(Json::array());
    rad.push_back(Json::array());
    for (long k = 0; k < outputs.columns(); ++k) {
      const auto value = ball_cast<double>(outputs.at(i, k));
      mid.back().push_back(value.mid);
      rad.back().push_back(value.rad);
    }
  }
  Json json{{"rigorous", rigorous},
            {"shape", {outputs.rows(), outputs.columns()}},
            {"logits", mid},
            {"argmax", largest_of_rows(outputs)}};
  if (rigorous) json["radius"] = rad;
  std::cout << json.dump() << "\n";
}

Result<ModelInput> input_of(const Options& options, const Network& network) {
  if (options.tokens.empty()) return read_rows(options.input, options.tensor, network);
  ATTNCERT_TRY(std::vector<long> tokens, tokens_of("--tokens", options.tokens));
  return ModelInput(std::move(tokens));
}

// Every radius is small beside the largest output.
bool is_narrow(const Enclosure<Wide>& outputs) {
  constexpr double small = 1e-6;
  double scale = 0;
  double radius = 0;
  for (long i = 0; i < outputs.rows(); ++i) {
    for (long k = 0; k < outputs.columns(); ++k) {
      scale = std::max(scale, magnitude(outputs.at(i, k).mid));
      radius = std::max(radius, outputs.at(i, k).rad);
    }
  }
  return radius <= small * scale;
}

Result<Enclosure<Wide>> evaluate(const Model& model, const ModelInput& input, bool rigorous) {
  if (rigorous) {
    ATTNCERT_TRY(const RigorousModel enclosed, RigorousModel::make(model));
    const auto* tokens = std::get_if<std::vector<long>>(&input);
    return tokens != nullptr ? enclosed.run_tokens(*tokens, 0, is_narrow)
                             : enclosed.run_rows(std::get<Matrix>(input), is_narrow);
  }
  ATTNCERT_TRY(const ReferenceModel reference, ReferenceModel::make(model));
  ATTNCERT_TRY(const Matrix outputs, run(reference, input));
  return Enclosure<Wide>(outputs);
}

int run(const Options& options) {
  if (options.tokens.empty() == options.input.empty()) {
    return exit_with(fail(ErrorCode::NetworkField, "give either --tokens or --input"));
  }
  const auto loaded = load_model(options.model);
  if (!loaded) return exit_with(loaded.error());
  const Model& model = loaded.value().model;
  const auto input = input_of(options, model.network);
  if (!input) return exit_with(input.error());
  const auto outputs = evaluate(model, input.value(), options.rigorous);
  if (!outputs) return exit_with(outputs.error());
  if (options.json) {
    print_json(outputs.value(), options.rigorous);
  } else {
    print_text(outputs.value(), options.rigorous);
  }
  return kDone;
}

}  // namespace

void add_evaluate(CLI::App& application, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = application.add_subcommand(
      "evaluate",
      "Run a model, original or converted: in plain fp64, or enclosing the exact outputs");
  command
      ->add_option("MODEL", options->model,
                   "folder with model.safetensors and network.json or config.json")
      ->required();
  auto* tokens = command->add_option("--tokens", options->tokens, "tokens by commas");
  auto* input = command->add_option(
      "--input", options->input,
      "safetensors file with the rows of the stream, or the patches of an image");
  tokens->excludes(input);
  command->add_option("--tensor", options->tensor, "which tensor of that file")->needs(input);
  command->add_flag("--rigorous", options->rigorous,
                    "enclose every output of exact real arithmetic");
  command->add_flag("--json", options->json, "print one JSON object");
  command->footer(
      "Example:\n  attncert evaluate certificates/models/adder-gelu-tanh --tokens 1,2,3,4");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace attncert::cli
