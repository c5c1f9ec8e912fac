(** Enclosures of a converted network's sublayers, on the augmented stream with its bias token. Masks
    as weights are refused. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_tree.
Require Import Attncert.kernel.Tensor_attention Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_network.
Require Import Attncert.kernel.Enclose_number Attncert.kernel.Enclose_row.
Require Import Attncert.kernel.Enclose_norm Attncert.kernel.Enclose_softmax.
Require Import Attncert.kernel.Enclose_attention Attncert.kernel.Enclose_layers.
Import ListNotations.
Open Scope R_scope.

Lemma Forall2_combine {A B C D : Type} (r : A -> B -> Prop) (s : C -> D -> Prop) l m k n :
  Forall2 r l m -> Forall2 s k n ->
  Forall2 (fun p q => r (fst p) (fst q) /\ s (snd p) (snd q)) (combine l k) (combine m n).
Proof.
intros H. revert k n; induction H as [|a b l m R H IH]; intros k n K; simpl; [constructor|].
destruct K; constructor; auto.
Qed.

Section Heads.
Variable f : functions_fixed.
Hypothesis sound : sound_functions f.
Variable d : nat.

(** ** Heads of mask {self} *)

Definition bias_head_fixed (o : option aligned) (u : row) : row :=
  match o with
  | Some a => times_aligned (nth d u exactly_0) a
  | None => repeat exactly_0 (d + 2)
  end.

Lemma near_bias_head o u r : near_row u r ->
  near_row (bias_head_fixed (option_map align o) u) (bias_head d r o).
Proof.
intros H. destruct o as [o|]; simpl.
- apply near_times_aligned; [now apply near_entry|apply align_means].
- apply Forall2_repeat, near_0.
Qed.

Definition self_fixed (h : self_heads) (s : list row) : option (list row) :=
  bind (normalised_heads d (self_norm h) s) (fun rows =>
    let outs := map align (self_output h) in
    Some (map (fun u => combine_aligned (d + 2) u outs) rows)).

Lemma near_self h s t u : near_rows s t -> self_fixed h s = Some u ->
  near_rows u (self_heads_output d h t).
Proof.
unfold self_fixed, self_heads_output. intros H.
destruct (normalised_heads d _ s) as [rows|] eqn:N; [|easy]. simpl.
intros E. injection E as <-. apply Forall2_map with (1 := near_normalised_heads_rows _ _ _ _ _ H N).
intros a x K. apply near_combine; [exact K|apply align_all].
Qed.

(** ** Heads of tokens *)

Definition token_fixed (h : token_heads) (s : list row) : option (list row) :=
  bind (normalised_heads d (token_norm h) s) (fun rows =>
  bind (contexts_fixed (exp_fixed f) (token_shape h)
          (allows_apart (token_shape h) (length rows - 1)) (linear_rows (token_query h) rows)
          (linear_rows (token_key h) rows) (linear_rows (token_value h) rows)) (fun mixed =>
    let outs := map align (token_output h) in
    let b := option_map align (token_bias h) in
    Some (map (fun cu => add_row (combine_aligned (d + 2) (fst cu) outs)
                                 (bias_head_fixed b (snd cu))) (combine mixed rows)))).

Lemma near_token h s t u : near_rows s t -> token_fixed h s = Some u ->
  near_rows u (token_heads_output d h t).
Proof.
unfold token_fixed, token_heads_output. intros H.
destruct (normalised_heads d _ s) as [rows|] eqn:N; [|easy]. simpl.
assert (R := near_normalised_heads_rows _ _ _ _ _ H N).
destruct (contexts_fixed _ _ _ _ _ _) as [mixed|] eqn:C; [|easy]. simpl.
intros E. injection E as <-. rewrite (Forall2_lengths _ _ _ R) in C.
assert (M := near_contexts _ (proj1 sound) _ _ _ _ _ _ _ _ _
  (near_linear_rows (token_query h) _ _ R) (near_linear_rows (token_key h) _ _ R)
  (near_linear_rows (token_value h) _ _ R) C).
apply Forall2_map with (1 := Forall2_combine _ _ _ _ _ _ M R).
intros p q [P Q]. apply near_add_row; [|now apply near_bias_head].
apply near_combine; [exact P|apply align_all].
Qed.

(** ** Heads of neurons *)

Definition constant_fixed (p : program) : option fixed := program_fixed f p exactly_0.

Lemma near_constant p a : constant_fixed p = Some a -> exists v, constant p = Some v /\ near a v.
Proof.
intros E. destruct (proj2 sound p _ _ _ near_0 E) as [v [V N]]. exists v. split; [|exact N].
destruct (tree_of_value _ _ _ V) as [t [T W]]. unfold constant. now rewrite T.
Qed.

Definition gate_fixed : Type := fixed * list (fixed * fixed).

Definition near_pair (a : fixed * fixed) (x : R * R) : Prop :=
  near (fst a) (fst x) /\ near (snd a) (snd x).
Definition near_gate (a : gate_fixed) (x : real_gate) : Prop :=
  near (fst a) (fst x) /\ Forall2 near_pair (snd a) (snd x).

Definition score_constants (s : program * program) : option (fixed * fixed) :=
  bind (constant_fixed (fst s)) (fun a => bind (constant_fixed (snd s)) (fun b => Some (a, b))).

Definition gate_constants (g : neuron_gate) : option gate_fixed :=
  bind (constant_fixed (coefficient g)) (fun c =>
  bind (map_option score_constants (bias_scores g)) (fun l => Some (c, l))).

Lemma near_score s a : score_constants s = Some a ->
  exists x, score_numbers s = Some x /\ near_pair a x.
Proof.
unfold score_constants, score_numbers. destruct (constant_fixed (fst s)) as [b|] eqn:B; [|easy].
simpl. destruct (constant_fixed (snd s)) as [c|] eqn:C; [|easy]. simpl.
intros E. injection E as <-.
destruct (near_constant _ _ B) as [x [-> X]]. destruct (near_constant _ _ C) as [y [-> Y]].
simpl. eexists. split; [reflexivity|now split].
Qed.

Lemma near_gate_constants g a : gate_constants g = Some a ->
  exists x, gate_numbers g = Some x /\ near_gate a x.
Proof.
unfold gate_constants, gate_numbers. destruct (constant_fixed _) as [c|] eqn:C; [|easy]. simpl.
destruct (map_option score_constants _) as [l|] eqn:L; [|easy]. simpl.
intros E. injection E as <-. destruct (near_constant _ _ C) as [x [-> X]]. simpl.
destruct (map_option_related eq near_pair score_constants score_numbers _ _ _
  ltac:(intros s ? b <-; apply near_score) (Forall2_eq _) L) as [k [-> K]].
simpl. eexists. split; [reflexivity|now split].
Qed.

(** [own] and [other] are what the row and the bias token give before the gate's coefficient. *)
Definition gate_average (is_bias : bool) (z one own other : fixed) (g : gate_fixed)
    : option fixed :=
  let c := fst g in
  let gave := times_fixed c other in
  let score s := minus_fixed (times_fixed z (fst s)) (times_fixed one (snd s)) in
  average_fixed (exp_fixed f)
    (exactly_0 :: if is_bias then [] else map score (snd g))
    (times_fixed c own :: if is_bias then [] else map (fun _ => gave) (snd g)).

Definition neuron_fixed (is_bias : bool) (bias_token : row) (gs : list gate_fixed) (u : row)
    (qv : aligned * aligned) : option fixed :=
  let z := dot_aligned (fst qv) u in
  let own := dot_aligned (snd qv) u in
  let other := dot_aligned (snd qv) bias_token in
  bind (map_option (gate_average is_bias z (nth d u exactly_0) own other) gs)
       (fun l => Some (total_fixed l)).

Lemma near_neuron is_bias bias_token b gs ns u r qv q v a :
  near_row bias_token b -> Forall2 near_gate gs ns -> near_row u r ->
  means (fst qv) q -> means (snd qv) v ->
  neuron_fixed is_bias bias_token gs u qv = Some a ->
  near a (neuron_result d r is_bias b ns q v).
Proof.
intros B G H Q V. unfold neuron_fixed, neuron_result.
destruct (map_option _ gs) as [l|] eqn:L; [|easy]. simpl. intros E. injection E as <-.
apply near_total. revert L. apply (map_option_near near_gate); [|exact G].
intros g n c [C S] E. revert E. unfold gate_average. cbv zeta.
apply (near_average _ (proj1 sound)).
- simpl. constructor; [apply near_0|]. destruct is_bias; [constructor|].
  rewrite map_map. cbn [fst]. apply Forall2_map with (1 := S). intros p w [P W].
  replace (dot q r * fst w + ones d r * - snd w) with (dot q r * fst w - ones d r * snd w) by ring.
  apply near_minus; apply near_times; auto; [now apply near_dot_aligned|now apply near_entry].
- simpl. constructor; [apply near_times; [exact C|now apply near_dot_aligned]|].
  destruct is_bias; [constructor|].
  rewrite map_map. cbn [snd]. apply Forall2_map with (1 := S). intros p w _.
  apply near_times; [exact C|now apply near_dot_aligned].
Qed.

Definition neurons_row (gs : list gate_fixed) (weights : list (aligned * aligned))
    (outs : list aligned) (b : option aligned) (bias_token : row) (is_bias : bool) (u : row)
    : option row :=
  bind (map_option (neuron_fixed is_bias bias_token gs u) weights) (fun results =>
  Some (add_row (combine_aligned (d + 2) results outs) (bias_head_fixed b u))).

Lemma near_neurons_row h gs ns is_bias bias_token t u r w :
  near_row bias_token t -> Forall2 near_gate gs ns -> near_row u r ->
  neurons_row gs (combine (map align (neuron_query h)) (map align (neuron_value h)))
    (map align (neuron_output h)) (option_map align (neuron_bias h)) bias_token is_bias u = Some w ->
  near_row w (neuron_heads_row d r h ns is_bias t).
Proof.
intros B G H. unfold neurons_row, neuron_heads_row.
destruct (map_option _ _) as [l|] eqn:L; [|easy]. simpl. intros E. injection E as <-.
apply near_add_row; [|now apply near_bias_head].
apply near_combine; [|apply align_all].
revert L. apply (map_option_near (fun p q => means (fst p) (reals (fst q)) /\
                                            means (snd p) (reals (snd q)))).
- intros p q a [P Q]. now apply near_neuron.
- apply (Forall2_combine (fun a w => means a (reals w)) (fun a w => means a (reals w)));
    apply align_each.
Qed.

Definition neurons_fixed (h : neuron_heads) (s : list row) : option (list row) :=
  bind (map_option gate_constants (gates h)) (fun gs =>
  bind (normalised_heads d (neuron_norm h) s) (fun rows =>
    let weights := combine (map align (neuron_query h)) (map align (neuron_value h)) in
    let outs := map align (neuron_output h) in
    let b := option_map align (neuron_bias h) in
    let bias_token := last rows [] in
    bind (map_option (neurons_row gs weights outs b bias_token false) (removelast rows)) (fun l =>
    bind (neurons_row gs weights outs b bias_token true bias_token) (fun r => Some (l ++ [r]))))).

Lemma near_neurons h s t u : near_rows s t -> neurons_fixed h s = Some u ->
  exists v, neuron_heads_output d h t = Some v /\ near_rows u v.
Proof.
unfold neurons_fixed, neuron_heads_output. intros H.
destruct (map_option gate_constants _) as [gs|] eqn:G; [|easy]. simpl.
destruct (normalised_heads d _ s) as [rows|] eqn:N; [|easy]. simpl.
assert (R := near_normalised_heads_rows _ _ _ _ _ H N).
destruct (map_option_related eq near_gate gate_constants gate_numbers _ _ _
  ltac:(intros g ? a <-; apply near_gate_constants) (Forall2_eq _) G) as [ns [E K]].
unfold gates_numbers. rewrite E. simpl.
destruct (map_option _ (removelast rows)) as [l|] eqn:L; [|easy]. simpl.
destruct (neurons_row _ _ _ _ _ true _) as [r|] eqn:B; [|easy]. simpl.
intros X. injection X as <-. eexists. split; [reflexivity|].
assert (T : near_row (last rows []) (last (map (normalise_row d (neuron_norm h)) t) []))
  by (apply Forall2_last; [exact R|constructor]).
apply Forall2_app.
- revert L. apply map_option_near with near_row; [|now apply Forall2_removelast].
  intros a x w A. now apply near_neurons_row.
- constructor; [|constructor]. revert B. now apply near_neurons_row.
Qed.

(** ** Sublayers kept as they are *)

Definition plain_fixed (s : list row) : list row := map (firstn d) (removelast s).

Lemma near_plain s t : near_rows s t -> near_rows (plain_fixed s) (plain d t).
Proof.
intros H. apply Forall2_map with near_row; [now apply Forall2_removelast|].
intros u x. apply Forall2_firstn.
Qed.

Definition padded_fixed (s : list row) : list row :=
  map (fun u => u ++ [exactly_0; exactly_0]) s ++ [repeat exactly_0 (d + 2)].

Lemma near_padded s t : near_rows s t -> near_rows (padded_fixed s) (padded d t).
Proof.
intros H. apply Forall2_app.
- apply Forall2_map with (1 := H). intros u x K. apply Forall2_app; [exact K|].
  constructor; [apply near_0|constructor; [apply near_0|constructor]].
- constructor; [|constructor]. apply Forall2_repeat, near_0.
Qed.

(** ** All kinds *)

Definition converted_fixed (l : converted_layer) (s : list row) : option (list row) :=
  match l with
  | Converted_neurons h => neurons_fixed h s
  | Converted_tokens h => token_fixed h s
  | Converted_self h => self_fixed h s
  | Raised_neurons _ _ | Raised_tokens _ _ => None
  | Kept_layer a => bind (original_fixed f a (plain_fixed s)) (fun u => Some (padded_fixed u))
  end.

Theorem near_converted l s t u : near_rows s t -> converted_fixed l s = Some u ->
  exists v, converted_output d l t = Some v /\ near_rows u v.
Proof.
intros H E. destruct l as [h|h|h|h w|h w|a]; cbn [converted_fixed converted_output] in *; try easy.
- exact (near_neurons _ _ _ _ H E).
- eexists. split; [reflexivity|]. exact (near_token _ _ _ _ H E).
- eexists. split; [reflexivity|]. exact (near_self _ _ _ _ H E).
- destruct (original_fixed f a (plain_fixed s)) as [v|] eqn:V; [|easy].
  destruct (near_original f sound a _ _ _ (near_plain s t H) V) as [x [-> X]].
  injection E as <-. eexists. split; [reflexivity|]. now apply near_padded.
Qed.
End Heads.
