(** The steps of certificates/theorems/gelu-1.702/certificate.jsonl, written by scripts/replay.py. *)
From Coq Require Import ZArith QArith List.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Scale.
Require Import Attncert.kernel.Rules Attncert.replay.Replay_kernel.
Import ListNotations.

Definition functions (f g : program) : functions := Functions 1 (Pair f g).

Definition claim : judgement No_extension.other :=
  Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain None None) (203348722092393 # 10000000000000000)%Q.

Definition steps : list Check.step := [
  Check.Step 1 (Taylor 113 8 (179 # 1024)%Q) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (0 # 1)%Q) (Some (179 # 512)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 2 (Taylor 113 8 (537 # 1024)%Q) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (179 # 512)%Q) (Some (179 # 256)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 3 (Taylor 113 8 (537 # 512)%Q) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (179 # 256)%Q) (Some (179 # 128)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 4 (Taylor 113 8 (827 # 512)%Q) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (179 # 128)%Q) (Some (469 # 256)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 5 (Taylor 113 8 (454079547439322034909581443179102740417322989231 # 200000000000000000000000000000000000000000000000)%Q) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (469 # 256)%Q) (Some (693 # 256)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 6 (Taylor 113 8 (1499 # 512)%Q) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (693 # 256)%Q) (Some (403 # 128)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 7 (Taylor 113 8 (851 # 256)%Q) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (403 # 128)%Q) (Some (7 # 2)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 8 (Tail 113) []%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (7 # 2)%Q) None) (203348722092393 # 10000000000000000)%Q);
  Check.Step 9 Cover [1; 2; 3; 4; 5; 6; 7; 8]%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain (Some (0 # 1)%Q) None) (203348722092393 # 10000000000000000)%Q);
  Check.Step 10 Even [9]%positive [9]%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain None (Some (0 # 1)%Q)) (203348722092393 # 10000000000000000)%Q);
  Check.Step 11 Cover [10; 9]%positive []%positive
    (Sup_error (functions [Var; Const (2 # 1)%Q; Sqrt 0; Div 2 0; Neg 0; Term.Erfc 0; Div 0 4; Mul 6 0] (silu_scaled (851 # 500)%Q)) (Domain None None) (203348722092393 # 10000000000000000)%Q)
].

Lemma accepted : Check.check_derivation steps 11 claim = true.
Proof. vm_compute. reflexivity. Qed.
