(** Bounds of c0 + c1 t + e t^2 over -l <= t <= r, where e may depend on t
    (docs/formulas.md#taylor, quadratic bound). *)
From Coq Require Import ZArith QArith Qreals Reals Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Enclosure.
Open Scope R_scope.

(** ** Over the reals *)

Lemma convex_bound a q t h : 0 <= t <= h -> 0 <= q -> a * t + q * (t * t) <= Rmax 0 ((a + q * h) * h).
Proof.
intros H Q. destruct (Rle_dec 0 (a + q * h)) as [P|P].
- apply Rle_trans with ((a + q * h) * h); [|apply Rmax_r].
  assert (q * t <= q * h) by (apply Rmult_le_compat_l; lra).
  apply Rle_trans with ((a + q * h) * t).
  + replace (a * t + q * (t * t)) with ((a + q * t) * t) by ring. apply Rmult_le_compat_r; lra.
  + apply Rmult_le_compat_l; lra.
- apply Rle_trans with 0; [|apply Rmax_l].
  replace (a * t + q * (t * t)) with (- (- (a + q * t) * t)) by ring.
  assert (q * t <= q * h) by (apply Rmult_le_compat_l; lra).
  assert (0 <= - (a + q * t) * t) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma falling_bound a k t : 0 <= t -> 0 <= k -> a <= 0 -> a * t - k * (t * t) <= 0.
Proof.
intros T K A. assert (0 <= - a * t) by (apply Rmult_le_pos; lra).
assert (0 <= k * (t * t)) by (apply Rmult_le_pos; [lra|apply Rmult_le_pos; lra]). lra.
Qed.

Lemma rising_bound a k t h : 0 <= t <= h -> 0 <= k -> k * h + k * h <= a ->
  a * t - k * (t * t) <= (a - k * h) * h.
Proof.
intros T K A.
assert (k * t <= k * h) by (apply Rmult_le_compat_l; lra).
assert (0 <= (h - t) * (a - k * h - k * t)) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma vertex_bound a k t : 0 < k -> a * t - k * (t * t) <= a * a / (k + k + (k + k)).
Proof.
intros K. apply Rmult_le_reg_r with (k + k + (k + k)); [lra|].
replace (a * a / (k + k + (k + k)) * (k + k + (k + k))) with (a * a) by (field; lra).
generalize (Rle_0_sqr (a - 2 * k * t)). unfold Rsqr. lra.
Qed.

(** ** On enclosures *)

Module Quadratic (I : IntervalOps).
Module E := Enclosures I.

Section Precision.
Variable p : I.F.precision.

(** The upper end, as an enclosure. *)
Definition top (i : I.type) : I.type :=
  if I.upper_bounded i then I.singleton (I.upper i) else I.nai.

(** The upper end bounds a t + e t^2 for all 0 <= t <= h and all a, e, h in the intervals. *)
Definition quadratic_bound (a e h : I.type) : I.type :=
  let slope := top a in
  let width := top h in
  let curve := top e in
  if E.nonnegative curve then
    E.max p I.zero (E.mul p (E.add p slope (E.mul p curve width)) width)
  else
    let curve := E.neg curve in
    if E.positive curve then
      if E.nonnegative (E.neg slope) then I.zero else
      let drop := E.mul p curve width in
      if E.at_most p (E.add p drop drop) slope then E.mul p (E.sub p slope drop) width
      else let twice := E.add p curve curve in E.div p (E.mul p slope slope) (E.add p twice twice)
    else I.nai.

(** The upper end bounds c0 + c1 t + e t^2 for all - left <= t <= right. *)
Definition signed_bound (c0 c1 e left right : I.type) : I.type :=
  E.add p c0 (E.max p (quadratic_bound c1 e right) (quadratic_bound (E.neg c1) e left)).

Definition dominates (i : I.type) (v : R) : Prop := exists r, E.encloses i r /\ v <= r.

Lemma top_dominates i x : E.encloses i x -> dominates (top i) x.
Proof.
intros H. unfold top. destruct (I.upper_bounded i) eqn:U.
- exists (proj_val (I.F.convert (I.upper i))). split; [apply I.singleton_correct|].
  destruct (I.upper_bounded_correct i U) as [K B]. unfold E.encloses in H.
  rewrite (B (ex_intro _ (x) H)) in H.
  rewrite K in H. destruct H as [_ H]. exact H.
- exists x. split; [apply E.unknown_encloses|lra].
Qed.

Lemma zero_encloses : E.encloses I.zero 0.
Proof. unfold E.encloses. rewrite I.zero_correct. simpl. lra. Qed.

Lemma quadratic_bound_dominates a e h x y z t : E.encloses a x -> E.encloses e y ->
  E.encloses h z -> 0 <= t <= z -> dominates (quadratic_bound a e h) (x * t + y * (t * t)).
Proof.
intros Ha He Hh T.
destruct (top_dominates _ _ Ha) as [A [HA LA]], (top_dominates _ _ He) as [Q [HQ LQ]],
  (top_dominates _ _ Hh) as [W [HW LW]].
assert (L : x * t + y * (t * t) <= A * t + Q * (t * t)).
{ apply Rplus_le_compat; apply Rmult_le_compat_r; try lra. apply Rmult_le_pos; lra. }
assert (T' : 0 <= t <= W) by lra.
unfold quadratic_bound. destruct (E.nonnegative (top e)) eqn:C.
- exists (Rmax 0 ((A + Q * W) * W)). split.
  + apply E.max_encloses; [apply zero_encloses|].
    apply E.mul_encloses; [|exact HW]. apply E.add_encloses; [exact HA|]. now apply E.mul_encloses.
  + apply Rle_trans with (1 := L). apply convex_bound; [exact T'|].
    exact (E.nonnegative_correct _ _ C HQ).
- assert (HK := E.neg_encloses _ _ HQ).
  replace (A * t + Q * (t * t)) with (A * t - (- Q) * (t * t)) in L by ring.
  destruct (E.positive (E.neg (top e))) eqn:P.
  2:{ exists (x * t + y * (t * t)). split; [apply E.unknown_encloses|lra]. }
  assert (K := E.positive_correct _ _ P HK). set (k := - Q) in *.
  destruct (E.nonnegative (E.neg (top a))) eqn:N.
  { exists 0. split; [apply zero_encloses|]. apply Rle_trans with (1 := L).
    apply falling_bound; [lra|lra|].
    generalize (E.nonnegative_correct _ _ N (E.neg_encloses _ _ HA)). lra. }
  assert (HD : E.encloses (E.mul p (E.neg (top e)) (top h)) (k * W)) by now apply E.mul_encloses.
  destruct (E.at_most p _ _) eqn:M.
  + exists ((A - k * W) * W). split.
    * apply E.mul_encloses; [|exact HW]. now apply E.sub_encloses.
    * apply Rle_trans with (1 := L). apply rising_bound; [exact T'|lra|].
      apply (E.at_most_correct p _ _ _ _ M); [|exact HA]. now apply E.add_encloses.
  + exists (A * A / (k + k + (k + k))). split.
    * apply E.div_encloses; [now apply E.mul_encloses|]. repeat apply E.add_encloses; exact HK.
    * apply Rle_trans with (1 := L). now apply vertex_bound.
Qed.

Lemma max_dominates i j u v : dominates i u -> dominates j v -> dominates (E.max p i j) (Rmax u v).
Proof.
intros [r [Hr Lr]] [s [Hs Ls]]. exists (Rmax r s). split; [now apply E.max_encloses|].
unfold Rmax. repeat destruct Rle_dec; lra.
Qed.

Lemma add_dominates i j x v : E.encloses i x -> dominates j v -> dominates (E.add p i j) (x + v).
Proof. intros Hx [r [Hr L]]. exists (x + r). split; [now apply E.add_encloses|lra]. Qed.

Lemma dominates_le i u v : dominates i v -> u <= v -> dominates i u.
Proof. intros [r [Hr L]] H. exists r. split; [exact Hr|lra]. Qed.

Lemma signed_bound_dominates i0 i1 e left right c0 c1 y l r t :
  E.encloses i0 c0 -> E.encloses i1 c1 -> E.encloses e y ->
  E.encloses left l -> E.encloses right r -> 0 <= l -> 0 <= r -> - l <= t <= r ->
  dominates (signed_bound i0 i1 e left right) (c0 + c1 * t + y * (t * t)).
Proof.
intros H0 H1 He Hl Hr Pl Pr T. rewrite Rplus_assoc. apply add_dominates; [exact H0|].
destruct (Rle_dec 0 t) as [P|P].
- eapply dominates_le; [apply max_dominates|apply Rmax_l].
  + apply (quadratic_bound_dominates _ _ _ _ _ _ t H1 He Hr). lra.
  + apply (quadratic_bound_dominates _ _ _ _ _ _ 0 (E.neg_encloses _ _ H1) He Hl). lra.
- eapply dominates_le; [apply max_dominates|].
  + apply (quadratic_bound_dominates _ _ _ _ _ _ 0 H1 He Hr). lra.
  + apply (quadratic_bound_dominates _ _ _ _ _ _ (- t) (E.neg_encloses _ _ H1) He Hl). lra.
  + eapply Rle_trans; [|apply Rmax_r]. right. ring.
Qed.

Lemma dominates_at_most i v q : dominates i v -> E.at_most_Q p i q = true -> v <= Q2R q.
Proof. intros [r [Hr L]] H. assert (K := E.at_most_Q_correct p _ _ _ H Hr). lra. Qed.

End Precision.
End Quadratic.
