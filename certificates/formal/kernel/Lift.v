(** Rule lift: from the error of an activation to the error of a sublayer. The original computes
    sum_j V_kj alpha(z_j) + b_k, the heads sum_j V_kj g(z_j) + b_k, with the same z_j, so outputs
    differ by at most sum_j |V_kj| epsilon_j. With a gate every epsilon_j must be 0. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Structure.
Require Import Attncert.kernel.Tensor Attncert.kernel.Tensor_model Attncert.kernel.Tensor_heads.
Require Import Attncert.kernel.Tensor_gates Attncert.kernel.Tensor_construction.
Require Import Attncert.kernel.Instance Attncert.kernel.Ball_rule.
Import ListNotations.
Open Scope R_scope.

(** ** What is claimed *)

Definition close (epsilon : R) : stream -> stream -> Prop :=
  Forall2 (Forall2 (fun a b => Rabs (a - b) <= epsilon)).

(** On every stream of input rows both sides are defined, and the converted one writes what is
    within epsilon of the original's, and 0 where the constructions must not write. *)
Definition layer_error_holds (d : nat) (m : mlp) (h : neuron_heads) (box : option Q)
    (epsilon : Q) : Prop :=
  forall s, of_width d s -> Forall (in_inputs box) s -> exists u v,
    mlp_output (value (activation m)) m s = Some u /\
    neuron_heads_output d h (augmented d s) = Some (padded d v) /\
    close (Q2R epsilon) u v.

(** Without looking at heads: what the gates compute in the place of the activation. *)
Definition gates_error_holds (d : nat) (m : mlp) (h : neuron_heads) (box : option Q)
    (epsilon : Q) : Prop :=
  exists gs, gates_numbers (gates h) = Some gs /\
  forall s, of_width d s -> Forall (in_inputs box) s -> exists u v,
    mlp_output (value (activation m)) m s = Some u /\
    mlp_output (fun z => Some (gates_function (gated h) gs z)) m s = Some v /\
    close (Q2R epsilon) u v.

(** ** The errors of neurons *)

(** The least epsilon among the bounds whose domain holds the range. *)
Fixpoint least_error (range : domain) (bounds : list (domain * Q)) : option Q :=
  match bounds with
  | [] => None
  | (dom, e) :: rest =>
      match least_error range rest with
      | None => if includes dom range then Some e else None
      | Some f => if includes dom range && Qle_bool e f then Some e else Some f
      end
  end.

(** At least q, with 60 bits or more. *)
Definition round_up (q : Q) : dyadic :=
  let k := Z.max 0 (Z.log2 (Zpos (Qden q)) - Z.log2 (Qnum q) + 60) in
  Dyadic (- (- Qnum q * power_of_2 k / Zpos (Qden q))) (- k).

Fixpoint neuron_errors (ranges : list domain) (bounds : list (domain * Q)) : option tensor1 :=
  match ranges with
  | [] => Some []
  | r :: ranges =>
      match least_error r bounds, neuron_errors ranges bounds with
      | Some e, Some l => Some (round_up e :: l)
      | _, _ => None
      end
  end.

(** sum_j |w_j| epsilon_j. *)
Definition output_error (w errors : tensor1) : dyadic := product (map magnitude w) errors.

Definition inputs_ok (box : option Q) : bool :=
  match box with Some r => Qle_bool 0 r | None => true end.

Definition lift_ok (d : nat) (m : mlp) (h : neuron_heads) (box : option Q) (ranges : list domain)
    (p : pair) (bounds : list (domain * Q)) (epsilon : Q) : bool :=
  inputs_ok box && negb (Nat.eqb (length ranges) 0) &&
  affine_shape d (length ranges) (outer m) &&
  same_program (target p) (activation m) && computes_gates (approximant p) (gated h) (gates h) &&
  match neuron_errors ranges bounds with
  | None => false
  | Some errors =>
      (negb (is_some (mlp_gate m)) || forallb (fun e => Z.eqb (mantissa e) 0) errors) &&
      forallb (fun w => Qle_bool (rational (output_error w errors)) epsilon) (weight (outer m))
  end.

Lemma real_round_up q : Q2R q <= real (round_up q).
Proof.
unfold round_up. set (k := Z.max 0 _). assert (K : (0 <= k)%Z) by (unfold k; lia). clearbody k.
unfold real, Q2R. cbn [mantissa exponent].
set (den := Zpos (Qden q)). assert (D : (0 < den)%Z) by (unfold den; lia).
assert (E := Z.mul_div_le (- Qnum q * power_of_2 k) den D).
rewrite power_of_2_spec in * by exact K. set (c := (- Qnum q * 2 ^ k / den)%Z) in *.
assert (F : (Qnum q * 2 ^ k <= den * - c)%Z) by lia.
apply IZR_le in F. rewrite !mult_IZR, power_2_IZR in F by exact K.
assert (DR : 0 < IZR den) by now apply IZR_lt.
assert (P : 0 < powerRZ 2 k) by (apply powerRZ_lt; lra).
rewrite powerRZ_neg'.
apply Rmult_le_reg_r with (IZR den * powerRZ 2 k); [now apply Rmult_lt_0_compat|].
replace (IZR (Qnum q) * / IZR den * (IZR den * powerRZ 2 k)) with (IZR (Qnum q) * powerRZ 2 k)
  by (field; lra).
replace (IZR (- c) * / powerRZ 2 k * (IZR den * powerRZ 2 k)) with (IZR den * IZR (- c))
  by (field; lra).
exact F.
Qed.

Lemma least_error_sound p range bounds e z :
  Forall (fun b => sup_error p (fst b) (snd b)) bounds -> least_error range bounds = Some e ->
  inside range z -> exists d, differ p z d /\ Rabs d <= Q2R e.
Proof.
intros B; revert e; induction B as [|[dom f] rest S B IH]; simpl; intros e H Hz; [easy|].
destruct (least_error range rest) as [g|].
- destruct (includes dom range && Qle_bool f g) eqn:I; injection H as <-.
  + apply andb_prop in I. apply S. now apply includes_sound with (1 := proj1 I).
  + now apply IH.
- destruct (includes dom range) eqn:I; [|easy]. injection H as <-.
  apply S. now apply includes_sound with (1 := I).
Qed.

(** ** Vectors whose entries differ by at most the errors *)

Fixpoint within (errors : tensor1) (u v : vector) : Prop :=
  match errors, u, v with
  | [], [], [] => True
  | e :: errors, a :: u, b :: v => Rabs (a - b) <= real e /\ within errors u v
  | _, _, _ => False
  end.

Lemma dot_within errors u v w : within errors u v -> length w = length errors ->
  Rabs (dot (reals w) u - dot (reals w) v) <= real (output_error w errors).
Proof.
unfold output_error. rewrite real_product.
revert u v w; induction errors as [|e errors IH]; intros [|a u] [|b v] [|c w] H L; simpl in H;
  try easy.
- unfold dot. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
- destruct H as [H K]. simpl List.map. cbn [reals List.map]. fold (reals w) (reals errors).
  fold (reals (map magnitude w)). rewrite !dot_cons, real_magnitude.
  replace (real c * a + dot (reals w) u - (real c * b + dot (reals w) v))
    with (real c * (a - b) + (dot (reals w) u - dot (reals w) v)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
  apply Rplus_le_compat; [apply Rmult_le_compat_l; [apply Rabs_pos|exact H]|].
  apply IH; [exact K|simpl in L; lia].
Qed.

Lemma within_zero errors u v : forallb (fun e => Z.eqb (mantissa e) 0) errors = true ->
  within errors u v -> u = v.
Proof.
revert u v; induction errors as [|e errors IH]; intros [|a u] [|b v] E H; simpl in *; try easy.
apply andb_prop in E. destruct E as [E F]. destruct H as [H K].
apply Z.eqb_eq, real_mantissa_0 in E. rewrite E in H.
assert (a - b = 0) by (destruct (Req_dec (a - b) 0) as [Z|Z]; 
  [exact Z|apply Rabs_pos_lt in Z; lra]).
f_equal; [lra|now apply IH].
Qed.

Lemma within_length errors u v : within errors u v -> length errors = length u.
Proof.
revert u v; induction errors as [|e errors IH]; intros [|a u] [|b v] H; simpl in *; try easy.
f_equal. now apply (IH u v).
Qed.

(** ** One row *)

Section Row.
Variables (d : nat) (m : mlp) (h : neuron_heads) (p : pair) (bounds : list (domain * Q)).
Hypothesis same_target : target p = activation m.
Hypothesis same_gates : computes_gates (approximant p) (gated h) (gates h) = true.
Hypothesis proved : Forall (fun b => sup_error p (fst b) (snd b)) bounds.

(** Both functions at the pre-activations. *)
Lemma activations_within ranges errors zs :
  neuron_errors ranges bounds = Some errors -> Forall2 inside ranges zs ->
  exists u, map_option (value (activation m)) zs = Some u /\
    (zs = [] \/ exists gs, gates_numbers (gates h) = Some gs) /\
    forall gs, gates_numbers (gates h) = Some gs ->
      within errors u (map (gates_function (gated h) gs) zs).
Proof.
intros E F. revert errors E; induction F as [|r z ranges zs Hz F IH]; simpl; intros errors E.
- injection E as <-. exists []. split; [reflexivity|split; [now left|]]. simpl. auto.
- destruct (least_error r bounds) as [e|] eqn:L; [|easy].
  destruct (neuron_errors ranges bounds) as [l|]; [|easy]. injection E as <-.
  destruct (IH _ eq_refl) as [u [Hu [_ W]]].
  destruct (least_error_sound _ _ _ _ _ proved L Hz) as [t [[a [b [Ha [Hb ->]]]] T]].
  destruct (computes_gates_sound _ _ _ _ _ same_gates Hb) as [gs [G ->]].
  rewrite <- same_target, Ha. rewrite same_target, Hu. simpl.
  exists (a :: u). split; [reflexivity|split; [right; eauto|]].
  intros gs' G'. rewrite G in G'. injection G' as <-. split; [|now apply W].
  apply Rle_trans with (1 := T). apply real_round_up.
Qed.

Lemma row_close ranges errors x gs epsilon :
  affine_shape d (length ranges) (outer m) = true ->
  neuron_errors ranges bounds = Some errors -> Forall2 inside ranges (preactivations m x) ->
  gates_numbers (gates h) = Some gs ->
  (mlp_gate m = None \/ forallb (fun e => Z.eqb (mantissa e) 0) errors = true) ->
  forallb (fun w => Qle_bool (rational (output_error w errors)) epsilon)
          (weight (outer m)) = true ->
  exists u v, mlp_row (value (activation m)) m x = Some u /\
    mlp_row (fun z => Some (gates_function (gated h) gs z)) m x = Some v /\
    Forall2 (fun a b => Rabs (a - b) <= Q2R epsilon) u v.
Proof.
intros S E F G Z B.
destruct (activations_within _ _ _ E F) as [u [Hu [_ W]]]. specialize (W gs G).
assert (Lr : length errors = length ranges).
{ clear - E. revert errors E; induction ranges as [|r l IH]; simpl; intros errors E.
  - now injection E as <-.
  - destruct (least_error r bounds); [|easy]. destruct (neuron_errors l bounds) as [k|]; [|easy].
    injection E as <-. simpl. now rewrite (IH k eq_refl). }
apply affine_shape_sound in S. destruct S as [Lw [Ww Bw]].
set (g := gates_function (gated h) gs) in *.
assert (K : exists a b, hidden (value (activation m)) m x = Some a /\ hidden_with g m x = b /\
  forall w, In w (weight (outer m)) ->
    Rabs (dot (reals w) a - dot (reals w) b) <= Q2R epsilon).
{ unfold hidden, hidden_with. rewrite Hu. simpl.
  assert (Bound : forall w, In w (weight (outer m)) -> real (output_error w errors) <= Q2R epsilon).
  { intros w Hw. rewrite forallb_forall in B. rewrite <- real_rational. now apply Qle_bool_R, B. }
  assert (Len : forall w, In w (weight (outer m)) -> length w = length errors).
  { intros w Hw. rewrite Forall_forall in Ww. rewrite (Ww w Hw). now symmetry. }
  destruct (mlp_gate m) as [t|].
  - destruct Z as [Z|Z]; [easy|]. assert (Eq := within_zero _ _ _ Z W). rewrite <- Eq.
    eexists. eexists. split; [reflexivity|split; [reflexivity|]]. intros w Hw.
    apply Rle_trans with (2 := Bound w Hw). unfold Rminus. rewrite Rplus_opp_r, Rabs_R0.
    rewrite <- Eq in W. generalize (dot_within _ _ _ w W (Len w Hw)).
    unfold Rminus. now rewrite Rplus_opp_r, Rabs_R0.
  - eexists. eexists. split; [reflexivity|split; [reflexivity|]]. intros w Hw.
    apply Rle_trans with (2 := Bound w Hw). apply dot_within; auto. }
destruct K as [a [b [Ha [Hb K]]]].
exists (apply (outer m) a), (apply (outer m) b). split; [unfold mlp_row; now rewrite Ha|split].
- rewrite <- Hb. apply mlp_row_total.
- unfold apply, linear_part, add. clear - K Lw Bw.
  assert (L : length (weight (outer m)) = length (bias_of (outer m)))
    by (exact (eq_trans Lw (eq_sym Bw))).
  revert L K. generalize (bias_of (outer m)). generalize (weight (outer m)). clear Lw Bw.
  intros w. induction w as [|v w IH]; intros [|c l] L K; simpl; try easy; constructor.
  + replace (dot (reals v) a + real c - (dot (reals v) b + real c))
      with (dot (reals v) a - dot (reals v) b) by ring. apply K. now left.
  + apply IH; [simpl in L; lia|]. intros r Hr. apply K. now right.
Qed.
End Row.

(** ** Streams *)

Lemma map_option_both {A B C : Type} (f : A -> option B) (g : A -> option C) 
  (P : B -> C -> Prop) s :
  (forall x, In x s -> exists u v, f x = Some u /\ g x = Some v /\ P u v) ->
  exists us vs, map_option f s = Some us /\ map_option g s = Some vs /\ Forall2 P us vs.
Proof.
induction s as [|x s IH]; intros H; [exists [], []; simpl; auto|].
destruct (H x (or_introl eq_refl)) as [u [v [Hu [Hv Huv]]]].
destruct IH as [us [vs [Hus [Hvs F]]]]; [intros y Hy; apply H; now right|].
exists (u :: us), (v :: vs). simpl. rewrite Hu, Hv, Hus, Hvs. simpl. auto.
Qed.

Lemma zero_row_in d box : inputs_ok box = true -> in_inputs box (repeat 0 d).
Proof.
intros H r ->. simpl in H. apply Qle_bool_R in H. unfold Q2R at 1 in H. simpl in H.
apply Forall_forall. intros a Ha. apply repeat_spec in Ha. subst a. rewrite Rabs_R0. lra.
Qed.

Theorem gates_error_sound d m h box ranges p bounds epsilon :
  lift_ok d m h box ranges p bounds epsilon = true ->
  range_holds d m box ranges ->
  Forall (fun b => sup_error p (fst b) (snd b)) bounds ->
  gates_error_holds d m h box epsilon.
Proof.
unfold lift_ok. intros H Rg B.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
destruct (neuron_errors ranges bounds) as [errors|] eqn:E; [|easy].
apply andb_prop in K. destruct K as [Zero Bound].
rename K0 into Gates, K1 into Target, K2 into Shape, K3 into Some_range, H into Inputs.
apply same_program_sound in Target.
assert (G : exists gs, gates_numbers (gates h) = Some gs).
{ assert (F := Rg (repeat 0 d) (repeat_length 0 d) (zero_row_in d box Inputs)).
  destruct (activations_within m h p bounds Target Gates B ranges errors _ E F) 
    as [u [_ [[N|G] _]]];
    [|exact G].
  rewrite N in F. inversion F as [K|]. rewrite <- K in Some_range. easy. }
destruct G as [gs G]. exists gs. split; [exact G|]. intros s Hs Hi.
destruct (map_option_both (mlp_row (value (activation m)) m)
            (mlp_row (fun z => Some (gates_function (gated h) gs z)) m)
            (Forall2 (fun a b => Rabs (a - b) <= Q2R epsilon)) s) as [us [vs [Hus [Hvs F]]]].
- intros x Hx. unfold of_width in Hs. rewrite Forall_forall in Hs, Hi.
  apply (row_close d m h p bounds Target Gates B ranges errors); auto.
  apply orb_prop in Zero. destruct Zero as [Z|Z]; [left; now destruct (mlp_gate m)|now right].
- exists us, vs. split; [exact Hus|split; [exact Hvs|exact F]].
Qed.

Theorem lift_sound d m h box ranges p bounds epsilon :
  lift_ok d m h box ranges p bounds epsilon = true ->
  mlp_instance d m h -> range_holds d m box ranges ->
  Forall (fun b => sup_error p (fst b) (snd b)) bounds ->
  layer_error_holds d m h box epsilon.
Proof.
intros H I Rg B. destruct (gates_error_sound _ _ _ _ _ _ _ _ H Rg B) as [gs [G E]].
intros s Hs Hi. destruct (E s Hs Hi) as [u [v [Hu [Hv C]]]]. exists u, v.
split; [exact Hu|split; [|exact C]]. rewrite (I s Hs), G. cbn [bind]. now rewrite Hv.
Qed.
