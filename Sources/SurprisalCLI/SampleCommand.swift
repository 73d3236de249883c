import ArgumentParser
import Detection
import Diffusion
import Foundation
import Images
import Reports
import ScoreModel
import Surprisal

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Draws images from the model's population by reverse diffusion.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @Option(name: .short, help: "How many images.") var n = 16
  @Option(help: "Folder for the images, as PNG.") var output: String?
  @Option(help: "s of the family: 0 the ODE, 1 the reverse SDE, any s >= 0.") var noise = 1.0
  @Option(help: "Steps of the noise-level grid.") var steps = 64
  @Option(help: "Seed of every random draw.") var seed: UInt64 = 0
  @Option(help: "One contact sheet, as PNG.") var sheet: String?

  func validate() throws {
    if n < 1 { throw ValidationError("-n must be at least 1") }
    if !(noise >= 0 && noise.isFinite) { throw ValidationError("--noise must be at least 0") }
    if steps < 2 { throw ValidationError("--steps must be at least 2") }
    if output == nil, sheet == nil { throw ValidationError("give --output DIR, --sheet FILE or both") }
  }

  func run() throws {
    let loaded = try model.load()
    let scorer = try model.scorer(loaded, evaluations: 16)
    let pixels = try scorer.sample(n, noise: noise, steps: steps, seed: seed) { done, all in
      shown.progress("step \(done) of \(all)")
    }
    shown.progressDone()
    let shape = loaded.shape
    let bitmaps = (0..<n).map { index in
      Bitmap(
        width: shape.width, height: shape.height, channels: shape.channels,
        pixels: Array(pixels[index * shape.count..<(index + 1) * shape.count]))
    }
    if let output {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      for (index, image) in bitmaps.enumerated() {
        try writePNG(image, to: "\(output)/sample-\(String(format: "%05d", index)).png")
      }
      shown.note("\(n) images written to \(output)")
    }
    if let sheet, let picture = Bitmap.contactSheet(bitmaps) {
      try writePNG(picture, to: sheet)
      shown.note("contact sheet of \(n) samples written to \(sheet)")
    }
  }
}

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Shows where and at which scale an image is surprising.")

  @Argument(help: "An image file, or FILE-ubyte#N.") var image: String
  @OptionGroup var model: ModelOptions
  @OptionGroup var shown: OutputOptions
  @Option(help: "PNG to write: the image, and beside it its map in bits, black none to white most.")
  var output: String?

  func run() throws {
    let loaded = try model.load()
    let calibration = try loaded.calibration(evaluations: model.evaluations)
    let scorer = try model.scorer(loaded, evaluations: calibration.evaluations)
    let shape = loaded.shape
    var found: ImageSource?
    ImageEnumerator().forEach(in: [image]) { if found == nil { found = $0 } }
    guard let found else { throw UsageError("\(image): no image there") }
    let bitmap: Bitmap
    do {
      bitmap = try found.load(
        ImageDecoder(), width: shape.width, height: shape.height, channels: shape.channels)
    } catch { throw UsageError("\(image): \(error)") }
    let estimate = try scorer.estimate(bitmap.pixels, withMap: true)[0]
    print(Self.text(estimate, scorer, calibration))
    guard let output else { return }
    let bits = (0..<shape.height * shape.width).map { pixel in
      (0..<shape.channels).reduce(0.0) { $0 + estimate.map[pixel * shape.channels + $1] }
    }
    let most = max(bits.max() ?? 0, 1e-9)
    let map = Bitmap(
      width: shape.width, height: shape.height, channels: 1,
      pixels: bits.map { UInt8(min(max(($0 / most * 255).rounded(), 0), 255)) }
    ).converted(toChannels: shape.channels)
    let picture = Bitmap.contactSheet([bitmap, map], scale: max(1, 256 / shape.height))
    if let picture { try writePNG(picture, to: output) }
    shown.note(String(format: "%@: image and map, white = %.1f bits a pixel", output, most))
  }

  private static func text(_ estimate: SurprisalEstimate, _ scorer: Scorer, _ calibration: Calibration)
    -> String
  {
    let z = calibration.profile.standardised(estimate)
    let quadrature = scorer.formula.quadrature
    var lines = [
      String(
        format: "%.3f bits/dim (+- %.3f) = prior %.3f + integral %.3f + decoder %.3f", estimate.bitsPerDim,
        estimate.standardError ?? .nan, estimate.prior, estimate.integral, estimate.decoder)
    ]
    for statistic in StatisticName.allCases {
      let score = calibration.score(estimate, by: statistic)
      let p = calibration.pValue(score, by: statistic)
      lines.append(
        "\(statistic.rawValue.padding(toLength: 11, withPad: " ", startingAt: 0))"
          + String(format: "score %8.3f   p-value %.4f", score, p))
    }
    lines.append("   sigma   bits/dim   sd from reference")
    for k in z.indices {
      let share = quadrature.weights[k] * estimate.integrand[k] / log(2)
      lines.append(String(format: "%8.4f   %8.4f   %+6.2f", quadrature.sigmas[k], share, z[k]))
    }
    return lines.joined(separator: "\n")
  }
}
