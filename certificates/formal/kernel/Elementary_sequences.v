(** Taylor sequences of quotients, powers and elementary functions. *)
From Coq Require Import Reals List ZArith Lra Lia.
From Coquelicot Require Import Coquelicot.
Require Import Attncert.kernel.Term Attncert.kernel.Sequences.
Open Scope R_scope.

(** ** Quotients: c with b c = a *)

Definition quotient_step (a b : nat -> R) (k : nat) (c : nat -> R) : R :=
  (a k - sum k (fun i => b (S i) * c (k - S i)%nat)) / b O.

Definition quotient (F G : sequence) : sequence :=
  fun k x => solve (quotient_step (slice F x) (slice G x)) k.

Lemma quotient_eq F G k x :
  quotient F G k x = quotient_step (slice F x) (slice G x) k (slice (quotient F G) x).
Proof.
apply (solve_eq (quotient_step (slice F x) (slice G x))).
intros j u v E. unfold quotient_step. do 2 f_equal. apply sum_ext. intros i Hi. now rewrite E by lia.
Qed.

Lemma conv_first u v k : conv u v k = u O * v k + sum k (fun i => u (S i) * v (k - S i)%nat).
Proof. unfold conv. simpl. now rewrite Nat.sub_0_r. Qed.

Lemma conv_quotient F G k x : G O x <> 0 -> conv (slice G x) (slice (quotient F G) x) k = F k x.
Proof.
intros N. rewrite conv_first. change (slice (quotient F G) x k) with (quotient F G k x).
rewrite quotient_eq. unfold quotient_step. change (slice G x O) with (G O x).
unfold slice at 1. field. exact N.
Qed.

Lemma quotient_taylor F G x : taylor F x -> taylor G x -> G O x <> 0 -> taylor (quotient F G) x.
Proof.
intros TF TG N n. set (Q := quotient F G).
induction n as [|n IH]; intros k Hk; [lia|].
destruct (Nat.eq_dec k n) as [->|Hn]; [|apply IH; lia].
apply (is_derive_ext (fun y => (F n y - sum n (fun i => G (S i) y * Q (n - S i)%nat y)) / G O y)).
{ intros y. symmetry. apply quotient_eq. }
assert (DN : is_derive (fun y => sum n (fun i => G (S i) y * Q (n - S i)%nat y)) x
  (sum n (fun i => derived (slice G x) (S i) * slice Q x (n - S i)%nat)
   + sum n (fun i => slice G x (S i) * derived (slice Q x) (n - S i)))).
{ rewrite <- sum_plus. apply (derive_sum n (fun i y => G (S i) y * Q (n - S i)%nat y)). intros i Hi.
  apply derive_mult; [exact (taylor_derive G x (S i) TG)|apply IH; lia]. }
eapply derive_value.
- apply is_derive_div; [apply derive_minus; [exact (taylor_derive F x n TF)|exact DN]
    |exact (taylor_derive G x O TG)|exact N].
- cbv beta. assert (L := leibniz (slice G x) (slice Q x) n).
  rewrite (conv_first (derived (slice G x))), (conv_first (slice G x) (derived (slice Q x))) in L.
  unfold Q in L at 1. rewrite conv_quotient in L by exact N.
  assert (E := quotient_eq F G n x). fold Q in E. unfold quotient_step in E.
  set (S1 := sum n (fun i => slice G x (S i) * slice Q x (n - S i)%nat)) in *.
  change (sum n (fun i => G (S i) x * Q (n - S i)%nat x)) with S1.
  rewrite L. change (derived (slice G x) O) with (INR 1 * G 1%nat x).
  change (slice Q x n) with (Q n x). change (slice G x O) with (G O x) in *.
  change (slice F x n) with (F n x) in E.
  rewrite E. simpl INR. field. exact N.
Qed.

(** ** Square roots: s with s s = a *)

Definition sqrt_step (a : nat -> R) (k : nat) (s : nat -> R) : R :=
  match k with
  | O => sqrt (a O)
  | S k => (a (S k) - sum k (fun i => s (S i) * s (k - i)%nat)) / (2 * s O)
  end.

Definition sqrt_seq (F : sequence) : sequence := fun k x => solve (sqrt_step (slice F x)) k.

Lemma sqrt_eq F k x : sqrt_seq F k x = sqrt_step (slice F x) k (slice (sqrt_seq F) x).
Proof.
apply (solve_eq (sqrt_step (slice F x))). intros [|j] u v E; simpl; [easy|].
rewrite (E O) by lia. do 2 f_equal. apply sum_ext. intros i Hi. now rewrite 2!E by lia.
Qed.

Lemma conv_ends u v k : conv u v (S k) =
  u O * v (S k) + (sum k (fun i => u (S i) * v (k - i)%nat) + u (S k) * v O).
Proof. rewrite conv_first, sum_last. now rewrite Nat.sub_diag. Qed.

Lemma conv_sqrt F k x : 0 < F O x ->
  conv (slice (sqrt_seq F) x) (slice (sqrt_seq F) x) (S k) = F (S k) x.
Proof.
intros P. rewrite conv_ends. set (s := slice (sqrt_seq F) x).
assert (E : s (S k) = sqrt_step (slice F x) (S k) s) by apply sqrt_eq.
assert (E0 : s O = sqrt (F O x)) by apply sqrt_eq.
assert (s O <> 0) by (rewrite E0; apply Rgt_not_eq, sqrt_lt_R0, P).
rewrite E. simpl. unfold slice. field. exact H.
Qed.

Lemma sqrt_taylor F x : taylor F x -> 0 < F O x -> taylor (sqrt_seq F) x.
Proof.
intros TF P. set (W := sqrt_seq F).
assert (E0 : forall y, W O y = sqrt (F O y)) by (intros; apply sqrt_eq).
assert (N : W O x <> 0) by (rewrite E0; apply Rgt_not_eq, sqrt_lt_R0, P).
assert (D0 : is_derive (W O) x (W 1%nat x)).
{ apply (is_derive_ext (fun y => sqrt (F O y))); [easy|].
  eapply derive_value; [apply is_derive_sqrt; [exact (taylor_derive F x O TF)|exact P]|].
  rewrite <- E0. unfold W at 2. rewrite sqrt_eq. simpl. fold W.
  unfold slice. simpl INR. field. exact N. }
apply taylor_induction; [exact D0|].
intros k TW.
apply (is_derive_ext
  (fun y => (F (S k) y - sum k (fun i => W (S i) y * W (k - i)%nat y)) / (2 * W O y))).
{ intros y. symmetry. apply sqrt_eq. }
assert (DN : is_derive (fun y => sum k (fun i => W (S i) y * W (k - i)%nat y)) x
  (sum k (fun i => derived (slice W x) (S i) * slice W x (k - i)%nat)
   + sum k (fun i => slice W x (S i) * derived (slice W x) (k - i)))).
{ rewrite <- sum_plus. apply (derive_sum k (fun i y => W (S i) y * W (k - i)%nat y)).
  intros i Hi. apply derive_mult; apply TW; lia. }
eapply derive_value.
- apply is_derive_div; [apply derive_minus; [exact (taylor_derive F x (S k) TF)|exact DN]
    |apply derive_mult; [apply derive_const|exact D0]|].
  apply Rmult_integral_contrapositive. split; [lra|exact N].
- cbv beta. assert (L := leibniz (slice W x) (slice W x) (S k)).
  rewrite (conv_ends (derived (slice W x))), (conv_ends (slice W x) (derived (slice W x))) in L.
  unfold W in L at 1 2. rewrite conv_sqrt in L by exact P.
  assert (E : W (S k) x = sqrt_step (slice F x) (S k) (slice W x)) by apply sqrt_eq.
  simpl in E.
  set (S1 := sum k (fun i => slice W x (S i) * slice W x (k - i)%nat)) in *.
  change (sum k (fun i => W (S i) x * W (k - i)%nat x)) with S1.
  rewrite L. change (derived (slice W x) O) with (INR 1 * W 1%nat x).
  change (slice W x O) with (W O x) in *.
  change (slice W x (S k)) with (W (S k) x). change (slice F x (S k)) with (F (S k) x) in E.
  rewrite E. simpl (INR 1). field. exact N.
Qed.

(** ** Primitives: logarithm and error function *)

Definition primitive (h : R -> R) (Z : sequence) : sequence :=
  fun k x => match k with O => h x | S k => Z k x / INR (S k) end.

Lemma primitive_taylor h Z x : taylor Z x -> is_derive h x (Z O x) -> taylor (primitive h Z) x.
Proof.
intros TZ D. apply taylor_induction.
- apply (derive_value h x _ _ D). simpl. field.
- intros k _. apply (primitive_derive _ Z); [easy|]. exact (taylor_derive Z x k TZ).
Qed.

Definition ln_seq (F : sequence) : sequence :=
  primitive (fun x => ln (F O x)) (quotient (derived_seq F) F).

Lemma ln_taylor F x : taylor F x -> 0 < F O x -> taylor (ln_seq F) x.
Proof.
intros TF P. apply primitive_taylor.
- apply quotient_taylor; [now apply derived_taylor|exact TF|lra].
- eapply derive_value.
  + apply (derive_comp ln (F O)); [apply is_derive_ln, P|exact (taylor_derive F x O TF)].
  + rewrite quotient_eq. unfold quotient_step, slice, derived_seq, derived. simpl. unfold slice.
    field. lra.
Qed.

Lemma erf_derive x : is_derive erf x (2 / sqrt PI * gaussian x).
Proof.
unfold erf. apply is_derive_scal.
assert (C : forall t, continuous gaussian t).
{ intros t. apply (ex_derive_continuous gaussian). unfold gaussian. auto_derive. easy. }
apply (is_derive_RInt gaussian (RInt gaussian 0) 0 x); [|apply C].
apply filter_forall. intros y. apply (@RInt_correct R_CompleteNormedModule).
apply (ex_RInt_continuous gaussian). intros. apply C.
Qed.

Lemma erfc_derive x : is_derive erfc x (- 2 / sqrt PI * gaussian x).
Proof.
eapply derive_value; [apply (derive_minus (fun _ => 1) erf); [apply derive_const|apply erf_derive]|].
unfold Rdiv. ring.
Qed.

(** ** Exponentials: w' = a' w *)

Definition exp_step (a : nat -> R) (k : nat) (w : nat -> R) : R :=
  match k with O => exp (a O) | S k => conv (derived a) w k / INR (S k) end.

Definition exp_seq (F : sequence) : sequence := fun k x => solve (exp_step (slice F x)) k.

Lemma exp_eq F k x : exp_seq F k x = exp_step (slice F x) k (slice (exp_seq F) x).
Proof.
apply (solve_eq (exp_step (slice F x))). intros [|j] u v E; [easy|].
unfold exp_step. f_equal. apply conv_ext; [easy|]. intros i Hi. apply E. lia.
Qed.

Lemma exp_taylor F x : taylor F x -> taylor (exp_seq F) x.
Proof.
intros TF. apply taylor_induction.
- apply (is_derive_ext (fun y => exp (F O y))); [intros y; symmetry; apply exp_eq|].
  eapply derive_value.
  + apply (derive_comp exp (F O)); [apply is_derive_exp|exact (taylor_derive F x O TF)].
  + rewrite exp_eq. simpl. rewrite conv_0. change (slice (exp_seq F) x O) with (exp_seq F O x).
    rewrite exp_eq. unfold derived, slice. simpl. field.
- intros k TW. apply (primitive_derive _ (product (derived_seq F) (exp_seq F))).
  + intros j y. apply exp_eq.
  + apply conv_derive; [now apply derived_taylor|exact TW].
Qed.

(** The derivative is h'(a) with h' = c e^-(a a). *)
Definition gaussian_seq (c : R) (F : sequence) : sequence :=
  scaled_seq c (exp_seq (opp_seq (product F F))).

Definition error_seq (h : R -> R) (c : R) (F : sequence) : sequence :=
  primitive (fun x => h (F O x)) (product (derived_seq F) (gaussian_seq c F)).

Lemma error_taylor h c F x : (forall y, is_derive h y (c * gaussian y)) -> taylor F x ->
  taylor (error_seq h c F) x.
Proof.
intros D TF. apply primitive_taylor.
- intros n. apply product_taylor; [now apply derived_taylor|].
  apply scaled_taylor, exp_taylor. intros k. apply opp_taylor. now apply product_taylor.
- eapply derive_value; [apply (derive_comp h (F O)); [apply D|exact (taylor_derive F x O TF)]|].
  unfold product. rewrite conv_0. unfold slice at 2, gaussian_seq, scaled_seq. rewrite exp_eq.
  simpl. unfold slice, opp_seq, product, derived_seq, derived, gaussian. rewrite conv_0.
  unfold slice. simpl. ring.
Qed.

Definition erf_seq : sequence -> sequence := error_seq erf (2 / sqrt PI).
Definition erfc_seq : sequence -> sequence := error_seq erfc (- 2 / sqrt PI).

Lemma erf_taylor F x : taylor F x -> taylor (erf_seq F) x.
Proof. apply error_taylor, erf_derive. Qed.

Lemma erfc_taylor F x : taylor F x -> taylor (erfc_seq F) x.
Proof. apply error_taylor, erfc_derive. Qed.

(** ** Hyperbolic tangents: h' = a' (1 - h^2) *)

Definition tanh_slope (h : nat -> R) (k : nat) : R :=
  match k with O => (1 - h O) * (1 + h O) | S _ => - conv h h k end.

Definition tanh_step (a : nat -> R) (k : nat) (h : nat -> R) : R :=
  match k with O => tanh (a O) | S k => conv (derived a) (tanh_slope h) k / INR (S k) end.

Definition tanh_seq (F : sequence) : sequence := fun k x => solve (tanh_step (slice F x)) k.

Lemma tanh_eq F k x : tanh_seq F k x = tanh_step (slice F x) k (slice (tanh_seq F) x).
Proof.
apply (solve_eq (tanh_step (slice F x))). intros [|j] u v E; [easy|].
unfold tanh_step. f_equal. apply conv_ext; [easy|]. intros [|i] Hi; simpl; rewrite ?E by lia; auto.
f_equal. apply conv_ext; intros; apply E; lia.
Qed.

Lemma tanh_derive x : is_derive tanh x ((1 - tanh x) * (1 + tanh x)).
Proof.
assert (P := exp_pos x). assert (P' := exp_pos (- x)).
unfold tanh, sinh, cosh. auto_derive; [lra|]. field. lra.
Qed.

Definition tanh_slope_seq (H : sequence) : sequence := fun k x => tanh_slope (slice H x) k.

Lemma tanh_slope_taylor n H x : taylor_upto n H x -> taylor_upto n (tanh_slope_seq H) x.
Proof.
intros TH [|k] Hk.
- assert (D := TH O Hk). change (derived (slice H x) O) with (INR 1 * H 1%nat x) in D.
  change (is_derive (fun y => (1 - H O y) * (1 + H O y)) x
            (INR 1 * - conv (slice H x) (slice H x) 1)).
  eapply derive_value.
  + exact (derive_mult _ _ x _ _ (derive_minus _ _ x _ _ (derive_const 1 x) D)
             (derive_plus _ _ x _ _ (derive_const 1 x) D)).
  + unfold conv, slice. simpl. ring.
- change (is_derive (fun y => - conv (slice H y) (slice H y) (S k)) x
            (INR (S (S k)) * - conv (slice H x) (slice H x) (S (S k)))).
  eapply derive_value.
  + apply derive_opp, conv_derive; intros i Hi; apply TH; lia.
  + ring.
Qed.

Lemma tanh_taylor F x : taylor F x -> taylor (tanh_seq F) x.
Proof.
intros TF. apply taylor_induction.
- apply (is_derive_ext (fun y => tanh (F O y))); [intros y; symmetry; apply tanh_eq|].
  eapply derive_value.
  + apply (derive_comp tanh (F O)); [apply tanh_derive|exact (taylor_derive F x O TF)].
  + rewrite tanh_eq. simpl. rewrite conv_0. simpl.
    change (slice (tanh_seq F) x O) with (tanh_seq F O x).
    rewrite tanh_eq. unfold derived, slice. simpl. field.
- intros k TW.
  apply (primitive_derive _ (product (derived_seq F) (tanh_slope_seq (tanh_seq F)))).
  + intros j y. apply tanh_eq.
  + apply conv_derive; [now apply derived_taylor|]. apply tanh_slope_taylor, TW.
Qed.

(** ** Powers by repeated squaring *)

(** R S^n *)
Fixpoint power_from (R S : sequence) (n : positive) : sequence :=
  match n with
  | xH => product R S
  | xO n => power_from R (product S S) n
  | xI n => power_from (product R S) (product S S) n
  end.

Lemma power_from_taylor R S n x : taylor R x -> taylor S x -> taylor (power_from R S n) x.
Proof.
assert (P : forall F G, taylor F x -> taylor G x -> taylor (product F G) x).
{ intros F G TF TG k. now apply product_taylor. }
revert R S; induction n as [n IH|n IH|]; simpl; auto.
Qed.

Lemma power_from_value (R S : sequence) n x :
  power_from R S n O x = R O x * S O x ^ Pos.to_nat n.
Proof.
assert (P : forall F G : sequence, product F G O x = F O x * G O x) by (intros; apply conv_0).
revert R S; induction n as [n IH|n IH|]; intros R S; simpl power_from.
- rewrite IH, !P, Pos2Nat.inj_xI, <- tech_pow_Rmult, pow_mult. simpl (S O x ^ 2).
  rewrite Rmult_1_r. ring.
- rewrite IH, !P, Pos2Nat.inj_xO, pow_mult. simpl (S O x ^ 2). now rewrite Rmult_1_r.
- rewrite P. simpl. ring.
Qed.

Definition power_seq (F : sequence) (n : Z) : sequence :=
  match n with
  | Z0 => constant 1
  | Zpos m => power_from (constant 1) F m
  | Zneg m => quotient (constant 1) (power_from (constant 1) F m)
  end.

Lemma power_taylor F n x : taylor F x -> ((n < 0)%Z -> F O x <> 0) -> taylor (power_seq F n) x.
Proof.
intros TF N. destruct n as [|m|m]; simpl.
- apply constant_taylor.
- apply power_from_taylor; [apply constant_taylor|exact TF].
- apply quotient_taylor; [apply constant_taylor| |].
  + apply power_from_taylor; [apply constant_taylor|exact TF].
  + rewrite power_from_value. simpl. rewrite Rmult_1_l. now apply pow_nonzero, N.
Qed.

Lemma power_value F n x : power_seq F n O x = powerRZ (F O x) n.
Proof.
destruct n as [|m|m]; simpl; [easy|rewrite power_from_value; simpl; ring|].
rewrite quotient_eq. unfold quotient_step, slice. simpl sum. rewrite power_from_value. simpl.
unfold Rdiv. rewrite Rmult_1_l, Rminus_0_r. apply Rmult_1_l.
Qed.
