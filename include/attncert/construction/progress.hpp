// How long work tells how far it is.
#pragma once

#include <cstddef>
#include <functional>

namespace attncert {

/// Called now and then with the share that is done, and the number of things done.
using Progress = std::function<void(double share, std::size_t count)>;

}  // namespace attncert
