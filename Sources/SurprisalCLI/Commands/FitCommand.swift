import ArgumentParser
import Foundation
import Surprisal

struct FitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fits a network to images known to belong: statistics and reference scores, in seconds.",
    discussion: """
      A model is a network and a population. Fitting takes the network as it is, the shipped one for photographs of all kinds
      unless --model names another, and learns the population from the images given. Without --model images are looked at
      once each, at a size and in channels chosen from them; with it, denoising errors are fitted too, and the size stays.

      Where each image shows one thing on a plain ground, it is tried whether flaws are told better once things are moved to the
      middle and turned alike; new images are then aligned likewise (--align).

      With --tiles, images are judged by all their tiles at their own resolution: statistics are fitted to tiles, references
      and p-values are of whole images, each judged by what others fitted. A model of tiles stays one when it is fitted anew.
      With --damage-from, damage is marked in tiles and in whole images; with --encoder the encoder looks at both, and
      the network does only where --evaluations or --damage-from asks for it.

      With --encoder, images are also looked at by an encoder of yours, which OpenVINO runs (pip install openvino): its features of
      the whole image and of every patch are then what images are judged by, unless --statistic or --evaluations says
      otherwise.

      With --samples, the model draws images by reverse diffusion; where it holds references of real images, the
      samples' scores must pass a two-sample test against them.
      """,
    aliases: ["calibrate"])

  @Argument(help: "Files, folders, IDX files, or - for paths, or one IDX file, from standard input.")
  var paths: [FilePath] = []
  @Flag(name: .customShort("0"), help: "With -, paths end in NUL instead of a line break.") var nul = false
  @OptionGroup var read: ReadingOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var form: ShapeOptions
  @OptionGroup var aligned: AlignOptions
  @OptionGroup var tiles: TileOptions
  @OptionGroup(title: "With --encoder") var encoder: EncoderOptions
  @OptionGroup var shown: OutputOptions
  @Option(help: "Model file to write, - for standard output.") var output: FilePath
  @Option(
    parsing: .upToNextOption,
    help: "Fit the statistics on these images, such as those trained on, and take PATHS as references only.")
  var fit: [FilePath] = []
  @Option(
    parsing: .upToNextOption,
    help: """
      Learn eyes from these images, known to belong and other than PATHS: a network that tells images from altered ones, kept \
      where it helps on PATHS altered in ways that it did not learn by.
      """)
  var eyesFrom: [FilePath] = []
  @Option(
    help: "With --eyes-from: steps of \(EyeLesson.batch) images (default \(EyeLesson.Images([]).steps)).")
  var eyes: Int?
  @Option(
    parsing: .upToNextOption,
    help: """
      Learn to mark damage from these images, known to belong and other than PATHS, which are damaged for it by pastes, scratches, \
      spots, blur and the like; for images framed alike, of sides that are multiples of 8. What it sees is `damage`, \
      by which one look is then judged; it goes where other statistics tell flaws that it did not learn by better.
      """)
  var damageFrom: [FilePath] = []
  @Option(
    help: "With --damage-from: steps of \(DamageLesson.batch) images (default 16000, above 9216 pixels 8000)."
  )
  var damageSteps: Int?
  @Option(help: "Fit to so many of the model's own samples instead of images.") var samples: Int?
  @OptionGroup(title: "With --samples") var sampling: SamplingOptions
  @Flag(help: "Keep none of the images as examples, which reports show beside what is odd.") var noExamples =
    false
  @Flag(help: "--samples: fit although the samples score unlike real images.") var force = false

  func validate() throws {
    if (samples == nil) == paths.isEmpty { throw ValidationError("give images, or --samples N") }
    try PathOptions.refuse(nul: nul, without: paths)
    if samples == nil, force || sampling.isGiven {
      throw ValidationError("--force, --noise, --steps and --seed are for --samples")
    }
    if model.encoder == nil, encoder.isGiven {
      throw ValidationError("--encoder-..., --patches and --pooled are for --encoder")
    }
    if model.encoder != nil, samples != nil || !fit.isEmpty {
      throw ValidationError("--encoder sees images: not with --samples or --fit")
    }
    if tiles.tiles, samples != nil || !fit.isEmpty || model.evaluations == .auto {
      throw ValidationError("--tiles is not for --samples, --fit or --evaluations auto")
    }
    if !fit.isEmpty, samples != nil || model.evaluations == .auto {
      throw ValidationError("--fit is for images at a number of --evaluations")
    }
    if !fit.isEmpty, model.given == nil || form.isGiven {
      throw ValidationError("--fit is for a network of --model at its own size")
    }
    if eyesFrom.isEmpty, eyes != nil { throw ValidationError("--eyes is for --eyes-from") }
    if let eyes, !(1...TrainingOptions.mostSteps).contains(eyes) {
      throw ValidationError("--eyes \(eyes): must be at least 1")
    }
    if !eyesFrom.isEmpty, samples != nil || !fit.isEmpty || tiles.tiles {
      throw ValidationError("--eyes-from: not with --samples, --fit or --tiles")
    }
    if damageFrom.isEmpty, damageSteps != nil {
      throw ValidationError("--damage-steps is for --damage-from")
    }
    if let damageSteps, !(1...TrainingOptions.mostSteps).contains(damageSteps) {
      throw ValidationError("--damage-steps \(damageSteps): must be at least 1")
    }
    if !damageFrom.isEmpty, samples != nil || !fit.isEmpty {
      throw ValidationError("--damage-from: not with --samples or --fit")
    }
    if let samples, samples < 12 { throw ValidationError("--samples must be at least 12") }
    if samples != nil, model.evaluations == .auto {
      throw ValidationError("--samples takes a number of --evaluations")
    }
    if samples != nil, form.isGiven { throw ValidationError("--size and --channels are for images") }
    if aligned.align != nil, samples != nil || !fit.isEmpty || tiles.tiles {
      throw ValidationError("--align: not with --samples, --fit or --tiles")
    }
  }

  func run() throws {
    let destination = try Destination(option: output)
    var loaded = try model.load()
    shown.detail(loaded, model.model)
    if let samples {
      try fit(&loaded, toSamples: samples)
    } else if let tiling = tiles.tiling ?? (isOwn ? loaded.tiling : nil) {
      try fit(&loaded, toTilesOf: try PathOptions.expand(paths, nul: nul), tiling)
    } else {
      let images = try PathOptions.expand(paths, nul: nul)
      try fit(&loaded, to: images)
      if model.encoder != nil { try fitSight(&loaded, to: images) }
    }
    try loaded.write(to: destination)
    if let sight = loaded.sight {
      shown.note(
        "\(destination.name): \(sight.calibration.referenceCount) reference scores\(loaded.tiling == nil ? "" : " of whole images") by the encoder "
          + "\(sight.path) (\(sight.calibration.names.map(\.rawValue).joined(separator: ", ")))")
    }
    for calibration in loaded.calibrations {
      shown.note(
        "\(destination.name): \(calibration.referenceCount) reference scores\(loaded.tiling == nil ? "" : " of whole images") at "
          + (calibration.evaluations > 0 ? "\(calibration.evaluations) evaluations" : "one look"))
    }
    let name = destination.isFile ? output.quoted : "MODEL"
    shown.next([
      ("surprisal scan NEW-IMAGES --model \(name)", "judges images by these"),
      ("surprisal gate NEW-IMAGES --model \(name)", "decides for CI"),
    ])
  }

  private func fit(_ loaded: inout Model, to images: [FilePath]) throws {
    let unreadable: (String, String) -> Void = { shown.warn("\($0): unreadable, left out: \($1)") }
    let meter = ProgressMeter(shown, "fitted to")
    let progress: (Int, Int) -> Void = { meter.tell($0, of: $1) }
    let copies: CopyGroups
    if !fit.isEmpty {
      copies = try loaded.calibrate(
        on: images, fitting: fit, reading: read.reading, budget: model.evaluations ?? .standard,
        compute: model.compute, unreadable: unreadable, progress: progress)
    } else {
      var given = try form.fitted()
      given.aligning = aligned.aligning
      if !isOwn {
        let choice = try given.choice(
          of: images, reading: read.reading, trying: loaded, compute: model.compute)
        given = choice.shape(channels: given.channels)
        if let words = choice.words { shown.note(words) }
        if choice.reduction >= Self.manyPixels, model.encoder == nil {
          shown.note(
            "a pixel of these is \(choice.reduction) by \(choice.reduction) of most images': to find what is small in "
              + "them, --tiles looks at them as they are")
        }
      }
      copies = try loaded.fit(
        to: images, shape: isOwn ? .init(of: loaded) : given, anew: !isOwn, reading: read.reading,
        budget: model.evaluations ?? (model.given == nil ? .look : .chosen),
        examples: noExamples ? 0 : Model.standardExamples, learning: try lesson(),
        marking: try damageLesson(), compute: model.compute, unreadable: unreadable,
        chosen: {
          shown.progressDone()
          shown.note("\($0)")
        }, progress: progress)
    }
    shown.progressDone()
    if copies.exact + copies.near > 0 {
      shown.note("\(copies.exact) exact and \(copies.near) near copies of other images are no references")
    }
  }

  private func lesson() throws -> EyeLesson.Images? {
    guard !eyesFrom.isEmpty else { return nil }
    var lesson = EyeLesson.Images(try PathOptions.expand(eyesFrom, nul: nul))
    if let eyes { lesson.steps = eyes }
    lesson.report = report()
    return lesson
  }

  private func damageLesson() throws -> DamageLesson? {
    guard !damageFrom.isEmpty else { return nil }
    var lesson = DamageLesson(try PathOptions.expand(damageFrom, nul: nul))
    if let damageSteps { lesson.steps = damageSteps }
    lesson.report = report()
    return lesson
  }

  private func report() -> (Training.Event) -> Void {
    var display = TrainingDisplay(shown: shown, checkpoint: nil)
    return { display.tell($0) }
  }

  /// Reduction from which small defects are gone.
  private static let manyPixels = 4

  /// Whether the model that is given keeps its size, and what it knows beside its statistics.
  private var isOwn: Bool { model.given != nil && !form.isGiven && aligned.align == nil }

  private func fit(_ loaded: inout Model, toTilesOf images: [FilePath], _ tiling: Tiling) throws {
    guard fit.isEmpty, eyesFrom.isEmpty, model.evaluations != .auto else {
      throw ValidationError(
        "the model judges by tiles: not with --fit, --eyes-from or --evaluations auto")
    }
    let meter = ProgressMeter(shown, "fitted to")
    // An encoder's pass over the images may take others of them: each is told of once.
    var told = Set<String>()
    let unreadable: (String, String) -> Void = {
      if told.insert($0).inserted { shown.warn("\($0): unreadable, left out: \($1)") }
    }
    // Where an encoder is to look, the network does not, unless it is asked to: it would take far longer.
    let seeing = model.encoder != nil && model.evaluations == nil && damageFrom.isEmpty
    if aligned.align != nil { throw ValidationError("the model judges by tiles: not with --align") }
    let given = try form.fitted()
    let fitted = try loaded.fit(
      toTilesOf: images, tiling: tiling, shape: isOwn ? .init(of: loaded) : given, anew: !isOwn,
      reading: read.reading,
      budget: seeing ? nil : model.evaluations ?? (model.given == nil ? .look : .standard),
      examples: noExamples ? 0 : Model.standardExamples, marking: try damageLesson(), compute: model.compute,
      unreadable: unreadable, progress: { meter.tell($0, of: $1) })
    shown.progressDone()
    if !seeing { tell(fitted, "the statistics") }
    if model.encoder != nil {
      let meter = ProgressMeter(shown, "seen")
      let seen = try loaded.fit(
        seeingTilesOf: images, settings: encoder.settings(), reading: read.reading, compute: model.compute,
        unreadable: unreadable, progress: { meter.tell($0, of: $1) })
      shown.progressDone()
      tell(seen, "what the encoder sees")
    }
    if fitted.copies.exact + fitted.copies.near > 0 {
      shown.note("\(fitted.copies.exact) exact and \(fitted.copies.near) near copies are no references")
    }
  }

  private func tell(_ fitted: Model.TiledFit, _ what: String) {
    shown.note(
      "\(fitted.tiles) tiles of \(fitted.used) images fit \(what)"
        + (fitted.used < fitted.given ? "; of \(fitted.given) images, evenly spread" : ""))
  }

  private func fitSight(_ loaded: inout Model, to images: [FilePath]) throws {
    let meter = ProgressMeter(shown, "seen")
    let fitted = try loaded.fit(
      seeing: images, settings: encoder.settings(), reading: read.reading,
      compute: model.compute, unreadable: { shown.warn("\($0): unreadable, left out: \($1)") },
      progress: { meter.tell($0, of: $1) })
    shown.progressDone()
    if fitted.used < fitted.given {
      shown.note("\(fitted.used) of \(fitted.given) images, evenly spread, fit what the encoder sees")
    }
  }

  private func fit(_ loaded: inout Model, toSamples count: Int) throws {
    let comparisons = try loaded.calibrate(
      onSamples: count, stochasticity: sampling.noise, steps: sampling.steps, seed: sampling.seed,
      evaluations: model.evaluations?.count ?? EvaluationBudget.standardCount, insists: force,
      compute: model.compute,
      progress: { shown.progress("sample \($0) of \($1)") })
    shown.progressDone()
    if comparisons.isEmpty { shown.warn("no real references to compare the samples with") }
    for comparison in comparisons {
      shown.note(
        String(
          format: "%@: distance to real references %.3f, p-value %.2g",
          comparison.statistic.rawValue as NSString,
          comparison.test.distance, comparison.test.pValue))
    }
  }
}
