(** Enclosures of norms: mean, variance, one over a square root, gain and offset. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_row.
Import ListNotations.
Open Scope R_scope.

(** Divided by how many entries there are; no entries are refused. *)
Definition per_entry (u : row) (a : fixed) : option fixed :=
  match length u with O => None | S n => Some (divide_by (Pos.of_succ_nat n) a) end.

Lemma near_per_entry u x a t b : near_row u x -> near a t -> per_entry u a = Some b ->
  near b (t / size x).
Proof.
unfold per_entry, size. intros H A. rewrite (Forall2_lengths _ _ _ H).
destruct (length x) as [|n]; [easy|]. intros E. injection E as <-.
rewrite INR_IZR_INZ. now apply near_divide_by.
Qed.

Definition centred_row (u : row) : option row :=
  bind (per_entry u (total_fixed u)) (fun m => Some (map (fun a => minus_fixed a m) u)).

Lemma near_centred u x v : near_row u x -> centred_row u = Some v -> near_row v (centred x).
Proof.
unfold centred_row. intros H. destruct (per_entry u _) as [m|] eqn:E; [|easy].
intros K. injection K as <-. assert (M := near_per_entry _ _ _ _ _ H (near_total _ _ H) E).
apply Forall2_map with (1 := H). intros a s A. now apply near_minus.
Qed.

Definition rms_row (epsilon : Q) (u : row) : option row :=
  bind (per_entry u (dot_fixed u u)) (fun m =>
  bind (inverse_root (plus_fixed m (of_Q epsilon))) (fun r => Some (map (times_fixed r) u))).

Lemma near_rms epsilon u x v : near_row u x -> rms_row epsilon u = Some v ->
  near_row v (rms_normalised (Q2R epsilon) x).
Proof.
unfold rms_row. intros H. destruct (per_entry u _) as [m|] eqn:E; [|easy]. simpl.
destruct (inverse_root _) as [r|] eqn:F; [|easy]. intros K. injection K as <-.
assert (M := near_per_entry _ _ _ _ _ H (near_dot _ _ _ _ H H) E).
destruct (near_inverse_root _ _ _ F (near_plus _ _ _ _ M (near_of_Q epsilon))) as [_ R].
now apply near_times_row.
Qed.

(** ** Norms *)

Definition scaled_row (gain offset u : row) : row := add_row (zip_fixed times_fixed gain u) offset.

Lemma near_scaled n u y : near_row u y ->
  near_row (scaled_row (map of_dyadic (norm_gain n)) (map of_dyadic (offset_of n)) u) (scaled n y).
Proof.
intros H. apply near_add_row; [|apply near_reals].
apply near_zip; [apply near_times|apply near_reals|exact H].
Qed.

Definition normal_row (n : norm_layer) (u : row) : option row :=
  match kind n with
  | Layer_norm => bind (centred_row u) (rms_row (epsilon n))
  | Rms_norm => rms_row (epsilon n) u
  | Mean_norm => centred_row u
  | No_norm => Some u
  end.

Definition normalised_row (n : norm_layer) (gain offset u : row) : option row :=
  match kind n with
  | No_norm => Some u
  | _ => bind (normal_row n u) (fun v => Some (scaled_row gain offset v))
  end.

Lemma near_normalised n u x v : near_row u x ->
  normalised_row n (map of_dyadic (norm_gain n)) (map of_dyadic (offset_of n)) u = Some v ->
  near_row v (normalise n x).
Proof.
unfold normalised_row, normal_row, normalise. intros H E.
destruct (kind n); [| | |now injection E as <-].
- destruct (centred_row u) as [c|] eqn:C; [|easy]. simpl in E.
  destruct (rms_row (epsilon n) c) as [w|] eqn:W; [|easy]. injection E as <-.
  apply near_scaled. exact (near_rms _ _ _ _ (near_centred _ _ _ H C) W).
- destruct (rms_row (epsilon n) u) as [w|] eqn:W; [|easy]. injection E as <-.
  apply near_scaled. exact (near_rms _ _ _ _ H W).
- destruct (centred_row u) as [w|] eqn:W; [|easy]. injection E as <-.
  apply near_scaled. exact (near_centred _ _ _ H W).
Qed.

Definition normalised_rows (n : norm_layer) (s : list row) : option (list row) :=
  let gain := map of_dyadic (norm_gain n) in
  let offset := map of_dyadic (offset_of n) in
  map_option (normalised_row n gain offset) s.

Lemma near_normalised_rows n s t u : near_rows s t -> normalised_rows n s = Some u ->
  near_rows u (map (normalise n) t).
Proof. apply map_option_near. intros a b c H. now apply near_normalised. Qed.

(** On the augmented stream. *)
Definition normalised_heads_row (d : nat) (n : norm_layer) (gain offset u : row) : option row :=
  bind (normalised_row n gain offset (firstn d u)) (fun v =>
    Some (map (times_fixed (nth d u exactly_0)) v ++ skipn d u)).

Lemma near_normalised_heads d n u x v : near_row u x ->
  normalised_heads_row d n (map of_dyadic (norm_gain n)) (map of_dyadic (offset_of n)) u = Some v ->
  near_row v (normalise_row d n x).
Proof.
unfold normalised_heads_row. intros H.
destruct (normalised_row n _ _ (firstn d u)) as [w|] eqn:W; [|easy].
intros E. injection E as <-. apply Forall2_app.
- apply near_times_row; [now apply near_entry|].
  apply (near_normalised n (firstn d u)); [now apply Forall2_firstn|exact W].
- now apply Forall2_skipn.
Qed.

Definition normalised_heads (d : nat) (n : norm_layer) (s : list row) : option (list row) :=
  let gain := map of_dyadic (norm_gain n) in
  let offset := map of_dyadic (offset_of n) in
  map_option (normalised_heads_row d n gain offset) s.

Lemma near_normalised_heads_rows d n s t u : near_rows s t -> normalised_heads d n s = Some u ->
  near_rows u (map (normalise_row d n) t).
Proof. apply map_option_near. intros a b c H. now apply near_normalised_heads. Qed.
