(* Exact real numbers as they stand in certificates: decimals, hexadecimal dyadics, fractions,
   integer powers; and the one canonical spelling of each. *)

let max_length = 20000           (* of canonical fractions *)
let max_digits = 1000            (* of decimals *)
let max_canonical_digits = 8000  (* of the spellings [to_text] gives such numbers *)
let max_exponent = 5000
let max_binary_exponent = 40000
let most_bits = 20000            (* of a power *)
let max_dyadic_digits = 40
let max_decimal_digits = 400

let syntax whole =
  Refusal.fail "NumberSyntax"
    ("'" ^ Refusal.shown whole
     ^ "' is not a number: write a decimal such as 0.0204 or 1e-6, a hexadecimal float such as \
        0x1.8p-3, or 2/3")

let too_long what = Refusal.fail "NumberTooLong" what

let starts_with = Json.starts_with

let rest text i = String.sub text i (String.length text - i)

let index_of_any text chars =
  let rec go i =
    if i >= String.length text then None
    else if String.contains chars text.[i] then Some i
    else go (i + 1)
  in
  go 0

let exponent ?(greatest = max_exponent) text whole =
  if starts_with "+-" text then syntax whole;
  let text = if starts_with "+" text then rest text 1 else text in
  let digits = if starts_with "-" text then rest text 1 else text in
  if digits = "" || not (String.for_all Json.is_digit digits) then syntax whole;
  let n = Z.of_string text in
  if Z.gt (Z.abs n) (Z.of_int greatest) then too_long "exponents beyond 5000 are not supported";
  Z.to_int n

let digit_value = function
  | '0' .. '9' as c -> Char.code c - Char.code '0'
  | 'a' .. 'f' as c -> Char.code c - Char.code 'a' + 10
  | 'A' .. 'F' as c -> Char.code c - Char.code 'A' + 10
  | _ -> 99

(* The digits as an integer, and how many stand behind the point. *)
let mantissa ?(limit = max_digits) text base whole =
  if String.length text > limit then
    too_long (Printf.sprintf "a number of %d digits: at most 1000 are supported" (String.length text));
  let digits = Buffer.create (String.length text) in
  let behind = ref (-1) in
  String.iter
    (fun c ->
      if c = '.' && !behind < 0 then behind := 0
      else begin
        if digit_value c >= base then syntax whole;
        Buffer.add_char digits c;
        if !behind >= 0 then incr behind
      end)
    text;
  if Buffer.length digits = 0 then syntax whole;
  (Z.of_string_base base (Buffer.contents digits), max 0 !behind)

let scaled n base exponent =
  let power = Z.pow (Z.of_int base) (abs exponent) in
  if exponent >= 0 then Q.of_bigint (Z.mul n power) else Q.make n power

let hexadecimal text whole =
  match index_of_any text "pP" with
  | None -> syntax whole
  | Some mark ->
      let n, behind = mantissa ~limit:max_canonical_digits (String.sub text 0 mark) 16 whole in
      let e = exponent ~greatest:max_binary_exponent (rest text (mark + 1)) whole in
      scaled n 2 (e - (4 * behind))

let decimal text whole =
  let digits, e =
    match index_of_any text "eE" with
    | None -> (text, 0)
    | Some mark -> (String.sub text 0 mark, exponent (rest text (mark + 1)) whole)
  in
  let n, behind = mantissa digits 10 whole in
  scaled n 10 (e - behind)

let fraction text slash whole =
  let part text = mantissa ~limit:max_canonical_digits text 10 whole in
  let above, places = part (String.sub text 0 slash) in
  let below, places' = part (rest text (slash + 1)) in
  if places + places' > 0 || Z.equal below Z.zero then syntax whole;
  Q.make above below

let power text caret whole =
  let base, places = mantissa (String.sub text 0 caret) 10 whole in
  let e = exponent (rest text (caret + 1)) whole in
  if places > 0 || Z.equal base Z.zero || Z.gt base (Z.of_int 1000) then syntax whole;
  if Z.numbits base * abs e > most_bits then too_long "a power of more than 20000 bits";
  let value = Q.of_bigint (Z.pow base (abs e)) in
  if e < 0 then Q.inv value else value

let parse whole =
  if String.length whole > max_length then
    too_long
      (Printf.sprintf "a number of %d characters: at most 1000 digits are supported"
         (String.length whole));
  let negative = starts_with "-" whole in
  let text = if negative || starts_with "+" whole then rest whole 1 else whole in
  let magnitude =
    if starts_with "0x" text || starts_with "0X" text then hexadecimal (rest text 2) whole
    else
      match (String.index_opt text '/', String.index_opt text '^') with
      | Some slash, _ -> fraction text slash whole
      | None, Some caret -> power text caret whole
      | None, None -> decimal text whole
  in
  if negative then Q.neg magnitude else magnitude

(* How often [prime] divides n > 0, and what is left. *)
let rec factor n prime count =
  let q, r = Z.div_rem n prime in
  if Z.equal r Z.zero then factor q prime (count + 1) else (n, count)

let plain_decimal digits places =
  let text = Z.to_string (Z.abs digits) in
  let text =
    if places = 0 then text
    else begin
      let missing = max 0 (places + 1 - String.length text) in
      let text = String.make missing '0' ^ text in
      let whole = String.length text - places in
      String.sub text 0 whole ^ "." ^ rest text whole
    end
  in
  if Z.sign digits < 0 then "-" ^ text else text

let hexadecimal_text q =
  let n = Z.abs (Q.num q) in
  let zeros = Z.trailing_zeros n in
  let e = zeros - (Z.numbits (Q.den q) - 1) in
  (if Q.sign q < 0 then "-" else "")
  ^ "0x" ^ Z.format "%x" (Z.shift_right n zeros) ^ "p" ^ string_of_int e

let to_text q =
  let fraction () = Z.to_string (Q.num q) ^ "/" ^ Z.to_string (Q.den q) in
  if Q.sign q = 0 then "0"
  else begin
    let twos = Z.trailing_zeros (Q.den q) in
    let left, fives = factor (Z.shift_right (Q.den q) twos) (Z.of_int 5) 0 in
    if not (Z.equal left Z.one) then fraction ()
    else begin
      let places = max twos fives in
      let digits = Q.num (Q.mul q (Q.of_bigint (Z.pow (Z.of_int 10) places))) in
      let is_dyadic = fives = 0 in
      let limit = if is_dyadic then max_dyadic_digits else max_decimal_digits in
      if places <= limit && String.length (Z.to_string (Z.abs digits)) <= limit then
        plain_decimal digits places
      else if is_dyadic then hexadecimal_text q
      else fraction ()
    end
  end

let of_json json key = parse (Json.text_of json key)
