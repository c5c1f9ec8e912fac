(** Extraction of the kernel to OCaml (zarith).

    What the extracted program trusts beyond the proofs (docs/trust.md lists the same):
    - ExtrOcamlBasic: bool, option, prod, list, unit, comparison as OCaml's;
    - ExtrOcamlZBigInt: positive, N, Z and their arithmetic as zarith's integers;
    - ExtrOcamlNativeString: string as OCaml's (names of sublayers, texts of numbers);
    - ExtrOcamlNatInt: nat as int; naturals here are offsets in programs and orders of series,
      far below 2^62;
    - Pos.size, Pos.shiftl, Z.sqrt, Z.even: Z.numbits, Z.shift_left, Z.sqrt and Z.is_even of zarith
      (ocaml/realizers.ml);
    - real numbers do not occur in what is computed; the constants that they rest on are cut. *)
From Coq Require Import ZArith Reals List Extraction ExtrOcamlBasic ExtrOcamlZBigInt ExtrOcamlNatInt.
From Coq Require Import ExtrOcamlNativeString.
Require Import Attncert.kernel.Term Attncert.kernel.Judgement Attncert.kernel.Mask.
Require Import Attncert.kernel.Mask_error Attncert.kernel.Rules Attncert.kernel.Kernel.
Require Import Attncert.kernel.Network_rules.
Require Import Attncert.extraction.Computing.

(** Never executed: modules are extracted whole, with functions of real numbers that only the
    theorems in them speak of. *)
Extract Constant R => "unit".
Extract Constant R0 => "()".
Extract Constant R1 => "()".
Extract Constant Rplus => "(fun _ _ -> ())".
Extract Constant Rmult => "(fun _ _ -> ())".
Extract Constant Ropp => "(fun _ -> ())".
Extract Constant Rinv => "(fun _ -> ())".
Extract Constant IZR => "(fun _ -> ())".
Extract Constant Rabs => "(fun _ -> ())".
Extract Constant Rtrigo_def.exp => "(fun _ -> ())".
Extract Constant sqrt => "(fun _ -> ())".
Extract Constant PI => "()".
Extract Constant Term.erf => "(fun _ -> ())".
Extract Constant Term.erfc => "(fun _ -> ())".
Extract Constant ClassicalDedekindReals.sig_forall_dec => "(fun _ -> assert false)".
Extract Constant RbaseSymbolsImpl.Rabst => "(fun _ -> ())".
Extract Constant RbaseSymbolsImpl.Rrepr => "(fun _ -> assert false)".
Extract Constant total_order_T => "(fun _ _ -> assert false)".

(** Single calls of zarith. *)
Extract Constant Pos.size => "Realizers.size".
Extract Constant Pos.shiftl => "Realizers.shift_left".
Extract Constant Z.sqrt => "Realizers.square_root".
Extract Constant Z.even => "Realizers.is_even".

Extraction "verified_kernel.ml" Checker Computing Exponentials_computed Enclosed Network_extension.
