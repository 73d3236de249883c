import Foundation

/// How an encoder wants its images, and which of its outputs are looked at: as the JSON file beside it says, as options say, or as
/// encoders trained on ImageNet mostly want them.
public struct EncoderSettings: Sendable, Hashable, Codable {
  public enum Order: String, Sendable, Codable, CaseIterable { case rgb, bgr }
  public enum Layout: String, Sendable, Codable, CaseIterable { case nchw, nhwc }

  /// In pixels; nil for the size that the encoder's input has, or 224 where that is open.
  public var width: Int?
  public var height: Int?
  /// 1 gray, 3 colours; nil for what its input has.
  public var channels: Int?
  /// Taken off each channel, which run from 0 to `scale`.
  public var mean: [Double]?
  /// Divides each channel then.
  public var deviation: [Double]?
  /// What white is before the mean is taken off: 1, or 255.
  public var scale: Double?
  public var order: Order?
  /// Nil for what its input looks like.
  public var layout: Layout?
  /// How images are brought to the size: `area` alone.
  public var resampling: String?
  /// Outputs with places that patches are made of, at most four.
  public var patches: [String]?
  /// Outputs that stand for the whole image: of those with places, means and deviations over them.
  public var pooled: [String]?

  public init() {}

  private enum Key: String, CodingKey, CaseIterable {
    case width, height, channels, mean, deviation, scale, order, layout, resampling, patches, pooled
  }

  /// The file beside an encoder; nil where there is none.
  /// - Throws: `EncoderError.unsuitable`.
  public static func beside(_ encoder: String) throws(EncoderError) -> EncoderSettings? {
    let path = (encoder as NSString).deletingPathExtension + ".json"
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return try EncoderSettings(json: data, path: path)
  }

  /// - Parameter path: named in errors.
  init(json data: Data, path: String) throws(EncoderError) {
    do {
      let keys = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
      if let unknown = keys.keys.sorted().first(where: { Key(rawValue: $0) == nil }) {
        let known = Key.allCases.map(\.rawValue).joined(separator: ", ")
        throw EncoderError.unsuitable(
          path: path, reason: "no setting is named \(unknown): there are \(known)")
      }
      self = try JSONDecoder().decode(EncoderSettings.self, from: data)
    } catch let error as EncoderError { throw error } catch {
      throw .unsuitable(path: path, reason: "no settings of an encoder: \(Self.words(error))")
    }
    if let refusal { throw .unsuitable(path: path, reason: refusal) }
  }

  private static func words(_ error: any Error) -> String {
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.dataCorrupted(let context):
      context.codingPath.isEmpty
        ? "it is no object of JSON" : "\(context.codingPath[0].stringValue) is not what it can be"
    default: "\(error.localizedDescription)"
    }
  }

  /// Those of `other` where these say nothing.
  public func over(_ other: EncoderSettings?) -> EncoderSettings {
    guard let other else { return self }
    var result = other
    func take<Value>(_ key: WritableKeyPath<EncoderSettings, Value?>) {
      if let own = self[keyPath: key] { result[keyPath: key] = own }
    }
    take(\.width)
    take(\.height)
    take(\.channels)
    take(\.mean)
    take(\.deviation)
    take(\.scale)
    take(\.order)
    take(\.layout)
    take(\.resampling)
    take(\.patches)
    take(\.pooled)
    return result
  }

  /// Why no encoder can want that, or nil.
  public var refusal: String? {
    for (name, side) in [("width", width), ("height", height)] {
      if let side, !(8...2048).contains(side) { return "\(name) \(side): must be from 8 to 2048" }
    }
    if let channels, channels != 1, channels != 3 { return "\(channels) channels: must be 1 or 3" }
    if let scale, !(scale > 0 && scale <= 65536) { return "scale must be above 0" }
    if let resampling, resampling != "area" { return "resampling \(resampling): there is area alone" }
    if let mean, !(1...3).contains(mean.count) || !mean.allSatisfy(\.isFinite) {
      return "mean must be a number a channel"
    }
    if let deviation, !(1...3).contains(deviation.count) || !deviation.allSatisfy({ $0 > 0 && $0.isFinite }) {
      return "deviation must be a number above 0 a channel"
    }
    if let patches, patches.count > 4 { return "patches are of at most 4 outputs" }
    return nil
  }
}
