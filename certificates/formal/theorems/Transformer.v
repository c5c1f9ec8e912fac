(** T3: a transformer becomes attention-only, exactly. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import ssreflect ssrfun ssrbool eqtype ssrnat seq choice fintype bigop.
From Attncert.theorems Require Import Sums Softmax Stream Gate_head Linear Neuron Mlp Gates.
From Attncert.theorems Require Import Token_head.
Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.
Open Scope R_scope.

(** ** Residual streams

    One sublayer takes the stream S to norm_after(S + f(norm_before(S))); the norms act on rows and
    are any functions (the identity where there is none). *)

Record sublayer (J : Type) (F : Type) := Sublayer {
  norm_before : row J -> row J;
  block : F;
  norm_after : row J -> row J
}.

Definition pre_norm (J F : Type) (norm : row J -> row J) (f : F) : sublayer J F :=
  Sublayer norm f id.
Definition post_norm (J F : Type) (norm : row J -> row J) (f : F) : sublayer J F :=
  Sublayer id f norm.

Section Run.
Variables (I J F : Type) (apply : F -> matrix I J -> matrix I J).

Definition sublayer_output (s : sublayer J F) (S : matrix I J) : matrix I J :=
  normalise (norm_after s) (S +m apply (block s) (normalise (norm_before s) S)).

Definition run (net : seq (sublayer J F)) (S : matrix I J) : matrix I J :=
  foldl (fun S s => sublayer_output s S) S net.
End Run.

Section Transformer.
Variables T D B : finType.

(** ** Transformers: attention, MLPs and gated layers *)

Inductive transformer_block : Type :=
| Attention (heads : seq (biased_head T D)) (b_O : row D)
| Mlp (L : finType) (V1 : matrix D L) (b1 : row L) (V2 : matrix L D) (b2 : row D)
      (silus : seq (R * R))
| Gated (L : finType) (W_g : matrix D L) (b_g : row L) (W_v : matrix D L) (b_v : row L)
        (V2 : matrix L D) (b2 : row D) (gates : seq (gate_data B)).

Definition block_output (f : transformer_block) : matrix T D -> matrix T D :=
  match f with
  | Attention heads b_O => attention_layer heads b_O
  | Mlp _ V1 b1 V2 b2 silus => mlp V1 b1 V2 b2 (silu_sum silus)
  | Gated _ W_g b_g W_v b_v V2 b2 gates => gated_mlp W_g b_g W_v b_v V2 b2 (gate_sum gates)
  end.

Definition transformer : Type := seq (sublayer D transformer_block).
Definition run_transformer : transformer -> matrix T D -> matrix T D := run block_output.

(** ** Attention-only transformers: every block is a list of heads *)

Notation stream_heads := (seq (head (tokens T B) (coordinates D B) (coordinates D B))).

Definition attention_only : Type := seq (sublayer (coordinates D B) stream_heads).
Definition run_attention_only :
  attention_only ->
  matrix (tokens T B) (coordinates D B) -> matrix (tokens T B) (coordinates D B) :=
  run (@outputs _ _ _).

(** ** The conversion; neurons gate against bias token [b0] *)

Variable b0 : B.

Definition convert_block (f : transformer_block) : stream_heads :=
  match f with
  | Attention heads b_O => token_heads B heads b_O
  | Mlp _ V1 b1 V2 b2 silus => mlp_heads V1 b1 V2 b2 b0 silus
  | Gated _ W_g b_g W_v b_v V2 b2 gates => gated_mlp_heads W_g b_g W_v b_v V2 b2 gates
  end.

Definition convert_sublayer (s : sublayer D transformer_block) :
    sublayer (coordinates D B) stream_heads := {|
  norm_before := gated B (norm_before s);
  block := convert_block (block s);
  norm_after := gated B (norm_after s)
|}.

Definition convert (net : transformer) : attention_only := map convert_sublayer net.

(** ** The theorem *)

Lemma convert_block_output f X :
  outputs (convert_block f) (augment B X) = pad B (block_output f X).
Proof.
case: f => [heads b_O | L V1 b1 V2 b2 silus | L W_g b_g W_v b_v V2 b2 gates] /=.
- exact: attention_layer_is_heads.
- exact: mlp_is_heads.
- exact: gated_mlp_is_heads.
Qed.

Lemma convert_sublayer_output s X :
  sublayer_output (@outputs _ _ _) (convert_sublayer s) (augment B X)
  = augment B (sublayer_output block_output s X).
Proof.
rewrite /sublayer_output /= normalise_augment convert_block_output augment_add.
exact: normalise_augment.
Qed.

Theorem transformer_becomes_attention_only (net : transformer) (X : matrix T D) :
  run_attention_only (convert net) (augment B X) = augment B (run_transformer net X).
Proof.
rewrite /run_attention_only /run_transformer /run.
by elim: net X => [|s net IH] X //=; rewrite convert_sublayer_output IH.
Qed.

(** Real rows are the original's. *)
Corollary real_rows_are_the_originals net X i k :
  run_attention_only (convert net) (augment B X) (inl i) (inl k) = run_transformer net X i k.
Proof. by rewrite transformer_becomes_attention_only. Qed.

(** After any number of sublayers the bias row is [0, 0, 1]. *)
Corollary bias_row_is_invariant net X n b :
  run_attention_only (take n (convert net)) (augment B X) (inr b) = bias_row b.
Proof. by rewrite -map_take transformer_becomes_attention_only. Qed.

(** And real rows keep the coordinates [ones] and [bias] they had. *)
Corollary real_rows_keep_ones_and_bias net X n i c :
  run_attention_only (take n (convert net)) (augment B X) (inl i) (inr c)
  = augment B X (inl i) (inr c).
Proof. by rewrite -map_take transformer_becomes_attention_only. Qed.

(** ** The cost in heads: what [convert] makes of each block, and in all *)

Definition number_of_heads (f : transformer_block) : nat :=
  match f with
  | Attention heads _ => (size heads).+1
  | Mlp L _ _ _ _ silus => (#|L| * size silus).+1
  | Gated L _ _ _ _ _ _ gates => (#|L| * size gates).+1
  end.

Theorem convert_block_size f : size (convert_block f) = number_of_heads f.
Proof.
case: f => [heads b_O | L V1 b1 V2 b2 silus | L W_g b_g W_v b_v V2 b2 gates] /=.
- by rewrite size_cat size_map addn1.
- exact: size_mlp_heads.
- exact: size_gated_mlp_heads.
Qed.

Theorem convert_size net :
  sumn [seq size (block s) | s <- convert net] = sumn [seq number_of_heads (block s) | s <- net].
Proof. by rewrite -map_comp; congr sumn; apply: eq_map => s; exact: convert_block_size. Qed.
End Transformer.
