import Testing

@testable import Tensors

/// Winograd's algorithm against the sums as they stand, where oneDNN has it; elsewhere both are the same.
struct WinogradTests {
  /// Two convolutions of a residual block, on sizes that are and are not multiples of the 4x4 tiles.
  private func block(_ shape: [Int], usesWinograd: Bool, kernels: inout Set<String>) throws -> [Float] {
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
    let graph = Graph(
      engine: try Engine(), mode: .inference, parameters: parameters, usesWinograd: usesWinograd)
    let x = try graph.input(shape)
    let shift = try graph.input([1, channels])
    let y = try graph.convolution(
      x, weight: "a.weight", bias: "a.bias", shift: shift, swish: true, staysOpen: true)
    // A value that may be overwritten, so that the sum is in place.
    let z = try graph.convolution(
      y, weight: "b.weight", bias: "b.bias", adding: try graph.swish(x))
    graph.output(z)
    try graph.compile()
    try graph.prepare()
    var random = RandomSource(seed: 4)
    graph.write(random.normal(shape.reduce(1, *)), to: x)
    graph.write(random.normal(channels), to: shift)
    // Twice: a second pass finds memory used by the first.
    for _ in 0..<2 { try graph.forward() }
    kernels = Set(try graph.profile(rounds: 0).map(\.kernel))
    return graph.read(z)
  }

  /// The transforms of F(4x4, 3x3) multiply rounding of 2^-24 by at most the row sums of their matrices, 10 for the
  /// input and 19 for the result, each twice: 36 100, or 0.002 of a value's size; rounding errors of either sign
  /// leave a hundredth of it.
  @Test(
    "A block by Winograd's algorithm is the block, to rounding",
    arguments: [[3, 28, 28, 32], [2, 7, 9, 48], [1, 16, 16, 128], [33, 8, 8, 64]])
  func block(shape: [Int]) throws {
    var (kernels, none) = (Set<String>(), Set<String>())
    let fast = try block(shape, usesWinograd: true, kernels: &kernels)
    let exact = try block(shape, usesWinograd: false, kernels: &none)
    let size = (exact.reduce(0) { $0 + $1 * $1 } / Float(exact.count)).squareRoot()
    let far = zip(fast, exact).map { abs($0 - $1) }
    #expect(far.max() ?? 1 <= 2e-3 * size)
    #expect((far.reduce(0) { $0 + $1 * $1 } / Float(far.count)).squareRoot() <= 2e-5 * size)
    #expect(!none.contains { $0.contains("wino") })
  }
}
