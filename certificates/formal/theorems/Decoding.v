(** Greedy decoding: if at the prompt's end and after each of the original's next tokens one and the
    same output is strictly the largest for both models, both decode the same tokens.

    A model maps tokens to the outputs (logits) of the next token. How ties are broken is left open:
    every decoding whose tokens are among the largest outputs counts as greedy. *)
From Coq Require Import Reals List Lia Lra PeanoNat.
Import ListNotations.
Open Scope R_scope.

Definition model : Type := list nat -> list R.

(** Output i is one of the largest; is larger than every other. *)
Definition largest (outputs : list R) (i : nat) : Prop :=
  (i < length outputs)%nat /\
  forall j, (j < length outputs)%nat -> nth j outputs 0 <= nth i outputs 0.

Definition strictly_largest (outputs : list R) (i : nat) : Prop :=
  (i < length outputs)%nat /\
  forall j, (j < length outputs)%nat -> j <> i -> nth j outputs 0 < nth i outputs 0.

(** The tokens that follow the prompt. *)
Fixpoint greedy (f : model) (prompt decoded : list nat) : Prop :=
  match decoded with
  | [] => True
  | t :: rest => largest (f prompt) t /\ greedy f (prompt ++ [t]) rest
  end.

(** Teacher-forced agreement: both models read the prompt and the first i of the original's
    tokens. *)
Definition same_argmax (f g : model) (prompt decoded : list nat) : Prop :=
  forall i, (i < length decoded)%nat -> exists t,
    strictly_largest (f (prompt ++ firstn i decoded)) t /\
    strictly_largest (g (prompt ++ firstn i decoded)) t.

Lemma strictly_largest_unique outputs s t :
  strictly_largest outputs s -> largest outputs t -> t = s.
Proof.
intros [Hs S] [Ht L]. destruct (Nat.eq_dec t s) as [E|E]; [exact E|].
specialize (S t Ht E). specialize (L s Hs). lra.
Qed.

(** Every greedy decoding by g of as many tokens is the one by f. *)
Theorem greedy_equal f g prompt decoded other :
  same_argmax f g prompt decoded ->
  greedy f prompt decoded -> greedy g prompt other -> length other = length decoded ->
  other = decoded.
Proof.
revert prompt other. induction decoded as [|t rest IH]; intros prompt [|u other] S F G L;
  try easy; simpl in *.
destruct F as [Ft F], G as [Gu G].
destruct (S 0%nat (Nat.lt_0_succ _)) as [s [Sf Sg]]. simpl in Sf, Sg. rewrite app_nil_r in *.
rewrite (strictly_largest_unique _ _ _ Sf Ft) in *.
rewrite (strictly_largest_unique _ _ _ Sg Gu) in *.
f_equal. apply IH with (prompt ++ [s]); auto.
intros i Hi. destruct (S (Datatypes.S i) (proj1 (Nat.succ_lt_mono _ _) Hi)) as [v V]. exists v.
rewrite <- app_assoc. exact V.
Qed.

(** ** Decoding as a function: the first of the largest outputs *)

Fixpoint first_largest (outputs : list R) : nat :=
  match outputs with
  | [] => 0
  | a :: rest =>
      let i := first_largest rest in
      match rest with
      | [] => 0
      | _ => if Rle_dec (nth i rest 0) a then 0 else S i
      end
  end.

Fixpoint decode (f : model) (prompt : list nat) (n : nat) : list nat :=
  match n with
  | O => []
  | S n => let t := first_largest (f prompt) in t :: decode f (prompt ++ [t]) n
  end.

Lemma first_largest_correct outputs : outputs <> [] -> largest outputs (first_largest outputs).
Proof.
induction outputs as [|a rest IH]; [easy|intros _].
destruct rest as [|b rest].
- split; simpl; [lia|]. intros [|j] Hj; [lra|simpl in Hj; lia].
- specialize (IH ltac:(easy)). remember (b :: rest) as l eqn:E. destruct IH as [IH1 IH2].
  cbn [first_largest]. replace (match l with [] => _ | _ => _ end)
    with (if Rle_dec (nth (first_largest l) l 0) a then 0%nat else S (first_largest l))
      by now subst.
  destruct (Rle_dec _ a) as [H|H]; split; simpl; try lia; intros [|j] Hj; simpl in Hj; try lra.
  + apply Rle_trans with (2 := H), IH2. lia.
  + apply IH2. lia.
Qed.

Lemma decode_length f prompt n : length (decode f prompt n) = n.
Proof. revert prompt. induction n as [|n IH]; intros prompt; simpl; auto. Qed.

Lemma decode_greedy f prompt n : (forall tokens, f tokens <> []) ->
  greedy f prompt (decode f prompt n).
Proof.
intros N. revert prompt. induction n as [|n IH]; intros prompt; simpl; [easy|].
split; [apply first_largest_correct, N|apply IH].
Qed.

Theorem decode_equal f g prompt n :
  (forall tokens, f tokens <> []) -> (forall tokens, g tokens <> []) ->
  same_argmax f g prompt (decode f prompt n) -> decode g prompt n = decode f prompt n.
Proof.
intros Nf Ng S. apply greedy_equal with (1 := S); auto using decode_greedy.
now rewrite !decode_length.
Qed.
