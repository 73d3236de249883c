import COneDNN

/// 3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308): 36
/// multiplications for 16 results and a channel, where the sum itself takes 144.
///
/// oneDNN has it for AVX-512 in versions before 3, on channels in blocks of 16 and in float32. Elsewhere nothing here
/// is used. Its transforms lose some digits: `make bench BENCH=precision` shows what that is in bits.
extension Graph {
  /// Whether a convolution of `x` is to be had by Winograd's algorithm.
  func hasWinograd(_ layer: Convolution, _ x: Value) throws(EngineError) -> Bool {
    guard usesWinograd, x.type == .float32, layer.shape[2...] == [3, 3], layer.stride == 1,
      layer.shape[0] % Self.block == 0, layer.shape[1] % Self.block == 0
    else { return false }
    let output = layer.output(x.shape)
    let bias = try Descriptor([layer.shape[0]], .float32, dnnl_a)
    let open = try Descriptor(layer.shape, .float32, dnnl_format_tag_any)
    let (source, target) = (try Self.blocked(x.shape), try Self.blocked(output))
    let kind = mode == .training ? dnnl_forward_training : dnnl_forward_inference
    let found = try? PrimitiveDescriptor("convolution \(layer.weight)") {
      onednn_convolution_forward(
        &$0, engine.handle, kind, dnnl_convolution_winograd, source.handle, open.handle, bias.handle,
        target.handle, layer.strides, layer.padBegin, layer.padEnd(x.shape, output), engine.plain)
    }
    return found != nil
  }

  /// In inference, the convolution of a blocked value with what follows it, which oneDNN does not fuse here.
  func winograd(
    _ layer: Convolution, _ x: Value, shift: Value?, swish: Bool, adding: Value?, staysOpen: Bool
  ) throws(EngineError) -> Value {
    // A shift is the same for all pixels and images: the bias of this pass.
    var shifted: Slot?
    if let shift, let name = layer.bias {
      let vector = try Descriptor([layer.shape[0]], .float32, dnnl_a)
      let bias = try parameter(name, shape: [layer.shape[0]])
      let sum = Slot(bytes: vector.bytes)
      try emitSum(.forward, "\(name) shifted", bias, shift.slot, into: sum, as: vector)
      shifted = sum
    }
    let y = try emit(layer, x, isWinograd: true, shifted: shifted)
    if swish {
      let inPlace = try PrimitiveDescriptor("swish") {
        onednn_eltwise_forward(
          &$0, engine.handle, dnnl_forward_inference, dnnl_eltwise_swish, y.descriptor.handle, 1, 0,
          engine.plain)
      }
      try emit(
        .forward, "swish", inPlace,
        [.init(DNNL_ARG_SRC, y.memory, y.descriptor), .init(DNNL_ARG_DST, y.memory, y.descriptor)])
    }
    guard let adding else { return staysOpen ? y : try laidOut(y, blocked: false) }
    guard canOverwrite(adding, y.shape, beside: x) else {
      return try add(try laidOut(y, blocked: false), adding)
    }
    let sum = Value(shape: y.shape, type: .float32, slot: adding.slot, descriptor: adding.descriptor)
    try reorder(
      .forward, "\(layer.weight) added", from: (y.memory, y.descriptor), to: (sum.slot, sum.descriptor),
      adding: true)
    adding.isOverwritten = true
    return sum
  }

  /// Channels a block holds: what AVX-512 takes at once.
  private static var block: Int { 16 }

  static func blocked(_ shape: [Int]) throws(EngineError) -> Descriptor {
    try Descriptor([shape[0], shape[3], shape[1], shape[2]], .float32, dnnl_nChw16c)
  }

  func blockedValue(_ shape: [Int]) throws(EngineError) -> Value {
    let layout = try Self.blocked(shape)
    return Value(
      shape: shape, type: .float32, slot: Slot(bytes: layout.bytes), descriptor: layout, isBlocked: true)
  }

  /// The value with its channels in blocks, or last.
  func laidOut(_ x: Value, blocked: Bool) throws(EngineError) -> Value {
    guard x.isBlocked != blocked else { return x }
    let y = blocked ? try blockedValue(x.shape) : try value(x.shape, x.type)
    let label = blocked ? "into blocks" : "out of blocks"
    try reorder(.forward, label, from: (x.memory, x.descriptor), to: (y.memory, y.descriptor))
    guard mode == .training else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      let dx = Slot(bytes: x.descriptor.bytes)
      try reorder(.backward, label, from: (dy, y.descriptor), to: (dx, x.descriptor))
      try accumulate(dx, into: x)
    }
    return y
  }
}
