(** Polynomials with enclosed coefficients, exact where they are known exactly.

    An exact coefficient is what shows that leading terms cancel (x - x is 0): only an exact 0 is
    dropped. [polynomial_holds P F] says that F is a polynomial whose coefficients P encloses;
    the coefficients are the same for all x (docs/formulas.md#tail). *)
From Coq Require Import ZArith QArith Qreals Qabs Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Enclosure Attncert.kernel.Tail_addition.
Import ListNotations.
Open Scope R_scope.

Module Polynomials (I : IntervalOps).
Module N := Additions I.
Module E := N.E.
Section Precision.
Variable p : I.F.precision.

(** ** Coefficients *)

Record coefficient : Type := Coefficient { enclosure : I.type; exact : option Q }.

Definition coefficient_holds (c : coefficient) (a : R) : Prop :=
  E.encloses (enclosure c) a /\ forall q, exact c = Some q -> a = Q2R q.

Definition exactly (q : Q) : coefficient := Coefficient (E.of_Q p q) (Some q).
Definition approximately (i : I.type) : coefficient := Coefficient i None.

Definition is_exactly (q : Q) (c : coefficient) : bool :=
  match exact c with Some r => Qeq_bool r q | None => false end.

(** Exact coefficients are kept while they are short; enclosures do otherwise. *)
Definition longest : Z := 4096.
Definition is_short (q : Q) : bool :=
  Z.eqb (Qnum q) 0 || Z.ltb (Z.log2 (Z.abs (Qnum q)) + Z.log2 (Zpos (Qden q))) longest.

Definition known (c d : coefficient) (op : Q -> Q -> Q) : option Q :=
  match exact c, exact d with
  | Some q, Some r => let s := Qred (op q r) in if is_short s then Some s else None
  | _, _ => None
  end.

Definition add_coefficients (c d : coefficient) : coefficient :=
  match known c d Qplus with
  | Some q => exactly q
  | None => approximately (N.add p (enclosure c) (enclosure d))
  end.

Definition mul_coefficients (c d : coefficient) : coefficient :=
  if is_exactly 0 c || is_exactly 0 d then exactly 0 else
  match known c d Qmult with
  | Some q => exactly q
  | None => approximately (E.mul p (enclosure c) (enclosure d))
  end.

Definition neg_coefficient (c : coefficient) : coefficient :=
  Coefficient (E.neg (enclosure c)) (option_map Qopp (exact c)).

Lemma exactly_holds q : coefficient_holds (exactly q) (Q2R q).
Proof. split; [apply E.of_Q_encloses|]. intros r E. now injection E as <-. Qed.

Lemma approximately_holds i a : E.encloses i a -> coefficient_holds (approximately i) a.
Proof. now split. Qed.

Lemma is_exactly_correct q c a : is_exactly q c = true -> coefficient_holds c a -> a = Q2R q.
Proof.
unfold is_exactly. destruct (exact c) as [r|] eqn:E; [|easy]. intros H [_ K].
rewrite (K _ E). now apply Qeq_eqR, Qeq_bool_iff.
Qed.

Lemma Q2R_Qred q : Q2R (Qred q) = Q2R q.
Proof. apply Qeq_eqR, Qred_correct. Qed.

Lemma Q2R_0 : Q2R 0 = 0.
Proof. unfold Q2R. simpl. lra. Qed.

Lemma Q2R_1 : Q2R 1 = 1.
Proof. unfold Q2R. simpl. lra. Qed.

Lemma known_correct c d op q a b : known c d op = Some q ->
  coefficient_holds c a -> coefficient_holds d b ->
  exists r s, a = Q2R r /\ b = Q2R s /\ Q2R q = Q2R (op r s).
Proof.
unfold known. intros E [_ Ka] [_ Kb]. destruct (exact c) as [r|]; [|easy].
destruct (exact d) as [s|]; [|easy]. destruct (is_short _); [|easy]. injection E as <-.
exists r, s. rewrite Q2R_Qred. auto.
Qed.

Lemma add_coefficients_holds c d a b : coefficient_holds c a -> coefficient_holds d b ->
  coefficient_holds (add_coefficients c d) (a + b).
Proof.
intros Ha Hb. unfold add_coefficients. destruct (known c d Qplus) as [q|] eqn:K.
- destruct (known_correct _ _ _ _ _ _ K Ha Hb) as [r [s [-> [-> E]]]].
  rewrite <- Q2R_plus, <- E. apply exactly_holds.
- apply approximately_holds, N.add_encloses; [apply Ha|apply Hb].
Qed.

Lemma mul_coefficients_holds c d a b : coefficient_holds c a -> coefficient_holds d b ->
  coefficient_holds (mul_coefficients c d) (a * b).
Proof.
intros Ha Hb. unfold mul_coefficients. destruct (_ || _) eqn:Z.
- replace (a * b) with (Q2R 0); [apply exactly_holds|].
  apply orb_prop in Z. rewrite Q2R_0.
  destruct Z as [Z|Z]; eapply is_exactly_correct in Z; eauto; rewrite Z, Q2R_0; ring.
- destruct (known c d Qmult) as [q|] eqn:K.
  + destruct (known_correct _ _ _ _ _ _ K Ha Hb) as [r [s [-> [-> E]]]].
    rewrite <- Q2R_mult, <- E. apply exactly_holds.
  + apply approximately_holds, E.mul_encloses; [apply Ha|apply Hb].
Qed.

Lemma neg_coefficient_holds c a :
  coefficient_holds c a -> coefficient_holds (neg_coefficient c) (- a).
Proof.
intros [H K]. split; [now apply E.neg_encloses|]. simpl. intros q.
destruct (exact c) as [r|]; [|easy]. simpl. intros E. injection E as <-.
now rewrite Q2R_opp, (K r).
Qed.

(** ** Polynomials: coefficients of x^0, x^1, ... *)

Definition polynomial : Type := list coefficient.

Fixpoint polynomial_holds (P : polynomial) (F : R -> R) : Prop :=
  match P with
  | [] => forall x, F x = 0
  | c :: P => exists a G, coefficient_holds c a /\ polynomial_holds P G /\
                          forall x, F x = a + x * G x
  end.

Lemma polynomial_ext P F G :
  (forall x, F x = G x) -> polynomial_holds P F -> polynomial_holds P G.
Proof.
destruct P as [|c P]; simpl; intros E.
- intros H x. now rewrite <- E.
- intros [a [K [Ha [HK H]]]]. exists a, K. repeat split; auto; try apply Ha.
  intros x. now rewrite <- E.
Qed.

Lemma constant_holds c a : coefficient_holds c a -> polynomial_holds [c] (fun _ => a).
Proof. intros H. exists a, (fun _ => 0). repeat split; try apply H. intros x. ring. Qed.

Lemma constant_inv c F :
  polynomial_holds [c] F -> exists a, coefficient_holds c a /\ forall x, F x = a.
Proof.
intros [a [G [Ha [HG H]]]]. exists a. split; [exact Ha|]. intros x. rewrite H, HG. ring.
Qed.

Definition neg_polynomial (P : polynomial) : polynomial := map neg_coefficient P.

Fixpoint strip (P : polynomial) : polynomial :=
  match P with
  | [] => []
  | c :: P => match strip P with
              | [] => if is_exactly 0 c then [] else [c]
              | P => c :: P
              end
  end.

(** Without leading coefficients that are exactly 0, but never empty. *)
Definition trim (P : polynomial) : polynomial :=
  match strip P with [] => [exactly 0] | P => P end.

Fixpoint sum_untrimmed (P Q : polynomial) : polynomial :=
  match P, Q with
  | [], Q => Q
  | P, [] => P
  | c :: P, d :: Q => add_coefficients c d :: sum_untrimmed P Q
  end.

Definition add_polynomials (P Q : polynomial) : polynomial := trim (sum_untrimmed P Q).

(** acc + P Q *)
Fixpoint add_product (P Q acc : polynomial) : polynomial :=
  match P with
  | [] => acc
  | c :: P => match sum_untrimmed acc (map (mul_coefficients c) Q) with
              | [] => exactly 0 :: add_product P Q []
              | d :: rest => d :: add_product P Q rest
              end
  end.

Definition mul_polynomials (P Q : polynomial) : polynomial := trim (add_product P Q []).

Lemma neg_polynomial_holds P F :
  polynomial_holds P F -> polynomial_holds (neg_polynomial P) (fun x => - F x).
Proof.
unfold neg_polynomial. revert F; induction P as [|c P IH]; simpl; intros F H.
- intros x. rewrite H. ring.
- destruct H as [a [G [Ha [HG H]]]]. exists (- a), (fun x => - G x).
  split; [now apply neg_coefficient_holds|]. split; [|intros x; rewrite H; ring].
  destruct P; now apply IH.
Qed.

Lemma strip_holds P F : polynomial_holds P F -> polynomial_holds (strip P) F.
Proof.
revert F; induction P as [|c P IH]; simpl; intros F H; [exact H|].
destruct H as [a [G [Ha [HG H]]]]. specialize (IH _ HG).
destruct (strip P) as [|d Q].
- simpl in IH. destruct (is_exactly 0 c) eqn:Z.
  + intros x. rewrite H, IH, (is_exactly_correct _ _ _ Z Ha), Q2R_0. ring.
  + exists a, G. auto.
- exists a, G. auto.
Qed.

Lemma trim_holds P F : polynomial_holds P F -> polynomial_holds (trim P) F.
Proof.
intros H. apply strip_holds in H. unfold trim. destruct (strip P); [|exact H].
apply (polynomial_ext _ (fun _ => Q2R 0)); [intros x; rewrite H; apply Q2R_0|].
apply constant_holds, exactly_holds.
Qed.

Lemma sum_untrimmed_holds P Q F G : polynomial_holds P F -> polynomial_holds Q G ->
  polynomial_holds (sum_untrimmed P Q) (fun x => F x + G x).
Proof.
revert Q F G; induction P as [|c P IH]; intros Q F G HF HG.
- apply (polynomial_ext Q G); [|now destruct Q]. intros x. simpl in HF. rewrite HF. ring.
- destruct Q as [|d Q].
  + apply (polynomial_ext (c :: P) F); [|exact HF]. intros x. simpl in HG. rewrite HG. ring.
  + destruct HF as [a [F' [Ha [HF' HF]]]], HG as [b [G' [Hb [HG' HG]]]].
    exists (a + b), (fun x => F' x + G' x). split; [now apply add_coefficients_holds|].
    split; [now apply IH|]. intros x. rewrite HF, HG. ring.
Qed.

Lemma add_polynomials_holds P Q F G : polynomial_holds P F -> polynomial_holds Q G ->
  polynomial_holds (add_polynomials P Q) (fun x => F x + G x).
Proof. intros. now apply trim_holds, sum_untrimmed_holds. Qed.

Lemma scale_holds c a Q G : coefficient_holds c a -> polynomial_holds Q G ->
  polynomial_holds (map (mul_coefficients c) Q) (fun x => a * G x).
Proof.
intros Ha. revert G; induction Q as [|d Q IH]; simpl; intros G H.
- intros x. rewrite H. ring.
- destruct H as [b [G' [Hb [HG' H]]]]. exists (a * b), (fun x => a * G' x).
  split; [now apply mul_coefficients_holds|]. split; [now apply IH|].
  intros x. rewrite H. ring.
Qed.

Lemma add_product_holds P Q acc F G K : polynomial_holds P F -> polynomial_holds Q G ->
  polynomial_holds acc K -> polynomial_holds (add_product P Q acc) (fun x => K x + F x * G x).
Proof.
intros HF HG. revert acc F K HF; induction P as [|c P IH]; simpl; intros acc F K HF HK.
- apply (polynomial_ext _ K); [|exact HK]. intros x. rewrite HF. ring.
- destruct HF as [a [F' [Ha [HF' HF]]]].
  assert (S := sum_untrimmed_holds _ _ _ _ HK (scale_holds _ _ _ _ Ha HG)).
  destruct (sum_untrimmed acc _) as [|d rest].
  + exists (Q2R 0), (fun x => 0 + F' x * G x). split; [apply exactly_holds|].
    split; [now apply IH|]. intros x. simpl in S. specialize (S x).
    rewrite HF, Q2R_0. replace (K x) with (- (a * G x)) by lra. ring.
  + destruct S as [b [T [Hb [HT S]]]]. exists b, (fun x => T x + F' x * G x).
    split; [exact Hb|]. split; [now apply IH|]. intros x. specialize (S x). simpl in S.
    rewrite HF. replace (K x) with (b + x * T x - a * G x) by lra. ring.
Qed.

Lemma mul_polynomials_holds P Q F G : polynomial_holds P F -> polynomial_holds Q G ->
  polynomial_holds (mul_polynomials P Q) (fun x => F x * G x).
Proof.
intros HF HG. apply trim_holds.
apply (polynomial_ext _ (fun x => 0 + F x * G x)); [intros; ring|].
apply (add_product_holds P Q [] F G (fun _ => 0)); auto. easy.
Qed.

(** ** Growth, by the sign of the leading coefficient *)

Inductive growth : Type := Constant (c : coefficient) | Up | Down.

Fixpoint leading (P : polynomial) : I.type :=
  match P with [] => I.zero | [c] => enclosure c | _ :: P => leading P end.

Definition growth_of (P : polynomial) : option growth :=
  match P with
  | [c] => Some (Constant c)
  | _ => if E.positive (leading P) then Some Up
         else if E.positive (E.neg (leading P)) then Some Down
         else None
  end.

Lemma growth_constant P c : growth_of P = Some (Constant c) -> P = [c].
Proof.
unfold growth_of. destruct P as [|d [|e P]]; try (destruct (E.positive _);
  [|destruct (E.positive _)]; easy).
intros E. now injection E as <-.
Qed.

(** A polynomial whose leading coefficient is positive is positive far out. *)
Lemma leading_positive P F : E.positive (leading P) = true -> polynomial_holds P F ->
  exists c X, 0 < c /\ forall x, X <= x -> c <= F x.
Proof.
revert F; induction P as [|d [|e P] IH]; intros F H HF.
- assert (K := E.positive_correct _ 0 H). simpl in K.
  enough (0 < 0) by lra. apply K. unfold E.encloses. simpl.
  rewrite I.zero_correct. simpl. lra.
- destruct (constant_inv _ _ HF) as [a [[Ha _] E]]. exists a, 0.
  split; [exact (E.positive_correct _ _ H Ha)|]. intros x _. rewrite E. lra.
- destruct HF as [a [G [_ [HG E]]]]. destruct (IH G H HG) as [c [X [Pc HX]]].
  exists 1, (Rmax X (Rmax 0 ((1 - a) / c))). split; [lra|]. intros x Hx.
  assert (A := Rmax_l X (Rmax 0 ((1 - a) / c))). assert (B := Rmax_r X (Rmax 0 ((1 - a) / c))).
  assert (C := Rmax_l 0 ((1 - a) / c)). assert (D := Rmax_r 0 ((1 - a) / c)).
  rewrite E. assert (1 - a <= c * x).
  { replace (1 - a) with (c * ((1 - a) / c)) by (field; lra). apply Rmult_le_compat_l; lra. }
  assert (c * x <= x * G x) by (rewrite Rmult_comm; apply Rmult_le_compat_l; [lra|apply HX; lra]).
  lra.
Qed.

(** ... and tends to infinity unless it is constant. *)
Lemma growing_unbounded P F : growth_of P = Some Up -> polynomial_holds P F ->
  forall bound, exists X, forall x, X <= x -> bound <= F x.
Proof.
intros H HF bound. destruct P as [|c [|d P]]; simpl in H; try easy.
- destruct (leading_positive [] F) as [c [X [Pc K]]]; auto.
  { simpl. destruct (E.positive I.zero); [easy|]. now destruct (E.positive (E.neg I.zero)). }
  simpl in HF. specialize (K X (Rle_refl _)). rewrite HF in K. lra.
- change (match P with [] => _ | _ => _ end) with (leading (d :: P)) in H.
  destruct (E.positive (leading (d :: P))) eqn:L;
    [|now destruct (E.positive (E.neg (leading (d :: P))))].
  destruct HF as [a [G [_ [HG E]]]]. destruct (leading_positive _ _ L HG) as [k [X [Pk HX]]].
  exists (Rmax X (Rmax 0 ((bound - a) / k))). intros x Hx.
  assert (A := Rmax_l X (Rmax 0 ((bound - a) / k))).
  assert (B := Rmax_r X (Rmax 0 ((bound - a) / k))).
  assert (C := Rmax_l 0 ((bound - a) / k)). assert (D := Rmax_r 0 ((bound - a) / k)).
  rewrite E. assert (bound - a <= k * x).
  { replace (bound - a) with (k * ((bound - a) / k)) by (field; lra).
    apply Rmult_le_compat_l; lra. }
  assert (k * x <= x * G x) by (rewrite Rmult_comm; apply Rmult_le_compat_l; [lra|apply HX; lra]).
  lra.
Qed.

Lemma leading_neg P : P <> [] -> leading (neg_polynomial P) = E.neg (leading P).
Proof.
intros N. induction P as [|c [|d P] IH]; [easy|easy|]. apply IH. easy.
Qed.

Lemma falling_unbounded P F : growth_of P = Some Down -> polynomial_holds P F ->
  forall bound, exists X, forall x, X <= x -> bound <= - F x.
Proof.
intros H HF. destruct P as [|c [|d P]]; [|easy|].
- exfalso. revert H. unfold growth_of. simpl.
  destruct (E.positive I.zero); [easy|]. destruct (E.positive (E.neg I.zero)) eqn:Z; [|easy].
  assert (K := E.positive_correct _ 0 Z). enough (0 < 0) by lra. apply K.
  rewrite <- Ropp_0. apply E.neg_encloses. unfold E.encloses. rewrite I.zero_correct. simpl. lra.
- apply (growing_unbounded (neg_polynomial (c :: d :: P))); [|now apply neg_polynomial_holds].
  change (growth_of (neg_polynomial (c :: d :: P))) with
    (if E.positive (leading (neg_polynomial (c :: d :: P))) then Some Up
     else if E.positive (E.neg (leading (neg_polynomial (c :: d :: P)))) then Some Down else None).
  rewrite leading_neg by easy. revert H.
  change (growth_of (c :: d :: P)) with
    (if E.positive (leading (c :: d :: P)) then Some Up
     else if E.positive (E.neg (leading (c :: d :: P))) then Some Down else None).
  destruct (E.positive (leading _)); [easy|]. now destruct (E.positive (E.neg _)).
Qed.

End Precision.
End Polynomials.
