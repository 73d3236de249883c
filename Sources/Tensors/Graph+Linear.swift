import COneDNN

extension Graph {
  /// `x W + b`, with optional swish.
  ///
  /// - Parameters:
  ///   - x: `[batch, input]` in float32.
  ///   - weight: name of a parameter `[input, output]`.
  ///   - bias: name of a parameter `[output]`.
  package func linear(
    _ x: Value, weight: String, bias: String, swish: Bool = false
  ) throws(EngineError) -> Value {
    let shape = try spec(weight).shape
    guard shape.count == 2, x.shape.count == 2, x.shape[1] == shape[0] else {
      throw .shapeMismatch(operation: "linear \(weight)", expected: shape, found: x.shape)
    }
    let y = try value([x.shape[0], shape[1]], .float32)
    let weights = try parameter(weight, shape: shape)
    let biases = try parameter(bias, shape: [shape[1]])
    let matrix = try Descriptor(shape, .float32, dnnl_ab)
    let row = try Descriptor([1, shape[1]], .float32, dnnl_ab)
    try emitProduct(
      .forward, weight, (x.slot, x.descriptor), (weights, matrix), bias: (biases, row),
      into: (y.slot, y.descriptor))
    if mode == .training {
      tape.append { [unowned self] in
        guard let dy = gradient(of: y) else { return }
        let transposedInput = try Descriptor([shape[0], x.shape[0]], .float32, dnnl_ba)
        try emitProduct(
          .backward, "\(weight) weight gradient", (x.slot, transposedInput), (dy, y.descriptor),
          into: (try parameterGradient(weight, shape: shape), matrix))
        try emitProduct(
          .backward, "\(bias) gradient",
          (try ones(x.shape[0]), try Descriptor([1, x.shape[0]], .float32, dnnl_ab)),
          (dy, y.descriptor), into: (try parameterGradient(bias, shape: [shape[1]]), row))
        guard !x.slot.isRoot || x.slot.needsGradient else { return }
        let transposed = try Descriptor([shape[1], shape[0]], .float32, dnnl_ba)
        let dx = Slot(bytes: x.descriptor.bytes)
        try emitProduct(
          .backward, "\(weight) input gradient", (dy, y.descriptor), (weights, transposed),
          into: (dx, x.descriptor))
        try accumulate(dx, into: x)
      }
    }
    return swish ? try self.swish(y) : y
  }

  /// `scale * a b + bias`; leading axes are a batch of matrices.
  func emitProduct(
    _ phase: Phase, _ label: String, _ a: (Slot, Descriptor), _ b: (Slot, Descriptor),
    bias: (Slot, Descriptor)? = nil, scale: Float = 1, into c: (Slot, Descriptor)
  ) throws(EngineError) {
    let fused = try PostOperations()
    if scale != 1 { try fused.scale(scale) }
    let primitive = try PrimitiveDescriptor(label) {
      onednn_matmul(
        &$0, engine.handle, a.1.handle, b.1.handle, bias?.1.handle, c.1.handle, fused.attributes)
    }
    var arguments: [Argument] = [
      .init(DNNL_ARG_SRC, a.0, a.1), .init(DNNL_ARG_WEIGHTS, b.0, b.1), .init(DNNL_ARG_DST, c.0, c.1),
    ]
    if let bias { arguments.append(.init(DNNL_ARG_BIAS, bias.0, bias.1)) }
    try emit(phase, label, primitive, arguments)
  }

  /// A vector of ones: times it, a matrix product sums over the batch.
  private func ones(_ count: Int) throws(EngineError) -> Slot {
    let buffer = AlignedBuffer(bytes: count * 4)
    buffer.floats(from: 0, count: count).update(repeating: 1)
    return Slot(borrowing: buffer.base, owner: buffer)
  }
}
