import ArgumentParser
import Foundation
import Surprisal

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Shows where and at which scale an image is surprising.")

  @Argument(help: "An image file, or FILE-ubyte#N.") var image: FilePath
  @OptionGroup var model: ModelOptions
  @OptionGroup var read: ReadingOptions
  @OptionGroup var shown: OutputOptions
  @Option(
    help:
      "PNG to write: the image, and beside it its map in bits a pixel with a colour bar. To -, the text is on standard error."
  )
  var output: FilePath?

  enum Method: String, ExpressibleByArgument, CaseIterable { case integral, ode }
  @Option(help: "integral, or ode: also the density along the probability-flow ODE, a check on the integral.")
  var method = Method.integral
  @Option(help: "ode: tolerance of the adaptive solver (default 0.001), or fixed --steps instead.")
  var tolerance: Double?
  @Option(help: "ode: steps of Heun's method instead of the adaptive solver.") var steps: Int?
  @Option(help: "ode: uniform (the default), or gaussian as the integral starts.")
  var dequantisation: ProbabilityFlow.Dequantisation?
  @Option(help: "ode: independent dequantisations and divergence probes, for the standard error (default 4).")
  var replicates: Int?

  func validate() throws {
    if model.evaluations == .look { throw ValidationError("--evaluations 0 finds no bits to explain") }
    if method != .ode, tolerance != nil || steps != nil || dequantisation != nil || replicates != nil {
      throw ValidationError("--tolerance, --steps, --dequantisation and --replicates are for --method ode")
    }
    if tolerance != nil, steps != nil { throw ValidationError("--tolerance and --steps exclude each other") }
    if let tolerance, !(tolerance > 0) { throw ValidationError("--tolerance must be above 0") }
    if let steps, steps < 1 { throw ValidationError("--steps must be at least 1") }
    if let replicates, replicates < 1 { throw ValidationError("--replicates must be at least 1") }
  }

  func run() throws {
    let destination = try output.map { try Destination(option: $0) }
    let say: (String) -> Void = destination?.isStandardOutput == true ? { shown.note($0) } : { print($0) }
    let loaded = try model.load()
    shown.detail(loaded, model.model)
    if loaded.tiling != nil { return try explainTiles(loaded, destination, say) }
    let bitmap = try read.reading.image(at: image, for: loaded)
    let explanation = try explain(bitmap, under: loaded)
    say(Self.text(explanation))
    if method == .ode {
      let dequantisation = dequantisation ?? .uniform
      let found = try loaded.density(
        of: bitmap, solver: steps.map { .heun(steps: $0) } ?? .adaptive(tolerance: tolerance ?? 1e-3),
        dequantisation: dequantisation, replicates: replicates ?? 4, compute: model.compute)
      say(
        String(
          format: "ode: %.3f bits/dim%@ with %@ dequantisation, %d evaluations", found.bitsPerDim,
          (found.standardError.map { String(format: " (+- %.3f)", $0) } ?? "") as NSString,
          dequantisation.rawValue as NSString, found.evaluations))
    }
    guard let destination else { return }
    try destination.write(explanation.picture)
    shown.note(
      String(
        format: "%@: image, map and bar, up to %.1f bits a pixel", destination.name as NSString,
        explanation.mostBits))
  }

  /// By a model of tiles.
  private func explainTiles(_ loaded: Model, _ destination: Destination?, _ say: (String) -> Void) throws {
    if method == .ode { throw SurprisalError.tiles(refused: "--method ode") }
    let found = try explanationOfTiles(loaded)
    if let bits = found.bitsPerDim {
      let error = found.standardError.map { String(format: " (+- %.3f)", $0) } ?? ""
      say(String(format: "%.3f bits/dim%@", bits, error as NSString))
    }
    say("\(found.grid.count) tiles of \(found.grid.imageWidth)x\(found.grid.imageHeight)")
    for score in found.scores { say("\(Self.line(score))   \(score.reason)") }
    guard let destination else { return }
    try destination.write(found.picture)
    shown.note(
      "\(destination.name): image\(found.bits == nil ? "" : ", bits a pixel"), and how odd its tiles are")
  }

  /// With what the model's encoder sees, unless it is not there and something else can look.
  private func explanationOfTiles(_ loaded: Model) throws -> TiledExplanation {
    func explanation(seeing: Bool) throws -> TiledExplanation {
      try TiledExplanation(
        of: image, under: loaded, reading: read.reading, evaluations: model.count(), seeing: seeing,
        compute: model.compute)
    }
    do { return try explanation(seeing: true) } catch let error as EncoderError {
      guard !loaded.calibrations.isEmpty else { throw error }
      shown.warn("\(error)")
      return try explanation(seeing: false)
    }
  }

  private static func line(_ score: ImageExplanation.Score) -> String {
    score.statistic.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)
      + String(format: "score %8.3f   p-value %.4f", score.score, score.pValue)
  }

  /// With what the model's encoder sees, where it has one that is there.
  private func explain(_ bitmap: Bitmap, under loaded: Model) throws -> ImageExplanation {
    func explanation(_ seen: Bitmap?) throws -> ImageExplanation {
      try ImageExplanation(
        of: bitmap, seen: seen, under: loaded, evaluations: model.count(), compute: model.compute)
    }
    guard let sight = loaded.sight else { return try explanation(nil) }
    do {
      return try explanation(try loaded.aligning(read.reading).image(at: image, as: sight.shape))
    } catch let error
      as EncoderError
    {
      shown.warn("\(error)")
      return try explanation(nil)
    }
  }

  private static func text(_ explanation: ImageExplanation) -> String {
    let estimate = explanation.estimate
    var lines = [
      String(
        format: "%.3f bits/dim%@ = prior %.3f + integral %.3f + decoder %.3f", estimate.bitsPerDim,
        (estimate.standardError.map { String(format: " (+- %.3f)", $0) } ?? "") as NSString, estimate.prior,
        estimate.integral, estimate.decoder)
    ]
    for score in explanation.scores { lines.append(line(score)) }
    if let first = explanation.scores.first, explanation.seen != nil {
      lines.append("encoder: \(first.reason)")
    }
    if !explanation.profile.isEmpty { lines.append("   sigma   bits/dim   sd from reference") }
    for level in explanation.profile {
      lines.append(String(format: "%8.4f   %8.4f   %+6.2f", level.sigma, level.bitsPerDim, level.z))
    }
    return lines.joined(separator: "\n")
  }
}
