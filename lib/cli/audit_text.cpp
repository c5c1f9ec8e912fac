#include <algorithm>
#include <iomanip>
#include <iostream>

#include "audit_parts.hpp"
#include "columns.hpp"

namespace attncert::cli {
namespace {

constexpr int kDigits = 4;
constexpr int kFewDigits = 3;
constexpr std::size_t kWorstNeurons = 10;

std::string up(const Rational& q) { return shown(q, kDigits); }
std::string briefly(Upper x) { return shown(Rational(x.value()), kFewDigits); }

// Shares that some sublayer has.
std::vector<const Share*> shares_in(const Audit& audit) {
  std::vector<const Share*> shares;
  for (const Share& share : kShares) {
    const auto has = [&](const AuditedLayer& layer) {
      return !layer.refusal && layer.claim.*share.of > 0;
    };
    if (std::any_of(audit.layers.begin(), audit.layers.end(), has)) shares.push_back(&share);
  }
  return shares;
}

// What stands in place of numbers.
std::string words_for(const AuditedLayer& layer) {
  if (layer.refusal) {
    const std::string verdict(verdict_of(*layer.refusal));
    const std::string& message = layer.refusal->message;
    return message.starts_with(verdict) ? message : verdict + ": " + message;
  }
  const Rational rounding = layer.claim.original_rounding + layer.claim.converted_rounding;
  return "useless: rounding is bounded by " + up(rounding) + ", outputs by " + up(layer.size);
}

void print_shares(const Audit& audit) {
  const auto shares = shares_in(audit);
  Columns table("sublayer");
  table.add("epsilon").add("outputs");
  for (const Share* share : shares) table.add(share->title);
  table.add("most from");
  for (const AuditedLayer& layer : audit.layers) {
    const RoundingClaim& claim = layer.claim;
    if (layer.refusal || layer.is_useless()) {
      table.text(claim.name, words_for(layer));
      continue;
    }
    std::vector<std::string> cells{up(claim.epsilon), up(layer.size)};
    for (const Share* share : shares) cells.push_back(up(claim.*share->of));
    cells.push_back(largest_share(claim).title);
    table.row(claim.name, std::move(cells));
  }
  table.print();
}

std::vector<std::string> cells_of(const MaskNeeds& needs) {
  std::vector<std::string> cells{up(needs.scores), up(needs.gap()),
                                 needs.least ? up(*needs.least) : "none fits"};
  if (needs.may_win) cells.push_back(*needs.may_win ? "may" : "cannot");
  return cells;
}

// Overflow, NaN, underflow, and what masks need.
void print_dangers(const AuditReport& report) {
  const auto& layers = report.audit.layers;
  const auto masks = std::find_if(layers.begin(), layers.end(),
                                  [](const auto& one) { return one.masks.has_value(); });
  Columns table("sublayer");
  table.add("overflow, NaN").add("underflow");
  if (masks != layers.end()) table.add("scores").add("gap").add("mask by");
  if (report.evaluation.mask_constant) table.add("masked win");
  for (const AuditedLayer& layer : layers) {
    if (overflow_of(layer) == "unknown" && !layer.masks) continue;
    std::vector<std::string> cells{std::string(overflow_of(layer)),
                                   layer.refusal ? "unknown" : "included"};
    if (layer.masks) {
      for (std::string& cell : cells_of(*layer.masks)) cells.push_back(std::move(cell));
    }
    table.row(layer.claim.name, std::move(cells));
  }
  if (table.is_empty()) return;
  std::cout << "\n";
  table.print();
  if (masks == layers.end()) return;
  print_wrapped(
      "scores: none is larger; gap: no two differ by more, and masked ones lowered by no "
      "more may win; mask by: lowered by so much they weigh exactly 0, exp being 0 below -" +
      to_string(masks->masks->exp_zero) +
      (report.evaluation.exp_zero ? "" : " if correctly rounded"));
}

// The neurons that may add most to an output coordinate.
void print_neurons(const AuditedLayer& layer) {
  std::vector<std::size_t> order(layer.neurons.size());
  for (std::size_t j = 0; j < order.size(); ++j) order[j] = j;
  const std::size_t count = std::min(kWorstNeurons, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return layer.neurons[a].contribution().value() >
                             layer.neurons[b].contribution().value();
                    });
  std::cout << "\n";
  print_wrapped(layer.claim.name + ": the worst " + std::to_string(count) + " of " +
                std::to_string(order.size()) +
                " neurons: where z is, how far computed z and a(z) are off in the original and in "
                "its heads, and what approximation and roundings add to an output coordinate");
  Columns table("neuron");
  table.add("z").add("z off by").add("heads'").add("a off by").add("heads'");
  table.add("adds appr.").add("original").add("heads'");
  for (std::size_t at = 0; at < count; ++at) {
    const AuditedNeuron& one = layer.neurons[order[at]];
    const auto end = [](const std::optional<Rational>& x, Direction direction) {
      return x ? to_scientific(*x, kFewDigits, direction) : std::string("inf");
    };
    table.row(std::to_string(order[at]),
              {end(one.range.lower, Direction::down) + " .. " + end(one.range.upper, Direction::up),
               briefly(one.original.preactivation_error),
               briefly(one.converted.preactivation_error), briefly(one.original.activation_error),
               briefly(one.converted.activation_error), briefly(one.approximation_contribution),
               briefly(one.original.contribution), briefly(one.converted.contribution)});
  }
  table.print();
}

void print_boxes(const Audit& audit) {
  for (const AuditedLayer& layer : audit.layers) {
    if (!layer.box || layer.refusal) continue;
    std::cout << "inputs of " << layer.claim.name << ": |x_i| <= " << shown(*layer.box, 6) << "\n";
  }
}

void print_worst(const AuditReport& report) {
  const AuditedLayer* worst = worst_of(report.audit);
  if (worst == nullptr) return;
  std::cout << "\n";
  if (!worst->is_useless()) {
    std::cout << "worst: " << worst->claim.name << ", mostly from "
              << largest_share(worst->claim).name << "\n";
  }
  const auto& layers = report.audit.layers;
  if (std::any_of(layers.begin(), layers.end(), [](const auto& one) { return one.is_useless(); })) {
    print_wrapped(
        "useless: rounding may be as large as the outputs; another --format, a wider "
        "--accumulate, or less general inputs may help");
  }
  if (const auto least = least_epsilon(report.audit)) {
    std::cout << "least epsilon that is proved: " << up(*least) << "\n";
  }
}

void print_end(const AuditReport& report) {
  if (report.epsilon) {
    std::cout << (is_proved(report) ? "proved" : "not proved") << ": epsilon "
              << to_string(*report.epsilon) << (is_proved(report) ? "" : ", nor refuted") << "\n";
  }
  std::string silent;
  for (const AuditedLayer& layer : report.audit.layers) {
    if (layer.refusal) silent += (silent.empty() ? "" : ", ") + layer.claim.name;
  }
  if (!silent.empty()) print_wrapped("nothing is proved of: " + silent);
  if (!report.certificate.empty()) {
    std::cout << report.certificate << ": check it with: attncert-check " << report.certificate
              << "\n";
  }
}

}  // namespace

void print_audit_text(const AuditReport& report) {
  print_wrapped("evaluation: " + in_words(report.evaluation));
  print_boxes(report.audit);
  std::cout << "\n";
  print_shares(report.audit);
  print_dangers(report);
  for (const AuditedLayer& layer : report.audit.layers) {
    if (!layer.neurons.empty()) print_neurons(layer);
  }
  print_worst(report);
  for (const VariantFinding& one : report.findings) {
    print_wrapped("finding: " + one.layer + " computes " + one.activation + ", but its heads fit " +
                  one.closer + " better: errors of " + up(one.error) + " and " +
                  up(one.closer_error));
  }
  print_end(report);
}

}  // namespace attncert::cli
