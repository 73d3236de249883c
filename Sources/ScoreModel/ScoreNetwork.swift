import Tensors

/// A trained network ready to denoise: weights laid out, shared with other threads' networks, memory planned for one
/// batch size.
///
/// Every call runs whole batches, the last one filled up with what the buffer held, so an image's result does
/// not depend on how many come with it. Use from one thread at a time.
package final class ScoreNetwork: Denoiser {
  package let network: Network
  package let preconditioning: Preconditioning
  package let precision: Precision
  /// Images one pass takes.
  package let batch: Int

  /// Images a pass unless asked otherwise: as many as a thread needs for its best pace (docs/performance.md), and no
  /// more, since one image waits for as many. From 4 on oneDNN's algorithms, and so an image's bits, do not change with
  /// the batch.
  package static func batch(for precision: Precision) -> Int { precision == .bfloat16 ? 4 : 8 }

  private let graph: Graph
  private let x: Graph.Value
  private let features: Graph.Value
  private let f: Graph.Value

  /// - Throws: `EngineError` when oneDNN cannot build the network.
  package init(
    _ network: Network, weights: FrozenWeights, preconditioning: Preconditioning, engine: Engine,
    precision: Precision = .fastest, batch: Int? = nil
  ) throws(EngineError) {
    self.network = network
    self.preconditioning = preconditioning
    self.precision = precision
    self.batch = batch ?? Self.batch(for: precision)
    let shape = network.architecture.shape
    graph = Graph(engine: engine, weights: weights, usesWinograd: precision != .direct)
    x = try graph.input([self.batch, shape.height, shape.width, network.inputChannels])
    features = try graph.input([1, 2 * network.architecture.frequencies])
    f = try network.build(in: graph, x: x, features: features, precision: precision)
    graph.output(f)
    try graph.compile()
  }

  package var valuesPerImage: Int { network.architecture.shape.count }

  package func denoise(_ noisy: [Float], sigma: Float) throws -> [Float] {
    let shape = network.architecture.shape
    let count = noisy.count / shape.count
    graph.write(network.levelFeatures(sigma), to: features)
    var clean = [Float](repeating: 0, count: noisy.count)
    try noisy.withUnsafeBufferPointer { noisy in
      try clean.withUnsafeMutableBufferPointer { clean in
        for start in stride(from: 0, to: count, by: batch) {
          let images = min(batch, count - start)
          // In bounds: start and images stay within the arrays' count of whole images.
          let z = noisy.baseAddress! + start * shape.count
          graph.withFloats(of: x) {
            preconditioning.encode(
              z, pixels: images * shape.height * shape.width, channels: shape.channels, sigma: sigma,
              into: $0.baseAddress!)
          }
          try graph.forward()
          graph.withFloats(of: f) {
            preconditioning.decode(
              $0.baseAddress!, noisy: z, count: images * shape.count, sigma: sigma,
              into: clean.baseAddress! + start * shape.count)
          }
        }
      }
    }
    return clean
  }

  /// Time of each layer for one batch, and the oneDNN kernel that ran it.
  package func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try graph.profile(rounds: rounds)
  }
}
