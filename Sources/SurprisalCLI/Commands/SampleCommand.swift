import ArgumentParser
import Foundation
import Surprisal
import Synchronization

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Draws images from the model's population by reverse diffusion.",
    discussion: """
      With --like, samples and images are scored alike, and a two-sample test by each statistic says how well the samples stand for
      the images: what it finds is on standard output, in words, and in --report as JSON Lines.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case png, idx }

  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @Option(name: .short, help: "How many images.") var n = 16
  @Option(
    help: "Folder for the images as PNG; with --format idx one file, *-ubyte, or - for standard output.")
  var output: FilePath?
  @Option(help: "png, or idx: one IDX file of all, as scan reads it.") var format = Format.png
  @OptionGroup var sampling: SamplingOptions
  @Option(
    help: "One picture of all, as PNG, - for standard output: numbered, with model, seed, steps and s below.")
  var sheet: FilePath?
  @Option(
    help:
      "How the first \(Self.followed) images came, as animated PNG, - for standard output: from noise to what they are."
  )
  var trajectory: FilePath?
  @Option(parsing: .upToNextOption, help: "Images that the samples should be like.") var like: [FilePath] = []
  @Option(help: "--like: also a line of JSON for each statistic, - for standard output.") var report:
    FilePath?
  @OptionGroup(title: "With --like") var read: ReadingOptions

  /// Images that a trajectory shows at most.
  private static let followed = 36

  func validate() throws {
    if model.evaluations != nil, like.isEmpty {
      throw ValidationError("--evaluations is for scores; the steps of a sample are --steps")
    }
    _ = try model.count()
    if n < 1 { throw ValidationError("-n must be at least 1") }
    if output == nil, sheet == nil, trajectory == nil, like.isEmpty {
      throw ValidationError("give --output, --sheet, --trajectory or --like, or several")
    }
    if report != nil, like.isEmpty { throw ValidationError("--report is for --like") }
    let names = [output, sheet, trajectory, report].compactMap { $0 }
    if names.count(where: { $0 == FilePath("-") }) > 1 {
      throw ValidationError("only one of --output, --sheet, --trajectory and --report can be standard output")
    }
    guard let output else { return }
    if format == .png, output == FilePath("-") {
      throw ValidationError("--output is a folder; --sheet and --format idx take -")
    }
    if format == .idx, output != FilePath("-"), !output.bytes.suffix(6).elementsEqual("-ubyte".utf8) {
      throw ValidationError("--format idx: name the file *-ubyte, by which it is known as one of images")
    }
  }

  func run() throws {
    let images = format == .idx ? try output.map { try Destination(option: $0) } : nil
    if format == .png { try output?.makeFolders() }
    let picture = try sheet.map { try Destination(option: $0) }
    let moving = try trajectory.map { try Destination(option: $0) }
    let lines = try report.map { try Destination(option: $0) }
    let loaded = try model.load()
    shown.detail(loaded, model.model)
    let reference = try like.isEmpty ? nil : likenesses(to: loaded)
    let samples = try draw(loaded, isFollowed: moving != nil)
    let bitmaps = samples.images.indices.map { samples.images[$0] }
    if let output, format == .png { try write(bitmaps, to: output) }
    if let images {
      try images.write(samples.images.idx())
      shown.note("\(n) images written to \(images.name)")
    }
    if let picture, let sheet = Bitmap.labelledSheet(bitmaps, caption: caption) {
      try picture.write(sheet)
      shown.note("sheet of \(n) samples written to \(picture.name)")
    }
    if let moving {
      try moving.write(try Self.animation(of: samples.trajectory))
      shown.note("\(samples.trajectory.count) frames written to \(moving.name)")
    }
    if let reference {
      let found = try compare(samples.images, reference, loaded)
      try tell(
        found, lines, isAlone: ![images, picture, moving, lines].contains { $0?.isStandardOutput == true })
    }
  }

  private func draw(_ model: Model, isFollowed: Bool) throws -> Samples {
    let steps = sampling.steps
    // Each thread tells of its own.
    let meter = Mutex(ProgressMeter(shown, "drawn"))
    let samples = try Scorer(model, compute: self.model.compute).samples(
      n, following: isFollowed ? Self.followed : 0, stochasticity: sampling.noise, steps: steps,
      seed: sampling.seed
    ) { done, all in meter.withLock { $0.tell(done / steps, of: all / steps) } }
    shown.progressDone()
    return samples
  }

  private func write(_ images: [Bitmap], to folder: FilePath) throws {
    for (index, image) in images.enumerated() {
      let name = "sample-\(String(format: "%05d", index)).png"
      try Destination(folder.appending(name.utf8)).write(image)
    }
    shown.note("\(images.count) images written to \(folder)")
  }

  /// What a sheet says below its images.
  private var caption: String {
    let name = FilePath(model.model).name
    let noise = String(format: "%g", sampling.noise)
    return
      "\(String(decoding: name, as: UTF8.self))  seed \(sampling.seed)  steps \(sampling.steps)  s \(noise)"
  }

  /// Grids of the images on their way; the last stays, and is what is shown where nothing moves.
  private static func animation(of trajectory: [ImageBatch]) throws -> Data {
    let grids = trajectory.compactMap { batch in
      Bitmap.contactSheet(batch.indices.map { batch[$0] }, scale: max(1, min(4, 96 / batch.shape.width)))
    }
    // Drawn images and trajectory are never empty.
    guard let last = grids.last else { throw SurprisalError.noNumbers(what: "samples") }
    let frames = grids.dropLast().map { AnimatedPNG.Frame($0, milliseconds: 60) }
    return try AnimatedPNG.encode(still: last, frames: frames + [.init(last, milliseconds: 2500)])
  }
}

// MARK: Likeness

extension SampleCommand {
  /// The images to compare with, read before anything is drawn.
  private func likenesses(to loaded: Model) throws -> ImageBatch {
    _ = try Likeness.calibrations(of: loaded, evaluations: model.evaluations?.count)
    let images = loaded.aligning(read.reading).images(
      at: try PathOptions.expand(like, nul: false), as: loaded.shape
    ) {
      shown.warn("\($0): unreadable, left out: \($1)")
    }
    guard !images.isEmpty else { throw SurprisalError.noReadableImages(purpose: "compare samples with") }
    return images
  }

  private func compare(_ samples: ImageBatch, _ images: ImageBatch, _ loaded: Model) throws -> Likeness {
    let found = try Likeness(
      of: samples, to: images, under: loaded, evaluations: model.evaluations?.count, compute: model.compute
    ) { shown.progress("scoring \($0) of \($1)") }
    shown.progressDone()
    return found
  }

  /// - Parameter isAlone: whether standard output is free for words.
  private func tell(_ found: Likeness, _ lines: Destination?, isAlone: Bool) throws {
    let name = like.map { "\($0)" }.joined(separator: " ")
    let words = found.words(images: name)
    if isAlone { print(words) } else { shown.note(words) }
    try lines?.write(Array(found.lines(images: name).utf8))
  }
}

extension Likeness {
  /// What the comparison comes to, as a person reads it.
  func words(images name: String) -> String {
    var lines = ["\(samples) samples beside \(images) images of \(name)"]
    lines.append("statistic     sample scores higher   distance    p-value")
    for comparison in comparisons {
      let isDifferent = differing.contains { $0.statistic == comparison.statistic }
      lines.append(
        comparison.statistic.rawValue.padding(toLength: 13, withPad: " ", startingAt: 0)
          + String(
            format: "%14.0f %% of pairs %9.3f %10.2g%@", 100 * comparison.samplesHigher,
            comparison.test.distance, comparison.test.pValue, (isDifferent ? "  differs" : "") as NSString))
    }
    if let sampleBitsPerDim, let imageBitsPerDim {
      lines.append(
        String(
          format: "mean %.3f bits/dim of samples, %.3f of images", sampleBitsPerDim, imageBitsPerDim))
    }
    if copied > 0 { lines.append("\(copied) samples show one of the images, exactly or nearly") }
    if known > 0 {
      lines.append(
        "\(known) of the images were trained or calibrated on: the model finds them more ordinary than new ones, which alone can "
          + "make a difference")
    }
    lines.append(verdict)
    return lines.joined(separator: "\n")
  }

  private var verdict: String {
    let chance = String(format: "p-value %.2g that they are of one population", pValue)
    guard let worst = differing.max(by: { $0.test.distance < $1.test.distance }) else {
      return "no statistic tells them apart (\(chance)): so many samples may stand for the population"
    }
    let way =
      worst.samplesHigher > 0.5
      ? "odder than the images" : "plainer than the images"
    return "they differ (\(chance)), by \(differing.count) of \(comparisons.count) statistics: by "
      + "\(worst.statistic.rawValue) most, to which samples are \(way)"
  }

  /// A line of JSON a statistic.
  func lines(images name: String) -> String {
    struct Line: Encodable {
      let set: String
      let statistic: String
      let samples: Int
      let images: Int
      let copied: Int
      let known: Int
      let distance: Double
      let pValue: Double
      let samplesHigher: Double
      let differs: Bool

      enum CodingKeys: String, CodingKey {
        case set, statistic, samples, images, copied, known, distance, differs
        case pValue = "p_value"
        case samplesHigher = "samples_higher"
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func rounded(_ value: Double) -> Double { Double(String(format: "%.6g", value)) ?? value }
    return comparisons.map { comparison in
      let line = Line(
        set: name, statistic: comparison.statistic.rawValue, samples: samples, images: images, copied: copied,
        known: known, distance: rounded(comparison.test.distance), pValue: rounded(comparison.test.pValue),
        samplesHigher: rounded(comparison.samplesHigher),
        differs: differing.contains { $0.statistic == comparison.statistic })
      // Shares and counts: numbers that JSON holds.
      return String(decoding: try! encoder.encode(line), as: UTF8.self) + "\n"
    }.joined()
  }
}
