(** Tail forms of products, quotients and powers are right, and a divisor that has been divided by
    is not 0 anywhere on the half-line (docs/formulas.md#tail). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Special_sig
  Attncert.kernel.Tail_polynomial Attncert.kernel.Tail_decay Attncert.kernel.Tail_line
  Attncert.kernel.Tail_form Attncert.kernel.Tail_real Attncert.kernel.Tail_sound_sum.
Import ListNotations.
Open Scope R_scope.

Module Products (I : IntervalOps) (S : Special I).
Include Sums I S.

Section Half_line.
Variable p : I.F.precision.
Variable from : Q.
Local Notation A := (Q2R from).
Hypothesis A_pos : 0 < A.
Local Notation holds := (form_holds from).

(** ** Products *)

Lemma mul_relative_holds d e R T : decay_holds from d R -> decay_holds from e T ->
  decay_holds from (mul_relative p from d e) (fun x => (1 + R x) * (1 + T x) - 1).
Proof.
intros HR HT. apply decay_ext with (fun x => (R x + T x) + R x * T x); [intros; ring|].
apply add_decays_holds; [easy|now apply add_decays_holds|now apply mul_decays_holds].
Qed.

Lemma mul_by_constant_holds s P d c e a u v : mul_by_constant p from s P d c e = Some a ->
  holds (Exponential s P d) u -> holds (Additive [c] e) v -> holds a (fun x => u x * v x).
Proof.
unfold mul_by_constant. intros E [F [R [HF [HR H]]]] Hv.
destruct (tending_inv _ _ _ _ Hv) as [b [T [Hb [HT K]]]].
destruct (is_exactly 0 c && vanishes e) eqn:Z.
{ injection E as <-. apply andb_prop in Z. destruct Z as [Z V].
  apply (form_ext from _ (fun _ => Q2R 0)); [|now apply constant_form_holds].
  intros x Hx. rewrite (K x Hx), (is_exactly_correct _ _ _ Z Hb), Q2R_0.
  rewrite (vanishes_correct from A_pos _ _ V HT x Hx). ring. }
destruct (E.nonzero (enclosure c)) eqn:NZ; [|easy].
assert (Nb := E.nonzero_correct _ _ NZ (proj1 Hb)).
assert (Hboth := mul_relative_holds _ _ _ _ HR
  (scaled_holds p from _ _ _ _ (inverse_encloses p _ _ (proj1 Hb)) HT)).
cbv beta in Hboth.
assert (Sg : sgn (if E.positive (enclosure c) then s else negb s) * Rabs b = sgn s * b).
{ unfold E.nonzero in NZ. destruct (E.positive (enclosure c)) eqn:Pos.
  - assert (B := E.positive_correct _ _ Pos (proj1 Hb)). rewrite Rabs_pos_eq by lra. ring.
  - simpl in NZ. assert (B := E.positive_correct _ _ NZ (E.neg_encloses _ _ (proj1 Hb))).
    rewrite sgn_negb, Rabs_left by lra. ring. }
set (t := if E.positive _ then s else negb s) in *.
assert (Val : forall x, A <= x -> u x * v x = sgn t * (exp (F x) * Rabs b *
   (1 + ((1 + R x) * (1 + 1 / b * T x) - 1)))).
{ intros x Hx. rewrite (H x Hx), (K x Hx).
  transitivity (sgn s * b * (exp (F x) * ((1 + R x) * (1 + 1 / b * T x)))); [field; lra|].
  rewrite <- Sg. ring. }
destruct (_ || _) eqn:U; injection E as <-.
- apply (exponential_holds _ _ _ _ F (fun x => (1 + R x) * (1 + 1 / b * T x) - 1)); auto.
  intros x Hx. rewrite (Val x Hx). replace (Rabs b) with 1; [ring|].
  apply orb_prop in U. destruct U as [U|U]; apply is_exactly_correct with (2 := Hb) in U;
    rewrite U; unfold Q2R; simpl; [rewrite Rabs_pos_eq; lra|rewrite Rabs_left; lra].
- apply (exponential_holds _ _ _ _ (fun x => F x + ln (Rabs b))
    (fun x => (1 + R x) * (1 + 1 / b * T x) - 1)); [|exact Hboth|].
  + apply (add_polynomials_holds p _ _ F (fun _ => ln (Rabs b))); [exact HF|].
    apply constant_holds, approximately_holds, E.ln_encloses; [|now apply Rabs_pos_lt].
    apply E.abs_encloses, Hb.
  + intros x Hx. rewrite (Val x Hx), exp_plus, exp_ln; [ring|now apply Rabs_pos_lt].
Qed.

Lemma mul_exponential_holds s P d Q e a u v : mul_exponential p from s P d Q e = Some a ->
  holds (Exponential s P d) u -> holds (Additive Q e) v -> holds a (fun x => u x * v x).
Proof. destruct Q as [|c [|c' Q]]; try easy. apply mul_by_constant_holds. Qed.

Theorem multiply_holds a b c u v : multiply p from a b = Some c -> holds a u -> holds b v ->
  holds c (fun x => u x * v x).
Proof.
destruct a as [P d|s P d], b as [Q e|t Q e]; simpl.
- intros E [F [R [HF [HR H]]]] [G [T [HG [HT K]]]]. injection E as <-.
  apply (additive_holds _ _ _ (fun x => F x * G x) (fun x => G x * R x + (F x * T x + R x * T x))).
  + now apply mul_polynomials_holds.
  + apply add_decays_holds; [easy|now apply mul_decay_polynomial_holds|].
    apply add_decays_holds; [easy|now apply mul_decay_polynomial_holds|now apply mul_decays_holds].
  + intros x Hx. rewrite (H x Hx), (K x Hx). ring.
- intros E Hu Hv. apply (form_ext from _ (fun x => v x * u x)); [intros; ring|].
  now apply (mul_exponential_holds t Q e P d).
- now apply mul_exponential_holds.
- intros E [F [R [HF [HR H]]]] [G [T [HG [HT K]]]]. injection E as <-.
  apply (exponential_holds _ _ _ _ (fun x => F x + G x) (fun x => (1 + R x) * (1 + T x) - 1)).
  + now apply add_polynomials_holds.
  + now apply mul_relative_holds.
  + intros x Hx. rewrite (H x Hx), (K x Hx), sgn_eqb, exp_plus. ring.
Qed.

Lemma limited_holds a b u : limited a = Some b -> holds a u -> holds b u.
Proof.
unfold limited. destruct (match a with Additive P d => _ | Exponential _ P d => _ end) as [P d].
destruct (_ && _); [|easy]. intros E. now injection E as <-.
Qed.

(** ** Quotients *)

Lemma reciprocal_constant_holds c d a v : reciprocal_constant p from c d = Some a ->
  holds (Additive [c] d) v ->
  (forall x, A <= x -> v x <> 0) /\ holds a (fun x => / v x).
Proof.
unfold reciprocal_constant, bind. destruct (E.nonzero (enclosure c)) eqn:NZ; [|easy].
destruct (over_one_minus _ _ _ _) as [bound|] eqn:O; [|easy]. intros E Hv. injection E as <-.
destruct (tending_inv _ _ _ _ Hv) as [b [T [Hb [HT K]]]].
assert (Nb := E.nonzero_correct _ _ NZ (proj1 Hb)).
assert (Hi := inverse_encloses p _ _ (proj1 Hb)).
assert (Hr := scaled_holds p from _ _ _ _ Hi HT).
destruct (over_one_minus_holds p from A_pos _ _ _ _ _ O (scaled_holds p from _ _ _ _ Hi Hr) Hr)
  as [Small Bound]. cbv beta in Small, Bound.
assert (Val : forall x, A <= x -> v x = b * (1 + 1 / b * T x)).
{ intros x Hx. rewrite (K x Hx). field. exact Nb. }
assert (Pos : forall x, A <= x -> 0 < 1 + 1 / b * T x).
{ intros x Hx. generalize (one_plus_bounds _ (Small x Hx)). lra. }
split.
- intros x Hx. rewrite (Val x Hx). apply Rmult_integral_contrapositive_currified; [exact Nb|].
  generalize (Pos x Hx). lra.
- apply (tending_holds _ _ _ (/ b) (fun x => - (1 / b * (1 / b * T x) / (1 + 1 / b * T x)))).
  + destruct (exact c) as [q|] eqn:Eq.
    * assert (Eb := proj2 Hb q Eq). rewrite Eb in Nb |- *. rewrite <- Q2R_inv.
      -- rewrite <- Q2R_Qred. apply exactly_holds.
      -- intros Z. apply Nb. rewrite (Qeq_eqR _ _ Z). apply Q2R_0.
    * apply approximately_holds. replace (/ b) with (1 / b) by (unfold Rdiv; ring). exact Hi.
  + apply Bound. intros x Hx. rewrite Rabs_Ropp. now apply over_one_plus_le, Small.
  + intros x Hx. assert (Px := Pos x Hx). rewrite (Val x Hx).
    set (r := 1 / b * T x) in *. field. split; [exact Nb|lra].
Qed.

Lemma reciprocal_exponential_form_holds s P d a v :
  reciprocal p from (Exponential s P d) = Some a -> holds (Exponential s P d) v ->
  (forall x, A <= x -> v x <> 0) /\ holds a (fun x => / v x).
Proof.
unfold reciprocal, bind. destruct (reciprocal_exponential _ _ _) as [small|] eqn:Es; [|easy].
destruct (over_one_minus _ _ _ _) as [bound|] eqn:O; [|easy].
intros E [F [R [HF [HR H]]]]. injection E as <-.
assert (Hs := reciprocal_exponential_holds p from A_pos _ _ _ Es HF).
destruct (over_one_minus_holds p from A_pos _ _ _ _ _ O Hs HR) as [Small Bound].
cbv beta in Bound.
assert (Pos : forall x, A <= x -> 0 < 1 + R x).
{ intros x Hx. generalize (one_plus_bounds _ (Small x Hx)). lra. }
assert (Ns : sgn s <> 0) by (destruct s; simpl; lra).
split.
- intros x Hx. rewrite (H x Hx). generalize (exp_pos (F x)) (Pos x Hx). intros X Y.
  repeat apply Rmult_integral_contrapositive_currified; lra.
- apply (tending_holds _ _ _ 0 (fun x => sgn s * (exp (- F x) / (1 + R x)))).
  + apply exactly_0_holds.
  + apply Bound. intros x Hx. rewrite Rabs_sgn_mult. now apply over_one_plus_le, Small.
  + intros x Hx. rewrite (H x Hx), exp_Ropp. generalize (exp_pos (F x)) (Pos x Hx). intros X Y.
    assert (SS := sgn_square s). replace (/ (sgn s * (exp (F x) * (1 + R x)))) with
      (sgn s * sgn s / (sgn s * (exp (F x) * (1 + R x)))) by (rewrite SS; unfold Rdiv; ring).
    field. repeat split; lra.
Qed.

Lemma reciprocal_holds a b v : reciprocal p from a = Some b -> holds a v ->
  (forall x, A <= x -> v x <> 0) /\ holds b (fun x => / v x).
Proof.
destruct a as [[|c [|c' P]] d|s P d]; try easy.
- apply reciprocal_constant_holds.
- apply reciprocal_exponential_form_holds.
Qed.

Lemma divide_exponentials_holds s P d t Q e a u v :
  divide_exponentials p from s P d t Q e = Some a ->
  holds (Exponential s P d) u -> holds (Exponential t Q e) v ->
  (forall x, A <= x -> v x <> 0) /\ holds a (fun x => u x / v x).
Proof.
unfold divide_exponentials. cbv zeta.
destruct (growth_of _) as [g|] eqn:Gr; [|easy]. simpl.
destruct (over_one_minus _ _ _ _) as [change|] eqn:O; [|easy]. simpl.
intros E [F [R [HF [HR H]]]] [G [T [HG [HT K]]]].
destruct (over_one_minus_holds p from A_pos _ _ _ _ _ O
  (add_decays_holds p from A_pos _ _ _ _ HR (decay_neg from _ _ HT)) HT) as [Small Bound].
assert (Hc : decay_holds from change (fun x => (R x + - T x) / (1 + T x))).
{ apply Bound. intros x Hx. now apply over_one_plus_le, Small. }
assert (Pos : forall x, A <= x -> 0 < 1 + T x).
{ intros x Hx. generalize (one_plus_bounds _ (Small x Hx)). lra. }
assert (Hgap := gap_holds p _ _ _ _ HF HG).
set (gap := add_polynomials p P (neg_polynomial Q)) in *.
set (w := fun x => (R x + - T x) / (1 + T x)) in *.
assert (Val : forall x, A <= x ->
  u x / v x = sgn (Bool.eqb s t) * (exp (F x - G x) * (1 + w x))).
{ intros x Hx. rewrite (H x Hx), (K x Hx), sgn_eqb. unfold w, Rminus.
  rewrite exp_plus, exp_Ropp. generalize (exp_pos (G x)) (Pos x Hx). intros X Y.
  destruct t; simpl; field; repeat split; lra. }
split.
{ intros x Hx. rewrite (K x Hx). generalize (exp_pos (G x)) (Pos x Hx). intros X Y.
  repeat apply Rmult_integral_contrapositive_currified; try lra. destruct t; simpl; lra. }
destruct g as [c| |].
- injection E as <-. apply growth_constant in Gr. fold gap in Gr. rewrite Gr in Hgap.
  destruct (constant_inv _ _ Hgap) as [b [Hb Eb]].
  set (sign := if Bool.eqb s t then 1%Z else (-1)%Z).
  assert (Sg : IZR sign = sgn (Bool.eqb s t)) by (unfold sign; destruct (Bool.eqb s t); easy).
  assert (Hr := E.mul_encloses p _ _ _ _ (N.exp_encloses p _ _ (proj1 Hb))
    (E.of_Z_encloses p sign)).
  apply (tending_holds _ _ _ (exp b * IZR sign) (fun x => exp b * IZR sign * w x)).
  + apply (limit_holds p _ b); [exact Hb|exact Hr|]. intros ->.
    rewrite Q2R_0, exp_0. unfold Q2R. simpl. field.
  + now apply scaled_holds.
  + intros x Hx. rewrite (Val x Hx), (Eb x), <- Sg. ring.
- injection E as <-. now apply (exponential_holds _ _ _ _ (fun x => F x - G x) w).
- destruct (reciprocal_exponential _ _ _) as [small|] eqn:Es; [|easy]. simpl in E.
  injection E as <-.
  assert (Hs := decay_sgn from _ (Bool.eqb s t) _ (reciprocal_exponential_holds p from A_pos
    _ _ _ Es (neg_polynomial_holds _ _ Hgap))). cbv beta in Hs.
  apply (tending_holds _ _ _ 0 (fun x => sgn (Bool.eqb s t) * exp (- - (F x - G x)) +
    sgn (Bool.eqb s t) * exp (- - (F x - G x)) * w x)).
  + apply exactly_0_holds.
  + apply add_decays_holds; [easy|exact Hs|]. now apply mul_decays_holds.
  + intros x Hx. rewrite (Val x Hx), Ropp_involutive. ring.
Qed.

Theorem divide_holds a b c u v : divide p from a b = Some c -> holds a u -> holds b v ->
  (forall x, A <= x -> v x <> 0) /\ holds c (fun x => u x / v x).
Proof.
assert (General : bind (reciprocal p from b) (multiply p from a) = Some c ->
  holds a u -> holds b v -> (forall x, A <= x -> v x <> 0) /\ holds c (fun x => u x / v x)).
{ unfold bind. destruct (reciprocal p from b) as [i|] eqn:R; [|easy]. intros E Hu Hv.
  destruct (reciprocal_holds _ _ _ R Hv) as [N Hi]. split; [exact N|].
  exact (multiply_holds _ _ _ _ _ E Hu Hi). }
destruct a as [P d|s P d], b as [Q e|t Q e]; try exact General.
apply divide_exponentials_holds.
Qed.

(** ** Powers *)

Lemma natural_power_holds a n b u : natural_power p from a n = Some b -> holds a u ->
  holds b (fun x => u x ^ n).
Proof.
intros E Hu. revert b E; induction n as [|n IH]; simpl; intros b E.
- injection E as <-. apply (form_ext from _ (fun _ => Q2R 1)); [intros; apply Q2R_1|].
  apply constant_form_holds.
- destruct (natural_power p from a n) as [c|]; [|easy]. simpl in E.
  destruct (multiply p from c a) as [m|] eqn:M; [|easy]. simpl in E.
  apply (limited_holds _ _ _ E). apply (form_ext from _ (fun x => u x ^ n * u x)); [intros; ring|].
  exact (multiply_holds _ _ _ _ _ M (IH c eq_refl) Hu).
Qed.

Theorem power_of_holds a n b u : power_of p from a n = Some b -> holds a u ->
  ((n < 0)%Z -> forall x, A <= x -> u x <> 0) /\ holds b (fun x => powerRZ (u x) n).
Proof.
unfold power_of. destruct (Z.leb _ _); [|easy].
destruct (natural_power p from a (Z.abs_nat n)) as [c|] eqn:N; [|easy]. simpl. intros E Hu.
assert (Hc := natural_power_holds _ _ _ _ N Hu).
destruct (Z.ltb_spec n 0) as [L|L].
- destruct (divide_holds (constant p 1) c b _ _ E (constant_form_holds p from 1) Hc) as [Nz Hb].
  assert (K : (Z.abs_nat n <> 0)%nat) by lia. split.
  + intros _ x Hx Z. apply (Nz x Hx). rewrite Z. now apply pow_ne_zero.
  + apply form_ext with (2 := Hb). intros x Hx. rewrite Q2R_1.
    destruct n as [|n|n]; try lia. unfold Rdiv. rewrite Rmult_1_l. easy.
- injection E as <-. split; [lia|]. apply form_ext with (2 := Hc). intros x Hx.
  rewrite pow_powerRZ. f_equal. lia.
Qed.

End Half_line.
End Products.
