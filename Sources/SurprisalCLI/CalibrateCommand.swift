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

  @Argument(help: "Files, folders, IDX files, or - for paths from standard input.") var paths: [String] = []
  @Flag(name: .customShort("0"), help: "With -, paths end in NUL instead of a line break.") var nul = false
  @OptionGroup var read: ReadingOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @Option(help: "Model file to write.") var output: String
  @Option(
    parsing: .upToNextOption,
    help: "Fit the statistics on these images, such as those trained on, and take PATHS as references only.")
  var fit: [String] = []
  @Option(help: "Calibrate on so many of the model's own samples instead of images.") var samples: Int?
  @Option(help: "--samples: s of the reverse family.") var noise = 1.0
  @Option(help: "--samples: steps of the noise-level grid.") var steps = 64
  @Option(help: "--samples: seed of every random draw.") var seed: UInt64 = 0
  @Flag(help: "--samples: calibrate although the samples score unlike real images.") var force = false

  func validate() throws {
    if (samples == nil) == paths.isEmpty { throw ValidationError("give images, or --samples N") }
    if !fit.isEmpty, samples != nil || model.evaluations == .auto {
      throw ValidationError("--fit is for images at a number of --evaluations")
    }
    if let samples, samples < 12 { throw ValidationError("--samples must be at least 12") }
    if !(noise >= 0 && noise.isFinite) { throw ValidationError("--noise must be at least 0") }
    if steps < 2 { throw ValidationError("--steps must be at least 2") }
    if samples != nil, model.evaluations == .auto {
      throw ValidationError("--samples takes a number of --evaluations")
    }
  }

  func run() throws {
    var loaded = try model.load()
    let budget = model.evaluations ?? .fixed(16)
    let evaluations = if case .fixed(let count) = budget { count } else { 16 }
    if let samples {
      let comparisons = try loaded.calibrate(
        onSamples: samples, noise: noise, steps: steps, seed: seed, evaluations: evaluations, insists: force,
        engine: try model.engine(), progress: { shown.progress("sample \($0) of \($1)") })
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
      try loaded.calibrate(
        on: images, fitting: fit.isEmpty ? nil : fit, reading: read.reading, budget: budget,
        engine: try model.engine(),
        unreadable: { shown.warn("\($0): unreadable, left out: \($1)") },
        progress: { shown.progress("calibrating on image \($0) of \($1)") })
      shown.progressDone()
    }
    try loaded.write(to: output)
    let count = loaded.calibrations.first { $0.evaluations == evaluations }?.references[.profile]?.count ?? 0
    shown.note("\(output): \(count) reference scores at \(budget) evaluations")
  }
}
