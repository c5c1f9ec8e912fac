#include "attncert/statement/judgement.hpp"

#include <set>

#include "unit/support.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

const Pair kPair{"silu", "relu"};
const std::string kHash(64, 'a');

Json parsed(const std::string& text) {
  auto json = parse_json(text);
  REQUIRE_MESSAGE(json, text);
  return std::move(json).value();
}

Inputs computed(const Rational& size) { return {Inputs::Kind::computed, size}; }
Inputs computed_box(const Rational& size) { return {Inputs::Kind::computed_box, size}; }

Evaluation machine() {
  Evaluation result;
  result.storage = format_named("bf16").value();
  result.compute = format_named("fp16").value();
  result.accumulate = format_named("fp32").value();
  result.exp_zero = Rational(17);
  result.mask_constant = Rational(1, 3);
  return result;
}

RoundingClaim rounded_mlp() {
  return {"h.0.mlp",
          computed(real("1.01")),
          "gelu",
          "silu:k=1.702",
          "layer-norm",
          real("1e-5"),
          1,
          2,
          0,
          3,
          4,
          16,
          {}};
}
RoundingClaim rounded_attention() {
  return {"h.0.attn", computed_box(2), "", "", "none", 0, 0, 0, 0, 3, 4, 7, 64};
}

std::vector<Judgement> every_judgement() {
  const Domain all;
  const Domain right{Rational(1, 3), std::nullopt};
  const Domain piece{Rational(-5, 2), Rational(7)};
  const ModelHashes hashes{kHash, std::string(64, '0')};
  const LayerClaim layer{"h.0.mlp",    "gelu",       "silu:k=1.702", "in-out",
                         "layer-norm", real("1e-5"), real("0.25"),   {}};
  LayerClaim unmasked = layer;
  unmasked.omega = Rational(64);
  return {SupError{kPair, all, real("0.2785")},
          SupError{{"(tanh x)", "silu:k=2/3"}, right, 0},
          WellDefined{kPair, piece},
          PointValue{kPair, Rational(-1, 7), Rational(-1), Rational(0)},
          LowerBound{kPair, piece.mirrored(), real("1e-3")},
          Unbounded{kPair, right.mirrored()},
          Instance{"h.0.mlp"},
          PreactivationRange{"h.0.mlp", {}, {piece, {Rational(0), Rational(0)}}},
          LayerError{"h.0.mlp", {}, Rational(1, 3)},
          LayerError{"h.0.mlp", box_of(5), Rational(1, 3)},
          PreactivationRange{"h.0.mlp", box_of(real("2.5")), {all}},
          ConversionError{hashes, hashes, {}, {layer}, {}, {}, real("0.25")},
          ConversionError{hashes, hashes, box_of(8), {layer, layer}, {}, {}, real("0.25")},
          ConversionError{hashes,
                          hashes,
                          {},
                          {unmasked},
                          {{"h.0.attn", "causal", 64, real("0.5")}},
                          {},
                          real("0.5")},
          ConversionError{hashes, hashes, {}, {layer}, {}, {{"h.0.attn", 1}}, 1},
          Perturbation{"h.0.attn", box_of(3), real("1e-3")},
          MaskLeak{"h.0.attn", computed(2), 1},
          LayerError{"h.0.mlp", computed_box(3), 1},
          LayerError{"h.0.mlp", {}, Rational(1, 3), true},
          ScoreBound{"h.0.attn", {}, Rational(7, 3)},
          ScoreBound{"h.0.attn", box_of(2), 0},
          MaskLeak{"h.0.attn", {}, real("1e-9")},
          Identity{hashes, hashes},
          MaskError{8, {MaskPattern::Kind::window, 3, {}}, 10, real("0.5"), Rational(100, 3), 1},
          MaskError{2, {MaskPattern::Kind::rows, 0, {"8", "c"}}, 0, 0, 0, 0},
          SameArgmax{hashes, hashes, kHash, 10000, 3, {}},
          SameArgmax{hashes, hashes, kHash, 9, 1, {0, 4, 8}},
          ArgmaxShard{100, 200, 3, {}},
          ArgmaxShard{0, 9, 1, {0, 8}},
          SameArgmax{hashes, hashes, kHash, 9, 1, {}, machine(), {}},
          SameArgmax{hashes, hashes, kHash, 9, 1, {}, machine(), real("0.25")},
          ArgmaxShard{0, 9, 1, {}, machine(), 0},
          Rounding{"h.0.mlp", false, computed(real("1.01")), machine(), real("1e-5"), {}},
          Rounding{"h.0.attn", true, computed_box(3), machine(), 0, 17},
          RoundingError{hashes, hashes, machine(), {rounded_mlp(), rounded_attention()}, 16}};
}

struct Rejection {
  std::string_view text;
  ErrorCode code;
};

constexpr Rejection kRejected[] = {
    {R"([])", ErrorCode::JsonMissingKey},
    {R"({"kind":"sup-error"})", ErrorCode::JsonMissingKey},
    {R"({"judgement":1})", ErrorCode::JsonWrongType},
    {R"({"judgement":"sup_error"})", ErrorCode::UnknownJudgement},
    {R"({"judgement":"sup-error","target":"silu","approximant":"relu","domain":"all"})",
     ErrorCode::JsonMissingKey},
    {R"({"judgement":"sup-error","target":"silu","domain":"all","epsilon":"1"})",
     ErrorCode::JsonMissingKey},
    {R"({"judgement":"sup-error","domain":"all","epsilon":"1"})", ErrorCode::JsonMissingKey},
    {R"({"judgement":"sup-error","target":"silu","approximant":"relu","domain":"all",)"
     R"("epsilon":"1","note":"x"})",
     ErrorCode::JsonUnknownKey},
    {R"({"judgement":"sup-error","target":"silu","approximant":"relu","domain":"all","epsilon":1})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"sup-error","target":"silu","approximant":"relu","domain":"all",)"
     R"("epsilon":"-1e-300"})",
     ErrorCode::EpsilonNegative},
    {R"({"judgement":"lower-bound","target":"silu","approximant":"relu","domain":"all",)"
     R"("epsilon":"-1"})",
     ErrorCode::EpsilonNegative},
    {R"({"judgement":"sup-error","target":"silu","approximant":"relu","domain":"all",)"
     R"("epsilon":"x"})",
     ErrorCode::NumberSyntax},
    {R"({"judgement":"sup-error","target":"swish","approximant":"relu","domain":"all",)"
     R"("epsilon":"1"})",
     ErrorCode::UnknownActivation},
    {R"({"judgement":"sup-error","target":"silu:k=1.0","approximant":"relu","domain":"all",)"
     R"("epsilon":"1"})",
     ErrorCode::NotCanonical},
    {R"j({"judgement":"sup-error","target":"silu","approximant":"(fmax 0  x)","domain":"all",)j"
     R"("epsilon":"1"})",
     ErrorCode::NotCanonical},
    {R"j({"judgement":"sup-error","target":"silu","approximant":"(+ (exp x) (exp x))",)j"
     R"("domain":"all","epsilon":"1"})",
     ErrorCode::NotCanonical},
    {R"({"judgement":"unbounded","target":"silu","approximant":"relu","domain":"All"})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"unbounded","target":"silu","approximant":"relu","domain":["0"]})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"unbounded","target":"silu","approximant":"relu","domain":["0","1","2"]})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"unbounded","target":"silu","approximant":"relu","domain":[0,1]})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"unbounded","target":"silu","approximant":"relu","domain":["1","0"]})",
     ErrorCode::DomainReversed},
    {R"({"judgement":"unbounded","target":"silu","approximant":"relu","domain":["inf","-inf"]})",
     ErrorCode::NumberSyntax},
    {R"({"judgement":"unbounded","target":"silu","approximant":"relu","domain":["0","-inf"]})",
     ErrorCode::NumberSyntax},
    {R"({"judgement":"well-defined","target":"silu","approximant":"relu","domain":"all",)"
     R"("epsilon":"0"})",
     ErrorCode::JsonUnknownKey},
    {R"({"judgement":"value","target":"silu","approximant":"relu","at":"0"})",
     ErrorCode::JsonMissingKey},
    {R"({"judgement":"value","target":"silu","approximant":"relu","at":"0","within":"all"})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"value","target":"silu","approximant":"relu","at":"0","within":["0","inf"]})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"value","target":"silu","approximant":"relu","at":"0","within":["1","0"]})",
     ErrorCode::DomainReversed},
    {R"({"judgement":"instance"})", ErrorCode::JsonMissingKey},
    {R"({"judgement":"instance","layer":7})", ErrorCode::JsonWrongType},
    {R"({"judgement":"range","inputs":"every","layer":"a","ranges":{}})", ErrorCode::JsonWrongType},
    {R"({"judgement":"range","inputs":"every","layer":"a","ranges":[["2","1"]]})",
     ErrorCode::DomainReversed},
    {R"({"judgement":"range","layer":"a","ranges":[]})", ErrorCode::JsonMissingKey},
    {R"({"judgement":"range","inputs":{"box":"0"},"layer":"a","ranges":[]})",
     ErrorCode::DomainReversed},
    {R"({"judgement":"range","inputs":{"ball":"1"},"layer":"a","ranges":[]})",
     ErrorCode::JsonMissingKey},
    {R"({"judgement":"one-layer-error","inputs":"every","layer":"a","epsilon":"-1"})",
     ErrorCode::EpsilonNegative},
    {R"({"judgement":"identity"})", ErrorCode::JsonMissingKey},
    {R"({"judgement":"argmax-shard","first":0,"last":1,"generate":1,"except":[],)"
     R"("difference":"1"})",
     ErrorCode::JsonMissingKey},
    {R"({"judgement":"one-layer-error","layer":"a"})", ErrorCode::JsonMissingKey},
    {R"({"judgement":"argmax-shard","first":0,"last":2,"generate":1,"except":[1,1]})",
     ErrorCode::ShardsNotCovering},
    {R"({"judgement":"argmax-shard","first":0,"last":2,"generate":1,"except":[-1]})",
     ErrorCode::ShardsNotCovering},
    {R"({"judgement":"argmax-shard","first":0,"last":2,"generate":1,"except":["1"]})",
     ErrorCode::JsonWrongType},
    {R"({"judgement":"argmax-shard","first":0,"last":2,"generate":1})", ErrorCode::JsonMissingKey},
    {R"({"judgement":"range","inputs":{"computed":"-1"},"layer":"a","ranges":[]})",
     ErrorCode::DomainReversed},
    {R"({"judgement":"range","inputs":{"computed_box":"0"},"layer":"a","ranges":[]})",
     ErrorCode::DomainReversed},
    {R"({"judgement":"range","inputs":{"box":"1","computed":"1"},"layer":"a","ranges":[]})",
     ErrorCode::JsonUnknownKey},
    {R"({"judgement":"range","inputs":"computed","layer":"a","ranges":[]})",
     ErrorCode::JsonWrongType},
};

// A layer-error statement with one member replaced.
std::string conversion_with(const std::string& path, const Json& value) {
  Json json = to_json(every_judgement()[11]);
  json[Json::json_pointer(path)] = value;
  return outcome(judgement_of(json, nullptr));
}

// A judgement of a kind with one member replaced.
template <class J>
std::string changed(const std::string& path, const Json& value) {
  for (const Judgement& judgement : every_judgement()) {
    if (!std::holds_alternative<J>(judgement)) continue;
    Json json = to_json(judgement);
    json[Json::json_pointer(path)] = value;
    return outcome(judgement_of(json, nullptr));
  }
  return "no such judgement";
}

}  // namespace

TEST_CASE("judgement: rounding, and what its parts must be") {
  CHECK(changed<Rounding>("/side", "original") == "ok");
  CHECK(changed<Rounding>("/tokens", 0) == name(ErrorCode::BoundNegative));
  CHECK(changed<Rounding>("/tokens", "9") == name(ErrorCode::JsonWrongType));
  CHECK(changed<Rounding>("/side", "both") == name(ErrorCode::JsonWrongType));
  CHECK(changed<Rounding>("/inputs", "every") == name(ErrorCode::DomainMismatch));
  CHECK(changed<Rounding>("/inputs", {{"box", "1"}}) == name(ErrorCode::DomainMismatch));
  CHECK(changed<Rounding>("/epsilon", "-1") == name(ErrorCode::EpsilonNegative));
  CHECK(changed<Rounding>("/evaluation/compute", "fp12") == name(ErrorCode::FormatUnknown));
  CHECK(changed<Rounding>("/layers", Json::array()) == name(ErrorCode::JsonUnknownKey));
  CHECK(changed<RoundingError>("/epsilon", "17") == name(ErrorCode::EpsilonNotMaximum));
  CHECK(changed<RoundingError>("/layers", Json::array()) == name(ErrorCode::LayerMissing));
  CHECK(changed<RoundingError>("/layers/0/weights", "-2") == name(ErrorCode::EpsilonNegative));
  CHECK(changed<RoundingError>("/layers/0/inputs", "every") == name(ErrorCode::DomainMismatch));
  CHECK(changed<RoundingError>("/layers/0/activation", "swish") ==
        name(ErrorCode::UnknownActivation));
  CHECK(changed<RoundingError>("/layers/1/activation", "gelu") == name(ErrorCode::JsonMissingKey));
  CHECK(changed<ConversionError>("/inputs", {{"computed", "1"}}) == name(ErrorCode::JsonWrongType));
}

TEST_CASE("judgement: every kind round-trips through JSON, and is written canonically") {
  std::set<std::string> kinds;
  for (const Judgement& judgement : every_judgement()) {
    const std::string text = to_json(judgement).dump();
    CAPTURE(text);
    kinds.insert(std::string(kind_of(judgement)));
    const auto again = judgement_of(parsed(text), nullptr);
    REQUIRE(outcome(again) == "ok");
    CHECK(again.value() == judgement);
    CHECK(to_json(again.value()).dump() == text);
    CHECK_FALSE(in_words(judgement).empty());
  }
  CHECK(kinds.size() == std::variant_size_v<Judgement>);
}

TEST_CASE("judgement: the pair may be inherited, in whole only") {
  const Judgement own = SupError{kPair, {}, 1};
  const Judgement other = SupError{{"gelu", "relu"}, {}, 1};
  CHECK(to_json(own, &kPair).dump() == R"({"domain":"all","epsilon":"1","judgement":"sup-error"})");
  CHECK(judgement_of(to_json(own, &kPair), &kPair).value() == own);
  CHECK(judgement_of(to_json(other, &kPair), &kPair).value() == other);
  Json half = to_json(own, &kPair);
  half["target"] = "silu";
  CHECK(outcome(judgement_of(half, &kPair)) == name(ErrorCode::JsonMissingKey));
  CHECK(pair_of(own)->target == "silu");
  CHECK(pair_of(Instance{"a"}) == nullptr);
}

TEST_CASE("judgement: what is not one is refused, with its cause") {
  for (const Rejection& row : kRejected) {
    CAPTURE(row.text);
    CHECK(outcome(judgement_of(parsed(std::string(row.text)), nullptr)) == name(row.code));
  }
}

TEST_CASE("judgement: statements of conversions") {
  CHECK(conversion_with("/inputs", "every") == "ok");
  CHECK(conversion_with("/inputs", "some") == name(ErrorCode::JsonWrongType));
  CHECK(conversion_with("/epsilon", "0.3") == name(ErrorCode::EpsilonNotMaximum));
  CHECK(conversion_with("/epsilon", "0.2") == name(ErrorCode::EpsilonNotMaximum));
  CHECK(conversion_with("/epsilon", "-1") == name(ErrorCode::EpsilonNegative));
  CHECK(conversion_with("/layers/0/epsilon", "-1") == name(ErrorCode::EpsilonNegative));
  CHECK(conversion_with("/layers/0/epsilon", "0.1") == name(ErrorCode::EpsilonNotMaximum));
  CHECK(conversion_with("/layers/0/activation", "swish") == name(ErrorCode::UnknownActivation));
  CHECK(conversion_with("/layers/0/approximant", "silu:k=1.70") == name(ErrorCode::NotCanonical));
  CHECK(conversion_with("/layers/0/norm_epsilon", 1) == name(ErrorCode::JsonWrongType));
  CHECK(conversion_with("/layers/0/extra", "x") == name(ErrorCode::JsonUnknownKey));
  CHECK(conversion_with("/layers", "x") == name(ErrorCode::JsonWrongType));
  CHECK(conversion_with("/layers", Json::array()) == name(ErrorCode::LayerMissing));
  CHECK(conversion_with("/original", "x") == name(ErrorCode::JsonWrongType));
  for (const std::string& hash : {kHash + "a", std::string(63, 'a'), std::string(64, 'A'),
                                  std::string(64, 'g'), std::string()}) {
    CHECK(conversion_with("/original/weights", hash) == name(ErrorCode::HashSyntax));
    CHECK(conversion_with("/converted/network", hash) == name(ErrorCode::HashSyntax));
  }
}

TEST_CASE("judgement: names of sublayers cannot look like anything else") {
  const auto with_name = [](const std::string& layer) {
    const std::string results[] = {
        outcome(judgement_of(to_json(Instance{layer}), nullptr)),
        outcome(judgement_of(to_json(LayerError{layer, {}, 1}), nullptr)),
        outcome(judgement_of(to_json(PreactivationRange{layer, {}, {}}), nullptr)),
        conversion_with("/layers/0/name", layer)};
    for (const std::string& result : results) CHECK(result == results[0]);
    return results[0];
  };
  CHECK(with_name("h.0/mlp_A-9") == "ok");
  CHECK(with_name(std::string(100, 'a')) == "ok");
  for (const std::string& layer :
       {std::string(), std::string(101, 'a'), std::string("a b"), std::string("a\n"),
        std::string("a:"), std::string("\xc3\xa9"), std::string("a\x1b[2J")}) {
    CHECK(with_name(layer) == name(ErrorCode::NameSyntax));
  }
}

TEST_CASE("judgement: which may head a certificate") {
  for (const Judgement& judgement : every_judgement()) {
    const std::string kind(kind_of(judgement));
    CAPTURE(kind);
    const bool claim = kind == "sup-error" || kind == "lower-bound" || kind == "unbounded" ||
                       kind == "layer-error" || kind == "identity" || kind == "mask-error" ||
                       kind == "same-argmax" || kind == "rounding-error";
    CHECK(outcome(claim_of(to_json(judgement))) == (claim ? "ok" : name(ErrorCode::NotAClaim)));
  }
}

TEST_CASE("domain: containment, mirror images, multiples") {
  const Domain all;
  const Domain unit{Rational(0), Rational(1)};
  const Domain right{Rational(0), std::nullopt};
  CHECK(all.contains(unit));
  CHECK(all.contains(right));
  CHECK(right.contains(unit));
  CHECK_FALSE(unit.contains(right));
  CHECK_FALSE(right.contains(all));
  CHECK_FALSE(unit.contains(Domain{Rational(0), Rational(1 + power_of_two(-60))}));
  CHECK_FALSE(unit.contains(Domain{Rational(-power_of_two(-60)), Rational(1)}));
  CHECK(unit.contains(Rational(1)));
  CHECK_FALSE(unit.contains(Rational(1 + power_of_two(-60))));
  CHECK(unit.mirrored() == Domain{Rational(-1), Rational(0)});
  CHECK(right.mirrored() == Domain{std::nullopt, Rational(0)});
  CHECK(all.mirrored() == all);
  CHECK(unit.scaled(Rational(3, 2)) == Domain{Rational(0), Rational(3, 2)});
  CHECK(domain_of(Json::array({"-inf", "inf"})).value() == all);
  CHECK(domain_of(Json::array({"2", "2"})).value() == Domain{Rational(2), Rational(2)});
}
