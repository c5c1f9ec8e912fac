(** Remainders that decay exponentially on a half-line x >= A > 0, and polynomials there.

    [decay_holds d R] says |R x| <= C x^m e^(-r x) for all x >= A, for some C and r that the decay's
    scale and rate enclose. [bounded_holds i R] says |R x| <= B for all x >= A, for some B that i
    encloses. Everything is proved from these two (docs/formulas.md#tail). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Coquelicot Require Import Rcomplements.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Tail_polynomial.
Import ListNotations.
Open Scope R_scope.

(** ** Powers and exponentials on x >= A *)

Lemma exp_le_le u v : u <= v -> exp u <= exp v.
Proof. intros [H| ->]; [left; now apply exp_increasing|lra]. Qed.

Section Reals.
Variables A x : R.
Hypotheses (A_pos : 0 < A) (Ax : A <= x).

Lemma pow_A_le n : A ^ n <= x ^ n.
Proof. apply pow_incr. lra. Qed.

(** x^k = x^n / x^(n-k) <= x^n / A^(n-k) *)
Lemma pow_shift k n : (k <= n)%nat -> x ^ k <= / A ^ (n - k) * x ^ n.
Proof.
intros H. assert (P := pow_lt A (n - k) A_pos). assert (Q := pow_A_le (n - k)).
assert (0 <= x ^ k) by (apply pow_le; lra).
replace n with (n - k + k)%nat at 2 by lia. rewrite pow_add, <- Rmult_assoc.
rewrite <- (Rmult_1_l (x ^ k)) at 1. apply Rmult_le_compat_r; [easy|].
apply Rmult_le_reg_l with (A ^ (n - k)); [exact P|].
rewrite <- Rmult_assoc, Rinv_r by lra. lra.
Qed.

(** x^n e^(-r x) decreases where r x >= n. *)
Lemma power_exp_decreases n r : INR n <= r * A ->
  x ^ n * exp (- (r * x)) <= A ^ n * exp (- (r * A)).
Proof.
intros H. assert (P := pow_lt A n A_pos).
assert (K : x ^ n <= A ^ n * exp (r * (x - A))).
{ replace x with (A * (1 + (x - A) / A)) at 1 by (field; lra). rewrite Rpow_mult_distr.
  apply Rmult_le_compat_l; [lra|].
  apply Rle_trans with (exp ((x - A) / A) ^ n).
  - apply pow_incr. split; [|apply exp_ineq1_le].
    assert (0 <= (x - A) / A) by (apply Rdiv_le_0_compat; lra). lra.
  - rewrite <- Rpower_pow by apply exp_pos. unfold Rpower. rewrite ln_exp.
    apply exp_le_le. replace (INR n * ((x - A) / A)) with ((INR n / A) * (x - A)) by (field; lra).
    apply Rmult_le_compat_r; [lra|]. apply Rmult_le_reg_r with A; [exact A_pos|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
replace (- (r * A)) with (r * (x - A) + - (r * x)) by ring.
rewrite exp_plus, <- Rmult_assoc. apply Rmult_le_compat_r; [left; apply exp_pos|exact K].
Qed.
End Reals.

Module Decays (I : IntervalOps).
Include Polynomials I.
Section Half_line.
Variable p : I.F.precision.
Variable from : Q.
Local Notation A := (Q2R from).
Hypothesis A_pos : 0 < A.

Definition one : I.type := E.of_Z p 1.
Definition origin : I.type := E.of_Q p from.
Definition origin_power (n : nat) : I.type := E.pow p origin (Z.of_nat n).
Definition origin_inverse_power (n : nat) : I.type := E.pow p origin (- Z.of_nat n).

Lemma origin_encloses : E.encloses origin A.
Proof. apply E.of_Q_encloses. Qed.

Lemma one_encloses : E.encloses one 1.
Proof. apply (E.of_Z_encloses p 1). Qed.

Lemma origin_power_encloses n : E.encloses (origin_power n) (A ^ n).
Proof. rewrite pow_powerRZ. apply E.pow_encloses; [apply origin_encloses|]. lia. Qed.

Lemma origin_inverse_power_encloses n : E.encloses (origin_inverse_power n) (/ A ^ n).
Proof.
rewrite pow_powerRZ, <- powerRZ_neg'.
apply E.pow_encloses; [apply origin_encloses|]. intros _. lra.
Qed.

(** ** Decays *)

Record decay : Type := Decay { scale : I.type; power : nat; rate : I.type }.

Definition decay_holds (d : decay) (R : R -> R) : Prop :=
  exists C r, E.encloses (scale d) C /\ E.encloses (rate d) r /\
    forall x, A <= x -> Rabs (R x) <= C * (x ^ power d * exp (- (r * x))).

Definition bounded_holds (i : I.type) (R : R -> R) : Prop :=
  exists B, E.encloses i B /\ forall x, A <= x -> Rabs (R x) <= B.

Definition no_decay : decay := Decay (E.of_Z p 0) 0 (E.of_Z p 0).

(** The remainder is 0. *)
Definition vanishes (d : decay) : bool :=
  match I.sign_large (scale d) with Xeq | Xlt => true | _ => false end.

Definition scaled (d : decay) (factor : I.type) : decay :=
  Decay (E.mul p (scale d) (E.abs factor)) (power d) (rate d).

Definition mul_decays (a b : decay) : decay :=
  Decay (E.mul p (scale a) (scale b)) (power a + power b) (N.add p (rate a) (rate b)).

(** What C becomes with a larger power and a smaller rate. *)
Definition scale_for (m : nat) (r : I.type) (d : decay) : I.type :=
  let excess := N.sub p (rate d) r in
  E.mul p (E.mul p (scale d) (origin_inverse_power (m - power d)))
    (N.exp p (E.neg (E.mul p excess origin))).

Definition add_decays (a b : decay) : decay :=
  if vanishes a then b else if vanishes b then a else
  let m := Nat.max (power a) (power b) in
  let r := N.min p (rate a) (rate b) in
  Decay (N.add p (scale_for m r a) (scale_for m r b)) m r.

Definition supremum (d : decay) : option I.type :=
  if vanishes d then Some (E.of_Z p 0) else
  let exponent := E.mul p (rate d) origin in
  if N.at_most p (E.of_Z p (Z.of_nat (power d))) exponent then
    Some (E.mul p (E.mul p (scale d) (origin_power (power d))) (N.exp p (E.neg exponent)))
  else None.

(** e^R - 1 *)
Definition exponential_minus_one (d : decay) : option decay :=
  bind (supremum d) (fun B => Some (scaled d (N.exp p B))).

(** What is at most |R| / (1 - |S|). *)
Definition over_one_minus (d s : decay) : option decay :=
  bind (supremum s) (fun B =>
    let rest := N.sub p one B in
    if E.positive rest then Some (scaled d (E.div p one rest)) else None).

Lemma positive_part m r x : A <= x -> 0 < x ^ m * exp (- (r * x)).
Proof. intros H. apply Rmult_lt_0_compat; [apply pow_lt; lra|apply exp_pos]. Qed.

Lemma decay_le d R R' : (forall x, A <= x -> Rabs (R' x) <= Rabs (R x)) ->
  decay_holds d R -> decay_holds d R'.
Proof.
intros L [C [r [HC [Hr H]]]]. exists C, r. repeat split; auto.
intros x Hx. apply Rle_trans with (2 := H x Hx). auto.
Qed.

Lemma decay_ext d R R' : (forall x, A <= x -> R x = R' x) -> decay_holds d R -> decay_holds d R'.
Proof. intros L. apply decay_le. intros x Hx. rewrite (L x Hx). lra. Qed.

Lemma no_decay_holds : decay_holds no_decay (fun _ => 0).
Proof.
exists 0, 0. repeat split; try apply (E.of_Z_encloses p 0).
intros x _. rewrite Rabs_R0. lra.
Qed.

(** C >= 0: it bounds an absolute value. *)
Lemma scale_pos C m r (R : R -> R) x :
  A <= x -> Rabs (R x) <= C * (x ^ m * exp (- (r * x))) -> 0 <= C.
Proof.
intros Hx H. assert (P := positive_part m r x Hx). assert (Q := Rabs_pos (R x)).
apply Rmult_le_reg_r with (1 := P). lra.
Qed.

Lemma vanishes_correct d R : vanishes d = true -> decay_holds d R -> forall x, A <= x -> R x = 0.
Proof.
unfold vanishes. intros V [C [r [HC [_ H]]]] x Hx.
assert (K : C <= 0).
{ generalize (I.sign_large_correct (scale d)). destruct (I.sign_large (scale d)); try easy.
  - intros E. specialize (E _ HC). injection E. lra.
  - intros E. destruct (E _ HC) as [_ E']. exact E'. }
specialize (H x Hx). assert (P := positive_part (power d) r x Hx).
assert (Q := Rabs_pos (R x)). assert (Rabs (R x) = 0) by nra.
destruct (Req_dec (R x) 0) as [E|E]; [exact E|]. now elim (Rabs_no_R0 _ E).
Qed.

Lemma scaled_holds d R i c : E.encloses i c -> decay_holds d R ->
  decay_holds (scaled d i) (fun x => c * R x).
Proof.
intros Hc [C [r [HC [Hr H]]]]. exists (C * Rabs c), r.
split; [apply E.mul_encloses; [exact HC|now apply E.abs_encloses]|]. split; [exact Hr|].
intros x Hx. rewrite Rabs_mult. specialize (H x Hx). simpl.
replace (C * Rabs c * _) with (Rabs c * (C * (x ^ power d * exp (- (r * x))))) by ring.
apply Rmult_le_compat_l; [apply Rabs_pos|exact H].
Qed.

Lemma mul_decays_holds a b R S : decay_holds a R -> decay_holds b S ->
  decay_holds (mul_decays a b) (fun x => R x * S x).
Proof.
intros [C [r [HC [Hr H]]]] [D [s [HD [Hs K]]]]. exists (C * D), (r + s).
split; [now apply E.mul_encloses|]. split; [now apply N.add_encloses|].
intros x Hx. rewrite Rabs_mult. simpl. rewrite pow_add.
replace (- ((r + s) * x)) with (- (r * x) + - (s * x)) by ring. rewrite exp_plus.
replace (C * D * _) with
  (C * (x ^ power a * exp (- (r * x))) * (D * (x ^ power b * exp (- (s * x))))) by ring.
apply Rmult_le_compat; auto using Rabs_pos.
Qed.

Lemma scale_for_holds d (R : R -> R) m i r C s : (power d <= m)%nat -> r <= s ->
  E.encloses i r -> E.encloses (scale d) C -> E.encloses (rate d) s ->
  (forall x, A <= x -> Rabs (R x) <= C * (x ^ power d * exp (- (s * x)))) ->
  exists D, E.encloses (scale_for m i d) D /\
    forall x, A <= x -> Rabs (R x) <= D * (x ^ m * exp (- (r * x))).
Proof.
intros Hm L Hr HC Hs H.
exists (C * / A ^ (m - power d) * exp (- ((s - r) * A))). split.
- unfold scale_for. apply E.mul_encloses.
  + apply E.mul_encloses; [exact HC|apply origin_inverse_power_encloses].
  + apply N.exp_encloses, E.neg_encloses, E.mul_encloses; [|apply origin_encloses].
    now apply N.sub_encloses.
- intros x Hx. apply Rle_trans with (1 := H x Hx).
  assert (P := scale_pos _ _ _ _ x Hx (H x Hx)).
  rewrite !Rmult_assoc. apply Rmult_le_compat_l; [exact P|].
  apply Rle_trans with (/ A ^ (m - power d) * x ^ m * (exp (- ((s - r) * A)) * exp (- (r * x)))).
  + apply Rmult_le_compat; [apply pow_le; lra|left; apply exp_pos| |].
    * now apply pow_shift.
    * rewrite <- exp_plus. apply exp_le_le. assert ((s - r) * A <= (s - r) * x); [|lra].
      apply Rmult_le_compat_l; lra.
  + apply Req_le. ring.
Qed.

Lemma add_decays_holds a b R S : decay_holds a R -> decay_holds b S ->
  decay_holds (add_decays a b) (fun x => R x + S x).
Proof.
intros HR HS. unfold add_decays.
destruct (vanishes a) eqn:Va.
{ apply decay_ext with S; [|exact HS]. intros x Hx.
  rewrite (vanishes_correct _ _ Va HR x Hx). ring. }
destruct (vanishes b) eqn:Vb.
{ apply decay_ext with R; [|exact HR]. intros x Hx.
  rewrite (vanishes_correct _ _ Vb HS x Hx). ring. }
destruct HR as [C [r [HC [Hr H]]]], HS as [D [s [HD [Hs K]]]].
assert (M := N.min_encloses p _ _ _ _ Hr Hs).
destruct (scale_for_holds a R _ _ _ C r (Nat.le_max_l _ (power b)) (Rmin_l r s) M HC Hr H)
  as [C' [HC' H']].
destruct (scale_for_holds b S _ _ _ D s (Nat.le_max_r (power a) _) (Rmin_r r s) M HD Hs K)
  as [D' [HD' K']].
exists (C' + D'), (Rmin r s). split; [now apply N.add_encloses|]. split; [exact M|].
intros x Hx. rewrite Rmult_plus_distr_r. apply Rle_trans with (1 := Rabs_triang _ _).
apply Rplus_le_compat; auto.
Qed.

Lemma supremum_holds d i R : supremum d = Some i -> decay_holds d R -> bounded_holds i R.
Proof.
unfold supremum. intros E H. destruct (vanishes d) eqn:V.
- injection E as <-. exists 0. split; [apply (E.of_Z_encloses p 0)|].
  intros x Hx. rewrite (vanishes_correct _ _ V H x Hx), Rabs_R0. lra.
- destruct (N.at_most _ _ _) eqn:L; [|easy]. injection E as <-.
  destruct H as [C [r [HC [Hr H]]]].
  assert (M := E.mul_encloses p _ _ _ _ Hr origin_encloses).
  assert (K := N.at_most_correct p _ _ _ _ L (E.of_Z_encloses p _) M). rewrite <- INR_IZR_INZ in K.
  exists (C * A ^ power d * exp (- (r * A))). split.
  + apply E.mul_encloses; [apply E.mul_encloses; [exact HC|apply origin_power_encloses]|].
    now apply N.exp_encloses, E.neg_encloses.
  + intros x Hx. apply Rle_trans with (1 := H x Hx). rewrite Rmult_assoc.
    apply Rmult_le_compat_l; [exact (scale_pos _ _ _ _ x Hx (H x Hx))|].
    now apply power_exp_decreases.
Qed.

(** |e^t - 1| <= |t| e^|t| *)
Lemma exp_minus_one_le t : Rabs (exp t - 1) <= Rabs t * exp (Rabs t).
Proof.
assert (K := exp_ineq1_le t). assert (L := exp_ineq1_le (- t)).
rewrite exp_Ropp in L. assert (P := exp_pos t).
destruct (Rle_dec 0 t) as [H|H].
- rewrite (Rabs_pos_eq t H), Rabs_pos_eq by lra.
  assert (exp t * (1 - t) <= exp t * / exp t) by (apply Rmult_le_compat_l; lra).
  rewrite Rinv_r in * by lra. lra.
- rewrite (Rabs_left t) by lra. rewrite Rabs_left1.
  + assert (1 <= exp (- t)) by (rewrite <- exp_0; apply exp_le_le; lra). nra.
  + assert (exp t <= exp 0) by (apply exp_le_le; lra). rewrite exp_0 in *. lra.
Qed.

Lemma exponential_minus_one_holds d e R : exponential_minus_one d = Some e -> decay_holds d R ->
  decay_holds e (fun x => exp (R x) - 1).
Proof.
unfold exponential_minus_one, bind. destruct (supremum d) as [i|] eqn:S; [|easy].
intros E H. injection E as <-. destruct (supremum_holds _ _ _ S H) as [B [HB K]].
apply decay_le with (fun x => exp B * R x); [|now apply scaled_holds; [apply N.exp_encloses|]].
intros x Hx. apply Rle_trans with (1 := exp_minus_one_le _). rewrite Rabs_mult, Rmult_comm.
apply Rmult_le_compat_r; [apply Rabs_pos|].
rewrite (Rabs_pos_eq (exp B)) by (left; apply exp_pos). apply exp_le_le, K, Hx.
Qed.

Lemma over_one_minus_bound d s e S : over_one_minus d s = Some e -> decay_holds s S ->
  forall x, A <= x -> Rabs (S x) < 1.
Proof.
unfold over_one_minus, bind. destruct (supremum s) as [i|] eqn:Sup; [|easy].
destruct (E.positive _) eqn:Pos; [|easy]. intros _ HS x Hx.
destruct (supremum_holds _ _ _ Sup HS) as [B [HB K]].
assert (L := E.positive_correct _ _ Pos (N.sub_encloses p _ _ _ _ one_encloses HB)).
specialize (K x Hx). lra.
Qed.

Lemma over_one_minus_holds d s e R S : over_one_minus d s = Some e ->
  decay_holds d R -> decay_holds s S ->
  (forall x, A <= x -> Rabs (S x) < 1) /\
  (forall T, (forall x, A <= x -> Rabs (T x) <= Rabs (R x) / (1 - Rabs (S x))) ->
     decay_holds e T).
Proof.
intros E HR HS. split; [exact (over_one_minus_bound _ _ _ _ E HS)|]. revert E.
unfold over_one_minus, bind. destruct (supremum s) as [i|] eqn:Sup; [|easy].
destruct (E.positive _) eqn:Pos; [|easy]. intros E. injection E as <-.
destruct (supremum_holds _ _ _ Sup HS) as [B [HB K]].
assert (M := N.sub_encloses p _ _ _ _ one_encloses HB).
assert (L := E.positive_correct _ _ Pos M).
intros T HT. apply decay_le with (fun x => 1 / (1 - B) * R x).
- intros x Hx. apply Rle_trans with (1 := HT x Hx). specialize (K x Hx).
  assert (0 < / (1 - B)) by (apply Rinv_0_lt_compat; lra).
  rewrite Rabs_mult, (Rmult_comm (Rabs _)). unfold Rdiv.
  rewrite (Rmult_1_l (/ (1 - B))), (Rabs_pos_eq (/ (1 - B))) by lra.
  apply Rmult_le_compat_l; [apply Rabs_pos|]. apply Rinv_le_contravar; lra.
- apply scaled_holds; [|exact HR]. apply E.div_encloses; [apply one_encloses|exact M].
Qed.

End Half_line.
End Decays.
