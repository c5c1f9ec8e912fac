(* attncert-check-verified: reads certificates, re-derives every step by the extracted kernel, and
   says what holds. *)

let program = "attncert-check-verified"

let usage =
  "Re-derives certificates by a kernel proved sound in Coq; the exit code is the verdict:\n\
   0 Verified, 1 Rejected, 2 usage or unreadable file, 4 internal error, 5 Unsupported\n\
   Usage: attncert-check-verified FILE|DIR... [--claim STATEMENT] [--json]\n\n\
  \  --claim STATEMENT  accept only a proof of exactly this statement (JSON, or a file)\n\
  \  --json             print one JSON object\n\
  \  --version, --help\n"

type code = Verified | Unsupported | Rejected | Error | Internal

(* The worst of all files' verdicts counts; the order of [code] is that of badness. *)
let exit_code = function Verified -> 0 | Rejected -> 1 | Error -> 2 | Internal -> 4 | Unsupported -> 5

let word_for = function
  | Verified -> "Verified"
  | Unsupported -> "Unsupported"
  | Rejected -> "Rejected"
  | Error | Internal -> "Error"

(* Bytes that a terminal could take for commands are shown as '?'. *)
let printable = String.map (fun c -> if (c < ' ' && c <> '\n') || c = '\127' then '?' else c)
let on_one_line text = printable (String.map (fun c -> if c = '\n' then ' ' else c) text)

let print_error message = prerr_endline (program ^ ": error: " ^ on_one_line message)

exception Usage of string

(* Every *.jsonl below a directory, or the file itself. *)
let certificates_at path =
  let is_directory kind_of p = try (kind_of p).Unix.st_kind = Unix.S_DIR with Unix.Unix_error _ -> false in
  let is_certificate name =
    String.length name > 6 && Filename.check_suffix name ".jsonl"
  in
  let rec below folder =
    Sys.readdir folder |> Array.to_list
    |> List.concat_map (fun name ->
           let path = Filename.concat folder name in
           (if is_certificate name then [ path ] else [])
           @ if is_directory Unix.lstat path then below path else [])
  in
  if not (is_directory Unix.stat path) then [ path ]
  else
    match List.sort compare (below path) with
    | [] -> raise (Certificate.File_unreadable ("no certificates (*.jsonl) in directory '" ^ path ^ "'"))
    | files -> files
    | exception Sys_error what -> raise (Certificate.File_unreadable what)

type result = { file : string; code : code; report : Certificate.report }

let no_report message : Certificate.report =
  { verdict = Certificate.Unreadable; claim = None; code = ""; message; byte = 0; step = Z.zero;
    rule = ""; steps = 0 }

let check_file expected file =
  match Certificate.check (Certificate.read_file file) (Filename.dirname file) expected with
  | report ->
      let code =
        match report.verdict with
        | Certificate.Verified -> Verified
        | Certificate.Rejected -> Rejected
        | Certificate.Unreadable -> Error
        | Certificate.Unsupported -> Unsupported
      in
      { file; code; report }
  | exception Certificate.File_unreadable message ->
      { file; code = Error; report = no_report message }
  | exception problem ->  (* one file that exhausts memory must not hide the others' verdicts *)
      { file; code = Internal; report = no_report ("internal: " ^ Printexc.to_string problem) }

let to_json { file; code; report } =
  let open Json in
  let text s = String s in
  let statement =
    match report.Certificate.claim with
    | None -> []
    | Some claim ->
        [ ("statement", Statement.to_json claim); ("statement_sha256", text (Statement.sha256 claim)) ]
  in
  let refusal =
    if report.code = "" then []
    else
      [ ("code", text report.code); ("byte", Int (Z.of_int report.byte)) ]
      @ (if Z.sign report.step > 0 then [ ("step", Int report.step) ] else [])
      @ if report.rule <> "" then [ ("rule", text report.rule) ] else []
  in
  Object
    ([ ("file", text file); ("verdict", text (word_for code)) ]
    @ statement
    @ (if code = Verified then [] else [ ("message", text report.message) ])
    @ refusal)

let print_text { file; code; report } =
  print_endline (on_one_line file);
  Option.iter
    (fun claim ->
      print_endline ("  claim   " ^ printable (Statement.in_words claim));
      print_endline ("  sha256  " ^ Statement.sha256 claim))
    report.Certificate.claim;
  let where =
    if Z.sign report.step > 0 then
      " at step " ^ Z.to_string report.step ^ " (" ^ on_one_line report.rule ^ ")"
    else ""
  in
  print_endline
    ("  " ^ word_for code
    ^
    if code = Verified then Printf.sprintf " (%d steps)" report.steps
    else if report.code <> "" then
      Printf.sprintf " %s%s, byte %d: %s" report.code where report.byte (on_one_line report.message)
    else where ^ ": " ^ on_one_line report.message)

(* A statement given as JSON text, or the path of a file that holds it. *)
let expected_claim argument =
  let text = if String.contains argument '{' then argument else Certificate.read_file argument in
  Statement.to_json (Statement.claim_of (Json.parse text))

type options = { paths : string list; claim : string option; json : bool }

let rec parse options = function
  | [] -> { options with paths = List.rev options.paths }
  | "--json" :: rest -> parse { options with json = true } rest
  | [ "--claim" ] -> raise (Usage "--claim needs a statement")
  | "--claim" :: claim :: rest ->
      if options.claim <> None then raise (Usage "--claim is given twice");
      parse { options with claim = Some claim } rest
  | "--" :: rest -> { options with paths = List.rev_append options.paths rest }
  | argument :: rest when Json.starts_with "--claim=" argument ->
      parse options ("--claim" :: Number.rest argument 8 :: rest)
  | argument :: _ when Json.starts_with "-" argument && argument <> "-" ->
      raise (Usage ("unknown option " ^ argument))
  | argument :: rest -> parse { options with paths = argument :: options.paths } rest

let run options =
  if options.paths = [] then raise (Usage "FILE|DIR is required");
  let expected =
    try Option.map expected_claim options.claim with
    | Refusal.Refused (_, message) | Certificate.File_unreadable message ->
        raise (Usage ("--claim: " ^ message))
  in
  let worst = ref Verified in
  let reports = ref [] in
  let check file =
    let result = check_file expected file in
    worst := max !worst result.code;
    if result.code >= Error then print_error result.report.message;
    if options.json then reports := to_json result :: !reports else print_text result;
    flush stdout
  in
  List.iter
    (fun path ->
      match certificates_at path with
      | files -> List.iter check files
      | exception Certificate.File_unreadable message ->
          print_error message;
          worst := max !worst Error)
    options.paths;
  if options.json then
    print_endline
      (Json.to_text
         (Json.Object
            [ ("certificates", Json.Array (List.rev !reports));
              ("verdict", Json.String (word_for !worst)) ]))
  else print_endline (word_for !worst);
  exit_code !worst

let () =
  let arguments = List.tl (Array.to_list Sys.argv) in
  exit
    (try
       if List.mem "--help" arguments || List.mem "-h" arguments then (print_string usage; 0)
       else if List.mem "--version" arguments then (print_endline (program ^ " 0.1.0"); 0)
       else run (parse { paths = []; claim = None; json = false } arguments)
     with
     | Usage message -> print_error (message ^ " (see " ^ program ^ " --help)"); 2
     | Sys_error message -> print_error message; 2
     | problem ->
         print_error ("internal: " ^ Printexc.to_string problem);
         print_endline "Error";
         4)
