import COneDNN

extension Graph {
  /// Layer normalisation over the channels of each pixel (Ba et al. 2016):
  /// `scale * (x - mean) / sqrt(variance + epsilon) + shift`, statistics in float32.
  ///
  /// No statistic crosses pixels, so a crop is normalised as it would be within its whole image.
  ///
  /// - Parameters:
  ///   - x: `[batch, height, width, channels]`.
  ///   - scale: name of a parameter `[channels]`.
  ///   - shift: name of a parameter `[channels]`.
  package func layerNorm(
    _ x: Value, scale: String, shift: String, epsilon: Float = 1e-5
  ) throws(EngineError) -> Value {
    guard let channels = x.shape.last, x.shape.count == 4 else {
      throw .shapeMismatch(operation: "layer normalisation", expected: [], found: x.shape)
    }
    let pixels = x.shape.dropLast().reduce(1, *)
    let y = try value(x.shape, x.type)
    // The same memory seen as one row of channels a pixel: oneDNN normalises over the last axis.
    let rows = try Descriptor([pixels, channels], x.type, dnnl_ab)
    let statistics = try Descriptor([pixels], .float32, dnnl_a)
    let vector = try Descriptor([channels], .float32, dnnl_a)
    let scales = try parameter(scale, shape: [channels])
    let shifts = try parameter(shift, shape: [channels])
    let mean = Slot(bytes: statistics.bytes)
    let variance = Slot(bytes: statistics.bytes)

    let kind = mode == .training ? dnnl_forward_training : dnnl_forward_inference
    let forward = try PrimitiveDescriptor(scale) {
      onednn_layer_normalization_forward(
        &$0, engine.handle, kind, rows.handle, statistics.handle, epsilon, engine.plain)
    }
    var arguments: [Argument] = [
      .init(DNNL_ARG_SRC, x.slot, rows), .init(DNNL_ARG_SCALE, scales, vector),
      .init(DNNL_ARG_SHIFT, shifts, vector), .init(DNNL_ARG_DST, y.slot, rows),
    ]
    if mode == .training {
      arguments += [.init(DNNL_ARG_MEAN, mean, statistics), .init(DNNL_ARG_VARIANCE, variance, statistics)]
    }
    try emit(.forward, scale, forward, arguments)

    guard mode == .training else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      let label = "\(scale) gradient"
      let backward = try PrimitiveDescriptor(label) {
        onednn_layer_normalization_backward(
          &$0, engine.handle, rows.handle, statistics.handle, epsilon, forward.handle, engine.plain)
      }
      let dx = Slot(bytes: x.descriptor.bytes)
      try emit(
        .backward, label, backward,
        [
          .init(DNNL_ARG_SRC, x.slot, rows), .init(DNNL_ARG_MEAN, mean, statistics),
          .init(DNNL_ARG_VARIANCE, variance, statistics), .init(DNNL_ARG_SCALE, scales, vector),
          .init(DNNL_ARG_SHIFT, shifts, vector), .init(DNNL_ARG_DIFF_DST, dy, rows),
          .init(DNNL_ARG_DIFF_SRC, dx, rows),
          .init(DNNL_ARG_DIFF_SCALE, try parameterGradient(scale, shape: [channels]), vector),
          .init(DNNL_ARG_DIFF_SHIFT, try parameterGradient(shift, shape: [channels]), vector),
        ])
      try accumulate(dx, into: x)
    }
    return y
  }
}
