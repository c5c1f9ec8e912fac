(** What leaks through a mask that is a weight, for one row: with omega added to the scores of what
    is allowed, the softmax average of all values differs from that of the allowed ones by at most
    T e^-omega d, where the masked tokens weigh at most T times what the allowed ones do, and values
    of the two sets are at most d apart. *)
From Coq Require Import Reals List Lra Lia Bool.
Require Import Attncert.theorems.Vector.
Import ListNotations.
Open Scope R_scope.

(** Of scores and values. *)
Definition mass (l : list (R * R)) : R := total (map (fun p => exp (fst p)) l).
Definition moment (l : list (R * R)) : R := total (map (fun p => exp (fst p) * snd p) l).

Lemma mass_nonneg l : 0 <= mass l.
Proof.
unfold mass. induction l as [|p l IH]; simpl; [lra|]. generalize (exp_pos (fst p)). lra.
Qed.

Lemma mass_pos p l : In p l -> exp (fst p) <= mass l.
Proof.
induction l as [|q l IH]; simpl; [easy|]. intros [->|H]; unfold mass in *; simpl.
- generalize (mass_nonneg l). unfold mass. lra.
- generalize (IH H) (exp_pos (fst q)). lra.
Qed.

Lemma exp_le x y : x <= y -> exp x <= exp y.
Proof. intros [H| ->]; [left; now apply exp_increasing|lra]. Qed.

Lemma mass_at_most B l : (forall p, In p l -> fst p <= B) -> mass l <= INR (length l) * exp B.
Proof.
induction l as [|p l IH]; intros H.
- unfold mass. simpl. lra.
- cbn [length]. rewrite S_INR. unfold mass in *. simpl.
  assert (exp (fst p) <= exp B) by (apply exp_le, H; now left).
  assert (total (map (fun p => exp (fst p)) l) <= INR (length l) * exp B)
    by (apply IH; intros q Hq; apply H; now right).
  lra.
Qed.

Lemma value_bound v d S : (forall q, In q S -> Rabs (v - snd q) <= d) ->
  Rabs (v * mass S - moment S) <= d * mass S.
Proof.
induction S as [|q S IH]; intros H.
- unfold mass, moment. simpl. replace (v * 0 - 0) with 0 by ring. rewrite Rabs_R0. lra.
- unfold mass, moment in *. simpl.
  replace (v * (exp (fst q) + total (map (fun p => exp (fst p)) S)) -
           (exp (fst q) * snd q + total (map (fun p => exp (fst p) * snd p) S)))
    with (exp (fst q) * (v - snd q) + (v * total (map (fun p => exp (fst p)) S) -
           total (map (fun p => exp (fst p) * snd p) S))) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
  assert (E := exp_pos (fst q)). rewrite (Rabs_pos_eq (exp (fst q))) by lra.
  assert (K := H q (or_introl eq_refl)).
  assert (I := IH (fun p Hp => H p (or_intror Hp))).
  apply (Rmult_le_compat_l (exp (fst q))) in K; lra.
Qed.

Lemma cross_bound d S M : (forall p q, In p M -> In q S -> Rabs (snd p - snd q) <= d) ->
  Rabs (moment M * mass S - moment S * mass M) <= d * mass M * mass S.
Proof.
induction M as [|p M IH]; intros H.
- unfold mass at 2 3, moment at 1. simpl.
  replace (0 * mass S - moment S * 0) with 0 by ring. rewrite Rabs_R0. lra.
- assert (I := IH (fun a q Ha Hq => H a q (or_intror Ha) Hq)).
  assert (V := value_bound (snd p) d S (fun q Hq => H p q (or_introl eq_refl) Hq)).
  replace (moment (p :: M)) with (exp (fst p) * snd p + moment M) by reflexivity.
  replace (mass (p :: M)) with (exp (fst p) + mass M) by reflexivity.
  replace ((exp (fst p) * snd p + moment M) * mass S - moment S * (exp (fst p) + mass M))
    with (exp (fst p) * (snd p * mass S - moment S) + (moment M * mass S - moment S * mass M))
    by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
  assert (E := exp_pos (fst p)). rewrite (Rabs_pos_eq (exp (fst p))) by lra.
  apply (Rmult_le_compat_l (exp (fst p))) in V; lra.
Qed.

Lemma raised_quotient omega d T S M : 0 < mass S -> mass M <= T * mass S -> 0 <= d ->
  (forall p q, In p M -> In q S -> Rabs (snd p - snd q) <= d) ->
  Rabs ((exp omega * moment S + moment M) / (exp omega * mass S + mass M) - moment S / mass S)
  <= T * exp (- omega) * d.
Proof.
intros S0 L d0 H. assert (X := cross_bound d S M H). assert (M0 := mass_nonneg M).
rewrite exp_Ropp. assert (E := exp_pos omega).
revert X S0 L M0 E. generalize (moment M) (moment S) (mass M) (mass S) (exp omega).
clear H. intros v u m s e X S0 L M0 E.
assert (P : 0 < e * s + m) by (assert (0 < e * s) by (apply Rmult_lt_0_compat; lra); lra).
assert (P2 : 0 < s * (e * s + m)) by (apply Rmult_lt_0_compat; lra).
replace ((e * u + v) / (e * s + m) - u / s) with ((v * s - u * m) * / (s * (e * s + m)))
  by (field; lra).
rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by (left; now apply Rinv_0_lt_compat).
apply Rmult_le_reg_r with (s * (e * s + m)); [exact P2|].
rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
apply Rle_trans with (1 := X).
apply Rle_trans with (d * (T * s) * s).
{ apply Rmult_le_compat_r; [lra|]. apply Rmult_le_compat_l; lra. }
assert (T0 : 0 <= T) by (apply Rmult_le_reg_r with s; lra).
replace (T * / e * d * (s * (e * s + m))) with (d * (T * s) * s + T * / e * d * (s * m))
  by (field; lra).
assert (0 <= T * / e * d * (s * m)); [|lra].
assert (0 < / e) by now apply Rinv_0_lt_compat.
repeat apply Rmult_le_pos; lra.
Qed.

(** ** Over tokens *)

Section Tokens.
Variables (omega : R) (allowed : nat -> bool) (score value : nat -> R) (tokens : list nat).

Definition pairs (l : list nat) : list (R * R) := map (fun j => (score j, value j)) l.
Definition allowed_pairs : list (R * R) := pairs (filter allowed tokens).
Definition masked_pairs : list (R * R) := pairs (filter (fun j => negb (allowed j)) tokens).
Definition raised_pairs : list (R * R) :=
  map (fun j => (score j + (if allowed j then omega else 0), value j)) tokens.

Lemma raised_mass : mass raised_pairs = exp omega * mass allowed_pairs + mass masked_pairs.
Proof.
unfold mass, raised_pairs, allowed_pairs, masked_pairs, pairs.
induction tokens as [|j l IH]; simpl; [ring|]. rewrite IH.
destruct (allowed j); simpl; rewrite exp_plus, ?exp_0; ring.
Qed.

Lemma raised_moment :
  moment raised_pairs = exp omega * moment allowed_pairs + moment masked_pairs.
Proof.
unfold moment, raised_pairs, allowed_pairs, masked_pairs, pairs.
induction tokens as [|j l IH]; simpl; [ring|]. rewrite IH.
destruct (allowed j); simpl; rewrite exp_plus, ?exp_0; ring.
Qed.

Theorem leak_bound d T : 0 < mass allowed_pairs -> mass masked_pairs <= T * mass allowed_pairs ->
  0 <= d ->
  (forall j k, In j tokens -> In k tokens -> allowed j = false -> allowed k = true ->
     Rabs (value j - value k) <= d) ->
  Rabs (moment raised_pairs / mass raised_pairs - moment allowed_pairs / mass allowed_pairs)
  <= T * exp (- omega) * d.
Proof.
intros S0 L d0 H. rewrite raised_mass, raised_moment. apply raised_quotient; auto.
intros p q Hp Hq. unfold masked_pairs, allowed_pairs, pairs in Hp, Hq.
apply in_map_iff in Hp, Hq. destruct Hp as [j [<- Hj]], Hq as [k [<- Hk]].
apply filter_In in Hj, Hk. apply H; try easy. destruct Hj as [_ Hj]. now apply negb_true_iff.
Qed.
End Tokens.
