import ArgumentParser
import Foundation
import Tensors

/// What attention costs by itself, and what bfloat16 changes of it on this processor.
struct AttentionBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention",
    abstract: "Time of attention, forward and with its gradients, and what bfloat16 changes of both.")

  @Option(help: "Sides of the lowest resolution.") var sides = [7, 8, 16]
  @Option var channels = 128
  @Option var heads = 2
  @Option var batch = 8
  @Option var threads = 1

  func run() throws {
    print(
      "one image on \(threads) threads, \(channels) channels, \(heads) heads; differences of the largest value"
    )
    print("places   f32 us  and gradients  bf16 us  and gradients   result  query    key      value")
    for side in sides {
      let shape = [batch, side, side, channels]
      let float = try measure(shape, .float32)
      let half = Precision.hasBFloat16 ? try measure(shape, .bfloat16) : float
      let differences = zip(float.values, half.values).map { a, b in
        let scale = a.map(abs).max() ?? 1
        return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / scale
      }
      print(
        String(
          format: "%6d %8.1f %14.1f %8.1f %14.1f   ", side * side, float.forward * 1e6, float.both * 1e6,
          half.forward * 1e6, half.both * 1e6)
          + differences.map { String(format: "%.4f", $0) }.joined(separator: "   "))
    }
  }

  /// Seconds an image, and the result with the gradients of query, key and value.
  private func measure(
    _ shape: [Int], _ type: ElementType
  ) throws -> (forward: Double, both: Double, values: [[Float]]) {
    let graph = Graph(engine: try Engine(threads: threads), mode: .training, parameters: Parameters([]))
    let inputs = try (0..<3).map { _ in try graph.input(shape) }
    let inner = try inputs.map { try graph.convert($0, to: type) }
    let y = try graph.convert(
      try graph.attention(query: inner[0], key: inner[1], value: inner[2], heads: heads), to: .float32)
    graph.output(y)
    try graph.differentiate(y, wanted: inputs)
    try graph.compile()
    var random = RandomSource(seed: 1)
    let count = shape.reduce(1, *)
    for input in inputs { graph.write(random.normal(count), to: input) }
    let slope = random.normal(count)
    graph.withGradient(of: y) { _ = $0.update(from: slope) }
    func seconds(_ body: () throws -> Void) rethrows -> Double {
      let times = try (0..<30).map { _ in
        let start = ContinuousClock.now
        try body()
        return (ContinuousClock.now - start) / .seconds(1)
      }
      return times.sorted()[times.count / 2] / Double(batch)
    }
    let forward = try seconds { try graph.forward() }
    let both = try seconds {
      // What the way back needs is there once.
      try graph.forward()
      try graph.backward()
    }
    let gradients = inputs.compactMap { graph.withGradient(of: $0) { Array($0) } }
    return (forward, both, [graph.read(y)] + gradients)
  }
}
