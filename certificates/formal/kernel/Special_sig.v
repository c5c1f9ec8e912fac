(** Enclosures of tanh, erf and erfc, which the interval library does not have. *)
From Coq Require Import Reals.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term.
Open Scope R_scope.

Module Type Special (I : IntervalOps).
Parameter tanh : I.F.precision -> I.type -> I.type.
Parameter erf : I.F.precision -> I.type -> I.type.
Parameter erfc : I.F.precision -> I.type -> I.type.

Parameter tanh_correct : forall p i x, contains (I.convert i) (Xreal x) ->
  contains (I.convert (tanh p i)) (Xreal (Rtrigo_def.tanh x)).
Parameter erf_correct : forall p i x, contains (I.convert i) (Xreal x) ->
  contains (I.convert (erf p i)) (Xreal (Term.erf x)).
Parameter erfc_correct : forall p i x, contains (I.convert i) (Xreal x) ->
  contains (I.convert (erfc p i)) (Xreal (Term.erfc x)).
End Special.
