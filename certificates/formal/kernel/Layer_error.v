(** How far a converted sublayer is from the original's, for heads with masks and for heads whose
    masks are weights; and rule triangle, from exact masks to masks as weights. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates.
Require Import Attncert.kernel.Tensor_raised Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Instance_attention.
Require Import Attncert.kernel.Instance_raised_attention Attncert.kernel.Instance_raised_mlp.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift Attncert.kernel.Mask_weights.
Require Import Attncert.kernel.Kept.
Import ListNotations.
Open Scope R_scope.

(** ** What is claimed *)

(** Stored heads are the construction's. [limit] is how many rows a sequence has at most. *)
Definition layer_instance (d : nat) (limit : option nat) (a : original_layer)
    (b : converted_layer) : Prop :=
  match a, b with
  | Original_mlp m, Converted_neurons h => mlp_instance d m h
  | Original_attention a, Converted_tokens h => attention_instance d a h
  | Original_linear l, Converted_self h => linear_instance d l h
  | Original_mlp m, Raised_neurons h w =>
      exists n, limit = Some n /\ raised_mlp_instance d n m h w
  | Original_attention a, Raised_tokens h w =>
      exists n, limit = Some n /\ raised_attention_instance d n a h w
  | _, Kept_layer k => kept_instance d a k
  | _, _ => False
  end.

(** On every sequence of input rows that fits, both sides are defined, and the converted one writes
    what is within epsilon of the original's into the real rows, 0 into their two last coordinates,
    and 0 into those of the bias token. *)
Definition raised_error_holds (d : nat) (limit : option nat) (a : original_layer)
    (b : converted_layer) (box : option Q) (epsilon : Q) : Prop :=
  exists n, limit = Some n /\
  forall s, admissible d n box s -> exists u v r,
    original_output a s = Some u /\ length r = d /\
    converted_output d b (augmented d s) = Some (map padded_row v ++ [padded_row r]) /\
    close (Q2R epsilon) u v.

Definition sublayer_error_holds (d : nat) (limit : option nat) (a : original_layer)
    (b : converted_layer) (box : option Q) (epsilon : Q) : Prop :=
  match a, b with
  | Original_mlp m, Converted_neurons h => layer_error_holds d m h box epsilon
  | Original_mlp _, Raised_neurons _ _ | Original_attention _, Raised_tokens _ _ =>
      raised_error_holds d limit a b box epsilon
  | _, _ => False
  end.

(** For exact masks only: the stored heads are the construction's, and the construction with masks is
    within epsilon of the original. *)
Definition exact_error_holds (d : nat) (limit : option nat) (a : original_layer)
    (b : converted_layer) (box : option Q) (epsilon : Q) : Prop :=
  match a, b with
  | Original_mlp m, Raised_neurons h w =>
      layer_instance d limit a b /\ gates_error_holds d m h box epsilon
  | _, _ => False
  end.

(** ** Weaker claims *)

Lemma close_weaker e e' u v : e <= e' -> close e u v -> close e' u v.
Proof.
intros E C. induction C as [|x y s t F C IH]; constructor; [|exact IH].
clear - E F. induction F as [|a b x y H F IH]; constructor; [lra|exact IH].
Qed.

Lemma close_triangle e e' u v w : close e u v -> close e' v w -> close (e + e') u w.
Proof.
intros C. revert w; induction C as [|x y s t F C IH]; intros w D; inversion_clear D as [|? z ? r G D'];
  constructor; [|now apply IH].
clear - F G. revert z G; induction F as [|a b x y H F IH]; intros z G;
  inversion_clear G as [|? c ? l K G']; constructor; [|now apply IH].
replace (a - c) with ((a - b) + (b - c)) by ring.
apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.

Lemma layer_error_weaker d m h box epsilon box' epsilon' :
  (forall x, in_inputs box' x -> in_inputs box x) -> Q2R epsilon <= Q2R epsilon' ->
  layer_error_holds d m h box epsilon -> layer_error_holds d m h box' epsilon'.
Proof.
intros B E H s Hs Hi. destruct (H s Hs) as [u [v [Hu [Hv C]]]].
{ apply Forall_forall. intros x Hx. rewrite Forall_forall in Hi. auto. }
exists u, v. split; [exact Hu|split; [exact Hv|exact (close_weaker _ _ _ _ E C)]].
Qed.

Lemma sublayer_error_weaker d limit a b box epsilon box' epsilon' :
  (forall x, in_inputs box' x -> in_inputs box x) -> Q2R epsilon <= Q2R epsilon' ->
  sublayer_error_holds d limit a b box epsilon -> sublayer_error_holds d limit a b box' epsilon'.
Proof.
intros B E.
assert (R : raised_error_holds d limit a b box epsilon ->
            raised_error_holds d limit a b box' epsilon').
{ intros [n [Hn H]]. exists n. split; [exact Hn|]. intros s [Hs [Ls Hi]].
  destruct (H s) as [u [v [r [Hu [Hr [Hv C]]]]]].
  { split; [exact Hs|split; [exact Ls|]]. apply Forall_forall. intros x Hx.
    rewrite Forall_forall in Hi. auto. }
  exists u, v, r. split; [exact Hu|split; [exact Hr|split; [exact Hv|]]].
  exact (close_weaker _ _ _ _ E C). }
destruct a, b; simpl; try easy. now apply layer_error_weaker.
Qed.

(** ** Rule triangle *)

Theorem triangle_attention_sound d n a h w box epsilon :
  layer_instance d (Some n) (Original_attention a) (Raised_tokens h w) ->
  leak_holds d n (Original_attention a) (Raised_tokens h w) box epsilon ->
  sublayer_error_holds d (Some n) (Original_attention a) (Raised_tokens h w) box epsilon.
Proof.
intros [n' [E I]] L. injection E as <-. exists n. split; [reflexivity|]. intros s A.
destruct (I s (proj1 A) (proj1 (proj2 A))) as [r [Hr Hv]].
exists (attention_output a s), (raised_attention (Q2R (mask_omega w)) a s), r.
split; [reflexivity|split; [exact Hr|split; [exact Hv|]]]. exact (L s A).
Qed.

Theorem triangle_mlp_sound d n m h w box e e' epsilon :
  exact_error_holds d (Some n) (Original_mlp m) (Raised_neurons h w) box e ->
  leak_holds d n (Original_mlp m) (Raised_neurons h w) box e' ->
  Q2R e + Q2R e' <= Q2R epsilon ->
  sublayer_error_holds d (Some n) (Original_mlp m) (Raised_neurons h w) box epsilon.
Proof.
intros [[n' [E I]] [numbers [G X]]] L Sum. injection E as <-.
destruct (I numbers G) as [gs [S I']]. exists n. split; [reflexivity|]. intros s A.
destruct (I' s (proj1 A) (proj1 (proj2 A))) as [r [Hr Hv]].
destruct (X s (proj1 A) (proj2 (proj2 A))) as [u [v [Hu [Hx C]]]].
destruct (L numbers gs G S s A) as [v' [Hx' D]]. rewrite Hx in Hx'. injection Hx' as <-.
exists u, (raised_mlp (Q2R (mask_omega w)) gs m s), r.
split; [exact Hu|split; [exact Hr|split; [exact Hv|]]].
exact (close_weaker _ _ _ _ Sum (close_triangle _ _ _ _ _ C D)).
Qed.
