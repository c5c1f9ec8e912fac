#include <algorithm>
#include <cmath>
#include <numeric>

#include "value.hpp"

namespace attncert {
namespace {

using Results = Result<std::vector<Value>>;
using Longs = std::vector<long>;

std::vector<Value> one(Value value) {
  std::vector<Value> values;
  values.push_back(std::move(value));
  return values;
}

Longs longs(const Value& value) { return {value.values.begin(), value.values.end()}; }

// An argument that older operator sets have as an attribute and newer ones as an input.
std::optional<Longs> argument(const onnx::NodeProto& node, const Operands& inputs,
                              std::size_t input, const char* name) {
  if (inputs.size() > input && inputs[input] != nullptr) return longs(*inputs[input]);
  return integers_of(node, name);
}

long wrapped(long axis, std::size_t rank) {
  return axis < 0 ? axis + static_cast<long>(rank) : axis;
}

Results reshaped(const onnx::NodeProto& node, const Value& from, Longs shape) {
  if (size_of(shape) != from.size()) return not_understood(node, "the sizes do not fit");
  return one(Value{std::move(shape), from.values, from.integer});
}

Results reshape(const onnx::NodeProto& node, const Operands& inputs) {
  auto wanted = argument(node, inputs, 1, "shape");
  if (!wanted) return not_understood(node, "the shape is missing");
  Longs& shape = *wanted;
  const Value& x = *inputs[0];
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && i < x.shape.size()) shape[i] = x.shape[i];
  }
  for (long& extent : shape) {
    if (extent != -1) continue;
    extent = 1;
    const long others = size_of(shape);
    extent = others == 0 ? 0 : x.size() / others;
  }
  return reshaped(node, x, shape);
}

Results flatten(const onnx::NodeProto& node, const Operands& inputs) {
  const long axis = wrapped(integer_of(node, "axis", 1), inputs[0]->shape.size());
  long rows = 1;
  for (long i = 0; i < axis; ++i) rows *= inputs[0]->extent(i);
  return reshaped(node, *inputs[0], {rows, rows == 0 ? 0 : inputs[0]->size() / rows});
}

Results squeeze(const onnx::NodeProto& node, const Operands& inputs) {
  const Longs& from = inputs[0]->shape;
  Longs axes = argument(node, inputs, 1, "axes").value_or(Longs{});
  for (long& axis : axes) axis = wrapped(axis, from.size());
  Longs shape;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool named = std::count(axes.begin(), axes.end(), static_cast<long>(i)) > 0;
    if (!(named || (axes.empty() && from[i] == 1))) shape.push_back(from[i]);
  }
  return reshaped(node, *inputs[0], shape);
}

Results unsqueeze(const onnx::NodeProto& node, const Operands& inputs) {
  Longs axes = argument(node, inputs, 1, "axes").value_or(Longs{});
  const std::size_t rank = inputs[0]->shape.size() + axes.size();
  for (long& axis : axes) axis = wrapped(axis, rank);
  Longs shape = inputs[0]->shape;
  std::sort(axes.begin(), axes.end());
  for (const long axis : axes) {
    if (axis < 0 || axis > static_cast<long>(shape.size())) return not_understood(node, "bad axes");
    shape.insert(shape.begin() + axis, 1);
  }
  return reshaped(node, *inputs[0], shape);
}

// A tensor whose element at each place is the one of `from` at places[axis][place on the axis].
Value selected(const Value& from, const std::vector<Longs>& places) {
  Value result{{}, {}, from.integer};
  Longs strides(from.shape.size(), 1);
  for (std::size_t axis = from.shape.size(); axis-- > 1;)
    strides[axis - 1] = strides[axis] * from.shape[axis];
  for (const Longs& axis : places) result.shape.push_back(static_cast<long>(axis.size()));
  const long size = size_of(result.shape);
  for (long i = 0; i < size; ++i) {
    long rest = i;
    long place = 0;
    for (std::size_t axis = places.size(); axis-- > 0;) {
      place += strides[axis] * places[axis][static_cast<std::size_t>(rest % result.shape[axis])];
      rest /= result.shape[axis];
    }
    result.values.push_back(from.values[static_cast<std::size_t>(place)]);
  }
  return result;
}

std::vector<Longs> all_places(const Value& from) {
  std::vector<Longs> places;
  for (const long extent : from.shape) {
    places.emplace_back(static_cast<std::size_t>(extent));
    std::iota(places.back().begin(), places.back().end(), 0);
  }
  return places;
}

Results transpose(const onnx::NodeProto& node, const Operands& inputs) {
  const Value& x = *inputs[0];
  const std::size_t rank = x.shape.size();
  Longs order(rank);
  std::iota(order.rbegin(), order.rend(), 0);
  order = integers_of(node, "perm").value_or(order);
  Longs sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < rank; ++i) {
    if (sorted.size() != rank || sorted[i] != static_cast<long>(i))
      return not_understood(node, "bad perm");
  }
  Longs strides(rank, 1);
  for (std::size_t axis = rank; axis-- > 1;) strides[axis - 1] = strides[axis] * x.shape[axis];
  Value result{{}, {}, x.integer};
  for (const long axis : order) result.shape.push_back(x.extent(axis));
  result.values.reserve(x.values.size());
  for (long i = 0; i < x.size(); ++i) {
    long rest = i;
    long place = 0;
    for (std::size_t axis = rank; axis-- > 0;) {
      place += strides[static_cast<std::size_t>(order[axis])] * (rest % result.shape[axis]);
      rest /= result.shape[axis];
    }
    result.values.push_back(x.values[static_cast<std::size_t>(place)]);
  }
  return one(std::move(result));
}

Longs slice_places(long extent, long begin, long end, long step) {
  const auto limited = [&](long at, long low, long high) {
    return std::clamp(at < 0 ? at + extent : at, low, high);
  };
  Longs places;
  if (step > 0) {
    for (long i = limited(begin, 0, extent); i < limited(end, 0, extent); i += step)
      places.push_back(i);
  } else {
    for (long i = limited(begin, -1, extent - 1); i > limited(end, -1, extent - 1); i += step)
      places.push_back(i);
  }
  return places;
}

Results slice(const onnx::NodeProto& node, const Operands& inputs) {
  const auto begins = argument(node, inputs, 1, "starts");
  const auto ends = argument(node, inputs, 2, "ends");
  auto axes = argument(node, inputs, 3, "axes");
  auto steps = argument(node, inputs, 4, "steps");
  if (!begins || !ends || begins->size() != ends->size()) return not_understood(node, "bad ends");
  if (!axes) {
    axes = Longs(begins->size());
    std::iota(axes->begin(), axes->end(), 0);
  }
  if (!steps) steps = Longs(begins->size(), 1);
  std::vector<Longs> places = all_places(*inputs[0]);
  for (std::size_t i = 0; i < begins->size(); ++i) {
    const long axis = wrapped(axes->at(i), places.size());
    if (axis < 0 || axis >= static_cast<long>(places.size()) || steps->at(i) == 0)
      return not_understood(node, "bad axes");
    auto& which = places[static_cast<std::size_t>(axis)];
    which = slice_places(static_cast<long>(which.size()), (*begins)[i], (*ends)[i], steps->at(i));
  }
  return one(selected(*inputs[0], places));
}

Results split(const onnx::NodeProto& node, const Operands& inputs) {
  const Value& x = *inputs[0];
  const long axis = wrapped(integer_of(node, "axis", 0), x.shape.size());
  if (axis < 0 || axis >= static_cast<long>(x.shape.size()))
    return not_understood(node, "bad axis");
  const long extent = x.extent(axis);
  const long parts = node.output_size();
  const auto sizes = argument(node, inputs, 1, "split")
                         .value_or(Longs(static_cast<std::size_t>(parts), extent / parts));
  if (std::accumulate(sizes.begin(), sizes.end(), 0L) != extent)
    return not_understood(node, "bad sizes");
  std::vector<Value> results;
  long begin = 0;
  for (const long size : sizes) {
    std::vector<Longs> places = all_places(x);
    places[static_cast<std::size_t>(axis)] = slice_places(extent, begin, begin + size, 1);
    results.push_back(selected(x, places));
    begin += size;
  }
  return results;
}

Results gather(const onnx::NodeProto& node, const Operands& inputs) {
  if (inputs.size() != 2 || inputs[1] == nullptr) return not_understood(node, "two inputs needed");
  const Value& x = *inputs[0];
  const long axis = wrapped(integer_of(node, "axis", 0), x.shape.size());
  if (axis < 0 || axis >= static_cast<long>(x.shape.size()))
    return not_understood(node, "bad axis");
  std::vector<Longs> places = all_places(x);
  Longs& which = places[static_cast<std::size_t>(axis)];
  which = longs(*inputs[1]);
  for (long& i : which) {
    if (i < 0) i += x.extent(axis);
    if (i < 0 || i >= x.extent(axis)) return not_understood(node, "an index is out of range");
  }
  Value result = selected(x, places);
  result.shape.erase(result.shape.begin() + axis);
  result.shape.insert(result.shape.begin() + axis, inputs[1]->shape.begin(),
                      inputs[1]->shape.end());
  return one(std::move(result));
}

Results concat(const onnx::NodeProto& node, const Operands& inputs) {
  const long axis = wrapped(integer_of(node, "axis", 0), inputs[0]->shape.size());
  Value result{inputs[0]->shape, {}, inputs[0]->integer};
  long outer = 1;
  for (long i = 0; i < axis; ++i) outer *= result.extent(i);
  long& extent = result.shape.at(static_cast<std::size_t>(axis));
  extent = 0;
  for (const Value* part : inputs) {
    if (part == nullptr || part->shape.size() != result.shape.size())
      return not_understood(node, "bad ranks");
    extent += part->extent(axis);
  }
  for (long i = 0; i < outer; ++i) {
    for (const Value* part : inputs) {
      const long block = part->size() / std::max(outer, 1L);
      result.values.insert(result.values.end(), part->values.begin() + i * block,
                           part->values.begin() + (i + 1) * block);
    }
  }
  if (size_of(result.shape) != result.size()) return not_understood(node, "the shapes do not fit");
  return one(std::move(result));
}

Results expand(const onnx::NodeProto& node, const Operands& inputs) {
  const auto wanted = argument(node, inputs, 1, "shape");
  if (!wanted) return not_understood(node, "the shape is missing");
  const auto shape = broadcast(inputs[0]->shape, *wanted);
  if (!shape) return not_understood(node, shape.error().message);
  return one(expanded(*inputs[0], shape.value()));
}

Results range(const onnx::NodeProto& node, const Operands& inputs) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (inputs.size() != 3 || inputs[i] == nullptr || inputs[i]->size() != 1)
      return not_understood(node, "three numbers needed");
  }
  Value result{{}, {}, inputs[0]->integer};
  const double begin = inputs[0]->values[0];
  const double step = inputs[2]->values[0];
  const double count = std::ceil((inputs[1]->values[0] - begin) / step);
  if (!(count >= 0 && count < 1e7)) return not_understood(node, "a bad range");
  for (double i = 0; i < count; ++i) result.values.push_back(begin + i * step);
  result.shape = {result.size()};
  return one(std::move(result));
}

Results shape_of(const onnx::NodeProto&, const Operands& inputs) {
  const Longs& shape = inputs[0]->shape;
  return one(Value{{static_cast<long>(shape.size())}, {shape.begin(), shape.end()}, true});
}

Results constant(const onnx::NodeProto& node, const Operands&) {
  if (const auto* tensor = attribute(node, "value")) {
    ATTNCERT_TRY(Value value, decode(tensor->t()));
    return one(std::move(value));
  }
  if (const auto* number = attribute(node, "value_float"))
    return one(Value{{}, {number->f()}, false});
  if (const auto* number = attribute(node, "value_int"))
    return one(Value{{}, {static_cast<double>(number->i())}, true});
  if (const auto list = integers_of(node, "value_ints"))
    return one(Value{{static_cast<long>(list->size())}, {list->begin(), list->end()}, true});
  return not_understood(node, "a constant of another kind");
}

Results constant_of_shape(const onnx::NodeProto& node, const Operands& inputs) {
  Value fill{{1}, {0}, false};
  if (const auto* tensor = attribute(node, "value")) {
    ATTNCERT_TRY(fill, decode(tensor->t()));
  }
  const Longs shape = longs(*inputs[0]);
  if (size_of(shape) < 0 || size_of(shape) > 1L << 26 || fill.size() != 1)
    return not_understood(node, "a bad shape");
  return one(Value{shape,
                   std::vector<double>(static_cast<std::size_t>(size_of(shape)), fill.values[0]),
                   fill.integer});
}

Results trilu(const onnx::NodeProto& node, const Operands& inputs) {
  Value result = *inputs[0];
  if (result.shape.size() < 2) return not_understood(node, "a matrix is needed");
  const bool upper = integer_of(node, "upper", 1) != 0;
  const long shift =
      inputs.size() > 1 && inputs[1] != nullptr ? static_cast<long>(inputs[1]->values.at(0)) : 0;
  for (long i = 0; i < result.size(); ++i) {
    const long column = i % result.extent(-1);
    const long row = i / result.extent(-1) % result.extent(-2);
    if (upper ? column < row + shift : column > row + shift)
      result.values[static_cast<std::size_t>(i)] = 0;
  }
  return one(std::move(result));
}

Results identity(const onnx::NodeProto&, const Operands& inputs) { return one(*inputs[0]); }

}  // namespace

void add_movement(Operators& operators) {
  operators["Reshape"] = reshape;
  operators["Flatten"] = flatten;
  operators["Squeeze"] = squeeze;
  operators["Unsqueeze"] = unsqueeze;
  operators["Transpose"] = transpose;
  operators["Slice"] = slice;
  operators["Split"] = split;
  operators["Gather"] = gather;
  operators["Concat"] = concat;
  operators["Expand"] = expand;
  operators["Range"] = range;
  operators["Shape"] = shape_of;
  operators["Constant"] = constant;
  operators["ConstantOfShape"] = constant_of_shape;
  operators["Trilu"] = trilu;
  operators["Identity"] = identity;
  operators["Dropout"] = identity;
}

}  // namespace attncert
