import COneDNN

extension Graph {
  /// Convolution, then optional shift, swish and residual sum: `swish(w * x + b + shift) + adding`.
  ///
  /// Padding is `kernel / 2`, so stride 1 keeps the size and stride 2 halves an even one.
  ///
  /// - Parameters:
  ///   - x: `[batch, height, width, input]`; its type is the compute type.
  ///   - weight: name of a parameter `[output, input, kernel, kernel]`.
  ///   - bias: name of a parameter `[output]`.
  ///   - shift: `[batch or 1, output]` in float32, added to every pixel; 1 only in inference.
  ///   - adding: `[batch, height/stride, width/stride, output]` in x's type. In inference the result takes its memory
  ///     over, and it cannot be used afterwards, unless it is an input or an output.
  ///   - staysOpen: the result may keep whatever layout is fastest; then only another convolution takes it.
  /// - Throws: `EngineError.missingParameter`, `.shapeMismatch`, `.operationFailed`.
  package func convolution(
    _ x: Value, weight: String, bias: String, stride: Int = 1, shift: Value? = nil, swish: Bool = false,
    adding: Value? = nil, staysOpen: Bool = false
  ) throws(EngineError) -> Value {
    let shape = try spec(weight).shape
    guard shape.count == 4, x.shape.count == 4, shape[1] == x.shape[3] else {
      throw .shapeMismatch(operation: "convolution \(weight)", expected: shape, found: x.shape)
    }
    if mode == .inference, let shift, shift.shape != [1, shape[0]] {
      throw .shapeMismatch(operation: weight, expected: [1, shape[0]], found: shift.shape)
    }
    let layer = Convolution(shape: shape, stride: stride, weight: weight, bias: bias, stored: shape)
    let isWinograd = try hasWinograd(layer, x)
    let source = try laidOut(x, blocked: isWinograd)
    if mode == .inference {
      return isWinograd
        ? try winograd(layer, source, shift: shift, swish: swish, adding: adding, staysOpen: staysOpen)
        : try emit(layer, source, shift: shift, swish: swish, adding: adding)
    }
    var y = try emit(layer, source, isWinograd: isWinograd)
    if let shift { y = try addShift(shift, to: y) }
    if swish { y = try self.swish(y) }
    if !staysOpen || adding != nil { y = try laidOut(y, blocked: false) }
    if let adding { y = try add(y, adding) }
    return y
  }

  /// A 1x1 convolution of `low`, enlarged to `skip`'s size by repeating its pixels, beside `skip`.
  ///
  /// A repeated pixel's convolution is the repeated result: in inference `low`'s part is computed at its own size and
  /// enlarged then, `skip`'s is added in place, and nothing is laid side by side.
  ///
  /// - Parameters:
  ///   - weight: name of a parameter `[output, channels of low + of skip, 1, 1]`.
  ///   - bias: name of a parameter `[output]`.
  package func merge(
    _ low: Value, _ skip: Value, weight: String, bias: String
  ) throws(EngineError) -> Value {
    guard mode == .inference else {
      let large = try upsample(low, height: skip.shape[1], width: skip.shape[2])
      return try convolution(try concatenate(large, skip), weight: weight, bias: bias)
    }
    let shape = try spec(weight).shape
    let split = low.shape[3]
    guard shape.count == 4, shape[1] == split + skip.shape[3], shape[2...] == [1, 1] else {
      throw .shapeMismatch(operation: "merge \(weight)", expected: shape, found: low.shape + skip.shape)
    }
    func part(_ channels: Range<Int>) -> Convolution {
      Convolution(
        shape: [shape[0], channels.count, 1, 1], stride: 1, weight: weight,
        bias: channels.lowerBound == 0 ? bias : nil, stored: shape, first: channels.lowerBound)
    }
    let narrow = try emit(part(0..<split), low)
    let large = try upsample(narrow, height: skip.shape[1], width: skip.shape[2])
    return try emit(part(split..<shape[1]), skip, adding: large)
  }

  struct Convolution {
    /// Output and input channels, height and width of the kernel.
    let shape: [Int]
    let stride: Int
    let weight: String
    /// nil: none.
    let bias: String?
    /// Shape of the parameter, and which of its input channels is the first taken.
    let stored: [Int]
    var first = 0

    /// How the weights lie in their parameter.
    func storedLayout() throws(EngineError) -> Descriptor {
      let whole = try Descriptor(stored, .float32, dnnl_oihw)
      return stored == shape ? whole : try Descriptor(window: shape, at: [0, first, 0, 0], of: whole)
    }

    func algorithm(_ isWinograd: Bool) -> dnnl_alg_kind_t {
      isWinograd ? dnnl_convolution_winograd : dnnl_convolution_direct
    }

    var strides: [Int64] { [Int64(stride), Int64(stride)] }
    var padBegin: [Int64] { [Int64(shape[2] / 2), Int64(shape[3] / 2)] }

    func outputSize(_ size: Int, kernel: Int) -> Int { (size + 2 * (kernel / 2) - kernel) / stride + 1 }

    /// Shape of the result for `x`.
    func output(_ x: [Int]) -> [Int] {
      [x[0], outputSize(x[1], kernel: shape[2]), outputSize(x[2], kernel: shape[3]), shape[0]]
    }

    /// Rows or columns past the end that the last window reaches.
    func padEnd(_ x: [Int], _ y: [Int]) -> [Int64] {
      (0..<2).map { axis in
        Int64((y[axis + 1] - 1) * stride + shape[axis + 2] - x[axis + 1] - shape[axis + 2] / 2)
      }
    }
  }

  /// The convolution itself, by Winograd's algorithm from blocked to blocked, or channels last with all that is fused.
  ///
  /// - Parameter shifted: what to add instead of the layer's bias.
  func emit(
    _ layer: Convolution, _ x: Value, isWinograd: Bool = false, shifted: Slot? = nil, shift: Value? = nil,
    swish: Bool = false, adding: Value? = nil
  ) throws(EngineError) -> Value {
    let output = layer.output(x.shape)
    // The sum in place: oneDNN's fastest kernels can add what the destination holds, and no other tensor of its size.
    let overwritten = adding.flatMap { canOverwrite($0, output, beside: x) ? $0 : nil }
    let y: Value
    if isWinograd {
      y = try blockedValue(output)
    } else if let overwritten {
      y = Value(shape: output, type: x.type, slot: overwritten.slot, descriptor: overwritten.descriptor)
    } else {
      y = try value(output, x.type)
    }
    let weights = try parameter(layer.weight, shape: layer.stored)
    let bias = try layer.bias.map { name throws(EngineError) in
      try parameter(name, shape: [layer.shape[0]])
    }
    let biasLayout = try Descriptor([layer.shape[0]], .float32, dnnl_a)
    let stored = try layer.storedLayout()
    let open = try Descriptor(layer.shape, x.type, dnnl_format_tag_any)
    let padEnd = layer.padEnd(x.shape, output)

    let fused = try PostOperations()
    var extra: [Argument] = []
    if let bias { extra.append(.init(DNNL_ARG_BIAS, shifted ?? bias, biasLayout)) }
    if let shift {
      let broadcast = try Descriptor([1, layer.shape[0], 1, 1], .float32, dnnl_nhwc)
      extra.append(try fused.add(shift.slot, broadcast))
    }
    if swish { try fused.swish() }
    if let overwritten {
      try fused.sum()
      overwritten.isOverwritten = true
    } else if let adding {
      extra.append(try fused.add(adding.slot, adding.descriptor))
    }

    let kind = mode == .training ? dnnl_forward_training : dnnl_forward_inference
    let forward = try PrimitiveDescriptor("convolution \(layer.weight)") {
      onednn_convolution_forward(
        &$0, engine.handle, kind, layer.algorithm(isWinograd), x.descriptor.handle, open.handle,
        bias == nil ? nil : biasLayout.handle, y.descriptor.handle, layer.strides, layer.padBegin, padEnd,
        fused.attributes)
    }
    let (laidOut, preferred) = try layOut(layer, weights, stored, for: forward)
    try emit(
      .forward, layer.weight, forward,
      [
        .init(DNNL_ARG_SRC, x.memory, x.descriptor), .init(DNNL_ARG_WEIGHTS, laidOut, preferred),
        .init(DNNL_ARG_DST, y.memory, y.descriptor),
      ] + extra)

    guard mode == .training, let name = layer.bias else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      let gradients = (
        weights: try parameterGradient(layer.weight, shape: layer.stored),
        bias: try parameterGradient(name, shape: [layer.shape[0]])
      )
      try emitWeightGradient(layer, x, y, dy, padEnd, biasLayout, stored, gradients, forward)
      if !x.memory.isRoot || x.memory.needsGradient {
        try emitInputGradient(layer, x, y, dy, padEnd, open, stored, weights, forward)
      }
    }
    return y
  }

  /// Whether a sum may take `other`'s memory for its result.
  func canOverwrite(_ other: Value, _ output: [Int], beside x: Value) -> Bool {
    other.shape == output && other.type == x.type && !other.slot.isPinned && other.slot !== x.memory
  }

  /// Weights in the layout a convolution prefers: put there once where they no longer change, else by `prepare`, where
  /// that is not the stored one.
  private func layOut(
    _ layer: Convolution, _ weights: Slot, _ stored: Descriptor, for forward: PrimitiveDescriptor
  ) throws(EngineError) -> (Slot, Descriptor) {
    let preferred = try forward.layout(dnnl_query_weights_md)
    if preferred.sameLayout(as: stored) { return (weights, preferred) }
    let label = "lay out \(layer.weight)"
    if let frozen {
      let part = FrozenWeights.Part(name: layer.weight, first: layer.first, shape: layer.shape)
      let buffer = try frozen.buffer(of: part, in: preferred) { buffer throws(EngineError) in
        try reorderNow(label, from: (weights, stored), to: (buffer, preferred))
      }
      return (Slot(borrowing: buffer.base, owner: buffer), preferred)
    }
    let laidOut = Slot(bytes: preferred.bytes)
    laidOut.pin()
    try reorder(.prepare, label, from: (weights, stored), to: (laidOut, preferred))
    return (laidOut, preferred)
  }

  private func emitWeightGradient(
    _ layer: Convolution, _ x: Value, _ y: Value, _ dy: Slot, _ padEnd: [Int64], _ biasLayout: Descriptor,
    _ stored: Descriptor, _ gradients: (weights: Slot, bias: Slot), _ forward: PrimitiveDescriptor
  ) throws(EngineError) {
    let label = "\(layer.weight) weight gradient"
    let openGradient = try Descriptor(layer.shape, .float32, dnnl_format_tag_any)
    let backward = try PrimitiveDescriptor(label) {
      onednn_convolution_backward_weights(
        &$0, engine.handle, layer.algorithm(y.isBlocked), x.descriptor.handle, openGradient.handle,
        biasLayout.handle, y.descriptor.handle, layer.strides, layer.padBegin, padEnd, forward.handle,
        engine.plain)
    }
    let preferred = try backward.layout(dnnl_query_diff_weights_md)
    let direct = preferred.sameLayout(as: stored)
    let target = direct ? gradients.weights : Slot(bytes: preferred.bytes)
    try emit(
      .backward, label, backward,
      [
        .init(DNNL_ARG_SRC, x.memory, x.descriptor), .init(DNNL_ARG_DIFF_DST, dy, y.descriptor),
        .init(DNNL_ARG_DIFF_WEIGHTS, target, preferred),
        .init(DNNL_ARG_DIFF_BIAS, gradients.bias, biasLayout),
      ])
    if !direct {
      try reorder(
        .backward, "lay out \(label)", from: (target, preferred), to: (gradients.weights, stored))
    }
  }

  private func emitInputGradient(
    _ layer: Convolution, _ x: Value, _ y: Value, _ dy: Slot, _ padEnd: [Int64], _ open: Descriptor,
    _ stored: Descriptor, _ weights: Slot, _ forward: PrimitiveDescriptor
  ) throws(EngineError) {
    let label = "\(layer.weight) input gradient"
    let backward = try PrimitiveDescriptor(label) {
      onednn_convolution_backward_data(
        &$0, engine.handle, layer.algorithm(y.isBlocked), x.descriptor.handle, open.handle,
        y.descriptor.handle, layer.strides, layer.padBegin, padEnd, forward.handle, engine.plain)
    }
    let preferred = try backward.layout(dnnl_query_weights_md)
    let laidOut = Slot(bytes: preferred.bytes)
    laidOut.pin()
    try reorder(
      .prepare, "lay out \(label)", from: (weights, stored), to: (laidOut, preferred))
    let dx = Slot(bytes: x.descriptor.bytes)
    try emit(
      .backward, label, backward,
      [
        .init(DNNL_ARG_DIFF_DST, dy, y.descriptor), .init(DNNL_ARG_WEIGHTS, laidOut, preferred),
        .init(DNNL_ARG_DIFF_SRC, dx, x.descriptor),
      ])
    try accumulate(dx, into: x)
  }
}

/// Operations fused behind a primitive, in order.
final class PostOperations {
  private let chain: dnnl_post_ops_t
  private let made: dnnl_primitive_attr_t
  private var count = 0

  init() throws(EngineError) {
    var operations: dnnl_post_ops_t?
    try check(dnnl_post_ops_create(&operations), "post-operations")
    var attributes: dnnl_primitive_attr_t?
    try check(dnnl_primitive_attr_create(&attributes), "attributes")
    guard let operations, let attributes else {
      throw .operationFailed(operation: "attributes", status: 1)
    }
    chain = operations
    made = attributes
    // Working memory is the graph's: oneDNN's own belongs to the thread that made a primitive, and another that runs it
    // would find none.
    try check(
      dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), "attributes")
  }

  deinit {
    dnnl_post_ops_destroy(chain)
    dnnl_primitive_attr_destroy(made)
  }

  func swish() throws(EngineError) {
    try check(onednn_post_swish(chain), "post-operation swish")
    count += 1
  }

  /// Multiplies by a number.
  func scale(_ factor: Float) throws(EngineError) {
    try check(onednn_post_scale(chain, factor), "post-operation scale")
    count += 1
  }

  /// Adds what the destination held.
  func sum() throws(EngineError) {
    try check(onednn_post_sum(chain), "post-operation sum")
    count += 1
  }

  /// Adds a tensor; the argument returned belongs to the primitive's.
  func add(_ slot: Slot, _ descriptor: Descriptor) throws(EngineError) -> Argument {
    try check(onednn_post_add(chain, descriptor.handle), "post-operation add")
    count += 1
    return Argument(onednn_arg_post_operand(Int32(count - 1)), slot, descriptor)
  }

  /// For the creation of the primitive descriptor.
  var attributes: dnnl_primitive_attr_t {
    if count > 0 { dnnl_primitive_attr_set_post_ops(made, chain) }
    return made
  }
}
