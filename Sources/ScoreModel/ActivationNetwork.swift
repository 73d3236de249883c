import Foundation
import Tensors

/// The network's way down as an encoder of images: what it sees in one look, without noise.
///
/// An image goes in clean, though the network is told a noise level at which shapes show (`sigma`); the activations at the
/// lowest resolution are pooled over place. Use from one thread at a time.
package final class ActivationNetwork {
  /// The noise level that the network is told of: chosen on CIFAR-10's training images and traffic signs
  /// (models/README.md, `Benchmarks/peers/photos.py layers`).
  package static let sigma: Float = 0.2

  package let network: Network
  private let preconditioning: Preconditioning
  private let batch: Int
  private let graph: Graph
  private let x: Graph.Value
  private let middle: Graph.Value

  /// - Parameter batch: images one pass takes; filled up with what was there, so that an image's activations do not depend on
  ///   how many come with it.
  /// - Throws: `EngineError` when oneDNN cannot build the network.
  package init(
    _ network: Network, weights: FrozenWeights, preconditioning: Preconditioning, engine: Engine,
    precision: Precision = .fastest, batch: Int = 8
  ) throws(EngineError) {
    self.network = network
    self.preconditioning = preconditioning
    self.batch = batch
    let shape = network.architecture.shape
    graph = Graph(engine: engine, weights: weights, usesWinograd: precision != .direct)
    x = try graph.input([batch, shape.height, shape.width, network.inputChannels])
    let features = try graph.input([1, 2 * network.architecture.frequencies])
    middle = try network.buildMiddle(in: graph, x: x, features: features, precision: precision)
    graph.output(middle)
    try graph.compile()
    graph.write(network.levelFeatures(Self.sigma), to: features)
  }

  /// Activations an image: of each channel its mean over place, then the logarithm of its deviation, which is nearer to normal
  /// than the deviation and tells classes apart better (docs/folders.md).
  package static func count(_ architecture: Architecture) -> Int {
    2 * Network(architecture).middleChannels
  }

  /// - Parameter images: `[N, height, width, channels]` on the scale -1...1.
  /// - Returns: `[N, 2 * middleChannels]`: means over place, then logarithms of deviations.
  package func pooled(_ images: [Float]) throws -> [Float] {
    let channels = network.middleChannels
    var result: [Float] = []
    result.reserveCapacity(images.count / network.architecture.shape.count * 2 * channels)
    try forEach(images) { Self.pool($0, channels: channels, into: &result) }
    return result
  }

  /// Rows, columns and channels of the activations that are pooled.
  package var middleShape: (height: Int, width: Int, channels: Int) {
    (middle.shape[1], middle.shape[2], network.middleChannels)
  }

  /// - Parameter images: `[N, height, width, channels]` on the scale -1...1.
  /// - Returns: the activations of each by place, `[rows, columns, channels]`.
  package func maps(_ images: [Float]) throws -> [[Float]] {
    var result: [[Float]] = []
    try forEach(images) { result.append(Array($0)) }
    return result
  }

  /// Hands over the activations of each image, `[rows, columns, channels]`.
  private func forEach(
    _ images: [Float], _ body: (UnsafeMutableBufferPointer<Float>) -> Void
  ) throws {
    let shape = network.architecture.shape
    let count = images.count / shape.count
    let channels = network.middleChannels
    let places = middle.shape[1] * middle.shape[2]
    for start in stride(from: 0, to: count, by: batch) {
      let some = min(batch, count - start)
      images.withUnsafeBufferPointer { images in
        graph.withFloats(of: x) {
          // In bounds: start and some stay within whole images.
          preconditioning.encode(
            images.baseAddress! + start * shape.count, pixels: some * shape.height * shape.width,
            channels: shape.channels, sigma: Self.sigma, into: $0.baseAddress!)
        }
      }
      try graph.forward()
      graph.withFloats(of: middle) { values in
        for image in 0..<some {
          let own = UnsafeMutableBufferPointer(
            rebasing: values[image * places * channels..<(image + 1) * places * channels])
          body(own)
        }
      }
    }
  }

  /// Added to deviations before their logarithm is taken: far below what images give.
  private static let leastDeviation: Float = 1e-4

  /// Appends means, and logarithms of population deviations, of `[places, channels]` values.
  static func pool(
    _ values: UnsafeMutableBufferPointer<Float>, channels: Int, into result: inout [Float]
  ) {
    let places = Float(values.count / channels)
    var mean = [Float](repeating: 0, count: channels)
    var square = mean
    for start in stride(from: 0, to: values.count, by: channels) {
      for c in 0..<channels { mean[c] += values[start + c] / places }
    }
    for start in stride(from: 0, to: values.count, by: channels) {
      for c in 0..<channels {
        let difference = values[start + c] - mean[c]
        square[c] += difference * difference / places
      }
    }
    result += mean
    result += square.map { log($0.squareRoot() + leastDeviation) }
  }
}
