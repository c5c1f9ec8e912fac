// Judgements: everything a certificate can claim, and everything a step can conclude.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "attncert/statement/domain.hpp"

namespace attncert {

/// Two functions of one real variable, by their canonical texts; d = target - approximant.
struct Pair {
  std::string target;
  std::string approximant;
  bool operator==(const Pair&) const = default;
};

/// For all x in the domain both functions are defined and |d(x)| <= epsilon.
struct SupError {
  Pair pair;
  Domain domain;
  Rational epsilon;
  bool operator==(const SupError&) const = default;
};

/// For all x in the domain both functions are defined.
struct WellDefined {
  Pair pair;
  Domain domain;
  bool operator==(const WellDefined&) const = default;
};

/// Both functions are defined at `at` and lower <= d(at) <= upper.
struct PointValue {
  Pair pair;
  Rational at;
  Rational lower;
  Rational upper;
  bool operator==(const PointValue&) const = default;
};

/// For some x in the domain |d(x)| >= epsilon.
struct LowerBound {
  Pair pair;
  Domain domain;
  Rational epsilon;
  bool operator==(const LowerBound&) const = default;
};

/// |d| has no bound on the domain.
struct Unbounded {
  Pair pair;
  Domain domain;
  bool operator==(const Unbounded&) const = default;
};

/// The converted sublayer's stored heads are T2's, exactly, for the original's weights.
struct Instance {
  std::string layer;
  bool operator==(const Instance&) const = default;
};

/// For every input of the sublayer, neuron j's pre-activation lies in ranges[j].
struct PreactivationRange {
  std::string layer;
  std::vector<Domain> ranges;
  bool operator==(const PreactivationRange&) const = default;
};

/// For every input, each output coordinate of the converted sublayer is within epsilon.
struct LayerError {
  std::string layer;
  Rational epsilon;
  bool operator==(const LayerError&) const = default;
};

/// What a conversion claims of one MLP sublayer, with the facts that give the claim its meaning.
struct LayerClaim {
  std::string name;
  std::string activation;
  std::string approximant;
  std::string layout;
  std::string norm;
  Rational norm_epsilon;
  Rational epsilon;
  bool operator==(const LayerClaim&) const = default;
};

/// The files of a model, by SHA-256.
struct ModelHashes {
  std::string network;
  std::string weights;
  bool operator==(const ModelHashes&) const = default;
};

/// For every MLP sublayer of the original and every input row of it, the same for both sides: the
/// converted sublayer's output differs by at most the sublayer's epsilon in every coordinate.
struct ConversionError {
  ModelHashes original;
  ModelHashes converted;
  std::vector<LayerClaim> layers;
  Rational epsilon;  // the largest of the layers'
  bool operator==(const ConversionError&) const = default;
};

using Judgement = std::variant<SupError, WellDefined, PointValue, LowerBound, Unbounded, Instance,
                               PreactivationRange, LayerError, ConversionError>;

/// The name of a judgement's kind, as in certificates: "sup-error", ...
std::string_view kind_of(const Judgement& judgement);

/// Reads a judgement; where target and approximant are left out, `inherited` gives them.
/// Requires canonical function texts (NotCanonical), epsilon >= 0 (EpsilonNegative), ...
/// Status   trusted
Result<Judgement> judgement_of(const Json& value, const Pair* inherited);

/// Reads a judgement that may head a certificate (NotAClaim otherwise).
Result<Judgement> claim_of(const Json& value);

/// The canonical form; keys sorted, numbers canonical. Pairs equal to `inherited` are left out.
Json to_json(const Judgement& judgement, const Pair* inherited = nullptr);

/// The pair a claim is about, or nullptr.
const Pair* pair_of(const Judgement& judgement);

/// The claim in plain English.
std::string in_words(const Judgement& judgement);

}  // namespace attncert
