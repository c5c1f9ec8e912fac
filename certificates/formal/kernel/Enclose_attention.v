(** Enclosures of attention, from those of queries, keys and values. Rotary positions are refused. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_row.
Require Import Attncert.kernel.Enclose_softmax.
Import ListNotations.
Open Scope R_scope.

Lemma Forall2_eq {A : Type} (l : list A) : Forall2 eq l l.
Proof. induction l; constructor; auto. Qed.

Definition scale_fixed (s : score_scale) : option fixed :=
  match s with
  | Unscaled => Some (of_integer 1)
  | Rsqrt n => inverse_root (of_integer (Zpos n))
  end.

Lemma near_scale s a : scale_fixed s = Some a -> near a (scale_factor s).
Proof.
destruct s as [|n]; simpl.
- intros E. injection E as <-. apply near_of_integer.
- intros E. exact (proj2 (near_inverse_root _ _ _ E (near_of_integer _))).
Qed.

Section Heads.
Variables (exp_fixed : fixed -> option fixed).
Hypothesis near_exp : forall a x b, near a x -> exp_fixed a = Some b -> near b (exp x).
Variables (shape : head_shape) (mask : nat -> nat -> bool).

Definition part_fixed (rows : list row) (i h : nat) : row :=
  firstn (d_head shape) (skipn (h * d_head shape) (nth i rows [])).

Definition score_fixed (c : fixed) (queries keys : list row) (h i j : nat) : fixed :=
  times_fixed c (dot_fixed (part_fixed queries i h) (part_fixed keys j (group shape h))).

Definition head_fixed (c : fixed) (queries keys values : list row) (i h : nat) : option row :=
  let js := filter (mask i) (seq 0 (length queries)) in
  average_row exp_fixed (d_head shape) (map (score_fixed c queries keys h i) js)
              (map (fun j => part_fixed values j (group shape h)) js).

Definition context_fixed (c : fixed) (queries keys values : list row) (i : nat) : option row :=
  bind (map_option (head_fixed c queries keys values i) (seq 0 (n_head shape)))
       (fun l => Some (concat l)).

Definition contexts_fixed (queries keys values : list row) : option (list row) :=
  match positions shape with
  | Some _ => None
  | None => bind (scale_fixed (scale shape)) (fun c =>
              map_option (context_fixed c queries keys values) (seq 0 (length queries)))
  end.

Lemma near_part rows ys i h : near_rows rows ys ->
  near_row (part_fixed rows i h) (part shape ys i h).
Proof.
intros H. unfold part_fixed, part, slice. apply Forall2_firstn, Forall2_skipn.
apply Forall2_nth; [exact H|constructor].
Qed.

Lemma near_concat l m : Forall2 near_row l m -> near_row (concat l) (concat m).
Proof. intros H. induction H; simpl; [constructor|now apply Forall2_app]. Qed.

Lemma near_contexts queries keys values qs ks vs r :
  near_rows queries qs -> near_rows keys ks -> near_rows values vs ->
  contexts_fixed queries keys values = Some r -> near_rows r (contexts shape mask qs ks vs).
Proof.
intros Q K V. unfold contexts_fixed, contexts.
destruct (positions shape) as [|] eqn:P; [easy|].
destruct (scale_fixed (scale shape)) as [c|] eqn:C; [|easy]. simpl.
assert (S := near_scale _ _ C). rewrite <- (Forall2_lengths _ _ _ Q).
apply map_option_near with eq; [|apply Forall2_eq].
intros i ? u <-. unfold context_fixed, context. rewrite flat_map_concat_map.
destruct (map_option _ _) as [l|] eqn:L; [|easy]. simpl. intros E. injection E as <-.
apply near_concat. revert L. apply map_option_near with eq; [|apply Forall2_eq].
intros h ? w <-. unfold head_fixed, head_output. rewrite <- (Forall2_lengths _ _ _ Q).
apply (near_average_row _ near_exp).
- rewrite map_map. apply Forall2_same_map. intros j _. cbn [fst]. unfold score_fixed, score.
  rewrite P. apply near_times; [exact S|]. apply near_dot; now apply near_part.
- rewrite map_map. apply Forall2_same_map. intros j _. now apply near_part.
Qed.
End Heads.
