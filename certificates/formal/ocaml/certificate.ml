(* Certificates: JSON Lines read strictly, in the one allowed order, and judged. *)

let fail = Refusal.fail

let max_line = 64 lsl 20

type verdict = Verified | Rejected | Unreadable | Unsupported

type report = {
  verdict : verdict;
  claim : Statement.t option;
  code : string;
  message : string;
  byte : int;
  step : Z.t;    (* 0 outside steps *)
  rule : string;
  steps : int;
}

exception File_unreadable of string

let read_file path =
  let problem what = raise (File_unreadable (Printf.sprintf "cannot read '%s': %s" path what)) in
  match Unix.stat path with
  | exception Unix.Unix_error (error, _, _) -> problem (Unix.error_message error)
  | { Unix.st_kind = Unix.S_REG; st_size; _ } when st_size <= 1 lsl 34 ->
      (try
         let channel = open_in_bin path in
         Fun.protect ~finally:(fun () -> close_in_noerr channel) (fun () ->
           really_input_string channel (in_channel_length channel))
       with Sys_error what -> problem what | End_of_file -> problem "it changed")
  | _ -> problem "not a regular file, or too large"

(* ** Steps *)

let numbers_of line key =
  if not (Json.has line key) then []
  else
    List.map
      (function Json.Int n -> n | _ -> fail "JsonWrongType" (key ^ " must be step numbers"))
      (Json.array_of line key)

let step_of line inherited : Kernel.step =
  Json.check_keys line "a step" [ "step"; "rule"; "conclusion" ]
    [ "premises"; "keep"; "precision"; "data" ];
  let number = Json.integer_of line "step" in
  let rule = Json.text_of line "rule" in
  let shape = Kernel.shape_of rule in
  let premises = numbers_of line "premises" in
  let keep = numbers_of line "keep" in
  let has_precision = Json.has line "precision" in
  let precision = if has_precision then Some (Json.integer_of line "precision") else None in
  if shape.Kernel.computes <> has_precision then
    fail "DataMismatch" "a step has a precision exactly if its rule recomputes";
  let order, centre =
    if not (Json.has line "data") then (None, None)
    else begin
      let data = Json.at line "data" in
      Json.check_keys data "a step's data" [] [ "order"; "centre" ];
      let order = if Json.has data "order" then Some (Json.integer_of data "order") else None in
      (order, if Json.has data "centre" then Some (Number.of_json data "centre") else None)
    end
  in
  let conclusion = Statement.of_json (Json.at line "conclusion") inherited in
  { number; rule; premises; keep; precision; order; centre; conclusion }

(* ** Subjects: the files that a statement about networks is about *)

let hash_in claim role =
  let in_model model key =
    match claim with
    | Statement.Other json when Json.has json model -> Some (Json.text_of (Json.at json model) key)
    | _ -> None
  in
  match role with
  | "original-network" -> in_model "original" "network"
  | "original-weights" -> in_model "original" "weights"
  | "converted-network" -> in_model "converted" "network"
  | "converted-weights" -> in_model "converted" "weights"
  | "prompts" ->
      (match claim with
       | Statement.Other json when Json.has json "prompts" -> Some (Json.text_of json "prompts")
       | _ -> None)
  | _ -> None

(* Hashes, and the files themselves, by their roles. *)
let check_subjects subjects directory claim =
  let seen = Hashtbl.create 8 in
  List.iter
    (fun (role, name, sha256) ->
      (match hash_in claim role with
       | Some expected when not (Hashtbl.mem seen role) ->
           if expected <> sha256 then
             fail "SubjectMismatch" ("the statement is about another file than subject '" ^ role ^ "'")
       | _ ->
           fail "SubjectRole"
             ("a subject '" ^ Refusal.shown role ^ "' that the statement does not have, or twice"));
      if name = "" || not (Filename.is_relative name) then
        fail "SubjectPath" "a subject's name must be a relative path";
      let content = read_file (Filename.concat directory name) in
      if Sha256.hex content <> sha256 then
        fail "SubjectMismatch"
          ("'" ^ name ^ "' is not the file the certificate is about (SHA-256 differs)");
      Hashtbl.add seen role content)
    subjects;
  seen

(* The networks, where all four files are there. *)
let models_of contents claim : Network_judgement.models option =
  let file role = Hashtbl.find_opt contents role in
  match
    ( claim, file "original-network", file "original-weights", file "converted-network",
      file "converted-weights" )
  with
  | Statement.Other json, Some network, Some weights, Some network', Some weights' ->
      Some
        { original = Network.original Kernel.program network weights;
          converted = Network.converted Kernel.program network' weights';
          original_files = Json.at json "original"; converted_files = Json.at json "converted";
          prompts =
            Option.map
              (fun content -> (Json.text_of json "prompts", Prompts.parse content))
              (file "prompts") }
  | _ -> None

let subject_of line =
  Json.check_keys line "a subject" [ "subject"; "name"; "sha256" ] [];
  let role = Json.text_of line "subject" in
  let name = Json.text_of line "name" in
  (role, name, Json.text_of line "sha256")

(* ** Lines in their order *)

type stage = Header | Subjects | Steps | Finished

type reader = {
  text : string;
  directory : string;
  expected : Json.t option;  (* canonical *)
  kernel : Kernel.t;
  mutable stage : stage;
  mutable at : int;
  mutable line_start : int;
  mutable step : Z.t;
  mutable rule : string;
  mutable claim : Statement.t option;
  mutable subjects : (string * string * string) list;
  mutable steps : int;
}

let claim r = Option.get r.claim

let read_header r line =
  (match line with
   | Json.Object _ when Json.has line "attncert" && Json.at line "attncert" = Json.Int Z.one -> ()
   | _ -> fail "CertificateVersion" "the first line must be {\"attncert\":1,\"statement\":{...}}");
  Json.check_keys line "the header" [ "attncert"; "statement" ] [];
  let claim = Statement.claim_of (Json.at line "statement") in
  r.claim <- Some claim;
  r.stage <- Subjects;
  match r.expected with
  | Some expected when Json.to_text expected <> Json.to_text (Statement.to_json claim) ->
      fail "ClaimMismatch" "the certificate proves another statement"
  | _ -> ()

let read_subject r line =
  if r.stage <> Subjects then fail "SubjectRole" "subjects must come right after the header";
  r.subjects <- subject_of line :: r.subjects

let close_subjects r =
  if r.stage = Subjects then begin
    r.stage <- Steps;
    let contents = check_subjects (List.rev r.subjects) r.directory (claim r) in
    if Statement.kind_of (claim r) = "rounding-error" then
      raise (Refusal.Unsupported "computed inputs are not supported by this checker");
    Option.iter (Kernel.read_models r.kernel) (models_of contents (claim r))
  end

let read_end r line =
  Json.check_keys line "the end line" [ "end" ] [];
  let number = Json.integer_of line "end" in
  r.stage <- Finished;
  Kernel.finish r.kernel number (claim r)

let read_step r line =
  (match line with
   | Json.Object members ->
       (match List.assoc_opt "step" members with Some (Json.Int n) -> r.step <- n | _ -> ());
       (match List.assoc_opt "rule" members with Some (Json.String s) -> r.rule <- s | _ -> ())
   | _ -> ());
  let step = step_of line (Statement.pair_in (claim r)) in
  r.steps <- r.steps + 1;
  Kernel.check_step r.kernel step

let next_line r =
  r.line_start <- r.at;
  r.step <- Z.zero;
  r.rule <- "";
  match String.index_from_opt r.text r.at '\n' with
  | None ->
      fail "CertificateTruncated" "the certificate stops before its end line is complete"
  | Some newline ->
      if newline - r.at > max_line then fail "LineTooLong" "a line beyond 64 MiB";
      let line = Json.parse (String.sub r.text r.at (newline - r.at)) in
      r.at <- newline + 1;
      line

let rec read r =
  if r.stage = Finished then begin
    r.line_start <- r.at;
    r.step <- Z.zero;
    r.rule <- "";
    if r.at < String.length r.text then
      fail "TextAfterEnd" "there is text after the end line"
  end
  else begin
    let line = next_line r in
    if r.stage = Header then read_header r line
    else if Json.has line "subject" then read_subject r line
    else begin
      close_subjects r;
      if Json.has line "end" then read_end r line else read_step r line
    end;
    read r
  end

let check text directory expected =
  let r =
    { text; directory; expected; kernel = Kernel.create (); stage = Header; at = 0; line_start = 0;
      step = Z.zero; rule = ""; claim = None; subjects = []; steps = 0 }
  in
  let report verdict code message =
    { verdict; claim = r.claim; code; message; byte = r.line_start; step = r.step; rule = r.rule;
      steps = r.steps }
  in
  match read r with
  | () -> report Verified "" ""
  | exception Refusal.Refused (code, message) -> report Rejected code message
  | exception Refusal.Unsupported message -> report Unsupported "" message
  | exception File_unreadable message -> report Unreadable "FileUnreadable" message
