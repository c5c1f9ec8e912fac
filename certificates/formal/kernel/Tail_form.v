(** Tail forms: P + R, or +-e^P (1 + R), on a half-line x >= A > 0, and the forms of sums, products,
    quotients and elementary functions of what has one (docs/formulas.md#tail). An operation
    without a form, or defined only farther out, gives None. *)
From Coq Require Import ZArith QArith Qreals Reals List Bool Lra Lia.
From Interval Require Import Real.Xreal Float.Basic Float.Sig Interval.Interval.
Require Import Attncert.kernel.Term Attncert.kernel.Enclosure Attncert.kernel.Special_sig
  Attncert.kernel.Tail_polynomial Attncert.kernel.Tail_decay Attncert.kernel.Tail_line.
Import ListNotations.
Open Scope R_scope.

Module Forms (I : IntervalOps) (S : Special I).
Include Lines I.

(** P + R, or e^P (1 + R) with a sign. *)
Inductive form : Type :=
| Additive (P : polynomial) (R : decay)
| Exponential (positive : bool) (P : polynomial) (R : decay).

Definition sgn (positive : bool) : R := if positive then 1 else -1.

Section Half_line.
Variable p : I.F.precision.
Variable from : Q.
Local Notation A := (Q2R from).

Definition form_holds (f : form) (u : R -> R) : Prop :=
  match f with
  | Additive P d => exists F R, polynomial_holds P F /\ decay_holds from d R /\
      forall x, A <= x -> u x = F x + R x
  | Exponential s P d => exists F R, polynomial_holds P F /\ decay_holds from d R /\
      forall x, A <= x -> u x = sgn s * (exp (F x) * (1 + R x))
  end.

Local Notation exactly := (exactly p).
Local Notation add_polynomials := (add_polynomials p).
Local Notation mul_polynomials := (mul_polynomials p).
Local Notation no_decay := (no_decay p).
Local Notation scaled := (scaled p).
Local Notation add_decays := (add_decays p from).
Local Notation mul_decays := (mul_decays p).
Local Notation supremum := (supremum p from).
Local Notation exponential_minus_one := (exponential_minus_one p from).
Local Notation over_one_minus := (over_one_minus p from).
Local Notation mul_decay_polynomial := (mul_decay_polynomial p from).
Local Notation minorant := (minorant p from).
Local Notation reciprocal_exponential := (reciprocal_exponential p from).
Local Notation one := (one p).

Definition inverse (i : I.type) : I.type := E.div p one i.

(** ** Constants, the variable, signs *)

Definition constant (q : Q) : form := Additive [exactly (Qred q)] no_decay.
Definition enclosed_constant (i : I.type) : form := Additive [approximately i] no_decay.
Definition variable (right : bool) : form :=
  Additive [exactly 0; exactly (if right then 1 else -1)] no_decay.

Definition negate (a : form) : form :=
  match a with
  | Additive P d => Additive (neg_polynomial P) d
  | Exponential s P d => Exponential (negb s) P d
  end.

(** The limit: exact where c is exactly q. *)
Definition limit (c : coefficient) (q : Q) (exact_limit : Q) (i : I.type) : coefficient :=
  if is_exactly q c then exactly exact_limit else approximately i.

(** ** Sums *)

(** s e^P (1 + R) + Q + R' = s e^P (1 + R + s e^-P (Q + R')) *)
Definition add_to_exponential s P d Q e : option form :=
  bind (reciprocal_exponential P) (fun small =>
    let extra := add_decays (mul_decay_polynomial small Q) (mul_decays small e) in
    Some (Exponential s P (add_decays d extra))).

(** s e^P (1 + R) + t e^Q (1 + R') where gap = P - Q grows *)
Definition absorb s P d gap e : option form :=
  bind (reciprocal_exponential gap) (fun small =>
    Some (Exponential s P (add_decays d (add_decays small (mul_decays small e))))).

(** e^P (1 + R) + K e^P (1 + R') = (1 + K) e^P (1 + (R + K R') / (1 + K)), K = e^-c *)
Definition merge s P d c e : form :=
  let ratio := N.exp p (E.neg c) in
  let total := N.add p one ratio in
  Exponential s (add_polynomials P [approximately (E.ln p total)])
    (scaled (add_decays d (scaled e ratio)) (inverse total)).

Definition add_exponentials s P d t Q e : option form :=
  let gap := add_polynomials P (neg_polynomial Q) in
  bind (growth_of gap) (fun g =>
    match g with
    | Up => absorb s P d gap e
    | Down => absorb t Q e (add_polynomials Q (neg_polynomial P)) d
    | Constant c => if Bool.eqb s t then Some (merge s P d (enclosure c) e) else None
    end).

Definition add (a b : form) : option form :=
  match a, b with
  | Additive P d, Additive Q e => Some (Additive (add_polynomials P Q) (add_decays d e))
  | Exponential s P d, Additive Q e => add_to_exponential s P d Q e
  | Additive Q e, Exponential s P d => add_to_exponential s P d Q e
  | Exponential s P d, Exponential t Q e => add_exponentials s P d t Q e
  end.

(** ** Products *)

(** (1 + R)(1 + R') - 1 *)
Definition mul_relative (d e : decay) : decay := add_decays (add_decays d e) (mul_decays d e).

(** s e^P (1 + R) (c + R') = s sign(c) e^(P + ln |c|) (1 + R) (1 + R'/c) *)
Definition mul_by_constant s P d c e : option form :=
  if is_exactly 0 c && vanishes e then Some (constant 0) else
  let i := enclosure c in
  if E.nonzero i then
    let both := mul_relative d (scaled e (inverse i)) in
    let t := if E.positive i then s else negb s in
    if is_exactly 1 c || is_exactly (-1) c then Some (Exponential t P both)
    else Some (Exponential t (add_polynomials P [approximately (E.ln p (E.abs i))]) both)
  else None.

Definition mul_exponential s P d Q e : option form :=
  match Q with [c] => mul_by_constant s P d c e | _ => None end.

Definition multiply (a b : form) : option form :=
  match a, b with
  | Additive P d, Additive Q e =>
    Some (Additive (mul_polynomials P Q)
      (add_decays (mul_decay_polynomial d Q)
        (add_decays (mul_decay_polynomial e P) (mul_decays d e))))
  | Exponential s P d, Additive Q e => mul_exponential s P d Q e
  | Additive Q e, Exponential s P d => mul_exponential s P d Q e
  | Exponential s P d, Exponential t Q e =>
    Some (Exponential (Bool.eqb s t) (add_polynomials P Q) (mul_relative d e))
  end.

(** The form itself, unless its degrees are beyond what is supported. *)
Definition greatest_degree : nat := 64.
Definition greatest_power : Z := 4096.
Definition limited (a : form) : option form :=
  let (P, d) := match a with Additive P d => (P, d) | Exponential _ P d => (P, d) end in
  if Nat.leb (length P) (greatest_degree + 1) && Z.leb (Z.of_nat (power d)) greatest_power
  then Some a else None.

(** ** Quotients *)

(** 1/(c + R) - 1/c = -(R/c) / (c (1 + R/c)) *)
Definition reciprocal_constant (c : coefficient) (d : decay) : option form :=
  if E.nonzero (enclosure c) then
    let i := inverse (enclosure c) in
    let relative := scaled d i in
    bind (over_one_minus (scaled relative i) relative) (fun bound =>
      let result := match exact c with
                    | Some q => exactly (Qred (/ q))
                    | None => approximately i
                    end in
      Some (Additive [result] bound))
  else None.

(** 1 / (s e^P (1 + R)): at most e^-P / (1 - |R|) *)
Definition reciprocal (a : form) : option form :=
  match a with
  | Exponential _ P d =>
    bind (reciprocal_exponential P) (fun small =>
      bind (over_one_minus small d) (fun bound => Some (Additive [exactly 0] bound)))
  | Additive [c] d => reciprocal_constant c d
  | Additive _ _ => None
  end.

(** (1 + R) / (1 + R') = 1 + (R - R') / (1 + R') *)
Definition divide_exponentials s P d t Q e : option form :=
  let gap := add_polynomials P (neg_polynomial Q) in
  bind (growth_of gap) (fun g =>
    bind (over_one_minus (add_decays d e) e) (fun change =>
      match g with
      | Up => Some (Exponential (Bool.eqb s t) gap change)
      | Down => bind (reciprocal_exponential (neg_polynomial gap)) (fun small =>
          Some (Additive [exactly 0] (add_decays small (mul_decays small change))))
      | Constant c =>
        let sign := if Bool.eqb s t then 1%Z else (-1)%Z in
        let ratio := E.mul p (N.exp p (enclosure c)) (E.of_Z p sign) in
        Some (Additive [limit c 0 (inject_Z sign) ratio] (scaled change ratio))
      end)).

Definition divide (a b : form) : option form :=
  match a, b with
  | Exponential s P d, Exponential t Q e => divide_exponentials s P d t Q e
  | _, _ => bind (reciprocal b) (multiply a)
  end.

(** ** Powers *)

Fixpoint natural_power (a : form) (n : nat) : option form :=
  match n with
  | O => Some (constant 1)
  | S n => bind (natural_power a n) (fun b => bind (multiply b a) limited)
  end.

Definition power_of (a : form) (n : Z) : option form :=
  if Z.leb (Z.abs n) 64 then
    bind (natural_power a (Z.abs_nat n)) (fun b =>
      if Z.ltb n 0 then divide (constant 1) b else Some b)
  else None.

(** ** exp, log, sqrt *)

(** e^(P + R) = e^P (1 + (e^R - 1)) *)
Definition exponential (a : form) : option form :=
  match a with
  | Exponential _ _ _ => None
  | Additive P d =>
    bind (growth_of P) (fun g =>
      bind (exponential_minus_one d) (fun change =>
        match g with
        | Up => Some (Exponential true P change)
        | Down => bind (reciprocal_exponential (neg_polynomial P)) (fun small =>
            Some (Additive [exactly 0] (add_decays small (mul_decays small change))))
        | Constant c =>
          let value := N.exp p (enclosure c) in
          Some (Additive [limit c 0 1 value] (scaled change value))
        end))
  end.

(** |ln(1 + R)| <= |R| / (1 - |R|) *)
Definition logarithm (a : form) : option form :=
  match a with
  | Exponential false _ _ => None
  | Exponential true P d => bind (over_one_minus d d) (fun change => Some (Additive P change))
  | Additive [c] d =>
    let i := enclosure c in
    if E.positive i then
      let relative := scaled d (inverse i) in
      bind (over_one_minus relative relative) (fun change =>
        Some (Additive [limit c 1 0 (E.ln p i)] change))
    else None
  | Additive _ _ => None
  end.

(** |sqrt(c + R) - sqrt c| <= |R| / sqrt c *)
Definition square_root (a : form) : option form :=
  match a with
  | Additive [c] d =>
    if is_exactly 0 c && vanishes d then Some (constant 0) else
    let i := enclosure c in
    if E.positive i then
      bind (over_one_minus no_decay (scaled d (inverse i))) (fun _ =>
        let root := E.sqrt p i in
        Some (Additive [limit c 1 1 root] (scaled d (inverse root))))
    else None
  | _ => None
  end.

(** ** tanh, erf, erfc *)

(** An odd function, from its form where P grows and where P is a constant. *)
Definition odd_function (grows : polynomial -> decay -> option form)
    (tends : coefficient -> decay -> option form) (a : form) : option form :=
  match a with
  | Exponential _ _ _ => None
  | Additive P d =>
    bind (growth_of P) (fun g =>
      match g with
      | Up => grows P d
      | Down => option_map negate (grows (neg_polynomial P) d)
      | Constant c => tends c d
      end)
  end.

(** 0 <= 1 - tanh u <= 2 e^-2u, and u >= P - sup |R| *)
Definition tanh_growing (P : polynomial) (d : decay) : option form :=
  bind (supremum d) (fun loss =>
    bind (reciprocal_exponential (mul_polynomials P [exactly 2])) (fun small =>
      let two := E.of_Z p 2 in
      Some (Additive [exactly 1] (scaled small (E.mul p two (N.exp p (E.mul p two loss))))))).

Definition tanh_tending (c : coefficient) (d : decay) : option form :=
  Some (Additive [limit c 0 0 (S.tanh p (N.widened_near_0 p (enclosure c)))] d).

(** u >= slope x + offset >= start >= 0 gives 1 - erf u <= e^(-u^2) <= e^(-start u). *)
Definition erf_growing (P : polynomial) (d : decay) : option form :=
  bind (supremum d) (fun loss =>
    bind (minorant P) (fun line =>
      let (slope, p0) := line in
      let offset := N.sub p p0 loss in
      let start := N.add p (E.mul p slope (origin p from)) offset in
      if E.nonnegative start then
        Some (Additive [exactly 1]
          (Decay (N.exp p (E.neg (E.mul p start offset))) 0 (E.mul p start slope)))
      else None)).

(** |erf'| <= 2 / sqrt PI < 2 *)
Definition erf_tending (c : coefficient) (d : decay) : option form :=
  Some (Additive [limit c 0 0 (S.erf p (N.widened_near_0 p (enclosure c)))]
    (scaled d (E.of_Z p 2))).

Definition hyperbolic_tangent : form -> option form := odd_function tanh_growing tanh_tending.
Definition error_function : form -> option form := odd_function erf_growing erf_tending.
Definition complementary_error_function (a : form) : option form :=
  bind (error_function a) (fun b => add (constant 1) (negate b)).

(** ** Signs; the larger and the smaller of two *)

Definition grows_from_positive (P : polynomial) (loss : I.type) : bool :=
  match minorant P with
  | Some (slope, offset) => N.at_most p loss (N.add p (E.mul p slope (origin p from)) offset)
  | None => false
  end.

(** a >= 0 on the whole half-line (true), or a <= 0 (false). *)
Definition sign (a : form) : option bool :=
  match a with
  | Exponential s _ d =>
    bind (supremum d) (fun loss => if N.less p loss one then Some s else None)
  | Additive P d =>
    bind (supremum d) (fun loss => bind (growth_of P) (fun g =>
      match g with
      | Up => if grows_from_positive P loss then Some true else None
      | Down => if grows_from_positive (neg_polynomial P) loss then Some false else None
      | Constant c =>
        if N.at_most p loss (enclosure c) then Some true
        else if N.at_most p loss (E.neg (enclosure c)) then Some false
        else None
      end))
  end.

(** One of two, by the sign of their difference. *)
Definition choose (larger : bool) (a b : form) : option form :=
  bind (add a (negate b)) (fun gap =>
    bind (sign gap) (fun s => Some (if Bool.eqb s larger then a else b))).

End Half_line.
End Forms.
