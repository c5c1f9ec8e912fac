#include "mask_report.hpp"

#include <iomanip>
#include <iostream>

#include "attncert/model/decimal.hpp"

namespace attncert::cli {
namespace {

constexpr int kErrorDigits = 4;
constexpr std::array kNames = {"subtract-after", "add-after", "add-inside"};

std::string name_of(ScoreEncoding encoding) { return kNames[static_cast<std::size_t>(encoding)]; }

std::string number_text(const std::optional<Rational>& x) {
  if (!x) return "none";
  const std::string exact = to_string(*x);
  constexpr std::size_t widest = 12;
  return exact.size() <= widest ? exact : to_string(round_decimal(*x, 9, Direction::up));
}

std::string error_text(const Rational& error) {
  return error == 0 ? "0" : to_scientific(error, kErrorDigits, Direction::up);
}

Json exact_or_null(const std::optional<Rational>& x) { return x ? Json(to_string(*x)) : Json(); }

}  // namespace

Json to_json(const MaskFormats& formats, const MaskSetting& setting) {
  Json encodings = Json::array();
  for (const EncodingBound& bound : formats.encodings) {
    encodings.push_back({{"encoding", name_of(bound.encoding)},
                         {"omega", exact_or_null(bound.omega)},
                         {"error", to_string(bound.error)},
                         {"zero_from", exact_or_null(bound.zero_from)}});
  }
  return {{"name", setting.format.name},
          {"underflow", setting.underflow == Underflow::flush ? "flush" : "gradual"},
          {"exp_zero", to_string(formats.exp_zero)},
          {"terms", setting.terms},
          {"encodings", std::move(encodings)},
          {"recommended", name_of(formats.encodings[formats.recommended].encoding)},
          {"useless", formats.useless}};
}

void print_formats(const MaskFormats& formats, const MaskSetting& setting) {
  std::cout << setting.format.name << ": e^t is 0 for t <= -" << number_text(formats.exp_zero)
            << " (exp correctly rounded"
            << (setting.underflow == Underflow::flush ? ", underflow flushed" : "")
            << "); scores of " << setting.terms << " products\n"
            << std::left << std::setw(50) << "encoding" << std::setw(14) << "Omega" << std::setw(14)
            << "error <="
            << "exactly 0 from\n";
  for (const EncodingBound& bound : formats.encodings) {
    std::cout << std::setw(50) << in_words(bound.encoding) << std::setw(14)
              << number_text(bound.omega) << std::setw(14) << error_text(bound.error)
              << number_text(bound.zero_from) << "\n";
  }
  if (formats.useless) {
    std::cout << "useless: in " << setting.format.name
              << " no encoding is better than no mask at all\n";
    return;
  }
  std::cout << "recommended: " << in_words(formats.encodings[formats.recommended].encoding) << "\n";
}

}  // namespace attncert::cli
