(** Enclosures of averages by softmax. Scores are lowered by one number first, so that their
    exponentials are neither too large nor too small; that changes nothing. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_row.
Import ListNotations.
Open Scope R_scope.

(** ** Lowered scores *)

Definition lowered {A : Type} (t : R) (seen : list (R * A)) : vector :=
  map (fun p => exp (fst p - t)) seen.

Lemma exp_lowered x t : exp (x - t) = exp (- t) * exp x.
Proof. rewrite <- exp_plus. f_equal. ring. Qed.

Lemma total_lowered {A : Type} t (seen : list (R * A)) :
  total (lowered t seen) = exp (- t) * weight_total seen.
Proof.
unfold lowered, weight_total. induction seen as [|p seen IH]; simpl; [ring|].
rewrite IH, exp_lowered. ring.
Qed.

Lemma dot_lowered t seen : dot (lowered t seen) (map snd seen) =
  exp (- t) * total (map (fun p => exp (fst p) * snd p) seen).
Proof.
induction seen as [|p seen IH]; [unfold dot; simpl; ring|].
unfold lowered in *. simpl. rewrite dot_cons, IH, exp_lowered. ring.
Qed.

Lemma attend_lowered t seen : 0 < total (lowered t seen) ->
  attend seen = / total (lowered t seen) * dot (lowered t seen) (map snd seen).
Proof.
rewrite total_lowered, dot_lowered. intros P. assert (E := exp_pos (- t)). unfold attend.
assert (W : weight_total seen <> 0) by (intros W; rewrite W in P; lra). field. lra.
Qed.

Fixpoint weighted_total (width : nat) (ws : vector) (vs : list vector) : vector :=
  match ws, vs with
  | w :: ws, v :: vs => add (times w v) (weighted_total width ws vs)
  | _, _ => repeat 0 width
  end.

Lemma times_add k x y : times k (add x y) = add (times k x) (times k y).
Proof.
revert y; induction x as [|a x IH]; intros [|b y]; try reflexivity.
unfold times, add in *. simpl. rewrite IH. f_equal. ring.
Qed.

Lemma times_times k l x : times k (times l x) = times (k * l) x.
Proof. unfold times. rewrite map_map. apply map_ext. intros a. ring. Qed.

Lemma times_zeros k n : times k (repeat 0 n) = repeat 0 n.
Proof. unfold times. induction n as [|n IH]; simpl; [reflexivity|]. now rewrite IH, Rmult_0_r. Qed.

Lemma weighted_total_lowered width t seen :
  weighted_total width (lowered t seen) (map snd seen) =
  times (exp (- t)) (vector_total width (map (fun p => times (exp (fst p)) (snd p)) seen)).
Proof.
induction seen as [|p seen IH]; simpl; [now rewrite times_zeros|].
unfold lowered in IH. rewrite times_add, times_times, exp_lowered, <- IH. reflexivity.
Qed.

Lemma attend_vectors_lowered width t seen : 0 < total (lowered t seen) ->
  attend_vectors width seen =
  times (/ total (lowered t seen)) (weighted_total width (lowered t seen) (map snd seen)).
Proof.
rewrite weighted_total_lowered, times_times, total_lowered. intros P.
assert (E := exp_pos (- t)). unfold attend_vectors.
assert (W : weight_total seen <> 0) by (intros W; rewrite W in P; lra).
f_equal. field. lra.
Qed.

(** ** Enclosures *)

Section Exp.
Variable exp_fixed : fixed -> option fixed.
Hypothesis near_exp : forall a x b, near a x -> exp_fixed a = Some b -> near b (exp x).

Fixpoint greatest_middle (ss : row) : Z :=
  match ss with
  | [] => 0
  | [s] => middle s
  | s :: ss => Z.max (middle s) (greatest_middle ss)
  end.

(** Scores that are neither all negative nor large are left as they are. *)
Definition lowering (ss : row) : fixed :=
  let m := greatest_middle ss in
  if Z.leb 0 m && Z.leb m (middle (of_integer 64)) then exactly_0 else Fixed m 0.

Definition exp_lowered_fixed (c s : fixed) : option fixed :=
  let a := minus_fixed s c in
  if Z.eqb (middle a) 0 && Z.eqb (radius a) 0 then Some (of_integer 1) else exp_fixed a.

Definition softmax_weights (ss : row) : option row :=
  let c := lowering ss in map_option (exp_lowered_fixed c) ss.

Definition average_fixed (ss vs : row) : option fixed :=
  bind (softmax_weights ss) (fun ws =>
  bind (inverse (total_fixed ws)) (fun i => Some (times_fixed i (dot_fixed ws vs)))).

Fixpoint weighted_rows (width : nat) (ws : row) (vs : list row) : row :=
  match ws, vs with
  | w :: ws, v :: vs => add_row (map (times_fixed w) v) (weighted_rows width ws vs)
  | _, _ => repeat exactly_0 width
  end.

Definition average_row (width : nat) (ss : row) (vs : list row) : option row :=
  bind (softmax_weights ss) (fun ws =>
  bind (inverse (total_fixed ws)) (fun i =>
    Some (map (times_fixed i) (weighted_rows width ws vs)))).

Lemma near_middle c : near (Fixed c 0) (IZR c / units).
Proof.
unfold near. replace (IZR c / units * units) with (IZR c).
- apply bounds_about. lra.
- field. apply Rgt_not_eq, units_pos.
Qed.

Lemma near_lowering ss : exists t, near (lowering ss) t.
Proof.
unfold lowering. destruct (Z.leb _ _ && _); [exists 0; apply near_0|].
exists (IZR (greatest_middle ss) / units). apply near_middle.
Qed.

Lemma exactly_zero a x : Z.eqb (middle a) 0 && Z.eqb (radius a) 0 = true -> near a x -> x = 0.
Proof.
intros H. apply andb_prop in H. destruct H as [M R]. apply Z.eqb_eq in M, R.
destruct a as [m r]. simpl in M, R. subst m r. unfold near. intros K. apply about_bounds in K.
simpl in K. assert (P := units_pos). assert (E : x * units = 0) by lra.
apply Rmult_integral in E. destruct E; lra.
Qed.

Lemma near_weights {A : Type} ss (seen : list (R * A)) ws : near_row ss (map fst seen) ->
  softmax_weights ss = Some ws -> exists t, near_row ws (lowered t seen).
Proof.
unfold softmax_weights. destruct (near_lowering ss) as [t T]. intros H E. exists t.
unfold lowered. rewrite <- (map_map fst (fun x => exp (x - t))).
apply (map_option_near near near (exp_lowered_fixed (lowering ss))) with (2 := H) (3 := E).
intros a x b N. unfold exp_lowered_fixed. assert (M := near_minus _ _ _ _ N T).
destruct (Z.eqb _ 0 && Z.eqb _ 0) eqn:Z0; [|now apply near_exp].
intros K. injection K as <-. rewrite (exactly_zero _ _ Z0 M), exp_0. apply near_of_integer.
Qed.

Lemma near_average ss vs seen a : near_row ss (map fst seen) -> near_row vs (map snd seen) ->
  average_fixed ss vs = Some a -> near a (attend seen).
Proof.
unfold average_fixed. intros S V. destruct (softmax_weights ss) as [ws|] eqn:W; [|easy]. simpl.
destruct (inverse (total_fixed ws)) as [i|] eqn:I; [|easy]. intros E. injection E as <-.
destruct (near_weights _ _ _ S W) as [t T].
destruct (near_inverse _ _ _ I (near_total _ _ T)) as [P N].
rewrite (attend_lowered t) by exact P. apply near_times; [exact N|now apply near_dot].
Qed.

Lemma near_weighted_rows width ws x vs ys : near_row ws x -> near_rows vs ys ->
  near_row (weighted_rows width ws vs) (weighted_total width x ys).
Proof.
intros H. revert vs ys; induction H as [|a t ws x A H IH]; intros vs ys V; simpl.
- apply Forall2_repeat, near_0.
- destruct V as [|v y vs ys N V]; [apply Forall2_repeat, near_0|].
  apply near_add_row; [now apply near_times_row|now apply IH].
Qed.

Lemma near_average_row width ss vs seen u : near_row ss (map fst seen) ->
  near_rows vs (map snd seen) -> average_row width ss vs = Some u ->
  near_row u (attend_vectors width seen).
Proof.
unfold average_row. intros S V. destruct (softmax_weights ss) as [ws|] eqn:W; [|easy]. simpl.
destruct (inverse (total_fixed ws)) as [i|] eqn:I; [|easy]. intros E. injection E as <-.
destruct (near_weights _ _ _ S W) as [t T].
destruct (near_inverse _ _ _ I (near_total _ _ T)) as [P N].
rewrite (attend_vectors_lowered _ t) by exact P.
apply near_times_row; [exact N|now apply near_weighted_rows].
Qed.
End Exp.
