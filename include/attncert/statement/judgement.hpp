// Judgements: everything a certificate can claim, and everything a step can conclude.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "attncert/statement/domain.hpp"
#include "attncert/statement/evaluation.hpp"
#include "attncert/statement/inputs.hpp"
#include "attncert/statement/mask.hpp"

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

/// The converted sublayer's stored heads are T2's or T3's, exactly, for the original's weights.
struct Instance {
  std::string layer;
  bool operator==(const Instance&) const = default;
};

/// For all inputs, the vector that the activation is applied to has its coordinate j in ranges[j].
struct PreactivationRange {
  std::string layer;
  Inputs inputs;
  std::vector<Domain> ranges;
  bool operator==(const PreactivationRange&) const = default;
};

/// For every such input, each output coordinate of the converted sublayer is within epsilon; with
/// `exact_masks`, of the sublayer whose heads had masks instead of the weights that stand for them.
struct LayerError {
  std::string layer;
  Inputs inputs;
  Rational epsilon;
  bool exact_masks = false;
  bool operator==(const LayerError&) const = default;
};

/// For all such inputs, no attention score of the original's sublayer exceeds bound, up to sign.
struct ScoreBound {
  std::string layer;
  Inputs inputs;
  Rational bound;
  bool operator==(const ScoreBound&) const = default;
};

/// For all such inputs, masks as weights instead of masks move no output coordinate of the
/// construction's heads by more than epsilon.
struct MaskLeak {
  std::string layer;
  Inputs inputs;
  Rational epsilon;
  bool operator==(const MaskLeak&) const = default;
};

/// For all such inputs, the stored heads differ from the construction's for the original's weights by
/// at most epsilon in every output coordinate.
struct Perturbation {
  std::string layer;
  Inputs inputs;
  Rational epsilon;
  bool operator==(const Perturbation&) const = default;
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
  std::optional<Rational> omega;  // where masks are weights
  bool operator==(const LayerClaim&) const = default;
};

/// What a conversion claims of one attention sublayer whose mask became weights.
struct MaskClaim {
  std::string name;
  std::string mask;  // the original's
  Rational omega;
  Rational epsilon;
  bool operator==(const MaskClaim&) const = default;
};

/// What a conversion claims of one attention sublayer whose weights are stored rounded.
struct RoundedClaim {
  std::string name;
  Rational epsilon;
  bool operator==(const RoundedClaim&) const = default;
};

/// The files of a model, by SHA-256.
struct ModelHashes {
  std::string network;
  std::string weights;
  bool operator==(const ModelHashes&) const = default;
};

/// The converted network is the original's, sublayer by sublayer: attention (but for sublayers among
/// `masks` and `rounded`), embeddings and the rest compute exactly the same; and for every MLP
/// sublayer and every one of its inputs (every row, or those in a box), the same for both sides, the
/// converted sublayer's output differs by at most the sublayer's epsilon in every coordinate; likewise
/// for the attention sublayers among `masks` and `rounded`.
struct ConversionError {
  ModelHashes original;
  ModelHashes converted;
  Inputs inputs;
  std::vector<LayerClaim> layers;
  std::vector<MaskClaim> masks;
  std::vector<RoundedClaim> rounded;
  Rational epsilon;  // the largest of all
  bool operator==(const ConversionError&) const = default;
};

/// For every input the two networks compute the same, in real arithmetic.
struct Identity {
  ModelHashes original;
  ModelHashes converted;
  bool operator==(const Identity&) const = default;
};

/// T6: for scores in [-score_bound, score_bound] and value coordinates in [-value_bound,
/// value_bound], unmasked attention with omega added to allowed scores is masked attention up to
/// epsilon in every output coordinate.
struct MaskError {
  long tokens = 0;
  MaskPattern mask;
  Rational score_bound;
  Rational value_bound;
  Rational omega;
  Rational epsilon;
  bool operator==(const MaskError&) const = default;
};

/// On every prompt of the file but the excepted ones, greedy decoding of `generate` tokens is the same
/// for both networks, in exact arithmetic: at the prompt's end and after each of the original's next
/// tokens, in both networks one and the same output is strictly the largest. With an evaluation, also
/// on every machine that computes as it says; with a difference, no output that such a machine
/// computes of one network is then further from what one computes of the other.
struct SameArgmax {
  ModelHashes original;
  ModelHashes converted;
  std::string prompts;  // SHA-256
  long count = 0;       // prompts in the file
  long generate = 1;
  std::vector<long> except;  // by number from 0, increasing
  std::optional<Evaluation> evaluation = {};
  std::optional<Rational> difference = {};  // only with an evaluation
  bool operator==(const SameArgmax&) const = default;
};

/// The same for prompts first, ..., last - 1.
struct ArgmaxShard {
  long first = 0;
  long last = 0;
  long generate = 1;
  std::vector<long> except;
  std::optional<Evaluation> evaluation = {};
  std::optional<Rational> difference = {};  // only with an evaluation
  bool operator==(const ArgmaxShard&) const = default;
};

/// For all inputs, which are computed ones, each output coordinate of the sublayer as the machine
/// computes it, before it is added to the stream, is within epsilon of the exact one.
struct Rounding {
  std::string layer;
  bool converted = false;  // of the converted model, or of the original
  Inputs inputs;
  Evaluation evaluation;
  Rational epsilon;
  std::optional<long> tokens;  // in a sequence, at most, where the network has no context
  bool operator==(const Rounding&) const = default;
};

/// What a rounding error claims of one sublayer, and what it is made of.
struct RoundingClaim {
  std::string name;
  Inputs inputs;
  std::string activation;   // of an MLP; otherwise empty
  std::string approximant;  // likewise
  std::string norm;
  Rational norm_epsilon;
  Rational approximation;  // of the activation
  Rational weights;        // stored rounded by the conversion
  Rational leak;           // of masks as weights
  Rational original_rounding;
  Rational converted_rounding;
  Rational epsilon;            // at least the sum of these
  std::optional<long> tokens;  // in a sequence, at most, where the network has no context
  bool operator==(const RoundingClaim&) const = default;
};

/// For every sublayer listed and all its inputs, the same for both models, the computed outputs of
/// the original's and the converted sublayer differ by at most the sublayer's epsilon in every
/// coordinate.
struct RoundingError {
  ModelHashes original;
  ModelHashes converted;
  Evaluation evaluation;
  std::vector<RoundingClaim> layers;
  Rational epsilon;  // the largest of all
  bool operator==(const RoundingError&) const = default;
};

using Judgement =
    std::variant<SupError, WellDefined, PointValue, LowerBound, Unbounded, Instance,
                 PreactivationRange, LayerError, ConversionError, Identity, MaskError, ScoreBound,
                 MaskLeak, SameArgmax, ArgmaxShard, Perturbation, Rounding, RoundingError>;

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

/// The original and the converted model that a claim is about, if it is about models.
std::optional<std::pair<const ModelHashes*, const ModelHashes*>> models_of(
    const Judgement& judgement);

/// The claim in plain English.
std::string in_words(const Judgement& judgement);

}  // namespace attncert
