(* A strict reader of the safetensors format: tensors of finite numbers, exactly, as
   mantissa 2^exponent. *)

let fail = Refusal.fail

type entry = { dtype : string; shape : int list; first : int; last : int }

type file = { entries : (string, entry) Hashtbl.t; data : string; start : int }

let max_header = 100 lsl 20

let header_error what = fail "SafetensorsHeader" ("safetensors header: " ^ what)
let offsets_error what = fail "SafetensorsOffsets" what

let width_of = function
  | "F64" | "I64" | "U64" -> 8
  | "F32" | "I32" | "U32" -> 4
  | "F16" | "BF16" | "I16" | "U16" -> 2
  | "I8" | "U8" | "BOOL" -> 1
  | _ -> 0

let integers_of json key what =
  List.map
    (function
      | Json.Int n when Z.sign n >= 0 && Z.fits_int n -> Z.to_int n
      | _ -> header_error what)
    (Json.array_of json key)

let entry_of name json size =
  Json.check_keys json ("tensor '" ^ name ^ "'") [ "dtype"; "shape"; "data_offsets" ] [];
  let dtype = Json.text_of json "dtype" in
  let width = width_of dtype in
  if width = 0 then header_error ("tensor '" ^ name ^ "' has an unknown dtype");
  let shape = integers_of json "shape" ("tensor '" ^ name ^ "' has a bad shape") in
  let extend bytes factor =
    if factor <> 0 && bytes > size / factor then
      offsets_error ("tensor '" ^ name ^ "' is larger than the file");
    bytes * factor
  in
  let bytes = List.fold_left extend width shape in
  match integers_of json "data_offsets" ("tensor '" ^ name ^ "' has bad data_offsets") with
  | [ first; last ] ->
      if last < first || last > size || last - first <> bytes then
        offsets_error
          ("tensor '" ^ name ^ "' has data_offsets that do not fit its shape or the file");
      { dtype; shape; first; last }
  | _ -> header_error ("tensor '" ^ name ^ "' has bad data_offsets")

(* The tensors cover the data exactly, without gap or overlap. *)
let check_coverage entries size =
  let extents = Hashtbl.fold (fun _ e l -> (e.first, e.last) :: l) entries [] in
  let covered =
    List.fold_left
      (fun covered (first, last) ->
        if first <> covered then
          offsets_error
            (Printf.sprintf "safetensors data has a gap or an overlap at byte %d" covered);
        last)
      0 (List.sort compare extents)
  in
  if covered <> size then offsets_error "safetensors data has bytes no tensor owns"

let check_metadata = function
  | Json.Object members ->
      List.iter
        (function
          | _, Json.String _ -> ()
          | _ -> header_error "__metadata__ must map strings to strings")
        members
  | _ -> header_error "__metadata__ must be an object"

let parse data =
  if String.length data < 8 then header_error "the file is shorter than 8 bytes";
  let length = String.get_int64_le data 0 in
  let available = min (String.length data - 8) max_header in
  if Int64.unsigned_compare length (Int64.of_int available) > 0 then
    header_error "its length field exceeds the file";
  let length = Int64.to_int length in
  let header = String.sub data 8 length in
  if not (Json.starts_with "{" header) then header_error "it does not start with '{'";
  let start = 8 + length in
  let size = String.length data - start in
  let entries = Hashtbl.create 64 in
  (match Json.parse header with
   | Json.Object members ->
       List.iter
         (fun (name, value) ->
           if name = "__metadata__" then check_metadata value
           else Hashtbl.add entries name (entry_of name value size))
         members
   | _ -> header_error "it is not an object");
  check_coverage entries size;
  { entries; data; start }

(* ** Numbers *)

(* A binary float of so many exponent and fraction bits; None if it is not finite. *)
let decode bits exponent_bits fraction_bits =
  let fraction = Int64.to_int (Int64.logand bits (Int64.pred (Int64.shift_left 1L fraction_bits))) in
  let biased =
    Int64.to_int (Int64.shift_right_logical bits fraction_bits) land ((1 lsl exponent_bits) - 1)
  in
  let negative =
    Int64.logand (Int64.shift_right_logical bits (exponent_bits + fraction_bits)) 1L = 1L
  in
  let bias = (1 lsl (exponent_bits - 1)) - 1 in
  if biased = (1 lsl exponent_bits) - 1 then None
  else begin
    let mantissa = if biased = 0 then fraction else fraction lor (1 lsl fraction_bits) in
    let exponent = max biased 1 - bias - fraction_bits in
    if mantissa = 0 then Some (Z.zero, Z.zero)
    else Some (Z.of_int (if negative then -mantissa else mantissa), Z.of_int exponent)
  end

let decoder = function
  | "F64" -> Some (fun data at -> decode (String.get_int64_le data at) 11 52)
  | "F32" ->
      Some (fun data at -> decode (Int64.of_int32 (String.get_int32_le data at)) 8 23)
  | "F16" -> Some (fun data at -> decode (Int64.of_int (String.get_uint16_le data at)) 5 10)
  | "BF16" -> Some (fun data at -> decode (Int64.of_int (String.get_uint16_le data at)) 8 7)
  | _ -> None

let shape_text shape = "(" ^ String.concat ", " (List.map string_of_int shape) ^ ")"

(* The numbers of a tensor, row by row. *)
let read file name shape =
  match Hashtbl.find_opt file.entries name with
  | None -> fail "TensorMissing" ("tensor '" ^ name ^ "' is not in the weights file")
  | Some entry ->
      if entry.shape <> shape then
        fail "TensorShape"
          (Printf.sprintf "tensor '%s' has shape %s where %s is needed" name
             (shape_text entry.shape) (shape_text shape));
      match decoder entry.dtype with
      | None ->
          fail "TensorType"
            ("tensor '" ^ name ^ "' has dtype " ^ entry.dtype
             ^ ": only F64, F32, F16 and BF16 are supported")
      | Some number ->
          let width = width_of entry.dtype in
          Array.init
            ((entry.last - entry.first) / width)
            (fun i ->
              match number file.data (file.start + entry.first + (i * width)) with
              | Some (mantissa, exponent) -> { Verified_kernel.mantissa; exponent }
              | None ->
                  fail "TensorNotFinite"
                    (Printf.sprintf "tensor '%s' has a value that is not finite, at index %d" name i))
