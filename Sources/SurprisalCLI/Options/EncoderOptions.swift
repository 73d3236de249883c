import ArgumentParser
import Foundation
import Surprisal

/// How an encoder wants its images, where the JSON file beside it does not say or says otherwise.
struct EncoderOptions: ParsableArguments {
  @Option(help: "Size that the encoder takes, N or WxH (default: its own, or 224).") var encoderSize: String?
  @Option(help: "Taken off red, green and blue, which are 0 to 1, as R,G,B (default: ImageNet's).")
  var encoderMean: String?
  @Option(help: "Divides them then, as R,G,B (default: ImageNet's).") var encoderDeviation: String?
  @Option(help: "What white is before the mean is taken off (default 1; 255 for encoders that want bytes).")
  var encoderScale: Double?
  @Option(help: "rgb (the default) or bgr.") var encoderOrder: EncoderSettings.Order?
  @Option(help: "nchw or nhwc (default: as its input looks).") var encoderLayout: EncoderSettings.Layout?
  @Option(
    parsing: .upToNextOption,
    help: "Outputs that places and patches are judged by (default: the first two with places).")
  var patches: [String] = []
  @Option(
    parsing: .upToNextOption,
    help:
      "Outputs that stand for the whole image, those with places by means and deviations over them (default: all)."
  )
  var pooled: [String] = []

  var isGiven: Bool { ((try? settings()) ?? nil) != EncoderSettings() }

  func validate() throws { _ = try settings() }

  func settings() throws -> EncoderSettings {
    var settings = EncoderSettings()
    if let (width, height) = try ShapeOptions.sides(encoderSize, "--encoder-size") {
      (settings.width, settings.height) = (width, height)
    }
    settings.mean = try numbers(encoderMean, "--encoder-mean")
    settings.deviation = try numbers(encoderDeviation, "--encoder-deviation")
    settings.scale = encoderScale
    settings.order = encoderOrder
    settings.layout = encoderLayout
    if !patches.isEmpty { settings.patches = patches }
    if !pooled.isEmpty { settings.pooled = pooled }
    if let refusal = settings.refusal { throw ValidationError("--encoder: \(refusal)") }
    return settings
  }

  private func numbers(_ text: String?, _ name: String) throws -> [Double]? {
    guard let text else { return nil }
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard numbers.allSatisfy({ $0 != nil }), [1, 3].contains(numbers.count) else {
      throw ValidationError("\(name) \(text): give one number, or three as R,G,B")
    }
    return numbers.compactMap { $0 }
  }
}
