import ArgumentParser
import Diffusion
import Foundation
import Images
import ScoreModel
import Surprisal
import Tensors

/// What depth and attention bring and cost: networks trained for the same time on the same images.
struct LevelsBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "levels",
    abstract:
      "bits/dim of networks of some levels, with and without attention, after as long a training, and their cost."
  )

  @Option(help: "The network to start from; what it knows of noise levels is used with --fresh too.")
  var model = "models/photos.safetensors"
  @Flag(help: "Start from random weights.") var fresh = false
  @Option(help: "With --fresh: size of the network.") var preset = Architecture.Preset.small
  @Option(parsing: .upToNextOption, help: "Images to train on.") var images: [String]
  @Option(parsing: .upToNextOption, help: "Images to score.") var heldOut: [String]
  @Option(help: "How many of these.") var limit = 256
  @Option var size = 28
  @Option var channels = 1
  @Option(parsing: .upToNextOption, help: "Levels, with an a where there is attention: 3 3a 4 4a.")
  var variants = ["3", "3a"].compactMap(DepthVariant.init(argument:))
  @Option(help: "Processor time that training each takes, on all threads together.") var seconds = 60.0
  @Option var evaluations = 16
  @Option var threads = 2
  @Option(help: "A folder that keeps each result; one that is there is not measured again.") var keep: String?

  func run() throws {
    var kept: [Result] = []
    var data: (training: ImageBatch, held: ImageBatch, base: Model)?
    for variant in variants {
      if let result = try known(variant) {
        kept.append(result)
        continue
      }
      let found = try data ?? load()
      data = found
      let result = try measure(variant, found.training, found.held, found.base)
      if let file = file(of: variant) {
        try JSONEncoder().encode(result).write(to: file)
      }
      kept.append(result)
    }
    table(kept)
  }

  private func load() throws -> (training: ImageBatch, held: ImageBatch, base: Model) {
    let shape = ImageShape(height: size, width: size, channels: channels)
    let training = try Subject.read(images, shape, .max)
    return (
      training, try Subject.read(heldOut, shape, limit), try Model(path: model).emptied(for: training)
    )
  }

  /// Trains one network and scores the held-out images.
  private func measure(
    _ variant: DepthVariant, _ training: ImageBatch, _ held: ImageBatch, _ base: Model
  ) throws -> Result {
    let architecture = variant.architecture(
      from: fresh ? Architecture(shape: base.shape, preset: preset) : base.architecture)
    let compute = Compute(threads: threads)
    let engine = try Engine(threads: threads)
    let preconditioning = fresh ? Preconditioning(images: training) : base.preconditioning
    var options = TrainingOptions()
    func trainer() throws -> Trainer {
      try Trainer(
        Network(architecture), images: training, options: options, preconditioning: preconditioning,
        engine: engine,
        startingFrom: fresh ? nil : try base.weights(deepenedTo: architecture, seed: options.seed))
    }
    options.steps = max(Int(seconds / (try pace(of: try trainer()))), 1)
    let long = try trainer()
    let began = Self.processorSeconds
    while long.step < options.steps { _ = try long.advance() }
    let spent = Self.processorSeconds - began
    let trained = base.under(architecture, preconditioning, long.averaged)
    let scorer = try Scorer(trained, evaluations: evaluations, observing: [], compute: compute)
    let start = Self.processorSeconds
    let bits = try scorer.estimate(held).map(\.bitsPerDim)
    let cost = (Self.processorSeconds - start) / Double(held.count)
    return Result(
      variant: variant.description, parameters: trained.parameterCount, steps: options.steps, seconds: spent,
      loss: Double(long.smoothedLoss), milliseconds: 1000 * cost, bits: bits,
      rounding: try rounding(of: trained, held, bits))
  }

  /// Seconds a step, from a twentieth of the time.
  private func pace(of trial: Trainer) throws -> Double {
    for _ in 0..<3 { _ = try trial.advance() }
    let start = Self.processorSeconds
    func spent() -> Double { Self.processorSeconds - start }
    var steps = 0
    while steps < 5 || spent() < seconds / 20 {
      _ = try trial.advance()
      steps += 1
    }
    return spent() / Double(steps)
  }

  /// Time that this process had of processors: what others run beside it does not count.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// What the fastest arithmetic adds to the bits/dim of the first images, by float32 sums.
  private func rounding(of model: Model, _ held: ImageBatch, _ bits: [Double]) throws -> Double {
    let compute = Compute(threads: threads, precision: .direct)
    let some = Array(0..<min(8, held.count))
    let exact = try Scorer(model, evaluations: evaluations, observing: [], compute: compute).estimate(
      held[some])
    return mean(some.map { bits[$0] - exact[$0].bitsPerDim })
  }

  // MARK: Results

  private struct Result: Codable {
    let variant: String
    let parameters: Int
    let steps: Int
    let seconds: Double
    let loss: Double
    /// Of a processor for an image at all evaluations.
    let milliseconds: Double
    /// Bits/dim image by image.
    let bits: [Double]
    /// `rounding`.
    let rounding: Double
  }

  private func file(of variant: DepthVariant) -> URL? {
    keep.map { URL(fileURLWithPath: "\($0)/\(fresh ? "none" : "start")-\(variant).json") }
  }

  private func known(_ variant: DepthVariant) throws -> Result? {
    guard let file = file(of: variant), let json = try? Data(contentsOf: file) else { return nil }
    return try JSONDecoder().decode(Result.self, from: json)
  }

  private func table(_ results: [Result]) {
    print(
      "\(fresh ? "\(preset) from random weights" : "from \(model)"), \(size)x\(size), \(evaluations) evaluations"
    )
    print(
      "levels  parameters    steps  seconds   bits/dim     +-    less than first     +-   ms an image  rounding"
    )
    for result in results {
      let differences = zip(result.bits, results[0].bits).map { $0 - $1 }
      let root = Double(max(result.bits.count, 1)).squareRoot()
      print(
        result.variant.padding(toLength: 6, withPad: " ", startingAt: 0)
          + String(
            format: "  %10d %8d %8.0f   %8.4f %6.4f   %+14.4f %6.4f   %11.1f  %+.5f", result.parameters,
            result.steps,
            result.seconds, mean(result.bits), deviation(result.bits) / root, mean(differences),
            deviation(differences) / root, result.milliseconds, result.rounding))
    }
  }
}

/// A number of levels, with attention or without.
struct DepthVariant: ExpressibleByArgument, CustomStringConvertible {
  let levels: Int
  let hasAttention: Bool

  init?(argument: String) {
    hasAttention = argument.hasSuffix("a")
    guard let levels = Int(hasAttention ? argument.dropLast() : argument[...]) else { return nil }
    self.levels = levels
  }

  var description: String { "\(levels)\(hasAttention ? "a" : "")" }

  func architecture(from base: Architecture) -> Architecture {
    let deep = base.with(levels: levels, attention: 0)
    return hasAttention ? deep.with(levels: nil, attention: deep.heads) : deep
  }
}
