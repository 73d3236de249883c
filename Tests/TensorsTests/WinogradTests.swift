import Testing

@testable import Tensors

/// Winograd's algorithm against the sums as they stand, where oneDNN has it; elsewhere both are the same.
struct WinogradTests {
  private struct Found {
    var values: [Float] = []
    /// Of the input and of all parameters.
    var gradients: [Float] = []
    var kernels: Set<String> = []
  }

  /// The two convolutions of a residual block.
  private func block(_ shape: [Int], _ mode: Graph.Mode, usesWinograd: Bool) throws -> Found {
    let channels = shape[3]
    let parameters = Parameters(
      ["a", "b"].flatMap {
        [
          ParameterSpec(
            "\($0).weight", [channels, channels, 3, 3], .scaledNormal(gain: 2, fanIn: 9 * channels)),
          ParameterSpec("\($0).bias", [channels], .scaledNormal(gain: 1, fanIn: 1)),
        ]
      })
    parameters.initialise(seed: 3)
    let graph = Graph(engine: try Engine(), mode: mode, parameters: parameters, usesWinograd: usesWinograd)
    let x = try graph.input(shape)
    let rows = mode == .training ? shape[0] : 1
    let shift = try graph.input([rows, channels])
    let y = try graph.convolution(
      x, weight: "a.weight", bias: "a.bias", shift: shift, swish: true, staysOpen: true)
    // A value that may be overwritten, so that in inference the sum is in place.
    let z = try graph.convolution(y, weight: "b.weight", bias: "b.bias", adding: try graph.swish(x))
    graph.output(z)
    if mode == .training { try graph.differentiate(z, wanted: [x]) }
    try graph.compile()
    try graph.prepare()
    var random = RandomSource(seed: 4)
    graph.write(random.normal(shape.reduce(1, *)), to: x)
    graph.write(random.normal(rows * channels), to: shift)
    // Twice: a second pass finds memory used by the first.
    for _ in 0..<2 { try graph.forward() }
    var found = Found(values: graph.read(z))
    if mode == .training {
      let slope = random.normal(shape.reduce(1, *))
      _ = graph.withGradient(of: z) { _ = $0.update(from: slope) }
      try graph.backward()
      found.gradients = graph.withGradient(of: x) { Array($0) } ?? []
      found.gradients += parameters.withGradients { Array($0) }
    }
    found.kernels = Set(try graph.profile(rounds: 0).map(\.kernel))
    return found
  }

  /// The transforms of F(4x4, 3x3) multiply rounding of 2^-24 by at most the row sums of their matrices, 10 for the
  /// input and 19 for the result, each twice: 36 100, or 0.002 of a value's size; rounding errors of either sign
  /// leave a hundredth of it. The sizes are and are not multiples of the 4x4 tiles.
  @Test(
    "A block by Winograd's algorithm is the block, to rounding",
    arguments: [Graph.Mode.inference, .training],
    [[3, 28, 28, 32], [2, 7, 9, 48], [1, 16, 16, 128], [33, 8, 8, 64]])
  func block(mode: Graph.Mode, shape: [Int]) throws {
    let fast = try block(shape, mode, usesWinograd: true)
    let exact = try block(shape, mode, usesWinograd: false)
    #expect(!exact.kernels.contains { $0.contains("wino") })
    for (fast, exact) in [(fast.values, exact.values), (fast.gradients, exact.gradients)] {
      #expect(fast.count == exact.count)
      let size = (exact.reduce(0) { $0 + $1 * $1 } / Float(max(exact.count, 1))).squareRoot()
      let far = zip(fast, exact).map { abs($0 - $1) }
      #expect(far.allSatisfy { $0 <= 2e-3 * size })
      #expect((far.reduce(0) { $0 + $1 * $1 } / Float(max(far.count, 1))).squareRoot() <= 2e-5 * size)
    }
  }
}
