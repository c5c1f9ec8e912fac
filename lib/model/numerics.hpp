// Plain fp64 pieces of the reference evaluation (private to the module).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "attncert/core/result.hpp"

namespace attncert {

/// (x - mean) / sqrt(variance + epsilon) * gain + shift, biased variance.
std::vector<double> layer_norm(const std::vector<double>& x, const std::vector<double>& gain,
                               const std::vector<double>& shift, double epsilon);

/// In place, with the maximum subtracted.
void softmax(std::vector<double>& scores);

void add_to(std::vector<double>& x, const std::vector<double>& y);

/// "1" or "rsqrt(n)" as a number.
Result<double> score_scale(const std::string& text);

/// A function by its canonical text, in double.
Result<std::function<double(double)>> activation_function(const std::string& text);

}  // namespace attncert
