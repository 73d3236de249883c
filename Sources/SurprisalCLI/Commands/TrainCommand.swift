import ArgumentParser
import Foundation
import Surprisal

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Learns a population from images, holds some out, calibrates on them, writes one model file.",
    discussion: """
      Ctrl-C saves OUTPUT.checkpoint, where OUTPUT is a file. --resume FILE goes on from there to the same model, byte for
      byte: images, size and all other settings are the checkpoint's, and an option that contradicts it is refused.

      Held-out images are scored on the way, for about a tenth of the time. Training stops early once they gain nothing more, and the
      weights are then those of the best validation where later ones are worse.
      """)

  @Argument(
    help: """
      Files, folders, IDX files (FILE#A-B for a range), or - for paths, or one IDX file, from standard input. With \
      --resume the checkpoint's, unless given.
      """)
  var paths: [FilePath] = []
  @Flag(name: .customShort("0"), help: "With -, paths end in NUL instead of a line break.") var nul = false
  @OptionGroup var read: ReadingOptions
  @OptionGroup var shown: OutputOptions
  @Option(help: "Model file to write, - for standard output.") var output: FilePath
  @OptionGroup var form: ShapeOptions
  @OptionGroup var aligned: AlignOptions
  @Option(help: "tiny, small or base (default small).") var preset: Architecture.Preset?
  @OptionGroup var depth: DepthOptions
  @Option(help: "Train about this long, validations among it (default 10, unless --steps).") var minutes:
    Double?
  @Option(help: "Train this many steps of --batch images; repeatable to the byte.") var steps: Int?
  @Option(help: "Images a step (default \(TrainingOptions().batch)).") var batch: Int?
  @Option(help: "Peak learning rate, at most 0.1 (default \(TrainingOptions().learningRate)).")
  var learningRate: Float?
  @Option(
    help:
      "Share of the images held out for validation and reference scores (default: a tenth, of few up to a third)."
  )
  var validation: Double?
  @Option(help: "Hold out these images instead of a random share.") var heldOut: [FilePath] = []
  @Option(
    help:
      "Network evaluations an image that the reference scores are for, or auto (default 4, or 16 where they tell more of altered images)."
  )
  var evaluations: EvaluationBudget?
  @Option(help: "Seed of every random draw (default \(TrainingOptions().seed)).") var seed: UInt64?
  @Flag(help: "Keep none of the held-out images as examples, which reports show beside what is odd.")
  var noExamples = false
  @Flag(help: "Mirror images left to right at random.") var flips = false
  @Option(
    help:
      "Stop after so many validations in a row that are no better than chance (default \(Training.standardPatience))."
  )
  var patience: Int?
  @Flag(help: "Take every step, and keep the last weights.") var noEarlyStop = false
  @Option(
    help: """
      Steps of \(EyeLesson.batch) images for eyes that learn to tell the images from altered ones, and that stay where they help on ways \
      of altering that they did not learn by; or none (default: two thirds as many images as are trained on).
      """)
  var eyes: LessonBudget?
  @Option(
    help: """
      Steps of \(DamageLesson.batch) images to learn to mark damage in, which stays unless other statistics tell flaws that it did not learn by \
      better; or none (default: within a quarter of the time, at most 16000 steps, above 9216 pixels 8000, from \
      \(DamageLesson.leastSide) pixels a side).
      """)
  var damage: LessonBudget?
  @Option(
    help: "Tell every event as a line of JSON, for tail -f; - for standard output. Goes on with --resume.")
  var log: FilePath?
  @Option(help: "Go on from a checkpoint, with its images and settings.") var resume: String?
  @Option(
    help:
      "Start from this model's network, or from none: random weights (default \(ModelOptions.shipped), where --preset is small)."
  )
  var from: String?
  @Flag(help: "No page beside the model (OUTPUT with .html in place of .safetensors).") var noPage = false
  @OptionGroup var computing: ComputeOptions

  func validate() throws {
    if resume != nil, aligned.align != nil {
      throw ValidationError("--align is for a new training, not --resume: the checkpoint aligns as it did")
    }
    if resume != nil, from != nil { throw ValidationError("--from is for a new training, not --resume") }
    if paths.isEmpty, resume == nil { throw ValidationError("give the images to train on") }
    try PathOptions.refuse(nul: nul, without: paths)
    if validation != nil, !heldOut.isEmpty {
      throw ValidationError("--validation and --held-out exclude each other")
    }
    if patience != nil, noEarlyStop {
      throw ValidationError("--patience and --no-early-stop exclude each other")
    }
    if log == FilePath("-"), output == FilePath("-") {
      throw ValidationError("only one of --log and --output can be standard output")
    }
    if minutes != nil, steps != nil { throw ValidationError("--minutes and --steps exclude each other") }
    // What a checkpoint would say is not known yet, nor which size images have.
    try Self.usage { try depth.deepened(try training(Training(shape: Self.shape))).validate() }
  }

  /// Settings that cannot work are wrong usage.
  private static func usage(_ check: () throws -> Void) throws {
    do { try check() } catch let error as SurprisalError { throw ValidationError("\(error)") }
  }

  private static let shape = ImageShape(height: 32, width: 32, channels: 3)

  /// A training with the settings that were given in place of its own.
  private func training(_ base: Training) throws -> Training {
    var training = base
    training.shape = try shape(base.shape)
    if let preset { training.preset = preset }
    if let minutes { training.minutes = minutes }
    if let steps {
      training.minutes = nil
      training.options.steps = steps
    }
    if let batch { training.options.batch = batch }
    if let learningRate { training.options.learningRate = learningRate }
    if let validation { training.validationShare = validation }
    if !heldOut.isEmpty { training.heldOut = heldOut }
    if let evaluations { training.budget = evaluations }
    if let seed { training.options.seed = seed }
    if noExamples { training.examples = 0 }
    if flips { training.options.flips = true }
    if let patience { training.patience = patience }
    if noEarlyStop { training.patience = nil }
    if let eyes { training.eyes = eyes }
    if let damage { training.damage = damage }
    if let precision = computing.precision { training.options.precision = precision }
    training.reading = read.reading
    return training
  }

  private func shape(_ base: ImageShape) throws -> ImageShape {
    let size = try form.sides() ?? (base.width, base.height)
    return ImageShape(height: size.1, width: size.0, channels: try form.colours() ?? base.channels)
  }

  /// The training asked for: a new one, or that of the checkpoint.
  private func asked(_ images: [FilePath]) throws -> Training {
    if let resume {
      let training = depth.deepened(try training(Training(resuming: try Checkpoint(path: resume))))
      try Self.usage { try training.validate() }
      return training
    }
    let start = try start()
    var shape = try shape(Self.shape)
    let choice = try FittedShape(
      size: form.size == nil ? nil : (shape.width, shape.height), channels: shape.channels,
      aligning: aligned.aligning
    ).choice(
      of: images, reading: read.reading,
      // What starts from none needs no other network: where there is none, nothing is tried.
      trying: start ?? (try? ModelOptions.load(ModelOptions.shipped)),
      largest: Training.largestSide,
      compute: Compute(threads: computing.threads))
    if form.size == nil {
      shape = ImageShape(height: choice.height, width: choice.width, channels: shape.channels)
    }
    if let words = choice.words { shown.note(words) }
    var training = try training(Training(shape: shape))
    training.alignment = choice.alignment
    training.takesFewestChannels = form.channels == nil
    if steps == nil, minutes == nil { training.minutes = 10 }
    if evaluations == nil { training.budget = .chosen }
    training.start = start
    return depth.deepened(training)
  }

  /// The network to start from: the one named, or the shipped one where it is of the size wanted.
  private func start() throws -> Model? {
    guard from != "none" else { return nil }
    if let from {
      guard preset == nil else { throw ValidationError("--preset is for --from none: \(from) has its size") }
      return try ModelOptions.load(from)
    }
    guard preset == nil || preset == .small else { return nil }
    return try ModelOptions.load(ModelOptions.shipped)
  }

  func run() throws {
    let destination = try Destination(option: output)
    let images = try PathOptions.expand(paths, nul: nul)
    var training = try asked(images)
    training.checkpoint = destination.isFile ? checkpoint : nil
    let page = noPage || !destination.isFile ? nil : try Destination(option: pageFile)
    training.reviews = page != nil
    let log = try log.map {
      $0 == FilePath("-") ? .standardOutput : try LineFile($0, goesOn: resume != nil)
    }
    shown.detail(
      "preset \(training.preset.rawValue), precision \(training.options.precision.rawValue); "
        + "oneDNN \(Compute.engineVersion)")
    let stop = Interruption(shown, saying: "stopping after this step; once more ends at once")

    let started = ContinuousClock.now
    func seconds() -> Double { (ContinuousClock.now - started) / .seconds(1) }
    var display = TrainingDisplay(shown: shown, checkpoint: training.checkpoint)
    var lines = TrainingLog()
    var failure: DestinationError?
    var review: Training.Review?
    let model = try training.run(
      images, compute: Compute(threads: computing.threads),
      // A log that cannot go on ends the training where it can be gone on with.
      shouldStop: { stop.isSet || failure != nil },
      report: { event in
        display.tell(event)
        if case .reviewed(let found) = event { review = found }
        guard let log, let line = lines.line(event, seconds: seconds()) else { return }
        do throws(DestinationError) { try log.write(line) } catch { failure = failure ?? error }
      })
    if let failure { throw failure }
    shown.progressDone()
    guard let model else { throw ExitCode(Interruption.code) }
    try model.write(to: destination)
    if destination.isFile { unlink(checkpoint) }
    tell(model, destination, seconds())
    try log?.write(lines.done(model, output: destination.name, seconds: seconds()))
    if let page, let review {
      let name = String(decoding: output.name, as: UTF8.self)
      try page.write(Array(review.page(of: name, facts(model)).utf8))
      shown.note("\(page.name): the training as a page")
    }
    if destination.isFile { shown.next(next) }
  }

  /// What came of it.
  private func tell(_ model: Model, _ destination: Destination, _ seconds: Double) {
    let facts = model.facts
    if facts.validationBitsPerDim > 8 {
      shown.warn(
        "the model knows nothing: 8 bits/dim is what pixels cost that may have any value. "
          + "Train longer, or with a lower learning rate")
    }
    shown.note(
      String(
        format: "%@: %.3f bits/dim on %d held-out images; this run took %.0f s",
        destination.name as NSString, facts.validationBitsPerDim, facts.validationImages, seconds))
  }

  /// The model's name with the ending of a page.
  private var pageFile: FilePath {
    let ending = Array(".safetensors".utf8)
    let stem =
      output.bytes.suffix(ending.count) == ending[...]
      ? output.bytes.dropLast(ending.count) : output.bytes[...]
    return FilePath(bytes: Array(stem) + Array(".html".utf8))
  }

  private func facts(_ model: Model) -> ReportFacts {
    let (facts, shape) = (model.facts, model.shape)
    var told = ReportFacts()
    told.facts = [
      .init("training images", "\(facts.trainingImages)"),
      .init(
        "network",
        "\(model.parameterCount) parameters, \(shape.width)x\(shape.height) \(shape.channels == 1 ? "gray" : "rgb")"
      ),
      .init("batch", "\(facts.options.batch)"),
      .init("learning rate", "\(facts.options.learningRate)"),
      .init("seed", "\(facts.options.seed)"),
      .init("command", CommandLine.arguments.map { FilePath($0).quoted }.joined(separator: " ")),
      .init("model's SHA-256", model.digest),
      .init(
        "version", "surprisal \(SurprisalCommand.configuration.version), oneDNN \(Compute.engineVersion)"),
      .init("made", Date.now.formatted(.iso8601)),
    ]
    told.steps = next.map { .init($0.command, $0.purpose) }
    return told
  }

  private var next: [(command: String, purpose: String)] {
    [
      ("surprisal scan NEW-IMAGES --model \(output.quoted)", "judges images by these"),
      ("surprisal sample --model \(output.quoted) -n 64 --sheet samples.png", "shows what it learned"),
    ]
  }

  /// Kept beside the model while it is not there.
  private var checkpoint: String { "\(output).checkpoint" }
}
