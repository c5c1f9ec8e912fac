(* Real-valued terms in x as operations with shared subterms: equal subterms are one node. *)

type node =
  | Constant of Q.t
  | Pi
  | Variable
  | Unary of string * int
  | Binary of string * int * int
  | Power of int * int

(* The key of a node; constants by numerator and denominator. *)
type key = Of_constant of string | Of_other of node

type builder = {
  known : (key, int) Hashtbl.t;
  mutable nodes : node array;
  mutable size : int;
}

let max_nodes = 20000

let create () = { known = Hashtbl.create 64; nodes = Array.make 64 Pi; size = 0 }
let too_large b = b.size > max_nodes

let intern b node =
  let key = match node with Constant q -> Of_constant (Q.to_string q) | other -> Of_other other in
  match Hashtbl.find_opt b.known key with
  | Some index -> index
  | None ->
      if b.size = Array.length b.nodes then
        b.nodes <- Array.append b.nodes (Array.make b.size Pi);
      b.nodes.(b.size) <- node;
      Hashtbl.add b.known key b.size;
      b.size <- b.size + 1;
      b.size - 1

let operands = function
  | Constant _ | Pi | Variable -> []
  | Unary (_, a) | Power (a, _) -> [ a ]
  | Binary (_, a, b) -> [ a; b ]

(* The nodes below a root, operands first, the first operand before the second, each once: equal
   terms give equal lists, whatever else the builder holds. *)
let depth_first b root =
  let seen = Hashtbl.create 64 in
  let order = ref [] in
  let rec visit index =
    if not (Hashtbl.mem seen index) then begin
      List.iter visit (operands b.nodes.(index));
      Hashtbl.add seen index (Hashtbl.length seen);
      order := index :: !order
    end
  in
  visit root;
  (List.rev !order, seen)
