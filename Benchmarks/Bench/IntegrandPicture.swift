import ArgumentParser
import Diffusion
import Foundation
import Images
import Surprisal
import Tensors

/// Draws docs/integrand.svg: where the bits of a typical and of an odd image lie.
struct IntegrandPicture: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "integrand", abstract: "Draws the integrand over noise levels of two images, as SVG.")

  @Option(help: "Model file.") var model = "models/fashion-mnist.safetensors"
  @Option(help: "An image that belongs.") var typical: String
  @Option(help: "One that does not.") var odd: String
  @Option var output = "docs/integrand.svg"

  private static let (width, height, left, bottom, top) = (640.0, 320.0, 60.0, 270.0, 20.0)

  func run() throws {
    let model = try Model(path: model)
    let denoiser = try model.denoiser(engine: try Engine())
    let images = try [typical, odd].map { try Subject.read([$0], model.shape, 1)[0] }
    let formula = LogProbability(
      range: model.range, quadrature: .gaussLegendre(64, over: model.range), replicates: 16,
      noise: model.noise, moments: model.moments, control: model.control)
    let found = try formula.estimate(
      ImageBatch(shape: model.shape, images: images), under: denoiser)
    let most = 1.1 * (found.flatMap(\.integrand).max() ?? 1)
    let (low, high) = (log(model.range.lower), log(model.range.upper))
    func x(_ sigma: Double) -> Double {
      Self.left + (log(sigma) - low) / (high - low) * (Self.width - Self.left - 20)
    }
    func y(_ value: Double) -> Double { Self.bottom - value / most * (Self.bottom - Self.top) }
    func text(_ x: Double, _ y: Double, _ text: String, _ more: String = "") -> String {
      String(format: "<text x=\"%.0f\" y=\"%.0f\"", x, y) + " \(more)>\(text)</text>"
    }
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" "
        + "font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
    ]
    for sigma in [0.001, 0.01, 0.1, 1, 10, 80] {
      lines.append(
        String(
          format: "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#ddd\"/>", x(sigma), Self.top, Self.bottom))
      lines.append(text(x(sigma), Self.bottom + 18, String(format: "%g", sigma), "text-anchor=\"middle\""))
    }
    for value in [0.0, 0.25, 0.5, 0.75, 1] where value < most {
      lines.append(
        String(
          format: "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#ddd\"/>", Self.left, y(value), Self.width - 20))
      lines.append(text(Self.left - 8, y(value) + 4, String(format: "%g", value), "text-anchor=\"end\""))
    }
    lines.append(text(Self.width / 2, Self.bottom + 40, "noise level sigma", "text-anchor=\"middle\""))
    lines.append(
      text(
        16, 145, "E(y - yhat)^2 / sigma^2, nats a pixel",
        "text-anchor=\"middle\" transform=\"rotate(-90 16 145)\""))
    for (index, (estimate, color)) in zip(found, ["#1f6fb4", "#d1495b"]).enumerated() {
      let points = zip(formula.quadrature.sigmas, estimate.integrand).map {
        String(format: "%.1f,%.1f", x($0), y(max($1, 0)))
      }
      lines.append(
        "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"2\" points=\"\(points.joined(separator: " "))\"/>"
      )
      let name = index == 0 ? "belongs" : "does not"
      lines.append(
        text(
          Self.width - 220, Self.top + 24 + 18 * Double(index),
          String(format: "%@: %.3f bits/dim", name as NSString, estimate.bitsPerDim), "fill=\"\(color)\""))
    }
    lines.append("</svg>\n")
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: output), options: .atomic)
    for estimate in found { print(String(format: "%.3f bits/dim", estimate.bitsPerDim)) }
  }
}
