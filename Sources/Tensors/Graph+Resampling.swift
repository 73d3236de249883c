import COneDNN

extension Graph {
  /// Nearest-neighbour enlargement to `[batch, height, width, channels]`; from 1x1 it is a broadcast.
  package func upsample(_ x: Value, height: Int, width: Int) throws(EngineError) -> Value {
    try upsample(x, into: try value([x.shape[0], height, width, x.shape[3]], x.type))
  }

  private func upsample(_ x: Value, into y: Value) throws(EngineError) -> Value {
    let kind = mode == .training ? dnnl_forward_training : dnnl_forward_inference
    let forward = try PrimitiveDescriptor("upsample") {
      onednn_resampling_forward(
        &$0, engine.handle, kind, x.descriptor.handle, y.descriptor.handle, engine.plain)
    }
    try emit(
      .forward, "upsample", forward,
      [.init(DNNL_ARG_SRC, x.memory, x.descriptor), .init(DNNL_ARG_DST, y.memory, y.descriptor)])
    guard mode == .training else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      let backward = try PrimitiveDescriptor("upsample gradient") {
        onednn_resampling_backward(
          &$0, engine.handle, x.descriptor.handle, y.descriptor.handle, forward.handle, engine.plain)
      }
      let dx = Slot(bytes: x.descriptor.bytes)
      try emit(
        .backward, "upsample gradient", backward,
        [.init(DNNL_ARG_DIFF_DST, dy, y.descriptor), .init(DNNL_ARG_DIFF_SRC, dx, x.descriptor)])
      try accumulate(dx, into: x)
    }
    return y
  }

  /// Adds to every pixel of `y` its image's row of `shift`, `[batch, channels]` in float32.
  func addShift(_ shift: Value, to y: Value) throws(EngineError) -> Value {
    guard shift.shape == [y.shape[0], y.shape[3]] else {
      throw .shapeMismatch(operation: "shift", expected: [y.shape[0], y.shape[3]], found: shift.shape)
    }
    let row = try convert(shift, to: y.type)
    let shape = [y.shape[0], 1, 1, y.shape[3]]
    // A single pixel lies the same with channels in blocks as with channels last.
    let layout = y.isBlocked ? try Self.blocked(shape) : try Self.descriptor(shape, y.type)
    let pixel = Value(
      shape: shape, type: y.type, slot: row.slot, descriptor: layout, isBlocked: y.isBlocked)
    return try add(y, try upsample(pixel, into: value(like: y)))
  }

  /// `a` and `b` side by side along the channels.
  package func concatenate(_ a: Value, _ b: Value) throws(EngineError) -> Value {
    guard a.shape.dropLast() == b.shape.dropLast(), a.type == b.type else {
      throw .shapeMismatch(operation: "concatenate", expected: a.shape, found: b.shape)
    }
    let y = try value(a.shape.dropLast() + [a.shape[3] + b.shape[3]], a.type)
    let forward = try PrimitiveDescriptor("concatenate") {
      onednn_concat(
        &$0, engine.handle, 1, a.descriptor.handle, b.descriptor.handle, y.descriptor.handle, engine.plain)
    }
    try emit(
      .forward, "concatenate", forward,
      [
        .init(DNNL_ARG_MULTIPLE_SRC, a.slot, a.descriptor),
        .init(DNNL_ARG_MULTIPLE_SRC + 1, b.slot, b.descriptor), .init(DNNL_ARG_DST, y.slot, y.descriptor),
      ])
    guard mode == .training else { return y }
    let split = a.shape[3]
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      try emitWindowGradient(of: a, from: 0, in: y, dy)
      try emitWindowGradient(of: b, from: split, in: y, dy)
    }
    return y
  }

  /// The gradient of one part of a concatenation: a window of the whole's.
  private func emitWindowGradient(
    of part: Value, from start: Int, in whole: Value, _ gradient: Slot
  ) throws(EngineError) {
    let window = try Descriptor(
      window: [part.shape[0], part.shape[3], part.shape[1], part.shape[2]], at: [0, start, 0, 0],
      of: whole.descriptor)
    let dx = Slot(bytes: part.descriptor.bytes)
    try reorder(
      .backward, "concatenate gradient", from: (gradient, window), to: (dx, part.descriptor))
    try accumulate(dx, into: part)
  }
}
