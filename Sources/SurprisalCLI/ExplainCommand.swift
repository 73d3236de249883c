import ArgumentParser
import Detection
import Diffusion
import Foundation
import Images
import ScoreModel
import Surprisal

extension ProbabilityFlow.Dequantisation: ExpressibleByArgument {}

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Shows where and at which scale an image is surprising.")

  @Argument(help: "An image file, or FILE-ubyte#N.") var image: String
  @OptionGroup var model: ModelOptions
  @OptionGroup var read: ReadingOptions
  @OptionGroup var shown: OutputOptions
  @Option(help: "PNG to write: the image, and beside it its map in bits a pixel with a colour bar.")
  var output: String?

  enum Method: String, ExpressibleByArgument, CaseIterable { case integral, ode }
  @Option(help: "integral, or ode: also the density along the probability-flow ODE, a check on the integral.")
  var method = Method.integral
  @Option(help: "ode: tolerance of the adaptive solver, or fixed --steps instead.") var tolerance = 1e-3
  @Option(help: "ode: steps of Heun's method instead of the adaptive solver.") var steps: Int?
  @Option(help: "ode: uniform, or gaussian as the integral starts.")
  var dequantisation = ProbabilityFlow.Dequantisation.uniform
  @Option(help: "ode: independent dequantisations and divergence probes, for the standard error.")
  var replicates = 4

  func validate() throws {
    if !(tolerance > 0) { throw ValidationError("--tolerance must be above 0") }
    if let steps, steps < 1 { throw ValidationError("--steps must be at least 1") }
    if replicates < 1 { throw ValidationError("--replicates must be at least 1") }
  }

  private func density(_ image: Bitmap, _ loaded: Model) throws -> String {
    let flow = ProbabilityFlow(
      range: loaded.range, moments: loaded.moments,
      solver: steps.map { .heun(steps: $0) } ?? .adaptive(tolerance: tolerance),
      dequantisation: dequantisation,
      replicates: replicates)
    let denoiser = try loaded.differentiableDenoiser(engine: try model.engine(), batch: 1)
    let found = try flow.estimate(image, under: denoiser)
    return String(
      format: "ode: %.3f bits/dim (+- %.3f) with %@ dequantisation, %d evaluations", found.bitsPerDim,
      found.standardError ?? .nan, dequantisation.rawValue as NSString, found.evaluations)
  }

  func run() throws {
    let loaded = try model.load()
    let calibration = try loaded.calibration(evaluations: try model.count())
    let scorer = try model.scorer(loaded, evaluations: calibration.evaluations)
    let shape = loaded.shape
    var found: ImageSource?
    ImageEnumerator().forEach(in: [image]) { if found == nil { found = $0 } }
    guard let found else { throw UsageError("\(image): no image there") }
    let bitmap: Bitmap
    do {
      bitmap = try found.load(read.reading.decoder, as: shape).bitmap
    } catch { throw UsageError("\(image): \(error)") }
    let estimate = try scorer.estimate(ImageBatch(shape: shape, images: [bitmap]), withMap: true)[0]
    print(Self.text(estimate, scorer, calibration))
    if method == .ode { print(try density(bitmap, loaded)) }
    guard let output else { return }
    let bits = (0..<shape.height * shape.width).map { pixel in
      (0..<shape.channels).reduce(0.0) { $0 + estimate.map[pixel * shape.channels + $1] }
    }
    let most = max(bits.max() ?? 0, 1e-9)
    let scale = max(1, 256 / shape.height)
    let map = HeatMap.bitmap(bits, width: shape.width, height: shape.height, most: most)
    let picture = HeatMap.beside([
      bitmap.enlarged(by: scale), map.enlarged(by: scale),
      HeatMap.bar(height: shape.height * scale, most: most),
    ])
    try writePNG(picture, to: output)
    shown.note(String(format: "%@: image, map and bar, up to %.1f bits a pixel", output, most))
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
