import Testing

@testable import Tensors

/// Backward passes against central differences of the forward pass, in float32.
///
/// The loss is a fixed random projection of the output, computed in double from float32 outputs. With step h and
/// values of order 1 the difference quotient errs by rounding (about 1e-6 sqrt(outputs) / h) and by curvature
/// (h^2): at h = 1e-2 both stay below 1e-3 of the largest gradient, and the tolerance is five times that.
struct GradientTests {
  static let step: Float = 1e-2
  static let tolerance: Float = 5e-3

  /// Checks the gradients of an input and of every parameter of one small network.
  func verify(
    _ specs: [ParameterSpec], input shape: [Int], second: [Int]? = nil,
    _ build: (Graph, Graph.Value, Graph.Value?) throws -> Graph.Value
  ) throws {
    let parameters = Parameters(specs)
    parameters.initialise(seed: 3)
    let graph = Graph(engine: try Engine(), mode: .training, parameters: parameters)
    let x = try graph.input(shape)
    let extra = try second.map { try graph.input($0) }
    let y = try build(graph, x, extra)
    graph.output(y)
    let wanted = [x] + (extra.map { [$0] } ?? [])
    try graph.differentiate(y, wanted: wanted)
    try graph.compile()

    var random = RandomSource(seed: 11)
    for value in wanted { graph.write(random.normal(value.shape.reduce(1, *)), to: value) }
    let projection = random.normal(y.shape.reduce(1, *))
    func loss() throws -> Double {
      try graph.prepare()
      try graph.forward()
      return zip(graph.read(y), projection).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    _ = try loss()
    graph.withGradient(of: y) { _ = $0.update(from: projection) }
    try graph.backward()

    for value in wanted {
      let exact = try #require(graph.withGradient(of: value) { Array($0) })
      var base = graph.read(value)
      let numeric = try exact.indices.map { index in
        let kept = base[index]
        base[index] = kept + Self.step
        graph.write(base, to: value)
        let above = try loss()
        base[index] = kept - Self.step
        graph.write(base, to: value)
        let below = try loss()
        base[index] = kept
        graph.write(base, to: value)
        return Float((above - below) / Double(2 * Self.step))
      }
      expectClose(exact, numeric, "input")
    }
    for spec in specs {
      let offset = try #require(parameters.offsets[spec.name])
      let exact = parameters.withGradients { Array($0[offset..<offset + spec.count]) }
      let numeric = try (0..<spec.count).map { index in
        let kept = parameters.withValues { $0[offset + index] }
        parameters.withValues { $0[offset + index] = kept + Self.step }
        let above = try loss()
        parameters.withValues { $0[offset + index] = kept - Self.step }
        let below = try loss()
        parameters.withValues { $0[offset + index] = kept }
        return Float((above - below) / Double(2 * Self.step))
      }
      expectClose(exact, numeric, spec.name)
    }
  }

  func expectClose(_ exact: [Float], _ numeric: [Float], _ name: String) {
    let scale = exact.map(abs).max() ?? 0
    #expect(scale > 0, "gradient of \(name) is all zero")
    for (a, b) in zip(exact, numeric) {
      #expect(abs(a - b) <= Self.tolerance * max(scale, 1), "\(name): \(a), by differences \(b)")
    }
  }

  static func weights(_ shape: [Int], name: String = "w") -> [ParameterSpec] {
    let outputs = shape.count == 4 ? shape[0] : shape[1]
    return [
      .init("\(name).weight", shape, .scaledNormal(gain: 1, fanIn: shape.reduce(1, *) / outputs)),
      .init("\(name).bias", [outputs], .scaledNormal(gain: 1, fanIn: 1)),
    ]
  }

  @Test("Convolution's gradients are the derivatives of its values", arguments: [1, 2])
  func convolution(stride: Int) throws {
    try verify(Self.weights([5, 3, 3, 3]), input: [2, 6, 4, 3]) { graph, x, _ in
      try graph.convolution(x, weight: "w.weight", bias: "w.bias", stride: stride)
    }
  }

  @Test("A convolution's shift, swish and residual have the gradients of their sum")
  func fusedConvolution() throws {
    try verify(Self.weights([3, 3, 3, 3]), input: [2, 4, 4, 3], second: [2, 3]) { graph, x, shift in
      try graph.convolution(
        x, weight: "w.weight", bias: "w.bias", shift: shift, swish: true, adding: x)
    }
  }

  @Test("Layer normalisation's gradients are the derivatives of its values")
  func layerNorm() throws {
    let specs: [ParameterSpec] = [
      .init("scale", [6], .scaledNormal(gain: 1, fanIn: 1)),
      .init("shift", [6], .scaledNormal(gain: 1, fanIn: 1)),
    ]
    try verify(specs, input: [2, 3, 2, 6]) { graph, x, _ in
      try graph.layerNorm(x, scale: "scale", shift: "shift")
    }
  }

  @Test("Enlarging and concatenating pass gradients back to both sources")
  func upsampleAndConcatenate() throws {
    try verify([], input: [2, 3, 2, 3], second: [2, 6, 4, 2]) { graph, x, second in
      let large = try graph.upsample(x, height: 6, width: 4)
      return try graph.concatenate(large, try #require(second))
    }
  }

  @Test("Linear layers' gradients are the derivatives of their values")
  func linear() throws {
    try verify(Self.weights([4, 5]), input: [3, 4]) { graph, x, _ in
      try graph.linear(x, weight: "w.weight", bias: "w.bias", swish: true)
    }
  }

  @Test("Attention's gradients are the derivatives of its values, where it looks with what it sees too")
  func attention() throws {
    try verify([], input: [2, 3, 2, 8], second: [2, 3, 2, 8]) { graph, x, second in
      try graph.attention(query: x, key: try #require(second), value: x, heads: 2)
    }
  }

  @Test(
    "Inference, fused, computes what training computes",
    arguments: Precision.supported.filter { $0 != .direct })
  func fusion(precision: Precision) throws {
    let specs = Self.weights([16, 16, 3, 3])
    let parameters = Parameters(specs)
    parameters.initialise(seed: 5)
    var random = RandomSource(seed: 2)
    let pixels = random.normal(1 * 8 * 8 * 16)
    let shifts = random.normal(16)
    let engine = try Engine()
    let outputs = try [Graph.Mode.training, .inference].map { mode in
      let graph = Graph(engine: engine, mode: mode, parameters: parameters)
      let x = try graph.input([1, 8, 8, 16])
      let shift = try graph.input([1, 16])
      let inner = try graph.convert(x, to: precision == .bfloat16 ? .bfloat16 : .float32)
      let y = try graph.convert(
        try graph.convolution(
          inner, weight: "w.weight", bias: "w.bias", shift: shift, swish: true, adding: inner),
        to: .float32)
      graph.output(y)
      try graph.compile()
      try graph.prepare()
      graph.write(pixels, to: x)
      graph.write(shifts, to: shift)
      try graph.forward()
      return graph.read(y)
    }
    // Values reach about 8. float32 sums of 144 products round to some 1e-5; bfloat16 keeps 8 bits at each of
    // the four places where training stores what inference fuses: 4 * 8 * 2^-9 = 0.06.
    let tolerance: Float = precision == .bfloat16 ? 0.0625 : 1e-4
    for (a, b) in zip(outputs[0], outputs[1]) { #expect(abs(a - b) <= tolerance) }
  }

  /// Sums of 10 products of values up to some 4: rounding stays below 10 * 16 * 2^-24 = 1e-5.
  @Test("Merging at low resolution is enlarging, laying side by side and merging")
  func merge() throws {
    let parameters = Parameters(Self.weights([5, 10, 1, 1]))
    parameters.initialise(seed: 6)
    var random = RandomSource(seed: 7)
    let (low, skip) = (random.normal(2 * 3 * 2 * 4), random.normal(2 * 6 * 4 * 6))
    let outputs = try [Graph.Mode.training, .inference].map { mode in
      let graph = Graph(engine: try Engine(), mode: mode, parameters: parameters)
      let (x, beside) = (try graph.input([2, 3, 2, 4]), try graph.input([2, 6, 4, 6]))
      let y = try graph.merge(x, beside, weight: "w.weight", bias: "w.bias")
      graph.output(y)
      try graph.compile()
      try graph.prepare()
      graph.write(low, to: x)
      graph.write(skip, to: beside)
      for _ in 0..<2 { try graph.forward() }
      return graph.read(y)
    }
    #expect(outputs[0].count == 2 * 6 * 4 * 5)
    for (a, b) in zip(outputs[0], outputs[1]) { #expect(abs(a - b) <= 1e-5) }
  }
}
