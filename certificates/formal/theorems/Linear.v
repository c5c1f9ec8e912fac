(** T4: heads of mask {self} perform linear and affine maps of the rows. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** ** A head whose tokens attend to themselves alone *)

Section Linear.
Variables T D E : finType.

Definition self_mask : T -> pred T := fun t u => u == t.

(** The head of mask {self} with W_OV = M (W_V = I, W_O = M); its scores are 0. *)
Definition linear_head (M : matrix D E) : head T D E := {|
  score_dim := unit_finType;
  value_dim := D;
  mask := self_mask;
  scale := 1;
  W_Q := fun _ _ => 0;
  W_K := fun _ _ => 0;
  W_V := @identity D;
  W_O := M
|}.

Theorem linear_head_output M X : output (linear_head M) X = X *m M.
Proof.
by apply: matrix_eq => i k; rewrite output_self //= /W_OV -mulmA mulm_identity.
Qed.
End Linear.
Arguments linear_head {T D E} M.

(** ** Affine maps of the augmented stream *)

Section Affine.
Variables D E B : finType.

(** x M + b on real tokens, 0 on bias tokens: the rows of M, then b for [ones], then 0. *)
Definition affine (M : matrix D E) (b : row E) : matrix (coordinates D B) (coordinates E B) :=
  fun c => match c with
           | inl j => pad_row B (M j)
           | ones => pad_row B b
           | bias _ => fun _ => 0
           end.

(** What keeps [ones] and [bias] where there is no residual stream. *)
Definition carry : matrix (coordinates D B) (coordinates E B) := fun c =>
  match c with
  | inl _ => fun _ => 0
  | inr o => fun c' => match c' with inl _ => 0 | inr o' => indicator (o == o') end
  end.

Lemma augment_affine (T : finType) (X : matrix T D) M b :
  augment B X *m affine M b = pad B (add_row (X *m M) b).
Proof.
apply: matrix_eq => t k; rewrite /mulm -/(dot (augment B X t) (fun c => affine M b c k)).
case: t => [i | b']; last by rewrite dot_bias.
by rewrite (dot_real _ (erefl (X i))); case: k => [k | k] //=; rewrite /dot big1 => [|j _]; ring.
Qed.

Lemma augment_carry (T : finType) (X : matrix T D) :
  augment B X *m carry = augment B (fun _ _ => 0).
Proof.
apply: matrix_eq => t k; rewrite /mulm -/(dot (augment B X t) (fun c => carry c k)).
case: t => [i | b]; last by rewrite dot_bias; case: k => [k | [b'|]].
rewrite (dot_real _ (erefl (X i))) /dot big1 => [|j _] /=; last by ring.
by case: k => [k | [b |]]; rewrite /= /indicator //=; ring.
Qed.

Lemma mulm_add_r (T I J : finType) (X : matrix T I) (M N : matrix I J) :
  X *m (M +m N) = (X *m M) +m (X *m N).
Proof.
apply: matrix_eq => t k; rewrite /mulm /addm -big_split.
by apply: eq_bigr => j _ /=; ring.
Qed.

Lemma augment_zero (T : finType) (Y : matrix T E) :
  pad B Y +m augment B (fun _ _ => 0) = augment B Y.
Proof. by apply: matrix_eq => - [i | b] [k | [c |]]; rewrite /addm /=; ring. Qed.
End Affine.
Arguments affine {D E B} M b _ _.
Arguments carry {D E B} _ _.

(** T4 with no residual stream; the widths may differ. *)
Theorem head_performs_affine_map (T D E B : finType) (X : matrix T D) (M : matrix D E) (b : row E) :
  output (linear_head (affine M b +m carry)) (augment B X) = augment B (add_row (X *m M) b).
Proof.
by rewrite linear_head_output mulm_add_r augment_affine augment_carry augment_zero.
Qed.

(** T4 inside a residual stream: the head adds x (M - I) + b. *)
Theorem head_performs_affine_map_in_residual (T D B : finType) (X : matrix T D) (M : matrix D D)
    (b : row D) :
  augment B X +m output (linear_head (affine (fun i j => M i j - identity i j) b)) (augment B X)
  = augment B (add_row (X *m M) b).
Proof.
rewrite linear_head_output augment_affine augment_add; congr augment.
apply: matrix_eq => i k; rewrite /addm /add_row.
have -> : (X *m (fun i j => M i j - identity i j)) i k = (X *m M) i k - (X *m @identity D) i k.
  by rewrite /mulm sum_minus; apply: eq_bigr => j _; ring.
by rewrite mulm_identity; ring.
Qed.

(** ** The output bias of a layer: W_OV = e_ones [b, 0, 0], of internal dimension 1 *)

Definition bias_head (T D E B : finType) (b : row E) :
    head (tokens T B) (coordinates D B) (coordinates E B) := {|
  score_dim := unit_finType;
  value_dim := unit_finType;
  mask := @self_mask (tokens T B);
  scale := 1;
  W_Q := fun _ _ => 0;
  W_K := fun _ _ => 0;
  W_V := fun j _ => column B (fun _ => 0) 1 j;
  W_O := fun _ => pad_row B b
|}.
Arguments bias_head {T D E B} b.

Theorem bias_head_output (T D E B : finType) (X : matrix T D) (b : row E) :
  output (bias_head b) (augment B X) = pad B (fun _ => b).
Proof.
apply: matrix_eq => t k; rewrite output_self // /W_OV -mulmA column_values.
case: t k => [i | b'] [k | k] //=.
by rewrite /dot big1 => [|j _]; ring.
Qed.
