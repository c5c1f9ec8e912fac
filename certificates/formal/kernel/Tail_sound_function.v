(** Tail forms of exp, log, sqrt, tanh, erf and erfc are right, and the arguments of log and sqrt
    are positive (not negative) on the whole half-line (docs/formulas.md#tail). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Special_sig
  Attncert.kernel.Error_function Attncert.kernel.Hyperbolic_tangent
  Attncert.kernel.Tail_polynomial Attncert.kernel.Tail_decay Attncert.kernel.Tail_line
  Attncert.kernel.Tail_form Attncert.kernel.Tail_real Attncert.kernel.Tail_sound_sum
  Attncert.kernel.Tail_sound_product.
Import ListNotations.
Open Scope R_scope.

Module Functions (I : IntervalOps) (S : Special I).
Include Products I S.

Section Half_line.
Variable p : I.F.precision.
Variable from : Q.
Local Notation A := (Q2R from).
Hypothesis A_pos : 0 < A.
Local Notation holds := (form_holds from).

(** ** exp *)

Theorem exponential_form_holds a b u : exponential p from a = Some b -> holds a u ->
  holds b (fun x => exp (u x)).
Proof.
destruct a as [P d|]; [|easy]. simpl. intros E [F [R [HF [HR H]]]].
destruct (growth_of P) as [g|] eqn:Gr; [|easy]. simpl in E.
destruct (exponential_minus_one _ _ _) as [change|] eqn:C; [|easy]. simpl in E.
assert (Hc := exponential_minus_one_holds p from A_pos _ _ _ C HR).
destruct g as [c| |].
- injection E as <-. apply growth_constant in Gr. subst P.
  destruct (constant_inv _ _ HF) as [b' [Hb Eb]].
  assert (Hv := N.exp_encloses p _ _ (proj1 Hb)).
  apply (tending_holds _ _ _ (exp b') (fun x => exp b' * (exp (R x) - 1))).
  + apply (limit_holds p _ b'); [exact Hb|exact Hv|]. intros ->. now rewrite Q2R_0, exp_0, Q2R_1.
  + now apply (scaled_holds p from _ (fun x => exp (R x) - 1)).
  + intros x Hx. rewrite (H x Hx), (Eb x), exp_plus. ring.
- injection E as <-. apply (exponential_holds _ _ _ _ F (fun x => exp (R x) - 1)); auto.
  intros x Hx. rewrite (H x Hx), exp_plus. simpl. ring.
- destruct (reciprocal_exponential _ _ _) as [small|] eqn:Es; [|easy]. simpl in E.
  injection E as <-.
  assert (Hs := reciprocal_exponential_holds p from A_pos _ _ _ Es (neg_polynomial_holds _ _ HF)).
  cbv beta in Hs.
  apply (tending_holds _ _ _ 0 (fun x => exp (- - F x) + exp (- - F x) * (exp (R x) - 1))).
  + apply exactly_0_holds.
  + apply add_decays_holds; [easy|exact Hs|].
    now apply (mul_decays_holds p from _ _ (fun x => exp (- - F x)) (fun x => exp (R x) - 1)).
  + intros x Hx. rewrite (H x Hx), Ropp_involutive, exp_plus. ring.
Qed.

(** ** log and sqrt: c + R = c (1 + R/c) *)

Lemma around_constant c d u e : E.positive (enclosure c) = true ->
  holds (Additive [c] d) u ->
  let relative := scaled p d (inverse p (enclosure c)) in
  forall f, over_one_minus p from f relative = Some e ->
  exists a R, coefficient_holds c a /\ 0 < a /\ decay_holds from d R /\
    decay_holds from relative (fun x => 1 / a * R x) /\
    forall x, A <= x -> u x = a + R x /\ Rabs (1 / a * R x) < 1 /\
      u x = a * (1 + 1 / a * R x) /\ 0 < u x.
Proof.
intros Pos Hu relative f O. destruct (tending_inv _ _ _ _ Hu) as [a [R [Ha [HR H]]]].
assert (Pa := E.positive_correct _ _ Pos (proj1 Ha)).
assert (Hr := scaled_holds p from _ _ _ _ (inverse_encloses p _ _ (proj1 Ha)) HR).
exists a, R. repeat split; try apply Ha; auto.
(* whatever decay f is, sup |R/c| < 1 was checked *)
all: assert (Small : forall x, A <= x -> Rabs (1 / a * R x) < 1)
  by (apply (over_one_minus_bound p from A_pos _ _ _ _ O Hr)).
all: try now apply Small.
- rewrite (H x H0). field. lra.
- assert (B := one_plus_bounds _ (Small x H0)). rewrite (H x H0).
  replace (a + R x) with (a * (1 + 1 / a * R x)) by (field; lra). apply Rmult_lt_0_compat; lra.
Qed.

Theorem logarithm_holds a b u : logarithm p from a = Some b -> holds a u ->
  (forall x, A <= x -> 0 < u x) /\ holds b (fun x => ln (u x)).
Proof.
destruct a as [[|c [|c' P]] d|[|] P d]; try easy; unfold logarithm; intros E Hu.
- destruct (E.positive (enclosure c)) eqn:Pos; [|easy].
  destruct (over_one_minus _ _ _ _) as [change|] eqn:O; [|easy]. simpl in E. injection E as <-.
  destruct (around_constant c d u change Pos Hu _ O) as [a [R [Ha [Pa [HR [Hr H]]]]]].
  destruct (over_one_minus_holds p from A_pos _ _ _ _ _ O Hr Hr) as [_ Bound].
  split; [intros x Hx; apply (H x Hx)|].
  apply (tending_holds _ _ _ (ln a) (fun x => ln (1 + 1 / a * R x))).
  + apply (limit_holds p _ a); [exact Ha|now apply E.ln_encloses; [apply Ha|]|].
    intros ->. now rewrite Q2R_1, ln_1, Q2R_0.
  + apply Bound. intros x Hx. now apply ln_one_plus_le, (H x Hx).
  + intros x Hx. destruct (H x Hx) as [_ [Small [E _]]]. rewrite E.
    apply ln_mult; [exact Pa|]. generalize (one_plus_bounds _ Small). lra.
- destruct (over_one_minus _ _ _ _) as [change|] eqn:O; [|easy]. simpl in E. injection E as <-.
  destruct Hu as [F [R [HF [HR H]]]].
  destruct (over_one_minus_holds p from A_pos _ _ _ _ _ O HR HR) as [Small Bound].
  assert (Pos : forall x, A <= x -> 0 < 1 + R x).
  { intros x Hx. generalize (one_plus_bounds _ (Small x Hx)). lra. }
  assert (Val : forall x, A <= x -> u x = exp (F x) * (1 + R x)).
  { intros x Hx. rewrite (H x Hx). simpl. ring. }
  split.
  + intros x Hx. rewrite (Val x Hx). apply Rmult_lt_0_compat; [apply exp_pos|auto].
  + apply (additive_holds _ _ _ F (fun x => ln (1 + R x))); [exact HF| |].
    * apply Bound. intros x Hx. now apply ln_one_plus_le, Small.
    * intros x Hx. rewrite (Val x Hx), ln_mult, ln_exp; auto using exp_pos.
Qed.

Theorem square_root_holds a b u : square_root p from a = Some b -> holds a u ->
  (forall x, A <= x -> 0 <= u x) /\ holds b (fun x => sqrt (u x)).
Proof.
destruct a as [[|c [|c' P]] d|]; try easy; unfold square_root; intros E Hu.
destruct (is_exactly 0 c && vanishes d) eqn:Z.
{ injection E as <-. apply andb_prop in Z. destruct Z as [Z V].
  destruct (tending_inv _ _ _ _ Hu) as [a [R [Ha [HR H]]]].
  assert (U : forall x, A <= x -> u x = 0).
  { intros x Hx. rewrite (H x Hx), (is_exactly_correct _ _ _ Z Ha), Q2R_0.
    rewrite (vanishes_correct from A_pos _ _ V HR x Hx). ring. }
  split; [intros x Hx; rewrite (U x Hx); lra|].
  apply (form_ext from _ (fun _ => Q2R 0)); [|now apply constant_form_holds].
  intros x Hx. now rewrite (U x Hx), Q2R_0, sqrt_0. }
destruct (E.positive (enclosure c)) eqn:Pos; [|easy].
destruct (over_one_minus _ _ _ _) as [change|] eqn:O; [|easy]. simpl in E. injection E as <-.
destruct (around_constant c d u change Pos Hu _ O) as [a [R [Ha [Pa [HR [Hr H]]]]]].
split; [intros x Hx; left; apply (H x Hx)|].
assert (Hroot := E.sqrt_encloses p _ _ (proj1 Ha) (Rlt_le _ _ Pa)).
apply (tending_holds _ _ _ (sqrt a) (fun x => sqrt (a + R x) - sqrt a)).
- apply (limit_holds p _ a); [exact Ha|exact Hroot|]. intros ->. now rewrite Q2R_1, sqrt_1.
- apply decay_le with (fun x => 1 / sqrt a * R x);
    [|now apply scaled_holds; [apply inverse_encloses|]].
  intros x Hx. destruct (H x Hx) as [E [_ [_ Pu]]]. assert (Ps := sqrt_lt_R0 a Pa).
  apply Rle_trans with (Rabs (R x) / sqrt a).
  + apply sqrt_difference_le; [exact Pa|]. rewrite <- E. lra.
  + rewrite Rabs_mult, (Rabs_pos_eq (1 / sqrt a)).
    * apply Req_le. field. lra.
    * left. apply Rdiv_lt_0_compat; lra.
- intros x Hx. destruct (H x Hx) as [E _]. rewrite E. ring.
Qed.

(** ** tanh, erf, erfc *)

(** f takes forms that grow to forms of f, and forms that tend to a constant too. *)
Lemma odd_function_holds f grows tends a b u : (forall x, f (- x) = - f x) ->
  (forall P d b u, grows P d = Some b -> holds (Additive P d) u -> holds b (fun x => f (u x))) ->
  (forall c d b u, tends c d = Some b -> holds (Additive [c] d) u -> holds b (fun x => f (u x))) ->
  odd_function grows tends a = Some b -> holds a u -> holds b (fun x => f (u x)).
Proof.
intros Odd Grows Tends. destruct a as [P d|]; [|easy]. simpl.
destruct (growth_of P) as [[c| |]|] eqn:Gr; try easy; simpl; intros E Hu.
- apply growth_constant in Gr. subst P. now apply (Tends c d).
- now apply (Grows P d).
- destruct (grows (neg_polynomial P) d) as [b'|] eqn:Eb; [|easy]. simpl in E. injection E as <-.
  apply (form_ext from _ (fun x => - f (- u x))).
  { intros x _. rewrite Odd. ring. }
  apply negate_holds, (Grows _ _ _ (fun x => - u x) Eb).
  exact (negate_holds from (Additive P d) u Hu).
Qed.

Lemma tanh_growing_holds P d b u : tanh_growing p from P d = Some b ->
  holds (Additive P d) u -> holds b (fun x => tanh (u x)).
Proof.
unfold tanh_growing, bind. destruct (supremum p from d) as [loss|] eqn:Sup; [|easy].
destruct (reciprocal_exponential _ _ _) as [small|] eqn:Es; [|easy].
intros E [F [R [HF [HR H]]]]. injection E as <-.
destruct (supremum_holds p from A_pos _ _ _ Sup HR) as [B [HB K]].
assert (H2 : E.encloses (E.of_Z p 2) 2) by apply (E.of_Z_encloses p 2).
assert (Htwo : polynomial_holds [exactly p 2] (fun _ => 2)).
{ apply constant_holds. replace 2 with (Q2R 2) by (unfold Q2R; simpl; lra). apply exactly_holds. }
assert (Hs := reciprocal_exponential_holds p from A_pos _ _ _ Es
  (mul_polynomials_holds p _ _ _ _ HF Htwo)). cbv beta in Hs.
apply (tending_holds _ _ _ 1 (fun x => tanh (u x) - 1)); [apply exactly_1_holds| |intros; ring].
apply decay_le with (fun x => 2 * exp (2 * B) * exp (- (F x * 2))).
- intros x Hx. apply Rle_trans with (2 := Rle_abs _). apply tanh_far.
  rewrite (H x Hx). generalize (K x Hx) (Rle_abs (- R x)). rewrite Rabs_Ropp. lra.
- apply (scaled_holds p from _ (fun x => exp (- (F x * 2)))); [|exact Hs].
  apply E.mul_encloses; [exact H2|]. apply N.exp_encloses. now apply E.mul_encloses.
Qed.

Lemma tanh_tending_holds c d b u : tanh_tending p c d = Some b ->
  holds (Additive [c] d) u -> holds b (fun x => tanh (u x)).
Proof.
intros E Hu. injection E as <-. destruct (tending_inv _ _ _ _ Hu) as [a [R [Ha [HR H]]]].
apply (tending_holds _ _ _ (tanh a) (fun x => tanh (u x) - tanh a)); [| |intros; ring].
- apply (limit_holds p _ a); [exact Ha| |].
  { apply S.tanh_correct, N.widened_near_0_encloses, Ha. }
  intros ->.
  now rewrite Q2R_0, tanh_0.
- apply decay_le with R; [|exact HR]. intros x Hx. rewrite (H x Hx).
  apply Rle_trans with (1 := tanh_lipschitz _ _). replace (a + R x - a) with (R x) by ring. lra.
Qed.

Lemma erf_growing_holds P d b u : erf_growing p from P d = Some b ->
  holds (Additive P d) u -> holds b (fun x => erf (u x)).
Proof.
unfold erf_growing, bind. destruct (supremum p from d) as [loss|] eqn:Sup; [|easy].
destruct (minorant p from P) as [[slope p0]|] eqn:M; [|easy].
destruct (E.nonnegative _) eqn:N; [|easy]. intros E [F [R [HF [HR H]]]]. injection E as <-.
destruct (supremum_holds p from A_pos _ _ _ Sup HR) as [B [HB K]].
destruct (minorant_holds p from A_pos _ _ _ _ M HF) as [sl [o [Hsl [Ho [Psl L]]]]].
assert (Hof := N.sub_encloses p _ _ _ _ Ho HB).
assert (Hst := N.add_encloses p _ _ _ _
  (E.mul_encloses p _ _ _ _ Hsl (origin_encloses p from)) Hof).
assert (Nst := E.nonnegative_correct _ _ N Hst).
set (start := sl * A + (o - B)) in *.
apply (tending_holds _ _ _ 1 (fun x => erf (u x) - 1)); [apply exactly_1_holds| |intros; ring].
exists (exp (- (start * (o - B)))), (start * sl).
split; [now apply N.exp_encloses, E.neg_encloses, E.mul_encloses|].
split; [now apply E.mul_encloses|]. intros x Hx. simpl. rewrite Rmult_1_l, <- exp_plus.
replace (- (start * (o - B)) + - (start * sl * x)) with (- (start * (sl * x + (o - B)))) by ring.
apply erf_far; [exact Nst| |].
- unfold start. apply Rplus_le_compat_r, Rmult_le_compat_l; lra.
- rewrite (H x Hx). generalize (L x Hx) (K x Hx) (Rle_abs (- R x)). rewrite Rabs_Ropp. lra.
Qed.

Lemma erf_tending_holds c d b u : erf_tending p c d = Some b ->
  holds (Additive [c] d) u -> holds b (fun x => erf (u x)).
Proof.
intros E Hu. injection E as <-. destruct (tending_inv _ _ _ _ Hu) as [a [R [Ha [HR H]]]].
apply (tending_holds _ _ _ (erf a) (fun x => erf (u x) - erf a)); [| |intros; ring].
- apply (limit_holds p _ a); [exact Ha| |].
  { apply S.erf_correct, N.widened_near_0_encloses, Ha. }
  intros ->.
  now rewrite Q2R_0, erf_0.
- apply decay_le with (fun x => 2 * R x);
    [|apply scaled_holds; [apply (E.of_Z_encloses p 2)|exact HR]].
  intros x Hx. rewrite (H x Hx). apply Rle_trans with (1 := erf_lipschitz _ _).
  replace (a + R x - a) with (R x) by ring. rewrite Rabs_mult, (Rabs_pos_eq 2); lra.
Qed.

Theorem hyperbolic_tangent_holds a b u : hyperbolic_tangent p from a = Some b -> holds a u ->
  holds b (fun x => tanh (u x)).
Proof.
apply odd_function_holds;
  [apply tanh_odd|apply tanh_growing_holds|apply tanh_tending_holds].
Qed.

Theorem error_function_holds a b u : error_function p from a = Some b -> holds a u ->
  holds b (fun x => erf (u x)).
Proof.
apply odd_function_holds; [apply erf_odd|apply erf_growing_holds|apply erf_tending_holds].
Qed.

Theorem complementary_error_function_holds a b u :
  complementary_error_function p from a = Some b -> holds a u -> holds b (fun x => erfc (u x)).
Proof.
unfold complementary_error_function, bind.
destruct (error_function p from a) as [c|] eqn:Ec; [|easy]. intros E Hu.
apply (form_ext from _ (fun x => Q2R 1 + - erf (u x))).
{ intros x _. rewrite Q2R_1. unfold erfc. ring. }
apply (add_holds p from A_pos _ _ _ _ _ E); [apply constant_form_holds|].
exact (negate_holds from _ _ (error_function_holds _ _ _ Ec Hu)).
Qed.

End Half_line.
End Functions.
