import Foundation
import Tensors

/// Learned eyes ready to look. Use from one thread at a time.
package final class Eyes {
  private let network: EyeNetwork
  private let preconditioning: Preconditioning
  private let batch: Int
  private let graph: Graph
  private let x: Graph.Value
  private let middle: Graph.Value
  private let logits: Graph.Value

  /// - Parameter batch: images one pass takes; filled up with what was there, so that what is seen of an image does not depend on
  ///   how many come with it.
  /// - Throws: `EngineError` when oneDNN cannot build the network.
  package init(
    _ network: EyeNetwork, weights: FrozenWeights, preconditioning: Preconditioning, engine: Engine,
    precision: Precision = .fastest, batch: Int = 8
  ) throws(EngineError) {
    self.network = network
    self.preconditioning = preconditioning
    self.batch = batch
    let architecture = network.network.architecture
    graph = Graph(engine: engine, weights: weights, usesWinograd: precision != .direct)
    x = try graph.input([
      batch, architecture.shape.height, architecture.shape.width, network.network.inputChannels,
    ])
    let features = try graph.input([1, 2 * architecture.frequencies])
    (middle, logits) = try network.build(in: graph, x: x, features: features, precision: precision)
    graph.output(middle)
    graph.output(logits)
    try graph.compile()
    graph.write(network.network.levelFeatures(ActivationNetwork.sigma), to: features)
  }

  /// What is seen of images.
  ///
  /// - Parameter images: `[N, height, width, channels]` on the scale -1...1.
  /// - Returns: of each the activations, `activationCount`, and natural logarithms of the alterations' probabilities.
  package func look(at images: [Float]) throws -> [(activations: [Float], logProbabilities: [Float])] {
    let shape = network.network.architecture.shape
    let channels = network.network.middleChannels
    let kinds = network.alterations.count
    let places = logits.shape[1] * logits.shape[2]
    var seen: [(activations: [Float], logProbabilities: [Float])] = []
    for start in stride(from: 0, to: images.count / shape.count, by: batch) {
      let some = min(batch, images.count / shape.count - start)
      images.withUnsafeBufferPointer { images in
        graph.withFloats(of: x) {
          // In bounds: start and some stay within whole images.
          preconditioning.encode(
            images.baseAddress! + start * shape.count, pixels: some * shape.height * shape.width,
            channels: shape.channels, sigma: ActivationNetwork.sigma, into: $0.baseAddress!)
        }
      }
      try graph.forward()
      let activations = graph.withFloats(of: middle) { values in
        (0..<some).map { image in
          var pooled: [Float] = []
          ActivationNetwork.pool(
            UnsafeMutableBufferPointer(
              rebasing: values[image * places * channels..<(image + 1) * places * channels]),
            channels: channels, into: &pooled)
          return pooled
        }
      }
      graph.withFloats(of: logits) { values in
        for image in 0..<some {
          seen.append(
            (
              activations[image],
              Self.logProbabilities(
                UnsafeMutableBufferPointer(
                  rebasing: values[image * places * kinds..<(image + 1) * places * kinds]), kinds: kinds)
            ))
        }
      }
    }
    return seen
  }

  /// Logarithm of the softmax of the mean over place of `[places, kinds]` logits.
  static func logProbabilities(_ logits: UnsafeMutableBufferPointer<Float>, kinds: Int) -> [Float] {
    var mean = [Float](repeating: 0, count: kinds)
    let share = Float(kinds) / Float(logits.count)
    for (k, value) in logits.enumerated() { mean[k % kinds] += value * share }
    let most = mean.max() ?? 0
    let total = most + log(mean.reduce(0) { $0 + exp($1 - most) })
    return mean.map { $0 - total }
  }
}
