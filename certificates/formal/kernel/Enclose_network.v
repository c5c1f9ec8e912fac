(** Enclosures of whole networks on tokens: what they start with, all sublayers, what they end with. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_row.
Require Import Attncert.kernel.Enclose_norm Attncert.kernel.Enclose_layers.
Require Import Attncert.kernel.Enclose_heads.
Import ListNotations.
Open Scope R_scope.

(** ** The start *)

Fixpoint add_rows_fixed (s t : list row) : list row :=
  match s, t with u :: s, v :: t => add_row u v :: add_rows_fixed s t | _, _ => [] end.

Lemma near_add_rows s t x y : near_rows s x -> near_rows t y ->
  near_rows (add_rows_fixed s t) (add_rows x y).
Proof.
intros H. revert t y; induction H as [|u a s x A H IH]; intros t y K; simpl; [constructor|].
destruct K; constructor; [now apply near_add_row|now apply IH].
Qed.

Definition embed_fixed (i : network_input) (tokens : list nat) : option (list row) :=
  match i with
  | Tokens token position =>
      bind (map_option (nth_error token) tokens) (fun rows =>
        match position with
        | None => Some (map (map of_dyadic) rows)
        | Some p => if Nat.leb (length tokens) (length p)
                    then Some (add_rows_fixed (map (map of_dyadic) rows)
                                (map (map of_dyadic) (firstn (length tokens) p)))
                    else None
        end)
  | _ => None
  end.

Lemma near_all_reals m : near_rows (map (map of_dyadic) m) (map reals m).
Proof. apply Forall2_same_map. intros v _. apply near_reals. Qed.

Lemma add_rows_firstn s t : add_rows s (firstn (length s) t) = add_rows s t.
Proof.
revert t; induction s as [|x s IH]; intros [|y t]; try reflexivity. simpl. now rewrite IH.
Qed.

Lemma near_embed d i tokens u : embed_fixed i tokens = Some u ->
  exists s, embed d i (Source_tokens tokens) = Some s /\ near_rows u s.
Proof.
destruct i as [|token position|]; simpl; try easy.
destruct (map_option (nth_error token) tokens) as [rows|] eqn:M; [|easy]. simpl.
destruct position as [p|].
- destruct (Nat.leb (length tokens) (length p)); [|easy]. intros E. injection E as <-.
  eexists. split; [reflexivity|].
  assert (L : length tokens = length (map reals rows))
    by (rewrite map_length; symmetry; exact (map_option_length _ _ _ M)).
  rewrite <- (add_rows_firstn (map reals rows)), <- L, firstn_map.
  apply near_add_rows; apply near_all_reals.
- intros E. injection E as <-. eexists. split; [reflexivity|]. apply near_all_reals.
Qed.

(** ** The end *)

Definition finish_fixed (e : network_ends) (s : list row) : option (list row) :=
  bind (match final_norm e with Some n => normalised_rows n s | None => Some s end) (fun normed =>
    let pooled := if first_row_only e then firstn 1 normed else normed in
    Some (match unembedding e with Some a => affine_rows a pooled | None => pooled end)).

Lemma near_finish e s t u : near_rows s t -> finish_fixed e s = Some u ->
  near_rows u (finish e t).
Proof.
unfold finish_fixed, finish. intros H.
destruct (match final_norm e with Some n => _ | None => _ end) as [v|] eqn:N; [|easy]. simpl.
intros E. injection E as <-.
assert (V : near_rows v (match final_norm e with Some n => map (normalise n) t | None => t end)).
{ destruct (final_norm e) as [n|]; [exact (near_normalised_rows _ _ _ _ H N)|].
  now injection N as <-. }
assert (P : forall l m, near_rows l m ->
  near_rows (if first_row_only e then firstn 1 l else l)
            (if first_row_only e then firstn 1 m else m))
  by (intros l m K; destruct (first_row_only e); [now apply Forall2_firstn|exact K]).
apply P in V. destruct (unembedding e); [now apply near_affine|exact V].
Qed.

(** ** Sublayers in turn *)

Fixpoint run_fixed {L : Type} (output : L -> list row -> option (list row)) (layers : list L)
    (s : list row) : option (list row) :=
  match layers with
  | [] => Some s
  | l :: layers => bind (output l s) (fun t =>
      let s := add_rows_fixed s t in
      if forallb (forallb moderate) s then run_fixed output layers s else None)
  end.

Lemma near_run {L : Type} (f : L -> list row -> option (list row)) (g : L -> stream -> option stream)
    layers s t u :
  (forall l s t u, near_rows s t -> f l s = Some u ->
     exists v, g l t = Some v /\ near_rows u v) ->
  near_rows s t -> run_fixed f layers s = Some u ->
  exists v, run_layers g layers t = Some v /\ near_rows u v.
Proof.
intros F. revert s t; induction layers as [|l layers IH]; simpl; intros s t H E.
- injection E as <-. now exists t.
- destruct (f l s) as [w|] eqn:W; [|easy]. cbn [bind] in E.
  destruct (forallb _ _); [|easy].
  destruct (F l s t w H W) as [v [-> V]]. simpl.
  exact (IH _ _ (near_add_rows _ _ _ _ H V) E).
Qed.

Section Networks.
Variable f : functions_fixed.
Hypothesis sound : sound_functions f.

Definition original_outputs (o : original_network) (tokens : list nat) : option (list row) :=
  bind (embed_fixed (input (ends o)) tokens) (fun s =>
  bind (run_fixed (original_fixed f) (map snd (sublayers o)) s) (fun t =>
  finish_fixed (ends o) t)).

Theorem near_original_outputs o tokens u : original_outputs o tokens = Some u ->
  exists s, original_function o (Source_tokens tokens) = Some s /\ near_rows u s.
Proof.
unfold original_outputs, original_function.
destruct (embed_fixed _ _) as [s|] eqn:S; [|easy]. simpl.
destruct (near_embed (d_model o) _ _ _ S) as [x [-> X]]. simpl.
destruct (run_fixed _ _ s) as [t|] eqn:T; [|easy]. simpl. intros E.
destruct (near_run _ original_output _ _ _ _ (near_original f sound) X T) as [y [-> Y]]. simpl.
eexists. split; [reflexivity|]. exact (near_finish _ _ _ _ Y E).
Qed.

(** ** The augmented stream *)

Definition augmented_fixed (d : nat) (s : list row) : list row :=
  map (fun u => u ++ [of_integer 1; exactly_0]) s ++
  [repeat exactly_0 d ++ [exactly_0; of_integer 1]].

Lemma near_augmented d s t : near_rows s t -> near_rows (augmented_fixed d s) (augmented d t).
Proof.
intros H. apply Forall2_app.
- apply Forall2_map with (1 := H). intros u x K. apply Forall2_app; [exact K|].
  constructor; [apply near_of_integer|constructor; [apply near_0|constructor]].
- constructor; [|constructor]. apply Forall2_app; [apply Forall2_repeat, near_0|].
  constructor; [apply near_0|constructor; [apply near_of_integer|constructor]].
Qed.

Definition converted_outputs (c : converted_network) (tokens : list nat) : option (list row) :=
  bind (embed_fixed (input (ends c)) tokens) (fun s =>
  bind (run_fixed (converted_fixed f (d_model c)) (map snd (sublayers c))
          (augmented_fixed (d_model c) s)) (fun t =>
  finish_fixed (ends c) (plain_fixed (d_model c) t))).

Theorem near_converted_outputs c tokens u : converted_outputs c tokens = Some u ->
  exists s, converted_function c (Source_tokens tokens) = Some s /\ near_rows u s.
Proof.
unfold converted_outputs, converted_function.
destruct (embed_fixed _ _) as [s|] eqn:S; [|easy]. simpl.
destruct (near_embed (d_model c) _ _ _ S) as [x [-> X]]. simpl.
destruct (run_fixed _ _ _) as [t|] eqn:T; [|easy]. simpl. intros E.
destruct (near_run _ (converted_output (d_model c)) _ _ _ _ (near_converted f sound (d_model c))
            (near_augmented _ _ _ X) T) as [y [-> Y]].
simpl. eexists. split; [reflexivity|]. exact (near_finish _ _ _ _ (near_plain _ _ _ Y) E).
Qed.
End Networks.
