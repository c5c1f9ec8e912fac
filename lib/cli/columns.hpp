// Tables for terminals of 100 columns (private to the module).
#pragma once

#include <string>
#include <vector>

namespace attncert::cli {

/// Rows under titles; columns are as wide as what they hold.
class Columns {
public:
  explicit Columns(std::string first) : titles_{std::move(first)} {}
  Columns& add(std::string title);
  void row(std::string name, std::vector<std::string> cells);
  /// A row of words instead of cells, wrapped.
  void text(std::string name, std::string words);
  bool is_empty() const { return rows_.empty(); }
  /// On standard output.
  void print() const;

private:
  struct Row {
    std::vector<std::string> cells;
    std::string words;
  };
  std::vector<std::string> titles_;
  std::vector<Row> rows_;
};

/// Breaks lines at blanks; all but the first begin with `indent` blanks more than the text, and the
/// first counts as if `used` columns were taken.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t used = 0);

/// On standard output, later lines indented by two.
void print_wrapped(const std::string& text);

}  // namespace attncert::cli
