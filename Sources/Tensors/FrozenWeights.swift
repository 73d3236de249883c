import COneDNN
import Foundation

/// A network's weights once training is over: one copy for the graphs of all threads, laid out once for each layout that
/// they prefer.
///
/// Unchecked because it holds memory by address. `parameters` are written by `init` alone and only read from then on;
/// laid-out weights are written under the lock before any graph learns of them, and only read after.
package final class FrozenWeights: @unchecked Sendable {
  let parameters: Parameters
  /// Weights laid out, by the part of a parameter that they are.
  private var laidOut: [Part: [(layout: Descriptor, buffer: AlignedBuffer)]] = [:]
  private let lock = NSLock()

  /// A window of a parameter: the whole, or a run of its input channels.
  struct Part: Hashable {
    let name: String
    let first: Int
    let shape: [Int]
  }

  /// - Parameter values: of a tensor, row-major in its shape.
  /// - Throws: `EngineError.missingParameter` where their count differs; what `values` throws.
  package init(_ specs: [ParameterSpec], values: (ParameterSpec) throws -> [Float]) throws {
    parameters = Parameters(specs)
    for spec in specs { try parameters.write(try values(spec), to: spec.name) }
  }

  /// Those that `parameters` hold now.
  package init(_ parameters: Parameters) {
    self.parameters = Parameters(parameters.specs)
    parameters.withValues { values in self.parameters.withValues { _ = $0.update(from: values) } }
  }

  package var specs: [ParameterSpec] { parameters.specs }

  /// Number of learned values.
  package var count: Int { parameters.learnedCount }

  /// One tensor's values, row-major in its spec's shape.
  package func read(_ spec: ParameterSpec) -> [Float] { parameters.read(spec) }

  /// A copy that may be written, and differentiated.
  package var thawed: Parameters {
    let copy = Parameters(specs)
    parameters.withValues { values in copy.withValues { _ = $0.update(from: values) } }
    return copy
  }

  /// A part in a layout: as it was laid out before, or by `layOut` now.
  func buffer(
    of part: Part, in layout: Descriptor, layOut: (AlignedBuffer) throws(EngineError) -> Void
  ) throws(EngineError) -> AlignedBuffer {
    lock.lock()
    defer { lock.unlock() }
    if let known = laidOut[part]?.first(where: { $0.layout.sameLayout(as: layout) }) { return known.buffer }
    let buffer = AlignedBuffer(bytes: layout.bytes)
    try layOut(buffer)
    laidOut[part, default: []].append((layout, buffer))
    return buffer
  }
}
