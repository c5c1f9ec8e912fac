(** The stored matrix of masks as weights: omega where a row may attend to another, 0 elsewhere; and
    the head of the output bias under such masks. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_raised.
Import ListNotations.
Open Scope R_scope.

(** ** The check *)

Fixpoint forall_from {A : Type} (f : nat -> A -> bool) (k : nat) (l : list A) : bool :=
  match l with [] => true | a :: l => f k a && forall_from f (S k) l end.

(** Positions are 0, ..., n, the last the bias token's. *)
Definition mask_matrix_ok (n : nat) (w : mask_weights) (allows : nat -> nat -> bool) : bool :=
  has_shape (S n) (S n) (mask_query w) &&
  forall_from (fun i =>
    forall_from (fun j a => Qeq_bool (rational a) (if allows i j then mask_omega w else 0%Q)) 0)
    0 (mask_query w).

Lemma forall_from_nth {A : Type} (f : nat -> A -> bool) k l i x : forall_from f k l = true ->
  (i < length l)%nat -> f (k + i)%nat (nth i l x) = true.
Proof.
revert k i; induction l as [|a l IH]; simpl; intros k i H L; [lia|].
apply andb_prop in H. destruct H as [H K]. destruct i as [|i]; [now rewrite Nat.add_0_r|].
replace (k + S i)%nat with (S k + i)%nat by lia. apply IH; [exact K|lia].
Qed.

Lemma mask_matrix_tokens n w allows : mask_matrix_ok n w allows = true -> mask_tokens w = n.
Proof.
unfold mask_matrix_ok, mask_tokens. intros H. apply andb_prop in H. destruct H as [H _].
apply has_shape_sound in H. rewrite (proj1 H). lia.
Qed.

Lemma mask_matrix_entry n w allows i j : mask_matrix_ok n w allows = true ->
  (i <= n)%nat -> (j <= n)%nat ->
  entry (reals (nth i (mask_query w) [])) j = raise (Q2R (mask_omega w)) (allows i j).
Proof.
unfold mask_matrix_ok. intros H Li Lj. apply andb_prop in H. destruct H as [S H].
apply has_shape_sound in S. destruct S as [R C]. rewrite Forall_forall in C.
assert (I : (i < length (mask_query w))%nat) by lia.
apply (forall_from_nth _ _ _ i []) in H; [|exact I]. simpl in H.
apply (forall_from_nth _ _ _ j zero) in H; [|rewrite C; [lia|now apply nth_In]]. simpl in H.
apply Qeq_bool_iff, Qeq_eqR in H. rewrite real_rational in H.
unfold entry, reals. rewrite <- real_zero, map_nth, H. unfold raise.
destruct (allows i j); [reflexivity|]. unfold Q2R. simpl. field.
Qed.

(** In a sequence of [last] real tokens, where the pattern says the same of rows as of positions. *)
Lemma mask_matrix_row n w (allows : nat -> nat -> nat -> bool) last i j :
  mask_matrix_ok n w (allows n) = true -> (last <= n)%nat -> (i <= last)%nat -> (j <= last)%nat ->
  (allows n (if Nat.eqb i last then n else i) (if Nat.eqb j last then n else j) =
   allows last i j) ->
  mask_entry w last i j = raise (Q2R (mask_omega w)) (allows last i j).
Proof.
intros H L Li Lj E. unfold mask_entry, mask_position. rewrite (mask_matrix_tokens _ _ _ H).
rewrite (mask_matrix_entry _ _ _ _ _ H), E; [reflexivity| |].
- destruct (Nat.eqb i last); lia.
- destruct (Nat.eqb j last); lia.
Qed.

Lemma attention_positions shape n last i j : (last <= n)%nat -> (i <= last)%nat ->
  (j <= last)%nat ->
  allows_apart shape n (if Nat.eqb i last then n else i) (if Nat.eqb j last then n else j) =
  allows_apart shape last i j.
Proof.
intros L Li Lj. unfold allows_apart.
destruct (Nat.eqb_spec i last) as [->|Ni].
- rewrite Nat.eqb_refl. destruct (Nat.eqb_spec j last) as [->|Nj]; [now rewrite Nat.eqb_refl|].
  destruct (Nat.eqb_spec j n); [lia|reflexivity].
- destruct (Nat.eqb_spec i n); [lia|]. destruct (Nat.eqb_spec j last) as [->|Nj].
  + now rewrite !Nat.ltb_irrefl.
  + destruct (Nat.ltb_spec j n), (Nat.ltb_spec j last); lia || reflexivity.
Qed.

Lemma neuron_positions n last i j : (last <= n)%nat -> (i <= last)%nat -> (j <= last)%nat ->
  neuron_allows n (if Nat.eqb i last then n else i) (if Nat.eqb j last then n else j) =
  neuron_allows last i j.
Proof.
intros L Li Lj. unfold neuron_allows.
destruct (Nat.eqb_spec i last) as [->|Ni], (Nat.eqb_spec j last) as [->|Nj];
  rewrite ?Nat.eqb_refl, ?orb_true_r; try reflexivity.
- destruct (Nat.eqb_spec j n); [lia|]. destruct (Nat.eqb_spec j last); [lia|reflexivity].
- destruct (Nat.eqb_spec j n); [lia|]. destruct (Nat.eqb_spec j i); reflexivity.
Qed.

(** ** Averages of rows that are raised alike are alike *)

Lemma raised_context_ext shape added added' queries keys values i :
  (forall j, (j < length queries)%nat -> added i j = added' i j) ->
  raised_context shape added queries keys values i =
  raised_context shape added' queries keys values i.
Proof.
intros E. unfold raised_context. apply flat_map_ext. intros h. unfold raised_head. f_equal.
apply map_ext_in. intros j Hj. apply in_seq in Hj. rewrite E by lia. reflexivity.
Qed.

Lemma raised_share_ext added added' values :
  (forall j, (j < length values)%nat -> added j = added' j) ->
  raised_share added values = raised_share added' values.
Proof.
intros E. unfold raised_share. f_equal. apply map_ext_in. intros j Hj. apply in_seq in Hj.
now rewrite E by lia.
Qed.

Lemma raised_neuron_ext added added' values gs against against' :
  (forall j, (j < length values)%nat -> added j = added' j) ->
  (forall g, In g gs -> against (snd g) = against' (snd g)) ->
  raised_neuron added values gs against = raised_neuron added' values gs against'.
Proof.
intros E A. unfold raised_neuron. f_equal. apply map_ext_in. intros g Hg. rewrite (A g Hg).
unfold raised_gate. f_equal. apply map_ext_in. intros j Hj. apply in_seq in Hj.
now rewrite E by lia.
Qed.

(** ** Output and bias *)

Lemma reals_or_zeros_length d b : length (or_zeros d b) = d -> length (reals (or_zeros d b)) = d.
Proof. now rewrite reals_length. Qed.

Lemma bias_output_padded d share b o : length (or_zeros d b) = d -> same_bias b o = true ->
  bias_output_row d share o = padded_row (times share (reals (or_zeros d b))).
Proof.
intros L. destruct b as [b|], o as [o|]; simpl; try easy; intros E.
- rewrite (same_vector_sound _ _ E), reals_app. unfold padded_row, times. rewrite map_app. simpl.
  rewrite real_zero. do 2 f_equal; [ring|f_equal; ring].
- rewrite repeat_padded, reals_zeros. f_equal. unfold times. clear.
  induction d as [|d IH]; simpl; [reflexivity|]. rewrite <- IH. f_equal. ring.
Qed.

Lemma add_padded u v : length u = length v ->
  add (padded_row u) (padded_row v) = padded_row (add u v).
Proof.
intros H. unfold padded_row. rewrite add_app by exact H. f_equal. unfold add. simpl.
f_equal; [ring|f_equal; ring].
Qed.

Lemma ones_augmented d ys : Forall (fun y => length y = d) ys ->
  map (ones d) (augmented d ys) = real_ones (length ys).
Proof.
intros H. unfold augmented, real_ones. rewrite map_app. simpl. rewrite ones_bias. f_equal.
induction H as [|y ys Hy H IH]; [reflexivity|]. simpl. now rewrite IH, ones_token.
Qed.

Lemma real_ones_length n : length (real_ones n) = S n.
Proof. unfold real_ones. rewrite app_length, repeat_length. simpl. lia. Qed.
