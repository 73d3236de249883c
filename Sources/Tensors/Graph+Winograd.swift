import COneDNN

/// 3x3 convolutions by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308): 36
/// multiplications for 16 results and a channel, where the sum itself takes 144.
///
/// oneDNN has it for AVX-512 in versions before 3, on channels in blocks of 16 and in float32. Elsewhere nothing here
/// is used. Its transforms lose some digits: `make bench BENCH=precision` shows what that is in bits.
extension Graph {
  /// The convolution with what follows it, or nil where Winograd's algorithm is not to be had.
  func winograd(
    _ layer: Convolution, _ x: Value, shift: Value?, swish: Bool, adding: Value?, staysOpen: Bool
  ) throws(EngineError) -> Value? {
    guard x.type == .float32, layer.shape[2...] == [3, 3], layer.stride == 1,
      layer.shape[0] % Self.block == 0, layer.shape[1] % Self.block == 0, usesWinograd
    else { return nil }
    let output = layer.output(x.shape)
    let biasLayout = try Descriptor([layer.shape[0]], .float32, dnnl_a)
    let open = try Descriptor(layer.shape, .float32, dnnl_format_tag_any)
    let (source, target) = (try Self.blocked(x.shape), try Self.blocked(output))
    let found = try? PrimitiveDescriptor("convolution \(layer.weight)") {
      onednn_convolution_forward(
        &$0, engine.handle, dnnl_forward_inference, dnnl_convolution_winograd, source.handle, open.handle,
        biasLayout.handle, target.handle, layer.strides, layer.padBegin, layer.padEnd(x.shape, output), nil)
    }
    guard let forward = found else { return nil }
    let weights = try parameter(layer.weight, shape: layer.shape).value
    let stored = try Descriptor(layer.shape, .float32, dnnl_oihw)
    let (laidOut, preferred) = try layOut(weights, stored, for: forward, layer.weight)

    // A shift is the same for all pixels and images: the bias of this pass.
    var bias = try parameter(layer.bias, shape: [layer.shape[0]]).value
    if let shift {
      let sum = Slot(bytes: biasLayout.bytes)
      try emitSum(.forward, "\(layer.bias) shifted", bias, shift.slot, into: sum, as: biasLayout)
      bias = sum
    }
    let from = try blocked(x, source)
    let y = Value(
      shape: output, type: .float32, slot: Slot(bytes: target.bytes), descriptor: target, isBlocked: true)
    try emit(
      .forward, layer.weight, forward,
      [
        .init(DNNL_ARG_SRC, from, source), .init(DNNL_ARG_WEIGHTS, laidOut, preferred),
        .init(DNNL_ARG_BIAS, bias, biasLayout), .init(DNNL_ARG_DST, y.memory, target),
      ])
    if swish {
      let inPlace = try PrimitiveDescriptor("swish") {
        onednn_eltwise_forward(
          &$0, engine.handle, dnnl_forward_inference, dnnl_eltwise_swish, target.handle, 1, 0)
      }
      try emit(
        .forward, "swish", inPlace,
        [.init(DNNL_ARG_SRC, y.memory, target), .init(DNNL_ARG_DST, y.memory, target)])
    }
    guard let adding else { return staysOpen ? y : try channelsLast(y) }
    guard canOverwrite(adding, output, beside: x) else { return try add(try channelsLast(y), adding) }
    let sum = Value(shape: output, type: .float32, slot: adding.slot, descriptor: adding.descriptor)
    try reorder(
      .forward, "\(layer.weight) added", from: (y.memory, target), to: (sum.memory, sum.descriptor),
      adding: true)
    adding.isOverwritten = true
    return sum
  }

  /// Channels a block holds: what AVX-512 takes at once.
  private static var block: Int { 16 }

  private static func blocked(_ shape: [Int]) throws(EngineError) -> Descriptor {
    try Descriptor([shape[0], shape[3], shape[1], shape[2]], .float32, dnnl_nChw16c)
  }

  /// The value's memory with channels in blocks.
  private func blocked(_ x: Value, _ layout: Descriptor) throws(EngineError) -> Slot {
    if x.isBlocked { return x.memory }
    let slot = Slot(bytes: layout.bytes)
    try reorder(.forward, "into blocks", from: (x.slot, x.descriptor), to: (slot, layout))
    return slot
  }

  /// The value with channels last.
  func channelsLast(_ x: Value) throws(EngineError) -> Value {
    guard x.isBlocked else { return x }
    let y = try value(x.shape, x.type)
    try reorder(.forward, "out of blocks", from: (x.memory, x.descriptor), to: (y.slot, y.descriptor))
    return y
  }
}
