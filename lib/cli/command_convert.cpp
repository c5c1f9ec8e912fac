#include "common.hpp"
namespace attncert::cli {
void add_convert(CLI::App&, int&) {}
}
