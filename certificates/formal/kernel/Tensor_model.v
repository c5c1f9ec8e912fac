(** Sublayers of an original model: stored numbers, and the real functions they stand for.

    A stream is a list of rows of the same width, one for each token. A sublayer maps a stream to
    what is added to it. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Import ListNotations.
Open Scope R_scope.

Definition stream : Type := list vector.

(** ** Partial functions, entry by entry *)

Fixpoint map_option {A B : Type} (f : A -> option B) (l : list A) : option (list B) :=
  match l with
  | [] => Some []
  | a :: l => bind (f a) (fun b => bind (map_option f l) (fun m => Some (b :: m)))
  end.

(** ** Affine maps *)

(** y = weight x + bias, weight of shape (outputs, inputs); an absent bias is 0. *)
Record affine : Type := Affine { weight : tensor2; bias : option tensor1 }.

Definition zeros (n : nat) : tensor1 := repeat zero n.
Definition or_zeros (n : nat) (v : option tensor1) : tensor1 :=
  match v with Some v => v | None => zeros n end.
Definition bias_of (a : affine) : tensor1 := or_zeros (length (weight a)) (bias a).

Definition linear_part (m : tensor2) (y : vector) : vector := map (fun w => dot (reals w) y) m.
Definition apply (a : affine) (y : vector) : vector :=
  add (linear_part (weight a) y) (reals (bias_of a)).

Definition affine_shape (outputs inputs : nat) (a : affine) : bool :=
  has_shape outputs inputs (weight a) && has_length outputs (bias_of a).

(** ** Norms *)

Inductive norm_kind : Type := Layer_norm | Rms_norm | Mean_norm | No_norm.

(** n(x) norm_gain + norm_offset, n as [kind] says; No_norm: x, without gain and offset. *)
Record norm_layer : Type := NormLayer {
  kind : norm_kind; epsilon : Q; norm_gain : tensor1; norm_offset : option tensor1 }.

Definition offset_of (n : norm_layer) : tensor1 := or_zeros (length (norm_gain n)) (norm_offset n).

Definition scaled (n : norm_layer) (y : vector) : vector :=
  add (entrywise (reals (norm_gain n)) y) (reals (offset_of n)).

Definition normalise (n : norm_layer) (x : vector) : vector :=
  match kind n with
  | Layer_norm => scaled n (layer_normalised (Q2R (epsilon n)) x)
  | Rms_norm => scaled n (rms_normalised (Q2R (epsilon n)) x)
  | Mean_norm => scaled n (centred x)
  | No_norm => x
  end.

Definition norm_shape (d : nat) (n : norm_layer) : bool :=
  match kind n with
  | No_norm => true
  | _ => has_length d (norm_gain n) && has_length d (offset_of n)
  end.

(** ** Sublayers *)

(** activation(norm(x) inner) outer; with a gate the hidden vector is
    activation(norm(x) gate) (norm(x) inner). *)
Record mlp : Type := Mlp {
  mlp_norm : norm_layer; activation : program;
  inner : affine; outer : affine; mlp_gate : option affine }.

(** norm(x) map. *)
Record linear : Type := Linear { linear_norm : norm_layer; linear_map : affine }.

Record attention : Type := Attention {
  attention_norm : norm_layer; attention_shape : head_shape;
  query_map : affine; key_map : affine; value_map : affine; attention_out : affine }.

(** The map whose outputs the activation is applied to. *)
Definition score_map (m : mlp) : affine := match mlp_gate m with Some g => g | None => inner m end.

Definition preactivations (m : mlp) (x : vector) : vector :=
  apply (score_map m) (normalise (mlp_norm m) x).

(** With any function in the place of the activation. *)
Definition hidden (f : R -> option R) (m : mlp) (x : vector) : option vector :=
  bind (map_option f (preactivations m x)) (fun a =>
    Some (match mlp_gate m with
          | None => a
          | Some _ => entrywise a (apply (inner m) (normalise (mlp_norm m) x))
          end)).

Definition mlp_row (f : R -> option R) (m : mlp) (x : vector) : option vector :=
  bind (hidden f m x) (fun h => Some (apply (outer m) h)).

Definition mlp_output (f : R -> option R) (m : mlp) : stream -> option stream :=
  map_option (mlp_row f m).

Definition linear_output (l : linear) : stream -> stream :=
  map (fun x => apply (linear_map l) (normalise (linear_norm l) x)).

Definition attention_output (a : attention) (s : stream) : stream :=
  let rows := map (normalise (attention_norm a)) s in
  let shape := attention_shape a in
  map (apply (attention_out a))
      (contexts shape (allows shape) (map (apply (query_map a)) rows) (map (apply (key_map a)) rows)
                (map (apply (value_map a)) rows)).

(** ** Lengths *)

Lemma affine_shape_sound outputs inputs a : affine_shape outputs inputs a = true ->
  length (weight a) = outputs /\ Forall (fun w => length w = inputs) (weight a) /\
  length (bias_of a) = outputs.
Proof.
unfold affine_shape. intros H. apply andb_prop in H. destruct H as [H K].
apply has_shape_sound in H. apply has_length_sound in K. tauto.
Qed.

Lemma apply_length outputs inputs a y :
  affine_shape outputs inputs a = true -> length (apply a y) = outputs.
Proof.
intros H. apply affine_shape_sound in H. destruct H as [H [_ K]].
unfold apply, linear_part, add. rewrite zip_length; rewrite map_length; [exact H|].
rewrite reals_length, K. exact H.
Qed.

Lemma scaled_length d n y : has_length d (norm_gain n) && has_length d (offset_of n) = true ->
  length y = d -> length (scaled n y) = d.
Proof.
intros H Hy. apply andb_prop in H. destruct H as [G O]. apply has_length_sound in G, O.
assert (E : length (entrywise (reals (norm_gain n)) y) = d).
{ unfold entrywise. rewrite zip_length; rewrite reals_length; congruence. }
unfold scaled, add. rewrite zip_length; [exact E|]. rewrite E, reals_length. congruence.
Qed.

Lemma normalise_length d n x : norm_shape d n = true -> length x = d -> length (normalise n x) = d.
Proof.
unfold norm_shape, normalise. intros H Hx.
destruct (kind n); [| | |exact Hx]; apply scaled_length; auto.
- now rewrite layer_length.
- now rewrite rms_length.
- unfold centred. now rewrite shift_length.
Qed.

Lemma reals_zeros n : reals (zeros n) = repeat 0 n.
Proof.
unfold reals, zeros. induction n as [|n IH]; [reflexivity|]. simpl. now rewrite IH, real_zero.
Qed.

Lemma map_option_length {A B : Type} (f : A -> option B) l m :
  map_option f l = Some m -> length m = length l.
Proof.
revert m; induction l as [|a l IH]; simpl; intros m H; [now injection H as <-|].
destruct (f a); [|easy]. destruct (map_option f l) as [k|]; [|easy].
injection H as <-. simpl. now rewrite (IH k eq_refl).
Qed.

Lemma map_option_some {A B : Type} (f : A -> option B) (g : A -> B) l :
  (forall a, In a l -> f a = Some (g a)) -> map_option f l = Some (map g l).
Proof.
induction l as [|a l IH]; intros H; [reflexivity|]. simpl.
rewrite (H a (or_introl eq_refl)), IH by (intros b Hb; apply H; now right). reflexivity.
Qed.

Lemma map_option_ext {A B : Type} (f g : A -> option B) l :
  (forall a, In a l -> f a = g a) -> map_option f l = map_option g l.
Proof.
induction l as [|a l IH]; intros H; [reflexivity|]. simpl.
rewrite (H a (or_introl eq_refl)), IH by (intros b Hb; apply H; now right). reflexivity.
Qed.
