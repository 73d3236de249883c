import ArgumentParser
import Dispatch
import Foundation
import Surprisal
import Synchronization

/// Set by Ctrl-C; read by the training loop.
private let interrupted = Atomic<Bool>(false)

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Learns a population from images, holds some out, calibrates on them, writes one model file.",
    discussion: """
      Ctrl-C saves OUTPUT.checkpoint, where OUTPUT is a file; --resume FILE goes on to the same weights.
      """)

  @OptionGroup var images: PathOptions
  @OptionGroup var shown: OutputOptions
  @Option(help: "Model file to write, - for standard output.") var output: FilePath
  @Option(help: "Image size, N or WxH; multiples of 4 from 16 to 128.") var size = "32"
  @Option(help: "gray or rgb.") var channels = "rgb"
  @Option(help: "tiny, small or base.") var preset = Architecture.Preset.small
  @Option(help: "Train about this long (default 10, unless --steps).") var minutes: Double?
  @Option(help: "Train this many steps of --batch images; repeatable to the byte.") var steps: Int?
  @Option(help: "Images a step.") var batch = TrainingOptions().batch
  @Option(help: "Peak learning rate.") var learningRate = TrainingOptions().learningRate
  @Option(
    help:
      "Share of the images held out for validation and reference scores (default: a tenth, of few up to a third)."
  )
  var validation: Double?
  @Option(help: "Hold out these images instead of a random share.") var heldOut: [FilePath] = []
  @Option(help: "Network evaluations an image that the reference scores are for, or auto.")
  var evaluations = EvaluationBudget.standard
  @Option(help: "Seed of every random draw.") var seed = TrainingOptions().seed
  @Flag(help: "Mirror images left to right at random.") var flips = false
  @Option(help: "Go on from a checkpoint; its options win.") var resume: String?
  @OptionGroup var computing: ComputeOptions

  func validate() throws {
    if minutes != nil, steps != nil { throw ValidationError("--minutes and --steps exclude each other") }
    if let minutes, minutes <= 0 { throw ValidationError("--minutes must be above 0") }
    if let steps, steps < 1 { throw ValidationError("--steps must be at least 1") }
    if let validation, !(validation > 0 && validation < 1) {
      throw ValidationError("--validation must lie between 0 and 1")
    }
    if !["gray", "rgb"].contains(channels) { throw ValidationError("--channels must be gray or rgb") }
    if !(1...4096).contains(batch) { throw ValidationError("--batch must be from 1 to 4096") }
    if let refusal = try shape().refusal { throw ValidationError(refusal) }
  }

  private func shape() throws -> ImageShape {
    let sides = size.lowercased().split(separator: "x").map { Int($0) }
    guard let width = sides.first ?? nil, let height = sides.last ?? nil, sides.count <= 2 else {
      throw ValidationError("--size \(size): give N or WxH")
    }
    return ImageShape(height: height, width: width, channels: channels == "gray" ? 1 : 3)
  }

  func run() throws {
    let destination = try Destination(option: output)
    var training = Training(shape: try shape())
    training.preset = preset
    training.reading = images.read.reading
    training.validationShare = validation
    training.heldOut = heldOut
    training.minutes = steps == nil ? minutes ?? 10 : nil
    training.budget = evaluations
    training.checkpoint = destination.isFile ? checkpoint : nil
    training.options.batch = batch
    training.options.learningRate = learningRate
    training.options.flips = flips
    training.options.seed = seed
    training.options.precision = computing.compute.precision.rawValue
    if let steps { training.options.steps = steps }
    training.resume = try resume.map { try Checkpoint(path: $0) }

    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler { interrupted.store(true, ordering: .relaxed) }
    source.resume()
    defer { source.cancel() }

    let started = ContinuousClock.now
    let model = try training.run(
      images.expanded(), compute: Compute(threads: computing.threads),
      shouldStop: { interrupted.load(ordering: .relaxed) },
      report: { tell($0, keepsCheckpoint: destination.isFile) })
    shown.progressDone()
    guard let model else { throw ExitCode(1) }
    try model.write(to: destination)
    if destination.isFile { unlink(checkpoint) }
    shown.note(
      String(
        format: "%@: %.3f bits/dim on %d held-out images; this run took %.0f s",
        destination.name as NSString,
        model.facts.validationBitsPerDim, model.facts.validationImages,
        (ContinuousClock.now - started) / .seconds(1)))
  }

  /// Kept beside the model while it is not there.
  private var checkpoint: String { "\(output).checkpoint" }

  private func tell(_ event: Training.Event, keepsCheckpoint: Bool) {
    switch event {
    case .unreadable(let path, let error): shown.warn("\(path): unreadable, left out: \(error)")
    case .copies(let exact, let near, let leftOut):
      shown.note(
        "\(exact) exact and \(near) near copies of other images; \(leftOut) left out, as theirs are held out")
    case .loaded(let training, let validation, let parameters):
      shown.note("\(training) images to train on, \(validation) held out; \(parameters) parameters")
    case .planned(let steps, let pace):
      shown.note(String(format: "%d steps at %.3f s each (--steps %d repeats this run)", steps, pace, steps))
    case .progress(let step, let all, let loss, let left):
      shown.progress(String(format: "step %d of %d, loss %.3f, %.0f s left", step, all, loss, left))
    case .validated(let step, let bits, let error):
      shown.progressDone()
      shown.note(String(format: "step %d: validation %.3f +- %.3f bits/dim", step, bits, error))
    case .surveying(let done, let all): shown.progress("surveying noise level \(done) of \(all)")
    case .calibrating(let done, let all): shown.progress("calibrating on image \(done) of \(all)")
    case .stopped(let step):
      shown.progressDone()
      shown.note("stopped at step \(step)" + (keepsCheckpoint ? "; go on with --resume \(checkpoint)" : ""))
    }
  }
}
