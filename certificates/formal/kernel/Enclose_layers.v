(** Enclosures of an original network's sublayers, from those of e^x and of activations. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Tensor_model Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_row.
Require Import Attncert.kernel.Enclose_norm Attncert.kernel.Enclose_attention.
Import ListNotations.
Open Scope R_scope.

(** What encloses e^x and the value of a program, which is defined where its enclosure is. *)
Record functions_fixed : Type := FunctionsFixed {
  exp_fixed : fixed -> option fixed; program_fixed : program -> fixed -> option fixed }.

Definition enclose_exp (f : fixed -> option fixed) : Prop :=
  forall a x b, near a x -> f a = Some b -> near b (exp x).

Definition enclose_program (f : program -> fixed -> option fixed) : Prop :=
  forall p a x b, near a x -> f p a = Some b -> exists v, value p x = Some v /\ near b v.

Definition sound_functions (f : functions_fixed) : Prop :=
  enclose_exp (exp_fixed f) /\ enclose_program (program_fixed f).

Section Layers.
Variable f : functions_fixed.
Hypothesis sound : sound_functions f.

Definition attention_fixed (a : attention) (s : list row) : option (list row) :=
  bind (normalised_rows (attention_norm a) s) (fun rows =>
  bind (contexts_fixed (exp_fixed f) (attention_shape a) (allows (attention_shape a))
          (affine_rows (query_map a) rows) (affine_rows (key_map a) rows)
          (affine_rows (value_map a) rows)) (fun mixed =>
  Some (affine_rows (attention_out a) mixed))).

Lemma near_attention a s t u : near_rows s t -> attention_fixed a s = Some u ->
  near_rows u (attention_output a t).
Proof.
unfold attention_fixed, attention_output. intros H.
destruct (normalised_rows _ s) as [rows|] eqn:N; [|easy]. simpl.
assert (R := near_normalised_rows _ _ _ _ H N).
destruct (contexts_fixed _ _ _ _ _ _) as [mixed|] eqn:C; [|easy]. simpl.
intros E. injection E as <-. apply near_affine.
apply (near_contexts _ (proj1 sound) _ _ _ _ _ _ _ _ _) with (4 := C); now apply near_affine.
Qed.

Definition linear_fixed (l : linear) (s : list row) : option (list row) :=
  bind (normalised_rows (linear_norm l) s) (fun rows => Some (affine_rows (linear_map l) rows)).

Lemma near_linear_layer l s t u : near_rows s t -> linear_fixed l s = Some u ->
  near_rows u (linear_output l t).
Proof.
unfold linear_fixed, linear_output. intros H.
destruct (normalised_rows _ s) as [rows|] eqn:N; [|easy]. simpl.
intros E. injection E as <-. rewrite <- map_map.
apply near_affine. exact (near_normalised_rows _ _ _ _ H N).
Qed.

(** The maps are the one that the activation is applied to, the inner and the outer one. *)
Definition mlp_row_fixed (m : mlp) (scores inners : row -> row) (outers : row -> row)
    (gain offset u : row) : option row :=
  bind (normalised_row (mlp_norm m) gain offset u) (fun v =>
  bind (map_option (program_fixed f (activation m)) (scores v)) (fun a =>
  Some (outers (match mlp_gate m with
                | None => a
                | Some _ => zip_fixed times_fixed a (inners v)
                end)))).

Definition mlp_fixed (m : mlp) (s : list row) : option (list row) :=
  let read a := affine_row (map align (weight a)) (map of_dyadic (bias_of a)) in
  let scores := read (score_map m) in
  let inners := read (inner m) in
  let outers := read (outer m) in
  let gain := map of_dyadic (norm_gain (mlp_norm m)) in
  let offset := map of_dyadic (offset_of (mlp_norm m)) in
  map_option (mlp_row_fixed m scores inners outers gain offset) s.

Lemma near_mlp m s t u : near_rows s t -> mlp_fixed m s = Some u ->
  exists v, mlp_output (value (activation m)) m t = Some v /\ near_rows u v.
Proof.
unfold mlp_fixed, mlp_output. cbv zeta. apply map_option_related. intros a x w H.
unfold mlp_row_fixed, mlp_row, hidden, preactivations.
destruct (normalised_row _ _ _ a) as [b|] eqn:N; [|easy]. simpl.
assert (B := near_normalised _ _ _ _ H N).
destruct (map_option _ _) as [l|] eqn:L; [|easy]. simpl. intros E. injection E as <-.
destruct (map_option_related near near (program_fixed f (activation m)) (value (activation m))
            _ _ _ (fun a x b => proj2 sound (activation m) a x b)
            (near_affine_row (score_map m) _ _ B) L) as [k [-> K]].
simpl. eexists. split; [reflexivity|]. apply near_affine_row.
destruct (mlp_gate m); [|exact K].
apply near_zip; [apply near_times|exact K|now apply near_affine_row].
Qed.

Definition original_fixed (l : original_layer) : list row -> option (list row) :=
  match l with
  | Original_mlp m => mlp_fixed m
  | Original_attention a => attention_fixed a
  | Original_linear l => linear_fixed l
  end.

Theorem near_original l s t u : near_rows s t -> original_fixed l s = Some u ->
  exists v, original_output l t = Some v /\ near_rows u v.
Proof.
intros H E. destruct l as [m|a|l]; simpl in *.
- exact (near_mlp _ _ _ _ H E).
- eexists. split; [reflexivity|]. exact (near_attention _ _ _ _ H E).
- eexists. split; [reflexivity|]. exact (near_linear_layer _ _ _ _ H E).
Qed.
End Layers.
