// An outside project: proves a bound, and checks the certificate.
#include <iostream>

#include "attncert/prover/supremum.hpp"

int main() {
  const attncert::Pair pair{"gelu", "silu:k=1.702"};
  const auto outcome = attncert::certify_supremum(pair, {}, attncert::Rational(204, 10000));
  if (!outcome || outcome.value().kind != attncert::CertifyOutcome::Kind::proved) return 1;
  const std::string text = attncert::write_certificate(outcome.value().certificate);
  const attncert::Verdict verdict = attncert::check_certificate(text, ".");
  std::cout << (verdict.refusal ? "Rejected\n" : "Verified\n");
  return verdict.refusal ? 1 : 0;
}
