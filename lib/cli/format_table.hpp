// The table of `attncert formats`: what heads reach in each number format.
#pragma once

#include "attncert/prover/format_choice.hpp"
#include "attncert/prover/mask_formats.hpp"

namespace attncert::cli {

struct TableSetting {
  Rational reach;
  Underflow underflow = Underflow::gradual;
  std::vector<Format> formats;
};

/// One activation in one format with at most so many heads; no choice where scores overflow.
struct TableEntry {
  std::string target;
  int heads = 1;
  Format format;
  std::optional<FormatChoice> choice;
};

struct FormatTable {
  std::vector<TableEntry> entries;
  std::vector<MaskSetting> mask_settings;  // one for each format
  std::vector<MaskFormats> masks;
};

Result<FormatTable> format_table(const TableSetting& setting, const Progress& progress = {});
Json to_json(const FormatTable& table, const TableSetting& setting);
std::string in_markdown(const FormatTable& table, const TableSetting& setting);

}  // namespace attncert::cli
