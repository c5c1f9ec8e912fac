#include "forms.hpp"

#include <algorithm>

namespace attncert::rules {

void Symbols::add(const std::vector<long>& counts) {
  std::vector<long> begins{0};
  for (const long count : counts) begins.push_back(begins.back() + count);
  for (long i = 0; i < rows(); ++i) {
    auto& offsets = offsets_[static_cast<std::size_t>(i)];
    offsets.push_back(offsets.back() + begins[static_cast<std::size_t>(seen(i))]);
  }
  begins_.push_back(std::move(begins));
}

void absorb(Enclosure<Wide>& centre, Matrix& rest) {
  for (long i = 0; i < centre.rows(); ++i) {
    for (long k = 0; k < centre.columns(); ++k) {
      const Ball<Wide> x = centre.at(i, k);
      rest.at(i, k) = raised(rest.at(i, k) + x.rad);
      centre.set(i, k, {x.mid, 0});
    }
  }
}

// Within a stage the symbols of earlier rows come first, whatever the row.
void add_terms(const Symbols& symbols, std::span<float> to, long i, float factor,
               std::span<const float> from, long j) {
  for (long stage = 0; symbols.offset(j, stage) < static_cast<long>(from.size()); ++stage) {
    const long begin = symbols.offset(j, stage);
    const long count = symbols.offset(j, stage + 1) - begin;
    add_scaled(to.subspan(static_cast<std::size_t>(symbols.offset(i, stage))), factor,
               from.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)));
  }
}

void symbolise(Symbols& symbols, Forms& x) {
  symbols.add(std::vector<long>(static_cast<std::size_t>(x.rows()), x.columns()));
  for (long i = 0; i < x.rows(); ++i) {
    Panel& old = x.terms[static_cast<std::size_t>(i)];
    Panel terms(x.columns(), symbols.width(i));
    for (long k = 0; k < x.columns(); ++k) {
      const auto row = terms.row(k);
      std::copy(old.row(k).begin(), old.row(k).end(), row.begin());
      const double rest = x.rest.at(i, k);
      const auto term = static_cast<float>(raised(rest * (1 + 0x1p-22)) + 0x1p-140);
      row[static_cast<std::size_t>(symbols.own(i) + k)] = term;
      x.rest.at(i, k) = std::isfinite(term) ? 0 : rest;
    }
    old = std::move(terms);
  }
}

}  // namespace attncert::rules
