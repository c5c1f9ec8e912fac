(** Rules enclose, mean-value, taylor, well-defined: bounds on one bounded piece (docs/rules.md). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
From Attncert.kernel Require Import Term Judgement Enclosure Special_sig Branches Sequences
  Elementary_sequences Lagrange Series Series_sound Taylor Secants Slopes Quadratic.
Import ListNotations.
Open Scope R_scope.

(** ** Bounded domains *)

Definition ends (dom : domain) : option (Q * Q) :=
  match lower dom, upper dom with
  | Some a, Some b => Some (a, b)
  | _, _ => None
  end.

Lemma ends_inside dom a b x : ends dom = Some (a, b) -> inside dom x -> Q2R a <= x <= Q2R b.
Proof.
unfold ends. destruct dom as [[l|] [u|]]; simpl; try easy.
intros H [L U]. injection H as <- <-. split; [now apply L|now apply U].
Qed.

(** The ends of a piece that contains the centre. *)
Definition piece (dom : domain) (centre : Q) : option (Q * Q) :=
  bind (ends dom) (fun e =>
    if Qle_bool (fst e) centre && Qle_bool centre (snd e) then Some e else None).

Lemma Qle_bool_R a b : Qle_bool a b = true -> Q2R a <= Q2R b.
Proof. intros H. now apply Qle_Rle, Qle_bool_iff. Qed.

Lemma piece_correct dom m a b : piece dom m = Some (a, b) ->
  ends dom = Some (a, b) /\ Q2R a <= Q2R m <= Q2R b.
Proof.
unfold piece. destruct (ends dom) as [[l u]|]; simpl; [|easy].
destruct (Qle_bool l m) eqn:L; [|easy]. destruct (Qle_bool m u) eqn:U; [|easy].
intros H. injection H as <- <-. split; [easy|]. split; now apply Qle_bool_R.
Qed.

(** ** Horner's scheme *)

Definition horner {A : Type} (step : nat -> A -> A) (first count : nat) (last : A) : A :=
  fold_right step last (seq first count).

Lemma horner_polynomial u t j k r :
  polynomial (j + k) u t + r * t ^ (j + k)
  = polynomial j u t + t ^ j * horner (fun i e => u i + e * t) j k r.
Proof.
revert j. induction k as [|k IH]; intros j.
- rewrite Nat.add_0_r. unfold horner. simpl. ring.
- rewrite Nat.add_succ_r. change (S (j + k)) with (S j + k)%nat. rewrite IH.
  unfold horner. simpl. ring.
Qed.

Module Piece (I : IntervalOps) (Fn : Special I).
Module T := Taylor I Fn.
Module S := Slopes I Fn.
Module V := Quadratic I.
Module B := T.B.
Module E := T.E.

Section Precision.
Variable p : I.F.precision.

(** ** enclose and well-defined *)

Definition whole_values (q : pair) (dom : domain) : option (list I.type) :=
  bind (ends dom) (fun e => B.enclosures p (E.between p (fst e) (snd e)) (difference_of q)).

Definition enclose_ok (q : pair) (dom : domain) (epsilon : Q) : bool :=
  closed_pair q &&
  match whole_values q dom with
  | Some (d :: _) => E.at_most_Q p (E.abs d) epsilon
  | _ => false
  end.

Definition well_defined_ok (q : pair) (dom : domain) : bool :=
  closed_pair q && match whole_values q dom with Some (_ :: _) => true | _ => false end.

Lemma whole_values_sound q dom i is x : closed_pair q = true ->
  whole_values q dom = Some (i :: is) -> inside dom x -> exists d, differ q x d /\ E.encloses i d.
Proof.
intros C H Hx. unfold whole_values in H.
destruct (ends dom) as [[a b]|] eqn:D; simpl in H; [|easy].
assert (W := E.between_encloses p _ _ _ (ends_inside _ _ _ _ D Hx)).
destruct (B.enclosures_sound p _ _ _ x W H) as [vs [R F]].
inversion F as [|i' d is' vs' Hd F']; subst. exists d. split; [|exact Hd].
exact (differ_of_run q x _ d C R eq_refl).
Qed.

Theorem enclose_sound q dom epsilon :
  enclose_ok q dom epsilon = true -> sup_error q dom epsilon.
Proof.
intros H x Hx. apply andb_prop in H. destruct H as [C H].
destruct (whole_values q dom) as [[|i is]|] eqn:W; [easy| |easy].
destruct (whole_values_sound q dom i is x C W Hx) as [d [D K]]. exists d. split; [exact D|].
exact (E.at_most_Q_correct p _ _ _ H (E.abs_encloses _ _ K)).
Qed.

Theorem well_defined_sound q dom : well_defined_ok q dom = true -> well_defined q dom.
Proof.
intros H x Hx. apply andb_prop in H. destruct H as [C H].
destruct (whole_values q dom) as [[|i is]|] eqn:W; [easy| |easy].
destruct (whole_values_sound q dom i is x C W Hx) as [d [D _]]. now exists d.
Qed.

(** ** mean-value: |d(x)| <= |d(m)| + |s| |x - m| *)

Definition offsets (a b m : Q) : I.type := E.between p (a - m)%Q (b - m)%Q.

Lemma offsets_encloses a b m x : Q2R a <= x <= Q2R b -> E.encloses (offsets a b m) (x - Q2R m).
Proof. intros H. apply E.between_encloses. rewrite !Q2R_minus. lra. Qed.

Definition mean_value_ok (centre : Q) (q : pair) (dom : domain) (epsilon : Q) : bool :=
  closed_pair q &&
  match piece dom centre with
  | None => false
  | Some (a, b) =>
    match run (S.slope_step p (E.between p a b) (E.of_Q p centre)) (difference_of q) [] with
    | Some ((_, slope, value) :: _) =>
      E.at_most_Q p (E.add p (E.abs value) (E.mul p (E.abs slope) (E.abs (offsets a b centre)))) epsilon
    | _ => false
    end
  end.

Theorem mean_value_sound centre q dom epsilon :
  mean_value_ok centre q dom epsilon = true -> sup_error q dom epsilon.
Proof.
intros H x Hx. apply andb_prop in H. destruct H as [C H].
destruct (piece dom centre) as [[a b]|] eqn:P; [|easy].
apply piece_correct in P. destruct P as [P M]. assert (X := ends_inside _ _ _ _ P Hx).
destruct (run _ _ _) as [[|[[v slope] value] es]|] eqn:R; [easy| |easy].
destruct (S.slopes_sound p (Q2R a) (Q2R b) (Q2R centre) _ _
  (fun y => E.between_encloses p a b y) (E.of_Q_encloses p centre) M _ _ R) as [fs [F K]].
inversion F as [|e f es' fs' [[_ Hs] Hv] F']; subst.
exists (f x). split; [exact (differ_of_run q x _ _ C (K x X) eq_refl)|].
destruct (Hs x (Q2R centre) X M) as [s [Es D]].
apply Rle_trans with (Rabs (f (Q2R centre)) + Rabs s * Rabs (x - Q2R centre)).
- rewrite <- Rabs_mult, <- D. replace (f x) with (f (Q2R centre) + (f x - f (Q2R centre))) at 1 by ring.
  apply Rabs_triang.
- apply (E.at_most_Q_correct p _ _ _ H). apply E.add_encloses; [now apply E.abs_encloses|].
  apply E.mul_encloses; apply E.abs_encloses; [exact Es|now apply offsets_encloses].
Qed.

(** ** taylor: d(m + t) = c_0 + c_1 t + e t^2 *)

(** An enclosure of e = c_2 + c_3 t + ... + c_(order-1) t^(order-3) + c t^(order-2). *)
Definition curvature (order : nat) (c : T.T.series) (last t : I.type) : I.type :=
  horner (fun k e => E.add p (T.T.coefficient k c) (E.mul p e t)) 2 (order - 2) last.

Definition taylor_ok (order : nat) (centre : Q) (q : pair) (dom : domain) (epsilon : Q) : bool :=
  closed_pair q && Nat.leb 2 order && Nat.leb order 40 &&
  match piece dom centre with
  | None => false
  | Some (a, b) =>
    match run (T.expansion_step p order (E.between p a b) (E.of_Q p centre)) (difference_of q) [] with
    | Some ((over, c) :: _) =>
      let e := curvature order c (T.T.coefficient order over) (offsets a b centre) in
      let left := E.of_Q p (centre - a)%Q in
      let right := E.of_Q p (b - centre)%Q in
      let c0 := T.T.coefficient 0 c in
      let c1 := T.T.coefficient 1 c in
      E.at_most_Q p (V.signed_bound p c0 c1 e left right) epsilon &&
      E.at_most_Q p (V.signed_bound p (E.neg c0) (E.neg c1) (E.neg e) left right) epsilon
    | _ => false
    end
  end.

Lemma curvature_encloses order c u last r i t : (2 <= order)%nat ->
  (forall k, (k < order)%nat -> E.encloses (T.T.coefficient k c) (u k)) ->
  E.encloses last r -> E.encloses i t ->
  E.encloses (curvature order c last i) (horner (fun k e => u k + e * t) 2 (order - 2) r).
Proof.
intros O C Hr Ht. unfold curvature, horner.
assert (K : forall k, In k (seq 2 (order - 2)) -> (k < order)%nat).
{ intros k Hk. apply in_seq in Hk. lia. }
induction (seq 2 (order - 2)) as [|k ks IH]; simpl; [exact Hr|].
apply E.add_encloses; [apply C, K; now left|]. apply E.mul_encloses; [|exact Ht].
apply IH. intros j Hj. apply K. now right.
Qed.

Lemma taylor_quadratic order F a b m x : (2 <= order)%nat ->
  (forall y, a <= y <= b -> taylor F y) -> a <= m <= b -> a <= x <= b ->
  exists xi, a <= xi <= b /\
  let t := x - m in
  F O x = F O m + F 1%nat m * t
          + horner (fun k e => slice F m k + e * t) 2 (order - 2) (F order xi) * (t * t).
Proof.
intros L TF M X. destruct order as [|[|k]]; [lia|lia|].
destruct (lagrange F a b m x (S k) TF M X) as [xi [Hxi E]]. exists xi. split; [exact Hxi|].
cbv zeta. rewrite E. replace (S (S k) - 2)%nat with k by lia.
transitivity (polynomial 2 (slice F m) (x - m)
  + (x - m) ^ 2 * horner (fun i e => slice F m i + e * (x - m)) 2 k (F (S (S k)) xi)).
- exact (horner_polynomial (slice F m) (x - m) 2 k (F (S (S k)) xi)).
- unfold slice. simpl polynomial. simpl pow. ring.
Qed.

Theorem taylor_sound order centre q dom epsilon :
  taylor_ok order centre q dom epsilon = true -> sup_error q dom epsilon.
Proof.
unfold taylor_ok. rewrite !andb_true_iff. intros [[[C L] _] H] x Hx.
apply Nat.leb_le in L.
destruct (piece dom centre) as [[a b]|] eqn:P; [|easy].
apply piece_correct in P. destruct P as [P M]. assert (X := ends_inside _ _ _ _ P Hx).
destruct (run _ _ _) as [[|[over c] es]|] eqn:R; [easy| |easy].
apply andb_prop in H. destruct H as [Above Below].
destruct (T.expansion_sound p order (Q2R a) (Q2R b) (Q2R centre) _ _
  (fun y => E.between_encloses p a b y) (E.of_Q_encloses p centre) M ltac:(lia) _ _ R) as [Fs [Rep K]].
inversion Rep as [|e F es' Fs' [Over At] Rep']; subst.
exists (F O x). split; [exact (differ_of_run q x _ _ C (K x X) eq_refl)|].
destruct (taylor_quadratic order F _ _ _ x L (fun y Hy => proj2 (Over y Hy)) M X) as [xi [Xi D]].
cbv zeta in D. set (t := x - Q2R centre) in *.
set (e := horner _ _ _ _) in D.
assert (He : E.encloses (curvature order c (T.T.coefficient order over) (offsets a b centre)) e).
{ apply curvature_encloses; [exact L|exact At| |now apply offsets_encloses].
  apply (proj1 (Over xi Xi)). lia. }
assert (H0 : E.encloses (T.T.coefficient 0 c) (F O (Q2R centre))) by (apply At; lia).
assert (H1 : E.encloses (T.T.coefficient 1 c) (F 1%nat (Q2R centre))) by (apply At; lia).
assert (Hl := E.of_Q_encloses p (centre - a)%Q). assert (Hr := E.of_Q_encloses p (b - centre)%Q).
rewrite Q2R_minus in Hl, Hr.
rewrite D. apply Rabs_le. split.
- assert (U := V.dominates_at_most p _ _ _ (V.signed_bound_dominates p _ _ _ _ _ _ _ _ _ _ t
    (E.neg_encloses _ _ H0) (E.neg_encloses _ _ H1) (E.neg_encloses _ _ He) Hl Hr
    ltac:(lra) ltac:(lra) ltac:(unfold t; lra)) Below). lra.
- exact (V.dominates_at_most p _ _ _ (V.signed_bound_dominates p _ _ _ _ _ _ _ _ _ _ t
    H0 H1 He Hl Hr ltac:(lra) ltac:(lra) ltac:(unfold t; lra)) Above).
Qed.

End Precision.
End Piece.
