(** Whole networks: what they start with, sublayers in order, what they end with, and the function
    from inputs to outputs. Each sublayer's result is added to the stream. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_attention.
Require Import Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Tensor_construction Attncert.kernel.Tensor_raised.
Import ListNotations.
Open Scope R_scope.

(** ** Sublayers *)

Inductive original_layer : Type :=
| Original_mlp (m : mlp) | Original_attention (a : attention) | Original_linear (l : linear).

(** Heads with masks, heads whose masks are weights, and what a conversion kept as it was. *)
Inductive converted_layer : Type :=
| Converted_neurons (h : neuron_heads) | Converted_tokens (h : token_heads)
| Converted_self (h : self_heads)
| Raised_neurons (h : neuron_heads) (w : mask_weights)
| Raised_tokens (h : token_heads) (w : mask_weights)
| Kept_layer (a : original_layer).

Definition original_output (a : original_layer) (s : stream) : option stream :=
  match a with
  | Original_mlp m => mlp_output (value (activation m)) m s
  | Original_attention a => Some (attention_output a s)
  | Original_linear l => Some (linear_output l s)
  end.

(** What is left of an augmented stream without bias token and the two coordinates. *)
Definition plain (d : nat) (s : stream) : stream := map (firstn d) (removelast s).

Definition converted_output (d : nat) (b : converted_layer) (s : stream) : option stream :=
  match b with
  | Converted_neurons h => neuron_heads_output d h s
  | Converted_tokens h => Some (token_heads_output d h s)
  | Converted_self h => Some (self_heads_output d h s)
  | Raised_neurons h w => raised_neurons_output d h w s
  | Raised_tokens h w => raised_tokens_output d h w s
  | Kept_layer a => bind (original_output a (plain d s)) (fun u => Some (padded d u))
  end.

Fixpoint add_rows (s t : stream) : stream :=
  match s, t with x :: s, y :: t => add x y :: add_rows s t | _, _ => [] end.

(** The stream after each sublayer in turn has added its result. *)
Fixpoint run_layers {L : Type} (output : L -> stream -> option stream) (layers : list L)
    (s : stream) : option stream :=
  match layers with
  | [] => Some s
  | l :: layers => bind (output l s) (fun t => run_layers output layers (add_rows s t))
  end.

(** ** Ends *)

(** Rows are given; or token and position embeddings are added; or a class token and affine images
    of patches, to which positions are added. *)
Inductive network_input : Type :=
| Given_rows
| Tokens (token : tensor2) (position : option tensor2)
| Patches (projection : affine) (class_token : tensor1) (position : tensor2).

(** [longest] is how many rows a sequence has at most, where that is said. *)
Record network_ends : Type := NetworkEnds {
  input : network_input; longest : option nat; final_norm : option norm_layer;
  unembedding : option affine; first_row_only : bool }.

Inductive source : Type :=
| Source_rows (s : stream) | Source_tokens (t : list nat) | Source_patches (s : stream).

(** None where the source is not of the network's kind, or does not fit. *)
Definition embed (d : nat) (i : network_input) (from : source) : option stream :=
  match i, from with
  | Given_rows, Source_rows s => if forallb (has_length d) s then Some s else None
  | Tokens token position, Source_tokens t =>
      bind (map_option (nth_error token) t) (fun rows =>
        match position with
        | None => Some (map reals rows)
        | Some p => if Nat.leb (length t) (length p)
                    then Some (add_rows (map reals rows) (map reals p)) else None
        end)
  | Patches projection class_token position, Source_patches s =>
      if Nat.eqb (S (length s)) (length position)
      then Some (add_rows (reals class_token :: map (apply projection) s)
        (map reals position)) else None
  | _, _ => None
  end.

Definition finish (e : network_ends) (s : stream) : stream :=
  let normed := match final_norm e with Some n => map (normalise n) s | None => s end in
  let pooled := if first_row_only e then firstn 1 normed else normed in
  match unembedding e with Some a => map (apply a) pooled | None => pooled end.

(** ** Networks *)

Record network (L : Type) : Type := Network {
  d_model : nat; ends : network_ends; sublayers : list (string * L) }.
Arguments d_model {L}. Arguments ends {L}. Arguments sublayers {L}.

Definition original_network : Type := network original_layer.
Definition converted_network : Type := network converted_layer.

Definition original_function (o : original_network) (from : source) : option stream :=
  bind (embed (d_model o) (input (ends o)) from) (fun s =>
  bind (run_layers original_output (map snd (sublayers o)) s) (fun t => Some (finish (ends o) t))).

Definition converted_function (c : converted_network) (from : source) : option stream :=
  bind (embed (d_model c) (input (ends c)) from) (fun s =>
  bind (run_layers (converted_output (d_model c)) (map snd (sublayers c))
                   (augmented (d_model c) s)) (fun t =>
  Some (finish (ends c) (plain (d_model c) t)))).

(** The first sublayer of a name. *)
Fixpoint named {L : Type} (name : string) (l : list (string * L)) : option L :=
  match l with
  | [] => None
  | (n, a) :: l => if String.eqb n name then Some a else named name l
  end.

(** ** Equal ends *)

Definition same_affine (a b : affine) : bool :=
  same_matrix (weight a) (weight b) && same_option (bias a) (bias b).

Definition same_positions (a b : option tensor2) : bool :=
  match a, b with None, None => true | Some a, Some b => same_matrix a b | _, _ => false end.

Definition same_input (a b : network_input) : bool :=
  match a, b with
  | Given_rows, Given_rows => true
  | Tokens t p, Tokens u q => same_matrix t u && same_positions p q
  | Patches f t p, Patches g u q => same_affine f g && same_vector t u && same_matrix p q
  | _, _ => false
  end.

Definition same_longest (a b : option nat) : bool :=
  match a, b with None, None => true | Some m, Some n => Nat.eqb m n | _, _ => false end.

Definition same_ends (a b : network_ends) : bool :=
  same_longest (longest a) (longest b) &&
  same_input (input a) (input b) && Bool.eqb (first_row_only a) (first_row_only b) &&
  match final_norm a, final_norm b with
  | None, None => true | Some m, Some n => same_norm m n | _, _ => false end &&
  match unembedding a, unembedding b with
  | None, None => true | Some f, Some g => same_affine f g | _, _ => false end.

Lemma same_matrix_length a b : same_matrix a b = true -> length a = length b.
Proof.
intros H. apply same_matrix_sound, (f_equal (@List.length vector)) in H.
now rewrite !map_length in H.
Qed.

Lemma same_affine_sound a b y : same_affine a b = true -> apply a y = apply b y.
Proof.
unfold same_affine. intros H. apply andb_prop in H. destruct H as [H K].
unfold apply, bias_of.
rewrite !linear_part_reals, (same_matrix_sound _ _ H), (same_matrix_length _ _ H).
f_equal. now apply same_option_sound.
Qed.

Lemma map_option_reals (t u : tensor2) l : map reals t = map reals u ->
  bind (map_option (nth_error t) l) (fun r => Some (map reals r)) =
  bind (map_option (nth_error u) l) (fun r => Some (map reals r)).
Proof.
intros E. induction l as [|i l IH]; [reflexivity|]. simpl.
assert (N : option_map reals (nth_error t i) = option_map reals (nth_error u i)).
{ rewrite <- !nth_error_map. exact (f_equal (fun l => nth_error l i) E). }
destruct (nth_error t i), (nth_error u i); simpl in N; try easy. simpl. injection N as N.
destruct (map_option (nth_error t) l), (map_option (nth_error u) l); simpl in *; try easy.
injection IH as IH. now rewrite N, IH.
Qed.

Lemma same_input_sound d a b from : same_input a b = true -> embed d a from = embed d b from.
Proof.
destruct a as [|t p|f t p], b as [|u q|g u q]; simpl; try easy; intros H;
  destruct from as [s|l|s]; try easy.
- apply andb_prop in H. destruct H as [H K]. apply same_matrix_sound in H.
  assert (E := map_option_reals t u l H).
  destruct (map_option (nth_error t) l) as [rt|], (map_option (nth_error u) l) as [ru|];
    simpl in *; try easy.
  injection E as E. destruct p as [p|], q as [q|]; simpl in K; try easy; [|now rewrite E].
  rewrite (same_matrix_length _ _ K), E, (same_matrix_sound _ _ K). reflexivity.
- apply andb_prop in H. destruct H as [H P]. apply andb_prop in H. destruct H as [H K].
  rewrite (same_matrix_length _ _ P), (same_matrix_sound _ _ P), (same_vector_sound _ _ K).
  now rewrite (map_ext _ _ (fun y => same_affine_sound f g y H)).
Qed.

Lemma same_ends_sound a b : same_ends a b = true ->
  (forall d from, embed d (input a) from = embed d (input b) from) /\
  (forall s, finish a s = finish b s).
Proof.
unfold same_ends. intros H. apply andb_prop in H. destruct H as [H U].
apply andb_prop in H. destruct H as [H N]. apply andb_prop in H. destruct H as [H P].
apply andb_prop in H. destruct H as [_ H]. apply eqb_prop in P. split; [intros d from; now apply same_input_sound|].
intros s. unfold finish. rewrite <- P.
assert (E : match final_norm a with Some n => map (normalise n) s | None => s end =
            match final_norm b with Some n => map (normalise n) s | None => s end).
{ destruct (final_norm a), (final_norm b); try easy. apply map_ext. intros x.
  now apply same_norm_sound. }
rewrite E. destruct (unembedding a), (unembedding b); try easy.
apply map_ext. intros x. now apply same_affine_sound.
Qed.

(** ** Sums of streams *)

Lemma add_rows_length s t : length s = length t -> length (add_rows s t) = length s.
Proof. revert t; induction s as [|x s IH]; intros [|y t] H; simpl in *; auto. Qed.

Lemma add_rows_width d s t : Forall (fun x => length x = d) s -> Forall (fun x => length x = d) t ->
  Forall (fun x => length x = d) (add_rows s t).
Proof.
revert t; induction s as [|x s IH]; intros [|y t] S T; simpl; try constructor;
  inversion_clear S; inversion_clear T.
- unfold add. rewrite zip_length; congruence.
- now apply IH.
Qed.

Theorem add_augmented d s t : length s = length t ->
  Forall (fun x => length x = d) s -> Forall (fun x => length x = d) t ->
  add_rows (augmented d s) (padded d t) = augmented d (add_rows s t).
Proof.
unfold augmented, padded. revert t; induction s as [|x s IH]; intros [|y t] L S T; try easy.
- simpl. f_equal. apply add_zeros. unfold bias_row. rewrite app_length, repeat_length. reflexivity.
- inversion_clear S as [|? ? Hx Hs]. inversion_clear T as [|? ? Hy Ht]. simpl in L.
  cbn [List.map app add_rows]. rewrite IH by (auto; lia). f_equal.
  unfold token_row, padded_row. rewrite add_app by congruence. unfold add. simpl.
  now rewrite !Rplus_0_r.
Qed.

Theorem plain_augmented d s : Forall (fun x => length x = d) s -> plain d (augmented d s) = s.
Proof.
intros H. unfold plain, augmented. rewrite removelast_last, map_map.
rewrite <- (map_id s) at 2. apply map_ext_in. intros x Hx. rewrite Forall_forall in H.
rewrite <- (H x Hx) at 1. unfold token_row. rewrite firstn_app, firstn_all, Nat.sub_diag. simpl.
apply app_nil_r.
Qed.
