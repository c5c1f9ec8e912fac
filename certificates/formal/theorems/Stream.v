(** The augmented stream.

    Real token i is the row [x_i, 1, 0], bias token b the row [0, 0, e_b]. Coordinate [ones]
    carries the biases of affine maps, coordinate [bias b] the keys of bias token b. One bias token
    (B = unit) is enough for the paper's constructions; gate heads use r of them. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** Real tokens are [inl i], bias tokens [inr b]; the coordinates of the original stream are
    [inl j], [inr None] is [ones], [inr (Some b)] is [bias b]. *)
Notation tokens T B := (sum_finType T B).
Notation coordinates D B := (sum_finType D (option_finType B)).
Notation ones := (inr None).
Notation bias b := (inr (Some b)).

Section Stream.
Variables T D B : finType.

Definition bias_row (b : B) : row (coordinates D B) := fun c =>
  match c with
  | inl _ => 0
  | ones => 0
  | bias b' => indicator (b == b')
  end.

Definition augment (X : matrix T D) : matrix (tokens T B) (coordinates D B) := fun t =>
  match t with
  | inl i => fun c => match c with inl j => X i j | ones => 1 | bias _ => 0 end
  | inr b => bias_row b
  end.

(** Outputs of heads: nothing is written to the coordinates [ones] and [bias], nor to the bias
    tokens. *)
Definition pad_row (v : row D) : row (coordinates D B) := fun c =>
  match c with inl j => v j | inr _ => 0 end.

Definition pad (Y : matrix T D) : matrix (tokens T B) (coordinates D B) := fun t =>
  match t with inl i => pad_row (Y i) | inr _ => fun _ => 0 end.

(** An affine form w.x + c of a real token's row, as a column: [w; c; 0]. It is 0 on bias tokens. *)
Definition column (w : row D) (c : R) : row (coordinates D B) := fun j =>
  match j with inl j => w j | ones => c | bias _ => 0 end.

(** A normalisation acts on rows, with the same function for every token. *)
Definition normalise (J : Type) (norm : row J -> row J) (I : Type) (X : matrix I J) : matrix I J :=
  fun i => norm (X i).

(** On the augmented stream it acts on real tokens only: [x, o, t] becomes [o norm(x), o, t]. *)
Definition gated (norm : row D -> row D) : row (coordinates D B) -> row (coordinates D B) :=
  fun x c => match c with
             | inl j => x ones * norm (fun j => x (inl j)) j
             | ones => x ones
             | bias b => x (bias b)
             end.

(** ** What the rows give *)

Lemma augment_real X i : (fun j => augment X (inl i) (inl j)) = X i.
Proof. exact: functional_extensionality. Qed.

Lemma dot_real (x : row D) (i : T) X (w : row (coordinates D B)) :
  X i = x -> dot (augment X (inl i)) w = dot x (fun j => w (inl j)) + w ones.
Proof.
move=> <-; rewrite /dot sum_either sum_option /=; congr (_ + _).
by rewrite big1 => [|b _]; ring.
Qed.

Lemma dot_bias X b (w : row (coordinates D B)) : dot (augment X (inr b)) w = w (bias b).
Proof.
rewrite /dot sum_either big1 => [|j _]; last by rewrite Rmult_0_l.
rewrite sum_option /= Rmult_0_l !Rplus_0_l.
exact: (sum_select_sym (fun b' => w (bias b'))).
Qed.

Lemma dot_column X t w c :
  dot (augment X t) (column w c) = match t with inl i => dot (X i) w + c | inr _ => 0 end.
Proof. by case: t => [i | b]; rewrite ?(dot_real _ (erefl (X i))) ?dot_bias. Qed.

(** ** Sums and normalisations of streams *)

Lemma augment_add X Y : augment X +m pad Y = augment (X +m Y).
Proof. by apply: matrix_eq => - [i | b] [j | [c |]]; rewrite /addm /=; ring. Qed.

Lemma pad_add Y Z : pad Y +m pad Z = pad (Y +m Z).
Proof. by apply: matrix_eq => - [i | b] [j | c]; rewrite /addm /=; ring. Qed.

Lemma normalise_augment norm X : normalise (gated norm) (augment X) = augment (normalise norm X).
Proof.
apply: matrix_eq => - [i | b] [j | [c |]] //=; rewrite /normalise /=.
  by rewrite augment_real; ring.
by ring.
Qed.

(** Without the factor [ones] the bias row would become norm(0), which need not be 0. *)
Lemma gated_bias_row norm b : gated norm (bias_row b) = bias_row b.
Proof. by apply: functional_extensionality => - [j | [c |]] //=; ring. Qed.
End Stream.

Arguments bias_row {D B} b _.
Arguments augment {T D} B X _ _.
Arguments pad {T D} B Y _ _.
Arguments pad_row {D} B v _.
Arguments column {D} B w c _.
Arguments gated {D} B norm _ _.
