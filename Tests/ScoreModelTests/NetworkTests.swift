import Foundation
import Images
import Tensors
import Testing

@testable import ScoreModel

struct NetworkTests {
  static func architecture(levels: Int, channels: Int = 1, attention: Int = 0) -> Architecture {
    Architecture(
      shape: ImageShape(height: 16, width: 24, channels: channels), preset: .tiny, levels: levels,
      attention: attention)
  }

  @Test("Names are each layer's own, and every level has its layers", arguments: [2, 3, 4])
  func names(levels: Int) {
    let specs = Network(Self.architecture(levels: levels)).parameterSpecs
    #expect(Set(specs.map(\.name)).count == specs.count)
    for level in 0..<levels - 1 {
      for layer in ["down.\(level).1.conv2", "halve.\(level)", "enlarge.\(level)", "merge.\(level)"] {
        #expect(specs.contains { $0.name == "\(layer).weight" }, "\(layer)")
      }
    }
    #expect(!specs.contains { $0.name.hasPrefix("down.\(levels - 1)") })
  }

  @Test(
    "Presets have the parameters that they say",
    arguments: zip(Architecture.Preset.allCases, [0.3, 1.2, 4.5]))
  func parameters(preset: Architecture.Preset, millions: Double) {
    let network = Network(Architecture(shape: ImageShape(height: 28, width: 28, channels: 1), preset: preset))
    let count = network.parameterSpecs.reduce(0) { $0 + $1.count }
    // Two digits.
    #expect(abs(Double(count) / 1e6 - millions) < 0.06, "\(count)")
  }

  /// Weights that let every layer have its say, the last convolutions included.
  static func weights(_ network: Network) throws -> Parameters {
    let parameters = Parameters(network.parameterSpecs)
    parameters.initialise(seed: 5)
    for (index, spec) in network.parameterSpecs.enumerated() where spec.shape.count > 1 {
      var random = RandomSource(seed: 6, stream: UInt64(index))
      let scale = (1 / Float(spec.count / spec.shape[0])).squareRoot()
      try parameters.write(random.normal(spec.count).map { scale * $0 }, to: spec.name)
    }
    return parameters
  }

  @Test(
    "A network of any depth runs, and its input gradient is the derivative of its output",
    arguments: [(2, 0), (3, 0), (4, 0), (2, 1), (3, 2), (4, 4)])
  func depth(levels: Int, attention: Int) throws {
    let network = Network(Self.architecture(levels: levels, channels: 3, attention: attention))
    let parameters = try Self.weights(network)
    let denoiser = try DifferentiableNetwork(
      network, parameters: parameters, preconditioning: Preconditioning(mean: 0, deviation: 0.5),
      engine: try Engine(threads: 1), batch: 1)
    let d = network.architecture.shape.count
    var random = RandomSource(seed: 7)
    let (z, v, u) = (random.normal(d).map { 0.5 * $0 }, random.normal(d), random.normal(d))
    let sigma: Float = 0.5
    let gradient = try denoiser.pullBack(v, at: z, sigma: sigma).gradient
    let exact = zip(gradient, u).reduce(0.0) { $0 + Double($1.0 * $1.1) }
    let step: Float = 5e-3
    let above = try denoiser.denoise(zip(z, u).map { $0 + step * $1 }, sigma: sigma)
    let below = try denoiser.denoise(zip(z, u).map { $0 - step * $1 }, sigma: sigma)
    var numeric = 0.0
    for i in 0..<d { numeric += Double((above[i] - below[i]) * v[i]) / Double(2 * step) }
    // Sums of d terms of either sign and size 1: some sqrt(d); the difference bends by step^2, and rounding of 1e-6 over
    // the step leaves 1e-3 of it.
    #expect(abs(exact - numeric) < 0.03 * max(abs(exact), Double(d).squareRoot()), "\(exact), \(numeric)")
  }

  /// What a network makes of noise, at each precision.
  static func seen(by architecture: Architecture, _ weights: FrozenWeights) throws -> [[Float]] {
    var random = RandomSource(seed: 9)
    let noisy = random.normal(5 * architecture.shape.count)
    return try Precision.supported.map {
      try ScoreNetwork(
        Network(architecture), weights: weights, preconditioning: Preconditioning(mean: 0, deviation: 0.5),
        engine: try Engine(threads: 1), precision: $0
      ).denoise(noisy, sigma: 0.3)
    }
  }

  @Test("Attention whose last layer is zero is not there, and any other is")
  func noAttention() throws {
    let (plain, looking) = (Self.architecture(levels: 3), Self.architecture(levels: 3, attention: 2))
    let weights = try Self.weights(Network(looking))
    let without = FrozenWeights(weights)
    let known = try FrozenWeights(Network(plain).parameterSpecs) { without.read($0) }
    let before = try Self.seen(by: plain, known)
    #expect(try Self.seen(by: looking, FrozenWeights(weights)) != before)
    let last = "middle.attention.output.weight"
    let spec = try #require(weights.specs.first { $0.name == last })
    try weights.write([Float](repeating: 0, count: spec.count), to: last)
    #expect(try Self.seen(by: looking, FrozenWeights(weights)) == before)
  }

  @Test(
    "A network given levels or attention starts as what it was",
    arguments: [(2, 0, 3, 0), (2, 0, 4, 0), (3, 0, 3, 1), (3, 0, 4, 2), (3, 2, 3, 2)])
  func deepened(levels: Int, heads: Int, more: Int, attention: Int) throws {
    let (own, other) = (
      Self.architecture(levels: levels, attention: heads),
      Self.architecture(levels: more, attention: attention)
    )
    let weights = FrozenWeights(try Self.weights(Network(own)))
    let deeper = try #require(try Network(own).weights(weights, deepenedTo: other, seed: 3))
    #expect(deeper.specs == Network(other).parameterSpecs)
    #expect(try Self.seen(by: other, deeper) == Self.seen(by: own, weights))
  }

  @Test("Of random weights too, what goes below three levels begins as nothing")
  func startingDeep() throws {
    let deep = Network(Self.architecture(levels: 4))
    let parameters = try deep.startingParameters(seed: 5)
    // The last layer begins at zero, and would hide all.
    var random = RandomSource(seed: 6)
    func draw(_ name: String) throws {
      let spec = try #require(deep.parameterSpecs.first { $0.name == name })
      try parameters.write(random.normal(spec.count).map { 0.1 * $0 }, to: name)
    }
    try draw("output.weight")
    let before = try Self.seen(by: deep.architecture, FrozenWeights(parameters))
    for name in ["halve.2.weight", "middle.0.conv2.weight", "enlarge.2.weight"] { try draw(name) }
    #expect(try Self.seen(by: deep.architecture, FrozenWeights(parameters)) == before)
    try draw("halve.1.weight")
    #expect(try Self.seen(by: deep.architecture, FrozenWeights(parameters)) != before)
  }

  @Test("What a network has is not taken away, and nothing goes below attention")
  func undeepened() throws {
    let own = Self.architecture(levels: 3, attention: 2)
    let weights = FrozenWeights(try Self.weights(Network(own)))
    for (levels, attention) in [(2, 2), (3, 0), (3, 1), (4, 2), (4, 0)] {
      let other = Self.architecture(levels: levels, attention: attention)
      #expect(try Network(own).weights(weights, deepenedTo: other, seed: 1) == nil)
    }
    let colours = Self.architecture(levels: 3, channels: 3, attention: 2)
    #expect(try Network(own).weights(weights, deepenedTo: colours, seed: 1) == nil)
  }

  @Test("As many levels see whole images as leave 8 pixels or fewer, where sides can be halved so often")
  func seeing() {
    func levels(_ width: Int, _ height: Int) -> Int {
      Architecture.levels(seeing: ImageShape(height: height, width: width, channels: 1))
    }
    #expect(levels(28, 28) == 3 && levels(32, 32) == 3 && levels(64, 64) == 4 && levels(128, 128) == 5)
    #expect(levels(16, 16) == 3 && levels(16, 64) == 4 && levels(36, 36) == 3 && levels(128, 36) == 3)
    let deep = Architecture(
      shape: ImageShape(height: 64, width: 64, channels: 1), preset: .small, levels: 4)
    #expect(deep.heads == 4 && Self.architecture(levels: 2).heads == 1)
  }

  @Test("Networks that share their weights compute what one alone computes, on threads at once")
  func sharedWeights() throws {
    let network = Network(Self.architecture(levels: 3, attention: 2))
    let weights = FrozenWeights(try Self.weights(network))
    let preconditioning = Preconditioning(mean: 0, deviation: 0.5)
    var random = RandomSource(seed: 8)
    let noisy = random.normal(3 * network.architecture.shape.count)
    for precision in Precision.supported {
      let alone = try ScoreNetwork(
        network, weights: FrozenWeights(weights.thawed), preconditioning: preconditioning,
        engine: try Engine(threads: 1), precision: precision
      ).denoise(noisy, sigma: 0.3)
      let found = Found()
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        let made = try? ScoreNetwork(
          network, weights: weights, preconditioning: preconditioning, engine: try Engine(threads: 1),
          precision: precision)
        found.add((try? made?.denoise(noisy, sigma: 0.3)) ?? [])
      }
      #expect(found.all.count == 4 && found.all.allSatisfy { $0 == alone }, "\(precision)")
    }
  }

  /// Results of several threads. Unchecked: every use is under the lock.
  private final class Found: @unchecked Sendable {
    private let lock = NSLock()
    private var results: [[Float]] = []
    func add(_ result: [Float]) { lock.withLock { results.append(result) } }
    var all: [[Float]] { lock.withLock { results } }
  }

  @Test("An architecture of three levels is written as before there were others, and read")
  func codable() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for (levels, attention) in [(2, 0), (3, 0), (4, 0), (3, 2), (4, 4)] {
      let architecture = Self.architecture(levels: levels, attention: attention)
      let json = try encoder.encode(architecture)
      let text = String(decoding: json, as: UTF8.self)
      #expect(text.contains("levels") == (levels != 3) && text.contains("attention") == (attention != 0))
      #expect(try JSONDecoder().decode(Architecture.self, from: json) == architecture)
    }
  }

  @Test("Sides that cannot be halved so often are refused")
  func sides() {
    func refusal(_ side: Int, _ levels: Int) -> String? {
      Architecture(
        shape: ImageShape(height: side, width: side, channels: 1), preset: .tiny, levels: levels
      ).refusal
    }
    #expect(refusal(20, 3) == nil && refusal(20, 4)?.contains("multiple of 8") == true)
    #expect(refusal(18, 2) == nil && refusal(18, 3)?.contains("multiple of 4") == true)
    #expect(refusal(32, 6) != nil && refusal(32, 1) != nil)
  }

  @Test("Heads that do not divide the middle's channels are refused")
  func heads() {
    for (heads, isRight) in [(0, true), (1, true), (64, true), (3, false), (128, false), (-1, false)] {
      #expect((Self.architecture(levels: 3, attention: heads).refusal == nil) == isRight, "\(heads)")
    }
  }

  @Test("The shipped model's tensors are those of its architecture")
  func shipped() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    let file = try SafeTensors(path: root.appendingPathComponent("models/fashion-mnist.safetensors").path)
    let specs = Network(
      Architecture(shape: ImageShape(height: 28, width: 28, channels: 1), preset: .small)
    ).parameterSpecs
    let kept = file.tensors.filter { $0.key.hasPrefix("network.") }
    #expect(Set(kept.keys) == Set(specs.map { "network.\($0.name)" }))
    for spec in specs { #expect(kept["network.\(spec.name)"]?.shape == spec.shape, "\(spec.name)") }
  }
}
