import COneDNN

extension Graph {
  /// Scaled dot-product attention of every place to every place of its image (Vaswani et al. 2017, arXiv 1706.03762),
  /// head by head: `softmax(q k^T / sqrt(d)) v`, with d channels a head, each head's next to one another.
  ///
  /// Heads are read and written where they lie, channels last: nothing is copied. What grows is the square of the places,
  /// `batch * heads * places^2` values of x's type; in training these are kept for the way back. Sums are in float32.
  ///
  /// - Parameters:
  ///   - query, key, value: `[batch, height, width, channels]`, of one type.
  ///   - heads: divides the channels.
  ///   - label: named in errors and profiles.
  /// - Throws: `EngineError.shapeMismatch`, `.operationFailed`.
  package func attention(
    query: Value, key: Value, value: Value, heads: Int, label: String = "attention"
  ) throws(EngineError) -> Value {
    for other in [key, value] where other.shape != query.shape || other.type != query.type {
      throw .shapeMismatch(operation: label, expected: query.shape, found: other.shape)
    }
    guard query.shape.count == 4, heads > 0, query.shape[3] % heads == 0 else {
      throw .shapeMismatch(operation: label, expected: [heads], found: query.shape)
    }
    let form = try AttentionForm(query.shape, query.type, heads: heads)
    let y = try self.value(query.shape, query.type)
    let weights = Slot(bytes: form.pairs.bytes)
    try emitProduct(
      .forward, "\(label) scores", (query.slot, form.places), (key.slot, form.turnedPlaces),
      scale: form.scale, into: (weights, form.pairs))
    let kind = mode == .training ? dnnl_forward_training : dnnl_forward_inference
    let softmax = try PrimitiveDescriptor("\(label) softmax") {
      onednn_softmax_forward(
        &$0, engine.handle, kind, form.pairs.handle, AttentionForm.axis, engine.plain)
    }
    try emit(
      .forward, "\(label) softmax", softmax,
      [.init(DNNL_ARG_SRC, weights, form.pairs), .init(DNNL_ARG_DST, weights, form.pairs)])
    try emitProduct(
      .forward, label, (weights, form.pairs), (value.slot, form.places), into: (y.slot, form.places))
    guard mode == .training else { return y }
    tape.append { [unowned self] in
      guard let dy = gradient(of: y) else { return }
      try emitGradients(query, key, value, weights, dy, form, softmax, "\(label) gradient")
    }
    return y
  }

  /// With P the weights and S the scores: dV = P^T dY, dP = dY V^T, dS by the softmax, dQ = dS K and dK = dS^T Q, scaled.
  private func emitGradients(
    _ query: Value, _ key: Value, _ value: Value, _ weights: Slot, _ dy: Slot, _ form: AttentionForm,
    _ softmax: PrimitiveDescriptor, _ label: String
  ) throws(EngineError) {
    let dValue = Slot(bytes: value.descriptor.bytes)
    try emitProduct(
      .backward, label, (weights, form.turnedPairs), (dy, form.places), into: (dValue, form.places))
    let dScores = Slot(bytes: form.pairs.bytes)
    try emitProduct(
      .backward, label, (dy, form.places), (value.slot, form.turnedPlaces), into: (dScores, form.pairs))
    let backward = try PrimitiveDescriptor(label) {
      onednn_softmax_backward(
        &$0, engine.handle, form.pairs.handle, AttentionForm.axis, softmax.handle, engine.plain)
    }
    try emit(
      .backward, label, backward,
      [
        .init(DNNL_ARG_DST, weights, form.pairs), .init(DNNL_ARG_DIFF_DST, dScores, form.pairs),
        .init(DNNL_ARG_DIFF_SRC, dScores, form.pairs),
      ])
    let dQuery = Slot(bytes: query.descriptor.bytes)
    try emitProduct(
      .backward, label, (dScores, form.pairs), (key.slot, form.places), scale: form.scale,
      into: (dQuery, form.places))
    let dKey = Slot(bytes: key.descriptor.bytes)
    try emitProduct(
      .backward, label, (dScores, form.turnedPairs), (query.slot, form.places), scale: form.scale,
      into: (dKey, form.places))
    for (gradient, input) in [(dQuery, query), (dKey, key), (dValue, value)] {
      try accumulate(gradient, into: input)
    }
  }
}

/// How attention sees channels-last memory as matrices, one an image and head.
private struct AttentionForm {
  /// Places by channels of a head, and turned.
  let places: Descriptor
  let turnedPlaces: Descriptor
  /// Places by places, and turned.
  let pairs: Descriptor
  let turnedPairs: Descriptor
  let scale: Float

  /// The axis that a place's weights lie along.
  static let axis: Int32 = 3

  init(_ shape: [Int], _ type: ElementType, heads: Int) throws(EngineError) {
    let (batch, count, width) = (shape[0], shape[1] * shape[2], shape[3] / heads)
    places = try Descriptor([batch, heads, count, width], type, dnnl_acbd)
    turnedPlaces = try Descriptor([batch, heads, width, count], type, dnnl_adbc)
    pairs = try Descriptor([batch, heads, count, count], type, dnnl_abcd)
    turnedPairs = try Descriptor([batch, heads, count, count], type, dnnl_abdc)
    scale = 1 / Float(width).squareRoot()
  }
}
