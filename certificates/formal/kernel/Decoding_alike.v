(** What same-argmax says: both networks decode the same tokens after a prompt, each strictly the most
    likely one; and that greedy decoding, however ties are broken, is then the same. *)
From Coq Require Import ZArith Reals List Lia PeanoNat.
Require Import Attncert.theorems.Vector Attncert.theorems.Decoding.
Require Import Attncert.kernel.Tensor_network.
Import ListNotations.

Section Networks.
Variables (o : original_network) (c : converted_network).

(** Output t of the last row is strictly the largest, for both. *)
Definition next_token (tokens : list nat) (t : nat) : Prop :=
  exists s u, original_function o (Source_tokens tokens) = Some s /\
              converted_function c (Source_tokens tokens) = Some u /\
              strictly_largest (last s []) t /\ strictly_largest (last u []) t.

(** For n tokens, each appended in turn. *)
Fixpoint decoding_alike (tokens : list nat) (n : nat) : Prop :=
  match n with
  | O => True
  | S n => exists t, next_token tokens t /\ decoding_alike (tokens ++ [t]) n
  end.

(** ** Greedy decoding *)

Definition original_model : model := fun tokens =>
  match original_function o (Source_tokens tokens) with Some s => last s [] | None => [] end.
Definition converted_model : model := fun tokens =>
  match converted_function c (Source_tokens tokens) with Some s => last s [] | None => [] end.

Lemma strictly_largest_largest outputs t : strictly_largest outputs t -> largest outputs t.
Proof.
intros [L H]. split; [exact L|]. intros j Hj.
destruct (Nat.eq_dec j t) as [->|N]; [apply Rle_refl|]. now apply Rlt_le, H.
Qed.

Theorem decoding_alike_greedy tokens n : decoding_alike tokens n -> exists decoded,
  length decoded = n /\ greedy original_model tokens decoded /\
  greedy converted_model tokens decoded /\
  forall other, length other = n ->
    greedy original_model tokens other \/ greedy converted_model tokens other -> other = decoded.
Proof.
revert tokens; induction n as [|n IH]; simpl; intros tokens H.
- exists []. repeat split. intros [|t other] L _; easy.
- destruct H as [t [[s [u [Es [Eu [Hs Hu]]]]] H]].
  destruct (IH _ H) as [decoded [L [F [G U]]]].
  assert (Fs : original_model tokens = last s []) by (unfold original_model; now rewrite Es).
  assert (Gu : converted_model tokens = last u []) by (unfold converted_model; now rewrite Eu).
  exists (t :: decoded). simpl. rewrite Fs, Gu.
  split; [congruence|]. split; [split; [now apply strictly_largest_largest|exact F]|].
  split; [split; [now apply strictly_largest_largest|exact G]|].
  intros [|v other] Lo K; [easy|]. simpl in Lo, K. injection Lo as Lo.
  rewrite Fs, Gu in K. destruct K as [[K M]|[K M]].
  + assert (v = t) as -> by exact (strictly_largest_unique _ _ _ Hs K). f_equal. apply U; auto.
  + assert (v = t) as -> by exact (strictly_largest_unique _ _ _ Hu K). f_equal. apply U; auto.
Qed.

(** ** Many prompts *)

Variable prompts : list (list nat).
Open Scope Z_scope.

Definition prompt_alike (generate : Z) (i : Z) : Prop :=
  exists p, nth_error prompts (Z.to_nat i) = Some p /\ decoding_alike p (Z.to_nat generate).

(** Prompts first, ..., last - 1, but for some. *)
Definition argmax_shard (first last generate : Z) (except : list Z) : Prop :=
  0 <= first < last /\ last <= Z.of_nat (length prompts) /\ 1 <= generate /\
  forall i, first <= i < last -> ~ In i except -> prompt_alike generate i.

(** All prompts, but for some. *)
Definition same_argmax (count generate : Z) (except : list Z) : Prop :=
  count = Z.of_nat (length prompts) /\ 1 <= generate /\
  forall i, 0 <= i < count -> ~ In i except -> prompt_alike generate i.
End Networks.
