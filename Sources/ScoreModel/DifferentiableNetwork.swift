import Tensors

/// A denoiser whose Jacobian can be applied from the left: what the probability-flow ODE's divergence needs.
public protocol DifferentiableDenoiser: Denoiser {
  /// Denoises, and pulls vectors back through the denoiser.
  ///
  /// - Parameters:
  ///   - noisy: z, `[N, d]`.
  ///   - vectors: v, `[N, d]`.
  /// - Returns: yhat and v^T dyhat/dz, each `[N, d]`.
  func pullBack(
    _ vectors: [Float], at noisy: [Float], sigma: Float
  ) throws -> (denoised: [Float], gradient: [Float])
}

/// The network with its gradient with respect to the input, in float32. Use from one thread at a time.
package final class DifferentiableNetwork: DifferentiableDenoiser {
  private let network: Network
  private let preconditioning: Preconditioning
  private let batch: Int
  private let graph: Graph
  private let x: Graph.Value
  private let features: Graph.Value
  private let f: Graph.Value

  /// - Throws: `EngineError` when oneDNN cannot build the network.
  package init(
    _ network: Network, parameters: Parameters, preconditioning: Preconditioning, engine: Engine, batch: Int
  ) throws(EngineError) {
    self.network = network
    self.preconditioning = preconditioning
    self.batch = batch
    let shape = network.architecture.shape
    graph = Graph(engine: engine, mode: .training, parameters: parameters)
    x = try graph.input([batch, shape.height, shape.width, network.inputChannels])
    features = try graph.input([batch, 2 * network.architecture.frequencies])
    f = try network.build(in: graph, x: x, features: features, precision: .float32)
    graph.output(f)
    try graph.differentiate(f, wanted: [x])
    try graph.compile()
    try graph.prepare()
  }

  package var valuesPerImage: Int { network.architecture.shape.count }

  package func denoise(_ noisy: [Float], sigma: Float) throws -> [Float] {
    try pullBack([Float](repeating: 0, count: noisy.count), at: noisy, sigma: sigma).denoised
  }

  package func pullBack(
    _ vectors: [Float], at noisy: [Float], sigma: Float
  ) throws -> (denoised: [Float], gradient: [Float]) {
    let d = valuesPerImage
    var denoised = [Float](repeating: 0, count: noisy.count)
    var gradient = denoised
    let level = network.levelFeatures(sigma)
    graph.write((0..<batch).flatMap { _ in level }, to: features)
    for start in stride(from: 0, to: noisy.count / d, by: batch) {
      let images = min(batch, noisy.count / d - start)
      try pullBack(
        vectors, noisy, sigma, values: start * d..<(start + images) * d, &denoised, &gradient)
    }
    return (denoised, gradient)
  }

  private func pullBack(
    _ vectors: [Float], _ noisy: [Float], _ sigma: Float, values: Range<Int>, _ denoised: inout [Float],
    _ gradient: inout [Float]
  ) throws {
    let channels = network.architecture.shape.channels
    noisy.withUnsafeBufferPointer { noisy in
      graph.withFloats(of: x) {
        // In bounds: `values` are whole images of `noisy`, at most the batch that x holds.
        preconditioning.encode(
          noisy.baseAddress! + values.lowerBound, pixels: values.count / channels, channels: channels,
          sigma: sigma, into: $0.baseAddress!)
      }
    }
    try graph.forward()
    graph.withFloats(of: f) { f in
      _ = graph.withGradient(of: self.f) { seed in
        seed.update(repeating: 0)
        for (row, i) in values.enumerated() {
          let (value, slope) = preconditioning.decode(f[row], noisy: noisy[i], sigma: sigma)
          denoised[i] = value
          // slope is grid slope times c_out; through the skip it is grid slope times c_skip.
          let c = preconditioning.coefficients(sigma)
          seed[row] = vectors[i] * slope
          gradient[i] = vectors[i] * slope / c.out * c.skip
        }
      }
    }
    try graph.backward()
    _ = graph.withGradient(of: x) { inputs in
      let scale = preconditioning.coefficients(sigma).input
      let unit = 1 / (4 * sigma)
      for (row, i) in values.enumerated() {
        let at = row / channels * 3 * channels + row % channels
        let z = noisy[i]
        gradient[i] += scale * inputs[at]
        if abs((z + 1) * unit) < 1 { gradient[i] += unit * inputs[at + channels] }
        if abs((1 - z) * unit) < 1 { gradient[i] -= unit * inputs[at + 2 * channels] }
      }
    }
  }
}
