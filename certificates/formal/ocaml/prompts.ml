(* A file of prompts: one a line, tokens as decimal numbers by commas (docs/certificate-format.md). *)

let fail what = Refusal.fail "PromptsSyntax" what

let token text =
  let length = String.length text in
  if length = 0 || length > 9 || not (String.for_all Json.is_digit text)
     || (length > 1 && text.[0] = '0') then
    fail ("'" ^ Refusal.shown text ^ "' is not a token: 0, 1, 2, ...");
  int_of_string text

let parse text =
  if text = "" then fail "no prompts: one a line, tokens by commas";
  if text.[String.length text - 1] <> '\n' then fail "the last prompt does not end with a newline";
  let lines = String.split_on_char '\n' (String.sub text 0 (String.length text - 1)) in
  List.map (fun line -> List.map token (String.split_on_char ',' line)) lines
