(** Rule mask-error: how far an additive mask of omega is from the mask itself.

    In a row with n_S allowed and n_M masked tokens, the softmax average with omega added to the
    allowed scores differs from the masked one by at most 2V t/(1 + t), t = n_M/n_S e^(2B - omega),
    for scores in [-B, B] and values in [-V, V]. That is at most epsilon where
    (2V - epsilon) t <= epsilon. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Float.Sig Interval.Interval.
Require Import Attncert.kernel.Enclosure Attncert.kernel.Structure Attncert.kernel.Mask.
Import ListNotations.
Open Scope R_scope.

(** ** The statement *)

Fixpoint sum (f : nat -> R) (l : list nat) : R :=
  match l with [] => 0 | j :: l => f j + sum f l end.

(** Softmax averages of the values over n tokens: over the allowed ones only, and over all with
    omega added to the scores of the allowed ones. *)
Definition masked_average (allowed : nat -> bool) (s v : nat -> R) (n : nat) : R :=
  sum (fun j => if allowed j then exp (s j) * v j else 0) (seq 0 n) /
  sum (fun j => if allowed j then exp (s j) else 0) (seq 0 n).

Definition raised_average (omega : R) (allowed : nat -> bool) (s v : nat -> R) (n : nat) : R :=
  sum (fun j => exp (s j + if allowed j then omega else 0) * v j) (seq 0 n) /
  sum (fun j => exp (s j + if allowed j then omega else 0)) (seq 0 n).

Record mask_claim : Type := MaskClaim {
  tokens : Z; pattern : mask; score_bound : Q; value_bound : Q; omega : Q; error : Q }.

Definition mask_error (c : mask_claim) : Prop :=
  forall i (s v : nat -> R), let n := Z.to_nat (tokens c) in
  (i < n)%nat ->
  (forall j, (j < n)%nat -> Rabs (s j) <= Q2R (score_bound c)) ->
  (forall j, (j < n)%nat -> Rabs (v j) <= Q2R (value_bound c)) ->
  Rabs (raised_average (Q2R (omega c)) (allows (pattern c) i) s v n -
        masked_average (allows (pattern c) i) s v n) <= Q2R (error c).

(** ** Sums *)

Lemma sum_plus f g l : sum (fun j => f j + g j) l = sum f l + sum g l.
Proof. induction l as [|j l IH]; simpl; [lra|rewrite IH; lra]. Qed.

Lemma sum_scaled c f l : sum (fun j => c * f j) l = c * sum f l.
Proof. induction l as [|j l IH]; simpl; [lra|rewrite IH; lra]. Qed.

Lemma sum_ext f g l : (forall j, In j l -> f j = g j) -> sum f l = sum g l.
Proof.
induction l as [|j l IH]; simpl; intros H; [easy|]. rewrite H, IH; auto.
Qed.

Lemma sum_le f g l : (forall j, In j l -> f j <= g j) -> sum f l <= sum g l.
Proof.
induction l as [|j l IH]; simpl; intros H; [lra|]. apply Rplus_le_compat; auto.
Qed.

Lemma sum_abs f l : Rabs (sum f l) <= sum (fun j => Rabs (f j)) l.
Proof.
induction l as [|j l IH]; simpl; [rewrite Rabs_R0; lra|].
apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.

Lemma sum_counts (allowed : nat -> bool) c l :
  sum (fun j => if allowed j then c else 0) l = INR (length (filter allowed l)) * c.
Proof.
induction l as [|j l IH]; simpl sum; simpl filter; [simpl; lra|]. rewrite IH.
destruct (allowed j); simpl length; rewrite ?S_INR; lra.
Qed.

Lemma filter_complement (allowed : nat -> bool) l :
  (length (filter allowed l) + length (filter (fun j => negb (allowed j)) l))%nat = length l.
Proof.
induction l as [|j l IH]; simpl; [easy|]. destruct (allowed j); simpl; lia.
Qed.

(** ** One row *)

Section Row.
Variables (allowed : nat -> bool) (s v : nat -> R) (l : list nat) (B V Omega : R).
Hypothesis scores : forall j, In j l -> Rabs (s j) <= B.
Hypothesis values : forall j, In j l -> Rabs (v j) <= V.

Let mass (part : nat -> bool) : R := sum (fun j => if part j then exp (s j) else 0) l.
Let total (part : nat -> bool) : R := sum (fun j => if part j then exp (s j) * v j else 0) l.
Let masked (j : nat) : bool := negb (allowed j).
Let size (part : nat -> bool) : R := INR (length (filter part l)).

Lemma exp_le a b : a <= b -> exp a <= exp b.
Proof. intros [H| ->]; [left; now apply exp_increasing|apply Rle_refl]. Qed.

Lemma mass_lower part : size part * exp (- B) <= mass part.
Proof.
unfold size. rewrite <- sum_counts. apply sum_le. intros j Hj. destruct (part j); [|lra].
apply exp_le. generalize (scores j Hj) (Rabs_def2 (s j)). unfold Rabs. destruct Rcase_abs; lra.
Qed.

Lemma mass_upper part : mass part <= size part * exp B.
Proof.
unfold size. rewrite <- sum_counts. apply sum_le. intros j Hj. destruct (part j); [|lra].
apply exp_le. apply Rle_trans with (2 := scores j Hj). apply Rle_abs.
Qed.

Lemma mass_nonnegative part : 0 <= mass part.
Proof.
apply Rle_trans with (2 := mass_lower part). apply Rmult_le_pos; [apply pos_INR|].
left. apply exp_pos.
Qed.

Lemma total_bound part : Rabs (total part) <= V * mass part.
Proof.
apply Rle_trans with (1 := sum_abs _ _). unfold mass. rewrite <- sum_scaled. apply sum_le.
intros j Hj. destruct (part j); [|rewrite Rabs_R0; lra].
rewrite Rabs_mult, (Rabs_pos_eq (exp _)) by (left; apply exp_pos). rewrite Rmult_comm.
apply Rmult_le_compat_r; [left; apply exp_pos|now apply values].
Qed.

Lemma raised_total :
  sum (fun j => exp (s j + if allowed j then Omega else 0) * v j) l =
  exp Omega * total allowed + total masked.
Proof.
unfold total. rewrite <- sum_scaled, <- sum_plus. apply sum_ext. intros j _. unfold masked.
destruct (allowed j); simpl; rewrite exp_plus, ?exp_0; ring.
Qed.

Lemma raised_mass :
  sum (fun j => exp (s j + if allowed j then Omega else 0)) l = exp Omega * mass allowed + mass masked.
Proof.
unfold mass. rewrite <- sum_scaled, <- sum_plus. apply sum_ext. intros j _. unfold masked.
destruct (allowed j); simpl; rewrite exp_plus, ?exp_0; ring.
Qed.

Hypothesis some : 1 <= size allowed.

Lemma mass_positive : 0 < mass allowed.
Proof.
apply Rlt_le_trans with (2 := mass_lower allowed). apply Rmult_lt_0_compat; [lra|apply exp_pos].
Qed.

Let raised : R := exp Omega * mass allowed + mass masked.

Lemma raised_positive : 0 < raised.
Proof.
unfold raised. assert (K := mass_nonnegative masked).
assert (0 < exp Omega * mass allowed) by (apply Rmult_lt_0_compat; [apply exp_pos|exact mass_positive]).
lra.
Qed.

(** The difference of the averages is tau times one of means, which are at most 2V apart. *)
Lemma difference_bound :
  Rabs ((exp Omega * total allowed + total masked) / raised - total allowed / mass allowed)
    <= 2 * V * mass masked / raised.
Proof.
assert (A := mass_positive). assert (P := raised_positive). assert (M := mass_nonnegative masked).
replace ((exp Omega * total allowed + total masked) / raised - total allowed / mass allowed)
  with ((total masked * mass allowed - mass masked * total allowed) * / (raised * mass allowed))
  by (unfold raised in *; field; lra).
rewrite Rabs_mult, (Rabs_pos_eq (/ _)) by (left; apply Rinv_0_lt_compat; now apply Rmult_lt_0_compat).
replace (2 * V * mass masked / raised)
  with ((V * mass masked * mass allowed + mass masked * (V * mass allowed)) * / (raised * mass allowed))
  by (field; lra).
apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; now apply Rmult_lt_0_compat|].
apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp, !Rabs_mult.
rewrite (Rabs_pos_eq (mass allowed)), (Rabs_pos_eq (mass masked)) by lra.
apply Rplus_le_compat.
- apply Rmult_le_compat_r; [lra|apply total_bound].
- apply Rmult_le_compat_l; [lra|apply total_bound].
Qed.

(** A row without masked tokens has no error. *)
Lemma nothing_masked : size masked = 0 ->
  Rabs ((exp Omega * total allowed + total masked) / raised - total allowed / mass allowed) <= 0.
Proof.
intros E. apply Rle_trans with (1 := difference_bound).
assert (U := mass_upper masked). rewrite E in U. assert (L := mass_nonnegative masked).
replace (mass masked) with 0 by lra. unfold Rdiv. rewrite Rmult_0_r, Rmult_0_l. lra.
Qed.

Lemma far_values epsilon : 2 * V <= epsilon -> 0 <= V ->
  Rabs ((exp Omega * total allowed + total masked) / raised - total allowed / mass allowed) <= epsilon.
Proof.
intros E HV. apply Rle_trans with (1 := difference_bound). assert (P := raised_positive).
apply Rmult_le_reg_r with raised; [exact P|]. unfold Rdiv.
rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
assert (M := mass_nonnegative masked). assert (A := mass_positive).
assert (0 <= exp Omega * mass allowed) by (apply Rmult_le_pos; [left; apply exp_pos|lra]).
apply Rmult_le_compat; [lra|exact M|exact E|unfold raised; lra].
Qed.

Lemma small_weight epsilon ratio : 0 < epsilon -> epsilon < 2 * V ->
  size masked <= ratio * size allowed ->
  (2 * V - epsilon) / epsilon * ratio * exp (2 * B - Omega) <= 1 ->
  Rabs ((exp Omega * total allowed + total masked) / raised - total allowed / mass allowed) <= epsilon.
Proof.
intros E HV N H. apply Rle_trans with (1 := difference_bound). assert (P := raised_positive).
apply Rmult_le_reg_r with raised; [exact P|]. unfold Rdiv at 1.
rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. unfold raised.
enough ((2 * V - epsilon) * mass masked <= epsilon * (exp Omega * mass allowed)) by lra.
apply Rle_trans with ((2 * V - epsilon) * (ratio * size allowed * exp B)).
{ apply Rmult_le_compat_l; [lra|]. apply Rle_trans with (1 := mass_upper masked).
  apply Rmult_le_compat_r; [left; apply exp_pos|exact N]. }
apply Rle_trans with (epsilon * (exp Omega * (size allowed * exp (- B)))).
2: { apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [left; apply exp_pos|].
     apply mass_lower. }
assert (X : exp (2 * B - Omega) * (exp Omega * exp (- B)) = exp B)
  by (rewrite <- !exp_plus; f_equal; ring).
rewrite <- X. set (w := exp Omega * exp (- B)).
assert (0 < w) by (apply Rmult_lt_0_compat; apply exp_pos).
replace ((2 * V - epsilon) * (ratio * size allowed * (exp (2 * B - Omega) * w))) with
  ((2 * V - epsilon) / epsilon * ratio * exp (2 * B - Omega) * (epsilon * size allowed * w))
  by (field; lra).
replace (epsilon * (exp Omega * (size allowed * exp (- B)))) with (1 * (epsilon * size allowed * w))
  by (unfold w; ring).
apply Rmult_le_compat_r; [|exact H]. apply Rmult_le_pos; [apply Rmult_le_pos; lra|lra].
Qed.
End Row.

(** ** The rule *)

Arguments Qred : simpl never.
Arguments Qmult : simpl never.
Arguments Qdiv : simpl never.
Arguments Qminus : simpl never.

Module Mask_errors (I : IntervalOps).
Module E := Enclosures I.
Section Precision.
Variable p : I.F.precision.

Definition weight_ok (c : mask_claim) (ratio : Q) : bool :=
  let spread := ((2 # 1) * value_bound c)%Q in
  let factor := Qred ((spread - error c) / error c * ratio) in
  let exponent := Qred ((2 # 1) * score_bound c - omega c) in
  negb (at_most (error c) (0 # 1)) &&
  E.at_most p (E.mul p (E.of_Q p factor) (E.exp p (E.of_Q p exponent))) (E.of_Z p 1).

Definition mask_error_ok (c : mask_claim) : bool :=
  match fewest_allowed (pattern c) (tokens c) with
  | None => false
  | Some fewest =>
      at_most (0 # 1) (error c) &&
      (Z.eqb (tokens c) fewest || at_most ((2 # 1) * value_bound c) (error c) ||
       weight_ok c ((tokens c - fewest) # Z.to_pos fewest))
  end.

Lemma weight_sound c ratio : weight_ok c ratio = true ->
  0 < Q2R (error c) /\
  (2 * Q2R (value_bound c) - Q2R (error c)) / Q2R (error c) * Q2R ratio *
    Rtrigo_def.exp (2 * Q2R (score_bound c) - Q2R (omega c)) <= 1.
Proof.
unfold weight_ok. intros H. apply andb_prop in H. destruct H as [N H].
assert (Two : Q2R (2 # 1) = 2) by (unfold Q2R; simpl; lra).
assert (P : 0 < Q2R (error c)).
{ replace 0 with (Q2R (0 # 1)) by (unfold Q2R; simpl; lra). apply Qlt_Rlt.
  apply Qnot_le_lt. intros K. apply Qle_bool_iff in K. unfold at_most in N. now rewrite K in N. }
split; [exact P|].
assert (K := E.at_most_correct p _ _ _ _ H
  (E.mul_encloses p _ _ _ _ (E.of_Q_encloses p _) (E.exp_encloses p _ _ (E.of_Q_encloses p _)))
  (E.of_Z_encloses p 1)).
rewrite !(Qeq_eqR _ _ (Qred_correct _)) in K.
rewrite Q2R_mult, Q2R_div, !Q2R_minus, !Q2R_mult, Two in K; [exact K|].
intros Z. apply Qeq_eqR in Z. unfold Q2R in Z at 2. simpl in Z. lra.
Qed.

Theorem mask_error_sound c : mask_error_ok c = true -> mask_error c.
Proof.
unfold mask_error_ok, mask_error.
destruct (fewest_allowed (pattern c) (tokens c)) as [fewest|] eqn:F; [|easy].
intros H i s v Hi Hs Hv. apply andb_prop in H. destruct H as [H0 H].
destruct (fewest_allowed_sound _ _ _ _ F Hi) as [K N]. unfold allowed_count in N.
set (n := Z.to_nat (tokens c)) in *. set (allowed := allows (pattern c) i) in *.
assert (Hs' : forall j, In j (seq 0 n) -> Rabs (s j) <= Q2R (score_bound c))
  by (intros j Hj; apply in_seq in Hj; apply Hs; lia).
assert (Hv' : forall j, In j (seq 0 n) -> Rabs (v j) <= Q2R (value_bound c))
  by (intros j Hj; apply in_seq in Hj; apply Hv; lia).
assert (S : 1 <= INR (length (filter allowed (seq 0 n)))).
{ rewrite INR_IZR_INZ. apply IZR_le. lia. }
assert (C := filter_complement allowed (seq 0 n)). rewrite seq_length in C.
apply at_most_sound in H0. replace (Q2R (0 # 1)) with 0 in H0 by (unfold Q2R; simpl; lra).
assert (V0 : 0 <= Q2R (value_bound c)).
{ apply Rle_trans with (2 := Hv i Hi). apply Rabs_pos. }
assert (Two : Q2R (2 # 1) = 2) by (unfold Q2R; simpl; lra).
unfold raised_average, masked_average. rewrite raised_total, raised_mass.
apply orb_prop in H. destruct H as [H|H]; [apply orb_prop in H; destruct H as [H|H]|].
- apply Z.eqb_eq in H. apply Rle_trans with (2 := H0).
  apply (nothing_masked allowed s v (seq 0 n) _ _ _ Hs' Hv' S).
  assert (E : length (filter (fun j => negb (allowed j)) (seq 0 n)) = 0%nat) by lia.
  now rewrite E.
- apply at_most_sound in H. rewrite Q2R_mult, Two in H.
  exact (far_values allowed s v (seq 0 n) _ _ _ Hs' Hv' S _ H V0).
- destruct (weight_sound _ _ H) as [P W].
  destruct (Rle_lt_dec (2 * Q2R (value_bound c)) (Q2R (error c))) as [L|L].
  + exact (far_values allowed s v (seq 0 n) _ _ _ Hs' Hv' S _ L V0).
  + apply (small_weight allowed s v (seq 0 n) _ _ _ Hs' Hv' S _ _ P L) with (2 := W).
    unfold Q2R. cbn [Qnum Qden]. rewrite Z2Pos.id by lia.
    rewrite !INR_IZR_INZ.
    apply Rmult_le_reg_r with (IZR fewest); [apply IZR_lt; lia|].
    replace (IZR (tokens c - fewest) * / IZR fewest * _ * IZR fewest) with
      (IZR (tokens c - fewest) * IZR (Z.of_nat (length (filter allowed (seq 0 n)))))
      by (field; apply not_0_IZR; lia).
    rewrite <- !mult_IZR. apply IZR_le. nia.
Qed.

End Precision.
End Mask_errors.
