(** The normal distribution function, from -infinity, and GELU's distance to ReLU.

    Phi is the improper integral of the density; it is erfc (-x / sqrt 2) / 2, which contains the
    Gaussian integral (kernel/Error_function.v). *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Attncert.kernel Require Import Term Error_function Error_fraction.
Open Scope R_scope.

Definition density (t : R) : R := exp (- (t * t / 2)) / sqrt (2 * PI).
Definition Phi (x : R) : R := RInt_gen density (Rbar_locally m_infty) (at_point x).

(** ** Integrals of the density, by erf *)

Lemma sqrt2_pos : 0 < sqrt 2.
Proof. apply sqrt_lt_R0. lra. Qed.

Lemma sqrt2_square : sqrt 2 * sqrt 2 = 2.
Proof. apply sqrt_sqrt. lra. Qed.

Lemma sqrt_2PI_pos : 0 < sqrt (2 * PI).
Proof. apply sqrt_lt_R0. generalize PI_RGT_0. lra. Qed.

Lemma sqrt_2PI : sqrt (2 * PI) = sqrt 2 * sqrt PI.
Proof. apply sqrt_mult; generalize PI_RGT_0; lra. Qed.

Lemma gaussian_scaled t : gaussian (t / sqrt 2) = exp (- (t * t / 2)).
Proof.
unfold gaussian. f_equal. assert (P := sqrt2_pos). rewrite <- sqrt2_square at 3. field. lra.
Qed.

(** Phi up to a constant. *)
Definition half_erf (x : R) : R := erf (x / sqrt 2) / 2.

Lemma half_erf_derive x : is_derive half_erf x (density x).
Proof.
assert (P := sqrt2_pos). assert (Q := sqrt_PI_pos).
replace (density x) with (/ 2 * (/ sqrt 2 * (2 / sqrt PI * gaussian (x / sqrt 2))))
  by (unfold density; rewrite sqrt_2PI, gaussian_scaled; field; lra).
apply (is_derive_ext (fun x => / 2 * erf (x / sqrt 2))); [intros t; apply Rmult_comm|].
apply is_derive_scal.
apply (is_derive_comp erf (fun x => x / sqrt 2)); [apply erf_derive|].
auto_derive; [easy|]. field. lra.
Qed.

Lemma density_continuous x : continuous density x.
Proof.
apply (ex_derive_continuous density). unfold density. assert (P := sqrt_2PI_pos).
auto_derive. lra.
Qed.

Lemma density_integral a b : is_RInt density a b (half_erf b - half_erf a).
Proof.
apply (is_RInt_derive half_erf density); intros; [apply half_erf_derive|apply density_continuous].
Qed.

(** ** The limit at -infinity *)

Lemma gaussian_small x : 1 <= x -> gaussian x <= / x.
Proof.
intros Hx. unfold gaussian. rewrite exp_Ropp. apply Rinv_le_contravar; [lra|].
generalize (exp_ineq1_le (x * x)). nra.
Qed.

Lemma half_erf_limit (e : R) : 0 < e ->
  exists M, forall a, a < M -> Rabs (half_erf a + 1 / 2) < e.
Proof.
intros He. set (n := Rmax 1 (/ e)). assert (P := sqrt2_pos).
assert (n1 : 1 <= n) by apply Rmax_l. assert (ne : / e <= n) by apply Rmax_r.
exists (- (n * sqrt 2)). intros a Ha.
set (y := - (a / sqrt 2)).
assert (ny : n <= y).
{ apply Rmult_le_reg_r with (sqrt 2); [exact P|].
  replace (y * sqrt 2) with (- a) by (unfold y; field; lra). lra. }
replace (half_erf a + 1 / 2) with (erfc y / 2)
  by (unfold half_erf, erfc, y; rewrite erf_odd; field).
assert (B := erfc_bounds y). assert (T := erfc_tail y ltac:(lra)).
assert (S := gaussian_small y ltac:(lra)).
assert (K : / y <= e).
{ rewrite <- (Rinv_inv e). apply Rinv_le_contravar; [now apply Rinv_0_lt_compat|lra]. }
rewrite Rabs_pos_eq by lra. lra.
Qed.

(** ** The distribution function *)

Lemma Phi_integral x : is_RInt_gen density (Rbar_locally m_infty) (at_point x) (half_erf x + 1 / 2).
Proof.
apply (filterlimi_lim_ext_loc (fun ab => half_erf (snd ab) - half_erf (fst ab))).
- apply filter_forall. intros ab. apply density_integral.
- intros Q [e He]. destruct (half_erf_limit e (cond_pos e)) as [M HM].
  apply (Filter_prod _ _ _ (fun a => a < M) (fun b => b = x)); [now exists M|reflexivity|].
  intros a b Ha ->. apply He. simpl fst. simpl snd.
  change (Rabs (half_erf x - half_erf a - (half_erf x + 1 / 2)) < e).
  replace (half_erf x - half_erf a - (half_erf x + 1 / 2)) with (- (half_erf a + 1 / 2)) by ring.
  rewrite Rabs_Ropp. now apply HM.
Qed.

Theorem Phi_erf x : Phi x = 1 / 2 + erf (x / sqrt 2) / 2.
Proof.
rewrite Rplus_comm. apply (is_RInt_gen_unique density). apply Phi_integral.
Qed.

Theorem Phi_erfc x : Phi x = erfc (- x / sqrt 2) / 2.
Proof.
rewrite Phi_erf. unfold erfc.
replace (- x / sqrt 2) with (- (x / sqrt 2)) by (unfold Rdiv; ring).
rewrite erf_odd. field.
Qed.

Theorem Phi_opp x : Phi (- x) = 1 - Phi x.
Proof.
rewrite !Phi_erf. replace (- x / sqrt 2) with (- (x / sqrt 2)) by (unfold Rdiv; ring).
rewrite erf_odd. field.
Qed.

Lemma Phi_0 : Phi 0 = 1 / 2.
Proof.
rewrite Phi_erf. replace (0 / sqrt 2) with 0 by (unfold Rdiv; ring). rewrite erf_0. field.
Qed.

Lemma Phi_derive x : is_derive Phi x (density x).
Proof.
apply (is_derive_ext (fun x => half_erf x + 1 / 2)).
- intros t. rewrite Phi_erf. unfold half_erf. apply Rplus_comm.
- replace (density x) with (density x + 0) by ring.
  apply (is_derive_plus half_erf (fun _ => 1 / 2)); [apply half_erf_derive|].
  apply (is_derive_const (1 / 2)).
Qed.

Lemma Phi_bounds x : 0 < Phi x < 1.
Proof. rewrite Phi_erfc. generalize (erfc_bounds (- x / sqrt 2)). lra. Qed.

(** ** The tail *)

Lemma Phi_tail y : 0 <= y -> 0 <= y * Phi (- y) <= density y.
Proof.
intros Hy. assert (D : 0 < density y).
{ apply Rdiv_lt_0_compat; [apply exp_pos|apply sqrt_2PI_pos]. }
split; [apply Rmult_le_pos; [exact Hy|]; generalize (Phi_bounds (- y)); lra|].
destruct Hy as [Hy|<-]; [|lra].
assert (P := sqrt2_pos). assert (Q := sqrt_PI_pos).
rewrite Phi_erfc, Ropp_involutive. set (z := y / sqrt 2).
assert (Hz : 0 < z) by (now apply Rdiv_lt_0_compat).
rewrite (erfc_fraction z Hz).
assert (R := proj1 (ratio_bounds 1 z Hz)). assert (g := gaussian_pos z).
assert (K : gaussian z / (2 * z + ratio 1 z) <= gaussian z / (2 * z)).
{ apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra. }
replace (density y) with (y * (2 / sqrt PI * (gaussian z / (2 * z)) / 2)).
- apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; [lra|].
  apply Rmult_le_compat_l; [left; apply normalizer_pos|exact K].
- unfold z. rewrite gaussian_scaled. unfold density. rewrite sqrt_2PI. set (e := exp _).
  transitivity (e / (sqrt 2 * sqrt PI) * (sqrt 2 * sqrt 2 / 2)); [field; lra|].
  rewrite sqrt2_square. field. lra.
Qed.

(** ** GELU and ReLU *)

Definition gelu (x : R) : R := x * Phi x.

Lemma gelu_relu_distance x : gelu x - Rmax 0 x = - (Rabs x * Phi (- Rabs x)).
Proof.
unfold gelu. destruct (Rle_dec 0 x) as [H|H].
- rewrite Rmax_right, Rabs_pos_eq, Phi_opp by lra. ring.
- rewrite Rmax_left, Rabs_left, Ropp_involutive by lra. ring.
Qed.

Theorem gelu_relu_tail x :
  Rabs (gelu x - Rmax 0 x) = Rabs x * Phi (- Rabs x) /\
  Rabs x * Phi (- Rabs x) <= exp (- (x * x / 2)) / sqrt (2 * PI).
Proof.
assert (T := Phi_tail (Rabs x) (Rabs_pos x)). rewrite gelu_relu_distance, Rabs_Ropp. split.
- apply Rabs_pos_eq, T.
- apply Rle_trans with (1 := proj2 T). unfold density.
  replace (Rabs x * Rabs x) with (x * x); [lra|]. rewrite <- Rabs_mult, Rabs_pos_eq; [easy|].
  exact (Rle_0_sqr x).
Qed.
