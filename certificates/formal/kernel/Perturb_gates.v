(** How far x S(x) moves where its gates read a rounded query and a rounded value: rule perturb for
    one neuron (docs/formulas.md#perturb). *)
From Coq Require Import ZArith QArith Qreals Qabs Qminmax Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.theorems.Softmax_moves Attncert.theorems.Gate_moves.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_tree.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift Attncert.kernel.Perturb_bounds.
Import ListNotations.
Open Scope R_scope.

(** ** A gate's numbers *)

Definition number_of (p : program) : option Q := match p with [Const q] => Some q | _ => None end.

(** |c|, the largest |b_k|, and |beta| where there is one score only. *)
Record gate_part : Type := GatePart { part_size : Q; part_slope : Q; part_shift : option Q }.

Definition larger (a b : Q) : Q := if Qle_bool a b then b else a.

Fixpoint largest_slope (scores : list (program * program)) : option Q :=
  match scores with
  | [] => Some 0%Q
  | s :: rest => bind (number_of (fst s)) (fun b => bind (largest_slope rest) (fun m =>
                   Some (larger (Qabs b) m)))
  end.

Definition only_shift (scores : list (program * program)) : option (option Q) :=
  match scores with
  | [s] => bind (number_of (snd s)) (fun b => Some (Some (Qabs b)))
  | _ => Some None
  end.

Definition part_of (g : neuron_gate) : option gate_part :=
  bind (number_of (coefficient g)) (fun c =>
  bind (largest_slope (bias_scores g)) (fun b =>
  bind (only_shift (bias_scores g)) (fun s => Some (GatePart (Qabs c) b s)))).

Definition parts_of : list neuron_gate -> option (list gate_part) := map_option part_of.

(** ** Bounds *)

Definition peak_bound : Q := 2238717 # 10000000.

Definition smaller (a b : Q) : Q := if Qle_bool a b then a else b.

(** |z| |S(q) - S(z)| of one gate, where |z| <= reach and |q - z| <= moved. *)
Definition part_change (reach moved : Q) (p : gate_part) : Q :=
  let f := (part_slope p * reach * (1 # 4))%Q in
  let f := match part_shift p with
           | None => f
           | Some b => smaller f (peak_bound + (b + part_slope p * moved) * (1 # 4))
           end in
  (part_size p * (moved * f))%Q.

Fixpoint sum_Q (l : list Q) : Q := match l with [] => 0%Q | q :: l => (q + sum_Q l)%Q end.

Definition size_of (ps : list gate_part) : Q := sum_Q (map part_size ps).

(** Of a neuron: reach of z, how far the query and the value move. *)
Definition neuron_move (ps : list gate_part) (z q u : dyadic) : dyadic :=
  round_up (rational u * size_of ps +
            sum_Q (map (part_change (rational z) (rational q)) ps)).
Definition neuron_reach (ps : list gate_part) (z u : dyadic) : dyadic :=
  round_up ((rational z + rational u) * size_of ps).

(** ** Soundness *)

Definition part_bounds (p : gate_part) (g : real_gate) : Prop :=
  Rabs (fst g) <= Q2R (part_size p) /\
  Forall (fun s => Rabs (fst s) <= Q2R (part_slope p)) (snd g) /\
  0 <= Q2R (part_slope p) /\
  forall b, part_shift p = Some b -> exists s, snd g = [s] /\ Rabs (snd s) <= Q2R b.

Lemma Q2R_0 : Q2R 0 = 0. Proof. unfold Q2R. simpl. field. Qed.

Lemma Q2R_abs q : Q2R (Qabs q) = Rabs (Q2R q).
Proof.
unfold Qabs, Q2R. destruct q as [n m]. simpl. rewrite Rabs_mult, abs_IZR. f_equal.
symmetry. apply Rabs_pos_eq, Rlt_le, Rinv_0_lt_compat. now apply IZR_lt.
Qed.

Lemma larger_sound a b : Q2R a <= Q2R (larger a b) /\ Q2R b <= Q2R (larger a b).
Proof.
unfold larger. destruct (Qle_bool a b) eqn:E; [apply Qle_bool_R in E; lra|].
split; [lra|]. apply Qle_Rle. destruct (Qlt_le_dec a b) as [L|L]; [|exact L].
apply Qlt_le_weak, Qle_bool_iff in L. congruence.
Qed.

Lemma number_of_constant p q : number_of p = Some q -> constant p = Some (Q2R q).
Proof.
destruct p as [|[] [|]]; simpl; try easy. intros E. injection E as <-. reflexivity.
Qed.

Lemma largest_slope_sound scores m ns : largest_slope scores = Some m ->
  map_option score_numbers scores = Some ns ->
  Forall (fun s => Rabs (fst s) <= Q2R m) ns /\ 0 <= Q2R m.
Proof.
revert m ns; induction scores as [|[b beta] rest IH]; simpl; intros m ns H N.
- injection N as <-. injection H as <-. rewrite Q2R_0. split; [constructor|lra].
- destruct (number_of b) as [q|] eqn:B; [|easy]. simpl in H.
  destruct (largest_slope rest) as [k|]; [|easy]. simpl in H. injection H as <-.
  unfold score_numbers at 1 in N. simpl in N. rewrite (number_of_constant _ _ B) in N. simpl in N.
  destruct (constant beta) as [t|]; [|easy]. simpl in N.
  destruct (map_option score_numbers rest) as [l|]; [|easy]. simpl in N. injection N as <-.
  destruct (IH k l eq_refl eq_refl) as [F P]. destruct (larger_sound (Qabs q) k) as [L1 L2].
  split; [|lra]. constructor; [simpl; now rewrite <- Q2R_abs|].
  apply Forall_impl with (2 := F). intros s Hs. lra.
Qed.

Lemma part_of_sound g p n : part_of g = Some p -> gate_numbers g = Some n -> part_bounds p n.
Proof.
unfold part_of, gate_numbers.
destruct (number_of (coefficient g)) as [c|] eqn:C; [|easy]. simpl.
destruct (largest_slope (bias_scores g)) as [m|] eqn:M; [|easy]. simpl.
destruct (only_shift (bias_scores g)) as [o|] eqn:O; [|easy]. simpl. intros E. injection E as <-.
rewrite (number_of_constant _ _ C). simpl.
destruct (map_option score_numbers (bias_scores g)) as [ns|] eqn:N; [|easy]. simpl.
intros E. injection E as <-. destruct (largest_slope_sound _ _ _ M N) as [F P].
split; [simpl; rewrite Q2R_abs; lra|split; [exact F|split; [exact P|]]].
intros b. simpl. intros ->. unfold only_shift in O.
destruct (bias_scores g) as [|[s1 s2] [|]]; try easy. simpl in O.
destruct (number_of s2) as [q|] eqn:Q; [|easy]. injection O as <-. simpl in N.
unfold score_numbers in N. simpl in N. rewrite (number_of_constant _ _ Q) in N.
destruct (constant s1) as [t|]; [|easy]. simpl in N. injection N as <-.
exists (t, Q2R q). split; [reflexivity|]. simpl. rewrite Q2R_abs. lra.
Qed.

Lemma against_bias_nonneg l x : 0 <= against_bias l x.
Proof.
unfold against_bias. induction l as [|s l IH]; simpl; [lra|].
generalize (exp_pos (- (fst s * x + snd s))). lra.
Qed.

Lemma against_bias_moves l m z q delta : Forall (fun s => Rabs (fst s) <= m) l ->
  Rabs (q - z) <= delta -> 0 <= m ->
  against_bias l q <= against_bias l z * exp (m * delta).
Proof.
intros F D M. unfold against_bias. induction F as [|s l H F IH]; simpl; [lra|].
rewrite Rmult_plus_distr_r. apply Rplus_le_compat; [|exact IH].
rewrite <- exp_plus. apply exp_monotone.
assert (K : Rabs (fst s * (q - z)) <= m * delta).
{ rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. }
unfold Rabs in K. destruct Rcase_abs in K; lra.
Qed.

Lemma gate_value_size p g x : part_bounds p g -> Rabs (gate_value g x) <= Q2R (part_size p).
Proof.
intros [H _]. apply Rle_trans with (2 := H). unfold gate_value, Rdiv. rewrite Rabs_mult.
assert (P := against_bias_nonneg (snd g) x). rewrite <- (Rmult_1_r (Rabs (fst g))) at 2.
apply Rmult_le_compat_l; [apply Rabs_pos|].
rewrite Rabs_pos_eq by (apply Rlt_le, Rinv_0_lt_compat; lra).
rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

Lemma smaller_cases a b (x : R) : x <= Q2R a -> x <= Q2R b -> x <= Q2R (smaller a b).
Proof. unfold smaller. now destruct (Qle_bool a b). Qed.

Lemma quarter : Q2R (1 # 4) = / 4. Proof. unfold Q2R. simpl. field. Qed.

Lemma part_change_sound p g z q reach moved : part_bounds p g ->
  Rabs z <= Q2R reach -> Rabs (q - z) <= Q2R moved ->
  Rabs z * Rabs (gate_value g q - gate_value g z) <= Q2R (part_change reach moved p).
Proof.
intros [C [F [M S]]] Z D.
set (delta := Q2R moved) in *. set (m := Q2R (part_slope p)) in *.
assert (D0 : 0 <= delta) by (generalize (Rabs_pos (q - z)); lra).
assert (Z0 := Rabs_pos z).
(* one weight *)
set (w := fun x => / (1 + against_bias (snd g) x)).
assert (A : Rabs z * Rabs (w q - w z) <= Q2R moved * (Q2R (part_slope p * reach * (1 # 4)))).
{ rewrite !Q2R_mult, quarter. fold delta m.
  assert (W : Rabs (w q - w z) <= m * delta / 4).
  { unfold w. destruct (snd g) as [|s l].
    - unfold against_bias. simpl. rewrite Rminus_diag_eq, Rabs_R0 by reflexivity.
      assert (0 <= m * delta) by now apply Rmult_le_pos. lra.
    - assert (P : forall x, 0 < against_bias (s :: l) x).
      { intros x. assert (N := against_bias_nonneg l x). unfold against_bias in *. simpl.
        generalize (exp_pos (- (fst s * x + snd s))). lra. }
      apply gates_move; auto; apply against_bias_moves with (1 := F); auto.
      now rewrite Rabs_minus_sym. }
  apply Rle_trans with (Q2R reach * (m * delta / 4)).
  - apply Rmult_le_compat; auto using Rabs_pos.
  - right. field. }
assert (B : Rabs z * Rabs (w q - w z) <= Q2R moved * Q2R
  match part_shift p with
  | None => part_slope p * reach * (1 # 4)
  | Some b => smaller (part_slope p * reach * (1 # 4))
                (peak_bound + (b + part_slope p * moved) * (1 # 4))
  end).
{ destruct (part_shift p) as [b|]; [|exact A]. unfold smaller.
  destruct (Qle_bool _ _); [exact A|]. destruct (S b eq_refl) as [s [E Hb]].
  rewrite Q2R_plus, Q2R_mult, Q2R_plus, Q2R_mult, quarter. fold delta m.
  assert (L : forall x, w x = logistic (fst s * x + snd s)).
  { intros x. unfold w, logistic. rewrite E. unfold against_bias. simpl. now rewrite Rplus_0_r. }
  rewrite !L. apply Rle_trans with (1 := logistic_moves (fst s) (snd s) z q delta D).
  apply Rmult_le_compat_l; [exact D0|].
  assert (K : Rabs (fst s) <= m) by (rewrite E in F; now inversion F).
  assert (Rabs (fst s) * delta <= m * delta) by (now apply Rmult_le_compat_r).
  assert (Q2R peak_bound = 0.2238717) by (unfold peak_bound, Q2R; simpl; lra). lra. }
unfold part_change. rewrite Q2R_mult, Q2R_mult.
replace (gate_value g q - gate_value g z) with (fst g * (w q - w z))
  by (unfold gate_value, w, Rdiv; ring).
rewrite Rabs_mult.
replace (Rabs z * (Rabs (fst g) * Rabs (w q - w z)))
  with (Rabs (fst g) * (Rabs z * Rabs (w q - w z))) by ring.
apply Rmult_le_compat; auto using Rabs_pos. apply Rmult_le_pos; auto using Rabs_pos.
Qed.

Lemma gate_sum_size ps gs x : Forall2 part_bounds ps gs -> Rabs (gate_sum gs x) <= Q2R (size_of ps).
Proof.
intros F. unfold gate_sum, size_of. induction F as [|p g ps gs H F IH]; simpl.
- rewrite Rabs_R0, Q2R_0. lra.
- rewrite Q2R_plus. apply Rle_trans with (1 := Rabs_triang _ _).
  apply Rplus_le_compat; [now apply gate_value_size|exact IH].
Qed.

Lemma gate_sum_change ps gs z q reach moved : Forall2 part_bounds ps gs ->
  Rabs z <= Q2R reach -> Rabs (q - z) <= Q2R moved ->
  Rabs z * Rabs (gate_sum gs q - gate_sum gs z) <=
  Q2R (sum_Q (map (part_change reach moved) ps)).
Proof.
intros F Z D. unfold gate_sum. induction F as [|p g ps gs H F IH]; simpl.
- rewrite Rminus_0_r, Rabs_R0, Q2R_0. lra.
- rewrite Q2R_plus.
  replace (gate_value g q + total (map (fun g => gate_value g q) gs) -
           (gate_value g z + total (map (fun g => gate_value g z) gs)))
    with ((gate_value g q - gate_value g z) + (total (map (fun g => gate_value g q) gs) -
           total (map (fun g => gate_value g z) gs))) by ring.
  apply Rle_trans with (Rabs z * (Rabs (gate_value g q - gate_value g z) +
    Rabs (total (map (fun g => gate_value g q) gs) - total (map (fun g => gate_value g z) gs)))).
  + apply Rmult_le_compat_l; [apply Rabs_pos|apply Rabs_triang].
  + rewrite Rmult_plus_distr_l. apply Rplus_le_compat; [now apply part_change_sound|exact IH].
Qed.

(** The construction computes z S(z), the stored heads u S(q). *)
Theorem neuron_moves ps gs z q u reach dq du : Forall2 part_bounds ps gs ->
  Rabs z <= real reach -> Rabs (q - z) <= real dq -> Rabs (u - z) <= real du ->
  Rabs (gate_sum gs q * u - z * gate_sum gs z) <= real (neuron_move ps reach dq du) /\
  Rabs (gate_sum gs q * u) <= real (neuron_reach ps reach du).
Proof.
intros F Z D U. assert (C := gate_sum_size ps gs q F). split.
- apply Rle_trans with (2 := real_round_up _). rewrite Q2R_plus, Q2R_mult, real_rational.
  replace (gate_sum gs q * u - z * gate_sum gs z)
    with ((u - z) * gate_sum gs q + z * (gate_sum gs q - gate_sum gs z)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult. apply Rplus_le_compat.
  + apply Rmult_le_compat; auto using Rabs_pos.
  + apply gate_sum_change; [exact F|now rewrite real_rational|now rewrite real_rational].
- apply Rle_trans with (2 := real_round_up _). rewrite Q2R_mult, Q2R_plus, !real_rational.
  rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat; auto using Rabs_pos.
  replace u with (z + (u - z)) by ring. apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
