(** Finite sums of real numbers, and matrices as functions of two finite indices.

    Tokens, coordinates and neurons are indices of any finite type; 'I_n gives the usual matrices.
    Matrices are functions, and equality of matrices is equality of functions (the reals of Coq
    already rest on functional extensionality). *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** ** Sums *)

Fact Rplus_associative : associative Rplus.
Proof. by move=> x y z; rewrite Rplus_assoc. Qed.
Fact Rmult_associative : associative Rmult.
Proof. by move=> x y z; rewrite Rmult_assoc. Qed.

Canonical Rplus_monoid := Monoid.Law Rplus_associative Rplus_0_l Rplus_0_r.
Canonical Rplus_comoid := Monoid.ComLaw Rplus_comm.
Canonical Rmult_monoid := Monoid.Law Rmult_associative Rmult_1_l Rmult_1_r.
Canonical Rmult_comoid := Monoid.ComLaw Rmult_comm.
Canonical Rmult_muloid := Monoid.MulLaw Rmult_0_l Rmult_0_r.
Canonical Rplus_addoid := Monoid.AddLaw Rmult_plus_distr_r Rmult_plus_distr_l.

Notation "\sum_ ( i <- r ) F" := (\big[Rplus/0]_(i <- r) F%R) : R_scope.
Notation "\sum_ ( i | P ) F" := (\big[Rplus/0]_(i | P) F%R) : R_scope.
Notation "\sum_ i F" := (\big[Rplus/0]_i F%R) : R_scope.

Definition indicator (b : bool) : R := if b then 1 else 0.

Lemma sum_scale_l (I : Type) (r : seq I) (P : pred I) (F : I -> R) a :
  \big[Rplus/0]_(i <- r | P i) (a * F i) = a * \big[Rplus/0]_(i <- r | P i) F i.
Proof. by rewrite -big_distrr. Qed.

Lemma sum_scale_r (I : Type) (r : seq I) (P : pred I) (F : I -> R) a :
  \big[Rplus/0]_(i <- r | P i) (F i * a) = \big[Rplus/0]_(i <- r | P i) F i * a.
Proof. by rewrite -big_distrl. Qed.

Lemma sum_opp (I : finType) (P : pred I) (F : I -> R) :
  \sum_(i | P i) - F i = - \sum_(i | P i) F i.
Proof.
rewrite -[RHS]Rmult_1_l -Ropp_mult_distr_r Ropp_mult_distr_l -sum_scale_l.
by apply: eq_bigr => i _; ring.
Qed.

Lemma sum_minus (I : Type) (r : seq I) (F G : I -> R) :
  \sum_(i <- r) F i - \sum_(i <- r) G i = \sum_(i <- r) (F i - G i).
Proof. by elim: r => [|i r IH]; rewrite ?big_nil ?big_cons -?IH; ring. Qed.

Lemma sum_nonneg (I : finType) (P : pred I) (F : I -> R) :
  (forall i, P i -> 0 <= F i) -> 0 <= \sum_(i | P i) F i.
Proof. by move=> F0; elim/big_rec: _ => [|i x Pi x0]; [lra | move: (F0 i Pi); lra]. Qed.

Lemma sum_le (I : finType) (P : pred I) (F G : I -> R) :
  (forall i, P i -> F i <= G i) -> \sum_(i | P i) F i <= \sum_(i | P i) G i.
Proof. by move=> FG; elim/big_rec2: _ => [|i x y Pi xy]; [lra | move: (FG i Pi); lra]. Qed.

Lemma sum_abs (I : finType) (P : pred I) (F : I -> R) :
  Rabs (\sum_(i | P i) F i) <= \sum_(i | P i) Rabs (F i).
Proof.
elim/big_rec2: _ => [|i x y Pi xy]; first by rewrite Rabs_R0; lra.
by have := Rabs_triang (F i) y; lra.
Qed.

Lemma sum_const (I : finType) (P : pred I) a : \sum_(i | P i) a = INR #|P| * a.
Proof.
rewrite big_const; elim: #|_| => [|n IH]; first by rewrite /=; ring.
by rewrite iterS IH S_INR; ring.
Qed.

(** A sum of positive terms, one of which is there. *)
Lemma sum_positive (I : finType) (P : pred I) (F : I -> R) i :
  P i -> (forall i, P i -> 0 < F i) -> 0 < \sum_(i | P i) F i.
Proof.
move=> Pi F0; rewrite (bigD1 i) //=; have := F0 i Pi.
suff : 0 <= \sum_(j | P j && (j != i)) F j by lra.
by apply: sum_nonneg => j /andP [/F0 Fj _]; lra.
Qed.

Lemma sum_indicator (I : finType) (P : pred I) (F : I -> R) :
  \sum_i indicator (P i) * F i = \sum_(i | P i) F i.
Proof.
by rewrite [RHS]big_mkcond; apply: eq_bigr => i _; rewrite /indicator; case: (P i); ring.
Qed.

Lemma sum_unit (F : unit -> R) : \sum_i F i = F tt.
Proof. by rewrite (big_pred1 tt) // => - []. Qed.

Lemma sum_bool (F : bool -> R) : \sum_i F i = F false + F true.
Proof.
rewrite (bigD1 false) //=; congr (_ + _).
by rewrite (big_pred1 true) // => - [].
Qed.

Lemma sum_option (I : finType) (F : option I -> R) : \sum_i F i = F None + \sum_i F (Some i).
Proof.
rewrite (bigD1 None) //=; congr (_ + _).
rewrite (reindex_omap Some id) => [|[i|] //].
by apply: eq_bigl => i /=; rewrite eqxx.
Qed.

(** The terms of an either-or index. *)
Lemma sum_either (I J : finType) (F : I + J -> R) :
  \sum_i F i = \sum_i F (inl i) + \sum_j F (inr j).
Proof. by rewrite big_sumType. Qed.

Lemma sum_select (I : finType) (F : I -> R) i : \sum_j indicator (j == i) * F j = F i.
Proof. by rewrite sum_indicator big_pred1_eq. Qed.

Lemma sum_select_sym (I : finType) (F : I -> R) i : \sum_j indicator (i == j) * F j = F i.
Proof. by under eq_bigr => j _ do rewrite eq_sym; exact: sum_select. Qed.

(** ** Matrices *)

Definition row (J : Type) : Type := J -> R.
Definition matrix (I J : Type) : Type := I -> row J.

Definition dot (J : finType) (x w : row J) : R := \sum_j x j * w j.
Definition mulm (I J K : finType) (A : matrix I J) (B : matrix J K) : matrix I K :=
  fun i k => \sum_j A i j * B j k.
Definition addm (I J : Type) (A B : matrix I J) : matrix I J := fun i j => A i j + B i j.
Definition transpose (I J : Type) (A : matrix I J) : matrix J I := fun j i => A i j.
Definition identity (I : finType) : matrix I I := fun i j => indicator (i == j).
Definition add_row (I J : Type) (A : matrix I J) (b : row J) : matrix I J :=
  fun i j => A i j + b j.

Notation "A *m B" := (mulm A B) (at level 40, left associativity) : R_scope.
Notation "A +m B" := (addm A B) (at level 50, left associativity) : R_scope.
Notation "A ^T" := (transpose A) (at level 8, format "A ^T") : R_scope.

Lemma matrix_eq (I J : Type) (A B : matrix I J) : (forall i j, A i j = B i j) -> A = B.
Proof.
by move=> AB; apply: functional_extensionality => i; apply: functional_extensionality => j.
Qed.

Lemma dot_opp (J : finType) (x w : row J) : dot x (fun j => - w j) = - dot x w.
Proof. by rewrite /dot -sum_opp; apply: eq_bigr => j _; ring. Qed.

Lemma dot_scale (J : finType) (x w : row J) a : dot x (fun j => a * w j) = a * dot x w.
Proof. by rewrite /dot -sum_scale_l; apply: eq_bigr => j _; ring. Qed.

Lemma dot_zero (J : finType) (x : row J) : dot x (fun _ => 0) = 0.
Proof. by rewrite /dot big1 // => j _; ring. Qed.

Lemma mulmA (I J K L : finType) (A : matrix I J) (B : matrix J K) (C : matrix K L) :
  A *m B *m C = A *m (B *m C).
Proof.
apply: matrix_eq => i l; rewrite /mulm.
under eq_bigr => k _ do rewrite -sum_scale_r.
rewrite exchange_big; apply: eq_bigr => j _ /=.
by rewrite -sum_scale_l; apply: eq_bigr => k _; rewrite Rmult_assoc.
Qed.

Lemma mulm_identity (I J : finType) (A : matrix I J) : A *m @identity J = A.
Proof.
apply: matrix_eq => i k; rewrite /mulm /identity -[RHS](sum_select (A i)).
by apply: eq_bigr => j _; rewrite Rmult_comm.
Qed.

(** Finitely many numbers have a bound. *)
Lemma bounded_family (I : finType) (F : I -> R) : exists C, forall i, Rabs (F i) <= C.
Proof.
exists (\sum_i Rabs (F i)) => i; rewrite (bigD1 i) //=.
have : 0 <= \sum_(j | j != i) Rabs (F j) by apply: sum_nonneg => j _; exact: Rabs_pos.
by have := Rabs_pos (F i); lra.
Qed.
