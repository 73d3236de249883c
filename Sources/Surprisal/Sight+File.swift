import Detection
import Diffusion
import Encoders
import Images
import ScoreModel

extension Sight {
  /// What the metadata of a model file says of it.
  struct Header: Codable {
    let path: String
    let sha256: String
    let settings: EncoderSettings
    let shape: ImageShape
    let features: FeatureForm

    /// Why no encoder can be so, or nil.
    var refusal: String? {
      let digits = Set("0123456789abcdef")
      guard sha256.count == 64, sha256.allSatisfy(digits.contains) else {
        return "the encoder's SHA-256 is none"
      }
      if let refusal = settings.refusal { return "the encoder's \(refusal)" }
      guard (8...2048).contains(shape.width), (8...2048).contains(shape.height),
        [1, 3].contains(shape.channels)
      else { return "the encoder's images are of no size" }
      let sides = features.maps.flatMap { [$0.height, $0.width] }
      guard (1...4096).contains(features.pooled), features.maps.count <= 4,
        sides.allSatisfy((1...2048).contains),
        features.maps.allSatisfy({ (1...65536).contains($0.channels) })
      else { return "the encoder's features are none that there are" }
      return nil
    }
  }

  var header: Header {
    Header(path: path, sha256: hash, settings: settings, shape: shape, features: features)
  }

  /// Where its tensors lie in a model file.
  static let prefix = "sight."

  /// What was written.
  /// - Parameters:
  ///   - names: of all tensors that there are.
  ///   - isTiled: whether it judges images by their tiles.
  ///   - tensor: a tensor by name, of a certain count where one is given.
  init(
    _ header: Header, names: some Sequence<String>, isTiled: Bool,
    tensor: @escaping (String, Int?) throws -> [Float]
  ) throws {
    path = header.path
    hash = header.sha256
    settings = header.settings
    shape = header.shape
    features = header.features
    let own = names.filter { $0.hasPrefix(Self.prefix) }.map { String($0.dropFirst(Self.prefix.count)) }
    calibration = try Calibration(
      evaluations: 0, kind: .sight,
      form: EstimateForm(sigmas: [], shape: header.shape, features: header.features), names: Set(own),
      isTiled: isTiled
    ) { try tensor(Self.prefix + $0, $1).map(Double.init) }
  }
}
