import Detection
import Diffusion
import Encoders
import Files
import Foundation
import Images
import Tensors

/// What a model knows by an encoder that a user brought: which it was, and the population as it sees it. The encoder itself stays
/// where it is.
public struct Sight: Sendable {
  /// Where the encoder was when the model was fitted.
  public let path: String
  /// SHA-256 of its file, in hexadecimal.
  public let hash: String
  /// How it takes images, its outputs named.
  public let settings: EncoderSettings
  /// Of the images that it takes.
  public let shape: ImageShape
  public let calibration: Calibration
  let features: FeatureForm

  /// What its estimates look like.
  var form: EstimateForm { EstimateForm(sigmas: [], shape: shape, features: features) }

  /// The encoder that the model was fitted with.
  /// - Throws: `EncoderError`.
  func encoder(_ compute: Compute) throws -> any FeatureSource {
    var places = compute.encoder
    if places.file == nil { places.file = path }
    let encoder = try ONNXEncoder(
      places, settings: settings, readsBeside: false, wanted: hash, threads: compute.threadCount)
    guard encoder.shape == shape, encoder.form == features else {
      throw EncoderError.unsuitable(
        path: encoder.path, reason: "it sees images otherwise than when the model was fitted: fit anew")
    }
    return encoder
  }
}

extension Model {
  /// Fits what an encoder sees of images known to belong, beside what the model's network knows. Of images that show the same all fit
  /// and one is a reference; of more than memory has room for (`Sight.room`), evenly spread ones are taken.
  ///
  /// - Parameters:
  ///   - paths: images known to belong.
  ///   - settings: over those in the file beside the encoder's (`Compute.encoder`).
  ///   - unreadable: told the name of an image that cannot be had, and why.
  /// - Returns: which of the images show the same, and how many there were.
  /// - Throws: `EncoderError`, `CalibrationError` with too few, `SurprisalError`.
  @discardableResult
  public mutating func fit(
    seeing paths: [FilePath], settings: EncoderSettings = EncoderSettings(),
    reading: ImageReading = ImageReading(), compute: Compute,
    unreadable: (String, String) -> Void = { _, _ in }, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> Sight.Fitted {
    let encoder = try ONNXEncoder(
      compute.encoder, settings: settings, readsBeside: true, threads: compute.threadCount)
    var seen = SeenImages(most: Sight.room(encoder.form), shape: encoder.shape)
    let stream = ImageStream(paths, shape: encoder.shape, reading: aligning(reading), limit: nil)
    defer { stream.cancel() }
    while case let images = stream.next(32), !images.isEmpty {
      var readable = ImageBatch(shape: encoder.shape)
      for image in images {
        switch image.form {
        case .decoded(let bitmap): if seen.wantsNext() { readable.append(bitmap) }
        case .unreadable(let error): unreadable(image.name, error.description)
        // Nothing was looked up, nor left to others to decode.
        case .known, .encoded: break
        }
      }
      try seen.add(readable, by: encoder)
      progress(seen.given, seen.given)
    }
    seen.finish()
    guard seen.given > 0 else { throw SurprisalError.noReadableImages(purpose: "fit to") }
    let copies = CopyGroups(of: seen.small)
    sight = Sight(
      path: URL(fileURLWithPath: encoder.path).path, hash: encoder.hash, settings: encoder.settings,
      shape: encoder.shape,
      calibration: try Calibration(seeing: seen.estimates, copies: copies), features: encoder.form)
    learned.add(seen.hashes, as: .calibrated)
    return Sight.Fitted(copies: copies, used: seen.estimates.count, given: seen.given)
  }
}

extension Sight {
  /// What images an encoder was fitted to.
  public struct Fitted: Sendable {
    public let copies: CopyGroups
    /// Images that were taken, of so many.
    public let used: Int
    public let given: Int
  }

  /// Images at most that are fitted to: 2000, or as many as have room in half a gigabyte with all their features.
  static func room(_ form: FeatureForm) -> Int {
    let maps = form.maps.reduce(0) { $0 + $1.height * $1.width * $1.channels }
    let places = form.maps.isEmpty ? 0 : PlaceView.most
    let each = 4 * (form.pooled + maps + places)
    return min(2000, max(200, (1 << 29) / max(each, 1)))
  }
}
