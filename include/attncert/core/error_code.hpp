// One code per cause of failure. Kernels, parsers and tests name causes by these.
#pragma once

#include <string_view>

// clang-format off
#define ATTNCERT_ERROR_CODES(X)                                                                  \
  /* numbers and files */                                                                        \
  X(NumberSyntax) X(NumberTooLong) X(FileUnreadable) X(FileUnwritable)                           \
  /* JSON */                                                                                     \
  X(JsonSyntax) X(JsonTooDeep) X(JsonDuplicateKey) X(JsonNumber) X(JsonUnknownKey)               \
  X(JsonMissingKey) X(JsonWrongType)                                                             \
  /* terms */                                                                                    \
  X(TermSyntax) X(TermTooDeep) X(TermTooLarge) X(UnknownOperator) X(UnboundName)                 \
  X(OperatorArity) X(ExponentNotInteger) X(PrecisionNotReal) X(UnsupportedProperty)              \
  X(UnknownActivation) X(ActivationParameter)                                                    \
  /* enclosures */                                                                               \
  X(DivisorContainsZero) X(SqrtOfNegative) X(LogOfNonPositive) X(NotDifferentiable)              \
  X(EnclosureUnbounded) X(TailUnsupported) X(TailNotDecreasing) X(TailDiverges)                  \
  X(TailDoesNotDiverge)                                                                          \
  /* statements */                                                                               \
  X(UnknownJudgement) X(NotAClaim) X(NotCanonical) X(DomainReversed) X(EpsilonNegative)          \
  X(EpsilonNotMaximum) X(HashSyntax) X(NameSyntax) X(GatesSyntax)                                                             \
  /* certificates */                                                                             \
  X(CertificateVersion) X(LineTooLong) X(CertificateTruncated) X(TextAfterEnd) X(SubjectRole)    \
  X(SubjectMismatch) X(SubjectMissing) X(SubjectPath) X(ClaimMismatch)                           \
  /* steps */                                                                                    \
  X(UnknownRule) X(StepNumber) X(PremiseUnknown) X(PremiseRepeated) X(PremiseCount) X(PremiseJudgement)             \
  X(ConclusionJudgement) X(DataMismatch) X(PrecisionOutOfRange) X(OrderOutOfRange) X(EffortTooLarge)               \
  X(ConclusionIsNotClaim)                                                                        \
  /* scalar rules */                                                                             \
  X(PieceUnbounded) X(CentreOutsidePiece) X(BoundExceeded) X(ValueNotContained)                  \
  X(PairMismatch) X(PiecesNotAdjacent) X(DomainMismatch) X(PremiseTooWeak) X(ParityNotProved)    \
  X(NotScalable) X(NotIdentical) X(WitnessOutsideDomain) X(HalfLineExpected)                     \
  /* tensors and networks */                                                                     \
  X(SafetensorsHeader) X(SafetensorsOffsets) X(TensorType) X(TensorMissing) X(TensorShape)       \
  X(TensorNotFinite) X(NetworkVersion) X(NetworkField) X(LayerMissing) X(LayerKind)              \
  X(LayerFactsMismatch) X(InstanceMismatch) X(RangeCount) X(RangeExceeded) X(RangeNotCovered)    \
  X(NormUnsupported)                                                                             \
  /* masks */                                                                                    \
  X(MaskSyntax) X(MaskRowEmpty) X(BoundNegative)                                                 \
  /* rigorous evaluation */                                                                      \
  X(RigorousUnsupported) X(PromptsSyntax) X(MarginNotProved) X(ShardsNotCovering)                \
  /* evaluation on machines */                                                                   \
  X(FormatUnknown) X(FormatOverflow) X(EvaluationSyntax) X(RoundingUseless) X(RoundingOverflow)  \
  X(RoundingUnsupported) X(MaskTooWeak)                                                          \
  /* ONNX */                                                                                     \
  X(OnnxSyntax) X(OnnxUnsupported)                                                               \
  /* constructions */                                                                            \
  X(HeadsOutOfRange) X(EpsilonUnreached)
// clang-format on

namespace attncert {

enum class ErrorCode {
#define ATTNCERT_ENUMERATOR(name) name,
  ATTNCERT_ERROR_CODES(ATTNCERT_ENUMERATOR)
#undef ATTNCERT_ENUMERATOR
};

/// The code's own name, as printed in verdicts.
constexpr std::string_view name_of(ErrorCode code) {
  constexpr std::string_view names[] = {
#define ATTNCERT_NAME(name) #name,
      ATTNCERT_ERROR_CODES(ATTNCERT_NAME)
#undef ATTNCERT_NAME
  };
  return names[static_cast<int>(code)];
}

}  // namespace attncert
