#include "columns.hpp"

#include <algorithm>
#include <iostream>

namespace attncert::cli {
namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kGap = 2;

}  // namespace

Columns& Columns::add(std::string title) {
  titles_.push_back(std::move(title));
  return *this;
}

void Columns::row(std::string name, std::vector<std::string> cells) {
  cells.insert(cells.begin(), std::move(name));
  rows_.push_back({std::move(cells), ""});
}

void Columns::text(std::string name, std::string words) {
  rows_.push_back({{std::move(name)}, std::move(words)});
}

void Columns::print() const {
  std::vector<std::size_t> widths;
  for (const std::string& title : titles_) widths.push_back(title.size());
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      widths[i] = std::max(widths[i], row.cells[i].size());
    }
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    std::size_t end = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text.resize(end, ' ');
      text += cells[i];
      end += widths[i] + kGap;
    }
    return text;
  };
  std::cout << line(titles_) << "\n";
  for (const Row& row : rows_) {
    std::string text = line(row.cells);
    if (!row.words.empty()) {
      const std::size_t indent = widths.front() + kGap;
      text.resize(indent, ' ');
      text += wrapped(row.words, indent, indent);
    }
    std::cout << text << "\n";
  }
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t used) {
  std::string result;
  std::size_t column = used;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!result.empty() && column + 1 + word.size() > kWidth) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!result.empty()) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    at = end + 1;
  }
  return result;
}

void print_wrapped(const std::string& text) { std::cout << wrapped(text, kGap) << "\n"; }

}  // namespace attncert::cli
