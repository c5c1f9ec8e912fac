// How the programs use the heap.
#pragma once

#include <malloc.h>

#include <climits>

namespace attncert::cli {

/// Keeps freed memory for the next tensor, instead of returning it to the system: large models are
/// read tensor by tensor, and fresh pages cost more than the numbers in them.
inline void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, INT_MAX);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace attncert::cli
