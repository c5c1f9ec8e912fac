(** What an output map makes of moved inner values: rule perturb's last step. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Perturb_bounds.
Import ListNotations.
Open Scope R_scope.

(** sum_r |w_r| m_r + |w'_r - w_r| a_r + |b' - b|. *)
Definition output_move (moved reached : tensor1) (w w' : tensor1) (b b' : dyadic) : dyadic :=
  plus (plus (product (map magnitude w) moved)
             (product (map magnitude (difference1 w' w)) reached))
       (magnitude (minus b' b)).

Fixpoint outputs_close (moved reached : tensor1) (epsilon : Q) (w w' : tensor2) (b b' : tensor1)
    : bool :=
  match w, w', b, b' with
  | [], [], [], [] => true
  | u :: w, u' :: w', c :: b, c' :: b' =>
      Qle_bool (rational (output_move moved reached u u' c c')) epsilon &&
      outputs_close moved reached epsilon w w' b b'
  | _, _, _, _ => false
  end.

Lemma dot_moves e u v w : moves e u v -> length w = length e ->
  Rabs (dot (reals w) u - dot (reals w) v) <= real (product (map magnitude w) e).
Proof.
rewrite real_product.
revert u v w; induction e as [|a e IH]; intros u v [|c w] M L; try easy.
- unfold dot. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
- destruct u as [|x u]; [now destruct M|]. destruct v as [|y v]; [now destruct M as [_ [M _]]|].
  apply moves_cons in M. destruct M as [H M].
  cbn [reals List.map]. fold (reals w) (reals e) (reals (map magnitude w)).
  rewrite !dot_cons, real_magnitude.
  replace (real c * x + dot (reals w) u - (real c * y + dot (reals w) v))
    with (real c * (x - y) + (dot (reals w) u - dot (reals w) v)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
  apply Rplus_le_compat; [apply Rmult_le_compat_l; [apply Rabs_pos|exact H]|].
  apply IH; [exact M|simpl in L; lia].
Qed.

Lemma bounded_moves e v : bounded e v -> moves e v (repeat 0 (length v)).
Proof.
intros [L H]. split; [exact L|split; [now rewrite repeat_length|]]. intros k.
unfold entry at 2. rewrite nth_repeat, Rminus_0_r. apply H.
Qed.

Lemma dot_bounded e v w : bounded e v -> length w = length e ->
  Rabs (dot (reals w) v) <= real (product (map magnitude w) e).
Proof.
intros R L. assert (M := dot_moves e v _ w (bounded_moves e v R) L).
assert (Z : dot (reals w) (repeat 0 (length v)) = 0).
{ clear. generalize (length v). induction (reals w) as [|a l IH]; intros [|n]; try reflexivity.
  simpl repeat. rewrite dot_cons, IH. ring. }
now rewrite Z, Rminus_0_r in M.
Qed.

Theorem outputs_close_sound moved reached epsilon w w' b b' h h' :
  outputs_close moved reached epsilon w w' b b' = true ->
  moves moved h' h -> bounded reached h' ->
  Forall (fun v => length v = length h) w -> Forall (fun v => length v = length h) w' ->
  Forall2 (fun x y => Rabs (x - y) <= Q2R epsilon)
    (add (linear_part w h) (reals b)) (add (linear_part w' h') (reals b')).
Proof.
intros H M R. revert w' b b' H; induction w as [|u w IH]; intros [|u' w'] [|c b] [|c' b'] H W W';
  simpl in H; try easy; [constructor|].
apply andb_prop in H. destruct H as [H K]. inversion_clear W as [|? ? Hu Hw].
inversion_clear W' as [|? ? Hu' Hw']. unfold add. cbn [linear_part List.map reals zip].
constructor; [|now apply IH].
apply Qle_bool_R in H. rewrite real_rational in H. apply Rle_trans with (2 := H).
unfold output_move. rewrite !real_plus, real_magnitude, real_minus.
assert (L := M). destruct L as [L1 [L2 _]]. assert (L3 := R). destruct L3 as [L3 _].
assert (A := dot_moves moved h' h u M ltac:(congruence)).
assert (B := dot_bounded reached h' (difference1 u' u) R
  ltac:(unfold difference1; rewrite map_length, combine_length, Hu', Hu, Nat.min_id; congruence)).
unfold difference1 in B at 1. rewrite dot_difference in B by congruence.
replace (dot (reals u) h + real c - (dot (reals u') h' + real c'))
  with (- ((dot (reals u) h' - dot (reals u) h) + (dot (reals u') h' - dot (reals u) h')
           + (real c' - real c))) by ring.
rewrite Rabs_Ropp. apply Rle_trans with (1 := Rabs_triang _ _).
apply Rplus_le_compat_r, Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
