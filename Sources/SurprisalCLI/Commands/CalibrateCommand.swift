import ArgumentParser
import Foundation
import Surprisal

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Sets a model's reference scores from images known to belong, or from its own samples.",
    discussion: """
      With --samples, the model draws images by reverse diffusion; where it holds references of real images, the
      samples' scores must pass a two-sample test against them.
      """)

  @Argument(help: "Files, folders, IDX files, or - for paths from standard input.") var paths: [FilePath] = []
  @Flag(name: .customShort("0"), help: "With -, paths end in NUL instead of a line break.") var nul = false
  @OptionGroup var read: ReadingOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @Option(help: "Model file to write, - for standard output.") var output: FilePath
  @Option(
    parsing: .upToNextOption,
    help: "Fit the statistics on these images, such as those trained on, and take PATHS as references only.")
  var fit: [FilePath] = []
  @Option(help: "Calibrate on so many of the model's own samples instead of images.") var samples: Int?
  @OptionGroup(title: "With --samples") var sampling: SamplingOptions
  @Flag(help: "--samples: calibrate although the samples score unlike real images.") var force = false

  func validate() throws {
    if (samples == nil) == paths.isEmpty { throw ValidationError("give images, or --samples N") }
    try PathOptions.refuse(nul: nul, without: paths)
    if samples == nil, force || sampling.isGiven {
      throw ValidationError("--force, --noise, --steps and --seed are for --samples")
    }
    if !fit.isEmpty, samples != nil || model.evaluations == .auto {
      throw ValidationError("--fit is for images at a number of --evaluations")
    }
    if let samples, samples < 12 { throw ValidationError("--samples must be at least 12") }
    if samples != nil, model.evaluations == .auto {
      throw ValidationError("--samples takes a number of --evaluations")
    }
  }

  func run() throws {
    let destination = try Destination(option: output)
    var loaded = try model.load()
    shown.detail(loaded, model.model)
    let budget = model.evaluations ?? .standard
    let evaluations = budget.count ?? EvaluationBudget.standardCount
    if let samples {
      let comparisons = try loaded.calibrate(
        onSamples: samples, stochasticity: sampling.noise, steps: sampling.steps, seed: sampling.seed,
        evaluations: evaluations, insists: force, compute: model.compute,
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
    } else {
      let images = PathOptions.expand(paths, nul: nul)
      let copies = try loaded.calibrate(
        on: images, fitting: fit.isEmpty ? nil : fit, reading: read.reading, budget: budget,
        compute: model.compute, unreadable: { shown.warn("\($0): unreadable, left out: \($1)") },
        progress: { shown.progress("calibrating on image \($0) of \($1)") })
      shown.progressDone()
      if copies.exact + copies.near > 0 {
        shown.note("\(copies.exact) exact and \(copies.near) near copies of other images left out")
      }
    }
    try loaded.write(to: destination)
    let count = try loaded.calibration(evaluations: evaluations).referenceCount
    shown.note("\(destination.name): \(count) reference scores at \(budget) evaluations")
  }
}
