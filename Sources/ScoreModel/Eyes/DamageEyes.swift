import Foundation
import Images
import Tensors

/// A network that learned to mark damage, ready to look. Use from one thread at a time.
package final class DamageEyes {
  package let network: DamageNetwork
  private let preconditioning: Preconditioning
  private let batch: Int
  private let graph: Graph
  private let x: Graph.Value
  private let values: DamageNetwork.Values

  /// - Parameter batch: images one pass takes; filled up with what was there, so that what is seen of an image does not depend on
  ///   how many come with it.
  /// - Throws: `EngineError` when oneDNN cannot build the network.
  package init(
    _ network: DamageNetwork, weights: FrozenWeights, preconditioning: Preconditioning, engine: Engine,
    precision: Precision = .fastest, batch: Int = 8
  ) throws(EngineError) {
    self.network = network
    self.preconditioning = preconditioning
    self.batch = batch
    graph = Graph(engine: engine, weights: weights, usesWinograd: precision != .direct)
    x = try graph.input([batch, network.shape.height, network.shape.width, network.inputChannels])
    values = try network.build(in: graph, x: x, precision: precision, looksInside: true)
    try graph.compile()
  }

  /// What is seen of images.
  ///
  /// - Parameter images: `[N, height, width, channels]` on the scale -1...1.
  /// - Returns: of each `[rows, columns, DamageNetwork.features]`, and the log-odds that a place is damaged, `[rows, columns]`.
  ///   Features are the middle's channels, each place's of mean 0 and deviation 1, and of those before the middle, so normalised too, the
  ///   largest and minus the smallest of the four places there.
  package func look(at images: [Float]) throws -> [(features: [Float], logits: [Float])] {
    let size = network.shape.count
    let input = network.shape.height * network.shape.width * network.inputChannels
    var seen: [(features: [Float], logits: [Float])] = []
    for start in stride(from: 0, to: images.count / size, by: batch) {
      let some = min(batch, images.count / size - start)
      images.withUnsafeBufferPointer { images in
        graph.withFloats(of: x) {
          for row in 0..<some {
            // In bounds: start and some stay within whole images.
            network.encode(
              images.baseAddress! + (start + row) * size, preconditioning,
              into: $0.baseAddress! + row * input)
          }
        }
      }
      try graph.forward()
      let logits = graph.read(values.logits)
      let places = logits.count / batch
      for row in 0..<some {
        seen.append((features(of: row), Array(logits[row * places..<(row + 1) * places])))
      }
    }
    return seen
  }

  private func features(of row: Int) -> [Float] {
    let (rows, columns) = network.places
    let channels = DamageNetwork.middleChannels
    let (half, width) = (channels / 2, DamageNetwork.features)
    var result = [Float](repeating: 0, count: rows * columns * width)
    graph.withFloats(of: values.middle) { middle in
      for place in 0..<rows * columns {
        let from = (row * rows * columns + place) * channels
        for (c, value) in Self.normal(middle[from..<from + channels]).enumerated() {
          result[place * width + c] = value
        }
      }
    }
    graph.withFloats(of: values.beforeMiddle) { before in
      for place in 0..<rows * columns {
        let (y, x) = (place / columns, place % columns)
        let target = place * width + channels
        for c in 0..<2 * half { result[target + c] = -.infinity }
        for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
          let from = ((row * 2 * rows + 2 * y + dy) * 2 * columns + 2 * x + dx) * half
          for (c, value) in Self.normal(before[from..<from + half]).enumerated() {
            result[target + c] = max(result[target + c], value)
            result[target + half + c] = max(result[target + half + c], -value)
          }
        }
      }
    }
    return result
  }

  /// Of mean 0 and deviation 1.
  private static func normal(_ values: Slice<UnsafeMutableBufferPointer<Float>>) -> [Float] {
    let count = Float(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let scale = 1 / (variance + 1e-5).squareRoot()
    return values.map { ($0 - mean) * scale }
  }
}
