#include "conversion_report.hpp"

#include <filesystem>
#include <iostream>

#include "attncert/construction/cost.hpp"
#include "common.hpp"

namespace attncert::cli {
namespace {

constexpr int kPrintedDigits = 12;
constexpr int kMeasuredDigits = 4;

Json to_json(const Cost& cost) {
  return {{"heads", cost.heads},
          {"parameters", cost.parameters},
          {"multiply_adds", cost.multiply_adds}};
}

struct Costs {
  Cost before;
  Cost after;
};

std::string in_words(const Costs& costs) {
  const auto both = [](long before, long after) {
    return std::to_string(before) + " -> " + std::to_string(after);
  };
  return both(costs.before.heads, costs.after.heads) + " heads, " +
         both(costs.before.parameters, costs.after.parameters) + " parameters, " +
         both(costs.before.multiply_adds, costs.after.multiply_adds) + " multiply-adds per token";
}

// One sublayer's line.
struct Row {
  std::string name;
  bool mlp = false;
  bool kept = false;
  std::string error;
  std::optional<std::string> measured;
  Costs costs;
};

std::string printed(const Rational& error) {
  return error == 0 ? "0" : to_scientific(error, kPrintedDigits, Direction::up);
}

template <class Claim>
std::optional<std::string> error_in(const std::vector<Claim>& claims, const std::string& name) {
  for (const Claim& claim : claims) {
    if (claim.name == name) return printed(claim.epsilon);
  }
  return std::nullopt;
}

Row row_of(const ConversionReport& report, std::size_t i, long context) {
  const Network& original = report.original;
  const Sublayer& sublayer = original.sublayers[i];
  const Sublayer& converted = report.result.converted.sublayers[i];
  Row row{name_of(sublayer),
          std::holds_alternative<MlpSublayer>(sublayer),
          sublayer.index() == converted.index(),
          "0",
          {},
          {}};
  for (const auto& error :
       {error_in(report.result.layers, row.name), error_in(report.result.masks, row.name),
        error_in(report.result.rounded, row.name)}) {
    if (error) row.error = *error;
  }
  if (const auto found = report.measured.find(row.name); found != report.measured.end()) {
    row.measured = to_scientific(Rational(found->second), kMeasuredDigits, Direction::up);
  }
  row.costs = {cost_of(sublayer, original.d_model, context),
               cost_of(converted, original.d_model, context)};
  return row;
}

Json to_json(const Row& row) {
  Json json{{"name", row.name},
            {"heads", row.costs.after.heads},
            {"error", row.error},
            {"before", to_json(row.costs.before)},
            {"after", to_json(row.costs.after)}};
  if (row.kept) json["kept"] = true;
  if (row.measured) json["approx_measured"] = *row.measured;
  return json;
}

std::string in_words(const Row& row, const std::string& where) {
  if (row.kept) return row.name + ": kept as it is; " + in_words(row.costs);
  const std::string error =
      row.error == "0" ? std::string("exact") : "error at most " + row.error + " for " + where;
  const std::string measured =
      row.measured ? " (largest seen, approximately: " + *row.measured + ")" : std::string();
  return row.name + ": " + error + measured + "; " + in_words(row.costs);
}

}  // namespace

void print(const ConversionReport& report, bool json) {
  const long context = context_of(report.original).value_or(1);
  const std::string where = report.box.empty()
                                ? "every possible input"
                                : "every input in [-" + report.box + ", " + report.box + "]";
  const std::string file =
      (std::filesystem::path(report.folder) / "certificate.jsonl").generic_string();
  Costs total;
  Json layers = Json::array();
  Json others = Json::array();
  for (std::size_t i = 0; i < report.original.sublayers.size(); ++i) {
    const Row row = row_of(report, i, context);
    total.before += row.costs.before;
    total.after += row.costs.after;
    (row.mlp ? layers : others).push_back(to_json(row));
    if (!json) std::cout << in_words(row, where) << "\n";
  }
  if (!json) {
    std::cout << "in all: " << in_words(total) << " (sequences of " << context << ")\n"
              << "certificate: " << file << "; check it with: attncert-check " << file << "\n";
    return;
  }
  std::cout << Json{{"judgement", kind_of(report.result.claim)},
                    {"layers", layers},
                    {"attention", others},
                    {"total", {{"before", to_json(total.before)}, {"after", to_json(total.after)}}},
                    {"context", context},
                    {"certificate", file}}
                   .dump()
            << "\n";
}

}  // namespace attncert::cli
