(** Rule perturb for an MLP whose heads are stored rounded. The stored heads are the construction's
    for another sublayer, a gated one: query and value are rounded apart. So the two functions are
    compared without heads. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.theorems.Vector Attncert.theorems.Ball.
Require Import Attncert.kernel.Term Attncert.kernel.Tensor Attncert.kernel.Tensor_model.
Require Import Attncert.kernel.Tensor_heads Attncert.kernel.Tensor_gates.
Require Import Attncert.kernel.Tensor_construction Attncert.kernel.Instance.
Require Import Attncert.kernel.Ball_rule Attncert.kernel.Lift.
Require Import Attncert.kernel.Perturb_bounds Attncert.kernel.Perturb_outputs.
Require Import Attncert.kernel.Perturb_gates.
Import ListNotations.
Open Scope R_scope.

(** ** What is claimed *)

(** The stored heads write what is within epsilon of what the construction's would for the
    original's weights (rule instance): the original with the gates' function. *)
Definition mlp_perturbation (d : nat) (m : mlp) (h : neuron_heads) (box : option Q) (epsilon : Q)
    : Prop :=
  forall s gs, of_width d s -> Forall (in_inputs box) s -> gates_numbers (gates h) = Some gs ->
  exists u v, mlp_output (fun z => Some (gates_function (gated h) gs z)) m s = Some u /\
    neuron_heads_output d h (augmented d s) = Some (padded d v) /\ close (Q2R epsilon) u v.

(** ** The sublayer that the stored heads are exact for *)

(** Rows [w, c, 0], times a sign. *)
Definition stored_map (sign : dyadic -> dyadic) (d : nat) (m : tensor2) : affine :=
  Affine (map (fun r => map sign (firstn d r)) m) (Some (map (fun r => sign (nth d r zero)) m)).

(** Columns of the output rows, less two; the bias likewise. *)
Definition stored_outputs (d : nat) (m : tensor2) (o : option tensor1) : affine :=
  Affine (firstn d (columns (d + 2) m)) (option_map (firstn d) o).

Definition stored_mlp (d : nat) (m : mlp) (h : neuron_heads) : mlp :=
  Mlp (mlp_norm m) (activation m) (stored_map (fun a => a) d (neuron_value h))
      (stored_outputs d (neuron_output h) (neuron_bias h))
      (Some (stored_map opposite d (neuron_query h))).

Definition as_gated (h : neuron_heads) : neuron_heads :=
  NeuronHeads (neuron_norm h) (gates h) true (neuron_query h) (neuron_value h) (neuron_output h)
              (neuron_bias h).

Lemma as_gated_output d h s : neuron_heads_output d (as_gated h) s = neuron_heads_output d h s.
Proof. reflexivity. Qed.

(** ** The check *)

Fixpoint inner_bounds (ps : list gate_part) (z q u : tensor1) : tensor1 * tensor1 :=
  match z, q, u with
  | a :: z, b :: q, c :: u =>
      let (moved, reached) := inner_bounds ps z q u in
      (neuron_move ps a b c :: moved, neuron_reach ps a c :: reached)
  | _, _, _ => ([], [])
  end.

Definition mlp_inner_bounds (d : nat) (m : mlp) (h : neuron_heads) (box : option Q)
    : option (tensor1 * tensor1) :=
  let other := stored_mlp d m h in
  bind (parts_of (gates h)) (fun ps =>
  bind (row_ranges d (mlp_norm m) box (inner m)) (fun z =>
  bind (row_moves d (mlp_norm m) box (score_map other) (inner m)) (fun q =>
  bind (row_moves d (mlp_norm m) box (inner other) (inner m)) (fun u =>
  Some (inner_bounds ps (reach_list z) q u))))).

Definition mlp_perturb_ok (d : nat) (m : mlp) (h : neuron_heads) (box : option Q) (epsilon : Q)
    : bool :=
  let other := stored_mlp d m h in
  let n := length (weight (inner m)) in
  negb (gated h) && negb (is_some (mlp_gate m)) &&
  Bool.eqb (is_some (bias (outer m))) (is_some (neuron_bias h)) &&
  norm_shape d (mlp_norm m) && epsilon_ok (mlp_norm m) &&
  affine_shape n d (inner m) && affine_shape d n (outer m) &&
  affine_shape n d (inner other) && affine_shape n d (score_map other) &&
  affine_shape d n (outer other) &&
  mlp_instance_ok d other (as_gated h) &&
  maps_near (score_map other) (inner m) && maps_near (inner other) (inner m) &&
  all_fp64 (differences (weight (outer other)) (weight (outer m))) &&
  match mlp_inner_bounds d m h box with
  | None => false
  | Some (moved, reached) =>
      outputs_close moved reached epsilon (weight (outer m)) (weight (outer other))
                    (bias_of (outer m)) (bias_of (outer other))
  end.

(** ** Soundness *)

Lemma parts_of_sound gs ps ns : parts_of gs = Some ps -> gates_numbers gs = Some ns ->
  Forall2 part_bounds ps ns.
Proof.
unfold parts_of, gates_numbers.
revert ps ns; induction gs as [|g gs IH]; simpl; intros ps ns P N.
- injection P as <-. injection N as <-. constructor.
- destruct (part_of g) as [p|] eqn:E; [|easy]. simpl in P.
  destruct (map_option part_of gs) as [l|]; [|easy]. simpl in P. injection P as <-.
  destruct (gate_numbers g) as [n|] eqn:F; [|easy]. simpl in N.
  destruct (map_option gate_numbers gs) as [k|]; [|easy]. simpl in N. injection N as <-.
  constructor; [exact (part_of_sound g p n E F)|now apply IH].
Qed.

Lemma inner_bounds_sound ps gs zr qm um z q u : Forall2 part_bounds ps gs ->
  bounded zr z -> moves qm q z -> moves um u z ->
  let g := gate_sum gs in
  let b := inner_bounds ps zr qm um in
  moves (fst b) (entrywise (map g q) u) (map (fun x => x * g x) z) /\
  bounded (snd b) (entrywise (map g q) u).
Proof.
intros F. revert qm um z q u; induction zr as [|a zr IH]; intros qm um z q u Z Q U.
- destruct Z as [L _]. destruct z; [|easy].
  destruct Q as [L1 [L2 _]], U as [L3 [L4 _]]. destruct qm; [|easy]. destruct um; [|easy].
  destruct q; [|easy]. destruct u; [|easy]. split; [apply moves_nil|apply bounded_nil].
- destruct z as [|x z]; [now destruct Z|].
  destruct qm as [|b qm]; [now destruct Q as [_ [K _]]|].
  destruct um as [|c um]; [now destruct U as [_ [K _]]|].
  destruct q as [|y q]; [now destruct Q|]. destruct u as [|t u]; [now destruct U|].
  apply bounded_cons in Z. apply moves_cons in Q, U.
  destruct Z as [Z Zs], Q as [Q Qs], U as [U Us].
  specialize (IH qm um z q u Zs Qs Us). cbv zeta in *. simpl inner_bounds.
  destruct (inner_bounds ps zr qm um) as [moved reached]. simpl fst in *. simpl snd in *.
  destruct (neuron_moves ps gs x y t a b c F Z Q U) as [A B].
  unfold entrywise in *. cbn [List.map zip].
  split; [apply moves_cons|apply bounded_cons]; split; tauto.
Qed.

Theorem mlp_perturb_sound d m h box epsilon :
  mlp_perturb_ok d m h box epsilon = true -> mlp_perturbation d m h box epsilon.
Proof.
unfold mlp_perturb_ok. cbv zeta. set (other := stored_mlp d m h).
set (n := length (weight (inner m))). intros H.
repeat (apply andb_prop in H; let K := fresh "K" in destruct H as [H K]).
destruct (mlp_inner_bounds d m h box) as [[moved reached]|] eqn:B; [|easy].
rename K into Close, K3 into Same, K4 into Outer', K5 into Score', K6 into Inner', K7 into Outer,
  K8 into Inner, K9 into Epsilon, K10 into Shape, K12 into Plain.
apply negb_true_iff in H. apply negb_true_iff in Plain.
assert (NoGate : mlp_gate m = None) by (now destruct (mlp_gate m)).
assert (I := mlp_instance_sound _ _ _ Same).
intros s gs Hs Hi G. rewrite H. rewrite mlp_output_total. eexists. eexists.
split; [reflexivity|split].
- rewrite <- as_gated_output, (I s Hs). simpl gates. rewrite G. cbn [bind].
  rewrite mlp_output_total. cbn [bind]. reflexivity.
- simpl gated. unfold close. clear I.
  induction s as [|x s IH]; simpl; [constructor|]. inversion_clear Hs as [|? ? Hx Hss].
  inversion_clear Hi as [|? ? Ix Is]. constructor; [|now apply IH]. clear IH.
  unfold hidden_with. rewrite NoGate. cbn [mlp_gate stored_mlp].
  unfold preactivations. unfold score_map at 1. rewrite NoGate.
  change (score_map (stored_mlp d m h)) with (score_map other).
  change (mlp_norm (stored_mlp d m h)) with (mlp_norm m).
  set (y := normalise (mlp_norm m) x).
  unfold mlp_inner_bounds in B. cbv zeta in B. fold other in B.
  destruct (parts_of (gates h)) as [ps|] eqn:P; [|easy].
  destruct (row_ranges d (mlp_norm m) box (inner m)) as [zr|] eqn:Z; [|easy].
  destruct (row_moves d (mlp_norm m) box (score_map other) (inner m)) as [qm|] eqn:Qm; [|easy].
  destruct (row_moves d (mlp_norm m) box (inner other) (inner m)) as [um|] eqn:Um; [|easy].
  simpl in B. injection B as B.
  assert (Zs := reach_list_sound _ _
    (row_ranges_sound d n _ box _ _ x Shape Epsilon Inner Z Hx Ix)).
  assert (Qs := row_moves_sound d n _ box _ _ _ x Shape Epsilon Score' Inner Qm Hx Ix).
  assert (Us := row_moves_sound d n _ box _ _ _ x Shape Epsilon Inner' Inner Um Hx Ix).
  fold y in Zs, Qs, Us.
  destruct (inner_bounds_sound ps gs _ _ _ _ _ _ (parts_of_sound _ _ _ P G) Zs Qs Us) as [M R].
  rewrite B in M, R. simpl in M, R.
  assert (L : length (map (fun z => z * gate_sum gs z) (apply (inner m) y)) = n)
    by (rewrite map_length; now apply apply_length with d).
  apply affine_shape_sound in Outer, Outer'. destruct Outer as [_ [W _]], Outer' as [_ [W' _]].
  unfold apply at 1 3.
  apply (outputs_close_sound _ _ _ _ _ _ _ _ _ Close M R); rewrite L; assumption.
Qed.
