(** Enclosures of a program's value in fixed point; operations that it does not have are refused. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
Require Import Attncert.kernel.Term Attncert.kernel.Enclose_number Attncert.kernel.Enclose_exp.
Require Import Attncert.kernel.Enclose_erf.
Import ListNotations.
Open Scope R_scope.

(** ** Operations *)

Definition max_fixed (a b : fixed) : fixed :=
  of_bounds (Z.max (lower_end a) (lower_end b)) (Z.max (upper_end a) (upper_end b)).

Lemma near_max a b x y : near a x -> near b y -> near (max_fixed a b) (Rmax x y).
Proof.
intros H K. apply near_ends in H, K. assert (P := units_pos). apply about_of_bounds.
assert (L := Z.le_max_l (upper_end a) (upper_end b)).
assert (L' := Z.le_max_r (upper_end a) (upper_end b)). apply IZR_le in L, L'.
assert (X : x * units <= Rmax x y * units) by (apply Rmult_le_compat_r; [lra|apply Rmax_l]).
assert (Y : y * units <= Rmax x y * units) by (apply Rmult_le_compat_r; [lra|apply Rmax_r]).
split.
- destruct (Z.max_spec (lower_end a) (lower_end b)) as [[_ ->]|[_ ->]]; lra.
- unfold Rmax in *. destruct (Rle_dec x y); lra.
Qed.

Definition root_fixed (a : fixed) : option fixed :=
  bind (inverse_root a) (fun r => Some (times_fixed a r)).

Definition inverse_signed (a : fixed) : option fixed :=
  match inverse a with
  | Some i => Some i
  | None => bind (inverse (opposite_fixed a)) (fun i => Some (opposite_fixed i))
  end.

Lemma near_root a x b : near a x -> root_fixed a = Some b -> 0 <= x /\ near b (sqrt x).
Proof.
unfold root_fixed. intros H. destruct (inverse_root a) as [r|] eqn:R; [|easy]. cbn [bind].
destruct (near_inverse_root _ _ _ R H) as [P N]. intros K. injection K as <-. split; [lra|].
replace (sqrt x) with (x * / sqrt x); [now apply near_times|].
assert (S := sqrt_lt_R0 _ P). rewrite <- (sqrt_sqrt x) at 1 by lra. field. lra.
Qed.

Lemma near_inverse_signed a x b : near a x -> inverse_signed a = Some b ->
  x <> 0 /\ near b (/ x).
Proof.
unfold inverse_signed. intros H. destruct (inverse a) as [i|] eqn:I.
- intros K. injection K as <-. destruct (near_inverse _ _ _ I H). split; [lra|assumption].
- destruct (inverse (opposite_fixed a)) as [i|] eqn:J; [|easy]. cbn [bind].
  intros K. injection K as <-. destruct (near_inverse _ _ _ J (near_opposite _ _ H)) as [P N].
  split; [lra|]. replace (/ x) with (- / - x) by (field; lra). now apply near_opposite.
Qed.

Fixpoint power_fixed (a : fixed) (n : nat) : fixed :=
  match n with O => of_integer 1 | S n => times_fixed a (power_fixed a n) end.

Lemma near_power a x n : near a x -> near (power_fixed a n) (x ^ n).
Proof.
intros H. induction n as [|n IH]; simpl; [apply near_of_integer|now apply near_times].
Qed.

(** ** Programs *)

Definition fixed_step (whole : fixed) (n : node) (env : list fixed) : option fixed :=
  match n with
  | Const q => Some (of_Q q)
  | Pi => pi_fixed
  | Var => Some whole
  | Neg a => on1 env a (fun u => Some (opposite_fixed u))
  | Fabs a => on1 env a (fun u => Some (max_fixed u (opposite_fixed u)))
  | Sqrt a => on1 env a root_fixed
  | Exp a => on1 env a exp_by_series
  | Log a => None
  | Tanh a => on1 env a tanh_fixed
  | Erf a => on1 env a (fun u =>
      bind (erfc_fixed u) (fun c => Some (minus_fixed (of_integer 1) c)))
  | Erfc a => on1 env a erfc_fixed
  | Pow a k => if Z.leb 0 k && Z.leb k 64
               then on1 env a (fun u => Some (power_fixed u (Z.to_nat k))) else None
  | Add a b => on2 env a b (fun u v => Some (plus_fixed u v))
  | Sub a b => on2 env a b (fun u v => Some (minus_fixed u v))
  | Mul a b => on2 env a b (fun u v => Some (times_fixed u v))
  | Div a b => on2 env a b (fun u v => bind (inverse_signed v) (fun i => Some (times_fixed u i)))
  | Fmax a b => on2 env a b (fun u v => Some (max_fixed u v))
  | Fmin a b => on2 env a b (fun u v =>
      Some (opposite_fixed (max_fixed (opposite_fixed u) (opposite_fixed v))))
  end.

Definition moderate_step (whole : fixed) (n : node) (env : list fixed) : option fixed :=
  bind (fixed_step whole n env) (fun a => if moderate a then Some a else None).

Lemma on1_near ea eb a f g c :
  (forall u x, near u x -> f u = Some c -> exists d, g x = Some d /\ near c d) ->
  Forall2 near ea eb -> on1 ea a f = Some c -> exists d, on1 eb a g = Some d /\ near c d.
Proof.
unfold on1. intros H F. destruct (nth_error ea a) as [u|] eqn:N; simpl; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ F N) as [x [-> R]]. now apply H.
Qed.

Lemma on2_near ea eb a b f g c :
  (forall u v x y, near u x -> near v y -> f u v = Some c ->
     exists d, g x y = Some d /\ near c d) ->
  Forall2 near ea eb -> on2 ea a b f = Some c -> exists d, on2 eb a b g = Some d /\ near c d.
Proof.
unfold on2. intros H F. destruct (nth_error ea a) as [u|] eqn:N; simpl; [|easy].
destruct (nth_error ea b) as [v|] eqn:M; simpl; [|easy].
destruct (Forall2_nth_error _ _ _ _ _ F N) as [x [-> R]].
destruct (Forall2_nth_error _ _ _ _ _ F M) as [y [-> R']]. now apply H.
Qed.

Lemma Rmin_max x y : Rmin x y = - Rmax (- x) (- y).
Proof. unfold Rmin, Rmax. destruct (Rle_dec x y), (Rle_dec (- x) (- y)); lra. Qed.

Lemma Rabs_Rmax x : Rabs x = Rmax x (- x).
Proof. unfold Rabs, Rmax. destruct (Rcase_abs x), (Rle_dec x (- x)); lra. Qed.

Opaque pi_fixed.

Theorem fixed_step_sound whole x n env values i : near whole x -> Forall2 near env values ->
  fixed_step whole n env = Some i -> exists v, real_step x n values = Some v /\ near i v.
Proof.
intros Hx F S. destruct n as [q| | |a|a|a|a|a|a|a|a|a k|a b|a b|a b|a b|a b|a b];
  cbn [fixed_step real_step] in S |- *.
- injection S as <-. eexists. split; [reflexivity|apply near_of_Q].
- eexists. split; [reflexivity|exact (near_pi _ S)].
- injection S as <-. eexists. split; [reflexivity|exact Hx].
- revert F S. apply on1_near. intros u y Hu S. injection S as <-.
  eexists. split; [reflexivity|now apply near_opposite].
- revert F S. apply on1_near. intros u y Hu S. injection S as <-.
  eexists. split; [reflexivity|]. rewrite Rabs_Rmax. now apply near_max, near_opposite.
- revert F S. apply on1_near. intros u y Hu S. destruct (near_root _ _ _ Hu S) as [P N].
  exists (sqrt y). split; [|exact N]. unfold sqrt_R. now destruct (Rle_dec 0 y).
- revert F S. apply on1_near. intros u y Hu S.
  eexists. split; [reflexivity|exact (near_exp_by_series _ _ _ Hu S)].
- discriminate S.
- revert F S. apply on1_near. intros u y Hu S.
  eexists. split; [reflexivity|exact (near_tanh _ _ _ Hu S)].
- revert F S. apply on1_near. intros u y Hu S.
  destruct (erfc_fixed u) as [c|] eqn:E; [|easy]. injection S as <-.
  eexists. split; [reflexivity|]. replace (erf y) with (1 - erfc y) by (unfold erfc; ring).
  apply near_minus; [apply near_of_integer|exact (near_erfc _ _ _ Hu E)].
- revert F S. apply on1_near. intros u y Hu S.
  eexists. split; [reflexivity|exact (near_erfc _ _ _ Hu S)].
- destruct (Z.leb_spec 0 k) as [K|K]; [|easy]. destruct (Z.leb k 64); [|easy]. simpl in S.
  revert F S. apply on1_near. intros u y Hu S. injection S as <-. exists (y ^ Z.to_nat k).
  split; [|now apply near_power]. unfold pow_R. destruct (Z_lt_dec k 0) as [L|_]; [lia|].
  now rewrite pow_powerRZ, Z2Nat.id.
- revert F S. apply on2_near. intros u v y z Hu Hv S. injection S as <-.
  eexists. split; [reflexivity|now apply near_plus].
- revert F S. apply on2_near. intros u v y z Hu Hv S. injection S as <-.
  eexists. split; [reflexivity|now apply near_minus].
- revert F S. apply on2_near. intros u v y z Hu Hv S. injection S as <-.
  eexists. split; [reflexivity|now apply near_times].
- revert F S. apply on2_near. intros u v y z Hu Hv S.
  destruct (inverse_signed v) as [j|] eqn:J; [|easy]. injection S as <-.
  destruct (near_inverse_signed _ _ _ Hv J) as [N D]. exists (y / z).
  split; [|now apply near_times]. unfold div_R. now destruct (Req_EM_T z 0).
- revert F S. apply on2_near. intros u v y z Hu Hv S. injection S as <-.
  eexists. split; [reflexivity|now apply near_max].
- revert F S. apply on2_near. intros u v y z Hu Hv S. injection S as <-.
  eexists. split; [reflexivity|]. rewrite Rmin_max.
  apply near_opposite, near_max; now apply near_opposite.
Qed.

Lemma moderate_step_sound whole x n env values i : near whole x -> Forall2 near env values ->
  moderate_step whole n env = Some i -> exists v, real_step x n values = Some v /\ near i v.
Proof.
unfold moderate_step. intros Hx F. destruct (fixed_step whole n env) as [a|] eqn:S; [|easy].
cbn [bind]. destruct (moderate a); [|easy]. intros E. injection E as <-.
exact (fixed_step_sound _ _ _ _ _ _ Hx F S).
Qed.

Definition program_by_series (f : program) (a : fixed) : option fixed :=
  bind (run (moderate_step a) f []) (@hd_error fixed).

Theorem near_program_by_series f a x b : near a x -> program_by_series f a = Some b ->
  exists v, value f x = Some v /\ near b v.
Proof.
unfold program_by_series. intros H.
destruct (run (moderate_step a) f []) as [[|i is]|] eqn:R; try easy. intros E. injection E as ->.
destruct (run_related near (moderate_step a) (real_step x)
            (fun n ea eb c => moderate_step_sound a x n ea eb c H) f _ _ _ (Forall2_nil _) R)
  as [vs [V F]].
inversion F as [|? v ? w N F']. subst. exists v. unfold value, values. rewrite V. now split.
Qed.
