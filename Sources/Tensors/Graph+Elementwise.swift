import COneDNN

extension Graph {
  /// `x * sigmoid(x)` (Ramachandran et al. 2017).
  package func swish(_ x: Value) throws(EngineError) -> Value {
    let y = value(like: x)
    let kind = mode == .training ? dnnl_forward_training : dnnl_forward_inference
    let forward = try PrimitiveDescriptor("swish") {
      onednn_eltwise_forward(
        &$0, engine.handle, kind, dnnl_eltwise_swish, x.descriptor.handle, 1, 0, engine.plain)
    }
    try emit(
      .forward, "swish", forward,
      [.init(DNNL_ARG_SRC, x.memory, x.descriptor), .init(DNNL_ARG_DST, y.memory, y.descriptor)])
    guard mode == .training else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      let backward = try PrimitiveDescriptor("swish gradient") {
        onednn_eltwise_backward(
          &$0, engine.handle, dnnl_eltwise_swish, x.descriptor.handle, 1, 0, forward.handle, engine.plain)
      }
      let dx = Slot(bytes: x.descriptor.bytes)
      try emit(
        .backward, "swish gradient", backward,
        [
          .init(DNNL_ARG_SRC, x.memory, x.descriptor), .init(DNNL_ARG_DIFF_DST, dy, x.descriptor),
          .init(DNNL_ARG_DIFF_SRC, dx, x.descriptor),
        ])
      try accumulate(dx, into: x)
    }
    return y
  }

  /// Sum of two tensors of one shape and type.
  package func add(_ a: Value, _ b: Value) throws(EngineError) -> Value {
    guard a.shape == b.shape, a.type == b.type, a.isBlocked == b.isBlocked else {
      throw .shapeMismatch(operation: "add", expected: a.shape, found: b.shape)
    }
    let y = value(like: a)
    try emitSum(.forward, "add", a.memory, b.memory, into: y.memory, as: y.descriptor)
    guard mode == .training else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      try accumulate(dy, into: a)
      try accumulate(dy, into: b)
    }
    return y
  }

  func emitSum(
    _ phase: Phase, _ label: String, _ a: Slot, _ b: Slot, into sum: Slot, as layout: Descriptor
  ) throws(EngineError) {
    let primitive = try PrimitiveDescriptor(label) {
      onednn_binary(
        &$0, engine.handle, dnnl_binary_add, layout.handle, layout.handle, layout.handle, engine.plain)
    }
    try emit(
      phase, label, primitive,
      [
        .init(DNNL_ARG_SRC_0, a, layout), .init(DNNL_ARG_SRC_1, b, layout), .init(DNNL_ARG_DST, sum, layout),
      ])
  }

  /// The same numbers in another element type.
  package func convert(_ x: Value, to type: ElementType) throws(EngineError) -> Value {
    guard type != x.type else { return x }
    let y = try value(x.shape, type)
    try reorder(.forward, "convert", from: (x.slot, x.descriptor), to: (y.slot, y.descriptor))
    guard mode == .training else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      let dx = Slot(bytes: x.descriptor.bytes)
      try reorder(.backward, "convert gradient", from: (dy, y.descriptor), to: (dx, x.descriptor))
      try accumulate(dx, into: x)
    }
    return y
  }
}
