(** Rule every-layer, concluding identity: where every sublayer is exact over every input, the two
    networks are the same function. *)
From Coq Require Import String ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Structure.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Instance Attncert.kernel.Ball_rule Attncert.kernel.Lift.
Require Import Attncert.kernel.Layer_error Attncert.kernel.Layers Attncert.kernel.Every_layer.
Import ListNotations.
Open Scope R_scope.

(** For every input the two networks compute the same. *)
Definition identity (o : original_network) (c : converted_network) : Prop :=
  forall from, original_function o from = converted_function c from.

(** ** The check *)

Definition outputs_ok (d : nat) (a : affine) : bool :=
  has_length d (weight a) && has_length d (bias_of a).

(** What a sublayer adds has the stream's width; so has what enters. *)
Definition layer_width_ok (d : nat) (a : original_layer) : bool :=
  match a with
  | Original_mlp m => outputs_ok d (outer m)
  | Original_attention a => outputs_ok d (attention_out a)
  | Original_linear l => outputs_ok d (linear_map l)
  end.

Definition input_width_ok (d : nat) (i : network_input) : bool :=
  match i with
  | Given_rows => true
  | Tokens token position =>
      forallb (has_length d) token &&
      match position with Some p => forallb (has_length d) p | None => true end
  | Patches projection class_token position =>
      outputs_ok d projection && has_length d class_token && forallb (has_length d) position
  end.

Fixpoint exact_layers_ok (d : nat) (before : list (string * original_layer))
    (after : list (string * converted_layer)) (premises : list layer_premise) : bool :=
  match before, after, premises with
  | [], [], [] => true
  | (n, a) :: before, (n', b) :: after, p :: premises =>
      String.eqb n n' && layer_width_ok d a &&
      match a, b with
      | Original_mlp _, Converted_neurons _ => premise_suffices n None 0 p
      | Original_attention _, Converted_tokens _ | Original_linear _, Converted_self _
      | _, Kept_layer _ =>
          match p with Exact_premise name => String.eqb name n | _ => false end
      | _, _ => false
      end &&
      exact_layers_ok d before after premises
  | _, _, _ => false
  end.

Definition identity_ok (o : original_network) (c : converted_network)
    (premises : list layer_premise) : bool :=
  Nat.eqb (d_model o) (d_model c) && same_ends (ends o) (ends c) &&
  input_width_ok (d_model o) (input (ends o)) &&
  distinct (map fst (sublayers o)) && distinct (map fst (sublayers c)) &&
  exact_layers_ok (d_model o) (sublayers o) (sublayers c) premises.

(** ** Widths *)

Lemma apply_width d a y : outputs_ok d a = true -> length (apply a y) = d.
Proof.
unfold outputs_ok. intros H. apply andb_prop in H. destruct H as [W B].
apply has_length_sound in W, B.
unfold apply, linear_part, add. rewrite zip_length; rewrite map_length; [exact W|].
rewrite reals_length. exact (eq_trans W (eq_sym B)).
Qed.

Lemma map_apply_width d a s : outputs_ok d a = true -> of_width d (map (apply a) s).
Proof.
intros H. apply Forall_forall. intros y Hy. apply in_map_iff in Hy. destruct Hy as [x [<- _]].
now apply apply_width.
Qed.

Lemma reals_width d (m : tensor2) : forallb (has_length d) m = true -> of_width d (map reals m).
Proof.
intros H. rewrite forallb_forall in H. apply Forall_forall. intros y Hy. apply in_map_iff in Hy.
destruct Hy as [x [<- Hx]]. rewrite reals_length. now apply has_length_sound, H.
Qed.

Lemma nth_errors_width d (m : tensor2) l rows : forallb (has_length d) m = true ->
  map_option (nth_error m) l = Some rows -> forallb (has_length d) rows = true.
Proof.
intros H. revert rows; induction l as [|i l IH]; simpl; intros rows E; [now injection E as <-|].
destruct (nth_error m i) as [r|] eqn:R; [|easy].
destruct (map_option (nth_error m) l) as [k|]; [|easy]. injection E as <-. simpl.
rewrite (IH _ eq_refl), andb_true_r. rewrite forallb_forall in H. apply H.
now apply nth_error_In with i.
Qed.

Lemma embed_width d i from s : input_width_ok d i = true -> embed d i from = Some s -> of_width d s.
Proof.
destruct i as [|t p|f t p], from as [x|l|x]; cbn [input_width_ok embed]; try easy; intros W E.
- destruct (forallb (has_length d) x) eqn:F; [|easy]. injection E as <-.
  rewrite forallb_forall in F. apply Forall_forall. intros y Hy. now apply has_length_sound, F.
- apply andb_prop in W. destruct W as [T P].
  destruct (map_option (nth_error t) l) as [rows|] eqn:M; [|easy].
  assert (Rows := reals_width _ _ (nth_errors_width _ _ _ _ T M)). simpl in E.
  destruct p as [p|]; [|now injection E as <-].
  destruct (Nat.leb _ _); [|easy]. injection E as <-.
  apply add_rows_width; [exact Rows|now apply reals_width].
- apply andb_prop in W. destruct W as [W P]. apply andb_prop in W. destruct W as [F T].
  destruct (Nat.eqb (S (length x)) (length p)); [|easy].
  injection E as <-. apply (add_rows_width d (reals t :: map (apply f) x) (map reals p)).
  + constructor; [rewrite reals_length; now apply has_length_sound|now apply map_apply_width].
  + now apply reals_width.
Qed.

Lemma original_output_width d a s u : layer_width_ok d a = true -> original_output a s = Some u ->
  of_width d u /\ length u = length s.
Proof.
intros W. destruct a as [m|a|l]; simpl in *; intros E.
- split; [|now apply map_option_length in E]. unfold mlp_output in E.
  revert u E; induction s as [|x s IH]; simpl; intros u E; [injection E as <-; constructor|].
  destruct (mlp_row (value (activation m)) m x) as [y|] eqn:Y; [|easy]. simpl in E.
  destruct (map_option (mlp_row (value (activation m)) m) s) as [k|] eqn:K; [|easy].
  injection E as <-.
  constructor; [|now apply IH].
  unfold mlp_row in Y. destruct (hidden (value (activation m)) m x); [|easy]. injection Y as <-.
  now apply apply_width.
- injection E as <-. unfold attention_output. split; [now apply map_apply_width|].
  unfold contexts. now rewrite ?map_length, ?seq_length, ?map_length.
- injection E as <-. unfold linear_output. split; [|apply map_length].
  apply Forall_forall. intros y Hy. apply in_map_iff in Hy. destruct Hy as [x [<- _]].
  now apply apply_width.
Qed.

(** ** Soundness *)

Lemma close_0 u v : close (Q2R 0) u v -> u = v.
Proof.
assert (Z : Q2R 0 = 0) by (unfold Q2R; simpl; field).
intros C. induction C as [|x y s t F C IH]; [reflexivity|]. rewrite IH. f_equal.
clear - F Z. induction F as [|a b x y H F IH]; [reflexivity|]. rewrite IH. f_equal.
rewrite Z in H. destruct (Req_dec (a - b) 0) as [E|E]; [lra|apply Rabs_pos_lt in E; lra].
Qed.

(** The converted sublayer writes the original's result. *)
Lemma exact_step o c n a b p s :
  named n (sublayers o) = Some a -> named n (sublayers c) = Some b ->
  match a, b with
  | Original_mlp _, Converted_neurons _ => premise_suffices n None 0 p
  | Original_attention _, Converted_tokens _ | Original_linear _, Converted_self _
  | _, Kept_layer _ =>
      match p with Exact_premise name => String.eqb name n | _ => false end
  | _, _ => false
  end = true ->
  premise_holds o c p -> of_width (d_model o) s ->
  converted_output (d_model o) b (augmented (d_model o) s) =
  bind (original_output a s) (fun u => Some (padded (d_model o) u)).
Proof.
intros Fo Fc H P Hs.
assert (E : match p with Exact_premise name => String.eqb name n | _ => false end = true ->
            layer_instance (d_model o) (longest (ends o)) a b).
{ destruct p as [name| |]; try easy. intros K. apply String.eqb_eq in K. subst name.
  destruct P as [a' [b' [Ea [Eb I]]]]. rewrite Fo in Ea. rewrite Fc in Eb.
  injection Ea as <-. injection Eb as <-. exact I. }
destruct b as [h|h|h|h w|h w|k]; [..|destruct a; exact (E H s Hs)]; destruct a as [m|a|l]; try easy.
- assert (L := premise_suffices_sound o c n None 0 p _ _ Fo Fc H P).
  destruct (L s Hs) as [u [v [Hu [Hv C]]]].
  { apply Forall_forall. intros x _ r Hr. discriminate Hr. }
  apply close_0 in C. subst v. simpl. now rewrite Hu, Hv.
- simpl. f_equal. now apply (E H).
- simpl. f_equal. now apply (E H).
Qed.

Lemma exact_run o c before after premises s :
  (forall n a, In (n, a) before -> named n (sublayers o) = Some a) ->
  (forall n b, In (n, b) after -> named n (sublayers c) = Some b) ->
  exact_layers_ok (d_model o) before after premises = true ->
  Forall (premise_holds o c) premises -> of_width (d_model o) s ->
  run_layers (converted_output (d_model o)) (map snd after) (augmented (d_model o) s) =
    bind (run_layers original_output (map snd before) s) (fun t => Some (augmented (d_model o) t)) /\
  forall t, run_layers original_output (map snd before) s = Some t -> of_width (d_model o) t.
Proof.
revert after premises s; induction before as [|[n a] before IH];
  intros [|[n' b] after] [|p premises] s No Nc H P Hs; simpl in H; try easy.
- simpl. split; [reflexivity|]. intros t K. now injection K as <-.
- apply andb_prop in H. destruct H as [H L]. apply andb_prop in H. destruct H as [H E].
  apply andb_prop in H. destruct H as [N W]. apply String.eqb_eq in N. subst n'.
  inversion_clear P as [|? ? Hp Hps].
  assert (Step := exact_step o c n a b p s (No _ _ (or_introl eq_refl)) (Nc _ _ (or_introl eq_refl))
                    E Hp Hs).
  simpl. rewrite Step. destruct (original_output a s) as [u|] eqn:Hu; [|now split].
  destruct (original_output_width _ _ _ _ W Hu) as [Wu Lu]. simpl.
  rewrite add_augmented by auto.
  apply IH with premises; auto; [intros; apply No; now right|intros; apply Nc; now right|].
  now apply add_rows_width.
Qed.

Theorem identity_sound o c premises :
  identity_ok o c premises = true -> Forall (premise_holds o c) premises -> identity o c.
Proof.
unfold identity_ok. intros H P from.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
rename K into Layers, K0 into Dc, K1 into Do, K2 into Width, K3 into Ends.
apply Nat.eqb_eq in H. destruct (same_ends_sound _ _ Ends) as [E F].
unfold original_function, converted_function. rewrite <- H, <- E.
destruct (embed (d_model o) (input (ends o)) from) as [s|] eqn:S; [|reflexivity]. cbn [bind].
assert (Ws := embed_width _ _ _ _ Width S).
destruct (exact_run o c (sublayers o) (sublayers c) premises s) as [Run Wt]; auto;
  try (intros; now apply distinct_named).
rewrite Run. destruct (run_layers original_output (map snd (sublayers o)) s) as [t|]; [|reflexivity].
cbn [bind]. rewrite plain_augmented by now apply Wt. now rewrite F.
Qed.
