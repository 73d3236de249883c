import Foundation
import Images
import Tensors
import Testing

@testable import ScoreModel

struct NetworkTests {
  static func architecture(levels: Int, channels: Int = 1) -> Architecture {
    Architecture(
      shape: ImageShape(height: 16, width: 24, channels: channels), preset: .tiny, levels: levels)
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
    arguments: [2, 3, 4])
  func depth(levels: Int) throws {
    let network = Network(Self.architecture(levels: levels, channels: 3))
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

  @Test("Networks that share their weights compute what one alone computes, on threads at once")
  func sharedWeights() throws {
    let network = Network(Self.architecture(levels: 3))
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
    for levels in 2...4 {
      let architecture = Self.architecture(levels: levels)
      let json = try encoder.encode(architecture)
      #expect(String(decoding: json, as: UTF8.self).contains("levels") == (levels != 3))
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
