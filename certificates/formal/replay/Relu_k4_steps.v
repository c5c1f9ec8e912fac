(** The steps of certificates/theorems/relu-k4/certificate.jsonl, written by scripts/replay.py. *)
From Coq Require Import ZArith QArith List.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Scale.
Require Import Attncert.kernel.Rules Attncert.replay.Replay_kernel.
Import ListNotations.

Definition functions (f g : program) : functions := Functions 1 (Pair f g).

Definition claim : judgement No_extension.other :=
  Sup_error (functions relu (silu_scaled (4 # 1)%Q)) (Domain None None) (139232271380537 # 2000000000000000)%Q.

Definition steps : list Check.step := [
  Check.Step 1 (Taylor 117 8 (23 # 64)%Q) []%positive []%positive
    (Sup_error (functions relu silu) (Domain (Some (0 # 1)%Q) (Some (23 # 32)%Q)) (139232271380537 # 500000000000000)%Q);
  Check.Step 2 (Taylor 117 8 (3196161356902684487773396847677108680509842709757 # 2500000000000000000000000000000000000000000000000)%Q) []%positive []%positive
    (Sup_error (functions relu silu) (Domain (Some (23 # 32)%Q) (Some (59 # 32)%Q)) (139232271380537 # 500000000000000)%Q);
  Check.Step 3 (Taylor 117 8 (131 # 64)%Q) []%positive []%positive
    (Sup_error (functions relu silu) (Domain (Some (59 # 32)%Q) (Some (9 # 4)%Q)) (139232271380537 # 500000000000000)%Q);
  Check.Step 4 (Tail 117) []%positive []%positive
    (Sup_error (functions relu silu) (Domain (Some (9 # 4)%Q) None) (139232271380537 # 500000000000000)%Q);
  Check.Step 5 Cover [1; 2; 3; 4]%positive []%positive
    (Sup_error (functions relu silu) (Domain (Some (0 # 1)%Q) None) (139232271380537 # 500000000000000)%Q);
  Check.Step 6 Even [5]%positive [5]%positive
    (Sup_error (functions relu silu) (Domain None (Some (0 # 1)%Q)) (139232271380537 # 500000000000000)%Q);
  Check.Step 7 Cover [6; 5]%positive []%positive
    (Sup_error (functions relu silu) (Domain None None) (139232271380537 # 500000000000000)%Q);
  Check.Step 8 Scaling [7]%positive []%positive
    (Sup_error (functions relu (silu_scaled (4 # 1)%Q)) (Domain None None) (139232271380537 # 2000000000000000)%Q)
].

Lemma accepted : Check.check_derivation steps 8 claim = true.
Proof. vm_compute. reflexivity. Qed.
