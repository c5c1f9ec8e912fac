(* Why a certificate, or a text in it, is not accepted: one code for each cause (docs/errors.md). *)

exception Refused of string * string  (* code, message *)

(* A rule or a kind of statement that this checker does not implement. *)
exception Unsupported of string

let fail code message = raise (Refused (code, message))

let shown text = String.sub text 0 (min 40 (String.length text))
