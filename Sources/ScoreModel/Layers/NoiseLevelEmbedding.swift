import Foundation
import Tensors

/// What the network is told of the noise level: sines and cosines of ln sigma -> linear -> swish -> linear -> swish.
struct NoiseLevelEmbedding: Layer {
  private let frequencies: Int
  private let first: Linear
  private let second: Linear

  init(name: String, _ architecture: Architecture) {
    let width = architecture.embedding
    frequencies = architecture.frequencies
    first = Linear(name: "\(name).0", input: 2 * frequencies, output: width)
    second = Linear(name: "\(name).1", input: width, output: width)
  }

  var parameters: [ParameterSpec] { first.parameters + second.parameters }

  /// Sines and cosines of ln sigma, `[2 * frequencies]`; periods from 0.5 to 32 in ln sigma.
  func features(_ sigma: Float) -> [Float] {
    let u = log(Double(sigma))
    return (0..<2 * frequencies).map { index in
      let position = frequencies > 1 ? Double(index / 2) / Double(frequencies - 1) : 0
      let phase = 2 * Double.pi * u / (0.5 * pow(64, position))
      return Float(index % 2 == 0 ? sin(phase) : cos(phase))
    }
  }

  /// - Parameter features: `[batch or 1, 2 * frequencies]`.
  func callAsFunction(_ features: Graph.Value, in graph: Graph) throws(EngineError) -> Graph.Value {
    try second(try first(features, swish: true, in: graph), swish: true, in: graph)
  }
}
