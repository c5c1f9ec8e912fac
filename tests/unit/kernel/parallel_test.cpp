#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "attncert/kernel/same_argmax.hpp"

using namespace attncert;

TEST_CASE("for_each_in_parallel: each number once, on so many threads, until one says stop") {
  for (const unsigned threads : {0U, 1U, 2U}) {
    std::mutex guard;
    std::multiset<long> seen;
    std::set<std::thread::id> used;
    for_each_in_parallel(3, 1000, threads, [&](long i) {
      const std::lock_guard<std::mutex> lock(guard);
      seen.insert(i);
      used.insert(std::this_thread::get_id());
      return true;
    });
    CHECK(seen.size() == 997);
    CHECK(std::set<long>(seen.begin(), seen.end()).size() == 997);
    CHECK(*seen.begin() == 3);
    CHECK((threads == 0 || used.size() <= threads));
    std::atomic<long> calls = 0;
    for_each_in_parallel(0, 100000, threads, [&](long) {
      ++calls;
      return false;
    });
    CHECK(calls.load() > 0);
    CHECK(calls.load() < 1000);
  }
  for_each_in_parallel(4, 4, 0, [](long) -> bool {
    FAIL("nothing to do");
    return true;
  });
}
