(** Coefficients of gates, where they are written as numbers, and the sum of their magnitudes. *)
From Coq Require Import ZArith QArith Qreals Qabs Reals List Bool Lra.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor_tree Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Tensor_gates Attncert.kernel.Tensor_raised Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Instance Attncert.kernel.Row_reach.
Import ListNotations.
Open Scope R_scope.

Local Arguments Qred : simpl never.
Local Arguments Qplus : simpl never.

Definition written_number (p : program) : option Q :=
  match p with [Const q] => Some q | _ => None end.

Lemma written_number_sound p q : written_number p = Some q -> constant p = Some (Q2R q).
Proof.
destruct p as [|a [|]]; try easy; destruct a; try easy. intros H. injection H as ->. reflexivity.
Qed.

(** The sum of coefficients' magnitudes, where all are written as numbers. *)
Fixpoint coefficients (gs : list neuron_gate) : option Q :=
  match gs with
  | [] => Some 0%Q
  | g :: gs =>
      match written_number (coefficient g), coefficients gs with
      | Some q, Some sum => Some (Qred (Qabs q + sum))
      | _, _ => None
      end
  end.

Definition magnitudes (gs : list single_gate) : R := total (map (fun g => Rabs (fst g)) gs).

Lemma Q2R_abs q : Q2R (Qabs q) = Rabs (Q2R q).
Proof.
apply Qabs_case; intros H; apply Qle_Rle in H; rewrite Q2R_0 in H.
- now rewrite Rabs_pos_eq.
- rewrite Q2R_opp, Rabs_left1 by exact H. reflexivity.
Qed.

Lemma coefficients_sound gates numbers gs sum :
  gates_numbers gates = Some numbers -> single_gates numbers = Some gs ->
  coefficients gates = Some sum ->
  magnitudes gs = Q2R sum /\ numbers = map (fun g => (fst g, [snd g])) gs.
Proof.
unfold gates_numbers, single_gates, magnitudes.
revert numbers gs sum; induction gates as [|g gates IH]; intros numbers gs sum H S C.
- injection H as <-. injection S as <-. injection C as <-. split; [now rewrite Q2R_0|reflexivity].
- simpl in H, C. unfold gate_numbers in H at 1.
  destruct (written_number (coefficient g)) as [q|] eqn:K; [|easy].
  destruct (coefficients gates) as [rest|]; [|easy].
  injection C as <-. rewrite (written_number_sound _ _ K) in H. simpl in H.
  destruct (map_option score_numbers (bias_scores g)) as [scores|]; [|easy]. simpl in H.
  destruct (map_option gate_numbers gates) as [others|] eqn:M; [|easy]. injection H as <-.
  simpl in S. destruct scores as [|t [|]]; try easy. simpl in S.
  destruct (map_option as_single others) as [singles|] eqn:N; [|easy]. injection S as <-.
  destruct (IH _ _ _ eq_refl N eq_refl) as [I J]. split.
  + simpl. rewrite I, (Qeq_eqR _ _ (Qred_correct _)), Q2R_plus, Q2R_abs. reflexivity.
  + simpl. now rewrite J.
Qed.
