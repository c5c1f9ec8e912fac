(** T2: an MLP layer is a sum of attention heads of internal dimension 1. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head Linear Neuron.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** ** The layer α(X V1 + b1) V2 + b2, with hidden neurons L *)

Section Mlp.
Variables T D L E B : finType.
Variables (V1 : matrix D L) (b1 : row L) (V2 : matrix L E) (b2 : row E).

Definition preactivation (X : matrix T D) : matrix T L := add_row (X *m V1) b1.

Definition mlp (alpha : R -> R) (X : matrix T D) : matrix T E :=
  add_row ((fun i j => alpha (preactivation X i j)) *m V2) b2.

(** A sum of generalised SiLUs a SiLU(b x), as a list of pairs (a, b). SiLU is [:: (1, 1)],
    SiLU(kx)/k is [:: (1/k, k)]. *)
Definition silu_sum (silus : seq (R * R)) (x : R) : R :=
  \sum_(g <- silus) g.1 * silu (g.2 * x).

(** One head for each neuron and each of its SiLUs, and one for the output bias. *)
Definition mlp_heads (b0 : B) (silus : seq (R * R)) :
    seq (head (tokens T B) (coordinates D B) (coordinates E B)) :=
  [seq neuron_head b0 (fun d => V1 d j) (b1 j) g.1 g.2 (V2 j) | j <- enum L, g <- silus]
  ++ [:: bias_head b2].

Lemma size_mlp_heads b0 silus : size (mlp_heads b0 silus) = (#|L| * size silus).+1.
Proof. by rewrite size_cat size_allpairs -cardE addn1. Qed.

Lemma mlp_heads_internal_dimension b0 silus : all (internal_dimension 1) (mlp_heads b0 silus).
Proof.
rewrite all_cat /= {2}/internal_dimension /= card_unit /= andbT.
elim: (enum L) => [|j r IH] //=; rewrite all_cat IH andbT all_map.
by elim: silus {IH} => [|g silus IH] //=; rewrite IH andbT neuron_head_internal_dimension.
Qed.

Variable X : matrix T D.

Theorem mlp_is_heads b0 silus :
  outputs (mlp_heads b0 silus) (augment B X) = pad B (mlp (silu_sum silus) X).
Proof.
rewrite outputs_cat outputs_cons outputs_nil bias_head_output.
have -> : outputs [seq neuron_head b0 (fun d => V1 d j) (b1 j) g.1 g.2 (V2 j)
                  | j <- enum L, g <- silus] (augment B X)
          = pad B ((fun i j => silu_sum silus (preactivation X i j)) *m V2).
  apply: matrix_eq => t k; rewrite /outputs big_allpairs_dep big_enum /=.
  under eq_bigr => j _ do under eq_bigr => g _ do rewrite neuron_head_output.
  case: t k => [i | b] [k | k] /=; try by rewrite big1 // => j _; rewrite big1.
  by apply: eq_bigr => j _; rewrite -sum_scale_r.
by apply: matrix_eq => - [i | b] [k | k]; rewrite /addm /= /mlp /add_row; ring.
Qed.

(** ** Any activation: the error of a layer from the errors of its neurons *)

Lemma layer_error (H H' : matrix T L) (eps : row L) (i : T) (k : E) :
  (forall j, Rabs (H i j - H' i j) <= eps j) ->
  Rabs (add_row (H *m V2) b2 i k - add_row (H' *m V2) b2 i k) <= \sum_j Rabs (V2 j k) * eps j.
Proof.
move=> err; rewrite /add_row.
replace (_ + b2 k - _) with ((H *m V2) i k - (H' *m V2) i k) by ring.
rewrite /mulm sum_minus; apply: Rle_trans (sum_abs _ _) _; apply: sum_le => j _.
rewrite -Rmult_minus_distr_r Rabs_mult Rmult_comm.
by apply: Rmult_le_compat_l (Rabs_pos _) _.
Qed.

Theorem mlp_error b0 silus alpha (eps : row L) (i : T) (k : E) :
  (forall j, Rabs (silu_sum silus (preactivation X i j) - alpha (preactivation X i j)) <= eps j) ->
  Rabs (outputs (mlp_heads b0 silus) (augment B X) (inl i) (inl k) - mlp alpha X i k)
  <= \sum_j Rabs (V2 j k) * eps j.
Proof.
move=> err; rewrite mlp_is_heads.
exact: (@layer_error _ (fun i j => alpha (preactivation X i j))).
Qed.
End Mlp.
Arguments mlp {T D L E} V1 b1 V2 b2 alpha X.
Arguments mlp_heads {T D L E B} V1 b1 V2 b2 b0 silus.

Lemma silu_sum_silu : silu_sum [:: (1, 1)] = silu.
Proof.
by apply: functional_extensionality => x; rewrite /silu_sum big_cons big_nil /= !Rmult_1_l; ring.
Qed.

(** T2 for SiLU: #|L| + 1 heads, exactly. *)
Corollary silu_mlp_is_heads (T D L E B : finType) (b0 : B) (V1 : matrix D L) b1 (V2 : matrix L E) b2
    (X : matrix T D) :
  outputs (mlp_heads V1 b1 V2 b2 b0 [:: (1, 1)]) (augment B X) = pad B (mlp V1 b1 V2 b2 silu X).
Proof. by rewrite mlp_is_heads silu_sum_silu. Qed.
