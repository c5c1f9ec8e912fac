#include "attncert/statement/domain.hpp"

namespace attncert {
namespace {

Result<std::optional<Rational>> end_of(const Json& value, const char* infinite) {
  if (!value.is_string()) return fail(ErrorCode::JsonWrongType, "a domain's ends must be strings");
  const auto& text = value.get_ref<const std::string&>();
  if (text == infinite) return std::optional<Rational>();
  ATTNCERT_TRY(Rational end, parse_rational(text));
  return std::optional<Rational>(std::move(end));
}

}  // namespace

bool Domain::contains(const Domain& other) const {
  const bool below = !lower || (other.lower && *lower <= *other.lower);
  const bool above = !upper || (other.upper && *other.upper <= *upper);
  return below && above;
}

Domain Domain::mirrored() const {
  Domain result;
  if (upper) result.lower = Rational(-*upper);
  if (lower) result.upper = Rational(-*lower);
  return result;
}

Domain Domain::scaled(const Rational& factor) const {
  Domain result;
  if (lower) result.lower = Rational(*lower * factor);
  if (upper) result.upper = Rational(*upper * factor);
  return result;
}

Result<Domain> domain_of(const Json& value) {
  if (value == "all") return Domain{};
  if (!value.is_array() || value.size() != 2) {
    return fail(ErrorCode::JsonWrongType, "a domain must be \"all\" or [\"lower\",\"upper\"]");
  }
  Domain domain;
  ATTNCERT_TRY(domain.lower, end_of(value[0], "-inf"));
  ATTNCERT_TRY(domain.upper, end_of(value[1], "inf"));
  if (domain.is_bounded() && *domain.lower > *domain.upper) {
    return fail(ErrorCode::DomainReversed, "the domain's lower end is above its upper end");
  }
  return domain;
}

Json to_json(const Domain& domain) {
  if (!domain.lower && !domain.upper) return "all";
  return Json::array({domain.lower ? to_string(*domain.lower) : "-inf",
                      domain.upper ? to_string(*domain.upper) : "inf"});
}

std::string in_words(const Domain& domain) {
  if (domain.is_bounded()) {
    return "every x in [" + to_string(*domain.lower) + ", " + to_string(*domain.upper) + "]";
  }
  if (domain.lower) return "every x >= " + to_string(*domain.lower);
  if (domain.upper) return "every x <= " + to_string(*domain.upper);
  return "every real x";
}

}  // namespace attncert
