(* What extraction/Extraction.v maps to single calls of zarith. *)

(* Numbers of astronomical size are refused, not computed. *)
exception Too_large

let most_bits = Z.shift_left Z.one 28

let size m = Z.of_int (Z.numbits m)

let shift_left m n =
  if Z.gt n most_bits then raise Too_large;
  Z.shift_left m (Z.to_int n)

(* As in Coq, 0 for negative numbers. *)
let square_root n = if Z.sign n < 0 then Z.zero else Z.sqrt n

let is_even = Z.is_even
