(** The recurrences of elementary functions on enclosures enclose those on numbers. *)
From Coq Require Import ZArith QArith Reals List Lra Lia.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Enclosure Special_sig Sequences Elementary_sequences Series
  Series_sound.
Import ListNotations.
Open Scope R_scope.

Module SeriesFunctions (I : IntervalOps) (Fn : Special I).
Module C := SeriesSound I Fn.
Module T := C.T.
Module E := C.E.
Import C.

Section Precision.
Variable p : I.F.precision.

Lemma logarithm_covers n xs F x : covers n xs (slice F x) -> 0 < F O x ->
  covers n (T.logarithm p n xs) (slice (ln_seq F) x).
Proof.
intros C P. destruct n as [|n]; [intros k Hk; lia|].
apply primitive_covers.
- apply E.ln_encloses; [exact (covers_head _ _ _ C)|exact P].
- apply divide_covers; [exact (derivative_covers p _ _ _ C)|].
  apply covers_le with (S n); [lia|exact C].
Qed.

Lemma exponential_covers n xs F x : covers n xs (slice F x) ->
  covers n (T.exponential p n xs) (slice (exp_seq F) x).
Proof.
intros C. destruct n as [|n]; [intros k Hk; lia|].
assert (H := covers_head _ _ _ C). assert (D := derivative_covers p _ _ _ C).
apply solved_covers. intros k before Hk B.
change (slice (exp_seq F) x k) with (exp_seq F k x). rewrite exp_eq.
destruct k as [|k]; [now apply E.exp_encloses|].
apply E.div_encloses; [|apply of_nat_encloses].
apply (dot_before p (S k) _ before (derived (slice F x))); [|exact B].
apply covers_le with n; [lia|exact D].
Qed.

Lemma square_root_covers n xs F x : covers n xs (slice F x) -> 0 <= F O x ->
  covers n (T.square_root p n xs) (slice (sqrt_seq F) x).
Proof.
intros C P. destruct n as [|n]; [intros k Hk; lia|].
assert (E0 : sqrt_seq F O x = R_sqrt.sqrt (F O x)) by apply sqrt_eq.
assert (H : E.encloses (E.sqrt p (T.head xs)) (sqrt_seq F O x)).
{ rewrite E0. apply E.sqrt_encloses; [exact (covers_head _ _ _ C)|exact P]. }
apply solved_covers. intros k before Hk B.
change (slice (sqrt_seq F) x k) with (sqrt_seq F k x).
destruct k as [|k]; [exact H|].
rewrite sqrt_eq. unfold sqrt_step. apply E.div_encloses.
- apply E.sub_encloses; [now apply C|].
  rewrite <- (Rplus_0_l (sum _ _)). destruct B as [L B].
  apply dot_encloses; [apply zero_encloses| | |].
  + apply (covers_tail k _ (slice (sqrt_seq F) x)). apply backwards_rev. now split.
  + apply covers_le with (S k); [lia|]. exact B.
  + left. assert (K := rev_length before). destruct (rev before); simpl in *; lia.
- change (slice (sqrt_seq F) x O) with (sqrt_seq F O x).
  replace (2 * sqrt_seq F O x) with (sqrt_seq F O x + sqrt_seq F O x) by ring.
  now apply E.add_encloses.
Qed.

Lemma tanh_terms_backwards n xs F x k : covers (S n) xs (slice F x) -> (k <= S n)%nat ->
  let (hs, ws) := T.tanh_terms p (Fn.tanh p (T.head xs)) (T.derivative p xs) k in
  backwards k hs (slice (tanh_seq F) x) /\ backwards k ws (tanh_slope (slice (tanh_seq F) x)).
Proof.
intros C. assert (H := covers_head _ _ _ C). assert (D := derivative_covers p _ _ _ C).
induction k as [|k IH]; intros Hk; [split; apply backwards_nil|]. simpl.
destruct (T.tanh_terms p (Fn.tanh p (T.head xs)) (T.derivative p xs) k) as [hs ws].
destruct (IH ltac:(lia)) as [Bh Bw].
set (h := match k with O => _ | S _ => _ end).
assert (Hh : E.encloses h (slice (tanh_seq F) x k)).
{ change (slice (tanh_seq F) x k) with (tanh_seq F k x). rewrite tanh_eq. unfold h.
  destruct k as [|k]; [now apply Fn.tanh_correct|].
  apply E.div_encloses; [|apply of_nat_encloses].
  apply (dot_before p (S k) _ ws (derived (slice F x))); [|exact Bw].
  apply covers_le with n; [lia|exact D]. }
assert (B : backwards (S k) (h :: hs) (slice (tanh_seq F) x)) by now apply backwards_cons.
split; [exact B|]. apply backwards_cons; [exact Bw|].
destruct k as [|k].
- apply E.mul_encloses; [apply E.sub_encloses|apply E.add_encloses];
    first [exact Hh|apply (E.of_Z_encloses p 1)].
- apply E.neg_encloses. apply (dot_before p (S (S k)) _ _ (slice (tanh_seq F) x)); [|exact B].
  exact (backwards_rev _ _ _ B).
Qed.

Lemma hyperbolic_tangent_covers n xs F x : covers n xs (slice F x) ->
  covers n (T.hyperbolic_tangent p n xs) (slice (tanh_seq F) x).
Proof.
intros C. destruct n as [|n]; [intros k Hk; lia|].
assert (B := tanh_terms_backwards n xs F x (S n) C (le_n _)). unfold T.hyperbolic_tangent.
destruct (T.tanh_terms _ _ _ _) as [hs ws]. apply backwards_rev. apply B.
Qed.

Lemma error_series_covers n i j h c xs F x : E.encloses i (h (F O x)) -> E.encloses j c ->
  covers n xs (slice F x) -> covers n (T.error_series p n i j xs) (slice (error_seq h c F) x).
Proof.
intros Hi Hj C. destruct n as [|n]; [intros k Hk; lia|].
assert (C' : covers n xs (slice F x)) by (apply covers_le with (S n); [lia|exact C]).
apply primitive_covers; [exact Hi|].
apply multiply_covers; [exact (derivative_covers p _ _ _ C)|].
apply scale_covers; [exact Hj|].
apply (exponential_covers n _ (opp_seq (product F F))).
apply (negate_covers n _ (slice (product F F) x)). apply set_head_covers.
- unfold slice, product. rewrite conv_0. apply E.sqr_encloses. exact (covers_head _ _ _ C).
- now apply multiply_covers.
Qed.

Lemma error_factor_encloses m : E.encloses (T.error_factor p m) (IZR m / R_sqrt.sqrt PI).
Proof.
apply E.div_encloses; [apply E.of_Z_encloses|].
apply E.sqrt_encloses; [apply E.pi_encloses|]. left. apply PI_RGT_0.
Qed.

Lemma error_function_covers n xs F x : covers n xs (slice F x) ->
  covers n (T.error_function p n xs) (slice (erf_seq F) x).
Proof.
intros C. destruct n as [|n]; [intros k Hk; lia|].
apply error_series_covers; [|apply error_factor_encloses|exact C].
apply Fn.erf_correct. exact (covers_head _ _ _ C).
Qed.

Lemma complementary_error_function_covers n xs F x : covers n xs (slice F x) ->
  covers n (T.complementary_error_function p n xs) (slice (erfc_seq F) x).
Proof.
intros C. destruct n as [|n]; [intros k Hk; lia|].
apply error_series_covers; [|apply (error_factor_encloses (-2))|exact C].
apply Fn.erfc_correct. exact (covers_head _ _ _ C).
Qed.
End Precision.
End SeriesFunctions.
