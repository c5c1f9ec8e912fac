(** An enclosure of e^x in fixed point, for x that is not large: x is halved until it is small, e^x is
    Taylor's polynomial there, by Horner's scheme, and is squared as often as x was halved. *)
From Coq Require Import ZArith QArith Reals List Bool Lra Lia.
From Coquelicot Require Import Coquelicot.
Require Import Attncert.kernel.Tensor Attncert.kernel.Sequences Attncert.kernel.Lagrange.
Require Import Attncert.kernel.Enclose_number.
Open Scope R_scope.

(** ** Horner's scheme

    1 + y/i (1 + y/(i + 1) (... (1 + y/(i + n - 1) rest))) *)

Fixpoint horner (n : nat) (i : positive) (rest y : R) : R :=
  match n with
  | O => rest
  | S n => 1 + y * horner n (Pos.succ i) rest y / IZR (Zpos i)
  end.

Definition exp_sequence (k : nat) (y : R) : R := exp y / INR (fact k).

Lemma exp_sequence_taylor y : taylor exp_sequence y.
Proof.
intros n k _. unfold derived, slice, exp_sequence.
assert (F := INR_fact_neq_0 k). assert (F' := INR_fact_neq_0 (S k)).
replace (INR (S k) * (exp y / INR (fact (S k)))) with (exp y * / INR (fact k)).
- apply (is_derive_ext (fun t => / INR (fact k) * exp t)); [intros t; apply Rmult_comm|].
  rewrite Rmult_comm. apply is_derive_scal, is_derive_exp.
- rewrite fact_simpl, mult_INR in *. field. split; [exact F|]. intros Z. apply F'. rewrite Z. ring.
Qed.

Lemma polynomial_scal n c u t : polynomial n (fun k => c * u k) t = c * polynomial n u t.
Proof. induction n as [|n IH]; simpl; [ring|]. rewrite IH. ring. Qed.

(** i!/(i + k)! *)
Definition falling (i k : nat) : R := INR (fact i) / INR (fact (i + k)).

Lemma falling_0 i : falling i 0 = 1.
Proof. unfold falling. rewrite Nat.add_0_r. field. apply INR_fact_neq_0. Qed.

Lemma falling_S i k : falling i (S k) = / INR (S i) * falling (S i) k.
Proof.
unfold falling. rewrite <- Nat.add_succ_comm, (fact_simpl i), mult_INR. field.
split; [apply INR_fact_neq_0|apply not_0_INR; lia].
Qed.

Lemma polynomial_horner n i rest y : polynomial n (falling i) y + falling i n * rest * y ^ n =
  horner n (Pos.of_succ_nat i) rest y.
Proof.
revert i; induction n as [|n IH]; intros i.
- simpl. rewrite falling_0. ring.
- rewrite polynomial_first, falling_0, falling_S. cbn [horner].
  rewrite (polynomial_ext _ _ (fun k => / INR (S i) * falling (S i) k) y)
    by (intros k _; apply falling_S).
  rewrite polynomial_scal. change (Pos.succ (Pos.of_succ_nat i)) with (Pos.of_succ_nat (S i)).
  rewrite <- IH. change (Zpos (Pos.of_succ_nat i)) with (Z.of_nat (S i)).
  rewrite <- INR_IZR_INZ. simpl pow. field. apply not_0_INR. lia.
Qed.

Theorem exp_horner n y : - / 2 <= y <= / 2 -> exists xi, - / 2 <= xi <= / 2 /\
  exp y = horner (S n) 1 (exp xi) y.
Proof.
intros Y. destruct (lagrange exp_sequence (- / 2) (/ 2) 0 y n) as [xi [X E]].
- intros t _. apply exp_sequence_taylor.
- lra.
- exact Y.
- exists xi. split; [exact X|]. change 1%positive with (Pos.of_succ_nat 0).
  rewrite <- polynomial_horner. rewrite Rminus_0_r in E. unfold exp_sequence at 1 in E.
  simpl fact in E. change (INR 1) with 1 in E. unfold Rdiv in E. rewrite Rinv_1, Rmult_1_r in E.
  rewrite E. f_equal.
  + apply polynomial_ext. intros k _. unfold slice, exp_sequence, falling. rewrite exp_0.
    reflexivity.
  + unfold exp_sequence, falling. simpl (INR (fact 0)). unfold Rdiv.
    change (0 + S n)%nat with (S n). ring.
Qed.

Lemma exp_half x : - / 2 <= x <= / 2 -> / 2 <= exp x <= 2.
Proof.
intros X. assert (S : exp (/ 2) * exp (/ 2) = exp 1) by (rewrite <- exp_plus; f_equal; lra).
assert (T := exp_le_3). assert (P := exp_pos (/ 2)).
assert (H : exp (/ 2) <= 2) by nra.
assert (M : forall u v, u <= v -> exp u <= exp v)
  by (intros u v [L| ->]; [left; now apply exp_increasing|apply Rle_refl]).
split.
- apply Rle_trans with (exp (- / 2)); [|now apply M]. rewrite exp_Ropp.
  apply Rinv_le_contravar; [exact P|exact H].
- apply Rle_trans with (exp (/ 2)); [now apply M|exact H].
Qed.

(** ** In fixed point *)

Fixpoint horner_fixed (n : nat) (i : positive) (rest y : fixed) : fixed :=
  match n with
  | O => rest
  | S n => plus_fixed (of_integer 1)
             (divide_by i (times_fixed y (horner_fixed n (Pos.succ i) rest y)))
  end.

Lemma near_horner n i a x b y : near a x -> near b y ->
  near (horner_fixed n i a b) (horner n i x y).
Proof.
intros A B. revert i; induction n as [|n IH]; intros i; simpl; [exact A|].
apply near_plus; [apply near_of_integer|]. apply near_divide_by. now apply near_times.
Qed.

Fixpoint squared (k : nat) (a : fixed) : fixed :=
  match k with O => a | S k => squared k (times_fixed a a) end.

Lemma near_squared k a y : near a (exp y) -> near (squared k a) (exp (y * 2 ^ k)).
Proof.
revert a y; induction k as [|k IH]; simpl; intros a y H.
- now rewrite Rmult_1_r.
- replace (y * (2 * 2 ^ k)) with ((y + y) * 2 ^ k) by ring. apply IH.
  rewrite exp_plus. now apply near_times.
Qed.

(** Between 1/2 and 2. *)
Definition about_1 : fixed :=
  of_bounds (Z.shiftl 1 (fraction_bits - 1)) (Z.shiftl 1 (fraction_bits + 1)).

(** How often x is halved, to be below 2^-8. *)
Definition halvings (a : fixed) : Z :=
  Z.max 0 (Z.log2 (largest_bound a) + 1 - (fraction_bits - 8)).

(** The polynomial has this many terms after the first. *)
Definition terms : nat := 14.

Definition most_halvings : Z := 20.

Definition exp_by_series (a : fixed) : option fixed :=
  let k := halvings a in
  let y := rescale k a in
  if Z.leb k most_halvings && Z.leb (largest_bound y) (Z.shiftl 1 (fraction_bits - 1)) then
    Some (squared (Z.to_nat k) (horner_fixed terms 1 about_1 y))
  else None.

Lemma shiftl_1 k : (0 <= k)%Z -> IZR (Z.shiftl 1 k) = powerRZ 2 k.
Proof. intros K. rewrite Z.shiftl_mul_pow2, Z.mul_1_l by exact K. now apply power_2_IZR. Qed.

Lemma half_units : IZR (Z.shiftl 1 (fraction_bits - 1)) = units / 2.
Proof.
rewrite shiftl_1 by (unfold fraction_bits; lia). unfold units, Zminus.
rewrite powerRZ_add by lra. change (powerRZ 2 (- (1))) with (/ (2 * 1)). lra.
Qed.

Lemma near_about_1 x : / 2 <= x <= 2 -> near about_1 x.
Proof.
intros H. apply about_of_bounds. assert (P := units_pos). rewrite half_units.
rewrite shiftl_1 by (unfold fraction_bits; lia).
replace (powerRZ 2 (fraction_bits + 1)) with (2 * units)
  by (unfold units; rewrite powerRZ_add by lra; change (powerRZ 2 1) with (2 * 1); ring).
nra.
Qed.

Lemma near_largest a x : near a x -> Rabs (x * units) <= IZR (largest_bound a).
Proof.
unfold near, about, largest_bound. intros H. rewrite plus_IZR, abs_IZR.
replace (x * units) with (IZR (middle a) + (x * units - IZR (middle a))) by ring.
apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.

Lemma near_rescale k a x : near a x -> near (rescale k a) (x * powerRZ 2 (- k)).
Proof.
unfold near. intros H. replace (x * powerRZ 2 (- k) * units) with (x * units * powerRZ 2 (- k))
  by ring. now apply about_rescale.
Qed.

Lemma some_equal {A : Type} (a b : A) : Some a = Some b -> a = b.
Proof. congruence. Qed.

Theorem near_exp_by_series a x b : near a x -> exp_by_series a = Some b -> near b (exp x).
Proof.
unfold exp_by_series. cbv zeta. intros H.
assert (K : (0 <= halvings a)%Z) by (unfold halvings; apply Z.le_max_l).
set (k := halvings a) in *.
destruct (Z.leb k most_halvings); [|easy]. cbn [andb].
destruct (Z.leb_spec (largest_bound (rescale k a)) (Z.shiftl 1 (fraction_bits - 1))) as [L|L];
  [|easy].
intros E. apply some_equal in E. rewrite <- E. apply (near_rescale k) in H.
set (y := x * powerRZ 2 (- k)) in *.
assert (B := near_largest _ _ H). apply IZR_le in L. rewrite half_units in L.
assert (P := units_pos).
assert (Y : - / 2 <= y <= / 2).
{ assert (Rabs (y * units) <= units / 2) by lra. rewrite Rabs_mult, (Rabs_pos_eq units) in H0 by lra.
  assert (Rabs y <= / 2) by (apply Rmult_le_reg_r with units; [exact P|lra]).
  revert H1. unfold Rabs. destruct (Rcase_abs y); lra. }
replace x with (y * 2 ^ Z.to_nat k).
- apply near_squared. destruct (exp_horner 13 y Y) as [xi [X F]]. rewrite F.
  apply (near_horner terms 1); [|exact H]. apply near_about_1. now apply exp_half.
- unfold y. rewrite pow_powerRZ, Z2Nat.id by exact K.
  rewrite Rmult_assoc, <- powerRZ_add by lra. replace (- k + k)%Z with 0%Z by lia. simpl. ring.
Qed.
