import ArgumentParser
import Foundation
import Images
import ScoreModel
import Tensors

/// How many images a second the network takes, for Benchmarks/peers/speed.py to set beside others.
struct SpeedBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "speed", abstract: "Passes or training steps of the network, images a second.")

  @Option var preset = Architecture.Preset.small
  @Option var size = 32
  @Option var channels = 3
  @Option var batch = 32
  @Option var threads = 2
  @Option var precision = Precision.float32
  @Flag(help: "Whole training steps instead of passes.") var training = false
  @Option(help: "Measured at least this long.") var seconds = 3.0
  @Flag(help: "With --training: first the time of each kind of layer's steps alone, milliseconds.")
  var profile = false

  func run() throws {
    let engine = try Engine(threads: threads)
    let shape = ImageShape(height: size, width: size, channels: channels)
    let network = Network(Architecture(shape: shape, preset: preset))
    var random = RandomSource(seed: 1)
    let step: () throws -> Void
    if training {
      var options = TrainingOptions()
      options.batch = batch
      options.precision = precision
      let images = ImageBatch(
        shape: shape, pixels: (0..<256 * shape.count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      let trainer = try Trainer(
        network, images: images, options: options, preconditioning: Preconditioning(images: images),
        engine: engine)
      step = { _ = try trainer.advance() }
      if profile {
        try step()
        printKinds(try trainer.profile(rounds: 10))
      }
    } else {
      let parameters = Parameters(network.parameterSpecs)
      parameters.initialise(seed: 1)
      let graph = Graph(
        engine: engine, weights: FrozenWeights(parameters), usesWinograd: precision != .direct)
      let x = try graph.input([batch, size, size, network.inputChannels])
      let features = try graph.input([1, 2 * network.architecture.frequencies])
      graph.output(try network.build(in: graph, x: x, features: features, precision: precision))
      try graph.compile()
      graph.write(random.normal(batch * size * size * network.inputChannels), to: x)
      graph.write(network.levelFeatures(0.3), to: features)
      step = { try graph.forward() }
    }
    for _ in 0..<3 { try step() }
    var times: [Double] = []
    while times.reduce(0, +) < seconds {
      let start = ContinuousClock.now
      try step()
      times.append((ContinuousClock.now - start) / .seconds(1))
    }
    print(String(format: "%.3f", Double(batch) / times.sorted()[times.count / 2]))
  }

  /// Times summed over layers with the same last part of their name and the same kernel, longest first.
  private func printKinds(_ steps: [(layer: String, kernel: String, seconds: Double)]) {
    var kinds: [String: Double] = [:]
    for step in steps {
      let words = step.layer.split(separator: " ").map {
        $0.split(separator: ".").suffix(2).joined(separator: ".")
      }
      kinds["\(words.joined(separator: " "))  \(step.kernel)", default: 0] += step.seconds * 1000
    }
    print(String(format: "%9.3f ms  all steps", kinds.values.reduce(0, +)))
    for (kind, time) in kinds.sorted(by: { $0.value > $1.value }).prefix(16) {
      print(String(format: "%9.3f ms  ", time) + kind)
    }
  }
}

/// What the machine can do at most.
struct RooflineBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roofline", abstract: "Convolution peak in float32 and bfloat16, and memory bandwidth.")

  @Option var threads = 2

  func run() throws {
    let engine = try Engine(threads: threads)
    let float = try Roofline.convolution(engine: engine, precision: .float32)
    let half = Precision.hasBFloat16 ? try Roofline.convolution(engine: engine, precision: .bfloat16) : 0
    print(
      String(format: "%.1f %.1f %.2f", float / 1e9, half / 1e9, try Roofline.bandwidth(engine: engine) / 1e9))
  }
}

extension Architecture.Preset: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
