import Images
import Tensors

extension Network {
  /// Weights of this network that make of images of another shape what they make of its own: convolutions take any size,
  /// and a gray image is taken as a colour one of three equal channels.
  ///
  /// - Parameters:
  ///   - weights: this network's.
  ///   - shape: of as many channels, or 1 for a network of colours.
  /// - Returns: those of `Network(architecture.reshaped(shape))`; nil where gray is to become colours, of which the network
  ///   knows nothing.
  package func weights(_ weights: FrozenWeights, for shape: ImageShape) throws -> FrozenWeights? {
    let colours = architecture.shape.channels
    guard shape.channels != colours else { return weights }
    guard shape.channels == 1 else { return nil }
    let own = Dictionary(uniqueKeysWithValues: parameterSpecs.map { ($0.name, $0) })
    return try FrozenWeights(Network(architecture.reshaped(shape)).parameterSpecs) { wanted in
      guard let spec = own[wanted.name] else {
        throw EngineError.missingParameter(name: wanted.name, shape: wanted.shape)
      }
      let values = weights.read(spec)
      guard spec.shape != wanted.shape else { return values }
      // The two layers that meet the image: what all colours bring is added up, what they are given is averaged.
      return spec.name.hasPrefix(Self.exitName)
        ? Self.mean(values, of: colours) : Self.sum(values, of: colours, in: spec.shape)
    }
  }

  /// Sums over the colours of `[output, 3 * colours, height, width]`, whose inputs are in runs of all colours.
  private static func sum(_ values: [Float], of colours: Int, in shape: [Int]) -> [Float] {
    let area = shape[2] * shape[3]
    return (0..<values.count / area / colours).flatMap { run in
      (0..<area).map { place in
        (0..<colours).reduce(Float(0)) { $0 + values[(run * colours + $1) * area + place] }
      }
    }
  }

  /// Means over the colours, the first axis.
  private static func mean(_ values: [Float], of colours: Int) -> [Float] {
    let count = values.count / colours
    return (0..<count).map { place in
      (0..<colours).reduce(Float(0)) { $0 + values[$1 * count + place] } / Float(colours)
    }
  }
}
