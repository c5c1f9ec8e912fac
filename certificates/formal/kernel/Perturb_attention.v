(** Rule perturb for attention whose heads are stored rounded. The stored heads are the
    construction's for other weights, so two attention sublayers are compared. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Instance Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift Attncert.kernel.Row_reach.
Require Import Attncert.kernel.Root Attncert.kernel.Perturb_bounds Attncert.kernel.Perturb_outputs.
Require Import Attncert.kernel.Perturb_head Attncert.kernel.Perturb_mlp.
Import ListNotations.
Open Scope R_scope.

(** ** What is claimed *)

(** The stored heads write what is within epsilon of what the construction's would for the
    original's weights (rule instance): the original's attention. *)
Definition attention_perturbation (d : nat) (a : attention) (h : token_heads) (box : option Q)
    (epsilon : Q) : Prop :=
  forall s, of_width d s -> Forall (in_inputs box) s -> exists v,
    token_heads_output d h (augmented d s) = padded d v /\
    close (Q2R epsilon) (attention_output a s) v.

Definition stored_attention (d : nat) (a : attention) (h : token_heads) : attention :=
  let rows := stored_map (fun x => x) d in
  Attention (attention_norm a) (attention_shape a) (rows (token_query h)) (rows (token_key h))
            (rows (token_value h)) (stored_outputs d (token_output h) (token_bias h)).

(** ** The check *)

Definition attention_bounds (d : nat) (a : attention) (h : token_heads) (box : option Q)
    : option (tensor1 * tensor1) :=
  let other := stored_attention d a h in
  let n := attention_norm a in
  bind (row_ranges d n box (query_map a)) (fun q =>
  bind (row_moves d n box (query_map other) (query_map a)) (fun dq =>
  bind (row_ranges d n box (key_map a)) (fun k =>
  bind (row_moves d n box (key_map other) (key_map a)) (fun dk =>
  bind (row_ranges d n box (value_map a)) (fun v =>
  bind (row_moves d n box (value_map other) (value_map a)) (fun dv =>
  let shape := attention_shape a in
  Some (all_heads shape (head_moves shape (reach_list q) dq (reach_list k) dk dv v),
        all_heads shape (head_reaches shape dv v)))))))).

Definition attention_perturb_ok (d : nat) (a : attention) (h : token_heads) (box : option Q)
    (epsilon : Q) : bool :=
  let other := stored_attention d a h in
  let shape := attention_shape a in
  let own := (n_head shape * d_head shape)%nat in
  let shared := (n_kv_head shape * d_head shape)%nat in
  turns_pairs shape && epsilon_ok (attention_norm a) &&
  Bool.eqb (is_some (bias (attention_out a))) (is_some (token_bias h)) &&
  affine_shape own d (query_map a) && affine_shape shared d (key_map a) &&
  affine_shape shared d (value_map a) && affine_shape d own (attention_out a) &&
  attention_instance_ok d other h &&
  maps_near (query_map other) (query_map a) && maps_near (key_map other) (key_map a) &&
  maps_near (value_map other) (value_map a) &&
  all_fp64 (differences (weight (attention_out other)) (weight (attention_out a))) &&
  match attention_bounds d a h box with
  | None => false
  | Some (moved, reached) =>
      outputs_close moved reached epsilon (weight (attention_out a)) (weight (attention_out other))
                    (bias_of (attention_out a)) (bias_of (attention_out other))
  end.

(** ** All heads, and the sublayer *)

Lemma moves_app e u v e' u' v' : moves e u v -> moves e' u' v' ->
  moves (e ++ e') (u ++ u') (v ++ v').
Proof.
revert u v; induction e as [|a e IH]; intros u v M M'.
- destruct M as [L [K _]]. destruct u; [|easy]. now destruct v.
- destruct u as [|x u]; [now destruct M|]. destruct v as [|y v]; [now destruct M as [_ [M _]]|].
  apply moves_cons in M. simpl. apply moves_cons. split; [apply M|apply IH; tauto].
Qed.

Lemma bounded_app e v e' v' : bounded e v -> bounded e' v' -> bounded (e ++ e') (v ++ v').
Proof.
revert v; induction e as [|a e IH]; intros v M M'.
- destruct M as [L _]. now destruct v.
- destruct v as [|x v]; [now destruct M|].
  apply bounded_cons in M. simpl. apply bounded_cons. split; [apply M|apply IH; tauto].
Qed.

Lemma heads_moves (e : nat -> tensor1) (u v : nat -> vector) hs :
  (forall h, In h hs -> moves (e h) (u h) (v h)) ->
  moves (flat_map e hs) (flat_map u hs) (flat_map v hs).
Proof.
induction hs as [|h hs IH]; intros H; simpl; [apply moves_nil|].
apply moves_app; [apply H; now left|apply IH; intros; apply H; now right].
Qed.

Lemma heads_bounded (e : nat -> tensor1) (v : nat -> vector) hs :
  (forall h, In h hs -> bounded (e h) (v h)) -> bounded (flat_map e hs) (flat_map v hs).
Proof.
induction hs as [|h hs IH]; intros H; simpl; [apply bounded_nil|].
apply bounded_app; [apply H; now left|apply IH; intros; apply H; now right].
Qed.

Lemma ranges_length l (v : vector) : Forall2 near_middle l v -> length l = length v.
Proof. intros H. induction H as [|s x l v S H IH]; simpl; congruence. Qed.

Lemma nth_map_apply a ys j : (j < length ys)%nat ->
  nth j (map (apply a) ys) [] = apply a (nth j ys []).
Proof.
intros H. rewrite nth_indep with (d' := apply a []); [apply map_nth|now rewrite map_length].
Qed.

Theorem attention_perturb_sound d a h box epsilon :
  attention_perturb_ok d a h box epsilon = true -> attention_perturbation d a h box epsilon.
Proof.
unfold attention_perturb_ok. cbv zeta. set (other := stored_attention d a h). intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
destruct (attention_bounds d a h box) as [[moved reached]|] eqn:B; [|easy].
clear K0 K1 K2 K3. rename K into Close, K4 into Same, K5 into Out, K6 into Vshape, K7 into Kshape,
  K8 into Qshape, K10 into Epsilon, H into Pairs.
assert (I := attention_instance_sound _ _ _ Same).
unfold attention_instance_ok in Same. cbv zeta in Same.
repeat (apply andb_prop in Same; let K := fresh "K" in destruct Same as [Same K]).
rename K11 into Qshape', K10 into Kshape', K8 into Vshape', K7 into Out', K6 into Heads,
  Same into Shape.
apply Nat.ltb_lt in Heads. change (attention_shape other) with (attention_shape a) in *.
change (attention_norm other) with (attention_norm a) in *.
set (shape := attention_shape a) in *.
intros s Hs Hi. exists (attention_output other s). split; [now apply I|]. clear I.
unfold attention_output. change (attention_shape other) with shape.
change (attention_norm other) with (attention_norm a). fold shape.
set (ys := map (normalise (attention_norm a)) s).
unfold contexts. rewrite !map_length. unfold close.
unfold attention_bounds in B. cbv zeta in B. fold other shape in B.
destruct (row_ranges d (attention_norm a) box (query_map a)) as [q|] eqn:EQ; [|easy].
destruct (row_moves d (attention_norm a) box (query_map other) (query_map a)) as [dq|] eqn:EDQ;
  [|easy].
destruct (row_ranges d (attention_norm a) box (key_map a)) as [k|] eqn:EK; [|easy].
destruct (row_moves d (attention_norm a) box (key_map other) (key_map a)) as [dk|] eqn:EDK; [|easy].
destruct (row_ranges d (attention_norm a) box (value_map a)) as [v|] eqn:EV; [|easy].
destruct (row_moves d (attention_norm a) box (value_map other) (value_map a)) as [dv|] eqn:EDV;
  [|easy].
cbn [bind] in B. injection B as Bm Br.
assert (Rows : forall j, (j < length ys)%nat -> exists x,
  nth j ys [] = normalise (attention_norm a) x /\ length x = d /\ in_inputs box x).
{ intros j Hj. assert (Y : In (nth j ys []) ys) by now apply nth_In.
  unfold ys in Y at 2. apply in_map_iff in Y. destruct Y as [x [E Hx]]. exists x.
  unfold of_width in Hs. rewrite Forall_forall in Hs, Hi. auto. }
assert (Sum : forall i, (i < length ys)%nat ->
  moves moved
    (context shape (allows shape) (map (apply (query_map other)) ys)
       (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) i)
    (context shape (allows shape) (map (apply (query_map a)) ys)
       (map (apply (key_map a)) ys) (map (apply (value_map a)) ys) i) /\
  bounded reached
    (context shape (allows shape) (map (apply (query_map other)) ys)
       (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) i)).
{ intros i Hi'. rewrite <- Bm, <- Br. unfold all_heads, context.
  assert (One : forall hd, In hd (seq 0 (n_head shape)) ->
    moves (head_moves shape (reach_list q) dq (reach_list k) dk dv v hd)
      (head_output shape (allows shape) (map (apply (query_map other)) ys)
         (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) hd i)
      (head_output shape (allows shape) (map (apply (query_map a)) ys)
         (map (apply (key_map a)) ys) (map (apply (value_map a)) ys) hd i) /\
    bounded (head_reaches shape dv v hd)
      (head_output shape (allows shape) (map (apply (query_map other)) ys)
         (map (apply (key_map other)) ys) (map (apply (value_map other)) ys) hd i)).
  { intros hd Hh. apply in_seq in Hh.
    destruct (Rows i Hi') as [x0 [_ [Lx0 Ix0]]].
    assert (ranges_q := row_ranges_sound d _ _ box _ _ x0 Shape Epsilon Qshape EQ Lx0 Ix0).
    assert (ranges_k := row_ranges_sound d _ _ box _ _ x0 Shape Epsilon Kshape EK Lx0 Ix0).
    assert (V0 := row_ranges_sound d _ _ box _ _ x0 Shape Epsilon Vshape EV Lx0 Ix0).
    assert (D0 := row_moves_sound d _ _ box _ _ _ x0 Shape Epsilon Vshape' Vshape EDV Lx0 Ix0).
    apply head_sound with (n := length ys); auto; try lia.
    - now rewrite !map_length.
    - intros j Hj. destruct (Rows j Hj) as [x [E [Lx Ix]]]. rewrite !nth_map_apply, E by exact Hj.
      split; [apply reach_list_sound; eapply row_ranges_sound; eauto|eapply row_moves_sound; eauto].
    - intros j Hj. destruct (Rows j Hj) as [x [E [Lx Ix]]]. rewrite !nth_map_apply, E by exact Hj.
      split; [apply reach_list_sound; eapply row_ranges_sound; eauto|eapply row_moves_sound; eauto].
    - intros j Hj. destruct (Rows j Hj) as [x [E [Lx Ix]]]. rewrite !nth_map_apply, E by exact Hj.
      split; [eapply row_ranges_sound; eauto|eapply row_moves_sound; eauto].
    - apply (eq_trans (eq_sym (proj1 (reach_list_sound _ _ ranges_q)))).
      now apply apply_length with d.
    - apply (eq_trans (eq_sym (proj1 (reach_list_sound _ _ ranges_k)))).
      now apply apply_length with d.
    - split.
      + rewrite (ranges_length _ _ V0). now apply apply_length with d.
      + destruct D0 as [_ [L _]]. rewrite <- L. now apply apply_length with d. }
  split; [apply heads_moves|apply heads_bounded]; intros hd Hh; now apply One. }
assert (Ls : length s = length ys) by (unfold ys; now rewrite map_length).
assert (Below : forall i, In i (seq 0 (length ys)) -> (i < length ys)%nat)
  by (intros i J; apply in_seq in J; lia).
revert Below. generalize (seq 0 (length ys)). intros l.
assert (Vl : forall m, affine_shape (n_kv_head shape * d_head shape) d m = true ->
  Forall (fun v => length v = (n_kv_head shape * d_head shape)%nat) (map (apply m) ys)).
{ intros m Hm. apply Forall_forall. intros u Hu. apply in_map_iff in Hu. destruct Hu as [y [<- _]].
  now apply apply_length with d. }
induction l as [|i l IH]; intros Below; simpl; constructor;
  [|apply IH; intros; apply Below; now right].
destruct (Sum i (Below i (or_introl eq_refl))) as [M R].
assert (Lc := context_length shape (allows shape) (map (apply (query_map a)) ys)
  (map (apply (key_map a)) ys) (map (apply (value_map a)) ys) i Heads
  ltac:(now rewrite !map_length) (Vl _ Vshape)).
apply affine_shape_sound in Out, Out'. destruct Out as [_ [W _]], Out' as [_ [W' _]].
apply (outputs_close_sound _ _ _ _ _ _ _ _ _ Close M R); rewrite Lc; assumption.
Qed.
