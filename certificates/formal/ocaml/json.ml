(* Strict JSON: integers of 64 bits, no other numbers, no null, true or false, no duplicate keys,
   nesting of at most 16, well-formed UTF-8, no NUL bytes, no byte order mark. *)

type t =
  | Int of Z.t
  | String of string
  | Array of t list
  | Object of (string * t) list

let max_depth = 16

let fail = Refusal.fail

type cursor = { text : string; mutable at : int }

let syntax c = fail "JsonSyntax" (Printf.sprintf "not JSON, at byte %d of it" (c.at + 1))

let peek c = if c.at < String.length c.text then c.text.[c.at] else '\000'

let byte c i = if c.at + i < String.length c.text then Char.code c.text.[c.at + i] else -1

let rec skip_space c =
  match peek c with
  | ' ' | '\t' | '\n' | '\r' -> c.at <- c.at + 1; skip_space c
  | _ -> ()

let hex_digit c = function
  | '0' .. '9' as d -> Char.code d - Char.code '0'
  | 'a' .. 'f' as d -> Char.code d - Char.code 'a' + 10
  | 'A' .. 'F' as d -> Char.code d - Char.code 'A' + 10
  | _ -> syntax c

(* Four hexadecimal digits at the cursor. *)
let code_unit c =
  let unit = ref 0 in
  for _ = 1 to 4 do
    unit := (!unit * 16) + hex_digit c (peek c);
    c.at <- c.at + 1
  done;
  !unit

(* After \u: one code unit, or a pair of surrogates. *)
let code_point c =
  let first = code_unit c in
  if first >= 0xD800 && first <= 0xDBFF then begin
    if not (peek c = '\\' && byte c 1 = Char.code 'u') then syntax c;
    c.at <- c.at + 2;
    let second = code_unit c in
    if second < 0xDC00 || second > 0xDFFF then syntax c;
    0x10000 + ((first - 0xD800) * 0x400) + (second - 0xDC00)
  end
  else if first >= 0xDC00 && first <= 0xDFFF then syntax c
  else first

(* The length of the well-formed UTF-8 sequence at the cursor (Unicode, table 3-7). *)
let sequence_length c =
  let within i low high = byte c i >= low && byte c i <= high in
  let tail i = within i 0x80 0xBF in
  let first = byte c 0 in
  if first < 0x80 then 1
  else if within 0 0xC2 0xDF && tail 1 then 2
  else if
    (first = 0xE0 && within 1 0xA0 0xBF && tail 2)
    || ((within 0 0xE1 0xEC || within 0 0xEE 0xEF) && tail 1 && tail 2)
    || (first = 0xED && within 1 0x80 0x9F && tail 2)
  then 3
  else if
    (first = 0xF0 && within 1 0x90 0xBF && tail 2 && tail 3)
    || (within 0 0xF1 0xF3 && tail 1 && tail 2 && tail 3)
    || (first = 0xF4 && within 1 0x80 0x8F && tail 2 && tail 3)
  then 4
  else syntax c

(* The cursor stands after the opening quote. *)
let string_body c =
  let out = Buffer.create 32 in
  let escape () =
    c.at <- c.at + 1;
    let put char = c.at <- c.at + 1; Buffer.add_char out char in
    match peek c with
    | ('"' | '\\' | '/') as d -> put d
    | 'b' -> put '\b'
    | 'f' -> put '\012'
    | 'n' -> put '\n'
    | 'r' -> put '\r'
    | 't' -> put '\t'
    | 'u' -> c.at <- c.at + 1; Buffer.add_utf_8_uchar out (Uchar.of_int (code_point c))
    | _ -> syntax c
  in
  let rec go () =
    if c.at >= String.length c.text then syntax c;
    match peek c with
    | '"' -> c.at <- c.at + 1
    | '\\' -> escape (); go ()
    | d when Char.code d < 0x20 -> syntax c
    | _ ->
        let n = sequence_length c in
        Buffer.add_substring out c.text c.at n;
        c.at <- c.at + n;
        go ()
  in
  go ();
  Buffer.contents out

let is_digit d = d >= '0' && d <= '9'

let least = Z.neg (Z.shift_left Z.one 63)
let greatest = Z.pred (Z.shift_left Z.one 63)

let number c =
  let start = c.at in
  let digits () =
    if not (is_digit (peek c)) then syntax c;
    while is_digit (peek c) do c.at <- c.at + 1 done
  in
  if peek c = '-' then c.at <- c.at + 1;
  if peek c = '0' then c.at <- c.at + 1 else digits ();
  let whole = c.at in
  if peek c = '.' then (c.at <- c.at + 1; digits ());
  (match peek c with
   | 'e' | 'E' ->
       c.at <- c.at + 1;
       (match peek c with '+' | '-' -> c.at <- c.at + 1 | _ -> ());
       digits ()
   | _ -> ());
  let text = String.sub c.text start (c.at - start) in
  if c.at > whole then
    fail "JsonNumber" ("the number " ^ Refusal.shown text ^ " is no integer: reals are written as strings");
  let n = Z.of_string text in
  if Z.lt n least || Z.gt n greatest then fail "JsonNumber" "an integer beyond 64 bits";
  Int n

let rec value c depth =
  skip_space c;
  match peek c with
  | '{' -> opened c depth; Object (members c depth [])
  | '[' -> opened c depth; Array (elements c depth)
  | '"' -> c.at <- c.at + 1; String (string_body c)
  | '-' | '0' .. '9' -> number c
  | 'n' | 't' | 'f' -> word c
  | _ -> syntax c

and opened c depth =
  if depth >= max_depth then fail "JsonTooDeep" "nested too deeply";
  c.at <- c.at + 1;
  skip_space c

and word c =
  let is w =
    let n = String.length w in
    c.at + n <= String.length c.text && String.sub c.text c.at n = w
  in
  if is "null" || is "true" || is "false" then
    fail "JsonWrongType" "null, true and false are not used"
  else syntax c

and elements c depth =
  if peek c = ']' then (c.at <- c.at + 1; [])
  else begin
    let rec go before =
      let all = value c (depth + 1) :: before in
      skip_space c;
      match peek c with
      | ',' -> c.at <- c.at + 1; go all
      | ']' -> c.at <- c.at + 1; List.rev all
      | _ -> syntax c
    in
    go []
  end

and members c depth before =
  if before = [] && peek c = '}' then (c.at <- c.at + 1; [])
  else begin
    skip_space c;
    if peek c <> '"' then syntax c;
    c.at <- c.at + 1;
    let key = string_body c in
    if List.mem_assoc key before then
      fail "JsonDuplicateKey" ("key '" ^ Refusal.shown key ^ "' twice");
    skip_space c;
    if peek c <> ':' then syntax c;
    c.at <- c.at + 1;
    let all = (key, value c (depth + 1)) :: before in
    skip_space c;
    match peek c with
    | ',' -> c.at <- c.at + 1; members c depth all
    | '}' -> c.at <- c.at + 1; List.rev all
    | _ -> syntax c
  end

let starts_with prefix text =
  String.length text >= String.length prefix
  && String.sub text 0 (String.length prefix) = prefix

(* One JSON value, and nothing else. *)
let parse text =
  if String.contains text '\000' || starts_with "\xEF\xBB\xBF" text then
    fail "JsonSyntax" "not JSON: a NUL byte or a byte order mark";
  let c = { text; at = 0 } in
  let result = value c 0 in
  skip_space c;
  if c.at < String.length text then syntax c;
  result

(* Members of objects *)

let has json key = match json with Object members -> List.mem_assoc key members | _ -> false

let at json key =
  match json with
  | Object members when List.mem_assoc key members -> List.assoc key members
  | _ -> fail "JsonMissingKey" ("there is no '" ^ key ^ "'")

(* Every required key is there, and no key that is neither required nor optional. *)
let check_keys json where required optional =
  match json with
  | Object members ->
      List.iter
        (fun key ->
          if not (List.mem_assoc key members) then
            fail "JsonMissingKey" (where ^ " lacks '" ^ key ^ "'"))
        required;
      List.iter
        (fun (key, _) ->
          if not (List.mem key required || List.mem key optional) then
            fail "JsonUnknownKey" (where ^ " has an unknown key '" ^ Refusal.shown key ^ "'"))
        members
  | _ -> fail "JsonWrongType" (where ^ " must be an object")

let wrong_type key expected = fail "JsonWrongType" ("'" ^ key ^ "' must be " ^ expected)

let text_of json key = match at json key with String s -> s | _ -> wrong_type key "a string"
let integer_of json key = match at json key with Int n -> n | _ -> wrong_type key "an integer"
let array_of json key = match at json key with Array l -> l | _ -> wrong_type key "an array"

(* The canonical text: sorted keys, no spaces. *)

let write_string out text =
  Buffer.add_char out '"';
  String.iter
    (function
      | '"' -> Buffer.add_string out "\\\""
      | '\\' -> Buffer.add_string out "\\\\"
      | '\b' -> Buffer.add_string out "\\b"
      | '\012' -> Buffer.add_string out "\\f"
      | '\n' -> Buffer.add_string out "\\n"
      | '\r' -> Buffer.add_string out "\\r"
      | '\t' -> Buffer.add_string out "\\t"
      | c when Char.code c < 0x20 -> Buffer.add_string out (Printf.sprintf "\\u%04x" (Char.code c))
      | c -> Buffer.add_char out c)
    text;
  Buffer.add_char out '"'

let to_text json =
  let out = Buffer.create 256 in
  let separated write items =
    List.iteri (fun i item -> if i > 0 then Buffer.add_char out ','; write item) items
  in
  let rec write = function
    | Int n -> Buffer.add_string out (Z.to_string n)
    | String s -> write_string out s
    | Array items ->
        Buffer.add_char out '[';
        separated write items;
        Buffer.add_char out ']'
    | Object members ->
        Buffer.add_char out '{';
        separated
          (fun (key, item) -> write_string out key; Buffer.add_char out ':'; write item)
          (List.sort (fun (a, _) (b, _) -> compare a b) members);
        Buffer.add_char out '}'
  in
  write json;
  Buffer.contents out
