(** Every input at once: where a pre-activation w.y + c can lie, y = gamma * n(x) + beta a
    normalised row, from the weights alone.

    After LayerNorm (biased variance, epsilon > 0) sum n = 0 and |n|^2 = D var/(var + epsilon) < D,
    so

        w.y + c  lies in  w.beta + c +- sqrt(D) |gamma*w - mu 1|      for every real mu,

    and with mu the mean of gamma*w no smaller closed interval holds all of them. After RMSNorm the
    same with mu = 0. Where the norm only subtracts the mean, rows with |x_i| <= R give
    w.beta + c +- R sum |gamma*w - mean 1|, which is attained. *)
From Coq Require Import Reals List Lra Lia Psatz.
Require Import Attncert.theorems.Vector.
Import ListNotations.
Open Scope R_scope.

(** ** Norms *)

Definition mean (x : vector) : R := total x / size x.
Definition centred (x : vector) : vector := shift (mean x) x.
Definition mean_square (x : vector) : R := dot x x / size x.
Definition variance (x : vector) : R := mean_square (centred x).

Definition rms_normalised (epsilon : R) (x : vector) : vector :=
  times (/ sqrt (mean_square x + epsilon)) x.

(** (x - mean) / sqrt(variance + epsilon). *)
Definition layer_normalised (epsilon : R) (x : vector) : vector :=
  rms_normalised epsilon (centred x).

Lemma layer_normalised_unfold epsilon x :
  layer_normalised epsilon x = map (fun a => / sqrt (variance x + epsilon) * (a - mean x)) x.
Proof.
unfold layer_normalised, rms_normalised, times, variance. unfold centred at 2. unfold shift.
apply map_map.
Qed.

(** w.(gamma * n + beta) + c. *)
Definition preactivation (w gamma beta : vector) (c : R) (n : vector) : R :=
  dot w (add (entrywise gamma n) beta) + c.

Definition centre (w beta : vector) (c : R) : R := dot w beta + c.

Lemma preactivation_centre w gamma beta c n : length gamma = length n -> length beta = length n ->
  preactivation w gamma beta c n = centre w beta c + dot (entrywise gamma w) n.
Proof.
intros G B. unfold preactivation, centre, entrywise in *.
rewrite dot_add_r by (rewrite zip_length; congruence).
fold (entrywise gamma n). rewrite dot_entrywise. unfold entrywise. ring.
Qed.

(** ** The normalised vector *)

Lemma mean_square_nonneg x : 0 <= mean_square x.
Proof.
destruct x as [|a x]; [unfold mean_square, dot, size, Rdiv; simpl; lra|].
apply Rmult_le_pos; [apply dot_self_nonneg|].
now apply Rlt_le, Rinv_0_lt_compat, size_pos.
Qed.

Lemma size_mean_square x : size x * mean_square x = dot x x.
Proof.
destruct x as [|a x]; [unfold mean_square, dot, size; simpl; ring|].
unfold mean_square. field. generalize (size_pos (a :: x)). intros P. specialize (P ltac:(easy)).
lra.
Qed.

Lemma total_centred x : total (centred x) = 0.
Proof.
destruct x as [|a x]; [reflexivity|].
unfold centred, mean. rewrite total_shift. field.
generalize (size_pos (a :: x)). intros P. specialize (P ltac:(easy)). lra.
Qed.

Lemma size_centred x : size (centred x) = size x.
Proof. unfold size, centred. now rewrite shift_length. Qed.

Theorem rms_square epsilon x : 0 < epsilon ->
  dot (rms_normalised epsilon x) (rms_normalised epsilon x) =
  size x * (mean_square x / (mean_square x + epsilon)).
Proof.
intros He. unfold rms_normalised. rewrite dot_times_l, dot_times_r, <- (size_mean_square x).
assert (P := mean_square_nonneg x).
rewrite <- (sqrt_def (mean_square x + epsilon)) at 3 by lra.
assert (S : 0 < sqrt (mean_square x + epsilon)) by (apply sqrt_lt_R0; lra). field. lra.
Qed.

(** sum n = 0; |n|^2 = D var / (var + epsilon). *)
Theorem layer_total epsilon x : total (layer_normalised epsilon x) = 0.
Proof.
unfold layer_normalised, rms_normalised. rewrite total_times, total_centred. apply Rmult_0_r.
Qed.

Theorem layer_square epsilon x : 0 < epsilon ->
  dot (layer_normalised epsilon x) (layer_normalised epsilon x) =
  size x * (variance x / (variance x + epsilon)).
Proof. intros He. unfold layer_normalised. now rewrite rms_square, size_centred. Qed.

Lemma fraction_below_1 v epsilon : 0 < epsilon -> 0 <= v -> v / (v + epsilon) < 1.
Proof.
intros He Hv. apply Rmult_lt_reg_r with (v + epsilon); [lra|].
replace (v / (v + epsilon) * (v + epsilon)) with v by (field; lra). lra.
Qed.

Theorem rms_square_below epsilon x : 0 < epsilon -> x <> [] ->
  dot (rms_normalised epsilon x) (rms_normalised epsilon x) < size x.
Proof.
intros He Hx. rewrite rms_square, <- (Rmult_1_r (size x)) at 1 by exact He.
rewrite Rmult_1_r. rewrite <- (Rmult_1_r (size x)) at 2.
apply Rmult_lt_compat_l; [now apply size_pos|].
apply fraction_below_1; auto using mean_square_nonneg.
Qed.

Theorem layer_square_below epsilon x : 0 < epsilon -> x <> [] ->
  dot (layer_normalised epsilon x) (layer_normalised epsilon x) < size x.
Proof.
intros He Hx. unfold layer_normalised. rewrite <- (size_centred x). apply rms_square_below; auto.
destruct x; easy.
Qed.

(** Length at most sqrt(D), also of the empty vector. *)
Lemma rms_norm_le epsilon x : 0 < epsilon -> norm (rms_normalised epsilon x) <= sqrt (size x).
Proof.
intros He. apply sqrt_le_1_alt. destruct x as [|a x]; [unfold dot, size; simpl; lra|].
now apply Rlt_le, rms_square_below.
Qed.

Lemma layer_norm_le epsilon x : 0 < epsilon -> norm (layer_normalised epsilon x) <= sqrt (size x).
Proof. intros He. rewrite <- (size_centred x). now apply rms_norm_le. Qed.

Lemma rms_length epsilon x : length (rms_normalised epsilon x) = length x.
Proof. apply times_length. Qed.

Lemma layer_length epsilon x : length (layer_normalised epsilon x) = length x.
Proof. unfold layer_normalised, centred. now rewrite rms_length, shift_length. Qed.

(** ** The ball *)

Lemma dot_ball g n s : norm n <= s -> Rabs (dot g n) <= s * norm g.
Proof.
intros H. rewrite Rmult_comm. apply Rle_trans with (1 := cauchy_schwarz g n).
apply Rmult_le_compat_l; [apply norm_nonneg|exact H].
Qed.

Theorem rms_ball epsilon w gamma beta c x : 0 < epsilon ->
  length w = length x -> length gamma = length x -> length beta = length x ->
  Rabs (preactivation w gamma beta c (rms_normalised epsilon x) - centre w beta c)
  <= sqrt (size x) * norm (entrywise gamma w).
Proof.
intros He W G B. rewrite preactivation_centre by now rewrite rms_length.
unfold Rminus. rewrite (Rplus_comm (centre _ _ _)), Rplus_assoc, Rplus_opp_r, Rplus_0_r.
now apply dot_ball, rms_norm_le.
Qed.

Theorem layer_ball epsilon w gamma beta c mu x : 0 < epsilon ->
  length w = length x -> length gamma = length x -> length beta = length x ->
  Rabs (preactivation w gamma beta c (layer_normalised epsilon x) - centre w beta c)
  <= sqrt (size x) * norm (shift mu (entrywise gamma w)).
Proof.
intros He W G B. rewrite preactivation_centre by now rewrite layer_length.
unfold Rminus. rewrite (Rplus_comm (centre _ _ _)), Rplus_assoc, Rplus_opp_r, Rplus_0_r.
replace (dot (entrywise gamma w) (layer_normalised epsilon x))
  with (dot (shift mu (entrywise gamma w)) (layer_normalised epsilon x)).
- now apply dot_ball, layer_norm_le.
- rewrite dot_shift_l, layer_total; [ring|].
  unfold entrywise. rewrite layer_length, zip_length; congruence.
Qed.

(** ** Nothing smaller: inputs t v, t -> +-inf, along v = gamma*w (less its mean) *)

Lemma dot_along epsilon v t :
  dot v (rms_normalised epsilon (times t v)) =
  t * dot v v / sqrt (t ^ 2 * mean_square v + epsilon).
Proof.
unfold rms_normalised, mean_square, Rdiv. rewrite !dot_times_r, dot_times_l.
unfold size. rewrite times_length.
replace (t * (t * dot v v) * / INR (length v)) with (t ^ 2 * (dot v v * / INR (length v))) by ring.
ring.
Qed.

Lemma reaches epsilon v r : 0 < epsilon -> r < sqrt (size v) * norm v ->
  exists t, r < dot v (rms_normalised epsilon (times t v)).
Proof.
intros He Hr. destruct (Rlt_dec r 0) as [N|N].
- exists 0. rewrite dot_along. unfold Rdiv. rewrite !Rmult_0_l. exact N.
- assert (Q : r ^ 2 < size v * dot v v).
  { rewrite <- (norm_squared v), <- (sqrt_def (size v)) by apply size_nonneg. nra. }
  assert (M : size v * mean_square v = dot v v) by apply size_mean_square.
  assert (M0 := mean_square_nonneg v). assert (S0 := size_nonneg v).
  rewrite <- M in Q. assert (R2 := pow2_ge_0 r).
  assert (D : 0 < size v) by (destruct S0 as [S0| S0]; [exact S0|rewrite <- S0 in Q; lra]).
  assert (P : 0 < mean_square v) by (destruct M0 as [M0|M0]; [exact M0|rewrite <- M0 in Q; lra]).
  set (K := size v * size v * mean_square v - r ^ 2).
  assert (HK : 0 < K) by (unfold K; nra).
  set (t := 1 + r ^ 2 * epsilon / (mean_square v * K)).
  assert (E : t * (mean_square v * K) = mean_square v * K + r ^ 2 * epsilon)
    by (unfold t; field; lra).
  assert (MK : 0 < mean_square v * K) by (apply Rmult_lt_0_compat; lra).
  assert (T : 1 <= t).
  { unfold t. assert (0 <= r ^ 2 * epsilon / (mean_square v * K)); [|lra].
    apply Rmult_le_pos; [apply Rmult_le_pos; [apply pow2_ge_0|lra]|].
    now apply Rlt_le, Rinv_0_lt_compat. }
  exists t. rewrite dot_along, <- M.
  set (q := t ^ 2 * mean_square v + epsilon).
  assert (Hq : 0 < q) by (unfold q; nra).
  assert (Sq := sqrt_lt_R0 q Hq). assert (Dq := sqrt_def q (Rlt_le _ _ Hq)).
  apply Rmult_lt_reg_r with (sqrt q); [exact Sq|]. unfold Rdiv.
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  assert (L : r ^ 2 * q < (t * (size v * mean_square v)) ^ 2).
  { apply Rminus_gt_0_lt. unfold q.
    replace ((t * (size v * mean_square v)) ^ 2 - r ^ 2 * (t ^ 2 * mean_square v + epsilon))
      with (t * (t * (mean_square v * K)) - r ^ 2 * epsilon) by (unfold K; ring).
    assert (0 <= r ^ 2 * epsilon) by (apply Rmult_le_pos; [apply pow2_ge_0|lra]).
    rewrite E. nra. }
  apply Rnot_le_lt. intros C.
  assert (0 <= t * (size v * mean_square v)) by (apply Rmult_le_pos; nra).
  assert ((t * (size v * mean_square v)) ^ 2 <= (r * sqrt q) ^ 2) by (apply pow_incr; lra).
  replace ((r * sqrt q) ^ 2) with (r ^ 2 * (sqrt q * sqrt q)) in H0 by ring.
  rewrite Dq in H0. lra.
Qed.

Lemma reaches_below epsilon v r : 0 < epsilon -> r < sqrt (size v) * norm v ->
  exists t, dot v (rms_normalised epsilon (times t v)) < - r.
Proof.
intros He Hr. destruct (reaches epsilon v r He Hr) as [t Ht]. exists (- t).
rewrite dot_along in *. replace ((- t) ^ 2) with (t ^ 2) by ring. unfold Rdiv in *. lra.
Qed.

Lemma mean_of_total_0 x : total x = 0 -> centred x = x.
Proof.
intros H. unfold centred, mean. rewrite H. unfold Rdiv. rewrite Rmult_0_l. unfold shift.
rewrite <- (map_id x) at 2. apply map_ext. intros a. ring.
Qed.

(** A closed interval that holds every pre-activation holds the ball's. *)
Theorem rms_ball_tight epsilon w gamma beta c lo hi : 0 < epsilon ->
  length gamma = length w -> length beta = length w ->
  (forall x, length x = length w ->
     lo <= preactivation w gamma beta c (rms_normalised epsilon x) <= hi) ->
  let radius := sqrt (size w) * norm (entrywise gamma w) in
  lo <= centre w beta c - radius /\ centre w beta c + radius <= hi.
Proof.
intros He G B H radius. set (v := entrywise gamma w) in *.
assert (V : length v = length w) by (unfold v, entrywise; rewrite zip_length; congruence).
assert (S : size v = size w) by (unfold size; now rewrite V).
assert (E : forall t, preactivation w gamma beta c (rms_normalised epsilon (times t v)) =
                      centre w beta c + dot v (rms_normalised epsilon (times t v))).
{ intros t. apply preactivation_centre; rewrite rms_length, times_length; congruence. }
split; apply Rnot_lt_le; intros L.
- destruct (reaches_below epsilon v (centre w beta c - lo) He) as [t Ht].
  { rewrite S. unfold radius in L. lra. }
  destruct (H (times t v)) as [Hlo _]; [now rewrite times_length|]. rewrite E in Hlo. lra.
- destruct (reaches epsilon v (hi - centre w beta c) He) as [t Ht].
  { rewrite S. unfold radius in L. lra. }
  destruct (H (times t v)) as [_ Hhi]; [now rewrite times_length|]. rewrite E in Hhi. lra.
Qed.

Theorem layer_ball_tight epsilon w gamma beta c lo hi : 0 < epsilon ->
  length gamma = length w -> length beta = length w ->
  (forall x, length x = length w ->
     lo <= preactivation w gamma beta c (layer_normalised epsilon x) <= hi) ->
  let radius := sqrt (size w) * norm (centred (entrywise gamma w)) in
  lo <= centre w beta c - radius /\ centre w beta c + radius <= hi.
Proof.
intros He G B H radius. set (g := entrywise gamma w) in *. set (v := centred g) in *.
assert (Lg : length g = length w) by (unfold g, entrywise; rewrite zip_length; congruence).
assert (V : length v = length w) by (unfold v, centred; now rewrite shift_length).
assert (S : size v = size w) by (unfold size; now rewrite V).
assert (E : forall t, preactivation w gamma beta c (layer_normalised epsilon (times t v)) =
                      centre w beta c + dot v (rms_normalised epsilon (times t v))).
{ intros t. rewrite preactivation_centre by (rewrite layer_length, times_length; congruence).
  unfold layer_normalised. rewrite mean_of_total_0
    by (rewrite total_times; unfold v; rewrite total_centred; apply Rmult_0_r).
  f_equal. unfold v at 2, centred. rewrite dot_shift_l.
  - fold g. assert (T : total (rms_normalised epsilon (times t v)) = 0).
    { unfold rms_normalised. rewrite !total_times. unfold v. rewrite total_centred. ring. }
    rewrite T. ring.
  - rewrite rms_length, times_length. congruence. }
split; apply Rnot_lt_le; intros L.
- destruct (reaches_below epsilon v (centre w beta c - lo) He) as [t Ht].
  { rewrite S. unfold radius in L. lra. }
  destruct (H (times t v)) as [Hlo _]; [now rewrite times_length|]. rewrite E in Hlo. lra.
- destruct (reaches epsilon v (hi - centre w beta c) He) as [t Ht].
  { rewrite S. unfold radius in L. lra. }
  destruct (H (times t v)) as [_ Hhi]; [now rewrite times_length|]. rewrite E in Hhi. lra.
Qed.

(** ** The box *)

Definition in_box (r : R) (x : vector) : Prop := Forall (fun a => Rabs a <= r) x.
Definition abs_total (x : vector) : R := total (map Rabs x).

Lemma dot_box r v x : in_box r x -> 0 <= r -> Rabs (dot v x) <= r * abs_total v.
Proof.
unfold abs_total. revert x; induction v as [|a v IH]; intros [|b x] H Hr;
  try (unfold dot; simpl; rewrite Rabs_R0).
- lra.
- lra.
- assert (K := IH [] ltac:(constructor) Hr). rewrite dot_nil_r, Rabs_R0 in K.
  generalize (Rabs_pos a). nra.
- inversion_clear H as [|? ? Hb Hx]. rewrite dot_cons. simpl.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult.
  specialize (IH x Hx Hr). assert (P := Rabs_pos a). nra.
Qed.

Lemma dot_box_attained r v : 0 <= r ->
  exists x, length x = length v /\ in_box r x /\ dot v x = r * abs_total v.
Proof.
intros Hr. exists (map (fun a => if Rle_dec 0 a then r else - r) v). split; [apply map_length|].
unfold abs_total. induction v as [|a v [IHb IH]]; [split; [constructor|unfold dot; simpl; ring]|].
simpl map. rewrite dot_cons, IH. split.
- constructor; [|exact IHb]. destruct (Rle_dec 0 a); rewrite ?Rabs_Ropp, Rabs_pos_eq; lra.
- simpl. destruct (Rle_dec 0 a); [rewrite Rabs_pos_eq by lra|rewrite Rabs_left by lra]; ring.
Qed.

(** gamma*w.(x - mean) = (gamma*w - mean).x. *)
Lemma dot_centred g x : length g = length x -> dot g (centred x) = dot (centred g) x.
Proof.
intros H. unfold centred, mean. rewrite dot_shift_r, dot_shift_l by exact H.
unfold size. rewrite H. unfold Rdiv. ring.
Qed.

Theorem mean_box r w gamma beta c x : 0 <= r -> in_box r x ->
  length w = length x -> length gamma = length x -> length beta = length x ->
  Rabs (preactivation w gamma beta c (centred x) - centre w beta c)
  <= r * abs_total (centred (entrywise gamma w)).
Proof.
intros Hr Hx W G B.
rewrite preactivation_centre by (unfold centred; now rewrite shift_length).
unfold Rminus. rewrite (Rplus_comm (centre _ _ _)), Rplus_assoc, Rplus_opp_r, Rplus_0_r.
rewrite dot_centred by (unfold entrywise; rewrite zip_length; congruence).
now apply dot_box.
Qed.

Theorem mean_box_attained r w gamma beta c : 0 <= r ->
  length gamma = length w -> length beta = length w ->
  exists x, length x = length w /\ in_box r x /\
    preactivation w gamma beta c (centred x) - centre w beta c =
    r * abs_total (centred (entrywise gamma w)).
Proof.
intros Hr G B. set (g := entrywise gamma w).
assert (Lg : length g = length w) by (unfold g, entrywise; rewrite zip_length; congruence).
destruct (dot_box_attained r (centred g) Hr) as [x [Lx [Bx E]]].
unfold centred in Lx. rewrite shift_length in Lx.
exists x. split; [congruence|split; [exact Bx|]].
rewrite preactivation_centre by (unfold centred; rewrite shift_length; congruence).
fold g. rewrite dot_centred, E by congruence. ring.
Qed.
