(** What the replayed certificates say, as theorems about real functions. *)
From Coq Require Import ZArith QArith Qreals Reals List Lra.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Scale.
Require Import Attncert.kernel.Rules Attncert.replay.Replay_kernel.
Require Import Attncert.theorems.Normal.
Require Attncert.replay.Relu_k4_steps Attncert.replay.Gelu_1702_steps.
Import ListNotations.
Open Scope R_scope.

(** A bound over all reals, as soon as the values of both programs are known. *)
Lemma everywhere f g epsilon x a b :
  sup_error (Pair f g) (Domain None None) epsilon ->
  value f x = Some a -> value g x = Some b -> Rabs (a - b) <= Q2R epsilon.
Proof.
intros H Ha Hb.
assert (Inside : inside (Domain None None) x) by (split; easy).
destruct (H x Inside) as [d [[a' [b' [Ha' [Hb' ->]]]] Bound]]. simpl in *.
rewrite Ha in Ha'. rewrite Hb in Hb'. now injection Ha' as <-; injection Hb' as <-.
Qed.

(** certificates/theorems/relu-k4 *)
Theorem relu_by_one_head x :
  Rabs (Rmax 0 x - x / (1 + exp (- (4 * x)))) <= 0.0696161356902685.
Proof.
assert (H := Check.check_derivation_sound _ _ _ Relu_k4_steps.accepted).
assert (K := everywhere _ _ _ x _ _ H (relu_value x) (silu_scaled_value _ x)).
unfold silu_R in K. unfold Q2R in K. simpl in K.
replace (4 * / 1) with 4 in K by lra. lra.
Qed.

Definition gelu_program : program :=
  [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0].

Lemma gelu_value x : value gelu_program x = Some (x * Phi x).
Proof.
unfold value, values, gelu_program. cbn -[sqrt_R div_R erfc Phi].
assert (Two : Q2R (2 # 1) = 2) by (unfold Q2R; simpl; lra). rewrite Two.
unfold sqrt_R, on1, on2, bind. cbn -[sqrt_R div_R erfc Phi].
destruct (Rle_dec 0 2) as [_|N]; [|lra]. cbn -[div_R erfc Phi].
assert (P : sqrt 2 <> 0) by (apply Rgt_not_eq, sqrt_lt_R0; lra).
unfold div_R. destruct (Req_EM_T (sqrt 2) 0) as [E|_]; [easy|]. cbn -[erfc Phi].
destruct (Req_EM_T 2 0) as [E|_]; [lra|]. cbn -[erfc Phi].
rewrite Phi_erfc. do 3 f_equal. unfold Rdiv. now rewrite Ropp_mult_distr_l.
Qed.

(** certificates/theorems/gelu-1.702 *)
Theorem gelu_by_one_head x :
  Rabs (x * Phi x - x / (1 + exp (- (1.702 * x)))) <= 0.0203348722092393.
Proof.
assert (H := Check.check_derivation_sound _ _ _ Gelu_1702_steps.accepted).
assert (K := everywhere gelu_program _ _ x _ _ H (gelu_value x) (silu_scaled_value _ x)).
unfold silu_R in K.
replace (Q2R (851 # 500)) with 1.702 in K by (unfold Q2R; simpl; lra).
apply Rle_trans with (1 := K). unfold Q2R. simpl. lra.
Qed.
