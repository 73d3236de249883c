import Diffusion
import Files
import Foundation
import Images
import ScoreModel
import Surprisal
import Tensors

/// What is mutated, and what is done with a variant that loads.
protocol Subject {
  /// Of the metadata that a file of this kind has.
  static var key: String { get }
  /// A small file in order.
  static func original() throws -> SafeTensors
  /// Reads a variant.
  init(_ file: SafeTensors, path: String) throws
  /// Does with it what it is for.
  /// - Parameter index: of the variant: different ones are put to different uses.
  func use(_ index: Int) throws
}

/// The smallest network there can be, and images for it.
enum Small {
  static let compute = Compute(threads: 1, precision: .float32)

  static func architecture() throws -> Architecture {
    let json = """
      {"shape":{"height":16,"width":16,"channels":1},"levels":2,"width":8,"blocks":1,"embedding":8,"frequencies":1}
      """
    return try JSONDecoder().decode(Architecture.self, from: Data(json.utf8))
  }

  /// Sixteen squares of random brightness: no two images show the same.
  static func images(_ count: Int, shape: ImageShape) -> ImageBatch {
    var random = RandomSource(seed: 1, stream: 0x494D_4147)
    let images = (0..<count).map { _ in
      let levels = (0..<16).map { _ in UInt8(random.below(256)) }
      return Bitmap(
        shape: shape,
        pixels: (0..<shape.count).map { place in
          let (y, x) = (place / shape.channels / shape.width, place / shape.channels % shape.width)
          return levels[4 * (4 * y / shape.height) + 4 * x / shape.width]
        })
    }
    return ImageBatch(shape: shape, images: images)
  }
}

/// A calibrated model, its ladder of `auto` among it.
struct ModelSubject: Subject {
  static let key = "surprisal"
  private let model: Model

  init(_ file: SafeTensors, path: String) throws { model = try Model(file, path: path) }

  static func original() throws -> SafeTensors {
    let architecture = try Small.architecture()
    let images = Small.images(48, shape: architecture.shape)
    let parameters = Parameters(Network(architecture).parameterSpecs)
    parameters.initialise(seed: 1)
    var model = Model(
      architecture: architecture, preconditioning: Preconditioning(images: images), range: NoiseLevelRange(),
      moments: PopulationMoments(images: images), noise: CommonNoise(seed: 1),
      weights: FrozenWeights(parameters))
    try model.survey(on: images, compute: Small.compute)
    try model.calibrate(on: images, budget: .auto, compute: Small.compute)
    return try model.file()
  }

  /// Explains an image and draws one, or judges one under `auto`.
  func use(_ index: Int) throws {
    let image = Small.images(1, shape: model.shape)
    if index % 4 == 0, !model.calibrations.isEmpty {
      _ = try Judge(model, budget: .auto, rate: 0.25, compute: Small.compute).judge(image)
    } else {
      _ = try ImageExplanation(of: image[0], under: model, evaluations: 4, compute: Small.compute).picture
    }
    if index % 4 == 1 { _ = try Scorer(model, evaluations: 4, compute: Small.compute).sample(1, steps: 2) }
    _ = model.digest
  }
}

/// A checkpoint in the middle of its run.
struct CheckpointSubject: Subject {
  static let key = "surprisal.checkpoint"
  private let checkpoint: Checkpoint

  init(_ file: SafeTensors, path: String) throws { checkpoint = try Checkpoint(file, path: path) }

  static func original() throws -> SafeTensors {
    let architecture = try Small.architecture()
    let images = Small.images(8, shape: architecture.shape)
    var options = TrainingOptions()
    options.batch = 2
    options.steps = 10
    options.precision = .float32
    let trainer = try Trainer(
      Network(architecture), images: images, options: options,
      preconditioning: Preconditioning(images: images),
      engine: try Engine(threads: 1))
    _ = try trainer.advance()
    var watch = Checkpoint.Watch()
    watch.points = [.init(step: 1, bitsPerDim: 7.5, standardError: 0.5)]
    watch.last = .init(step: 1, bits: [7, 8])
    (watch.best, watch.mark) = (watch.last, watch.last)
    let contents = Checkpoint.Contents(count: 8, digest: String(repeating: "0", count: 64))
    return try Checkpoint(
      architecture: architecture, preconditioning: trainer.preconditioning, options: options,
      state: trainer.state,
      run: Checkpoint.Run(
        paths: [FilePath("images")], heldOut: [], training: contents, validation: contents,
        validationShare: 0.5,
        validations: 2, minutes: nil, evaluations: 4, patience: 3),
      watch: watch, best: trainer.average
    ).file()
  }

  /// One step, where it asks for no more memory than a test should take.
  func use(_ index: Int) throws {
    try Training(resuming: checkpoint).validate()
    guard checkpoint.options.batch <= 4, checkpoint.architecture.shape.count <= 1024 else { return }
    let trainer = try Trainer(
      Network(checkpoint.architecture), images: Small.images(3, shape: checkpoint.architecture.shape),
      options: checkpoint.options, preconditioning: checkpoint.preconditioning,
      engine: try Engine(threads: 1),
      resuming: checkpoint.state)
    _ = try trainer.advance()
  }
}

/// What takes more than it may while it loads: whether the limit is one.
struct GreedySubject: Subject {
  static let key = "surprisal.checkpoint"
  private let taken: [UInt8]

  init(_ file: SafeTensors, path: String) throws {
    taken = [UInt8](repeating: 1, count: isLimited ? 4 * slack : 1)
  }

  static func original() throws -> SafeTensors { try CheckpointSubject.original() }

  func use(_ index: Int) throws { precondition(taken.last == 1) }
}
