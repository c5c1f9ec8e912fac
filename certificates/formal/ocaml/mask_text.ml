(* Masks in statements: "full", "causal", "window:W", "block:B", "self" or {"rows":[...]}. *)

type t =
  | Full
  | Causal
  | Window of Z.t
  | Block of Z.t
  | Self
  | Rows of string list  (* hexadecimal digits, the first bit for token 0 *)

let most_rows = 4096

let syntax what = Refusal.fail "MaskSyntax" ("mask: " ^ what)

let size_of digits =
  let ok = digits <> "" && String.for_all Json.is_digit digits && digits.[0] <> '0' in
  let size = if ok then Z.of_string digits else Z.zero in
  if Z.geq size Z.one && Z.leq size Json.greatest then size
  else syntax "a window's or block's size must be a number from 1, such as window:8"

let is_hex c = Json.is_digit c || (c >= 'a' && c <= 'f')

let bits_of digit =
  let n = Number.digit_value digit in
  [ n land 8 <> 0; n land 4 <> 0; n land 2 <> 0; n land 1 <> 0 ]

let rec take n = function
  | x :: rest when n > 0 -> x :: take (n - 1) rest
  | _ -> []

(* A row's bits, one for each token. *)
let bits row tokens =
  take tokens (List.concat_map bits_of (List.of_seq (String.to_seq row)))

let check_row row tokens index =
  let digits = (tokens + 3) / 4 in
  if String.length row <> digits || not (String.for_all is_hex row) then
    syntax
      (Printf.sprintf "a row of %d bits must be %d lower-case hexadecimal digits" tokens digits);
  let last = Number.digit_value row.[digits - 1] in
  if last land ((1 lsl ((4 * digits) - tokens)) - 1) <> 0 then
    syntax "the bits of a row's last digit beyond the last token must be 0";
  if String.for_all (fun c -> c = '0') row then
    Refusal.fail "MaskRowEmpty"
      (Printf.sprintf "mask: token %d may attend to no token: allow it one" index)

(* The mask is one for so many tokens. *)
let check mask tokens =
  if Z.lt tokens Z.one then syntax "tokens and sizes must be at least 1";
  match mask with
  | Rows rows ->
      let n = List.length rows in
      if not (Z.equal (Z.of_int n) tokens) || n > most_rows then
        syntax
          (Printf.sprintf "%d rows for %s tokens: there must be one each, and at most %d" n
             (Z.to_string tokens) most_rows);
      List.iteri (fun i row -> check_row row n i) rows
  | _ -> ()

let of_json json =
  match json with
  | Json.Object _ ->
      Json.check_keys json "a mask" [ "rows" ] [];
      let rows =
        List.map
          (function Json.String row -> row | _ -> syntax "rows must be texts of hexadecimal digits")
          (Json.array_of json "rows")
      in
      check (Rows rows) (Z.of_int (List.length rows));
      Rows rows
  | Json.String "full" -> Full
  | Json.String "causal" -> Causal
  | Json.String "self" -> Self
  | Json.String text when Json.starts_with "window:" text -> Window (size_of (Number.rest text 7))
  | Json.String text when Json.starts_with "block:" text -> Block (size_of (Number.rest text 6))
  | _ -> syntax "write full, causal, window:W, block:B, self, or {\"rows\":[...]}"

let to_json = function
  | Full -> Json.String "full"
  | Causal -> Json.String "causal"
  | Window size -> Json.String ("window:" ^ Z.to_string size)
  | Block size -> Json.String ("block:" ^ Z.to_string size)
  | Self -> Json.String "self"
  | Rows rows -> Json.Object [ ("rows", Json.Array (List.map (fun r -> Json.String r) rows)) ]

let in_words = function
  | Full -> "the full mask (every token attends to every token)"
  | Causal -> "the causal mask (token i attends to every j <= i)"
  | Window size ->
      "a window mask (token i attends to every j, i - " ^ Z.to_string size ^ " < j <= i)"
  | Block size ->
      "a block mask (tokens attend within consecutive blocks of " ^ Z.to_string size ^ ")"
  | Self -> "the mask self (every token attends to itself only)"
  | Rows rows ->
      Printf.sprintf
        "the mask of the statement's %d rows (token i attends to j where row i has a 1)"
        (List.length rows)
