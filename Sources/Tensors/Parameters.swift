/// The name, shape and starting values of one learned tensor.
package struct ParameterSpec: Sendable, Equatable {
  /// How training starts it.
  package enum Start: Sendable, Equatable {
    /// Normal with standard deviation sqrt(gain / fan-in); fan-in is the product of all axes but the outputs'.
    case scaledNormal(gain: Float, fanIn: Int)
    case constant(Float)
  }

  /// Dotted path, such as `encoder.0.block.1.conv1.weight`.
  package let name: String
  /// Convolutions `[output, input, height, width]`, matrices `[input, output]`, vectors `[channels]`.
  package let shape: [Int]
  package let start: Start

  package init(_ name: String, _ shape: [Int], _ start: Start) {
    self.name = name
    self.shape = shape
    self.start = start
  }

  package var count: Int { shape.reduce(1, *) }
}

/// All learned tensors of a network in one float32 buffer, and their gradients, where a graph trains, in another.
///
/// One flat buffer lets the optimiser run over a single array; each tensor starts on a 64-byte boundary, the
/// gaps are zero and stay so.
package final class Parameters {
  package let specs: [ParameterSpec]
  /// Where each tensor starts in the flat buffers, by name.
  package let offsets: [String: Int]
  /// Length of the flat buffers, gaps included.
  package let count: Int
  let values: AlignedBuffer
  /// Made when a graph first wants them: what only infers has none.
  private(set) lazy var gradients = AlignedBuffer(bytes: count * 4)

  package init(_ specs: [ParameterSpec]) {
    var offsets: [String: Int] = [:]
    var end = 0
    for spec in specs {
      offsets[spec.name] = end
      end += (spec.count + 15) / 16 * 16
    }
    self.specs = specs
    self.offsets = offsets
    self.count = end
    values = AlignedBuffer(bytes: end * 4)
  }

  /// The same tensors with gradients of their own, for another graph that trains.
  package init(sharingValuesOf other: Parameters) {
    (specs, offsets, count, values) = (other.specs, other.offsets, other.count, other.values)
  }

  /// Length of the flat buffers that so many tensors need, gaps included; nothing is allocated.
  package static func count(of specs: [ParameterSpec]) -> Int {
    specs.reduce(0) { $0 + ($1.count + 15) / 16 * 16 }
  }

  /// Number of learned values, gaps not counted.
  package var learnedCount: Int { specs.reduce(0) { $0 + $1.count } }

  /// Draws every tensor's starting values; the same seed gives the same values.
  package func initialise(seed: UInt64) {
    for (index, spec) in specs.enumerated() {
      let start = offsets[spec.name, default: 0]
      let target = values.floats(from: start, count: spec.count)
      switch spec.start {
      case .constant(let value): target.update(repeating: value)
      case .scaledNormal(let gain, let fanIn):
        var random = RandomSource(seed: seed, stream: UInt64(index))
        random.fillNormal(target)
        let scale = (gain / Float(fanIn)).squareRoot()
        for i in 0..<spec.count { target[i] *= scale }
      }
    }
  }

  /// The flat buffer of values, for the optimiser and for averaging.
  package func withValues<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
    try body(values.floats(from: 0, count: count))
  }

  /// The flat buffer of gradients that the last backward pass filled.
  package func withGradients<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
    try body(gradients.floats(from: 0, count: count))
  }

  /// One tensor's values, row-major in its spec's shape.
  package func read(_ spec: ParameterSpec) -> [Float] {
    Array(values.floats(from: offsets[spec.name, default: 0], count: spec.count))
  }

  /// Sets one tensor.
  /// - Throws: `EngineError.missingParameter` when the name is unknown or the count differs.
  package func write(_ new: [Float], to name: String) throws(EngineError) {
    guard let spec = specs.first(where: { $0.name == name }), let start = offsets[name],
      spec.count == new.count
    else { throw .missingParameter(name: name, shape: [new.count]) }
    _ = values.floats(from: start, count: spec.count).update(from: new)
  }
}
