#include "attncert/kernel/same_argmax.hpp"
#include "attncert/model/reference.hpp"
#include "unit/evaluations.hpp"
#include "unit/kernel/transformer.hpp"

using namespace attncert;
using namespace attncert::testing;

namespace {

Prompts prompts() { return {{{0}, {1, 2}, {3, 4, 0}, {2, 2, 2}}, std::string(64, 'e')}; }

std::string shard(const Transformer& t, long first, long last, long generate = 2,
                  std::vector<long> except = {}) {
  return t.check(structural(Rule::argmax, ArgmaxShard{first, last, generate, std::move(except)}),
                 {}, prompts());
}

SameArgmax claim(const Transformer& t) {
  return {t.original().hashes, t.converted().hashes, prompts().sha256, 4, 2, {}};
}

std::string united(const SameArgmax& goal, const std::vector<Judgement>& shards) {
  return Transformer().check(structural(Rule::shard_union, goal), shards, prompts());
}

}  // namespace

TEST_CASE("rigorous model: enclosures hold what fp64 evaluates, and are narrow") {
  const Transformer t;
  for (const Model* model : {&t.original(), &t.converted()}) {
    const RigorousModel rigorous = RigorousModel::make(*model).value();
    const ReferenceModel reference = ReferenceModel::make(*model).value();
    CHECK(rigorous.is_causal());
    for (const Prompt& prompt : prompts().prompts) {
      const Enclosure<Wide> enclosed = rigorous.run_tokens(prompt).value();
      const Enclosure<Wide> closer =
          rigorous.run_tokens(prompt, 0, [](const auto&) { return false; }).value();
      const Matrix approx = reference.run_tokens(prompt).value();
      REQUIRE(enclosed.rows() == approx.rows);
      for (long i = 0; i < approx.rows; ++i) {
        for (long k = 0; k < approx.columns; ++k) {
          const Ball<Wide> ball = enclosed.at(i, k);
          const Ball<Wide> close = closer.at(i, k);
          CHECK(std::fabs(static_cast<double>(ball.mid) - approx.at(i, k)) <= ball.rad + 1e-11);
          CHECK(ball.rad < 1e-8);
          CHECK(magnitude(close.mid - ball.mid) <= ball.rad + close.rad);
          CHECK(close.rad <= kRoundoff<Wide> * magnitude(close.mid) + 1e-4 * ball.rad);
        }
      }
      const auto last = static_cast<long>(prompt.size()) - 1;
      CHECK(rigorous.run_tokens(prompt, last).value().at(0, 0).mid == enclosed.at(last, 0).mid);
    }
    CHECK(outcome(rigorous.run_tokens({})) == name(ErrorCode::NetworkField));
    CHECK(outcome(rigorous.run_tokens({5})) == name(ErrorCode::NetworkField));
    CHECK(outcome(rigorous.run_tokens({-1})) == name(ErrorCode::NetworkField));
    CHECK(outcome(rigorous.run_tokens({0, 0, 0, 0, 0, 0, 0})) == name(ErrorCode::NetworkField));
    CHECK(outcome(rigorous.run_tokens({0}, 1)) == name(ErrorCode::NetworkField));
    CHECK(outcome(rigorous.run_rows(Matrix(1, 4))) == name(ErrorCode::TensorShape));
  }
  CHECK(outcome(RigorousModel::make(Transformer(Rational(64)).converted())) ==
        name(ErrorCode::RigorousUnsupported));
}

TEST_CASE("rule argmax: shards of the prompts, and nothing else") {
  const Transformer t;
  CHECK(shard(t, 0, 4) == "ok");
  CHECK(shard(t, 1, 2) == "ok");
  CHECK(shard(t, 0, 4, 1) == "ok");
  CHECK(shard(t, 0, 4, 2, {1}) == "ok");
  for (const auto& [first, last] : {std::pair{-1L, 2L}, {0L, 5L}, {2L, 2L}, {3L, 1L}}) {
    CHECK(shard(t, first, last) == name(ErrorCode::ShardsNotCovering));
  }
  CHECK(shard(t, 0, 4, 0) == name(ErrorCode::ShardsNotCovering));
  CHECK(shard(t, 0, 4, 7) == name(ErrorCode::NetworkField));  // beyond the context
  CHECK(t.check(structural(Rule::argmax, ArgmaxShard{0, 1, 1, {}})) ==
        name(ErrorCode::SubjectMissing));
  CHECK(t.check(structural(Rule::argmax, ArgmaxShard{0, 1, 1, {}}), {Instance{"m"}}, prompts()) ==
        name(ErrorCode::PremiseCount));
  const Transformer wrong({}, "-1");  // another function: other tokens, or other margins
  std::vector<long> unlike;
  for (long i = 0; i < 4; ++i) {
    if (shard(wrong, i, i + 1) == name(ErrorCode::MarginNotProved)) unlike.push_back(i);
  }
  REQUIRE_FALSE(unlike.empty());
  CHECK(shard(wrong, 0, 4) == name(ErrorCode::MarginNotProved));
  CHECK(shard(wrong, 0, 4, 2, unlike) == "ok");
}

TEST_CASE("rule argmax: a network that pools its first row has one row of outputs") {
  const Transformer t;
  Subjects subjects = t.subjects(prompts());
  for (Model* model : {&*subjects.original, &*subjects.converted}) {
    model->network.first_row_only = true;
  }
  CHECK_FALSE(RigorousModel::make(*subjects.converted).value().is_causal());
  Context context(std::move(subjects));
  const Step step = structural(Rule::argmax, ArgmaxShard{0, 4, 3, {}});
  CHECK(outcome(check_step(context, step, {})) == "ok");
}

TEST_CASE("rule argmax: with an evaluation, also as machines compute") {
  const Transformer t;
  const auto computed = [](const Transformer& models, const Evaluation& evaluation,
                           long generate = 2, std::vector<long> except = {}) {
    return models.check(
        structural(Rule::argmax, ArgmaxShard{0, 4, generate, std::move(except), evaluation}), {},
        prompts());
  };
  CHECK(computed(t, evaluation_in("fp64")) == "ok");
  CHECK(computed(t, evaluation_in("fp64"), 1) == "ok");
  CHECK(computed(t, evaluation_in("fp64"), 7) == name(ErrorCode::NetworkField));
  CHECK(computed(t, evaluation_in("e4m3")) != "ok");
  Evaluation coarse = evaluation_in("bf16");
  coarse.storage = format_named("fp64").value();
  CHECK(computed(t, coarse) == name(ErrorCode::EnclosureUnbounded));
  coarse.accumulate = format_named("fp64").value();
  CHECK(computed(t, coarse) == name(ErrorCode::EnclosureUnbounded));
  CHECK(computed(t, coarse, 2, {0, 1, 2, 3}) == "ok");  // nothing is said
  CHECK(computed(Transformer(Rational(64)), evaluation_in("fp64")) ==
        name(ErrorCode::RigorousUnsupported));
  CHECK(computed(Transformer({}, "-1"), evaluation_in("fp64")) == name(ErrorCode::MarginNotProved));
  Evaluation plain = evaluation_in("fp64");
  plain.max_subtraction = false;
  CHECK(computed(t, plain) == "ok");
  Evaluation lowered = evaluation_in("fp64");
  lowered.mask_constant = 10000;
  CHECK(computed(t, lowered) == name(ErrorCode::MaskTooWeak));
  lowered.exp_zero = 745;
  CHECK(computed(t, lowered) == "ok");
  lowered.mask_constant = 745;
  CHECK(computed(t, lowered) == name(ErrorCode::MaskTooWeak));
}

TEST_CASE("same_computed_argmax: margins that only exact arithmetic has are not proved") {
  const Transformer t;
  const RigorousModel guess = RigorousModel::make(t.original()).value();
  long refused = 0;
  for (const char* accumulate : {"fp64", "fp32", "tf32", "bf16"}) {
    Evaluation evaluation = evaluation_in("fp64");
    evaluation.accumulate = format_named(accumulate).value();
    const auto before = ComputedModel::make(t.original(), evaluation).value();
    const auto after = ComputedModel::make(t.converted(), evaluation).value();
    for (const Prompt& prompt : prompts().prompts) {
      const std::string what = outcome(same_computed_argmax(guess, before, after, prompt, 3));
      CAPTURE(what);
      if (std::string(accumulate) == "fp64") CHECK(what == "ok");
      refused += what == "ok" ? 0 : 1;
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("rule argmax: a computed network that pools its first row, prefix by prefix") {
  const Transformer t;
  Subjects subjects = t.subjects(prompts());
  for (Model* model : {&*subjects.original, &*subjects.converted}) {
    model->network.first_row_only = true;
  }
  CHECK_FALSE(ComputedModel::make(*subjects.converted, evaluation_in("fp64")).value().is_causal());
  Context context(std::move(subjects));
  const Step step = structural(Rule::argmax, ArgmaxShard{0, 4, 3, {}, evaluation_in("fp64")});
  CHECK(outcome(check_step(context, step, {})) == "ok");
}

TEST_CASE("rule argmax: how far computed outputs may be apart") {
  const Transformer t;
  const Evaluation evaluation = evaluation_in("fp64");
  const auto differing = [&](long first, long last, const std::optional<Rational>& difference,
                             std::vector<long> except = {}) {
    const ArgmaxShard goal{first, last, 2, std::move(except), evaluation, difference};
    return t.check(structural(Rule::argmax, goal), {}, prompts());
  };
  const RigorousModel guess = RigorousModel::make(t.original()).value();
  const auto before = ComputedModel::make(t.original(), evaluation).value();
  const auto after = ComputedModel::make(t.converted(), evaluation).value();
  const std::string exceeded = name(ErrorCode::BoundExceeded);
  Rational largest = 0;
  for (long i = 0; i < 4; ++i) {
    const Prompt prompt = prompts().prompts[static_cast<std::size_t>(i)];
    const Rational difference = same_computed_argmax(guess, before, after, prompt, 2).value();
    const auto bound = static_cast<double>(difference);  // it is one of fp64
    REQUIRE(bound > 0);
    CHECK(differing(i, i + 1, difference) == "ok");
    CHECK(differing(i, i + 1, difference * Rational(99, 100)) == exceeded);
    largest = std::max(largest, difference);
    // exact outputs are no further apart
    const auto last = static_cast<long>(prompt.size()) - 1;
    const Enclosure<Wide> x = guess.run_tokens(prompt, last).value();
    const Enclosure<Wide> y =
        RigorousModel::make(t.converted()).value().run_tokens(prompt, last).value();
    for (long k = 0; k < x.columns(); ++k) {
      CHECK(magnitude(x.at(0, k).mid - y.at(0, k).mid) <= bound + x.at(0, k).rad + y.at(0, k).rad);
    }
  }
  CHECK(differing(0, 4, largest) == "ok");
  CHECK(differing(0, 4, largest * Rational(99, 100)) == exceeded);
  CHECK(differing(0, 4, Rational(0)) == exceeded);
  CHECK(differing(0, 4, Rational(0), {0, 1, 2, 3}) == "ok");  // nothing is said
  CHECK(t.check(structural(Rule::argmax, ArgmaxShard{0, 4, 2, {}, {}, Rational(1)}), {},
                prompts()) == exceeded);
}

TEST_CASE("rule shard-union: differences of shards are at most the conclusion's") {
  const Transformer t;
  SameArgmax good = claim(t);
  good.evaluation = evaluation_in("fp64");
  ArgmaxShard first{0, 2, 2, {}, good.evaluation, Rational(1, 2)};
  const ArgmaxShard second{2, 4, 2, {}, good.evaluation, Rational(1, 3)};
  CHECK(united(good, {first, second}) == "ok");
  good.difference = Rational(1, 2);
  CHECK(united(good, {first, second}) == "ok");
  good.difference = Rational(49, 100);
  CHECK(united(good, {first, second}) == name(ErrorCode::PremiseTooWeak));
  good.difference = 1;
  first.difference.reset();
  CHECK(united(good, {first, second}) == name(ErrorCode::PremiseTooWeak));
}

TEST_CASE("rule shard-union: shards of the conclusion's evaluation") {
  const Transformer t;
  SameArgmax good = claim(t);
  const std::string uncovered = name(ErrorCode::ShardsNotCovering);
  const ArgmaxShard exact{0, 4, 2, {}};
  const ArgmaxShard computed{0, 4, 2, {}, evaluation_in("fp64")};
  CHECK(united(good, {computed}) == uncovered);
  good.evaluation = evaluation_in("fp64");
  CHECK(united(good, {computed}) == "ok");
  CHECK(united(good, {exact}) == uncovered);
  good.evaluation = evaluation_in("fp32");
  CHECK(united(good, {computed}) == uncovered);
  good.evaluation = evaluation_in("fp64");
  good.evaluation->exp_ulp = 2;
  CHECK(united(good, {computed}) == uncovered);
}

TEST_CASE("rule shard-union: all prompts, in order, once") {
  const Transformer t;
  const SameArgmax good = claim(t);
  const ArgmaxShard first{0, 2, 2, {}};
  const ArgmaxShard second{2, 4, 2, {}};
  const std::string uncovered = name(ErrorCode::ShardsNotCovering);
  CHECK(united(good, {first, second}) == "ok");
  CHECK(united(good, {ArgmaxShard{0, 4, 2, {}}}) == "ok");
  CHECK(united(good, {}) == uncovered);
  CHECK(united(good, {first}) == uncovered);
  CHECK(united(good, {second}) == uncovered);
  CHECK(united(good, {second, first}) == uncovered);
  CHECK(united(good, {first, first, second}) == uncovered);
  CHECK(united(good, {first, ArgmaxShard{3, 4, 2, {}}}) == uncovered);
  CHECK(united(good, {first, ArgmaxShard{1, 4, 2, {}}}) == uncovered);
  CHECK(united(good, {first, ArgmaxShard{2, 5, 2, {}}}) == uncovered);
  CHECK(united(good, {first, ArgmaxShard{2, 4, 1, {}}}) == uncovered);
  CHECK(united(good, {first, ArgmaxShard{2, 4, 2, {3}}}) == uncovered);
  CHECK(united(good, {first, Instance{"m"}}) == name(ErrorCode::PremiseJudgement));
  SameArgmax changed = good;
  changed.except = {3};
  CHECK(united(changed, {first, second}) == uncovered);
  CHECK(united(changed, {first, ArgmaxShard{2, 4, 2, {3}}}) == "ok");
  changed = good;
  changed.count = 3;
  CHECK(united(changed, {first, second}) == uncovered);
  for (const auto change : {+[](SameArgmax& c) { c.prompts[0] = 'f'; },
                            +[](SameArgmax& c) { c.original = c.converted; },
                            +[](SameArgmax& c) { c.converted = c.original; }}) {
    changed = good;
    change(changed);
    CHECK(united(changed, {first, second}) == name(ErrorCode::SubjectMismatch));
  }
}
