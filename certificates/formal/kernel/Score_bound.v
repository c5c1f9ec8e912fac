(** Rule spectral is sound: no score of two input rows, at any two positions, exceeds the bound. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_network Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Root Attncert.kernel.Spectral.
Require Import Attncert.kernel.Mask_weights.
Import ListNotations.
Open Scope R_scope.

Lemma head_slice_length outputs d m y start width : affine_shape outputs d m = true ->
  (start + width <= outputs)%nat -> length (slice start width (apply m y)) = width.
Proof. intros A L. apply slice_length. now rewrite (apply_length outputs d). Qed.

Theorem spectral_ok_sound d a box bound :
  spectral_ok d a box bound = true -> score_bound_holds d a box bound.
Proof.
unfold spectral_ok. set (n := attention_norm a). set (shape := attention_shape a). cbv zeta.
rewrite !andb_true_iff. intros [[[[[[[S E] T] G] Aq] Ak] B] H].
apply Nat.ltb_lt in G.
intros h x i y j Hh Lx Ix Ly Iy. fold shape in Hh.
rewrite forallb_forall in H. specialize (H h ltac:(apply in_seq; lia)).
destruct (nth h _ None) as [q|] eqn:Q in H; [|easy].
destruct (nth (group shape h) _ None) as [k|] eqn:K in H; [|now destruct (scale shape)].
unfold score_of_rows. fold shape n. cbv zeta.
assert (Fh : (h * d_head shape + d_head shape <= n_head shape * d_head shape)%nat) by nia.
assert (Fg := group_fits shape h G Hh).
assert (Gh : (group shape h < n_kv_head shape)%nat).
{ unfold group. apply Nat.div_lt_upper_bound; nia. }
apply score_within_sound with (1 := H) (2 := B); (rewrite turned_norm;
  [|exact T|eapply head_slice_length; eassumption]).
- exact (head_length_sound d n box _ _ _ h x q S E Aq Hh Q Lx Ix).
- exact (head_length_sound d n box _ _ _ (group shape h) y k S E Ak Gh K Ly Iy).
Qed.

Section Networks.
Variable o : original_network.

Definition spectral_rule_ok (name : string) (box : option Q) (bound : Q) : bool :=
  match named name (sublayers o) with
  | Some (Original_attention a) => spectral_ok (d_model o) a box bound
  | _ => false
  end.

Theorem spectral_sound name box bound :
  spectral_rule_ok name box bound = true -> score_bound o name box bound.
Proof.
unfold spectral_rule_ok, score_bound. destruct (named name (sublayers o)) as [[m|a|l]|]; try easy.
intros H. exists a. split; [reflexivity|now apply spectral_ok_sound].
Qed.
End Networks.
