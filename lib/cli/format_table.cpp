#include "format_table.hpp"

#include <array>
#include <sstream>

#include "mask_report.hpp"

namespace attncert::cli {
namespace {

constexpr long kTokens = 1024;
constexpr long kScoreBound = 10;
constexpr long kTerms = 64;
constexpr int kDigits = 3;

struct Target {
  const char* name;
  const char* approximation;
  std::vector<int> heads;
};

const std::vector<Target>& targets() {
  static const std::vector<Target> all = {
      {"relu", "SiLU(kz)/k", {1}},
      {"gelu", "gates", {1, 2, 3, 4, 5, 6, 8}},
      {"gelu_tanh", "gates", {1, 2, 3, 4, 5, 6, 8}},
      {"silu", "exact", {1}},
      {"quick_gelu", "exact but for k = 1.702", {1}},
      {"mish", "exact but for the shifts", {2}},
  };
  return all;
}

MaskSetting mask_setting(const Format& format, Underflow underflow) {
  return {format, underflow, kTokens - 1, kScoreBound, 1, kTerms};
}

Result<TableEntry> entry_of(const std::string& target, int heads, const Format& format,
                            const TableSetting& setting) {
  TableEntry entry{target, heads, format, {}};
  auto found = best_in_format(target, heads, {format, setting.underflow, 1}, setting.reach);
  if (found) {
    entry.choice = std::move(found).value();
  } else if (found.error().code != ErrorCode::FormatOverflow) {
    return found.error();
  }
  return entry;
}

// The best over the numbers of heads.
const TableEntry* best_of(const FormatTable& table, const std::string& target,
                          const Format& format) {
  const TableEntry* best = nullptr;
  for (const TableEntry& entry : table.entries) {
    if (entry.target != target || !(entry.format == format) || !entry.choice) continue;
    if (best == nullptr || entry.choice->total() < best->choice->total()) best = &entry;
  }
  return best;
}

std::string upper_text(const Rational& x) {
  return x == 0 ? "0" : to_scientific(x, kDigits, Direction::up);
}

// Exact and short: a decimal, or a hexadecimal dyadic.
std::string exact_text(const Rational& x) {
  std::string text = to_string(x);
  constexpr std::size_t widest = 12;
  if (text.size() <= widest && !text.starts_with("0x")) return text;
  std::array<char, 40> dyadic{};
  std::snprintf(dyadic.data(), dyadic.size(), "%a", x.convert_to<double>());
  return dyadic.data();
}

std::string parameters_of(const TableEntry& entry) {
  const Gates& gates = entry.choice->gates;
  const auto slope = parse_rational(gates[0].scores[0].slope);
  if (gates.size() > 1 || !slope) return std::to_string(gates.size()) + " heads";
  return "k = " + exact_text(slope.value());
}

void add_header(std::ostringstream& out, const std::string& first, const TableSetting& setting) {
  out << "| " << first << " |";
  for (const Format& format : setting.formats) out << " " << format.name << " |";
  out << "\n|---|";
  for (std::size_t i = 0; i < setting.formats.size(); ++i) out << "---|";
  out << "\n";
}

void add_introduction(std::ostringstream& out, const TableSetting& setting) {
  out << "# Number formats\n\n"
         "Made by `attncert formats`; `--json` has the gates and exact numbers. For each "
         "activation "
         "and format: heads that stand for a\nneuron, their numbers rounded to the format, "
         "everything "
         "computed in the format, and an upper bound of\n"
         "|computed - activation(z)| over all numbers z of the format with |z| <= "
      << to_string(setting.reach)
      << ". The bound is the sup of the\napproximation's error, "
         "accepted by the kernel, plus that of rounding, by the error analysis of "
         "[formulas.md](formulas.md#formats),\nin interval arithmetic: proved, but without a "
         "certificate. Which gates are best is a choice among those tried.\n\n"
         "Assumed: operations rounded to nearest, sums in any order, softmax with max-subtraction, "
         "exp "
         "within one ulp and e^0 = 1, underflow\n"
      << (setting.underflow == Underflow::flush ? "flushed to zero" : "gradual")
      << ". What the pre-activation z itself is off by is not counted. Numbers are rounded up.\n\n";
}

void add_best(std::ostringstream& out, const FormatTable& table, const TableSetting& setting) {
  out << "## The best error\n\n";
  add_header(out, "activation", setting);
  for (const Target& target : targets()) {
    out << "| `" << target.name << "` |";
    for (const Format& format : setting.formats) {
      const TableEntry* best = best_of(table, target.name, format);
      out << " " << (best == nullptr ? "overflows" : upper_text(best->choice->total())) << " |";
    }
    out << "\n";
  }
  out << "\n## What reaches it\n\nApproximation + rounding. One head is x σ(kx); several are those "
         "of [formulas.md](formulas.md#multi-head), rounded.\n\n"
         "| activation | format | parameters | approximation | rounding | error at most |\n"
         "|---|---|---|---|---|---|\n";
  for (const Target& target : targets()) {
    for (const Format& format : setting.formats) {
      const TableEntry* best = best_of(table, target.name, format);
      if (best == nullptr) continue;
      out << "| `" << target.name << "` | " << format.name << " | " << parameters_of(*best) << " | "
          << upper_text(best->choice->approximation) << " | " << upper_text(best->choice->rounding)
          << " | " << upper_text(best->choice->total()) << " |\n";
    }
  }
}

void add_by_heads(std::ostringstream& out, const FormatTable& table, const TableSetting& setting,
                  const Target& target) {
  out << "\n## `" << target.name << "` by the number of heads\n\n";
  add_header(out, "heads", setting);
  for (const int heads : target.heads) {
    out << "| " << heads << " |";
    for (const Format& format : setting.formats) {
      for (const TableEntry& entry : table.entries) {
        const bool here =
            entry.target == target.name && entry.heads == heads && entry.format == format;
        if (!here) continue;
        out << " " << (entry.choice ? upper_text(entry.choice->total()) : "overflows") << " |";
      }
    }
    out << "\n";
  }
}

std::string mask_cell(const EncodingBound& bound) {
  if (!bound.omega) return "none";
  return upper_text(bound.error) + " (" + exact_text(*bound.omega) + ")";
}

void add_masks(std::ostringstream& out, const FormatTable& table) {
  out << "\n## Masks\n\nA causal mask of " << kTokens << " tokens as a number Ω, scores within ±"
      << kScoreBound << " and of " << kTerms
      << " products: the best error as a share of the values' diameter, and Ω, a\nnumber of the "
         "format that reaches it; 0 means that masked weights are exactly 0, from this Ω on "
         "([formulas.md](formulas.md#masks-in-formats)).\n`attncert mask --format` answers for "
         "other "
         "bounds, and for models.\n\n"
         "| format | e^t is 0 for t <= | -Ω after the score | +Ω after the score | +Ω inside the "
         "dot "
         "product |\n|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < table.masks.size(); ++i) {
    const MaskFormats& masks = table.masks[i];
    out << "| " << table.mask_settings[i].format.name << " | -"
        << to_string(round_decimal(masks.exp_zero, 7, Direction::up));
    for (const EncodingBound& bound : masks.encodings) out << " | " << mask_cell(bound);
    out << " |\n";
  }
}

Json to_json(const TableEntry& entry) {
  Json json{{"target", entry.target}, {"heads", entry.heads}, {"format", entry.format.name}};
  if (!entry.choice) {
    json["overflows"] = true;
    return json;
  }
  constexpr int digits = 15;
  const auto text = [](const Rational& x) {
    return x == 0 ? "0" : to_scientific(x, digits, Direction::up);
  };
  json["gates"] = attncert::to_json(entry.choice->gates);
  json["approximation"] = text(entry.choice->approximation);
  json["rounding"] = text(entry.choice->rounding);
  json["epsilon"] = text(entry.choice->total());
  return json;
}

}  // namespace

Result<FormatTable> format_table(const TableSetting& setting, const Progress& progress) {
  FormatTable table;
  std::size_t all = 0;
  for (const Target& target : targets()) all += target.heads.size() * setting.formats.size();
  for (const Target& target : targets()) {
    for (const int heads : target.heads) {
      for (const Format& format : setting.formats) {
        ATTNCERT_TRY(TableEntry entry, entry_of(target.name, heads, format, setting));
        table.entries.push_back(std::move(entry));
        const auto done = static_cast<double>(table.entries.size());
        if (progress) progress(done / static_cast<double>(all), table.entries.size());
      }
    }
  }
  for (const Format& format : setting.formats) {
    table.mask_settings.push_back(mask_setting(format, setting.underflow));
    ATTNCERT_TRY(MaskFormats masks, masks_in_format(table.mask_settings.back()));
    table.masks.push_back(std::move(masks));
  }
  return table;
}

Json to_json(const FormatTable& table, const TableSetting& setting) {
  Json entries = Json::array();
  for (const TableEntry& entry : table.entries) entries.push_back(to_json(entry));
  Json masks = Json::array();
  for (std::size_t i = 0; i < table.masks.size(); ++i) {
    masks.push_back(to_json(table.masks[i], table.mask_settings[i]));
  }
  return {{"reach", to_string(setting.reach)},
          {"underflow", setting.underflow == Underflow::flush ? "flush" : "gradual"},
          {"entries", std::move(entries)},
          {"masks", std::move(masks)}};
}

std::string in_markdown(const FormatTable& table, const TableSetting& setting) {
  std::ostringstream out;
  add_introduction(out, setting);
  add_best(out, table, setting);
  for (const Target& target : targets()) {
    if (target.heads.size() > 1) add_by_heads(out, table, setting, target);
  }
  add_masks(out, table);
  return out.str();
}

}  // namespace attncert::cli
