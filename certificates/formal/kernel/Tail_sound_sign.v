(** The sign of a tail form, the choice between two by it, and forms that grow without bound
    (docs/formulas.md#tail). *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Special_sig
  Attncert.kernel.Tail_polynomial Attncert.kernel.Tail_decay Attncert.kernel.Tail_line
  Attncert.kernel.Tail_form Attncert.kernel.Tail_sound_sum Attncert.kernel.Tail_sound_product
  Attncert.kernel.Tail_sound_function.
Import ListNotations.
Open Scope R_scope.

Module Signs (I : IntervalOps) (S : Special I).
Include Functions I S.

Section Half_line.
Variable p : I.F.precision.
Variable from : Q.
Local Notation A := (Q2R from).
Hypothesis A_pos : 0 < A.
Local Notation holds := (form_holds from).

Lemma Rabs_between x b : Rabs x <= b -> - b <= x <= b.
Proof. intros H. generalize (Rle_abs x) (Rle_abs (- x)). rewrite Rabs_Ropp. lra. Qed.

(** ** Signs *)

Lemma grows_from_positive_correct P loss F R : grows_from_positive p from P loss = true ->
  polynomial_holds P F -> bounded_holds from loss R -> forall x, A <= x -> 0 <= F x + R x.
Proof.
unfold grows_from_positive. destruct (minorant p from P) as [[slope o]|] eqn:M; [|easy].
intros H HF [B [HB K]] x Hx.
destruct (minorant_holds p from A_pos _ _ _ _ M HF) as [sl [off [Hsl [Ho [Psl L]]]]].
assert (C := N.at_most_correct p _ _ _ _ H HB (N.add_encloses p _ _ _ _
  (E.mul_encloses p _ _ _ _ Hsl (origin_encloses p from)) Ho)).
assert (sl * A <= sl * x) by (apply Rmult_le_compat_l; lra).
generalize (L x Hx) (Rabs_between _ _ (K x Hx)). lra.
Qed.

Theorem sign_correct a s u : sign p from a = Some s -> holds a u ->
  forall x, A <= x -> 0 <= sgn s * u x.
Proof.
destruct a as [P d|t P d]; simpl; intros E [F [R [HF [HR H]]]] x Hx;
  destruct (supremum p from d) as [loss|] eqn:Sup; try easy; simpl in E;
  assert (HB := supremum_holds p from A_pos _ _ _ Sup HR); rewrite (H x Hx).
- destruct (growth_of P) as [[c| |]|] eqn:Gr; try easy; simpl in E.
  + apply growth_constant in Gr. subst P. destruct (constant_inv _ _ HF) as [b [[Hb _] Eb]].
    rewrite (Eb x). destruct HB as [B [HB K]]. assert (KR := Rabs_between _ _ (K x Hx)).
    destruct (N.at_most p loss (enclosure c)) eqn:M1;
      [|destruct (N.at_most p loss (E.neg (enclosure c))) eqn:M2];
      try easy; injection E as <-; simpl.
    * generalize (N.at_most_correct p _ _ _ _ M1 HB Hb). lra.
    * generalize (N.at_most_correct p _ _ _ _ M2 HB (E.neg_encloses _ _ Hb)). lra.
  + destruct (grows_from_positive p from P loss) eqn:G; [|easy]. injection E as <-. simpl.
    generalize (grows_from_positive_correct _ _ _ _ G HF HB x Hx). lra.
  + destruct (grows_from_positive p from _ loss) eqn:G; [|easy]. injection E as <-. simpl.
    assert (HB' : bounded_holds from loss (fun x => - R x)).
    { destruct HB as [B [HB K]]. exists B. split; [exact HB|]. intros y Hy.
      rewrite Rabs_Ropp. auto. }
    generalize (grows_from_positive_correct _ _ _ _ G (neg_polynomial_holds _ _ HF) HB' x Hx). lra.
- destruct (N.less p loss (one p)) eqn:M; [|easy]. injection E as <-.
  destruct HB as [B [HB K]]. assert (KR := Rabs_between _ _ (K x Hx)).
  assert (LB := N.less_correct p _ _ _ _ M HB (one_encloses p)).
  rewrite <- Rmult_assoc, sgn_square, Rmult_1_l.
  apply Rmult_le_pos; [left; apply exp_pos|lra].
Qed.

Theorem choose_holds larger a b c u v : choose p from larger a b = Some c ->
  holds a u -> holds b v ->
  holds c (fun x => if larger then Rmax (u x) (v x) else Rmin (u x) (v x)).
Proof.
unfold choose, bind. destruct (add p from a (negate b)) as [gap|] eqn:G; [|easy].
destruct (sign p from gap) as [s|] eqn:Sg; [|easy]. intros E Hu Hv. injection E as <-.
assert (Hg := add_holds p from A_pos _ _ _ _ _ G Hu (negate_holds from _ _ Hv)).
assert (K := sign_correct _ _ _ Sg Hg). cbv beta in K.
destruct s, larger; simpl in *.
- apply form_ext with (2 := Hu). intros x Hx. specialize (K x Hx). rewrite Rmax_left; lra.
- apply form_ext with (2 := Hv). intros x Hx. specialize (K x Hx). rewrite Rmin_right; lra.
- apply form_ext with (2 := Hv). intros x Hx. specialize (K x Hx). rewrite Rmax_right; lra.
- apply form_ext with (2 := Hu). intros x Hx. specialize (K x Hx). rewrite Rmin_left; lra.
Qed.

(** ** Bounds, and growth without bound *)

(** c + R: |u| <= |c| + sup |R| *)
Definition bound_of (a : form) : option I.type :=
  match a with
  | Additive [c] d =>
    bind (supremum p from d) (fun loss =>
      let bound := N.add p (E.abs (enclosure c)) loss in
      if I.bounded bound then Some bound else None)
  | _ => None
  end.

Lemma bound_of_holds a i u : bound_of a = Some i -> holds a u -> bounded_holds from i u.
Proof.
destruct a as [[|c [|c' P]] d|]; try easy. simpl.
destruct (supremum p from d) as [loss|] eqn:Sup; [|easy]. simpl.
destruct (I.bounded _); [|easy]. intros E Hu. injection E as <-.
destruct (tending_inv _ _ _ _ Hu) as [b [R [[Hb _] [HR H]]]].
destruct (supremum_holds p from A_pos _ _ _ Sup HR) as [B [HB K]].
exists (Rabs b + B). split; [apply N.add_encloses; [now apply E.abs_encloses|exact HB]|].
intros x Hx. rewrite (H x Hx). apply Rle_trans with (1 := Rabs_triang _ _).
apply Rplus_le_compat_l. auto.
Qed.

(** |u| tends to infinity: a form that is not c + R, with a sign. *)
Definition diverges (a : form) : bool :=
  match sign p from a with
  | None => false
  | Some _ =>
    match a with
    | Additive P d => match growth_of P with Some Up | Some Down => true | _ => false end
    | Exponential _ P d => match growth_of P with Some Up => true | _ => false end
    end
  end.

Theorem diverges_correct a u : diverges a = true -> holds a u ->
  forall bound, exists x, A <= x /\ bound <= Rabs (u x).
Proof.
unfold diverges. destruct (sign p from a) as [s|] eqn:Sg; [|easy].
assert (Far : forall (F : R -> R), (forall b, exists X, forall x, X <= x -> b <= F x) ->
  forall b, exists x, A <= x /\ b <= F x).
{ intros F H b. destruct (H b) as [X HX]. exists (Rmax X A). split; [apply Rmax_r|].
  apply HX, Rmax_l. }
destruct a as [P d|t P d]; simpl in Sg; intros Gr [F [R [HF [HR H]]]] bound;
  destruct (supremum p from d) as [loss|] eqn:Sup; try easy; simpl in Sg;
  destruct (supremum_holds p from A_pos _ _ _ Sup HR) as [B [HB K]].
- destruct (growth_of P) as [[c| |]|] eqn:G; try easy.
  + destruct (Far F (growing_unbounded _ _ G HF) (bound + B)) as [x [Hx Lx]].
    exists x. split; [exact Hx|]. rewrite (H x Hx).
    generalize (Rle_abs (F x + R x)) (Rabs_between _ _ (K x Hx)). lra.
  + destruct (Far _ (falling_unbounded _ _ G HF) (bound + B)) as [x [Hx Lx]].
    exists x. split; [exact Hx|]. rewrite (H x Hx).
    generalize (Rle_abs (- (F x + R x))) (Rabs_between _ _ (K x Hx)). rewrite Rabs_Ropp. lra.
- destruct (growth_of P) as [[c| |]|] eqn:G; try easy.
  destruct (N.less p loss (one p)) eqn:M; [|easy].
  assert (LB := N.less_correct p _ _ _ _ M HB (one_encloses p)).
  destruct (Far F (growing_unbounded _ _ G HF) (bound / (1 - B))) as [x [Hx Lx]].
  exists x. split; [exact Hx|]. rewrite (H x Hx), Rabs_sgn_mult.
  assert (KR := Rabs_between _ _ (K x Hx)). assert (X := exp_pos (F x)).
  assert (X' := exp_ineq1_le (F x)).
  rewrite Rabs_mult, (Rabs_pos_eq (exp (F x))), (Rabs_pos_eq (1 + R x)) by lra.
  apply Rle_trans with (exp (F x) * (1 - B)); [|apply Rmult_le_compat_l; lra].
  apply Rle_trans with (bound / (1 - B) * (1 - B)); [apply Req_le; field; lra|].
  apply Rmult_le_compat_r; lra.
Qed.

End Half_line.
End Signs.
