(** The error function: the Gaussian integral, and erf and erfc as monotone functions with limits.

    With G x the integral of exp(-t^2) over [0, x] and J x that of exp(-x^2 (1+t^2)) / (1+t^2) over
    [0, 1], G^2 + J has derivative 0, and is PI/4 at 0; as 0 < J x <= (PI/4) exp(-x^2), G tends to
    sqrt PI / 2. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Attncert.kernel Require Import Term.
Open Scope R_scope.

(** ** The integral of the Gaussian from 0 *)

Definition gaussian_integral (x : R) : R := RInt gaussian 0 x.
Local Notation G := gaussian_integral.

Lemma exp_le u v : u <= v -> exp u <= exp v.
Proof. intros [H| ->]; [left; now apply exp_increasing|lra]. Qed.

Lemma gaussian_pos t : 0 < gaussian t.
Proof. apply exp_pos. Qed.

Lemma gaussian_le_1 t : gaussian t <= 1.
Proof. rewrite <- exp_0. apply exp_le. generalize (Rle_0_sqr t). unfold Rsqr. lra. Qed.

Lemma gaussian_even t : gaussian (- t) = gaussian t.
Proof. unfold gaussian. f_equal. ring. Qed.

Lemma gaussian_derive t : is_derive gaussian t (- (2 * t) * gaussian t).
Proof. unfold gaussian. auto_derive; [easy|ring]. Qed.

Lemma gaussian_continuous t : continuous gaussian t.
Proof. apply (ex_derive_continuous gaussian). eexists. apply gaussian_derive. Qed.

Lemma gaussian_integrable a b : ex_RInt gaussian a b.
Proof. apply (ex_RInt_continuous gaussian). intros. apply gaussian_continuous. Qed.

Lemma G_derive x : is_derive G x (gaussian x).
Proof.
apply (is_derive_RInt gaussian G 0 x).
- apply filter_forall. intros y.
  apply (@RInt_correct R_CompleteNormedModule), gaussian_integrable.
- apply gaussian_continuous.
Qed.

Lemma G_0 : G 0 = 0.
Proof. apply (RInt_point 0 gaussian). Qed.

(** ** Monotone functions by the sign of their derivatives *)

Section Monotone.
Variables (f f' : R -> R) (a b : R).
Hypothesis order : a <= b.
Hypothesis derivative : forall x, a <= x <= b -> is_derive f x (f' x).

Lemma mean_value : exists c, a <= c <= b /\ f b - f a = f' c * (b - a).
Proof.
destruct (MVT_gen f a b f') as [c [C E]].
- intros x. rewrite Rmin_left, Rmax_right by exact order. intros. apply derivative. lra.
- intros x. rewrite Rmin_left, Rmax_right by exact order. intros.
  apply continuity_pt_filterlim, (ex_derive_continuous f). eexists. now apply derivative.
- rewrite Rmin_left, Rmax_right in C by exact order. eauto.
Qed.

Lemma nondecreasing : (forall x, a <= x <= b -> 0 <= f' x) -> f a <= f b.
Proof.
intros H. destruct mean_value as [c [C E]]. specialize (H c C).
assert (0 <= f' c * (b - a)) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma nonincreasing : (forall x, a <= x <= b -> f' x <= 0) -> f b <= f a.
Proof.
intros H. destruct mean_value as [c [C E]]. specialize (H c C).
assert (0 <= - f' c * (b - a)) by (apply Rmult_le_pos; lra). lra.
Qed.
End Monotone.

Lemma constant (f : R -> R) x : (forall y, is_derive f y 0) -> f x = f 0.
Proof.
intros D.
assert (K : forall a b, a <= b -> f a = f b).
{ intros a b H. apply Rle_antisym.
  - apply (nondecreasing f (fun _ => 0)); auto; intros; lra.
  - apply (nonincreasing f (fun _ => 0)); auto; intros; lra. }
destruct (Rle_dec 0 x); [symmetry|]; apply K; lra.
Qed.

Lemma G_increasing x y : x <= y -> G x <= G y.
Proof.
intros H. apply (nondecreasing G gaussian); auto; intros; [apply G_derive|].
left. apply gaussian_pos.
Qed.

Lemma G_odd x : G (- x) = - G x.
Proof.
assert (D : forall y, is_derive (fun x => G x + G (- x)) y 0).
{ intros y. replace 0 with (gaussian y + (-1) * gaussian (- y)) by (rewrite gaussian_even; ring).
  apply (is_derive_plus G (fun x => G (- x))); [apply G_derive|].
  apply (is_derive_comp G (fun x => - x)); [apply G_derive|]. auto_derive; easy. }
assert (E := constant _ x D). simpl in E. rewrite Ropp_0, G_0 in E. lra.
Qed.

Lemma G_pos x : 0 <= x -> 0 <= G x.
Proof. intros H. rewrite <- G_0. now apply G_increasing. Qed.

(** ** The Gaussian integral *)

Definition kernel (x t : R) : R := exp (- (x * x * (1 + t * t))) / (1 + t * t).
Definition J (x : R) : R := RInt (kernel x) 0 1.

Lemma square_pos t : 0 < 1 + t * t.
Proof. generalize (Rle_0_sqr t). unfold Rsqr. lra. Qed.

Lemma kernel_derive x t :
  is_derive (fun u => kernel u t) x (- (2 * x) * exp (- (x * x * (1 + t * t)))).
Proof.
unfold kernel. assert (P := square_pos t). auto_derive; [lra|]. field. lra.
Qed.

Lemma kernel_integrable x a b : ex_RInt (kernel x) a b.
Proof.
apply (ex_RInt_continuous (kernel x)). intros t _. apply (ex_derive_continuous (kernel x)).
unfold kernel. assert (P := square_pos t). auto_derive. lra.
Qed.

Lemma slope_continuous x t :
  continuity_2d_pt (fun u v => - (2 * u) * exp (- (u * u * (1 + v * v)))) x t.
Proof.
assert (C : continuity_2d_pt (fun u v => u * u * (1 + v * v)) x t).
{ repeat first [apply continuity_2d_pt_mult | apply continuity_2d_pt_plus
    | apply continuity_2d_pt_id1 | apply continuity_2d_pt_id2 | apply continuity_2d_pt_const]. }
apply continuity_2d_pt_mult.
- apply continuity_2d_pt_opp, continuity_2d_pt_mult;
    [apply continuity_2d_pt_const|apply continuity_2d_pt_id1].
- apply (continuity_1d_2d_pt_comp exp); [apply derivable_continuous_pt, derivable_pt_exp|].
  now apply continuity_2d_pt_opp.
Qed.

(** Substituting x t in G. *)
Lemma G_scaled x : RInt (fun t => x * gaussian (x * t)) 0 1 = G x.
Proof.
assert (K := RInt_comp_lin gaussian x 0 0 1).
rewrite Rmult_0_r, Rmult_1_r, !Rplus_0_r in K. unfold G. rewrite <- K by apply gaussian_integrable.
apply RInt_ext. intros t _. now rewrite Rplus_0_r.
Qed.

Lemma J_slope x :
  RInt (fun t => Derive (fun u => kernel u t) x) 0 1 = - (2 * gaussian x) * G x.
Proof.
rewrite <- G_scaled.
transitivity (RInt (fun t => scal (- (2 * gaussian x)) (x * gaussian (x * t))) 0 1).
- apply RInt_ext. intros t _.
  refine (eq_trans (is_derive_unique _ _ _ (kernel_derive x t)) _).
  replace (- (x * x * (1 + t * t))) with (- (x * x) + - (x * t * (x * t))) by ring.
  rewrite exp_plus. unfold scal, gaussian. simpl. unfold mult. simpl. ring.
- apply (RInt_scal (V := R_CompleteNormedModule) (fun t => x * gaussian (x * t))).
  apply (ex_RInt_continuous (fun t => x * gaussian (x * t))). intros t _.
  apply (ex_derive_continuous (fun t => x * gaussian (x * t))). unfold gaussian. auto_derive. easy.
Qed.

Lemma J_derive x : is_derive J x (- (2 * gaussian x) * G x).
Proof.
rewrite <- J_slope. apply (is_derive_RInt_param kernel).
- apply filter_forall. intros y t _. eexists. apply kernel_derive.
- intros t _. apply continuity_2d_pt_ext with (2 := slope_continuous x t).
  intros u v. symmetry. apply is_derive_unique, kernel_derive.
- apply filter_forall. intros. apply kernel_integrable.
Qed.

Lemma quarter_circle : RInt (fun t => / (1 + t * t)) 0 1 = PI / 4.
Proof.
rewrite <- atan_1. replace (atan 1) with (minus (atan 1) (atan 0))
  by (rewrite atan_0; unfold minus, plus, opp; simpl; ring).
apply is_RInt_unique, (is_RInt_derive atan).
- intros t _. assert (P := square_pos t). auto_derive; [easy|]. field. simpl. lra.
- intros t _. apply (ex_derive_continuous (fun t => / (1 + t * t))).
  assert (P := square_pos t). auto_derive. lra.
Qed.

Lemma J_0 : J 0 = PI / 4.
Proof.
rewrite <- quarter_circle. apply RInt_ext. intros t _. unfold kernel.
rewrite !Rmult_0_l, Ropp_0, exp_0. apply Rmult_1_l.
Qed.

Lemma G_square x : G x * G x + J x = PI / 4.
Proof.
replace (PI / 4) with (G 0 * G 0 + J 0) by (rewrite G_0, J_0; ring).
apply (constant (fun x => G x * G x + J x)). intros y.
replace 0 with ((gaussian y * G y + G y * gaussian y) + - (2 * gaussian y) * G y) by ring.
apply (is_derive_plus (fun x => G x * G x) J); [|apply J_derive].
apply (is_derive_mult G G); [apply G_derive|apply G_derive|]. intros; apply Rmult_comm.
Qed.

Lemma J_pos x : 0 < J x.
Proof.
apply RInt_gt_0; [lra| |].
- intros t _. apply Rdiv_lt_0_compat; [apply exp_pos|apply square_pos].
- intros t _. apply (ex_derive_continuous (kernel x)).
  unfold kernel. assert (P := square_pos t). auto_derive. lra.
Qed.

Lemma J_le x : J x <= PI / 4 * gaussian x.
Proof.
assert (C : ex_RInt (fun t => / (1 + t * t)) 0 1).
{ apply (ex_RInt_continuous (fun t => / (1 + t * t))). intros t _.
  apply (ex_derive_continuous (fun t => / (1 + t * t))).
  assert (P := square_pos t). auto_derive. lra. }
rewrite <- quarter_circle, Rmult_comm.
change (J x <= scal (gaussian x) (RInt (fun t => / (1 + t * t)) 0 1)).
rewrite <- (RInt_scal (V := R_CompleteNormedModule)) by exact C.
apply RInt_le; [lra|apply kernel_integrable|now apply (ex_RInt_scal (V := R_NormedModule))|].
intros t _. unfold kernel, scal. simpl. unfold mult. simpl. apply Rmult_le_compat_r.
- left. apply Rinv_0_lt_compat, square_pos.
- apply exp_le. assert (P := Rle_0_sqr (x * t)). unfold Rsqr in P. lra.
Qed.

(** ** erf and erfc *)

Lemma sqrt_PI_pos : 0 < sqrt PI.
Proof. apply sqrt_lt_R0, PI_RGT_0. Qed.

Lemma normalizer_pos : 0 < 2 / sqrt PI.
Proof. apply Rdiv_lt_0_compat; [lra|apply sqrt_PI_pos]. Qed.

Lemma normalizer_square : 2 / sqrt PI * (2 / sqrt PI) = 4 / PI.
Proof.
assert (S := sqrt_sqrt PI (Rlt_le _ _ PI_RGT_0)). assert (P := sqrt_PI_pos).
rewrite <- S at 3. field. lra.
Qed.

Lemma erf_G x : erf x = 2 / sqrt PI * G x.
Proof. reflexivity. Qed.

Lemma erf_0 : erf 0 = 0.
Proof. rewrite erf_G, G_0. ring. Qed.

Lemma erf_odd x : erf (- x) = - erf x.
Proof. rewrite !erf_G, G_odd. ring. Qed.

Lemma erfc_opp x : erfc (- x) = 2 - erfc x.
Proof. unfold erfc. rewrite erf_odd. ring. Qed.

Lemma erf_increasing x y : x <= y -> erf x <= erf y.
Proof.
intros H. rewrite !erf_G. apply Rmult_le_compat_l; [left; apply normalizer_pos|].
now apply G_increasing.
Qed.

Lemma erfc_decreasing x y : x <= y -> erfc y <= erfc x.
Proof. intros H. unfold erfc. generalize (erf_increasing x y H). lra. Qed.

Lemma erf_pos x : 0 <= x -> 0 <= erf x.
Proof. intros H. rewrite <- erf_0. now apply erf_increasing. Qed.

Lemma erf_derive x : is_derive erf x (2 / sqrt PI * gaussian x).
Proof. apply (is_derive_scal G), G_derive. Qed.

(** 1 - erf^2 lies between 0 and the Gaussian. *)
Lemma erf_square x : 0 < 1 - erf x * erf x <= gaussian x.
Proof.
assert (E : 1 - erf x * erf x = 4 / PI * J x).
{ rewrite erf_G. replace (J x) with (PI / 4 - G x * G x) by (generalize (G_square x); lra).
  rewrite <- normalizer_square at 1.
  replace 1 with (4 / PI * (PI / 4)) by (field; apply PI_neq0).
  replace (4 / PI * (PI / 4)) with (2 / sqrt PI * (2 / sqrt PI) * (PI / 4))
    by (rewrite normalizer_square; reflexivity). ring. }
assert (P := PI_RGT_0). assert (Q : 0 < 4 / PI) by (apply Rdiv_lt_0_compat; lra).
rewrite E. split; [apply Rmult_lt_0_compat; [exact Q|apply J_pos]|].
replace (gaussian x) with (4 / PI * (PI / 4 * gaussian x)) by (field; lra).
apply Rmult_le_compat_l; [lra|apply J_le].
Qed.

Lemma erf_bounds x : -1 < erf x < 1.
Proof. generalize (proj1 (erf_square x)). split; nra. Qed.

Lemma erfc_bounds x : 0 < erfc x < 2.
Proof. unfold erfc. generalize (erf_bounds x). lra. Qed.

Lemma erfc_tail x : 0 <= x -> erfc x <= gaussian x.
Proof.
intros H. unfold erfc. assert (A := erf_pos x H). assert (B := erf_bounds x).
assert (C := proj2 (erf_square x)). nra.
Qed.
