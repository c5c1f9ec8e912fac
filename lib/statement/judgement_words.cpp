// Judgements in plain English.
#include <algorithm>

#include "attncert/statement/judgement.hpp"

namespace attncert {
namespace {

std::string difference(const Pair& pair) { return pair.target + " - " + pair.approximant; }

std::string words(const SupError& j) {
  return "|" + difference(j.pair) + "| <= " + to_string(j.epsilon) + " for " + in_words(j.domain);
}

std::string words(const WellDefined& j) {
  return j.pair.target + " and " + j.pair.approximant + " are defined for " + in_words(j.domain);
}

std::string words(const PointValue& j) {
  return difference(j.pair) + " lies in [" + to_string(j.lower) + ", " + to_string(j.upper) +
         "] at x = " + to_string(j.at);
}

std::string words(const LowerBound& j) {
  return "|" + difference(j.pair) + "| >= " + to_string(j.epsilon) + " for some x among " +
         in_words(j.domain);
}

std::string words(const Unbounded& j) {
  return "|" + difference(j.pair) + "| has no bound over " + in_words(j.domain);
}

std::string words(const Instance& j) {
  return "the stored heads of " + j.layer + " are exactly the construction's";
}

std::string words(const PreactivationRange& j) {
  return "ranges of the " + std::to_string(j.ranges.size()) + " pre-activations of " + j.layer +
         " over " + in_words(j.inputs);
}

std::string words(const LayerError& j) {
  return "every output coordinate of " + j.layer + " is within " + to_string(j.epsilon) + ", for " +
         in_words(j.inputs) + (j.exact_masks ? ", were its masks exact" : "");
}

std::string words(const ScoreBound& j) {
  return "no attention score of " + j.layer + " exceeds " + to_string(j.bound) +
         " in absolute value, for " + in_words(j.inputs);
}

std::string words(const MaskLeak& j) {
  return "masks as weights move no output coordinate of " + j.layer + " by more than " +
         to_string(j.epsilon) + ", for " + in_words(j.inputs);
}

std::string words(const Perturbation& j) {
  return "rounded weights move no output coordinate of " + j.layer + " by more than " +
         to_string(j.epsilon) + ", for " + in_words(j.inputs);
}

std::string words(const ConversionError& j) {
  std::string text =
      "In real arithmetic the converted model is the original, sublayer by sublayer: embeddings, "
      "final norm and every sublayer not named below are exactly the same, and for " +
      in_words(j.inputs) +
      " of each sublayer below, the same for both models, no output coordinate of the converted "
      "sublayer differs from the original's by more than epsilon:";
  for (const LayerClaim& layer : j.layers) {
    text += "\n  " + layer.name + ": epsilon " + to_string(layer.epsilon) + " (" +
            layer.activation + " by heads computing " + layer.approximant + ", after " +
            layer.norm +
            (layer.omega ? ", masks as weights, Omega " + to_string(*layer.omega) : "") + ")";
  }
  for (const MaskClaim& mask : j.masks) {
    text += "\n  " + mask.name + ": epsilon " + to_string(mask.epsilon) + " (the " + mask.mask +
            " mask as weights, Omega " + to_string(mask.omega) + ")";
  }
  for (const RoundedClaim& claim : j.rounded) {
    text += "\n  " + claim.name + ": epsilon " + to_string(claim.epsilon) + " (weights rounded)";
  }
  return text;
}

std::string in_sequences(const std::optional<long>& tokens) {
  return tokens ? ", in sequences of at most " + std::to_string(*tokens) + " tokens" : "";
}

std::string words(const Rounding& j) {
  return "every output coordinate of " + j.layer + " of the " +
         (j.converted ? "converted" : "original") + " model is computed within " +
         to_string(j.epsilon) + ", for " + in_words(j.inputs) + in_sequences(j.tokens) + ", with " +
         in_words(j.evaluation);
}

std::string words(const RoundingError& j) {
  std::string text =
      "With " + in_words(j.evaluation) +
      ": for each sublayer below and all its inputs, the same for both models, no computed output "
      "coordinate of the converted sublayer differs from the original's by more than epsilon:";
  for (const RoundingClaim& layer : j.layers) {
    text += "\n  " + layer.name + ": epsilon " + to_string(layer.epsilon) + " for " +
            in_words(layer.inputs) + ", after " + layer.norm + in_sequences(layer.tokens);
    if (!layer.activation.empty()) {
      text += ", " + layer.activation + " by heads computing " + layer.approximant;
    }
    text += " (approximation " + to_string(layer.approximation) + ", weights " +
            to_string(layer.weights) + ", mask leakage " + to_string(layer.leak) +
            ", rounding of the original " + to_string(layer.original_rounding) +
            ", rounding of the converted " + to_string(layer.converted_rounding) + ")";
  }
  return text;
}

std::string words(const Identity&) {
  return "In real arithmetic the two models compute the same: for every input, the converted "
         "network's output is exactly the original's";
}

std::string words(const MaskError& j) {
  return "In real arithmetic, for all real scores of at most " + to_string(j.score_bound) +
         " in absolute value and all values whose coordinates lie in [" +
         to_string(Rational(-j.value_bound)) + ", " + to_string(j.value_bound) +
         "], unmasked attention whose allowed scores are raised by Omega = " + to_string(j.omega) +
         " differs from masked attention by at most " + to_string(j.epsilon) +
         " in every coordinate, over " + std::to_string(j.tokens) + " tokens under " +
         in_words(j.mask);
}

std::string excepted(const std::vector<long>& except) {
  if (except.empty()) return "";
  std::string text = " but " + std::to_string(except.size()) + " (numbered from 0:";
  constexpr std::size_t shown = 20;
  for (std::size_t i = 0; i < std::min(shown, except.size()); ++i) {
    text += (i > 0 ? ", " : " ") + std::to_string(except[i]);
  }
  return text + (except.size() > shown ? ", ...)" : ")");
}

std::string evaluated(const std::optional<Evaluation>& evaluation,
                      const std::optional<Rational>& difference) {
  if (!evaluation) return "";
  std::string text = ", and likewise as any machine computes them: " + in_words(*evaluation);
  if (difference) {
    text += "; no output that such a machine computes of one model is then more than " +
            to_string(*difference) + " from what such a machine computes of the other";
  }
  return text;
}

std::string words(const SameArgmax& j) {
  return "In exact arithmetic, for each of the " + std::to_string(j.count) + " listed prompts" +
         excepted(j.except) + ", greedy decoding of " + std::to_string(j.generate) +
         " tokens is the same for both models, each next token strictly the most likely" +
         evaluated(j.evaluation, j.difference);
}

std::string words(const ArgmaxShard& j) {
  return "greedy decoding of " + std::to_string(j.generate) + " tokens is the same for prompts " +
         std::to_string(j.first) + " to " + std::to_string(j.last - 1) + excepted(j.except) +
         evaluated(j.evaluation, j.difference);
}

}  // namespace

std::string in_words(const Judgement& judgement) {
  return std::visit([](const auto& j) { return words(j); }, judgement);
}

}  // namespace attncert
